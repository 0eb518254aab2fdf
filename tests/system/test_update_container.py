"""A newer version reaches a terminal on a plain Debian 12: fetched, put in, taken out again where it does not do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import container_kit as kit
from tests.container_kit import Machine
from tests.system.test_package_container import SERVE, active

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(2400), pytest.mark.xdist_group("update-container")]
"""One worker has the machine that these tests share."""

GATEWAY = (
    "setpriv",
    "--reuid",
    "kiosk",
    "--regid",
    "kiosk",
    "--init-groups",
    "--",
    "/usr/lib/kiosk/bin/kiosk",
    "gateway",
)
OWN = "/var/lib/kiosk-update"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The package of this tree; the same as a later version; and a later one whose touchscreen does not start."""
    kit.skip_where_it_cannot_run()
    old, folder = kit.package(), tmp_path_factory.mktemp("later")
    return {"0.1.0": old, "9.9.8": sick(old, "9.9.8", folder), "9.9.9": kit.renumbered(old, "9.9.9", folder)}


def sick(package: Path, version: str, folder: Path) -> Path:
    """The same package with a module that falls when the touchscreen starts."""
    work = folder / f"sick-{version}"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package.resolve()), str(work)], check=True)
    site = work / "usr/lib/kiosk/lib/python3.11/site-packages/kiosk/cli"
    for compiled in (site / "__pycache__").glob("run.*"):
        compiled.unlink()
    (site / "run.py").write_text("raise SystemExit('this version does not do')\n")
    control = work / "DEBIAN/control"
    lines = [
        f"Version: {version}" if line.startswith("Version:") else line for line in control.read_text().splitlines()
    ]
    control.write_text("\n".join(lines) + "\n")
    made = folder / f"kiosk_{version}.deb"
    build = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(work), str(made)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", str(work)], check=True)
    return made


