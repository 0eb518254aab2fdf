"""The exception table of PC/SC in process, row by row; `tests/system/test_pcsc_exceptions.py` has it on the real stack.

Each row ends in the right event and in a reader that serves the next card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from drivers.api import CardConnection, SlotState
from drivers.cards.registry import recognise
from drivers.errors import (
    CardBusy,
    CardError,
    CardMute,
    CardProtocolError,
    CardRemoved,
    CardSwapped,
    ReaderGone,
)
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.reader import SimReader
from tests.cards import ID_NUMBER, NAME, PIN, Contacts, other_document, sim_card
from tests.contract.card_rig import Rig, SimHand

OTHER_ID = other_document()["holder"]["id_number"]


def visit(connection: CardConnection) -> str:
    """What the terminal does from card in to hello by name; returns the resident id."""
    card = recognise(connection)
    facts = card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    holder = card.read_holder()
    card.same_card(facts.card_id)
    return holder.id_number


def apdus_of_a_visit() -> int:
    contacts = Contacts(sim_card().process)
    visit(contacts)
    return len(contacts.sent)


PLACES = range(1, apdus_of_a_visit() + 1)


class Meddled:
    """A card that calls a hand in before it answers its n-th APDU."""

    def __init__(self, card: SimCard, place: int, hand: Callable[[], None]) -> None:
        self.card, self.place, self.hand, self.count = card, place, hand, 0
        self.answer_delay_s = 0.0
        self.atr = card.atr
        self.reset = card.reset

    def process(self, apdu: bytes) -> bytes | None:
        self.count += 1
        if self.count == self.place:
            self.hand()
        return self.card.process(apdu)


@pytest.fixture
def reader() -> Iterator[SimReader]:
    made = SimReader("Slot", real_time=False)
    yield made
    made.close()


@pytest.fixture
def rig(reader: SimReader) -> Rig:
    return Rig(reader, SimHand(reader))


def serves(rig: Rig) -> None:
    """The reader serves the next card."""
    connection = rig.inserted(sim_card())
    assert visit(connection) == ID_NUMBER
    connection.close()
    rig.hand.remove()
    rig.until(SlotState.EMPTY)


@pytest.mark.parametrize("place", PLACES)
def test_the_card_is_pulled_at_each_apdu_of_a_visit(rig: Rig, reader: SimReader, place: int) -> None:
    reader.insert(Meddled(sim_card(), place, reader.remove))
    with pytest.raises(CardRemoved):
        visit(reader.connect())
    rig.until(SlotState.EMPTY)
    serves(rig)


@pytest.mark.parametrize("place", PLACES)
def test_the_card_is_swapped_at_each_apdu_of_a_visit(rig: Rig, reader: SimReader, place: int) -> None:
    other = SimCard.from_document(other_document())

    def swap() -> None:
        reader.remove()
        reader.insert(other)

    reader.insert(Meddled(sim_card(), place, swap))
    with pytest.raises(CardRemoved):
        visit(reader.connect())
    rig.until(SlotState.PRESENT, insertion=2)
    assert visit(reader.connect()) == OTHER_ID


@pytest.mark.parametrize("place", PLACES)
def test_a_swap_that_no_reader_sees_never_makes_a_mixed_holder(place: int) -> None:
    """As PC/SC may have it within 400 ms: the old connection goes on, with the new card at its end."""
    first, second = sim_card(), SimCard.from_document(other_document())
    count = 0

    def process(apdu: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return (first if count < place else second).process(apdu)

    try:
        seen = visit(Contacts(process))
    except (CardSwapped, CardProtocolError):
        return
    assert (place, seen) == (1, OTHER_ID), "only a swap before the first APDU leaves one whole holder: the second"


def test_the_reader_is_lost_twenty_times_in_the_middle_of_a_read(rig: Rig, reader: SimReader) -> None:
    for round_ in range(20):
        reader.insert(Meddled(sim_card(), 1 + round_ % len(PLACES), reader.unplug))
        with pytest.raises(ReaderGone):
            visit(reader.connect())
        rig.until(SlotState.READER_ABSENT)
        reader.remove()
        reader.plug()
        rig.until(SlotState.EMPTY)
    serves(rig)
    assert [event.insertion for event in rig.events if event.state is SlotState.PRESENT] == list(range(1, 22))


def test_a_mute_card_is_asked_to_be_pulled(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"mute_after_apdus": 7}))
    with pytest.raises(CardMute):
        visit(connection)
    with pytest.raises(CardMute):
        connection.transmit(bytes.fromhex("00200000"))
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    serves(rig)


def test_another_program_holds_the_card_and_lets_go(rig: Rig, reader: SimReader) -> None:
    reader.insert(sim_card())
    reader.hold(held=True)
    with pytest.raises(CardBusy):
        reader.connect()
    reader.hold(held=False)
    assert visit(reader.connect()) == ID_NUMBER
    reader.remove()
    rig.until(SlotState.EMPTY)


@pytest.mark.parametrize("fault", ["silent", "too-long", "bad-first-byte", "cut"])
def test_an_answer_to_reset_that_is_none(rig: Rig, fault: str) -> None:
    rig.hand.insert(sim_card(quirks={"atr_fault": fault}))
    rig.until(SlotState.MUTE)
    with pytest.raises(CardMute):
        rig.reader.connect()
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    serves(rig)


@pytest.mark.parametrize("fault", ["truncate_apdu", "wrong_length_apdu", "garbage_apdu", "dies_at_apdu"])
@pytest.mark.parametrize("place", PLACES)
def test_a_card_that_breaks_at_each_apdu_gives_a_whole_holder_or_none(rig: Rig, fault: str, place: int) -> None:
    connection = rig.inserted(sim_card(quirks={fault: place}))
    try:
        seen = (visit(connection), "whole")
    except CardError as error:
        seen = (ID_NUMBER, error.code)
    assert seen[0] == ID_NUMBER
    assert seen[1] in {"whole", "card-unreadable", "card-removed", "card-swapped", "card-unknown", "pin-rejected"}
    connection.close()
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    serves(rig)


def test_a_reader_that_is_absent_at_the_start_and_plugged_later(reader: SimReader) -> None:
    reader.unplug()
    seen: list[SlotState] = []
    reader.start(lambda event: seen.append(event.state))
    assert reader.settle()
    with pytest.raises(ReaderGone):
        reader.connect()
    reader.plug()
    reader.insert(sim_card())
    assert reader.settle()
    assert seen == [SlotState.READER_ABSENT, SlotState.EMPTY, SlotState.PRESENT]
    assert visit(reader.connect()) == ID_NUMBER


def test_two_cards_alternating_quickly_are_never_mistaken_for_each_other(rig: Rig) -> None:
    people = [(sim_card(), ID_NUMBER), (SimCard.from_document(other_document()), OTHER_ID)]
    for round_ in range(40):
        card, id_number = people[round_ % 2]
        connection = rig.inserted(card)
        assert visit(connection) == id_number
        connection.close()
        rig.hand.remove()
        rig.until(SlotState.EMPTY)
    assert rig.events[-1].insertion == 40


def test_the_pin_does_not_outlive_its_session(reader: SimReader) -> None:
    card = sim_card()
    reader.insert(card)
    connection = reader.connect()
    assert recognise(connection).read_holder().name == NAME
    recognise(connection).verify_pin(PIN)
    connection.close()
    assert not card.pin_verified
