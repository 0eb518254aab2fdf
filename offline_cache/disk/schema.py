"""The database file of the outbox: a SQLite that does not lose commits, and the tables, by migrations.

`sqlcipher3` bundles the SQLite that is used here (without a key). SQLite 3.7.0 to 3.51.2 can lose committed rows with
two or more connections (the WAL-reset bug), so those are refused.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlcipher3 import dbapi2 as _sqlite  # pyright: ignore[reportMissingTypeStubs]

from offline_cache.errors import CacheError, StorageDamaged, StorageFailed, StorageUnsafe

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

SqliteErrors = (
    cast("type[sqlite3.Error]", _sqlite.Error),  # pyright: ignore[reportAttributeAccessIssue]
    UnicodeDecodeError,
)
"""What the database raises: SQLite's own errors, and Python's where SQLite names damage in bytes that are no text."""
_SAFE_SINCE = (3, 51, 3)
_BUSY_TIMEOUT_MS = 10_000
_JOURNAL_SIZE_LIMIT = 16 * 1024 * 1024
_LAST_MIGRATION = "m003_when_acknowledged"

_TABLES_001 = (
    """
    create table meta(
      one integer primary key check (one = 1),
      device text not null,
      terminal_id text,
      epoch text not null check (length(epoch) = 32),
      epoch_number integer not null check (epoch_number >= 1),
      gateway_key_id text,
      gateway_key blob check (gateway_key is null or length(gateway_key) = 32)
    ) strict
    """,
    """
    create table key(
      key_id text primary key,
      enc blob not null,
      gateway_key_id text not null
    ) strict, without rowid
    """,
    """
    create table entry(
      seq integer primary key,
      id text not null,
      created_ms integer not null,
      boot_id text not null,
      mono_ms integer not null,
      key_id text not null,
      body blob not null,
      chain blob not null check (length(chain) = 32)
    ) strict
    """,
    """
    create table cursor(
      one integer primary key check (one = 1),
      acked_seq integer not null check (acked_seq >= 0),
      gateway_receipt blob,
      purged_seq integer not null check (purged_seq >= 0 and purged_seq <= acked_seq),
      purged_chain blob not null check (length(purged_chain) = 32)
    ) strict
    """,
    """
    create trigger entry_never_changes before update on entry
    begin select raise(abort, 'a committed entry never changes'); end
    """,
    """
    create trigger entry_unsent_stays before delete on entry
    when old.seq > (select acked_seq from cursor) or old.seq = (select max(seq) from entry)
    begin select raise(abort, 'an unsent entry, and the last one, stay'); end
    """,
)

_TABLES_002 = (
    "alter table cursor add column received_ms integer",
    """
    create table verdict(
      gateway_key_id text not null,
      position integer not null,
      epoch text not null,
      seq integer not null,
      id text not null,
      verdict text not null check (verdict in ('accepted', 'rejected')),
      reason text not null,
      agency text not null,
      at_ms integer not null,
      primary key (gateway_key_id, position)
    ) strict, without rowid
    """,
    "create index verdict_entry on verdict(epoch, seq)",
    "create table verdict_feed(gateway_key_id text primary key, position integer not null) strict, without rowid",
    """
    create table rescued(
      epoch text not null,
      seq integer not null,
      id text not null,
      primary key (epoch, seq, id)
    ) strict, without rowid
    """,
    """
    create trigger verdict_rejected_stays before delete on verdict when old.verdict = 'rejected'
    begin select raise(abort, 'a parked entry stays'); end
    """,
)

_TABLES_003 = (
    """
    create table acknowledged(
      day integer primary key,
      through_seq integer not null
    ) strict
    """,
    # What was acknowledged before this table was there counts from the last receipt: later, never sooner.
    """
    insert into acknowledged select received_ms / 86400000, acked_seq from cursor
    where received_ms is not null and acked_seq > purged_seq
    """,
    """
    create trigger cursor_moved after update on cursor
    when new.acked_seq > old.acked_seq and new.received_ms is not null
    begin
      insert into acknowledged values (new.received_ms / 86400000, new.acked_seq)
      on conflict(day) do update set through_seq = max(through_seq, excluded.through_seq);
    end
    """,
)
"""How far each day of the gateway's clock acknowledged: some thirty rows, for `keeping.purge`."""


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite that the outbox uses, not of Python's own."""
    return tuple(_sqlite.sqlite_version_info)


