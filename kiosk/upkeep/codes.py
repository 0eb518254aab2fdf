"""The one-time code of a technician without a card: made and compared here, in the memory of this process only."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.staff.part import TaskDone
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError
from offline_cache.wire.fleet.technician import LIFE_S, TRIES, CodeOffer, digits_by_terminal

OFFER, CHECK = "code-offer", "code-check"


@dataclass
class _Open:
    """A QR code that is on the screen."""

    offer: CodeOffer
    digits: str = field(repr=False)
    until_s: float
    left: int = TRIES


class Codes:
    """Belongs to the staff worker. `monotonic_s` cannot be turned back by anybody who sets the clock."""

    def __init__(
        self,
        enrolment: Callable[[], Enrolment],
        monotonic_s: Callable[[], float],
    ) -> None:
        """`enrolment` raises `CacheError` leaves where there is none."""
        self._enrolment = enrolment
        self._monotonic_s = monotonic_s
        self._open: _Open | None = None

    def offer(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Make a new QR code; the one before is good no more."""
        try:
            joined = self._enrolment()
        except CacheError:  # none, or one that cannot be read: the doctor names which
            return TaskDone(OFFER, ok=False, code="staff-code-unenrolled")
        ephemeral = X25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
        offer = CodeOffer(joined.terminal, ephemeral.public_key().public_bytes_raw(), secrets.token_bytes(16))
        digits = digits_by_terminal(ephemeral, joined.sealing_key, offer)
        self._open = _Open(offer, digits, self._monotonic_s() + LIFE_S)
        facts = {"qr": offer.address(joined.gateway_url), "reference": offer.reference, "left": str(TRIES)}
        return TaskDone(OFFER, ok=True, facts=facts)

    def check(self, arguments: Mapping[str, str]) -> TaskDone:
        """Compare what was typed. A code is good once, for its time, and for so many tries."""
        held = self._open
        if held is None:
            return TaskDone(CHECK, ok=False, code="staff-code-used")
        if self._monotonic_s() >= held.until_s:
            self._open = None
            return TaskDone(CHECK, ok=False, code="staff-code-expired")
        held.left -= 1
        right = hmac.compare_digest(held.digits, arguments.get("code", ""))
        if right or not held.left:
            self._open = None
        if right:
            return TaskDone(CHECK, ok=True)
        if not held.left:
            return TaskDone(CHECK, ok=False, code="staff-code-used")
        return TaskDone(CHECK, ok=False, code="staff-code-wrong", facts={"left": str(held.left)})
