"""The one reader of accepted entries: opens each once, in order of arrival, and hands it to whoever works on entries.

A reader's place is kept in the database, so that nothing is passed over when a server stops. An entry may be handed
over more than once (two servers, a stop in between): whoever works on it keeps what it made of (terminal, epoch, seq).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from provisioning.gateway.authority import Authority
from provisioning.gateway.ingest import document_of, submitted_in
from provisioning.gateway.storage.database import Database
from provisioning.gateway.store import Store, StoreFailed

_READER = "offices"
_KEEP_EVERY = 200
"""Entries after which the place is kept even while more are there."""


@dataclass(frozen=True)
class Filed:
    """One accepted entry, opened. The repr shows no document."""

    position: int
    terminal: str
    epoch: str
    seq: int
    id: str
    created_ms: int
    """The terminal's clock."""
    received_ms: int
    document: Mapping[str, object] = field(repr=False)

    @property
    def key(self) -> str:
        """What an entry is known by, for ever."""
        return f"{self.terminal} {self.epoch} {self.seq}"


Handler = Callable[[Filed], None]
"""May be called again for the same entry. What it raises (`StoreFailed`) leaves the entry to the next try."""


class Intake:
    """Reads entries for its handlers. `work` may be called from any thread; one at a time does it."""

    def __init__(self, store: Store, database: Database, authority: Authority) -> None:
        self._store = store
        self._database = database
        self._authority = authority
        self._handlers: list[Handler] = []
        self.give_way: Callable[[], None] = lambda: None
        """Called before each entry: may wait, to leave the machine to those who are sending."""
        self._lock = threading.Lock()

    def add(self, handler: Handler) -> None:
        """Let this one work on entries too; handlers are called in the order in which they were added."""
        self._handlers.append(handler)

    def work(self) -> int:
        """Hand over everything that is new; returns how many entries. Raises `StoreFailed`."""
        if not self._handlers:
            return 0
        with self._lock:
            done, place = 0, self.position()
            for entry in self._store.entries(place):
                self.give_way()
                opened = document_of(entry, self._authority)
                document = submitted_in(opened, entry.terminal, self._store, self._authority)
                if document is not None:
                    row = entry.row
                    filed = Filed(entry.position, entry.terminal, entry.epoch, row.seq, row.id, row.created_ms,
                                  entry.received_ms, document)  # fmt: skip
                    for handler in self._handlers:
                        handler(filed)
                done, place = done + 1, entry.position
                if done % _KEEP_EVERY == 0:
                    self._keep(place)
            if done:
                self._keep(place)
        return done

    def position(self) -> int:
        """How far the entries were read."""
        with self._database.reading() as db:
            row = db.row("SELECT position FROM intake WHERE reader = ?", _READER)
        return 0 if row is None else int(row[0])

    def _keep(self, position: int) -> None:
        sql = """INSERT INTO intake VALUES (?, ?) ON CONFLICT (reader) DO UPDATE SET position = CASE
            WHEN intake.position < excluded.position THEN excluded.position ELSE intake.position END"""
        with self._database.transaction() as db:
            db.run(sql, _READER, position)


class Works(Protocol):
    """Something that does what there is to do."""

    def work(self) -> int:
        """Do it; returns how many things were done. May raise `StoreFailed`; then another try follows."""
        ...


class IntakeThread:
    """Works whenever it is woken, and looks by itself now and then; ends with its gateway."""

    def __init__(
        self, intake: Works, failed: Callable[[str], None], every_s: float = 5.0, name: str = "intake"
    ) -> None:
        self._intake = intake
        self._failed = failed
        self._every_s = every_s
        self._wanted = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new. Returns at once."""
        self._wanted.set()

    def stop(self) -> None:
        """Finish the entry at hand and end."""
        self._over = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._over:
            self._wanted.wait(self._every_s)
            self._wanted.clear()
            try:
                self._intake.work()
            except StoreFailed as error:
                self._failed(error.code)
