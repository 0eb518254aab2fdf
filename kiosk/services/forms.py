"""What a form holds and asks next, computed from a definition and what is known. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, cast

from drivers.api import Holder
from kiosk.frozen import frozen, replace
from kiosk.pieces.released import SubjectData
from kiosk.services.ages import age, of_age
from kiosk.services.definition import (
    Choice,
    Condition,
    FieldDefinition,
    ServiceDefinition,
    SubjectChoices,
    Test,
    words,
)
from kiosk.services.display import masked, shown_moment, told
from kiosk.words import languages

Origin = Literal["city", "card", "app", "identity", "usual", "answer", "site"]
"""`usual` is what most people choose: the definition proposes it, the citizen may change it."""
CHOSEN = frozenset({"choice", "yes-no"})
"""Field types that are answered by choosing; all others are typed."""
_SEX_CODES = {"unknown": "0", "male": "1", "female": "2"}
"""GB/T 2261.1, as the city's records have it."""


@frozen
class Form:
    """Everything that is known for one application. Its repr tells nothing."""

    definition: ServiceDefinition = field(repr=False)
    today: str
    """ISO 8601 date on the terminal."""
    holder: Holder | None = field(repr=False, default=None)
    subjects: Mapping[str, SubjectData] = field(repr=False, default_factory=dict[str, SubjectData])
    answers: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    disputed: frozenset[str] = frozenset()
    said: Mapping[str, Mapping[str, str]] = field(repr=False, default_factory=dict[str, "Mapping[str, str]"])
    preset: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """What the citizen chose on a page before the form: not asked again."""
    online: bool = True
    site: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where the terminal stands: `office`, `matters`, `place.LANGUAGE`."""
    known_by: Origin = "card"


@frozen
class Value:
    """What stands in a field: `text` as it will be submitted, and where it came from."""

    text: str = field(repr=False)
    origin: Origin
    agency: str = ""
    updated: str = ""


def value_of(form: Form, item: FieldDefinition) -> Value | None:
    """Return what stands in a field: the citizen's answer, else what was filled in; None where nothing is known."""
    if item.id in form.answers:
        return Value(form.answers[item.id], "answer")
    return prefilled(form, item)


def prefilled(form: Form, item: FieldDefinition) -> Value | None:
    """Return what the city, the card or the definition fills in, whatever the citizen has answered since.

    A choice among the citizen's own records is filled in where there is only one of them.
    """
    if item.id in form.preset:
        return Value(form.preset[item.id], "answer")
    if item.site and form.site.get(item.site):
        return Value(form.site[item.site], "site")
    subject, _, key = item.source.rpartition(".")
    data = form.subjects.get(subject)
    if data is not None and data.record is not None and (text := flat(data.record.get(key))):
        return Value(text, "city", data.agency, data.updated)
    if item.card and form.holder is not None and (raw := str(getattr(form.holder, item.card))):
        return Value(_SEX_CODES[raw] if item.card == "sex" else raw, form.known_by)
    if item.subject_choices is not None and not item.subject_choices.always and not item.subject_choices.given:
        own = _own(form, item.subject_choices)
        if len(own) == 1:
            held = form.subjects[item.subject_choices.subject]
            return Value(own[0].value, "city", held.agency, held.updated)
    offered = bool(item.default) and item.default in {choice.value for choice in options(form, item)}
    return Value(item.default, "usual") if offered else None


def flat(raw: object, language: str = "zh-Hans") -> str:
    """Return a value of a record as text. An office's record may hold words by language, or nothing."""
    if raw is None:
        return ""
    if isinstance(raw, Mapping):
        texts = cast(Mapping[str, object], raw)
        held = texts.get(language) or languages.made(str(texts.get("zh-Hans") or ""), language)
        return str(held or next(iter(texts.values()), ""))
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return str(raw)


# ------------------------------------------------------------------------------------------- conditions


def holds(condition: Condition | None, form: Form, *, unasked: bool = False) -> bool:
    """Whether a condition is true. A subject that is not known makes its test true: the office decides.

    `known` is the exception: it is false of a subject without a record. `unasked` makes it true of one that was never
    asked for, before the consent or without a network; a field that chooses among records is known where there is
    something to choose.
    """
    if condition is None:
        return True
    if not all(_test(test, form, unasked) for test in condition.all):
        return False
    return not condition.any or any(_test(test, form, unasked) for test in condition.any)


def visible(form: Form, item: FieldDefinition) -> bool:
    """Whether a field belongs to this application, as far as it is filled in now."""
    return holds(item.shown_when, form)


