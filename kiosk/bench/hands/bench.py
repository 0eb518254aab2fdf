"""What a hand and an eye need of a bench, whichever it is: whole programs over HTTP, or one thread on a fake clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from kiosk.pieces.strokes import Stroke

_T = TypeVar("_T")
Json = dict[str, Any]


class Bench(Protocol):
    """The calls of `kiosk.bench.hands.client.BenchClient`. Refusals raise `BenchError`."""

    def state(self) -> Json: ...

    def screen(self) -> bytes:
        """What the citizen sees now, as PNG; empty where nothing draws."""
        ...

    def words(self) -> list[str]:
        """Every text on the screen, in order."""
        ...

    def elements(self) -> list[Json]: ...

    def press(self, element: Json) -> Json:
        """Put the finger on this element of `elements`."""
        ...

    def type_text(self, text: str) -> Json: ...

    def draw(self, strokes: Sequence[Stroke]) -> Json:
        """Write strokes in the square on the screen; points in thousandths of it."""
        ...

    def key(self, key: str) -> Json:
        """Press a key of the tactile keypad."""
        ...

    def headphones(self, *, plugged: bool) -> Json:
        """Plug headphones in, or pull them out."""
        ...

    def speech(self) -> list[Json]:
        """What was spoken, oldest first: `{"text", ...}`."""
        ...

    def personas(self) -> list[Json]: ...

    def insert(self, persona: str) -> Json: ...

    def insert_card(self, document: Json) -> Json: ...

    def remove_card(self) -> Json: ...

    def badge(self, *, there: bool) -> Json:
        """Put the technician's card into the technicians' own slot, or pull it out there."""
        ...

    def identity(self, persona: str) -> Json:
        """Lay a persona's identity card on its own reader; empty: take it away."""
        ...

    def technician(self, what: str) -> Json:
        """`code`: the digits that the gateway gives for the code on the screen. `joins`: it takes a fresh terminal in.
        `revoked`: it takes the card away."""
        ...

    def reject(self, reason: str) -> Json:
        """The office that has the last entry rejects it, with this code."""
        ...

    def phone(self, what: str, persona: str = "") -> Json:
        """Tap on the citizen's telephone (`kiosk/bench/hands/phone.py`): `{"page"}`."""
        ...

    def receipts(self) -> list[Json]: ...

    def receipt_picture(self, n: int) -> bytes: ...

    def take_receipt(self) -> Json:
        """Take the receipt out of the mouth of a kiosk printer: `{"taken"}`."""
        ...

    def network(self, **change: object) -> Json: ...

    def entries(self) -> list[Json]: ...

    def fault(self, device: str, fault: str, after: int | None = None) -> Json: ...

    def mend(self, **which: str) -> Json: ...

    def advance(self, seconds: float) -> Json: ...

    def log(self, after: int = 0) -> list[Json]: ...

    def reset(self) -> Json: ...

    def until(self, what: str, look: Callable[[], _T | None], deadline_s: float = 30.0) -> _T:
        """Look again and again until `look` gives something. Raises `BenchError` (`not-in-time`)."""
        ...
