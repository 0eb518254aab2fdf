"""What agencies may follow: accepted entries and case events, each in one order that never changes.

`Stream` is the seam of the exchange. Today both topics are tables of the gateway's own PostgreSQL, read by position.
When one PostgreSQL is outgrown (more entries than one disk commits, or more subscribers than it can serve), a log
engine takes its place: Kafka or Redpanda, one partition for each terminal's hash, filled from the journal by position.
A partition and an offset are then what a position is here, and only this module learns of it: subscribers keep what
they were given and ask for what is behind it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from offline_cache.errors import SealBroken
from offline_cache.seal import open_body, unwrap
from provisioning.gateway.authority import Authority
from provisioning.gateway.ingest import submitted_in
from provisioning.gateway.storage.database import Database
from provisioning.gateway.store import Store, StoredEntry

MOST = 500
"""In one page: as many as the journal reads at once."""
_KEYS = 10_000
"""Row keys held, 32 bytes each: a terminal makes one a day, and unwrapping it costs more than all the rest."""


@dataclass(frozen=True)
class Item:
    """One thing that happened."""

    position: int
    agency: str
    """Whose it is; empty: everybody's, or nobody's who could be told."""
    facts: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True)
class Page:
    """What is behind a position."""

    items: tuple[Item, ...]
    next: int
    """Ask for what is behind this; it grows also where nothing on the page was for who asked."""
    more: bool
    """True if there may be more at once."""


class Stream(Protocol):
    """One topic. Safe to call from any thread."""

    def read(self, after: int, limit: int) -> Page:
        """What is behind a position, in order; nothing is ever left out or added before it. Raises `StoreFailed`."""
        ...


class EntryStream:
    """The topic `entries`: every accepted entry, opened, with the document that was submitted.

    Where it carries an entry of a former epoch, the document is that one's; the place is the carrier's.
    """

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority
        self._keys: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()

    def read(self, after: int, limit: int) -> Page:
        found = tuple(self._item(entry) for entry in islice(self._store.entries(after), limit))
        return Page(found, found[-1].position if found else after, len(found) == limit)

    def _item(self, entry: StoredEntry) -> Item:
        document = submitted_in(self._open(entry), entry.terminal, self._store, self._authority)
        row = entry.row
        facts = {
            "terminal": entry.terminal, "epoch": entry.epoch, "seq": row.seq, "id": row.id,
            "received_ms": entry.received_ms, "document": document,
        }  # fmt: skip
        return Item(entry.position, str((document or {}).get("agency", "")), facts)

    def _open(self, entry: StoredEntry) -> dict[str, object] | None:
        """The document; None where no key opens it. An entry that does not open is handed on, never left out."""
        for wrapped in entry.keys:
            if wrapped.gateway_key_id != self._authority.sealing_key_id or wrapped.key_id != entry.row.key_id:
                continue
            place = (entry.terminal, wrapped.key_id, wrapped.enc.hex())
            try:
                key = self._keys.get(place) or unwrap(wrapped, self._authority.sealing_key)
                document = open_body(entry.row, key, entry.device, entry.epoch)
            except SealBroken:
                continue  # it may have been wrapped more than once
            self._keys[place] = key
            while len(self._keys) > _KEYS:
                self._keys.popitem(last=False)
            return document
        return None


class CaseStream:
    """The topic `cases`: what happened to cases. Codes and numbers only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, after: int, limit: int) -> Page:
        sql = """SELECT e.position, e.number, e.kind, e.step, e.agency, e.reason, e.at_ms, f.agency
            FROM case_event e LEFT JOIN case_file f ON f.number = e.number
            WHERE e.position > ? ORDER BY e.position LIMIT ?"""
        with self._database.reading() as db:
            rows = db.rows(sql, after, limit)
        names = ("number", "kind", "step", "agency", "reason", "at_ms")
        found = tuple(Item(row[0], row[4] or row[7] or "", dict(zip(names, row[1:7], strict=True))) for row in rows)
        return Page(found, found[-1].position if found else after, len(found) == limit)
