"""The Belgian eID against its twin, and against bytes that no card would give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cards import belgian_eid
from drivers.cards.belgian_eid import BelgianCard
from drivers.cards.registry import identify, recognise
from drivers.errors import CardProtocolError, UnknownCard
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from tests.cards import Contacts, belgian_document


def opened(**changes: object) -> BelgianCard:
    sim = SimCard.from_document(belgian_document(**changes))
    card = identify(Contacts(sim.process, sim.atr))
    assert isinstance(card, BelgianCard)
    return card


def test_identity_and_address_are_read_without_a_pin() -> None:
    card = opened()
    facts, holder = card.read_facts(), card.read_holder()
    assert (facts.profile, facts.card_id, facts.card_number) == ("belgian-eid", "0011" * 8, "000000000001")
    assert (facts.issued, facts.expires) == ("2020-01-01", "2030-01-01")
    assert (holder.name, holder.id_number, holder.sex) == ("Anna Maria Testé", "90010100111", "female")
    assert (holder.birth_date, holder.birthplace) == ("1990-07-01", None)
    assert holder.address == "Rue d'Essai 1, 1000 Bruxelles"
    assert card.warnings == ()


def test_the_identity_file_is_read_once_and_in_as_few_commands_as_it_needs() -> None:
    sim = SimCard.from_document(belgian_document())
    contacts = Contacts(sim.process, sim.atr)
    card = identify(contacts)
    card.read_facts()
    card.read_holder()
    assert [sent[1] for sent in contacts.sent] == [0xA4, 0xA4, 0xB0, 0xB0, 0xA4, 0xB0, 0xB0], "6C costs one more each"


def test_a_file_longer_than_one_answer_is_read_whole() -> None:
    document = belgian_document()
    document["holder"]["nationality"] = "N" * 80
    document["holder"]["surname"] = "é" * 80
    document["holder"]["given_names"] = "A" * 80
    sim = SimCard.from_document(document)
    assert identify(Contacts(sim.process, sim.atr)).read_holder().name == "A" * 80 + " " + "é" * 80


def test_the_terminal_names_it_before_any_pin_and_serves_it_not() -> None:
    sim = SimCard.from_document(belgian_document())
    contacts = Contacts(sim.process, sim.atr)
    with pytest.raises(UnknownCard) as caught:
        recognise(contacts)
    assert (caught.value.code, caught.value.profile) == ("card-unknown", "belgian-eid")
    assert not [sent for sent in contacts.sent if sent[1] == 0x20]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("01 JUIN 1990", "1990-06-01"),
        ("01 JUIL 1990", "1990-07-01"),
        ("15 MAAR 2001", "2001-03-15"),
        ("15 MARS 2001", "2001-03-15"),
        ("02.MÄR.1975", "1975-03-02"),
        ("9 AOUT 1931", "1931-08-09"),
        ("1931", "1931-01-01"),
        ("31 DEZ 1999", "1999-12-31"),
    ],
)
def test_birth_dates_in_three_languages(text: str, day: str) -> None:
    assert belgian_eid._birth_date(text) == day


@pytest.mark.parametrize("text", ["", "31 FEB 1990", "01 XXX 1990", "1.1.90", "00 JAN 1990"])
def test_a_birth_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CardProtocolError):
        belgian_eid._birth_date(text)


def test_a_day_that_does_not_exist_makes_no_card() -> None:
    with pytest.raises(CardDocumentError, match="does not exist"):
        SimCard.from_document(belgian_document(card={"expires": "2030-02-30"}))


@given(st.lists(st.binary(max_size=120), max_size=8))
def test_any_bytes_are_a_holder_or_a_card_error(answers: list[bytes]) -> None:
    left = [b"\x90\x00", *answers]
    contacts = Contacts(lambda _command: left.pop(0) if left else None)
    try:
        card = BelgianCard(contacts)
        card.read_facts()
        card.read_holder()
    except CardProtocolError:
        return


@given(st.binary(max_size=400))
def test_fields_of_any_bytes(raw: bytes) -> None:
    try:
        found = belgian_eid._fields(raw)
    except CardProtocolError:
        return
    assert sum(map(len, found.values())) <= len(raw)
