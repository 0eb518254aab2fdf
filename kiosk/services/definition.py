"""Service definitions: data that the terminal renders without knowing any service by name. Pure.

A definition is a table of the format in `docs/services.md`; code lists and field groups are shared tables beside it.
`kiosk.services.parsing` checks everything and raises `DefinitionInvalid` naming service, field and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LIFE_EVENTS = ("moved", "work", "school", "home", "business", "ill", "retire", "travel", "records")
"""In the order of the home screen; `records` (my records) is the ninth."""
FIELD_TYPES = ("choice", "text", "number", "money", "date", "month", "place", "phone", "email", "yes-no")
MASKS = ("", "name", "id", "phone", "email", "address")
CARD_FIELDS = ("name", "id_number", "sex", "birth_date")
LANGUAGES = ("zh-Hans", "en")

Edit = Literal["none", "correct", "change"]
OfflinePolicy = Literal["accept", "card", "network"]
Words = Mapping[str, str]


class DefinitionInvalid(Exception):
    """A definition that cannot be used: `service`, `field` (may be empty) and the reason."""

    code = "service-definition-invalid"

    def __init__(self, service: str, field: str, reason: str) -> None:
        super().__init__(f"{service}{'.' if field else ''}{field}: {reason}")
        self.service = service
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Test:
    """One test of a condition: of a field of the form, or of a subject's value (`pop.person.hukou_city`)."""

    field: str = ""
    subject: str = ""
    op: Literal["is", "not", "in", "known", "min_age"] = "is"
    value: object = None


@dataclass(frozen=True)
class Condition:
    """True when all of `all` and, where there are any, one of `any` hold."""

    all: tuple[Test, ...] = ()
    any: tuple[Test, ...] = ()


@dataclass(frozen=True)
class Choice:
    value: str
    names: Words


@dataclass(frozen=True)
class AgeFilter:
    """Offers only items whose `key` (a birth date) gives an age in full years from `low` to `high`."""

    key: str
    low: int
    high: int
    on: str = ""
    """`MM-DD`: the age on the next such day, today included; empty: today."""


@dataclass(frozen=True)
class SubjectChoices:
    """Choices that the citizen's own data give: one for each item of a list in a record."""

    subject: str
    list: str
    value: str
    """The key of an item that is submitted, or `#`: its place in the list, counted from 1."""
    label: tuple[str, ...]
    """The keys of an item that name it; a key with a code list is shown by its name there."""
    names: Mapping[str, tuple[Choice, ...]]
    mask: str = ""
    """How the first key of the label is masked."""
    always: tuple[Choice, ...] = ()
    """Offered also where the data are not there (no network)."""
    ages: AgeFilter | None = None


@dataclass(frozen=True)
class FieldDefinition:
    id: str
    label: Words
    type: str
    help: Words
    source: str = ""
    """`subject.key` that prefills it, such as `pop.person.name`."""
    card: str = ""
    """What of the card prefills it where the city's data are not there."""
    edit: Edit = "none"
    mask: str = ""
    required: bool = True
    ask: bool = True
    """False: where nothing prefills it, it is left to the office instead of asked."""
    choices: tuple[Choice, ...] = ()
    subject_choices: SubjectChoices | None = None
    shown_when: Condition | None = None
    low: float | None = None
    high: float | None = None
    pattern: str = ""
    not_after_today: bool = False
    max_length: int = 40
    default: str = ""
    """The choice that most people make: filled in where nothing else is known, and the citizen may change it."""
    max_from: str = ""
    """`subject.key` that bounds a number from above, beside `high`."""


@dataclass(frozen=True)
class Evidence:
    """What an office would have asked for, and where it comes from instead."""

    id: str
    subjects: tuple[str, ...]
    replaces: Words
    why: Words


@dataclass(frozen=True)
class Limit:
    n: int
    unit: Literal["d", "wd"]
    assumed: bool


@dataclass(frozen=True)
class ServiceDefinition:
    id: str
    version: str
    event: str
    agency: str
    name: Words
    help: Words
    legal: tuple[str, ...]
    promised: Limit | None
    minutes: int
    fee: int
    print: tuple[str, ...]
    offline: OfflinePolicy
    who: Condition
    evidence: tuple[Evidence, ...]
    fields: tuple[FieldDefinition, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject the terminal asks for: of evidence, of fields and of their choices, each once, in order."""
        found: dict[str, None] = {}
        for item in self.evidence:
            found.update(dict.fromkeys(item.subjects))
        for item in self.fields:
            for path in (item.source, item.max_from):
                if path:
                    found[path.rpartition(".")[0]] = None
            if item.subject_choices is not None:
                found[item.subject_choices.subject] = None
        for test in (*self.who.all, *self.who.any):
            if test.subject:
                found[test.subject.rpartition(".")[0]] = None
        return tuple(found)

    def field(self, field_id: str) -> FieldDefinition:
        return next(item for item in self.fields if item.id == field_id)


@dataclass(frozen=True)
class Subject:
    """One subject of the information catalogue: who holds it and what it is called."""

    id: str
    agency: str
    names: Words
    plain: Words
    """What it holds, in words for a citizen; the name where the catalogue has none."""


@dataclass(frozen=True)
class Catalogue:
    """All that the terminal needs to offer services: definitions, agencies and subjects by id."""

    version: str
    services: Mapping[str, ServiceDefinition]
    agencies: Mapping[str, Words]
    subjects: Mapping[str, Subject]

    def of_event(self, life_event: str) -> tuple[ServiceDefinition, ...]:
        return tuple(item for item in self.services.values() if item.event == life_event)


def words(texts: Words, language: str) -> str:
    """Return the text in `language`, or Chinese."""
    return texts.get(language) or texts["zh-Hans"]
