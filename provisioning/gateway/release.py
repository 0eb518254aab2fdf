"""No card, no data: records leave only against a card's signature over a nonce, and who asked is written down.

The signature covers nonce, terminal, service, subjects and session: it proves that the card is in that terminal now,
and it is the consent. The person is whoever the card's certificate names; nobody else's records can be asked for.
A citizen who signed in with the city's app proves less, and less is released (docs/adr/0016).
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from kiosk.services.definition import GREETING
from kiosk.words.city_time import city_moment
from offline_cache.errors import MalformedMessage
from offline_cache.messages import (
    NONCE_LIFETIME_S,
    LookupRequest,
    decode_lookup_request,
    lookup_context,
    sign1,
)
from offline_cache.wire.encoding import encode_cbor
from provisioning.gateway.authority import Authority, CardAuthorities
from provisioning.gateway.catalogue import CatalogueSource, SignedCatalogue
from provisioning.gateway.city.register import Record, Register, updated
from provisioning.gateway.identity.cards import CardRegister
from provisioning.gateway.problems import Refused
from provisioning.gateway.proofs import card_key
from provisioning.gateway.store import Consent, Store, Terminal

ACCESS_LOG = "audit.access"
MAX_LOOKUP_BYTES = 64 * 1024
SIGN_IN = "sign-in"
"""The purpose under which the citizen finds that a terminal heard who signed in with the app."""
_HOUSE_AGENCY = "data"
"""Who looked, where it was for no service: who runs the terminals."""
_ACCESS_ROWS = 200
Live = Callable[[bytes, str, int], Record | None]
"""A subject that the gateway's own tables hold: pseudonym, id number, now (ms since 1970), to its record."""


@dataclass(frozen=True)
class AppProof:
    """Who signed in with the app, at which terminal, for what. `sign_in` names the sign-in (SHA-256 of its token)."""

    id_number: str = field(repr=False)
    terminal: Terminal
    service: str
    subjects: tuple[str, ...]
    session: str
    sign_in: bytes = field(repr=False)

    def statement(self, at_ms: int) -> bytes:
        """What the gateway signs into the access log, where a card's signature stands otherwise."""
        return encode_cbor(["kiosk-app-lookup-1", self.terminal.name, self.service, list(self.subjects), self.session,
                            self.sign_in, at_ms])  # fmt: skip


