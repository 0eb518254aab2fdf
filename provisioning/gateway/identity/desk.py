"""The desk for cards: report a loss, take the report back, note that a PIN was changed. Field: `action`."""

from __future__ import annotations

from provisioning.gateway.identity.cards import CardRegister
from provisioning.gateway.offices.desks import Outcome, Request, once
from provisioning.gateway.storage.database import Database, Transaction

CARD = "citizen"
"""The proof that only the card gives (`Proven.by`)."""
_NOTED = frozenset({"pin", "data"})
"""Done at the terminal already; the entry is the record of it."""


class IdentityDesk:
    """`Desk` for what happens to cards."""

    def __init__(self, database: Database, cards: CardRegister) -> None:
        self._database = database
        self._cards = cards

    def settle(self, request: Request) -> Outcome:
        """Do what the entry asks for, once. Raises `StoreFailed`."""
        if request.proof is None or (request.proof.by != CARD and request.answers.get("action") != "loss"):
            return Outcome("card-refused")  # who has not the card in hand can only have it stopped
        return once(self._database, request.key, lambda db: self._do(db, request))

    def _do(self, db: Transaction, request: Request) -> Outcome:
        action = request.answers.get("action", "")
        if action in _NOTED:
            return Outcome("", {"action": action})
        if action == "loss":
            new = self._cards.report(db, request.person, request.received_ms)
            return Outcome("", {"action": action}) if new else Outcome("loss-reported-already")
        if action == "withdraw":
            opened = self._cards.withdraw(db, request.person, request.received_ms)
            return Outcome("", {"action": action}) if opened else Outcome("nothing-reported")
        return Outcome("action-unknown")
