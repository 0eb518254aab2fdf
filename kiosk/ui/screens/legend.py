"""The legend of the tactile keypad (75), in the largest free strip of the body; where there is none it is left out."""

from __future__ import annotations

from kiosk.pieces.drawn import Legend
from kiosk.ui.drawing import Poly, Shape, Sheet
from kiosk.ui.pictures.pen import Pen
from kiosk.ui.theme import Rect, Rgb
from kiosk.ui.widgets.faces import card
from kiosk.ui.widgets.words import Type, place, stack_height, typeset

PAD = (434.0, 230.0)
"""The keypad as it is drawn."""
KEYS = {"up": (98, 18), "left": (18, 86), "right": (178, 86), "down": (98, 152)}
ARROWS = {"up": ((-16, 8), (0, -8), (16, 8)), "down": ((-16, -8), (0, 8), (16, -8)),
          "left": ((8, -16), (-8, 0), (8, 16)), "right": ((-8, -16), (8, 0), (-8, 16))}  # fmt: skip
KEY = (74.0, 60.0)
INSET = 24.0
AIR = 20.0
"""Between the legend and what is above and below it, the ring of the focus among it."""
NARROWEST = 760.0


def legend(sheet: Sheet, shown: Legend) -> None:
    """Draw the legend, where the body has a free strip that takes it whole."""
    body = sheet.theme.zones.body
    if body.width < NARROWEST or sheet.theme.posture != "portrait":
        return
    size = sheet.theme.capped("body", 44)
    room = body.width - PAD[0] - 3 * INSET
    blank = sheet.blank()
    lines = [(typeset(blank, f"{key}：" if not sheet.theme.english else f"{key}:", room, Type(size, bold=True)), what)
             for key, what in shown.rows]  # fmt: skip
    texts = [(key, typeset(blank, what, room - key.width - 8, Type(size), place="legend")) for key, what in lines]
    height = max(PAD[1], sum(max(key.height, what.height) for key, what in texts)) + 2 * INSET
    top = _free(sheet, body, height + 2 * AIR)
    if top is None or blank.overflows:
        return
    where = Rect(body.x, top + AIR, body.width, height)
    card(sheet, where)
    middle = where.centre[1]
    _keypad(Pen(sheet, where.x + INSET, middle - PAD[1] / 2), shown)
    y = middle - sum(max(key.height, what.height) for key, what in texts) / 2
    x = where.x + PAD[0] + 2 * INSET
    for key, what in texts:
        line = max(stack_height([key]), what.height)
        place(sheet, key, Rect(x, y, key.width + 1, key.height))
        place(sheet, what, Rect(x + key.width + 8, y, what.width + 1, what.height))
        y += line


def _free(sheet: Sheet, body: Rect, height: float) -> float | None:
    """The top of the first free strip of the body that is at least so high, or None."""
    panel = 0.6 * sheet.theme.size[1]
    taken = [(one.rect.y, one.rect.bottom) for one in sheet.targets]
    taken += [(run.y, run.y + run.height) for run in sheet.runs]
    taken += [(top, bottom) for top, bottom in map(_span, sheet.shapes) if bottom - top < panel]
    if sheet.square is not None:
        taken.append((sheet.square.rect.y, sheet.square.rect.bottom))
    at = body.y
    for top, bottom in sorted(taken):
        if bottom <= body.y or top >= body.bottom:
            continue
        if top - at >= height:
            return at
        at = max(at, bottom)
    return at if body.bottom - at >= height else None


def _span(shape: Shape) -> tuple[float, float]:
    """From where to where a shape reaches down the display."""
    if isinstance(shape, Poly):
        ys = [y for _, y in shape.points]
        return min(ys), max(ys)
    high = abs(shape.half_width * shape.sin) + abs(shape.half_height * shape.cos)
    return shape.cy - high, shape.cy + high


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
