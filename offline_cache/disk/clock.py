"""Time as the outbox needs it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Protocol

from offline_cache.disk.files import read_limited


class OutboxClock(Protocol):
    """Time as the outbox needs it."""

    def now_ms(self) -> int:
        """Wall clock, milliseconds since 1970."""
        ...

    def mono_ms(self) -> int:
        """Milliseconds that never go back while the machine is up."""
        ...

    def boot_id(self) -> str:
        """Names this boot, so that `mono_ms` of two rows can be compared."""
        ...


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        raw = read_limited(Path("/proc/sys/kernel/random/boot_id"), 64)
        self._boot_id = raw.decode("ascii").strip() if raw else str(uuid.uuid4())

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        return self._boot_id


class KnownTime:
    """The wall clock, unless it is far behind a time that was known before.

    A real-time clock with a dead battery starts in 1970 or 2000. Then the last known time and what has passed since
    on the monotonic clock is the better guess. Nothing is ordered by it: the seq orders, the gateway notes the skew.
    """

    TOLERANCE_MS = 3_600_000
    """A clock that is set back by less than this is believed."""

    def __init__(self, clock: OutboxClock, known_ms: int | None) -> None:
        self._clock = clock
        self._known_ms = known_ms
        self._since_ms = clock.mono_ms()

    def now_ms(self) -> int:
        """Milliseconds since 1970, as good as can be known."""
        return self.at_ms(self._clock.mono_ms())

    def at_ms(self, mono_ms: int) -> int:
        """The same for who has just read the monotonic clock."""
        now = self._clock.now_ms()
        expected = self._expected_ms(mono_ms)
        return now if expected is None or now >= expected - self.TOLERANCE_MS else expected

    def behind(self) -> bool:
        """Whether the machine's clock is not believed."""
        expected = self._expected_ms(self._clock.mono_ms())
        return expected is not None and self._clock.now_ms() < expected - self.TOLERANCE_MS

    def _expected_ms(self, mono_ms: int) -> int | None:
        if self._known_ms is None:
            return None
        return self._known_ms + max(0, mono_ms - self._since_ms)
