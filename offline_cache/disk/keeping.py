"""What is kept, what may go, and whether it all fits: queries that the outbox runs inside its own transactions."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from offline_cache.disk.tables import Tables
from offline_cache.errors import StorageDamaged
from offline_cache.messages import Row, WrappedKey, next_chain
from offline_cache.wire.verdict import VerdictPage

_PURGE_ROWS = 5_000
_DAY_MS = 86_400_000
_LATEST = "select epoch, seq, id, verdict, reason, agency, at_ms, max(position) from verdict group by epoch, seq"
"""SQLite gives the other columns from the row with the largest position."""
_ROW_OVERHEAD = 220
"""Bytes of a row on the wire beside its body, rounded up; so are the next two."""
_KEY_OVERHEAD = 256
_BATCH_OVERHEAD = 1024


@dataclass(frozen=True)
class OutboxStatus:
    """The fields of `kiosk outbox status --json`. `acked` is the cursor, `head` the last row's chain value, hex."""

    pending: int
    acked: int
    oldest_age_s: int | None
    bytes: int
    epoch: str
    head: str
    clock_behind: bool = False
    """The machine's clock is behind the last known time (a dead battery): entries carry the last known time."""
    parked: int = 0
    """Entries that an office rejected; a technician sees them with `kiosk outbox parked`."""


@dataclass(frozen=True)
class Parked:
    """An entry that an office rejected: where it is and why. Ids and codes only."""

    epoch: str
    seq: int
    id: str
    reason: str
    agency: str
    at_ms: int


@dataclass(frozen=True)
class Verified:
    """What `verify` looked at."""

    rows: int
    last_seq: int
    head: str


def insert_key(connection: sqlite3.Connection, wrapped: WrappedKey) -> None:
    """Store a wrapped body key."""
    connection.execute(
        "insert into key(key_id, enc, gateway_key_id) values (?, ?, ?)",
        (wrapped.key_id, wrapped.enc, wrapped.gateway_key_id),
    )


def last_known_ms(connection: sqlite3.Connection) -> int | None:
    """The latest time that is known: the gateway's at its receipt, unless an entry was recorded after that."""
    found = connection.execute(
        "select seq <= acked_seq, received_ms, created_ms from entry, cursor order by seq desc limit 1"
    ).fetchone()
    if found is None:
        return None
    confirmed, received_ms, created_ms = found
    return received_ms if confirmed and received_ms is not None else created_ms


def count_parked(connection: sqlite3.Connection) -> int:
    """How many entries an office rejected, by its latest word on each."""
    return connection.execute(f"select count(*) from ({_LATEST}) where verdict = 'rejected'").fetchone()[0]  # noqa: S608


def collect(
    connection: sqlite3.Connection, tables: Tables, first_seq: int, max_rows: int, max_bytes: int
) -> tuple[list[Row], dict[str, WrappedKey]]:
    """A contiguous run of rows for one batch, at least one, and their keys.

    Raises:
        StorageDamaged: a row or a key is missing.
        NotEnrolled: a key is still wrapped to the local key.
    """
    rows: list[Row] = []
    keys: dict[str, WrappedKey] = {}
    size = _BATCH_OVERHEAD
    for row in tables.rows(connection, first_seq, max_rows):
        size += len(row.body) + _ROW_OVERHEAD + (0 if row.key_id in keys else _KEY_OVERHEAD)
        if rows and size > max_bytes:
            break
        if row.seq != first_seq + len(rows):
            raise StorageDamaged(f"seq {first_seq + len(rows)} is missing", first_seq + len(rows))
        if row.key_id not in keys:
            keys[row.key_id] = tables.key(connection, row)
        rows.append(row)
    return rows, keys


def parked(connection: sqlite3.Connection, limit: int) -> tuple[Parked, ...]:
    """What offices rejected, the latest first."""
    rows = connection.execute(
        f"select epoch, seq, id, reason, agency, at_ms from ({_LATEST}) where verdict = 'rejected'"  # noqa: S608
        " order by at_ms desc, seq desc limit ?",
        (limit,),
    )
    return tuple(Parked(*values) for values in rows)


