"""The journal: what terminals recorded, in the order of its arrival."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from offline_cache.messages import Batch, Row, WrappedKey, genesis
from provisioning.gateway.storage.database import Database, Transaction
from provisioning.gateway.storage.terminals import touch
from provisioning.gateway.store import Conflict, Gap, JournalLine, Stored, StoredEntry

_PAGE = 500
_ROW_COLUMNS = ("seq", "id", "created_ms", "boot_id", "mono_ms", "key_id", "body", "chain")
"""As in `messages.Row`."""
_JOURNAL_COLUMNS = f"terminal, epoch, {', '.join(_ROW_COLUMNS)}, received_ms"
_values = attrgetter(*_ROW_COLUMNS)
_ENTRIES = """SELECT position, j.terminal, device, j.epoch, seq, id, created_ms, boot_id, mono_ms, key_id, body,
    chain, received_ms FROM journal j JOIN epoch e ON e.terminal = j.terminal AND e.epoch = j.epoch
    WHERE position > ? AND position <= ?"""
LINE = """SELECT position, j.terminal, j.epoch, epoch_number, seq, id, chain, received_ms
    FROM journal j JOIN epoch e ON e.terminal = j.terminal AND e.epoch = j.epoch"""
"""A `JournalLine`; a WHERE follows."""


class JournalTables:
    """The part of `Store` that holds the entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, batch: Batch, now_ms: int) -> Stored:
        with self._database.transaction() as db:
            # The terminal's row is locked first: its batches come one after the other, whichever process has them.
            with db.together():
                touch(db, batch.terminal, now_ms)
                sql = "SELECT acked_through, head, device FROM epoch WHERE terminal = ? AND epoch = ?"
                held = db.row(sql, batch.terminal, batch.epoch)
            acked, head, device = held or (0, genesis(batch.device, batch.epoch), batch.device)
            if batch.first_seq > acked + 1:
                raise Gap(acked + 1)
            if device != batch.device:
                raise Conflict(batch.first_seq)
            _compare(db, batch, acked, bytes(head))
            new = [row for row in batch.rows if row.seq > acked]
            if new:
                _insert(db, batch, new, now_ms, first=held is None)
                acked, head = new[-1].seq, new[-1].chain
            return Stored(acked, bytes(head), len(new))

    def entries(self, after: int, terminal: str | None = None) -> Iterator[StoredEntry]:
        through = self._database.settled()
        only = "" if terminal is None else " AND j.terminal = ?"
        values = () if terminal is None else (terminal,)
        while True:
            with self._database.reading() as db:
                rows = db.rows(f"{_ENTRIES}{only} ORDER BY position LIMIT ?", after, through, *values, _PAGE)
                known: dict[tuple[str, str, str], tuple[WrappedKey, ...]] = {}
                for row in rows:
                    key = (row[1], row[3], row[9])
                    if key not in known:
                        known[key] = _keys(db, *key)
            for row in rows:
                keys = known[row[1], row[3], row[9]]
                yield StoredEntry(row[0], row[1], row[2], row[3], Row(*row[4:12]), keys, row[12])
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def line(self, terminal: str, epoch: str, seq: int) -> JournalLine | None:
        sql = f"{LINE} WHERE j.terminal = ? AND j.epoch = ? AND seq = ?"
        with self._database.reading() as db:
            row = db.row(sql, terminal, epoch, seq)
        return None if row is None else JournalLine(*row)

    def epochs(self, terminal: str, epoch_number: int) -> tuple[str, ...]:
        sql = "SELECT epoch FROM epoch WHERE terminal = ? AND epoch_number = ? ORDER BY first_seen_ms, epoch"
        with self._database.reading() as db:
            return tuple(str(row[0]) for row in db.rows(sql, terminal, epoch_number))


def _insert(db: Transaction, batch: Batch, new: list[Row], now_ms: int, *, first: bool) -> None:
    where = (batch.terminal, batch.epoch)
    last = new[-1]
    keys = [(*where, key.key_id, key.enc, key.gateway_key_id) for key in batch.keys]
    with db.together():
        if first:
            values = (*where, batch.device, batch.epoch_number, now_ms, last.seq, last.chain)
            db.run("INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
        else:
            sql = "UPDATE epoch SET acked_through = ?, head = ? WHERE terminal = ? AND epoch = ?"
            db.run(sql, last.seq, last.chain, *where)
        db.many("INSERT INTO wrapped_key VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", keys)
        db.arriving()
    rows = [(*where, *_values(row), now_ms) for row in new]
    db.insert("journal", _JOURNAL_COLUMNS, rows)


def _compare(db: Transaction, batch: Batch, acked: int, head: bytes) -> None:
    """The rows that are already stored, and the row before the batch, are the same as the batch says."""
    stored: dict[int, bytes] = {acked: head}
    if batch.first_seq <= acked:
        rows = db.rows(
            "SELECT seq, chain FROM journal WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ?",
            batch.terminal,
            batch.epoch,
            batch.first_seq - 1,
            min(batch.last_seq, acked),
        )
        stored.update({int(row[0]): bytes(row[1]) for row in rows})
        stored[0] = genesis(batch.device, batch.epoch)
    if stored[batch.first_seq - 1] != batch.previous_chain:
        raise Conflict(batch.first_seq - 1)
    for row in batch.rows:
        if row.seq <= acked and stored[row.seq] != row.chain:
            raise Conflict(row.seq)


def _keys(db: Transaction, terminal: str, epoch: str, key_id: str) -> tuple[WrappedKey, ...]:
    sql = "SELECT key_id, enc, gateway_key_id FROM wrapped_key WHERE terminal = ? AND epoch = ? AND key_id = ?"
    return tuple(WrappedKey(*row) for row in db.rows(sql, terminal, epoch, key_id))
