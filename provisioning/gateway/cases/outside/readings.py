"""Which agency read whose application, and when: written down before it is handed out, shown to its citizen.

An agency that asks for its desk every minute has read an application once a day, not a thousand times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioning.gateway.cases.files import CaseFile
from provisioning.gateway.cases.workdays import city_time
from provisioning.gateway.storage.database import Database

SEEN = "case.case"
"""The subject under which the citizen finds what was seen: the application."""


class Readings:
    """The table `case_reading`, on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, agency: str, cases: Sequence[CaseFile], now_ms: int) -> None:
        """Write down that these applications were read; nobody's case is nobody's to be told. Raises `StoreFailed`."""
        day = city_time(now_ms)[:10]
        sql = "INSERT INTO case_reading VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        with self._database.transaction() as db:
            for case in cases:
                if case.person:
                    db.run(sql, case.person, agency, case.number, case.service, day, now_ms)

    def looks(self, person: bytes, limit: int) -> list[dict[str, Any]]:
        """The rows of `audit.access` for one person, the newest first. Raises `StoreFailed`."""
        sql = """SELECT agency, number, service, at_ms FROM case_reading WHERE person = ?
            ORDER BY at_ms DESC, agency, number LIMIT ?"""
        with self._database.reading() as db:
            rows = db.rows(sql, person, limit)
        return [
            {"time": city_time(at_ms), "who": agency, "purpose": service, "terminal": "", "case": number,
             "subjects": [SEEN], "id": f"{agency} {number} {city_time(at_ms)}"}
            for agency, number, service, at_ms in rows
        ]  # fmt: skip
