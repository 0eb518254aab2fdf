"""The wire: what is read is exactly what was signed, and nothing else is ever read."""

from __future__ import annotations

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import (
    Ack,
    Batch,
    EnrolAnswer,
    EnrolRequest,
    LookupRequest,
    Problem,
    Row,
    WrappedKey,
    decode_ack,
    decode_batch,
    decode_enrol_answer,
    decode_enrol_request,
    decode_lookup_request,
    decode_problem,
    encode_ack,
    encode_batch,
    encode_enrol_answer,
    encode_enrol_request,
    encode_lookup_request,
    encode_problem,
    genesis,
    json_dumps,
    json_loads,
    json_object,
    lookup_context,
    next_chain,
    row_bytes,
    seal_context,
    sign1,
    verify1,
)
from offline_cache.wire.encoding import decode_cbor, from_base64url, to_base64url
from tests.outbox_gateway import cose_sign, cose_verify

DEVICE = "0a0b0c0d-0000-4000-8000-000000000001"
EPOCH = "00112233445566778899aabbccddeeff"


def make_batch(count: int = 3, first_seq: int = 1) -> Batch:
    previous = chain = genesis(DEVICE, EPOCH)
    rows = []
    for seq in range(first_seq, first_seq + count):
        row = Row(
            seq, f"01900000-0000-7000-8000-{seq:012x}", 1000 + seq, "boot", seq, "k1", bytes([seq % 256]) * 40, b""
        )
        chain = next_chain(chain, row)
        rows.append(row._replace(chain=chain))
    return Batch("T0001", DEVICE, EPOCH, first_seq, previous, (WrappedKey("k1", bytes(80), "g1"),), tuple(rows))


def test_a_batch_and_an_acknowledgement_come_back_as_they_were() -> None:
    batch = make_batch()
    assert decode_batch(encode_batch(batch)) == batch
    ack = Ack("T0001", EPOCH, 3, batch.head, 1_700_000_000_000)
    assert decode_ack(encode_ack(ack)) == ack


def test_the_bound_bytes_stay_what_terminals_in_the_field_use() -> None:
    row = make_batch(1).rows[0]
    assert genesis(DEVICE, EPOCH).hex() == "934a7390c30cb5cce328ed55e46197f2e28837ffded1ffdea91f97cb8bfdc85e"
    assert row_bytes(row) == cbor2.dumps(
        [row.seq, row.id, row.created_ms, row.boot_id, row.mono_ms, row.key_id, row.body]
    )
    assert row.chain.hex() == "4c3a3485558cac2bd26e23c3c0e282a36daaa2670bfe0333a5e3657d0ce73917"
    assert cbor2.loads(seal_context(DEVICE, EPOCH, 7, row.id)) == ["kiosk-outbox-row-1", DEVICE, EPOCH, 7, row.id]
    assert lookup_context("n", "T0001", "household-proof", ["b", "a"], "s") == lookup_context(
        "n", "T0001", "household-proof", ["a", "b"], "s"
    )
    assert cbor2.loads(lookup_context("n", "T0001", "s1", ["b", "a"], "s")) == [
        "kiosk-lookup-1", "n", "T0001", "s1", ["a", "b"], "s",
    ]  # fmt: skip


def _changed(**values: object) -> bytes:
    return cbor2.dumps({**cbor2.loads(encode_batch(make_batch())), **values}, canonical=True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"terminal": ""}, "terminal"),
        ({"terminal": 7}, "terminal"),
        ({"device": "not-a-uuid"}, "device"),
        ({"epoch": EPOCH.upper()}, "epoch"),
        ({"epoch_number": 0}, "epoch_number"),
        ({"first_seq": 0}, "first_seq"),
        ({"first_seq": 2}, "rows"),
        ({"first_seq": -1}, "first_seq"),
        ({"previous_chain": bytes(31)}, "previous_chain"),
        ({"rows": []}, "rows"),
        ({"rows": [[1, 2]]}, "row"),
        ({"rows": {}}, "rows"),
        ({"keys": []}, "keys"),
        ({"keys": [["k2", bytes(80), "g1"]]}, "keys"),
        ({"keys": [["k1", bytes(80), "g1"], ["k1", bytes(80), "g1"]]}, "keys"),
        ({"keys": [["k1", bytes(80)]]}, "key"),
        ({"head": bytes(32)}, "head"),
        ({"extra": 1}, "fields"),
    ],
)
def test_a_batch_with_a_wrong_field_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(MalformedMessage, match=field):
        decode_batch(_changed(**values))