@pytest.fixture(scope="module")
def machine(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A terminal that has joined a gateway on the same machine, and holds five entries that it cannot send."""
    folder = tmp_path_factory.mktemp("machine") / "container"
    with kit.booted(folder, list(packages.values())) as machine:
        machine.run("dpkg", "--install", f"/srv/{packages['0.1.0'].name}")
        # A gateway of its own program: the terminal's is replaced under it.
        machine.run("cp", "-a", "/usr/lib/kiosk", "/srv/gateway-program")
        machine.run("install", "-d", "-o", "kiosk", "/srv/gateway")
        serve = [word.replace("/usr/lib/kiosk/bin/kiosk", "/srv/gateway-program/bin/kiosk") for word in SERVE]
        machine.run(*serve)
        machine.until(lambda: "ready " in machine.start("cat", "/srv/gateway/said").stdout, "no gateway")
        invited = json.loads(machine.run("cat", "/srv/gateway/said").splitlines()[0])
        site = f'gateway_url = "https://127.0.0.1:8443"\nca_hash = "{invited["ca_hash"]}"\nmodel = "GZ-K2"\n'
        machine.run("sh", "-c", "cat > /etc/kiosk/site.toml", given=site)
        machine.run("kiosk", "enrol", "--token", invited["token"], "--json")
        machine.until(lambda: active(machine, "kiosk.service"), "not active")
        yield machine


def version(machine: Machine) -> str:
    return machine.run("dpkg-query", "--show", "--showformat=${Version} ${Status}", "kiosk")


def begin_with(machine: Machine, packages: dict[str, Path], wanted: str) -> None:
    """The tests of this file share a machine, in whichever order they run."""
    if not version(machine).startswith(f"{wanted} "):
        machine.run("dpkg", "--install", f"/srv/{packages[wanted].name}")
    machine.until(lambda: active(machine, "kiosk.service"), "not active")


def publish(machine: Machine, name: str) -> int:
    command = (*GATEWAY, "publish", f"/srv/{name}", "--dir", "/srv/gateway", "--json")
    return int(json.loads(machine.run(*command))["number"])


def outcome(machine: Machine) -> tuple[int, str]:
    said = machine.start("cat", f"{OWN}/outcome.json").stdout
    if not said:
        return 0, ""
    told = json.loads(said)
    return int(told["number"]), str(told["outcome"])


def recorded(machine: Machine) -> int:
    """Everything that was ever recorded, sent or not."""
    figures = json.loads(machine.run("kiosk", "outbox", "status", "--json"))
    return int(figures["acked"]) + int(figures["pending"])


def ordered(machine: Machine) -> None:
    """What the gateway's order does on the terminal (`provisioning/orders/hands.py`)."""
    as_user = ("setpriv", "--reuid", "kiosk", "--regid", "kiosk", "--init-groups", "--")
    machine.run(*as_user, "systemctl", "start", "kiosk-update.service")


def test_a_version_is_ordered_fetched_and_put_in_and_back_again_and_the_entries_stay(
    machine: Machine, packages: dict[str, Path]
) -> None:
    begin_with(machine, packages, "0.1.0")
    record_before = recorded(machine)
    machine.run("kiosk", "outbox", "append", "--jsonl", "-", given='{"kind": "note", "text": "x"}\n' * 5)
    first = publish(machine, packages["9.9.9"].name)
    ordered(machine)
    machine.until(lambda: outcome(machine) == (first, "done"), "it was not put in", 600)
    assert version(machine) == "9.9.9 install ok installed"
    assert active(machine, "kiosk.service")
    assert recorded(machine) == record_before + 5
    machine.run("kiosk", "outbox", "verify")
    # Going back is a release of its own.
    second = publish(machine, packages["0.1.0"].name)
    ordered(machine)
    machine.until(lambda: outcome(machine) == (second, "done"), "it did not go back", 600)
    assert version(machine) == "0.1.0 install ok installed"
    assert recorded(machine) == record_before + 5
    machine.run("kiosk", "outbox", "verify")


def test_a_version_whose_touchscreen_does_not_start_is_taken_out_again_and_not_tried_twice(
    machine: Machine, packages: dict[str, Path]
) -> None:
    begin_with(machine, packages, "0.1.0")
    number = publish(machine, packages["9.9.8"].name)
    before = recorded(machine)
    ordered(machine)
    machine.until(lambda: outcome(machine) == (number, "rolled-back"), "it was not taken out", 900)
    assert version(machine) == "0.1.0 install ok installed"
    machine.until(lambda: active(machine, "kiosk.service"), "the terminal did not come back")
    assert recorded(machine) == before
    found = {one["name"]: one for one in json.loads(machine.start("kiosk", "doctor", "--json").stdout)["checks"]}
    assert found["updates"]["outcome"] == "warn"
    assert "rolled-back" in found["updates"]["cause"]
    assert json.loads(machine.run("kiosk", "update", "--json"))["state"] == "nothing-new"


def test_a_plug_pulled_while_files_are_unpacked_and_it_goes_on_by_itself(
    machine: Machine, packages: dict[str, Path]
) -> None:
    begin_with(machine, packages, "0.1.0")
    number = publish(machine, packages["9.9.9"].name)
    before = recorded(machine)
    ordered(machine)
    torn = """while [ -z "$(find /usr/lib/kiosk -name '*.dpkg-new' -print -quit)" ]; do :; done
    systemctl kill --kill-whom=all --signal=KILL kiosk-update-apply.service"""
    machine.run("timeout", "500", "sh", "-c", torn)
    assert machine.run("cat", f"{OWN}/journal.json")
    machine.until(lambda: outcome(machine) == (number, "done"), "it did not go on", 900)
    assert version(machine) == "9.9.9 install ok installed"
    assert recorded(machine) == before


def test_a_full_disk_is_told_and_the_same_command_goes_on(machine: Machine, packages: dict[str, Path]) -> None:
    begin_with(machine, packages, "9.9.9")
    number = publish(machine, packages["0.1.0"].name)
    machine.run("mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", OWN)
    try:
        ordered(machine)
        machine.until(lambda: outcome(machine)[1] == "update-no-room", "the full disk was not told", 300)
        assert version(machine) == "9.9.9 install ok installed"
        assert active(machine, "kiosk.service")
    finally:
        machine.run("umount", OWN)
    ordered(machine)
    machine.until(lambda: outcome(machine) == (number, "done"), "it did not go on", 600)
    assert version(machine) == "0.1.0 install ok installed"


def test_a_package_that_the_authority_did_not_sign_goes_in_from_nowhere(
    machine: Machine, packages: dict[str, Path]
) -> None:
    """Whoever has the terminal's account writes what they like into its folder; root does not believe it."""
    begin_with(machine, packages, "0.1.0")
    machine.run("install", "-d", "-o", "kiosk", "/srv/other")
    machine.run(*GATEWAY, "init", "/srv/other")
    machine.run(*GATEWAY, "publish", f"/srv/{packages['9.9.8'].name}", "--dir", "/srv/other", "--to", "/srv/other")
    refused = machine.start("kiosk", "update", "--from", "/srv/other", "--json")
    assert json.loads(refused.stdout)["error"] == "ca-mismatch"
    planted = """mkdir -p /var/lib/kiosk/update && cd /var/lib/kiosk/update
    cp /srv/other/release release && cp /srv/other/*.deb package.deb && touch ready"""
    machine.run("setpriv", "--reuid", "kiosk", "--regid", "kiosk", "--init-groups", "--", "sh", "-c", planted)
    machine.until(lambda: outcome(machine)[1] == "update-untrusted", "it was not refused", 300)
    assert version(machine) == "0.1.0 install ok installed"


def test_a_site_without_a_network_gets_it_by_stick(machine: Machine, packages: dict[str, Path]) -> None:
    begin_with(machine, packages, "0.1.0")
    machine.run("install", "-d", "-o", "kiosk", "/srv/stick")
    command = (*GATEWAY, "publish", f"/srv/{packages['9.9.9'].name}", "--dir", "/srv/gateway", "--to", "/srv/stick")
    number = int(json.loads(machine.run(*command, "--json"))["number"])
    before = recorded(machine)
    by_stick = ("unshare", "--net", "kiosk", "update", "--from", "/srv/stick", "--json")
    assert json.loads(machine.run(*by_stick))["state"] == "staged"
    machine.until(lambda: outcome(machine) == (number, "done"), "it was not put in", 600)
    assert version(machine) == "9.9.9 install ok installed"
    assert recorded(machine) == before
    # The same stick once more brings nothing: nobody replays yesterday's.
    assert json.loads(machine.run(*by_stick))["state"] == "nothing-new"
