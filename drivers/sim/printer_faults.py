"""What can go wrong with the simulated printer: faults that are there, and faults that wait for their moment. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

FAULTS = frozenset({
    "paper-out", "near-end", "cover-open", "cutter-jam", "head-hot", "unrecoverable", "power-off", "power-cycle",
    "mute", "no-markers", "slow", "noise", "unplugged", "lying", "presenter-jam",
})  # fmt: skip

Moment = Literal["before-cut", "after-cut", "before-proof"]
"""When the cut is due; when it is done; when the marker behind the cut is due and not yet answered."""


@dataclass(frozen=True)
class Fault:
    """One fault. Where neither byte, line nor moment is given, it is there at once."""

    name: str
    at_byte: int | None = None
    at_line: int | None = None
    moment: Moment | None = None
    seconds: float = 2.0
    lines_per_s: float = 4.0


class Faults:
    """The faults of one printer."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self.active: dict[str, Fault] = {}

    def arm(self, fault: Fault) -> bool:
        """Let a fault wait; False if it waits for nothing and is due now."""
        if fault.at_byte is None and fault.at_line is None and fault.moment is None:
            return False
        self._armed.append(fault)
        return True

    def forget(self, name: str | None) -> list[str]:
        """End one fault or all, also those that wait, and return the names of those that were there."""
        self._armed = [f for f in self._armed if name is not None and f.name != name]
        ended = [f for f in self.active if name in (None, f)]
        for fault in ended:
            del self.active[fault]
        return ended

    def next_byte(self) -> int | None:
        """The byte at which the next fault is due."""
        return min((f.at_byte for f in self._armed if f.at_byte is not None), default=None)

    def take_due(self, received: int, lines: int) -> list[Fault]:
        """The faults whose byte or line has come; they wait no longer."""
        return self._take(
            [
                f
                for f in self._armed
                if (f.at_byte is not None and received >= f.at_byte) or (f.at_line is not None and lines >= f.at_line)
            ]
        )

    def take_at(self, moment: Moment) -> list[Fault]:
        """The faults that waited for this moment."""
        return self._take([f for f in self._armed if f.moment == moment])

    def _take(self, due: list[Fault]) -> list[Fault]:
        if due:
            self._armed = [f for f in self._armed if f not in due]
        return due


class Hand(ABC):
    """Whoever stands beside the printer: covers, power and cable, each as the fault it is."""

    @abstractmethod
    def set_fault(self, name: str) -> None: ...

    @abstractmethod
    def clear_fault(self, name: str | None = None) -> None: ...

    def open_cover(self) -> None:
        self.set_fault("cover-open")

    def close_cover(self) -> None:
        self.clear_fault("cover-open")

    def power_off(self) -> None:
        self.set_fault("power-off")

    def power_on(self) -> None:
        self.clear_fault("power-off")

    def unplug(self) -> None:
        self.set_fault("unplugged")

    def plug(self) -> None:
        self.clear_fault("unplugged")
