"""Signing in with the city's app: one sign-in, one terminal, one visit. Decided in docs/adr/0016.

What a terminal may do with it is less than what a card allows: services that say so (`sign_in = "app"`), no subject of
class 3, and nothing is handed in that the citizen has not approved on the telephone, field by field as it stands there.
Tokens and keys are kept as digests, the holder's number sealed. Who the citizen is, is the app's word: `id_number`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from kiosk.personas import Persona
from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import json_object
from offline_cache.wire.sign_in import (
    ASK_LIFETIME_S,
    CODE_LIFETIME_S,
    MAX_DRAFT_BYTES,
    SIGNED_IN_S,
    AppLookup,
    decode_app_lookup,
    decode_ask,
)
from provisioning.gateway.identity import approvals
from provisioning.gateway.identity.approvals import Form
from provisioning.gateway.messages.post import Strongbox
from provisioning.gateway.problems import Refused
from provisioning.gateway.release import SIGN_IN, AppProof, Releaser
from provisioning.gateway.storage.database import Transaction
from provisioning.gateway.store import Terminal

WRONG_CODES = 3
"""After so many wrong numbers a sign-in is over: whoever types them stands before another screen."""
_TOKEN_BYTES = 16
_MAX_TOKEN = 64
_KEPT_MS = 86_400_000
_OPEN = ("waiting", "opened", "approved")
_SEX = {"1": "male", "2": "female"}


@dataclass(frozen=True)
class Row:
    """One sign-in as it is kept. The repr tells nobody."""

    token: bytes = field(repr=False)
    terminal: str
    code: str = field(repr=False)
    state: str
    expires_ms: int
    tries: int
    id_number: str = field(repr=False)

    def state_at(self, now_ms: int) -> str:
        """The state, with time taken in: `expired` before an answer, `ended` after it."""
        if self.expires_ms > now_ms or self.state in {"refused", "ended"}:
            return self.state
        return "ended" if self.state == "approved" else "expired"


@dataclass(frozen=True)
class Page:
    """What the telephone shows. `key` opens the page again."""

    state: str
    """`asks`, `wrong`, `signed-in`, `form`, `sent`, `declined`; or the end: `refused`, `ended`, `expired`, `used`,
    `unknown`."""
    key: str = field(repr=False, default="")
    terminal: str = ""
    code: str = field(repr=False, default="")
    """Once it was typed: shown again, so that it can be compared."""
    holder: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    form: Form | None = field(repr=False, default=None)
    tries_left: int = WRONG_CODES


class SignInDesk:
    """Binds a telephone to a visit at a terminal. Safe to call from any thread; all methods raise `StoreFailed`."""

    def __init__(self, releaser: Releaser, address: Callable[[], str], citizens: Iterable[Persona] = ()) -> None:
        """`citizens`: whom the stand-in of the app may be, by id; the desk itself takes whomever an app names."""
        self.citizens = {one.id: one for one in citizens}
        self._releaser = releaser
        self._database = releaser.store.database
        self._box = Strongbox(releaser.authority.secret("sign-ins"))
        self._address = address

    # ------------------------------------------------------------------------------------------ the terminal

    def begin(self, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """A new sign-in for this terminal. An older one of it ends: one citizen stands before a screen."""
        token, key = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(_TOKEN_BYTES)
        code = f"{secrets.randbelow(10_000):04d}"
        mark = _digest(token)
        row = (mark, _digest(key), terminal.name, code, "waiting", now_ms + CODE_LIFETIME_S * 1000, mark, 0, b"")
        with self._database.transaction() as db:
            db.run("DELETE FROM sign_in_form WHERE expires_ms < ?", now_ms - _KEPT_MS)
            db.run("DELETE FROM sign_in WHERE expires_ms < ?", now_ms - 2 * _KEPT_MS)
            marks = ", ".join("?" * len(_OPEN))
            db.run(
                f"UPDATE sign_in SET state = 'ended', sealed = ? WHERE terminal = ? AND state IN ({marks})",  # noqa: S608
                b"", terminal.name, *_OPEN,
            )  # fmt: skip
            db.run("INSERT INTO sign_in VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
        return {"key": key, "url": f"{self._address()}/app#{token}", "code": code, "expires_s": CODE_LIFETIME_S}

    def look(self, key: str, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """How it stands; with the holder once it was approved. Raises `Refused` `sign-in-over` for another's."""
        with self._database.reading() as db:
            row = self._of_terminal(db, key, terminal)
            form = db.row("SELECT state, expires_ms, approval FROM sign_in_form WHERE token = ?", row.token)
        state = row.state_at(now_ms)
        answer: dict[str, object] = {"state": state, "asked": "", "approval": ""}
        if state != "approved":
            return answer
        answer["holder"] = self._holder(row.id_number)
        if form is not None:
            asked = "expired" if form[0] == "waiting" and form[1] <= now_ms else str(form[0])
            answer |= {"asked": asked, "approval": str(form[2])}
        return answer

    def lookup(self, body: bytes, terminal: Terminal, now_ms: int) -> tuple[AppLookup, dict[str, object]]:
        """Release subjects to the visit that was signed in to, after the access log is durable.

        Raises `Refused`: `malformed`, `sign-in-over`, `service-unknown`, `subject-refused`, `app-not-enough`.
        """
        try:
            asked = decode_app_lookup(body)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        row = self._signed_in(asked.key, terminal, now_ms)
        proof = AppProof(row.id_number, terminal, asked.service, asked.subjects, asked.session, row.token)
        return asked, self._releaser.release_to_app(proof, now_ms)

    def ask(self, body: bytes, terminal: Terminal, now_ms: int) -> dict[str, object]:
        """Put a finished form before the citizen; one that was not answered yet is replaced.

        Raises `Refused`: `malformed`, `sign-in-over`, `service-unknown`, `app-not-enough`.
        """
        try:
            key, draft = decode_ask(body)
            document = json_object(draft, MAX_DRAFT_BYTES)
            row = self._signed_in(key, terminal, now_ms)
            approvals.check(document, draft, terminal.name, row.id_number)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        service = self._releaser.catalogue.current().parsed.services.get(str(document.get("service")))
        if service is None:
            raise Refused("service-unknown")
        if service.sign_in != "app":
            raise Refused("app-not-enough")
        sealed = self._box.close({"draft": draft.decode("utf-8")}, row.token.hex())
        values = (row.token, "waiting", now_ms + ASK_LIFETIME_S * 1000, sealed, "")
        with self._database.transaction() as db:
            db.run("DELETE FROM sign_in_form WHERE token = ?", row.token)
            db.run("INSERT INTO sign_in_form VALUES (?, ?, ?, ?, ?)", *values)
        return {"expires_s": ASK_LIFETIME_S}

    def take_back(self, key: str, terminal: Terminal) -> bool:
        """Take the form away from the telephone; False: it was answered already, or there is none."""
        with self._database.reading() as db:
            row = self._of_terminal(db, key, terminal)
        with self._database.transaction() as db:
            return bool(db.run("DELETE FROM sign_in_form WHERE token = ? AND state = 'waiting'", row.token))

    def end(self, key: str, terminal: Terminal) -> bool:
        """The visit is over; False: it was already."""
        return self._over("key", _digest(key), "ended", terminal.name)

    # ----------------------------------------------------------------------------------------- the telephone

    def open(self, token: str, id_number: str, now_ms: int) -> Page:
        """This citizen's app scanned the code: the first scan counts, any later one finds it used."""
        if not token or len(token) > _MAX_TOKEN or self._releaser.register.record(id_number, "pop.person") is None:
            return Page("unknown")
        key, mark = secrets.token_urlsafe(_TOKEN_BYTES), _digest(token)
        sealed = self._box.close({"id": id_number}, mark.hex())
        with self._database.transaction() as db:
            row = db.row("SELECT expires_ms, state FROM sign_in WHERE token = ?", mark)
            if row is None:
                return Page("unknown")
            if row[0] <= now_ms and row[1] == "waiting":
                return Page("expired")
            sql = "UPDATE sign_in SET state = 'opened', page = ?, sealed = ? WHERE token = ? AND state = 'waiting'"
            if not db.run(sql, _digest(key), sealed, mark):
                return Page("ended" if row[1] == "ended" else "used")
        return self.see(key, now_ms)

    def see(self, key: str, now_ms: int) -> Page:
        """What the telephone has to answer now."""
        with self._database.reading() as db:
            row = self._of_page(db, key)
            form = None if row is None else self._form(db, row, now_ms)
        if row is None:
            return Page("unknown")
        state = row.state_at(now_ms)
        if state == "opened":
            return self._asks(row, key)
        if state != "approved":
            return Page(state)
        return Page("form" if form else "signed-in", key, row.terminal, row.code, self._holder(row.id_number), form)

    def answer(self, key: str, code: str, *, yes: bool, now_ms: int) -> Page:
        """The citizen's answer to the sign-in: yes counts with the number on the terminal's screen only."""
        if not yes:
            self._over("page", _digest(key), "refused")
            return self.see(key, now_ms)
        with self._database.transaction() as db:
            row = self._of_page(db, key)
            if row is None or row.state_at(now_ms) != "opened":
                return Page("unknown") if row is None else Page(row.state_at(now_ms))
            if not hmac.compare_digest(code.encode("utf-8", "replace"), row.code.encode()):
                tries = row.tries + 1
                state = "refused" if tries >= WRONG_CODES else "opened"
                db.run("UPDATE sign_in SET tries = ?, state = ? WHERE token = ?", tries, state, row.token)
                return Page("refused") if state == "refused" else self._asks(row, key, wrong=tries)
            until = now_ms + SIGNED_IN_S * 1000
            sql = "UPDATE sign_in SET state = 'approved', expires_ms = ? WHERE token = ? AND state = 'opened'"
            db.run(sql, until, row.token)
        # The name and the number leave with the next look of the terminal: written down before that.
        self._releaser.note_app(AppProof(row.id_number, _named(row.terminal), SIGN_IN, ("pop.person",), "", row.token),
                                now_ms)  # fmt: skip
        return self.see(key, now_ms)

    def decide(self, key: str, shown: str, *, yes: bool, now_ms: int) -> Page:
        """The citizen's answer to the form that was `shown` (its digest, hexadecimal); another one is asked anew."""
        with self._database.transaction() as db:
            row = self._of_page(db, key)
            form = None if row is None or row.state_at(now_ms) != "approved" else self._form(db, row, now_ms)
            if row is None or form is None or form.digest.hex() != shown:
                decided = ""
            else:
                decided = "approved" if yes else "refused"
                token = approvals.sign(form, row.terminal, now_ms, self._releaser.authority.signing_key) if yes else ""
                sql = "UPDATE sign_in_form SET state = ?, sealed = ?, approval = ? WHERE token = ?"
                db.run(sql + " AND state = 'waiting'", decided, b"", token, row.token)
        page = self.see(key, now_ms)
        said = {"approved": "sent", "refused": "declined"}.get(decided)
        return page if said is None else Page(said, key, page.terminal, page.code, page.holder)

    def leave(self, key: str) -> Page:
        """The citizen ends it from the telephone: nothing more is released, nothing handed in."""
        return Page("ended" if self._over("page", _digest(key), "ended") else "unknown")

    def place(self, terminal: str) -> dict[str, str]:
        """Where a terminal stands, by language, as its enrolment says."""
        with self._database.reading() as db:
            row = db.row("SELECT site FROM terminal WHERE name = ?", terminal)
        site: dict[str, str] = {} if row is None else json.loads(row[0])
        return {name.removeprefix("place."): text for name, text in site.items() if name.startswith("place.")}

    # ---------------------------------------------------------------------------------------------- inside

    def _asks(self, row: Row, key: str, wrong: int = 0) -> Page:
        left = WRONG_CODES - max(wrong, row.tries)
        holder = self._holder(row.id_number)
        return Page("wrong" if wrong else "asks", key, row.terminal, "", holder, tries_left=left)

    def _over(self, column: str, mark: bytes, state: str, terminal: str = "") -> bool:
        marks = ", ".join("?" * len(_OPEN))
        own = " AND terminal = ?" if terminal else ""
        sql = f"UPDATE sign_in SET state = ?, sealed = ? WHERE {column} = ? AND state IN ({marks}){own}"  # noqa: S608
        with self._database.transaction() as db:
            return bool(db.run(sql, state, b"", mark, *_OPEN, *([terminal] if terminal else [])))

    def _signed_in(self, key: str, terminal: Terminal, now_ms: int) -> Row:
        with self._database.reading() as db:
            row = self._of_terminal(db, key, terminal)
        if row.state_at(now_ms) != "approved":
            raise Refused("sign-in-over")
        return row

    def _of_terminal(self, db: Transaction, key: str, terminal: Terminal) -> Row:
        row = self._row(db, "key", key)
        if row is None or row.terminal != terminal.name:
            raise Refused("sign-in-over")
        return row

    def _of_page(self, db: Transaction, key: str) -> Row | None:
        row = self._row(db, "page", key)
        return None if row is None or row.state == "waiting" else row

    def _row(self, db: Transaction, column: str, key: str) -> Row | None:
        sql = f"SELECT token, terminal, code, state, expires_ms, tries, sealed FROM sign_in WHERE {column} = ?"  # noqa: S608
        row = db.row(sql, _digest(key))
        if row is None:
            return None
        token = bytes(row[0])
        id_number = self._box.open(bytes(row[6]), token.hex()).get("id", "")
        return Row(token, str(row[1]), str(row[2]), str(row[3]), int(row[4]), int(row[5]), id_number)

    def _form(self, db: Transaction, row: Row, now_ms: int) -> Form | None:
        """The form that waits for an answer."""
        sql = "SELECT expires_ms, sealed FROM sign_in_form WHERE token = ? AND state = 'waiting'"
        found = db.row(sql, row.token)
        if found is None or found[0] <= now_ms:
            return None
        text = self._box.open(bytes(found[1]), row.token.hex()).get("draft", "{}")
        catalogue = self._releaser.catalogue.current().parsed
        return approvals.form_of(json.loads(text), text.encode("utf-8"), catalogue)

    def _holder(self, id_number: str) -> dict[str, str]:
        """What a terminal hears of the citizen: as much as a card tells it."""
        person = self._releaser.register.record(id_number, "pop.person") or {}
        return {
            "name": str(person.get("name", "")),
            "id_number": id_number,
            "sex": _SEX.get(str(person.get("sex", "")), "unknown"),
            "birth_date": str(person.get("birth", "")),
        }


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _named(name: str) -> Terminal:
    return Terminal(name, "", b"", revoked=False)
