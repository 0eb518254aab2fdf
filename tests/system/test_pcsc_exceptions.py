"""The exception table of PC/SC, row by row, on the real stack: a private pcscd, virtual slots, other programs.

Each row ends in the right event and in a reader that serves the next card, without a restart of the terminal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    NoCard,
    ReaderGone,
)
from drivers.readers import pcsc
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from tests.cards import ID_NUMBER, NAME, PIN, Contacts, other_document, sim_card
from tests.system.test_pcsc import Recorder, reader_on

pytestmark = [pytest.mark.pcsc, pytest.mark.system]
ROOT = Path(__file__).parents[2]
PATIENCE_S = 15.0
TRIES = bytes.fromhex("00200000")

Desk = tuple[PrivatePcscd, PcscReader, Recorder]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with PrivatePcscd() as daemon, reader_on(daemon.socket_path) as (reader, seen):
        seen.until(SlotState.EMPTY)
        yield daemon, reader, seen


def visit(connection: CardConnection) -> tuple[str, str, str]:
    """What the terminal does from card in to hello by name: card id, name, resident id."""
    card = recognise(connection)
    facts = card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    holder = card.read_holder()
    return facts.card_id, holder.name, holder.id_number


def apdus_of_a_visit() -> int:
    contacts = Contacts(sim_card().process)
    visit(contacts)
    return len(contacts.sent)


def serves(desk: Desk) -> None:
    """The reader serves the next card."""
    daemon, reader, seen = desk
    daemon.insert(sim_card())
    seen.until(SlotState.PRESENT)
    connection = reader.connect()
    assert visit(connection)[1] == NAME
    connection.close()
    daemon.remove()
    seen.until(SlotState.EMPTY)


class Meddled:
    """A card that calls a hand in just before, or just after, it answers its n-th APDU."""

    def __init__(self, card: SimCard, place: int, hand: threading.Event, done: threading.Event) -> None:
        self.card, self.place, self.hand, self.done, self.count = card, place, hand, done, 0
        self.answer_delay_s = 0.0

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def reset(self) -> None:
        self.card.reset()

    def process(self, apdu: bytes) -> bytes | None:
        self.count += 1
        if self.count == self.place:
            self.hand.set()
            self.done.wait(PATIENCE_S)
        return self.card.process(apdu)


def pull(daemon: PrivatePcscd, called: threading.Event, done: threading.Event) -> None:
    """Take the card in the middle of a command: when it was called, the slot is empty before it answers."""
    called.wait(PATIENCE_S)
    slot = daemon._cards["Kiosk Citizen"]
    slot._removed.set()
    slot._socket.shutdown(2)
    done.set()
    daemon.remove()


@contextmanager
def in_the_middle(desk: Desk, place: int, then: SimCard | None = None) -> Iterator[CardConnection]:
    """Open a card that is pulled in its n-th command; `then` is in its place before pcscd looks. Closed at the end."""
    daemon, reader, seen = desk
    called, done = threading.Event(), threading.Event()
    daemon.insert(Meddled(sim_card(), place, called, done))

    def act() -> None:
        pull(daemon, called, done)
        if then is not None:
            daemon.insert(then, at_once=True)

    hand = threading.Thread(target=act)
    hand.start()
    seen.until(SlotState.PRESENT)
    connection = reader.connect()
    yield connection
    hand.join(PATIENCE_S)
    connection.close()


@pytest.mark.parametrize("place", range(1, apdus_of_a_visit() + 1))
def test_the_card_is_pulled_at_each_apdu_of_a_visit(desk: Desk, place: int) -> None:
    with in_the_middle(desk, place) as connection, pytest.raises(CardRemoved):
        visit(connection)
    desk[2].until(SlotState.EMPTY)
    serves(desk)


def test_pcscd_is_killed_twenty_times_in_the_middle_of_a_read(desk: Desk) -> None:
    daemon, reader, seen = desk
    apdus = apdus_of_a_visit()
    for round_ in range(20):
        called, done = threading.Event(), threading.Event()
        daemon.insert(Meddled(sim_card(), 1 + round_ % apdus, called, done))
        seen.until(SlotState.PRESENT)

        def kill(called: threading.Event = called, done: threading.Event = done) -> None:
            called.wait(PATIENCE_S)
            process = daemon._process
            assert process is not None
            process.kill()
            process.wait(PATIENCE_S)
            done.set()
            daemon.restart()

        hand = threading.Thread(target=kill)
        hand.start()
        connection = reader.connect()
        with pytest.raises((ReaderGone, CardRemoved)):
            visit(connection)
        connection.close()
        hand.join(PATIENCE_S)
        seen.until(SlotState.EMPTY)
    serves(desk)
    insertions = [event.insertion for event in seen.events if event.state is SlotState.PRESENT]
    assert insertions == list(range(1, 22))


@pytest.mark.parametrize("quirks", [{}, pytest.param({"atr_fault": "too-long"}, marks=pytest.mark.nightly)])
def test_a_card_that_bounces_in_a_command_is_found_without_a_hand(desk: Desk, quirks: dict[str, str]) -> None:
    """The card is back before pcscd looks, which then keeps the slot for empty, or takes it for the same card.

    One that answers is served, with an insertion of its own where the slot was called empty. One that was shaken until
    it answers no more is not: something is in the slot, and that is said.
    """
    daemon, reader, seen = desk
    with in_the_middle(desk, 1, sim_card(quirks=quirks)) as connection, pytest.raises(CardError):
        visit(connection)
    if quirks:
        with pytest.raises(CardError) as told:
            reader.connect()
        assert told.type is CardMute or seen.within(SlotState.MUTE, PATIENCE_S)
    else:
        again = found(reader, seen)
        assert visit(again)[1] == NAME
        again.close()
    daemon.remove()
    seen.until(SlotState.EMPTY)
    serves(desk)


def found(reader: PcscReader, seen: Recorder) -> CardConnection:
    """Open the card that is in the slot, as soon as PC/SC knows of it."""
    try:
        return reader.connect()
    except CardError:
        seen.until(SlotState.EMPTY)
        seen.until(SlotState.PRESENT)
        return reader.connect()


def second_card(desk: Desk, card: SimCard) -> CardConnection:
    """Open the card that came second, as a hand would bring it about."""
    daemon, reader, seen = desk
    for _ in range(3):
        if not seen.within(SlotState.PRESENT, 2.0):
            # It came between two looks of pcscd, which calls the slot empty: push it in once more, as a hand does.
            daemon.remove()
            daemon.insert(card)
            seen.until(SlotState.PRESENT)
        try:
            return reader.connect()
        except (NoCard, CardRemoved):
            seen.within(SlotState.EMPTY, 1.0)  # pcscd had not looked yet
    raise AssertionError(f"the second card was never served: {seen.events}")


@pytest.mark.parametrize("place", range(4, apdus_of_a_visit() + 1, 2))
def test_a_card_swapped_within_400_ms_never_makes_a_mixed_holder(desk: Desk, place: int) -> None:
    """The second card comes at once, so that PC/SC may not see the change at all; the first read goes on."""
    other = SimCard.from_document(other_document())
    with in_the_middle(desk, place, other) as connection:
        card = recognise(connection)
        try:
            facts = card.read_facts()
            card.tries_left()
            card.verify_pin(PIN)
            holder = card.read_holder()
            card.same_card(facts.card_id)
        except (CardRemoved, CardSwapped, CardProtocolError):
            pass
        else:
            raise AssertionError(f"the read went on as if nothing had happened: {holder.id_number == ID_NUMBER}")
    again = second_card(desk, other)
    assert recognise(again).read_facts().card_id == "FF" * 16
    again.close()


def test_a_mute_card_is_asked_to_be_pulled_and_the_reader_goes_on(desk: Desk) -> None:
    daemon, reader, seen = desk
    daemon.insert(sim_card(quirks={"mute_after_apdus": 7}))
    seen.until(SlotState.PRESENT)
    pid = reader.child_pid
    connection = reader.connect()
    card = recognise(connection)
    for _ in range(4):
        assert connection.transmit(TRIES).sw == 0x63C3
    with pytest.raises(CardMute):
        card.read_facts()
    with pytest.raises(CardMute):
        reader.connect()
    connection.close()
    daemon.remove()
    seen.until(SlotState.EMPTY)
    assert reader.child_pid != pid, "the hanging child was replaced"
    serves(desk)


HOLDER = """
import sys
from smartcard import scard
result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
share = scard.SCARD_SHARE_EXCLUSIVE if sys.argv[2] == "exclusive" else scard.SCARD_SHARE_SHARED
result, card, protocol = scard.SCardConnect(context, sys.argv[1], share, scard.SCARD_PROTOCOL_ANY)
assert result == 0, hex(result & 0xFFFFFFFF)
if sys.argv[2] == "transaction":
    assert scard.SCardBeginTransaction(card) == 0
