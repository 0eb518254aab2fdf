"""Which gateway this terminal belongs to: STATE/enrolment.json, `terminal.key`, `terminal.crt`, `ca.crt`.

`enrolment.json` is written last, so it is there only when the other three are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.errors import AuthorityMismatch, EnrolmentDamaged, MalformedMessage, NotEnrolled
from offline_cache.messages import EnrolAnswer, json_dumps, json_object
from offline_cache.seal import Recipient
from offline_cache.wire.encoding import Fields, to_base64url

ENROLMENT_FILE = "enrolment.json"
KEY_FILE = "terminal.key"
CERTIFICATE_FILE = "terminal.crt"
CA_FILE = "ca.crt"
_MAX_FILE_BYTES = 64 * 1024
_HASH_CHARS = 64


@dataclass(frozen=True)
class Enrolment:
    """What a terminal keeps after it joined a gateway."""

    state_dir: Path
    gateway_url: str
    """`https://host:port`, without a slash at the end."""
    terminal: str
    device: str
    model: str
    sealing_key_id: str
    sealing_key: bytes
    """X25519 public key of the gateway, 32 bytes."""
    signing_key: bytes
    """Ed25519 public key of the gateway, 32 bytes."""
    site: dict[str, str]
    private_key: Ed25519PrivateKey = field(repr=False)
    """The terminal's own: mutual TLS and the signature of batches."""

    @property
    def recipient(self) -> Recipient:
        """To whom body keys are wrapped."""
        return Recipient(self.sealing_key_id, self.sealing_key)

    @property
    def client_certificate(self) -> tuple[str, str]:
        """Certificate file and key file, as `requests` takes them."""
        return str(self.state_dir / CERTIFICATE_FILE), str(self.state_dir / KEY_FILE)

    @property
    def ca_file(self) -> str:
        """The only authority that is trusted for this gateway."""
        return str(self.state_dir / CA_FILE)


def is_enrolled(state_dir: Path) -> bool:
    """Whether this state folder has joined a gateway."""
    return (state_dir / ENROLMENT_FILE).exists()


def load(state_dir: Path) -> Enrolment:
    """Read the enrolment.

    Raises:
        NotEnrolled: there is none.
        EnrolmentDamaged: a file is missing or does not fit the others; enrol again.
        StorageFailed: unreadable.
    """
    raw = read_limited(state_dir / ENROLMENT_FILE, _MAX_FILE_BYTES)
    if raw is None:
        raise NotEnrolled("this terminal has not joined a gateway yet; run kiosk enrol")
    parts = {name: read_limited(state_dir / name, _MAX_FILE_BYTES) for name in (KEY_FILE, CERTIFICATE_FILE, CA_FILE)}
    for name, content in parts.items():
        if content is None:
            raise EnrolmentDamaged(f"{name} is missing; enrol again")
    private_key = _private_key(parts[KEY_FILE] or b"")
    _check_certificate(parts[CERTIFICATE_FILE] or b"", private_key)
    try:
        fields = Fields(ENROLMENT_FILE, json_object(raw))
        return Enrolment(
            state_dir=state_dir,
            gateway_url=fields.text("gateway_url", 512),
            terminal=fields.text("terminal", 64),
            device=fields.text("device", 64),
            model=fields.text("model", 64),
            sealing_key_id=fields.text("sealing_key_id", 64),
            sealing_key=fields.base64("sealing_key", 32),
            signing_key=fields.base64("signing_key", 32),
            site=fields.text_map("site", 64, 256),
            private_key=private_key,
        )
    except MalformedMessage as error:
        raise EnrolmentDamaged(f"{error}; enrol again") from error


def save(
    state_dir: Path, gateway_url: str, device: str, model: str, private_key: Ed25519PrivateKey, answer: EnrolAnswer
) -> Enrolment:
    """Keep the gateway's answer, replacing an earlier enrolment; `enrolment.json` last.

    Raises:
        EnrolmentDamaged: the certificate in the answer is not for this key. Nothing was written.
        StorageFailed.
    """
    _check_certificate(answer.certificate.encode(), private_key)
    (state_dir / ENROLMENT_FILE).unlink(missing_ok=True)
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomic(state_dir / KEY_FILE, pem)
    write_atomic(state_dir / CERTIFICATE_FILE, answer.certificate.encode(), PUBLIC)
    write_atomic(state_dir / CA_FILE, answer.ca.encode(), PUBLIC)
    record = {
        "gateway_url": gateway_url,
        "terminal": answer.terminal,
        "device": device,
        "model": model,
        "sealing_key_id": answer.sealing_key_id,
        "sealing_key": to_base64url(answer.sealing_key),
        "signing_key": to_base64url(answer.signing_key),
        "site": answer.site,
    }
    write_atomic(state_dir / ENROLMENT_FILE, json_dumps(record))
    return load(state_dir)


def pinned_authority(certificate: bytes, ca_hash: str) -> bytes:
    """The authority's certificate as PEM, when its hash is the one that was given.

    `certificate` is PEM or DER; `ca_hash` the SHA-256 of the DER in hexadecimal (colons and `sha256:` are passed over).

    Raises:
        AuthorityMismatch: another certificate, or a hash that is not 64 hexadecimal digits.
        MalformedMessage: not a certificate.
    """
    wanted = ca_hash.strip().lower().removeprefix("sha256:").replace(":", "")
    if len(wanted) != _HASH_CHARS or not set(wanted) <= set("0123456789abcdef"):
        raise AuthorityMismatch("the CA hash is not 64 hexadecimal digits; copy it from the invitation again")
    try:
        if certificate.lstrip().startswith(b"-----BEGIN"):
            parsed = x509.load_pem_x509_certificate(certificate)
        else:
            parsed = x509.load_der_x509_certificate(certificate)
    except (ValueError, x509.InvalidVersion):
        raise MalformedMessage("the gateway's authority is not a certificate") from None
    if hashlib.sha256(parsed.public_bytes(serialization.Encoding.DER)).hexdigest() != wanted:
        raise AuthorityMismatch("the gateway's authority has another hash than the invitation says: do not go on")
    return parsed.public_bytes(serialization.Encoding.PEM)


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise EnrolmentDamaged(f"{KEY_FILE} is not a private key; enrol again") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EnrolmentDamaged(f"{KEY_FILE} is not an Ed25519 key; enrol again")
    return key


def _check_certificate(pem: bytes, private_key: Ed25519PrivateKey) -> None:
    try:
        certified = x509.load_pem_x509_certificate(pem).public_key()
    except (ValueError, x509.InvalidVersion):
        raise EnrolmentDamaged(f"{CERTIFICATE_FILE} is not a certificate; enrol again") from None
    own = private_key.public_key()
    if type(certified) is not type(own) or certified != own:
        raise EnrolmentDamaged(f"{CERTIFICATE_FILE} is not for {KEY_FILE}; enrol again")
