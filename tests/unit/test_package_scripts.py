"""The package's own scripts, run by the shell with the terminal's folders elsewhere and programs that only tell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CONTROL = Path("provisioning/package/control")
FILES = Path("provisioning/package/files")
UNITS = FILES / "usr/lib/systemd/system"
TELLS = '#!/bin/sh\necho "${0##*/} $*" >>"$TOLD"\n'
PROGRAMS = ("systemctl", "systemd-sysusers", "systemd-tmpfiles", "udevadm")


@dataclass
class Installed:
    """A terminal below a folder: `said` are the gateway's missing entries, look by look."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "var/lib/kiosk"

    @property
    def told(self) -> list[str]:
        file = self.root / "told"
        return file.read_text().splitlines() if file.exists() else []

    def unsent(self, *answers: str) -> None:
        (self.root / "answers").write_text("".join(f"{one}\n" for one in answers))

    def run(self, script: str, argument: str, **environment: str) -> subprocess.CompletedProcess[str]:
        text = (CONTROL / script).read_text()
        for folder in ("/var/lib", "/run", "/etc", "/media", "/usr/bin/kiosk"):
            text = text.replace(f" {folder}", f" {self.root}{folder}").replace(f"={folder}", f"={self.root}{folder}")
            text = text.replace(f"({folder}", f"({self.root}{folder}")
        path = f"{self.root}/bin:{os.environ['PATH']}"
        return subprocess.run(["/bin/sh", "-c", text, script, argument], capture_output=True, text=True, check=False,
                              env={"PATH": path, "TOLD": f"{self.root}/told", **environment})  # fmt: skip


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    for folder in ("bin", "run/systemd/system", "run/kiosk", "var/lib/kiosk", "var/lib/kiosk-update", "usr/bin",
                   "etc/usbguard/rules.d", "media/kiosk"):  # fmt: skip
        (tmp_path / folder).mkdir(parents=True)
    for name in PROGRAMS:
        (tmp_path / "bin" / name).write_text(TELLS)
        (tmp_path / "bin" / name).chmod(0o755)
    # Each look takes one answer; where none is left the command fails, as one whose disk is damaged does.
    asks = f"#!/bin/sh\nread -r one <{tmp_path}/answers || exit 1\nsed -i 1d {tmp_path}/answers\n"
    asks += 'echo "{\\"unsent\\": $one}"\n'
    (tmp_path / "usr/bin/kiosk").write_text(asks)
    (tmp_path / "usr/bin/kiosk").chmod(0o755)
    (tmp_path / "var/lib/kiosk/outbox.db").write_text("")
    Installed(tmp_path).unsent()
    return Installed(tmp_path)


def test_a_removal_that_is_refused_stops_nothing(installed: Installed) -> None:
    installed.unsent("2")
    done = installed.run("prerm", "remove")
    assert (done.returncode, "does not have: 2." in done.stderr) == (1, True)
    assert installed.told == []


def test_an_outbox_that_cannot_be_asked_is_not_taken_for_an_empty_one(installed: Installed) -> None:
    done = installed.run("prerm", "remove")
    assert (done.returncode, "does not have: unknown." in done.stderr) == (1, True)


def test_an_entry_of_the_moment_in_which_the_terminal_is_stopped_is_not_lost(installed: Installed) -> None:
    installed.unsent("0", "1")
    done = installed.run("prerm", "remove")
    assert (done.returncode, "does not have: 1." in done.stderr) == (1, True)
    stopped = installed.told[0].split()[2:]
    assert not (installed.state / ".nothing-unsent").exists()
    assert installed.run("postinst", "abort-remove").returncode == 0
    started = {one for line in installed.told if " start " in line for one in line.split()}
    assert set(stopped) - started == {"kiosk-update-apply.service", "kiosk-stick.service"}, "each is begun by another"


def test_entries_of_a_second_life_are_not_purged_by_what_the_first_one_left(installed: Installed) -> None:
    """Removed with nothing unsent, installed again, citizens come; then removed by force, and purged."""
    installed.unsent("0", "0")
    assert installed.run("prerm", "remove").returncode == 0
    assert (installed.state / ".nothing-unsent").exists()
    installed.unsent("3", "3")
    assert installed.run("prerm", "remove", KIOSK_REMOVE_UNSENT="1").returncode == 0
    done = installed.run("postrm", "purge")
    assert (done.returncode, "holds entries" in done.stderr) == (0, True)
    assert (installed.state / "outbox.db").exists()


