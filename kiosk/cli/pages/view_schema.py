"""The part of the service definition's JSON Schema that tells of its pages (`[[view]]`)."""

from __future__ import annotations

from typing import Any

from kiosk.services import definition as d
from kiosk.services.view_parsing import CELL_KINDS, MARKS, PAGE_KINDS, PRINTS

Json = Any


def view_parts() -> Json:
    """Return the `$defs` of pages: `view`, `cell`, `page_action`, `wanted`."""
    words: Json = {"$ref": "#/$defs/words"}
    texts: Json = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "wanted": {
            "type": "object",
            "description": "Key of a row to the values that are wanted; * is any value but none.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "cell": _object(
            {
                "key": _text("A key of the row; in facts a whole path, as in si.account.months."),
                "as": {"enum": list(CELL_KINDS), "description": "How it is written; code where codes are named."},
                "label": words,
                "codes": _text("The code list that names it."),
                "mask": {"enum": [mask for mask in d.MASKS if mask]},
                "unit": {**words, "description": "Words right after the value."},
                "of": _text("A second key: shown as 4 / 15."),
            },
            "key",
        ),
        "page_action": _object(
            {
                "id": _text(""),
                "label": words,
                "icon": _text("A name of assets/icons.json."),
                "set": {**texts, "description": "Field of the form to its value."},
                "take": {**texts, "description": "Field of the form to the key of the row that fills it."},
                "opens": _text("A page that shows the same row."),
                "service": _text("Another service."),
                "prints": {"enum": list(PRINTS[1:]), "description": "certificate: on A4, of the row; receipt: a copy."},
                "when": {"$ref": "#/$defs/wanted"},
            },
            *("id", "label"),
        ),
        "view": _object(_view(words), *("id", "kind", "title")),
    }


def _view(words: Json) -> Json:
    return {
        "id": _text(""),
        "kind": {"enum": list(PAGE_KINDS), "description": "detail, timeline and steps show a row that a list opened."},
        "title": {**words, "description": "{n} is the number of rows, {key} a value of the row."},
        "help": words,
        "empty": {**words, "description": "What stands there where nothing is held."},
        "subject": _text("A list's subject, as in case.case."),
        "rows": _text("The key that holds the list; of a timeline or steps, a key of the row."),
        "only": {"$ref": "#/$defs/wanted"},
        "head": {"$ref": "#/$defs/cell", "description": "What names a row, or a step."},
        "cell": {"type": "array", "items": {"$ref": "#/$defs/cell"}},
        "marks": {
            "type": "object",
            "description": "Value of a row's state to its mark.",
            "additionalProperties": {"enum": list(MARKS)},
        },
        "opens": _text("The page that a row opens."),
        "action": {"type": "array", "items": {"$ref": "#/$defs/page_action"}},
        "onward": {**words, "description": "The words of the way on, where the page waits for a choice."},
        "skip_empty": {"type": "boolean", "description": "Not shown where nothing is held."},
        "print": {"type": "boolean", "description": "Whether it can be printed."},
    }


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def _text(description: str) -> Json:
    return {"type": "string", **({"description": description} if description else {})}
