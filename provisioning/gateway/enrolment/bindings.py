"""What a technician bound to a key: a site, for fifteen minutes, once.

The binding is the token: it is named by the hash of key fingerprint and nonce, and only who holds that key can use it.
The certificate is handed out again to the same key for a day, since a plug may be pulled between answer and disk.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from offline_cache.messages import EnrolAnswer
from offline_cache.wire.fleet.joining import LIFE_S, JoinRequest, Offer, fingerprint
from provisioning.gateway.authority import Authority, requested_key
from provisioning.gateway.problems import Refused
from provisioning.gateway.storage.database import Transaction
from provisioning.gateway.store import Store

AGAIN_S = 24 * 3600
_CLAIM_S = 30
BoundState = Literal["unknown", "bound", "joined", "expired", "cancelled"]


@dataclass(frozen=True)
class Bound:
    """How an offer stands at the gateway."""

    state: BoundState
    site: Mapping[str, str]
    expires_ms: int = 0
    terminal: str = ""


def key_of(mark: str, nonce: str) -> bytes:
    """What a binding is named by."""
    return hashlib.sha256(f"kiosk-binding-1 {mark} {nonce}".encode()).digest()


class Bindings:
    """Raises `StoreFailed`."""

    def __init__(self, store: Store, authority: Authority, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._authority = authority
        self._now_ms = now_ms

    def bind(self, offer: Offer, site: Mapping[str, str]) -> Bound:
        """A technician has picked the site. While it is not used, another site may be picked; its time goes on.

        Raises:
            Refused: `token-used`, `token-expired`, `token-cancelled`.
        """
        now, key = self._now_ms(), key_of(offer.fingerprint, offer.nonce)
        text = json.dumps(dict(site), ensure_ascii=False, sort_keys=True)
        with self._store.database.transaction() as db:
            db.alone("enrol-binding")
            before = db.row("SELECT expires_ms, cancelled_ms, terminal FROM enrol_binding WHERE key = ?", key)
            if before is None:
                values = (key, offer.model, offer.serial, text, now, now + LIFE_S * 1000)
                db.run("INSERT INTO enrol_binding VALUES (?, ?, ?, ?, ?, ?, 0, 0, '', '')", *values)
            else:
                self._usable(*before)
                db.run("UPDATE enrol_binding SET site = ? WHERE key = ? AND claimed_ms = 0", text, key)
        return self.look(offer)

    def look(self, offer: Offer) -> Bound:
        """How an offer stands."""
        sql = "SELECT site, expires_ms, cancelled_ms, terminal FROM enrol_binding WHERE key = ?"
        with self._store.database.reading() as db:
            row = db.row(sql, key_of(offer.fingerprint, offer.nonce))
        if row is None:
            return Bound("unknown", {})
        site, expires, cancelled, terminal = json.loads(row[0]), int(row[1]), row[2], str(row[3])
        state: BoundState = (
            "cancelled" if cancelled else "joined" if terminal else "expired" if expires <= self._now_ms() else "bound"
        )
        return Bound(state, site, expires, terminal)

    def unbind(self, offer: Offer) -> str:
        """It was the wrong one: the code is good no more, and who joined by it is revoked. Returns that terminal."""
        key, now = key_of(offer.fingerprint, offer.nonce), self._now_ms()
        with self._store.database.transaction() as db:
            db.alone("enrol-binding")
            db.run("UPDATE enrol_binding SET cancelled_ms = ? WHERE key = ? AND cancelled_ms = 0", now, key)
            row = db.row("SELECT terminal FROM enrol_binding WHERE key = ?", key)
            terminal = "" if row is None else str(row[0])
            if terminal:
                db.run("UPDATE certificate SET revoked = 1 WHERE terminal = ?", terminal)
        return terminal

    def join(self, asked: JoinRequest) -> EnrolAnswer | None:
        """The terminal asks: its certificate, or None while no technician has decided.

        Raises:
            Refused: `malformed`, `token-expired`, `token-cancelled`, `token-used`.
            CsrInvalid: not a request for an Ed25519 key.
        """
        mark = fingerprint(requested_key(asked.csr))
        key, now = key_of(mark, asked.nonce), self._now_ms()
        with self._store.database.transaction() as db:
            columns = "site, expires_ms, cancelled_ms, terminal, certificate"
            row = db.row(f"SELECT {columns} FROM enrol_binding WHERE key = ?", key)  # noqa: S608 - fixed columns
            if row is None:
                return None
            site, expires, cancelled, terminal, certificate = row
            if certificate and not cancelled and now < expires + AGAIN_S * 1000 and _good(db, certificate):
                return self._answer(terminal, certificate, json.loads(site))
            self._usable(expires, cancelled, terminal)
            sql = "UPDATE enrol_binding SET claimed_ms = ? WHERE key = ? AND terminal = '' AND claimed_ms < ?"
            if db.run(sql, now, key, now - _CLAIM_S * 1000) != 1:
                return None  # the same request is at work; it is asked again
        return self._admit(asked, key, json.loads(site), now)

    def _usable(self, expires_ms: int, cancelled_ms: int, terminal: str) -> None:
        if cancelled_ms:
            raise Refused("token-cancelled")
        if terminal:
            raise Refused("token-used")
        if expires_ms <= self._now_ms():
            raise Refused("token-expired")

    def _admit(self, asked: JoinRequest, key: bytes, site: Mapping[str, str], now_ms: int) -> EnrolAnswer:
        token = secrets.token_bytes(32)
        now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        self._store.add_invite(token, site, now_ms + LIFE_S * 1000)
        admission = self._store.admit(
            token, now_ms, asked.device, asked.model, lambda name: self._authority.certify(asked.csr, name, now)
        )
        pem = admission.certificate.pem
        with self._store.database.transaction() as db:
            db.alone("enrol-binding")
            sql = "UPDATE enrol_binding SET terminal = ?, certificate = ? WHERE key = ? AND cancelled_ms = 0"
            kept = db.run(sql, admission.terminal, pem, key)
            if not kept:  # unbound in this very moment
                db.run("UPDATE certificate SET revoked = 1 WHERE terminal = ?", admission.terminal)
        if not kept:
            raise Refused("token-cancelled")
        return self._answer(admission.terminal, pem, site)

    def _answer(self, terminal: str, certificate: str, site: Mapping[str, str]) -> EnrolAnswer:
        authority = self._authority
        return EnrolAnswer(
            terminal=terminal,
            certificate=certificate,
            ca=authority.ca_pem,
            sealing_key_id=authority.sealing_key_id,
            sealing_key=authority.sealing_key.public_key().public_bytes_raw(),
            signing_key=authority.signing_key.public_key().public_bytes_raw(),
            site=dict(site),
        )


def _good(db: Transaction, pem: str) -> bool:
    """Whether a certificate that was handed out is not revoked."""
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
    row = db.row("SELECT revoked FROM certificate WHERE fingerprint = ?", hashlib.sha256(der).digest())
    return row is not None and not row[0]
