"""The languages of the terminal: each is one folder of `assets/i18n/`, and nothing else has to know its name.

`language.toml` says how the language is called and chosen, its Babel locale, its voice and its patterns (Unicode TR 35)
for dates. Words come from catalogues (`kiosk.words.i18n`), or are made from the Chinese ones by OpenCC where `convert`
names one of its configurations: a language made that way is complete by itself, also for a service that the gateway
sends tomorrow. What was read is kept: these functions give the same answer each time.
"""

from __future__ import annotations

import datetime
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from typing import Any, cast

from kiosk.frozen import frozen

SOURCE = "zh-Hans"
"""The language that texts are written in first; its texts are the keys of every catalogue."""
CONVERTED_KEPT = 4096
"""So many texts made by the converter are kept; a terminal has some two thousand."""


class LanguageInvalid(Exception):
    """A language folder that cannot be used: which, and what is missing."""

    code = "language-invalid"


@frozen
class Language:
    """One language. `voice` is a name of espeak-ng, `patterns` are Babel's."""

    code: str
    order: int
    """Its place among the buttons."""
    name: str
    """In its own words."""
    button: str
    """The id of the control that chooses it."""
    locale: str
    voice: str
    reading: str = ""
    """`pinyin` where the voice wants Chinese as pinyin with tone numbers."""
    convert: str = ""
    usage: Mapping[str, str] = field(default_factory=dict[str, str])
    patterns: Mapping[str, str] = field(default_factory=dict[str, str])


PATTERNS = ("day", "month", "clock", "moment", "money", "list", "comma")


def root() -> Any:
    """Return the folder that holds one folder for each language."""
    return resources.files("assets").joinpath("i18n")


def folder(code: str) -> Any:
    """Return the folder of a language."""
    return root().joinpath(code)


@cache
def languages() -> Mapping[str, Language]:
    """Return every language by its code, in the order of their buttons. Raises `LanguageInvalid`."""
    found: list[Language] = []
    for entry in root().iterdir():
        file = entry.joinpath("language.toml")
        if entry.is_dir() and file.is_file():
            found.append(_language(entry.name, tomllib.loads(file.read_text("utf-8"))))
    return {one.code: one for one in sorted(found, key=lambda one: one.order)}


def _language(code: str, table: Mapping[str, Any]) -> Language:
    try:
        voice: Mapping[str, str] = table["voice"]
        patterns: Mapping[str, str] = table["patterns"]
        missing = [name for name in PATTERNS if name not in patterns]
        if missing:
            raise LanguageInvalid(f"{code}: patterns lack {', '.join(missing)}")
        return Language(
            code=code,
            order=int(table["order"]),
            name=str(table["name"]),
            button=str(table["button"]),
            locale=str(table["locale"]),
            voice=voice["name"],
            reading=voice.get("reading", ""),
            convert=str(table.get("convert", "")),
            usage=table.get("usage", {}),
            patterns=patterns,
        )
    except KeyError as error:
        raise LanguageInvalid(f"{code}: {error.args[0]} is missing in language.toml") from error


def language(code: str) -> Language:
    """Return one language; the source language for a code that there is not."""
    return languages().get(code) or languages()[SOURCE]


@cache
def scripts() -> tuple[str, ...]:
    """Return a language for each script in which a citizen may write Chinese: ours first, then what is made of it."""
    return (SOURCE, *(code for code, known in languages().items() if known.convert))


# ------------------------------------------------------------------------------------------------ made words


def made(text: str, code: str) -> str:
    """Return a Chinese text of a definition or a failure in another language that its table does not hold.

    By the converter where the language has one, else from the folder's `tables.po`, else the Chinese itself.
    """
    if code == SOURCE:
        return text
    if language(code).convert:
        return converted(text, code)
    return _tables(code).get(text, text)


@lru_cache(maxsize=CONVERTED_KEPT)
def converted(text: str, code: str) -> str:
    """Return a Chinese text of ours in the characters and usual words of a language that the converter makes. Kept."""
    return convert(text, code)


