"""How fast, how much, and what after which answer. Pure: no clock, no I/O; chance is handed in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from offline_cache.errors import (
    AckRefused,
    BadReply,
    CacheError,
    NotAuthorised,
    Refused,
    SeqConflict,
    SeqGap,
    StorageDamaged,
    TooLarge,
    Unavailable,
    Untrusted,
)
from offline_cache.messages import MAX_BATCH_BYTES, MAX_BATCH_ROWS

Action = Literal["go-on", "wait", "pause", "stop"]
"""`wait`: a new entry may shorten it, unless the gateway gave the time. `pause`: long, the gateway refuses us. `stop`:
nothing is sent until a person has looked. Nothing is ever deleted."""


@dataclass(frozen=True)
class Limits:
    """Bounds. Rows and bytes per batch; seconds of waiting."""

    least_rows: int = 20
    first_rows: int = 100
    most_rows: int = MAX_BATCH_ROWS
    least_bytes: int = 16 * 1024
    most_bytes: int = MAX_BATCH_BYTES
    quick_s: float = 1.0
    """A full batch that took less grows the next one; one that took four times as long halves it."""
    first_wait_s: float = 1.0
    least_wait_s: float = 0.2
    most_wait_no_answer_s: float = 20.0
    most_wait_busy_s: float = 300.0
    least_retry_after_s: float = 1.0
    most_retry_after_s: float = 900.0
    pause_s: float = 300.0
    most_rewinds: int = 3


@dataclass(frozen=True)
class Pace:
    """What the last answers taught. `failures` and `rewinds` count since the last stored batch."""

    rows: int
    max_bytes: int
    failures: int = 0
    rewinds: int = 0

    @classmethod
    def start(cls, limits: Limits) -> Pace:
        """At the beginning."""
        return cls(limits.first_rows, limits.most_bytes)


@dataclass(frozen=True)
class Decision:
    """What to do now. `from_seq` is where to continue when the gateway asked for it; `alarm` a failure code."""

    pace: Pace
    action: Action
    wait_s: float = 0.0
    wakes: bool = False
    """Whether a new entry ends the waiting (not before `Limits.first_wait_s`)."""
    from_seq: int | None = None
    alarm: str | None = None


def after_stored(pace: Pace, rows: int, took_s: float, limits: Limits) -> Pace:
    """A batch of `rows` was stored within `took_s`: grow a full quick one, shrink a slow one."""
    size = pace.rows
    if took_s < limits.quick_s and rows >= size:
        size = min(limits.most_rows, max(size * 2, limits.least_rows))
    elif took_s > 4 * limits.quick_s:
        size = max(limits.least_rows, size // 2)
    return Pace(rows=size, max_bytes=min(limits.most_bytes, pace.max_bytes * 2))


def backoff_s(failures: int, most_s: float, chance: float, limits: Limits) -> float:
    """Full jitter: evenly between nothing and a bound that doubles with each failure. `chance` is in [0, 1)."""
    bound = min(most_s, limits.first_wait_s * 2.0 ** min(failures - 1, 32))
    return max(limits.least_wait_s, bound * chance)


def requested_wait_s(retry_after_s: float, limits: Limits) -> float:
    """`Retry-After`, within bounds."""
    if math.isnan(retry_after_s):
        return limits.most_retry_after_s
    return min(limits.most_retry_after_s, max(limits.least_retry_after_s, retry_after_s))


def after_error(pace: Pace, error: CacheError, sent: range, last_seq: int, chance: float, limits: Limits) -> Decision:
    """Decide after a failure.

    `sent` are the seqs of the batch (empty when it was not even made), `last_seq` the last one recorded here.
    """
    failed = replace(pace, failures=pace.failures + 1)
    if isinstance(error, SeqGap):
        return _after_gap(failed, error.expected_seq, sent, last_seq, chance, limits)
    if isinstance(error, TooLarge):
        return _after_too_large(failed, sent, chance, limits)
    if isinstance(error, (SeqConflict, StorageDamaged)):
        return Decision(failed, "stop", alarm=error.code)
    if isinstance(error, NotAuthorised):
        return Decision(failed, "pause", wait_s=limits.pause_s * (0.5 + chance / 2), alarm=error.code)
    if isinstance(error, Refused):
        # Whatever the reason, the same bytes will not do better: long pauses, and somebody must look.
        return Decision(failed, "pause", wait_s=limits.pause_s * (0.5 + chance / 2), alarm=error.problem)
    if isinstance(error, Unavailable):
        return _after_no_answer(failed, error, chance, limits)
    alarm = error.code if not isinstance(error, BadReply) or failed.failures > 1 else None
    wait_s = backoff_s(failed.failures, limits.most_wait_busy_s, chance, limits)
    return Decision(failed, "wait", wait_s=wait_s, wakes=not isinstance(error, AckRefused), alarm=alarm)


def _after_no_answer(failed: Pace, error: Unavailable, chance: float, limits: Limits) -> Decision:
    alarm = error.code if isinstance(error, Untrusted) else None
    if error.retry_after_s is not None:
        return Decision(failed, "wait", wait_s=requested_wait_s(error.retry_after_s, limits), alarm=alarm)
    most_s = limits.most_wait_busy_s if error.answered else limits.most_wait_no_answer_s
    wait_s = backoff_s(failed.failures, most_s, chance, limits)
    return Decision(failed, "wait", wait_s=wait_s, wakes=not error.answered, alarm=alarm)


def _after_gap(failed: Pace, expected: int, sent: range, last_seq: int, chance: float, limits: Limits) -> Decision:
    if expected > last_seq + 1:
        return Decision(failed, "stop", alarm=SeqGap.code)  # the gateway holds entries that this disk has lost
    rewound = replace(failed, rewinds=failed.rewinds + 1)
    if expected == sent.start or rewound.rewinds > limits.most_rewinds:
        wait_s = backoff_s(failed.failures, limits.most_wait_busy_s, chance, limits)
        return Decision(rewound, "wait", wait_s=wait_s, from_seq=expected, alarm=SeqGap.code)
    return Decision(rewound, "go-on", from_seq=expected)


def _after_too_large(failed: Pace, sent: range, chance: float, limits: Limits) -> Decision:
    if len(sent) <= 1:
        wait_s = backoff_s(failed.failures, limits.most_wait_busy_s, chance, limits)
        return Decision(failed, "wait", wait_s=wait_s, alarm=TooLarge.code)
    smaller = replace(
        failed, rows=max(1, min(failed.rows, len(sent)) // 2), max_bytes=max(limits.least_bytes, failed.max_bytes // 2)
    )
    return Decision(smaller, "go-on")
