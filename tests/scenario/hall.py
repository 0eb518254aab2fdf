"""The gateway's own desk for appointments behind one virtual terminal that stands in an office."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from kiosk.session.asking.events import VerdictCame
from provisioning.gateway.appointments.bookings import ms_of
from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.appointments.offices import load_offices
from provisioning.gateway.offices.desks import Request, answers_of
from provisioning.gateway.offices.proof import Proven
from tests.gateway_kit import ASSETS
from tests.scenario.kit import Kiosk

OFFICES = load_offices(ASSETS / "city" / "offices.toml")


class Hall:
    """The desk for appointments, behind one virtual terminal that stands in an office."""

    def __init__(self, kiosk: Kiosk, desk: AppointmentDesk) -> None:
        self.kiosk = kiosk
        self.desk = desk
        city = kiosk.stands_in("rongshu", "exit-entry", "provident-fund").city
        city.offices = {
            "geo.office": lambda given: desk.offices(given, self.now_ms),
            "appt.slot": lambda given: desk.slots(given, self.now_ms),
        }
        city.verdict = self.verdict  # type: ignore[method-assign]
        self.asked: list[tuple[str, int, int]] = []

    @property
    def now_ms(self) -> int:
        return self.kiosk.clock.wall_ms()

    def verdict(self, epoch: str, seq: int, after: int) -> VerdictCame | None:
        """What the gateway's intake makes of the entry, whenever it is asked."""
        self.asked.append((epoch, seq, after))
        return self.settle(seq) if self.kiosk.city.answers else None

    def settle(self, seq: int) -> VerdictCame:
        document: Mapping[str, Any] = dict(self.kiosk.store.recorded)[seq]
        number = document.get("holder", {}).get("id_number", "")
        recorded_ms = ms_of(datetime.datetime.fromisoformat(document["time"]))
        outcome = self.desk.settle(
            Request(
                key=f"T0001 e {seq}",
                answers=answers_of(document),
                person=number.encode(),
                proof=Proven(number, "citizen") if number else None,
                ticket=str(document.get("ticket", "")),
                recorded_ms=recorded_ms,
                received_ms=self.now_ms,
            )
        )
        return VerdictCame(seq, not outcome.reason, outcome.reason, outcome.result)

    def bookings(self) -> list[dict[str, Any]]:
        """Put the person's bookings where a lookup finds them, and return them."""
        persona = self.kiosk.city.persona
        assert persona is not None
        record = self.desk.of_person(persona.id_number.encode(), self.now_ms)
        self.kiosk.city.live["appt.booking"] = record
        return [] if record is None else list(record["bookings"])  # type: ignore[call-overload]
