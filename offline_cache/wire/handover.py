"""A half-filled form that goes on to the holder's telephone: what the card signs, and the messages. JSON, mutual TLS.

`POST /v1/handovers {nonce, service, form, certificate, signature}` answers `{url, expires_s}`; the token stands in the
URL's fragment, which no server logs. `POST /v1/handovers/withdraw {token}` answers `{withdrawn}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from offline_cache.errors import BadReply
from offline_cache.wire.encoding import Fields, encode_cbor, json_dumps, json_object, to_base64url

HANDOVERS = "/v1/handovers"
WITHDRAW = f"{HANDOVERS}/withdraw"
LIFETIME_S = 900
MAX_FORM_BYTES = 256 * 1024
MAX_HANDOVER_BYTES = MAX_FORM_BYTES * 4 // 3 + 32 * 1024
ANSWER_BYTES = 4096
_NAMES = frozenset(["nonce", "service", "form", "certificate", "signature"])


@dataclass(frozen=True)
class Handover:
    """A form with proof that its holder's card was in this terminal. `form` is a JSON object (docs/gateway.md).

    `certificate` is DER; `signature` ECDSA P-256 as r|s of 64 bytes over SHA-256 of `handover_context(...)`.
    """

    nonce: str
    service: str
    form: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the form."""
        return hashlib.sha256(self.form).digest()


def handover_context(nonce: str, terminal: str, service: str, digest: bytes) -> bytes:
    """What the card signs: the form of this SHA-256 may go on from this terminal to a telephone."""
    return encode_cbor(["kiosk-handover-1", nonce, terminal, service, digest])


def encode_handover(asked: Handover) -> bytes:
    """The body of `POST /v1/handovers`."""
    return json_dumps(
        {
            "nonce": asked.nonce,
            "service": asked.service,
            "form": to_base64url(asked.form),
            "certificate": to_base64url(asked.certificate),
            "signature": to_base64url(asked.signature),
        }
    )


def decode_handover(data: bytes) -> Handover:
    """Read the body of `POST /v1/handovers`. Raises `MalformedMessage`, naming the field."""
    fields = Fields("handover", json_object(data, MAX_HANDOVER_BYTES), _NAMES)
    return Handover(
        nonce=fields.text("nonce", 128),
        service=fields.text("service", 64),
        form=fields.base64("form", 2, MAX_FORM_BYTES),
        certificate=fields.base64("certificate", 1, 8192),
        signature=fields.base64("signature", 64),
    )


def handover_answer(answer: Mapping[str, object], gateway_url: str) -> str:
    """Return the URL of an answer; a gateway without a public address gives a path on its own. Raises `BadReply`."""
    url = answer.get("url")
    if isinstance(url, str) and url.startswith("/"):
        url = gateway_url.rstrip("/") + url
    if not isinstance(url, str) or not url.startswith("https://") or "#" not in url or len(url) > 300:
        raise BadReply("the answer to a form handed over is no URL with a token")
    return url
