"""What happened, for the tester: the terminal's structured log and the bench's own doings, in one line of numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from kiosk.bench.ports import LogLine
from kiosk.words.city_time import city_moment

KEEP = 2000


class BenchLog:
    """Numbered lines in memory. `source` gives the terminal's latest log events, oldest first."""

    def __init__(self, wall_ms: Callable[[], int], source: Callable[[], Sequence[Mapping[str, object]]]) -> None:
        self._wall_ms = wall_ms
        self._source = source
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._n = 0
        self._last: Mapping[str, object] | None = None

    def note(self, what: str, **facts: object) -> None:
        """Add one line of the bench's own: codes and numbers only."""
        with self._lock:
            self._absorb()
            self._add(self._wall_ms(), what, facts)

    def after(self, n: int) -> Sequence[LogLine]:
        """The lines with a number above `n`."""
        with self._lock:
            self._absorb()
            return [line for line in self._lines if line.n > n]

    def clear(self) -> None:
        """Forget the lines; the numbers go on, so that nobody takes a new line for an old one."""
        with self._lock:
            self._absorb()
            self._lines.clear()

    def _absorb(self) -> None:
        """Take in what the terminal logged since the last time."""
        events = list(self._source())
        start = next((i + 1 for i in range(len(events) - 1, -1, -1) if events[i] is self._last), 0)
        for event in events[start:]:
            facts = {name: value for name, value in event.items() if name not in {"time_ms", "event"}}
            at = event.get("time_ms")
            self._add(at if isinstance(at, int) else self._wall_ms(), str(event.get("event", "")), facts)
        if events:
            self._last = events[-1]

    def _add(self, wall_ms: int, what: str, facts: Mapping[str, object]) -> None:
        self._n += 1
        at = city_moment(wall_ms).strftime("%H:%M:%S.%f")[:-3]
        self._lines.append(LogLine(self._n, at, what, dict(facts)))
        del self._lines[:-KEEP]
