"""The package on a plain Debian 12 that boots: installed, started, upgraded, set back, interrupted, removed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import container_kit as kit
from tests.container_kit import Machine

pytestmark = pytest.mark.nightly

THRESHOLD = 40
DOCUMENT = '{"kind": "note", "text": "x"}\n'


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The package of this tree, and the same as the version after it."""
    kit.skip_where_it_cannot_run()
    old = kit.package()
    return old, kit.renumbered(old, "9.9.9", tmp_path_factory.mktemp("later"))


@pytest.fixture
def machine(packages: tuple[Path, Path], tmp_path: Path) -> Iterator[Machine]:
    """A plain Debian on which the package was installed with one command."""
    with kit.booted(tmp_path / "container", packages) as machine:
        machine.run("dpkg", "--install", f"/srv/{packages[0].name}")
        yield machine


def active(machine: Machine, unit: str) -> bool:
    return machine.start("systemctl", "is-active", unit).stdout.strip() == "active"


def pending(machine: Machine) -> int:
    return int(json.loads(machine.run("kiosk", "outbox", "status", "--json"))["pending"])


def record(machine: Machine, count: int) -> None:
    machine.run("kiosk", "outbox", "append", "--jsonl", "-", given=DOCUMENT * count)
    assert pending(machine) == count


TORN = """dpkg --install "$1" & dpkg=$!
while kill -0 $dpkg; do
  [ -z "$(find /usr/lib/kiosk -name '*.dpkg-new' -print -quit)" ] || { kill -KILL $dpkg; wait $dpkg; exit 9; }
done"""
"""The plug is pulled while the first of the new files lie beside the old ones."""
UNITS = ("kiosk.service", "kiosk-sync.service", "kiosk-reader-helper.socket", "kiosk-doctor.timer",
         "kiosk-firewall.service")  # fmt: skip


def test_one_command_on_a_plain_debian_makes_a_terminal_that_heals_itself(machine: Machine) -> None:
    for unit in UNITS:
        machine.until(lambda unit=unit: active(machine, unit), f"{unit} is not active")
    for unit in ("kiosk.service", "kiosk-sync.service"):
        exposed = machine.start("systemd-analyze", "security", f"--threshold={THRESHOLD}", "--no-pager", unit)
        assert exposed.returncode == 0, exposed.stdout[-300:]
    assert "policy drop" in machine.run("nft", "list", "table", "inet", "kiosk")
    found = machine.start("kiosk", "doctor", "--json")
    outcomes = {one["name"]: one["outcome"] for one in json.loads(found.stdout)["checks"]}
    for good in ("state-folder", "state-writable", "fonts", "sqlite-build", "outbox-opens", "reader-service"):
        assert outcomes[good] == "ok", good
    # The touchscreen's loop stands still: systemd hears nothing from it and starts it anew.
    before = machine.show("kiosk.service", "MainPID")
    machine.run("sh", "-c", f"kill -STOP {before}")
    machine.until(lambda: machine.show("kiosk.service", "MainPID") not in {before, "0"}, "it was not started anew")
    machine.until(lambda: active(machine, "kiosk.service"), "it did not come back")
    assert machine.run("find", "/var/lib/kiosk", "-not", "-user", "kiosk") == ""


def test_a_machine_whose_screen_is_not_plugged_in_yet_is_installed_all_the_same(
    packages: tuple[Path, Path], tmp_path: Path
) -> None:
    with kit.booted(tmp_path / "container", packages, headless=False) as machine:
        done = machine.start("dpkg", "--install", f"/srv/{packages[0].name}")
        assert done.returncode == 0, done.stderr
        assert "plug screen, reader and printer in; then: kiosk doctor" in done.stderr
        assert active(machine, "kiosk-sync.service")
        told = {one["name"]: one for one in json.loads(machine.start("kiosk", "doctor", "--json").stdout)["checks"]}
        for name in ("reader-present", "printer-port"):
            assert (told[name]["outcome"], bool(told[name]["next_action"])) == ("fail", True)


