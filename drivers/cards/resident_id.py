"""The resident identity card as its certified module hands it over: 256 bytes of UTF-16LE text, and a photo.

The card itself speaks to its module only; the module speaks on a serial line (`drivers.readers.sdt_serial`). This is
the text, field by field, in characters of two bytes: name 15, sex 1, ethnic group 2, birth 8, address 35, id 18,
issuer 15, from 8, to 8 (or 长期, no end), reserved 18. Modelled on public readers of the module; the photo is opaque.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Final, Literal

from drivers.api import CardFacts, Holder
from drivers.cards.citizen_fields import id_check_digit, readable
from drivers.errors import CardProtocolError

PROFILE: Final = "resident-id"
TEXT_BYTES: Final = 256
PHOTO_BYTES: Final = 1024
FIELDS: Final = (
    ("name", 30),
    ("sex", 2),
    ("ethnic_group", 4),
    ("birth_date", 16),
    ("address", 70),
    ("id_number", 36),
    ("issuer", 30),
    ("from", 16),
    ("to", 16),
    ("reserved", 36),
)
NO_END: Final = "长期"


def parse(text: bytes, warn: Callable[[str], None]) -> tuple[CardFacts, Holder]:
    """Take the text apart. Raises `CardProtocolError`; tells `warn` the codes `id-check-digit`, `ethnic-group-code`.

    The card has no number that a terminal may read, so `card_id` is empty.
    """
    if len(text) != TEXT_BYTES:
        raise CardProtocolError(f"a text of {len(text)} bytes instead of {TEXT_BYTES}")
    found: dict[str, str] = {}
    at = 0
    for name, size in FIELDS:
        found[name] = _text(name, text[at : at + size])
        at += size
    number = found["id_number"].upper()
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        raise CardProtocolError("the resident id is not 18 digits")
    if id_check_digit(number) != number[17]:
        warn("id-check-digit")
    if not found["name"]:
        raise CardProtocolError("the card names nobody")
    facts = CardFacts(
        profile=PROFILE,
        version="",
        card_id="",
        card_number="",
        issued=_date(found["from"]),
        expires="" if found["to"] == NO_END else _date(found["to"]),
    )
    holder = Holder(
        name=found["name"],
        id_number=number,
        sex=_sex(found["sex"]),
        ethnic_group=_ethnic_group(found["ethnic_group"], warn),
        birth_date=_date(found["birth_date"]),
        birthplace=None,
        address=found["address"] or None,
    )
    return facts, holder


def _text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-16-le").strip(" \0\u3000")
    except UnicodeDecodeError:
        raise CardProtocolError(f"the field {name} is not UTF-16") from None
    if not readable(text):
        raise CardProtocolError(f"the field {name} is not text")
    return text


def _date(digits: str) -> str:
    try:
        if re.fullmatch("[0-9]{8}", digits):
            return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        pass  # digits, but no such day: refused below like everything else
    raise CardProtocolError("a date on the card is no date")


def _sex(code: str) -> Literal["male", "female", "unknown"]:
    return "male" if code == "1" else "female" if code == "2" else "unknown"


def _ethnic_group(code: str, warn: Callable[[str], None]) -> int | None:
    if re.fullmatch("[0-9]{2}", code) and int(code):
        return int(code)
    if code:
        warn("ethnic-group-code")
    return None
