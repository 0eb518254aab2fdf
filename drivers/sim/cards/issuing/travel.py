"""The country authority of simulated travel documents: it issues a document signer, which signs EF.SOD.

ECDSA on P-256 with SHA-256. Keys follow from the card authority's secret. See `drivers.cards.secure.passive`.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drivers.cards.secure import ber, passive
from drivers.cards.secure.curve import P256

_NOT_BEFORE: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_NOT_AFTER: Final = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC)
_SEQUENCE: Final = 0x30
_SHA256: Final = ber.encode(_SEQUENCE, ber.encode(0x06, passive.SHA256_OID))
_ECDSA_SHA256: Final = ber.encode(_SEQUENCE, ber.encode(0x06, bytes.fromhex("2A8648CE3D040302")))


class TravelAuthority:
    """A country signing authority and its one document signer."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._key, self._signer_key = self._derived("csca"), self._derived("document signer")
        self._name = _name("Simulated CSCA")
        self._authority = self._certificate(self._name, self._key, authority=True)
        self._signer = self._certificate(_name("Simulated document signer"), self._signer_key, authority=False)

    @property
    def certificate_pem(self) -> bytes:
        """The country authority's certificate: what an inspection trusts."""
        return self._authority.public_bytes(serialization.Encoding.PEM)

    def security_object(self, files: Mapping[int, bytes]) -> bytes:
        """Return the EF.SOD of a document with these data groups (by number, whole files)."""
        hashed = b"".join(
            ber.encode(
                _SEQUENCE, ber.encode(0x02, bytes([number])) + ber.encode(0x04, hashlib.sha256(content).digest())
            )
            for number, content in sorted(files.items())
        )
        content = ber.encode(_SEQUENCE, ber.encode(0x02, b"\0") + _SHA256 + ber.encode(_SEQUENCE, hashed))
        attributes = _attribute(passive.CONTENT_TYPE, ber.encode(0x06, passive.SECURITY_OBJECT))
        attributes += _attribute(passive.MESSAGE_DIGEST, ber.encode(0x04, hashlib.sha256(content).digest()))
        signature = self._signer_key.sign(ber.encode(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        number = self._signer.serial_number.to_bytes(16, "big")
        names = ber.encode(_SEQUENCE, self._name.public_bytes() + ber.encode(0x02, number))
        signer = ber.encode(0x02, b"\x01") + names + _SHA256 + ber.encode(0xA0, attributes)
        signer += _ECDSA_SHA256 + ber.encode(0x04, signature)
        inside = ber.encode(0x06, passive.SECURITY_OBJECT) + ber.encode(0xA0, ber.encode(0x04, content))
        told = ber.encode(0x02, b"\x03") + ber.encode(0x31, _SHA256) + ber.encode(_SEQUENCE, inside)
        told += ber.encode(0xA0, self._signer.public_bytes(serialization.Encoding.DER))
        told += ber.encode(0x31, ber.encode(_SEQUENCE, signer))
        message = ber.encode(0x06, passive.SIGNED_DATA) + ber.encode(0xA0, ber.encode(_SEQUENCE, told))
        return ber.encode(0x77, ber.encode(_SEQUENCE, message))

    def _derived(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        seed = hmac.digest(self._secret, f"travel|{purpose}".encode(), hashlib.sha512)
        return ec.derive_private_key(int.from_bytes(seed, "big") % (P256.n - 1) + 1, ec.SECP256R1())

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        shown = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(b"\x01" + hashlib.sha256(shown).digest()[:15], "big"))
            .not_valid_before(_NOT_BEFORE)
            .not_valid_after(_NOT_AFTER)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _attribute(name: bytes, value: bytes) -> bytes:
    return ber.encode(_SEQUENCE, ber.encode(0x06, name) + ber.encode(0x31, value))
