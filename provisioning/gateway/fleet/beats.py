"""Heartbeats as the gateway keeps them: the newest of each terminal, the last of each hour, sums over all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import verify1
from offline_cache.wire.fleet.heartbeat import Heartbeat, decode_heartbeat
from provisioning.gateway.problems import Refused
from provisioning.gateway.storage.database import Database, Transaction
from provisioning.gateway.store import Terminal

HOUR_MS = 3_600_000
SAMPLE_MS = 600_000
KEEP_MS = 15 * 24 * HOUR_MS


@dataclass(frozen=True)
class Beat:
    """The newest heartbeat of a terminal."""

    terminal: str
    received_ms: int
    at_ms: int
    boot: str
    gauges: Mapping[str, int]
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Sums over the whole fleet at one moment."""

    at_ms: int
    sums: Mapping[str, int]


def read_heartbeat(body: bytes, terminal: Terminal) -> Heartbeat:
    """The heartbeat in a request. Raises `Refused` `malformed`, `bad-signature`, `wrong-terminal`."""
    try:
        beat = decode_heartbeat(verify1(body, terminal.public_key))
    except BadSignature:
        raise Refused("bad-signature") from None
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    if beat.terminal != terminal.name:
        raise Refused("wrong-terminal")
    return beat


class Beats:
    """Raises `StoreFailed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, db: Transaction, beat: Heartbeat, now_ms: int) -> None:
        """Keep a heartbeat in the place of the one before it."""
        gauges = json.dumps(dict(beat.gauges))
        facts, faults = json.dumps(dict(beat.facts)), json.dumps(list(beat.faults))
        newest = """INSERT INTO fleet_now VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (terminal) DO UPDATE SET
            received_ms = excluded.received_ms, at_ms = excluded.at_ms, boot = excluded.boot,
            gauges = excluded.gauges, facts = excluded.facts, faults = excluded.faults"""
        hour = """INSERT INTO fleet_hour VALUES (?, ?, ?) ON CONFLICT (terminal, hour_ms) DO UPDATE SET
            gauges = excluded.gauges"""
        db.run(newest, beat.terminal, now_ms, beat.at_ms, beat.boot, gauges, facts, faults)
        db.run(hour, beat.terminal, now_ms // HOUR_MS * HOUR_MS, gauges)

    def newest(self) -> dict[str, Beat]:
        """Terminal -> its newest heartbeat."""
        with self._database.reading() as db:
            rows = db.rows("SELECT terminal, received_ms, at_ms, boot, gauges, facts, faults FROM fleet_now")
        found: dict[str, Beat] = {}
        for terminal, received_ms, at_ms, boot, gauges, facts, faults in rows:
            read = json.loads(gauges), json.loads(facts), tuple(json.loads(faults))
            found[terminal] = Beat(terminal, received_ms, at_ms, boot, *read)
        return found

    def hours(self, terminal: str, after_ms: int) -> list[tuple[int, Mapping[str, int]]]:
        """The last heartbeat of each hour of one terminal, in order."""
        sql = "SELECT hour_ms, gauges FROM fleet_hour WHERE terminal = ? AND hour_ms > ? ORDER BY hour_ms"
        with self._database.reading() as db:
            return [(row[0], json.loads(row[1])) for row in db.rows(sql, terminal, after_ms)]

    def sample(self, sums: Mapping[str, int], now_ms: int) -> bool:
        """Keep the sums of these ten minutes once; forget what is older than two weeks. False: they are there."""
        at_ms = now_ms // SAMPLE_MS * SAMPLE_MS
        with self._database.transaction() as db:
            sql = "INSERT INTO fleet_sample VALUES (?, ?) ON CONFLICT DO NOTHING"
            new = db.run(sql, at_ms, json.dumps(dict(sums))) == 1
            if new:
                db.run("DELETE FROM fleet_sample WHERE at_ms < ?", now_ms - KEEP_MS)
                db.run("DELETE FROM fleet_hour WHERE hour_ms < ?", now_ms - KEEP_MS)
        return new

    def samples(self, after_ms: int) -> Sequence[Sample]:
        """The samples behind a moment, in order."""
        with self._database.reading() as db:
            rows = db.rows("SELECT at_ms, sums FROM fleet_sample WHERE at_ms > ? ORDER BY at_ms", after_ms)
        return [Sample(row[0], cast("dict[str, int]", json.loads(row[1]))) for row in rows]
