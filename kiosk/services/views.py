"""What a page of a definition shows, computed from the records that came. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import cast

from kiosk.frozen import frozen
from kiosk.pieces.released import SubjectData
from kiosk.services import forms
from kiosk.services.definition import (
    PURPOSES,
    Catalogue,
    Cell,
    CellKind,
    PageAction,
    ServiceDefinition,
    View,
    Words,
    words,
)
from kiosk.services.display import masked, shown_date, shown_month
from kiosk.words import languages

Record = Mapping[str, object]
Subjects = Mapping[str, SubjectData]
BAR_STATES = ("done", "current", "todo", "asked")


@frozen
class Row:
    """One row of a list, at its place in the subject's record."""

    place: int
    record: Record = field(repr=False)


@frozen
class TimelineStep:
    """One step of a case: `start` and `end` in working days since it was opened."""

    id: str
    agency: str
    state: str
    start: int
    end: int
    began: str = ""
    ended: str = ""


def pages(service: ServiceDefinition, subjects: Subjects) -> tuple[View, ...]:
    """Return the pages that no other opens and that have their data, in the order of the definition."""
    opened = {target for page in service.views for target in (page.opens, *(one.opens for one in page.actions))}
    return tuple(page for page in service.views if page.id not in opened and _has_data(page, subjects))


def _has_data(page: View, subjects: Subjects) -> bool:
    wanted = {cell.key.rpartition(".")[0] for cell in page.cells} if page.kind == "facts" else {page.subject}
    if not any(subject in subjects for subject in wanted):
        return False
    return not page.skip_empty or bool(rows(page, subjects) if page.kind == "list" else filled(page, subjects, None))


def rows(page: View, subjects: Subjects) -> tuple[Row, ...]:
    """Return the rows of a list page."""
    data = subjects.get(page.subject)
    listed = data.record.get(page.rows) if data is not None and data.record is not None else None
    found = cast(list[object], listed) if isinstance(listed, list) else []
    made = [Row(place, cast(Record, item)) for place, item in enumerate(found) if isinstance(item, Mapping)]
    return tuple(row for row in made if matches(page.only, row.record))


def row_at(service: ServiceDefinition, subjects: Subjects, origin: str, place: int) -> Record | None:
    """Return the record that a page of a row shows; `origin` is the list that opened it."""
    return next((row.record for row in rows(service.view(origin), subjects) if row.place == place), None)


def matches(wanted: Mapping[str, tuple[str, ...]], record: Record) -> bool:
    """Whether a row has one of the values for every key; `*` is any value but none."""
    for key, allowed in wanted.items():
        text = raw_text(record.get(key))
        if text not in allowed and not ("*" in allowed and text):
            return False
    return True


def raw_text(raw: object, language: str = "zh-Hans") -> str:
    """Return a value of a record as text; of a list, nothing."""
    return "" if isinstance(raw, list) else forms.flat(raw, language)


def offered(page: View, record: Record | None) -> tuple[PageAction, ...]:
    """Return the actions that a page offers for what it shows."""
    return tuple(action for action in page.actions if matches(action.when, record or {}))


def filled(page: View, subjects: Subjects, record: Record | None) -> tuple[Cell, ...]:
    """Return the cells that have a value; a part of nothing is none."""
    return tuple(
        cell
        for cell in page.cells
        if _raw(cell, subjects, record) not in (None, "", []) and not _of_nothing(cell, subjects, record)
    )


def _of_nothing(cell: Cell, subjects: Subjects, record: Record | None) -> bool:
    return bool(cell.of) and raw_text(_raw(cell, subjects, record, cell.of)) in ("", "0")


def _raw(cell: Cell, subjects: Subjects, record: Record | None, key: str = "") -> object:
    subject, _, last = (key or cell.key).rpartition(".")
    if not subject:
        return (record or {}).get(last)
    data = subjects.get(subject)
    return data.record.get(last) if data is not None and data.record is not None else None


def source_of(cell: Cell, subjects: Subjects) -> SubjectData | None:
    """Return where a cell's value came from, on a page of facts."""
    return subjects.get(cell.key.rpartition(".")[0])


def cell_text(cell: Cell, subjects: Subjects, record: Record | None, catalogue: Catalogue, language: str) -> str:
    """Return a cell as a citizen reads it; empty where nothing is known."""
    raw = _raw(cell, subjects, record)
    items = cast(list[object], raw) if isinstance(raw, list) else [raw]
    texts = [_one(cell, item, catalogue, language) for item in items if not isinstance(item, list)]
    joined = (", " if language == "en" else "、").join(text for text in texts if text)
    if not joined or _of_nothing(cell, subjects, record):
        return ""
    if cell.of:
        joined = f"{joined} / {raw_text(_raw(cell, subjects, record, cell.of))}"
    return joined + (words(cell.unit, language) if cell.unit else "")


def _one(cell: Cell, raw: object, catalogue: Catalogue, language: str) -> str:
    text = forms.flat(raw, language)
    if not text:
        return ""
    named = {
        "agency": catalogue.agencies.get(text),
        "subject": catalogue.subjects[text].names if text in catalogue.subjects else None,
        "service": catalogue.services[text].name if text in catalogue.services else PURPOSES.get(text),
        "code": next((item.names for item in cell.codes if item.value == text), None),
    }.get(cell.kind)
    if named is not None:
        return words(named, language)
    match cell.kind:
        case "date" | "time":
            return f"{shown_date(text[:10], language)} {text[11:16] if cell.kind == 'time' else ''}".strip()
        case "month":
            return shown_month(text, language)
        case "money":
            return languages.money(text, language)
        case _:
            return masked(cell.mask, text)


def text_as(kind: str, text: str, catalogue: Catalogue, language: str) -> str:
    """Return a code or a moment in words, as a cell of this kind (`service`, `agency`, `time`) tells it."""
    return _one(Cell(key="", kind=cast("CellKind", kind)), text, catalogue, language)


def day_text(iso: str, language: str) -> str:
    """Return the day of a date or a moment as a citizen reads it."""
    return shown_date(iso[:10], language)


def title_text(page: View, texts: Words, record: Record | None, count: int, language: str) -> str:
    """Return the words of a page with `{n}` and `{key}` filled in."""
    values = {key: raw_text(value, language) for key, value in (record or {}).items()}
    values["n"] = str(count)
    return re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], ""), words(texts, language))


def steps(page: View, record: Record | None) -> tuple[TimelineStep, ...]:
    """Return the steps that a row holds; a step that is not whole is left out."""
    listed = (record or {}).get(page.rows)
    found = cast(list[object], listed) if isinstance(listed, list) else []
    return tuple(made for item in found if isinstance(item, Mapping) and (made := _step(cast(Record, item))))


def _step(raw: Record) -> TimelineStep | None:
    start, end, state = raw.get("from"), raw.get("to"), raw.get("state")
    if not isinstance(start, int) or not isinstance(end, int) or state not in BAR_STATES:
        return None
    name, agency = raw_text(raw.get("id")), raw_text(raw.get("agency"))
    return TimelineStep(name, agency, str(state), start, end, raw_text(raw.get("started")), raw_text(raw.get("ended")))
