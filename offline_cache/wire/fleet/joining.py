"""Enrolment by telephone: what the terminal shows, what it posts, what it hears.

The QR code on the screen is an address of the gateway, `URL/enrol?m=MODEL&s=SERIAL&f=FINGERPRINT&n=NONCE`, so that the
camera of a technician's phone opens the right page. `POST /v1/simpleenroll` has the semantics of EST (RFC 7030 section
4.2.1, 4.2.3): the same request again and again, 202 with `Retry-After` until a technician has decided, then the
certificate. What the gateway binds is the key's fingerprint: whoever photographs the code has no key, and so nothing.
`POST /v1/simplereenroll` (section 4.2.2) renews the certificate of the key that signed the request.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_dumps, json_object
from offline_cache.wire.encoding import Fields

PATH = "/v1/simpleenroll"
RENEW_PATH = "/v1/simplereenroll"
LIFE_S = 15 * 60
"""A code on the screen, and what a technician bound to it, are good for so long."""
GRACE_DAYS = 30
"""A certificate that has ended can be renewed for so long; then a technician must come."""
MAX_JOIN_BYTES = 16 * 1024
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_NONCE = re.compile(r"[0-9a-f]{32}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,39}")


@dataclass(frozen=True)
class Offer:
    """What a terminal shows. All of it may be seen by anybody."""

    model: str
    serial: str
    fingerprint: str
    """SHA-256 of the public key (SubjectPublicKeyInfo, DER), 64 hexadecimal digits."""
    nonce: str
    """32 hexadecimal digits, another for each code."""

    @property
    def code(self) -> str:
        """Six characters that stand on the screen and on the phone: `KX7-4PD`. 30 bits of a hash of key and nonce."""
        digest = hashlib.sha256(f"kiosk-enrol-1 {self.fingerprint} {self.nonce}".encode()).digest()
        bits = int.from_bytes(digest[:4], "big")
        text = "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 30, 5))
        return f"{text[:3]}-{text[3:]}"

    def address(self, gateway_url: str) -> str:
        """The text of the QR code."""
        asked = {"m": self.model, "s": self.serial, "f": self.fingerprint, "n": self.nonce}
        return f"{gateway_url}/enrol?{urlencode(asked)}"


@dataclass(frozen=True)
class JoinRequest:
    """JSON: csr (PEM, Ed25519 key), device (UUID), model, serial, nonce."""

    csr: str
    device: str
    model: str
    serial: str
    nonce: str = field(repr=False)


def fingerprint(key: Ed25519PublicKey) -> str:
    """What a binding names."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def offer(model: str, serial: str, mark: str, nonce: str) -> Offer:
    """Check the four parts. Raises `MalformedMessage`."""
    if not _LABEL.fullmatch(model) or not _LABEL.fullmatch(serial):
        raise MalformedMessage("enrolment: model or serial is not 1 to 40 letters, digits, dots, dashes")
    if not _FINGERPRINT.fullmatch(mark) or not _NONCE.fullmatch(nonce):
        raise MalformedMessage("enrolment: fingerprint or nonce has another form")
    return Offer(model, serial, mark, nonce)


def encode_join(request: JoinRequest) -> bytes:
    """The body of `POST /v1/simpleenroll`."""
    names = ("csr", "device", "model", "serial", "nonce")
    return json_dumps({name: getattr(request, name) for name in names})


def decode_join(data: bytes) -> JoinRequest:
    """Read the body; unknown fields are refused. Raises `MalformedMessage`."""
    names = frozenset(["csr", "device", "model", "serial", "nonce"])
    fields = Fields("join request", json_object(data, MAX_JOIN_BYTES), names)
    found = JoinRequest(
        fields.text("csr", 8192),
        fields.text("device", 36),
        fields.text("model", 40),
        fields.text("serial", 40),
        fields.text("nonce", 32),
    )
    if not _UUID.fullmatch(found.device) or not _NONCE.fullmatch(found.nonce):
        raise MalformedMessage("join request: device or nonce has another form")
    return found


def encode_renewal(csr: str) -> bytes:
    """The body of `POST /v1/simplereenroll`: csr (PEM), signed by the key whose certificate is to be renewed."""
    return json_dumps({"csr": csr})


def decode_renewal(data: bytes) -> str:
    """The request in the body; unknown fields are refused. Raises `MalformedMessage`."""
    return Fields("renewal", json_object(data, MAX_JOIN_BYTES), frozenset(["csr"])).text("csr", 8192)


def encode_renewed(certificate: str) -> bytes:
    """The answer: certificate (PEM)."""
    return json_dumps({"certificate": certificate})


def decode_renewed(data: bytes) -> str:
    """The certificate in the answer; unknown fields are passed over. Raises `MalformedMessage`."""
    return Fields("renewed certificate", json_object(data, MAX_JOIN_BYTES)).text("certificate", 8192)
