"""Parses service definitions: everything is checked, and what is wrong is named by service, field and reason. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from kiosk.services.definition import (
    CARD_FIELDS,
    FIELD_TYPES,
    LANGUAGES,
    LIFE_EVENTS,
    MASKS,
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
    agencies = {key: _words("agencies", key, value) for key, value in _shared(shared, "agencies").items()}
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
        services[service.id] = service
    return Catalogue(version, services, agencies, subjects)


def _subject(key: str, raw: object, agencies: Mapping[str, Words]) -> Subject:
    table = _table("subjects", key, raw)
    agency = str(table.get("agency", ""))
    if agency not in agencies:
        raise DefinitionInvalid("subjects", key, f"no agency {agency!r} in the catalogue")
    names = _words("subjects", key, table.get("name"))
    return Subject(key, agency, names, _words("subjects", key, table["plain"]) if "plain" in table else names)


def parse_definition(raw: Mapping[str, object], shared: Mapping[str, Mapping[str, object]]) -> ServiceDefinition:
    """Parse one definition. Raises `DefinitionInvalid`."""
    service = _table("", "service", raw).get("id")
    if not isinstance(service, str) or not _ID.fullmatch(service):
        reason = "up to 63 lower case letters, digits and hyphens are wanted, without a long number"
        raise DefinitionInvalid("", "id", reason)
    if raw.get("schema") != 1:
        raise DefinitionInvalid(service, "schema", "1 is the only schema this terminal knows")
    event = str(raw.get("event", ""))
    if event not in LIFE_EVENTS:
        raise DefinitionInvalid(service, "event", f"{event!r} is not one of {', '.join(LIFE_EVENTS)}")
    offline = _table(service, "offline", raw.get("offline"))
    if offline.get("policy") not in ("accept", "card", "network"):
        raise DefinitionInvalid(service, "offline", "policy is accept, card or network")
    groups, codes = _shared(shared, "groups"), _shared(shared, "codes")
    raw_fields: list[object] = []
    for group in _texts(service, "groups", raw.get("groups", [])):
        if group not in groups:
            raise DefinitionInvalid(service, "groups", f"no field group {group!r}")
        raw_fields.extend(_list("groups", group, groups[group]))
    raw_fields.extend(_list(service, "field", raw.get("field", [])))
    fields = tuple(_field(service, item, codes) for item in raw_fields)
    who = condition(service, "who", raw.get("who", {}))
    _check_fields(service, fields, who)
    return ServiceDefinition(
        id=service,
        version=_text(service, "version", raw),
        event=event,
        agency=_text(service, "agency", raw),
        name=_words(service, "name", raw.get("name")),
        help=_words(service, "help", raw.get("help")),
        legal=tuple(_legal(service, item) for item in _list(service, "legal", raw.get("legal", []))),
        promised=_promised(service, raw.get("limits")),
        minutes=_whole(service, "minutes", raw.get("minutes", 2)),
        fee=_whole(service, "fee", raw.get("fee", 0)),
        print=_texts(service, "print", raw.get("print", ["receipt"])),
        offline=cast(OfflinePolicy, offline["policy"]),
        who=who,
        evidence=tuple(_evidence(service, item) for item in _list(service, "evidence", raw.get("evidence", []))),
        fields=fields,
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
    table = _table(service, "field", raw)
    name = table.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise DefinitionInvalid(service, "field", f"{name!r}: an id is lower case letters, digits and underscores")
    kind = table.get("type")
    if kind not in FIELD_TYPES:
        raise DefinitionInvalid(service, name, f"type {kind!r} is not one of {', '.join(FIELD_TYPES)}")
    if table.get("edit", "none") not in ("none", "correct", "change"):
        raise DefinitionInvalid(service, name, "edit is none, correct or change")
    mask = _mask(service, name, table)
    if table.get("card", "") not in ("", *CARD_FIELDS):
        raise DefinitionInvalid(service, name, f"card is one of {', '.join(CARD_FIELDS)}")
    raw_choices = table.get("choices")
    choices = () if isinstance(raw_choices, dict) else _choices(service, name, str(kind), raw_choices, codes)
    by_subject = _subject_choices(service, name, raw_choices, codes) if isinstance(raw_choices, dict) else None
    if kind == "choice" and not choices and by_subject is None:
        raise DefinitionInvalid(service, name, "a choice needs choices")
    shown = table.get("shown_when")
    return FieldDefinition(
        id=name,
        label=_words(service, name, table.get("label")),
        type=str(kind),
        help=_words(service, name, table["help"]) if "help" in table else {"zh-Hans": "", "en": ""},
        source=_path(service, name, table["from"]) if "from" in table else "",
        card=str(table.get("card", "")),
        edit=cast(Edit, table.get("edit", "none")),
        mask=mask,
        required=bool(table.get("required", True)),
        ask=bool(table.get("ask", True)),
        choices=choices,
        subject_choices=by_subject,
        shown_when=None if shown is None else condition(service, name, shown),
        low=_number(service, name, table.get("min")),
        high=_number(service, name, table.get("max")),
        pattern=_pattern(service, name, table.get("pattern", "")),
        not_after_today=bool(table.get("not_after_today", False)),
        max_length=_whole(service, name, table.get("max_length", 40)),
        default=_default(service, name, table.get("default", ""), choices),
        max_from=_path(service, name, table["max_from"]) if "max_from" in table else "",
    )


def _default(service: str, name: str, raw: object, choices: tuple[Choice, ...]) -> str:
    if raw and raw not in {choice.value for choice in choices}:
        raise DefinitionInvalid(service, name, f"default {raw!r} is not one of the choices")
    return str(raw)


def _choices(service: str, name: str, kind: str, raw: object, codes: Mapping[str, object]) -> tuple[Choice, ...]:
    if kind == "yes-no":
        raw = "yes-no"
    if raw is None:
        return ()
    list_name = raw if isinstance(raw, str) else f"{service}.{name}"
    if list_name not in codes:
        raise DefinitionInvalid(service, name, f"no code list {list_name!r}")
    table = _table(service, name, codes[list_name])
    wanted = tuple(table) if isinstance(raw, str) else _texts(service, name, raw)
    missing = [item for item in wanted if item not in table]
    if missing:
        raise DefinitionInvalid(service, name, f"code list {list_name!r} has no {missing[0]!r}")
    return tuple(Choice(item, _words(service, name, table[item])) for item in wanted)


def _subject_choices(service: str, name: str, raw: object, codes: Mapping[str, object]) -> SubjectChoices:
    table = _table(service, name, raw)
    for key in ("subject", "list", "value", "label"):
        if not table.get(key):
            raise DefinitionInvalid(service, name, f"choices.{key} is missing")
    always = table.get("always")
    return SubjectChoices(
        subject=str(table["subject"]),
        list=str(table["list"]),
        value=str(table["value"]),
        label=_texts(service, name, table["label"]),
        names={
            key: _choices(service, name, "choice", code_list, codes)
            for key, code_list in _table(service, name, table.get("names", {})).items()
        },
        mask=_mask(service, name, table),
        always=() if always is None else _choices(service, name, "choice", always, codes),
        ages=_ages(service, name, table["ages"]) if "ages" in table else None,
    )


def _ages(service: str, name: str, raw: object) -> AgeFilter:
    table = _table(service, name, raw)
    low, high = (_whole(service, name, table.get(key)) for key in ("min", "max"))
    on = table.get("on", "")
    if not isinstance(on, str) or (on and not _is_day_of_every_year(on)):
        raise DefinitionInvalid(service, name, "ages.on is a day of every year, MM-DD")
    return AgeFilter(_text(service, "key", table), low, high, on)


def _is_day_of_every_year(text: str) -> bool:
    try:
        datetime.datetime.strptime(f"2001-{text}", "%Y-%m-%d")  # noqa: DTZ007 - a date, no time
    except ValueError:
        return False
    return len(text) == len("MM-DD")


def condition(service: str, field: str, raw: object) -> Condition:
    """Parse `{all=[…], any=[…]}`. Raises `DefinitionInvalid`."""
    table = _table(service, field, raw)
    return Condition(
        all=tuple(_test(service, field, item) for item in _list(service, field, table.get("all", []))),
        any=tuple(_test(service, field, item) for item in _list(service, field, table.get("any", []))),
    )


def _test(service: str, field: str, raw: object) -> Test:
    table = _table(service, field, raw)
    if "min_age" in table:
        return Test(op="min_age", value=_whole(service, field, table["min_age"]))
    ops = [op for op in ("is", "not", "in", "known") if op in table]
    if len(ops) != 1 or ("field" in table) == ("subject" in table):
        raise DefinitionInvalid(service, field, "a test names one field or subject and one of is, not, in, known")
    op = cast(Literal["is", "not", "in", "known"], ops[0])
    value: object = _texts(service, field, table[op]) if op == "in" else table[op]
    if op in ("is", "not") and not isinstance(value, str):
        raise DefinitionInvalid(service, field, f"{op} compares with a text")
    if op == "known" and not isinstance(value, bool):
        raise DefinitionInvalid(service, field, "known is true or false")
    if "field" in table:
        return Test(field=_text(service, "field", table), op=op, value=value)
    return Test(subject=_path(service, field, table["subject"]), op=op, value=value)


def _evidence(service: str, raw: object) -> Evidence:
    table = _table(service, "evidence", raw)
    name = _text(service, "id", table)
    subjects = _texts(service, name, table.get("subjects"))
    if not subjects:
        raise DefinitionInvalid(service, name, "evidence names the subjects that stand in for it")
    return Evidence(
        id=name,
        subjects=subjects,
        replaces=_words(service, name, table.get("replaces")),
        why=_words(service, name, table.get("why")),
    )


def _promised(service: str, raw: object) -> Limit | None:
    if raw is None or "promised" not in _table(service, "limits", raw):
        return None
    table = _table(service, "limits.promised", _table(service, "limits", raw)["promised"])
    if table.get("unit") not in ("d", "wd"):
        raise DefinitionInvalid(service, "limits", "unit is d or wd")
    unit = cast(Literal["d", "wd"], table["unit"])
    return Limit(_whole(service, "limits", table.get("n")), unit, bool(table.get("assumed", False)))


def _legal(service: str, raw: object) -> str:
    table = _table(service, "legal", raw)
    title = table.get("title")
    if not isinstance(title, str) or not title:
        raise DefinitionInvalid(service, "legal", "title is missing")
    return title


def _shared(shared: Mapping[str, object], name: str) -> dict[str, object]:
    return _table("catalogue", name, shared.get(name, {}))


def _mask(service: str, field: str, table: Mapping[str, object]) -> str:
    mask = table.get("mask", "")
    if mask not in MASKS:
        raise DefinitionInvalid(service, field, f"mask is one of {', '.join(MASKS)}")
    return str(mask)


def _path(service: str, field: str, raw: object) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[^.]+\.[^.]+\.[^.]+", raw):
        raise DefinitionInvalid(service, field, "a subject's value is wanted, as in pop.person.name")
    return raw


def _table(service: str, field: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise DefinitionInvalid(service, field, "a table is wanted")
    return cast(dict[str, object], raw)


def _list(service: str, field: str, raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise DefinitionInvalid(service, field, "a list is wanted")
    return cast(list[object], raw)


def _texts(service: str, field: str, raw: object) -> tuple[str, ...]:
    items = _list(service, field, raw)
    if not all(isinstance(item, str) for item in items):
        raise DefinitionInvalid(service, field, "a list of texts is wanted")
    return tuple(cast(list[str], items))


def _text(service: str, field: str, raw: Mapping[str, object]) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        raise DefinitionInvalid(service, field, "a text is wanted")
    return value


def _words(service: str, field: str, raw: object) -> Words:
    table = _table(service, field, raw)
    for language in LANGUAGES:
        if not isinstance(table.get(language), str) or not table[language]:
            raise DefinitionInvalid(service, field, f"the words in {language} are missing")
    return cast(Words, table)


def _whole(service: str, field: str, raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise DefinitionInvalid(service, field, "a whole number of 0 or more is wanted")
    return raw


def _number(service: str, field: str, raw: object) -> float | None:
    if raw is None:
        return None
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not abs(raw) < 1e15:
        raise DefinitionInvalid(service, field, "a number is wanted")
    return float(raw)


def _pattern(service: str, field: str, raw: object) -> str:
    if not isinstance(raw, str):
        raise DefinitionInvalid(service, field, "pattern is a text")
    try:
        re.compile(raw)
    except (re.error, OverflowError, RecursionError) as error:
        raise DefinitionInvalid(service, field, f"pattern: {error}") from error
    return raw
