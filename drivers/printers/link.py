"""The link to a printer, whatever it is made of, and the dialogue on it: one question at a time, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.api import PrinterStatus
from drivers.errors import PrinterError
from drivers.printers.escpos import query
from drivers.printers.replies import SILENT, RealTimeStatus, Reply, ReplyParser, printer_status


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


class Dialogue:
    """Questions and answers on one transport. One thread owns it."""

    def __init__(self, transport: Transport, clock: Callable[[], float], deadlines: Deadlines) -> None:
        self.transport = transport
        self.clock = clock
        self.deadlines = deadlines
        self._parser = ReplyParser()

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
        until = self.clock() + self.deadlines.reply_s
        rest = query(n)
        while (left := until - self.clock()) > 0:
            if rest:
                rest = rest[self.transport.write(rest) :]
            self.transport.wait(left, to_write=bool(rest))
            answer: int | None = None
            for reply in self.hear():
                if isinstance(reply, RealTimeStatus) and not rest and answer is None:
                    answer = reply.value
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
        return printer_status(answers) if answers else SILENT
