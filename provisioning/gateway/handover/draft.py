"""A form that was handed over, put together again as the terminal had it, and the application that comes of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from drivers.api import Holder
from kiosk.clock import local_minute
from kiosk.pieces.released import SubjectData
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition, ServiceDefinition
from kiosk.services.phone import can_continue
from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import json_object
from offline_cache.wire.handover import MAX_FORM_BYTES, Handover
from provisioning.gateway.handover.window import PHONE

_TEXTS = ("language", "name", "sex", "birth_date", "card_number", "data", "id_number", "service_version")
_MOST_CHARS = 400


@dataclass(frozen=True)
class Draft:
    """What is kept of a hand-over, sealed. Every value is JSON. The repr tells nothing."""

    held: Mapping[str, object] = field(repr=False)

    def text(self, name: str) -> str:
        """A text of it, or nothing."""
        value = self.held.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> dict[str, str]:
        """A map of texts of it."""
        raw = self.held.get(name)
        held = cast("Mapping[str, object]", raw) if isinstance(raw, Mapping) else {}
        return {key: value for key, value in held.items() if isinstance(value, str)}

    def maps(self, name: str) -> dict[str, dict[str, str]]:
        """A map of maps of texts of it."""
        raw = self.held.get(name)
        held = cast("Mapping[str, object]", raw) if isinstance(raw, Mapping) else {}
        return {key: Draft(held).texts(key) for key in held}

    def names(self, name: str) -> list[str]:
        """A list of texts of it."""
        raw = self.held.get(name)
        return [item for item in cast("list[object]", raw) if isinstance(item, str)] if isinstance(raw, list) else []

    def with_answers(self, answers: Mapping[str, str]) -> Draft:
        """The same with these answers."""
        return Draft({**self.held, "answers": dict(answers)})


def read_draft(asked: Handover, terminal: str) -> Draft:
    """Read what a terminal hands over; the proof goes with it. Raises `MalformedMessage`."""
    held = json_object(asked.form, MAX_FORM_BYTES)
    if any(not isinstance(held.get(name), str) or len(str(held[name])) > _MOST_CHARS for name in _TEXTS):
        raise MalformedMessage(f"form handed over: one of {', '.join(_TEXTS)} is no short text")
    for name in ("answers", "preset", "subjects", "consent"):
        if not isinstance(held.get(name), dict):
            raise MalformedMessage(f"form handed over: {name} is no map")
    proof = {
        "nonce": asked.nonce,
        "terminal": terminal,
        "form": base64.b64encode(asked.digest).decode("ascii"),
        "signature": base64.b64encode(asked.signature).decode("ascii"),
        "certificate": base64.b64encode(asked.certificate).decode("ascii"),
    }
    return Draft({**held, "service": asked.service, "handover": proof})


def form_of(draft: Draft, definition: ServiceDefinition, now_ms: int) -> forms.Form:
    """What `kiosk.services.forms` computes from, as it was on the terminal."""
    raw = draft.held.get("subjects")
    subjects: dict[str, SubjectData] = {}
    for name, item in cast("Mapping[str, object]", raw).items() if isinstance(raw, Mapping) else ():
        entry = cast("Mapping[str, object]", item) if isinstance(item, Mapping) else {}
        record = entry.get("record")
        found = cast("Mapping[str, object]", record) if isinstance(record, Mapping) else None
        subjects[name] = SubjectData(name, str(entry.get("agency", "")), str(entry.get("updated", "")), found)
    sex = draft.text("sex")
    holder = Holder(draft.text("name"), draft.text("id_number"),
                    cast("Literal['male', 'female', 'unknown']", sex if sex in {"male", "female"} else "unknown"),
                    None, draft.text("birth_date"), None)  # fmt: skip
    return forms.Form(
        definition=definition,
        today=local_minute(now_ms)[:10],
        holder=holder,
        subjects=subjects,
        answers=draft.texts("answers"),
        disputed=frozenset(draft.names("disputed")),
        said=draft.maps("said"),
        preset=draft.texts("preset"),
        online=True,
    )


def usable(draft: Draft, definition: ServiceDefinition | None) -> bool:
    """Whether the city still has the service as the citizen saw it, and lets it go on by telephone."""
    return definition is not None and definition.version == draft.text("service_version") and can_continue(definition)


def answered(form: forms.Form, given: Mapping[str, str]) -> tuple[forms.Form, dict[str, str]]:
    """Take what was typed on the telephone into the form; returns it with what is wrong, by field.

    Only fields that the terminal would have asked, or let the citizen change, are taken; a choice must be offered.
    Fields that an answer opens are asked on the next page: they are not wrong yet.
    """
    problems: dict[str, str] = {}
    for item in asked_fields(form):
        if item.id not in given:
            continue
        text = given[item.id].strip()[:_MOST_CHARS]
        problem = _problem(form, item, text)
        if problem:
            problems[item.id] = problem
        form = replace(form, answers={**form.answers, item.id: text})
    return form, problems


def asked_fields(form: forms.Form) -> tuple[FieldDefinition, ...]:
    """What the telephone asks, in the order of the definition: questions, and rows that may be changed."""
    plan = forms.plan(form)
    wanted = {item.id for item in (*plan.questions, *(row for row in plan.rows if row.edit == "change"))}
    return tuple(item for item in form.definition.fields if item.id in wanted)


def unanswered(form: forms.Form) -> list[str]:
    """Fields that still want an answer, or a better one."""
    missing: list[str] = []
    for item in asked_fields(form):
        value = forms.value_of(form, item)
        if (value is None and item.required) or (value is not None and _problem(form, item, value.text)):
            missing.append(item.id)
    return missing


def _problem(form: forms.Form, item: FieldDefinition, text: str) -> str:
    if item.type in forms.CHOSEN:
        if not text:
            return "answer-missing" if item.required else ""
        return "" if text in {choice.value for choice in forms.options(form, item)} else "answer-form"
    return forms.problem(forms.bounded(form, item), text, form.today)


def application(draft: Draft, form: forms.Form, number: str, now_ms: int) -> dict[str, object]:
    """The document that goes into the journal: as a terminal's, but its proof is the hand-over's, and it says so."""
    definition = form.definition
    return {
        "kind": "application",
        "schema": 1,
        "service": definition.id,
        "service_version": definition.version,
        "agency": definition.agency,
        "terminal": PHONE,
        "time": local_minute(now_ms),
        "language": draft.text("language"),
        "card_number": draft.text("card_number"),
        "holder": {name: draft.text(name) for name in ("name", "id_number", "sex", "birth_date")},
        "fields": forms.document_fields(form),
        "left_to_office": [item.id for item in forms.left_to_office(form)],
        "consent": draft.held["consent"],
        "data": draft.text("data"),
        "origin": "phone",
        "handover": draft.held["handover"],
        "number": number,
    }
