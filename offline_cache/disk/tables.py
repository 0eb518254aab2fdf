"""Transactions and queries on the tables of the outbox; nothing here decides."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from offline_cache.disk.schema import SqliteError, mapped
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
        found = os.stat(path)  # noqa: PTH116 - a microsecond less, on every entry
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class Tables:
    """One connection. Threads of a process may share it; one of them is inside at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._file = _identity(path)
        self._lock = threading.RLock()
        identity = self.meta()
        self._genesis = genesis(identity.device, identity.epoch)

    def close(self) -> None:
        """Close the connection. What was committed stays."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self, doing: str) -> Generator[sqlite3.Connection]:
        """One write transaction: all of it is on the disk at the end, or nothing.

        Raises:
            StorageFailed, StorageDamaged, StorageMoved.
        """
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                self._stand_or_fail()
                yield self._connection
                self._connection.execute("commit")
            except BaseException as error:
                self._roll_back()
                if isinstance(error, (SqliteError, OSError)):
                    raise mapped(error, doing) from error
                raise

    def moved(self) -> bool:
        """Whether another file stands under the name that was opened. Certain while a write transaction is open:
        who sets the file aside holds one too."""
        return _identity(self._path) != self._file

    def _stand_or_fail(self) -> None:
        if self.moved():
            raise StorageMoved("the outbox was set aside; a new one stands in its place")

    def _roll_back(self) -> None:
        with contextlib.suppress(SqliteError):  # the first error is the one to tell; SQLite drops the rest itself
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
            except (SqliteError, OSError) as error:
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
