"""Service definitions: data that the terminal renders without knowing any service by name. Pure.

A definition is a table of the format in `docs/services.md`; code lists and field groups are shared tables beside it.
`kiosk.services.parsing` checks everything and raises `DefinitionInvalid` naming service, field and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from kiosk.frozen import frozen
from kiosk.pieces.acting import Greeting, Represents
from kiosk.words.languages import made

LIFE_EVENTS = ("moved", "work", "school", "home", "business", "ill", "retire", "travel", "records")
"""In the order of the home screen; `records` (my records) is the ninth."""
FIELD_TYPES = ("choice", "text", "number", "money", "date", "month", "place", "phone", "email", "yes-no",
               "new-pin", "moment")  # fmt: skip
MASKS = ("", "name", "id", "phone", "email", "address", "number")
CARD_FIELDS = ("name", "id_number", "sex", "birth_date")
LANGUAGES = ("zh-Hans", "en")

Edit = Literal["none", "correct", "change"]
OfflinePolicy = Literal["accept", "card", "network"]
PageKind = Literal["list", "detail", "facts", "timeline", "steps"]
CellKind = Literal["text", "code", "date", "time", "month", "money", "agency", "subject", "service"]
Mark = Literal["saved", "held", "att", "stop", "info"]
Words = Mapping[str, str]
GREETING = "greeting"
"""The purpose of what home says after the PIN."""
PURPOSES: Mapping[str, Words] = {
    "sign-in": {"zh-Hans": "用手机登录", "en": "Sign in by phone"},
    GREETING: {"zh-Hans": "首页提醒", "en": "Reminder on the home screen"},
}
"""What else than a service a terminal may have heard of a citizen for."""


class DefinitionInvalid(Exception):
    """A definition that cannot be used: `service`, `field` (may be empty) and the reason."""

    code = "service-definition-invalid"

    def __init__(self, service: str, field: str, reason: str) -> None:
        super().__init__(f"{service}{'.' if field else ''}{field}: {reason}")
        self.service = service
        self.field = field
        self.reason = reason


@frozen
class Test:
    """One test of a condition: of a field of the form, or of a subject's value (`pop.person.hukou_city`)."""

    field: str = ""
    subject: str = ""
    op: Literal["is", "not", "in", "known", "min_age"] = "is"
    value: object = None


@frozen
class Condition:
    """True when all of `all` and, where there are any, one of `any` hold."""

    all: tuple[Test, ...] = ()
    any: tuple[Test, ...] = ()


@frozen
class Choice:
    value: str
    names: Words
    left: int | None = None
    """How many are left; None: that does not matter. 0 cannot be chosen."""


@frozen
class AgeFilter:
    """Offers only items whose `key` (a birth date) gives an age in full years from `low` to `high`."""

    key: str
    low: int
    high: int
    on: str = ""
    """`MM-DD`: the age on the next such day, today included; empty: today."""


@frozen
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
    given: tuple[str, ...] = ()
    """Fields whose answers the choices depend on: asked of a public subject when the question comes."""
    left: str = ""
    """The key of an item that says how many are left: 0 is shown and cannot be chosen."""
    moment: Literal["", "day", "time"] = ""
    """The first key of the label is a local time, shown as its day or its hour."""
    first: bool = False
    """The first that can be chosen is proposed when the question comes; the citizen sees all and may take another."""
    settled: bool = False
    """The first is taken without asking, as the nearest office: the last look shows it, and it may be changed there."""

    @property
    def held_as(self) -> str:
        """The name under which a form keeps the record: choices that depend on answers have one of their own."""
        return f"{self.subject}?{','.join(self.given)}" if self.given else self.subject


@frozen
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
    quiet: bool = False
    """Never shown: a number that only the office reads."""
    shown_as: str = ""
    """How a code that came from a row is told: `service`, `agency` or `time`; empty: as it is."""
    site: str = ""
    """What of the terminal's own place fills it in (`office`)."""
    online_only: tuple[str, ...] = ()
    """Choices that are not offered without a network."""
    here_only: tuple[str, ...] = ()
    """Choices that are offered only by a terminal that stands in an office."""
    within: str = ""
    """What of the terminal's own place lists the choices that are offered (`matters`)."""


@frozen
class Evidence:
    """What an office would have asked for, and where it comes from instead."""

    id: str
    subjects: tuple[str, ...]
    replaces: Words
    why: Words


@frozen
class Cell:
    """One value that a page shows."""

    key: str
    """A key of the row; on a page without a row, the whole path (`si.account.months`)."""
    kind: CellKind = "text"
    label: Words = field(default_factory=dict[str, str])
    codes: tuple[Choice, ...] = ()
    mask: str = ""
    unit: Words = field(default_factory=dict[str, str])
    """Words right after the value."""
    of: str = ""
    """A second key: the value is shown as a part of that one, `4 / 15`."""


Prints = Literal["", "certificate", "receipt"]


