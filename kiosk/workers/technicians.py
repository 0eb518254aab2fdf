"""Whether a card is a technician's: its certificate against the gateway's authority, and its key against a challenge.

The card is a PIV card (NIST SP 800-73-4); its certificate of key 9A is signed by the authority that the terminal
pinned when it joined, names the role as its only extended key usage, and is not on the list of revoked serial numbers
of the signed configuration. All of it works without a network.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.api import CardConnection, CardReader, SlotEvent, SlotState
from drivers.cards.piv import PivCard
from drivers.errors import CardError, CardProtocolError, DriverError, NoCard, PinRejected
from kiosk import events as e
from kiosk.frozen import frozen
from kiosk.staff import events as staff
from kiosk.workers.threads import Worker
from offline_cache.wire.fleet.technician import ROLE, serial_of

CHALLENGE = b"kiosk-technician-1 "
"""What every challenge begins with: a signature of the card's means nothing elsewhere."""
UNKNOWN = "technician-unknown"
"""What is wrong with a card in the technicians' own slot that is none of theirs."""


class TechnicianCardFalse(CardError):
    """The card did not prove that it holds the key of its certificate."""

    code = "technician-false"


@frozen
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
    """The technician's card in a slot. Belongs to the worker of that slot."""

    def __init__(self, technicians: Technicians | None) -> None:
        self._technicians = technicians
        self._card: PivCard | None = None
        self.judged: Judged | None = None
        """What the last card that was looked at is worth."""

    def look(self, connection: CardConnection | None) -> Judged | None:
        """What a card that is no citizen's is worth; None: nobody's here, and it is looked at no further."""
        try:
            return self.ask(connection)
        except CardError:
            return None  # whatever it is, it is no citizen's card, and that is said

    def ask(self, connection: CardConnection | None) -> Judged | None:
        """As `look`. Raises what the card raises; `CardProtocolError` also where it has no such application."""
        self.judged = None
        if self._technicians is None or connection is None:
            return None
        card = PivCard(connection)
        card.select()
        judged = self._technicians.judge(card.certificate())
        left = card.tries_left() if judged is not None else None
        if judged is not None:
            self._card = card
            self.judged = replace(judged, tries_left=left)
        return self.judged

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


class OwnSlotDesk:
    """Owns the reader behind the lock, where one is set (`technician_reader_name`).

    Each look and each PIN opens the card anew and lets it go again: no card stays powered, or its PIN proven, in there.
    """

    def __init__(
        self,
        reader: CardReader,
        worker: Worker,
        post: Callable[[e.Event], None],
        technicians: Technicians | None = None,
    ) -> None:
        """`technicians` None: no card is a technician's here."""
        self._reader = reader
        self._worker = worker
        self._post = post
        self._technicians = technicians
        self._seen = ""
        """Serial number of the card that was looked at."""
        self.state = SlotState.READER_ABSENT

    def join(self, technicians: Technicians | None) -> None:
        """The terminal has joined a gateway while it runs."""
        self._technicians = technicians

    def start(self) -> None:
        """Begin to watch the slot."""
        self._reader.start(self._changed)

    def _changed(self, event: SlotEvent) -> None:
        self.state = event.state
        self._post(staff.OwnSlotChanged(event.state, event.insertion))
        if event.state is SlotState.PRESENT:
            self._worker.submit(lambda: self._look(event.insertion))
        elif event.state is SlotState.MUTE:
            self._post(staff.TechnicianCardSeen(event.insertion, "", problem="card-unreadable", own=True))

    def _look(self, insertion: int) -> None:
        """Say whose card it is."""
        self._seen = ""
        try:
            with self._opened() as slot:
                seen = slot.judged
        except DriverError as error:
            problem = UNKNOWN if isinstance(error, CardProtocolError) else error.code
            self._post(staff.TechnicianCardSeen(insertion, "", problem=problem, own=True))
            return
        if seen is None:
            self._post(staff.TechnicianCardSeen(insertion, "", problem=UNKNOWN, own=True))
            return
        self._seen = seen.serial
        self._post(staff.TechnicianCardSeen(insertion, seen.serial, seen.tries_left, seen.problem, own=True))

    def verify_technician(self, session_id: int, digits: str) -> None:
        """Have the card look at the PIN, and prove that it holds its key."""
        self._worker.submit(lambda: self._verify(session_id, digits))

    def _verify(self, session_id: int, digits: str) -> None:
        try:
            with self._opened() as slot:
                if slot.judged is None or slot.judged.problem or slot.judged.serial != self._seen:
                    raise TechnicianCardFalse("another card than the one that was looked at")
                slot.verify(digits)
        except PinRejected as error:
            self._post(staff.TechnicianPinRefused(error.tries_left, session_id=session_id))
        except DriverError as error:
            self._post(staff.TechnicianCardFailed(error.code, session_id=session_id))
        else:
            self._post(staff.TechnicianPinAccepted(session_id=session_id))

    @contextmanager
    def _opened(self) -> Generator[TechnicianSlot, None, None]:
        """Open the card, say what it is worth, and let it go. Raises `DriverError` leaves."""
        connection = self._reader.connect()
        try:
            slot = TechnicianSlot(self._technicians)
            slot.ask(connection)
            yield slot
        finally:
            connection.close()

    def close(self) -> None:
        """End the thread and let go of the reader."""
        self._worker.stop()
        self._reader.close()
