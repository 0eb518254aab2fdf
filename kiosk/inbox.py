"""What the runtime loop waits on: the inbox, the timers, and the PIN's digits on their way to the card."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque

from kiosk import events as e
from kiosk.clock import Clock
from kiosk.session.start import PIN_LENGTH
from kiosk.session.table import TOUCHES

INBOX_LIMIT = 500
DIGITS = tuple("1234567890")


class PinHolder:
    """The digits that were typed, in memory that is overwritten when they are used or dropped."""

    def __init__(self, limit: int = PIN_LENGTH) -> None:
        self._limit = limit
        self._digits = bytearray()

    def __len__(self) -> int:
        return len(self._digits)

    def add(self, digit: str) -> None:
        """Take one more digit; more than a PIN has are not taken."""
        if len(self._digits) < self._limit and digit in DIGITS:
            self._digits += digit.encode("ascii")

    def erase(self) -> None:
        """Drop the last digit."""
        if self._digits:
            self._digits[-1] = 0
            del self._digits[-1]

    def peek(self) -> str:
        """Return the digits, which stay."""
        return self._digits.decode("ascii")

    def take(self) -> str:
        """Return the digits and forget them."""
        digits = self._digits.decode("ascii")
        self.wipe()
        return digits

    def wipe(self) -> None:
        """Overwrite, then forget."""
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()


class Inbox:
    """Events on their way to the loop. When it is full, touches are dropped; what a device says never is."""

    def __init__(self, limit: int = INBOX_LIMIT) -> None:
        self._limit = limit
        self._events: deque[e.Event] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, event: e.Event) -> None:
        """Add an event, from any thread."""
        with self._changed:
            if len(self._events) >= self._limit and (type(event) in TOUCHES or isinstance(event, e.PinKey)):
                return
            self._events.append(event)
            self._changed.notify_all()

    def get(self, timeout_s: float | None) -> e.Event | None:
        """Return the next event, or None after `timeout_s`, or at once when woken without one."""
        with self._changed:
            if not self._events and not self._closed:
                self._changed.wait(timeout_s)
            return self._events.popleft() if self._events else None

    def wake(self) -> None:
        """Let `get` return, so that timers are looked at again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        return len(self._events)


class Timers:
    """Named timers on an injected clock; starting one again forgets the older."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._count = itertools.count()

    def start(self, name: str, after_s: float) -> None:
        entry = (self._clock.monotonic_s() + after_s, next(self._count))
        self._due[name] = entry
        heapq.heappush(self._heap, (*entry, name))

    def stop(self, name: str) -> None:
        self._due.pop(name, None)

    def next_in_s(self) -> float | None:
        """Seconds until the next one is due, or None."""
        self._drop_stale()
        return None if not self._heap else max(0.0, self._heap[0][0] - self._clock.monotonic_s())

    def peek_in_s(self) -> float | None:
        """As `next_in_s`, from any thread: nothing is tidied up."""
        due = [at for at, _ in list(self._due.values())]
        return None if not due else max(0.0, min(due) - self._clock.monotonic_s())

    def fired(self) -> list[str]:
        """Return the names of those that are due, earliest first, and forget them."""
        names: list[str] = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= self._clock.monotonic_s():
            _, _, name = heapq.heappop(self._heap)
            del self._due[name]
            names.append(name)
            self._drop_stale()
        return names

    def _drop_stale(self) -> None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
