"""Whatever stands in a QR code or is typed for a serial number: read as it was written, or refused."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_cache.errors import MalformedMessage
from offline_cache.wire.fleet.technician import PATH, CodeOffer, parse_address, serial_from

BYTES32, BYTES16 = st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


@given(NAMES, BYTES32, BYTES16)
@settings(max_examples=60, deadline=None)
def test_what_stands_in_the_qr_code_is_read_as_it_was_written(name: str, key: bytes, nonce: bytes) -> None:
    offer = CodeOffer(name, key, nonce)
    assert parse_address(offer.address("https://gateway.example:8443")) == offer
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{4}", offer.reference)


@given(st.text(max_size=200) | st.dictionaries(st.sampled_from("tknx"), st.text(max_size=60)).map(
    lambda found: f"https://g{PATH}?{urlencode(found)}"))  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(MalformedMessage):
        parse_address(text)


@given(st.text(max_size=60))
@settings(max_examples=80, deadline=None)
def test_a_serial_number_is_read_in_any_spelling_or_refused(text: str) -> None:
    try:
        found = serial_from(text)
    except MalformedMessage:
        return
    assert serial_from(found.replace("-", "").upper()) == found
