"""IPP messages (RFC 8010): bytes to values and back. Pure.

Only what printing one PDF needs: integers, enumerations, keywords, names, URIs, text; of other kinds the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.errors import PrinterError

PRINT_JOB, CANCEL_JOB, GET_JOB, GET_PRINTER = 0x0002, 0x0008, 0x0009, 0x000B
OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM = 0x21, 0x22, 0x23
NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = 0x42, 0x44, 0x45, 0x47, 0x48, 0x49
_NUMBERS = frozenset({INTEGER, ENUM})

Value = int | bool | str | bytes


class IppMalformed(PrinterError):
    """Not an IPP message."""

    code = "ipp-malformed"


@dataclass(frozen=True)
class Message:
    """A request (`code` is the operation) or an answer (`code` is the status), all groups in one map."""

    code: int
    request_id: int
    values: Mapping[str, tuple[Value, ...]]
    data: bytes = b""

    def text(self, name: str) -> str:
        """The first value as text, or empty."""
        found = self.values.get(name, ("",))[0]
        return found if isinstance(found, str) else ""

    def number(self, name: str) -> int:
        """The first value as a number, or 0."""
        found = self.values.get(name, (0,))[0]
        return found if isinstance(found, int) else 0

    def texts(self, name: str) -> frozenset[str]:
        return frozenset(v for v in self.values.get(name, ()) if isinstance(v, str))


def encode(
    code: int, request_id: int, groups: Iterable[tuple[int, Iterable[tuple[int, str, Value]]]], data: bytes = b""
) -> bytes:
    """An IPP/1.1 message: groups of (value tag, name, value), then the document."""
    out = bytearray(struct.pack(">BBHI", 1, 1, code, request_id))
    for group, values in groups:
        out.append(group)
        for tag, name, value in values:
            raw = _raw(tag, value)
            label = name.encode("ascii")
            out += struct.pack(">BH", tag, len(label)) + label + struct.pack(">H", len(raw)) + raw
    out.append(END)
    return bytes(out) + data


def _raw(tag: int, value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    return struct.pack(">?", value) if tag == BOOLEAN else struct.pack(">i", value)


def decode(message: bytes) -> Message:
    """Read a message. Raises `IppMalformed`."""
    try:
        _, _, code, request_id = struct.unpack_from(">BBHI", message)
        values, at = _values(message, 8)
    except (struct.error, UnicodeDecodeError, IndexError) as e:
        raise IppMalformed("the answer is no IPP message") from e
    return Message(code, request_id, {name: tuple(found) for name, found in values.items()}, message[at:])


def _values(message: bytes, at: int) -> tuple[dict[str, list[Value]], int]:
    values: dict[str, list[Value]] = {}
    name = ""
    while True:
        tag = message[at]
        at += 1
        if tag == END:
            return values, at
        if tag < 0x10:
            continue
        label, at = _piece(message, at)
        raw, at = _piece(message, at)
        name = label.decode("ascii") or name
        values.setdefault(name, []).append(_value(tag, raw))


def _piece(message: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">H", message, at)
    end = at + 2 + size
    if end > len(message):
        raise IppMalformed("the answer ends early")
    return message[at + 2 : end], end


def _value(tag: int, raw: bytes) -> Value:
    if tag in _NUMBERS:
        return int(struct.unpack(">i", raw)[0])
    if tag == BOOLEAN:
        return raw != b"\x00"
    return raw.decode("utf-8") if 0x40 <= tag <= 0x4F else raw
