"""The fields of the citizen card: where they lie, how long they are, how their bytes become values.

What must be right is refused with `CardProtocolError` (dates, digits, text); what is only odd becomes a warning code,
because real cards carry such things and their holders have a right to be served. No message holds a value.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from drivers.api import Holder
from drivers.errors import CardProtocolError


@dataclass(frozen=True)
class Field:
    """One record: its tag and the bytes of its value."""

    name: str
    tag: int
    length: int


CARD_FILE: Final = b"\xef\x05"
CARD_ID: Final = Field("card id", 0x01, 16)
CARD_CLASS: Final = Field("class", 0x02, 1)
VERSION: Final = Field("version", 0x03, 4)
ISSUER: Final = Field("initialising body", 0x04, 12)
ISSUED: Final = Field("date of issue", 0x05, 4)
EXPIRES: Final = Field("date of expiry", 0x06, 4)
CARD_NUMBER: Final = Field("card number", 0x07, 9)
CARD_LAYOUT: Final = (CARD_ID, VERSION, ISSUED, EXPIRES, CARD_NUMBER)

HOLDER_FILE: Final = b"\xef\x06"
ID_NUMBER: Final = Field("resident id", 0x08, 18)
NAME: Final = Field("name", 0x09, 30)
NAME_REST: Final = Field("name continued", 0x4E, 20)
SEX: Final = Field("sex", 0x0A, 1)
ETHNIC_GROUP: Final = Field("ethnic group", 0x0B, 1)
BIRTHPLACE: Final = Field("birthplace", 0x0C, 3)
BIRTH_DATE: Final = Field("birth date", 0x0D, 4)
HOLDER_LAYOUT: Final = (ID_NUMBER, NAME, NAME_REST, SEX, ETHNIC_GROUP, BIRTHPLACE, BIRTH_DATE)
HOLDER_LAYOUT_1: Final = (ID_NUMBER, NAME, SEX, ETHNIC_GROUP, BIRTHPLACE, BIRTH_DATE, NAME_REST)

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"

Found = Mapping[int, bytes]


def required(found: Found, field: Field) -> bytes:
    """Return a field's bytes. Raises `CardProtocolError` where the card does not have it."""
    if field.tag not in found:
        raise CardProtocolError(f"the card has no {field.name}")
    return found[field.tag]


def given(found: Found, field: Field) -> bytes | None:
    """Return an optional field's bytes; None where the card does not have it, or has only padding (00 or FF) in it."""
    raw = found.get(field.tag, b"")
    return raw if raw.strip(b"\0") and raw.strip(b"\xff") else None


def ascii_text(found: Found, field: Field) -> str:
    """Return a field of printable ASCII, without padding at its end. Raises `CardProtocolError`."""
    raw = required(found, field).rstrip(b"\0 ")
    if not raw or not all(0x20 < byte < 0x7F for byte in raw):
        raise CardProtocolError(f"the {field.name} is not text")
    return raw.decode("ascii")


def bcd(raw: bytes) -> str | None:
    """Return the digits of BCD bytes, or None where a nibble is none."""
    digits = raw.hex()
    return digits if digits.isdecimal() else None


def date(raw: bytes) -> str:
    """Return BCD YYYYMMDD as ISO 8601. Raises `CardProtocolError` where there is no such day."""
    digits = bcd(raw) or ""
    try:
        if len(digits) == 8:
            return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        pass  # digits, but no such day: refused below like everything else
    raise CardProtocolError("a date on the card is no date")


def text(raw: bytes) -> str:
    """Return a name. Cards hold GBK; what GBK lacks (𠮷) is four bytes of GB18030, which contains GBK."""
    try:
        name = raw.decode("gb18030").strip()
    except UnicodeDecodeError:
        raise CardProtocolError("the name is not GBK") from None
    if not name or not readable(name):
        raise CardProtocolError("the name is not text")
    return name


def readable(text: str) -> bool:
    """Return whether this can stand on a screen: no control characters, no line breaks.

    The wide space of 张　三 can. So can private characters, although a screen may have no picture of one: a character
    that the standard lacked when a card was written is one there (18 of them until GB 18030-2022), and whoever is
    called so is served all the same.
    """
    return all(one.isprintable() or one == "\u3000" or _is_private(one) for one in text)


def _is_private(character: str) -> bool:
    return unicodedata.category(character) == "Co"


def id_check_digit(id_number: str) -> str:
    """Return the check digit that belongs to the first 17 digits (GB 11643-1999)."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(id_number, _WEIGHTS, strict=False)) % 11]


def holder(found: Found, warn: Callable[[str], None]) -> Holder:
    """Put the holder together. Raises `CardProtocolError`; tells `warn` the codes of what is odd.

    Codes: `id-check-digit`, `name-private-character`, `birth-date-differs`, `sex-code`, `ethnic-group-code`,
    `birthplace-code`.
    """
    id_number = ascii_text(found, ID_NUMBER).upper()
    if not re.fullmatch("[0-9]{17}[0-9X]", id_number):
        raise CardProtocolError("the resident id is not 18 digits")
    if id_check_digit(id_number) != id_number[17]:
        warn("id-check-digit")
    # A character may be cut by the border of the two records: join the bytes first, decode then.
    name = text(required(found, NAME).rstrip(b"\0\xff") + found.get(NAME_REST.tag, b"").rstrip(b"\0\xff"))
    if any(_is_private(character) for character in name):
        warn("name-private-character")
    return Holder(
        name=name,
        id_number=id_number,
        sex=_sex(found, warn),
        ethnic_group=_ethnic_group(found, warn),
        birth_date=_birth_date(found, id_number, warn),
        birthplace=_birthplace(found, warn),
    )


def _sex(found: Found, warn: Callable[[str], None]) -> Literal["male", "female", "unknown"]:
    match given(found, SEX):
        case b"1":
            return "male"
        case b"2":
            return "female"
        case None | b"0" | b"9":
            return "unknown"
        case _:
            warn("sex-code")
            return "unknown"


def _ethnic_group(found: Found, warn: Callable[[str], None]) -> int | None:
    raw = given(found, ETHNIC_GROUP)
    if raw is None:
        return None
    digits = bcd(raw)
    if digits is None:
        warn("ethnic-group-code")
        return None
    return int(digits)


def _birthplace(found: Found, warn: Callable[[str], None]) -> str | None:
    raw = given(found, BIRTHPLACE)
    if raw is None:
        return None
    digits = bcd(raw)
    if digits is None:
        warn("birthplace-code")
    return digits


def _birth_date(found: Found, id_number: str, warn: Callable[[str], None]) -> str:
    """The card's own birth date; where the card has none, the one within the resident id."""
    inside = bytes.fromhex(id_number[6:14])
    raw = given(found, BIRTH_DATE)
    if raw is None:
        return date(inside)
    if raw != inside:
        warn("birth-date-differs")
    return date(raw)
