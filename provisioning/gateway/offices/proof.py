"""Who handed in an entry: whoever the card that signed it was issued to, and nobody else.

The card signs the application as canonical JSON (keys sorted, no spaces, UTF-8), without its case number and without
the proof itself. An identity card cannot sign; what was handed in with one names its holder and says so. Who signed in
with the city's app approved the same bytes on the telephone: then the gateway's own signature stands in the entry.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from offline_cache.wire.handover import handover_context
from offline_cache.wire.sign_in import read_approval
from provisioning.gateway.authority import CardAuthorities
from provisioning.gateway.proofs import card_key

BY_APP = "app"
"""What a document says of a holder who signed in with the app (`sign_in`)."""
BY_IDENTITY = "resident-id"
"""What a document says of a holder whose identity card the terminal read (`card`)."""
_UNSIGNED = ("number", "card_signature", "app_approval")
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Proven:
    """Whose entry it is, and by which card. The repr shows nobody."""

    id_number: str = field(repr=False)
    by: str
    """`citizen`: signed by that card; `resident-id`: the terminal saw the identity card; `handover`: the card signed
    that this form goes on to a telephone; `app`: approved on the telephone of whoever signed in with the app."""
    certificate: bytes = field(repr=False, default=b"")
    """DER; empty where nothing was signed."""


def signed_bytes(document: Mapping[str, object]) -> bytes:
    """Return what the card signed of this document."""
    held = {key: value for key, value in document.items() if key not in _UNSIGNED}
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def proven(
    document: Mapping[str, object],
    cards: CardAuthorities,
    at_ms: int,
    *,
    by_phone: bool = False,
    by_identity: bool = False,
) -> Proven | None:
    """Return whose entry this is, or None: nobody signed, or the proof does not hold now (`at_ms`, gateway's clock).

    `by_phone`: the gateway wrote the entry itself, for a telephone; only then a form handed over is a proof.
    `by_identity`: its service says that an identity card is enough; nothing but the terminal's word stands for it.
    """
    holder = document.get("holder")
    if not isinstance(holder, Mapping):
        return None
    number = cast("Mapping[str, object]", holder).get("id_number")
    if not isinstance(number, str) or not number:
        return None
    if document.get("card") == BY_IDENTITY and "card_signature" not in document:
        return Proven(number, BY_IDENTITY) if by_identity else None
    if document.get("sign_in") == BY_APP:
        return Proven(number, BY_APP) if _approved(document, cards.gateway_key) else None
    handed = document.get("handover") if by_phone else None
    found = _parts(document.get("card_signature") if handed is None else handed)
    signed = signed_bytes(document) if handed is None else _handed_over(document, handed)
    if found is None or signed is None:
        return None
    signature, der = found
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        now = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
        fits = cards.accepts(certificate, now) and card_key.signed(certificate, signature, signed)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, card_key.UnknownKey):
        return None
    if not fits or [str(name.value) for name in names] != [number]:
        return None
    return Proven(number, "citizen" if handed is None else "handover", der)


def _approved(document: Mapping[str, object], gateway_key: bytes) -> bool:
    """Whether this very document was approved on its holder's telephone (docs/adr/0016)."""
    held = document.get("app_approval")
    token = cast("Mapping[str, object]", held).get("token") if isinstance(held, Mapping) else None
    said = read_approval(token, gateway_key) if isinstance(token, str) and gateway_key else None
    if said is None or (said.terminal, said.service) != (document.get("terminal"), document.get("service")):
        return False
    return hmac.compare_digest(said.digest, hashlib.sha256(signed_bytes(document)).digest())


def _handed_over(document: Mapping[str, object], raw: object) -> bytes | None:
    """What the card signed when the form went on to a telephone."""
    if not isinstance(raw, Mapping):
        return None
    held = cast("Mapping[str, object]", raw)
    nonce, terminal, form, service = held.get("nonce"), held.get("terminal"), held.get("form"), document.get("service")
    if not (isinstance(nonce, str) and isinstance(terminal, str) and isinstance(form, str)):
        return None
    try:
        digest = base64.b64decode(form, validate=True)
    except (ValueError, binascii.Error):
        return None
    return handover_context(nonce, terminal, str(service), digest) if len(digest) == _DIGEST_BYTES else None


def _parts(raw: object) -> tuple[bytes, bytes] | None:
    if not isinstance(raw, Mapping):
        return None
    held = cast("Mapping[str, object]", raw)
    texts = [held.get(name) for name in ("signature", "certificate")]
    try:
        signature, der = (base64.b64decode(text, validate=True) for text in texts if isinstance(text, str))
    except (ValueError, binascii.Error):
        return None
    return signature, der
