"""Terminals, invites, nonces, consents and the catalogue's number."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from provisioning.gateway.authority import IssuedCertificate
from provisioning.gateway.storage.database import Database, Statement, Transaction
from provisioning.gateway.store import Access, Admission, Consent, InviteInvalid, Terminal, TerminalSummary

_SUMMARY = """SELECT name, model, site, enrolled_ms, last_seen_ms,
    (SELECT coalesce(sum(acked_through), 0) FROM epoch WHERE epoch.terminal = name),
    (SELECT count(*) FROM epoch WHERE epoch.terminal = name),
    (SELECT count(DISTINCT epoch_number) < count(*) FROM epoch WHERE epoch.terminal = name),
    (SELECT coalesce(max(not_after_ms), 0) FROM certificate WHERE certificate.terminal = name AND revoked = 0),
    NOT EXISTS (SELECT 1 FROM certificate WHERE certificate.terminal = name AND revoked = 0)
    FROM terminal ORDER BY length(name), name"""


class TerminalTables:
    """The part of `Store` that knows who comes and what was released to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_invite(self, token_hash: bytes, site: Mapping[str, str], expires_ms: int) -> None:
        with self._database.transaction() as db:
            db.run("INSERT INTO invite VALUES (?, ?, ?, NULL)", token_hash, _text(site), expires_ms)

    def admit(
        self,
        token_hash: bytes,
        now_ms: int,
        device: str,
        model: str,
        certify: Callable[[str], IssuedCertificate],
    ) -> Admission:
        with self._database.transaction() as db:
            db.alone("admit")
            invite = db.row(
                "SELECT site FROM invite WHERE token_hash = ? AND terminal IS NULL AND expires_ms > ?",
                token_hash,
                now_ms,
            )
            if invite is None:
                raise InviteInvalid("the token is unknown, used or expired")
            known = db.row("SELECT name FROM terminal WHERE device = ?", device)
            if known is None:
                (count,) = db.row("SELECT count(*) FROM terminal") or (0,)
                name = f"T{int(count) + 1:04d}"
                values = (name, device, model, invite[0], now_ms, now_ms)
                db.run("INSERT INTO terminal VALUES (?, ?, ?, ?, ?, ?)", *values)
            else:
                name = str(known[0])
                db.run("UPDATE certificate SET revoked = 1 WHERE terminal = ?", name)
                sql = "UPDATE terminal SET model = ?, site = ?, last_seen_ms = ? WHERE name = ?"
                db.run(sql, model, invite[0], now_ms, name)
            issued = certify(name)
            values = (issued.fingerprint, name, issued.public_key, issued.not_after_ms)
            db.run("INSERT INTO certificate VALUES (?, ?, ?, ?, 0)", *values)
            db.run("UPDATE invite SET terminal = ? WHERE token_hash = ?", name, token_hash)
            return Admission(name, issued, _words(invite[0]))

    def terminal_of(self, fingerprint: bytes) -> Terminal | None:
        sql = """SELECT name, device, public_key, revoked FROM certificate JOIN terminal ON name = terminal
            WHERE fingerprint = ?"""
        with self._database.reading() as db:
            row = db.row(sql, fingerprint)
        return None if row is None else Terminal(row[0], row[1], bytes(row[2]), bool(row[3]))

    def keys_of(self, terminal: str) -> tuple[tuple[bytes, bool], ...]:
        with self._database.reading() as db:
            rows = db.rows("SELECT public_key, revoked FROM certificate WHERE terminal = ?", terminal)
        return tuple((bytes(row[0]), bool(row[1])) for row in rows)

    def touch(self, terminal: str, now_ms: int) -> None:
        with self._database.transaction() as db:
            touch(db, terminal, now_ms)

    def revoke(self, terminal: str) -> bool:
        with self._database.transaction() as db:
            return db.run("UPDATE certificate SET revoked = 1 WHERE terminal = ?", terminal) > 0

    def terminals(self) -> tuple[TerminalSummary, ...]:
        with self._database.reading() as db:
            rows = db.rows(_SUMMARY)
        return tuple(
            TerminalSummary(
                row[0], row[1], _words(row[2]), row[3], row[4], int(row[5]), row[6], bool(row[7]), row[8], bool(row[9])
            )
            for row in rows
        )

    # --- lookups ----------------------------------------------------------------------------------------------------

    def add_nonce(self, nonce: str, terminal: str, now_ms: int, expires_ms: int) -> None:
        with self._database.transaction() as db:
            db.run("DELETE FROM nonce WHERE expires_ms <= ?", now_ms)
            db.run("INSERT INTO nonce VALUES (?, ?, ?)", nonce, terminal, expires_ms)
            touch(db, terminal, now_ms)

    def take_nonce(self, nonce: str, terminal: str, now_ms: int) -> bool:
        sql = "DELETE FROM nonce WHERE nonce = ? AND terminal = ? AND expires_ms > ?"
        with self._database.transaction() as db:
            return db.run(sql, nonce, terminal, now_ms) == 1

    def record_consent(self, consent: Consent) -> None:
        with self._database.transaction() as db:
            made = db.row(
                "INSERT INTO consent (at_ms, person, terminal, service, subjects, session, nonce, certificate_hash,"
                " signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                consent.at_ms,
                consent.person,
                consent.terminal,
                consent.service,
                " ".join(consent.subjects),
                consent.session,
                consent.nonce,
                consent.certificate_hash,
                consent.signature,
            )
            why = (made or (None,))[0], consent.person, consent.at_ms, consent.terminal, consent.service
            columns = "consent, person, at_ms, terminal, service, subject"
            db.insert("access", columns, [(*why, subject) for subject in consent.subjects])

    def accesses(self, person: bytes, limit: int) -> tuple[Access, ...]:
        sql = "SELECT at_ms, terminal, service, subject FROM access WHERE person = ? ORDER BY id DESC LIMIT ?"
        with self._database.reading() as db:
            return tuple(Access(*row) for row in db.rows(sql, person, limit))

    def catalogue_number(self, content_hash: bytes) -> int:
        """Content that returns to an earlier state gets a new number: versions only grow."""
        latest = "SELECT number, hash FROM catalogue ORDER BY number DESC LIMIT 1"
        with self._database.reading() as db:
            held = db.row(latest)
        if held is not None and held[1] == content_hash:
            return int(held[0])
        with self._database.transaction() as db:
            db.alone("catalogue")
            held = db.row(latest)
            if held is None or held[1] != content_hash:
                db.run("DELETE FROM catalogue WHERE hash = ?", content_hash)
                held = db.row("INSERT INTO catalogue (hash) VALUES (?) RETURNING number", content_hash)
            return int((held or (0,))[0])


def touch(db: Transaction, terminal: str, now_ms: int) -> None:
    """Note that a terminal was seen; the terminal's row stays locked until the transaction ends."""
    sql, values = seen(terminal, now_ms)
    db.run(sql, *values)


def seen(terminal: str, now_ms: int) -> Statement:
    """As `touch`, to travel with others."""
    sql = "UPDATE terminal SET last_seen_ms = CASE WHEN last_seen_ms > ? THEN last_seen_ms ELSE ? END WHERE name = ?"
    return sql, (now_ms, now_ms, terminal)


def _text(site: Mapping[str, str]) -> str:
    return json.dumps(dict(site), ensure_ascii=False, sort_keys=True)


def _words(text: object) -> dict[str, str]:
    return cast("dict[str, str]", json.loads(str(text)))
