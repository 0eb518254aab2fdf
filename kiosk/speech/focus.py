"""Where the tactile keypad can go on a screen: every control once, the answers first, the aids last. Pure.

Left and right take the next control; up and down take the next row where controls lie in rows (tiles, keys). Past the
last control comes the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from kiosk.events import Event, PinKey
from kiosk.frozen import frozen
from kiosk.screen_model import (
    CheckRows,
    Control,
    Keyboard,
    Keypad,
    Prefilled,
    PrefilledRows,
    ScreenModel,
    Tiles,
    WritingPad,
)
from kiosk.staff.events import GlassTouched

COLUMNS = 3
"""Of tiles and of a keypad, as the look draws them."""


@frozen
class Spot:
    """A control that the keypad can stand on, and its place among those that belong together."""

    control: Control
    number: int
    """Counted from 1."""
    count: int
    row: int
    """Of the whole screen, counted from 0; controls of one row lie side by side."""
    column: int
    about: str = ""
    """The row that the control belongs to, where its own words are the same in every row."""


def controls_of(value: object) -> Iterator[Control]:
    """Give every control in a piece of a screen, in the order of its fields."""
    if isinstance(value, Control):
        yield value
    elif isinstance(value, tuple):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from controls_of(part)  # pyright: ignore[reportUnknownArgumentType]
    elif is_dataclass(value) and not isinstance(value, type | Event):
        for item in fields(value):
            yield from controls_of(getattr(value, item.name))


def spots(model: ScreenModel) -> tuple[Spot, ...]:
    """Return every control of a screen in the order of the keypad."""
    found: list[Spot] = []
    about = _about(model)
    row = 0
    ends = tuple(one for one in (model.primary, model.back, model.home, model.finish) if one is not None)
    for group in (*(_rows(piece) for piece in model.body), *(((one,),) for one in ends), _rows(model.aids)):
        count = sum(len(line) for line in group)
        number = 0
        for line in group:
            for column, control in enumerate(line):
                number += 1
                found.append(Spot(control, number, count, row, column, about.get(control.id, "")))
            row += 1
    return tuple(found)


def _about(model: ScreenModel) -> Mapping[str, str]:
    """Control to the label of its row: every row has its own 改 or 不对."""
    rows = (row for piece in model.body if isinstance(piece, PrefilledRows | CheckRows) for row in piece.rows)
    pairs = ((row.wrong if isinstance(row, Prefilled) else row.change, row.label) for row in rows)
    return {control.id: label for control, label in pairs if control is not None}


def _rows(piece: object) -> tuple[tuple[Control, ...], ...]:
    """The controls of one piece, row by row; not those that test whether a finger meets them."""
    if isinstance(piece, Tiles | Keypad):
        items = piece.items if isinstance(piece, Tiles) else piece.keys
        return tuple(items[at : at + COLUMNS] for at in range(0, len(items), COLUMNS))
    if isinstance(piece, Keyboard):
        return tuple(line for line in (piece.candidates, *piece.rows) if line)
    if isinstance(piece, WritingPad):
        return _beside_square(piece)
    return tuple((control,) for control in controls_of(piece) if not isinstance(control.event, GlassTouched))


def _beside_square(piece: WritingPad) -> tuple[tuple[Control, ...], ...]:
    """The candidates as they lie: the first alone, then two and two; then what takes back."""
    first, rest = piece.candidates[:1], piece.candidates[1:]
    pairs = (rest[at : at + 2] for at in range(0, len(rest), 2))
    more = (piece.more,) if piece.more is not None else ()
    return tuple(line for line in (first, *pairs, more, (piece.undo, piece.clear)) if line)


def spot_of(model: ScreenModel, focus: str) -> Spot | None:
    """Return where the focus is, or None where its control is not on the screen."""
    return next((spot for spot in spots(model) if spot.control.id == focus), None)


def first(model: ScreenModel) -> str:
    """Return where the focus begins: at a PIN pad its first digit, so that one can count; else the first control."""
    every = spots(model)
    digits = (spot.control.id for spot in every if is_pin_digit(spot.control))
    return next(digits, every[0].control.id if every else "")


def moved(model: ScreenModel, focus: str, key: str) -> str:
    """Return the focus after an arrow key (`up`, `down`, `left`, `right`); from nowhere it goes to the beginning."""
    every = spots(model)
    at = next((place for place, spot in enumerate(every) if spot.control.id == focus), None)
    if at is None:
        return first(model)
    if key in {"left", "right"}:
        return every[(at + (1 if key == "right" else -1)) % len(every)].control.id
    here = every[at]
    rows = 1 + max(spot.row for spot in every)
    row = (here.row + (1 if key == "down" else -1)) % rows
    there = [spot for spot in every if spot.row == row]
    return there[min(here.column, len(there) - 1)].control.id


def is_pin_digit(control: Control) -> bool:
    """Whether the control enters a digit of the PIN: it is never named aloud. One that is off carries no event."""
    return isinstance(control.event, PinKey) or (control.id.startswith("pin.") and control.text.isdigit())
