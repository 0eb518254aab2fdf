"""The bench's reader of identity cards: the twin of its module behind a pseudo terminal, and whose card lies on it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import cast

from drivers.errors import ReaderGone
from drivers.readers.sdt_serial import Reading, SdtReader
from drivers.sim.cards.sdt_module import SimSdtModule
from kiosk.bench.adapters.faults import UNPLUG
from kiosk.bench.ports import BenchError
from kiosk.personas import Persona

MODULE_FAULTS = ("pulled", "cut", "mute")


def identity_card(persona: Persona) -> Mapping[str, object]:
    """Return the document of a persona's identity card: the same person as on the citizen card."""
    holder = cast("Mapping[str, object]", persona.card["holder"])
    shared = ("name", "id_number", "sex", "ethnic_group", "birth_date")
    return {
        "profile": "resident-id",
        "card": {"issuer": "试验市公安局", "issued": "2020-01-01", "expires": "2040-01-01"},
        "holder": {key: holder[key] for key in shared if key in holder},
    }


class IdentityPad:
    """The reader as the terminal sees it (`look`), and as a hand does. The module starts with the first card."""

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._personas = {persona.id: persona for persona in personas}
        self._lock = threading.RLock()
        self._module: SimSdtModule | None = None
        self._there = ""
        self.seen = ""
        """Whose card was read last."""
        self._unplugged = False
        self._faults: list[str] = []

    def look(self) -> Reading | None:
        """As `drivers.readers.sdt_serial.SdtReader`."""
        with self._lock:
            if self._unplugged:
                raise ReaderGone("the cable of the identity cards' reader is out")
            port = "" if self._module is None else self._module.port
        found = SdtReader(port).look() if port else None
        self.seen = self.seen if found is None else self._there
        return found

    # ---- the hand

    def there(self) -> str | None:
        """Whose card lies there."""
        return self._there or None

    def lay(self, persona: str) -> None:
        """Lay a persona's identity card on the reader, in the place of any other.

        Raises `BenchError` (`no-such-persona`).
        """
        if persona not in self._personas:
            raise BenchError(
                "no-such-persona", "There is no persona with this id.", f"Known: {', '.join(self._personas)}.", 404
            )
        with self._lock:
            self._running().place(identity_card(self._personas[persona]))
            self._there = persona

    def take(self) -> None:
        """Take the card away, where one lies there."""
        with self._lock:
            if self._module is not None:
                self._module.take()
            self._there = ""

    def _running(self) -> SimSdtModule:
        if self._module is None:
            self._module = SimSdtModule()
            for fault in self._faults:
                self._module.fault(fault)
        return self._module

    def close(self) -> None:
        """End the module. May be called twice."""
        with self._lock:
            if self._module is not None:
                self._module.close()
            self._module = None

    # ---- its faults (`PlainFaults`)

    def offers(self) -> Sequence[str]:
        return (UNPLUG, *MODULE_FAULTS)

    def active(self) -> Sequence[str]:
        return (*((UNPLUG,) if self._unplugged else ()), *self._faults)

    def set(self, fault: str) -> None:
        self._turn(fault, on=True)

    def clear(self, fault: str) -> None:
        self._turn(fault, on=False)

    def _turn(self, fault: str, *, on: bool) -> None:
        with self._lock:
            if fault == UNPLUG:
                self._unplugged = on
                return
            if on:
                self._running().fault(fault)
            elif self._module is not None:
                self._module.fault(fault, on=False)
            self._faults = [one for one in self._faults if one != fault] + ([fault] if on else [])
