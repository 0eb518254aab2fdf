"""Readers behind PC/SC: `CardReader` over a child process, so that no card can hang the terminal.

The child (`drivers.readers.pcsc_child`) makes the calls. This side holds the deadline of each APDU: when it passes, the
child is killed and a fresh one started. A child that dies is replaced; a daemon that dies is waited for, by the child.
PC/SC's results are mapped to `drivers.errors` in `drivers.readers.pcsc_failures` and nowhere else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from drivers.api import Response, SlotEvent, SlotState
from drivers.errors import (
    CardBusy,
    CardError,
    CardMute,
    CardProtocolError,
    CardRemoved,
    ReaderGone,
)
from drivers.readers import wire
from drivers.readers.child_link import ChildExpiredError, ChildGoneError, ChildLink
from drivers.readers.pcsc_failures import ask, ask_many, error_of
from drivers.readers.recovery import Ladder, Patience, Step

CONNECT_DEADLINE_S: Final = 5.0
CLOSE_DEADLINE_S: Final = 2.0
START_DEADLINE_S: Final = 10.0
NOTICE_S: Final = 1.0
"""pcscd looks at a slot every 0.4 s; within this it has noticed that a card is gone."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
TICK_S: Final = 1.5
"""Longer than the child's own second between two signs of life."""

_STATES: Final = {
    wire.ABSENT: SlotState.READER_ABSENT,
    wire.EMPTY: SlotState.EMPTY,
    wire.PRESENT: SlotState.PRESENT,
    wire.MUTE: SlotState.MUTE,
}
_IN_SLOT: Final = (SlotState.PRESENT, SlotState.MUTE)


@dataclass(frozen=True)
class ReaderInfo:
    """One reader as PC/SC lists it."""

    name: str
    state: SlotState
    atr: bytes = b""


def list_readers(socket_path: str | None = None, deadline_s: float = START_DEADLINE_S) -> list[ReaderInfo]:
    """Return every reader with the state of its slot. Raises `ReaderGone` where no PC/SC service answers."""
    try:
        link = ChildLink("", socket_path, watch=False)
    except OSError as error:
        raise ReaderGone("the PC/SC child process cannot be started") from error
    try:
        kind, body = ask(link, wire.LIST, b"", deadline_s)
        if kind != wire.DONE:
            raise error_of(body)
        reports = [wire.unpack_slot(report) for report in wire.unpack_many(body)]
        return [ReaderInfo(name, _STATES.get(state, SlotState.READER_ABSENT), atr) for state, _, name, atr in reports]
    except wire.FrameError as error:
        raise ReaderGone("the PC/SC child process sent what is no list of readers") from error
    finally:
        link.end()


