"""The city's base databases as one question: what is held of this person, under this subject."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Protocol

from provisioning.gateway.city.people import People
from provisioning.gateway.city.records import Records

Record = Mapping[str, object]


class KnownPerson(Protocol):
    """Somebody whose records are written down; `kiosk.personas.Persona` is one."""

    @property
    def id_number(self) -> str: ...
    @property
    def records(self) -> Mapping[str, Mapping[str, object]]: ...


class Register:
    """Named personas first, then the generated people."""

    def __init__(self, people: People, personas: Iterable[KnownPerson]) -> None:
        self._people = people
        self._records = Records(people)
        self._known = {persona.id_number: persona.records for persona in personas}
        self._public: dict[str, Record] = {"geo.division": {"divisions": list(people.material.divisions)}}

    def record(self, id_number: str, subject: str) -> Record | None:
        """Return what is held, or None. A person nobody knows has no record of any kind."""
        if subject in self._public:
            return self._public[subject]
        known = self._known.get(id_number)
        if known is not None:
            return known.get(subject)
        person = self._people.find(id_number)
        return None if person is None else self._records.record(person, subject)


def updated(record: Record | None, cycle: str, today: datetime.date) -> str:
    """The date this record was brought up to date, ISO 8601: its own, or the last turn of its agency's cycle."""
    own = None if record is None else record.get("updated")
    if isinstance(own, str):
        return own
    if cycle == "monthly":
        return (today.replace(day=1) - datetime.timedelta(days=1)).isoformat()
    return (today - datetime.timedelta(days=1)).isoformat()
