"""The telephone's own place in the journal: what a citizen hands in there is an entry like any other.

`P0001` is the gateway itself, in the place of a terminal: no certificate was ever issued to it, so no terminal can
write under its name. Its entries are sealed to the gateway's key and chained like a terminal's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from offline_cache.messages import Batch, Row, genesis, next_chain, seal_context
from offline_cache.seal import Recipient, SealingKey
from provisioning.gateway.authority import Authority
from provisioning.gateway.store import Conflict, Gap, Store

PHONE = "P0001"
_DEVICE = "00000000-0000-4000-8000-000000000001"
_EPOCH = hashlib.sha256(b"kiosk telephone 1").hexdigest()[:32]


class PhoneWindow:
    """Writes entries of telephones. Safe to call from any thread."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        public = authority.sealing_key.public_key().public_bytes_raw()
        self._sealing = SealingKey(Recipient(authority.sealing_key_id, public))

    def next_seq(self, now_ms: int) -> int:
        """The next free place; on the first call ever, the window is written down. Raises `StoreFailed`."""
        with self._store.database.transaction() as db:
            values = (PHONE, _DEVICE, "phone", "{}", now_ms, now_ms)
            db.run("INSERT INTO terminal VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", *values)
        return self._head()[0] + 1

    def number(self, seq: int) -> str:
        """The case number of a place."""
        return f"{PHONE}-{seq:06d}"

    def stands(self, seq: int, entry_id: str) -> bool:
        """Whether this entry was stored under this place. Raises `StoreFailed`."""
        line = self._store.line(PHONE, _EPOCH, seq) if seq else None
        return line is not None and line.id == entry_id

    def write(self, document: Mapping[str, object], seq: int, entry_id: str, now_ms: int) -> bool:
        """Store the document under `seq`; False: another took that place. Raises `StoreFailed`."""
        before, head = self._head()
        if before + 1 != seq:
            return False
        body = self._sealing.seal(document, seal_context(_DEVICE, _EPOCH, seq, entry_id))
        row = Row(seq, entry_id, now_ms, "gateway", 0, self._sealing.key_id, body, b"")
        row = row._replace(chain=next_chain(head, row))
        try:
            self._store.append(Batch(PHONE, _DEVICE, _EPOCH, seq, head, (self._sealing.wrapped,), (row,)), now_ms)
        except (Gap, Conflict):
            return False
        return True

    def _head(self) -> tuple[int, bytes]:
        sql = "SELECT acked_through, head FROM epoch WHERE terminal = ? AND epoch = ?"
        with self._store.database.reading() as db:
            row = db.row(sql, PHONE, _EPOCH)
        return (0, genesis(_DEVICE, _EPOCH)) if row is None else (int(row[0]), bytes(row[1]))
