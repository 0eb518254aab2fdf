"""A reader, the hand at its slot, and the events it reported: the same for a simulated reader and for PC/SC."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from drivers.api import CardConnection, CardReader, SlotEvent, SlotState
from drivers.errors import CardError
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.reader import SimReader

PATIENCE_S = 15.0


class Hand(Protocol):
    """What a person can do to a reader."""

    def insert(self, card: SimCard) -> None: ...
    def remove(self) -> None: ...
    def lose_reader(self) -> None: ...
    def return_reader(self) -> None: ...


class SimHand:
    def __init__(self, reader: SimReader) -> None:
        self.insert = reader.insert
        self.remove = reader.remove
        self.lose_reader = reader.unplug
        self.return_reader = reader.plug


class PcscHand:
    """The reader is lost by killing pcscd, which is worse than pulling a cable."""

    def __init__(self, daemon: PrivatePcscd) -> None:
        self.insert = daemon.insert
        self.remove = daemon.remove
        self.lose_reader = daemon.kill
        self.return_reader = daemon.start


class Rig:
    """A reader that reports, the hand at its slot, and every event so far."""

    def __init__(self, reader: CardReader, hand: Hand) -> None:
        self.reader = reader
        self.hand = hand
        self.events: list[SlotEvent] = []
        self._changed = threading.Condition()
        reader.start(self._record)
        self.until(SlotState.EMPTY)

    def _record(self, event: SlotEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def until(self, state: SlotState, insertion: int | None = None) -> SlotEvent:
        def reached() -> bool:
            last = self.events[-1] if self.events else None
            return last is not None and last.state is state and insertion in (None, last.insertion)

        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE_S), f"{state} did not come: {self.events}"
            return self.events[-1]

    def unpowered(self, card: SimCard) -> bool:
        """Whether the card loses its power soon: pcscd tells a reader so and does not wait for its answer."""
        deadline = time.monotonic() + PATIENCE_S
        while card.pin_verified and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        return not card.pin_verified

    def inserted(self, card: SimCard) -> CardConnection:
        self.hand.insert(card)
        self.until(SlotState.PRESENT)
        return self.reader.connect()


@contextlib.contextmanager
def sim_rig() -> Iterator[Rig]:
    reader = SimReader("Kiosk Citizen 00 00")
    yield Rig(reader, SimHand(reader))
    reader.close()


@contextlib.contextmanager
def pcsc_rig() -> Iterator[Rig]:
    with PrivatePcscd() as daemon:
        reader = PcscReader("Kiosk Citizen", daemon.socket_path)
        try:
            yield Rig(reader, PcscHand(daemon))
        finally:
            reader.close()


def in_background(action: Callable[[], object]) -> Callable[[], object]:
    """Begin the action in a thread; calling what comes back waits, and raises or returns what it did."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((action(), None))
        except CardError as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> object:
        thread.join(PATIENCE_S)
        assert outcome, "it never came back"
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    return wait
