"""An application signed by a test's card, as a terminal's card signs it."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from kiosk.workers.desks import canonical
from tests.gateway_kit import Card


def sign_with(card: Card, draft: Mapping[str, object]) -> dict[str, object]:
    """Return the draft with the card's signature and certificate."""
    r, s = decode_dss_signature(card.key.sign(canonical(draft), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32) + s.to_bytes(32)
    proof = {
        "signature": base64.b64encode(signature).decode("ascii"),
        "certificate": base64.b64encode(card.certificate).decode("ascii"),
    }
    return {**draft, "card_signature": proof}
