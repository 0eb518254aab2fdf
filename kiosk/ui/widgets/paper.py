"""QR codes, the citizen's number, and the receipt as it will be printed."""

from __future__ import annotations

from functools import lru_cache

from kiosk.screen_model import CaseNumber, ReceiptChoice
from kiosk.ui.drawing import Sheet, dash_pieces
from kiosk.ui.theme import Rect, rgb, tokens
from kiosk.ui.widgets.choices import row
from kiosk.ui.widgets.faces import card
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, place, stack, stack_height, typeset

WHITE = rgb("#FFFFFF")
DARK = rgb("#17212B")
RECEIPT_TEXT = 28
"""Paper hardly grows with the screen's text: it is a picture of what the printer will print."""
LEAST_CODE = 104.0
"""The code on that picture: it is scanned from the paper, not from here."""

_TO_SCAN = {0: 450.0, 1: 430.0, 2: 400.0, 3: 360.0}
_LEAST_TO_SCAN = 330.0
"""What a telephone reads from the glass at arm's length, with a hand that is not quite still (look.md: 450)."""


@lru_cache(maxsize=8)
def qr_modules(data: str) -> tuple[tuple[bool, ...], ...]:
    """The dark modules of a QR code (ISO/IEC 18004, error correction M), without its quiet zone."""
    import qrcode

    code = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(data)
    code.make(fit=True)
    return tuple(tuple(bool(cell) for cell in line) for line in code.get_matrix())


def qr(sheet: Sheet, data: str, x: float, y: float, side: float) -> None:
    """A QR code in a white square of `side` that holds its quiet zone of four modules. Always dark on white."""
    modules = qr_modules(data)
    quiet = int(tokens()["qr_quiet_modules"])
    unit = side / (len(modules) + 2 * quiet)
    if unit >= 2:
        unit = float(int(unit))
    offset = (side - unit * len(modules)) / 2
    sheet.rect(Rect(x, y, side, side), WHITE)
    for line, cells in enumerate(modules):
        start: int | None = None
        for column, dark in enumerate([*cells, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                left = round(x + offset) + start * unit
                top = round(y + offset) + line * unit
                sheet.rect(Rect(left, top, (column - start) * unit, unit), DARK)
                start = None


def case_number(sheet: Sheet, style: Style, piece: CaseNumber, rect: Rect) -> float:
    """The number large, its QR code at the right (25)."""
    pad = max(16.0, float(style.air.pad))
    side = {0: 184.0, 1: 176.0, 2: 168.0, 3: 156.0}.get(style.level, 132.0)
    if piece.to_scan:
        side = min(_TO_SCAN.get(style.level, _LEAST_TO_SCAN), rect.width / 2 - 20)
    label = Type(style.size("body"), "ink2")
    narrow = rect.width < 500
    room = rect.width - 2 * 38 - (side + 8 if not narrow else 0)
    number_size = style.heading_size("display")
    blocks = [
        typeset(sheet, piece.label, room, label),
        typeset(
            sheet, piece.number, room, Type(number_size, bold=True, heading=True), sheet.theme.line_height(number_size)
        ),
    ]
    words = stack_height(blocks)
    height = max(words + pad + 34, side + 20) if not narrow else words + side + 2 * pad
    card(sheet, Rect(rect.x, rect.y, rect.width, height))
    if narrow:
        stack(sheet, blocks, Rect(rect.x + 20, rect.y + pad / 2, room, words))
        qr(sheet, piece.qr, rect.centre[0] - side / 2, rect.y + height - side - pad / 2, side)
        return height
    stack(sheet, blocks, Rect(rect.x + 38, rect.y, room, height))
    qr(sheet, piece.qr, rect.right - 14 - side, rect.y + (height - side) / 2, side)
    return height


def receipt_choice(sheet: Sheet, style: Style, piece: ReceiptChoice, rect: Rect) -> float:
    """The receipt at the left, the ways to get it at the right (27)."""
    narrow = rect.width < 800
    paper_width = 260.0 if narrow else 400.0 if rect.width < 1100 or style.level < 3 else 540.0
    gap = 40.0 if not narrow else 16.0
    if narrow and style.level >= 3:  # no room for the picture of the paper; what has to be chosen stays
        y = rect.y
        for item in piece.items:
            y += row(sheet, style, item, Rect(rect.x, y, rect.width, 0), radio=True) + style.air.between_rows
        return y - style.air.between_rows - rect.y
    paper = sheet.blank()
    paper_height = _paper(paper, style, piece, paper_width)
    if style.level >= 3 and 0 < rect.height < paper_height:  # the ways are read, the paper is only a picture of itself
        paper, over = sheet.blank(), paper_height - rect.height
        paper_height = _paper(paper, style, piece, paper_width, less=over)
    right = Rect(rect.x + paper_width + gap, rect.y, rect.width - paper_width - gap, rect.height)
    count, spacing = len(piece.items), style.air.between_rows
    each = min(232.0, (paper_height - spacing * (count - 1)) / max(1, count) - sheet.theme.lip)
    y = rect.y
    for item in piece.items:
        y += row(sheet, style, item, Rect(right.x, y, right.width, 0), radio=True, least=each) + spacing
    sheet.lay(paper, rect.x, rect.y)
    return max(paper_height, y - spacing - rect.y)


def _paper(sheet: Sheet, style: Style, piece: ReceiptChoice, width: float, less: float = 0.0) -> float:
    """Draw the paper; return its height. Its code is smaller by up to `less` pixels."""
    theme = sheet.theme
    pad = 30.0 if width > 300 else 14.0
    inside = Rect(pad, 24, width - 2 * pad, 0)
    words = sheet.blank()
    y, drawn = 24.0, False
    side = max(LEAST_CODE, min({0: 220.0, 1: 220.0, 2: 196.0}.get(style.level, 164.0), inside.width) - less)
    for i, line in enumerate(piece.lines):
        if line == "-":
            for start, end in dash_pieces([(pad, y + 15), (pad + inside.width, y + 15)], 8, 5):
                words.bar(start, end, theme.colour("edge"), 3)
            y += 32
            continue
        if line == "":
            qr(words, piece.qr, (width - side) / 2, y, side)
            y, drawn = y + side + 6, True
            continue
        type_ = Type(max(RECEIPT_TEXT, theme.smallest), "receiptInk", bold=i == 0, heading=i == 0 or style.level >= 3)
        block = typeset(words, line, inside.width, type_)
        place(words, block, Rect(pad, y, inside.width, block.height), "centre" if i == 0 or drawn else "left")
        y += block.height + (10 if i == 0 else 0)
    if not drawn:
        qr(words, piece.qr, (width - side) / 2, y, side)
        y += side + 12
    height = y + 34
    _torn(sheet, width, height)
    sheet.lay(words, 0, 0)
    return height


def _torn(sheet: Sheet, width: float, height: float) -> None:
    """White paper with a thin edge and a toothed lower end."""
    theme = sheet.theme
    edge, tooth = theme.colour("edge"), 22.0
    count = max(4, round(width / 28))
    step, low, high = width / count, height, height - tooth
    sheet.rect(Rect(0, 0, width, high), WHITE)
    outline: list[tuple[float, float]] = [(width - 1, high), (width - 1, 1), (1, 1), (1, high)]
    for i in range(count):
        points = [(i * step, high - 1), (i * step + step / 2, low), ((i + 1) * step, high - 1)]
        sheet.poly(points, WHITE)
        outline += [(i * step + step / 2, low - 1), ((i + 1) * step - (1 if i == count - 1 else 0), high)]
    sheet.line(outline, edge, 2)