def _test(test: Test, form: Form, unasked: bool) -> bool:
    if test.op == "min_age":
        return form.holder is None or age(form.holder.birth_date, form.today) >= cast(int, test.value)
    if test.subject:
        subject, _, key = test.subject.rpartition(".")
        data = form.subjects.get(subject)
        if data is None and unasked:
            return True
        if data is None or data.record is None or key not in data.record:
            return test.op != "known" or not test.value
        known = flat(data.record[key]) or None
    else:
        item = form.definition.field(test.field)
        if unasked and item.subject_choices is not None:
            return item.subject_choices.subject not in form.subjects or bool(options(form, item)) == bool(test.value)
        value = value_of(form, item) if visible(form, item) else None
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


def eligible(form: Form) -> bool:
    """Whether this holder may apply, as far as can be known here."""
    return holds(form.definition.who, form, unasked=True)


# ------------------------------------------------------------------------------------------------- plan


@frozen
class Plan:
    """What is shown filled in, and what is asked, in the order of the definition."""

    rows: tuple[FieldDefinition, ...]
    questions: tuple[FieldDefinition, ...]
    preset: tuple[FieldDefinition, ...] = ()
    """Chosen on a page before the form: neither shown for confirmation nor asked, but in the last look."""


def plan(form: Form) -> Plan:
    """Sort the visible fields: filled-in ones are rows, unknown ones that may be asked are questions.

    A row stays a row when the citizen changes it. A choice without anything to choose is left to the office.
    """
    rows: list[FieldDefinition] = []
    questions: list[FieldDefinition] = []
    preset: list[FieldDefinition] = []
    for item in form.definition.fields:
        if not visible(form, item):
            continue
        if item.id in form.preset or (item.site and form.site.get(item.site)):
            preset.append(item)
        elif prefilled(form, item) is not None:
            rows.append(item)
        elif item.id in form.answers or _may_ask(form, item):
            questions.append(item)
    return Plan(tuple(rows), tuple(questions), tuple(preset))


def _may_ask(form: Form, item: FieldDefinition) -> bool:
    if not item.ask or item.edit == "correct":
        return False
    if given := depends_on(form, item):
        return all(given.values())
    return item.type not in CHOSEN or bool(options(form, item))


def needs_network(form: Form) -> bool:
    """Whether something was chosen that cannot be handed in without a network."""
    for item in form.definition.fields:
        value = value_of(form, item) if item.online_only and visible(form, item) else None
        if value is not None and value.text in item.online_only:
            return True
    return False


def depends_on(form: Form, item: FieldDefinition) -> dict[str, str]:
    """Return the answers that a field's choices depend on, by field; empty values are not known yet."""
    names = () if item.subject_choices is None else item.subject_choices.given
    values = ((name, value_of(form, form.definition.field(name))) for name in names)
    return {name: "" if value is None else value.text for name, value in values}


def left_to_office(form: Form) -> tuple[FieldDefinition, ...]:
    """Fields that nobody fills in here: the office writes them from its own register."""
    known = plan(form)
    return tuple(
        item
        for item in form.definition.fields
        if visible(form, item) and item not in (*known.rows, *known.questions, *known.preset)
    )


def options(form: Form, item: FieldDefinition) -> tuple[Choice, ...]:
    """The choices of a field, those of the citizen's own records first."""
    if item.subject_choices is None:
        listed = form.site.get(item.within, "").split(",") if item.within else None
        closed = {*(() if form.online else item.online_only), *(() if form.site.get("office") else item.here_only)}
        return tuple(
            choice for choice in item.choices
            if choice.value not in closed and (listed is None or choice.value in listed)
        )  # fmt: skip
    return (*item.subject_choices.always, *_own(form, item.subject_choices))


def _own(form: Form, chosen: SubjectChoices) -> tuple[Choice, ...]:
    data = form.subjects.get(chosen.held_as)
    listed = data.record.get(chosen.list) if data is not None and data.record is not None else None
    if not isinstance(listed, list):
        return ()
    found: dict[str, Choice] = {item.value: item for item in chosen.always}
    for place, raw in enumerate(cast(list[object], listed), 1):
        if not isinstance(raw, Mapping):
            continue
        entry = cast(Mapping[str, object], raw)
        if chosen.ages is not None and not of_age(flat(entry.get(chosen.ages.key)), chosen.ages, form.today):
            continue
        value = str(place) if chosen.value == "#" else flat(entry.get(chosen.value))
        labels = {language: _choice_label(entry, chosen, language) for language in languages.languages()}
        if value and all(labels.values()):
            found.setdefault(value, Choice(value, labels, _left(entry, chosen)))
    return tuple(found.values())[len(chosen.always) :]


def _left(entry: Mapping[str, object], chosen: SubjectChoices) -> int | None:
    held = entry.get(chosen.left) if chosen.left else None
    return held if isinstance(held, int) else None