def convert(text: str, code: str) -> str:
    """As `converted`, of any text: nothing is kept, so it may be a citizen's."""
    known = language(code)
    found = _converter(known.convert)(text)
    for word, usual in known.usage.items():
        found = found.replace(word, usual)
    return found


@cache
def _converter(config: str) -> Callable[[str], str]:
    from opencc import OpenCC  # 60 ms: only where somebody reads Traditional Chinese

    return cast(Callable[[str], str], OpenCC(config).convert)


@cache
def _tables(code: str) -> Mapping[str, str]:
    return dict(catalogue(code, "tables.po"))


def catalogue(code: str, name: str) -> Iterable[tuple[str, str]]:
    """Give each source text of one catalogue of a language with its words; nothing where there is no such file."""
    return [(text, forms[-1]) for text, forms in messages(code, name)]


def messages(code: str, name: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Give each source text with its plural forms, in gettext's order; a text without plurals has one form."""
    file = folder(code).joinpath(name)
    if not file.is_file():
        return []
    from babel.messages.pofile import read_po

    read = read_po(io.BytesIO(file.read_bytes()), locale=None, ignore_obsolete=True)
    found: list[tuple[str, tuple[str, ...]]] = []
    for entry in read:
        text = entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
        forms = tuple(entry.string) if isinstance(entry.string, tuple | list) else (entry.string,)
        if text and all(forms):
            found.append((str(text), tuple(str(form) for form in forms)))
    return found


# ------------------------------------------------------------------------------------- dates, numbers, lists


def day(iso: str, code: str) -> str:
    """`2026-09-01` as 2026 年 9 月 1 日, or 1 Sep 2026; what is no date comes back as it is."""
    return _date(iso, code, "day")


def month(iso: str, code: str) -> str:
    """`2026-09` as 2026 年 9 月, or Sep 2026; what is no month comes back as it is."""
    found = _date(f"{iso}-01", code, "month")
    return iso if found == f"{iso}-01" else found


@lru_cache(maxsize=8)
def clock(local: str, code: str) -> tuple[str, str]:
    """An ISO 8601 local time as the wall clock's time and date: `10:24`, and `5月18日 周一` or `Mon 18 May`."""
    return local[11:16], _date(local[:10], code, "clock")


def moment(local: str, code: str) -> str:
    """An ISO 8601 local time as `5月18日 10:29`, or `18 May, 10:29`."""
    from babel.dates import format_datetime

    known = language(code)
    return format_datetime(datetime.datetime.fromisoformat(local), known.patterns["moment"], locale=known.locale)


def _date(iso: str, code: str, pattern: str) -> str:
    from babel.dates import format_date

    try:
        value = datetime.date.fromisoformat(iso)
    except ValueError:
        return iso
    known = language(code)
    return format_date(value, known.patterns[pattern], locale=known.locale)


def money(amount: str, code: str) -> str:
    """`12600.50` as 12,600.50 元, or ¥12,600.50; what is no amount stands as it is."""
    return language(code).patterns["money"].format(n=grouped(amount, code))


def grouped(number: str, code: str) -> str:
    """`12600.50` with the language's marks between thousands, and its own decimals. No number comes back as it is."""
    from babel.numbers import format_decimal

    if re.fullmatch(r"-?\d{1,18}(\.\d{1,6})?", number) is None:
        return number
    decimals = len(number.partition(".")[2])
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(Decimal(number), pattern, locale=language(code).locale)


def listed(parts: Iterable[str], code: str) -> str:
    """Several names in one line, as the language separates them."""
    return language(code).patterns["list"].join(parts)


def joined(parts: Iterable[str], code: str) -> str:
    """Several parts of one statement in one line."""
    return language(code).patterns["comma"].join(parts)


@cache
def plural_form(code: str) -> Callable[[float], int]:
    """Return which plural form a number takes, after Babel's rule for the language (gettext's order of forms)."""
    from gettext import c2py  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

    from babel import Locale
    from babel.messages.plurals import get_plural

    rule = get_plural(Locale.parse(language(code).locale)).plural_expr
    return cast(Callable[[float], int], c2py(rule))
