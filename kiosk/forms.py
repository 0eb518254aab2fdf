"""What a form holds and asks next, computed from a definition and what is known. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from drivers.api import Holder
from kiosk.events import SubjectData
from kiosk.services import Choice, Condition, FieldDefinition, ServiceDefinition, SubjectChoices, Test, words

Origin = Literal["city", "card", "answer"]
_SEX_CODES = {"unknown": "0", "male": "1", "female": "2"}
"""GB/T 2261.1, as the city's records have it."""


@dataclass(frozen=True)
class Form:
    """Everything that is known for one application. Its repr tells nothing."""

    definition: ServiceDefinition = field(repr=False)
    today: str
    """ISO 8601 date on the terminal."""
    holder: Holder | None = field(repr=False, default=None)
    subjects: Mapping[str, SubjectData] = field(repr=False, default_factory=dict[str, SubjectData])
    answers: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    disputed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Value:
    """What stands in a field: `text` as it will be submitted, and where it came from."""

    text: str = field(repr=False)
    origin: Origin
    agency: str = ""
    updated: str = ""


def value_of(form: Form, item: FieldDefinition) -> Value | None:
    """Return what stands in a field, or None where nothing is known."""
    if item.id in form.answers:
        return Value(form.answers[item.id], "answer")
    if item.source:
        subject, _, key = item.source.rpartition(".")
        data = form.subjects.get(subject)
        if data is not None and data.record is not None and data.record.get(key) not in (None, ""):
            return Value(_flat(data.record[key]), "city", data.agency, data.updated)
    if item.card and form.holder is not None:
        raw = str(getattr(form.holder, item.card))
        return Value(_SEX_CODES[raw] if item.card == "sex" else raw, "card")
    return None


def _flat(raw: object) -> str:
    if isinstance(raw, Mapping):
        texts = cast(Mapping[str, object], raw)
        return str(texts.get("zh-Hans", next(iter(texts.values()), "")))
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return str(raw)


# ------------------------------------------------------------------------------------------- conditions


def holds(condition: Condition | None, form: Form) -> bool:
    """Whether a condition is true. A subject that is not known makes its test true: the office decides."""
    if condition is None:
        return True
    if not all(_test(test, form) for test in condition.all):
        return False
    return not condition.any or any(_test(test, form) for test in condition.any)


def _test(test: Test, form: Form) -> bool:
    if test.op == "min_age":
        return form.holder is None or age(form.holder.birth_date, form.today) >= cast(int, test.value)
    if test.subject:
        subject, _, key = test.subject.rpartition(".")
        data = form.subjects.get(subject)
        if data is None or data.record is None or key not in data.record:
            return test.op != "known" or not test.value
        known: str | None = _flat(data.record[key])
    else:
        value = value_of(form, form.definition.field(test.field))
        known = None if value is None or value.text == "" else value.text
    match test.op:
        case "is":
            return known == test.value
        case "not":
            return known != test.value
        case "in":
            return known in cast(tuple[object, ...], test.value)
        case _:
            return (known is not None) == bool(test.value)


def age(birth_date: str, today: str) -> int:
    """Full years between two ISO dates."""
    born, now = datetime.date.fromisoformat(birth_date), datetime.date.fromisoformat(today)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def eligible(form: Form) -> bool:
    """Whether this holder may apply, as far as can be known here."""
    return holds(form.definition.who, form)


# ------------------------------------------------------------------------------------------------- plan


@dataclass(frozen=True)
class Plan:
    """What is shown filled in, and what is asked, in the order of the definition."""

    rows: tuple[FieldDefinition, ...]
    questions: tuple[FieldDefinition, ...]


def plan(form: Form) -> Plan:
    """Sort the visible fields: known ones are rows, unknown ones that may be asked are questions."""
    rows: list[FieldDefinition] = []
    questions: list[FieldDefinition] = []
    for item in form.definition.fields:
        if not holds(item.shown_when, form):
            continue
        value = value_of(form, item)
        if value is not None and value.origin != "answer":
            rows.append(item)
        elif (item.ask and item.edit != "correct") or item.id in form.answers:
            questions.append(item)
    return Plan(tuple(rows), tuple(questions))


def left_to_office(form: Form) -> tuple[FieldDefinition, ...]:
    """Fields that nobody fills in here: the office writes them from its own register."""
    known = plan(form)
    return tuple(
        item
        for item in form.definition.fields
        if holds(item.shown_when, form) and item not in known.rows and item not in known.questions
    )


def options(form: Form, item: FieldDefinition) -> tuple[Choice, ...]:
    """The choices of a field, those of the citizen's own records first."""
    if item.subject_choices is None:
        return item.choices
    return (*item.subject_choices.always, *_own(form, item.subject_choices))


def _own(form: Form, chosen: SubjectChoices) -> tuple[Choice, ...]:
    data = form.subjects.get(chosen.subject)
    if data is None or data.record is None:
        return ()
    found: list[Choice] = []
    for place, raw in enumerate(cast(list[object], data.record.get(chosen.list) or []), 1):
        if not isinstance(raw, Mapping) or (chosen.value != "#" and chosen.value not in raw):
            continue
        entry = cast(Mapping[str, object], raw)
        value = str(place) if chosen.value == "#" else str(entry[chosen.value])
        labels = {language: _choice_label(entry, chosen, language) for language in ("zh-Hans", "en")}
        found.append(Choice(value, labels))
    return tuple(found)


