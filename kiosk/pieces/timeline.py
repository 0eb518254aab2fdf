"""How far one is, as values: a case's steps against its days (34), an address by its parts (62). Pure.

Pieces of `kiosk.screen_model`.
"""

from __future__ import annotations

from typing import Literal

from kiosk.frozen import frozen

BarState = Literal["done", "current", "todo", "asked"]


@frozen
class Bar:
    """One step: its number, and from which day to which, counted in working days since the case was opened."""

    label: str
    start: int
    end: int
    state: BarState


@frozen
class Lane:
    """One agency and its steps."""

    name: str
    bars: tuple[Bar, ...]


@frozen
class Timeline:
    """Lanes under each other, days from left to right, a line at today; below it what the bars mean."""

    lanes: tuple[Lane, ...]
    total: int
    """The last day on the axis."""
    today: int
    today_text: str
    axis: tuple[tuple[int, str], ...]
    legend: tuple[tuple[BarState, str], ...]


@frozen
class Place:
    """One part of the way to an address: chosen, asked now, or still to come."""

    mark: Literal["done", "current", "todo"]
    text: str


@frozen
class Path:
    """The parts of an address beside each other, in the marks of the stepper."""

    parts: tuple[Place, ...]
