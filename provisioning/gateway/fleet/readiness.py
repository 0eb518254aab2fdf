"""Readiness reports of terminals: taken from accepted entries, judged by the terminal's own key, the newest kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire.fleet import readiness as wire
from provisioning.gateway.offices.intake import Filed
from provisioning.gateway.storage.database import Database


@dataclass(frozen=True)
class Ready:
    """The newest report of a terminal. `genuine`: signed with a key that the gateway certified for it."""

    terminal: str
    received_ms: int
    genuine: bool
    report: Mapping[str, object]
    signature: str

    @property
    def rows(self) -> tuple[tuple[str, str, Mapping[str, str]], ...]:
        """Name, mark and facts of each proof."""
        found = cast("list[Mapping[str, object]]", self.report["proofs"])
        return tuple((str(one["name"]), str(one["mark"]), cast("Mapping[str, str]", one["facts"])) for one in found)


class Readiness:
    """A handler of the intake, and what the pages ask. Raises `StoreFailed`; other entries are left alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, filed: Filed) -> None:
        """Keep a report in the place of an older one of the same terminal."""
        document = filed.document
        if document.get("kind") != wire.KIND:
            return
        signature = document.get("signature")
        try:
            report = wire.check(document.get("report"))
        except MalformedMessage:
            return  # stored as it came; there is nothing to show of it
        if not isinstance(signature, str):
            return
        genuine = report.get("terminal") == filed.terminal and self._signed(filed.terminal, report, signature)
        sql = """INSERT INTO fleet_readiness VALUES (?, ?, ?, ?, ?) ON CONFLICT (terminal) DO UPDATE SET
            received_ms = excluded.received_ms, genuine = excluded.genuine, report = excluded.report,
            signature = excluded.signature WHERE excluded.received_ms >= fleet_readiness.received_ms"""
        text = json.dumps(dict(report), ensure_ascii=False)
        with self._database.transaction() as db:
            db.run(sql, filed.terminal, filed.received_ms, int(genuine), text, signature)

    def _signed(self, terminal: str, report: Mapping[str, object], signature: str) -> bool:
        with self._database.reading() as db:
            keys = db.rows("SELECT public_key FROM certificate WHERE terminal = ?", terminal)
        for (raw,) in keys:
            try:
                wire.verify(report, signature, Ed25519PublicKey.from_public_bytes(bytes(raw)))
            except (BadSignature, ValueError):
                continue
            return True
        return False

    def of(self, terminal: str) -> Ready | None:
        """The newest report of a terminal, or None."""
        sql = "SELECT received_ms, genuine, report, signature FROM fleet_readiness WHERE terminal = ?"
        with self._database.reading() as db:
            row = db.row(sql, terminal)
        if row is None:
            return None
        report = cast("Mapping[str, object]", json.loads(row[2]))
        return Ready(terminal, row[0], bool(row[1]), report, row[3])