def verdict_position(connection: sqlite3.Connection, gateway_key_id: str) -> int:
    """How far the verdicts of a gateway have been read; 0 at the beginning."""
    found = connection.execute("select position from verdict_feed where gateway_key_id = ?", (gateway_key_id,))
    return next((position for (position,) in found), 0)


def keep_verdicts(connection: sqlite3.Connection, gateway_key_id: str, page: VerdictPage) -> None:
    """Store a page of verdicts and how far it goes. The same page twice changes nothing."""
    connection.executemany(
        "insert or ignore into verdict values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (gateway_key_id, one.position, one.epoch, one.seq, one.id, one.verdict, one.reason, one.agency, one.at_ms)
            for one in page.verdicts
        ],
    )
    connection.execute(
        "insert into verdict_feed values (?, ?) on conflict do update set position = max(position, excluded.position)",
        (gateway_key_id, page.next),
    )


def verify(connection: sqlite3.Connection, tables: Tables, genesis: bytes) -> Verified:
    """Check every row, the chain and the keys.

    Raises:
        StorageDamaged: naming the first seq that does not fit.
    """
    acked, purged_seq, purged_chain, _ = tables.cursor(connection)
    known_keys = {str(key_id) for (key_id,) in connection.execute("select key_id from key")}
    if purged_seq == 0 and purged_chain != genesis:
        raise StorageDamaged("the chain does not begin at this device and epoch", 1)
    count, seq, chain = 0, purged_seq, purged_chain
    for row in tables.rows(connection, 0, -1):
        seq += 1
        if row.seq != seq:
            raise StorageDamaged(f"seq {seq} is missing", seq)
        chain = next_chain(chain, row)
        if chain != row.chain:
            raise StorageDamaged(f"seq {seq} was changed: the chain breaks here", seq)
        if row.key_id not in known_keys:
            raise StorageDamaged(f"the key of seq {seq} is missing", seq)
        count += 1
    if acked > seq:
        raise StorageDamaged(f"seq {seq + 1} is missing: the gateway has confirmed up to {acked}", seq + 1)
    return Verified(count, seq, chain.hex())


def last_receipt_ms(connection: sqlite3.Connection) -> int:
    """The gateway's time at its last receipt; 0 before the first."""
    found = connection.execute("select received_ms from cursor").fetchone()
    return 0 if found is None or found[0] is None else found[0]


def purge(connection: sqlite3.Connection, tables: Tables, before_ms: int, *, scarce: bool = False) -> int:
    """Delete rows acknowledged on a day before that of `before_ms` (by the gateway's clock), and the keys that only
    they needed; returns how many rows. Where room is `scarce`, whatever is acknowledged may go.

    A key that a process holds without having used it has no row yet, and stays.
    """
    acked, purged_seq, _, _ = tables.cursor(connection)
    limit = min(acked, tables.tip(connection)[0] - 1, purged_seq + _PURGE_ROWS)
    (long_ago,) = connection.execute(
        "select coalesce(max(through_seq), 0) from acknowledged where day < ?", (before_ms // _DAY_MS,)
    ).fetchone()
    through = limit if scarce else min(limit, long_ago)
    chain = tables.chain_at(connection, through)
    if through <= purged_seq or chain is None:
        return 0
    keys = connection.execute("select distinct key_id from entry where seq <= ?", (through,)).fetchall()
    connection.execute("delete from entry where seq <= ?", (through,))
    for (key_id,) in keys:
        needed = connection.execute("select 1 from entry where key_id = ? limit 1", (key_id,)).fetchone()
        if needed is None:
            connection.execute("delete from key where key_id = ?", (key_id,))
    connection.execute("update cursor set purged_seq = ?, purged_chain = ?", (through, chain))
    connection.execute("delete from acknowledged where through_seq <= ?", (through,))
    return through - purged_seq
