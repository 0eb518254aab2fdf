"""The outbox: what a citizen submitted stands here, sealed and chained, from COMMIT until the gateway has it.

Rows are PENDING (seq after the cursor), ACKED (up to it) or PURGED (acknowledged longer ago than the retention). A seq
is never used twice, a committed row never changes, and an unsent row is never deleted; triggers in the schema hold the
last two. One process appends, another sends and acknowledges; each has its own connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from offline_cache.disk import keeping
from offline_cache.disk.clock import KnownTime, OutboxClock, SystemClock
from offline_cache.disk.keeping import OutboxStatus
from offline_cache.disk.room import Quota, Room
from offline_cache.disk.row_writer import INSERT, End, Row, RowWriter
from offline_cache.disk.schema import connect, require_migrated
from offline_cache.disk.tables import OutboxMeta, Tables
from offline_cache.errors import (
    AckRefused,
    CacheError,
    NotEnrolled,
    SealBroken,
    StorageDamaged,
    StorageFailed,
    StorageMoved,
)
from offline_cache.messages import MAX_BATCH_BYTES, MAX_BATCH_ROWS, Ack, Batch, genesis
from offline_cache.seal import LOCAL_KEY_ID, SealingKey
from offline_cache.wire.chain import uuid7
from offline_cache.wire.verdict import VerdictPage

OUTBOX_FILE = "outbox.db"


class Appended(NamedTuple):
    """A row that is on the disk."""

    seq: int
    id: str
    created_ms: int


def case_reference(terminal: str, epoch_number: int, seq: int) -> str:
    """The number a citizen is told: `T0001-000042`; from the second epoch on `T0001-2-000042`."""
    if epoch_number == 1:
        return f"{terminal}-{seq:06d}"
    return f"{terminal}-{epoch_number}-{seq:06d}"


class Outbox:
    """One connection to the outbox. Threads of a process may share it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: OutboxClock, quota: Quota) -> None:
        self._path = path
        self.tables = Tables(connection, path)
        """Transactions and queries, for `state` and tests."""
        self.renew: Callable[[CacheError], Outbox] | None = None
        """Opens what stands in the place of a file that was set aside, or sets a damaged one aside; see `state`."""
        self._clock = clock
        self._sealing_key: SealingKey | None = None
        self._writer: RowWriter | None = None
        self._end: End | None = None
        self._identity = self.meta()
        with self.tables.reading("measuring the outbox") as view:
            self._room = Room(path, quota, view.execute("pragma page_size").fetchone()[0])
            self._time = KnownTime(clock, keeping.last_known_ms(view))

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: OutboxClock | None = None,
        quota: Quota | None = None,
        synchronous: str = "full",
    ) -> Outbox:
        """Open an outbox that `state.prepare` made; one can append after `use_key`.

        Raises:
            StorageUnsafe: this SQLite can lose commits.
            StorageFailed, StorageDamaged: the disk, or not an outbox.
        """
        if not path.exists():
            raise StorageFailed(f"there is no outbox at {path.name}")
        connection = connect(path, synchronous=synchronous)
        try:
            require_migrated(connection)
            return cls(path, connection, clock or SystemClock(), quota or Quota())
        except BaseException:
            connection.close()
            raise

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
            keeping.insert_key(connection, wrapped)
        self._take_key(sealing_key)

    def _take_key(self, sealing_key: SealingKey) -> None:
        self._sealing_key = sealing_key
        identity = self._identity
        self._writer = RowWriter(identity.device, identity.epoch, self._clock.boot_id(), sealing_key.key_id)

    def append(
        self,
        build: Callable[[int, str], Mapping[str, object]],
        within: Callable[[sqlite3.Connection], None] | None = None,
    ) -> Appended:
        """Record one document; returns after COMMIT, so "saved" is true then and not before.

        `build(seq, id)` makes the document inside the transaction, because the case number needs the seq; `within`
        adds to the same transaction. A file that was set aside meanwhile, or is damaged, is left for a new epoch, and
        `build` is called again.

        Raises:
            OutboxFull: the quota is reached; nothing was recorded.
            DocumentInvalid: not JSON, or too large.
            StorageFailed, StorageDamaged: nothing was recorded.
        """
        try:
            return self._append(build, within)
        except (StorageMoved, StorageDamaged) as error:
            if self.renew is None:
                raise
            self._become(self.renew(error))
            return self._append(build, within)

    def _become(self, renewed: Outbox) -> None:
        """Go on with the new file, its epoch and its key."""
        old, self.tables = self.tables, renewed.tables
        self._identity, self._time, self._room = renewed._identity, renewed._time, renewed._room
        self._sealing_key, self._writer, self._end = renewed._sealing_key, renewed._writer, None
        old.close()

    def _append(
        self, build: Callable[[int, str], Mapping[str, object]], within: Callable[[sqlite3.Connection], None] | None
    ) -> Appended:
        if self._sealing_key is None:
            raise StorageFailed("this outbox was opened without a sealing key")
        tables = self.tables
        with tables.transaction("recording an entry") as connection:
            hand = tables.hand
            end = self._end
            if end is None or end.writes + 1 != tables.writes:
                end = self._look(connection)
            self._room.check(connection)
            added, row = self._row(end, build)
            if hand.execute(INSERT, row).rowcount != 1:
                end = self._look(connection)
                self._room.check(connection)
                added, row = self._row(end, build)
                if hand.execute(INSERT, row).rowcount != 1:
                    raise StorageDamaged("the outbox takes no row after its last one")
            if within is not None:
                within(connection)
        self._room.taken(len(row[6]))
        self._end = End(tables.writes, added.seq, row[7]) if within is None else None
        return added

    def _row(self, end: End, build: Callable[[int, str], Mapping[str, object]]) -> tuple[Appended, Row]:
        """The row after `end`: sealed and chained. Raises `DocumentInvalid`."""
        sealing_key, writer = self._sealing_key, self._writer
        assert sealing_key is not None
        assert writer is not None
        seq, mono_ms = end.seq + 1, self._clock.mono_ms()
        created_ms = self._time.at_ms(mono_ms)
        entry_id = uuid7(created_ms)
        body = sealing_key.seal(build(seq, entry_id), writer.context(seq, entry_id))
        chain = writer.chain(end.chain, seq, entry_id, created_ms, mono_ms, body)
        row = (seq, entry_id, created_ms, writer.boot_id, mono_ms, writer.key_id, body, chain)
        return Appended(seq, entry_id, created_ms), row

    def _look(self, connection: sqlite3.Connection) -> End:
        """Look at the end of the table and whether the key is there: somebody else may have written."""
        self._room.forget()
        self._present_key(connection)
        return End(0, *self.tables.tip(connection))

    def _present_key(self, connection: sqlite3.Connection) -> None:
        """See that the key is stored. One whose entries were all purged went with them: then a new one is made."""
        sealing_key = self._sealing_key
        assert sealing_key is not None
        if connection.execute("select 1 from key where key_id = ?", (sealing_key.key_id,)).fetchone() is None:
            recipient = self.meta().recipient
            if recipient is None:
                raise StorageDamaged("the outbox has lost the key that its entries are sealed with")
            sealing_key = SealingKey(recipient)
            keeping.insert_key(connection, sealing_key.wrapped)
            self._take_key(sealing_key)

    def refuse_when_full(self) -> None:
        """Ask before a service starts, so that nobody fills in a form for nothing. Heals as `append` does.

        Raises:
            OutboxFull: the quota is reached, or the disk nearly full.
            StorageFailed, StorageDamaged.
        """
        try:
            self._refuse_when_full()
        except (StorageMoved, StorageDamaged) as error:
            if self.renew is None:
                raise
            self._become(self.renew(error))
            self._refuse_when_full()

    def _refuse_when_full(self) -> None:
        with self.tables.reading("measuring the outbox") as connection:
            self._room.count(connection)
            self._room.look_at_disk()

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
            parked = keeping.count_parked(connection)
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return OutboxStatus(
            pending=last_seq - acked,
            acked=acked,
            oldest_age_s=None if oldest is None else max(0, self._time.now_ms() - oldest[0]) // 1000,
            bytes=sum(file.stat().st_size for file in files if file.exists()),
            epoch=self._identity.epoch,
            head=head.hex(),
            clock_behind=self._time.behind(),
            parked=parked,
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
            rows, keys = keeping.collect(connection, self.tables, first_seq, min(max_rows, MAX_BATCH_ROWS), max_bytes)
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

    def verify(self) -> keeping.Verified:
        """Check every row, the chain and the keys. Reads the whole table.

        Raises:
            StorageDamaged: naming the first seq that does not fit.
            StorageFailed.
        """
        with self.tables.reading("verifying the outbox") as connection:
            return keeping.verify(connection, self.tables, genesis(self._identity.device, self._identity.epoch))

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
            connection.execute(
                "update cursor set acked_seq = ?, gateway_receipt = ?, received_ms = ?",
                (ack.acked_through, receipt, ack.received_at_ms),
            )
        return ack.acked_through

    # --- what offices made of it ----------------------------------------------------------------------------------

    def take_verdicts(self, gateway_key_id: str, ask: Callable[[int], VerdictPage]) -> int:
        """Ask for the verdicts that are new, page by page, and keep them; returns how many came.

        Raises:
            StorageFailed, StorageDamaged, StorageMoved; whatever `ask` raises.
        """
        came, more = 0, True
        while more:
            with self.tables.reading("reading the verdicts") as connection:
                after = keeping.verdict_position(connection, gateway_key_id)
            page = ask(after)
            if page.verdicts:
                with self.tables.transaction("keeping the verdicts") as connection:
                    keeping.keep_verdicts(connection, gateway_key_id, page)
            came, more = came + len(page.verdicts), page.more
        return came

    def parked(self, limit: int = 1000) -> tuple[keeping.Parked, ...]:
        """Entries that an office rejected, with their reason, the latest first. Nothing of them is ever deleted."""
        with self.tables.reading("reading what is parked") as connection:
            return keeping.parked(connection, limit)

    def last_receipt_ms(self) -> int:
        """The gateway's time when it last confirmed something, milliseconds since 1970; 0 for never.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self.tables.reading("reading the cursor") as connection:
            return keeping.last_receipt_ms(connection)

    def purge(self, before_ms: int) -> int:
        """Delete rows that the gateway acknowledged before the day of a time, and keys that no row needs any more;
        returns how many rows. While more than half of the quota is in use, it does not matter when.

        Oldest first, at most 5,000. The last row stays, so that its seq is never used again.

        Raises:
            StorageFailed, StorageDamaged.
        """
        with self.tables.transaction("purging") as connection:
            return keeping.purge(connection, self.tables, before_ms, scarce=self._room.scarce(connection))
