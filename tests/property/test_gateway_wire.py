"""Whatever arrives, the gateway answers with a problem and holds exactly what it held before."""

from __future__ import annotations

import base64
import dataclasses
import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline_cache.messages import decode_ack, encode_batch, encode_lookup_request, sign1, verify1
from provisioning.gateway.ingest import unsealed
from tests.gateway_kit import PARENT, Card, CardOffice, GatewayKit, Terminal

COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.kit = GatewayKit(folder)
        office = CardOffice()
        office.trust(folder)
        self.card: Card = office.issue(PARENT)
        self.terminal: Terminal = self.kit.enrol()
        self.terminal.record(*({"number": number} for number in range(1, 13)))

    def held(self) -> list[dict[str, object]]:
        return list(unsealed(self.kit.store, self.kit.authority))


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder) / "gateway")
        scene.terminal.push(scene.terminal.batch(1, 3))
        yield scene
        scene.kit.store.close()


@COMMON
@given(body=st.binary(max_size=400))
def test_noise_as_a_batch(scene: Scene, body: bytes) -> None:
    before = scene.held()
    answer = scene.terminal.post("/v1/entries", body)
    assert (answer.status, answer.code) == (400, "malformed")
    assert scene.held() == before


@COMMON
@given(value=ANYTHING)
def test_any_cbor_that_the_terminal_itself_signed(scene: Scene, value: object) -> None:
    before = scene.held()
    answer = scene.terminal.post("/v1/entries", sign1(cbor2.dumps(value), scene.terminal.key))
    assert (answer.status, answer.code) == (400, "malformed")
    assert scene.held() == before


@COMMON
@given(data=st.data())
def test_a_good_batch_with_one_field_changed_and_signed_again(scene: Scene, data: st.DataObject) -> None:
    before = scene.held()
    fields = cbor2.loads(encode_batch(scene.terminal.batch(4, 6)))
    name = data.draw(st.sampled_from(sorted(set(fields) - {"epoch_number"})))
    value = data.draw(ANYTHING.filter(lambda found: found != fields[name]))
    fields[name] = value
    answer = scene.terminal.post("/v1/entries", sign1(cbor2.dumps(fields, canonical=True), scene.terminal.key))
    assert answer.status in {400, 403, 409}
    assert answer.code in {"malformed", "wrong-terminal", "chain-broken", "seq-gap", "seq-conflict"}
    assert scene.held() == before


@COMMON
@given(place=st.integers(0), flip=st.integers(1, 255))
def test_one_byte_of_a_signed_batch_changed_on_the_way(scene: Scene, place: int, flip: int) -> None:
    before = scene.held()
    body = bytearray(sign1(encode_batch(scene.terminal.batch(4, 6)), scene.terminal.key))
    body[place % len(body)] ^= flip
    answer = scene.terminal.post("/v1/entries", bytes(body))
    assert (answer.status, answer.code) in {(400, "malformed"), (400, "bad-signature")}
    assert scene.held() == before


@COMMON
@given(body=st.binary(max_size=300) | ANYTHING.map(lambda value: json.dumps(value, default=repr).encode()))
def test_noise_as_a_lookup_or_an_enrolment(scene: Scene, body: bytes) -> None:
    before = scene.kit.store.terminals()
    for answer in (scene.terminal.post("/v1/lookups", body), scene.kit.call("POST", "/v1/enrol", body)):
        assert (answer.status, answer.code) == (400, "malformed")
    assert scene.kit.store.terminals() == before


@COMMON
@given(certificate=st.binary(min_size=1, max_size=600), signature=st.binary(min_size=64, max_size=64))
def test_noise_as_a_card(scene: Scene, certificate: bytes, signature: bytes) -> None:
    asked = scene.card.ask(scene.terminal.name, scene.terminal.nonce(), "household-proof", ["pop.person"])
    asked = dataclasses.replace(asked, certificate=certificate, signature=signature)
    assert scene.terminal.post("/v1/lookups", encode_lookup_request(asked)).code == "card-refused"


@COMMON
@given(place=st.integers(0), flip=st.integers(1, 255))
def test_one_byte_of_a_cards_certificate_changed(scene: Scene, place: int, flip: int) -> None:
    """Nobody else's records ever come out. A spare bit beside the signature may differ, nothing signed."""
    damaged = bytearray(scene.card.certificate)
    damaged[place % len(damaged)] ^= flip
    card = dataclasses.replace(scene.card, certificate=bytes(damaged))
    answer = card.lookup(scene.terminal, "household-proof", "pop.person")
    if answer.status == 200:
        signed = [x509.load_der_x509_certificate(der) for der in (scene.card.certificate, card.certificate)]
        assert signed[0].tbs_certificate_bytes == signed[1].tbs_certificate_bytes
        assert answer.json["subjects"]["pop.person"]["record"]["rid"] == PARENT
    else:
        assert answer.code == "card-refused"


@COMMON
@given(place=st.integers(0), flip=st.integers(1, 255))
def test_one_byte_of_a_key_request_changed(scene: Scene, place: int, flip: int) -> None:
    """Only the key that signed the request is ever certified."""
    terminal = Terminal(scene.kit, str(uuid.uuid4()))
    request = json.loads(terminal.request(scene.kit.invite(terminal.device)))
    der = bytearray(x509.load_pem_x509_csr(request["csr"].encode()).public_bytes(serialization.Encoding.DER))
    der[place % len(der)] ^= flip
    text = base64.encodebytes(bytes(der)).decode()
    request["csr"] = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"
    answer = scene.kit.call("POST", "/v1/enrol", json.dumps(request).encode())
    if answer.status == 200:
        certificate = x509.load_pem_x509_certificate(answer.json["certificate"].encode())
        assert certificate.public_key() == terminal.key.public_key()
    else:
        assert (answer.status, answer.code) == (400, "malformed")


@settings(deadline=None, max_examples=25)
@given(pushes=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 11)), min_size=1, max_size=12))
def test_whatever_order_batches_come_in_the_receipt_is_the_contiguous_prefix(pushes: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder) / "gateway")
        key = scene.kit.authority.signing_key.public_key()
        through = 0
        for first, length in pushes:
            last = min(first + length, 12)
            answer = scene.terminal.push(scene.terminal.batch(first, last))
            if first > through + 1:
                assert (answer.code, answer.json["expected_seq"]) == ("seq-gap", through + 1)
                continue
            through = max(through, last)
            ack = decode_ack(verify1(answer.body, key))
            assert (ack.acked_through, ack.head) == (through, scene.terminal.chain_at(through))
        assert [line["seq"] for line in scene.held()] == list(range(1, through + 1))
        scene.kit.store.close()
