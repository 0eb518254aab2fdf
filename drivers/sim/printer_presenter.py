"""The mouth of a kiosk printer: it holds the cut ticket, presents it, and takes it back if nobody does. Pure.

Source of the full status: Custom "VKP80II commands manual", 10 04 14; see docs/printing.md.
"""

from __future__ import annotations

from drivers.sim.printer_condition import CUTTER_BIT, Condition


class Presenter:
    """Where the last ticket is. Numbers are those of `SimReceipt`."""

    def __init__(self) -> None:
        self.held: int | None = None
        """Cut, and not presented."""
        self.waiting: int | None = None
        """Presented, and not taken."""
        self.taken: list[int] = []
        self.retracted: list[int] = []

    @property
    def occupied(self) -> bool:
        return self.held is not None or self.waiting is not None

    def hold(self, number: int) -> None:
        """A ticket was cut; one that still waits is pushed out by it and falls."""
        self._push_out()
        self.held = number

    def present(self) -> None:
        if self.held is not None:
            self._push_out()
            self.waiting, self.held = self.held, None

    def retract(self) -> None:
        """Both tickets go into the bin inside."""
        self.retracted += [n for n in (self.waiting, self.held) if n is not None]
        self.waiting = self.held = None

    def take(self) -> int | None:
        """A hand takes the ticket that waits."""
        number, self.waiting = self.waiting, None
        if number is not None:
            self.taken.append(number)
        return number

    def full_status(self, condition: Condition, *, jammed: bool) -> bytes:
        """The answer to 10 04 14: 10 0F, then paper, user, recoverable and unrecoverable."""
        paper = (0x01 if condition.paper_out else 0) | (0x04 if condition.near_end else 0)
        paper |= 0x20 if self.occupied else 0
        user = 0x03 if condition.cover_open else 0
        recoverable = (0x01 if condition.errors & 0x40 else 0) | (0x40 if jammed else 0)
        unrecoverable = (0x01 if condition.errors & CUTTER_BIT else 0) | (0x04 if condition.errors & 0x20 else 0)
        return b"\x10\x0f" + bytes([paper, user, recoverable, unrecoverable])

    def _push_out(self) -> None:
        if self.waiting is not None:
            self.taken.append(self.waiting)
            self.waiting = None
