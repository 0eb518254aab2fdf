"""What a certificate says, by service: `assets/city/certificates.toml`, filled from the register and the answers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from kiosk.words import languages

Words = Mapping[str, str]
"""`{"zh", "en"}`."""
Codes = Mapping[str, Mapping[str, Mapping[str, str]]]
Held = Callable[[str], Mapping[str, object] | None]
"""The record of a subject, of the one person whom the certificate is about."""
MASKS = ("", "name", "id", "hidden")
ANSWERS = "field"
MAX_CHARS = 120
_ROW_KEYS = {"label", "key", "codes", "mask", "list", "pick", "only", "when", "none", "kind"}


class CertificatesInvalid(Exception):
    """The templates cannot be used; names the service and the reason."""

    code = "certificates-invalid"


@dataclass(frozen=True)
class RowTemplate:
    """One line of the table; `assets/city/certificates.toml` says what each part means."""

    label: Words
    key: str
    codes: str = ""
    mask: str = ""
    """How whoever scans the code sees it: as it is, `name`, `id` or `hidden`."""
    list: str = ""
    pick: str = ""
    only: Literal["", "first", "last"] = ""
    kind: Literal["", "money"] = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    none: Words = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Template:
    """One kind of certificate."""

    title: Words
    sentence: Words
    rows: tuple[RowTemplate, ...]


@dataclass(frozen=True)
class Templates:
    """All of them, by service."""

    city: Words
    of: Mapping[str, Template]


def load_templates(text: str) -> Templates:
    """Read `certificates.toml`. Raises `CertificatesInvalid`."""
    try:
        raw = cast("dict[str, object]", tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise CertificatesInvalid(f"certificates: {error}") from error
    named = _table("certificates", raw.get("certificate", {}))
    return Templates(_words("city", raw.get("city")), {name: _template(name, item) for name, item in named.items()})


def _template(name: str, raw: object) -> Template:
    table = _table(name, raw)
    listed = table.get("row")
    if not isinstance(listed, list) or not listed:
        raise CertificatesInvalid(f"{name}: a certificate has rows")
    rows = tuple(_row(name, item) for item in cast("list[object]", listed))
    return Template(_words(name, table.get("title")), _words(name, table.get("sentence")), rows)


def _row(name: str, raw: object) -> RowTemplate:
    table = _table(name, raw)
    texts = {key: table.get(key, "") for key in ("key", "codes", "mask", "list", "pick", "only", "kind")}
    wrong = table.keys() - _ROW_KEYS or {key for key, value in texts.items() if not isinstance(value, str)}
    if (
        wrong
        or texts["mask"] not in MASKS
        or texts["only"] not in ("", "first", "last")
        or (texts["kind"] not in ("", "money"))
    ):
        raise CertificatesInvalid(f"{name}: a row with {', '.join(sorted(wrong)) or 'an unknown mask or choice'}")
    path = str(texts["list"] or texts["key"])
    if "." not in path:
        raise CertificatesInvalid(f"{name}: {path!r} is no path, as in pop.person.name")
    when = _table(name, table.get("when", {}))
    if not all(isinstance(values, list) for values in when.values()):
        raise CertificatesInvalid(f"{name}: when gives a list of answers by field")
    return RowTemplate(
        label=_words(name, table.get("label")),
        when={key: tuple(str(v) for v in cast("list[object]", values)) for key, values in when.items()},
        none=_words(name, table["none"]) if "none" in table else {},
        **{key: str(value) for key, value in texts.items()},  # pyright: ignore[reportArgumentType]
    )


def _table(name: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise CertificatesInvalid(f"{name}: a table is wanted")
    return cast("dict[str, object]", raw)


def _words(name: str, raw: object) -> Words:
    table = _table(name, raw)
    if table.keys() != {"zh", "en"} or not all(isinstance(text, str) and text for text in table.values()):
        raise CertificatesInvalid(f"{name}: words are zh and en")
    return cast("dict[str, str]", table)


def fill(template: Template, answers: Mapping[str, str], held: Held, codes: Codes) -> list[tuple[RowTemplate, str]]:
    """The rows that have something to say, with it."""
    found: list[tuple[RowTemplate, str]] = []
    for row in template.rows:
        if any(answers.get(name, "") not in allowed for name, allowed in row.when.items()):
            continue
        texts = [_named(row, raw, codes) for raw in _values(row, answers, held)]
        text = "、".join(part for part in texts if part)
        text = text or (f"{row.none['zh']} ({row.none['en']})" if row.none else "")
        if text:
            found.append((row, text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS - 1]}…"))
    return found


def _values(row: RowTemplate, answers: Mapping[str, str], held: Held) -> list[object]:
    subject, _, key = (row.list or row.key).rpartition(".")
    if subject == ANSWERS:
        return [answers.get(key)]
    value = (held(subject) or {}).get(key)
    if not row.list:
        return [value]
    rows = cast("list[object]", value) if isinstance(value, list) else []
    if row.pick:
        place = answers.get(row.pick, "")
        rows = [rows[int(place)]] if place.isdecimal() and int(place) < len(rows) else []
    rows = {"first": rows[:1], "last": rows[-1:]}.get(row.only, rows)
    return [cast("Mapping[str, object]", one).get(row.key) if isinstance(one, dict) else one for one in rows]


def _named(row: RowTemplate, raw: object, codes: Codes) -> str:
    text = str(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else ""
    words = codes.get(row.codes, {}).get(text) if row.codes else None
    if row.kind == "money":
        return languages.grouped(text, languages.SOURCE)
    return text if words is None else words.get("zh-Hans", text)
