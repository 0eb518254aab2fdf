"""The call-back queue of 12345: who is to be called, about what, in which language, by when.

An operator takes a call, rings, and says `done` or `unreached`. Unreached, it comes back the next working day;
after the third time the citizen gets a message instead.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.words.city_time import CITY_TIME, city_moment
from provisioning.gateway.messages.post import Message, Post
from provisioning.gateway.storage.database import Row, Transaction

MOST_TRIES = 3
TAKEN_MS = 15 * 60_000
"""A call that an operator took and never told of comes back then."""
_SLOTS = {"morning": (9, 12), "afternoon": (14, 18), "evening": (18, 21)}
_DAY = (9, 21)
_COLUMNS = "id, number, sealed, slot, state, tries, asked_ms, due_ms, cause"


@dataclass(frozen=True)
class Call:
    """One citizen to be called."""

    id: int
    number: str
    phone: str = field(repr=False)
    topic: str
    language: str
    slot: str
    state: str
    """`open`, `taken`, `done`, `missed`."""
    tries: int
    asked_ms: int
    due_ms: int
    """Promised: by the end of the wished hours of the next working day."""


class Calls:
    """The table `call_back`."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def ask(self, db: Transaction, cause: str, number: str, slot: str, values: Mapping[str, str], now_ms: int) -> None:
        """Queue a call in the caller's transaction; the same cause again is the same call. `values`: `phone`, `topic`,
        `language`."""
        sql = """INSERT INTO call_back (cause, number, sealed, slot, state, tries, asked_ms, due_ms, changed_ms)
            VALUES (?, ?, ?, ?, 'open', 0, ?, ?, ?) ON CONFLICT DO NOTHING"""
        sealed = self._post.box.close(values, cause)
        db.run(sql, cause, number, sealed, slot, now_ms, _due_ms(now_ms, slot), now_ms)

    def waiting(self, now_ms: int, limit: int) -> tuple[Call, ...]:
        """Whom to call in this hour, the longest promised first."""
        hour = city_moment(now_ms).hour
        slots = [name for name, (start, end) in _SLOTS.items() if start <= hour < end]
        if _DAY[0] <= hour < _DAY[1]:
            slots.append("any")
        marks = ", ".join("?" * len(slots)) or "''"
        sql = f"""SELECT {_COLUMNS} FROM call_back WHERE slot IN ({marks}) AND (state = 'open' OR
            (state = 'taken' AND changed_ms < ?)) ORDER BY due_ms, id LIMIT ?"""  # noqa: S608 - marks only
        with self._post.database.reading() as db:
            return tuple(self._call(row) for row in db.rows(sql, *slots, now_ms - TAKEN_MS, limit))

    def tell(self, call: int, word: str, now_ms: int) -> Call | None:
        """An operator says `taken`, `done` or `unreached`. None for a call that is not there, another's, or over."""
        with self._post.database.transaction() as db:
            db.alone("call-back")
            row = db.row(f"SELECT {_COLUMNS}, changed_ms FROM call_back WHERE id = ?", call)  # noqa: S608 - constants
            if row is None:
                return None
            now = self._call(row[:9])
            free = now.state == "open" or (now.state == "taken" and row[9] < now_ms - TAKEN_MS)
            if not (free if word == "taken" else now.state == "taken"):
                return None
            missed = now.tries + 1 >= MOST_TRIES
            state = {"taken": "taken", "done": "done"}.get(word, "missed" if missed else "open")
            tries = now.tries + (word == "unreached")
            due_ms = _due_ms(now_ms, now.slot) if state == "open" else now.due_ms
            sql = "UPDATE call_back SET state = ?, tries = ?, due_ms = ?, changed_ms = ? WHERE id = ?"
            db.run(sql, state, tries, due_ms, now_ms, call)
            if state == "missed":
                words = Message(f"missed:{call}", "sms", now.phone, "call-missed", now.language, now.number)
                self._post.put(db, [words], now_ms)
        return Call(call, now.number, now.phone, now.topic, now.language, now.slot, state, tries, now.asked_ms, due_ms)

    def _call(self, row: Row) -> Call:
        values = self._post.box.open(bytes(row[2]), row[8])
        said = (values.get("phone", ""), values.get("topic", ""), values.get("language", ""))
        return Call(row[0], row[1], *said, row[3], row[4], row[5], row[6], row[7])


def _due_ms(now_ms: int, slot: str) -> int:
    """The end of the wished hours on the next working day; Monday to Friday, public holidays are not known here."""
    day = city_moment(now_ms).date() + datetime.timedelta(days=1)
    while day.weekday() > 4:
        day += datetime.timedelta(days=1)
    hour = _SLOTS.get(slot, _DAY)[1]
    return int(datetime.datetime.combine(day, datetime.time(hour), CITY_TIME).timestamp() * 1000)
