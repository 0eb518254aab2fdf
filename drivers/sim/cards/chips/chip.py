"""What a profile's twin is: a chip that answers parsed commands. `drivers.sim.cards.card.SimCard` brings all the rest.

The chassis holds quirks, faults, counting, 61xx and 6Cxx; a chip knows its files, keys and PIN only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

Answer = tuple[bytes, int]
"""Data and status word."""


@dataclass(frozen=True)
class Command:
    """A short command APDU, taken apart. `le` is the byte as sent (0 means 256), or None. Data never enter a repr."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(repr=False)
    le: int | None

    @property
    def wanted(self) -> int:
        """How many bytes are asked for at most."""
        return self.le or 256


class Chip(Protocol):
    """The card behind the contacts."""

    @property
    def profile(self) -> str: ...
    @property
    def label(self) -> str:
        """Profile and version, for a repr."""
        ...

    @property
    def atr(self) -> bytes: ...
    @property
    def tries_left(self) -> int: ...
    @property
    def pin_verified(self) -> bool: ...
    @property
    def classes(self) -> frozenset[int]:
        """The class bytes it takes."""
        ...

    @property
    def exact(self) -> frozenset[int]:
        """Instructions that want the very Le of the answer; the quirk `wrong_le` says what a wrong one gets."""
        ...

    def reset(self) -> None:
        """Power down or reset: nothing selected, nothing verified."""
        ...

    def answer(self, command: Command) -> Answer:
        """Do what the command says, whatever it is. Never raises."""
        ...


def take_apart(apdu: bytes) -> Command | None:
    """Split an APDU; None: the lengths do not fit. One byte alone behind the header is Le."""
    if len(apdu) < 4:
        return None
    rest = apdu[4:]
    if len(rest) <= 1:
        return Command(apdu[0], apdu[1], apdu[2], apdu[3], b"", rest[0] if rest else None)
    body, tail = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    if len(body) != rest[0] or not body or len(tail) > 1:
        return None
    return Command(apdu[0], apdu[1], apdu[2], apdu[3], body, tail[0] if tail else None)


class PinCounter:
    """A PIN with its try counter, as cards keep it: wrong tries survive power-down, a verified PIN does not."""

    def __init__(self, pin: bytes, tries_left: int, full_tries: int) -> None:
        self._pin = pin
        self._full = max(tries_left, full_tries)
        self.tries_left = tries_left
        self.verified = False

    def reset(self) -> None:
        self.verified = False

    def query(self) -> int:
        """Return the status word of VERIFY without data."""
        return 0x9000 if self.verified else 0x63C0 | self.tries_left if self.tries_left else 0x6983

    def verify(self, given: bytes) -> int:
        """Return the status word of VERIFY."""
        if self.tries_left == 0:
            return 0x6983
        if len(given) != len(self._pin):
            return 0x6700
        if given == self._pin:
            self.tries_left, self.verified = self._full, True
            return 0x9000
        self.tries_left -= 1
        self.verified = False
        return 0x63C0 | self.tries_left

    def change(self, old: bytes, new: bytes) -> int:
        """Return the status word of CHANGE REFERENCE DATA; a wrong old PIN costs a try."""
        sw = self.verify(old)
        if sw == 0x9000:
            self._pin = new
        return sw
