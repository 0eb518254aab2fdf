"""A USB stick at an installed terminal: blocked until staff needs it, seen by the touchscreen, gone afterwards.

A container has no USB: USBGuard and the kernel's folders of a device are stood in for, and the stick is a loop device.
Its file system, systemd, polkit, the units and their namespaces are real. A container has no udev either: a mount of
what lies in /dev would wait for it, so the device lies elsewhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.upkeep.stick import EXITS, UNIT
from tests import container_kit as kit
from tests.container_kit import Machine

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1200), pytest.mark.xdist_group("stick-container")]

THRESHOLD = 40
GUARD = """#!/bin/sh
# Knows one device, of which /srv/port/target tells whether it is let in; nothing is plugged in where that is missing.
cd /srv/port 2>/dev/null || exit 0
case "$1" in
list-devices) [ ! -e target ] || echo "7: $(cat target) id 0781:5567 serial \\"x\\" name \\"y\\" hash \\"z\\"" \\
  "parent-hash \\"p\\" via-port \\"1-2\\" with-interface 08:06:50 with-connect-type \\"hotplug\\"" ;;
allow-device) echo allow >target; mkdir -p 1-2; ln -sfn /srv/shown 1-2/1-2:1.0 ;;
block-device) echo block >target; rm -f 1-2/1-2:1.0 ;;
esac
"""
STAND_IN = """import sys
from pathlib import Path
from provisioning.stick import Machine, main
sys.exit(main(sys.argv[1:], Machine(usb=Path("/srv/port"), dev=Path("/srv/dev"))))
"""
UNIT_STAND_IN = """[Service]
ExecStart=
ExecStart=/usr/lib/kiosk/bin/python -I /srv/stand_in.py in
ExecStopPost=
ExecStopPost=/usr/lib/kiosk/bin/python -I /srv/stand_in.py out
ReadWritePaths=/srv/port
DeviceAllow=block-loop r
"""
TASK = """import os, sys
from kiosk.upkeep.stick import plugged
with plugged() as stick:
    print(stick)
    if stick is not None:
        (stick / sys.argv[1]).write_text("from the screen")
        print(*sorted(one.name for one in stick.iterdir() if one.name != "lost+found"))
        print(next(line.split()[3] for line in open("/proc/self/mounts") if " /media/kiosk " in line))
