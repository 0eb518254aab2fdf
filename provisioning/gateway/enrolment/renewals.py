"""Renews the certificate of a key that is certified already: before its end and, unless revoked, for a while after.

The request is signed by the key itself, so it needs no client certificate, which TLS would refuse once it has ended.
The same request gets the same certificate while that is fresh: an answer may be lost on its way.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from offline_cache.wire.fleet.joining import GRACE_DAYS
from provisioning.gateway.authority import TERMINAL_DAYS, Authority, requested_key
from provisioning.gateway.problems import Refused
from provisioning.gateway.store import Store

_DAY_MS = 86_400_000
_FRESH_MS = TERMINAL_DAYS * _DAY_MS * 2 // 3
"""A certificate that is good for longer than this is not made again."""


class Renewals:
    """Raises `StoreFailed`."""

    def __init__(self, store: Store, authority: Authority, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._authority = authority
        self._now_ms = now_ms

    def renew(self, csr: str) -> tuple[str, str]:
        """The terminal's name and its newer certificate, PEM.

        Raises:
            CsrInvalid: not a request that an Ed25519 key signed.
            Refused: `unknown-terminal`, `terminal-revoked`, `certificate-ended`.
        """
        key, now = requested_key(csr).public_bytes_raw(), self._now_ms()
        with self._store.database.transaction() as db:
            db.alone("enrol-renewal")
            rows = db.rows("SELECT terminal, not_after_ms, revoked FROM certificate WHERE public_key = ?", key)
            good = [row for row in rows if not row[2]]
            if not good:
                raise Refused("terminal-revoked" if rows else "unknown-terminal")
            terminal, ends_ms, _ = max(good, key=lambda row: row[1])
            if now >= ends_ms + GRACE_DAYS * _DAY_MS:
                raise Refused("certificate-ended")
            held = db.row("SELECT not_after_ms, certificate FROM enrol_renewal WHERE public_key = ?", key)
            if held is not None and held[0] == ends_ms and ends_ms - now > _FRESH_MS:
                return str(terminal), str(held[1])
            moment = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC)
            made = self._authority.certify(csr, str(terminal), moment)
            values = (made.fingerprint, terminal, made.public_key, made.not_after_ms)
            db.run("INSERT INTO certificate VALUES (?, ?, ?, ?, 0)", *values)
            db.run("DELETE FROM enrol_renewal WHERE public_key = ?", key)
            db.run("INSERT INTO enrol_renewal VALUES (?, ?, ?)", key, made.not_after_ms, made.pem)
            return str(terminal), made.pem
