"""Travel documents with a chip: passports, and permits that follow the same standard (ICAO Doc 9303).

Application `A0000002471001`. The chip opens to a key that is printed on the document (number, birth date, expiry): by
PACE where EF.CardAccess offers it (`drivers.cards.secure.pace`), else by Basic Access Control; then secure messaging.
Read here: EF.COM (`011E`, which data groups there are) and DG1 (`0101`, the machine readable zone, with its check
digits). Where country authorities are given, EF.SOD (`011D`) must prove that DG1 is the issuer's own
(`drivers.cards.secure.passive`); without them the warning `issuer-unchecked` says so. The facial image is left alone.

Without the key the card can be named, and nothing of it read.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from cryptography import x509

from drivers.api import CardConnection, CardFacts, Holder
from drivers.cards.apdu import INS_READ_BINARY, INS_SELECT, command, exchange
from drivers.cards.secure import ber, messaging, pace, passive
from drivers.errors import CardNeedsKey, CardProtocolError

PROFILE: Final = "emrtd"
AID: Final = bytes.fromhex("A0000002471001")
MASTER_FILE: Final = b"\x3f\x00"
CARD_ACCESS: Final = b"\x01\x1c"
EF_COM: Final = b"\x01\x1e"
DG1: Final = b"\x01\x01"
INS_EXTERNAL_AUTHENTICATE: Final = 0x82
INS_GET_CHALLENGE: Final = 0x84

_CHUNK_BYTES: Final = 0xC0
"""What fits into a protected short answer, with its padding and MAC."""
_MAX_FILE_BYTES: Final = 16384
"""EF.SOD holds a certificate or two; the offset of READ BINARY ends at 32 KiB."""
_YEARS_A_DOCUMENT_LASTS_AT_LEAST: Final = 3
_VALUES: Final = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


@dataclass(frozen=True)
class AccessKey:
    """What is printed on the document and opens its chip. Its repr tells nothing."""

    document_number: str = field(repr=False)
    birth_date: str = field(repr=False)
    """YYMMDD."""
    expires: str = field(repr=False)
    """YYMMDD."""

    @classmethod
    def parse(cls, text: str) -> AccessKey:
        """Read `NUMBER YYMMDD YYMMDD`, or the lines of a machine readable zone. Raises `ValueError` without it."""
        lines = text.upper().split()
        if len(lines) == 3 and len(lines[1]) == len(lines[2]) == 6:
            number, born, expires = lines
        elif 2 <= len(lines) <= 3 and "".join(lines):
            try:
                zone = parse_zone("".join(lines))
            except CardProtocolError as error:
                raise ValueError(str(error)) from None
            number, born, expires = zone.document_number, zone.birth_date, zone.expires
        else:
            raise ValueError("wanted: document number, birth date and expiry (YYMMDD), or the machine readable zone")
        if not (re.fullmatch("[0-9A-Z<]{1,30}", number) and born.isdecimal() and expires.isdecimal()):
            raise ValueError("the document number is letters and digits, the dates are YYMMDD")
        return cls(number, born, expires)

    def seed(self) -> bytes:
        """Return the seed of Basic Access Control, 16 bytes."""
        return self.password().secret[:16]

    def password(self) -> pace.Password:
        """Return the password of PACE."""
        number = self.document_number.ljust(9, "<")
        parts = (number, self.birth_date, self.expires)
        text = "".join(part + check_digit(part) for part in parts)
        hashed = hashlib.sha1(text.encode("ascii")).digest()  # noqa: S324 (the standard's own)
        return pace.Password(1, hashed)


@dataclass(frozen=True)
class AccessNumber:
    """The six digits (CAN) that are printed on the front, and open a chip with PACE. Its repr tells nothing."""

    digits: str = field(repr=False)

    def password(self) -> pace.Password:
        """Return the password of PACE."""
        return pace.Password(2, self.digits.encode("ascii"))


def parse_key(text: str) -> AccessKey | AccessNumber:
    """Read what is printed on a document: six digits are the access number, else as `AccessKey.parse`.

    Raises `ValueError`.
    """
    digits = text.strip()
    return AccessNumber(digits) if re.fullmatch("[0-9]{6}", digits) else AccessKey.parse(text)


@dataclass(frozen=True)
class Zone:
    """A machine readable zone, taken apart. Its repr tells nothing."""

    document_number: str = field(repr=False)
    birth_date: str = field(repr=False)
    """YYMMDD."""
    sex: str = field(repr=False)
    expires: str = field(repr=False)
    """YYMMDD."""
    name: str = field(repr=False)
    optional: str = field(repr=False)


class EmrtdCard:
    """One travel document on one connection. Every method raises leaves of `CardError`, and nothing else."""

    profile = PROFILE

    def __init__(
        self,
        connection: CardConnection,
        key: AccessKey | AccessNumber | None = None,
        authorities: Sequence[x509.Certificate] = (),
    ) -> None:
        """`key` is what is printed on it; `authorities` are the issuers (CSCA) that are trusted."""
        self._connection = connection
        self._key = key
        self._authorities = authorities
        self._genuine = False
        self._zone: Zone | None = None

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    @property
    def warnings(self) -> tuple[str, ...]:
        """`issuer-unchecked`: the holder was read, and nobody looked at whom it was signed by."""
        return ("issuer-unchecked",) if self._zone is not None and not self._genuine else ()

    @property
    def genuine(self) -> bool:
        """True once the data that were read are proved to be the issuer's own."""
        return self._genuine

    def select(self) -> None:
        """Select the application. Raises `CardProtocolError` with `sw` where the card has none."""
        exchange(self._connection, command(INS_SELECT, 0x04, 0x0C, AID))

    def read_facts(self) -> CardFacts:
        """Say what the document is. Without the key only its profile is known: all else is empty."""
        if self._key is None:
            return CardFacts(PROFILE, "", "", "", "", "")
        zone = self._read()
        return CardFacts(PROFILE, "", "", zone.document_number, "", _expiry(zone.expires))

    def read_holder(self) -> Holder:
        """Read whom the document was issued to. Raises `CardNeedsKey` without the key."""
        zone = self._read()
        sexes: dict[str, Literal["male", "female"]] = {"M": "male", "F": "female"}
        return Holder(
            name=zone.name,
            id_number=zone.optional or zone.document_number,
            sex=sexes.get(zone.sex, "unknown"),
            ethnic_group=None,
            birth_date=_birth(zone.birth_date, zone.expires),
            birthplace=None,
        )

    def _read(self) -> Zone:
        if self._zone is None:
            if self._key is None:
                raise CardNeedsKey("the document opens to the key that is printed on it")
            secure = messaging.SecureConnection(self._connection, self._open(self._key))
            present = ber.parse(ber.only(_read_file(secure, EF_COM), 0x60))
            if 0x61 not in present.get(0x5C, b""):
                raise CardProtocolError("the document has no machine readable zone")
            group = _read_file(secure, DG1)
            raw = ber.only(ber.only(group, 0x61), 0x5F1F)
            if not raw.isascii():
                raise CardProtocolError("the machine readable zone is not text")
            if self._authorities:
                self._prove(secure, group)
            self._zone = parse_zone(raw.decode("ascii"))
        return self._zone

    def _prove(self, secure: CardConnection, group: bytes) -> None:
        """Passive authentication of DG1. Raises `NotGenuine`, also where there is no EF.SOD."""
        try:
            raw = _read_file(secure, passive.EF_SOD)
        except CardProtocolError as error:
            if error.sw is None:
                raise
            raise passive.NotGenuine("the document has no signature of its issuer") from None
        passive.check(passive.parse(raw), {1: group}, self._authorities, datetime.datetime.now(datetime.UTC))
        self._genuine = True

    def _open(self, key: AccessKey | AccessNumber) -> messaging.Channel:
        """Open the chip: by PACE where it is offered, else by Basic Access Control. Raises `CardProtocolError`."""
        suites = self._offered_suites()
        if not suites:
            if isinstance(key, AccessNumber):
                raise CardNeedsKey("the document does not open to its access number: the printed zone is needed")
            self.select()
            return self._basic_access(key.seed())
        curves = {suite.parameter for suite in suites}
        channel = pace.establish(self._connection, key.password(), suites[0], name_curve=len(curves) > 1)
        secure = messaging.SecureConnection(self._connection, channel)
        exchange(secure, command(INS_SELECT, 0x04, 0x0C, AID))
        return channel

    def _offered_suites(self) -> list[pace.Suite]:
        """Look into EF.CardAccess; a chip without it, or with other suites, has Basic Access Control."""
        try:
            exchange(self._connection, command(INS_SELECT, 0x00, 0x0C, MASTER_FILE))
            return pace.offered(_read_file(self._connection, CARD_ACCESS))
        except CardProtocolError as error:
            if error.sw is None:
                raise
            return []

    def _basic_access(self, seed: bytes) -> messaging.Channel:
        """Do Basic Access Control. Raises `CardProtocolError`: another document's key."""
        enc, mac = messaging.derive(seed, 1), messaging.derive(seed, 2)
        theirs = exchange(self._connection, command(INS_GET_CHALLENGE, le=8), length=8)
        ours, half = secrets.token_bytes(8), secrets.token_bytes(16)
        told = messaging.encrypt(enc, ours + theirs + half)
        told += messaging.retail_mac(mac, told)
        answer = exchange(self._connection, command(INS_EXTERNAL_AUTHENTICATE, 0, 0, told, le=40), length=40)
        if not secrets.compare_digest(messaging.retail_mac(mac, answer[:32]), answer[32:]):
            raise CardProtocolError("the chip does not know the document's own key")
        plain = messaging.decrypt(enc, answer[:32])
        if plain[:8] != theirs or plain[8:16] != ours:
            raise CardProtocolError("the chip answered another challenge")
        joined = bytes(one ^ other for one, other in zip(half, plain[16:], strict=True))
        return messaging.Channel(joined, theirs[4:] + ours[4:])


