"""Half-filled forms on their way from a terminal to their holder's telephone: once, for a quarter of an hour.

What is kept is sealed, and forgotten when it was handed in, withdrawn, or its time is over. The token of the QR code
is good for one opening; the page that it opened then has a key of its own. Only digests of both are kept.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kiosk.services import forms
from offline_cache.errors import MalformedMessage
from offline_cache.wire.chain import uuid7
from offline_cache.wire.handover import LIFETIME_S, decode_handover, handover_context
from provisioning.gateway.handover import draft as drafts
from provisioning.gateway.handover.draft import Draft
from provisioning.gateway.handover.window import PhoneWindow
from provisioning.gateway.messages.post import Strongbox
from provisioning.gateway.problems import Refused
from provisioning.gateway.proofs import card_key
from provisioning.gateway.release import Releaser
from provisioning.gateway.store import StoreFailed, Terminal

_TOKEN_BYTES = 16
_MAX_TOKEN = 64
_HOLD_MS = 30_000
"""A server that dies while it hands in leaves the form to the next try after this time."""
_TRIES = 8
"""Servers that hand in at the same moment: one of them goes first, the others take the next place."""
State = Literal["open", "asking", "ready", "done", "used", "expired", "unknown", "changed", "busy"]


@dataclass(frozen=True)
class Phone:
    """What the telephone's page shows. `key` opens the page again; `number` is set once it is handed in."""

    state: State
    key: str = field(repr=False, default="")
    draft: Draft | None = None
    form: forms.Form | None = None
    problems: Mapping[str, str] = field(default_factory=dict[str, str])
    number: str = ""


