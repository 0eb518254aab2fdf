"""The citizen card's PIN, signature and swap fence against the simulated card."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from drivers.cards.citizen import CitizenCard
from drivers.cards.registry import recognise
from drivers.errors import CardProtocolError, CardSwapped, PinBlocked, PinFormat, PinRejected
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from tests.cards import NAME, PIN, Contacts, other_document, scripted, sim_card


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


def opened(card: SimCard) -> CitizenCard:
    return recognise(Contacts(card.process))


def test_a_wrong_pin_counts_down_until_the_card_is_blocked() -> None:
    card = opened(sim_card())
    assert card.tries_left() == 3
    for left in (2, 1):
        with pytest.raises(PinRejected) as caught:
            card.verify_pin("000000")
        assert caught.value.tries_left == left == card.tries_left()
    for _ in range(2):
        with pytest.raises(PinBlocked):
            card.verify_pin("000000")
    with pytest.raises(PinBlocked):
        card.verify_pin(PIN)
    assert card.tries_left() == 0


def test_the_right_pin_gives_the_tries_back() -> None:
    sim = sim_card()
    card = opened(sim)
    with pytest.raises(PinRejected):
        card.verify_pin("000000")
    card.verify_pin(PIN)
    assert sim.tries_left == 6
    with pytest.raises(CardProtocolError, match="verified already"):
        card.tries_left()


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "12345a", "１２３４５６", "12345\n"])
def test_what_is_no_pin_never_reaches_the_card(digits: str) -> None:
    sim = sim_card()
    with pytest.raises(PinFormat) as caught:
        opened(sim).verify_pin(digits)
    assert sim.tries_left == 3
    assert not digits or digits not in str(caught.value)


@pytest.mark.parametrize(("answer", "tries"), [("6984", 0), ("6983", 0), ("63C0", 0), ("63CF", 15)])
def test_what_the_counter_can_say(answer: str, tries: int) -> None:
    assert CitizenCard(scripted("9000", answer)).tries_left() == tries


def test_a_counter_that_says_nothing_of_tries() -> None:
    with pytest.raises(CardProtocolError, match="6A88"):
        CitizenCard(scripted("9000", "6A88")).tries_left()


def test_a_wrong_pin_without_its_tries_asks_for_them() -> None:
    with pytest.raises(PinRejected) as caught:
        CitizenCard(scripted("9000", "6300", "63C2")).verify_pin(PIN)
    assert caught.value.tries_left == 2
    for answers in (("6300", "6983"), ("6984",)):
        with pytest.raises(PinBlocked):
            CitizenCard(scripted("9000", *answers)).verify_pin(PIN)


def test_a_refusal_to_verify_that_says_nothing_of_tries() -> None:
    with pytest.raises(CardProtocolError, match="6985"):
        CitizenCard(scripted("9000", "6985")).verify_pin(PIN)


def test_the_card_signs_after_the_pin_and_its_certificate_proves_it(authority: CardAuthority) -> None:
    card = opened(sim_card(authority))
    certificate = x509.load_der_x509_certificate(card.certificate())
    with pytest.raises(CardProtocolError, match="6982"):
        card.sign(b"lookup")
    card.verify_pin(PIN)
    signature = card.sign(b"lookup")
    assert len(signature) == 64
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), b"lookup", ec.ECDSA(hashes.SHA256()))
    assert card.read_holder().name == NAME, "the citizen application is selected again by itself"


def test_a_card_without_the_signing_application_says_so() -> None:
    with pytest.raises(CardProtocolError, match="6A82"):
        opened(sim_card()).certificate()


def test_a_certificate_that_is_none_is_not_signed_with() -> None:
    file = b"\x30\x82\x00\x80" + bytes(128)
    answers = ("9000", "9000", file[:4].hex() + "9000", file[4:].hex() + "9000")
    with pytest.raises(CardProtocolError, match="cannot be read"):
        CitizenCard(scripted(*answers)).sign(b"x")


@pytest.mark.parametrize("head", ["30030101", "04820101", "30820010", "3082FFFF"])
def test_a_certificate_file_that_holds_none(head: str) -> None:
    with pytest.raises(CardProtocolError, match="certificate"):
        CitizenCard(scripted("9000", "9000", head + "9000")).certificate()


def knowing_its_certificate(contacts: Contacts, authority: CardAuthority) -> CitizenCard:
    card = CitizenCard(contacts)
    card._certificate = authority.issue("440199199001010028", "测试")[1]
    return card


def test_a_signature_of_another_length_is_refused(authority: CardAuthority) -> None:
    with pytest.raises(CardProtocolError, match="2 bytes instead of 64"):
        knowing_its_certificate(scripted("9000", "9000", "AABB9000"), authority).sign(b"x")


def test_what_is_signed_is_the_hash(authority: CardAuthority) -> None:
    contacts = scripted("9000", "9000", "00" * 64 + "9000")
    knowing_its_certificate(contacts, authority).sign(b"lookup")
    assert contacts.sent[1].hex() == "002241b606800101840101"
    assert contacts.sent[2] == bytes.fromhex("002a9e9a20") + hashlib.sha256(b"lookup").digest() + b"\x40"


def test_another_card_on_the_old_connection_is_found_out() -> None:
    contacts = Contacts(sim_card().process)
    card = recognise(contacts)
    card_id = card.read_facts().card_id
    card.same_card(card_id)
    contacts.process = SimCard.from_document(other_document()).process
    with pytest.raises(CardSwapped):
        card.same_card(card_id)


@pytest.mark.parametrize("answers", [("6A82",), ("9000", "6982")])
def test_another_kind_of_card_on_the_old_connection_is_found_out(answers: tuple[str, ...]) -> None:
    with pytest.raises(CardSwapped):
        CitizenCard(scripted(*answers)).same_card("00" * 16)


def test_a_connection_that_breaks_is_not_called_a_swap() -> None:
    with pytest.raises(CardProtocolError, match="no answer"):
        CitizenCard(Contacts(lambda _command: None)).same_card("00" * 16)
