"""BER-TLV as ISO 7816-4 cards use it: tags of one or two bytes, lengths of up to three, definite only.

Whatever does not fit to the byte is refused with `CardProtocolError`.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.errors import CardProtocolError

MAX_BYTES = 65536


def header(raw: bytes) -> tuple[int, int, int]:
    """Return tag, length of the value, and where the value begins. Raises `CardProtocolError`."""
    if not raw:
        raise CardProtocolError("a data object without a tag")
    tag, at = raw[0], 1
    if tag & 0x1F == 0x1F:
        if len(raw) < 2 or raw[1] & 0x80:
            raise CardProtocolError("a data object with a tag that no card uses")
        tag, at = tag << 8 | raw[1], 2
    if len(raw) <= at:
        raise CardProtocolError("a data object without a length")
    length, at = raw[at], at + 1
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 2 or len(raw) < at + count:
            raise CardProtocolError("a data object with a length that no card uses")
        length, at = int.from_bytes(raw[at : at + count], "big"), at + count
    return tag, length, at


def objects(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each data object in a row. Raises `CardProtocolError`."""
    while raw:
        tag, length, at = header(raw)
        if len(raw) - at < length:
            raise CardProtocolError(f"object {tag:02X}: {length} bytes announced, {len(raw) - at} present")
        yield tag, raw[at : at + length]
        raw = raw[at + length :]


def parse(raw: bytes) -> dict[int, bytes]:
    """Return the data objects in a row by tag; the first of a tag counts. Raises `CardProtocolError`."""
    found: dict[int, bytes] = {}
    for tag, value in objects(raw):
        found.setdefault(tag, value)
    return found


def only(raw: bytes, tag: int) -> bytes:
    """Return the value of the one data object that must be here. Raises `CardProtocolError`."""
    there = list(objects(raw))
    if [item[0] for item in there] != [tag]:
        raise CardProtocolError(f"object {tag:02X} is not what came")
    return there[0][1]


def encode(tag: int, value: bytes) -> bytes:
    """Return a data object. Raises `ValueError` where it is longer than a card takes."""
    if len(value) >= MAX_BYTES:
        raise ValueError("a data object longer than 65535 bytes")
    size = len(value)
    length = bytes([size]) if size < 0x80 else b"\x81" + bytes([size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return (bytes([tag]) if tag < 0x100 else tag.to_bytes(2)) + length + value
