"""The gateway's store on SQLite: WAL, FULL, the fixed copy of SQLite that `sqlcipher3` carries (unkeyed)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from sqlcipher3 import dbapi2 as _dbapi2

from offline_cache.messages import Batch, Row, WrappedKey, genesis
from provisioning.gateway.authority import IssuedCertificate
from provisioning.gateway.store import (
    Access,
    Admission,
    Conflict,
    Consent,
    Gap,
    InviteInvalid,
    Stored,
    StoredEntry,
    StoreFailed,
    StoreUnsafe,
    Terminal,
    TerminalSummary,
)

sqlite = cast("Any", _dbapi2)  # a C extension without stubs

FIRST_SAFE_SQLITE = (3, 51, 3)
_BUSY_MS = 10_000
_PAGE = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS terminal (name TEXT PRIMARY KEY, device TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
    site TEXT NOT NULL, enrolled_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS certificate (fingerprint BLOB PRIMARY KEY, terminal TEXT NOT NULL REFERENCES terminal,
    public_key BLOB NOT NULL, not_after_ms INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS invite (token_hash BLOB PRIMARY KEY, site TEXT NOT NULL, expires_ms INTEGER NOT NULL,
    terminal TEXT) STRICT;
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, terminal TEXT NOT NULL, expires_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS nonce_expiry ON nonce (expires_ms);
CREATE TABLE IF NOT EXISTS epoch (terminal TEXT NOT NULL, epoch TEXT NOT NULL, device TEXT NOT NULL,
    epoch_number INTEGER NOT NULL, first_seen_ms INTEGER NOT NULL, acked_through INTEGER NOT NULL, head BLOB NOT NULL,
    PRIMARY KEY (terminal, epoch)) STRICT;
CREATE TABLE IF NOT EXISTS wrapped_key (terminal TEXT NOT NULL, epoch TEXT NOT NULL, key_id TEXT NOT NULL,
    enc BLOB NOT NULL, gateway_key_id TEXT NOT NULL, PRIMARY KEY (terminal, epoch, key_id, enc)) STRICT;
CREATE TABLE IF NOT EXISTS journal (position INTEGER PRIMARY KEY AUTOINCREMENT, terminal TEXT NOT NULL,
    epoch TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, created_ms INTEGER NOT NULL, boot_id TEXT NOT NULL,
    mono_ms INTEGER NOT NULL, key_id TEXT NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL,
    received_ms INTEGER NOT NULL, UNIQUE (terminal, epoch, seq)) STRICT;
CREATE TABLE IF NOT EXISTS consent (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, person BLOB NOT NULL,
    terminal TEXT NOT NULL, service TEXT NOT NULL, subjects TEXT NOT NULL, session TEXT NOT NULL, nonce TEXT NOT NULL,
    certificate_hash BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS access (id INTEGER PRIMARY KEY, consent INTEGER NOT NULL REFERENCES consent,
    person BLOB NOT NULL, at_ms INTEGER NOT NULL, terminal TEXT NOT NULL, service TEXT NOT NULL,
    subject TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS access_person ON access (person, id);
CREATE TABLE IF NOT EXISTS catalogue (number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE) STRICT;
"""

_ROW_COLUMNS = ("seq", "id", "created_ms", "boot_id", "mono_ms", "key_id", "body", "chain")
"""As in `messages.Row`."""

_Row = tuple[Any, ...]


