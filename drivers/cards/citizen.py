"""The citizen card: the profile of China's social security card as public readers know it (LD/T 32), and signing.

Application `sx1.sh.社会保障` with two files of one-byte-tag records, read by tag:

- EF05, the card: 01 card id (16), 03 version (4, ASCII), 05 issued and 06 expires (4 each, BCD YYYYMMDD), 07 card
  number (9, ASCII);
- EF06, the holder: 08 resident id (18, ASCII), 09 name (30, GBK, padded with zeros) and 4E its continuation (20, may be
  absent), 0A sex (`1`, `2`), 0B ethnic group (BCD), 0C birthplace (3, BCD), 0D birth date (4, BCD).

Cards differ in how READ RECORD names a record (`ReadMode`); the reader tries the ways and keeps the one that works. Sex
is the third record on version 1 and the fourth later, so a record is always known by its tag, never by its place.
Versions 1.00 and 2.00 give EF06 to everybody. Version 3.00 gives it after a mutual authentication through the issuer's
security module; that is what `MutualAuthentication` is for (`drivers.cards.secure.mutual`).

The PIN is verified by `00 20 00 00` and changed by PBOC's `80 5E 01 00` with the old one, FF, and the new one. `63Cx`
tells the tries left; a card that answers `6300` is asked for them; `6983` and `6984` (ISO 7816-4: method blocked,
reference data not usable) both mean that only a counter can help.

**Certificate and signing are this project's own**, because the public part of the profile has none. They lie in a
second application with the unregistered proprietary AID `F0 4B494F534B2E5349474E` (`F0` then `KIOSK.SIGN`, ISO 7816-5
category F):

- EF `C001`, transparent: the holder's X.509 certificate, DER, read by READ BINARY;
- key reference 01, on P-256 or SM2 as the certificate says: `MSE:SET` `00 22 41 B6` with `80 01 01` (ECDSA) or
  `80 01 02` (SM2) and `84 01 01` (key), then `PSO: COMPUTE DIGITAL SIGNATURE` `00 2A 9E 9A` with the 32 bytes of
  SHA-256, or of SM2's own digest (`drivers.cards.secure.sm2`); the answer is r|s, 64 bytes. The card's one PIN
  (`00 20 00 00`, three bytes of BCD) must have been verified since power-up.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Protocol

from cryptography import x509

from drivers.api import CardConnection, CardFacts, Holder
from drivers.cards import citizen_fields as fields
from drivers.cards.apdu import (
    INS_MANAGE_SECURITY,
    INS_READ_BINARY,
    INS_SECURITY_OPERATION,
    INS_SELECT,
    INS_VERIFY,
    SUCCESS,
    command,
    exchange,
    select,
    send,
    sw_name,
)
from drivers.cards.citizen_records import RecordReader
from drivers.cards.secure import sm2
from drivers.errors import (
    CardError,
    CardNeedsHsm,
    CardProtocolError,
    CardSwapped,
    PinBlocked,
    PinChangeUnknown,
    PinFormat,
    PinRejected,
)

PROFILE: Final = "citizen"
AID: Final = b"sx1.sh." + "社会保障".encode("gbk")
SIGNING_AID: Final = b"\xf0KIOSK.SIGN"
CERTIFICATE_FILE: Final = b"\xc0\x01"
SIGNING_KEY: Final = 0x01
ECDSA_P256: Final = 0x01
SM2_SM3: Final = 0x02
SIGNATURE_BYTES: Final = 64
MAX_CERTIFICATE_BYTES: Final = 4096
VERSIONS: Final = ("1.00", "2.00", "3.00")

INS_CHANGE_PIN: Final = 0x5E
_PIN_WRONG: Final = 0x6300
_PIN_BLOCKED: Final = frozenset({0x6983, 0x6984})
_CHUNK_BYTES: Final = 224


class MutualAuthentication(Protocol):
    """Opens the holder file of a version 3 card, with the issuer's security module at its back."""

    def unlock(self, connection: CardConnection, facts: CardFacts) -> None:
        """Authenticate both ways while the citizen application is selected. Raises leaves of `CardError`."""
        ...


