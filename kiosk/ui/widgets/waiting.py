"""The ring of seconds, drawings of the machine, and the small drawing with words beside it."""

from __future__ import annotations

from kiosk.screen_model import Picture, Ring, Where
from kiosk.ui.drawing import Sheet, arc_points
from kiosk.ui.pictures import machine as pictures
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import card
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, para, place, stack, typeset

NARROW = 400.0
"""In a column narrower than this the words need all of it."""


def ring(sheet: Sheet, style: Style, piece: Ring, rect: Rect) -> float:
    """A ring of seconds with its number inside, and centred words under it. Redrawn once a second, never turning."""
    theme = sheet.theme
    large = bool(piece.small)
    outer = {0: 189.0, 1: 176.0, 2: 160.0, 3: 140.0}.get(style.level, 110.0) if large else 123.0
    if not large and style.level >= 3:
        outer = 100.0
    width = outer * 0.138 if large else 22.0
    top = {0: 108.0 if large else 137.0, 1: 60.0, 2: 24.0}.get(style.level, 8.0)
    if theme.posture != "portrait":
        top = min(top, 8.0)
    middle = (rect.centre[0], rect.y + top + outer)
    radius = outer - width / 2
    sheet.circle(*middle, radius, theme.colour("rule"), 4 if theme.high_contrast else width)
    share = max(0.0, min(1.0, piece.left_s / piece.total_s if piece.total_s else 0.0))
    if share > 0:
        sheet.line(arc_points(middle, (radius, radius), (0, 360 * share)), theme.colour("primary"), width)
    _inside(sheet, piece, middle, radius - width)
    y = rect.y + top + 2 * outer
    if piece.title:
        y += {0: 72.0, 1: 48.0, 2: 28.0}.get(style.level, 12.0)
        size = style.heading_size("display" if large else "title")
        y += para(sheet, piece.title, Rect(rect.x, y, rect.width, 0), Type(size, bold=True, heading=True), "centre")
    if piece.text:
        y += 12
        type_ = Type(style.size("label"), "ink") if large else Type(style.size("body"), "ink2")
        y += para(sheet, piece.text, Rect(rect.x, y, rect.width, 0), type_, "centre")
    return y - rect.y


def _inside(sheet: Sheet, piece: Ring, middle: tuple[float, float], radius: float) -> None:
    room = radius * (1.5 if piece.small else 1.75)
    size = (140 if radius > 120 else 110 if radius > 90 else 88) if piece.small else 70
    big = typeset(
        sheet, piece.big, room, Type(size, bold=True, heading=True), sheet.theme.line_height(size, heading=True)
    )
    left = middle[0] - room / 2
    if not piece.small:
        place(sheet, big, Rect(left, middle[1] - big.height / 2 - 4, room, big.height), "centre")
        return
    small = typeset(sheet, piece.small, room, Type(44 if radius > 120 else 35, heading=True))
    share = size / 140
    place(sheet, big, Rect(left, middle[1] - 49 * share - big.height / 2, room, big.height), "centre")
    place(sheet, small, Rect(left, middle[1] + 63 * share - small.height / 2, room, small.height), "centre")


def picture(sheet: Sheet, style: Style, piece: Picture, rect: Rect) -> float:
    """A drawing centred in the width, as large as the room allows."""
    return pictures.draw(sheet, piece, rect, smaller=style.level)


def where(sheet: Sheet, style: Style, piece: Where, rect: Rect) -> float:
    """A card: the machine small at the left, where to look at the right (12)."""
    pad, drawn = 24.0, rect.width > NARROW
    wide = rect.width > 500
    drawing_width = 130.0 if wide else 96.0
    x = rect.x + (44 + drawing_width + 34 if wide else 20 + drawing_width + 20 if drawn else 20)
    room = rect.right - (38 if drawn else 20) - x
    blocks = [
        typeset(sheet, piece.title, room, Type(style.size("label"), bold=True, heading=True), place="where"),
        typeset(sheet, piece.text, room, Type(style.size("body")), place="where"),
    ]
    words = sum(block.height for block in blocks) + 4
    height = max(words + 2 * min(pad, style.air.pad), 160.0 if drawn else 0.0)
    card(sheet, Rect(rect.x, rect.y, rect.width, height))
    if drawn:
        scale = min(1.0, (height - 16) / 310.0, drawing_width / 178.0)
        machine = Rect(x - 34 - drawing_width, rect.y + (height - 310 * scale) / 2, 178 * scale, 310 * scale)
        pictures.machine(sheet, machine, piece.name)
    stack(sheet, blocks, Rect(x, rect.y, room, height), between=4)
    return height