class SqliteStore:
    """`Store` on one SQLite file. One connection writes, under a lock; reading a journal opens its own."""

    def __init__(self, path: Path) -> None:
        if sqlite.sqlite_version_info < FIRST_SAFE_SQLITE:
            raise StoreUnsafe(f"SQLite {sqlite.sqlite_version} can lose committed rows; 3.51.3 or later is wanted")
        self._path = path
        self._lock = threading.Lock()
        path.touch(mode=0o600, exist_ok=True)
        path.chmod(0o600)
        self._connection = self._connect()
        with self._failing(), self._lock:
            self._connection.executescript(_SCHEMA)

    def _connect(self) -> Any:
        with self._failing():
            connection = sqlite.connect(str(self._path), isolation_level=None, check_same_thread=False)
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            return connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _failing(self) -> Generator[None]:
        try:
            yield
        except sqlite.Error as error:
            raise StoreFailed(f"the gateway's database refused ({type(error).__name__})") from error

    @contextmanager
    def _transaction(self) -> Generator[Any]:
        with self._failing(), self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _one(self, sql: str, *values: object) -> _Row | None:
        with self._failing(), self._lock:
            return cast("_Row | None", self._connection.execute(sql, values).fetchone())

    # --- terminals --------------------------------------------------------------------------------------------------

    def add_invite(self, token_hash: bytes, site: Mapping[str, str], expires_ms: int) -> None:
        with self._transaction() as db:
            db.execute("INSERT INTO invite VALUES (?, ?, ?, NULL)", (token_hash, _text(site), expires_ms))

    def admit(
        self,
        token_hash: bytes,
        now_ms: int,
        device: str,
        model: str,
        certify: Callable[[str], IssuedCertificate],
    ) -> Admission:
        with self._transaction() as db:
            invite = db.execute(
                "SELECT site FROM invite WHERE token_hash = ? AND terminal IS NULL AND expires_ms > ?",
                (token_hash, now_ms),
            ).fetchone()
            if invite is None:
                raise InviteInvalid("the token is unknown, used or expired")
            known = db.execute("SELECT name FROM terminal WHERE device = ?", (device,)).fetchone()
            if known is None:
                count = int(db.execute("SELECT count(*) FROM terminal").fetchone()[0])
                name = f"T{count + 1:04d}"
                db.execute(
                    "INSERT INTO terminal VALUES (?, ?, ?, ?, ?, ?)", (name, device, model, invite[0], now_ms, now_ms)
                )
            else:
                name = str(known[0])
                db.execute("UPDATE certificate SET revoked = 1 WHERE terminal = ?", (name,))
                db.execute(
                    "UPDATE terminal SET model = ?, site = ?, last_seen_ms = ? WHERE name = ?",
                    (model, invite[0], now_ms, name),
                )
            issued = certify(name)
            db.execute(
                "INSERT INTO certificate VALUES (?, ?, ?, ?, 0)",
                (issued.fingerprint, name, issued.public_key, issued.not_after_ms),
            )
            db.execute("UPDATE invite SET terminal = ? WHERE token_hash = ?", (name, token_hash))
            return Admission(name, issued, _words(invite[0]))

    def terminal_of(self, fingerprint: bytes) -> Terminal | None:
        row = self._one(
            "SELECT name, device, public_key, revoked FROM certificate JOIN terminal ON name = terminal"
            " WHERE fingerprint = ?",
            fingerprint,
        )
        return None if row is None else Terminal(row[0], row[1], row[2], bool(row[3]))

    def touch(self, terminal: str, now_ms: int) -> None:
        with self._transaction() as db:
            _touch(db, terminal, now_ms)

    def revoke(self, terminal: str) -> bool:
        with self._transaction() as db:
            changed = db.execute("UPDATE certificate SET revoked = 1 WHERE terminal = ?", (terminal,))
            return bool(changed.rowcount > 0)

    def terminals(self) -> tuple[TerminalSummary, ...]:
        sql = """SELECT name, model, site, enrolled_ms, last_seen_ms,
            (SELECT coalesce(sum(acked_through), 0) FROM epoch WHERE epoch.terminal = name),
            (SELECT count(*) FROM epoch WHERE epoch.terminal = name),
            (SELECT count(DISTINCT epoch_number) < count(*) FROM epoch WHERE epoch.terminal = name),
            (SELECT coalesce(max(not_after_ms), 0) FROM certificate WHERE certificate.terminal = name AND NOT revoked),
            NOT EXISTS (SELECT 1 FROM certificate WHERE certificate.terminal = name AND NOT revoked)
            FROM terminal ORDER BY length(name), name"""
        with self._failing(), self._lock:
            rows = cast("list[_Row]", self._connection.execute(sql).fetchall())
        return tuple(
            TerminalSummary(
                row[0], row[1], _words(row[2]), row[3], row[4], row[5], row[6], bool(row[7]), row[8], bool(row[9])
            )
            for row in rows
        )

    # --- journal ----------------------------------------------------------------------------------------------------

    def append(self, batch: Batch, now_ms: int) -> Stored:
        with self._transaction() as db:
            where = (batch.terminal, batch.epoch)
            _touch(db, batch.terminal, now_ms)
            held = db.execute(
                "SELECT acked_through, head, device FROM epoch WHERE terminal = ? AND epoch = ?", where
            ).fetchone()
            acked, head, device = held or (0, genesis(batch.device, batch.epoch), batch.device)
            if batch.first_seq > acked + 1:
                raise Gap(acked + 1)
            if device != batch.device:
                raise Conflict(batch.first_seq)
            _compare(db, batch, acked, head)
            new = [row for row in batch.rows if row.seq > acked]
            if new:
                self._insert(db, batch, new, now_ms, first=held is None)
                acked, head = new[-1].seq, new[-1].chain
            return Stored(acked, head, len(new))

    @staticmethod
    def _insert(db: Any, batch: Batch, new: list[Row], now_ms: int, *, first: bool) -> None:
        where = (batch.terminal, batch.epoch)
        if first:
            values = (*where, batch.device, batch.epoch_number, now_ms, new[-1].seq, new[-1].chain)
            db.execute("INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        else:
            values = (new[-1].seq, new[-1].chain, *where)
            db.execute("UPDATE epoch SET acked_through = ?, head = ? WHERE terminal = ? AND epoch = ?", values)
        db.executemany(
            "INSERT OR IGNORE INTO wrapped_key VALUES (?, ?, ?, ?, ?)",
            [(*where, key.key_id, key.enc, key.gateway_key_id) for key in batch.keys],
        )
        db.executemany(
            f"INSERT INTO journal (terminal, epoch, {', '.join(_ROW_COLUMNS)}, received_ms)"  # noqa: S608 - constants
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*where, *(getattr(row, name) for name in _ROW_COLUMNS), now_ms) for row in new],
        )

    def entries(self, after: int, terminal: str | None = None) -> Iterator[StoredEntry]:
        sql = """SELECT position, j.terminal, device, j.epoch, seq, id, created_ms, boot_id, mono_ms, key_id, body,
            chain, received_ms FROM journal j JOIN epoch e ON e.terminal = j.terminal AND e.epoch = j.epoch
            WHERE position > ? AND (? IS NULL OR j.terminal = ?) ORDER BY position LIMIT ?"""
        with closing(self._connect()) as db:
            while True:
                with self._failing():
                    rows = cast("list[_Row]", db.execute(sql, (after, terminal, terminal, _PAGE)).fetchall())
                    found = [
                        StoredEntry(row[0], row[1], row[2], row[3], Row(*row[4:12]), _keys(db, row), row[12])
                        for row in rows
                    ]
                yield from found
                if len(found) < _PAGE:
                    return
                after = found[-1].position

    # --- lookups ----------------------------------------------------------------------------------------------------

    def add_nonce(self, nonce: str, terminal: str, now_ms: int, expires_ms: int) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM nonce WHERE expires_ms <= ?", (now_ms,))
            db.execute("INSERT INTO nonce VALUES (?, ?, ?)", (nonce, terminal, expires_ms))
            _touch(db, terminal, now_ms)

    def take_nonce(self, nonce: str, terminal: str, now_ms: int) -> bool:
        with self._transaction() as db:
            gone = db.execute(
                "DELETE FROM nonce WHERE nonce = ? AND terminal = ? AND expires_ms > ?", (nonce, terminal, now_ms)
            )
            return bool(gone.rowcount == 1)

    def record_consent(self, consent: Consent) -> None:
        with self._transaction() as db:
            number = db.execute(
                "INSERT INTO consent (at_ms, person, terminal, service, subjects, session, nonce, certificate_hash,"
                " signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    consent.at_ms,
                    consent.person,
                    consent.terminal,
                    consent.service,
                    " ".join(consent.subjects),
                    consent.session,
                    consent.nonce,
                    consent.certificate_hash,
                    consent.signature,
                ),
            ).lastrowid
            db.executemany(
                "INSERT INTO access (consent, person, at_ms, terminal, service, subject) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (number, consent.person, consent.at_ms, consent.terminal, consent.service, subject)
                    for subject in consent.subjects
                ],
            )

    def accesses(self, person: bytes, limit: int) -> tuple[Access, ...]:
        sql = "SELECT at_ms, terminal, service, subject FROM access WHERE person = ? ORDER BY id DESC LIMIT ?"
        with self._failing(), self._lock:
            rows = cast("list[_Row]", self._connection.execute(sql, (person, limit)).fetchall())
        return tuple(Access(*row) for row in rows)

    def catalogue_number(self, content_hash: bytes) -> int:
        """Content that returns to an earlier state gets a new number: versions only grow."""
        latest = self._one("SELECT number, hash FROM catalogue ORDER BY number DESC LIMIT 1")
        if latest is not None and latest[1] == content_hash:
            return int(latest[0])
        with self._transaction() as db:
            db.execute("DELETE FROM catalogue WHERE hash = ?", (content_hash,))
            return int(db.execute("INSERT INTO catalogue (hash) VALUES (?)", (content_hash,)).lastrowid)


