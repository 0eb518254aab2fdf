"""The subscriber's side: takes pages into its own database, each item with exactly one effect.

The effect of a page and the place behind it are one transaction. Whoever dies in between finds neither, and asks for
the same page again; a page that was taken already, or that another process of the subscriber takes at the same time,
finds the place moved and has no effect. This is all that "exactly once" needs, whatever carries the pages.
"""

from __future__ import annotations

from collections.abc import Callable

from provisioning.gateway.exchange.stream import Item, Page
from provisioning.gateway.storage.database import Database, Transaction

INBOX_TABLE = "CREATE TABLE IF NOT EXISTS exchange_place (topic TEXT PRIMARY KEY, position BIGINT NOT NULL)"
Fetch = Callable[[int], Page]
Effect = Callable[[Transaction, Item], None]


class Inbox:
    """One topic's place in a subscriber's database."""

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic
        with database.transaction() as db:
            db.alone("exchange-place")
            db.run(INBOX_TABLE)
            db.run("INSERT INTO exchange_place VALUES (?, 0) ON CONFLICT DO NOTHING", topic)

    def place(self) -> int:
        """Behind what the next page is."""
        with self._database.reading() as db:
            row = db.row("SELECT position FROM exchange_place WHERE topic = ?", self._topic)
        return 0 if row is None else int(row[0])

    def take(self, fetch: Fetch, effect: Effect) -> Page | None:
        """Fetch one page and let it have its effect. None where another process took it. Raises what both raise."""
        before = self.place()
        page = fetch(before)
        if page.next == before:
            return page
        sql = "UPDATE exchange_place SET position = ? WHERE topic = ? AND position = ?"
        with self._database.transaction() as db:
            if db.run(sql, page.next, self._topic, before) != 1:
                return None
            for item in page.items:
                effect(db, item)
        return page
