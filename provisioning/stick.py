"""Lets one USB stick in when staff asks for it at the touchscreen, mounts it at /media/kiosk, and turns it out again.

Run as root by kiosk-stick.service: `in`, which ends KEEP_S after the stick was mounted, and `out` whatever became of
`in`. What was let in is written down before it is, so that `out` undoes it after any end. The mount itself is asked of
systemd, which makes it where kiosk.service sees it; this program may mount nothing.

USBGuard blocks storage by class (rules.d/50-kiosk.conf). Its list of devices is believed about what a device is, since
the kernel shows no interface of one that is blocked. Where USBGuard is not at work, the kernel is asked.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.upkeep.stick import AMBIGUOUS, EXITS, FOLDER, MISSING, UNREADABLE
from offline_cache.disk.clock import SystemClock
from offline_cache.notify import Notifier

KEEP_S = 15 * 60
"""So long at most a stick stays in, whatever the touchscreen forgets."""
WAIT_S = 10
"""A stick that was let in shows its disk by then."""
PLUGGED_S = 3
"""One that was plugged in this moment is in the list by then; a disk shows its partitions by then."""
LOOK_S = 0.5
PROGRAM_S = 30
STORAGE = "08"
"""USB mass storage, the class of an interface (usb.org, Defined Class Codes)."""
OWNED = ("vfat", "exfat")
"""File systems that know no owners: the terminal's user gets all of it."""
KNOWN = (*OWNED, "ext4")
SAFE = "nosuid,nodev,noexec,nosymfollow"
"""Nothing on it is run, and no link on it leads to a file of the terminal (mount(8))."""
MOUNT = "media-kiosk.mount"
"""What systemd calls the mount at `FOLDER` (systemd.unit(5), string escaping)."""

_LINE = re.compile(r"(?P<number>\d+): (?P<target>allow|block|reject)(?P<rule>(?: .*)?)", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s"{}]+', re.DOTALL)
_INTERFACE = re.compile(r"[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}", re.IGNORECASE)
_PORT = re.compile(r"\d+-\d+(?:\.\d+)*")
"""A device's name in sysfs: bus, and the ports on the way to it."""


class Refused(Exception):
    """No stick was let in; `code` says why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Device:
    """A USB device."""

    number: str
    """USBGuard's, until it is unplugged; empty where USBGuard is not at work."""
    port: str
    interfaces: tuple[str, ...]
    """class:subclass:protocol, two hexadecimal digits each."""
    allowed: bool = True
    fixed: bool = False
    """Built in, as an inner card slot is."""

    @property
    def stores(self) -> bool:
        return any(one.startswith(STORAGE) for one in self.interfaces)

    @property
    def only_stores(self) -> bool:
        """A keyboard, or anything else, in a stick's case is no stick."""
        return self.stores and all(one.startswith(STORAGE) for one in self.interfaces)


def parse(line: str) -> Device | None:
    """Read a line of `usbguard list-devices`; None for one that is none, or of a device without port or interface.

    Serial number and name are the device's own words, in quotes, with backslashes: nothing in them counts as a field
    (usbguard-rules.conf(5)).
    """
    found = _LINE.fullmatch(line.strip())
    if found is None or _TOKEN.sub("", found["rule"]).strip():
        return None
    fields: dict[str, list[str]] = {}
    name, inside = "", False
    for word in _TOKEN.findall(found["rule"]):
        if word in {"{", "}"}:
            inside = word == "{"
            name = name if inside else ""
        elif not name:
            name = word
            fields.setdefault(name, [])
        else:
            fields[name].append(word)
            name = name if inside else ""
    port = "".join(fields.get("via-port", ())).strip('"')
    interfaces = tuple(one.lower() for one in fields.get("with-interface", ()))
    if not _PORT.fullmatch(port) or not interfaces or not all(map(_INTERFACE.fullmatch, interfaces)):
        return None
    fixed = fields.get("with-connect-type") == ['"hardwired"']
    return Device(found["number"], port, interfaces, found["target"] == "allow", fixed)


def choose(devices: Iterable[Device]) -> Device:
    """Return the one stick. Raises `Refused`."""
    found = [one for one in devices if one.stores and not one.fixed]
    if not found:
        raise Refused(MISSING, "no USB stick is plugged in")
    if len(found) > 1:
        raise Refused(AMBIGUOUS, f"{len(found)} USB sticks are plugged in: take out all but one")
    if not found[0].only_stores:
        raise Refused(
            UNREADABLE, f"what is in port {found[0].port} is not only a stick: {' '.join(found[0].interfaces)}"
        )
    return found[0]


def run(command: Sequence[str]) -> tuple[int, str]:
    """A program's exit code and what it said; one that is missing or hangs has failed."""
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}  # this program's own
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands; the number is USBGuard's, the rest is this program's
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace", timeout=PROGRAM_S,
            env=environment, check=False,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, done.stdout


def owner() -> tuple[int, int]:
    """The terminal's user and group. Raises `KeyError` where the package is not installed."""
    found = pwd.getpwnam("kiosk")
    return found.pw_uid, found.pw_gid


