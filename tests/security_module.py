"""An issuer's security module with its master key in memory."""

from __future__ import annotations

import secrets

from drivers.cards.secure.mutual import card_cryptogram, card_key, module_proof
from drivers.errors import CardProtocolError


class KeyModule:
    """A `SecurityModule`."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key

    def prove(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
        """As `SecurityModule.prove`."""
        key = card_key(self._master_key, bytes.fromhex(card_id))
        if not secrets.compare_digest(card_cryptogram(key, challenge), cryptogram):
            raise CardProtocolError("the security module does not accept this card")
        return module_proof(key, card_challenge)
