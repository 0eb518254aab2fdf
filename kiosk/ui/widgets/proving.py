"""What is proven while a terminal is brought into service: rows with marks, the test page, the code to scan."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.pieces.proving import ColourTest, JoinCode, PaperProof, ProofMark, ProofRow, ProofRows
from kiosk.screen_model import Meaning
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect, Rgb, rgb
from kiosk.ui.widgets.entry import box, caret
from kiosk.ui.widgets.faces import card
from kiosk.ui.widgets.paper import qr
from kiosk.ui.widgets.rows import row_card
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, place, stack, stack_height, typeset

MARKS: Mapping[ProofMark, Meaning] = {"done": "saved", "warn": "att", "stop": "stop"}
NAME_GAP = 40.0
LARGEST_CODE = 110
NARROW = 800.0
PANEL: Mapping[str, Rgb] = {
    "red": rgb("#FF0000"),
    "green": rgb("#00FF00"),
    "blue": rgb("#0000FF"),
    "white": rgb("#FFFFFF"),
    "black": rgb("#000000"),
}
"""The panel's own colours, not the theme's: a dead pixel is one that does not follow them."""


def proof_rows(sheet: Sheet, style: Style, piece: ProofRows, rect: Rect) -> float:
    """A card of rows: mark, name, text, and a figure at the right end."""
    bold = Type(style.size("body"), bold=True, heading=True)
    column = max((sheet.measure(row.name, bold.size, True) + NAME_GAP for row in piece.rows if row.name), default=0.0)
    pad = {0: 18.0, 1: 15.0, 2: 12.0, 3: 9.0}.get(style.level, 6.0)
    return row_card(
        sheet, rect, [lambda inside, at, row=row: _row(inside, style, row, at, (column, pad)) for row in piece.rows]
    )


def mark(sheet: Sheet, which: ProofMark, x: float, y: float, side: float) -> None:
    """Tick, half disc, ring, triangle or octagon."""
    if which in MARKS:
        icons.mark(sheet, MARKS[which], x, y, side)
    else:
        (icons.half_mark if which == "current" else icons.ring_mark)(sheet, x, y, side)


def _row(sheet: Sheet, style: Style, row: ProofRow, at: Rect, room: tuple[float, float]) -> float:
    column, pad = room
    side = max(38.0, min(46.0, style.size("body") * 1.2))
    x = at.x + side + 22
    size, note = style.size("body"), style.size("note")
    end_width = sheet.measure(row.end, note, False) if row.end else 0.0
    words = Type(size, "ink2" if row.mark == "todo" else "ink", bold=row.mark != "todo" and not row.name, heading=True)
    text_x = x + (column if row.name else 0.0)
    beside = sheet.measure(row.text, size, words.bold) + (end_width + 24 if row.end else 0.0) <= at.right - text_x
    width = at.right - text_x - (end_width + 24 if row.end and beside else 0.0)
    blocks = [typeset(sheet, row.text, width, words, place="proof")]
    if row.end and not beside:
        blocks.append(typeset(sheet, row.end, width, Type(note, "ink2"), place="proof"))
    blocks += [typeset(sheet, line, at.right - text_x, Type(note), place="proof") for line in row.detail.splitlines()]
    height = max(side, stack_height(blocks)) + 2 * pad
    mark(sheet, row.mark, at.x, at.y + (height - side) / 2, side)
    if row.name:
        name = typeset(sheet, row.name, column - 8, Type(size, bold=True, heading=True), place="proof")
        place(sheet, name, Rect(x, at.y + (height - name.height) / 2, column, name.height))
    stack(sheet, blocks, Rect(text_x, at.y, width, height))
    if row.end and beside:
        end = typeset(sheet, row.end, end_width + 2, Type(note, "ink2"), place="proof")
        top = at.y + (height - (stack_height(blocks) if row.detail else blocks[0].height)) / 2
        middle = top + blocks[0].height / 2
        place(sheet, end, Rect(at.right - end.width, middle - end.height / 2, end.width, end.height))
    return height


# ----------------------------------------------------------------------------------------------------- test page


def paper_proof(sheet: Sheet, style: Style, piece: PaperProof, rect: Rect) -> float:
    """The page at the left, where there is room; the boxes of the digits, and what is known, at the right."""
    narrow = rect.width < NARROW
    page = Rect(rect.x, rect.y, 330, 300)
    left = rect.x if narrow else page.right + 32
    height = 126.0 if style.level < 3 else 104.0
    gap = 16.0
    width = (rect.right - left - gap * (piece.length - 1)) / piece.length
    for i in range(piece.length):
        where = Rect(left + i * (width + gap), rect.y, width, height)
        active = i == len(piece.typed)
        box(sheet, where, active=active)
        if active:
            caret(sheet, where.centre[0] - 3, where.centre[1], 76)
        elif i < len(piece.typed):
            digit = typeset(sheet, piece.typed[i], width, Type(70, bold=True, heading=True), height, "digit")
            place(sheet, digit, Rect(where.x, where.centre[1] - digit.height / 2, width, digit.height), "centre")
    y = rect.y + height + 16
    side = 40.0
    for row in piece.rows:
        words = Type(style.size("body"), heading=True)
        block = typeset(sheet, row.text, rect.right - left - side - 16, words, place="proof")
        line = max(block.height, side)
        mark(sheet, row.mark, left, y + (line - side) / 2, side)
        place(sheet, block, Rect(left + side + 16, y + (line - block.height) / 2, block.width + 4, block.height))
        y += line + 8
    if narrow:
        return y - 8 - rect.y
    _page(sheet, piece, page)
    return max(page.height, y - 8 - rect.y)


def _page(sheet: Sheet, piece: PaperProof, page: Rect) -> None:
    """The paper: its title, a question mark for each digit, the bars that show a dead dot, words at both edges."""
    theme = sheet.theme
    ink = theme.colour("ink")
    sheet.rect(page, theme.colour("card"))
    sheet.rect(page, theme.colour("edge"), stroke=3)
    small = Type(theme.smallest, bold=True, heading=True)
    title = typeset(sheet, piece.title, page.width - 24, small, 44, "paper")
    place(sheet, title, Rect(page.x + 12, page.y + 16, page.width - 24, title.height), "centre")
    side, gap = 60.0, 12.0
    left = page.x + (page.width - piece.length * side - (piece.length - 1) * gap) / 2
    for i in range(piece.length):
        where = Rect(left + i * (side + gap), page.y + 70, side, 76)
        sheet.dashes(where, 6, theme.colour("edge"), 4)
        sign = typeset(sheet, "?", side, Type(44, bold=True, heading=True), 76, "paper")
        place(sheet, sign, Rect(where.x, where.centre[1] - sign.height / 2, side, sign.height), "centre")
    for i in range(24):
        sheet.rect(Rect(page.x + 22 + i * 12, page.y + 158, 6, 20), ink)
    plain = Type(theme.smallest, heading=True)
    inside = page.width - 32
    for word, align in zip(piece.edges, ("left", "centre", "right"), strict=True):
        block = typeset(sheet, word, inside, plain, 60, "paper")
        place(sheet, block, Rect(page.x + 16, page.y + 190, inside, block.height), align)


# ---------------------------------------------------------------------------------------------------- join code


def join_code(sheet: Sheet, style: Style, piece: JoinCode, rect: Rect) -> float:
    """The code to scan, 450 pixels and more with its quiet zone, and under it the characters to compare."""
    theme = sheet.theme
    side = {0: 520.0, 1: 500.0, 2: 480.0}.get(style.level, 456.0)
    side = min(side, rect.width - 24)
    hint = typeset(sheet, piece.hint, rect.width - 76, Type(style.size("body"), "ink2"), place="code")
    size = LARGEST_CODE
    while size > theme.smallest and sheet.measure(piece.code, size, True) > rect.width - 76:
        size = theme.smaller_sizes(size)[1]
    code = typeset(sheet, piece.code, rect.width - 40, Type(size, bold=True, heading=True), place="code")
    pad = {0: 20.0, 1: 12.0}.get(style.level, 6.0)
    height = side + hint.height + code.height + 2 * pad
    card(sheet, Rect(rect.x, rect.y, rect.width, height))
    qr(sheet, piece.qr, rect.centre[0] - side / 2, rect.y + pad, side)
    y = rect.y + pad + side
    y += place(sheet, hint, Rect(rect.x + 38, y, rect.width - 76, hint.height), "centre")
    place(sheet, code, Rect(rect.x + 20, y, rect.width - 40, code.height), "centre", label_id="text.code")
    return height


def colour_bars(sheet: Sheet, style: Style, piece: ColourTest, rect: Rect) -> float:
    """The panel's colours side by side, and a ladder of greys under them."""
    del piece
    height = {0: 300.0, 1: 260.0, 2: 220.0}.get(style.level, 150.0)
    whole = Rect(rect.x, rect.y, rect.width, height)
    width = (rect.width - 8) / len(PANEL)
    for i, colour in enumerate(PANEL.values()):
        sheet.rect(Rect(rect.x + 4 + i * width, rect.y + 4, width + 1, height * 0.7), colour)
    steps = 16
    step = (rect.width - 8) / steps
    for i in range(steps):
        grey = i / (steps - 1)
        sheet.rect(Rect(rect.x + 4 + i * step, rect.y + height * 0.7, step + 1, height * 0.3 - 4), (grey, grey, grey))
    sheet.rect(whole, sheet.theme.colour("edge"), stroke=4)
    return height
