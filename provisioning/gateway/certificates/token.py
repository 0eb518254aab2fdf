"""The signed text in the QR code of a certificate: which one, of what service, of which day, and what it says.

`KC1:` and base45 of a COSE_Sign1 by the gateway's key over deterministic CBOR: n number, s service, d day (ISO 8601),
h the first 16 bytes of SHA-256 over the document. No name, no id number. Who has the key (`kiosk gateway public-key`)
can check it without a network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.errors import MalformedMessage
from offline_cache.wire import base45
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor, sign1, verify1

PREFIX = "KC1:"
MAX_CHARS = 600
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class CertificateToken:
    """What the code says."""

    number: str
    service: str
    day: str
    digest: bytes


def digest_of(document: Mapping[str, object]) -> bytes:
    """Sixteen bytes that change with every letter of the document; its token and its check code are not part of it."""
    said = {key: document[key] for key in document if key not in {"token", "check_code"}}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).digest()[:_DIGEST_BYTES]


def sign(token: CertificateToken, key: Ed25519PrivateKey) -> str:
    """The text of the code."""
    payload = encode_cbor({"n": token.number, "s": token.service, "d": token.day, "h": token.digest})
    return PREFIX + base45.encode(sign1(payload, key))


def read(text: str, key: Ed25519PublicKey) -> CertificateToken:
    """What a code says that this gateway signed.

    Raises:
        MalformedMessage: no such code.
        BadSignature: another key, or changed.
    """
    if not text.startswith(PREFIX) or len(text) > MAX_CHARS:
        raise MalformedMessage("certificate token: it begins with KC1: and is short")
    payload = verify1(base45.decode(text.removeprefix(PREFIX)), key)
    fields = Fields("certificate token", decode_cbor(payload, MAX_CHARS), frozenset("nsdh"))
    return CertificateToken(
        fields.text("n", 64), fields.text("s", 64), fields.text("d", 10), fields.binary("h", _DIGEST_BYTES)
    )