def _touch(db: Any, terminal: str, now_ms: int) -> None:
    db.execute("UPDATE terminal SET last_seen_ms = max(last_seen_ms, ?) WHERE name = ?", (now_ms, terminal))


def _compare(db: Any, batch: Batch, acked: int, head: bytes) -> None:
    """The rows that are already stored, and the row before the batch, are the same as the batch says."""
    stored = {acked: head}
    if batch.first_seq <= acked:
        rows = db.execute(
            "SELECT seq, chain FROM journal WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ?",
            (batch.terminal, batch.epoch, batch.first_seq - 1, min(batch.last_seq, acked)),
        ).fetchall()
        stored.update(cast("list[tuple[int, bytes]]", rows))
        stored[0] = genesis(batch.device, batch.epoch)
    if stored[batch.first_seq - 1] != batch.previous_chain:
        raise Conflict(batch.first_seq - 1)
    for row in batch.rows:
        if row.seq <= acked and stored[row.seq] != row.chain:
            raise Conflict(row.seq)


def _keys(db: Any, row: _Row) -> tuple[WrappedKey, ...]:
    found = db.execute(
        "SELECT key_id, enc, gateway_key_id FROM wrapped_key WHERE terminal = ? AND epoch = ? AND key_id = ?",
        (row[1], row[3], row[9]),
    ).fetchall()
    return tuple(WrappedKey(*key) for key in cast("list[_Row]", found))


def _text(site: Mapping[str, str]) -> str:
    return json.dumps(dict(site), ensure_ascii=False, sort_keys=True)


def _words(text: object) -> dict[str, str]:
    return cast("dict[str, str]", json.loads(str(text)))
