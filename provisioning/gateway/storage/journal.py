"""The journal: what terminals recorded, in the order of its arrival."""

from __future__ import annotations

from collections.abc import Iterator

from offline_cache.messages import Batch, Row, WrappedKey, genesis
from provisioning.gateway.storage.database import Database, Statement, Transaction
from provisioning.gateway.storage.terminals import seen
from provisioning.gateway.store import Conflict, Gap, JournalLine, Revoked, Stored, StoredEntry, StoreFailed

_PAGE = 500
_JOURNAL_COLUMNS = "terminal, epoch, seq, id, created_ms, boot_id, mono_ms, key_id, body, chain, received_ms"
"""In the middle the fields of `messages.Row`."""
_ENTRY = """SELECT position, j.terminal, device, j.epoch, seq, id, created_ms, boot_id, mono_ms, key_id, body,
    chain, received_ms FROM journal j JOIN epoch e ON e.terminal = j.terminal AND e.epoch = j.epoch"""
_ENTRIES = f"{_ENTRY} WHERE position > ? AND position <= ?"
_CERTIFIED = "EXISTS (SELECT 1 FROM certificate WHERE fingerprint = ? AND revoked = 0)"
LINE = """SELECT position, j.terminal, j.epoch, epoch_number, seq, id, chain, received_ms
    FROM journal j JOIN epoch e ON e.terminal = j.terminal AND e.epoch = j.epoch"""
"""A `JournalLine`; a WHERE follows."""


class JournalTables:
    """The part of `Store` that holds the entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, batch: Batch, now_ms: int, certificate: bytes | None = None) -> Stored:
        with self._database.transaction() as db:
            # The terminal's row is locked first: its batches come one after the other, whichever process has them.
            journey = [seen(batch.terminal, now_ms), *_keys_to_keep(batch)]
            if db.arrive(*journey, _go_on(batch, now_ms, certificate)) is not None:
                new = batch.rows
            else:
                new = _what_is_new(db, batch, certificate)
                if isinstance(new, Stored):
                    return new
            rows = [(batch.terminal, batch.epoch, *row, now_ms) for row in new]
            db.insert("journal", _JOURNAL_COLUMNS, rows)
            return Stored(new[-1].seq, new[-1].chain, len(new))

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

    def entry(self, terminal: str, epoch: str, seq: int) -> StoredEntry | None:
        with self._database.reading() as db:
            row = db.row(f"{_ENTRY} WHERE j.terminal = ? AND j.epoch = ? AND seq = ?", terminal, epoch, seq)
            if row is None:
                return None
            keys = _keys(db, terminal, epoch, row[9])
        return StoredEntry(row[0], row[1], row[2], row[3], Row(*row[4:12]), keys, row[12])

    def keys(self, terminal: str, epoch: str, key_id: str) -> tuple[WrappedKey, ...]:
        with self._database.reading() as db:
            return _keys(db, terminal, epoch, key_id)

    def line(self, terminal: str, epoch: str, seq: int) -> JournalLine | None:
        sql = f"{LINE} WHERE j.terminal = ? AND j.epoch = ? AND seq = ?"
        with self._database.reading() as db:
            row = db.row(sql, terminal, epoch, seq)
        return None if row is None else JournalLine(*row)

    def epochs(self, terminal: str, epoch_number: int) -> tuple[str, ...]:
        sql = "SELECT epoch FROM epoch WHERE terminal = ? AND epoch_number = ? ORDER BY first_seen_ms, epoch"
        with self._database.reading() as db:
            return tuple(str(row[0]) for row in db.rows(sql, terminal, epoch_number))


def _keys_to_keep(batch: Batch) -> list[Statement]:
    sql = "INSERT INTO wrapped_key VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return [(sql, (batch.terminal, batch.epoch, key.key_id, key.enc, key.gateway_key_id)) for key in batch.keys]


def _go_on(batch: Batch, now_ms: int, certificate: bytes | None) -> Statement:
    """Move the epoch's head past the batch, where the batch goes on exactly from it: that is all there is to check.

    Answers with a row if so. Everything else (sent before, a gap, a conflict, a revoked certificate) is rare.
    """
    good, values = ("", ()) if certificate is None else (f" AND {_CERTIFIED}", (certificate,))
    where = (batch.terminal, batch.epoch)
    if batch.first_seq == 1:
        sql = f"""INSERT INTO epoch SELECT name, ?, ?, ?, ?, ?, ? FROM terminal WHERE name = ?{good}
            ON CONFLICT DO NOTHING RETURNING acked_through"""  # noqa: S608 - constants
        head = (batch.epoch, batch.device, batch.epoch_number, now_ms, batch.last_seq, batch.head)
        return sql, (*head, batch.terminal, *values)
    sql = f"""UPDATE epoch SET acked_through = ?, head = ? WHERE terminal = ? AND epoch = ? AND device = ?
        AND acked_through = ? AND head = ?{good} RETURNING acked_through"""  # noqa: S608 - constants
    before = (batch.device, batch.first_seq - 1, batch.previous_chain)
    return sql, (batch.last_seq, batch.head, *where, *before, *values)


def _what_is_new(db: Transaction, batch: Batch, certificate: bytes | None) -> tuple[Row, ...] | Stored:
    """The rows behind those that are stored, the epoch's head moved past them; or how it stands, if there are none.

    Raises:
        Gap, Conflict, Revoked.
    """
    if certificate is not None and db.row(f"SELECT 1 WHERE {_CERTIFIED}", certificate) is None:
        raise Revoked("the terminal's certificate was revoked")
    sql = "SELECT acked_through, head, device FROM epoch WHERE terminal = ? AND epoch = ?"
    held = db.row(sql, batch.terminal, batch.epoch)
    acked, head, device = held or (0, genesis(batch.device, batch.epoch), batch.device)
    if batch.first_seq > acked + 1:
        raise Gap(acked + 1)
    if device != batch.device:
        raise Conflict(batch.first_seq)
    _compare(db, batch, acked, bytes(head))
    new = tuple(row for row in batch.rows if row.seq > acked)
    if not new:
        return Stored(acked, bytes(head), 0)
    sql = "UPDATE epoch SET acked_through = ?, head = ? WHERE terminal = ? AND epoch = ?"
    if db.run(sql, new[-1].seq, new[-1].chain, batch.terminal, batch.epoch) != 1:
        raise StoreFailed("the gateway does not know the terminal of a batch")
    return new


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
