"""Tickets and queues: who waits at which office for what, and how long that will take.

Expected wait = people ahead x mean service / open counters. A ticket's place is the moment it was taken, or the time of
the appointment where its holder came for one: whoever booked is not behind whoever came earlier without. A ticket that
a terminal gave out without a network bears that terminal's own letter; it takes its place by the same rule when its
entry arrives. Two terminals of an office that share a letter can give out one number twice on a day: both holders wait,
each in their own place. The hall calls the number for each of them, and the case number on the paper tells them apart.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace

from provisioning.gateway.appointments.bookings import AppointmentRefused, local, ms_of
from provisioning.gateway.appointments.offices import Matter, Offices
from provisioning.gateway.storage.database import Database, Transaction

_KEPT = 8
"""A counter's last services weigh one in this many of the mean."""
_LATE_MS = 30 * 60_000
_LONGEST_S = 4 * 3600
"""What took longer was a counter that somebody forgot to close."""


@dataclass(frozen=True)
class Wait:
    """What somebody in a queue wants to know."""

    ahead: int
    counters: int
    mean_s: int

    @property
    def seconds(self) -> int:
        """Expected wait; 0 ahead is none."""
        return self.ahead * self.mean_s // max(1, self.counters)

    @property
    def minutes(self) -> int:
        """The same in whole minutes, rounded up: nobody minds to be called early."""
        return -(-self.seconds // 60)


@dataclass(frozen=True)
class Ticket:
    """One place in a queue. The repr shows nobody."""

    office: str
    day: str
    ticket: str
    """Its number; where that came twice on a day, its entry stands behind it and tells it apart."""
    matter: str
    place_ms: int
    state: str
    """`waiting`, `called`, `served`, or `late` (its entry came after the day was over)."""
    person: bytes = field(repr=False, default=b"")

    @property
    def number(self) -> str:
        """The number on the paper, which the hall calls."""
        return self.ticket.partition(" ")[0]


@dataclass(frozen=True)
class Arrival:
    """Who came, and for which appointment. The repr shows nobody."""

    person: bytes = field(repr=False, default=b"")
    """A pseudonym; empty for somebody without a card."""
    booking: str = ""
    start: str = ""

    def place_ms(self, taken_ms: int) -> int:
        """The moment that counts in the queue: the appointment's, for whoever is there within half an hour of it."""
        if not self.start:
            return taken_ms
        begins_ms = ms_of(datetime.datetime.fromisoformat(self.start))
        return taken_ms if taken_ms > begins_ms + _LATE_MS else min(taken_ms, begins_ms)


@dataclass(frozen=True)
class Given:
    """A ticket that a terminal gave out by itself."""

    office: str
    matter: str
    ticket: str
    taken_ms: int
    entry: str
    """Names the entry it came with, apart from all others."""


class Queues:
    """The queues of all offices, on either database."""

    def __init__(self, database: Database, offices: Offices) -> None:
        self._database = database
        self._offices = offices

    # --- inside a transaction of the caller -------------------------------------------------------------------------

    def give(self, db: Transaction, office: str, matter: str, taken_ms: int, who: Arrival) -> Ticket:
        """Give out the next ticket. Raises `AppointmentRefused` `matter-unknown`."""
        kind = self._matter(office, matter)
        day = local(taken_ms).date().isoformat()
        sql = """INSERT INTO appt_number VALUES (?, ?, ?, 1) ON CONFLICT (office, day, letter)
            DO UPDATE SET last = appt_number.last + 1 RETURNING last"""
        row = db.row(sql, office, day, kind.letter)
        assert row is not None
        ticket = f"{kind.letter}{int(row[0]):03d}"
        made = Ticket(office, day, ticket, matter, who.place_ms(taken_ms), "waiting", who.person)
        _insert(db, made, who.booking, offline=False)
        return made

    def accept(self, db: Transaction, given: Given, now_ms: int, who: Arrival) -> Ticket:
        """Take in a ticket that a terminal gave out by itself. Raises `AppointmentRefused`.

        `matter-unknown`; `ticket-invalid`: no letter of a terminal. A number given out twice on one day waits twice.
        """
        self._matter(given.office, given.matter)
        number = given.ticket
        if not (4 <= len(number) <= 8 and "J" <= number[0] <= "Z" and number[1:].isascii() and number[1:].isdigit()):
            raise AppointmentRefused("ticket-invalid")
        day = local(given.taken_ms).date().isoformat()
        state = "waiting" if day == local(now_ms).date().isoformat() else "late"
        made = Ticket(given.office, day, number, given.matter, who.place_ms(given.taken_ms), state, who.person)
        if not _insert(db, made, who.booking, offline=True):
            made = replace(made, ticket=f"{number} {given.entry}")
            _insert(db, made, who.booking, offline=True)
        return made

    def wait(self, db: Transaction, ticket: Ticket) -> Wait:
        """Return how long this ticket will wait."""
        sql = """SELECT count(*) FROM appt_ticket WHERE office = ? AND day = ? AND matter = ? AND state = 'waiting'
            AND (place_ms < ? OR (place_ms = ? AND ticket < ?))"""
        values = (ticket.office, ticket.day, ticket.matter, ticket.place_ms, ticket.place_ms, ticket.ticket)
        row = db.row(sql, *values)
        counters, mean_s = self._desk(db, ticket.office, ticket.matter)
        return Wait(0 if row is None else int(row[0]), counters, mean_s)

    # --- the hall ---------------------------------------------------------------------------------------------------

    def open_counters(self, office: str, matter: str, counters: int) -> None:
        """A hall opened or closed counters. Raises `AppointmentRefused` `matter-unknown`."""
        kind = self._matter(office, matter)
        sql = """INSERT INTO appt_desk VALUES (?, ?, ?, ?) ON CONFLICT (office, matter)
            DO UPDATE SET counters = excluded.counters"""
        with self._database.transaction() as db:
            db.run(sql, office, matter, counters, kind.mean_s)

    def call(self, office: str, matter: str, counter: str, now_ms: int) -> Ticket | None:
        """A counter is free: end what it was doing, and call whoever is first. None: nobody waits.

        Two counters never call the same ticket. Raises `AppointmentRefused` `matter-unknown`.
        """
        self._matter(office, matter)
        day = local(now_ms).date().isoformat()
        sql = f"""UPDATE appt_ticket SET state = 'called', counter = ?, called_ms = ? WHERE office = ? AND day = ?
            AND state = 'waiting' AND ticket = (SELECT ticket FROM appt_ticket WHERE office = ? AND day = ?
            AND matter = ? AND state = 'waiting' ORDER BY place_ms, ticket LIMIT 1) RETURNING {_TICKET}"""  # noqa: S608 - constants
        with self._database.transaction() as db:
            db.alone(f"queue {office} {matter}")
            self._end(db, office, matter, counter, day, now_ms)
            row = db.row(sql, counter, now_ms, office, day, office, day, matter)
        return None if row is None else Ticket(*row)

    def standing(self, office: str, now_ms: int) -> dict[str, Wait]:
        """Return for each matter how long somebody who came now would wait."""
        day = local(now_ms).date().isoformat()
        place = self._offices.get(office)
        found: dict[str, Wait] = {}
        with self._database.reading() as db:
            for matter in () if place is None else place.matters:
                found[matter] = self.wait(db, Ticket(office, day, "~", matter, now_ms + 1, "waiting"))
        return found

    def find(self, office: str, day: str, ticket: str) -> Ticket | None:
        """Return a ticket, or None."""
        sql = f"SELECT {_TICKET} FROM appt_ticket WHERE office = ? AND day = ? AND ticket = ?"  # noqa: S608 - constants
        with self._database.reading() as db:
            row = db.row(sql, office, day, ticket)
        return None if row is None else Ticket(*row)

    def _end(self, db: Transaction, office: str, matter: str, counter: str, day: str, now_ms: int) -> None:
        """Whoever was at this counter is done; how long it took moves the mean."""
        sql = """UPDATE appt_ticket SET state = 'served' WHERE office = ? AND day = ? AND matter = ? AND counter = ?
            AND state = 'called' RETURNING called_ms"""
        row = db.row(sql, office, day, matter, counter)
        took_s = 0 if row is None else (now_ms - int(row[0])) // 1000
        if not 0 < took_s <= _LONGEST_S:
            return
        counters, mean_s = self._desk(db, office, matter)
        mean_s = max(1, (mean_s * (_KEPT - 1) + took_s) // _KEPT)
        sql = """INSERT INTO appt_desk VALUES (?, ?, ?, ?) ON CONFLICT (office, matter)
            DO UPDATE SET mean_s = excluded.mean_s"""
        db.run(sql, office, matter, counters, mean_s)

    def _desk(self, db: Transaction, office: str, matter: str) -> tuple[int, int]:
        row = db.row("SELECT counters, mean_s FROM appt_desk WHERE office = ? AND matter = ?", office, matter)
        if row is not None:
            return int(row[0]), int(row[1])
        kind = self._matter(office, matter)
        return kind.counters, kind.mean_s

    def _matter(self, office: str, matter: str) -> Matter:
        place = self._offices.get(office)
        kind = None if place is None else place.matters.get(matter)
        if kind is None:
            raise AppointmentRefused("matter-unknown")
        return kind


_TICKET = "office, day, ticket, matter, place_ms, state, person"


def _insert(db: Transaction, made: Ticket, booking: str, *, offline: bool) -> bool:
    sql = "INSERT INTO appt_ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?) ON CONFLICT DO NOTHING"
    values = (made.office, made.day, made.ticket, made.matter, made.person, booking, made.place_ms, made.state)
    return bool(db.run(sql, *values, int(offline)))
