"""No card, no data: records leave only against a card's signature over a nonce, and who asked is written down.

The signature covers nonce, terminal, service, subjects and session: it proves that the card is in that terminal now,
and it is the consent. The person is whoever the card's certificate names; nobody else's records can be asked for.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from offline_cache.errors import MalformedMessage
from offline_cache.messages import NONCE_LIFETIME_S, LookupRequest, decode_lookup_request, lookup_context
from provisioning.gateway.authority import Authority, CardAuthorities
from provisioning.gateway.catalogue import CatalogueSource, SignedCatalogue
from provisioning.gateway.city.register import Record, Register, updated
from provisioning.gateway.problems import Refused
from provisioning.gateway.store import Consent, Store, Terminal

ACCESS_LOG = "audit.access"
MAX_LOOKUP_BYTES = 64 * 1024
_ACCESS_ROWS = 200


@dataclass(frozen=True)
class Releaser:
    """Everything a lookup needs."""

    store: Store
    authority: Authority
    cards: CardAuthorities
    catalogue: CatalogueSource
    register: Register

    def nonce(self, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """A nonce for one lookup by this terminal within 120 s. Raises `StoreFailed`."""
        nonce = secrets.token_urlsafe(24)
        self.store.add_nonce(nonce, terminal.name, now_ms, now_ms + NONCE_LIFETIME_S * 1000)
        return {"nonce": nonce, "expires_s": NONCE_LIFETIME_S}

    def lookup(self, body: bytes, terminal: Terminal, now_ms: int) -> tuple[LookupRequest, dict[str, object]]:
        """Release the subjects of one signed request, after the access log is durable. The nonce is used up by any try.

        Raises:
            Refused: `malformed`, `nonce-invalid`, `service-unknown`, `subject-refused`, `card-refused`.
            StoreFailed: the database refused; nothing was released.
        """
        try:
            request = decode_lookup_request(body)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        if not self.store.take_nonce(request.nonce, terminal.name, now_ms):
            raise Refused("nonce-invalid")
        catalogue = self.catalogue.current()
        _check_purpose(request, catalogue)
        now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        id_number = self._holder(request, terminal, now)
        person = self.authority.pseudonym(id_number)
        consent = Consent(
            at_ms=now_ms,
            person=person,
            terminal=terminal.name,
            service=request.service,
            subjects=request.subjects,
            session=request.session,
            nonce=request.nonce,
            certificate_hash=hashlib.sha256(request.certificate).digest(),
            signature=request.signature,
        )
        self.store.record_consent(consent)
        today = now.astimezone(_CITY_TIME).date()
        released: dict[str, object] = {}
        for subject in request.subjects:
            own = self._accesses(person, catalogue) if subject == ACCESS_LOG else None
            record = own or self.register.record(id_number, subject)
            released[subject] = {
                "agency": catalogue.parsed.subjects[subject].agency,
                "updated": updated(record, catalogue.cycles[subject], today),
                "record": None if record is None else {key: record[key] for key in record if key != "updated"},
            }
        return request, {"subjects": released}

    def _holder(self, request: LookupRequest, terminal: Terminal, now: datetime.datetime) -> str:
        """The id number in the certificate of the card that signed. The reason of a refusal never leaves with it."""
        try:
            certificate = x509.load_der_x509_certificate(request.certificate)
            public = certificate.public_key()
            numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
            accepted = self.cards.accepts(certificate, now)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise Refused("card-refused", "the certificate cannot be read") from None
        if not accepted:
            raise Refused("card-refused", "the certificate is not from a trusted authority, or not valid today")
        if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
            raise Refused("card-refused", "the card's key is not P-256")
        if len(numbers) != 1:
            raise Refused("card-refused", "the certificate names nobody")
        context = lookup_context(request.nonce, terminal.name, request.service, request.subjects, request.session)
        r, s = int.from_bytes(request.signature[:32]), int.from_bytes(request.signature[32:])
        try:
            public.verify(encode_dss_signature(r, s), context, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            raise Refused("card-refused", "the signature does not fit") from None
        return str(numbers[0].value)

    def _accesses(self, person: bytes, catalogue: SignedCatalogue) -> Record:
        rows: list[dict[str, object]] = []
        for access in self.store.accesses(person, _ACCESS_ROWS):
            service = catalogue.parsed.services.get(access.service)
            subject = catalogue.parsed.subjects.get(access.subject)
            rows.append(
                {
                    "time": datetime.datetime.fromtimestamp(access.at_ms / 1000, _CITY_TIME).isoformat(
                        timespec="seconds"
                    ),
                    "terminal": access.terminal,
                    "who": "" if service is None else service.agency,
                    "purpose": access.service,
                    "subject": access.subject,
                    "held_by": "" if subject is None else subject.agency,
                }
            )
        return {"rows": rows}


_CITY_TIME = datetime.timezone(datetime.timedelta(hours=8), "CST")


def _check_purpose(request: LookupRequest, catalogue: SignedCatalogue) -> None:
    """Raises `Refused` for a service or subject that the catalogue does not know, or not together."""
    if request.service not in catalogue.parsed.services:
        raise Refused("service-unknown")
    for subject in request.subjects:
        if subject not in catalogue.parsed.subjects or not catalogue.allows(request.service, subject):
            raise Refused("subject-refused")
