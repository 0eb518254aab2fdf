"""What a printer sends back. Pure: an incremental parser from bytes to typed replies, and the meaning of status bits.

Replies are told apart by masks (Epson "ESC/POS Command Reference", "Real-time commands", "GS a", "GS ( H"):
real-time status `b & 93h == 12h`; automatic status four bytes, the first `& 93h == 10h`, the others `& 90h == 0`;
queued status `& 90h == 0`; blocks begin with 37h, 3Bh, 3Dh or 5Fh and end with NUL. Anything else is noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from drivers.api import JobState, PrinterStatus, PrintResult, Ticket

MAX_BLOCK = 80
"""A block that has not ended after so many bytes is noise."""
_BLOCK_HEADERS = frozenset({0x37, 0x3B, 0x3D, 0x5F})
_PROCESS_ID = 0x22


@dataclass(frozen=True)
class RealTimeStatus:
    """An answer to DLE EOT. It does not say to which query."""

    value: int


@dataclass(frozen=True)
class AutoStatus:
    """Automatic status back: four bytes, sent when something changed."""

    value: bytes

    @property
    def offline(self) -> bool:
        return bool(self.value[0] & 0x08)

    @property
    def reason(self) -> str:
        """Why the printer is offline, as a failure code; empty if these bytes do not say."""
        if self.value[2] & 0x0C:
            return "paper-out"
        if self.value[0] & 0x20:
            return "cover-open"
        if self.value[1] & 0x08:
            return "cutter"
        if self.value[1] & 0x20:
            return "unrecoverable"
        return "head-hot" if self.value[1] & 0x40 else ""


@dataclass(frozen=True)
class ProcessId:
    """The printer has printed everything that was sent before this marker."""

    marker: bytes


@dataclass(frozen=True)
class QueuedStatus:
    """An answer to GS r, in its turn."""

    value: int


@dataclass(frozen=True)
class FullStatus:
    """The full status of Custom kiosk printers (VKP80, KPM): four bytes behind 10 0F."""

    value: bytes

    @property
    def ticket(self) -> Ticket:
        if self.value[2] & 0x40:  # paper jam, a recoverable error
            return "jammed"
        return "waiting" if self.value[0] & 0x20 else "none"


@dataclass(frozen=True)
class PowerOn:
    """The printer has just been switched on (3B 31 00): whatever it held is gone."""


@dataclass(frozen=True)
class Cleared:
    """The answer to DLE DC4 fn 8 (37 25 00): the buffer is empty."""


@dataclass(frozen=True)
class Block:
    """Some other block, such as a printer's name."""

    header: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Noise:
    """Bytes that are no reply."""

    data: bytes


Reply = RealTimeStatus | AutoStatus | ProcessId | QueuedStatus | FullStatus | PowerOn | Cleared | Block | Noise


_SHORT_BLOCKS: Mapping[bytes, Reply] = {b"\x3b\x31": PowerOn(), b"\x37\x25": Cleared()}


