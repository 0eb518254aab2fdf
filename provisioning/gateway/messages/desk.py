"""The messages of one gateway, put together: what happens comes in, messages go out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from provisioning.gateway.ingest import document_of, submitted_in
from provisioning.gateway.messages.calls import Calls
from provisioning.gateway.messages.carriers import Carriers
from provisioning.gateway.messages.contact import Contacts
from provisioning.gateway.messages.courier import Delivered, deliver
from provisioning.gateway.messages.feed import Document, Feeds, Said, Sources
from provisioning.gateway.messages.post import Post, Strongbox
from provisioning.gateway.messages.texts import Texts
from provisioning.gateway.release import Releaser
from provisioning.gateway.store import Store

CONTACT = "msg.contact"
_VERDICTS = """SELECT v.position, v.terminal, v.epoch, v.seq, verdict, v.reason, coalesce(result, ''), number
    FROM verdict v LEFT JOIN verdict_result r ON r.position = v.position
    LEFT JOIN case_file c ON c.terminal = v.terminal AND c.epoch = v.epoch AND c.seq = v.seq
    WHERE v.position > ? ORDER BY v.position LIMIT ?"""
"""With the number of the entry's case: a case tells its own news."""


class MessageDesk:
    """Queue, contacts, calls and feeds over one database."""

    def __init__(
        self, store: Store, releaser: Releaser, texts: Texts, carriers: Carriers, now_ms: Callable[[], int]
    ) -> None:
        authority, register = releaser.authority, releaser.register
        self._store = store
        self._authority = authority
        self._catalogue = releaser.catalogue
        self._register = register
        self._now_ms = now_ms
        self.texts = texts
        self.carriers = carriers
        self.address = ""
        """Where citizens reach the gateway's pages, unless the settings name another place; empty: nobody knows."""
        self.post = Post(store.database, Strongbox(authority.secret("messages")), authority.ca_hash[:12])
        self.contacts = Contacts(self.post, authority.secret("e-mail codes"))
        self.calls = Calls(self.post)
        self.said: dict[str, Callable[[int, int], Sequence[Said]]] = {"verdict": self._verdicts}
        """More feeds may be added: a name, and what is behind a position."""
        sources = Sources(
            self.said,
            authority.pseudonym,
            lambda rid: register.record(rid, CONTACT),
            self.application,
            self._service_name,
        )
        self.feeds = Feeds(self.post, self.contacts, self.calls, texts, sources)

    def reached_at(self) -> str:
        """Where citizens reach the gateway's pages, without a slash at the end; empty: nobody has said."""
        return self.carriers.public_url or self.address

    def contact(self, person: bytes, id_number: str, _now_ms: int) -> Mapping[str, object] | None:
        """The record `msg.contact` as it counts now."""
        return self.contacts.record(person, self._register.record(id_number, CONTACT))

    def round(self) -> Delivered:
        """Read what was said, send what is due. Raises `StoreFailed`."""
        self.feeds.read(self._now_ms())
        return deliver(self.post, self.texts, self.carriers, self.reached_at(), self._now_ms)

    def application(self, terminal: str, epoch: str, seq: int) -> Document | None:
        """The application of one entry, its own or one that it carries of a former epoch; None where it has none.

        None also for an entry that is not there or does not open.
        """
        entry = self._store.entry(terminal, epoch, seq)
        opened = None if entry is None else document_of(entry, self._authority)
        document = submitted_in(opened, terminal, self._store, self._authority)
        return document if document is not None and document.get("kind") == "application" else None

    def _verdicts(self, after: int, limit: int) -> list[Said]:
        with self._store.database.reading() as db:
            rows = db.rows(_VERDICTS, after, limit)
        found: list[Said] = []
        for position, terminal, epoch, seq, verdict, reason, result, case in rows:
            given = cast("dict[str, str]", json.loads(result)) if result else {}
            values = {"reason": reason, **{f"result.{name}": value for name, value in given.items()}}
            found.append(Said(position, "" if case else verdict, self.application(terminal, epoch, seq), values))
        return found

    def _service_name(self, service: str, language: str) -> str:
        known = self._catalogue.current().parsed.services.get(service)
        return service if known is None else known.name.get(language, known.name["zh-Hans"])


class Courier:
    """Does the rounds of a desk until nothing is left that can go now."""

    def __init__(self, desk: MessageDesk, log: Callable[[str, Mapping[str, object]], None]) -> None:
        self._desk = desk
        self._log = log

    def work(self) -> int:
        """Returns how many messages went. Raises `StoreFailed`."""
        sent = 0
        while True:
            done = self._desk.round()
            sent += done.sent
            if done.sent + done.later + done.given_up:
                self._log("gateway.messages", {"sent": done.sent, "later": done.later, "given_up": done.given_up})
            if done.sent == 0:
                return sent
