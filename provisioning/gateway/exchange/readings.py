"""Which agency read whose entry on the exchange: written down before it is handed out, shown to its citizen.

A subscriber that asks again for the same page has read each entry of it once: the first time is what stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from provisioning.gateway.cases.clerk import case_number
from provisioning.gateway.cases.workdays import city_time
from provisioning.gateway.exchange.stream import Item
from provisioning.gateway.exchange.subscribers import EVERYTHING, Subscriber
from provisioning.gateway.storage.database import Database

SEEN = "case.case"
"""The subject under which the citizen finds what was seen: the application."""
KEEPER = "data"
"""The agency whose archive or auditor a subscriber to everything is: it runs the exchange."""


class ExchangeReadings:
    """The table `exchange_reading`, on either database. People are pseudonyms."""

    def __init__(self, database: Database, pseudonym: Callable[[str], bytes]) -> None:
        self._database = database
        self._pseudonym = pseudonym

    def note(self, who: Subscriber, items: Sequence[Item], now_ms: int) -> None:
        """Write down that these entries were read; one that names nobody is nobody's to be told. `StoreFailed`."""
        agency = KEEPER if who.agency == EVERYTHING else who.agency
        rows = [
            (self._pseudonym(rid), who.name, agency, item.position, case_number(str(document.get("number", ""))),
             str(document.get("service", "")), now_ms)
            for item in items
            if (document := _document(item)) and (rid := _holder(document))
        ]  # fmt: skip
        if not rows:
            return
        with self._database.transaction() as db:
            db.many("INSERT INTO exchange_reading VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)

    def looks(self, person: bytes, limit: int) -> list[dict[str, Any]]:
        """The rows of `audit.access` for one person, the newest first. Raises `StoreFailed`."""
        sql = """SELECT subscriber, agency, number, service, at_ms FROM exchange_reading WHERE person = ?
            ORDER BY at_ms DESC, subscriber, position LIMIT ?"""
        with self._database.reading() as db:
            rows = db.rows(sql, person, limit)
        return [
            {"time": city_time(at_ms), "who": agency, "purpose": service, "terminal": "", "case": number,
             "subjects": [SEEN], "id": f"{subscriber} {number} {city_time(at_ms)}"}
            for subscriber, agency, number, service, at_ms in rows
        ]  # fmt: skip


def _document(item: Item) -> Mapping[str, object]:
    return cast("Mapping[str, object] | None", item.facts.get("document")) or {}


def _holder(document: Mapping[str, object]) -> str:
    holder = document.get("holder")
    return str(cast("Mapping[str, object]", holder).get("id_number", "")) if isinstance(holder, dict) else ""