def _choice_label(entry: Mapping[str, object], chosen: SubjectChoices, language: str) -> str:
    parts: list[str] = []
    for key in chosen.label:
        raw = entry.get(key, "")
        text = words(cast(Mapping[str, str], raw), language) if isinstance(raw, Mapping) else str(raw)
        named = next((item for item in chosen.names.get(key, ()) if item.value == text), None)
        if named is not None:
            text = words(named.names, language)
        parts.append(masked(chosen.mask, text) if key == chosen.label[0] else text)
    return ("，" if language.startswith("zh") else ", ").join(part for part in parts if part)


# ---------------------------------------------------------------------------------------------- answers


def problem(item: FieldDefinition, text: str, today: str) -> str:
    """Return what is wrong with a typed answer, as a code, or an empty string.

    Codes: `answer-missing`, `answer-form`, `answer-number`, `answer-low`, `answer-high`, `answer-date`,
    `answer-future`.
    """
    text = text.strip()
    if not text:
        return "answer-missing" if item.required else ""
    if item.type in {"number", "money"}:
        return _number_problem(item, text)
    if item.type == "date":
        try:
            given = datetime.date.fromisoformat(text)
        except ValueError:
            return "answer-date"
        return "answer-future" if item.not_after_today and given.isoformat() > today else ""
    if item.type == "phone" and not re.fullmatch(r"1[3-9][0-9]{9}|020[0-9]{8}", text):
        return "answer-form"
    if item.type == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return "answer-form"
    return "answer-form" if item.pattern and not re.fullmatch(item.pattern, text) else ""


def _number_problem(item: FieldDefinition, text: str) -> str:
    wanted = r"[0-9]+" if item.type == "number" else r"[0-9]+(\.[0-9]{1,2})?"
    if not re.fullmatch(wanted, text):
        return "answer-number"
    if item.low is not None and float(text) < item.low:
        return "answer-low"
    return "answer-high" if item.high is not None and float(text) > item.high else ""


def typed(item: FieldDefinition, text: str, key: str) -> str:
    """Return the text after one more key; keys that the type does not take change nothing."""
    limits = {"date": 8, "month": 6, "phone": 11, "number": 9, "money": 12}
    if item.type in limits:
        allowed = "0123456789." if item.type == "money" else "0123456789"
        return text + key if key in allowed and len(text) < limits[item.type] else text
    return text + key if len(text) < item.max_length and key.isprintable() else text


def as_answer(item: FieldDefinition, text: str) -> str:
    """Return typed keys as the answer's text: eight digits of a date as ISO 8601."""
    if item.type == "date" and re.fullmatch(r"[0-9]{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text.strip()


# ---------------------------------------------------------------------------------------------- display


def masked(kind: str, text: str) -> str:
    """Hide what nobody behind the citizen should read. Source of the forms: the city's receipts (`陈*华`)."""
    match kind:
        case "name":
            return mask_name(text)
        case "id":
            return f"{text[:6]}********{text[-4:]}" if len(text) == 18 else "*" * len(text)
        case "phone":
            return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "*" * len(text)
        case "email":
            local, _, domain = text.partition("@")
            return f"{local[:1]}***@{domain}"
        case "address":
            return re.sub(r"[0-9]+(?=[号室房栋])", "**", text)
        case _:
            return text


def mask_name(name: str) -> str:
    """`陈晓娴` becomes `陈*娴`, `王明` becomes `王*`."""
    if len(name) <= 1:
        return name
    return name[0] + "*" if len(name) == 2 else f"{name[0]}*{name[-1]}"


def shown(form: Form, item: FieldDefinition, language: str) -> str:
    """Return a field's value as the screen shows it, masked, in the citizen's language."""
    value = value_of(form, item)
    if value is None or value.text == "":
        return ""
    if item.type in {"choice", "yes-no"}:
        for choice in options(form, item):
            if choice.value == value.text:
                return words(choice.names, language)
    if item.type == "date":
        return shown_date(value.text, language)
    if item.type == "money":
        return f"¥{value.text}" if language == "en" else f"{value.text} 元"
    if value.origin == "city" and not item.mask:
        return _in_language(form, item, language) or value.text
    return masked(item.mask, value.text)


def _in_language(form: Form, item: FieldDefinition, language: str) -> str:
    subject, _, key = item.source.rpartition(".")
    record = form.subjects[subject].record or {}
    raw = record.get(key)
    return words(cast(Mapping[str, str], raw), language) if isinstance(raw, Mapping) else ""


def shown_date(iso: str, language: str) -> str:
    """`2026-09-01` as 2026 年 9 月 1 日, or 1 Sep 2026."""
    try:
        day = datetime.date.fromisoformat(iso)
    except ValueError:
        return iso
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def document_fields(form: Form) -> dict[str, dict[str, str]]:
    """Return the fields of an application: value and origin, and whether the citizen disputes it."""
    result: dict[str, dict[str, str]] = {}
    for item in form.definition.fields:
        value = value_of(form, item)
        if value is None or value.text == "" or not holds(item.shown_when, form):
            continue
        result[item.id] = {"value": value.text, "origin": value.origin}
        if item.id in form.disputed:
            result[item.id]["disputed"] = "yes"
    return result
