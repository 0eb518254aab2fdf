"""The bench's own card authority: it issues keys and certificates to simulated cards, as an issuer's office would.

ECDSA P-256, and SM2 beside it (`drivers.sim.cards.issuing.sm2`). A citizen card's key follows from the authority's key
and the holder, so a card that is made twice is the same card. The gateway trusts `ca.pem` and finds the resident id in
the certificate's subject `serialNumber`.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from drivers.cards.secure import sm2
from drivers.cards.secure.curve import P256, P384
from drivers.errors import DriverError
from drivers.sim.cards.issuing.sm2 import Sm2Authority
from drivers.sim.cards.issuing.travel import TravelAuthority

CA_FILE: Final = "ca.pem"
KEY_FILE: Final = "ca.key"

_NOT_BEFORE: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_NOT_AFTER: Final = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC)


class CardAuthorityError(DriverError):
    """The authority's folder cannot be read or written, or holds something else."""

    code = "card-authority"


class CardAuthority:
    """An authority with its key in memory. Use `load_or_create`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self._secret = key.private_numbers().private_value.to_bytes(32, "big")
        self._issued = lru_cache(maxsize=64)(self._issue)

    @classmethod
    def load_or_create(cls, directory: Path) -> CardAuthority:
        """Load `ca.pem` and `ca.key` (0600) from the folder, or make both; two processes may do so at once.

        Raises `CardAuthorityError`.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            key_path = directory / KEY_FILE
            if not key_path.exists():
                key = ec.generate_private_key(ec.SECP256R1())
                _place(key_path, _key_pem(key))
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
                raise CardAuthorityError(f"{KEY_FILE} is no P-256 key; remove the folder to start anew")
            certificate_path = directory / CA_FILE
            if not certificate_path.exists():
                _place(certificate_path, _self_signed(key).public_bytes(serialization.Encoding.PEM))
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise CardAuthorityError(f"the card authority's folder is unusable: {type(error).__name__}") from error
        if certificate.public_key() != key.public_key():
            raise CardAuthorityError(f"{CA_FILE} does not belong to {KEY_FILE}; remove the folder to start anew")
        return cls(key, certificate)

    @property
    def certificate_pem(self) -> bytes:
        """The authority's certificate: what a gateway trusts."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def trusted_pem(self) -> bytes:
        """What a gateway trusts to accept all cards of this authority: with the SM2 part where `gmssl` is there."""
        return self.certificate_pem + (self._sm2().certificate_pem() if sm2.available() else b"")

    def issue(
        self, id_number: str, name: str, curve: ec.EllipticCurve | None = None
    ) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
        """Return a holder's key, on P-256 or P-384, and certificate (DER). The same holder always gets the same key."""
        return self._issued(id_number, name, p384=isinstance(curve, ec.SECP384R1))

    def _issue(self, id_number: str, name: str, *, p384: bool) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
        seed = hmac.digest(self._secret, f"card|{id_number}|{name}".encode(), hashlib.sha512)
        order, curve = (P384.n, ec.SECP384R1()) if p384 else (P256.n, ec.SECP256R1())
        key = ec.derive_private_key(int.from_bytes(seed, "big") % (order - 1) + 1, curve)
        return key, self.certify(key.public_key(), id_number, name)

    def issue_sm2(self, id_number: str, name: str) -> tuple[int, bytes]:
        """Return a holder's SM2 key and certificate (DER). The same holder always gets the same key.

        Raises `Sm2Missing`.
        """
        return self._sm2().issue(_subject(id_number, name))

    def travel(self) -> TravelAuthority:
        """Return the country authority of travel documents; always the same keys."""
        return TravelAuthority(self._secret)

    def _sm2(self) -> Sm2Authority:
        return Sm2Authority(self._secret, "Simulated card authority (SM2)", _NOT_BEFORE, _NOT_AFTER)

    def technician(
        self, who: str, role: str, *, days: int = 365, now: datetime.datetime | None = None
    ) -> dict[str, str]:
        """Return `signing` of a technician's PIV card: a new key, and its certificate for one role (an OID).

        What a gateway's own authority does, where there is no gateway (the virtual bench).
        """
        key = ec.generate_private_key(ec.SECP256R1())
        begins = (now or datetime.datetime.now(datetime.UTC)) - datetime.timedelta(days=1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + datetime.timedelta(days=days + 1))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(role)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
        return {"key": _key_pem(key).decode("ascii"), "certificate": pem}

    def certify(self, public: CertificatePublicKeyTypes, id_number: str, name: str) -> bytes:
        """Return a certificate (DER) for a key that somebody else made."""
        shown = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_subject(id_number, name))
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(int.from_bytes(hashlib.sha256(shown).digest()[:16], "big") | 1)
            .not_valid_before(_NOT_BEFORE)
            .not_valid_after(_NOT_AFTER)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.DER)


def _subject(id_number: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, id_number),
        ]
    )


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Simulated card authority"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _place(path: Path, content: bytes) -> None:
    """Put a whole file in place unless another process was first; the first one stays (mode 0600)."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        Path(temporary).unlink(missing_ok=True)
