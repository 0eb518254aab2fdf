"""Who may come in now, and when the others shall come back: a slot each, told in `Retry-After`. No I/O.

Telling everybody the same number of seconds makes all of them come back together and costs several times the work. So
whoever cannot come in gets a time of its own, spaced by the rate at which requests are being finished, and a place is
kept for it then. Whoever comes early hears the same time again unless a thread is free. Whoever comes after its time,
and whoever was served a moment ago and has more to send, goes before newcomers. Slots are given out a little faster
than work is done: a second refusal for a few is cheaper than a thread without work. For the same reason nobody is told
to stay away for long: the rate at which work is done may have been measured at a bad moment.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class SlotLimits:
    """Bounds: requests, seconds, requests a second."""

    at_once: int = 4
    """At work: threads, and transactions of the database."""
    waiting: int = 512
    """Let in, waiting for a thread. Longer than a second's work, so that nothing idles between two slots."""
    urgent: int = 64
    """Kept for requests behind which a citizen stands."""
    first_rate: float = 500.0
    """Requests a second, until the first full half-second was measured."""
    eagerness: float = 1.25
    """Slots given out for each request that is finished."""
    going_on_s: float = 2.0
    """How long somebody who was served counts as one who has more to send."""
    least_wait_s: float = 1.0
    first_most_wait_s: float = 10.0
    """Before the rate is known."""
    most_wait_s: float = 600.0
    early_s: float = 0.25
    grace_s: float = 30.0
    """How long a slot is kept for somebody who is late."""
    ask_again_s: float = 5.0
    """Nobody is told to wait longer without asking again, unless very many wait."""
    asking_rate: float = 200.0
    """Requests a second of those who ask again."""
    most_rate: float = 5000.0
    remembered: int = 50_000
    quiet_s: float = 0.05
    """After the last request, until what can wait gets the whole machine."""


class Slots:
    """One process's door. Touched by one thread (the event loop's); `clock` is monotonic, seconds."""

    def __init__(self, clock: Callable[[], float], limits: SlotLimits | None = None) -> None:
        self.limits = limits or SlotLimits()
        self.inside = 0
        """Let in and not yet gone."""
        self.rate = self.limits.first_rate
        """Requests a second that are finished while all threads are at work."""
        self._clock = clock
        self._tickets: OrderedDict[bytes, float] = OrderedDict()
        """Who was told to come back -> when."""
        self._served: OrderedDict[bytes, float] = OrderedDict()
        """Who was served -> when."""
        self._left = self._quicker = float("-inf")
        self._next = 0.0
        self._measured = False
        self._busy_since: float | None = None
        self._busy_count = 0

    def enter(self, who: bytes, *, urgent: bool = False) -> float | None:
        """None: come in, and `leave` afterwards. Otherwise the seconds after which a place is kept for `who`."""
        now, limits = self._clock(), self.limits
        self._forget(now)
        room = limits.at_once + limits.waiting
        due = self._tickets.get(who)
        if urgent:
            room += limits.urgent
        elif due is not None and now + limits.early_s < due and self.inside >= limits.at_once:
            return self._told(due - now)
        elif due is None and who not in self._served and self._tickets:
            room -= limits.waiting // 2  # the other half is for those whose time has come
        if self.inside < room:
            self._tickets.pop(who, None)
            self.inside += 1
            return None
        return self._slot(who, now)

    def _slot(self, who: bytes, now: float) -> float:
        if not self._tickets:
            self._next = now
        spacing = 1 / (self.rate * self.limits.eagerness)
        most_s = self.limits.most_wait_s if self._measured else self.limits.first_most_wait_s
        drained = now + max(self.inside * spacing, self.limits.least_wait_s)
        due = min(max(drained, self._next), now + most_s)
        self._next = due + spacing
        self._tickets.pop(who, None)
        self._tickets[who] = due
        return self._told(due - now)

    def _told(self, wait_s: float) -> float:
        """A long wait is a guess: who has one is told to ask again before, so that no thread idles when it was wrong.

        The more are waiting, the later, and never all at the same time.
        """
        half_s = max(self.limits.ask_again_s, len(self._tickets) / self.limits.asking_rate) / 2
        return max(wait_s if wait_s <= 2 * half_s else half_s + wait_s % half_s, self.limits.least_wait_s)

    def leave(self, who: bytes) -> None:
        """A request that was let in is done. Its end counts for the rate while all threads are at work."""
        self.inside -= 1
        now = self._clock()
        self._left = now
        self._served.pop(who, None)
        self._served[who] = now
        if self.inside < self.limits.at_once:
            self._busy_since = None
            self._idle(now)
            return
        if self._busy_since is None:
            self._busy_since, self._busy_count = now, 0
            return
        self._busy_count += 1
        took = now - self._busy_since
        if took >= 0.5:
            sample = max(self._busy_count / took, 1.0)
            self.rate = 0.5 * self.rate + 0.5 * sample if self._measured else sample
            if not self._measured:
                self._next = now  # what was given out before was a guess
            self._measured = True
            self._busy_since, self._busy_count = now, 0

    def _idle(self, now: float) -> None:
        """A thread has nothing to do although somebody was told to wait: more would have been done in this time."""
        if self._tickets and now - self._quicker >= 0.5:
            self._quicker = now
            self.rate = min(self.rate * 1.5, self.limits.most_rate)

    def busy(self) -> bool:
        """Whether somebody is inside, or was a moment ago. May be asked by any thread."""
        return self.inside > 0 or self._clock() - self._left < self.limits.quiet_s

    def _forget(self, now: float) -> None:
        _drop(self._tickets, now - self.limits.grace_s, self.limits.remembered)
        _drop(self._served, now - self.limits.going_on_s, self.limits.remembered)


def _drop(times: OrderedDict[bytes, float], before: float, most: int) -> None:
    """Forget the oldest: those before a time, and those too many."""
    while times:
        who, at = next(iter(times.items()))
        if at > before and len(times) <= most:
            return
        del times[who]