@dataclass(frozen=True)
class Machine:
    """Where things lie, and the programs. A test gives others."""

    usb: Path = Path("/sys/bus/usb/devices")
    dev: Path = Path("/dev")
    mounts: Path = Path("/proc/self/mounts")
    note: Path = Path("/run/kiosk-stick/let-in")
    """There is something to undo; in it, what USBGuard was told to let in. Gone with the unit's runtime directory."""
    folder: Path = FOLDER
    run: Callable[[Sequence[str]], tuple[int, str]] = run
    owner: Callable[[], tuple[int, int]] = owner
    pause: Callable[[float], None] = field(default=time.sleep)

    # ------------------------------------------------------------------------------------------------ devices

    def devices(self) -> list[Device]:
        """What is plugged in, but what the machine runs from."""
        code, said = self.run(("usbguard", "list-devices"))
        listed = [parse(line) for line in said.splitlines()] if code == 0 else self._kernel_s()
        used = self.sources()
        return [one for one in listed if one is not None and used.isdisjoint(self.nodes(one))]

    def _kernel_s(self) -> list[Device | None]:
        """The kernel's list: what is plugged in is let in already."""
        found: list[Device | None] = []
        for folder in sorted(self.usb.glob("*")):
            if _PORT.fullmatch(folder.name):
                parts = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
                interfaces = [":".join(_text(one / part) for part in parts) for one in folder.glob(f"{folder.name}:*")]
                fixed = _text(folder / "removable") == "fixed"
                found.append(Device("", folder.name, tuple(sorted(interfaces)), fixed=fixed))
        return found

    def nodes(self, device: Device) -> list[str]:
        """The block devices of a device: each disk that is not empty after its partitions, by their numbers."""
        found: list[str] = []
        for disk in sorted((self.usb / device.port).glob("*/host*/target*/*/block/*")):
            if _text(disk / "size") in {"", "0"}:
                continue
            parts = [one.parent for one in disk.glob("*/partition")]
            parts.sort(key=lambda part: int(_text(part / "partition") or 0))
            found += [str(self.dev / one.name) for one in (*parts, disk)]
        return found

    def sources(self) -> set[str]:
        """What is mounted here."""
        return {line.split(" ", 1)[0] for line in _text(self.mounts).splitlines()}

    def mounted(self) -> bool:
        """Whether a stick is."""
        return any(line.split(" ")[1:2] == [str(self.folder)] for line in _text(self.mounts).splitlines())

    # --------------------------------------------------------------------------------------------------- in, out

    def stick(self) -> Device:
        """The one that is plugged in, or is plugged in this moment. Raises `Refused`."""
        waited_s = 0.0
        while True:
            try:
                return choose(self.devices())
            except Refused as refused:
                if refused.code != MISSING or waited_s >= PLUGGED_S:
                    raise
            self.pause(LOOK_S)
            waited_s += LOOK_S

    def file_system(self, device: Device) -> tuple[str, str]:
        """Its first file system that is known: node and type. Raises `Refused`."""
        waited_s = shown_s = 0.0
        while waited_s < WAIT_S and shown_s < PLUGGED_S:
            nodes = self.nodes(device)
            for node in nodes:
                kind = self.run(("blkid", "-p", "-o", "value", "-s", "TYPE", node))[1].strip()
                if kind in KNOWN:
                    return node, kind
            self.pause(LOOK_S)
            waited_s += LOOK_S
            shown_s += LOOK_S if nodes else 0.0
        raise Refused(UNREADABLE, f"the stick in port {device.port} holds none of {', '.join(KNOWN)}")

    def let_in(self) -> str:
        """Mount the stick; returns what was mounted. Raises `Refused`: then `turn_out` undoes what was begun."""
        device = self.stick()
        number = "" if device.allowed else device.number
        self.note.write_text(number, "ascii")
        if number and self.run(("usbguard", "allow-device", number))[0] != 0:
            raise Refused(UNREADABLE, "USBGuard did not let it in")
        node, kind = self.file_system(device)
        user, group = self.owner()
        options = f"{SAFE},uid={user},gid={group},umask=0077" if kind in OWNED else SAFE
        command = ("systemd-mount", "--quiet", "--collect", "--fsck=no", f"--type={kind}", f"--options={options}",
                   "--property=LazyUnmount=yes", node, str(self.folder))  # fmt: skip
        if self.run(command)[0] != 0:
            raise Refused(UNREADABLE, f"{node} ({kind}) was not mounted")
        return f"{node} ({kind}) of port {device.port}"

    def turn_out(self) -> bool:
        """Undo whatever `let_in` did, however far it came; whether all of it is undone."""
        if not self.note.exists():
            return True
        self.run(("sync",))
        self.run(("systemctl", "stop", MOUNT))  # a mount that is still waited for, too
        number = _text(self.note)
        if number:
            self.run(("usbguard", "block-device", number))  # fails where it was pulled out: then nothing is in
        self.note.unlink()
        return not self.mounted()


def _text(file: Path) -> str:
    """What a small file says; empty where it is not there, or goes this moment."""
    try:
        return file.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""


def main(arguments: Sequence[str], machine: Machine) -> int:
    """`in` or `out`; the exit status."""
    parser = argparse.ArgumentParser(prog="stick", description="Lets one USB stick in, or turns it out.")
    parser.add_argument("do", choices=("in", "out"))
    if parser.parse_args(arguments).do == "out":
        if machine.turn_out():
            return 0
        sys.stderr.write(f"{machine.folder} is still mounted\n")
        return 1
    try:
        mounted = machine.let_in()
    except Refused as refused:
        sys.stderr.write(f"{refused.code}: {refused}\n")
        return EXITS[refused.code]
    sys.stderr.write(f"mounted {mounted} at {machine.folder}\n")
    Notifier(os.environ, SystemClock()).ready()
    machine.pause(KEEP_S)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Machine()))
