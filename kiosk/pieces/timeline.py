"""A case's steps drawn against its days (picture 34), as a value. Pure; a piece of `kiosk.screen_model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BarState = Literal["done", "current", "todo", "asked"]


@dataclass(frozen=True)
class Bar:
    """One step: its number, and from which day to which, counted in working days since the case was opened."""

    label: str
    start: int
    end: int
    state: BarState


@dataclass(frozen=True)
class Lane:
    """One agency and its steps."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Timeline:
    """Lanes under each other, days from left to right, a line at today; below it what the bars mean."""

    lanes: tuple[Lane, ...]
    total: int
    """The last day on the axis."""
    today: int
    today_text: str
    axis: tuple[tuple[int, str], ...]
    legend: tuple[tuple[BarState, str], ...]
