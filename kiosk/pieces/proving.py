"""Pieces of the screens that bring a terminal into service, as values. Pure; a part of `kiosk.screen_model`."""

from __future__ import annotations

from typing import Literal

from kiosk.frozen import frozen

ProofMark = Literal["done", "current", "todo", "warn", "stop"]
Colour = Literal["red", "green", "blue", "white", "black"]


@frozen
class ProofRow:
    """A mark, what is proven, and a figure at the right end. With `name`, a bold name before it (80)."""

    mark: ProofMark
    text: str
    end: str = ""
    name: str = ""
    detail: str = ""
    """Under the text, smaller: the next step (50). Lines apart by a line break."""


@frozen
class ProofRows:
    """A card of such rows (76, 78, 79, 80)."""

    rows: tuple[ProofRow, ...]


@frozen
class PaperProof:
    """The test page as it came out, its digits as question marks; the digits typed so far; what is known (77)."""

    title: str
    typed: str
    length: int
    rows: tuple[ProofRow, ...]
    edges: tuple[str, str, str]
    """The words at the left edge, in the middle and at the right edge of the page."""


@frozen
class JoinCode:
    """A QR code that a telephone scans from the glass, and the characters that must stand on both (79)."""

    qr: str
    hint: str
    code: str


@frozen
class TouchTest:
    """The whole glass: circles to be touched, in order (76). Its controls stand beside it in a `ButtonRow`."""

    head: str
    place: str
    spots: tuple[tuple[int, int], ...]
    """Middles in display pixels, origin top left."""
    done: int
    rows: tuple[ProofRow, ...]
    note: str


@frozen
class ColourTest:
    """The whole glass in one colour, or, as `bars`, all of them side by side over the lower part of the body."""

    colour: Colour | Literal["bars"]
    note: str = ""


Proving = ProofRows | PaperProof | JoinCode | TouchTest | ColourTest