def test_a_damaged_outbox_that_was_set_aside_outlives_a_purge_by_itself(installed: Installed) -> None:
    (installed.state / "outbox.db").unlink()
    (installed.state / "set-aside").mkdir()
    assert installed.run("prerm", "remove", KIOSK_REMOVE_UNSENT="1").returncode == 0
    assert "holds entries" in installed.run("postrm", "purge").stderr
    assert (installed.state / "set-aside").is_dir()


def test_a_terminal_whose_entries_are_all_sent_leaves_no_file(installed: Installed) -> None:
    installed.unsent("0", "0")
    assert installed.run("prerm", "remove").returncode == 0
    assert installed.run("postrm", "purge").returncode == 0
    assert not any((installed.root / one).exists() for one in ("var/lib/kiosk", "var/lib/kiosk-update", "run/kiosk"))
    assert not (installed.root / "media/kiosk").exists()


def test_rules_that_were_taken_away_by_hand_do_not_stop_an_upgrade(installed: Installed) -> None:
    rules = installed.root / "etc/usbguard/rules.d/50-kiosk.conf"
    assert installed.run("postinst", "configure").returncode == 0
    assert not rules.exists()
    rules.write_text("block\n")
    rules.chmod(0o644)
    assert installed.run("postinst", "configure").returncode == 0
    assert rules.stat().st_mode & 0o777 == 0o600, "USBGuard does not start with rules that others may read"
    assert "systemctl restart usbguard.service" in installed.told, "it reads rules only when it starts"


def test_the_keyboard_with_which_it_is_installed_is_not_let_in_for_ever(installed: Installed) -> None:
    """Debian's usbguard.postinst runs `generate-policy` where there is no rules.conf."""
    rules = installed.root / "etc/usbguard/rules.conf"
    assert installed.run("preinst", "install").returncode == 0
    assert rules.stat().st_mode & 0o777 == 0o600
    assert all(line.startswith("#") for line in rules.read_text().splitlines())
    rules.write_text("allow id 1234:5678\n")
    assert installed.run("preinst", "upgrade").returncode == 0
    assert rules.read_text() == "allow id 1234:5678\n", "the site's own rules stay"
    assert "preinst" in Path("provisioning/package/build.sh").read_text()


def test_keys_do_not_restart_a_terminal(installed: Installed) -> None:
    """What calls itself a touchscreen may send any key: a class tells USBGuard nothing of that."""
    assert "kernel.sysrq = 0" in (FILES / "usr/lib/sysctl.d/60-kiosk.conf").read_text().splitlines()
    installed.run("postinst", "configure")
    assert {"systemctl mask ctrl-alt-del.target", "systemctl restart systemd-sysctl.service"} <= set(installed.told)
    installed.unsent("0", "0")
    installed.run("prerm", "remove")
    assert installed.told[-1] == "systemctl unmask ctrl-alt-del.target", "the machine is its owner's again"
    assert "CtrlAltDelBurstAction=none" in (FILES / "usr/lib/systemd/system.conf.d/50-kiosk.conf").read_text()


def test_no_visit_is_written_to_the_disk_by_swapping_or_by_a_core_file() -> None:
    """The watchdog ends a touchscreen that hangs with SIGABRT, which is how cores are made."""
    assert {"MemorySwapMax=0", "LimitCORE=0"} <= set((UNITS / "kiosk.service").read_text().splitlines())
    for unit in UNITS.glob("*.service"):
        lines = unit.read_text().splitlines()
        assert "LimitCORE=0" in lines or "User=kiosk" not in lines, unit.name


def test_the_firewall_is_loaded_after_what_begins_by_flushing_every_table() -> None:
    lines = (UNITS / "kiosk-firewall.service").read_text().splitlines()
    assert {"After=nftables.service", "PartOf=nftables.service"} <= set(lines)
