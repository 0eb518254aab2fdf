"""The card document: a card written down as JSON, and what a simulated card is made of.

`card_schema()` is the published schema (`docs/reference/card.schema.json`): one of the profiles'. The citizen card's
own part is here; the other profiles keep theirs beside their twin (`drivers.sim.cards.chips`). What a schema does not
say, the code checks: days that exist, a name that fits on a card. Errors name the field and the reason, never a
value.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from drivers.api import Holder
from drivers.sim.cards.chips import belgian_eid, emrtd, piv, resident_id
from drivers.sim.cards.schema import (
    DATE,
    READ_RECORD_MODES,
    SEX,
    CardDocumentError,
    Quirks,
    checked,
    day,
    object_schema,
    parse_quirks,
    profile_schema,
)

__all__ = ["READ_RECORD_MODES", "CardDocument", "CardDocumentError", "Quirks", "card_schema", "parse_card_document"]

PROFILE = "citizen"
NAME_BYTES = 50
"""Two records, 30 and 20 bytes of GB18030."""


@dataclass(frozen=True)
class CardDocument:
    """A citizen card, complete: whatever the document left out has its default here."""

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
    hsm_key: bytes | None = field(repr=False, default=None)
    algorithm: str = "p256"


def card_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a card document, whatever its profile."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card document",
        "description": "One simulated card. What is not required and missing is issued.",
        "oneOf": list(profile_schemas().values()),
    }


@functools.cache
def profile_schemas() -> dict[str, dict[str, Any]]:
    """Return each profile's schema by its name; made once, and not to be changed."""
    return {
        PROFILE: _citizen_schema(),
        belgian_eid.PROFILE: belgian_eid.schema(),
        piv.PROFILE: piv.schema(),
        emrtd.PROFILE: emrtd.schema(),
        resident_id.PROFILE: resident_id.schema(),
    }


def profile_of(document: object) -> str:
    """Return the profile that a document names. Raises `CardDocumentError`."""
    named = cast("Mapping[str, Any]", document).get("profile") if isinstance(document, Mapping) else None
    if named is None:
        checked(document, profile_schemas()[PROFILE])
    known = profile_schemas()
    if not isinstance(named, str) or named not in known:
        raise CardDocumentError("profile", f"must be one of {', '.join(known)}")
    return named


def _citizen_schema() -> dict[str, Any]:
    return profile_schema(
        PROFILE,
        {
            "version": {"enum": ["1.00", "2.00", "3.00"], "default": "2.00"},
            "pin": {"type": "string", "pattern": "^[0-9]{6}$", "default": "123456"},
            "tries_left": {
                "type": "integer",
                "minimum": 0,
                "maximum": 15,
                "default": 6,
                "description": "0 is a blocked card. A right PIN sets the counter back to this, or to 6 from 0 to 5.",
            },
            "card": object_schema(
                {
                    "card_id": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
                    "card_number": {"type": "string", "pattern": "^[0-9A-Z]{9}$"},
                    "issued": {**DATE, "default": "2020-01-01"},
                    "expires": {**DATE, "default": "2040-01-01"},
                }
            ),
            "holder": object_schema(
                {
                    "name": {"type": "string", "minLength": 1, "maxLength": NAME_BYTES},
                    "id_number": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
                    "sex": {**SEX, "description": "Default: by the id number."},
                    "ethnic_group": {"type": ["integer", "null"], "minimum": 1, "maximum": 99},
                    "birth_date": {**DATE, "description": "Default: by the id number."},
                    "birthplace": {"type": ["string", "null"], "pattern": "^[0-9]{6}$"},
                },
                required=["name", "id_number"],
            ),
            "algorithm": {
                "enum": ["p256", "sm2"],
                "default": "p256",
                "description": "What the card signs with. SM2 takes the package gmssl, and is issued by the authority.",
            },
            "signing": {
                **object_schema({"key": {"type": "string"}, "certificate": {"type": "string"}}, ["key", "certificate"]),
                "description": "PKCS 8 P-256 key and X.509 certificate, both PEM. Default: issued by the authority.",
            },
            "hsm_key": {
                "type": "string",
                "pattern": "^[0-9A-Fa-f]{32}$",
                "description": "Version 3: the issuer's master key, from which this card's own follows. Default: the "
                "bench's, which the reference gateway's module has too.",
            },
        },
        ["holder"],
    )


def parse_card_document(document: object) -> CardDocument:
    """Check a citizen card's document and fill in what it leaves out. Raises `CardDocumentError`."""
    if profile_of(document) != PROFILE:
        raise CardDocumentError("profile", f"must be {PROFILE}")
    root = checked(document, profile_schemas()[PROFILE])
    if root.get("algorithm") == "sm2" and "signing" in root:
        raise CardDocumentError("signing", "is for P-256 only; SM2 keys are issued by the authority")
    holder = _holder(root["holder"])
    card: Mapping[str, Any] = root.get("card", {})
    signing: Mapping[str, Any] = root.get("signing", {})
    seed = hashlib.sha256(f"citizen|{holder.id_number}|{holder.name}".encode()).hexdigest()
    return CardDocument(
        version=root.get("version", "2.00"),
        pin=root.get("pin", "123456"),
        tries_left=root.get("tries_left", 6),
        card_id=card.get("card_id", holder.id_number[:6] + seed[:26]).upper(),
        card_number=card.get("card_number", f"X{int(seed[26:40], 16) % 10**8:08d}"),
        issued=day("card.issued", card.get("issued", "2020-01-01")),
        expires=day("card.expires", card.get("expires", "2040-01-01")),
        holder=holder,
        key_pem=signing.get("key"),
        certificate_pem=signing.get("certificate"),
        quirks=parse_quirks(root.get("quirks", {})),
        hsm_key=bytes.fromhex(root["hsm_key"]) if "hsm_key" in root else None,
        algorithm=root.get("algorithm", "p256"),
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
        birth_date = day("holder.birth_date", given["birth_date"])
    else:
        birth_date = day("holder.id_number", inside)
    return Holder(
        name=name,
        id_number=id_number,
        sex=given.get("sex", "male" if int(id_number[16]) % 2 else "female"),
        ethnic_group=given.get("ethnic_group"),
        birth_date=birth_date,
        birthplace=given.get("birthplace"),
    )
