"""The gateway's keys and certificates: the authority that certifies terminals, and the card authorities it trusts.

One folder holds all of it, mode 0700, every file mode 0600. `create` is idempotent: it makes what is missing and
renews the server's certificate when a third of its life is left or a name was added.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import ipaddress
import os
import secrets
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.gateway.proofs import card_key

CARD_CA_FOLDER = "card-cas"
TERMINAL_DAYS = 90
_CA_DAYS = 3650
_SERVER_DAYS = 397
SERVER_RENEW = datetime.timedelta(days=_SERVER_DAYS / 3)
"""So long before its end `create` makes a newer certificate for the server."""
_ALWAYS_NAMES = ("localhost", "127.0.0.1", "::1")
_SKEW = datetime.timedelta(days=1)
"""Certificates begin a day early: the clock of a terminal that was in a box may be behind."""


class AuthorityError(Exception):
    """The authority's folder cannot be used."""

    code = "gateway-authority"


class AuthorityMissing(AuthorityError):
    """There is no authority in this folder yet: `kiosk gateway init DIR` makes one."""

    code = "gateway-not-initialised"


class AuthorityDamaged(AuthorityError):
    """A file of the authority is missing, unreadable, or does not fit the others; names the file."""

    code = "gateway-damaged"


class CsrInvalid(AuthorityError):
    """A certificate request that is not a self-signed request for an Ed25519 key."""

    code = "malformed"


@dataclass(frozen=True)
class IssuedCertificate:
    """A terminal's certificate and what the gateway remembers of it."""

    pem: str
    fingerprint: bytes
    """SHA-256 of the DER."""
    public_key: bytes
    """Ed25519, 32 bytes."""
    not_after_ms: int


@dataclass(frozen=True)
class Authority:
    """The opened folder. The repr shows no key."""

    folder: Path
    ca: x509.Certificate = field(repr=False)
    ca_key: ec.EllipticCurvePrivateKey = field(repr=False)
    sealing_key: X25519PrivateKey = field(repr=False)
    signing_key: Ed25519PrivateKey = field(repr=False)
    operator_token: str = field(repr=False)
    server_ends: datetime.datetime | None = None
    """When the server's certificate ends, as it was when the folder was opened; None where nobody looked at it."""

    @property
    def ca_pem(self) -> str:
        """The authority's certificate."""
        return _pem(self.ca).decode("ascii")

    @property
    def ca_hash(self) -> str:
        """SHA-256 of the authority's certificate (DER), hexadecimal: what a terminal pins."""
        return hashlib.sha256(self.ca.public_bytes(serialization.Encoding.DER)).hexdigest()

    @property
    def sealing_key_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the public sealing key."""
        return hashlib.sha256(self.sealing_key.public_key().public_bytes_raw()).hexdigest()[:16]

    def certify(self, csr_pem: str, terminal: str, now: datetime.datetime) -> IssuedCertificate:
        """Certify a terminal's Ed25519 key for 90 days; the request's own subject is not looked at.

        Raises:
            CsrInvalid: not a certificate request, another kind of key, or not signed by its own key.
        """
        public = requested_key(csr_pem)
        builder = _certificate(terminal, self.ca.subject, now, TERMINAL_DAYS).public_key(public)
        builder = _leaf(builder, self.ca, ExtendedKeyUsageOID.CLIENT_AUTH)
        certificate = builder.sign(self.ca_key, hashes.SHA256())
        return IssuedCertificate(
            pem=_pem(certificate).decode("ascii"),
            fingerprint=hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest(),
            public_key=public.public_bytes_raw(),
            not_after_ms=int(certificate.not_valid_after_utc.timestamp() * 1000),
        )

    def certify_role(
        self, key: ec.EllipticCurvePublicKey, name: str, now: datetime.datetime, days: int, role: x509.ObjectIdentifier
    ) -> x509.Certificate:
        """Certify a person's key for one role and nothing else."""
        builder = _certificate(name, self.ca.subject, now, days).public_key(key)
        return _leaf(builder, self.ca, role).sign(self.ca_key, hashes.SHA256())

    def pseudonym(self, id_number: str) -> bytes:
        """Sixteen bytes that stand for a person in consent and access log; only this gateway can compute them."""
        return hmac.digest(self._pseudonym_key(), id_number.encode("utf-8"), "sha256")[:16]

    def _pseudonym_key(self) -> bytes:
        derivation = HKDF(hashes.SHA256(), 32, salt=None, info=b"kiosk-gateway-person-1")
        return derivation.derive(self.signing_key.private_bytes_raw())

    def secret(self, purpose: str) -> bytes:
        """Thirty-two bytes for one purpose; every server of this gateway has the same, nobody else can make them."""
        derivation = HKDF(hashes.SHA256(), 32, salt=None, info=f"kiosk-gateway-secret-1 {purpose}".encode())
        return derivation.derive(self.signing_key.private_bytes_raw())

    def server_tls(self) -> ssl.SSLContext:
        """TLS 1.2 or later; a client certificate is asked for, and only this authority's are accepted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        context.load_verify_locations(cadata=self.ca_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def create(folder: Path, names: Iterable[str], now: datetime.datetime) -> Authority:
    """Make the authority, or complete and renew the one that is there.

    Raises:
        AuthorityDamaged: what is there cannot be used; nothing is overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    (folder / CARD_CA_FOLDER).mkdir(exist_ok=True, mode=0o700)
    if not (folder / "ca.pem").exists():
        _make_ca(folder, now)
    _make_missing(folder / "sealing.key", lambda: _private(X25519PrivateKey.generate()))
    _make_missing(folder / "signing.key", lambda: _private(Ed25519PrivateKey.generate()))
    _make_missing(folder / "operator.token", lambda: secrets.token_urlsafe(32).encode("ascii"))
    authority = load(folder, check_server=False)
    _renew_server(authority, tuple(names), now)
    return load(folder)


