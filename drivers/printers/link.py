"""The link to a printer, whatever it is made of, and the dialogue on it: one question at a time, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from drivers.api import PrinterStatus, Ticket
from drivers.errors import PrinterError
from drivers.printers.escpos import CLEAR_BUFFER, FULL_STATUS, RETRACT, query
from drivers.printers.replies import SILENT, Cleared, FullStatus, RealTimeStatus, Reply, ReplyParser, printer_status

PRESENTER_JAM = "presenter-jam"
"""A ticket cannot leave the mouth: neither out nor back."""
_MOUTH_LOOK_S = 0.25

_R = TypeVar("_R", bound=Reply)


class LinkLost(PrinterError):
    """The cable was pulled, the port vanished, or the other end closed."""

    code = "printer-unplugged"


class Transport(Protocol):
    """Bytes to and from a printer. No call blocks, except `wait`, and that no longer than it is told."""

    def write(self, data: bytes) -> int:
        """Hand over as much as the link takes now and return how much; 0 if none. Raises `LinkLost`."""
        ...

    def read(self) -> bytes:
        """What has arrived, or nothing. Raises `LinkLost`."""
        ...

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        """Return when something has arrived, when the link takes bytes (if asked), or when the time is up."""
        ...

    @property
    def queued(self) -> int:
        """Bytes taken by `write` that are not yet on the wire. Raises `LinkLost`."""
        ...

    @property
    def holds_back(self) -> bool:
        """Whether flow control may keep bytes here while the printer is off."""
        ...

    def close(self) -> None:
        """Let go of the link. Never raises; may be called twice."""
        ...


@dataclass(frozen=True)
class Deadlines:
    """How long a printer may take, in seconds."""

    reply_s: float = 1.0
    """For a real-time answer."""
    heartbeat_s: float = 0.25
    """Between two questions during a job."""
    silent_s: float = 3.0
    """Without any answer during a job, before it is given up."""
    stall_s: float = 10.0
    """Without taking a byte."""
    finish_s: float = 20.0
    """From the last byte, or the last marker, to the next marker."""
    cool_s: float = 60.0
    """For a hot head to cool, while the job waits."""
    retract_s: float = 5.0
    """For a ticket to be drawn in."""


class Dialogue:
    """Questions and answers on one transport. One thread owns it."""

    def __init__(
        self, transport: Transport, clock: Callable[[], float], deadlines: Deadlines, *, full_status: bool = False
    ) -> None:
        """`full_status` is for printers that answer `FULL_STATUS`."""
        self.transport = transport
        self.clock = clock
        self.deadlines = deadlines
        self.full_status = full_status
        self._parser = ReplyParser(full_status=full_status)

    def hear(self) -> list[Reply]:
        """The replies that have arrived. Raises `LinkLost`."""
        return self._parser.feed(self.transport.read())

    def drop_stale(self) -> None:
        """Forget what arrived before now: it answers no question of ours. Raises `LinkLost`."""
        while self.transport.read():
            pass
        self._parser.reset()

    def ask(self, n: int, on_other: Callable[[Reply], None] | None = None) -> int | None:
        """Send DLE EOT `n` and return the answer, or None after `reply_s`. Raises `LinkLost`."""
        reply = self.exchange(query(n), RealTimeStatus, on_other)
        return None if reply is None else reply.value

    def ticket(self) -> Ticket | None:
        """What is in the mouth; None where the printer cannot know or is silent. Raises `LinkLost`."""
        reply = self.exchange(FULL_STATUS, FullStatus) if self.full_status else None
        return None if reply is None else reply.ticket

    def retract(self) -> bool:
        """Have the ticket drawn in; True once the mouth is empty. Raises `LinkLost`."""
        until = self.clock() + self.deadlines.retract_s
        if not self.send(RETRACT):
            return False
        while (found := self.ticket()) == "waiting" and (left := until - self.clock()) > 0:
            self.transport.wait(min(left, _MOUTH_LOOK_S), to_write=False)
        return found == "none"

    def send(self, data: bytes) -> bool:
        """Send a short command within `reply_s`; False if the link does not take it. Raises `LinkLost`."""
        until = self.clock() + self.deadlines.reply_s
        while data and (left := until - self.clock()) > 0:
            data = data[self.transport.write(data) :]
            if data:
                self.transport.wait(left, to_write=True)
        return not data

    def clear_buffer(self) -> bool:
        """Let the printer forget what it has not printed; True once it said so (37 25 00). Raises `LinkLost`."""
        return self.exchange(CLEAR_BUFFER, Cleared) is not None

    def for_auto_status(self) -> Dialogue:
        """The same link, read as that of a printer that reports changes unasked and has no full status."""
        return Dialogue(self.transport, self.clock, self.deadlines)

    def exchange(self, question: bytes, kind: type[_R], on_other: Callable[[Reply], None] | None = None) -> _R | None:
        """Send a question and return the first reply of that kind, or None after `reply_s`. Raises `LinkLost`."""
        until = self.clock() + self.deadlines.reply_s
        rest = question
        while (left := until - self.clock()) > 0:
            if rest:
                rest = rest[self.transport.write(rest) :]
            self.transport.wait(left, to_write=bool(rest))
            answer: _R | None = None
            for reply in self.hear():
                if isinstance(reply, kind) and not rest and answer is None:
                    answer = reply
                elif on_other is not None:
                    on_other(reply)
            if answer is not None:
                return answer
        return None

    def status(self, on_other: Callable[[Reply], None] | None = None) -> PrinterStatus:
        """Ask all four questions; a printer that is silent at the first is not asked the others. Raises `LinkLost`."""
        if on_other is None:
            self.drop_stale()
        answers: dict[int, int] = {}
        for n in (1, 2, 3, 4):
            answer = self.ask(n, on_other)
            if answer is None:
                break
            answers[n] = answer
        if not answers:
            return SILENT
        ticket = self.ticket() if on_other is None and len(answers) == 4 else None
        found = replace(printer_status(answers), ticket=ticket)
        return replace(found, online=False, error=found.error or PRESENTER_JAM) if ticket == "jammed" else found
