"""Enrolment without a network: what a technician carries on a stick from the terminal to the gateway and back.

Out: `kiosk-XXX-XXX.request`, the JSON of `POST /v1/simpleenroll` (`JoinRequest`), signed by the terminal's key inside
its certificate request. Back: `kiosk-XXX-XXX.answer`, JSON {payload, signature}. The payload is what the gateway would
have answered, its address, and what it publishes (each piece signed as always); the signature is ECDSA P-256 with
SHA-256 by the authority whose certificate the payload holds, and the terminal takes that one only if its hash is the
pinned one. So a stick that was exchanged on its way brings nothing in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.enrolment import pinned_authority
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import EnrolAnswer, decode_enrol_answer, encode_enrol_answer, json_dumps, json_object
from offline_cache.wire.encoding import Fields, to_base64url

REQUEST, ANSWER = ".request", ".answer"
MAX_CARRIED_BYTES = 16 * 1024 * 1024
PUBLISHED = ("catalogue", "configuration", "directory")
_PURPOSE = b"kiosk-carried-1\n"
"""Signed before the payload, so that the authority's signature of something else is none of this."""


@dataclass(frozen=True)
class Carried:
    """What the gateway answers by stick."""

    gateway_url: str
    answer: EnrolAnswer
    published: Mapping[str, tuple[str, bytes]] = field(repr=False)
    """Name -> entity tag and signed bytes, as `GET /v1/NAME` would give them."""


def encode_carried(carried: Carried, sign: Callable[[bytes], bytes]) -> bytes:
    """The answer's file. `sign` is the authority's: ECDSA P-256 over SHA-256, DER."""
    published = {name: [etag, to_base64url(signed)] for name, (etag, signed) in carried.published.items()}
    enrolment = encode_enrol_answer(carried.answer).decode()
    payload = json_dumps({"gateway_url": carried.gateway_url, "enrolment": enrolment, "published": published})
    return json_dumps({"payload": to_base64url(payload), "signature": to_base64url(sign(_PURPOSE + payload))})


def decode_carried(data: bytes, ca_hash: str) -> Carried:
    """Read an answer's file, and believe it only where the authority of this hash signed it.

    Raises:
        MalformedMessage: not such a file, or cut short.
        AuthorityMismatch: another gateway's. BadSignature: changed on its way.
    """
    outer = Fields("stick", json_object(data, MAX_CARRIED_BYTES), frozenset(["payload", "signature"]))
    payload = outer.base64("payload", 1, MAX_CARRIED_BYTES)
    inner = Fields(
        "stick", json_object(payload, MAX_CARRIED_BYTES), frozenset(["gateway_url", "enrolment", "published"])
    )
    answer = decode_enrol_answer(inner.text("enrolment", 64 * 1024).encode())
    authority = x509.load_pem_x509_certificate(pinned_authority(answer.ca.encode(), ca_hash)).public_key()
    if not isinstance(authority, ec.EllipticCurvePublicKey):
        raise MalformedMessage("stick: the authority's key is of another kind")
    try:
        authority.verify(outer.base64("signature", 8, 128), _PURPOSE + payload, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadSignature("the answer on the stick was not signed by this gateway's authority") from None
    return Carried(inner.text("gateway_url", 512), answer, _published(json_object(payload, MAX_CARRIED_BYTES)))


def _published(payload: Mapping[str, object]) -> dict[str, tuple[str, bytes]]:
    given = payload["published"]
    if not isinstance(given, dict):
        raise MalformedMessage("stick: published is no object")
    found: dict[str, tuple[str, bytes]] = {}
    for name, pair in cast("dict[str, object]", given).items():
        fields = Fields(f"stick: {name}", {"pair": pair})
        fields.array("pair", 2, 2)
        values = Fields(f"stick: {name}", dict(zip(("etag", "signed"), cast("list[object]", pair), strict=True)))
        if name in PUBLISHED:
            found[name] = values.text("etag", 256), values.base64("signed", 1, MAX_CARRIED_BYTES)
    return found
