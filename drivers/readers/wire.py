"""What the PC/SC child process and its parent say to each other. Light on purpose: the child imports little.

A frame is the length of its body (four bytes, big endian), its kind (one byte) and the body. Requests go to the child's
standard input and each gets one reply on its standard output; slot reports come on a pipe of their own, unasked.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

CONNECT = 1
"""Open the card. Reply `DONE`."""
TRANSMIT = 2
"""One APDU. Reply `DONE` with data and status word."""
DISCONNECT = 3
"""Unpower the card and let go of it. Reply `DONE`."""
LIST = 4
"""All readers. Reply `DONE` with their slot reports, in a row as the APDUs of a `MANY` are."""

MANY = 5
"""APDUs in a row, each behind its length (two bytes). One reply for each, as for `TRANSMIT`, up to the first that is
`FAILED` or has another status word than 9000: what comes after it is not sent to the card."""
HELD_S = 0.02
"""For so long at most the child holds a reply of a `MANY` back, so that quick ones travel together."""
ATR = 6
"""Ask for the open card's answer to reset. Reply `DONE` with it."""

DONE = 16
FAILED = 17
"""Body: one of the failures below, PC/SC's result (four bytes), the name of the call."""
SLOT = 32
"""Body: state, PC/SC's event counter (two bytes), length of the reader's name (one byte), the name, the ATR."""

ALIVE = 33
"""No body. Between slot reports, about once a second: the PC/SC service answers."""

NO_SERVICE = 0xFFFF
"""In place of the event counter of an `ABSENT` report: it is the service that is missing, not only the reader."""

ABSENT = 0
EMPTY = 1
PRESENT = 2
MUTE = 3

READER_GONE = 1
NO_CARD = 2
REMOVED = 3
SILENT = 4
BUSY = 5
UNSURE = 6
"""The card gave no whole answer: pulled, most likely, but PC/SC has not noticed yet."""
OTHER = 7

_HEADER = struct.Struct(">IB")
_SLOT = struct.Struct(">BHB")
_FAILURE = struct.Struct(">BI")
MAX_BODY = 1 << 20


class FrameError(Exception):
    """The other side sent what is no frame."""


def frame(kind: int, body: bytes = b"") -> bytes:
    return _HEADER.pack(len(body), kind) + body


def take_frame(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take one frame off the front of the buffer; None: it is not whole yet. Raises `FrameError`."""
    if len(buffer) < _HEADER.size:
        return None
    length, kind = _HEADER.unpack_from(buffer)
    if length > MAX_BODY:
        raise FrameError(f"a frame of {length} bytes")
    end = _HEADER.size + length
    if len(buffer) < end:
        return None
    body = bytes(buffer[_HEADER.size : end])
    del buffer[:end]
    return kind, body


def pack_many(parts: Sequence[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def unpack_many(body: bytes) -> list[bytes]:
    """Return the APDUs of a `MANY`, the reports of a `LIST`. Raises `FrameError`."""
    found: list[bytes] = []
    at = 0
    while at < len(body):
        size = int.from_bytes(body[at : at + 2], "big")
        found.append(body[at + 2 : at + 2 + size])
        at += 2 + size
    if at != len(body):
        raise FrameError("a row that is cut short")
    return found


def goes_on(kind: int, body: bytes) -> bool:
    """Return whether the next APDU of a `MANY` is sent after this reply."""
    return kind == DONE and body[-2:] == b"\x90\x00"


def pack_slot(state: int, counter: int, reader: str, atr: bytes) -> bytes:
    name = reader.encode("utf-8", "replace")[:255]
    return _SLOT.pack(state, counter & 0xFFFF, len(name)) + name + atr


def unpack_slot(body: bytes) -> tuple[int, int, str, bytes]:
    """Return state, counter, reader, ATR. Raises `FrameError`."""
    try:
        state, counter, size = _SLOT.unpack_from(body)
    except struct.error:
        raise FrameError("a slot report that is too short") from None
    rest = body[_SLOT.size :]
    return state, counter, rest[:size].decode("utf-8", "replace"), rest[size:]


def pack_failure(failure: int, result: int, call: str) -> bytes:
    return _FAILURE.pack(failure, result & 0xFFFFFFFF) + call.encode()


def unpack_failure(body: bytes) -> tuple[int, int, str]:
    """Return failure, PC/SC result, call. Raises `FrameError`."""
    try:
        failure, result = _FAILURE.unpack_from(body)
    except struct.error:
        raise FrameError("a failure that is too short") from None
    return failure, result, body[_FAILURE.size :].decode("utf-8", "replace")
