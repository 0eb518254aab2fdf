"""The second factor of a case's page: a code sent to the telephone or address that the citizen left, never shown here.

Ten minutes, five tries, one a minute: whoever has the receipt alone sees how the case stands and nothing of a person.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

from provisioning.gateway.cases import files
from provisioning.gateway.messages.feed import Document
from provisioning.gateway.messages.post import Message, Post
from provisioning.gateway.storage.database import Database

DIGITS = 6
TRIES = 5
LIFE_MS = 600_000
AGAIN_MS = 60_000
TEXT = "case-code"


class CaseCodes:
    """The table `case_code`. Every method raises `StoreFailed`."""

    def __init__(self, database: Database, post: Post, key: bytes) -> None:
        self._database = database
        self._post = post
        self._key = key

    def send(self, number: str, way: str, to: str, language: str, now_ms: int) -> bool:
        """Send a new code; False within a minute of the last one. An earlier code is void."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        with self._database.transaction() as db:
            db.alone(files.CASES)
            row = db.row("SELECT expires_ms FROM case_code WHERE number = ?", number)
            if row is not None and row[0] - LIFE_MS + AGAIN_MS > now_ms:
                return False
            sql = """INSERT INTO case_code VALUES (?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET hash = excluded.hash,
                tries = excluded.tries, expires_ms = excluded.expires_ms"""
            db.run(sql, number, self._hash(number, code), TRIES, now_ms + LIFE_MS)
            cause = f"case-code:{number}:{now_ms}"
            self._post.put(db, [Message(cause, way, to, TEXT, language, number, {"code": code})], now_ms)
        return True

    def check(self, number: str, code: str, now_ms: int) -> bool:
        """Whether this is the code; it opens one page and is used up by that. Wrong ones are counted."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            row = db.row("SELECT hash, tries, expires_ms FROM case_code WHERE number = ?", number)
            if row is None or row[1] <= 0 or row[2] < now_ms:
                return False
            good = hmac.compare_digest(bytes(row[0]), self._hash(number, code.strip()))
            tries = 0 if good else row[1] - 1
            db.run("UPDATE case_code SET tries = ? WHERE number = ?", tries, number)
            return good

    def _hash(self, number: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{number}:{code}".encode(), sha256)


def reach(document: Document, contact: Mapping[str, object] | None) -> tuple[str, str]:
    """Way and address for the code: the number left with the application, else what the city knows; empty: none."""
    fields = document.get("fields")
    given: dict[str, object] = {}
    for name in ("phone", "email"):
        item = fields.get(name) if isinstance(fields, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        value = item.get("value") if isinstance(item, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        given[name] = value or (contact or {}).get(name) or ""
    for way, name in (("sms", "phone"), ("email", "email")):
        if given[name]:
            return way, str(given[name])
    return "", ""
