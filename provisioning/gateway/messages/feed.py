"""What happened in the city becomes messages: verdicts of offices, notices that citizens asked for, settings, cases.

Entries come from the intake, which may hand over one twice: everything made of an entry carries the entry's key, so the
second time changes nothing. Verdicts and case events are read in order from where they were left; what comes of a page,
and how far it was read, is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from provisioning.gateway.cases.clerk import case_number
from provisioning.gateway.messages.calls import Calls
from provisioning.gateway.messages.contact import FIELDS, Contacts
from provisioning.gateway.messages.post import WAYS, Message, Post
from provisioning.gateway.messages.texts import Intake, Texts
from provisioning.gateway.offices.intake import Filed
from provisioning.gateway.storage.database import Transaction

PAGE = 100
Document = Mapping[str, object]


@dataclass(frozen=True)
class Said:
    """Something was said of a case: by an office's verdict, or by the case itself."""

    position: int
    text_id: str
    """A text of `messages.toml`; one that is not there makes no message."""
    document: Document | None
    """The application it is about."""
    values: Mapping[str, str]


@dataclass(frozen=True)
class Sources:
    """Where the feeds come from. Each gets a position and how many, and gives what is behind it, in order."""

    said: Mapping[str, Callable[[int, int], Sequence[Said]]]
    """By the feed's name: `verdict`, `case`."""
    pseudonym: Callable[[str], bytes]
    held: Callable[[str], Mapping[str, object] | None]
    """What the city's register holds as `msg.contact` of an id number."""
    application: Callable[[str, str, int], Document | None]
    """The application that a terminal handed in, by its epoch and place; None where there is none."""
    service_name: Callable[[str, str], str]
    """A service's name in a language; its id where it is gone from the catalogue."""


class FeedMoved(Exception):
    """Another process read this page at the same time; nothing of it was kept here."""

    code = "feed-moved"


