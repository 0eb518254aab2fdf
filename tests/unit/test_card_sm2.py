"""SM2: the worked example of GB/T 32918.5, OpenSSL as the second opinion, the card, and the gateway that checks it."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cards.citizen import CitizenCard
from drivers.cards.registry import recognise
from drivers.cards.secure import sm2
from drivers.errors import CardProtocolError
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.issuer import CardAuthority
from offline_cache.messages import LookupRequest, encode_lookup_request, lookup_context
from provisioning.gateway.proofs import card_key
from tests.cards import PIN, Contacts, card_document, sim_card
from tests.gateway_kit import PARENT, GatewayKit, Terminal

PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
HASHED = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: CardAuthority) -> bytes:
    return authority.issue_sm2(PARENT, "测试")[1]


def opened(authority: CardAuthority, id_number: str = PARENT) -> CitizenCard:
    card = recognise(Contacts(sim_card(authority, algorithm="sm2", holder={"id_number": id_number}).process))
    card.verify_pin(PIN)
    return card


def openssl(*arguments: str, data: bytes = b"") -> str:
    program = shutil.which("openssl")
    assert program is not None
    done = subprocess.run([program, *arguments], input=data, capture_output=True, check=False, timeout=30)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


# ---- the standard


def test_the_worked_example() -> None:
    assert sm2.public_of(PRIVATE) == PUBLIC
    assert sm2.digest(PUBLIC, b"message digest") == HASHED
    assert card_key._sm2_signed(PUBLIC, SIGNATURE, b"message digest")
    engine = sm2._engine(f"{PRIVATE:064x}")
    made = engine.sign(HASHED, "59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21")
    assert made is not None
    assert bytes.fromhex(made) == SIGNATURE


@given(st.integers(0, 63), st.integers(1, 255))
@settings(max_examples=15, deadline=None)
def test_a_signature_with_one_byte_changed_is_none(place: int, change: int) -> None:
    spoilt = SIGNATURE[:place] + bytes([SIGNATURE[place] ^ change]) + SIGNATURE[place + 1 :]
    assert not card_key._sm2_signed(PUBLIC, spoilt, b"message digest")


@pytest.mark.parametrize("spoilt", [b"", bytes(64), b"\xff" * 64, SIGNATURE + b"\0", bytes(32) + SIGNATURE[32:]])
def test_what_is_no_signature_is_refused(spoilt: bytes) -> None:
    assert not card_key._sm2_signed(PUBLIC, spoilt, b"message digest")


def test_the_two_points_of_a_check_may_cancel_out() -> None:
    """Whoever knows the private key can choose s = -t·d, for which the sum is the point at infinity."""
    order = sm2.SM2.n
    t = 12345
    s = -t * PRIVATE % order
    pair = ((t - s) % order).to_bytes(32, "big") + s.to_bytes(32, "big")
    assert not card_key._sm2_signed(PUBLIC, pair, b"message digest")


# ---- the card


def test_an_sm2_card_signs_after_the_pin_and_openssl_agrees(authority: CardAuthority, tmp_path: Path) -> None:
    """OpenSSL is the second opinion on the authority, the card's certificate and the card's signature."""
    card = opened(authority)
    der, signature = card.certificate(), card.sign(b"the application")
    assert len(signature) == 64
    (tmp_path / "ca.pem").write_bytes(
        authority.trusted_pem.split(b"-----END CERTIFICATE-----\n")[1] + b"-----END CERTIFICATE-----\n"
    )
    (tmp_path / "card.der").write_bytes(der)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
    (tmp_path / "text").write_bytes(b"the application")
    pem = openssl("x509", "-inform", "DER", "-in", str(tmp_path / "card.der"))
    (tmp_path / "card.pem").write_text(pem)
    identity = "distid:1234567812345678"
    said = openssl("verify", "-vfyopt", identity, "-CAfile", str(tmp_path / "ca.pem"), str(tmp_path / "card.pem"))
    assert said.strip().endswith(": OK"), said
    (tmp_path / "public.pem").write_text(openssl("x509", "-in", str(tmp_path / "card.pem"), "-pubkey", "-noout"))
    check = ["dgst", "-sm3", "-verify", str(tmp_path / "public.pem"), "-sigopt", identity]
    assert "Verified OK" in openssl(*check, "-signature", str(tmp_path / "signature"), str(tmp_path / "text"))
    numbers = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)
    assert [item.value for item in numbers] == [PARENT]


def test_the_same_holder_gets_the_same_sm2_key(authority: CardAuthority) -> None:
    (one, _), (again, _) = authority.issue_sm2(PARENT, "测试"), authority.issue_sm2(PARENT, "测试")
    assert one == again != authority.issue_sm2(PARENT, "另一位")[0]


def test_an_sm2_card_refuses_the_algorithm_of_p_256(authority: CardAuthority) -> None:
    sim = sim_card(authority, algorithm="sm2")
    assert sim.process(bytes.fromhex("00A404000B") + b"\xf0KIOSK.SIGN") is not None
    assert sim.process(bytes.fromhex("002241B606800101840101")) == b"\x6a\x88"
    assert sim.process(bytes.fromhex("002241B606800102840101")) == b"\x90\x00"


def test_own_keys_are_for_p_256_only() -> None:
    with pytest.raises(CardDocumentError, match="signing: is for P-256 only"):
        SimCard.from_document(card_document(algorithm="sm2", signing={"key": "x", "certificate": "x"}))


def test_without_gmssl_an_sm2_card_cannot_be_made_and_says_what_to_install(
    authority: CardAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gmssl.sm2", None)
    with pytest.raises(sm2.Sm2Missing, match=r"pip install 'citizen-kiosk\[sm2\]'") as caught:
        sim_card(authority, algorithm="sm2")
    assert caught.value.code == "sm2-missing"
    assert not sm2.available()
    assert authority.trusted_pem == authority.certificate_pem
    sim_card(authority)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_certificate_with_bytes_changed_is_refused_or_read(certificate: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(certificate)
    for _ in range(data.draw(st.integers(1, 3))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = x509.load_der_x509_certificate(bytes(spoilt))
    except (ValueError, x509.InvalidVersion):
        return
    try:
        key = sm2.public_key(read)
    except CardProtocolError:
        return
    assert key is None or len(key) == 64


# ---- the gateway


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory, authority: CardAuthority) -> GatewayKit:
    made = GatewayKit(tmp_path_factory.mktemp("gateway"))
    (made.folder / "card-cas" / "bench.pem").write_bytes(authority.trusted_pem)
    return made


def request(card: CitizenCard, terminal: Terminal, subjects: Sequence[str] = ("pop.person",)) -> LookupRequest:
    nonce, service = terminal.nonce(), "household-proof"
    context = lookup_context(nonce, terminal.name, service, tuple(subjects), "s-1")
    return LookupRequest(nonce, service, tuple(subjects), "s-1", card.certificate(), card.sign(context))


def test_a_gateway_releases_data_to_an_sm2_card(kit: GatewayKit, authority: CardAuthority) -> None:
    terminal = kit.enrol()
    answer = terminal.post("/v1/lookups", encode_lookup_request(request(opened(authority), terminal)))
    assert answer.status == 200
    assert answer.json["subjects"]["pop.person"]["record"] is not None


def test_a_gateway_refuses_what_the_sm2_card_did_not_sign(kit: GatewayKit, authority: CardAuthority) -> None:
    terminal, card = kit.enrol(), opened(authority)
    asked = request(card, terminal)
    answer = terminal.post("/v1/lookups", encode_lookup_request(dataclasses.replace(asked, session="s-2")))
    assert answer.code == "card-refused"
    assert answer.json["detail"].startswith("the signature does not fit")


def test_a_gateway_trusts_no_sm2_card_of_a_stranger(kit: GatewayKit, tmp_path: Path) -> None:
    terminal, card = kit.enrol(), opened(CardAuthority.load_or_create(tmp_path))
    answer = terminal.post("/v1/lookups", encode_lookup_request(request(card, terminal)))
    assert answer.code == "card-refused"
    assert "trusted authority" in answer.json["detail"]


def test_a_gateway_without_gmssl_trusts_no_sm2_card(
    kit: GatewayKit, authority: CardAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, card = kit.enrol(), opened(authority)
    asked = request(card, terminal)
    monkeypatch.setattr(card_key, "sm2_available", lambda: False)
    answer = terminal.post("/v1/lookups", encode_lookup_request(asked))
    assert (answer.status, answer.code) == (403, "card-refused")
    assert "pip install 'citizen-kiosk[sm2]'" in answer.json["detail"]
    with pytest.raises(card_key.UnknownKey, match="SM2"):
        card_key.signed(x509.load_der_x509_certificate(asked.certificate), asked.signature, b"")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_gateway_survives_any_sm2_certificate(certificate: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(certificate)
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = x509.load_der_x509_certificate(bytes(spoilt))
    except (ValueError, x509.InvalidVersion):
        return
    try:
        assert not card_key.signed(read, SIGNATURE, b"another text")
    except card_key.UnknownKey:
        return