def test_a_batch_with_too_many_rows_or_bytes_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="rows"):
        decode_batch(encode_batch(make_batch(501)))
    with pytest.raises(MalformedMessage, match="longer than"):
        decode_batch(bytes(256 * 1024 + 1))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("1801", "deterministic form"),
        ("190017", "deterministic form"),
        ("1b00000000ffffffff", "deterministic form"),
        ("5801ff", "deterministic form"),
        ("0101", "deterministic form"),
        ("", "of a form that is not used"),
        ("9bffffffffffffffff", "of a form that is not used"),
        ("9a000fffff", "of a form that is not used"),
        ("bbffffffffffffffff", "of a form that is not used"),
        ("5b7fffffffffffffff", "of a form that is not used"),
        ("9f01ff", "of a form that is not used"),
        ("5f41ffff", "of a form that is not used"),
        ("1c", "of a form that is not used"),
        ("a2616101616102", "of a form that is not used"),
        ("a2616201616102", "deterministic form"),
        ("a10102", "of a form that is not used"),
        ("a1410102", "not text"),
        ("61ff", "of a form that is not used"),
        ("63eda080", "of a form that is not used"),
        ("f5", "simple"),
        ("f6", "simple"),
        ("81f4", "simple"),
        ("fb3ff0000000000000", "simple"),
        ("c11a514b67b0", "of a form that is not used"),
        ("c24101", "of a form that is not used"),
        ("d81c80", "of a form that is not used"),
        ("d82363616263", "of a form that is not used"),
        ("d9d9f700", "of a form that is not used"),
        ("dbffffffffffffffff00", "of a form that is not used"),
        ("81" * 9 + "00", "of a form that is not used"),
    ],
)
def test_cbor_in_any_other_form_is_refused(data: str, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        decode_cbor(bytes.fromhex(data), 1024)


def test_cbor_of_each_kind_is_read() -> None:
    value = {"a": [0, 23, 24, 255, 256, 65536, 2**32, 2**64 - 1, -1, -25], "bb": {"c": b"\x00" * 300, "d": "汉𠮷"}}
    assert decode_cbor(cbor2.dumps(value, canonical=True), 4096) == value


def test_signatures_agree_with_an_independent_cose() -> None:
    key = Ed25519PrivateKey.generate()
    assert sign1(b"payload", key) == cose_sign(b"payload", key)
    assert cose_verify(sign1(b"payload", key), key.public_key()) == b"payload"
    assert verify1(cose_sign(b"x" * 70_000, key), key.public_key().public_bytes_raw()) == b"x" * 70_000


def test_a_signature_of_another_key_or_over_other_bytes_is_refused() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    signed = sign1(b"payload", key)
    with pytest.raises(BadSignature):
        verify1(signed, other.public_key())
    with pytest.raises(BadSignature):
        verify1(signed.replace(b"payload", b"Payload"), key.public_key())
    with pytest.raises(BadSignature):
        verify1(signed, b"short")


@pytest.mark.parametrize("cut", [0, 1, 6, 7, 8, 20, -1])
def test_a_signed_message_that_was_cut_or_lengthened_is_refused(cut: int) -> None:
    key = Ed25519PrivateKey.generate()
    signed = sign1(b"payload", key)
    with pytest.raises(MalformedMessage):
        verify1(signed[:cut], key.public_key())
    with pytest.raises(MalformedMessage):
        verify1(signed + b"\x00", key.public_key())


def test_json_with_a_doubled_key_nan_or_a_lone_surrogate_is_refused() -> None:
    for text in (
        '{"a":1,"a":2}',
        '{"b":{"a":1,"a":1}}',
        '{"a":NaN}',
        "[-Infinity]",
        '"\\ud800"',
        "{",
        '{"a":1}x',
        "",
        "[" * 5000,
    ):
        with pytest.raises(MalformedMessage):
            json_loads(text)
    with pytest.raises(MalformedMessage):
        json_loads(b"\xff")
    with pytest.raises(MalformedMessage, match="longer"):
        json_loads(b'"aaaa"', 5)
    with pytest.raises(MalformedMessage, match="not an object"):
        json_object(b"[]")
    with pytest.raises(MalformedMessage):
        json_dumps({"a": float("nan")})
    with pytest.raises(MalformedMessage):
        json_dumps({"a": object()})


def test_a_refused_text_is_not_repeated_in_the_error() -> None:
    with pytest.raises(MalformedMessage) as caught:
        json_loads('{"name": "王小明", "name": "王小明"}')
    assert "王" not in str(caught.value)


def test_base64url_has_one_spelling() -> None:
    assert from_base64url(to_base64url(b"\xfb\xff\x00")) == b"\xfb\xff\x00"
    for text in ("AA==", "A", "AB", "+/8", "A A", "AA\n"):
        with pytest.raises(MalformedMessage):
            from_base64url(text)


def test_enrolment_and_lookup_messages_come_back_as_they_were() -> None:
    request = EnrolRequest("token", "-----BEGIN…", DEVICE, "kiosk-80")
    assert decode_enrol_request(encode_enrol_request(request)) == request
    answer = EnrolAnswer("T0001", "pem", "ca", "g1", bytes(32), bytes(range(32)), {"name.zh-Hans": "大厅"})
    assert decode_enrol_answer(encode_enrol_answer(answer)) == answer
    lookup = LookupRequest("n", "household-proof", ("a", "b"), "session", b"\x30\x00", bytes(64))
    assert decode_lookup_request(encode_lookup_request(lookup)) == lookup
    assert "token" not in repr(request).replace("EnrolRequest", "")


@pytest.mark.parametrize("subjects", [["b", "a"], ["a", "a"], [], "a", [1]])
def test_a_lookup_with_subjects_out_of_order_doubled_or_missing_is_refused(subjects: object) -> None:
    body = json_object(encode_lookup_request(LookupRequest("n", "s", ("a",), "x", b"\x30", bytes(64))))
    with pytest.raises(MalformedMessage, match="subjects"):
        decode_lookup_request(json_dumps({**body, "subjects": subjects}))


def test_an_enrolment_answer_with_a_short_key_or_odd_site_is_refused() -> None:
    answer = json_object(encode_enrol_answer(EnrolAnswer("T", "c", "ca", "g", bytes(32), bytes(32), {})))
    for change in ({"sealing_key": "AA"}, {"signing_key": 1}, {"site": []}, {"site": {"a": 1}}, {"terminal": None}):
        with pytest.raises(MalformedMessage):
            decode_enrol_answer(json_dumps({**answer, **change}))
    assert decode_enrol_answer(json_dumps({**answer, "later": 1})).terminal == "T"


def test_a_problem_comes_back_with_its_facts() -> None:
    problem = Problem("seq-gap", 409, "continue at 7", {"expected_seq": 7})
    assert decode_problem(encode_problem(problem), 409) == problem
    elsewhere = b'{"type":"https://gateway.example/problems/too-large/","status":200}'
    assert decode_problem(elsewhere, 413) == Problem("too-large", 413)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"type":"about:blank"}', b'{"type":7}', b'{"type":"x","detail":1}', b"<html>"]
)
def test_what_is_no_problem_document_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_problem(body, 400)
