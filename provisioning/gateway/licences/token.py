"""The signed text in the QR code of a shared licence: which share, what kind, what for, until when. Nobody's data.

Base64url of deterministic CBOR and an Ed25519 signature by the gateway's key: who has the key (`kiosk gateway
public-key`) can check purpose and expiry without a network; what is shared, only the gateway tells.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor

MAX_CHARS = 200
ID_BYTES = 9
_CONTEXT = b"kiosk-licence-share-1 "
_SIGNATURE_BYTES = 64
_LATEST_S = 253402300799


@dataclass(frozen=True)
class ShareToken:
    """What the code says."""

    id: bytes
    kind: str
    """A code of `licence-type`."""
    purpose: str
    """A code of `share-purpose`."""
    expires_s: int


def sign(token: ShareToken, key: Ed25519PrivateKey) -> str:
    """The text of the code."""
    payload = encode_cbor({"i": token.id, "k": token.kind, "p": token.purpose, "e": token.expires_s})
    whole = payload + key.sign(_CONTEXT + payload)
    return base64.urlsafe_b64encode(whole).decode("ascii").rstrip("=")


def read(text: str, key: Ed25519PublicKey) -> ShareToken:
    """What a code says that this gateway signed. Whether it still counts, the caller asks the clock and the table.

    Raises:
        MalformedMessage: no such code.
        BadSignature: another key, or changed.
    """
    if len(text) > MAX_CHARS:
        raise MalformedMessage("licence share: too long")
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise MalformedMessage("licence share: not base64url") from None
    payload, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
    try:
        key.verify(signature, _CONTEXT + payload)
    except InvalidSignature:
        raise BadSignature("licence share: the signature does not fit") from None
    fields = Fields("licence share", decode_cbor(payload, MAX_CHARS), frozenset("ikpe"))
    found = fields.binary("i", ID_BYTES)
    return ShareToken(found, fields.text("k", 64), fields.text("p", 64), fields.integer("e", 0, _LATEST_S))
