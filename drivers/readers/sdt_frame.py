"""Frames of the resident identity card's module (SDT). Pure.

To the module: `AA AA AA 96 69`, length (two bytes, big endian: what follows it), command, parameter, XOR from the
length on. Back: the same, with three status bytes in place of the command, then data. Modelled on public readers of
the module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
MAX_BODY: Final = 4096

STATUS: Final = bytes.fromhex("11FF")
FIND: Final = bytes.fromhex("2001")
SELECT: Final = bytes.fromhex("2002")
READ: Final = bytes.fromhex("3001")

OK: Final = 0x90
FOUND: Final = 0x9F
NONE_FOUND: Final = 0x80
SELECT_FAILED: Final = 0x81
READ_FAILED: Final = 0x41


class BadFrame(Exception):
    """Bytes that are no frame of the module."""


@dataclass(frozen=True)
class Reply:
    """The module's answer. Data never enter a repr."""

    status: bytes
    data: bytes = field(repr=False)

    @property
    def sw3(self) -> int:
        """The byte that tells: `OK`, `FOUND`, or what went wrong."""
        return self.status[2]


def checksum(body: bytes) -> int:
    """XOR of all bytes."""
    value = 0
    for byte in body:
        value ^= byte
    return value


def frame(body: bytes) -> bytes:
    """Return the frame of a command and its parameter, or of status bytes and data."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes([checksum(counted)])


def take_body(buffer: bytearray) -> bytes | None:
    """Take one frame off the buffer; noise in front of it is dropped; None: it is not whole yet. Raises `BadFrame`."""
    start = buffer.find(PREAMBLE)
    if start < 0:
        del buffer[: max(0, len(buffer) - len(PREAMBLE) + 1)]
        return None
    del buffer[:start]
    if len(buffer) < 7:
        return None
    length = int.from_bytes(buffer[5:7], "big")
    if not 3 <= length <= MAX_BODY:
        del buffer[: len(PREAMBLE)]
        raise BadFrame(f"a frame of {length} bytes")
    end = 7 + length
    if len(buffer) < end:
        return None
    whole = bytes(buffer[:end])
    del buffer[:end]
    if checksum(whole[5:-1]) != whole[-1]:
        raise BadFrame("the checksum is wrong")
    return whole[7:-1]


def parse_reply(body: bytes) -> Reply:
    """Split status and data. Raises `BadFrame`."""
    if len(body) < 3 or body[:2] != b"\0\0":
        raise BadFrame("a reply without its status")
    return Reply(body[:3], body[3:])


def split_reading(data: bytes) -> tuple[bytes, bytes]:
    """Return text and photo of a read reply; a third part, of fingerprints, is left alone. Raises `BadFrame`."""
    for sizes in (2, 3):
        if len(data) < 2 * sizes:
            break
        lengths = [int.from_bytes(data[2 * place : 2 * place + 2], "big") for place in range(sizes)]
        if 2 * sizes + sum(lengths) == len(data):
            start = 2 * sizes
            return data[start : start + lengths[0]], data[start + lengths[0] : start + lengths[0] + lengths[1]]
    raise BadFrame("the lengths of a reading do not add up")
