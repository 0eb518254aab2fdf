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


class Drawer:
    """The plastic itself: one set of cards, whichever slot of the terminal they go into."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.cards: dict[str, SimCard] = {}
        self.inserted: dict[Slot, str] = {}
        """Which card is in which slot."""
        self.technician: Callable[[], Mapping[str, object]] = _no_technician
        """Gives the document of a technician's card, when it is first wanted."""
        self._badge: Mapping[str, object] | None = None

    def badge(self) -> Mapping[str, object]:
        """The document of the technician's card; the same until the reset. Raises `BenchError` (`no-technicians`)."""
        with self.lock:
            if self._badge is None:
                self._badge = self.technician()
            return self._badge

    def renew(self) -> None:
        """Every card is as new, the technician's another one."""
        with self.lock:
            self.cards.clear()
            self._badge = None


class Tray:
    """The cards and the hand. A persona's card keeps its state (tries left) until the reset, as plastic does."""

    def __init__(
        self, slot: Slot, personas: Sequence[Persona], authority: CardAuthority, drawer: Drawer | None = None
    ) -> None:
        """`drawer` is that of another slot of the same terminal; None: one of its own."""
        self._slot = slot
        self.drawer = drawer or Drawer()
        self._personas = {persona.id: persona for persona in personas}
        self._authority = authority

    def personas(self) -> Sequence[PersonaView]:
        return [
            PersonaView(persona.id, dict(persona.names), dict(persona.note), dict(persona.story), dict(persona.card))
            for persona in self._personas.values()
        ]

    def inserted(self) -> str | None:
        return self.drawer.inserted.get(self._slot)

    def insert_persona(self, persona: str) -> None:
        known, drawer = self._personas.get(persona), self.drawer
        if persona == TECHNICIAN:
            with drawer.lock:
                if persona not in drawer.cards:
                    drawer.cards[persona] = self._make(drawer.badge())
                self._insert(persona, lambda: drawer.cards[persona])
            return
        if known is None:
            raise BenchError(
                "no-such-persona", "There is no persona with this id.", f"Known: {', '.join(self._personas)}.", 404
            )
        with drawer.lock:
            if persona not in drawer.cards:
                drawer.cards[persona] = self._make(known.card)
            self._insert(persona, lambda: drawer.cards[persona])

    def insert_document(self, document: Mapping[str, object]) -> None:
        with self.drawer.lock:
            self._insert(OWN_CARD, lambda: self._make(document))

    def remove(self) -> None:
        with self.drawer.lock:
            if self.inserted() is None:
                raise BenchError("slot-empty", "There is no card in the slot.", "POST /api/card/insert first.", 409)
            self._slot.remove()
            del self.drawer.inserted[self._slot]

    def reset(self) -> None:
        with self.drawer.lock:
            if self.inserted() is not None:
                self.remove()
            self.drawer.renew()

    def fell_out(self) -> None:
        """Every slot lost its card without the hand (the daemon behind them died)."""
        with self.drawer.lock:
            self.drawer.inserted.clear()

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
        if self.inserted() is not None:
            raise BenchError("slot-full", "There is a card in the slot already.", "POST /api/card/remove first.", 409)
        if name != OWN_CARD and name in self.drawer.inserted.values():
            raise BenchError("card-elsewhere", "This card is in the other slot.", "Pull it out there first.", 409)
        made = card()
        try:
            self._slot.insert(made)
        except (RuntimeError, DriverError) as error:
            raise BenchError(
                "card-not-taken", f"The reader did not take the card: {error}.", "GET /api/faults; then try again.", 409
            ) from error
        self.drawer.inserted[self._slot] = name