def test_the_terminal_s_user_may_do_what_the_gateway_orders_and_nothing_else(machine: Machine) -> None:
    """systemd answers `interactive authentication required` with 4, polkit's no with 1; both are a refusal."""
    as_user = ("setpriv", "--reuid", "kiosk", "--regid", "kiosk", "--init-groups", "--")
    machine.until(lambda: active(machine, "kiosk.service"), "not active")
    before = machine.show("kiosk.service", "MainPID")
    machine.run(*as_user, "systemctl", "restart", "kiosk.service")
    assert machine.show("kiosk.service", "MainPID") != before
    machine.run(*as_user, "systemctl", "start", "kiosk-support-bundle.service")
    assert len(machine.run("ls", "/var/lib/kiosk/bundles").split()) == 1
    for other in (("stop", "kiosk.service"), ("restart", "chrony.service"), ("stop", "kiosk-firewall.service"),
                  ("poweroff",), ("mask", "kiosk.service")):  # fmt: skip
        assert machine.start(*as_user, "systemctl", "--no-ask-password", *other).returncode != 0, other
    assert active(machine, "kiosk.service")
    # Last, since it ends the machine: a restart of the whole is allowed.
    assert machine.start(*as_user, "systemctl", "--no-ask-password", "--no-block", "reboot").returncode == 0


def test_upgrade_downgrade_and_a_pulled_plug_between_keep_what_citizens_submitted(
    machine: Machine, packages: tuple[Path, Path]
) -> None:
    record(machine, 5)
    machine.run("dpkg", "--install", f"/srv/{packages[1].name}")
    assert machine.run("dpkg-query", "-W", "-f=${Version}", "kiosk") == "9.9.9"
    machine.until(lambda: active(machine, "kiosk.service"), "not active after the upgrade")
    assert pending(machine) == 5
    # The plug is pulled while files are unpacked; afterwards the same command goes on from there.
    assert machine.start("sh", "-c", TORN, "sh", f"/srv/{packages[0].name}").returncode == 9
    machine.run("dpkg", "--install", f"/srv/{packages[0].name}")
    assert machine.run("dpkg-query", "-W", "-f=${Status}", "kiosk") == "install ok installed"
    assert machine.run("dpkg-query", "-W", "-f=${Version}", "kiosk") != "9.9.9"
    machine.until(lambda: active(machine, "kiosk.service"), "not active after the downgrade")
    assert pending(machine) == 5
    machine.run("kiosk", "outbox", "verify")


def test_removal_asks_about_unsent_entries_and_purging_keeps_them(machine: Machine) -> None:
    record(machine, 2)
    refused = machine.start("dpkg", "--remove", "kiosk")
    assert refused.returncode != 0
    assert "does not have: 2." in refused.stderr
    assert "kiosk sync once" in refused.stderr
    assert active(machine, "kiosk-sync.service"), "a removal that was refused stops nothing"
    machine.run("env", "KIOSK_REMOVE_UNSENT=1", "dpkg", "--remove", "kiosk")
    kept = machine.start("dpkg", "--purge", "kiosk")
    assert "holds entries" in kept.stderr
    assert machine.run("ls", "/var/lib/kiosk/outbox.db").strip() == "/var/lib/kiosk/outbox.db"


SERVE = ("systemd-run", "--unit=gateway", "--uid=kiosk", "--property=StandardOutput=file:/srv/gateway/said",
         "/usr/lib/kiosk/bin/kiosk", "gateway", "serve", "--dir", "/srv/gateway", "--port", "8443", "--people", "100",
         "--create", "--invite")  # fmt: skip


