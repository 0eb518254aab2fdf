"""What the Debian package brings beside the program: units that give little away, device names, policies."""

from __future__ import annotations

import configparser
import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from kiosk.settings import Settings
from kiosk.upkeep.stick import START, STOP, TIMEOUT_S, UNIT
from provisioning.orders.hands import commands
from provisioning.stick import PLUGGED_S, PROGRAM_S, WAIT_S, Machine

PACKAGE = Path("provisioning/package")
FILES = PACKAGE / "files"
UNITS = sorted((FILES / "usr/lib/systemd/system").glob("*.service"))
THRESHOLD = 40
"""Tenths: 4.0 of `systemd-analyze security`."""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_gives_away_less_than_four(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={THRESHOLD}", str(unit.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-400:]


def test_a_service_that_gives_much_away_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={THRESHOLD}", str(unit)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def read(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read(FILES / "usr/lib/systemd/system" / name)
    return parser


@pytest.mark.parametrize("name", ["kiosk.service", "kiosk-sync.service"])
def test_a_service_that_hangs_is_started_again(name: str) -> None:
    service = read(name)["Service"]
    assert (service["Type"], service["Restart"], service["User"]) == ("notify", "always", "kiosk")
    assert 10 <= int(service["WatchdogSec"]) <= 120


def test_no_service_that_is_started_again_is_given_up() -> None:
    """A cable that was loose for five minutes must not leave a dark screen until somebody comes."""
    again = [unit.name for unit in UNITS if "Restart" in read(unit.name)["Service"]]
    assert {"kiosk.service", "kiosk-sync.service", "kiosk-reader-helper.service"} <= set(again)
    for name in again:
        assert read(name)["Unit"].get("StartLimitIntervalSec") == "0", name
        assert int(read(name)["Service"]["RestartSec"]) >= 1, name


def test_the_reader_helper_listens_where_the_settings_ask() -> None:
    assert read("kiosk-reader-helper.socket")["Socket"]["ListenStream"] == Settings().reader_helper


def test_the_printer_gets_the_name_that_the_settings_use() -> None:
    rules = (FILES / "usr/lib/udev/rules.d/70-kiosk.rules").read_text()
    assert f'SYMLINK+="{Path(Settings().printer_port).name}"' in rules


def test_everything_below_etc_is_a_conffile_so_that_an_upgrade_keeps_what_was_changed() -> None:
    listed = (PACKAGE / "control/conffiles").read_text().split()
    held = [f"/{file.relative_to(FILES)}" for file in (FILES / "etc").rglob("*") if file.is_file()]
    assert sorted(listed) == sorted(held)


def test_storage_and_keyboards_are_blocked_before_anything_is_allowed() -> None:
    lines = (FILES / "etc/usbguard/rules.d/50-kiosk.conf").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    blocked = [rule for rule in rules if rule.startswith("block")]
    assert rules[: len(blocked)] == blocked
    assert any("08:*:*" in rule for rule in blocked)
    assert any("03:01:01" in rule for rule in blocked)
    assert any({"02:06:*", "02:0d:*", "e0:*:*"} <= set(rule.split()) for rule in blocked), "0a:*:* is in every one"


def test_the_firewall_lets_nobody_in() -> None:
    rules = (FILES / "usr/share/kiosk/firewall.nft").read_text()
    assert len(re.findall(r"hook (input|forward) .*policy drop;", rules)) == 2
    assert "tcp dport" not in rules


SCRIPTS = [*sorted((PACKAGE / "control").glob("p*")), FILES / "usr/bin/kiosk", FILES / "usr/lib/kiosk-key"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_a_script_is_one_that_the_shell_can_read(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", str(script)], check=False).returncode == 0


def allowed_by_policy(name: str) -> set[str]:
    """A list of verbs and units in the policy."""
    rules = (FILES / "usr/share/polkit-1/rules.d/50-kiosk.rules").read_text()
    (listed,) = re.findall(rf"var {name} = \[(.*?)\];", rules)
    return set(re.findall(r'"([a-z]+ [a-z.-]+)"', listed))


def test_the_policy_allows_the_touchscreen_a_stick_and_nothing_else() -> None:
    asked = {" ".join(word for word in command[1:] if not word.startswith("-")) for command in (START, STOP)}
    assert allowed_by_policy("screen") == asked == {f"start {UNIT}", f"stop {UNIT}"}


def test_a_stick_is_let_out_after_any_end_and_when_the_touchscreen_ends() -> None:
    service = read(UNIT)["Service"]
    assert service["ExecStopPost"] == service["ExecStart"].removesuffix(" in") + " out"
    assert service["RuntimeDirectory"] == Machine().note.parent.name
    longest_s = PLUGGED_S + WAIT_S + 2 * PROGRAM_S
    assert longest_s < int(service["TimeoutStartSec"]) < TIMEOUT_S
    assert read("kiosk.service")["Service"]["ExecStopPost"].split()[-2:] == list(STOP[-2:])
    assert "sd_mod" in (FILES / "usr/lib/modules-load.d/kiosk.conf").read_text().split(), "DeviceAllow=block-sd"


def test_the_policy_allows_exactly_what_the_gateway_can_order() -> None:
    """Both ways: each order that asks systemd is allowed, and nothing is allowed that no order asks for."""
    rules = (FILES / "usr/share/polkit-1/rules.d/50-kiosk.rules").read_text()
    allowed = allowed_by_policy("orders")
    asked = {tuple(word for word in command[1:] if not word.startswith("-"))
             for command in commands(Path("/state")).values() if command[0] == "systemctl"}  # fmt: skip
    assert allowed == {" ".join(words) for words in asked if len(words) == 2}
    assert {words for words in asked if len(words) == 1} == {("reboot",)}
    assert "org.freedesktop.login1.reboot" in rules
    assert rules.count("polkit.Result.YES") == 3


def test_what_puts_an_update_in_needs_nothing_that_is_being_replaced() -> None:
    """Debian's own Python, no site-packages, one file: half of the program may be new and half old meanwhile."""
    script = Path(read("kiosk-update-apply.service")["Service"]["ExecStart"].split("/site-packages/")[1])
    looked = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sorted(m.split('.')[0] for m in sys.modules))"
    command = ["/usr/bin/python3", "-I", "-S", "-c", looked, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"kiosk", "offline_cache", "provisioning", "cryptography"} & set(done.stdout.split())


def test_a_unit_that_is_shipped_is_switched_on_and_off_with_the_others() -> None:
    shipped = {unit.name for unit in (FILES / "usr/lib/systemd/system").iterdir()}
    started_by_another = {"kiosk-doctor.service", "kiosk-reader-helper.service", "kiosk-support-bundle.service",
                          "kiosk-stick.service", "kiosk-update.service", "kiosk-update-apply.service"}  # fmt: skip
    preset = (FILES / "usr/lib/systemd/system-preset/50-kiosk.preset").read_text()
    enabled = set(re.findall(r"^enable (\S+)$", preset, re.MULTILINE))
    assert enabled == shipped - started_by_another
    for script in ("postinst", "prerm"):
        assert {unit for unit in enabled if unit in (PACKAGE / "control" / script).read_text()} == enabled, script


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_starts_is_there(unit: Path) -> None:
    for command in read(unit.name).get("Service", "ExecStart").split("\n"):
        if module := re.search(r" -m ([a-z_.]+)", command):
            assert importlib.util.find_spec(module[1]) is not None
        elif command.startswith("/usr/bin/python3 -I "):
            assert Path(command.split("/site-packages/")[1]).is_file()
        elif command.startswith("/usr/lib/kiosk-"):
            assert os.access(FILES / command.lstrip("/"), os.X_OK)
        else:
            assert command.startswith(("/usr/lib/kiosk/bin/kiosk ", "/usr/sbin/nft "))
