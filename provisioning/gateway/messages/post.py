"""The messages that wait, and which went: queue, claim, retry. One cause makes one message, whoever asks how often.

What is in a message is sealed with a key of this gateway until it went, and then forgotten: the row keeps only that
something was sent, for which case, and when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisioning.gateway.storage.database import Database, Transaction

LEASE_MS = 120_000
"""Longer than any carrier takes. Whoever claimed a message and died loses it then to the next who asks."""
RETRY_MS = tuple(minutes * 60_000 for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 720))
"""Between the tries; after the last one the message is given up: a little more than a day."""
_NONCE_BYTES = 12
WAYS = ("sms", "email")


class Strongbox:
    """Seals small values of the messages at rest: AES-256-GCM under a key that only this gateway can make."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, values: Mapping[str, str], context: str) -> bytes:
        """Seal; `context` must be given again to open."""
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(dict(values), ensure_ascii=False).encode("utf-8")
        return nonce + self._cipher.encrypt(nonce, text, context.encode("utf-8"))

    def open(self, sealed: bytes, context: str) -> dict[str, str]:
        """What was sealed; empty where it was sealed by another key or for something else."""
        try:
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode("utf-8"))
        except (InvalidTag, ValueError):
            return {}
        return cast("dict[str, str]", json.loads(text))


@dataclass(frozen=True)
class Message:
    """One message to one recipient."""

    cause: str
    """What it is for, unlike any other: `verdict:17:sms`. The same cause again is the same message."""
    way: str
    """`sms` or `email`."""
    to: str = field(repr=False)
    text_id: str
    language: str
    number: str
    """The case, or empty."""
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True)
class Claimed:
    """A message that is this worker's until `LEASE_MS` is over. `turn` tells a late worker that it is no longer so."""

    id: int
    turn: int
    message: Message


@dataclass(frozen=True)
class PostCounts:
    """How many messages are in which state."""

    waiting: int
    sent: int
    given_up: int


class Post:
    """The tables `message` and `message_feed`."""

    def __init__(self, database: Database, box: Strongbox, gateway_id: str) -> None:
        self.database = database
        self.box = box
        self._gateway_id = gateway_id

    def key(self, claimed: Claimed) -> str:
        """What a carrier knows this message by, at every try; no other gateway's messages have it."""
        return f"kiosk-{self._gateway_id}-{claimed.id}"

    def queue(self, messages: Sequence[Message], now_ms: int) -> None:
        """Put messages in, to be sent at once. Raises `StoreFailed`; then none is in."""
        with self.database.transaction() as db:
            self.put(db, messages, now_ms)

    def put(self, db: Transaction, messages: Sequence[Message], now_ms: int) -> None:
        """The same within a transaction: with what caused them."""
        sql = """INSERT INTO message (cause, way, text_id, language, number, sealed, state, tries, due_ms, made_ms,
            done_ms, problem) VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?, 0, '') ON CONFLICT DO NOTHING"""
        for item in messages:
            sealed = self.box.close({**item.values, "": item.to}, item.cause)
            row = (item.cause, item.way, item.text_id, item.language, item.number, sealed, now_ms, now_ms)
            db.run(sql, *row)

    def claim(self, now_ms: int, limit: int) -> tuple[Claimed, ...]:
        """Messages that are due, the longest due first; nobody else gets them before the lease is over."""
        sql = """SELECT id, tries, cause, way, text_id, language, number, sealed FROM message
            WHERE state = 'waiting' AND due_ms <= ? ORDER BY due_ms, id LIMIT ?"""
        with self.database.transaction() as db:
            db.alone("message")
            rows = db.rows(sql, now_ms, limit)
            lease = now_ms + LEASE_MS
            for row in rows:
                db.run("UPDATE message SET tries = tries + 1, due_ms = ? WHERE id = ?", lease, row[0])
        found: list[Claimed] = []
        for id_, tries, cause, way, text_id, language, number, sealed in rows:
            values = self.box.open(bytes(sealed), cause)
            to = values.pop("", "")
            found.append(Claimed(id_, tries + 1, Message(cause, way, to, text_id, language, number, values)))
        return tuple(found)

    def sent(self, claimed: Claimed, now_ms: int) -> bool:
        """It went: forget whom to and what. False if the lease was lost; then another worker tells."""
        return self._end(claimed, "sent", "", now_ms)

    def give_up(self, claimed: Claimed, problem: str, now_ms: int) -> bool:
        """It will never go; `problem` is a code."""
        return self._end(claimed, "given-up", problem, now_ms)

    def again(self, claimed: Claimed, problem: str, now_ms: int) -> bool:
        """It did not go now; another try later. False after the last one, given up then, or if the lease was lost."""
        if claimed.turn > len(RETRY_MS):
            self.give_up(claimed, problem, now_ms)
            return False
        sql = "UPDATE message SET due_ms = ?, problem = ? WHERE id = ? AND tries = ? AND state = 'waiting'"
        with self.database.transaction() as db:
            return db.run(sql, now_ms + RETRY_MS[claimed.turn - 1], problem, claimed.id, claimed.turn) == 1

    def _end(self, claimed: Claimed, state: str, problem: str, now_ms: int) -> bool:
        sql = """UPDATE message SET state = ?, problem = ?, done_ms = ?, sealed = ? WHERE id = ? AND tries = ?
            AND state = 'waiting'"""
        with self.database.transaction() as db:
            return db.run(sql, state, problem, now_ms, b"", claimed.id, claimed.turn) == 1

    def counts(self) -> PostCounts:
        """For the page. Raises `StoreFailed`."""
        with self.database.reading() as db:
            counted = dict(db.rows("SELECT state, count(*) FROM message GROUP BY state"))
        return PostCounts(counted.get("waiting", 0), counted.get("sent", 0), counted.get("given-up", 0))

    def outbox(self, after: int, limit: int) -> list[dict[str, object]]:
        """What the outbox carrier would have sent, in order: for testers."""
        sql = """SELECT position, way, recipient, subject, body, at_ms FROM message_outbox WHERE position > ?
            ORDER BY position LIMIT ?"""
        with self.database.reading() as db:
            rows = db.rows(sql, after, limit)
        names = ("position", "way", "to", "subject", "body", "at_ms")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def position(self, feed: str) -> int:
        """How far a feed was read."""
        with self.database.reading() as db:
            row = db.row("SELECT position FROM message_feed WHERE feed = ?", feed)
        return 0 if row is None else int(row[0])

    @staticmethod
    def move(db: Transaction, feed: str, before: int, after: int) -> bool:
        """Note that a feed was read further, in the transaction of what came of it. False if another did it first."""
        if before == 0 and db.run("INSERT INTO message_feed VALUES (?, ?) ON CONFLICT DO NOTHING", feed, after) == 1:
            return True
        sql = "UPDATE message_feed SET position = ? WHERE feed = ? AND position = ?"
        return db.run(sql, after, feed, before) == 1