@dataclass(frozen=True)
class Releaser:
    """Everything a lookup needs."""

    store: Store
    authority: Authority
    cards: CardAuthorities
    catalogue: CatalogueSource
    register: Register
    known_cards: CardRegister
    live: dict[str, Live] = field(default_factory=dict[str, Live])
    """Subject -> who answers for it instead of the register."""
    read: list[Callable[[bytes, int], list[dict[str, object]]]] = field(
        default_factory=list[Callable[[bytes, int], list[dict[str, object]]]]
    )
    """Looks that were no lookup, as an agency's at an application: pseudonym and how many to rows, newest first."""

    def nonce(self, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """A nonce for one lookup by this terminal within 120 s. Raises `StoreFailed`."""
        nonce = secrets.token_urlsafe(24)
        self.store.add_nonce(nonce, terminal.name, now_ms, now_ms + NONCE_LIFETIME_S * 1000)
        return {"nonce": nonce, "expires_s": NONCE_LIFETIME_S}

    def lookup(self, body: bytes, terminal: Terminal, now_ms: int) -> tuple[LookupRequest, dict[str, object]]:
        """Release the subjects of one signed request, after the access log is durable. The nonce is used up by any try.

        Raises:
            Refused: `malformed`, `nonce-invalid`, `service-unknown`, `subject-refused`, `card-refused`, `card-lost`.
            StoreFailed: the database refused; nothing was released.
        """
        try:
            request = decode_lookup_request(body)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        if not self.store.take_nonce(request.nonce, terminal.name, now_ms):
            raise Refused("nonce-invalid")
        catalogue = self.catalogue.current()
        _check_purpose(request.service, request.subjects, catalogue)
        now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        certificate, id_number = self._holder(request, terminal, now)
        person = self.authority.pseudonym(id_number)
        if self.known_cards.lost(person, certificate):
            raise Refused("card-lost")
        self.known_cards.note(person, certificate, now_ms)
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
        return request, {"subjects": self._released(person, id_number, request.subjects, now_ms)}

    def release_to_app(self, proof: AppProof, now_ms: int) -> dict[str, object]:
        """Release the subjects of one lookup of a visit that was signed in to with the app, after the access log.

        Raises:
            Refused: `service-unknown`, `subject-refused`, `app-not-enough`.
            StoreFailed: the database refused; nothing was released.
        """
        catalogue = self.catalogue.current()
        _check_purpose(proof.service, proof.subjects, catalogue)
        if proof.service == GREETING or catalogue.parsed.services[proof.service].sign_in != "app":
            raise Refused("app-not-enough")
        if any(catalogue.parsed.subjects[subject].sensitive for subject in proof.subjects):
            raise Refused("app-not-enough")
        self.note_app(proof, now_ms)
        person = self.authority.pseudonym(proof.id_number)
        released = self._released(person, proof.id_number, proof.subjects, now_ms)
        for subject, entry in released.items():
            kept = cast("list[str]", catalogue.subjects[subject].get("card_only", []))
            entry["record"] = _without(entry["record"], frozenset(kept))
        return {"subjects": released}

    def note_app(self, proof: AppProof, now_ms: int) -> None:
        """Write into the access log what leaves for a visit by app. Raises `StoreFailed`."""
        consent = Consent(
            at_ms=now_ms,
            person=self.authority.pseudonym(proof.id_number),
            terminal=proof.terminal.name,
            service=proof.service,
            subjects=proof.subjects,
            session=proof.session,
            nonce=secrets.token_urlsafe(24),
            certificate_hash=proof.sign_in,
            signature=sign1(proof.statement(now_ms), self.authority.signing_key),
        )
        self.store.record_consent(consent)

    def _released(
        self, person: bytes, id_number: str, subjects: Iterable[str], now_ms: int
    ) -> dict[str, dict[str, object]]:
        """What is held of these subjects. The access log is durable when this is called."""
        catalogue = self.catalogue.current()
        today = city_moment(now_ms).date()
        released: dict[str, dict[str, object]] = {}
        for subject in subjects:
            own = self._accesses(person, catalogue) if subject == ACCESS_LOG else None
            live = self.live.get(subject)
            held = self.register.record(id_number, subject) if live is None else live(person, id_number, now_ms)
            record = own or held
            released[subject] = {
                "agency": catalogue.parsed.subjects[subject].agency,
                "updated": updated(record, catalogue.cycles[subject], today),
                "record": None if record is None else {key: record[key] for key in record if key != "updated"},
            }
        return released

    def card_of(self, der: bytes, now: datetime.datetime) -> tuple[x509.Certificate, str]:
        """A card's certificate and the id number in it. Raises `Refused` `card-refused`; its reason names nobody."""
        try:
            certificate = x509.load_der_x509_certificate(der)
            numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
            accepted = self.cards.accepts(certificate, now)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise Refused("card-refused", "the certificate cannot be read") from None
        if card_key.needs_gmssl(certificate):
            raise Refused("card-refused", "this gateway cannot check SM2: pip install 'citizen-kiosk[sm2]'")
        if not accepted:
            raise Refused("card-refused", "the certificate is not from a trusted authority, or not valid today")
        if len(numbers) != 1:
            raise Refused("card-refused", "the certificate names nobody")
        return certificate, str(numbers[0].value)

    def _holder(
        self, request: LookupRequest, terminal: Terminal, now: datetime.datetime
    ) -> tuple[x509.Certificate, str]:
        """The certificate of the card that signed, and whose it is. The reason of a refusal never leaves with it."""
        certificate, id_number = self.card_of(request.certificate, now)
        context = lookup_context(request.nonce, terminal.name, request.service, request.subjects, request.session)
        try:
            fits = card_key.signed(certificate, request.signature, context)
        except card_key.UnknownKey as error:
            raise Refused("card-refused", str(error)) from None
        if not fits:
            raise Refused("card-refused", "the signature does not fit")
        return certificate, id_number

    def _accesses(self, person: bytes, catalogue: SignedCatalogue) -> Record:
        rows: list[dict[str, object]] = []
        for access in self.store.accesses(person, _ACCESS_ROWS):
            service = catalogue.parsed.services.get(access.service)
            agency = (
                _HOUSE_AGENCY if access.service in {SIGN_IN, GREETING} else "" if service is None else service.agency
            )
            subject = catalogue.parsed.subjects.get(access.subject)
            rows.append(
                {
                    "time": city_moment(access.at_ms).isoformat(timespec="seconds"),
                    "terminal": access.terminal,
                    "who": agency,
                    "purpose": access.service,
                    "subject": access.subject,
                    "held_by": "" if subject is None else subject.agency,
                }
            )
        looks = [*_looks(rows), *(look for read in self.read for look in read(person, _ACCESS_ROWS))]
        looks.sort(key=lambda look: str(look["time"]), reverse=True)
        return {"rows": rows, "looks": looks}


def _looks(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """One row for each time somebody looked, with all they saw then; an objection names it by its `id`."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("time", "terminal", "purpose"))
        look = {**{name: row[name] for name in ("time", "who", "purpose", "terminal")}, "subjects": []}
        look["id"] = f"{row['terminal']} {row['time']}"
        cast("list[object]", found.setdefault(key, look)["subjects"]).append(row["subject"])
    return list(found.values())


def _check_purpose(service: str, subjects: Iterable[str], catalogue: SignedCatalogue) -> None:
    """Raises `Refused` for a service or subject that the catalogue does not know, or not together."""
    if service == GREETING:  # only what a definition's greeting names; `all` does not stand for it
        told = (item.greeting for item in catalogue.parsed.services.values())
        named = {item.subject for item in told if item is not None}
        if not all(subject in named and GREETING in catalogue.purposes[subject] for subject in subjects):
            raise Refused("subject-refused")
        return
    if service not in catalogue.parsed.services:
        raise Refused("service-unknown")
    for subject in subjects:
        if subject not in catalogue.parsed.subjects or not catalogue.allows(service, subject):
            raise Refused("subject-refused")


def _without(value: object, keys: frozenset[str]) -> object:
    """A record without these keys, wherever they stand in it."""
    if isinstance(value, Mapping):
        held = cast("Mapping[str, object]", value)
        return {key: _without(item, keys) for key, item in held.items() if key not in keys}
    if isinstance(value, list | tuple):
        return [_without(item, keys) for item in cast("list[object]", value)]
    return value
