"""What a citizen is told: notice, result, trouble, who holds which data. The shape of a mark says it first, the colour
second.
"""

from __future__ import annotations

from kiosk.screen_model import Ask, Asks, Notice, Result, Trouble
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import card, tint_box
from kiosk.ui.widgets.style import AIRS, Style
from kiosk.ui.widgets.words import Block, Type, para, place, stack, stack_height, typeset, with_large_numbers

PAD = 38.0
"""From the edge of a source's card to its content."""
TWO_CARDS = 1000.0
"""A body wider than this has room for two sources beside each other."""
MANY_SOURCES = 4
NARROW = 400.0
"""In a column narrower than this the mark gives way to words."""
LAST_LEVEL = len(AIRS) - 1


def notice(sheet: Sheet, style: Style, piece: Notice, rect: Rect, *, large: bool = False) -> float:
    """Mark 64, a bold line, one plain line, a bar at the left. `large` when it stands where the question would (14)."""
    air = style.air
    mark = 76.0 if large else 64.0 if rect.width > NARROW else 48.0
    pad = air.notice_pad
    bold = style.size("label") if large else style.size("body")
    side = 32.0 if rect.width > 500 else 16.0 if rect.width > NARROW else 12.0
    text_x = rect.x + 12 + side + mark + (28 if rect.width > 500 else side)
    room = rect.right - (28 if rect.width > 500 else side) - text_x
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


# ------------------------------------------------------------------------------------------------- data sources


def asks(sheet: Sheet, style: Style, piece: Asks, rect: Rect) -> float:
    """One card for each data source: agency, what, why (18); in a wide body two beside each other when it is close."""
    between = min(24, style.air.between_rows)
    count = 2 if len(piece.rows) > 2 and style.level > 1 and rect.width > TWO_CARDS else 1
    width = (rect.width - (count - 1) * 24) / count
    y = rect.y
    for first in range(0, len(piece.rows), count):
        line = piece.rows[first : first + count]
        made = [_ask(sheet, style, one, width, crowded=len(piece.rows) > MANY_SOURCES) for one in line]
        height = max(stack_height(blocks) for blocks in made) + 2 * _ask_pad(style)
        for i, blocks in enumerate(made):
            _ask_card(sheet, style, blocks, Rect(rect.x + i * (width + 24), y, width, height))
        y += height + between
    return y - between - rect.y


def _ask_pad(style: Style) -> float:
    return {0: 28.0, 1: 26.0, 2: 20.0, 3: 16.0, 4: 8.0}.get(style.level, 4.0)


def _ask_side(style: Style, width: float) -> float:
    """How large the icon of a source is; none where its card is narrow and everything is close."""
    if style.level >= (3 if width < TWO_CARDS else LAST_LEVEL) and style.theme.posture != "portrait":
        return 0.0
    return 72.0 if style.level < 3 else 56.0 if style.level < LAST_LEVEL else 0.0


def _ask(sheet: Sheet, style: Style, one: Ask, width: float, *, crowded: bool) -> list[Block]:
    """The lines of one source; where it gets close the agency and its reason share one."""
    side = _ask_side(style, width)
    room = width - 2 * PAD - (side + 32 if side else 0)
    plain = Type(style.size("body"))
    what = typeset(sheet, one.what, room, Type(style.size("label"), bold=True, heading=True), place="ask")
    if style.level >= LAST_LEVEL - 2 if crowded else style.level == LAST_LEVEL:
        return [what, typeset(sheet, f"{one.agency} · {one.why}", room, plain, place="ask")]
    agency = typeset(sheet, one.agency, room, plain._replace(colour="ink2"))
    return [agency, what, typeset(sheet, one.why, room, plain, place="ask")]


def _ask_card(sheet: Sheet, style: Style, blocks: list[Block], box: Rect) -> None:
    side = _ask_side(style, box.width)
    x = box.x + PAD + (side + 32 if side else 0)
    card(sheet, box)
    if side:
        icons.icon(sheet, "agency", box.x + PAD, box.y + _ask_pad(style), side, sheet.theme.colour("primary"))
    stack(sheet, blocks, Rect(x, box.y, box.right - PAD - x, box.height))
