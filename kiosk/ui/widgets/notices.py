"""What happened: notice, result, trouble. The shape of the mark says it first, the colour second."""

from __future__ import annotations

from kiosk.screen_model import Notice, Result, Trouble
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import tint_box
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, para, place, stack_height, typeset, with_large_numbers


def notice(sheet: Sheet, style: Style, piece: Notice, rect: Rect, *, large: bool = False) -> float:
    """Mark 64, a bold line, one plain line, a bar at the left. `large` when it stands where the question would (14)."""
    air = style.air
    mark = 76.0 if large else 64.0
    pad = air.notice_pad
    bold = style.size("label") if large else style.size("body")
    side = 32.0 if rect.width > 500 else 16.0
    text_x = rect.x + 12 + side + mark + (28 if rect.width > 500 else 16)
    room = rect.right - (28 if rect.width > 500 else 16) - text_x
    title = typeset(sheet, piece.title, room, Type(bold, bold=True, heading=True), place="notice")
    text = typeset(sheet, piece.text, room, Type(style.size("body")), place="notice") if piece.text else None
    words = stack_height([block for block in (title, text) if block])
    height = max(words, mark) + 2 * pad
    box = Rect(rect.x, rect.y, rect.width, height)
    tint_box(sheet, box, piece.meaning, sheet.theme.radius("button"), bar=True)
    y = rect.y + (height - words) / 2
    mark_y = rect.y + min((height - mark) / 2, pad - 2)
    icons.mark(sheet, piece.meaning, rect.x + 12 + side, mark_y, mark)
    line = Rect(text_x, y, room, title.height)
    drawn = with_large_numbers(sheet, piece.title, line, title.type, style.size("title")) if large else 0.0
    y += drawn or place(sheet, title, line)
    if text:
        place(sheet, text, Rect(text_x, y, room, text.height))
    return height


def result(sheet: Sheet, style: Style, piece: Result, rect: Rect) -> float:
    """Centred: the mark, one display line, when."""
    air = style.air
    mark = air.result_mark * (0.84 if piece.meaning == "att" else 1.0)
    top = {0: 48.0, 1: 44.0, 2: 36.0, 3: 24.0}.get(style.level, 14.0)
    inside = Rect(rect.x + 24, rect.y, rect.width - 48, 0)
    title = typeset(
        sheet, piece.title, inside.width, Type(style.heading_size("display"), bold=True, heading=True), place="result"
    )
    text = typeset(sheet, piece.text, inside.width, Type(style.size("body"))) if piece.text else None
    between = min(24.0, top)
    height = top + mark + between + title.height + (text.height if text else 0) + top * 0.84
    tint_box(sheet, Rect(rect.x, rect.y, rect.width, height), piece.meaning, sheet.theme.radius("result"), bar=False)
    icons.mark(sheet, piece.meaning, rect.centre[0] - mark / 2, rect.y + top, mark)
    y = rect.y + top + mark + between
    y += place(sheet, title, Rect(inside.x, y, inside.width, title.height), "centre")
    if text:
        place(sheet, text, Rect(inside.x, y, inside.width, text.height), "centre")
    return height


def trouble(sheet: Sheet, style: Style, piece: Trouble, rect: Rect, *, plain: bool = False) -> float:
    """A band with the mark at the left, what happened, one or two lines. `plain`: no band, larger words (33)."""
    mark = {0: 128.0, 1: 128.0, 2: 112.0, 3: 96.0}.get(style.level, 76.0)
    if rect.width < 700:
        mark = min(mark, 96.0)
    side, gap = (0.0, 44.0) if plain else (40.0, 36.0)
    if rect.width < 700:
        side, gap = min(side, 24.0), 24.0
    mark += 12 if plain else 0
    text_x = rect.x + side + mark + gap
    room = rect.right - (0 if plain else 24) - text_x
    title = typeset(
        sheet, piece.title, room, Type(style.heading_size("display"), bold=True, heading=True), place="trouble"
    )
    text = typeset(sheet, piece.text, room, Type(style.size("label" if plain else "body"))) if piece.text else None
    words = stack_height([block for block in (title, text) if block], 4)
    pad = 0.0 if plain else {0: 38.0, 1: 36.0, 2: 28.0, 3: 22.0}.get(style.level, 12.0)
    height = max(words, mark) + 2 * pad
    box = Rect(rect.x, rect.y, rect.width, height)
    if not plain:
        tint_box(sheet, box, piece.meaning, sheet.theme.radius("result"), bar=False)
    icons.mark(sheet, piece.meaning, rect.x + side, rect.y + max(0.0, min(pad + 2, (height - mark) / 2)), mark)
    y = rect.y + (height - words) / 2
    y += place(sheet, title, Rect(text_x, y, room, title.height)) + 4
    if text:
        para(sheet, piece.text, Rect(text_x, y, room, text.height), text.type)
    return height