print(os.path.ismount("/media/kiosk"))
"""
"""What a task of the touchscreen does, by its own module."""
FILES = {
    "/usr/local/bin/usbguard": GUARD,
    "/srv/stand_in.py": STAND_IN,
    "/srv/task.py": TASK,
    f"/etc/systemd/system/{UNIT}.d/container.conf": UNIT_STAND_IN,
}
LEFT_IN = ("systemctl", "--no-ask-password", "start", UNIT)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """An installed terminal with one USB hole, and a stick beside it."""
    kit.skip_where_it_cannot_run()
    package, folder = kit.package(), tmp_path_factory.mktemp("stick")
    image = folder / "stick.img"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    attached = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False)
    if attached.returncode != 0:
        pytest.skip(f"needs a loop device: {attached.stderr.strip()}")
    loop = Path(attached.stdout.strip())
    try:
        with kit.booted(folder / "container", [package]) as machine:
            machine.run("dpkg", "--install", f"/srv/{package.name}")
            user = machine.run("id", "-u", "kiosk").strip()
            subprocess.run(["mke2fs", "-q", "-t", "ext4", "-E", f"root_owner={user}:{user}", str(loop)], check=True)
            machine.run("mkdir", "/srv/dev")
            machine.run("mknod", f"/srv/dev/{loop.name}", "b", "7", loop.name.removeprefix("loop"))
            disk = f"/srv/shown/host0/target0:0:0/0:0:0:0/block/{loop.name}"
            machine.run("mkdir", "-p", disk, "/srv/port", f"/etc/systemd/system/{UNIT}.d")
            machine.run("sh", "-c", f"echo 16384 >{disk}/size")
            for path, text in FILES.items():
                machine.run("sh", "-c", f"cat >{path}", given=text)
            machine.run("chmod", "755", "/usr/local/bin/usbguard")
            machine.run("systemctl", "daemon-reload")
            machine.until(lambda: machine.show("kiosk.service", "ActiveState") == "active", "no touchscreen")
            yield machine
    finally:
        subprocess.run(["losetup", "--detach", str(loop)], check=True)


def plug(machine: Machine) -> None:
    machine.run("sh", "-c", "echo block >/srv/port/target")


def pull(machine: Machine) -> None:
    machine.run("rm", "-rf", "/srv/port/target", "/srv/port/1-2")


def inside(machine: Machine, *command: str) -> tuple[str, ...]:
    """A command as the touchscreen itself would run it: its user, and what it sees of the file systems."""
    screen = machine.show("kiosk.service", "MainPID")
    return ("nsenter", "-t", screen, "-m", "setpriv", "--reuid", "kiosk", "--regid", "kiosk", "--init-groups",
            "--no-new-privs", "--", *command)  # fmt: skip


def task(machine: Machine, name: str) -> list[str]:
    return machine.run(*inside(machine, "/usr/lib/kiosk/bin/python", "-I", "/srv/task.py", name)).splitlines()


def out(machine: Machine) -> bool:
    """Nothing is mounted, for anybody, and the device is blocked."""
    return (
        machine.show(UNIT, "ActiveState") in {"inactive", "failed"}
        and machine.start("findmnt", "/media/kiosk").returncode == 1
        and machine.start(*inside(machine, "findmnt", "/media/kiosk")).returncode == 1
        and machine.run("cat", "/srv/port/target").strip() == "block"
    )


def test_a_task_of_the_touchscreen_reads_and_writes_the_stick_and_leaves_it_blocked(machine: Machine) -> None:
    plug(machine)
    stick, held, options, still = task(machine, "first")
    assert (stick, held, still) == ("/media/kiosk", "first", "False")
    assert {"rw", "nosuid", "nodev", "noexec"} <= set(options.split(","))
    assert out(machine)
    assert task(machine, "second")[1] == "first second", "what was written is on the stick"
    assert machine.start("systemd-analyze", "security", f"--threshold={THRESHOLD}", "--no-pager", UNIT).returncode == 0


def test_without_a_stick_the_task_is_told_and_the_journal_says_so(machine: Machine) -> None:
    pull(machine)
    assert task(machine, "x") == ["None", "False"]
    assert machine.show(UNIT, "ExecMainStatus") == str(EXITS["stick-missing"])
    assert "stick-missing: no USB stick" in machine.run("journalctl", "-u", UNIT)


def test_the_terminal_s_user_may_start_and_stop_this_unit_and_mount_nothing_else(machine: Machine) -> None:
    plug(machine)
    machine.run(*inside(machine, *LEFT_IN))
    assert machine.start("findmnt", "/media/kiosk").returncode == 0
    for refused in (("restart", UNIT), ("kill", UNIT), ("stop", "media-kiosk.mount"), ("start", "tmp.mount")):
        done = machine.start(*inside(machine, "systemctl", "--no-ask-password", *refused))
        assert done.returncode != 0, refused
    assert machine.start(*inside(machine, "umount", "/media/kiosk")).returncode != 0
    machine.run(*inside(machine, "systemctl", "--no-ask-password", "stop", UNIT))
    assert out(machine)


def test_a_touchscreen_that_falls_leaves_no_stick_in(machine: Machine) -> None:
    plug(machine)
    machine.run(*inside(machine, *LEFT_IN))
    before = machine.show("kiosk.service", "MainPID")
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "kiosk.service")
    machine.until(lambda: machine.show("kiosk.service", "MainPID") not in {before, "0"}, "it was not started anew")
    machine.until(lambda: out(machine), "the stick is in")


def test_root_s_program_that_is_killed_leaves_no_stick_in(machine: Machine) -> None:
    plug(machine)
    machine.run(*inside(machine, *LEFT_IN))
    machine.run("systemctl", "kill", "--signal=KILL", UNIT)
    machine.until(lambda: out(machine), "the stick is in")
