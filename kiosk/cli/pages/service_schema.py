"""The JSON Schema of a service definition, made from the words that the parser knows.

What a schema cannot hold (that a code list, a group or a subject exists, that a condition names a field before it) is
held by `kiosk services check`.
"""

from __future__ import annotations

from typing import Any

from kiosk.cli.pages.confirm_schema import confirm_parts
from kiosk.cli.pages.view_schema import view_parts
from kiosk.services import definition as d
from kiosk.services.confirm_parsing import CARD, SITES, STARTS
from kiosk.services.phone import SIGN_IN

Json = Any


def service_schema() -> Json:
    """Return the JSON Schema (2020-12) of a definition, published as `docs/reference/service.schema.json`."""
    choices: Json = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Service definition",
        "description": "One service that a terminal offers; a file of assets/services, TOML or JSON.",
        **_object(
            {
                "schema": {"const": 1},
                "id": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"},
                "version": _text("A new one with every change of content."),
                "assured": _text("ISO 8601 date: when somebody last read the definition against its sources."),
                "event": {"enum": list(d.LIFE_EVENTS), "description": "The life event it stands under."},
                "agency": _text("Who decides: an agency of the catalogue."),
                "handled_by": _text("Who takes it in, where that is another agency."),
                "name": {"$ref": "#/$defs/words"},
                "help": {"$ref": "#/$defs/words"},
                "code": {"type": "object", "description": "Codes of the national list of services (GB/T 39554.1)."},
                "legal": {"type": "array", "items": {"$ref": "#/$defs/legal"}},
                "limits": _object({"statutory": {"$ref": "#/$defs/limit"}, "promised": {"$ref": "#/$defs/limit"}}),
                "fee": _whole("Yuan."),
                "minutes": _whole("How long a visit takes."),
                "print": {
                    **choices,
                    "description": "What the terminal prints: receipt templates, or certificate: the agency's, A4.",
                },
                "follow_up": {**choices, "description": "Services that often come next."},
                "offline": _object(
                    {
                        "policy": {
                            "enum": ["accept", "card", "network"],
                            "description": "No network: taken in, taken in by the card's data, or not offered.",
                        },
                        "date": {"enum": ["terminal"], "description": "Whose date counts."},
                    },
                    "policy",
                ),
                "who": {"$ref": "#/$defs/condition", "description": "Who may apply."},
                **_companies(),
                "groups": {**choices, "description": "Field groups that come before the fields."},
                "evidence": {"type": "array", "items": {"$ref": "#/$defs/evidence"}},
                "field": {"type": "array", "items": {"$ref": "#/$defs/field"}},
                "confirm": {"$ref": "#/$defs/confirm", "description": "The citizen waits for the office's answer."},
                "places": {"$ref": "#/$defs/places", "description": "It ends with the nearest places on a map."},
                "card": {
                    "enum": list(CARD),
                    "description": "none: it names nobody. identity: an identity card is enough.",
                },
                "sign_in": {"enum": list(SIGN_IN), "description": "app: the city's app is enough, beside the card."},
                "start": {"enum": [word for word in STARTS if word], "description": "Its button on the start screen."},
                "apply": {"type": "boolean", "description": "False: it ends with its pages; nothing is handed in."},
                "view": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/view"},
                    "description": "Pages of what the city holds, before the form or instead of it.",
                },
            },
            *("schema", "id", "version", "event", "agency", "name", "help", "offline"),
        ),
        "$defs": _parts(),
    }


def _companies() -> Json:
    """For whom, where that is a company, and what home says of it."""
    return {
        "represents": {
            "description": "Who stands for several companies chooses one of this subject before the consent.",
            **_object(
                {
                    "subject": _text("A public subject."),
                    "list": _text("The key that holds a row for each company, in every record of the service."),
                    "value": _text("The key of a row that names the company: what is submitted."),
                    "label": _text("The key of a row that the citizen knows it by."),
                },
                *("subject", "list", "value", "label"),
            ),
        },
        "greeting": {
            "description": "Said on home, after the PIN, to whom it concerns; only with represents.",
            **_object(
                {
                    "subject": _text("Asked for the purpose greeting: a row for each company."),
                    "when": _text("The key of a row that says whether it concerns the company: yes or no."),
                    "text": {"$ref": "#/$defs/words"},
                },
                *("subject", "when", "text"),
            ),
        },
    }


def _parts() -> Json:
    words = {language: {"type": "string", "minLength": 1} for language in d.LANGUAGES}
    return {
        "words": {
            "type": "object",
            "description": "The same in every language.",
            "required": list(d.LANGUAGES),
            "properties": words,
            "additionalProperties": {"type": "string"},
        },
        "path": {"type": "string", "pattern": r"^[^.]+\.[^.]+\.[^.]+$", "description": "As in pop.person.name."},
        "legal": _legal(),
        "limit": _object(
            {
                "n": _whole("How many; 0 is the same day."),
                "unit": {"enum": ["d", "wd"], "description": "Days, or working days."},
                "assumed": {"type": "boolean", "description": "A guess, to be confirmed with the agency."},
            },
            "n",
            "unit",
        ),
        "test": _test(),
        "condition": _object({name: {"type": "array", "items": {"$ref": "#/$defs/test"}} for name in ("all", "any")}),
        "evidence": _object(
            {
                "id": _text(""),
                "subjects": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "replaces": {"$ref": "#/$defs/words", "description": "The certificate that is not wanted any more."},
                "why": {"$ref": "#/$defs/words"},
                "if_missing": _text("What the agency does where the city holds nothing."),
            },
            *("id", "subjects", "replaces", "why"),
        ),
        "field": _field(),
        "own_choices": _own_choices(),
        **confirm_parts(),
        **view_parts(),
    }


