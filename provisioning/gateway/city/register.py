"""The city's base databases as one question: what is held of this person, under this subject."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Protocol, cast

from provisioning.gateway.city.holdings import company_index
from provisioning.gateway.city.home import Record
from provisioning.gateway.city.people import People
from provisioning.gateway.city.records import Records


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
        self._linked = {
            number: rid for rid, records in self._known.items() for number in _numbers(records.get("id.link", {}))
        }
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

    def id_number_of(self, number: str) -> str | None:
        """Return whose card, insurance or company number this is (`id.link`), as an id number; None for nobody's.

        The cost does not grow with the city: a number holds its person's index, and the record confirms it.
        """
        if number in self._linked:
            return self._linked[number]
        held = _CARD.fullmatch(number) or _INSURANCE.fullmatch(number)
        index = int(held[1]) if held is not None else company_index(number)
        if index is None or not 0 <= index < self._people.count:
            return None
        person = self._people.person(index)
        link = self._records.record(person, "id.link") or {}
        return person.id_number if number in _numbers(link) else None


_CARD, _INSURANCE = re.compile(r"X([0-9]{8})"), re.compile(r"S440199([0-9]{8,9})")


def _numbers(link: Record) -> tuple[str, ...]:
    companies = link.get("uscc")
    listed = cast("list[object]", companies) if isinstance(companies, list) else []
    return tuple(str(number) for number in (link.get("card"), link.get("si_no"), *listed) if number)


def updated(record: Record | None, cycle: str, today: datetime.date) -> str:
    """The date this record was brought up to date, ISO 8601: its own, or the last turn of its agency's cycle."""
    own = None if record is None else record.get("updated")
    if isinstance(own, str):
        return own
    if cycle == "monthly":
        return (today.replace(day=1) - datetime.timedelta(days=1)).isoformat()
    return (today - datetime.timedelta(days=1)).isoformat()
