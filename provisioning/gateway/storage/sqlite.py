"""SQLite: WAL, FULL, the fixed copy that `sqlcipher3` carries (unkeyed). One file, mode 0600."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlcipher3 import dbapi2 as _dbapi2

from provisioning.gateway.storage.database import Row, Statement
from provisioning.gateway.storage.schema import sqlite_schema
from provisioning.gateway.store import StoreFailed, StoreUnsafe

sqlite = cast("Any", _dbapi2)  # a C extension without stubs

FIRST_SAFE_SQLITE = (3, 51, 3)
_BUSY_MS = 10_000


class _Transaction:
    """`Transaction` on one connection. SQLite lets one writer in at a time, so `alone` has nothing to do."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[Row]:
        return cast("list[Row]", self._connection.execute(sql, values).fetchall())

    def row(self, sql: str, *values: object) -> Row | None:
        return cast("Row | None", self._connection.execute(sql, values).fetchone())

    def run(self, sql: str, *values: object) -> int:
        return int(self._connection.execute(sql, values).rowcount)

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        self._connection.executemany(sql, values)

    def insert(self, table: str, columns: str, values: Iterable[Sequence[object]]) -> None:
        marks = ", ".join("?" * (columns.count(",") + 1))
        self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 - constants

    def arrive(self, *statements: Statement) -> Row | None:
        for sql, values in statements[:-1]:
            self._connection.execute(sql, values)
        sql, values = statements[-1]
        return self.row(sql, *values)

    def alone(self, name: str) -> None: ...


class SqliteDatabase:
    """`Database` on one SQLite file. One connection, one thread at a time."""

    def __init__(self, path: Path) -> None:
        if sqlite.sqlite_version_info < FIRST_SAFE_SQLITE:
            raise StoreUnsafe(f"SQLite {sqlite.sqlite_version} can lose committed rows; 3.51.3 or later is wanted")
        self._path = path
        self._lock = threading.Lock()
        self._inside = 0
        path.touch(mode=0o600, exist_ok=True)
        path.chmod(0o600)
        self._connection = self._connect()
        with _failing(), self._lock:
            # One transaction: one wait for the disk instead of one for each of some eighty tables.
            self._connection.executescript(f"BEGIN IMMEDIATE;{sqlite_schema()}COMMIT;")

    def _connect(self) -> Any:
        with _failing():
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
    def _held(self) -> Generator[None]:
        """Hold the connection. A thread that has it already would wait for itself for ever: raises `StoreUnsafe`."""
        me = threading.get_ident()
        if self._inside == me:
            raise StoreUnsafe("this thread is inside a transaction already")
        with self._lock:
            self._inside = me
            try:
                yield
            finally:
                self._inside = 0

    @contextmanager
    def transaction(self) -> Generator[_Transaction]:
        with _failing(), self._held():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Generator[_Transaction]:
        with _failing(), self._held():
            yield _Transaction(self._connection)

    def settled(self) -> int:
        """One writer at a time: what is visible is settled."""
        return 2**63 - 1


@contextmanager
def _failing() -> Generator[None]:
    try:
        yield
    except sqlite.Error as error:
        raise StoreFailed(f"the gateway's database refused ({type(error).__name__})") from error