def check_sqlite(version: tuple[int, ...]) -> None:
    """Refuse a SQLite that can lose commits.

    Raises:
        StorageUnsafe: with what to do.
    """
    if version < _SAFE_SINCE:
        found = ".".join(map(str, version))
        raise StorageUnsafe(
            f"SQLite {found} can lose committed rows (WAL-reset bug, fixed in 3.51.3); "
            "install sqlcipher3 0.6.4 or newer"
        )


def mapped(error: Exception, doing: str) -> CacheError:
    """The leaf for a SQLite error: damaged file or refused write. The text holds SQLite's words, never a value."""
    if isinstance(error, UnicodeDecodeError):
        return StorageDamaged(f"{doing}: the outbox file is damaged (names that are no text)")
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "malformed" in str(error) or "not a data" in str(error):
        return StorageDamaged(f"{doing}: the outbox file is damaged ({error})")
    return StorageFailed(f"{doing}: {error}")


def connect(path: Path, *, synchronous: str = "full") -> sqlite3.Connection:
    """Open a connection as every process here must: WAL, synchronous FULL, own transactions.

    `synchronous` is for the crash tests, which prove that they catch another value.

    Raises:
        StorageUnsafe, StorageFailed, StorageDamaged.
    """
    check_sqlite(_sqlite.sqlite_version_info)
    try:
        connection = cast(
            "sqlite3.Connection",
            _sqlite.connect(  # pyright: ignore[reportAttributeAccessIssue]
                str(path), isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_MS / 1000
            ),
        )
    except SqliteErrors as error:
        raise mapped(error, "opening the outbox") from error
    try:
        (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        connection.execute(f"pragma synchronous = {synchronous}")
        connection.execute(f"pragma journal_size_limit = {_JOURNAL_SIZE_LIMIT}")
        connection.execute("pragma trusted_schema = off")
    except SqliteErrors as error:
        connection.close()
        raise mapped(error, "opening the outbox") from error
    if mode != "wal":
        connection.close()
        raise StorageFailed(f"opening the outbox: journal mode is {mode}, not wal")
    return connection


def migrated(connection: sqlite3.Connection) -> bool:
    """Whether the tables are up to date.

    Raises:
        StorageFailed, StorageDamaged.
    """
    try:
        return _LAST_MIGRATION in _applied(connection)
    except SqliteErrors as error:
        raise mapped(error, "opening the outbox") from error


def require_migrated(connection: sqlite3.Connection) -> None:
    """Refuse tables that this program does not know.

    Raises:
        StorageFailed, StorageDamaged.
    """
    if not migrated(connection):
        raise StorageFailed("the outbox is of another version of this program")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date. Call under `files.folder_lock`.

    Raises:
        StorageFailed, StorageDamaged.
    """
    try:
        _migrations().apply(_database(connection))
    except SqliteErrors as error:
        raise mapped(error, "preparing the outbox") from error


def brought_up_to_date(path: Path) -> bool:
    """As `migrate`, for a file that an older version of this program may have made. False where it is damaged.

    Call under `files.folder_lock`.

    Raises:
        StorageUnsafe, StorageFailed.
    """
    try:
        with contextlib.closing(connect(path)) as connection:
            if not migrated(connection):
                migrate(connection)
            return connection.execute("select 1 from meta").fetchone() is not None
    except StorageDamaged:
        return False
    except SqliteErrors as error:
        if isinstance(mapped(error, ""), StorageDamaged):
            return False
        raise mapped(error, "opening the outbox") from error


def _applied(connection: sqlite3.Connection) -> set[str]:
    known = connection.execute("select 1 from sqlite_schema where name = '_sqlite_migrations'").fetchone()
    if known is None:
        return set()
    rows = connection.execute("select name from _sqlite_migrations where migration_set = 'outbox'")
    return {str(name) for (name,) in rows}


def _database(connection: sqlite3.Connection) -> Database:
    from sqlite_utils import Database

    return Database(connection)


def _migrations() -> Migrations:
    from sqlite_utils import Migrations

    migrations = Migrations("outbox")

    @migrations(name="m001_outbox")
    def _outbox(db: Database) -> None:  # pyright: ignore[reportUnusedFunction]
        for statement in _TABLES_001:
            db.conn.execute(statement)

    @migrations(name="m002_after_the_gateway")
    def _after_the_gateway(db: Database) -> None:  # pyright: ignore[reportUnusedFunction]
        for statement in _TABLES_002:
            db.conn.execute(statement)

    @migrations(name=_LAST_MIGRATION)
    def _when_acknowledged(db: Database) -> None:  # pyright: ignore[reportUnusedFunction]
        for statement in _TABLES_003:
            db.conn.execute(statement)

    return migrations
