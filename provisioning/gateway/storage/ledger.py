"""What is said about entries after they were stored: verdicts, alarms, and the days with their roots."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from provisioning.gateway.storage.database import Database, Row, Transaction
from provisioning.gateway.storage.journal import LINE
from provisioning.gateway.store import Alarm, EntryUnknown, JournalLine, SealedDay, StoredVerdict, Verdict

_VERDICT = "terminal, epoch, seq, id, verdict, reason, agency"
_DAY = "SELECT number, day, after_position, through_position, size, root, signed FROM day"
_LAST = f"{_DAY} ORDER BY number DESC LIMIT 1"


class LedgerTables:
    """The part of `Store` that comes after the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- alarms -----------------------------------------------------------------------------------------------------

    def raise_alarm(self, terminal: str, code: str, epoch: str, seq: int | None, now_ms: int) -> None:
        sql = """INSERT INTO alarm VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (terminal, code, epoch) DO UPDATE SET
            seq = CASE WHEN excluded.seq = 0 OR (0 < alarm.seq AND alarm.seq < excluded.seq) THEN alarm.seq
                       ELSE excluded.seq END,
            last_ms = excluded.last_ms, times = alarm.times + 1"""
        with self._database.transaction() as db:
            db.run(sql, terminal, code, epoch, seq or 0, now_ms, now_ms)

    def alarms(self) -> tuple[Alarm, ...]:
        sql = "SELECT terminal, code, epoch, seq, first_ms, last_ms, times FROM alarm ORDER BY last_ms DESC, terminal"
        with self._database.reading() as db:
            return tuple(Alarm(*row) for row in db.rows(sql))

    def close_alarm(self, terminal: str, code: str, epoch: str) -> int:
        with self._database.transaction() as db:
            return db.run("DELETE FROM alarm WHERE terminal = ? AND code = ? AND epoch = ?", terminal, code, epoch)

    def close_alarms(self, terminal: str) -> int:
        with self._database.transaction() as db:
            return db.run("DELETE FROM alarm WHERE terminal = ?", terminal)

    # --- verdicts ---------------------------------------------------------------------------------------------------

    def judge(self, verdicts: Sequence[Verdict], now_ms: int) -> int:
        """As `Store.judge`. A position is no less than the time: a store that was put back gives none a second time."""
        new = 0
        with self._database.transaction() as db:
            db.alone("verdict")  # so that positions appear in order: a terminal reads on from the last it has seen
            position = max(now_ms - 1, *(db.row("SELECT coalesce(max(position), 0) FROM verdict") or (0,)))
            for place, verdict in enumerate(verdicts):
                where = (verdict.terminal, verdict.epoch, verdict.seq)
                stored = db.row("SELECT id FROM journal WHERE terminal = ? AND epoch = ? AND seq = ?", *where)
                if stored != (verdict.id,):
                    raise EntryUnknown(place)
                said = (verdict.verdict, verdict.reason, verdict.agency)
                result = json.dumps(dict(verdict.result), ensure_ascii=False, sort_keys=True) if verdict.result else ""
                if _latest(db, verdict) != (*said, result):
                    position += 1
                    sql = f"INSERT INTO verdict (position, {_VERDICT}, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
                    db.run(sql, position, *where, verdict.id, *said, now_ms)
                    if result:
                        db.run("INSERT INTO verdict_result VALUES (?, ?)", position, result)
                    new += 1
        return new

    def verdicts(self, terminal: str, after: int, limit: int) -> tuple[StoredVerdict, ...]:
        sql = f"""SELECT position, {_VERDICT}, at_ms, coalesce((SELECT result FROM verdict_result
            WHERE verdict_result.position = verdict.position), '') FROM verdict WHERE terminal = ? AND position > ?"""  # noqa: S608 - constants
        with self._database.reading() as db:
            rows = db.rows(f"{sql} ORDER BY position LIMIT ?", terminal, after, limit)
        return tuple(StoredVerdict(row[0], Verdict(*row[1:8], result=_result(row[9])), row[8]) for row in rows)

    # --- days -------------------------------------------------------------------------------------------------------

    def close_day(
        self, end_ms: int, sign: Callable[[SealedDay | None, Sequence[JournalLine]], SealedDay | None]
    ) -> bool:
        settled = self._database.settled()
        with self._database.transaction() as db:
            db.alone("day")
            last = _day(db.row(_LAST))
            after = 0 if last is None else last.through
            found = db.row(
                "SELECT max(position) FROM journal WHERE position > ? AND position <= ? AND received_ms < ?",
                after,
                settled,
                end_ms,
            )
            if found is None or found[0] is None:
                return False
            day = sign(last, _lines(db, after, found[0]))
            if day is None:
                return False
            values = (day.number, day.day, day.after, day.through, day.size, day.root, day.signed)
            db.run("INSERT INTO day VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
            return True

    def last_day(self) -> SealedDay | None:
        with self._database.reading() as db:
            return _day(db.row(_LAST))

    def oldest_open_ms(self) -> int | None:
        with self._database.reading() as db:
            last = _day(db.row(_LAST))
            after = 0 if last is None else last.through
            found = db.row("SELECT received_ms FROM journal WHERE position > ? ORDER BY position LIMIT 1", after)
        return None if found is None else int(found[0])

    def days(self, after: int, limit: int) -> tuple[SealedDay, ...]:
        with self._database.reading() as db:
            rows = db.rows(f"{_DAY} WHERE number > ? ORDER BY number LIMIT ?", after, limit)
        return tuple(SealedDay(*row) for row in rows)

    def day_of(self, position: int) -> SealedDay | None:
        sql = f"{_DAY} WHERE after_position < ? AND through_position >= ?"
        with self._database.reading() as db:
            return _day(db.row(sql, position, position))

    def lines(self, day: SealedDay) -> tuple[JournalLine, ...]:
        with self._database.reading() as db:
            return _lines(db, day.after, day.through)


def _latest(db: Transaction, verdict: Verdict) -> Row | None:
    sql = """SELECT verdict, reason, agency, coalesce((SELECT result FROM verdict_result
        WHERE verdict_result.position = verdict.position), '') FROM verdict WHERE terminal = ? AND epoch = ?
        AND seq = ? ORDER BY position DESC LIMIT 1"""
    return db.row(sql, verdict.terminal, verdict.epoch, verdict.seq)


def _result(text: str) -> dict[str, str]:
    return json.loads(text) if text else {}


def _lines(db: Transaction, after: int, through: int) -> tuple[JournalLine, ...]:
    sql = f"{LINE} WHERE position > ? AND position <= ? ORDER BY position"
    return tuple(JournalLine(*row) for row in db.rows(sql, after, through))


def _day(row: Row | None) -> SealedDay | None:
    return None if row is None else SealedDay(*row)