def _read_file(connection: CardConnection, file: bytes) -> bytes:
    """Read one file: its first bytes tell its length; exactly that many are read."""
    exchange(connection, command(INS_SELECT, 0x02, 0x0C, file))
    content = bytearray(exchange(connection, command(INS_READ_BINARY, le=4), length=4))
    _tag, length, start = ber.header(bytes(content))
    total = start + length
    if total > _MAX_FILE_BYTES:
        raise CardProtocolError(f"a file of {total} bytes")
    while len(content) < total:
        part = min(_CHUNK_BYTES, total - len(content))
        content += exchange(
            connection, command(INS_READ_BINARY, len(content) >> 8, len(content) & 0xFF, le=part), length=part
        )
    return bytes(content[:total])


def check_digit(text: str) -> str:
    """Return the check digit of a part of the zone (weights 7 3 1). Raises `KeyError` for other characters."""
    return str(sum(_VALUES[character] * (7, 3, 1)[place % 3] for place, character in enumerate(text)) % 10)


def parse_zone(text: str) -> Zone:
    """Take a machine readable zone apart: TD1 (3 lines of 30), TD2 (2 of 36), TD3 (2 of 44).

    Raises `CardProtocolError`.
    """
    if not re.fullmatch("[0-9A-Z<]*", text):
        raise CardProtocolError("the machine readable zone holds other characters")
    if len(text) == 90:
        number, rest, optional = text[5:14], text[14:15], text[15:30]
        if rest == "<" and optional.rstrip("<"):  # a number longer than nine characters goes on in the optional part
            longer = optional.split("<", maxsplit=1)[0]
            number, rest, optional = number + longer[:-1], longer[-1:], ""
        second, names = text[30:60], text[60:]
        born, sex, expires = second[0:7], second[7], second[8:15]
    elif len(text) in (72, 88):
        half = len(text) // 2
        names, second = text[5:half], text[half:]
        number, rest = second[0:9], second[9]
        born, sex, expires = second[13:20], second[20], second[21:28]
        optional = second[28 : half - 2] if half == 44 else second[28 : half - 1]
    else:
        raise CardProtocolError("the machine readable zone is of no known size")
    for part, digit in ((number, rest), (born[:6], born[6]), (expires[:6], expires[6])):
        if check_digit(part) != digit:
            raise CardProtocolError("a check digit of the machine readable zone is wrong")
    surname, _, given = names.partition("<<")
    name = " ".join(part for part in (_words(given), _words(surname)) if part)
    if not name:
        raise CardProtocolError("the machine readable zone names nobody")
    return Zone(number.rstrip("<"), born[:6], sex, expires[:6], name, optional.replace("<", ""))


def _words(text: str) -> str:
    return " ".join(part for part in text.split("<") if part)


def _expiry(digits: str) -> str:
    return _date(2000 + int(digits[:2]), digits) if digits.isdecimal() else _date(0, digits)


def _birth(digits: str, expires: str) -> str:
    """The zone has no century: a holder is born three years or more before the expiry, or else a century ago."""
    if not (digits.isdecimal() and expires.isdecimal()):
        raise CardProtocolError("the birth date is not known")
    newest = 2000 + int(expires[:2]) - _YEARS_A_DOCUMENT_LASTS_AT_LEAST
    year = 2000 + int(digits[:2])
    return _date(year if year <= newest else year - 100, digits)


def _date(year: int, digits: str) -> str:
    try:
        return datetime.date(year, int(digits[2:4]), int(digits[4:6])).isoformat()
    except ValueError:
        raise CardProtocolError("a date of the machine readable zone is no date") from None
