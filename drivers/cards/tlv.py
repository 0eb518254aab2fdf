"""Records of the citizen card: one byte of tag, one byte of length, the value (LD/T 32, not BER).

A record is one TLV and nothing else. Whatever does not fit to the byte is refused: truncated bytes of a card that is
being pulled must never pass for content.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.errors import CardProtocolError


@dataclass(frozen=True)
class Record:
    """One record. Its value never enters a repr."""

    tag: int
    value: bytes = field(repr=False)


def encode(tag: int, value: bytes) -> bytes:
    """Return the record's bytes. Raises `ValueError` where tag or length do not fit in a byte."""
    if not 1 <= tag <= 0xFE:
        raise ValueError("a tag is 01 to FE")
    if len(value) > 253:
        raise ValueError("a value is at most 253 bytes, to be read by one short APDU")
    return bytes([tag, len(value)]) + value


def parse_record(raw: bytes) -> Record:
    """Parse exactly one record. Raises `CardProtocolError`: too short, bytes missing, bytes left over, bad tag."""
    if len(raw) < 2:
        raise CardProtocolError(f"a record of {len(raw)} bytes has no tag and length")
    tag, length = raw[0], raw[1]
    if tag in (0x00, 0xFF):
        raise CardProtocolError(f"a record with tag {tag:02X}")
    if len(raw) - 2 < length:
        raise CardProtocolError(f"record {tag:02X}: {length} bytes announced, {len(raw) - 2} present")
    if len(raw) - 2 > length:
        raise CardProtocolError(f"record {tag:02X}: {len(raw) - 2 - length} bytes after its end")
    return Record(tag, raw[2:])
