"""From the `--database` of a command line to a store."""

from __future__ import annotations

from pathlib import Path

from provisioning.gateway.storage.database import Database
from provisioning.gateway.storage.journal import JournalTables
from provisioning.gateway.storage.ledger import LedgerTables
from provisioning.gateway.storage.sqlite import SqliteDatabase
from provisioning.gateway.storage.terminals import TerminalTables
from provisioning.gateway.store import StoreUnsupported

DATABASE_FILE = "gateway.db"


class SqlStore(TerminalTables, JournalTables, LedgerTables):
    """`Store` on any `Database`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database = database

    def close(self) -> None:
        self.database.close()


def open_store(folder: Path, url: str) -> SqlStore:
    """Open the gateway's database: the SQLite file in its folder, or what `sqlite:///PATH` or `postgresql://…` names.

    Raises:
        StoreUnsupported: another kind of database.
        StoreUnsafe, StoreFailed: see `provisioning.gateway.store`. No message repeats the URL: it may hold a password.
    """
    if not url:
        return SqlStore(SqliteDatabase(folder / DATABASE_FILE))
    if url.startswith("sqlite:///"):
        return SqlStore(SqliteDatabase(Path(url.removeprefix("sqlite:///"))))
    if url.startswith(("postgresql://", "postgres://")):
        return SqlStore(_postgres(url))
    scheme = url.partition(":")[0][:32]
    raise StoreUnsupported(f"{scheme}: not supported; postgresql://… or nothing, for SQLite in the gateway's folder")


def _postgres(url: str) -> Database:
    """Its driver is not in a terminal's package: only who names such a database needs it."""
    try:
        from provisioning.gateway.storage.postgres import PostgresDatabase
    except ModuleNotFoundError:
        raise StoreUnsupported("the driver of PostgreSQL (psycopg) is not installed here") from None
    return PostgresDatabase(url)