def _choice_label(entry: Mapping[str, object], chosen: SubjectChoices, language: str) -> str:
    parts: list[str] = []
    for key in chosen.label:
        text = flat(entry.get(key), language)
        if chosen.moment and key == chosen.label[0]:
            text = shown_moment(text, language, chosen.moment)
        named = next((item for item in chosen.names.get(key, ()) if item.value == text), None)
        if named is not None:
            text = words(named.names, language)
        parts.append(masked(chosen.mask, text) if key == chosen.label[0] else text)
    return languages.joined((part for part in parts if part), language)


# ---------------------------------------------------------------------------------------------- answers


def bounded(form: Form, item: FieldDefinition) -> FieldDefinition:
    """Return the field with its upper bound as the citizen's own record has it (`max_from`)."""
    subject, _, key = item.max_from.rpartition(".")
    data = form.subjects.get(subject)
    text = flat(data.record.get(key)) if data is not None and data.record is not None else ""
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", text):
        return item
    return replace(item, high=min(float(text), item.high if item.high is not None else float(text)))


def problem(item: FieldDefinition, text: str, today: str) -> str:
    """Return what is wrong with a typed answer, as a code, or an empty string.

    Codes: `answer-missing`, `answer-form`, `answer-number`, `answer-low`, `answer-high`, `answer-date`,
    `answer-month`, `answer-future`.
    """
    text = text.strip()
    if not text:
        return "answer-missing" if item.required else ""
    if item.type in {"number", "money"}:
        return _number_problem(item, text)
    if item.type in {"date", "month"}:
        if not _is_day(text if item.type == "date" else f"{text}-01"):
            return f"answer-{item.type}"
        return "answer-future" if item.not_after_today and text > today[: len(text)] else ""
    if item.type == "phone" and not re.fullmatch(r"1[3-9][0-9]{9}|020[0-9]{8}", text):
        return "answer-form"
    if item.type == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return "answer-form"
    return "answer-form" if item.pattern and not re.fullmatch(item.pattern, text) else ""


def _is_day(text: str) -> bool:
    """Whether this is a day, written in full, that somebody alive may have to write."""
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and datetime.date.fromisoformat(text) >= _OLDEST
    except ValueError:
        return False


_OLDEST = datetime.date(1900, 1, 1)


def _number_problem(item: FieldDefinition, text: str) -> str:
    wanted = r"[0-9]+" if item.type == "number" else r"[0-9]+(\.[0-9]{1,2})?"
    if not re.fullmatch(wanted, text):
        return "answer-number"
    if item.low is not None and float(text) < item.low:
        return "answer-low"
    return "answer-high" if item.high is not None and float(text) > item.high else ""


def typed(item: FieldDefinition, text: str, key: str) -> str:
    """Return the text after one more key; keys that the type does not take change nothing."""
    limit = {"date": 8, "month": 6, "phone": 11, "number": 9, "money": 12}.get(item.type)
    if len(key) != 1 or len(text) >= (limit or item.max_length):
        return text
    if limit is None:
        return text + key if key.isprintable() else text
    allowed = "0123456789." if item.type == "money" else "0123456789"
    return text + key if key in allowed else text


def as_answer(item: FieldDefinition, text: str) -> str:
    """Return typed keys as the answer's text: the digits of a date or a month as ISO 8601."""
    if item.type == "date" and re.fullmatch(r"[0-9]{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if item.type == "month" and re.fullmatch(r"[0-9]{6}", text):
        return f"{text[:4]}-{text[4:]}"
    return text.strip()


def as_typed(item: FieldDefinition, answer: str) -> str:
    """Return an answer as the keys that gave it: the other way round of `as_answer`."""
    return answer.replace("-", "") if item.type in {"date", "month"} else answer


# ---------------------------------------------------------------------------------------------- display


def shown(form: Form, item: FieldDefinition, language: str) -> str:
    """Return a field's value as the screen shows it, masked, in the citizen's language."""
    value = value_of(form, item)
    if value is None or value.text == "":
        return ""
    if item.site:
        return form.site.get(f"place.{language}") or form.site.get("place.zh-Hans", "")
    if item.type in CHOSEN:
        for choice in options(form, item):
            if choice.value == value.text:
                return words(choice.names, language)
    if (text := told(item.type, value.text, language)) != value.text:
        return text
    if value.origin == "city" and not item.mask:
        subject, _, key = item.source.rpartition(".")
        return flat((form.subjects[subject].record or {}).get(key), language)
    return masked(item.mask, value.text)


def document_fields(form: Form) -> dict[str, dict[str, str]]:
    """Return the fields of an application: value and origin, and where it is disputed what the citizen says."""
    result: dict[str, dict[str, str]] = {}
    for item in form.definition.fields:
        value = value_of(form, item)
        if value is None or value.text == "" or not visible(form, item):
            continue
        result[item.id] = {"value": value.text, "origin": value.origin}
        if item.id in form.disputed:
            result[item.id] |= {"disputed": "yes", **form.said.get(item.id, {})}
    return result