def load(folder: Path, *, check_server: bool = True) -> Authority:
    """Open the folder.

    Raises:
        AuthorityMissing: never initialised.
        AuthorityDamaged: something in it cannot be used.
    """
    if not (folder / "ca.pem").exists():
        raise AuthorityMissing(f"there is no gateway in {folder}; make one with: kiosk gateway init {folder}")
    ca = _read_certificate(folder / "ca.pem")
    ca_key = _read_key(folder / "ca.key")
    sealing = _read_key(folder / "sealing.key")
    signing = _read_key(folder / "signing.key")
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey) or ca_key.public_key() != ca.public_key():
        raise AuthorityDamaged("ca.key is not the key of ca.pem; restore both from the same backup")
    if not isinstance(sealing, X25519PrivateKey):
        raise AuthorityDamaged("sealing.key is not an X25519 key; restore it from a backup")
    if not isinstance(signing, Ed25519PrivateKey):
        raise AuthorityDamaged("signing.key is not an Ed25519 key; restore it from a backup")
    server = _read_certificate(folder / "server.pem") if check_server else None
    if server is not None and not card_key.issued_by(server, ca):
        raise AuthorityDamaged("server.pem was not issued by ca.pem; delete it and run: kiosk gateway init")
    token = _read(folder / "operator.token").decode("ascii", "replace").strip()
    return Authority(folder, ca, ca_key, sealing, signing, token, server and server.not_valid_after_utc)


