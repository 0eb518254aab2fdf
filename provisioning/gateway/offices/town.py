"""The offices of a gateway put together: appointments, cards, and the desks that answer at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.appointments.offices import load_offices
from provisioning.gateway.identity.cards import CardRegister
from provisioning.gateway.identity.desk import IdentityDesk
from provisioning.gateway.offices.alarms import TerminalAlarms
from provisioning.gateway.offices.desks import AtOnce
from provisioning.gateway.offices.intake import Intake
from provisioning.gateway.release import Releaser
from provisioning.gateway.store import Store

OFFICES_FILE = "offices.toml"
Public = Callable[[Mapping[str, str], int], "Mapping[str, object] | None"]
"""A public subject: the answers given, and now (ms since 1970), to its record."""


@dataclass(frozen=True)
class Town:
    """What stands behind a gateway's routes besides the store."""

    intake: Intake
    desks: AtOnce
    appointments: AppointmentDesk
    cards: CardRegister
    public: dict[str, Public]


def open_town(store: Store, releaser: Releaser, folder: Path, now_ms: Callable[[], int]) -> Town:
    """Open the offices of `folder` (`assets/city`) on the store's database, and let lookups see what they hold.

    Raises:
        OfficesInvalid: naming office and field.
    """
    database = store.database
    appointments = AppointmentDesk(database, load_offices(folder / OFFICES_FILE))
    cards = releaser.known_cards
    desks = AtOnce(store, releaser.authority, releaser.cards, releaser.catalogue, now_ms)
    desks.desks |= {"appointments": appointments, "identity": IdentityDesk(database, cards)}
    register = releaser.register

    def status(person: bytes, id_number: str, _now_ms: int) -> Mapping[str, object] | None:
        return cards.status(person, register.record(id_number, "card.status"))

    releaser.live["appt.booking"] = lambda person, _id, at_ms: appointments.of_person(person, at_ms)
    releaser.live["card.status"] = status
    releaser.live["id.certificate"] = lambda person, _id, _at_ms: cards.certificates(person)
    intake = Intake(store, database, releaser.authority)
    intake.add(desks)
    intake.add(TerminalAlarms(store, now_ms))
    public: dict[str, Public] = {"geo.office": appointments.offices, "appt.slot": appointments.slots}
    return Town(intake, desks, appointments, cards, public)
