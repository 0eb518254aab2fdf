"""The print journal: where each job stood, so that a crash never turns "perhaps" into "printed" or "not printed".

States only, never what was printed. A row is written before the first byte of its job leaves the terminal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drivers.api import JobState
from drivers.errors import PrinterError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS print_job (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL,
  copy INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  began TEXT NOT NULL,
  changed TEXT NOT NULL
) STRICT
"""
_SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""SQLite's own, and Python's where SQLite names damage in bytes that are no text."""
_OPEN_STATES = (JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED, JobState.BLOCKED)


class JournalFailed(PrinterError):
    """The journal cannot be read or written: no job may begin."""

    code = "print-journal-failed"


@dataclass(frozen=True)
class JobRow:
    """One job. Times are ISO 8601 in UTC."""

    id: int
    number: str
    copy: bool
    state: JobState
    reason: str
    began: str
    changed: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class JobJournal:
    """One SQLite file with one connection. Rollback journal and FULL: no WAL, whose reset bug older SQLite has."""

    def __init__(self, path: Path, now: Callable[[], datetime] = _utc_now) -> None:
        """Open or make the journal; jobs that a crash cut off become `unknown`. Raises `JournalFailed`."""
        self._now = now
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = TRUNCATE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_SCHEMA)
            self._recover()
        except (*_SQLITE_ERRORS, OSError) as e:
            raise JournalFailed(f"cannot open the print journal: {type(e).__name__}") from e

    def _recover(self) -> None:
        # Queued: not one byte was sent. Anything later: nobody knows, except that what was printed was printed.
        for state in _OPEN_STATES:
            end = {JobState.QUEUED: JobState.NOT_PRINTED, JobState.PRINTED: JobState.PRINTED_NOT_CUT}
            self._execute(
                "UPDATE print_job SET state = ?, reason = 'crash', changed = ? WHERE state = ?",
                (end.get(state, JobState.UNKNOWN), self._now().isoformat(), state),
            )

    def begin(self, number: str, *, copy: bool) -> int:
        """Enter a job as queued and return its id. Raises `JournalFailed`."""
        now = self._now().isoformat()
        cursor = self._execute(
            "INSERT INTO print_job (number, copy, state, began, changed) VALUES (?, ?, ?, ?, ?)",
            (number, int(copy), JobState.QUEUED, now, now),
        )
        return cursor.lastrowid or 0

    def enter(self, job_id: int, state: JobState, reason: str = "") -> None:
        """Write where a job stands. Raises `JournalFailed`."""
        self._execute(
            "UPDATE print_job SET state = ?, reason = ?, changed = ? WHERE id = ?",
            (state, reason, self._now().isoformat(), job_id),
        )

    def last(self, number: str | None = None) -> JobRow | None:
        """The latest job, or the latest of one receipt number. Raises `JournalFailed`."""
        where = "WHERE number = ?" if number is not None else ""
        rows = self._rows(where + " ORDER BY id DESC LIMIT 1", (number,) if number is not None else ())
        return rows[0] if rows else None

    def last_sent(self) -> JobRow | None:
        """The latest job of which any byte went to the printer. Raises `JournalFailed`."""
        rows = self._rows("WHERE state != ? ORDER BY id DESC LIMIT 1", (JobState.NOT_PRINTED,))
        return rows[0] if rows else None

    def jobs(self) -> list[JobRow]:
        """All jobs, oldest first. Raises `JournalFailed`."""
        return self._rows("ORDER BY id", ())

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._db.close()

    def _rows(self, tail: str, values: tuple[object, ...]) -> list[JobRow]:
        query = f"SELECT id, number, copy, state, reason, began, changed FROM print_job {tail}"  # noqa: S608 - fixed
        try:
            rows = self._execute(query, values).fetchall()
            return [JobRow(r[0], r[1], bool(r[2]), JobState(r[3]), r[4], r[5], r[6]) for r in rows]
        except (*_SQLITE_ERRORS, ValueError) as e:  # damage that shows while reading, or a state that there is none of
            raise JournalFailed(f"the print journal failed: {type(e).__name__}") from e

    def _execute(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except _SQLITE_ERRORS as e:
            raise JournalFailed(f"the print journal failed: {type(e).__name__}") from e