class HandoverDesk:
    """Takes forms from terminals and gives them to telephones. Safe to call from any thread."""

    def __init__(self, releaser: Releaser, window: PhoneWindow, secret: bytes, address: Callable[[], str]) -> None:
        self._releaser = releaser
        self._database = releaser.store.database
        self._window = window
        self._box = Strongbox(secret)
        self._address = address

    # ------------------------------------------------------------------------------------------ the terminal

    def take(self, body: bytes, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """Keep a form against its card's signature; the nonce is used up by any try.

        Raises:
            Refused: `malformed`, `nonce-invalid`, `service-unknown`, `card-refused`, `card-lost`.
            StoreFailed: nothing was kept.
        """
        try:
            asked = decode_handover(body)
            draft = drafts.read_draft(asked, terminal.name)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        if not self._releaser.store.take_nonce(asked.nonce, terminal.name, now_ms):
            raise Refused("nonce-invalid")
        definition = self._releaser.catalogue.current().parsed.services.get(asked.service)
        if not drafts.usable(draft, definition):
            raise Refused("service-unknown")
        now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
        certificate, id_number = self._releaser.card_of(asked.certificate, now)
        context = handover_context(asked.nonce, terminal.name, asked.service, asked.digest)
        try:
            fits = card_key.signed(certificate, asked.signature, context)
        except card_key.UnknownKey as error:
            raise Refused("card-refused", str(error)) from None
        if not fits or draft.text("id_number") != id_number:
            raise Refused("card-refused", "the signature does not fit")
        person = self._releaser.authority.pseudonym(id_number)
        if self._releaser.known_cards.lost(person, certificate):
            raise Refused("card-lost")
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        key = _digest(token)
        row = (key, key, person, terminal.name, self._seal(draft, key), now_ms + LIFETIME_S * 1000, uuid7(now_ms))
        with self._database.transaction() as db:
            db.run("DELETE FROM handover WHERE expires_ms < ?", now_ms - 86_400_000)
            db.run("UPDATE handover SET sealed = ? WHERE expires_ms <= ? AND held_ms = 0", b"", now_ms)
            db.run("INSERT INTO handover VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, 0, '')", *row)
        return {"url": f"{self._address()}/phone#{token}", "expires_s": LIFETIME_S}

    def withdraw(self, token: str, terminal: Terminal) -> bool:
        """Forget a form that was not opened yet; False: it was, or it is gone. Raises `StoreFailed`."""
        with self._database.transaction() as db:
            sql = "DELETE FROM handover WHERE token = ? AND terminal = ? AND opened_ms = 0"
            return bool(db.run(sql, _digest(token), terminal.name))

    # ----------------------------------------------------------------------------------------- the telephone

    def open(self, token: str, now_ms: int) -> Phone:
        """Somebody scanned the code: the first one gets the form, once. Raises `StoreFailed`."""
        if not token or len(token) > _MAX_TOKEN:
            return Phone("unknown")
        page, mark = secrets.token_urlsafe(_TOKEN_BYTES), _digest(token)
        with self._database.transaction() as db:
            row = db.row("SELECT sealed, expires_ms, opened_ms FROM handover WHERE token = ?", mark)
            if row is None:
                return Phone("unknown")
            if row[1] <= now_ms:
                return Phone("expired")
            # The statement decides who was first, whatever was read before it.
            sealed = self._seal(self._unseal(row[0], mark), _digest(page))
            sql = "UPDATE handover SET opened_ms = ?, page = ?, sealed = ? WHERE token = ? AND opened_ms = 0"
            if row[2] or not db.run(sql, now_ms, _digest(page), sealed, mark):
                return Phone("used")
        return self.look(page, now_ms)

    def look(self, page: str, now_ms: int) -> Phone:
        """The form as it stands. Raises `StoreFailed`."""
        return self.answer(page, {}, now_ms)

    def answer(self, page: str, given: Mapping[str, str], now_ms: int) -> Phone:
        """Take answers; `ready` once nothing is missing. Raises `StoreFailed`."""
        mark = _digest(page)
        with self._database.transaction() as db:
            row = db.row("SELECT sealed, expires_ms, number FROM handover WHERE page = ? AND opened_ms > 0", mark)
            if row is None:
                return Phone("unknown")
            if row[2]:
                return Phone("done", page, number=str(row[2]))
            if row[1] <= now_ms:
                return Phone("expired")
            draft = self._unseal(row[0], mark)
            form = self._form(draft, now_ms)
            if form is None:
                return Phone("changed")
            form, problems = drafts.answered(form, given)
            draft = draft.with_answers(form.answers)
            db.run("UPDATE handover SET sealed = ? WHERE page = ?", self._seal(draft, mark), mark)
        return Phone("asking" if drafts.unanswered(form) else "ready", page, draft, form, problems)

    def hand_in(self, page: str, now_ms: int) -> Phone:
        """Make the form an entry of its holder, once. Raises `StoreFailed`: the form is kept."""
        seen = self.answer(page, {}, now_ms)
        if seen.state != "ready" or seen.draft is None or seen.form is None:
            return seen
        mark = _digest(page)
        with self._database.transaction() as db:
            sql = "UPDATE handover SET held_ms = ? WHERE page = ? AND number = '' AND held_ms <= ?"
            if not db.run(sql, now_ms, mark, now_ms - _HOLD_MS):
                return Phone("busy", page)
            row = db.row("SELECT entry, seq FROM handover WHERE page = ?", mark)
        assert row is not None
        entry, seq = str(row[0]), int(row[1])
        if not self._window.stands(seq, entry):  # else a server died between the entry and this table
            seq = self._write(seen.draft, seen.form, mark, entry, now_ms)
        number = self._window.number(seq)
        with self._database.transaction() as db:
            db.run("UPDATE handover SET number = ?, sealed = ? WHERE page = ?", number, b"", mark)
        return Phone("done", page, number=number)

    def _write(self, draft: Draft, form: forms.Form, mark: bytes, entry: str, now_ms: int) -> int:
        for _ in range(_TRIES):
            seq = self._window.next_seq(now_ms)
            with self._database.transaction() as db:
                db.run("UPDATE handover SET seq = ? WHERE page = ?", seq, mark)
            document = drafts.application(draft, form, self._window.number(seq), now_ms)
            if self._window.write(document, seq, entry, now_ms):
                return seq
        raise StoreFailed("the telephones' place in the journal was taken too often")

    def _form(self, draft: Draft, now_ms: int) -> forms.Form | None:
        definition = self._releaser.catalogue.current().parsed.services.get(draft.text("service"))
        return drafts.form_of(draft, definition, now_ms) if definition and drafts.usable(draft, definition) else None

    def _seal(self, draft: Draft, key: bytes) -> bytes:
        return self._box.close({"draft": json.dumps(dict(draft.held), ensure_ascii=False)}, key.hex())

    def _unseal(self, sealed: bytes, key: bytes) -> Draft:
        return Draft(json.loads(self._box.open(bytes(sealed), key.hex()).get("draft", "{}")))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