def test_a_terminal_joins_sends_what_waited_and_then_may_leave(machine: Machine) -> None:
    """With a gateway of the same package on the same machine; no service is restarted by hand."""
    record(machine, 3)
    machine.run("install", "-d", "-o", "kiosk", "/srv/gateway")
    machine.run(*SERVE)
    machine.until(lambda: "ready " in machine.start("cat", "/srv/gateway/said").stdout, "no gateway")
    invited = json.loads(machine.run("cat", "/srv/gateway/said").splitlines()[0])
    site = f'gateway_url = "https://127.0.0.1:8443"\nca_hash = "{invited["ca_hash"]}"\nmodel = "GZ-K2"\n'
    machine.run("sh", "-c", "cat > /etc/kiosk/site.toml", given=site)
    joined = json.loads(machine.run("kiosk", "enrol", "--token", invited["token"], "--json"))
    assert joined == {"terminal": "T0001", "gateway": "https://127.0.0.1:8443"}
    machine.until(lambda: pending(machine) == 0, "the sync service did not send")
    sealing = "the key stays a file"
    machine.until(lambda: sealing in machine.start("journalctl", "-u", "kiosk-key").stdout, "the key was not looked at")
    assert machine.run("stat", "-c", "%a %U", "/var/lib/kiosk/terminal.key").split() == ["600", "kiosk"]
    again = machine.start("kiosk", "enrol", "--token", invited["token"], "--json")
    assert json.loads(again.stdout)["error"] == "token-invalid"
    machine.run("dpkg", "--purge", "kiosk")
    assert machine.start("test", "-e", "/var/lib/kiosk").returncode == 1


def test_a_terminal_without_entries_goes_without_a_trace(machine: Machine) -> None:
    machine.run("dpkg", "--purge", "kiosk")
    for gone in ("/var/lib/kiosk", "/etc/kiosk", "/usr/lib/kiosk"):
        assert machine.start("test", "-e", gone).returncode == 1, gone
    assert machine.start("nft", "list", "table", "inet", "kiosk").returncode != 0


def test_a_stick_installs_a_terminal_and_another_way_of_the_stick_joins_it_without_a_network(
    packages: tuple[Path, Path], tmp_path: Path
) -> None:
    """`kiosk media write`, install.sh, `kiosk enrol --stick`, the gateway elsewhere, and the same command again."""
    stick, city = tmp_path / "stick", tmp_path / "gateway"
    stick.mkdir()
    gateway_url = "https://gateway.example:8443"
    ca_hash = here("gateway", "init", str(city))["ca_hash"]
    written = ("--deb", str(packages[0]), "--gateway", gateway_url, "--ca-hash", ca_hash, "--model", "GZ-K2")
    here("media", "write", str(stick), *written, "--json")
    with kit.booted(tmp_path / "container", sorted(stick.iterdir())) as machine:
        # Pulled out too early: nothing is installed, and the whole medium goes on.
        machine.run("sh", "-c", "cp /srv/site.toml /srv/kept && echo >>/srv/site.toml")
        torn = machine.start("sh", "/srv/install.sh")
        assert (torn.returncode, "write it again" in torn.stderr) == (1, True)
        assert machine.start("test", "-e", "/usr/bin/kiosk").returncode == 1
        machine.run("mv", "/srv/kept", "/srv/site.toml")
        machine.run("sh", "/srv/install.sh")
        machine.until(lambda: active(machine, "kiosk.service"), "not active")
        record(machine, 2)
        machine.run("install", "-d", "-o", "kiosk", "/srv/stick")
        asked = json.loads(machine.run("kiosk", "enrol", "--stick", "/srv/stick", "--json"))
        (request,) = machine.run("sh", "-c", "ls /srv/stick/*.request").split()
        carried = tmp_path / "carried"
        carried.mkdir()
        (carried / Path(request).name).write_text(machine.run("cat", request))
        answered = here("gateway", "enrol-stick", str(carried), "--dir", str(city), "--gateway", gateway_url,
                        "--office", "nantang", "--json")  # fmt: skip
        assert (answered["code"], answered["problem"]) == (asked["code"], "")
        (answer,) = carried.glob("*.answer")
        back = ("setpriv", "--reuid", "kiosk", "--regid", "kiosk", "--init-groups", "sh", "-c")
        machine.run(*back, f"cat > /srv/stick/{answer.name}", given=answer.read_text())
        joined = json.loads(machine.run("kiosk", "enrol", "--stick", "/srv/stick", "--json"))
        assert joined == {"terminal": "T0001", "gateway": gateway_url}
        assert pending(machine) == 2, "what was recorded before stays, and is sealed to this gateway"
        assert json.loads(machine.run("kiosk", "config", "--json"))["version"] == 0


def here(*command: str) -> dict[str, str]:
    """A command of this tree, on this machine."""
    done = subprocess.run([".venv/bin/kiosk", *command], cwd=kit.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told
