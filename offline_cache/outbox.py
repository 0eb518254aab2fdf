"""The outbox: what a citizen submitted stands here, sealed and chained, from COMMIT until the gateway has it.

Rows are PENDING (seq after the cursor), ACKED (up to it) or PURGED (acknowledged, and older than the retention). A seq
is never used twice, a committed row never changes, and an unsent row is never deleted; triggers in the schema hold the
last two. One process appends, another sends and acknowledges; each has its own connection.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline_cache.disk.clock import OutboxClock, SystemClock, uuid7
from offline_cache.disk.schema import connect, require_migrated
from offline_cache.disk.tables import OutboxMeta, Tables
from offline_cache.errors import (
    AckRefused,
    NotEnrolled,
    OutboxFull,
    SealBroken,
    StorageDamaged,
    StorageFailed,
)
from offline_cache.messages import (
    MAX_BATCH_BYTES,
    MAX_BATCH_ROWS,
    Ack,
    Batch,
    Row,
    WrappedKey,
    genesis,
    next_chain,
    seal_context,
)
from offline_cache.seal import LOCAL_KEY_ID, SealingKey

OUTBOX_FILE = "outbox.db"
_ROW_OVERHEAD = 220
"""Bytes of a row on the wire beside its body, rounded up; so are the next two."""
_KEY_OVERHEAD = 256
_BATCH_OVERHEAD = 1024
_PURGE_ROWS = 5_000


@dataclass(frozen=True)
class Quota:
    """When new business is refused. Acknowledged rows are purged elsewhere; nothing unsent is."""

    max_bytes: int = 1024 * 1024 * 1024
    min_free_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True)
class Appended:
    """A row that is on the disk."""

    seq: int
    id: str
    created_ms: int


@dataclass(frozen=True)
class OutboxStatus:
    """The fields of `kiosk outbox status --json`. `acked` is the cursor, `head` the last row's chain value, hex."""

    pending: int
    acked: int
    oldest_age_s: int | None
    bytes: int
    epoch: str
    head: str


@dataclass(frozen=True)
class Verified:
    """What `Outbox.verify` looked at."""

    rows: int
    last_seq: int
    head: str


def case_reference(terminal: str, epoch_number: int, seq: int) -> str:
    """The number a citizen is told: `T0001-000042`; from the second epoch on `T0001-2-000042`."""
    if epoch_number == 1:
        return f"{terminal}-{seq:06d}"
    return f"{terminal}-{epoch_number}-{seq:06d}"


