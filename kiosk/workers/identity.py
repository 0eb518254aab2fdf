"""The identity cards' reader: one look at a time, for a visit that asks for such a card."""

from __future__ import annotations

from typing import Protocol

from drivers.api import CardFacts, Holder
from drivers.errors import CardMute, DriverError, ReaderGone
from kiosk.session.asking.events import IdentityAbsent, IdentityRead
from kiosk.workers.desks import Post
from kiosk.workers.threads import Worker

BROKEN, UNREADABLE = "identity-reader-gone", "identity-unreadable"


class Reading(Protocol):
    """One card, read."""

    @property
    def facts(self) -> CardFacts: ...

    @property
    def holder(self) -> Holder: ...


class IdentityReader(Protocol):
    """`drivers.readers.sdt_serial.SdtReader`."""

    def look(self) -> Reading | None:
        """Read the card that lies there; None: there is none. Raises the leaves of `DriverError`."""
        ...


class IdentityDesk:
    """Owns the identity cards' reader; None: this terminal has none."""

    def __init__(self, reader: IdentityReader | None, worker: Worker, post: Post) -> None:
        self._reader = reader
        self._worker = worker
        self._post = post

    def look(self, session: int) -> None:
        """Look once; posts `IdentityRead` or `IdentityAbsent`."""
        self._worker.submit(lambda: self._look(session))

    def _look(self, session: int) -> None:
        try:
            found = None if self._reader is None else self._reader.look()
        except (ReaderGone, CardMute):
            self._post(IdentityAbsent(BROKEN, session_id=session))
        except DriverError:
            self._post(IdentityAbsent(UNREADABLE, session_id=session))
        else:
            absent = BROKEN if self._reader is None else ""
            read = None if found is None else IdentityRead(found.facts, found.holder, session_id=session)
            self._post(read or IdentityAbsent(absent, session_id=session))

    def close(self) -> None:
        """End the thread."""
        self._worker.stop()
