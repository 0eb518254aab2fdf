"""Whether a card is a technician's: its certificate against the gateway's authority, and its key against a challenge.

The card is a PIV card (NIST SP 800-73-4); its certificate of key 9A is signed by the authority that the terminal
pinned when it joined, names the role as its only extended key usage, and is not on the list of revoked serial numbers
of the signed configuration. All of it works without a network.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.api import CardConnection
from drivers.cards.piv import PivCard
from drivers.errors import CardError, NoCard
from offline_cache.wire.fleet.technician import ROLE, serial_of

CHALLENGE = b"kiosk-technician-1 "
"""What every challenge begins with: a signature of the card's means nothing elsewhere."""


class TechnicianCardFalse(CardError):
    """The card did not prove that it holds the key of its certificate."""

    code = "technician-false"


@dataclass(frozen=True)
class Judged:
    """A certificate that the gateway's authority signed for a technician."""

    serial: str
    problem: str
    """`technician-revoked`, `technician-expired`, or empty."""
    tries_left: int | None = None


class Technicians:
    """What this terminal knows of its technicians. `revoked` is asked each time: the list may come over night."""

    def __init__(
        self, authority: x509.Certificate, revoked: Callable[[], frozenset[str]], wall_ms: Callable[[], int]
    ) -> None:
        self._authority = authority
        self._revoked = revoked
        self._wall_ms = wall_ms

    def judge(self, der: bytes) -> Judged | None:
        """Return what the certificate is worth; None where the gateway did not make it for a technician."""
        try:
            certificate = x509.load_der_x509_certificate(der)
            certificate.verify_directly_issued_by(self._authority)
            uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (
            ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound,
            x509.DuplicateExtension, x509.InvalidVersion,
        ):  # fmt: skip
            return None
        if list(uses) != [x509.ObjectIdentifier(ROLE)]:
            return None
        serial = serial_of(certificate)
        now = datetime.datetime.fromtimestamp(self._wall_ms() / 1000, datetime.UTC)
        if serial in self._revoked():
            return Judged(serial, "technician-revoked")
        valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        return Judged(serial, "" if valid else "technician-expired")


class TechnicianSlot:
    """The technician's card in the citizens' slot. Belongs to the card's worker."""

    def __init__(self, technicians: Technicians | None) -> None:
        self._technicians = technicians
        self._card: PivCard | None = None

    def look(self, connection: CardConnection | None) -> Judged | None:
        """What a card that is no citizen's is worth; None: nobody's here, and it is looked at no further."""
        if self._technicians is None or connection is None:
            return None
        card = PivCard(connection)
        try:
            card.select()
            judged = self._technicians.judge(card.certificate())
            left = card.tries_left() if judged is not None else None
        except CardError:
            return None  # whatever it is, it is no citizen's card, and that is said
        if judged is not None:
            self._card = card
            judged = replace(judged, tries_left=left)
        return judged

    def verify(self, digits: str) -> None:
        """Have the card take the PIN and prove its key.

        Raises `NoCard`, `TechnicianCardFalse`, and what the card raises.
        """
        if self._card is None:
            raise NoCard("no technician's card is open")
        self._card.verify_pin(digits)
        prove(self._card)

    def forget(self) -> None:
        """The card was let go."""
        self._card = None


def prove(card: PivCard) -> None:
    """Have the card sign a fresh challenge, after its PIN.

    Raises `TechnicianCardFalse` where the signature is not its certificate's, and what the card raises.
    """
    challenge = CHALLENGE + os.urandom(32)
    signature = card.sign(challenge)
    key = x509.load_der_x509_certificate(card.certificate()).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TechnicianCardFalse("a technician's key is on a curve")
    digest = hashes.SHA384() if isinstance(key.curve, ec.SECP384R1) else hashes.SHA256()
    try:
        key.verify(signature, challenge, ec.ECDSA(digest))
    except InvalidSignature:
        raise TechnicianCardFalse("the card signed with another key than its certificate's") from None