class Outbox:
    """One connection to the outbox. Threads of a process may share it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: OutboxClock, quota: Quota) -> None:
        self._path = path
        self.tables = Tables(connection)
        """Transactions and queries, for `state` and tests."""
        self._clock = clock
        self._quota = quota
        self._sealing_key: SealingKey | None = None
        self._identity = self.meta()
        with self.tables.reading("measuring the outbox") as view:
            self._most_pages = quota.max_bytes // view.execute("pragma page_size").fetchone()[0]

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        sealing_key: SealingKey | None = None,
        clock: OutboxClock | None = None,
        quota: Quota | None = None,
        synchronous: str = "full",
    ) -> Outbox:
        """Open an outbox that `state.prepare` made; with a sealing key one can append.

        Raises:
            StorageUnsafe: this SQLite can lose commits.
            StorageFailed, StorageDamaged: the disk, or not an outbox.
        """
        if not path.exists():
            raise StorageFailed(f"there is no outbox at {path.name}")
        connection = connect(path, synchronous=synchronous)
        try:
            require_migrated(connection)
            outbox = cls(path, connection, clock or SystemClock(), quota or Quota())
            if sealing_key is not None:
                outbox.use_key(sealing_key)
        except BaseException:
            connection.close()
            raise
        return outbox

    def close(self) -> None:
        """Close the connection. What was committed stays."""
        self.tables.close()

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- recording ------------------------------------------------------------------------------------------------

    def use_key(self, sealing_key: SealingKey) -> None:
        """Store a wrapped body key; from now on rows are sealed with it.

        Raises:
            SealBroken: wrapped to the local key, although a gateway has taken its place.
            StorageFailed, StorageDamaged.
        """
        wrapped = sealing_key.wrapped
        with self.tables.transaction("storing a sealing key") as connection:
            if wrapped.gateway_key_id == LOCAL_KEY_ID and self.meta().recipient is not None:
                raise SealBroken("the local key is no longer used here: seal to the gateway")
            connection.execute(
                "insert into key(key_id, enc, gateway_key_id) values (?, ?, ?)",
                (wrapped.key_id, wrapped.enc, wrapped.gateway_key_id),
            )
        self._sealing_key = sealing_key

    def append(self, build: Callable[[int, str], Mapping[str, object]]) -> Appended:
        """Record one document; returns after COMMIT, so "saved" is true then and not before.

        `build(seq, id)` makes the document inside the transaction, because the case number needs the seq.

        Raises:
            OutboxFull: the quota is reached; nothing was recorded.
            DocumentInvalid: not JSON, or too large.
            StorageFailed, StorageDamaged: nothing was recorded.
        """
        sealing_key = self._sealing_key
        if sealing_key is None:
            raise StorageFailed("this outbox was opened without a sealing key")
        with self.tables.transaction("recording an entry") as connection:
            self._refuse_when_full(connection)
            last_seq, previous = self.tables.tip(connection)
            seq, created_ms = last_seq + 1, self._clock.now_ms()
            entry_id = uuid7(created_ms)
            context = seal_context(self._identity.device, self._identity.epoch, seq, entry_id)
            row = Row(
                seq=seq,
                id=entry_id,
                created_ms=created_ms,
                boot_id=self._clock.boot_id(),
                mono_ms=self._clock.mono_ms(),
                key_id=sealing_key.key_id,
                body=sealing_key.seal(build(seq, entry_id), context),
                chain=b"",
            )
            connection.execute(
                "insert into entry values (?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, entry_id, created_ms, row.boot_id, row.mono_ms, row.key_id, row.body, next_chain(previous, row)),
            )
        return Appended(seq, entry_id, created_ms)

    def refuse_when_full(self) -> None:
        """Ask before a service starts, so that nobody fills in a form for nothing.

        Raises:
            OutboxFull: the quota is reached, or the disk nearly full.
            StorageFailed.
        """
        with self.tables.reading("measuring the outbox") as connection:
            self._refuse_when_full(connection)

    def _refuse_when_full(self, connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("pragma page_count").fetchone()
        if pages >= self._most_pages:
            (free,) = connection.execute("pragma freelist_count").fetchone()
            if pages - free >= self._most_pages:
                raise OutboxFull("the outbox has reached its quota; nothing unsent is deleted")
        disk = os.statvfs(self._path)
        if disk.f_bavail * disk.f_frsize < self._quota.min_free_bytes:
            raise OutboxFull("the disk is nearly full; nothing unsent is deleted")

    # --- reading --------------------------------------------------------------------------------------------------

    def meta(self) -> OutboxMeta:
        """Whose outbox this is."""
        return self.tables.meta()

    def acked_seq(self) -> int:
        """The last seq that the gateway confirmed; 0 for none."""
        with self.tables.reading("reading the cursor") as connection:
            return self.tables.cursor(connection)[0]

    def last_seq(self) -> int:
        """The last recorded seq; 0 for none."""
        with self.tables.reading("reading the outbox") as connection:
            return self.tables.tip(connection)[0]

    def data_version(self) -> int:
        """A number that changes when another connection has committed (`PRAGMA data_version`)."""
        with self.tables.reading("watching the outbox") as connection:
            return int(connection.execute("pragma data_version").fetchone()[0])

    def status(self) -> OutboxStatus:
        """Figures for people and scripts.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self.tables.reading("reading the outbox") as connection:
            acked, _, _, _ = self.tables.cursor(connection)
            last_seq, head = self.tables.tip(connection)
            oldest = connection.execute(
                "select created_ms from entry where seq > ? order by seq limit 1", (acked,)
            ).fetchone()
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return OutboxStatus(
            pending=last_seq - acked,
            acked=acked,
            oldest_age_s=None if oldest is None else max(0, self._clock.now_ms() - oldest[0]) // 1000,
            bytes=sum(file.stat().st_size for file in files if file.exists()),
            epoch=self._identity.epoch,
            head=head.hex(),
        )

    def batch(
        self, max_rows: int = MAX_BATCH_ROWS, max_bytes: int = MAX_BATCH_BYTES, from_seq: int | None = None
    ) -> Batch | None:
        """The next rows to send, or None. `from_seq` goes back before the cursor when the gateway asks for it.

        At least one row is returned, however large: a sealed document always fits `MAX_BATCH_BYTES`.

        Raises:
            NotEnrolled: there is no gateway yet, or keys are still wrapped to the local key.
            StorageDamaged: rows that should be there are not.
            StorageFailed.
        """
        with self.tables.reading("reading a batch") as connection:
            meta = self.meta()
            if meta.terminal is None:
                raise NotEnrolled("this terminal has not joined a gateway yet")
            acked = self.tables.cursor(connection)[0]
            first_seq = acked + 1 if from_seq is None else from_seq
            if first_seq > self.tables.tip(connection)[0]:
                return None
            previous = self.tables.chain_at(connection, first_seq - 1)
            if previous is None:
                raise StorageDamaged(f"seq {first_seq - 1} is no longer here", first_seq - 1)
            rows, keys = self._collect(connection, first_seq, max_rows, max_bytes)
        return Batch(
            terminal=meta.terminal,
            device=meta.device,
            epoch=meta.epoch,
            first_seq=first_seq,
            previous_chain=previous,
            keys=tuple(keys.values()),
            rows=tuple(rows),
            epoch_number=meta.epoch_number,
        )

    def _collect(
        self, connection: sqlite3.Connection, first_seq: int, max_rows: int, max_bytes: int
    ) -> tuple[list[Row], dict[str, WrappedKey]]:
        rows: list[Row] = []
        keys: dict[str, WrappedKey] = {}
        size = _BATCH_OVERHEAD
        for row in self.tables.rows(connection, first_seq, min(max_rows, MAX_BATCH_ROWS)):
            size += len(row.body) + _ROW_OVERHEAD + (0 if row.key_id in keys else _KEY_OVERHEAD)
            if rows and size > max_bytes:
                break
            if row.seq != first_seq + len(rows):
                raise StorageDamaged(f"seq {first_seq + len(rows)} is missing", first_seq + len(rows))
            if row.key_id not in keys:
                keys[row.key_id] = self.tables.key(connection, row)
            rows.append(row)
        return rows, keys

    def verify(self) -> Verified:
        """Check every row, the chain and the keys. Reads the whole table.

        Raises:
            StorageDamaged: naming the first seq that does not fit.
            StorageFailed.
        """
        with self.tables.reading("verifying the outbox") as connection:
            acked, purged_seq, purged_chain, _ = self.tables.cursor(connection)
            known_keys = {str(key_id) for (key_id,) in connection.execute("select key_id from key")}
            if purged_seq == 0 and purged_chain != genesis(self._identity.device, self._identity.epoch):
                raise StorageDamaged("the chain does not begin at this device and epoch", 1)
            count, seq, chain = 0, purged_seq, purged_chain
            for row in self.tables.rows(connection, 0, -1):
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

    # --- the gateway has it ---------------------------------------------------------------------------------------

    def acknowledge(self, ack: Ack, receipt: bytes = b"") -> int:
        """Move the cursor to what the gateway confirmed; returns the cursor. The caller has checked the signature.

        An older acknowledgement that arrives late changes nothing.

        Raises:
            AckRefused: another terminal or epoch, beyond what is recorded, or another chain value.
            StorageFailed, StorageDamaged.
        """
        with self.tables.transaction("acknowledging") as connection:
            meta = self.meta()
            if ack.epoch != meta.epoch or ack.terminal != meta.terminal:
                raise AckRefused("the acknowledgement is for another terminal or epoch")
            if ack.acked_through > self.tables.tip(connection)[0]:
                raise AckRefused("the acknowledgement goes beyond what is recorded here")
            acked, purged_seq, _, _ = self.tables.cursor(connection)
            if ack.acked_through < purged_seq:
                return acked
            if self.tables.chain_at(connection, ack.acked_through) != ack.head:
                raise AckRefused(f"the acknowledged head is not the chain value of seq {ack.acked_through}")
            if ack.acked_through <= acked:
                return acked
            connection.execute("update cursor set acked_seq = ?, gateway_receipt = ?", (ack.acked_through, receipt))
        return ack.acked_through

    def purge(self, before_ms: int) -> int:
        """Delete acknowledged rows recorded before a time, oldest first, at most 5,000; returns how many.

        The last row stays, so that its seq is never used again.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self.tables.transaction("purging") as connection:
            acked, purged_seq, _, _ = self.tables.cursor(connection)
            limit = min(acked, self.tables.tip(connection)[0] - 1, purged_seq + _PURGE_ROWS)
            kept = connection.execute(
                "select min(seq) from entry where seq <= ? and created_ms >= ?", (limit, before_ms)
            ).fetchone()[0]
            through = limit if kept is None else kept - 1
            chain = self.tables.chain_at(connection, through)
            if through <= purged_seq or chain is None:
                return 0
            connection.execute("delete from entry where seq <= ?", (through,))
            connection.execute("update cursor set purged_seq = ?, purged_chain = ?", (through, chain))
        return through - purged_seq
