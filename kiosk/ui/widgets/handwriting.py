"""The writing square of picture 61: what is written, what it may be, and two buttons that take back."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from kiosk.pieces.strokes import SIDE, Stroke
from kiosk.screen_model import Control, WritingPad
from kiosk.ui.drawing import Sheet, Square
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.entry import PANEL_TOP, box
from kiosk.ui.widgets.faces import button, face, inner
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, place, typeset

INK_WIDTH = 17.0
"""How thick a stroke is drawn in the largest square."""
LARGEST = 512.0
FIRST_SIZE = 110
"""Of the likeliest character."""
LARGE_FROM = 1.6
"""From this text scale on the other candidates are larger too."""
BETWEEN = 16.0
COLUMN = 248.0
"""The candidates beside the square are never narrower: two keys for a thumb."""


class _Places(NamedTuple):
    """Where the parts of the panel lie."""

    label: Rect
    square: Rect
    buttons: Rect
    column: Rect


def writing_pad(sheet: Sheet, style: Style, piece: WritingPad, zone: Rect) -> float:
    """Draw the panel into the keypad zone."""
    theme = sheet.theme
    if theme.posture == "portrait":
        panel = Rect(0, PANEL_TOP, theme.size[0], zone.bottom - PANEL_TOP)
        sheet.rect(panel, theme.colour("sunk"))
        for y in (panel.y, panel.bottom - 2):
            sheet.rect(Rect(0, y, panel.width, 2), theme.colour("rule"))
        zone = Rect(zone.x, PANEL_TOP + 20, zone.width, zone.bottom - 26 - PANEL_TOP - 20)
    places = _places(sheet, style, zone)
    if places.label.height:
        text = typeset(sheet, piece.label, places.label.width, Type(style.size("body")), places.label.height, "button")
        middle = places.label.centre[1]
        place(sheet, text, Rect(places.label.x, middle - text.height / 2, places.label.width, text.height))
    _square(sheet, piece, places.square)
    half = (places.buttons.width - BETWEEN) / 2
    for n, control in enumerate((piece.undo, piece.clear)):
        where = Rect(places.buttons.x + n * (half + BETWEEN), places.buttons.y, half, places.buttons.height)
        button(sheet, control, where, style.size("body"), icon_above=False)
    _candidates(sheet, style, piece, places.column)
    return zone.height


def _places(sheet: Sheet, style: Style, zone: Rect) -> _Places:
    """The square as large as the zone allows; in a low zone the line above it gives way."""
    theme = sheet.theme
    line = theme.line_height(style.size("body")) if zone.height > 600 else 0.0
    low = 88.0 if zone.height > 600 else 72.0
    room = zone.height - line - (12.0 if line else 0.0) - BETWEEN - low - theme.lip
    side = min(LARGEST, room, zone.width - COLUMN - 24)
    buttons = Rect(zone.x, zone.bottom - low - theme.lip, side, low)
    square = Rect(zone.x, buttons.y - BETWEEN - side, side, side)
    label = Rect(zone.x, zone.y, zone.width, square.y - zone.y if line else 0.0)
    column = Rect(square.right + 24, square.y, zone.right - square.right - 24, buttons.bottom - square.y)
    return _Places(label, square, buttons, column)


def _square(sheet: Sheet, piece: WritingPad, where: Rect) -> None:
    theme = sheet.theme
    box(sheet, where, active=True)
    (x, y), reach = where.centre, where.width / 2 - 24
    rule = theme.colour("rule")
    steps = [-reach + n * 20 for n in range(int(2 * reach // 20) + 1)]
    for at in steps:
        sheet.bar((x + at, y), (x + at + 10, y), rule, 2)
        sheet.bar((x, y + at), (x, y + at + 10), rule, 2)
    for n, stroke in enumerate(piece.strokes):
        colour = theme.colour("primary" if n == len(piece.strokes) - 1 else "ink")
        ink(sheet, stroke, where, colour)
    sheet.square = Square(where, piece.label, piece.event)


def ink(sheet: Sheet, stroke: Stroke, where: Rect, colour: tuple[float, float, float]) -> None:
    """A stroke in the square that lies at `where`; a dot for a single point."""
    scale, width = where.width / SIDE, INK_WIDTH * where.width / LARGEST
    points = [(where.x + x * scale, where.y + y * scale) for x, y in stroke]
    if len(points) == 1:
        sheet.disc(*points[0], width / 2, colour)
    for start, end in pairwise(points):
        sheet.line((start, end), colour, width)


def _candidates(sheet: Sheet, style: Style, piece: WritingPad, column: Rect) -> None:
    """The likeliest large, six more in two columns, and the way to those after them; the places never move."""
    lip, gap = sheet.theme.lip, 12.0
    low = (column.height - 4 * (gap + lip)) / 5.6
    first, rest = piece.candidates[:1], piece.candidates[1:]
    tall = 1.6 * low
    for control in first:
        _character(sheet, control, Rect(column.x, column.y, column.width, tall), FIRST_SIZE)
    width = (column.width - gap) / 2
    for n, control in enumerate(rest):
        line, side = divmod(n, 2)
        y = column.y + tall + lip + gap + line * (low + lip + gap)
        where = Rect(column.x + side * (width + gap), y, width, low)
        _character(sheet, control, where, 56 if sheet.theme.text_scale < LARGE_FROM else 70)
    if piece.more is not None:
        where = Rect(column.x, column.bottom - low, column.width, low)
        button(sheet, piece.more, where, style.size("body"))


def _character(sheet: Sheet, control: Control, where: Rect, size: int) -> None:
    """One character on a key; the likeliest is bold, without a tick."""
    with sheet.control(control, where):
        face(sheet, control, where)
        inside = inner(sheet, where)
        type_ = Type(size, bold=control.selected, heading=True)
        block = typeset(sheet, control.text, where.width - 12, type_, inside.height, "key")
        place(sheet, block, Rect(where.x, inside.centre[1] - block.height / 2, where.width, block.height), "centre")
