"""The card document: a card written down as JSON, and what a simulated card is made of.

`card_schema()` is the published schema (`docs/reference/card.schema.json`). What it does not say, this module checks:
days that exist, a name that fits on a card. Errors name the field and the reason, never a value: a document holds a
citizen's data and a PIN.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import jsonschema

from drivers.api import Holder
from drivers.errors import DriverError

READ_RECORD_MODES = ("tag-sfi", "tag", "number-sfi", "number")
NAME_BYTES = 50
"""Two records, 30 and 20 bytes of GB18030."""


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
    atr: bytes | None = None
    read_record_modes: frozenset[str] = frozenset(READ_RECORD_MODES)


@dataclass(frozen=True)
class CardDocument:
    """A card, complete: whatever the document left out has its default here."""

    version: str
    pin: str = field(repr=False)
    tries_left: int
    card_id: str = field(repr=False)
    card_number: str = field(repr=False)
    issued: str
    expires: str
    holder: Holder
    key_pem: str | None = field(repr=False)
    certificate_pem: str | None = field(repr=False)
    quirks: Quirks


def card_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a card document."""
    date = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "ISO 8601 date."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card document",
        "description": "One simulated card. Only `profile` and `holder` are required; what is missing is issued.",
        "type": "object",
        "required": ["profile", "holder"],
        "additionalProperties": False,
        "properties": {
            "profile": {"const": "citizen"},
            "version": {"enum": ["1.00", "2.00", "3.00"], "default": "2.00"},
            "pin": {"type": "string", "pattern": "^[0-9]{6}$", "default": "123456"},
            "tries_left": {
                "type": "integer",
                "minimum": 0,
                "maximum": 15,
                "default": 6,
                "description": "0 is a blocked card. A right PIN sets the counter back to this, or to 6 from 0 to 5.",
            },
            "card": _object(
                {
                    "card_id": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
                    "card_number": {"type": "string", "pattern": "^[0-9A-Z]{9}$"},
                    "issued": {**date, "default": "2020-01-01"},
                    "expires": {**date, "default": "2040-01-01"},
                }
            ),
            "holder": _object(
                {
                    "name": {"type": "string", "minLength": 1, "maxLength": NAME_BYTES},
                    "id_number": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
                    "sex": {"enum": ["female", "male", "unknown"], "description": "Default: by the id number."},
                    "ethnic_group": {"type": ["integer", "null"], "minimum": 1, "maximum": 99},
                    "birth_date": {**date, "description": "Default: by the id number."},
                    "birthplace": {"type": ["string", "null"], "pattern": "^[0-9]{6}$"},
                },
                required=["name", "id_number"],
            ),
            "signing": {
                **_object({"key": {"type": "string"}, "certificate": {"type": "string"}}, ["key", "certificate"]),
                "description": "PKCS 8 P-256 key and X.509 certificate, both PEM. Default: issued by the authority.",
            },
            "quirks": _quirks_schema(),
        },
    }


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": required} if required else schema


def _quirks_schema() -> dict[str, Any]:
    count = {"type": ["integer", "null"], "minimum": 0, "default": None}
    return _object(
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
                **count,
                "minimum": 1,
                "description": "The answer to this APDU after power-up, counted from 1, is cut short.",
            },
            "atr": {
                "type": ["string", "null"],
                "pattern": "^([0-9A-Fa-f]{2}){0,40}$",
                "default": None,
                "description": "The whole answer to reset; empty is silence.",
            },
            "read_record_modes": {
                "type": "array",
                "items": {"enum": list(READ_RECORD_MODES)},
                "minItems": 1,
                "description": "The ways of READ RECORD that the card knows. Default: all.",
            },
        }
    )


def parse_card_document(document: object) -> CardDocument:
    """Check a document and fill in what it leaves out. Raises `CardDocumentError`."""
    _validate(document)
    root = cast("Mapping[str, Any]", document)
    holder = _holder(root["holder"])
    card: Mapping[str, Any] = root.get("card", {})
    quirks: Mapping[str, Any] = root.get("quirks", {})
    signing: Mapping[str, Any] = root.get("signing", {})
    seed = hashlib.sha256(f"citizen|{holder.id_number}|{holder.name}".encode()).hexdigest()
    return CardDocument(
        version=root.get("version", "2.00"),
        pin=root.get("pin", "123456"),
        tries_left=root.get("tries_left", 6),
        card_id=card.get("card_id", holder.id_number[:6] + seed[:26]).upper(),
        card_number=card.get("card_number", f"X{int(seed[26:40], 16) % 10**8:08d}"),
        issued=_day("card.issued", card.get("issued", "2020-01-01")),
        expires=_day("card.expires", card.get("expires", "2040-01-01")),
        holder=holder,
        key_pem=signing.get("key"),
        certificate_pem=signing.get("certificate"),
        quirks=Quirks(
            response_style=quirks.get("response_style", "61xx"),
            wrong_le=quirks.get("wrong_le", "6Cxx"),
            omit_tags=frozenset(int(tag, 16) for tag in quirks.get("omit_tags", ())),
            answer_delay_s=quirks.get("answer_delay_ms", 0) / 1000,
            mute_after_apdus=quirks.get("mute_after_apdus"),
            truncate_apdu=quirks.get("truncate_apdu"),
            atr=None if quirks.get("atr") is None else bytes.fromhex(quirks["atr"]),
            read_record_modes=frozenset(quirks.get("read_record_modes", READ_RECORD_MODES)),
        ),
    )


def _holder(given: Mapping[str, Any]) -> Holder:
    name, id_number = str(given["name"]), str(given["id_number"])
    if not name.isprintable() or name != name.strip():
        raise CardDocumentError("holder.name", "must be printable text without spaces at its ends")
    try:
        size = len(name.encode("gb18030"))
    except UnicodeEncodeError:
        raise CardDocumentError("holder.name", "holds characters that GB18030 does not have") from None
    if size > NAME_BYTES:
        raise CardDocumentError("holder.name", f"takes {size} bytes of GB18030; a card has room for {NAME_BYTES}")
    inside = f"{id_number[6:10]}-{id_number[10:12]}-{id_number[12:14]}"
    if "birth_date" in given:
        birth_date = _day("holder.birth_date", given["birth_date"])
    else:
        birth_date = _day("holder.id_number", inside)
    return Holder(
        name=name,
        id_number=id_number,
        sex=given.get("sex", "male" if int(id_number[16]) % 2 else "female"),
        ethnic_group=given.get("ethnic_group"),
        birth_date=birth_date,
        birthplace=given.get("birthplace"),
    )


def _day(where: str, value: str) -> str:
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise CardDocumentError(where, "is a day that does not exist") from None


def _validate(document: object) -> None:
    """Hold the document against the schema. The reason is made of the schema's words, never of the document's."""
    validator = jsonschema.Draft202012Validator(card_schema())
    errors = sorted(validator.iter_errors(cast("Any", document)), key=lambda error: (len(error.path), str(error.path)))
    if not errors:
        return
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
