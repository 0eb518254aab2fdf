"""Parses service definitions: everything is checked, and what is wrong is named by service, field and reason. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from kiosk.pieces.acting import Greeting, Represents
from kiosk.services import confirm_parsing as confirming
from kiosk.services import reading as read
from kiosk.services.definition import (
    CARD_FIELDS,
    FIELD_TYPES,
    LIFE_EVENTS,
    AgeFilter,
    Catalogue,
    Choice,
    Condition,
    DefinitionInvalid,
    Edit,
    Evidence,
    FieldDefinition,
    Limit,
    OfflinePolicy,
    ServiceDefinition,
    Subject,
    SubjectChoices,
    Test,
    Words,
)
from kiosk.services.phone import SENSITIVE, SIGN_IN, check_identity, check_sign_in
from kiosk.services.view_parsing import check_views, views

_ID = re.compile(r"(?!.*[0-9]{7})[a-z][a-z0-9-]{0,62}")
"""A plain word of the log (`kiosk.log`): no long number, so that no id can look like a holder's."""


def parse_catalogue(
    version: str,
    definitions: Iterable[Mapping[str, object]],
    shared: Mapping[str, Mapping[str, object]],
) -> Catalogue:
    """Parse definitions with the shared tables `codes`, `groups`, `agencies`, `subjects`.

    Raises `DefinitionInvalid` for the first thing that is wrong.
    """
    agencies = {key: read.words("agencies", key, value) for key, value in _shared(shared, "agencies").items()}
    subjects = {key: _subject(key, value, agencies) for key, value in _shared(shared, "subjects").items()}
    services: dict[str, ServiceDefinition] = {}
    for raw in definitions:
        service = parse_definition(raw, shared)
        if service.id in services:
            raise DefinitionInvalid(service.id, "id", "there are two definitions with this id")
        if service.agency not in agencies:
            raise DefinitionInvalid(service.id, "agency", f"no agency {service.agency!r} in the catalogue")
        for subject in service.subjects:
            if subject not in subjects:
                raise DefinitionInvalid(service.id, "evidence", f"no subject {subject!r} in the catalogue")
        if service.greeting is not None and service.greeting.subject not in subjects:
            raise DefinitionInvalid(service.id, "greeting", f"no subject {service.greeting.subject!r} in the catalogue")
        check_sign_in(service, subjects)
        check_identity(service)
        services[service.id] = service
    return Catalogue(version, services, agencies, subjects)


def _subject(key: str, raw: object, agencies: Mapping[str, Words]) -> Subject:
    table = read.table("subjects", key, raw)
    agency = str(table.get("agency", ""))
    if agency not in agencies:
        raise DefinitionInvalid("subjects", key, f"no agency {agency!r} in the catalogue")
    names = read.words("subjects", key, table.get("name"))
    plain = read.words("subjects", key, table["plain"]) if "plain" in table else names
    return Subject(key, agency, names, plain, table.get("class") == SENSITIVE)


