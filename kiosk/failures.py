"""Failure codes: what happened and the one next step, in words for a citizen and for a technician.

The words are data in `assets/failure_codes.toml`; a test holds that every code that the code base can raise is there.
Pure: the table is parsed from text that the caller read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Literal, cast

from kiosk.frozen import frozen
from kiosk.words.languages import made

Severity = Literal["info", "att", "stop"]
LANGUAGES = ("zh-Hans", "en")


class FailureTableInvalid(Exception):
    """The table misses a key or a language; says where."""

    code = "failure-table-invalid"


@frozen
class Failure:
    """One failure code. Texts by language."""

    code: str
    severity: Severity
    title: Mapping[str, str]
    """What happened, for a citizen."""
    safe: Mapping[str, str]
    """What is not lost."""
    next: Mapping[str, str]
    """What to do now, for a citizen."""
    cause: str
    technician: str
    """One next action for a technician."""
    part: str = ""
    """The spare part to bring; empty where none helps."""

    def words(self, which: Literal["title", "safe", "next"], language: str) -> str:
        """Return the words in `language`; those that the table does not hold are made from the Chinese."""
        texts: Mapping[str, str] = getattr(self, which)
        return texts.get(language) or texts.get(language.split("-", maxsplit=1)[0]) or made(texts["zh-Hans"], language)


def parse(text: str) -> dict[str, Failure]:
    """Parse the table. Raises `FailureTableInvalid` naming code and key."""
    try:
        entries = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise FailureTableInvalid(f"the table is no TOML: {error}") from error
    return {code: _failure(code, entry) for code, entry in entries.items()}


def _failure(code: str, raw: object) -> Failure:
    if not isinstance(raw, dict):
        raise FailureTableInvalid(f"{code}: a table is wanted")
    entry = cast(dict[str, object], raw)
    for key in ("severity", "title", "safe", "next", "cause", "technician"):
        if key not in entry:
            raise FailureTableInvalid(f"{code}: {key} is missing")
    for key in ("title", "safe", "next"):
        texts = entry[key]
        if not isinstance(texts, dict) or not all(texts.get(language) for language in LANGUAGES):
            raise FailureTableInvalid(f"{code}: {key} needs {', '.join(LANGUAGES)}")
    if entry["severity"] not in ("info", "att", "stop"):
        raise FailureTableInvalid(f"{code}: severity {entry['severity']!r}")
    return Failure(
        code=code,
        severity=entry["severity"],
        title=cast(Mapping[str, str], entry["title"]),
        safe=cast(Mapping[str, str], entry["safe"]),
        next=cast(Mapping[str, str], entry["next"]),
        cause=str(entry["cause"]),
        technician=str(entry["technician"]),
        part=str(entry.get("part", "")),
    )