class ReplyParser:
    """Takes bytes as they arrive, in any pieces, and returns the replies that are complete."""

    def __init__(self, *, full_status: bool = False) -> None:
        """With `full_status`, 10 0F begins a full status and never an automatic one: Custom printers send no such."""
        self._pending = bytearray()
        self._full = full_status

    def feed(self, data: bytes) -> list[Reply]:
        self._pending += data
        replies: list[Reply] = []
        while self._pending:
            found = self._next()
            if found is None:
                break
            reply, used = found
            del self._pending[:used]
            replies.append(reply)
        return replies

    def reset(self) -> None:
        """Forget a half reply: the link was cut, or what would have come did not."""
        self._pending.clear()

    def _next(self) -> tuple[Reply, int] | None:
        """The first reply of the pending bytes and its length, or None while it is incomplete."""
        first = self._pending[0]
        if first & 0x93 == 0x12:
            return RealTimeStatus(first), 1
        if self._full and first == 0x10:
            return self._full_status()
        if first & 0x93 == 0x10:
            return self._auto_status()
        if first in _BLOCK_HEADERS:
            return self._block()
        if first & 0x90 == 0:
            return QueuedStatus(first), 1
        return Noise(bytes([first])), 1

    def _auto_status(self) -> tuple[Reply, int] | None:
        rest = self._pending[1:4]
        if any(b & 0x90 for b in rest):
            return Noise(bytes(self._pending[:1])), 1
        return (AutoStatus(bytes(self._pending[:4])), 4) if len(rest) == 3 else None

    def _full_status(self) -> tuple[Reply, int] | None:
        if len(self._pending) > 1 and self._pending[1] != 0x0F:
            return Noise(bytes(self._pending[:1])), 1
        return (FullStatus(bytes(self._pending[2:6])), 6) if len(self._pending) >= 6 else None

    def _block(self) -> tuple[Reply, int] | None:
        end = self._pending.find(0, 1, MAX_BLOCK)
        if any(b < 0x20 for b in self._pending[1 : end if end > 0 else None]):  # blocks hold text: this is none
            return Noise(bytes(self._pending[:1])), 1
        if end < 0:
            return (Noise(bytes(self._pending[:1])), 1) if len(self._pending) >= MAX_BLOCK else None
        start = end - 6  # 37 22 and four bytes, then the NUL at `end`
        if start >= 0 and self._pending[start] == 0x37 and self._pending[start + 1] == _PROCESS_ID:
            if start:  # what stood before it was no block but noise
                return Noise(bytes(self._pending[:start])), start
            return ProcessId(bytes(self._pending[2:end])), end + 1
        known = _SHORT_BLOCKS.get(bytes(self._pending[:end]))
        if known is not None:
            return known, end + 1
        return Block(self._pending[0], bytes(self._pending[1:end])), end + 1


SILENT = PrinterStatus(online=False, answered=False, cover=None, paper=None, error=None)
"""What is known of a printer that does not answer, or is not there."""
NO_JOB = PrintResult(JobState.NOT_PRINTED, "no-reply", 0)
"""What is known of a job for a printer that is not there."""


def printer_status(answers: Mapping[int, int]) -> PrinterStatus:
    """The meaning of the answers to DLE EOT 1 to 4. A query that was not answered leaves its part unknown."""
    if 1 not in answers:
        return SILENT
    cause, fault, roll = answers.get(2), answers.get(3), answers.get(4)
    cover: Literal["open", "closed"] | None = None if cause is None else ("open" if cause & 0x04 else "closed")
    paper = _paper(cause, roll)
    error = _error(fault)
    if error is None and cause is not None and cause & 0x40:
        error = "recoverable"
    no_fault = cover == "closed" and paper in {"ok", "near-end"} and error is None
    ready = len(answers) == 4 and not answers[1] & 0x28 and no_fault
    return PrinterStatus(
        online=ready,
        answered=True,
        cover=cover,
        paper=paper,
        error=error,
        detail={str(n): v for n, v in answers.items()},
    )


def _paper(cause: int | None, roll: int | None) -> Literal["ok", "near-end", "out"] | None:
    if (roll is not None and roll & 0x60) or (cause is not None and cause & 0x20):
        return "out"
    if roll is None:
        return None
    return "near-end" if roll & 0x0C else "ok"


def _error(fault: int | None) -> str | None:
    if fault is None:
        return None
    for bit, name in ((0x20, "unrecoverable"), (0x08, "cutter"), (0x40, "head-hot"), (0x04, "recoverable")):
        if fault & bit:
            return name
    return None


def blocking_reason(status: PrinterStatus) -> str:
    """Why this printer cannot take a job now, as a failure code; empty if it can."""
    if not status.answered:
        return "no-reply"
    if status.paper == "out":
        return "paper-out"
    if status.cover == "open":
        return "cover-open"
    if status.error is not None:
        return status.error
    return "" if status.online else "printer-offline"
