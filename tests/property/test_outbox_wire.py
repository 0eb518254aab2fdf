"""Whatever arrives: it is read and means exactly its own bytes, or it is refused with a leaf. Nothing else happens."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from offline_cache.errors import BadSignature, CacheError, MalformedMessage
from offline_cache.messages import (
    Ack,
    Problem,
    decode_ack,
    decode_batch,
    decode_enrol_answer,
    decode_enrol_request,
    decode_lookup_request,
    decode_problem,
    encode_ack,
    encode_batch,
    encode_problem,
    json_dumps,
    json_loads,
    sign1,
    verify1,
)
from offline_cache.wire.encoding import decode_cbor, encode_cbor
from offline_cache.wire.refusal import refusal
from tests.unit.test_messages import EPOCH, make_batch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BATCH = encode_batch(make_batch(3))
ACK = encode_ack(Ack("T0001", EPOCH, 3, bytes(32), 1))

cbor_values = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=30), inner, max_size=4),
    max_leaves=12,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A message that a cable or a hand changed: cut, lengthened, bytes replaced or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["cut", "flip", "insert", "remove"])):
            case "cut":
                del data[at:]
            case "flip" if data:
                data[at] ^= draw(st.integers(1, 255))
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=9))
            case _:
                del data[at : at + draw(st.integers(1, 9))]
    return bytes(data)


def _means_its_own_bytes(data: bytes, decode: Callable[[bytes], object], encode: Callable[[object], bytes]) -> None:
    try:
        value = decode(data)
    except MalformedMessage:
        return
    assert encode(value) == data


@given(st.binary(max_size=200) | damaged(BATCH) | cbor_values.map(lambda value: cbor2.dumps(value, canonical=True)))
@example(BATCH)
def test_a_batch_is_read_as_its_own_bytes_or_refused(data: bytes) -> None:
    _means_its_own_bytes(data, decode_batch, encode_batch)


@given(st.binary(max_size=200) | damaged(ACK))
@example(ACK)
def test_an_acknowledgement_is_read_as_its_own_bytes_or_refused(data: bytes) -> None:
    _means_its_own_bytes(data, decode_ack, encode_ack)


@given(st.binary(max_size=100))
def test_any_cbor_is_read_as_its_own_bytes_or_refused(data: bytes) -> None:
    _means_its_own_bytes(data, lambda given_bytes: decode_cbor(given_bytes, 1000), encode_cbor)


@given(cbor_values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert decode_cbor(encode_cbor(value), 10_000) == value


@given(damaged(sign1(ACK, KEY)))
def test_a_changed_signed_message_is_never_accepted(data: bytes) -> None:
    signed = sign1(ACK, KEY)
    try:
        payload = verify1(data, KEY.public_key())
    except (MalformedMessage, BadSignature):
        return
    assert (data, payload) == (signed, ACK)


@given(st.binary(max_size=100) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_json_is_read_or_refused(data: bytes) -> None:
    try:
        value = json_loads(data)
    except MalformedMessage:
        return
    assert json_loads(json_dumps(value)) == value


@given(json_values)
def test_json_that_is_written_is_read_back(value: object) -> None:
    assert json_loads(json_dumps(value)) == value


@given(st.dictionaries(st.text(max_size=12), json_values, max_size=5), st.integers(100, 599))
def test_any_object_as_a_problem_gives_a_leaf(body: dict[str, object], status: int) -> None:
    data = json.dumps(body).encode()
    assert isinstance(refusal(status, {}, data), CacheError)
    try:
        problem = decode_problem(data, status)
    except MalformedMessage:
        return
    assert decode_problem(encode_problem(problem), status) == problem


@given(st.binary(max_size=60), st.integers(100, 599), st.text(max_size=30))
def test_any_answer_gives_a_leaf(body: bytes, status: int, header: str) -> None:
    assert isinstance(refusal(status, {"Retry-After": header, "Date": header}, body), CacheError)


@given(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True).filter(lambda code: len(code) <= 64), json_values)
def test_a_problem_comes_back(code: str, fact: object) -> None:
    problem = Problem(code, 409, "d", {"fact": fact})
    assert decode_problem(encode_problem(problem), 409) == problem


@given(st.dictionaries(st.sampled_from(["token", "csr", "device", "model", "nonce", "service", "subjects", "session",
       "certificate", "signature", "terminal", "ca", "sealing_key_id", "sealing_key", "signing_key", "site"]),
       json_values, max_size=8))  # fmt: skip
def test_any_object_as_an_enrolment_or_lookup_is_read_or_refused(body: dict[str, object]) -> None:
    data = json_dumps(body)
    for decode in (decode_enrol_request, decode_enrol_answer, decode_lookup_request):
        with contextlib.suppress(MalformedMessage):
            assert decode(data)