print("holds", flush=True)
sys.stdin.readline()
assert scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD) == 0
scard.SCardReleaseContext(context)
"""


@pytest.mark.parametrize("how", ["exclusive", "transaction", "shared"])
def test_another_program_holds_the_card(desk: Desk, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "CONNECT_DEADLINE_S", 1.0)  # in a transaction a connect hangs as long as it may
    daemon, reader, seen = desk
    daemon.insert(sim_card())
    seen.until(SlotState.PRESENT)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, reader.name, how],
        env={**os.environ, **daemon.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"holds\n"
    with pytest.raises(CardBusy):
        reader.connect()
    other.communicate(b"\n", PATIENCE_S)
    assert visit(reader.connect())[1] == NAME


def test_no_other_program_gets_at_a_card_that_the_terminal_holds(desk: Desk) -> None:
    """So another client can neither reset it nor use the PIN that was verified."""
    daemon, reader, seen = desk
    daemon.insert(sim_card())
    seen.until(SlotState.PRESENT)
    connection = reader.connect()
    other = subprocess.run(
        [sys.executable, "-c", HOLDER, reader.name, "shared"],
        env={**os.environ, **daemon.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert "0x8010000b" in other.stderr
    assert visit(connection)[1] == NAME


@pytest.mark.parametrize("fault", ["silent", "too-long", "bad-first-byte", "cut"])
def test_an_answer_to_reset_that_is_none(desk: Desk, fault: str) -> None:
    daemon, reader, seen = desk
    daemon.insert(sim_card(quirks={"atr_fault": fault}))
    if fault == "silent":
        with pytest.raises(CardError):
            reader.connect()
    else:
        seen.until(SlotState.MUTE)
        with pytest.raises(CardMute):
            reader.connect()
    daemon.remove()
    seen.until(SlotState.EMPTY)
    serves(desk)


def test_two_cards_alternating_quickly_are_never_mistaken_for_each_other(desk: Desk) -> None:
    daemon, reader, seen = desk
    people = [
        (sim_card(), ID_NUMBER),
        (SimCard.from_document(other_document()), other_document()["holder"]["id_number"]),
    ]
    for round_ in range(8):
        card, id_number = people[round_ % 2]
        daemon.insert(card)
        seen.until(SlotState.PRESENT)
        connection = reader.connect()
        assert visit(connection)[2] == id_number
        connection.close()
        daemon.remove()
        seen.until(SlotState.EMPTY)
    assert [event.insertion for event in seen.events if event.state is SlotState.PRESENT] == list(range(1, 9))
