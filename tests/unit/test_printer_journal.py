"""The print journal over crashes: what nobody knows stays unknown."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.api import JobState, Para, Receipt
from drivers.printers.journal import JobJournal, JournalFailed
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_link import SimReceiptPrinter

NOW = datetime(2027, 5, 18, 10, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left_in", "found_in"),
    [
        (JobState.QUEUED, JobState.NOT_PRINTED),
        (JobState.SENDING, JobState.UNKNOWN),
        (JobState.SENT, JobState.UNKNOWN),
        (JobState.PRINTED, JobState.PRINTED_NOT_CUT),
        (JobState.DONE, JobState.DONE),
        (JobState.PARTIAL, JobState.PARTIAL),
    ],
)
def test_the_power_goes_while_a_job_is_under_way(tmp_path: Path, left_in: JobState, found_in: JobState) -> None:
    journal = JobJournal(tmp_path / "jobs.db", now=lambda: NOW)
    job = journal.begin("T0001-000042", copy=False)
    journal.enter(job, left_in)
    # No close: the process is gone.
    again = JobJournal(tmp_path / "jobs.db", now=lambda: NOW)
    row = again.last("T0001-000042")
    assert row is not None
    assert row.state is found_in
    assert row.reason == ("" if left_in is found_in else "crash")
    assert row.began == "2027-05-18T10:29:00+00:00"
    again.close()
    journal.close()


def test_it_is_private_and_uses_a_rollback_journal(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.db")
    assert (tmp_path / "jobs.db").stat().st_mode & 0o777 == 0o600
    raw = sqlite3.connect(tmp_path / "jobs.db")
    assert raw.execute("PRAGMA journal_mode").fetchone() != ("wal",)
    raw.close()
    assert journal.last() is None
    assert journal.last("x") is None
    journal.close()


def test_no_job_begins_where_it_cannot_be_entered(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.db")
    sim = SimPrinter()
    printer = SimReceiptPrinter(sim, journal=journal)
    journal.close()
    result = printer.print_receipt(Receipt("n", (Para("x"),)))
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, "print-journal-failed", 0)
    assert sim.receipts == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed):
        JobJournal(tmp_path / "missing" / "jobs.db")


def test_after_a_crash_the_hanging_piece_is_cut_off_first(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.db")
    sim = SimPrinter()
    journal.enter(journal.begin("T0001-000041", copy=False), JobState.SENDING)
    sim.receive("半张凭条\n".encode("gbk"))
    journal.close()
    printer = SimReceiptPrinter(sim, journal=JobJournal(tmp_path / "jobs.db"))
    assert printer.print_receipt(Receipt("T0001-000042", (Para("x"),))).state is JobState.DONE
    half, whole = sim.receipts
    assert half.lines == ("半张凭条",)
    assert not half.complete
    assert whole.complete


def test_a_journal_whose_names_are_no_text_any_more_is_named(tmp_path: Path) -> None:
    JobJournal(tmp_path / "jobs.db").close()
    raw = (tmp_path / "jobs.db").read_bytes()
    damaged = raw.replace(b"tableprint_jobprint_job", b"table" + b"\xa4" * 18)
    assert damaged != raw
    (tmp_path / "jobs.db").write_bytes(damaged.replace(b"CREATE TABLE print_job", b"\xa4" * 22))
    with pytest.raises(JournalFailed):
        JobJournal(tmp_path / "jobs.db")


def test_a_journal_with_a_state_that_there_is_none_of_is_named(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.db")
    journal.begin("T0001-000042", copy=False)
    with sqlite3.connect(tmp_path / "jobs.db") as db:
        db.execute("UPDATE print_job SET state = 'eaten'")
    with pytest.raises(JournalFailed):
        journal.jobs()
    journal.close()
