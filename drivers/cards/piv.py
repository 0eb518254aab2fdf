"""PIV, the identity card of US federal employees and many companies (NIST SP 800-73-4): CHUID, certificate, signature.

Application `A000000308 0000 1000 0100`, by its full name or its first five bytes. `GET DATA` `00CB3FFF` with `5C 03`
and a tag gives an object in `53`: `5FC102` the CHUID (`30` FASC-N, `34` GUID, `35` expiry), `5FC105` the certificate
of key 9A (`70` certificate, `71` 1 where it is compressed). PIN: `VERIFY` `00200080`, six to eight digits padded with
FF. Signing: `GENERAL AUTHENTICATE` `0087 alg 9A`, `7C {82 00, 81 input}`, the answer `7C {82 signature}`.

The certificate tells the algorithm (SP 800-78-4, table 6-2): 11 P-256 with SHA-256, 14 P-384 with SHA-384, 07 RSA of
2,048 bits and 05 of 3,072 with SHA-256, whose input is the whole padded block (PKCS 1, version 1.5). That block is
longer than a short APDU, so it goes by command chaining (ISO 7816-4, 5.3.3): CLA 10 on all parts but the last.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import zlib
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from drivers.api import CardConnection, CardFacts, Holder
from drivers.cards.apdu import INS_SELECT, INS_VERIFY, SUCCESS, command, exchange, send, sw_name
from drivers.cards.secure import ber
from drivers.errors import CardProtocolError, PinBlocked, PinFormat, PinRejected

PROFILE: Final = "piv"
AID: Final = bytes.fromhex("A00000030800001000")
FULL_AID: Final = AID + b"\x01\x00"
SHORT_AID: Final = AID[:5]
CHUID: Final = bytes.fromhex("5FC102")
CERTIFICATE: Final = bytes.fromhex("5FC105")
KEY: Final = 0x9A
P256: Final = 0x11
P384: Final = 0x14
RSA: Final = {2048: 0x07, 3072: 0x05}
"""By the bits of the modulus."""
CHAINED: Final = 0x10
PIN: Final = 0x80
INS_GET_DATA: Final = 0xCB
INS_GENERAL_AUTHENTICATE: Final = 0x87

_MAX_CERTIFICATE_BYTES: Final = 16384
_PART_BYTES: Final = 255
_SHA256_INFO: Final = bytes.fromhex("3031300D060960864801650304020105000420")
"""The DigestInfo of SHA-256, before the hash (RFC 8017, 9.2)."""


class PivCard:
    """One PIV card on one connection. Every method raises leaves of `CardError`, and nothing else."""

    profile = PROFILE

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection
        self._der: bytes | None = None

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    @property
    def warnings(self) -> tuple[str, ...]:
        """Nothing about this card is only odd."""
        return ()

    def select(self) -> None:
        """Select the application. Raises `CardProtocolError` with `sw` where the card has none."""
        sw = send(self._connection, command(INS_SELECT, 0x04, 0x00, FULL_AID, le=256)).sw
        if sw != SUCCESS:
            exchange(self._connection, command(INS_SELECT, 0x04, 0x00, SHORT_AID, le=256))

    def read_facts(self) -> CardFacts:
        """Read the CHUID; needs no PIN."""
        chuid = ber.parse(self._get(CHUID))
        guid, expires = chuid.get(0x34, b""), chuid.get(0x35, b"")
        if len(guid) != 16:
            raise CardProtocolError("the GUID is not 16 bytes")
        if not re.fullmatch(rb"[0-9]{8}", expires):
            raise CardProtocolError("the date of expiry is no date")
        return CardFacts(PROFILE, "", guid.hex().upper(), "", "", _date(expires.decode()))

    def read_holder(self) -> Holder:
        """Read who the certificate of key 9A names: common name, and serial number where it has one."""
        try:
            subject = x509.load_der_x509_certificate(self.certificate()).subject
            names = [str(item.value) for item in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            numbers = [str(item.value) for item in subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
        except (ValueError, TypeError, x509.InvalidVersion):
            raise CardProtocolError("the certificate cannot be read") from None
        if not names or not names[0].isprintable():
            raise CardProtocolError("the certificate names nobody")
        return Holder(names[0], numbers[0] if numbers else "", "unknown", None, "", None)

    def tries_left(self) -> int:
        """Ask the PIN try counter without spending a try; 0 is blocked."""
        return self._pin_answer(send(self._connection, command(INS_VERIFY, 0, PIN)).sw)

    def verify_pin(self, digits: str) -> None:
        """Present the PIN, six to eight digits. Raises `PinFormat` (nothing was sent), `PinRejected`, `PinBlocked`."""
        if not re.fullmatch("[0-9]{6,8}", digits):
            raise PinFormat("the PIN of this card is six to eight digits")
        padded = digits.encode().ljust(8, b"\xff")
        sw = send(self._connection, command(INS_VERIFY, 0, PIN, padded)).sw
        if sw == SUCCESS:
            return
        left = self._pin_answer(sw)
        if left == 0:
            raise PinBlocked("the PIN is blocked")
        raise PinRejected(left)

    def certificate(self) -> bytes:
        """Read the certificate of key 9A, DER."""
        if self._der is None:
            parts = ber.parse(self._get(CERTIFICATE))
            der = parts.get(0x70, b"")
            if parts.get(0x71, b"\0")[:1] == b"\x01":
                der = _unpacked(der)
            if not der:
                raise CardProtocolError("the card has no certificate")
            self._der = der
        return self._der

    def sign(self, data: bytes) -> bytes:
        """Sign `data` with key 9A, as its certificate says: ECDSA P-256 or P-384 (DER), or RSA. After the PIN.

        Raises `CardProtocolError` also for a key of another kind.
        """
        try:
            key = x509.load_der_x509_certificate(self.certificate()).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise CardProtocolError("the certificate cannot be read") from None
        algorithm, block, longest = _to_sign(key, data)
        asked = ber.encode(0x7C, ber.encode(0x82, b"") + ber.encode(0x81, block))
        while len(asked) > _PART_BYTES:
            part, asked = asked[:_PART_BYTES], asked[_PART_BYTES:]
            exchange(self._connection, command(INS_GENERAL_AUTHENTICATE, algorithm, KEY, part, cla=CHAINED), length=0)
        answer = exchange(self._connection, command(INS_GENERAL_AUTHENTICATE, algorithm, KEY, asked, le=256))
        signature = ber.only(ber.only(answer, 0x7C), 0x82)
        if not 8 <= len(signature) <= longest or (algorithm in RSA.values() and len(signature) != longest):
            raise CardProtocolError("the signature is none of the card's key")
        return signature

    def _get(self, tag: bytes) -> bytes:
        answer = exchange(self._connection, command(INS_GET_DATA, 0x3F, 0xFF, b"\x5c\x03" + tag, le=256))
        return ber.only(answer, 0x53)

    @staticmethod
    def _pin_answer(sw: int) -> int:
        if sw == 0x6983:
            return 0
        if sw & 0xFFF0 == 0x63C0:
            return sw & 0x0F
        raise CardProtocolError(f"VERIFY refused: {sw_name(sw)}", sw)


def _to_sign(key: object, data: bytes) -> tuple[int, bytes, int]:
    """Return algorithm, input and the longest signature for this key, in bytes. Raises `CardProtocolError`."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return P256, hashlib.sha256(data).digest(), 72
        if isinstance(key.curve, ec.SECP384R1):
            return P384, hashlib.sha384(data).digest(), 104
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA:
        info = _SHA256_INFO + hashlib.sha256(data).digest()
        size = key.key_size // 8
        return RSA[key.key_size], b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info, size
    raise CardProtocolError("the card's key is of a kind that does not sign here")


def _unpacked(packed: bytes) -> bytes:
    """Return a gzipped certificate, within bounds whatever the card sends. Raises `CardProtocolError`."""
    try:
        unpacker = zlib.decompressobj(wbits=31)
        return unpacker.decompress(packed, _MAX_CERTIFICATE_BYTES)
    except zlib.error:
        raise CardProtocolError("the certificate cannot be unpacked") from None


def _date(digits: str) -> str:
    """Return YYYYMMDD as ISO 8601. Raises `CardProtocolError`."""
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        raise CardProtocolError("the date of expiry is no date") from None
