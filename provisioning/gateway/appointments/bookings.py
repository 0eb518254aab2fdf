"""Appointments: book, move, cancel. Capacity is held by the database, whatever many terminals ask at once.

Everybody who comes takes a place: a booking for three takes three.
A slot's row is made when it is first asked for. One statement takes a place and tests that there is one: two terminals
that want the last place are put in order by the row's lock (PostgreSQL) or the writer's (SQLite), and the second finds
it gone. Each method is to be called inside the caller's transaction, which also notes the entry it belongs to.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from kiosk.words.city_time import CITY_TIME, city_moment
from provisioning.gateway.appointments.offices import HORIZON_DAYS, Offices
from provisioning.gateway.storage.database import Database, Transaction


class AppointmentRefused(Exception):
    """Not possible, for a reason that the citizen is told by its code; nothing was changed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, order=True)
class Slot:
    """One beginning at one office for one matter; `start` is local time, ISO 8601 to the minute."""

    office: str
    matter: str
    start: str


@dataclass(frozen=True)
class Booking:
    """An appointment that somebody has. The repr shows nobody."""

    id: str
    slot: Slot
    state: str
    """`booked`, `cancelled` or `here` (checked in)."""
    ticket: str
    people: int = 1


@dataclass(frozen=True)
class Free:
    """A beginning with the places that are left."""

    start: str
    left: int
    capacity: int


class Bookings:
    """The appointments of all offices, on either database."""

    def __init__(self, database: Database, offices: Offices) -> None:
        self._database = database
        self._offices = offices

    def free(self, office: str, matter: str, now: datetime.datetime) -> tuple[Free, ...]:
        """Return every beginning from now (local time) to the horizon, full ones with `left` 0. Empty: unknown."""
        place = self._offices.get(office)
        kind = None if place is None else place.matters.get(matter)
        if place is None or kind is None:
            return ()
        first = now.date()
        last = first + datetime.timedelta(days=HORIZON_DAYS)
        sql = "SELECT start, capacity, taken FROM appt_slot WHERE office = ? AND matter = ? AND start >= ?"
        with self._database.reading() as db:
            rows = db.rows(sql, office, matter, first.isoformat())
        taken = {str(row[0]): (int(row[1]), int(row[2])) for row in rows}
        found: list[Free] = []
        day = first
        while day <= last:
            for at in place.starts(kind, day):
                if at > now:
                    start = at.isoformat(timespec="minutes")
                    capacity, used = taken.get(start, (kind.capacity, 0))
                    found.append(Free(start, capacity - used, capacity))
            day += datetime.timedelta(days=1)
        return tuple(found)

    def of_person(self, person: bytes, since: datetime.date) -> tuple[Booking, ...]:
        """Return somebody's appointments from a day on, the earliest first; cancelled ones are left out."""
        sql = """SELECT id, office, matter, start, state, ticket, coalesce(people, 1) FROM appt_booking
            LEFT JOIN appt_party ON booking = id
            WHERE person = ? AND start >= ? AND state <> 'cancelled' ORDER BY start, id"""
        with self._database.reading() as db:
            return tuple(_booking(row, int(row[6])) for row in db.rows(sql, person, since.isoformat()))

    # --- inside a transaction of the caller -------------------------------------------------------------------------

    def book(
        self, db: Transaction, person: bytes, slot: Slot, booking: str, now: datetime.datetime, people: int = 1
    ) -> None:
        """Take a place for each of `people`. Raises `AppointmentRefused`: `slot-unknown`, `slot-past`, `slot-full`,
        `slot-few` (not enough for all of them), `already-booked`."""
        capacity = self._capacity(slot, now)
        sql = "INSERT INTO appt_booking VALUES (?, ?, ?, ?, ?, 'booked', '', ?) ON CONFLICT DO NOTHING"
        if not db.run(sql, booking, person, slot.office, slot.matter, slot.start, ms_of(now)):
            raise AppointmentRefused("already-booked")
        if not _take(db, slot, capacity, people):
            db.run("DELETE FROM appt_booking WHERE id = ?", booking)
            raise AppointmentRefused(_no_place(people))
        db.run("INSERT INTO appt_party VALUES (?, ?) ON CONFLICT DO NOTHING", booking, people)

    def move(self, db: Transaction, person: bytes, booking: str, start: str, now: datetime.datetime) -> Slot:
        """Take another place at the same office and give the old one back; all or nothing. Raises as `book`.

        Rows are locked in the order of their key, so that two who change places never wait for each other.
        """
        held = self._held(db, person, booking)
        new = Slot(held.slot.office, held.slot.matter, start)
        capacity = self._capacity(new, now)
        if new == held.slot:
            return new
        if new < held.slot:
            if not _take(db, new, capacity, held.people):
                raise AppointmentRefused(_no_place(held.people))
            _give_back(db, held)
        else:
            _give_back(db, held)
            if not _take(db, new, capacity, held.people):
                # Nobody else can have seen the place that was given back: this transaction holds its row.
                db.run(_TAKE_AGAIN, held.people, *_key(held.slot))
                raise AppointmentRefused(_no_place(held.people))
        db.run("UPDATE appt_booking SET start = ?, changed_ms = ? WHERE id = ?", start, ms_of(now), booking)
        return new

    def cancel(self, db: Transaction, person: bytes, booking: str, now: datetime.datetime) -> Slot:
        """Give the place back. Raises `AppointmentRefused` `booking-unknown`: gone already, or another's."""
        held = self._held(db, person, booking)
        _give_back(db, held)
        db.run("UPDATE appt_booking SET state = 'cancelled', changed_ms = ? WHERE id = ?", ms_of(now), booking)
        return held.slot

    def arrive(
        self, db: Transaction, person: bytes, office: str, came: datetime.datetime, early: datetime.timedelta
    ) -> Booking | None:
        """Return the appointment that this person has here on this day, its row locked; None where there is none.

        One of tomorrow counts where it begins within `early`: an office that never closes has some after midnight.
        """
        sql = """UPDATE appt_booking SET state = 'here' WHERE id = (SELECT id FROM appt_booking WHERE person = ?
            AND office = ? AND start >= ? AND start < ? AND state = 'booked' ORDER BY start LIMIT 1)
            AND state = 'booked' RETURNING id, office, matter, start, state, ticket"""
        tomorrow = (came.date() + datetime.timedelta(days=1)).isoformat()
        soon = (came + early).isoformat(timespec="minutes")
        row = db.row(sql, person, office, came.date().isoformat(), max(tomorrow, soon))
        return None if row is None else _booking(row)

    def _held(self, db: Transaction, person: bytes, booking: str) -> Booking:
        """Lock the booking. A no-op write is the lock that both databases have."""
        sql = """UPDATE appt_booking SET changed_ms = changed_ms WHERE id = ? AND person = ? AND state = 'booked'
            RETURNING id, office, matter, start, state, ticket"""
        row = db.row(sql, booking, person)
        if row is None:
            raise AppointmentRefused("booking-unknown")
        party = db.row("SELECT people FROM appt_party WHERE booking = ?", booking)
        return _booking(row, 1 if party is None else int(party[0]))

    def _capacity(self, slot: Slot, now: datetime.datetime) -> int:
        """Raises `AppointmentRefused` where the office has no such beginning, or it is not ahead."""
        place = self._offices.get(slot.office)
        kind = None if place is None else place.matters.get(slot.matter)
        try:
            at = datetime.datetime.fromisoformat(slot.start)
        except ValueError:
            raise AppointmentRefused("slot-unknown") from None
        if place is None or kind is None or at.tzinfo is not None or at not in place.starts(kind, at.date()):
            raise AppointmentRefused("slot-unknown")
        if slot.start != at.isoformat(timespec="minutes"):
            raise AppointmentRefused("slot-unknown")  # one beginning, one name
        if at <= now:
            raise AppointmentRefused("slot-past")
        if at.date() > now.date() + datetime.timedelta(days=HORIZON_DAYS):
            raise AppointmentRefused("slot-unknown")
        return kind.capacity


