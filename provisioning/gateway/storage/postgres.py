"""PostgreSQL 15 or later, through psycopg 3. Several gateway processes may share one database.

`synchronous_commit` is switched on here whatever the server's default is, and a server without `fsync` is refused. A
password belongs into libpq's own places (`PGPASSFILE`, `PGPASSWORD`), not into the URL on a command line.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from typing import LiteralString, cast

import psycopg
from psycopg import sql as _sql

from provisioning.gateway.storage.database import Row, Statement
from provisioning.gateway.storage.schema import postgres_schema
from provisioning.gateway.store import StoreFailed, StoreUnsafe

MOST_CONNECTIONS = 16
"""Of one process; more requests wait for one."""
_CONNECT_S = 5
_WAIT_S = 30.0
_STATEMENT_MS = 60_000
_ARRIVING = 4_200_001
"""Advisory lock: shared by whoever numbers rows of the journal, taken alone by `settled`."""
_SCHEMA = 4_200_002
"""Advisory lock: two processes do not make the tables at once."""
_TYPES: dict[type, str] = {int: "int8", str: "text", bytes: "bytea"}
_SAFE = ("fsync", "full_page_writes")


@cache
def _pg(statement: str) -> LiteralString:
    """`?` to psycopg's placeholder; the statements are constants of this package."""
    return cast("LiteralString", statement.replace("?", "%s"))


class _Transaction:
    """`Transaction` on one connection of the pool."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[Row]:
        return self._connection.execute(_pg(sql), values, binary=True).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        return self._connection.execute(_pg(sql), values, binary=True).fetchone()

    def run(self, sql: str, *values: object) -> int:
        return self._connection.execute(_pg(sql), values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_pg(sql), values)  # one journey: psycopg sends them as a pipeline

    def insert(self, table: str, columns: str, values: Iterable[Sequence[object]]) -> None:
        sql = cast("LiteralString", f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)")
        with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            for number, row in enumerate(values):
                if number == 0:
                    copy.set_types([_TYPES[type(value)] for value in row])
                copy.write_row(row)

    def arrive(self, *statements: Statement) -> Row | None:
        with self._connection.pipeline():
            # First of all: whoever held another lock here and waited for this one could stop `settled` for ever.
            self._connection.execute("SELECT pg_advisory_xact_lock_shared(%s::bigint)", (_ARRIVING,))
            cursors = [self._connection.execute(_pg(sql), values, binary=True) for sql, values in statements]
        return cursors[-1].fetchone()

    def alone(self, name: str) -> None:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection.execute("SELECT pg_advisory_xact_lock(%s::bigint)", (number,))


class PostgresDatabase:
    """`Database` on a PostgreSQL server, named by a libpq URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._lock = threading.Lock()
        self._idle: list[psycopg.Connection[Row]] = []
        self._closed = False
        with self._connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s::bigint)", (_SCHEMA,))
            for name in _SAFE:
                if connection.execute(_sql.SQL("SHOW {}").format(_sql.Identifier(name))).fetchone() != ("on",):
                    raise StoreUnsafe(f"this PostgreSQL can lose committed rows: {name} must be on")
            connection.execute(_pg(postgres_schema()))

    def _connect(self) -> psycopg.Connection[Row]:
        options = f"-c synchronous_commit=on -c statement_timeout={_STATEMENT_MS} -c client_min_messages=warning"
        connection = psycopg.connect(
            self._url, connect_timeout=_CONNECT_S, options=options, application_name="kiosk-gateway", autocommit=True
        )
        connection.prepare_threshold = 2
        return connection

    def _take(self) -> psycopg.Connection[Row]:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect()
            if not connection.closed:
                return connection

    def _give(self, connection: psycopg.Connection[Row]) -> None:
        with self._lock:
            if not self._closed and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()

    def _forget(self) -> None:
        """After a broken connection the others are likely broken too: the server was started anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Generator[psycopg.Connection[Row]]:
        if not self._free.acquire(timeout=_WAIT_S):
            raise StoreFailed("the gateway's database is too slow: no connection is free")
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give(connection)
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError):
                self._forget()
            raise StoreFailed(f"the gateway's database refused ({type(error).__name__})") from error
        finally:
            self._free.release()

    @contextmanager
    def transaction(self) -> Generator[_Transaction]:
        with self._connection() as connection:
            connection.autocommit = False  # BEGIN travels with the first statement of `arrive`
            try:
                yield _Transaction(connection)
                connection.commit()
            except BaseException:
                if not connection.closed:
                    connection.rollback()
                raise

    @contextmanager
    def reading(self) -> Generator[_Transaction]:
        with self._connection() as connection:
            connection.autocommit = True
            yield _Transaction(connection)

    def settled(self) -> int:
        """Every position given out before now belongs to a transaction that is waited for here."""
        with self._connection() as connection:
            connection.autocommit = True
            name = "SELECT last_value FROM pg_sequences WHERE schemaname = current_schema() AND sequencename = %s"
            found = connection.execute(name, ("journal_position_seq",)).fetchone()
            # A statement of its own is a transaction of its own: the lock is taken, and given back at once.
            connection.execute("SELECT pg_advisory_xact_lock(%s::bigint)", (_ARRIVING,))
            return 0 if found is None or found[0] is None else int(found[0])

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._forget()