@frozen
class PageAction:
    """What a page offers: the form with some fields set, another page or service, or paper: `certificate`, `receipt`.

    The certificate is the row's value of that name, on A4; the receipt is a copy of the one that the case began with.
    """

    id: str
    label: Words
    icon: str = ""
    set: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field of the form to the value that it gets."""
    take: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field of the form to the key of the row that fills it."""
    opens: str = ""
    service: str = ""
    prints: Prints = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Key of the row to the values with which it is offered; all must hold. `*`: any value but none."""


@frozen
class View:
    """A page of what the city holds, shown before the form or instead of it."""

    id: str
    kind: PageKind
    title: Words
    """`{n}` stands for the number of rows, `{key}` for a value of the row."""
    subject: str = ""
    rows: str = ""
    """The key of the subject's record that holds the list; for `timeline` and `steps`, a key of the row."""
    help: Words = field(default_factory=dict[str, str])
    empty: Words = field(default_factory=dict[str, str])
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Key of a row to the values it must have to be shown."""
    head: Cell | None = None
    cells: tuple[Cell, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict[str, "Mark"])
    """Value of `state` of a row to the mark it gets."""
    opens: str = ""
    """The page that a row opens."""
    actions: tuple[PageAction, ...] = ()
    onward: Words = field(default_factory=dict[str, str])
    """The words of the way on, where a page that waits for a choice has one."""
    skip_empty: bool = False
    print: bool = False


@frozen
class ResultCell:
    """One value of a verdict's result, as the citizen reads it."""

    key: str
    label: Words
    unit: Words = field(default_factory=dict[str, str])
    moment: bool = False
    """The value is a local time, shown as a day and an hour."""


@frozen
class Confirm:
    """A service whose answer the citizen waits for at the terminal."""

    office: str
    """Which desk of the gateway answers at once."""
    retry_field: str = ""
    """The question to go back to where the answer is no."""
    big: ResultCell | None = None
    """Shown largest, such as a ticket's number."""
    qr: str = ""
    """The key of the text in the QR code beside it; empty: the case number."""
    below: str = ""
    """The key of the line under it; words by language as `KEY.LANGUAGE`."""
    pair: tuple[ResultCell, ...] = ()
    """Shown large beside each other, such as how many are ahead and how long that takes."""
    cells: tuple[ResultCell, ...] = ()
    next: tuple[Words, ...] = ()
    """What to do now, in sentences."""
    reasons: Mapping[str, Words] = field(default_factory=dict[str, Words])
    """A reason's code to its words."""
    unsent: Words = field(default_factory=dict[str, str])
    """What has to be known as long as the entry has not reached the gateway."""
    own_ticket: Condition | None = None
    """When the terminal gives out a ticket of its own letter without a network."""


@frozen
class Guide:
    """What to bring, and what not."""

    bring: Words
    leave: Words


@frozen
class Places:
    """A service that ends with the nearest places of a public subject, on a map."""

    subject: str
    list: str
    by: str
    """The field whose answer the places are asked for with; `any` is all of them."""
    guide: Mapping[str, Guide] = field(default_factory=dict[str, Guide])
    """An answer to that field to what to bring."""


@frozen
class Limit:
    n: int
    unit: Literal["d", "wd"]


@frozen
class ServiceDefinition:
    id: str
    version: str
    event: str
    agency: str
    name: Words
    help: Words
    legal: tuple[Words, ...]
    """Titles of laws and rules."""
    promised: Limit | None
    minutes: int
    fee: int
    print: tuple[str, ...]
    offline: OfflinePolicy
    who: Condition
    evidence: tuple[Evidence, ...]
    fields: tuple[FieldDefinition, ...]
    represents: Represents | None = None
    greeting: Greeting | None = None
    apply: bool = True
    """False: the service ends with its pages; nothing is signed and nothing is saved."""
    views: tuple[View, ...] = ()
    confirm: Confirm | None = None
    places: Places | None = None
    card: Literal["needed", "none", "identity"] = "needed"
    """`none`: anybody may use it; nobody is named in it. `identity`: who has no citizen card proves it with an identity
    card, on its own reader."""
    sign_in: Literal["card", "app"] = "card"
    """How sure one must be who it is. `card`: the card and its PIN only; `app`: the city's app is enough too."""
    start: str = ""
    """The way that leads straight here: `ticket`, `call` from the start screen, `found` with a card reported lost."""

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
            if item.subject_choices is not None and not item.subject_choices.given:
                found[item.subject_choices.subject] = None
        for test in (*self.who.all, *self.who.any):
            if test.subject:
                found[test.subject.rpartition(".")[0]] = None
        for page in self.views:
            paths = [cell.key.rpartition(".")[0] for cell in page.cells if cell.key.count(".") > 1]
            found.update(dict.fromkeys([page.subject, *paths] if page.subject else paths))
        return tuple(found)

    def view(self, view_id: str) -> View:
        return next(item for item in self.views if item.id == view_id)

    @property
    def needs_place(self) -> bool:
        """Whether it is of no use at a terminal that stands in no office."""
        return any(item.site == "office" and item.shown_when is None for item in self.fields)

    def field(self, field_id: str) -> FieldDefinition:
        return next(item for item in self.fields if item.id == field_id)


@frozen
class Subject:
    """One subject of the information catalogue: who holds it and what it is called."""

    id: str
    agency: str
    names: Words
    plain: Words
    """What it holds, in words for a citizen; the name where the catalogue has none."""
    sensitive: bool = False
    """Class 3: released against the card only."""


@frozen
class Catalogue:
    """All that the terminal needs to offer services: definitions, agencies and subjects by id."""

    version: str
    services: Mapping[str, ServiceDefinition]
    agencies: Mapping[str, Words]
    subjects: Mapping[str, Subject]


def words(texts: Words, language: str) -> str:
    """Return the text in `language`; one that the table does not hold is made from the Chinese."""
    return texts.get(language) or made(texts["zh-Hans"], language)
