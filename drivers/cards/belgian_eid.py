"""The Belgian electronic identity card: identity and address, which it gives to everybody.

Modelled on public readers of the card (eID middleware, OpenSC's `belpic`): `SELECT` by path `00 A4 08 0C`, `3F00 DF01
4031` identity, `… 4033` address; `READ BINARY`, which answers 6Cxx with what is left where more was asked for, and 6B00
at the end. A file is fields of one-byte tag, length (a byte FF means that the next is added to it) and UTF-8 text.
The card has certificates and signing keys too; this terminal has no use for them, and does not touch its PIN.
"""

from __future__ import annotations

import datetime
import re
from typing import Final, Literal

from drivers.api import CardConnection, CardFacts, Holder
from drivers.cards.apdu import INS_READ_BINARY, INS_SELECT, SUCCESS, command, exchange, send, sw_name
from drivers.errors import CardProtocolError

PROFILE: Final = "belgian-eid"
IDENTITY: Final = bytes.fromhex("3F00DF014031")
ADDRESS: Final = bytes.fromhex("3F00DF014033")

CARD_NUMBER: Final = 1
CHIP_NUMBER: Final = 2
VALID_FROM: Final = 3
VALID_TO: Final = 4
NATIONAL_NUMBER: Final = 6
SURNAME: Final = 7
GIVEN_NAMES: Final = 8
BIRTH_DATE: Final = 12
SEX: Final = 13
STREET: Final = 1
ZIP: Final = 2
MUNICIPALITY: Final = 3

_MAX_FILE_BYTES: Final = 4096
_END_OF_FILE: Final = 0x6B00
_MONTHS: Final = {
    "JAN": 1,
    "FEB": 2,
    "FEV": 2,
    "FÉV": 2,
    "MAR": 3,
    "MAA": 3,
    "MÄR": 3,
    "MRZ": 3,
    "MRT": 3,
    "APR": 4,
    "AVR": 4,
    "MAI": 5,
    "MEI": 5,
    "MAY": 5,
    "JUN": 6,
    "JUI": 6,
    "JUL": 7,
    "AUG": 8,
    "AOU": 8,
    "AOÛ": 8,
    "SEP": 9,
    "OKT": 10,
    "OCT": 10,
    "NOV": 11,
    "DEC": 12,
    "DÉC": 12,
    "DEZ": 12,
}
"""The first three letters of a month in Dutch, French and German; JUIN and JUIL are told apart by the fourth."""


class BelgianCard:
    """One Belgian eID on one connection. Every method raises leaves of `CardError`, and nothing else."""

    profile = PROFILE

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection
        self._identity: dict[int, bytes] | None = None

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    @property
    def warnings(self) -> tuple[str, ...]:
        """Nothing about this card is only odd."""
        return ()

    def select(self) -> None:
        """Select the identity file. Raises `CardProtocolError` with `sw` where the card has none."""
        exchange(self._connection, command(INS_SELECT, 0x08, 0x0C, IDENTITY))

    def read_facts(self) -> CardFacts:
        """Read what the card says of itself; needs no PIN."""
        found = self._read_identity()
        chip = found.get(CHIP_NUMBER, b"")
        if len(chip) != 16:
            raise CardProtocolError("the chip number is not 16 bytes")
        return CardFacts(
            profile=PROFILE,
            version="",
            card_id=chip.hex().upper(),
            card_number=_text(found, CARD_NUMBER),
            issued=_day(_text(found, VALID_FROM)),
            expires=_day(_text(found, VALID_TO)),
        )

    def read_holder(self) -> Holder:
        """Read whom the card was issued to, with the address; needs no PIN."""
        found = self._read_identity()
        where = _fields(self._read_file(ADDRESS))
        number = _text(found, NATIONAL_NUMBER)
        if not re.fullmatch("[0-9]{11}", number):
            raise CardProtocolError("the national number is not 11 digits")
        names = [part for part in (_text(found, GIVEN_NAMES), _text(found, SURNAME)) if part]
        town = " ".join(part for part in (_text(where, ZIP), _text(where, MUNICIPALITY)) if part)
        return Holder(
            name=" ".join(names),
            id_number=number,
            sex=_sex(_text(found, SEX)),
            ethnic_group=None,
            birth_date=_birth_date(_text(found, BIRTH_DATE)),
            birthplace=None,
            address=", ".join(part for part in (_text(where, STREET), town) if part) or None,
        )

    def _read_identity(self) -> dict[int, bytes]:
        if self._identity is None:
            self._identity = _fields(self._read_file(IDENTITY))
        return self._identity

    def _read_file(self, path: bytes) -> bytes:
        exchange(self._connection, command(INS_SELECT, 0x08, 0x0C, path))
        content = bytearray()
        while len(content) < _MAX_FILE_BYTES:
            read = command(INS_READ_BINARY, len(content) >> 8, len(content) & 0xFF, le=256)
            answer = send(self._connection, read)
            if answer.sw == _END_OF_FILE and content:
                break
            if answer.sw != SUCCESS or not answer.data:
                raise CardProtocolError(f"READ BINARY refused: {sw_name(answer.sw)}", answer.sw)
            content += answer.data
            if len(answer.data) < 256:
                break
        return bytes(content)


def _fields(raw: bytes) -> dict[int, bytes]:
    """Split a file into its fields. Zeros may pad its end. Raises `CardProtocolError`."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(raw) and raw[at:].strip(b"\0"):
        tag, at = raw[at], at + 1
        length = 0
        while True:
            if at >= len(raw):
                raise CardProtocolError(f"field {tag} has no length")
            part, at = raw[at], at + 1
            length += part
            if part != 0xFF:
                break
        if len(raw) - at < length:
            raise CardProtocolError(f"field {tag}: {length} bytes announced, {len(raw) - at} present")
        found.setdefault(tag, raw[at : at + length])
        at += length
    return found


def _text(found: dict[int, bytes], tag: int) -> str:
    try:
        text = found.get(tag, b"").decode("utf-8").strip(" \0")
    except UnicodeDecodeError:
        raise CardProtocolError(f"field {tag} is not UTF-8") from None
    if text and not text.isprintable():
        raise CardProtocolError(f"field {tag} is not text")
    return text


def _day(text: str) -> str:
    """Return DD.MM.YYYY as ISO 8601; empty where the card has none. Raises `CardProtocolError`."""
    if not text:
        return ""
    parts = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})", text)
    if parts is None:
        raise CardProtocolError("a date on the card is no date")
    return _date(int(parts[3]), int(parts[2]), int(parts[1]))


def _birth_date(text: str) -> str:
    """Return `01 JAN 1990` in the card's language as ISO 8601. A day that is not known becomes the first."""
    parts = re.fullmatch(r"(?:([0-9]{1,2})[ .]+)?(?:([^\W\d_]{3,9})[ .]+)?([0-9]{4})", text.upper())
    if parts is None:
        raise CardProtocolError("the birth date is no date")
    word = parts[2] or "JAN"
    month = 7 if word.startswith("JUIL") else _MONTHS.get(word[:3])
    if month is None:
        raise CardProtocolError("the birth date has no month")
    return _date(int(parts[3]), month, int(parts[1] or 1))


def _date(year: int, month: int, day: int) -> str:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        raise CardProtocolError("a date on the card is no date") from None


def _sex(text: str) -> Literal["male", "female", "unknown"]:
    """M in every language; F (French), V (Dutch), W (German)."""
    return "male" if text == "M" else "female" if text in ("F", "V", "W") else "unknown"
