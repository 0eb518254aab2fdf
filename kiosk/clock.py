"""Time as the terminal needs it, injected everywhere. Nobody sleeps."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from kiosk.words.city_time import city_moment

MADE_MS = 978_278_400_000
"""2001-01-01 in Guangzhou: where the clock of a machine begins when its battery is dead, milliseconds since 1970."""


class Clock(Protocol):
    """A clock on the wall and one that only goes forward."""

    def monotonic_s(self) -> float: ...

    def wall_ms(self) -> int: ...


class SystemClock:
    """The machine's clocks, which a tester may push forward (`shift`), and whose battery may die."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shift_s = 0.0
        self._past_s = 0.0
        self._fallen_ms = 0

    @property
    def shift_s(self) -> float:
        """By how many seconds the clocks stand ahead of the machine's."""
        return self._shift_s

    def shift(self, seconds: float) -> None:
        """Push both clocks forward."""
        with self._lock:
            self._shift_s += seconds

    def unshift(self) -> None:
        """Put the wall clock back to the machine's; the other one never goes back."""
        with self._lock:
            self._past_s += self._shift_s
            self._shift_s = 0.0

    @property
    def battery_dead(self) -> bool:
        return self._fallen_ms != 0

    def lose_battery(self) -> None:
        """The wall clock falls to where it was made and goes on from there; the other one goes on as if nothing was."""
        with self._lock:
            self._fallen_ms += MADE_MS - self.wall_ms()

    def new_battery(self) -> None:
        """The wall clock is right again."""
        with self._lock:
            self._fallen_ms = 0

    def monotonic_s(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic() + self._past_s + self._shift_s

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + int(self._shift_s * 1000) + self._fallen_ms


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, wall_ms: int = 1_779_070_000_000) -> None:
        self._wall_ms = wall_ms
        self._monotonic_s = 1000.0

    def advance(self, seconds: float) -> None:
        self._monotonic_s += seconds
        self._wall_ms += round(seconds * 1000)

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def wall_ms(self) -> int:
        return self._wall_ms


def local_minute(wall_ms: int) -> str:
    """Return local time as ISO 8601 without seconds."""
    return city_moment(wall_ms).strftime("%Y-%m-%dT%H:%M")
