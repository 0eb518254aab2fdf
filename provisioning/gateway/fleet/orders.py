"""Signed orders to terminals, from a short list: they expire, are done once, and are answered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache.messages import sign1
from offline_cache.wire.fleet.heartbeat import KINDS, MAX_ORDERS, Order, encode_order
from provisioning.gateway.problems import Refused
from provisioning.gateway.storage.database import Database, Transaction

MINUTES = 15
MAX_MINUTES = 24 * 60


@dataclass(frozen=True)
class OrderState:
    """An order and what became of it. `outcome`: empty while nothing was heard; `expired` where nothing ever came."""

    id: str
    terminal: str
    kind: str
    issued_ms: int
    expires_ms: int
    answered_ms: int
    outcome: str


class Orders:
    """Raises `StoreFailed`."""

    def __init__(self, database: Database, key: Ed25519PrivateKey) -> None:
        self._database = database
        self._key = key

    def give(self, terminal: str, kind: str, now_ms: int, minutes: int = MINUTES) -> OrderState:
        """Order something; the same again while it is still open is the same order.

        Raises:
            Refused: `malformed`: not on the list, or a life of none or more than a day.
        """
        if kind not in KINDS or not 1 <= minutes <= MAX_MINUTES:
            raise Refused("malformed", f"kind is one of {', '.join(KINDS)}; minutes 1 to {MAX_MINUTES}")
        with self._database.transaction() as db:
            db.alone(f"fleet-order {terminal}")
            if db.row("SELECT 1 FROM terminal WHERE name = ?", terminal) is None:
                raise Refused("not-found", f"there is no terminal {terminal[:64]}")
            sql = """SELECT id, terminal, kind, issued_ms, expires_ms, answered_ms, outcome FROM fleet_order
                WHERE terminal = ? AND answered_ms = 0 AND expires_ms > ? ORDER BY issued_ms, id"""
            waiting = [OrderState(*row) for row in db.rows(sql, terminal, now_ms)]
            known = next((one for one in waiting if one.kind == kind), None)
            if known is not None:
                return known
            order = Order(secrets.token_hex(16), terminal, kind, now_ms, now_ms + minutes * 60_000)
            signed = sign1(encode_order(order), self._key)
            values = (order.id, terminal, kind, order.issued_ms, order.expires_ms, signed)
            db.run("INSERT INTO fleet_order VALUES (?, ?, ?, ?, ?, ?, 0, '')", *values)
        return OrderState(order.id, terminal, kind, order.issued_ms, order.expires_ms, 0, "")

    def open_for(self, db: Transaction, terminal: str, now_ms: int) -> tuple[bytes, ...]:
        """The signed orders that this terminal has not answered and that still count, the oldest first."""
        sql = """SELECT signed FROM fleet_order WHERE terminal = ? AND answered_ms = 0 AND expires_ms > ?
            ORDER BY issued_ms, id LIMIT ?"""
        return tuple(bytes(row[0]) for row in db.rows(sql, terminal, now_ms, MAX_ORDERS))

    def answered(self, db: Transaction, terminal: str, done: Mapping[str, str], now_ms: int) -> None:
        """What became of a terminal's orders: the first answer counts; another terminal's ids change nothing."""
        sql = """UPDATE fleet_order SET answered_ms = ?, outcome = ? WHERE id = ? AND terminal = ?
            AND answered_ms = 0"""
        for name, outcome in done.items():
            db.run(sql, now_ms, outcome, name, terminal)

    def of(self, terminal: str, now_ms: int, limit: int = 20) -> Sequence[OrderState]:
        """The latest orders of a terminal, the newest first."""
        sql = """SELECT id, terminal, kind, issued_ms, expires_ms, answered_ms, outcome FROM fleet_order
            WHERE terminal = ? ORDER BY issued_ms DESC, id LIMIT ?"""
        with self._database.reading() as db:
            found = [OrderState(*row) for row in db.rows(sql, terminal, limit)]
        return [
            one if one.outcome or one.expires_ms > now_ms
            else OrderState(one.id, one.terminal, one.kind, one.issued_ms, one.expires_ms, 0, "expired")
            for one in found
        ]  # fmt: skip
