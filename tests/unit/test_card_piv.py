"""The PIV card against its twin: CHUID, certificate, PIN, signature."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cards import piv
from drivers.cards.piv import PivCard
from drivers.cards.registry import identify, recognise
from drivers.errors import CardProtocolError, PinBlocked, PinFormat, PinRejected, UnknownCard
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from tests.cards import Contacts, piv_document, scripted


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


def opened(sim: SimCard) -> PivCard:
    card = identify(Contacts(sim.process, sim.atr))
    assert isinstance(card, PivCard)
    return card


@pytest.mark.parametrize("style", ["61xx", "direct"])
@pytest.mark.parametrize("compressed", [False, True])
def test_chuid_certificate_pin_and_signature(authority: CardAuthority, style: str, compressed: bool) -> None:
    document = piv_document(quirks={"response_style": style})
    document["card"] = {**document["card"], "compressed": compressed}
    sim = SimCard.from_document(document, authority)
    card = opened(sim)
    facts, holder = card.read_facts(), card.read_holder()
    assert (facts.profile, facts.card_id, facts.expires) == ("piv", "ABCD" * 8, "2031-02-03")
    assert (holder.name, holder.id_number) == ("TEST Person", "T-0001")
    assert card.tries_left() == 3
    with pytest.raises(CardProtocolError, match="6982"):
        card.sign(b"text")
    card.verify_pin("12345678")
    key = x509.load_der_x509_certificate(card.certificate()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(card.sign(b"text"), b"text", ec.ECDSA(hashes.SHA256()))
    assert not sim.pin_verified or card.warnings == ()


@pytest.mark.parametrize("style", ["61xx", "direct"])
@pytest.mark.parametrize("algorithm", ["p384", "rsa2048", "rsa3072"])
def test_the_other_keys_sign_too(authority: CardAuthority, style: str, algorithm: str) -> None:
    sim = SimCard.from_document(piv_document(algorithm=algorithm, quirks={"response_style": style}), authority)
    contacts = Contacts(sim.process, sim.atr)
    card = identify(contacts)
    assert isinstance(card, PivCard)
    with pytest.raises(CardProtocolError, match="6982"):
        card.sign(b"text")
    card.verify_pin("12345678")
    key, signature = x509.load_der_x509_certificate(card.certificate()).public_key(), card.sign(b"text")
    if isinstance(key, ec.EllipticCurvePublicKey):
        assert isinstance(key.curve, ec.SECP384R1)
        key.verify(signature, b"text", ec.ECDSA(hashes.SHA384()))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())
        parts = [sent for sent in contacts.sent if sent[0] == piv.CHAINED]
        assert parts, "longer than one APDU"
        assert all(len(sent) == 5 + 255 for sent in parts)
    assert card.read_holder().name == "TEST Person"


@pytest.mark.parametrize("size", [1024, 4096])
def test_a_key_that_no_piv_card_may_have_signs_nothing(authority: CardAuthority, size: int) -> None:
    card = PivCard(scripted())
    card._der = authority.certify(rsa.generate_private_key(65537, size).public_key(), "T", "T")
    with pytest.raises(CardProtocolError, match="does not sign here"):
        card.sign(b"text")


def test_a_chain_that_never_ends_is_refused_by_the_card(authority: CardAuthority) -> None:
    sim = SimCard.from_document(piv_document(), authority)
    part = bytes.fromhex("1087079AFF") + bytes(255)
    assert [sim.process(part) for _ in range(9)][-1] == b"\x6a\x84"


def test_a_wrong_pin_counts_down_until_the_card_is_blocked(authority: CardAuthority) -> None:
    card = opened(SimCard.from_document(piv_document(tries_left=2), authority))
    with pytest.raises(PinRejected) as caught:
        card.verify_pin("000000")
    assert caught.value.tries_left == card.tries_left() == 1
    for digits in ("000000", "12345678"):
        with pytest.raises(PinBlocked):
            card.verify_pin(digits)
    assert card.tries_left() == 0
    for digits in ("12345", "123456789", "12345a"):
        with pytest.raises(PinFormat):
            card.verify_pin(digits)


def test_a_card_that_knows_only_the_short_name(authority: CardAuthority) -> None:
    sim = SimCard.from_document(piv_document(), authority)
    contacts = Contacts(lambda c: b"\x6a\x82" if piv.FULL_AID in c else sim.process(c))
    assert identify(contacts).read_facts().card_id == "ABCD" * 8


def test_a_card_without_a_certificate_is_still_named() -> None:
    card = opened(SimCard.from_document(piv_document()))
    assert card.read_facts().profile == "piv"
    with pytest.raises(CardProtocolError, match="6A82"):
        card.read_holder()


def test_the_terminal_names_it_before_any_pin() -> None:
    sim = SimCard.from_document(piv_document())
    with pytest.raises(UnknownCard) as caught:
        recognise(Contacts(sim.process, sim.atr))
    assert caught.value.profile == "piv"


def test_a_compressed_certificate_that_is_a_bomb_stays_small(tmp_path: Path) -> None:
    import gzip

    assert len(piv._unpacked(gzip.compress(bytes(10_000_000)))) <= piv._MAX_CERTIFICATE_BYTES
    with pytest.raises(CardProtocolError):
        piv._unpacked(b"no gzip")


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_a_value_or_a_card_error(answers: list[bytes], which: int) -> None:
    left = [answer + b"\x90\x00" for answer in answers]
    card = PivCard(Contacts(lambda _command: left.pop(0) if left else None))
    try:
        (card.read_facts, card.read_holder, card.tries_left, lambda: card.sign(b"x"))[which]()
    except CardProtocolError:
        return
