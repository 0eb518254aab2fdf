"""The desk where a citizen shares a licence for a purpose and a time, or stops all that was shared.

Fields of the entry: `do` (`share`, `stop`), `licence` (its id), `purpose`, `valid` (`5m`, `1d`). Trust A and B only:
what a citizen uploaded or stated is not vouched for (design: services.md 13).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.words.city_time import city_moment
from offline_cache.errors import BadSignature, MalformedMessage
from provisioning.gateway.licences.token import ID_BYTES, ShareToken, read, sign
from provisioning.gateway.messages.post import Strongbox
from provisioning.gateway.offices.desks import Outcome, Request, once
from provisioning.gateway.storage.database import Database, Transaction

VALID_S = {"5m": 300, "1d": 86_400}
SHARED_TRUST = frozenset("AB")
Held = Callable[[str], Mapping[str, object] | None]
"""`lic.elicence` of an id number."""


@dataclass(frozen=True)
class Shared:
    """What whoever scans the code may know. `outcome`: `good`, `expired`, `stopped`, `forged`, `unreadable`."""

    outcome: str
    token: ShareToken | None = None
    facts: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    views: int = 0
    """How often it was looked at, this time included."""


class LicenceDesk:
    """`Desk` for shared licences."""

    def __init__(
        self, database: Database, held: Held, key: Ed25519PrivateKey, secret: bytes, address: Callable[[], str]
    ) -> None:
        self._database = database
        self._held = held
        self._key = key
        self._box = Strongbox(secret)
        self._address = address

    def settle(self, request: Request) -> Outcome:
        """Share or stop, once. Raises `StoreFailed`."""
        if request.proof is None or not request.person:
            return Outcome("card-refused")
        id_number = request.proof.id_number
        licence = self._licence(id_number, request.answers.get("licence", ""))
        return once(self._database, request.key, lambda db: self._do(db, request, licence))

    def _licence(self, id_number: str, wanted: str) -> Mapping[str, object] | None:
        rows = (self._held(id_number) or {}).get("licences", [])
        return next((row for row in cast("list[Mapping[str, object]]", rows) if row.get("id") == wanted), None)

    def _do(self, db: Transaction, request: Request, licence: Mapping[str, object] | None) -> Outcome:
        answers, now_ms = request.answers, request.received_ms
        if answers.get("do") == "stop":
            sql = "UPDATE licence_share SET stopped_ms = ? WHERE person = ? AND stopped_ms = 0 AND expires_ms > ?"
            return Outcome("", {"stopped": str(db.run(sql, now_ms, request.person, now_ms))})
        seconds = VALID_S.get(answers.get("valid", ""))
        if answers.get("do") != "share" or seconds is None or not answers.get("purpose"):
            return Outcome("action-unknown")
        if licence is None or licence.get("state") != "valid":
            return Outcome("licence-not-yours")
        if licence.get("trust") not in SHARED_TRUST:
            return Outcome("not-vouched-for")
        # A day's delay on the line does not give a longer life: the time counts from when it was asked for.
        expires_ms = request.recorded_ms + seconds * 1000
        if expires_ms <= now_ms:
            return Outcome("too-late")
        token = ShareToken(secrets.token_bytes(ID_BYTES), str(licence["type"]), answers["purpose"], expires_ms // 1000)
        facts = {name: str(licence.get(name, "")) for name in ("type", "agency", "trust", "from", "to")}
        facts["holder"] = masked(str(licence.get("holder", "")))
        sealed = self._box.close(facts, token.id.hex())
        row = (token.id, request.person, sealed, now_ms, expires_ms)
        db.run("INSERT INTO licence_share VALUES (?, ?, ?, ?, ?, 0, 0)", *row)
        until = city_moment(expires_ms).isoformat(timespec="minutes")
        return Outcome("", {"share": f"{self._address()}/l?t={sign(token, self._key)}", "until": until[:16]})

    def look(self, text: str, now_ms: int) -> Shared:
        """Somebody scanned a code. Raises `StoreFailed`."""
        try:
            token = read(text, self._key.public_key())
        except MalformedMessage:
            return Shared("unreadable")
        except BadSignature:
            return Shared("forged")
        sql = """UPDATE licence_share SET views = views + 1 WHERE id = ? AND stopped_ms = 0 AND expires_ms > ?
            RETURNING sealed, views"""
        with self._database.transaction() as db:
            row = db.row(sql, token.id, now_ms)
        if row is None:
            return Shared("expired" if token.expires_s * 1000 <= now_ms else "stopped", token)
        return Shared("good", token, self._box.open(bytes(row[0]), token.id.hex()), row[1])


def masked(name: str) -> str:
    """陈*娴: the first and the last character."""
    return name if len(name) < 2 else f"{name[0]}*{name[-1] if len(name) > 2 else ''}"