def parse_definition(raw: Mapping[str, object], shared: Mapping[str, Mapping[str, object]]) -> ServiceDefinition:
    """Parse one definition. Raises `DefinitionInvalid`."""
    service = read.table("", "service", raw).get("id")
    if not isinstance(service, str) or not _ID.fullmatch(service):
        reason = "up to 63 lower case letters, digits and hyphens are wanted, without a long number"
        raise DefinitionInvalid("", "id", reason)
    if raw.get("schema") != 1:
        raise DefinitionInvalid(service, "schema", "1 is the only schema this terminal knows")
    event = str(raw.get("event", ""))
    if event not in LIFE_EVENTS:
        raise DefinitionInvalid(service, "event", f"{event!r} is not one of {', '.join(LIFE_EVENTS)}")
    offline = read.table(service, "offline", raw.get("offline"))
    if offline.get("policy") not in ("accept", "card", "network"):
        raise DefinitionInvalid(service, "offline", "policy is accept, card or network")
    groups, codes = _shared(shared, "groups"), _shared(shared, "codes")
    raw_fields: list[object] = []
    for group in read.texts(service, "groups", raw.get("groups", [])):
        if group not in groups:
            raise DefinitionInvalid(service, "groups", f"no field group {group!r}")
        raw_fields.extend(read.listed("groups", group, groups[group]))
    raw_fields.extend(read.listed(service, "field", raw.get("field", [])))
    fields = tuple(_field(service, item, codes) for item in raw_fields)
    who = condition(service, "who", raw.get("who", {}))
    _check_fields(service, fields, who)
    apply = raw.get("apply", True) is not False
    found_views = views(service, raw.get("view", []), codes, apply=apply)
    check_views(service, found_views, {item.id for item in fields}, str(offline["policy"]), apply=apply)
    by_id = {item.id: item for item in fields}
    confirming.dependent(service, by_id)
    asked = raw.get("confirm")
    own = read.table(service, "confirm", asked).get("own_ticket") if asked is not None else None
    return ServiceDefinition(
        id=service,
        version=read.text(service, "version", raw),
        event=event,
        agency=read.text(service, "agency", raw),
        name=read.words(service, "name", raw.get("name")),
        help=read.words(service, "help", raw.get("help")),
        legal=tuple(_legal(service, item) for item in read.listed(service, "legal", raw.get("legal", []))),
        promised=_promised(service, raw.get("limits")),
        minutes=read.whole(service, "minutes", raw.get("minutes", 2)),
        fee=read.whole(service, "fee", raw.get("fee", 0)),
        print=read.texts(service, "print", raw.get("print", ["receipt"])),
        offline=cast(OfflinePolicy, offline["policy"]),
        who=who,
        evidence=tuple(_evidence(service, item) for item in read.listed(service, "evidence", raw.get("evidence", []))),
        fields=fields,
        represents=_represents(service, raw.get("represents")),
        greeting=_greeting(service, raw.get("greeting"), represents="represents" in raw),
        apply=apply,
        views=found_views,
        confirm=confirming.confirm(service, asked, by_id, None if own is None else condition(service, "confirm", own)),
        places=confirming.places(service, raw.get("places"), by_id),
        card=cast(
            Literal["needed", "none", "identity"],
            confirming.word(service, "card", raw.get("card", "needed"), confirming.CARD),
        ),
        sign_in=cast(Literal["card", "app"], confirming.word(service, "sign_in", raw.get("sign_in", "card"), SIGN_IN)),
        start=confirming.word(service, "start", raw.get("start", ""), confirming.STARTS),
    )


def _check_fields(service: str, fields: Sequence[FieldDefinition], who: Condition) -> None:
    seen: set[str] = set()
    for item in fields:
        if item.id in seen:
            raise DefinitionInvalid(service, item.id, "there are two fields with this id")
        if item.shown_when is not None and (unknown := _fields_of(item.shown_when) - seen):
            raise DefinitionInvalid(service, item.id, f"shown_when asks for {min(unknown)!r}, not a field before it")
        seen.add(item.id)
    if unknown := _fields_of(who) - seen:
        raise DefinitionInvalid(service, "who", f"no field {min(unknown)!r}")


def _fields_of(condition_: Condition) -> set[str]:
    return {test.field for test in (*condition_.all, *condition_.any) if test.field}


