"""A simulated reader in this process: a `CardReader` and, on the other side of the slot, a hand.

`insert`, `remove`, `plug`, `unplug` and `hold` are the hand's; everything else is the protocol of `drivers.api`. Any
thread may call any of them. Slot events come from a thread of the reader's own, in order.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from drivers.api import Response, SlotEvent, SlotState
from drivers.errors import (
    CardBusy,
    CardError,
    CardMute,
    CardProtocolError,
    CardRemoved,
    NoCard,
    ReaderGone,
)
from drivers.sim.cards.vpcd import CardContacts


class SimReader:
    """One slot. With `real_time=False` nothing waits: slow answers come at once, and deadlines expire at once."""

    def __init__(self, name: str, *, real_time: bool = True) -> None:
        self._name = name
        self._real_time = real_time
        self._slot = threading.Condition()
        self._card: CardContacts | None = None
        self._plugged = True
        self._held = False
        self._insertion = 0
        self._open: _SimConnection | None = None
        self._events: queue.SimpleQueue[SlotEvent | threading.Event | None] = queue.SimpleQueue()
        self._told = self._delivered = 0
        self._pump: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    # ---- the protocol

    def start(self, on_change: Callable[[SlotEvent], None]) -> None:
        """As `CardReader.start`. Raises `RuntimeError` when started twice."""
        with self._slot:
            if self._pump is not None:
                raise RuntimeError("the reader reports already")
            self._pump = threading.Thread(
                target=self._report, args=(on_change,), name=f"slot {self._name}", daemon=True
            )
            self._tell()
            self._pump.start()

    def connect(self) -> _SimConnection:
        """As `CardReader.connect`."""
        with self._slot:
            if not self._plugged:
                raise ReaderGone("the reader is unplugged")
            if self._card is None:
                raise NoCard("the slot is empty")
            if self._held or self._open is not None:
                raise CardBusy("the card is in use")
            if not _answers_reset(self._card):
                raise CardMute("the card does not answer the reset")
            self._card.reset()
            self._open = _SimConnection(self, self._card)
            return self._open

    def close(self) -> None:
        """As `CardReader.close`."""
        with self._slot:
            pump, self._pump = self._pump, None
            if self._open is not None:
                self._open.end(ReaderGone("the reader was closed"))
        if pump is not None:
            self._events.put(None)
            if pump is not threading.current_thread():
                pump.join()

    # ---- the hand

    def insert(self, card: CardContacts) -> None:
        """Put a card into the slot. Raises `RuntimeError` where one is in it."""
        with self._slot:
            if self._card is not None:
                raise RuntimeError("a card is in the slot")
            self._card = card
            card.reset()
            if self._plugged:
                self._insertion += 1
                self._tell()

    def remove(self) -> None:
        """Pull the card, also in the middle of an APDU. Nothing happens where there is none."""
        with self._slot:
            if self._card is None:
                return
            self._card.reset()
            self._card = None
            if self._open is not None:
                self._open.end(CardRemoved("the card was pulled"))
            if self._plugged:
                self._tell()

    def unplug(self) -> None:
        """Pull the reader's cable."""
        with self._slot:
            if not self._plugged:
                return
            self._plugged = False
            if self._card is not None:
                self._card.reset()
            if self._open is not None:
                self._open.end(ReaderGone("the reader was unplugged"))
            self._tell()

    def plug(self) -> None:
        """Put the reader's cable back; a card that stayed in the slot arrives again."""
        with self._slot:
            if self._plugged:
                return
            self._plugged = True
            if self._card is not None:
                self._insertion += 1
            self._tell()

    def hold(self, *, held: bool) -> None:
        """Let another program hold the card, or let go of it: `connect` raises `CardBusy` meanwhile."""
        with self._slot:
            self._held = held

    def settle(self, deadline_s: float = 5.0) -> bool:
        """Wait until every event so far was delivered. False: it took longer, or nobody listens."""
        if self._pump is None:
            return False
        if self._told == self._delivered:
            return True
        reached = threading.Event()
        self._events.put(reached)
        return reached.wait(deadline_s)

    # ---- inside

    def _tell(self) -> None:
        state, atr = SlotState.EMPTY, b""
        if not self._plugged:
            state = SlotState.READER_ABSENT
        elif self._card is not None:
            answered = _answers_reset(self._card)
            state, atr = (SlotState.PRESENT, self._card.atr) if answered else (SlotState.MUTE, b"")
        if self._pump is not None:
            self._told += 1
            self._events.put(SlotEvent(self._name, state, self._insertion, atr))

    def _report(self, on_change: Callable[[SlotEvent], None]) -> None:
        while (event := self._events.get()) is not None:
            if isinstance(event, threading.Event):
                event.set()
            else:
                on_change(event)
                self._delivered += 1

    def exchange(self, connection: _SimConnection, command: bytes, deadline_s: float) -> bytes:
        """Carry one APDU for a connection of this reader, and wait as long as its card thinks."""
        with self._slot:
            self._check(connection)
            card = connection.card
            answer = card.process(command)
            late = answer is None or card.answer_delay_s > deadline_s
            wait_s = deadline_s if late else card.answer_delay_s
            if self._real_time and wait_s > 0:
                self._slot.wait_for(lambda: connection.ended is not None, wait_s)
            self._check(connection)
            if answer is None or late:
                connection.end(CardMute(f"no answer within {deadline_s:g} s"))
                self._check(connection)
            return answer or b""

    @staticmethod
    def _check(connection: _SimConnection) -> None:
        if connection.ended is not None:
            raise connection.ended

    def finish(self, connection: _SimConnection, reason: CardError) -> None:
        """End a connection: the card is unpowered, whoever waits for it wakes."""
        with self._slot:
            if connection.ended is None:
                connection.ended = reason
                connection.card.reset()
                self._open = None
                self._slot.notify_all()


class _SimConnection:
    """A `CardConnection` of a `SimReader`."""

    def __init__(self, reader: SimReader, card: CardContacts) -> None:
        self._reader = reader
        self.card = card
        self.atr = card.atr
        self.ended: CardError | None = None

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        """As `CardConnection.transmit`."""
        raw = self._reader.exchange(self, command, deadline_s)
        if len(raw) < 2:
            error = CardProtocolError(f"an answer of {len(raw)} bytes")
            self.end(error)
            raise error
        return Response(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def end(self, reason: CardError) -> None:
        """End the connection for this reason; the first reason stays."""
        self._reader.finish(self, reason)

    def close(self) -> None:
        """As `CardConnection.close`."""
        self.end(CardRemoved("the connection was closed"))


def _answers_reset(card: CardContacts) -> bool:
    """An ATR is 2 to 33 bytes and begins with 3B or 3F (ISO 7816-3)."""
    return 2 <= len(card.atr) <= 33 and card.atr[0] in (0x3B, 0x3F)