def _test() -> Json:
    value: Json = {"type": "string"}
    told = {
        "is": value,
        "not": value,
        "in": {"type": "array", "items": value},
        "known": {"type": "boolean"},
    }
    named = {"field": {"type": "string"}, "subject": {"$ref": "#/$defs/path"}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"min_age": _whole("Full years, by the card."), **named, **told},
        "oneOf": [
            {"required": ["min_age"]},
            *({"required": [name, op]} for name in named for op in told),
        ],
    }


def _field() -> Json:
    listed: Json = {"type": "array", "items": {"type": "string"}}
    return _object(
        {
            "id": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
            "label": {"$ref": "#/$defs/words", "description": "A short question, in plain words."},
            "help": {"$ref": "#/$defs/words"},
            "type": {"enum": list(d.FIELD_TYPES)},
            "from": {"$ref": "#/$defs/path", "description": "What of the city's data fills it in."},
            "card": {"enum": list(d.CARD_FIELDS), "description": "What of the card fills it in without them."},
            "default": _text("The choice that most people make, filled in where nothing else is known."),
            "edit": {
                "enum": ["none", "correct", "change"],
                "description": "Whether the citizen may dispute (correct) or change what is filled in.",
            },
            "mask": {"enum": [mask for mask in d.MASKS if mask], "description": "How the screen hides it."},
            "required": {"type": "boolean"},
            "ask": {"type": "boolean", "description": "False: left to the agency where nothing fills it in."},
            "choices": {"oneOf": [{"type": "string"}, listed, {"$ref": "#/$defs/own_choices"}]},
            "shown_when": {"$ref": "#/$defs/condition"},
            "min": {"type": "number"},
            "max": {"type": "number"},
            "max_from": {"$ref": "#/$defs/path", "description": "What of the city's data bounds it from above."},
            "pattern": _text("A regular expression for the whole answer."),
            "not_after_today": {"type": "boolean"},
            "max_length": _whole("Characters; 40 where nothing is said."),
            "site": {
                "enum": [word for word in SITES if word],
                "description": "What of the terminal's place fills it in.",
            },
            "as": {"enum": ["service", "agency", "time"], "description": "How a code from a page's row is told."},
            "quiet": {"type": "boolean", "description": "Never shown: only the office reads it."},
            "here_only": {**listed, "description": "Choices that only a terminal in an office offers."},
            "within": {"enum": ["matters"], "description": "What of the terminal's place lists the choices it offers."},
            "online_only": {**listed, "description": "Choices that are not offered without a network."},
        },
        *("id", "label", "type"),
    )


def _own_choices() -> Json:
    return {
        "description": "Choices from a list in the citizen's own record; the only one is filled in.",
        **_object(
            {
                "subject": _text(""),
                "list": _text("The key of the record that holds the list."),
                "value": _text("The key of an item that is submitted, or # for its place in the list."),
                "label": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "names": {"type": "object", "description": "Key of the label to the code list that names it."},
                "mask": {"enum": [mask for mask in d.MASKS if mask]},
                "always": _text("A code list that is offered also without the record."),
                "given": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Fields before it whose answers the choices of a public subject depend on.",
                },
                "moment": {"enum": ["day", "time"], "description": "The label's first key is a local time."},
                "left": _text("The key of an item that says how many are left; 0 cannot be chosen."),
                "first": {"type": "boolean", "description": "The first that can be chosen is proposed."},
                "settled": {"type": "boolean", "description": "The first is taken; the last look can change it."},
                "ages": _object(
                    {
                        "key": _text("The key of an item that holds a birth date."),
                        "min": _whole("Full years."),
                        "max": _whole("Full years."),
                        "on": {
                            "type": "string",
                            "pattern": "^([0-9]{2}-[0-9]{2})?$",
                            "description": "MM-DD: the age on the next such day; without it, today.",
                        },
                    },
                    *("key", "min", "max"),
                ),
            },
            *("subject", "list", "value", "label"),
        ),
    }


def _object(properties: Json, *required: str) -> Json:
    made: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**made, "required": list(required)} if required else made


def _legal() -> Json:
    chinese = _text("The Chinese title alone, as definitions had it before titles were translated.")
    return _object(
        {
            "title": {"description": "A law or rule.", "oneOf": [{"$ref": "#/$defs/words"}, chinese]},
            "article": _text("Its articles."),
            "assumed": {"type": "boolean", "description": "The English title is ours: no published one was read."},
        },
        "title",
    )


def _text(description: str) -> Json:
    return {"type": "string", **({"description": description} if description else {})}


def _whole(description: str) -> Json:
    return {"type": "integer", "minimum": 0, "description": description}
