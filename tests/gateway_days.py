"""A journal in memory for the proofs' tests: as much of a store as closing days needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.wire.encoding import from_base64url
from provisioning.gateway.proofs import days
from provisioning.gateway.store import JournalLine, SealedDay
from tests.gateway_kit import NOON

NOON_MS = int(NOON.timestamp() * 1000)
DAY_MS = 86_400_000


def journal(size: int, received_ms: int = NOON_MS) -> list[JournalLine]:
    """Entries of one terminal, a second apart."""
    return [
        JournalLine(
            at * 2, "T0001", "e" * 32, 1, at, f"id-{at}", hashlib.sha256(b"%d" % at).digest(), received_ms + at * 1000
        )
        for at in range(1, size + 1)
    ]


class LineStore:
    """Lines and days of `Store`, without a database."""

    def __init__(self, lines: Sequence[JournalLine]) -> None:
        self.journal = list(lines)
        self.closed: list[SealedDay] = []

    def last_day(self) -> SealedDay | None:
        return self.closed[-1] if self.closed else None

    def oldest_open_ms(self) -> int | None:
        after = self.closed[-1].through if self.closed else 0
        return next((line.received_ms for line in self.journal if line.position > after), None)

    def close_day(
        self, end_ms: int, sign: Callable[[SealedDay | None, Sequence[JournalLine]], SealedDay | None]
    ) -> bool:
        after = self.closed[-1].through if self.closed else 0
        through = max((x.position for x in self.journal if x.position > after and x.received_ms < end_ms), default=0)
        day = sign(self.last_day(), [x for x in self.journal if after < x.position <= through]) if through else None
        if day is not None:
            self.closed.append(day)
        return day is not None

    def day_of(self, position: int) -> SealedDay | None:
        return next((day for day in self.closed if day.after < position <= day.through), None)

    def lines(self, day: SealedDay) -> tuple[JournalLine, ...]:
        return tuple(line for line in self.journal if day.after < line.position <= day.through)

    def prove(self, line: JournalLine) -> dict[str, object]:
        return days.prove(self, line)  # type: ignore[arg-type]


def sealed_days(
    lines: Sequence[JournalLine], key: Ed25519PrivateKey, now_ms: int = NOON_MS + 400 * DAY_MS
) -> tuple[list[SealedDay], LineStore]:
    store = LineStore(lines)
    days.close_days(store, key, now_ms)  # type: ignore[arg-type]
    return store.closed, store


def check_days(documents: Sequence[Mapping[str, object]], key: Ed25519PublicKey) -> list[days.DayHead]:
    """What whoever keeps the published days can see: they follow one another without a gap. Raises `ProofInvalid`."""
    signed = [from_base64url(str(document["head"])) for document in documents]
    heads = [days.read_head(one, key) for one in signed]
    for before, head, proof in zip(heads, heads[1:], signed, strict=False):
        if (head.number, head.previous) != (before.number + 1, hashlib.sha256(proof).digest()):
            raise days.ProofInvalid(f"day {head.number} does not follow the day before it")
    if heads and heads[0].number == 1 and heads[0].previous != bytes(32):
        raise days.ProofInvalid("the first day follows one")
    return heads
