"""A recorded run, cut off at any point, on four kinds of disk.

`all`: every call before the cut has reached the disk. `synced`: of each file only what its last fsync covered; names at
once. `names`: besides, a name (made, renamed, removed) counts only after an fsync of its folder. `torn`: what the last
fsync covered, and of everything written after it an arbitrary part, in sectors of 512 bytes, in any order.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SECTOR = 512
Disk = Literal["all", "synced", "names", "torn"]
DISKS: tuple[Disk, ...] = ("all", "synced", "names", "torn")


@dataclass(frozen=True)
class Call:
    """One recorded call; see recorder.c."""

    op: str
    inode: int
    offset: int
    name: str
    data: bytes


def load(path: Path) -> list[Call]:
    """The calls in the order they were made."""
    raw, at, calls = path.read_bytes(), 0, []
    while at < len(raw):
        op, inode, offset, name, size = struct.unpack_from("<5Q", raw, at)
        at += 40
        calls.append(Call(chr(op), inode, offset, raw[at : at + name].decode(), raw[at + name : at + name + size]))
        at += name + size
    return calls


@dataclass
class _File:
    now: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    since: list[Call] = field(default_factory=list)
    """Writes and truncations after the last fsync."""


@dataclass
class _Names:
    """Names to inodes, as programs see them, and as they are on the disk for sure."""

    now: dict[str, int] = field(default_factory=dict)
    durable: dict[str, int] = field(default_factory=dict)

    def sync(self, folder: str) -> None:
        def inside(name: str) -> bool:
            return name.rpartition("/")[0] == folder

        self.durable = {name: inode for name, inode in self.durable.items() if not inside(name)}
        self.durable |= {name: inode for name, inode in self.now.items() if inside(name)}


class Machine:
    """Plays the calls one by one; `write_state` leaves what a cut at this moment would."""

    def __init__(self) -> None:
        self.files: dict[int, _File] = {}
        self.names = _Names()
        self.told = b""
        """What the program has written to standard output so far."""

    def play(self, call: Call) -> None:
        names = self.names.now
        match call.op:
            case "A":
                self.told += call.data
            case "C":
                self.files[call.inode] = _File()  # an inode number may be used again
                names[call.name] = call.inode
            case "W" | "T":
                file = self.files.setdefault(call.inode, _File())
                apply(file.now, call)
                file.since.append(call)
            case "S":
                file = self.files.setdefault(call.inode, _File())
                file.synced, file.since = bytes(file.now), []
            case "R":
                names[call.data.decode()] = names.pop(call.name)
            case "U":
                names.pop(call.name, None)
            case "D":
                self.names.sync(call.name)
            case _:
                raise AssertionError(f"unknown call {call.op}")

    def write_state(self, folder: Path, disk: Disk, chance: random.Random) -> None:
        """Make the files that are found after the cut. `folder` must be empty or missing."""
        folder.mkdir(parents=True, exist_ok=True)
        names = self.names.durable if disk == "names" else self.names.now
        for name, inode in names.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._content(self.files[inode], disk, chance))

    @staticmethod
    def _content(file: _File, disk: Disk, chance: random.Random) -> bytes:
        if disk == "all":
            return bytes(file.now)
        if disk == "torn":
            return torn(file.synced, file.since, chance)
        return file.synced


def apply(content: bytearray, call: Call) -> None:
    """One write or truncation."""
    if call.op == "T":
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
        return
    content.extend(bytes(max(0, call.offset - len(content))))
    content[call.offset : call.offset + len(call.data)] = call.data


def torn(synced: bytes, since: list[Call], chance: random.Random) -> bytes:
    """Some sectors of some later calls, whatever their order."""
    content = bytearray(synced)
    keep = chance.choice([0.1, 0.5, 0.9])
    for call in since:
        if call.op == "T":
            if chance.random() < keep:
                apply(content, call)
            continue
        at, data = call.offset, call.data
        while data:
            size = min(len(data), SECTOR - at % SECTOR)
            if chance.random() < keep:
                apply(content, Call("W", call.inode, at, "", data[:size]))
            at, data = at + size, data[size:]
    return bytes(content)
