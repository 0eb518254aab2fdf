"""Reads the parts of a raw definition: a table, a list, a text, words in every language. Pure.

Each function takes the service and the field that it reads for, and raises `DefinitionInvalid` naming both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from kiosk.services.definition import LANGUAGES, MASKS, Choice, DefinitionInvalid, Words


def mask(service: str, field: str, raw: Mapping[str, object]) -> str:
    found = raw.get("mask", "")
    if found not in MASKS:
        raise DefinitionInvalid(service, field, f"mask is one of {', '.join(MASKS)}")
    return str(found)


def path(service: str, field: str, raw: object) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[^.]+\.[^.]+\.[^.]+", raw):
        raise DefinitionInvalid(service, field, "a subject's value is wanted, as in pop.person.name")
    return raw


def table(service: str, field: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise DefinitionInvalid(service, field, "a table is wanted")
    return cast(dict[str, object], raw)


def listed(service: str, field: str, raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise DefinitionInvalid(service, field, "a list is wanted")
    return cast(list[object], raw)


def texts(service: str, field: str, raw: object) -> tuple[str, ...]:
    items = listed(service, field, raw)
    if not all(isinstance(item, str) for item in items):
        raise DefinitionInvalid(service, field, "a list of texts is wanted")
    return tuple(cast(list[str], items))


def text(service: str, field: str, raw: Mapping[str, object]) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        raise DefinitionInvalid(service, field, "a text is wanted")
    return value


def words(service: str, field: str, raw: object) -> Words:
    found = table(service, field, raw)
    for language in LANGUAGES:
        if not isinstance(found.get(language), str) or not found[language]:
            raise DefinitionInvalid(service, field, f"the words in {language} are missing")
    return cast(Words, found)


def whole(service: str, field: str, raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise DefinitionInvalid(service, field, "a whole number of 0 or more is wanted")
    return raw


def number(service: str, field: str, raw: object) -> float | None:
    if raw is None:
        return None
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not abs(raw) < 1e15:
        raise DefinitionInvalid(service, field, "a number is wanted")
    return float(raw)


def pattern(service: str, field: str, raw: object) -> str:
    if not isinstance(raw, str):
        raise DefinitionInvalid(service, field, "pattern is a text")
    try:
        re.compile(raw)
    except (re.error, OverflowError, RecursionError) as error:
        raise DefinitionInvalid(service, field, f"pattern: {error}") from error
    return raw


def choices(service: str, name: str, kind: str, raw: object, codes: Mapping[str, object]) -> tuple[Choice, ...]:
    """Read a code list by name, or some values of the list `service.name`."""
    if kind == "yes-no":
        raw = "yes-no"
    if raw is None:
        return ()
    list_name = raw if isinstance(raw, str) else f"{service}.{name}"
    if list_name not in codes:
        raise DefinitionInvalid(service, name, f"no code list {list_name!r}")
    named = table(service, name, codes[list_name])
    wanted = tuple(named) if isinstance(raw, str) else texts(service, name, raw)
    missing = [item for item in wanted if item not in named]
    if missing:
        raise DefinitionInvalid(service, name, f"code list {list_name!r} has no {missing[0]!r}")
    return tuple(Choice(item, words(service, name, named[item])) for item in wanted)
