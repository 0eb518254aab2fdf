"""The legend of the tactile keypad (75), in free space of the body; where there is none it is left out.

In landscape it may stand in either column. In the lowered screen it lies on the picture above: it is read, not pressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kiosk.pieces.drawn import Legend
from kiosk.ui.drawing import Sheet, extent
from kiosk.ui.pictures.pen import Pen
from kiosk.ui.theme import Rect, Rgb, Theme
from kiosk.ui.widgets.faces import card
from kiosk.ui.widgets.words import Block, Type, place, typeset

PAD = (434.0, 230.0)
"""The keypad as it is drawn."""
KEYS = {"up": (98, 18), "left": (18, 86), "right": (178, 86), "down": (98, 152)}
ARROWS = {"up": ((-16, 8), (0, -8), (16, 8)), "down": ((-16, -8), (0, 8), (16, -8)),
          "left": ((8, -16), (-8, 0), (8, 16)), "right": ((-8, -16), (8, 0), (-8, 16))}  # fmt: skip
KEY = (74.0, 60.0)
INSET = 24.0
AIR = 20.0
"""Between the legend and what is above and below it, the ring of the focus among it."""
LINE_INSET, LINE_AIR, LINE_BETWEEN = 8.0, 14.0, 32.0
"""Of the legend in one line of small words: where there is little room, it is a line and no card."""
NARROWEST = 760.0
"""From this width on the words stand beside the keypad; in a narrower column they stand under it."""
LOWERED_TOP = 920.0


class _Lines(NamedTuple):
    """What the keys do, broken for a width."""

    rows: tuple[tuple[Block, Block], ...]

    @property
    def height(self) -> float:
        return sum(max(key.height, what.height) for key, what in self.rows)


class _Form(NamedTuple):
    """One way to draw it: with the keypad at the left of the words, above them, or with the words alone."""

    lines: _Lines
    height: float
    pad: bool
    beside: bool


def legend(sheet: Sheet, shown: Legend) -> None:
    """Draw the legend, where the screen has room that takes it whole."""
    found = next(_places(sheet, shown), None)
    if found is None:
        _in_one_line(sheet, shown)
        return
    form, where = found
    card(sheet, where)
    x, y = where.x + INSET, where.y + INSET
    if form.pad:
        top = where.centre[1] - PAD[1] / 2 if form.beside else y
        _keypad(Pen(sheet, x, top), shown)
        x, y = (x + PAD[0] + INSET, y) if form.beside else (x, y + PAD[1] + INSET / 2)
    if form.beside:
        y = where.centre[1] - form.lines.height / 2
    for key, what in form.lines.rows:
        place(sheet, key, Rect(x, y, key.width + 1, key.height))
        place(sheet, what, Rect(x + key.width + 8, y, what.width + 1, what.height))
        y += max(key.height, what.height)


def _places(sheet: Sheet, shown: Legend) -> Iterator[tuple[_Form, Rect]]:
    """Where it can stand: the roomiest form first, each in the whole body and then in the columns."""
    theme = sheet.theme
    columns = _columns(theme)
    for pad, beside in ((True, True), (True, False), (False, False)):
        for column in columns:
            form = _form(sheet, shown, column.width, pad=pad, beside=beside)
            if form is None:
                continue
            if theme.posture == "reach":
                yield form, Rect(column.x, LOWERED_TOP - 2 * AIR - form.height, column.width, form.height)
                continue
            top = _free(sheet, column, form.height + 2 * AIR)
            if top is not None:
                yield form, Rect(column.x, top + AIR, column.width, form.height)


def _in_one_line(sheet: Sheet, shown: Legend) -> None:
    """The last resort: small words beside each other, without the keypad."""
    theme, blank = sheet.theme, sheet.blank()
    size, colon = theme.smallest, ":" if theme.english else "："
    for column in _columns(theme):
        pairs = [(typeset(blank, key + colon, column.width, Type(size, bold=True)),
                  typeset(blank, what, column.width, Type(size))) for key, what in shown.rows]  # fmt: skip
        wide = sum(key.width + 8 + what.width for key, what in pairs) + LINE_BETWEEN * (len(pairs) - 1)
        high = theme.line_height(size) + 2 * LINE_INSET
        top = _free(sheet, column, high + 2 * LINE_AIR)
        if blank.overflows or wide + 2 * INSET > column.width or top is None:
            continue
        x, y = column.x + INSET, top + LINE_AIR
        card(sheet, Rect(column.x, y, wide + 2 * INSET, high), theme.radius("chip"))
        for key, what in pairs:
            place(sheet, key, Rect(x, y + LINE_INSET, key.width + 1, key.height))
            place(sheet, what, Rect(x + key.width + 8, y + LINE_INSET, what.width + 1, what.height))
            x += key.width + 8 + what.width + LINE_BETWEEN
        return


def _columns(theme: Theme) -> tuple[Rect, ...]:
    zones = theme.zones
    return (zones.body, zones.question, zones.answers) if theme.posture == "landscape" else (zones.body,)


def _form(sheet: Sheet, shown: Legend, width: float, *, pad: bool, beside: bool) -> _Form | None:
    """The legend for a column `width` wide, or None where its words would not fit."""
    if beside != (width >= NARROWEST) and pad:
        return None
    room = width - 2 * INSET - (PAD[0] + INSET if beside else 0.0)
    lines = _set(sheet, shown, room)
    if lines is None:
        return None
    height = lines.height
    if pad:
        height = max(PAD[1], height) if beside else PAD[1] + INSET / 2 + height
    return _Form(lines, height + 2 * INSET, pad, beside)


def _set(sheet: Sheet, shown: Legend, room: float) -> _Lines | None:
    size, blank = sheet.theme.capped("body", 44), sheet.blank()
    colon = ":" if sheet.theme.english else "："
    keys = [typeset(blank, key + colon, room, Type(size, bold=True)) for key, _ in shown.rows]
    whats = [typeset(blank, what, room - key.width - 8, Type(size), place="legend")
             for key, (_, what) in zip(keys, shown.rows, strict=True)]  # fmt: skip
    return None if blank.overflows else _Lines(tuple(zip(keys, whats, strict=True)))


def _free(sheet: Sheet, column: Rect, height: float) -> float | None:
    """The top of the first free strip of the column that is at least so high, or None."""
    taken = [one.rect for one in sheet.targets]
    taken += [Rect(run.x, run.y, run.width, run.height) for run in sheet.runs]
    taken += [extent((shape,)) for shape in sheet.shapes]
    if sheet.square is not None:
        taken.append(sheet.square.rect)
    at = column.y
    for one in sorted((one for one in taken if one.x < column.right and one.right > column.x), key=lambda one: one.y):
        if one.bottom <= column.y or one.y >= column.bottom:
            continue
        if one.y - at >= height:
            return at
        at = max(at, one.bottom)
    return at if column.bottom - at >= height else None


def _keypad(pen: Pen, shown: Legend) -> None:
    theme = pen.sheet.theme
    ink, paper = theme.colour("ink"), theme.colour("card")
    pen.fill((0, 0, *PAD), theme.colour("sunk"), 24)
    pen.edge((0, 0, *PAD), ink, 5, 24)
    for name, (x, y) in KEYS.items():
        pressed = name == shown.pressed
        _key(pen, (x, y, *KEY), theme.colour("att") if pressed else paper, ink)
        # amber is light in every contrast, so its arrow is black
        arrow = (0.09, 0.13, 0.17) if pressed else ink
        pen.line([(x + KEY[0] / 2 + dx, y + KEY[1] / 2 + dy) for dx, dy in ARROWS[name]], arrow, 6)
    pen.disc((135, 116), 31, paper)
    pen.circle((135, 116), 31, ink, 5)
    pen.disc((135, 116), 9, ink)
    word = Type(28 if theme.text_scale == 1.0 else 35, bold=True, heading=True)
    for text, y in ((shown.help, 18.0), (shown.repeat, 152.0)):
        _key(pen, (276, y, 140, 60), paper, ink)
        pen.text(text, (280, y, 132, 60), word)
    for x, bars in ((276, ((-12, 0), (12, 0))), (350, ((-12, 0), (12, 0)))):
        _key(pen, (x, 86, 66, 60), paper, ink)
        pen.line([(x + 33 + dx, 116 + dy) for dx, dy in bars], ink, 6)
    pen.line([(383, 104), (383, 128)], ink, 6)


def _key(pen: Pen, where: tuple[float, float, float, float], fill: Rgb, ink: Rgb) -> None:
    pen.fill(where, fill, 12)
    pen.edge(where, ink, 4, 12)
