"""Whatever stands in the messages about a sign-in: read whole, or refused; an approval counts for its key alone."""

from __future__ import annotations

import string
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from offline_cache.errors import BadReply, MalformedMessage
from offline_cache.messages import json_dumps
from offline_cache.wire.encoding import encode_cbor, sign1, to_base64url
from offline_cache.wire.sign_in import (
    ASK_STATES,
    STATES,
    AppLookup,
    Approval,
    begun,
    decode_app_lookup,
    decode_ask,
    decode_begin,
    decode_key,
    encode_app_lookup,
    encode_approval,
    encode_ask,
    encode_key,
    read_approval,
    seen,
)

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
WORD = st.text(string.ascii_lowercase + "-.", min_size=1, max_size=20)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
URL = "https://gateway.example"
HOLDER = {"name": "n", "id_number": "1", "sex": "female", "birth_date": "1990-01-01"}


@given(WORD, st.binary(min_size=2, max_size=200), WORD, st.sets(WORD, min_size=1, max_size=6), WORD)
def test_what_a_terminal_writes_the_gateway_reads(
    key: str, draft: bytes, service: str, subjects: set[str], session: str
) -> None:
    assert decode_key(encode_key(key)) == key
    assert decode_ask(encode_ask(key, draft)) == (key, draft)
    asked = AppLookup(key, service, tuple(sorted(subjects)), session)
    assert decode_app_lookup(encode_app_lookup(asked)) == asked


@given(st.one_of(JSON.map(json_dumps), st.binary(max_size=60)))
def test_any_other_bytes_are_refused_and_nothing_falls_over(body: bytes) -> None:
    for decode in (decode_key, decode_ask, decode_app_lookup):
        with pytest.raises(MalformedMessage):
            decode(body)
    if body != b"{}":
        with pytest.raises(MalformedMessage):
            decode_begin(body)


def test_subjects_out_of_order_or_twice_are_refused() -> None:
    for subjects in (("b", "a"), ("a", "a")):
        with pytest.raises(MalformedMessage, match="sorted"):
            decode_app_lookup(encode_app_lookup(AppLookup("k", "s", subjects, "v")))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "key": st.sampled_from(["k", "", "k" * 80, 7]), "code": st.sampled_from(["0042", "42", "abcd", "12345", 7]),
            "url": st.sampled_from(["/app#t", "https://x/app#t", "http://x/app#t", "/app", 7]),
            "expires_s": st.sampled_from([120, 0, -1, 10**9, "120", True]),
        },
    )
)  # fmt: skip
def test_an_answer_is_a_code_or_a_bad_reply(answer: dict[str, object]) -> None:
    try:
        found = begun(answer, URL)
    except BadReply:
        return
    assert found.url.startswith("https://")
    assert (len(found.code), found.code.isdigit(), bool(found.key)) == (4, True, True)
    assert 0 < found.expires_s <= 1200
    assert found.code not in repr(found)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.sampled_from([*STATES, "other", 7]), "asked": st.sampled_from([*ASK_STATES, "other", 7]),
            "holder": st.sampled_from([HOLDER, {}, {**HOLDER, "name": ""}, "x", None]),
            "approval": st.sampled_from(["", "token", 7]),
        },
    )
)  # fmt: skip
def test_a_state_comes_with_what_belongs_to_it_or_is_a_bad_reply(answer: dict[str, object]) -> None:
    try:
        found = seen(answer)
    except BadReply:
        return
    assert (found.holder is not None) == (found.state == "approved")
    assert bool(found.approval) == (found.asked == "approved")


@given(WORD, WORD, st.binary(min_size=32, max_size=32), st.integers(0, 2**40), st.data())
def test_an_approval_is_read_back_and_any_changed_letter_is_none(
    terminal: str, service: str, digest: bytes, at_ms: int, data: st.DataObject
) -> None:
    approval = Approval(terminal, service, digest, at_ms)
    token = to_base64url(sign1(encode_approval(approval), KEY))
    assert read_approval(token, PUBLIC) == approval
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_="))
    changed = token[:at] + letter + token[at + 1 :]
    assert read_approval(changed, PUBLIC) in ({approval} if changed == token else {None})


@given(st.text(max_size=60), st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=6)))
def test_what_is_signed_but_no_approval_is_none(text: str, value: object) -> None:
    assert read_approval(text, PUBLIC) is None
    if not isinstance(value, int) or abs(value) < 2**63:
        assert read_approval(to_base64url(sign1(encode_cbor(value), KEY)), PUBLIC) is None
    short = ["kiosk-approval-1", "T0001", "contact", b"short", 1]
    assert read_approval(to_base64url(sign1(encode_cbor(short), KEY)), PUBLIC) is None
