"""The tray: cards of the synthetic personas, and the slot they go into, in process or behind a private pcscd."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from drivers.cards.secure.sm2 import Sm2Missing
from drivers.errors import DriverError
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.ports import BenchError, PersonaView
from kiosk.personas import Persona

OWN_CARD = "card"
"""What is said of a card that was made from a document of the tester's."""


TECHNICIAN = "technician"
"""Who is no persona of the city, and has a card all the same: `POST /api/card/insert` takes the name."""


def _no_technician() -> Mapping[str, object]:
    raise BenchError("no-technicians", "Nobody signs technicians' cards here.", "Insert a card document.", 409)


class Slot(Protocol):
    """The hand's side of a reader: `SimReader` and `PrivatePcscd` both have it."""

    def insert(self, card: SimCard) -> None: ...

    def remove(self) -> None: ...


class Tray:
    """The cards and the hand. A persona's card keeps its state (tries left) until the reset, as plastic does."""

    def __init__(self, slot: Slot, personas: Sequence[Persona], authority: CardAuthority) -> None:
        self._slot = slot
        self._personas = {persona.id: persona for persona in personas}
        self._authority = authority
        self._cards: dict[str, SimCard] = {}
        self._there: str | None = None
        self._lock = threading.RLock()
        self.technician: Callable[[], Mapping[str, object]] = _no_technician
        """Gives the document of a technician's card, when it is first put in."""

    def personas(self) -> Sequence[PersonaView]:
        return [
            PersonaView(persona.id, dict(persona.names), dict(persona.note), dict(persona.story), dict(persona.card))
            for persona in self._personas.values()
        ]

    def inserted(self) -> str | None:
        return self._there

    def insert_persona(self, persona: str) -> None:
        known = self._personas.get(persona)
        if persona == TECHNICIAN:
            with self._lock:
                if persona not in self._cards:
                    self._cards[persona] = self._make(self.technician())
                self._insert(persona, lambda: self._cards[persona])
            return
        if known is None:
            raise BenchError(
                "no-such-persona", "There is no persona with this id.", f"Known: {', '.join(self._personas)}.", 404
            )
        with self._lock:
            if persona not in self._cards:
                self._cards[persona] = self._make(known.card)
            self._insert(persona, lambda: self._cards[persona])

    def insert_document(self, document: Mapping[str, object]) -> None:
        with self._lock:
            self._insert(OWN_CARD, lambda: self._make(document))

    def remove(self) -> None:
        with self._lock:
            if self._there is None:
                raise BenchError("slot-empty", "There is no card in the slot.", "POST /api/card/insert first.", 409)
            self._slot.remove()
            self._there = None

    def reset(self) -> None:
        with self._lock:
            if self._there is not None:
                self._slot.remove()
            self._there = None
            self._cards.clear()

    def fell_out(self) -> None:
        """The slot lost its card without the hand (the daemon behind it died)."""
        with self._lock:
            self._there = None

    def _make(self, document: Mapping[str, object]) -> SimCard:
        try:
            return SimCard.from_document(document, self._authority)
        except Sm2Missing as error:
            raise BenchError(error.code, str(error), "Install it, or make the card with P-256.", 422) from error
        except CardDocumentError as error:
            raise BenchError(
                "card-document-invalid", str(error), "Its JSON Schema is in docs/reference/card.schema.json.", 422
            ) from error

    def _insert(self, name: str, card: Callable[[], SimCard]) -> None:
        if self._there is not None:
            raise BenchError("slot-full", "There is a card in the slot already.", "POST /api/card/remove first.", 409)
        made = card()
        try:
            self._slot.insert(made)
        except (RuntimeError, DriverError) as error:
            raise BenchError(
                "card-not-taken", f"The reader did not take the card: {error}.", "GET /api/faults; then try again.", 409
            ) from error
        self._there = name