_TAKE_AGAIN = "UPDATE appt_slot SET taken = taken + ? WHERE office = ? AND matter = ? AND start = ?"
_TAKE = f"{_TAKE_AGAIN} AND taken + ? <= capacity"
_GIVE_BACK = "UPDATE appt_slot SET taken = taken - ? WHERE office = ? AND matter = ? AND start = ? AND taken >= ?"


def _no_place(people: int) -> str:
    return "slot-full" if people == 1 else "slot-few"


def _key(slot: Slot) -> tuple[str, str, str]:
    return slot.office, slot.matter, slot.start


def _take(db: Transaction, slot: Slot, capacity: int, people: int) -> bool:
    db.run("INSERT INTO appt_slot VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING", *_key(slot), capacity)
    return bool(db.run(_TAKE, people, *_key(slot), people))


def _give_back(db: Transaction, held: Booking) -> None:
    db.run(_GIVE_BACK, held.people, *_key(held.slot), held.people)


def _booking(row: tuple[object, ...], people: int = 1) -> Booking:
    return Booking(str(row[0]), Slot(str(row[1]), str(row[2]), str(row[3])), str(row[4]), str(row[5]), people)


def local(at_ms: int) -> datetime.datetime:
    """Return the city's local time of a moment, without a zone: offices speak of no other."""
    return city_moment(at_ms).replace(tzinfo=None)


def ms_of(moment: datetime.datetime) -> int:
    """The other way round of `local`."""
    return int(moment.replace(tzinfo=CITY_TIME).timestamp() * 1000)