def _field(service: str, raw: object, codes: Mapping[str, object]) -> FieldDefinition:
    table = read.table(service, "field", raw)
    name = table.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise DefinitionInvalid(service, "field", f"{name!r}: an id is lower case letters, digits and underscores")
    kind = table.get("type")
    if kind not in FIELD_TYPES:
        raise DefinitionInvalid(service, name, f"type {kind!r} is not one of {', '.join(FIELD_TYPES)}")
    if table.get("edit", "none") not in ("none", "correct", "change"):
        raise DefinitionInvalid(service, name, "edit is none, correct or change")
    mask = read.mask(service, name, table)
    if table.get("card", "") not in ("", *CARD_FIELDS):
        raise DefinitionInvalid(service, name, f"card is one of {', '.join(CARD_FIELDS)}")
    raw_choices = table.get("choices")
    choices = () if isinstance(raw_choices, dict) else read.choices(service, name, str(kind), raw_choices, codes)
    by_subject = _subject_choices(service, name, raw_choices, codes) if isinstance(raw_choices, dict) else None
    always = choices if by_subject is None else by_subject.always
    if kind == "choice" and not choices and by_subject is None:
        raise DefinitionInvalid(service, name, "a choice needs choices")
    shown = table.get("shown_when")
    return FieldDefinition(
        id=name,
        label=read.words(service, name, table.get("label")),
        type=str(kind),
        help=read.words(service, name, table["help"]) if "help" in table else {"zh-Hans": "", "en": ""},
        source=read.path(service, name, table["from"]) if "from" in table else "",
        card=str(table.get("card", "")),
        edit=cast(Edit, table.get("edit", "none")),
        mask=mask,
        required=bool(table.get("required", True)),
        ask=bool(table.get("ask", True)),
        choices=choices,
        subject_choices=by_subject,
        shown_when=None if shown is None else condition(service, name, shown),
        low=read.number(service, name, table.get("min")),
        high=read.number(service, name, table.get("max")),
        pattern=read.pattern(service, name, table.get("pattern", "")),
        not_after_today=bool(table.get("not_after_today", False)),
        max_length=read.whole(service, name, table.get("max_length", 40)),
        default=_default(service, name, table.get("default", ""), always),
        max_from=read.path(service, name, table["max_from"]) if "max_from" in table else "",
        quiet=bool(table.get("quiet", False)),
        shown_as=confirming.word(service, name, table.get("as", ""), ("", "service", "agency", "time")),
        site=confirming.word(service, name, table.get("site", ""), confirming.SITES),
        online_only=read.texts(service, name, table.get("online_only", [])),
        here_only=read.texts(service, name, table.get("here_only", [])),
        within=confirming.word(service, name, table.get("within", ""), ("", "matters")),
    )


def _default(service: str, name: str, raw: object, choices: tuple[Choice, ...]) -> str:
    if raw != "" and raw not in [choice.value for choice in choices]:
        raise DefinitionInvalid(service, name, f"default {raw!r} is not one of the choices")
    return str(raw)


def _subject_choices(service: str, name: str, raw: object, codes: Mapping[str, object]) -> SubjectChoices:
    table = read.table(service, name, raw)
    for key in ("subject", "list", "value", "label"):
        if not table.get(key):
            raise DefinitionInvalid(service, name, f"choices.{key} is missing")
    always = table.get("always")
    if table.get("settled") and not table.get("given"):
        raise DefinitionInvalid(service, name, "choices.settled needs given: others are filled in")
    return SubjectChoices(
        subject=str(table["subject"]),
        list=str(table["list"]),
        value=str(table["value"]),
        label=read.texts(service, name, table["label"]),
        names={
            key: read.choices(service, name, "choice", code_list, codes)
            for key, code_list in read.table(service, name, table.get("names", {})).items()
        },
        mask=read.mask(service, name, table),
        always=() if always is None else read.choices(service, name, "choice", always, codes),
        ages=_ages(service, name, table["ages"]) if "ages" in table else None,
        given=read.texts(service, name, table.get("given", [])),
        left=str(table.get("left", "")),
        first=table.get("first", False) is True,
        settled=table.get("settled", False) is True,
        moment=cast(
            Literal["", "day", "time"], confirming.word(service, name, table.get("moment", ""), ("", "day", "time"))
        ),
    )


def _represents(service: str, raw: object) -> Represents | None:
    if raw is None:
        return None
    table = read.table(service, "represents", raw)
    subject, listed, value, label = (read.text(service, key, table) for key in ("subject", "list", "value", "label"))
    return Represents(subject, listed, value, label)


