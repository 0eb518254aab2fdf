"""Transactions and queries on the tables of the outbox; nothing here decides."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from offline_cache.disk.schema import SqliteErrors, mapped
from offline_cache.errors import NotEnrolled, StorageDamaged, StorageMoved
from offline_cache.messages import Row, WrappedKey, genesis
from offline_cache.seal import LOCAL_KEY_ID, Recipient


@dataclass(frozen=True)
class OutboxMeta:
    """Whose outbox this is. `terminal` and `recipient` are None until enrolment."""

    device: str
    epoch: str
    epoch_number: int
    terminal: str | None
    recipient: Recipient | None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _watch(path: Path) -> int:
    """A descriptor of the file that only tells its state: closing it does not end SQLite's locks."""
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise mapped(error, "opening the outbox") from error


class _Transaction:
    """A `with` of its own: a generator's costs every entry more."""

    __slots__ = ("_doing", "_tables")

    def __init__(self, tables: Tables, doing: str) -> None:
        self._tables = tables
        self._doing = doing

    def __enter__(self) -> sqlite3.Connection:
        return self._tables.begin(self._doing)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._tables.end(self._doing, error)


class Tables:
    """One connection. Threads of a process may share it; one of them is inside at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._file = _identity(path)
        self.hand = connection.cursor()
        """For what runs with every entry: a cursor of its own for each statement costs more. Inside a transaction."""
        self._lock = threading.RLock()
        self.writes = 0
        """Write transactions that were begun here: who remembers something of the tables sees if it still holds."""
        identity = self.meta()
        self._genesis = genesis(identity.device, identity.epoch)
        self._watched = _watch(path)
        self._changed_ns = 0

    def close(self) -> None:
        """Close the connection. What was committed stays."""
        with self._lock:
            self._connection.close()
            watched, self._watched = self._watched, -1
            if watched >= 0:
                os.close(watched)

    def transaction(self, doing: str) -> AbstractContextManager[sqlite3.Connection]:
        """One write transaction: all of it is on the disk at the end, or nothing.

        Raises:
            StorageFailed, StorageDamaged, StorageMoved.
        """
        return _Transaction(self, doing)

    def begin(self, doing: str) -> sqlite3.Connection:
        """Enter a write transaction; `end` leaves it. For `transaction`."""
        self._lock.acquire()
        try:
            self.writes += 1
            self.hand.execute("begin immediate")
            self._stand_or_fail()
        except BaseException as error:
            self.end(doing, error)
            raise
        return self._connection

    def end(self, doing: str, error: BaseException | None) -> None:
        """Commit, or roll back after an error; what SQLite and the disk say becomes a leaf."""
        try:
            if error is None:
                try:
                    self.hand.execute("commit")
                except (*SqliteErrors, OSError) as refused:
                    error = refused
            if error is not None:
                self._roll_back()
            if isinstance(error, (*SqliteErrors, OSError)):
                raise mapped(error, doing) from error
        finally:
            self._lock.release()

    def moved(self) -> bool:
        """Whether another file stands under the name that was opened. Certain while a write transaction is open:
        who sets the file aside holds one too."""
        return _identity(self._path) != self._file

    def _stand_or_fail(self) -> None:
        if self._has_moved():
            raise StorageMoved("the outbox was set aside; a new one stands in its place")

    def _has_moved(self) -> bool:
        """`moved`, for a third of its price: a file that is moved, removed or replaced gets another change time."""
        changed_ns = os.fstat(self._watched).st_ctime_ns
        if changed_ns == self._changed_ns:
            return False
        moved = self.moved()
        self._changed_ns = 0 if moved else changed_ns
        return moved

    def _roll_back(self) -> None:
        with contextlib.suppress(*SqliteErrors):  # the first error is the one to tell; SQLite drops the rest itself
            if self._connection.in_transaction:
                self._connection.execute("rollback")

    @contextlib.contextmanager
    def reading(self, doing: str) -> Generator[sqlite3.Connection]:
        """One consistent view, also inside a write transaction.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self._lock:
            nested = self._connection.in_transaction
            try:
                if not nested:
                    self._connection.execute("begin")
                yield self._connection
            except (*SqliteErrors, OSError) as error:
                raise mapped(error, doing) from error
            finally:
                if not nested:
                    self._roll_back()

    def tip(self, connection: sqlite3.Connection) -> tuple[int, bytes]:
        """The last row's seq and chain value; before the first row 0 and the genesis."""
        found = connection.execute("select seq, chain from entry order by seq desc limit 1").fetchone()
        return (0, self._genesis) if found is None else found

    @staticmethod
    def cursor(connection: sqlite3.Connection) -> tuple[int, int, bytes, bytes | None]:
        """acked_seq, purged_seq, purged_chain, gateway_receipt."""
        found = connection.execute("select acked_seq, purged_seq, purged_chain, gateway_receipt from cursor").fetchone()
        if found is None:
            raise StorageDamaged("the outbox has lost its cursor")
        return cast("tuple[int, int, bytes, bytes | None]", found)

    def chain_at(self, connection: sqlite3.Connection, seq: int) -> bytes | None:
        """The chain value of a row, or None when it is not here."""
        _, purged_seq, purged_chain, _ = self.cursor(connection)
        if seq == purged_seq:
            return purged_chain
        found = connection.execute("select chain from entry where seq = ?", (seq,)).fetchone()
        return None if found is None else found[0]

    @staticmethod
    def rows(connection: sqlite3.Connection, first_seq: int, limit: int) -> Iterator[Row]:
        """Rows in order; a negative limit is none."""
        query = (
            "select seq, id, created_ms, boot_id, mono_ms, key_id, body, chain from entry"
            " where seq >= ? order by seq limit ?"
        )
        for values in connection.execute(query, (first_seq, limit)):
            yield Row(*values)

    @staticmethod
    def key(connection: sqlite3.Connection, row: Row) -> WrappedKey:
        """The wrapped key of a row.

        Raises:
            StorageDamaged: it is missing.
            NotEnrolled: it is still wrapped to the local key.
        """
        found = connection.execute(
            "select key_id, enc, gateway_key_id from key where key_id = ?", (row.key_id,)
        ).fetchone()
        if found is None:
            raise StorageDamaged(f"the key of seq {row.seq} is missing", row.seq)
        if found[2] == LOCAL_KEY_ID:
            raise NotEnrolled("a body key is not wrapped to the gateway yet")
        return WrappedKey(*found)

    def meta(self) -> OutboxMeta:
        """Whose outbox this is.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self.reading("reading the outbox") as connection:
            found = connection.execute(
                "select device, epoch, epoch_number, terminal_id, gateway_key_id, gateway_key from meta"
            ).fetchone()
        if found is None:
            raise StorageDamaged("the outbox does not say whose it is")
        device, epoch, number, terminal, key_id, key = found
        return OutboxMeta(device, epoch, number, terminal, None if key_id is None else Recipient(key_id, key))