class Feeds:
    """Makes messages of what happens."""

    def __init__(self, post: Post, contacts: Contacts, calls: Calls, texts: Texts, sources: Sources) -> None:
        self._post = post
        self._contacts = contacts
        self._calls = calls
        self._texts = texts
        self._sources = sources

    def read(self, now_ms: int) -> int:
        """Read verdicts and case events one page on. Returns how many were read. Raises `StoreFailed`."""
        return sum(self._said(name, now_ms) for name in self._sources.said)

    # --- entries ----------------------------------------------------------------------------------------------------

    def filed(self, entry: Filed) -> None:
        """One accepted entry. Raises `StoreFailed`; then nothing was made of it."""
        kind = entry.document.get("kind")
        if kind == "notice":
            messages = self._notice(entry)
            with self._post.database.transaction() as db:
                self._post.put(db, messages, entry.received_ms)
        elif kind == "application":
            self._intake(entry)
        elif kind == "rating" and entry.document.get("call_back") is True:
            self._call_back(entry)

    def _notice(self, entry: Filed) -> list[Message]:
        """A citizen asked for a message to an address of their own choice, typed or held by the city."""
        document = entry.document
        way, to, text_id = (str(document.get(name, "")) for name in ("way", "to", "text_id"))
        if way not in WAYS or not self._texts.has(text_id):
            return []
        language, number = str(document.get("language", "")), str(document.get("case", ""))
        values = {"service": self._sources.service_name(str(document.get("service", "")), language)}
        values["time"] = str(document.get("time", ""))[:16].replace("T", " ")
        return [Message(f"notice:{entry.key}", way, to, text_id, language, number, values)]

    def _call_back(self, entry: Filed) -> None:
        """Whoever rated the visit badly wants to be called. A rating names nobody: the entry that it rates does."""
        number = str(entry.document.get("number", ""))
        place = number.rpartition("-")[2]
        seq = int(place) if place.isascii() and place.isdigit() else 0
        rated = self._sources.application(entry.terminal, entry.epoch, seq) if 0 < seq < entry.seq else None
        rid = "" if rated is None or rated.get("number") != number else _holder(rated)
        if rated is None or not rid or entry.document.get("score") not in (1, 2):
            return
        person, held = self._sources.pseudonym(rid), self._sources.held(rid)
        with self._post.database.transaction() as db:
            phone = str((self._contacts.over(db, person, held) or {}).get("phone", ""))
            phone = _fields(rated).get("phone", "") or phone
            if phone:
                values = {"phone": phone, "topic": "rating", "language": str(rated.get("language", ""))}
                self._calls.ask(db, f"call:{entry.key}", number, "any", values, entry.received_ms)

    def _intake(self, entry: Filed) -> None:
        """Settings to keep and calls to make, by what `messages.toml` says of the service."""
        wanted = self._texts.intake.get(str(entry.document.get("service", "")))
        rid = _holder(entry.document)
        if wanted is None or not rid:
            return
        # Asked before the transaction: a register may be a table of this database, and a transaction holds it alone.
        person, held = self._sources.pseudonym(rid), self._sources.held(rid)
        with self._post.database.transaction() as db:
            self._keep(db, entry, wanted, person, held)

    def _keep(
        self, db: Transaction, entry: Filed, wanted: Intake, person: bytes, held: Mapping[str, object] | None
    ) -> None:
        document, now_ms = entry.document, entry.received_ms
        fields = _fields(document)
        given = {name: fields.get(name, "") for name in wanted.contact if name in FIELDS and name in fields}
        if given:
            unproved = self._contacts.change(db, person, held, given, now_ms)
            if unproved:
                wish = {name: given[name] for name in ("notify", "language") if given.get(name)}
                code = self._contacts.ask_proof(db, person, unproved, wish, f"prove:{entry.key}", now_ms)
                self._post.put(db, [code], now_ms)
        call = _call_asked(wanted.call, fields, str(document.get("number", "")))
        phone = fields.get("phone", "") or str((self._contacts.over(db, person, held) or {}).get("phone", ""))
        if call is not None and phone:
            topic, slot, number = call
            language = fields.get("language", "") or str(document.get("language", ""))
            values = {"phone": phone, "topic": topic, "language": language}
            self._calls.ask(db, f"call:{entry.key}", number, slot, values, now_ms)

    # --- what was said of a case ------------------------------------------------------------------------------------

    def _said(self, name: str, now_ms: int) -> int:
        before = self._post.position(name)
        found = self._sources.said[name](before, PAGE)

        messages = [message for item in found for message in self._message(name, item)]

        def keep(db: Transaction) -> None:
            self._post.put(db, messages, now_ms)

        return self._page(name, before, [item.position for item in found], keep)

    def _message(self, name: str, said: Said) -> list[Message]:
        if said.document is None or not self._texts.has(said.text_id):
            return []
        way, to, language = self._reach(said.document)
        if not way:
            return []
        service = self._sources.service_name(str(said.document.get("service", "")), language)
        number = str(said.document.get("number", ""))
        values = {**said.values, "service": service}
        return [Message(f"{name}:{said.position}", way, to, said.text_id, language, number, values)]

    def _reach(self, document: Document) -> tuple[str, str, str]:
        """Way, address and language: as this application asked, else as the city knows; empty for `none`."""
        rid, fields = _holder(document), _fields(document)
        record = self._contacts.record(self._sources.pseudonym(rid), self._sources.held(rid)) if rid else None
        known = {name: str((record or {}).get(name, "")) for name in FIELDS}
        language = str(document.get("language", "")) or known["language"]
        wish = fields.get("notify", "") or known["notify"] or "sms"
        addresses = {
            "sms": fields.get("phone", "") or known["phone"],
            "email": fields.get("email", "") or known["email"],
        }
        if wish not in addresses:
            return "", "", language
        for way in sorted(WAYS, key=lambda item: item != wish):
            if addresses[way]:
                return way, addresses[way], language
        return "", "", language

    # --- one page ---------------------------------------------------------------------------------------------------

    def _page(self, name: str, before: int, positions: Sequence[int], keep: Callable[[Transaction], None]) -> int:
        if not positions:
            return 0
        try:
            with self._post.database.transaction() as db:
                db.alone(f"message-feed:{name}")
                if not self._post.move(db, name, before, positions[-1]):
                    raise FeedMoved  # noqa: TRY301 - undoes the transaction
                keep(db)
        except FeedMoved:
            return 0
        return len(positions)


def _call_asked(rule: Mapping[str, str], fields: Mapping[str, str], number: str) -> tuple[str, str, str] | None:
    """Topic, wished hours and case of the call that an entry asks for, by the service's rule; None for no call."""
    if "score" in rule:
        low = fields.get(rule["score"], "") in rule["low"].split()
        return (rule["about"], "any", case_number(fields.get(rule["number"], number))) if low else None
    topic = fields.get(rule.get("topic", ""), "")
    if not topic or topic == rule["unless"]:
        return None
    return topic, fields.get(rule["slot"], "") or "any", number


def _holder(document: Document) -> str:
    holder = document.get("holder")
    return str(cast("Document", holder).get("id_number", "")) if isinstance(holder, dict) else ""


def _fields(document: Document) -> dict[str, str]:
    """The answers of an application, without what the citizen disputes."""
    fields = document.get("fields")
    if not isinstance(fields, dict):
        return {}
    found: dict[str, str] = {}
    for name, item in cast("dict[str, object]", fields).items():
        if isinstance(item, dict):
            answer = cast("dict[str, object]", item)
            if "disputed" not in answer:
                found[name] = str(answer.get("value", ""))
    return found
