"""Who follows the exchange: a name, a token, an agency, and how far each has come."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from provisioning.gateway.storage.database import Database

EVERYTHING = "*"
"""The agency of a subscriber that gets all entries: an archive, an auditor."""


class SubscriberTaken(Exception):
    """There is a subscriber with this name."""

    code = "subscriber-taken"


@dataclass(frozen=True)
class Subscriber:
    """Who asks."""

    name: str
    agency: str

    def gets(self, agency: str) -> bool:
        """True for its own agency's items."""
        return self.agency in {EVERYTHING, agency}


@dataclass(frozen=True)
class Seen:
    """How far a subscriber says it has come in one topic."""

    name: str
    topic: str
    position: int
    at_ms: int


class Subscribers:
    """The tables `subscriber` and `subscriber_seen`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, agency: str, now_ms: int) -> str:
        """Make a subscriber; returns its token, which is not kept. Raises `SubscriberTaken`, `StoreFailed`."""
        token = secrets.token_urlsafe(32)
        sql = "INSERT INTO subscriber VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        with self._database.transaction() as db:
            if db.run(sql, name, _hash(token), agency, now_ms) != 1:
                raise SubscriberTaken(f"{name}: there is a subscriber with this name")
        return token

    def of(self, token: str) -> Subscriber | None:
        """Whose token this is."""
        with self._database.reading() as db:
            row = db.row("SELECT name, agency FROM subscriber WHERE token_hash = ?", _hash(token))
        return None if row is None else Subscriber(*row)

    def saw(self, subscriber: Subscriber, topic: str, position: int, now_ms: int) -> None:
        """Note how far it has come: for the operator's eye, the subscriber's own place is what counts."""
        sql = """INSERT INTO subscriber_seen VALUES (?, ?, ?, ?) ON CONFLICT (name, topic) DO UPDATE
            SET position = excluded.position, at_ms = excluded.at_ms"""
        with self._database.transaction() as db:
            db.run(sql, subscriber.name, topic, position, now_ms)

    def seen(self) -> tuple[Seen, ...]:
        """All places, by name."""
        with self._database.reading() as db:
            rows = db.rows("SELECT name, topic, position, at_ms FROM subscriber_seen ORDER BY name, topic")
        return tuple(Seen(*row) for row in rows)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8")).digest()
