"""The SM2 part of the bench's card authority: keys and certificates of simulated cards that sign with SM2.

Certificates are written here object by object, because `cryptography` makes none with SM2. Everything follows from the
authority's secret, the signatures' random numbers apart, so a card that is made twice has the same key.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import textwrap
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from drivers.cards.secure import ber, sm2
from drivers.cards.secure.curve import SM2

_SEQUENCE: Final = 0x30
_OID: Final = 0x06
_SIGNATURE: Final = ber.encode(_SEQUENCE, ber.encode(_OID, sm2.SIGNATURE_OID))
_VERSION_3: Final = ber.encode(0xA0, ber.encode(0x02, b"\x02"))
_BASIC_CONSTRAINTS: Final = bytes.fromhex("551D13")
_KEY_USAGE: Final = bytes.fromhex("551D0F")
_SIGNS: Final = bytes.fromhex("03020780")
"""The bit of digital signatures."""
_SIGNS_CERTIFICATES: Final = bytes.fromhex("03020106")


class Sm2Authority:
    """An authority whose key follows from a secret."""

    def __init__(self, secret: bytes, name: str, not_before: datetime.datetime, not_after: datetime.datetime) -> None:
        self._secret = secret
        self._name = x509.Name(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        self._validity = ber.encode(_SEQUENCE, _time(not_before) + _time(not_after))
        self._private = self._key("authority")

    def certificate_pem(self) -> bytes:
        """The authority's certificate, signed by itself: what a gateway trusts. Raises `Sm2Missing`."""
        der = self._issue(self._name, sm2.public_of(self._private), authority=True)
        lines = textwrap.wrap(base64.b64encode(der).decode("ascii"), 64)
        return "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", "")).encode("ascii")

    def issue(self, subject: x509.Name) -> tuple[int, bytes]:
        """Return a holder's private key and certificate (DER). Raises `Sm2Missing`."""
        private = self._key(subject.rfc4514_string())
        return private, self._issue(subject, sm2.public_of(private), authority=False)

    def _key(self, purpose: str) -> int:
        seed = hmac.digest(self._secret, f"sm2|{purpose}".encode(), hashlib.sha512)
        return int.from_bytes(seed, "big") % (SM2.n - 2) + 1

    def _issue(self, subject: x509.Name, public: bytes, *, authority: bool) -> bytes:
        number = hashlib.sha256(public).digest()[:15]
        constraints = ber.encode(0x01, b"\xff") if authority else b""
        extensions = _critical(_BASIC_CONSTRAINTS, ber.encode(_SEQUENCE, constraints))
        extensions += _critical(_KEY_USAGE, _SIGNS_CERTIFICATES if authority else _SIGNS)
        told = _VERSION_3 + ber.encode(0x02, b"\x01" + number) + _SIGNATURE + self._name.public_bytes()
        told += self._validity + subject.public_bytes() + sm2.key_information(public)
        told += ber.encode(0xA3, ber.encode(_SEQUENCE, extensions))
        body = ber.encode(_SEQUENCE, told)
        signed = sm2.sign(self._private, sm2.digest(sm2.public_of(self._private), body))
        signature = ber.encode(_SEQUENCE, _integer(signed[:32]) + _integer(signed[32:]))
        return ber.encode(_SEQUENCE, body + _SIGNATURE + ber.encode(0x03, b"\0" + signature))


def _critical(oid: bytes, value: bytes) -> bytes:
    return ber.encode(_SEQUENCE, ber.encode(_OID, oid) + ber.encode(0x01, b"\xff") + ber.encode(0x04, value))


def _integer(raw: bytes) -> bytes:
    """An unsigned number as DER wants it: shortest, and never negative."""
    bare = raw.lstrip(b"\0") or b"\0"
    return ber.encode(0x02, (b"\0" if bare[0] & 0x80 else b"") + bare)


def _time(moment: datetime.datetime) -> bytes:
    return ber.encode(0x17, moment.strftime("%y%m%d%H%M%SZ").encode("ascii"))
