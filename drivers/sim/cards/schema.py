"""What every card document shares: its quirks, its errors, and the check against a JSON Schema.

Errors name the field and the reason, never a value: a document holds a citizen's data and a PIN.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from drivers.errors import DriverError
from drivers.sim.cards.faults import FaultScript, parse_script, script_schema

READ_RECORD_MODES = ("tag-sfi", "tag", "number-sfi", "number")
DATE: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "description": "ISO 8601 date.",
}
SEX: dict[str, Any] = {"enum": ["female", "male", "unknown"]}
ATR_FAULTS: dict[str, bytes] = {
    "silent": b"",
    "too-long": b"\x3f" + bytes(39),
    "bad-first-byte": bytes.fromhex("006D000000814E43"),
    "cut": bytes.fromhex("3B"),
}


class CardDocumentError(DriverError):
    """A card document that no card can be made of. `field` is a path such as `holder.id_number`."""

    code = "card-document-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Quirks:
    """How this card differs from a polite one."""

    response_style: Literal["61xx", "direct"] = "61xx"
    wrong_le: Literal["6Cxx", "accept"] = "6Cxx"
    omit_tags: frozenset[int] = frozenset()
    answer_delay_s: float = 0.0
    mute_after_apdus: int | None = None
    truncate_apdu: int | None = None
    wrong_length_apdu: int | None = None
    garbage_apdu: int | None = None
    dies_at_apdu: int | None = None
    atr: bytes | None = None
    read_record_modes: frozenset[str] = frozenset(READ_RECORD_MODES)
    script: FaultScript = field(default_factory=FaultScript)


def object_schema(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """Return the schema of an object without other properties."""
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": required} if required else schema


def quirks_schema() -> dict[str, Any]:
    """Return the schema of `quirks`. Those about records are the citizen card's only, and ignored by the others."""
    count = {"type": ["integer", "null"], "minimum": 0, "default": None}
    at = {**count, "minimum": 1}
    return object_schema(
        {
            "response_style": {
                "enum": ["61xx", "direct"],
                "default": "61xx",
                "description": "Answers to commands with data: by GET RESPONSE, or at once.",
            },
            "wrong_le": {
                "enum": ["6Cxx", "accept"],
                "default": "6Cxx",
                "description": "An Le that is not the length: refused with the right one, or served as far as it goes.",
            },
            "omit_tags": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[0-9A-Fa-f]{2}$"},
                "description": "Records that the card does not have.",
            },
            "answer_delay_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
            "mute_after_apdus": {**count, "description": "Answers so many APDUs after each power-up, then none."},
            "truncate_apdu": {
                **at,
                "description": "The answer to this APDU after power-up, counted from 1, is cut short.",
            },
            "wrong_length_apdu": {**at, "description": "The answer to this APDU of its life has a byte more or less."},
            "garbage_apdu": {**at, "description": "The answer to this APDU of its life is random bytes."},
            "dies_at_apdu": {**at, "description": "From this APDU of its life on the card never answers again."},
            "atr": {
                "type": ["string", "null"],
                "pattern": "^([0-9A-Fa-f]{2}){0,40}$",
                "default": None,
                "description": "The whole answer to reset; empty is silence.",
            },
            "atr_fault": {
                "enum": [None, *ATR_FAULTS],
                "default": None,
                "description": "An answer to reset that is none, by name. Comes before `atr`.",
            },
            "read_record_modes": {
                "type": "array",
                "items": {"enum": list(READ_RECORD_MODES)},
                "minItems": 1,
                "description": "The ways of READ RECORD that the card knows. Default: all.",
            },
            "script": script_schema(),
        }
    )


def profile_schema(profile: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return the schema of one profile's documents: its own properties, and the quirks."""
    return object_schema(
        {"profile": {"const": profile}, **properties, "quirks": quirks_schema()}, ["profile", *required]
    )


def parse_quirks(quirks: Mapping[str, Any]) -> Quirks:
    """Make quirks of a mapping that the schema has accepted."""
    atr = None if quirks.get("atr") is None else bytes.fromhex(quirks["atr"])
    if quirks.get("atr_fault") is not None:
        atr = ATR_FAULTS[quirks["atr_fault"]]
    return Quirks(
        response_style=quirks.get("response_style", "61xx"),
        wrong_le=quirks.get("wrong_le", "6Cxx"),
        omit_tags=frozenset(int(tag, 16) for tag in quirks.get("omit_tags", ())),
        answer_delay_s=quirks.get("answer_delay_ms", 0) / 1000,
        mute_after_apdus=quirks.get("mute_after_apdus"),
        truncate_apdu=quirks.get("truncate_apdu"),
        wrong_length_apdu=quirks.get("wrong_length_apdu"),
        garbage_apdu=quirks.get("garbage_apdu"),
        dies_at_apdu=quirks.get("dies_at_apdu"),
        atr=atr,
        read_record_modes=frozenset(quirks.get("read_record_modes", READ_RECORD_MODES)),
        script=parse_script(quirks.get("script", {})),
    )


def day(where: str, value: str) -> str:
    """Return an ISO date. Raises `CardDocumentError` for a day that does not exist."""
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise CardDocumentError(where, "is a day that does not exist") from None


def checked(document: object, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Hold a document against a schema. Raises `CardDocumentError`, made of the schema's words, never of its values."""
    import jsonschema  # a tenth of a second that nobody spends who reads no document

    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(cast("Any", document)), key=lambda error: (len(error.path), str(error.path)))
    if not errors:
        return cast("Mapping[str, Any]", document)
    error = errors[0]
    where = ".".join(str(step) for step in error.absolute_path) or "document"
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            missing = [name for name in limit if name not in cast("Mapping[str, Any]", error.instance)]
            reason = f"lacks {', '.join(missing)}"
        case "additionalProperties":
            known = ", ".join(sorted(cast("Mapping[str, Any]", error.schema)["properties"]))
            reason = f"has a field that a card does not have; known are {known}"
        case "type":
            reason = f"must be {limit if isinstance(limit, str) else ' or '.join(limit)}"
        case "const":
            reason = f"must be {limit}"
        case "enum":
            reason = f"must be one of {', '.join(map(str, limit))}"
        case "pattern":
            reason = f"must match {limit}"
        case _:
            reason = f"breaks the rule {error.validator}: {limit}"
    raise CardDocumentError(where, reason)