def _greeting(service: str, raw: object, *, represents: bool) -> Greeting | None:
    if raw is None:
        return None
    if not represents:
        raise DefinitionInvalid(service, "greeting", "only a service with represents has one: it is said of companies")
    table = read.table(service, "greeting", raw)
    subject, when = (read.text(service, key, table) for key in ("subject", "when"))
    return Greeting(subject, when, read.words(service, "greeting", table.get("text")))


def _ages(service: str, name: str, raw: object) -> AgeFilter:
    table = read.table(service, name, raw)
    low, high = (read.whole(service, name, table.get(key)) for key in ("min", "max"))
    on = table.get("on", "")
    if not isinstance(on, str) or (on and not _is_day_of_every_year(on)):
        raise DefinitionInvalid(service, name, "ages.on is a day of every year, MM-DD")
    return AgeFilter(read.text(service, "key", table), low, high, on)


def _is_day_of_every_year(text: str) -> bool:
    try:
        datetime.datetime.strptime(f"2001-{text}", "%Y-%m-%d")  # noqa: DTZ007 - a date, no time
    except ValueError:
        return False
    return len(text) == len("MM-DD")


def condition(service: str, field: str, raw: object) -> Condition:
    """Parse `{all=[…], any=[…]}`. Raises `DefinitionInvalid`."""
    table = read.table(service, field, raw)
    return Condition(
        all=tuple(_test(service, field, item) for item in read.listed(service, field, table.get("all", []))),
        any=tuple(_test(service, field, item) for item in read.listed(service, field, table.get("any", []))),
    )


def _test(service: str, field: str, raw: object) -> Test:
    table = read.table(service, field, raw)
    if "min_age" in table:
        return Test(op="min_age", value=read.whole(service, field, table["min_age"]))
    ops = [op for op in ("is", "not", "in", "known") if op in table]
    if len(ops) != 1 or ("field" in table) == ("subject" in table):
        raise DefinitionInvalid(service, field, "a test names one field or subject and one of is, not, in, known")
    op = cast(Literal["is", "not", "in", "known"], ops[0])
    value: object = read.texts(service, field, table[op]) if op == "in" else table[op]
    if op in ("is", "not") and not isinstance(value, str):
        raise DefinitionInvalid(service, field, f"{op} compares with a text")
    if op == "known" and not isinstance(value, bool):
        raise DefinitionInvalid(service, field, "known is true or false")
    if "field" in table:
        return Test(field=read.text(service, "field", table), op=op, value=value)
    return Test(subject=read.path(service, field, table["subject"]), op=op, value=value)


def _evidence(service: str, raw: object) -> Evidence:
    table = read.table(service, "evidence", raw)
    name = read.text(service, "id", table)
    subjects = read.texts(service, name, table.get("subjects"))
    if not subjects:
        raise DefinitionInvalid(service, name, "evidence names the subjects that stand in for it")
    return Evidence(
        id=name,
        subjects=subjects,
        replaces=read.words(service, name, table.get("replaces")),
        why=read.words(service, name, table.get("why")),
    )


def _promised(service: str, raw: object) -> Limit | None:
    if raw is None or "promised" not in read.table(service, "limits", raw):
        return None
    table = read.table(service, "limits.promised", read.table(service, "limits", raw)["promised"])
    if table.get("unit") not in ("d", "wd"):
        raise DefinitionInvalid(service, "limits", "unit is d or wd")
    unit = cast(Literal["d", "wd"], table["unit"])
    return Limit(read.whole(service, "limits", table.get("n")), unit)


def _legal(service: str, raw: object) -> Words:
    """A law's title in every language. A definition signed before titles were translated has the Chinese one alone."""
    title = read.table(service, "legal", raw).get("title")
    if not title:
        raise DefinitionInvalid(service, "legal", "title is missing")
    return {"zh-Hans": title} if isinstance(title, str) else read.words(service, "legal", title)


def _shared(shared: Mapping[str, object], name: str) -> dict[str, object]:
    return read.table("catalogue", name, shared.get(name, {}))
