"""Desks that answer while the citizen waits: what an entry of a service with `confirm` came to, as its verdict.

The entry is stored before it is judged, as every entry. A desk keeps what it made of an entry together with what it
changed, in one transaction, so that the same entry handed over again gets the same answer and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from provisioning.gateway.authority import Authority, CardAuthorities
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.offices.intake import Filed
from provisioning.gateway.offices.proof import Proven, proven
from provisioning.gateway.storage.database import Database, Transaction
from provisioning.gateway.store import Store, Verdict

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """What a desk gets: the entry's answers by field, and who proved to be there. The repr shows nobody."""

    key: str
    """What the entry is known by, for ever."""
    answers: Answers = field(repr=False)
    person: bytes = field(repr=False)
    """A pseudonym; empty where nobody proved anything."""
    proof: Proven | None = field(repr=False)
    ticket: str
    """The ticket that the terminal gave out by itself, or empty."""
    recorded_ms: int
    received_ms: int


@dataclass(frozen=True)
class Outcome:
    """What a desk made of an entry. `reason` is empty where it was accepted."""

    reason: str = ""
    result: Mapping[str, str] = field(default_factory=dict[str, str])


class Desk(Protocol):
    """One desk. Raises `StoreFailed`; everything else is an outcome."""

    def settle(self, request: Request) -> Outcome: ...


class AtOnce:
    """The handler of the intake that hands entries to the desks that their service names."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        cards: CardAuthorities,
        catalogue: CatalogueSource,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._authority = authority
        self._cards = cards
        self._catalogue = catalogue
        self._now_ms = now_ms
        self.desks: dict[str, Desk] = {}

    def __call__(self, filed: Filed) -> None:
        """Settle one entry, where its service names a desk. Raises `StoreFailed`."""
        document = filed.document
        if document.get("kind") != "application":
            return
        service = self._catalogue.current().parsed.services.get(str(document.get("service")))
        desk = None if service is None or service.confirm is None else self.desks.get(service.confirm.office)
        if service is None or desk is None:
            return
        outcome = desk.settle(self._request(filed, by_identity=service.card == "identity"))
        verdict = "rejected" if outcome.reason else "accepted"
        said = Verdict(filed.terminal, filed.epoch, filed.seq, filed.id, verdict, outcome.reason, service.agency,
                       dict(outcome.result))  # fmt: skip
        self._store.judge([said], self._now_ms())

    def _request(self, filed: Filed, *, by_identity: bool) -> Request:
        # A terminal's clock that runs ahead gives nobody a place in the future.
        recorded_ms = min(filed.created_ms, filed.received_ms)
        proof = proven(filed.document, self._cards, filed.received_ms, by_identity=by_identity)
        return Request(
            key=filed.key,
            answers=answers_of(filed.document),
            person=b"" if proof is None else self._authority.pseudonym(proof.id_number),
            proof=proof,
            ticket=str(filed.document.get("ticket", "")),
            recorded_ms=recorded_ms,
            received_ms=filed.received_ms,
        )


def answers_of(document: Mapping[str, object]) -> Answers:
    """Return the values of a document's fields."""
    found: dict[str, str] = {}
    raw = document.get("fields")
    for name, item in cast("Mapping[str, object]", raw).items() if isinstance(raw, Mapping) else ():
        value = cast("Mapping[str, object]", item).get("value") if isinstance(item, Mapping) else None
        if isinstance(value, str):
            found[name] = value
    return found


def once(database: Database, key: str, work: Callable[[Transaction], Outcome]) -> Outcome:
    """Do what an entry asks for in one transaction, once; ask again, and it is what it was. Raises `StoreFailed`."""
    with database.transaction() as db:
        # Whoever writes this row first does the work: another server waits here until that has committed.
        if not db.run("INSERT INTO desk_entry VALUES (?, '', '{}') ON CONFLICT DO NOTHING", key):
            row = db.row("SELECT reason, result FROM desk_entry WHERE entry = ?", key)
            assert row is not None
            return Outcome(str(row[0]), json.loads(row[1]))
        outcome = work(db)
        text = json.dumps(dict(outcome.result), ensure_ascii=False, sort_keys=True)
        db.run("UPDATE desk_entry SET reason = ?, result = ? WHERE entry = ?", outcome.reason, text, key)
        return outcome