class PcscReader:
    """One reader. `name` may leave out the numbers that PC/SC puts behind it; empty means the first reader there is.

    `socket_path` is pcscd's socket where it is not the usual one. Threads: any may call; events come from one thread.
    """

    def __init__(
        self,
        name: str = "",
        socket_path: str | None = None,
        *,
        other: str = "",
        restart_service: Callable[[], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Nothing is started yet.

        `other` names a reader with another role, never taken for this one. `restart_service` is the privileged
        helper of the recovery ladder (`drivers.readers.recovery`): called from the reader's thread, it must return.
        """
        self._wanted = name
        self._other = other
        self._socket_path = socket_path
        self._restart_service = restart_service
        self._ladder = Ladder(patience)
        self._change = threading.Condition()
        self._slot: SlotEvent | None = None
        self._counter = 0
        self._insertion = 0
        self._silent_insertion = -1
        self._on_change: Callable[[SlotEvent], None] | None = None
        self._link: ChildLink | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def name(self) -> str:
        """The full name once the reader was seen, else the name that was asked for."""
        return self._slot.reader if self._slot is not None and self._slot.reader else self._wanted

    @property
    def child_pid(self) -> int | None:
        """Process id of the child that runs now, for diagnosis."""
        link = self._link
        return link.pid if link is not None else None

    @property
    def out_of_order(self) -> bool:
        """True while the PC/SC service does not come back although it was restarted."""
        return self._ladder.out_of_order

    def start(self, on_change: Callable[[SlotEvent], None]) -> None:
        """As `CardReader.start`. Raises `RuntimeError` when started twice."""
        with self._change:
            if self._on_change is not None:
                raise RuntimeError("the reader reports already")
            self._on_change = on_change
            self._keep()

    def connect(self) -> PcscConnection:
        """As `CardReader.connect`. Not from within `on_change`, where it could wait for itself: `RuntimeError`."""
        if threading.current_thread() is self._keeper:
            raise RuntimeError("connect from another thread than the one that reports")
        link = self._running_link()
        try:
            kind, body = link.request(wire.CONNECT, b"", CONNECT_DEADLINE_S)
        except ChildGoneError:
            link = self._running_link()  # it had died unseen: a fresh one is there or coming
            kind, body = ask(link, wire.CONNECT, b"", CONNECT_DEADLINE_S)
        except ChildExpiredError:
            raise self._not_opened() from None
        if kind != wire.DONE:
            raise self._failure(body)
        return PcscConnection(self, link)

    def close(self) -> None:
        """As `CardReader.close`."""
        self._stopping.set()
        with self._change:
            keeper, link = self._keeper, self._link
            self._change.notify_all()
        if link is not None:
            link.hang_up()
        if keeper is not None and keeper is not threading.current_thread():
            keeper.join()

    # ---- inside

    def _keep(self) -> None:
        """Start the thread that keeps a child running. The caller holds `_change`."""
        if self._keeper is None and not self._stopping.is_set():
            self._keeper = threading.Thread(target=self._run, name="pcsc reader", daemon=True)
            self._keeper.start()

    def _running_link(self) -> ChildLink:
        """Return the link to a running child, waiting for one that is being started. Raises `ReaderGone`."""
        with self._change:
            self._keep()
            self._change.wait_for(
                lambda: self._stopping.is_set() or (self._link is not None and self._link.alive), START_DEADLINE_S
            )
            if self._link is None or not self._link.alive:
                raise ReaderGone("the PC/SC child process does not run")
            return self._link

    def _run(self) -> None:
        """Keep one child alive until `close`; pass on what it reports."""
        pause_s = 0.0
        while not self._stopping.wait(pause_s):
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2 or FIRST_PAUSE_S)
            try:
                link = ChildLink(self._wanted, self._socket_path, watch=True, other=self._other)
            except OSError:
                self._take(wire.ABSENT, 0, self._wanted, b"")
                continue
            with self._change:
                self._link = link
                self._change.notify_all()
            if self._stopping.is_set():
                link.hang_up()
            reported = self._listen(link)
            with self._change:
                self._link = None
            link.end()
            if reported:
                pause_s = FIRST_PAUSE_S
            elif not self._stopping.is_set():
                self._take(wire.ABSENT, 0, self._wanted, b"")

    def _listen(self, link: ChildLink) -> bool:
        """Pass on what a child reports until it ends, and climb the ladder. Returns whether it reported at all."""
        reported = False
        for report in link.slot_reports(TICK_S):
            lives = report if isinstance(report, bool) else report[1] != wire.NO_SERVICE
            if lives:
                self._ladder.works()
            elif (step := self._ladder.silent(time.monotonic())) is not None:
                self._climb(step, link)
            if not isinstance(report, bool):
                reported = True
                self._take(*report)
        return reported

    def _climb(self, step: Step, link: ChildLink) -> None:
        """Take one rung. A child that hangs in a call is of no use after a restart either."""
        if step is Step.SERVICE and self._restart_service is not None:
            self._restart_service()
        if not self._stopping.is_set():
            link.kill()
            self._take(wire.ABSENT, wire.NO_SERVICE, self._wanted, b"")

    def _take(self, state: int, counter: int, reader: str, atr: bytes) -> None:
        """Turn one report of the child into events. A fresh child repeats what is known: that is no event."""
        with self._change:
            before = self._slot
            now = _STATES.get(state, SlotState.READER_ABSENT)
            moved = counter != self._counter
            self._counter = counter
            was_in = before is not None and before.state in _IN_SLOT
            events: list[SlotEvent] = []
            if now in _IN_SLOT:
                if was_in and moved:
                    events.append(SlotEvent(reader, SlotState.EMPTY, self._insertion))
                if not was_in or moved:
                    self._insertion += 1
            event = SlotEvent(reader, now, self._insertion, atr)
            if event != before:
                events.append(event)
            self._slot = event
            tell = self._on_change
            self._change.notify_all()
        if tell is not None and not self._stopping.is_set():
            for event in events:
                tell(event)

    def _not_opened(self) -> CardError:
        """Name a connect that hangs: a card that answered its reset is not mute: someone has a transaction."""
        with self._change:
            powered = self._slot is not None and self._slot.state is SlotState.PRESENT
            if powered and self._insertion != self._silent_insertion:
                return CardBusy("another program holds the card in a transaction")
        return CardMute(f"the card was not opened within {CONNECT_DEADLINE_S:g} s")

    def _failure(self, body: bytes, insertion: int | None = None) -> CardError:
        """Name a failure of the child. Where PC/SC itself is not sure, look whether the card leaves the slot."""
        error = error_of(body)
        if isinstance(error, CardBusy) and self._insertion == self._silent_insertion:
            # Our own call to the mute card hangs on in the daemon until the card is pulled.
            return CardMute("the card did not answer, and is still in the slot")
        if body[:1] != bytes([wire.UNSURE]) or insertion is None:
            return error
        with self._change:
            self._change.wait_for(lambda: not self._still_in(insertion) or self._stopping.is_set(), NOTICE_S)
            if self._slot is not None and self._slot.state is SlotState.READER_ABSENT:
                return ReaderGone("the reader went away")
            if not self._still_in(insertion):
                return CardRemoved("the card was pulled")
        return error

    def _still_in(self, insertion: int) -> bool:
        return self._slot is not None and self._slot.state in _IN_SLOT and self._slot.insertion == insertion

    def insertion_now(self) -> int:
        """The insertion that a new connection belongs to."""
        with self._change:
            self._change.wait_for(
                lambda: (self._slot is not None and self._slot.state in _IN_SLOT) or self._stopping.is_set(), NOTICE_S
            )
            return self._insertion

    def transmit(self, link: ChildLink, insertion: int, command: bytes, deadline_s: float) -> bytes:
        """Carry one APDU for a connection of this reader. Raises what `CardConnection.transmit` does."""
        try:
            kind, body = ask(link, wire.TRANSMIT, command, deadline_s)
        except CardMute:
            self._silent_insertion = insertion
            raise
        return self._answer(insertion, kind, body)

    def transmit_many(
        self, link: ChildLink, insertion: int, commands: Sequence[bytes], deadline_s: float
    ) -> list[bytes]:
        """Carry APDUs in a row, as `transmit` does each of them."""
        try:
            replies = ask_many(link, commands, deadline_s)
        except CardMute:
            self._silent_insertion = insertion
            raise
        return [self._answer(insertion, kind, body) for kind, body in replies]

    def _answer(self, insertion: int, kind: int, body: bytes) -> bytes:
        if kind != wire.DONE:
            raise self._failure(body, insertion)
        if len(body) < 2:
            raise CardProtocolError(f"an answer of {len(body)} bytes")
        return body


class PcscConnection:
    """An exclusive connection through a `PcscReader`; it ends with the child that opened it."""

    def __init__(self, reader: PcscReader, link: ChildLink) -> None:
        self._reader = reader
        self._link = link
        self._atr = b""
        self._insertion = reader.insertion_now()
        self._ended: CardError | None = None

    @property
    def atr(self) -> bytes:
        """The answer to reset, asked for once; empty where the card or the reader is gone."""
        if not self._atr and self._ended is None:
            try:
                kind, body = self._link.request(wire.ATR, b"", CLOSE_DEADLINE_S)
            except (ChildExpiredError, ChildGoneError):
                return b""  # the next APDU says so
            self._atr = body if kind == wire.DONE else b""
        return self._atr

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        """As `CardConnection.transmit`."""
        if self._ended is not None:
            raise self._ended
        try:
            raw = self._reader.transmit(self._link, self._insertion, command, deadline_s)
        except CardError as error:
            self._end(error)
            raise
        return Response(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def transmit_many(self, commands: Sequence[bytes], deadline_s: float = 5.0) -> list[Response]:
        """As `drivers.cards.apdu.Many`."""
        if self._ended is not None:
            raise self._ended
        try:
            answers = self._reader.transmit_many(self._link, self._insertion, commands, deadline_s)
        except CardError as error:
            self._end(error)
            raise
        return [Response(raw[:-2], int.from_bytes(raw[-2:], "big")) for raw in answers]

    def close(self) -> None:
        """As `CardConnection.close`."""
        self._end(CardRemoved("the connection was closed"))

    def _end(self, reason: CardError) -> None:
        if self._ended is not None:
            return
        self._ended = reason
        try:
            self._link.request(wire.DISCONNECT, b"", CLOSE_DEADLINE_S)
        except (ChildExpiredError, ChildGoneError):
            return  # the child is dead, and with it everything that it held
