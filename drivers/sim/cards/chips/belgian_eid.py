"""The Belgian eID's twin: identity and address files, read by path. See `drivers.cards.belgian_eid`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from drivers.cards import belgian_eid as profile
from drivers.sim.cards.chips.chip import Answer, Command
from drivers.sim.cards.schema import DATE, SEX, day, object_schema, profile_schema

PROFILE: Final = profile.PROFILE
_MONTHS: Final = ("JAN", "FEV", "MARS", "AVR", "MAI", "JUIN", "JUIL", "AOUT", "SEPT", "OCT", "NOV", "DEC")
_SEX: Final = {"male": "M", "female": "F", "unknown": ""}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of this profile's documents."""
    text = {"type": "string", "minLength": 1, "maxLength": 80}
    return profile_schema(
        PROFILE,
        {
            "card": object_schema(
                {
                    "card_id": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$", "description": "The chip number."},
                    "card_number": {"type": "string", "pattern": "^[0-9]{12}$"},
                    "issued": {**DATE, "default": "2020-01-01"},
                    "expires": {**DATE, "default": "2030-01-01"},
                }
            ),
            "holder": object_schema(
                {
                    "surname": text,
                    "given_names": text,
                    "id_number": {"type": "string", "pattern": "^[0-9]{11}$"},
                    "sex": SEX,
                    "birth_date": DATE,
                    "nationality": text,
                },
                required=["surname", "given_names", "id_number", "birth_date"],
            ),
            "address": object_schema(
                {"street": text, "zip": {"type": "string", "pattern": "^[0-9]{4}$"}, "municipality": text},
                required=["street", "zip", "municipality"],
            ),
        },
        ["holder"],
    )


class BelgianChip:
    """The chip of one Belgian eID."""

    profile = PROFILE
    label = PROFILE
    atr = bytes.fromhex("3B9813400AA503010101AD1311")
    classes = frozenset({0x00})
    exact = frozenset[int]()
    tries_left = 3
    pin_verified = False

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Make it of a document that the schema has accepted. Raises `CardDocumentError`."""
        self._files = {profile.IDENTITY: _identity(document), profile.ADDRESS: _address(document)}
        self.reset()

    def reset(self) -> None:
        """As `Chip.reset`."""
        self._file = b""

    def answer(self, command: Command) -> Answer:
        """As `Chip.answer`."""
        if command.ins == 0xA4:
            if (command.p1, command.p2) != (0x08, 0x0C):
                return b"", 0x6A86 if command.p1 != 0x04 else 0x6A82
            self._file = command.data if command.data in self._files else b""
            return b"", 0x9000 if self._file else 0x6A82
        if command.ins != 0xB0:
            return b"", 0x6D00
        if not self._file:
            return b"", 0x6986
        content = self._files[self._file]
        left = content[command.p1 << 8 | command.p2 :]
        if not left:
            return b"", 0x6B00
        if command.wanted > len(left):
            return b"", 0x6C00 | len(left)
        return left[: command.wanted], 0x9000


def _identity(document: Mapping[str, Any]) -> bytes:
    holder: Mapping[str, Any] = document["holder"]
    card: Mapping[str, Any] = document.get("card", {})
    seed = hashlib.sha256(f"{PROFILE}|{holder['id_number']}".encode()).hexdigest()
    year, month, day_ = day("holder.birth_date", holder["birth_date"]).split("-")
    return _fields(
        {
            profile.CARD_NUMBER: card.get("card_number", f"{int(seed[:12], 16) % 10**12:012d}").encode(),
            profile.CHIP_NUMBER: bytes.fromhex(card.get("card_id", seed[:32])),
            profile.VALID_FROM: _dotted("card.issued", card.get("issued", "2020-01-01")),
            profile.VALID_TO: _dotted("card.expires", card.get("expires", "2030-01-01")),
            profile.NATIONAL_NUMBER: holder["id_number"].encode(),
            profile.SURNAME: holder["surname"].encode(),
            profile.GIVEN_NAMES: holder["given_names"].encode(),
            10: holder.get("nationality", "Belge").encode(),
            profile.BIRTH_DATE: f"{day_} {_MONTHS[int(month) - 1]} {year}".encode(),
            profile.SEX: _SEX[holder.get("sex", "unknown")].encode(),
        }
    )


def _address(document: Mapping[str, Any]) -> bytes:
    where: Mapping[str, Any] = document.get("address", {})
    return _fields(
        {
            profile.STREET: where.get("street", "").encode(),
            profile.ZIP: where.get("zip", "").encode(),
            profile.MUNICIPALITY: where.get("municipality", "").encode(),
        }
    ).ljust(117, b"\0")


def _dotted(where: str, iso: str) -> bytes:
    year, month, day_ = day(where, iso).split("-")
    return f"{day_}.{month}.{year}".encode()


def _fields(values: Mapping[int, bytes]) -> bytes:
    made = b""
    for tag, value in values.items():
        made += bytes([tag]) + b"\xff" * (len(value) // 0xFF) + bytes([len(value) % 0xFF]) + value
    return made
