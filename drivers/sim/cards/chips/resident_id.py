"""The resident identity card's document: the text that its module hands over. See `drivers.cards.resident_id`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from drivers.cards import resident_id as profile
from drivers.sim.cards.schema import DATE, SEX, CardDocumentError, day, object_schema, profile_schema

PROFILE: Final = profile.PROFILE
_SEX: Final = {"male": "1", "female": "2", "unknown": "0"}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of this profile's documents."""
    return profile_schema(
        PROFILE,
        {
            "card": object_schema(
                {
                    "issuer": {"type": "string", "maxLength": 15},
                    "issued": {**DATE, "default": "2020-01-01"},
                    "expires": {"anyOf": [DATE, {"type": "null"}], "description": "null: 长期, no end."},
                }
            ),
            "holder": object_schema(
                {
                    "name": {"type": "string", "minLength": 1, "maxLength": 15},
                    "id_number": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
                    "sex": SEX,
                    "ethnic_group": {"type": "integer", "minimum": 1, "maximum": 99},
                    "birth_date": DATE,
                    "address": {"type": "string", "maxLength": 35},
                },
                required=["name", "id_number"],
            ),
        },
        ["holder"],
    )


def text_of(document: Mapping[str, Any]) -> bytes:
    """Return the text of a document that the schema has accepted. Raises `CardDocumentError`."""
    holder: Mapping[str, Any] = document["holder"]
    card: Mapping[str, Any] = document.get("card", {})
    number: str = holder["id_number"]
    inside = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    expires = card.get("expires", "2040-01-01")
    values = {
        "name": holder["name"],
        "sex": _SEX[holder.get("sex", "male" if int(number[16]) % 2 else "female")],
        "ethnic_group": f"{holder.get('ethnic_group', 1):02d}",
        "birth_date": day("holder.birth_date", holder.get("birth_date", inside)).replace("-", ""),
        "address": holder.get("address", ""),
        "id_number": number,
        "issuer": card.get("issuer", ""),
        "from": day("card.issued", card.get("issued", "2020-01-01")).replace("-", ""),
        "to": profile.NO_END if expires is None else day("card.expires", expires).replace("-", ""),
        "reserved": "",
    }
    made = b""
    for name, size in profile.FIELDS:
        raw = values[name].encode("utf-16-le")
        if len(raw) > size:
            raise CardDocumentError(f"holder.{name}", f"takes {len(raw)} bytes; the card has room for {size}")
        made += raw + b" \0" * ((size - len(raw)) // 2)
    return made
