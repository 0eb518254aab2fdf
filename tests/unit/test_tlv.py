from __future__ import annotations

import pytest

from drivers.cards import tlv
from drivers.errors import CardProtocolError


def test_a_record_is_read_back() -> None:
    record = tlv.parse_record(tlv.encode(0x4E, b"\x01\x02"))
    assert (record.tag, record.value) == (0x4E, b"\x01\x02")
    assert "01" not in repr(record)


def test_an_empty_value_is_a_value() -> None:
    assert tlv.parse_record(b"\x4e\x00").value == b""


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "0 bytes"),
        ("08", "1 bytes"),
        ("0803AABB", "3 bytes announced, 2 present"),
        ("0801AABB", "1 bytes after its end"),
        ("0001AA", "tag 00"),
        ("FF01AA", "tag FF"),
    ],
)
def test_what_does_not_fit_to_the_byte_is_refused(raw: str, reason: str) -> None:
    with pytest.raises(CardProtocolError, match=reason):
        tlv.parse_record(bytes.fromhex(raw))


def test_what_no_record_can_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="tag"):
        tlv.encode(0, b"")
    with pytest.raises(ValueError, match="253"):
        tlv.encode(1, bytes(254))
