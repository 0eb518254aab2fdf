"""The desk for appointments: what an entry asks for, done once, with its answer. Fields: `assets/services/`.

`action` is `book` (matter, office, slot), `move` (booking, slot), `cancel` (booking), `check-in` (here) or `ticket`
(matter, office), which needs no card.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import replace

from provisioning.gateway.appointments.bookings import AppointmentRefused, Booking, Bookings, Slot, local
from provisioning.gateway.appointments.offices import Office, Offices
from provisioning.gateway.appointments.queues import Arrival, Given, Queues, Ticket
from provisioning.gateway.offices.desks import Outcome, Request, once
from provisioning.gateway.storage.database import Database, Transaction

_EARLY = datetime.timedelta(hours=1)


class AppointmentDesk:
    """`Desk` for appointments and tickets, and the public and personal records that belong to them."""

    def __init__(self, database: Database, offices: Offices) -> None:
        self._database = database
        self._offices = offices
        self.bookings = Bookings(database, offices)
        self.queues = Queues(database, offices)

    def settle(self, request: Request) -> Outcome:
        """Do what the entry asks for, once. Raises `StoreFailed`."""

        def work(db: Transaction) -> Outcome:
            try:
                return Outcome("", self._do(db, request))
            except AppointmentRefused as error:
                return Outcome(error.code)

        return once(self._database, request.key, work)

    def _do(self, db: Transaction, request: Request) -> Mapping[str, str]:
        action, answers = request.answers.get("action", "ticket"), request.answers
        now = local(request.received_ms)
        if action == "ticket":
            place = self._offices.get(answers.get("office", ""))
            # A number that a terminal gave out without a network is in somebody's hand: it is honoured.
            if place is not None and not request.ticket and not place.open_at(now):
                raise AppointmentRefused("office-closed")
            return self._ticket(db, request, answers.get("office", ""), answers.get("matter", ""), Arrival())
        if not request.person:
            raise AppointmentRefused("card-refused")
        match action:
            case "book":
                slot = Slot(answers.get("office", ""), answers.get("matter", ""), answers.get("slot", ""))
                self.bookings.book(db, request.person, slot, _id(request.key), now, _people(answers))
            case "move":
                slot = self.bookings.move(db, request.person, answers.get("booking", ""), answers.get("slot", ""), now)
            case "cancel":
                slot = self.bookings.cancel(db, request.person, answers.get("booking", ""), now)
            case "check-in":
                return self._arrive(db, request, answers.get("here", ""))
            case _:
                raise AppointmentRefused("action-unknown")
        return {"start": slot.start, **self._named(slot.office)}

    def _arrive(self, db: Transaction, request: Request, office: str) -> Mapping[str, str]:
        came = local(request.recorded_ms)
        booking = self.bookings.arrive(db, request.person, office, came, _EARLY)
        if booking is None:
            raise AppointmentRefused("booking-none-today")
        if not request.ticket and datetime.datetime.fromisoformat(booking.slot.start) > came + _EARLY:
            db.run("UPDATE appt_booking SET state = 'booked' WHERE id = ?", booking.id)
            raise AppointmentRefused("too-early")
        arrival = Arrival(request.person, booking.id, booking.slot.start)
        result = self._ticket(db, request, office, booking.slot.matter, arrival)
        db.run("UPDATE appt_booking SET ticket = ? WHERE id = ?", result["ticket"], booking.id)
        return {**result, "start": booking.slot.start}

    def _ticket(
        self, db: Transaction, request: Request, office: str, matter: str, arrival: Arrival
    ) -> Mapping[str, str]:
        if request.ticket:
            given = Given(office, matter, request.ticket, request.recorded_ms, request.key)
            ticket = self.queues.accept(db, given, request.received_ms, arrival)
        else:
            ticket = self.queues.give(db, office, matter, request.recorded_ms, arrival)
        return {**self._waiting(db, ticket), **self._named(office)}

    def _waiting(self, db: Transaction, ticket: Ticket) -> dict[str, str]:
        wait = self.queues.wait(db, ticket)
        where = self._offices[ticket.office].matters[ticket.matter].where
        return {
            "ticket": ticket.number,
            "state": ticket.state,
            "ahead": str(wait.ahead),
            "wait": str(wait.minutes),
            "counters": str(wait.counters),
            "mean": str(-(-wait.mean_s // 60)),
            **{f"where.{language}": text for language, text in where.items()},
        }

    def _named(self, office: str) -> dict[str, str]:
        place = self._offices.get(office)
        return {} if place is None else {f"office.{language}": text for language, text in place.name.items()}

    # --- records ----------------------------------------------------------------------------------------------------

    def slots(self, given: Mapping[str, str], now_ms: int) -> Mapping[str, object]:
        """`appt.slot`: an office's days for a matter with the places left, and the beginnings, of one day if given.

        With `people`, a beginning that has not enough places for all of them has none left.
        """
        free = self.bookings.free(given.get("office", ""), given.get("matter", ""), local(now_ms))
        people = _people(given)
        free = [replace(one, left=one.left if one.left >= people else 0) for one in free]
        days: dict[str, int] = {}
        for one in free:
            days[one.start[:10]] = days.get(one.start[:10], 0) + one.left
        wanted = given.get("day", "")
        return {
            "days": [{"day": day, "left": left} for day, left in days.items()],
            "slots": [
                {"start": one.start, "left": one.left, "capacity": one.capacity}
                for one in free
                if not wanted or one.start.startswith(wanted)
            ],
        }

    def offices(self, given: Mapping[str, str], now_ms: int) -> Mapping[str, object]:
        """`geo.office`: all offices, or those for a `matter`, each with how long one would wait there now.

        With `office`, where the terminal stands, the nearest come first: streets run east and north.
        """
        matter, own = given.get("matter", ""), self._offices.get(given.get("office", ""))
        found: list[dict[str, object]] = []
        places = list(self._offices.values())
        if own is not None:
            x, y = _at(own)
            places.sort(key=lambda one: abs(_at(one)[0] - x) + abs(_at(one)[1] - y))
        for office in places:
            if matter and matter not in office.matters:
                continue
            standing = self.queues.standing(office.id, now_ms)
            waits = {name: {"ahead": wait.ahead, "minutes": wait.minutes} for name, wait in standing.items()}
            found.append({**office.public, "open": office.open_at(local(now_ms)), "waits": waits})
        return {"offices": found}

    def of_person(self, person: bytes, now_ms: int) -> Mapping[str, object] | None:
        """`appt.booking`: somebody's appointments from today on, or None."""
        found = self.bookings.of_person(person, local(now_ms).date())
        return {"bookings": [self._row(item) for item in found]} if found else None

    def _row(self, item: Booking) -> dict[str, object]:
        place = self._offices.get(item.slot.office)
        return {
            "id": item.id,
            "office": item.slot.office,
            "office_name": item.slot.office if place is None else dict(place.name),
            "matter": item.slot.matter,
            "start": item.slot.start,
            "state": item.state,
            "ticket": item.ticket,
            "people": str(item.people),
        }


def _people(answers: Mapping[str, str]) -> int:
    """How many come, 1 to 5; 1 where nothing or something else is said."""
    text = answers.get("people", "1")
    return int(text) if text in {"1", "2", "3", "4", "5"} else 1


def _id(key: str) -> str:
    return hashlib.sha256(f"booking {key}".encode()).hexdigest()[:16]


def _at(office: Office) -> tuple[float, float]:
    """Where it stands, in metres on the invented map."""
    return float(str(office.public["x"])), float(str(office.public["y"]))
