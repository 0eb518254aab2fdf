"""The outbox: what was committed stands, in order, once, and only what the gateway has ever leaves."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.disk import schema
from offline_cache.errors import (
    AckRefused,
    DocumentInvalid,
    NotEnrolled,
    OutboxFull,
    StorageDamaged,
    StorageFailed,
    StorageUnsafe,
)
from offline_cache.messages import Ack, check_chain
from offline_cache.outbox import OUTBOX_FILE, Outbox, Quota, case_reference
from tests.outbox_bench import FakeClock, enrol, note, writer
from tests.outbox_gateway import ModelGateway


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _ack(outbox: Outbox, through: int) -> Ack:
    meta = outbox.meta()
    rows = outbox.batch(500, 10**9, 1)
    assert rows is not None
    head = rows.rows[through - 1].chain if through else rows.previous_chain
    return Ack(meta.terminal or "", meta.epoch, through, head, 1)


def _tamper(folder: Path, statement: str, *values: object) -> None:
    """What somebody with the disk in another machine does: no triggers, no questions."""
    connection = schema.connect(folder / OUTBOX_FILE)
    connection.execute("drop trigger if exists entry_never_changes")
    connection.execute("drop trigger if exists entry_unsent_stays")
    connection.execute(statement, values)
    connection.close()


def test_entries_are_numbered_without_a_gap_and_stand_after_a_restart(folder: Path) -> None:
    with writer(folder) as outbox:
        done = [outbox.append(lambda seq, entry_id: {"seq": seq, "id": entry_id}) for _ in range(3)]
    assert [item.seq for item in done] == [1, 2, 3]
    with writer(folder) as outbox:
        assert note(outbox) == 4
        assert outbox.verify().last_seq == 4


def test_the_id_is_a_uuid_of_version_seven_at_the_wall_clocks_time(folder: Path) -> None:
    clock = FakeClock(0x0123456789AB)
    with writer(folder, clock) as outbox:
        entry = outbox.append(lambda _seq, _id: {})
    assert entry.id.startswith("01234567-89ab-7")
    assert entry.id[19] in "89ab"
    assert entry.created_ms == clock.wall_ms


def test_a_document_that_fails_leaves_nothing_and_uses_no_number(folder: Path) -> None:
    with writer(folder) as outbox:

        def fails(_seq: int, _id: str) -> dict[str, object]:
            raise ValueError("no case")

        with pytest.raises(ValueError, match="no case"):
            outbox.append(fails)
        with pytest.raises(DocumentInvalid):
            outbox.append(lambda _seq, _id: {"a": object()})
        assert outbox.last_seq() == 0
        assert note(outbox) == 1


def test_every_connection_commits_to_the_disk_itself(folder: Path) -> None:
    with writer(folder) as first, state.open_reader(folder) as second:
        for outbox in (first, second):
            connection = outbox.tables._connection
            assert connection.execute("pragma synchronous").fetchone() == (2,)
            assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2), (3, 6, 0)])
def test_a_sqlite_that_can_lose_commits_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(StorageUnsafe, match="sqlcipher3"):
        schema.check_sqlite(version)


def test_a_repaired_sqlite_is_accepted() -> None:
    schema.check_sqlite((3, 51, 3))
    schema.check_sqlite((3, 53, 4))


def test_the_outbox_and_the_files_beside_it_are_for_the_owner_only(folder: Path) -> None:
    with writer(folder) as outbox:
        note(outbox)
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_the_sync_process_sees_a_new_entry_by_the_data_version(folder: Path) -> None:
    with writer(folder) as app, state.open_reader(folder) as sync:
        before = sync.data_version()
        assert sync.data_version() == before
        note(app)
        assert sync.data_version() != before
        assert sync.last_seq() == 1


def test_two_processes_worth_of_writers_share_one_line_of_numbers(folder: Path) -> None:
    outboxes = [writer(folder) for _ in range(3)]

    def work(outbox: Outbox) -> None:
        for _ in range(20):
            note(outbox)

    threads = [threading.Thread(target=work, args=(outbox,)) for outbox in (*outboxes, outboxes[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outboxes[0].verify().last_seq == 80
    for outbox in outboxes:
        outbox.close()


def test_starting_twice_at_the_same_moment_makes_one_epoch(folder: Path) -> None:
    opened: list[Outbox] = []
    threads = [threading.Thread(target=lambda: opened.append(writer(folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(outbox.meta().device, outbox.meta().epoch) for outbox in opened}) == 1
    assert opened[0].meta().epoch_number == 1
    for outbox in opened:
        outbox.close()


def test_a_new_database_in_the_same_folder_is_a_new_epoch_with_its_own_case_numbers(folder: Path) -> None:
    with writer(folder) as outbox:
        first = outbox.meta()
        note(outbox)
    for path in folder.glob(OUTBOX_FILE + "*"):
        path.unlink()
    with writer(folder) as outbox:
        second = outbox.meta()
        assert note(outbox) == 1
    assert second.device == first.device
    assert second.epoch != first.epoch
    assert (first.epoch_number, second.epoch_number) == (1, 2)
    assert case_reference("T0001", first.epoch_number, 42) == "T0001-000042"
    assert case_reference("T0001", second.epoch_number, 42) == "T0001-2-000042"


# ------------------------------------------------------------------------------------------------------- status


def test_the_status_counts_what_waits_and_how_long(folder: Path) -> None:
    clock = FakeClock()
    enrol(folder, ModelGateway())
    with writer(folder, clock) as outbox:
        assert outbox.status().oldest_age_s is None
        for _ in range(3):
            note(outbox)
            clock.advance(60)
        outbox.acknowledge(_ack(outbox, 1))
        status = outbox.status()
        assert (status.pending, status.acked, status.oldest_age_s) == (2, 1, 120)
        assert status.bytes > 0
        assert status.head == outbox.verify().head
        clock.advance(-100_000)
        assert outbox.status().oldest_age_s == 0


# ------------------------------------------------------------------------------------------------------- quota


def test_a_full_outbox_refuses_new_business_and_keeps_the_old(folder: Path) -> None:
    with state.open_writer(folder, quota=Quota(max_bytes=200_000, min_free_bytes=0)) as outbox:
        kept = 0

        def fill() -> None:
            nonlocal kept
            while True:
                outbox.append(lambda _seq, _id: {"x": os.urandom(4000).hex()})
                kept += 1

        with pytest.raises(OutboxFull):
            fill()
        assert kept > 10
        assert outbox.verify().last_seq == kept
        with pytest.raises(OutboxFull):
            outbox.refuse_when_full()


def test_a_disk_that_is_nearly_full_refuses_new_business(folder: Path) -> None:
    with (
        state.open_writer(folder, quota=Quota(min_free_bytes=2**62)) as outbox,
        pytest.raises(OutboxFull, match="disk"),
    ):
        note(outbox)


def test_a_disk_without_room_fails_the_entry_and_the_next_one_may_succeed(folder: Path) -> None:
    with writer(folder) as outbox:
        note(outbox)
        connection = outbox.tables._connection
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StorageFailed, match="full"):
            outbox.append(lambda _seq, _id: {"x": os.urandom(20_000).hex()})
        connection.execute("pragma max_page_count = 100000")
        assert note(outbox) == 2
        assert outbox.verify().last_seq == 2


# ------------------------------------------------------------------------------------------------------ verify


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("update entry set body = x'00' where seq = 3", 3),
        ("update entry set created_ms = 1 where seq = 2", 2),
        ("update entry set chain = zeroblob(32) where seq = 4", 4),
        ("delete from entry where seq = 2", 2),
        ("delete from entry where seq = 1", 1),
        ("update entry set seq = 9 where seq = 5", 5),
        ("delete from key", 1),
        ("update cursor set acked_seq = 6", 6),
        ("update cursor set purged_chain = zeroblob(32)", 1),
        ("update meta set epoch = 'ffffffffffffffffffffffffffffffff'", 1),
    ],
)
def test_verify_names_the_first_entry_that_was_touched(folder: Path, statement: str, seq: int) -> None:
    with writer(folder) as outbox:
        for _ in range(5):
            note(outbox)
    _tamper(folder, statement)
    with state.open_reader(folder) as outbox, pytest.raises(StorageDamaged) as caught:
        outbox.verify()
    assert caught.value.seq == seq


def test_a_file_that_is_no_database_is_called_damaged(folder: Path) -> None:
    with writer(folder) as outbox:
        note(outbox)
    for path in folder.glob(OUTBOX_FILE + "*"):
        path.write_bytes(b"scribbled over" * 500)
    with pytest.raises(StorageDamaged):
        state.open_reader(folder)


def test_a_committed_entry_cannot_be_changed_nor_an_unsent_one_deleted_by_mistake(folder: Path) -> None:
    with writer(folder) as outbox:
        note(outbox)
        for statement in ("update entry set body = x'00'", "delete from entry"):
            with pytest.raises(StorageFailed, match="entry"), outbox.tables.transaction("a mistake") as connection:
                connection.execute(statement)
        assert outbox.verify().rows == 1


def test_an_outbox_without_a_sealing_key_does_not_record(folder: Path) -> None:
    with state.open_reader(folder) as outbox, pytest.raises(StorageFailed, match="sealing key"):
        note(outbox)


def test_a_missing_outbox_is_not_made_by_looking(folder: Path) -> None:
    with pytest.raises(StorageFailed):
        Outbox.open(folder / OUTBOX_FILE)
    assert not folder.exists()


# ------------------------------------------------------------------------------------------- batch, acknowledge


def test_before_enrolment_nothing_can_be_sent(folder: Path) -> None:
    with writer(folder) as outbox:
        note(outbox)
        with pytest.raises(NotEnrolled):
            outbox.batch()


def test_a_batch_is_a_contiguous_run_within_rows_and_bytes(folder: Path) -> None:
    enrol(folder, ModelGateway())
    with writer(folder) as outbox:
        assert outbox.batch() is None
        for _ in range(10):
            outbox.append(lambda _seq, _id: {"x": os.urandom(500).hex()})
        three = outbox.batch(max_rows=3)
        assert three is not None
        assert [row.seq for row in three.rows] == [1, 2, 3]
        assert check_chain(three.previous_chain, three.rows) == three.head
        small = outbox.batch(max_bytes=4000)
        assert small is not None
        assert 1 <= len(small.rows) < 10
        one = outbox.batch(max_bytes=1)
        assert one is not None
        assert len(one.rows) == 1
        outbox.acknowledge(_ack(outbox, 4))
        rest = outbox.batch()
        again = outbox.batch(from_seq=2)
        assert rest is not None
        assert again is not None
        assert (rest.first_seq, rest.last_seq) == (5, 10)
        assert again.first_seq == 2


def test_a_hole_in_the_rows_is_not_sent_over(folder: Path) -> None:
    enrol(folder, ModelGateway())
    with writer(folder) as outbox:
        for _ in range(4):
            note(outbox)
    _tamper(folder, "delete from entry where seq = 3")
    with state.open_reader(folder) as outbox, pytest.raises(StorageDamaged) as caught:
        outbox.batch()
    assert caught.value.seq == 3


def test_the_cursor_moves_only_forward_and_keeps_the_receipt(folder: Path) -> None:
    enrol(folder, ModelGateway())
    with writer(folder) as outbox:
        for _ in range(5):
            note(outbox)
        assert outbox.acknowledge(_ack(outbox, 3), b"receipt 3") == 3
        assert outbox.acknowledge(_ack(outbox, 2), b"receipt 2") == 3
        assert outbox.acknowledge(_ack(outbox, 3), b"receipt 3b") == 3
        assert outbox.acked_seq() == 3
        with outbox.tables.reading("a test") as connection:
            assert outbox.tables.cursor(connection)[3] == b"receipt 3"


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "ffffffffffffffffffffffffffffffff"},
        {"terminal": "T0002"},
        {"acked_through": 6},
        {"acked_through": 4},
        {"head": bytes(32)},
    ],
)
def test_an_acknowledgement_that_does_not_fit_acknowledges_nothing(folder: Path, change: dict[str, object]) -> None:
    enrol(folder, ModelGateway())
    with writer(folder) as outbox:
        for _ in range(5):
            note(outbox)
        with pytest.raises(AckRefused):
            outbox.acknowledge(replace(_ack(outbox, 3), **change))
        assert outbox.acked_seq() == 0


# ------------------------------------------------------------------------------------------------------- purge


def test_only_entries_acknowledged_long_ago_are_purged_and_the_chain_still_holds(folder: Path) -> None:
    clock, day_ms = FakeClock(), 86_400_000
    enrol(folder, ModelGateway())
    with writer(folder, clock) as outbox:
        for _ in range(6):
            note(outbox)
        outbox.acknowledge(replace(_ack(outbox, 2), received_at_ms=7 * day_ms + 5))
        outbox.acknowledge(replace(_ack(outbox, 4), received_at_ms=8 * day_ms))
        assert outbox.purge(8 * day_ms - 1) == 0
        assert outbox.purge(8 * day_ms) == 2
        assert outbox.purge(9 * day_ms - 1) == 0
        assert outbox.verify().rows == 4
        assert outbox.purge(9 * day_ms) == 2
        assert outbox.status().pending == 2
        assert outbox.verify().rows == 2
        with pytest.raises(StorageDamaged):
            outbox.batch(from_seq=2)


def test_the_last_entry_stays_so_that_its_number_is_never_used_again(folder: Path) -> None:
    clock = FakeClock()
    enrol(folder, ModelGateway())
    with writer(folder, clock) as outbox:
        for _ in range(3):
            note(outbox)
        outbox.acknowledge(_ack(outbox, 3))
        assert outbox.purge(clock.wall_ms + 1) == 2
    with writer(folder, clock) as outbox:
        assert note(outbox) == 4
        assert outbox.verify().rows == 2
