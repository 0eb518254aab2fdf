"""Certificates as papers of their cases: noted when the case begins, issued with the agency's decision, for its holder.

What names somebody (id number, answers, the certificate itself) lies here sealed. No PDF: the terminal that prints it
makes the page. The code on it is signed by the gateway; `look` says what the gateway knows of it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote

from offline_cache.errors import BadSignature, MalformedMessage
from provisioning.gateway.authority import Authority
from provisioning.gateway.cases.workdays import city_day
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.certificates.templates import Templates, fill
from provisioning.gateway.certificates.token import CertificateToken, digest_of, read, sign
from provisioning.gateway.messages.post import Strongbox
from provisioning.gateway.storage.database import Database, Transaction

_PLAIN = "$*-./:"
"""Signs of base45 that stand for themselves in a query."""


@dataclass(frozen=True)
class Applicant:
    """Whom a certificate is about, and what was answered. The repr shows nobody."""

    id_number: str = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Looked:
    """What whoever scans the code may know. `outcome`: `genuine`, `unknown`, `forged`, `unreadable`."""

    outcome: str
    token: CertificateToken | None = None
    title: str = ""
    issuer: str = ""
    check_code: str = ""
    rows: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class CertificateDesk:
    """Notes, issues and shows certificates. Methods with a transaction belong to their caller's."""

    def __init__(
        self,
        database: Database,
        authority: Authority,
        catalogue: CatalogueSource,
        templates: Templates,
        held: Callable[[str, str], Mapping[str, object] | None],
        address: Callable[[], str],
    ) -> None:
        """`held` is the register: id number and subject to record; `address` where citizens reach the gateway."""
        self._database = database
        self._key = authority.signing_key
        self._box = Strongbox(authority.secret("certificates"))
        self._catalogue = catalogue
        self._templates = templates
        self._held = held
        self._address = address
        self._now = catalogue.current()

    def refresh(self) -> None:
        """Take the catalogue as it is now; before a transaction, because reading it may need one of its own."""
        self._now = self._catalogue.current()

    def note(self, db: Transaction, number: str, service: str, applicant: Applicant | None) -> None:
        """A case begins: keep what its certificate will need, where its service gives one."""
        if applicant is None or service not in self._templates.of:
            return
        kept = {"id": applicant.id_number, "answers": json.dumps(dict(applicant.answers), ensure_ascii=False)}
        sql = "INSERT INTO case_certificate VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"
        db.run(sql, number, self._box.close(kept, number))

    def issue(self, db: Transaction, number: str, service: str, agency: str, now_ms: int) -> None:
        """The agency has decided: write the certificate from what the register holds today. Once."""
        row = db.row("SELECT sealed FROM case_certificate WHERE number = ? AND issued_ms = 0", number)
        if row is None:
            return
        kept = self._box.open(bytes(row[0]), number)
        answers = cast("dict[str, str]", json.loads(kept.get("answers", "{}")))
        template, catalogue = self._templates.of[service], self._now
        rows = fill(template, answers, lambda subject: self._held(kept.get("id", ""), subject), catalogue.codes)
        if not kept or not rows:
            return
        document: dict[str, object] = {
            "number": number,
            "city": self._templates.city,
            "title": template.title,
            "sentence": template.sentence,
            "rows": [[line.label, text] for line, text in rows],
            "issuer": catalogue.parsed.agencies[agency]["zh-Hans"],
            "issued": city_day(now_ms).isoformat(),
        }
        token = CertificateToken(number, service, str(document["issued"]), digest_of(document))
        code = f"{secrets.randbelow(10**8):08d}"
        document["token"] = f"{self._address()}/c?t={quote(sign(token, self._key), safe=_PLAIN)}"
        document["check_code"] = f"{code[:4]} {code[4:]}"
        sealed = self._box.close({"document": json.dumps(document, ensure_ascii=False), "get": answers.get("get", ""),
                                  "masks": " ".join(line.mask or "-" for line, _ in rows)}, number)  # fmt: skip
        db.run("UPDATE case_certificate SET sealed = ?, issued_ms = ? WHERE number = ?", sealed, now_ms, number)

    def of(self, db: Transaction, number: str) -> dict[str, object]:
        """What the case's holder gets with it: `certificate` (JSON text), `get`, `printed`; empty without one."""
        sql = "SELECT sealed, printed_ms FROM case_certificate WHERE number = ? AND issued_ms > 0"
        row = db.row(sql, number)
        kept = {} if row is None else self._box.open(bytes(row[0]), number)
        if row is None or not kept:
            return {}
        return {"certificate": kept["document"], "get": kept["get"], "printed": "yes" if row[1] else ""}

    def printed(self, number: str, now_ms: int) -> None:
        """A terminal sent it to a printer, and it may have come out: the next is a copy. Raises `StoreFailed`."""
        with self._database.transaction() as db:
            db.run("UPDATE case_certificate SET printed_ms = ? WHERE number = ? AND printed_ms = 0", now_ms, number)

    def look(self, text: str) -> Looked:
        """Somebody scanned a code. Raises `StoreFailed`."""
        try:
            token = read(text, self._key.public_key())
        except MalformedMessage:
            return Looked("unreadable")
        except BadSignature:
            return Looked("forged")
        with self._database.reading() as db:
            row = db.row("SELECT sealed FROM case_certificate WHERE number = ? AND issued_ms > 0", token.number)
        kept = {} if row is None else self._box.open(bytes(row[0]), token.number)
        document = cast("dict[str, object]", json.loads(kept.get("document", "{}")))
        if not document or digest_of(document) != token.digest:
            return Looked("unknown", token)
        rows = cast("list[tuple[dict[str, str], str]]", document["rows"])
        shown = [
            (label["zh"], _masked(mask, value))
            for (label, value), mask in zip(rows, kept["masks"].split(" "), strict=True)
            if mask != "hidden"
        ]
        title = cast("dict[str, str]", document["title"])["zh"]
        return Looked("genuine", token, title, str(document["issuer"]), str(document["check_code"]), tuple(shown))


def _masked(mask: str, text: str) -> str:
    """陈*娴 and the last four of a number: enough to compare with the paper, too little to know somebody by."""
    if mask == "name":
        return text if len(text) < 2 else f"{text[0]}*{text[-1] if len(text) > 2 else ''}"
    return f"{'*' * max(0, len(text) - 4)}{text[-4:]}" if mask == "id" else text
