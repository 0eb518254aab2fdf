"""The issuer's security module as the terminal reaches it: behind the gateway, over the terminal's own TLS.

Version 3 citizen cards give their holder only to it. The terminal carries bytes between card and module; it has no key.
"""

from __future__ import annotations

from typing import Final

from drivers.errors import CardNeedsHsm, CardProtocolError
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError, Refused
from offline_cache.gateway import GatewayClient, Timeouts

_CARD_REFUSED: Final = "card-refused"


class GatewayModule:
    """A `drivers.cards.secure.mutual.SecurityModule` behind one gateway. One thread uses it."""

    def __init__(self, enrolment: Enrolment, whole_s: float) -> None:
        timeouts = Timeouts(connect_s=2.0, silence_s=whole_s, whole_s=whole_s)
        self._client = GatewayClient(enrolment, timeouts=timeouts)

    def prove(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
        """As `SecurityModule.prove`."""
        try:
            return self._client.prove_card(card_id, challenge, cryptogram, card_challenge)
        except CacheError as error:
            if isinstance(error, Refused) and error.problem == _CARD_REFUSED:
                raise CardProtocolError("the security module does not accept this card") from None
            raise CardNeedsHsm("the issuer's security module is not to be had now") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
