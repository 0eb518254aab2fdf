"""Cards and their certificates: which were seen, and which were reported lost.

A report blocks every card that was issued to the person up to that moment, at each terminal and for each lookup; a card
issued later is not touched by it. Taking the report back opens them again. Certificates are those of the card's issuer;
the first use of one is its entry here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography import x509

from kiosk.words.city_time import city_moment
from provisioning.gateway.storage.database import Database, Transaction


class CardRegister:
    """The state of people's cards, on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, person: bytes, certificate: x509.Certificate, now_ms: int) -> None:
        """Write down a certificate that was used for the first time. Raises `StoreFailed`."""
        values = (_fingerprint(certificate), person, f"{certificate.serial_number:X}", _issued_ms(certificate), now_ms)
        with self._database.reading() as db:
            if db.row("SELECT 1 FROM card_certificate WHERE fingerprint = ?", values[0]) is not None:
                return
        with self._database.transaction() as db:
            db.run("INSERT INTO card_certificate VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", *values)

    def lost(self, person: bytes, certificate: x509.Certificate) -> bool:
        """Return whether this certificate belongs to a card that was reported lost. Raises `StoreFailed`."""
        reported_ms = self._reported_ms(person)
        return reported_ms is not None and _issued_ms(certificate) <= reported_ms

    def _reported_ms(self, person: bytes) -> int | None:
        with self._database.reading() as db:
            row = db.row("SELECT reported_ms FROM card_loss WHERE person = ? AND lost = 1", person)
        return None if row is None else int(row[0])

    # --- inside a transaction of the caller -------------------------------------------------------------------------

    def report(self, db: Transaction, person: bytes, now_ms: int) -> bool:
        """Block the person's cards. False: they were blocked already."""
        sql = """INSERT INTO card_loss VALUES (?, ?, 1, ?) ON CONFLICT (person) DO UPDATE
            SET reported_ms = excluded.reported_ms, lost = 1, changed_ms = excluded.changed_ms
            WHERE card_loss.lost = 0"""
        return bool(db.run(sql, person, now_ms, now_ms))

    def withdraw(self, db: Transaction, person: bytes, now_ms: int) -> bool:
        """Open them again. False: nothing was reported."""
        sql = "UPDATE card_loss SET lost = 0, changed_ms = ? WHERE person = ? AND lost = 1"
        return bool(db.run(sql, now_ms, person))

    # --- records ----------------------------------------------------------------------------------------------------

    def status(self, person: bytes, held: Mapping[str, object] | None) -> Mapping[str, object]:
        """`card.status`: what the issuer holds (`held`), with its state as it is now."""
        reported_ms = self._reported_ms(person)
        state = "valid" if reported_ms is None else "lost"
        return {**(held or {}), "state": state, "reported": "" if reported_ms is None else _day(reported_ms)}

    def certificates(self, person: bytes) -> Mapping[str, object] | None:
        """`id.certificate`: the person's certificates, the newest first, each `issued` or `revoked`."""
        reported_ms = self._reported_ms(person)
        sql = "SELECT serial, issued_ms FROM card_certificate WHERE person = ? ORDER BY issued_ms DESC, serial"
        with self._database.reading() as db:
            rows = db.rows(sql, person)
        found = [
            {
                "serial": str(serial),
                "status": "revoked" if reported_ms is not None and int(issued_ms) <= reported_ms else "issued",
                "since": _day(int(issued_ms)),
            }
            for serial, issued_ms in rows
        ]
        return {"certificates": found, **found[0]} if found else None


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return hashlib.sha256(certificate.tbs_certificate_bytes).digest()


def _issued_ms(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_before_utc.timestamp() * 1000)


def _day(at_ms: int) -> str:
    return city_moment(at_ms).date().isoformat()
