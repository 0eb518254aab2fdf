"""How citizens want to be reached: what they changed at a terminal, and e-mail addresses proved by a code.

A changed address counts from when its owner has typed the code that was sent there; until then the old one stands.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from provisioning.gateway.messages.post import Message, Post
from provisioning.gateway.storage.database import Transaction

Record = Mapping[str, object]
CODE_DIGITS = 6
CODE_TRIES = 5
CODE_HOURS = 24
FIELDS = ("phone", "email", "language", "notify")
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Proof:
    """What the page is told of a code that was typed."""

    outcome: str
    """`proved`, `wrong`, or `over`: unknown, too late, too often wrong, or used."""
    tries_left: int = 0


class Contacts:
    """The tables `contact` and `email_proof`. People are pseudonyms; what they gave is sealed."""

    def __init__(self, post: Post, code_key: bytes) -> None:
        self._post = post
        self._code_key = code_key

    def record(self, person: bytes, held: Record | None) -> Record | None:
        """`msg.contact`: what the city held, with what the citizen changed; `held` where they changed nothing."""
        with self._post.database.reading() as db:
            return self.over(db, person, held)

    def over(self, db: Transaction, person: bytes, held: Record | None) -> Record | None:
        """The same as `record`, inside a transaction of the caller."""
        row = db.row("SELECT sealed, changed_ms FROM contact WHERE person = ?", person)
        if row is None:
            return held
        return {**(held or dict.fromkeys(FIELDS, "")), **self._post.box.open(bytes(row[0]), _context(person))}

    def change(self, db: Transaction, person: bytes, held: Record | None, given: Mapping[str, str], now_ms: int) -> str:
        """Keep what an entry says, in its transaction. Returns the address that must be proved first, or nothing."""
        now = self.over(db, person, held) or {}
        email = given.get("email", "")
        keep = {name: given.get(name, str(now.get(name, ""))) for name in FIELDS}
        unproved = bool(email) and email != now.get("email")
        if unproved:
            keep["email"] = str(now.get("email", ""))
            if keep["notify"] == "email" and not keep["email"]:
                keep["notify"] = str(now.get("notify", "")) or "sms"
        self._keep(db, person, keep, now_ms)
        return email if unproved else ""

    def _keep(self, db: Transaction, person: bytes, keep: Mapping[str, str], now_ms: int) -> None:
        sealed = self._post.box.close(keep, _context(person))
        sql = """INSERT INTO contact VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed,
            changed_ms = excluded.changed_ms"""
        db.run(sql, person, sealed, now_ms)

    def ask_proof(
        self, db: Transaction, person: bytes, email: str, wish: Mapping[str, str], cause: str, now_ms: int
    ) -> Message:
        """Make a code for an address; an earlier one of this person is void. The message still has to be put.

        The same cause again gives the same code. `wish`: `notify` and `language`, taken over with the address.
        """
        proof = hmac.digest(self._code_key, f"proof:{cause}".encode(), sha256)[:16].hex()
        number = int.from_bytes(hmac.digest(self._code_key, f"code:{proof}".encode(), sha256)[:8])
        code = f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
        sealed = self._post.box.close({**wish, "email": email}, proof)
        expires_ms = now_ms + CODE_HOURS * _HOUR_MS
        db.run("DELETE FROM email_proof WHERE (person = ? AND id <> ?) OR expires_ms < ?", person, proof, now_ms)
        row = (proof, person, sealed, self._hash(proof, code), CODE_TRIES, expires_ms)
        db.run("INSERT INTO email_proof VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING", *row)
        values = {"code": code, "proof": proof, "hours": str(CODE_HOURS)}
        return Message(cause, "email", email, "email-code", wish.get("language", ""), "", values)

    def prove(self, proof: str, code: str, now_ms: int) -> Proof:
        """A code was typed. Five wrong ones, or a day, and another must be asked for. Raises `StoreFailed`."""
        sql = "SELECT person, sealed, code_hash, tries_left, expires_ms, proved_ms FROM email_proof WHERE id = ?"
        with self._post.database.transaction() as db:
            db.alone("email-proof")
            row = db.row(sql, proof)
            if row is None or row[3] <= 0 or row[4] < now_ms or row[5]:
                return Proof("over")
            if not hmac.compare_digest(bytes(row[2]), self._hash(proof, code)):
                db.run("UPDATE email_proof SET tries_left = tries_left - 1 WHERE id = ?", proof)
                return Proof("wrong", row[3] - 1) if row[3] > 1 else Proof("over")
            db.run("UPDATE email_proof SET proved_ms = ? WHERE id = ?", now_ms, proof)
            given = self._post.box.open(bytes(row[1]), proof)
            now = self.over(db, bytes(row[0]), None) or {}
            self._keep(db, bytes(row[0]), {**{name: str(now.get(name, "")) for name in FIELDS}, **given}, now_ms)
            return Proof("proved")

    def _hash(self, proof: str, code: str) -> bytes:
        return hmac.digest(self._code_key, f"{proof}:{code.strip()}".encode(), sha256)


def _context(person: bytes) -> str:
    return f"contact:{person.hex()}"
