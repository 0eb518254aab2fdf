"""Pieces of a screen that the app draws from geometry, as values. Pure; a part of `kiosk.screen_model`."""

from __future__ import annotations

from typing import Literal

from kiosk.frozen import frozen


@frozen
class Picture:
    """A drawing made by the app from geometry.

    `insert-card`, `take-card`, `wipe-card`, `good-and-bad-cards`, `swapped-cards`, `printing`, `half-printed`,
    `where-printer`, `where-slot`. `caption` is the word on the drawing (读卡口), several words one a line.
    """

    name: str
    caption: str = ""


@frozen
class Where:
    """A card with the small drawing of the machine at the left and words at the right (12)."""

    name: Literal["where-slot", "where-printer"]
    title: str
    text: str


@frozen
class Ring:
    """A ring, drawn for `left_s` of `total_s` once a second. For a wait, `left_s` is what has gone by."""

    total_s: int
    left_s: int
    big: str
    small: str = ""
    title: str = ""
    text: str = ""


@frozen
class CaseNumber:
    """The citizen's number, large, with a QR code beside it (25)."""

    label: str
    number: str
    qr: str
    to_scan: bool = False
    """True where the code is what this is about: somebody else scans it from the glass (66)."""


@frozen
class Legend:
    """The tactile keypad with what its keys do (75): each row names a key and what it does."""

    rows: tuple[tuple[str, str], ...]
    help: str
    """The words on the keys themselves."""
    repeat: str
    pressed: str = ""
    """The arrow that was pressed last: `up`, `down`, `left`, `right`."""