class CardAuthorities:
    """Certificates in `card-cas/*.pem` whose citizen cards are accepted; read again when the folder changes."""

    def __init__(self, folder: Path, gateway_key: bytes = b"") -> None:
        self._folder = folder
        self.gateway_key = gateway_key
        """Whose word counts that a citizen approved a form on the telephone (Ed25519); empty: nobody's."""
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self.unreadable: tuple[str, ...] = ()
        """Files that are not a certificate of an authority; the others still count."""
        self._trusted: tuple[x509.Certificate, ...] = ()

    def accepts(self, card: x509.Certificate, now: datetime.datetime) -> bool:
        """True if a trusted authority issued this certificate and both are valid now."""
        if not card.not_valid_before_utc <= now <= card.not_valid_after_utc:
            return False
        return any(
            authority.not_valid_before_utc <= now <= authority.not_valid_after_utc
            and card_key.issued_by(card, authority)
            for authority in self._current()
        )

    def _current(self) -> tuple[x509.Certificate, ...]:
        files = sorted(self._folder.glob("*.pem"))
        seen = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        if seen != self._seen:
            trusted: list[x509.Certificate] = []
            unreadable: list[str] = []
            for file in files:
                authorities = _read_authorities(file)
                trusted += authorities
                if not authorities:
                    unreadable.append(file.name)
            self._trusted, self.unreadable, self._seen = tuple(trusted), tuple(unreadable), seen
        return self._trusted


def _read_authorities(path: Path) -> list[x509.Certificate]:
    """Return the certificates in a file; none where one of them is no authority's."""
    try:
        found = x509.load_pem_x509_certificates(_read(path))
        parts = [one.extensions.get_extension_for_class(x509.BasicConstraints).value for one in found]
    except (AuthorityDamaged, x509.ExtensionNotFound, x509.InvalidVersion, ValueError):
        return []
    return found if all(part.ca for part in parts) else []


def requested_key(csr_pem: str) -> Ed25519PublicKey:
    """The key that a certificate request is for, which signed it. Raises `CsrInvalid`."""
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode("utf-8"))
        public = csr.public_key()
        valid = csr.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise CsrInvalid("csr is not a certificate request") from None
    if not isinstance(public, Ed25519PublicKey) or not valid:
        raise CsrInvalid("csr is not a self-signed request for an Ed25519 key")
    return public


# --- making certificates --------------------------------------------------------------------------------------------


def _certificate(
    common_name: str, issuer: x509.Name | None, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _leaf(
    builder: x509.CertificateBuilder, ca: x509.Certificate, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    authority_key = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key),
            critical=False,
        )
    )


def _make_ca(folder: Path, now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _certificate(f"Kiosk gateway authority {secrets.token_hex(4)}", None, now, _CA_DAYS)
    builder = (
        builder.public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    _write(folder / "ca.key", _private(key))
    _write(folder / "ca.pem", _pem(builder.sign(key, hashes.SHA256())))


def _renew_server(authority: Authority, names: tuple[str, ...], now: datetime.datetime) -> None:
    path = authority.folder / "server.pem"
    wanted = {_general_name(name) for name in (*_ALWAYS_NAMES, *names)}
    if path.exists() and (authority.folder / "server.key").exists():
        present = _read_certificate(path)
        held = set(present.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        enough = present.not_valid_after_utc - now > SERVER_RENEW
        if wanted <= held and enough and card_key.issued_by(present, authority.ca):
            return
        wanted |= held
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _certificate("Kiosk gateway", authority.ca.subject, now, _SERVER_DAYS).public_key(key.public_key())
    builder = _leaf(builder, authority.ca, ExtendedKeyUsageOID.SERVER_AUTH)
    alternatives = x509.SubjectAlternativeName(sorted(wanted, key=repr))
    builder = builder.add_extension(alternatives, critical=False)
    _write(authority.folder / "server.key", _private(key))
    _write(path, _pem(builder.sign(authority.ca_key, hashes.SHA256())))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


# --- files ----------------------------------------------------------------------------------------------------------


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _make_missing(path: Path, make: Callable[[], bytes]) -> None:
    if not path.exists():
        _write(path, make())


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none of it, mode 0600 from its first byte, durable with its name."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthorityDamaged(f"{path.name} cannot be read: {error.strerror}") from error


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except (ValueError, x509.InvalidVersion):
        raise AuthorityDamaged(f"{path.name} is not a certificate in PEM") from None


def _read_key(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuthorityDamaged(f"{path.name} is not a private key in PEM") from None