class CitizenCard:
    """One citizen card on one connection. Every method raises leaves of `CardError`, and nothing else."""

    profile = PROFILE

    def __init__(self, connection: CardConnection, authentication: MutualAuthentication | None = None) -> None:
        self._connection = connection
        self._authentication = authentication
        self._records = RecordReader(connection)
        self._application = b""
        self._facts: CardFacts | None = None
        self._certificate = b""
        self._warnings: list[str] = []

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the card without being wrong, as codes: `id-check-digit`, `sex-code` …"""
        return tuple(self._warnings)

    def select(self) -> None:
        """Select the citizen application. Raises `CardProtocolError` with `sw` where the card has none."""
        self._select(AID)

    def read_facts(self) -> CardFacts:
        """Read what the card says of itself; needs no PIN."""
        self._need(AID)
        found = self._records.read_file(fields.CARD_FILE, fields.CARD_LAYOUT)
        version = fields.ascii_text(found, fields.VERSION)
        if version not in VERSIONS:
            raise CardProtocolError("the card's version is unknown")
        self._facts = CardFacts(
            profile=PROFILE,
            version=version,
            card_id=fields.required(found, fields.CARD_ID).hex().upper(),
            card_number=fields.ascii_text(found, fields.CARD_NUMBER),
            issued="" if (issued := fields.given(found, fields.ISSUED)) is None else fields.date(issued),
            expires=fields.date(fields.required(found, fields.EXPIRES)),
        )
        return self._facts

    def read_holder(self) -> Holder:
        """Read whom the card was issued to. Raises `CardNeedsHsm` on version 3 without a `MutualAuthentication`."""
        facts = self._facts or self.read_facts()
        self._need(AID)
        if facts.version == "3.00":
            if self._authentication is None:
                raise CardNeedsHsm("a version 3 card gives its holder only to the issuer's security module")
            self._authentication.unlock(self._connection, facts)
        layout = fields.HOLDER_LAYOUT_1 if facts.version == "1.00" else fields.HOLDER_LAYOUT
        found = self._records.read_file(fields.HOLDER_FILE, layout)
        return fields.holder(found, self._warn)

    def tries_left(self) -> int:
        """Ask the PIN try counter without spending a try; 0 is blocked. Meant for before the PIN."""
        self._need(AID)
        sw = send(self._connection, command(INS_VERIFY)).sw
        if sw & 0xFFF0 == 0x63C0:
            return sw & 0x0F
        if sw in _PIN_BLOCKED:
            return 0
        if sw == SUCCESS:
            raise CardProtocolError("the PIN is verified already: the card was not unpowered since", sw)
        raise CardProtocolError(f"the PIN try counter cannot be read: {sw_name(sw)}", sw)

    def verify_pin(self, digits: str) -> None:
        """Present the PIN: six digits, sent as three bytes of BCD.

        Raises `PinFormat` (nothing was sent), `PinRejected` with the tries left, `PinBlocked`.
        """
        if not re.fullmatch("[0-9]{6}", digits):
            raise PinFormat("the PIN of this card is six digits")
        self._need(AID)
        self._pin_answer(send(self._connection, command(INS_VERIFY, data=bytes.fromhex(digits))).sw)

    def _pin_answer(self, sw: int) -> None:
        if sw == SUCCESS:
            return
        if sw in _PIN_BLOCKED:
            raise PinBlocked("the PIN is blocked")
        if sw != _PIN_WRONG and sw & 0xFFF0 != 0x63C0:
            raise CardProtocolError(f"the PIN was not looked at: {sw_name(sw)}", sw)
        left = self.tries_left() if sw == _PIN_WRONG else sw & 0x0F
        if not left:
            raise PinBlocked("the PIN is blocked")
        raise PinRejected(left)

    def change_pin(self, old: str, new: str) -> None:
        """Replace the PIN. A wrong old PIN costs a try, as `verify_pin`.

        Raises `PinFormat` (nothing was sent), `PinRejected` with the tries left, `PinBlocked`, and `PinChangeUnknown`
        where the answer did not come.
        """
        if not all(re.fullmatch("[0-9]{6}", digits) for digits in (old, new)):
            raise PinFormat("the PIN of this card is six digits")
        if old == new:
            raise PinFormat("the new PIN is the old one")
        self._need(AID)
        both = bytes.fromhex(old) + b"\xff" + bytes.fromhex(new)
        try:
            sw = send(self._connection, command(INS_CHANGE_PIN, 0x01, 0x00, both, cla=0x80)).sw
        except CardError as error:
            raise PinChangeUnknown("the card did not say whether it took the new PIN") from error
        self._pin_answer(sw)

    def certificate(self) -> bytes:
        """Read the holder's certificate, DER, once. Its first four bytes tell its length; just that many are read."""
        if self._certificate:
            return self._certificate
        self._need(SIGNING_AID)
        select(self._connection, command(INS_SELECT, 0, 0, CERTIFICATE_FILE))
        head = exchange(self._connection, command(INS_READ_BINARY, le=4), length=4)
        if head[:2] != b"\x30\x82":
            raise CardProtocolError("the certificate file holds no certificate")
        total = 4 + int.from_bytes(head[2:4], "big")
        if not 128 <= total <= MAX_CERTIFICATE_BYTES:
            raise CardProtocolError(f"a certificate of {total} bytes")
        der = bytearray(head)
        while len(der) < total:
            part = min(_CHUNK_BYTES, total - len(der))
            read = command(INS_READ_BINARY, len(der) >> 8, len(der) & 0xFF, le=part)
            der += exchange(self._connection, read, length=part)
        self._certificate = bytes(der)
        return self._certificate

    def sign(self, data: bytes) -> bytes:
        """Sign `data` with the card's key, P-256 or SM2 as its certificate says: r|s, 64 bytes.

        The PIN must be verified. Raises `CardProtocolError` also where the certificate cannot be read.
        """
        algorithm, digest = _to_sign(self.certificate(), data)
        self._need(SIGNING_AID)
        template = bytes([0x80, 1, algorithm, 0x84, 1, SIGNING_KEY])
        exchange(self._connection, command(INS_MANAGE_SECURITY, 0x41, 0xB6, template), length=0)
        compute = command(INS_SECURITY_OPERATION, 0x9E, 0x9A, digest, le=SIGNATURE_BYTES)
        return exchange(self._connection, compute, length=SIGNATURE_BYTES)

    def same_card(self, card_id: str) -> None:
        """Raise `CardSwapped` unless the card in the slot now has this id.

        A card that is exchanged within 400 ms can answer on the old connection with no sign of it. So this selects
        and reads afresh; whatever is to be committed for the holder is committed after it.
        """
        self._application = self._certificate = b""
        self._records.forget()
        try:
            self._need(AID)
            found = self._records.read_file(fields.CARD_FILE, (fields.CARD_ID,))
        except CardProtocolError as error:
            if error.sw is None:
                raise
            raise CardSwapped("the card in the slot is another one") from error
        if fields.required(found, fields.CARD_ID).hex().upper() != card_id.upper():
            raise CardSwapped("the card in the slot is another one")

    def _need(self, aid: bytes) -> None:
        if self._application != aid:
            self._select(aid)

    def _select(self, aid: bytes) -> None:
        self._application = b""
        self._records.forget()
        select(self._connection, command(INS_SELECT, 0x04, 0x00, aid))
        self._application = aid

    def _warn(self, code: str) -> None:
        if code not in self._warnings:
            self._warnings.append(code)


def _to_sign(certificate: bytes, data: bytes) -> tuple[int, bytes]:
    """Return the algorithm and the digest for the key in a certificate. Raises `CardProtocolError`."""
    try:
        public = sm2.public_key(x509.load_der_x509_certificate(certificate))
    except (ValueError, x509.InvalidVersion):
        raise CardProtocolError("the certificate cannot be read") from None
    if public is None:
        return ECDSA_P256, hashlib.sha256(data).digest()
    return SM2_SM3, sm2.digest(public, data)
