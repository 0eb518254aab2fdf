"""Ways to choose: rows, radio rows, tiles, buttons side by side, the pager."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kiosk.screen_model import ButtonRow, Choices, Control, Pager, Tiles
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import button, face, ink_of, inner, narrowest_width, natural_width
from kiosk.ui.widgets.style import AIRS, Style
from kiosk.ui.widgets.words import Block, Type, para, place, stack, stack_height, typeset

CHEVRON = 48.0
SIDE_PAD = 34.0
"""From a row's edge to its icon or chevron."""
NARROW = 400.0
LOW_PAIRS = 800.0
LARGE = 1.6
"""From these letters on, a label and what is behind it want half of the lowered screen's width."""


def choices(sheet: Sheet, style: Style, piece: Choices, rect: Rect) -> float:
    """Rows under each other, many of them in pairs in the lowered screen; returns their height with the last lip."""
    if style.theme.posture == "reach" and style.level >= 4 and rect.width > LOW_PAIRS and len(piece.items) > 3:
        return _paired(sheet, style, piece, rect)
    y = rect.y
    for i, item in enumerate(piece.items):
        tall = piece.big_first and i == 0
        y += row(sheet, style, item, Rect(rect.x, y, rect.width, rect.height), radio=piece.radio, tall=tall)
        y += style.air.between_rows
    return y - style.air.between_rows - rect.y


def _paired(sheet: Sheet, style: Style, piece: Choices, rect: Rect) -> float:
    """Two rows beside each other, equally high."""
    between, y = float(style.air.between_rows), rect.y
    width = (rect.width - 16) / 2
    for first in range(0, len(piece.items), 2):
        pair = piece.items[first : first + 2]
        boxes = [Rect(rect.x + i * (width + 16), y, width, rect.height) for i in range(len(pair))]
        trials = [
            row(sheet.blank(), style, item, box, radio=piece.radio) for item, box in zip(pair, boxes, strict=True)
        ]
        high = max(trials)
        for item, box in zip(pair, boxes, strict=True):
            row(sheet, style, item, box, radio=piece.radio, least=high - sheet.theme.lip)
        y += high + between
    return y - between - rect.y


def row(
    sheet: Sheet, style: Style, item: Control, rect: Rect, *, radio: bool = False, tall: bool = False, least: float = 0
) -> float:
    """One choice row from the top of `rect`, at least `least` high; returns its height with the lip."""
    theme = sheet.theme
    quiet = item.role == "secondary"
    narrow = quiet and rect.width < NARROW
    side_pad = SIDE_PAD / 2 if narrow else SIDE_PAD
    lead = _lead(style, item, radio=radio, tall=tall)
    # a tick at the right only where the circle is not at the left; a narrow row keeps its width for the words
    trailing = CHEVRON if (not radio or item.icon) and _has_end(item, radio=radio) and not narrow else 0.0
    gap = (24.0 if quiet else 20.0 if item.meaning else 40.0 if lead > 90 and radio else 28.0) if lead else 0.0
    gap = min(gap, 12.0) if narrow else gap
    room = rect.width - 2 * side_pad - lead - gap - (trailing + 16 if trailing else 0)
    blocks = _row_words(sheet, style, item, room)
    least = max(least, _least_height(style, item, radio=radio, tall=tall))
    pad = style.air.pad / 2 - 4 if quiet else min(style.air.pad - 4, 26)
    height = max(least, stack_height(blocks) + 2 * max(pad, 10), 80)
    box = Rect(rect.x, rect.y, rect.width, height)
    with sheet.control(item, box):
        face(sheet, item, box)
        inside = inner(sheet, box)
        x = box.x + side_pad
        _draw_lead(sheet, item, Rect(x, inside.y + (inside.height - lead) / 2, lead, lead), radio=radio)
        stack(sheet, blocks, Rect(x + lead + gap, inside.y, room, inside.height))
        if trailing:
            end = Rect(box.right - SIDE_PAD - trailing, inside.y + (inside.height - trailing) / 2, trailing, trailing)
            _draw_end(sheet, item, end, radio=radio)
    return height + theme.lip


def _has_end(item: Control, *, radio: bool) -> bool:
    return item.selected if radio else item.enabled


def _lead(style: Style, item: Control, *, radio: bool, tall: bool) -> float:
    """How large the icon, mark or circle at the left is."""
    if radio and not item.icon:
        return 64.0
    if item.meaning and not item.icon:
        return 64.0 if style.size("body") < 56 else 80.0
    if not item.icon:
        return 0.0
    if item.role == "secondary":
        return 48.0
    if radio and item.icon.startswith("face"):
        return min(96.0, style.air.row_radio * 0.62)
    if radio:
        return 64.0
    if not item.detail:
        return 64.0
    return {0: 100.0 if tall else 88.0, 1: 84.0, 2: 68.0, 3: 60.0}.get(style.level, 52.0)


def _draw_lead(sheet: Sheet, item: Control, box: Rect, *, radio: bool) -> None:
    if radio and not item.icon:
        (icons.check_disc if item.selected else icons.ring_mark)(sheet, box.x, box.y, box.width)
    elif item.meaning and not item.icon:
        icons.mark(sheet, item.meaning, box.x - 4, box.y, box.width)
    elif item.icon:
        colour = "ink2" if not item.enabled else "primary"
        icons.icon(sheet, item.icon, box.x, box.y, box.width, sheet.theme.colour(colour))


def _draw_end(sheet: Sheet, item: Control, box: Rect, *, radio: bool) -> None:
    if radio:
        grown = box.inset(-8)
        icons.check_disc(sheet, grown.x, grown.y, grown.width)
    else:
        icons.icon(sheet, "chevron", box.x, box.y, box.width, sheet.theme.colour("ink"), 1.15)


def _row_words(sheet: Sheet, style: Style, item: Control, room: float) -> list[Block]:
    if item.role == "secondary":
        blocks = [typeset(sheet, item.text, room, Type(style.size("body"), ink_of(item)), place="row")]
    else:
        size = style.size("body") if item.meaning else style.size("label")
        blocks = [typeset(sheet, item.text, room, Type(size, ink_of(item), bold=True, heading=True), place="row")]
    if item.detail:
        colour = "ink" if item.meaning else "ink2"
        blocks.append(typeset(sheet, item.detail, room, Type(style.size("note"), colour), place="row"))
    return blocks


def _least_height(style: Style, item: Control, *, radio: bool, tall: bool) -> float:
    air = style.air
    if item.role == "secondary":
        return air.row_quiet if item.detail or style.level else 108.0
    if radio:
        return air.row_radio
    if item.meaning:
        return air.row_plain - 20
    if not item.detail:
        return air.row_plain
    return air.row_with_detail + (40 if tall and style.level == 0 else 0)


# ---------------------------------------------------------------------------------------------------------- tiles


def tiles(sheet: Sheet, style: Style, piece: Tiles, rect: Rect) -> float:
    """Three columns of icon over label; in large modes and in reach mode the icon stands left of the word."""
    flat = style.theme.posture == "reach" or (style.theme.posture == "portrait" and style.theme.text_scale >= 2)
    long = style.theme.text_scale >= LARGE and any(item.detail and not item.icon for item in piece.items)
    columns = 2 if flat and (style.theme.posture == "portrait" or long) else 3
    columns = min(columns, max(1, len(piece.items)))
    gap = 24.0 if style.size("label") <= 44 and style.theme.posture != "reach" else 16.0
    gap = 21.0 if style.theme.posture == "landscape" else gap
    width = (rect.width - gap * (columns - 1)) / columns
    rows = math.ceil(len(piece.items) / columns)
    between = {"portrait": float(style.air.between_rows), "landscape": 20.0, "reach": 14.0}[style.theme.posture]
    height = _tile_height(style, piece, rect, rows, between, flat=flat)
    for i, item in enumerate(piece.items):
        line, column = divmod(i, columns)
        last_alone = i == len(piece.items) - 1 and column == 0 and columns == 2
        box = Rect(
            rect.x + column * (width + gap),
            rect.y + line * (height + sheet.theme.lip + between),
            rect.width if last_alone else width,
            height,
        )
        (_flat_tile if flat else _tile)(sheet, style, item, box)
    return rows * (height + sheet.theme.lip + between) - between


def _tile_height(style: Style, piece: Tiles, rect: Rect, rows: int, between: float, *, flat: bool) -> float:
    quiet = all(item.role == "secondary" for item in piece.items)
    lip = style.theme.lip
    two = any(item.detail and not item.icon for item in piece.items)  # lines, one under the other
    room = (rect.height + between) / rows - between - lip
    if style.theme.posture == "landscape":
        return max(80.0, min(256.0 if not quiet else 200.0, room))
    if style.theme.posture == "reach":  # where the lip lies inside, it takes some of the height
        return max(80.0, min(118.0 if two and style.theme.missing_lip else 102.0, room))
    most = (190.0 if two else 150.0) if flat else 200.0 if quiet else 256.0
    least = min(float(style.air.tile), most)
    grown = room if rect.height else least
    return max(80.0, min(most, max(least, grown)))


def _label_type(style: Style, item: Control) -> Type:
    quiet = item.role == "secondary" or (bool(item.icon) and style.theme.english and style.theme.text_scale == 1.0)
    bold = item.role != "secondary"
    return Type(style.size("body" if quiet else "label"), ink_of(item), bold=bold, heading=True)


def _tile(sheet: Sheet, style: Style, item: Control, box: Rect) -> None:
    with sheet.control(item, box):
        face(sheet, item, box)
        inside = inner(sheet, box)
        room = box.width - 24
        side = 92.0 if item.role != "secondary" and box.height > 220 else 72.0
        side = min(80.0 if style.theme.posture == "landscape" else side, inside.height * 0.42)
        blocks: list[Block] = []
        under = 0.0
        if item.detail:
            type_ = Type(style.size("note"), ink_of(item))
            note = typeset(sheet, item.detail, room, type_, inside.height * 0.36, "tile")
            under, blocks = note.height, [note]
            side = min(side, max(40.0, inside.height * 0.3))
        room_above = inside.height - side - under - 16
        blocks.insert(0, typeset(sheet, item.text, room, _label_type(style, item), room_above, "tile"))
        words = stack_height(blocks)
        side = min(side, inside.height - words - 12) if item.icon else 0.0
        between = min(16.0, (inside.height - side - words) / 3)
        top = inside.y + (inside.height - side - between - words) / 2
        colour = sheet.theme.colour("primary" if item.enabled else "ink2")
        if item.icon and side >= 28:
            icons.icon(sheet, item.icon, box.centre[0] - side / 2, top, side, colour)
        y = top + side + between
        for block in blocks:
            place(sheet, block, Rect(box.x + 12, y, room, block.height), "centre")
            y += block.height


def _flat_tile(sheet: Sheet, style: Style, item: Control, box: Rect) -> None:
    with sheet.control(item, box):
        face(sheet, item, box)
        inside = inner(sheet, box)
        side = min(72.0, inside.height * 0.56)
        roomy = box.width > 320 and style.size("label") <= 56
        pad = 36.0 if roomy else 26.0
        x = box.x + (pad + side + (28 if roomy else 20) if item.icon else 12)
        room = box.right - 12 - x
        blocks = _flat_words(sheet, style, item, room, inside.height - 8)
        if item.icon:
            colour = sheet.theme.colour("primary" if item.enabled else "ink2")
            icons.icon(sheet, item.icon, box.x + pad, inside.y + (inside.height - side) / 2, side, colour)
        stack(sheet, blocks, Rect(x, inside.y, room, inside.height), "left" if item.icon else "centre")


def _flat_words(sheet: Sheet, style: Style, item: Control, room: float, height: float) -> list[Block]:
    """The label, and under it or behind it what more there is to say, where there is room for both in any size."""
    type_ = _label_type(style, item)
    if item.detail:
        trial = sheet.blank()
        note = typeset(trial, item.detail, room, Type(style.size("note"), ink_of(item)), height * 0.46, "tile")
        label = typeset(trial, item.text, room, type_, height - note.height, "tile")
        if not trial.overflows and note.height + label.height <= height + 8:
            return [label, note]
        trial = sheet.blank()
        both = typeset(trial, f"{item.text} · {item.detail}", room, type_, height, "tile")
        if not trial.overflows and len(both.lines) == 1:
            return [both]
    return [typeset(sheet, item.text, room, type_, height, "tile")]


# -------------------------------------------------------------------------------------------------------- buttons


def button_row(sheet: Sheet, style: Style, piece: ButtonRow, rect: Rect) -> float:
    """Buttons side by side, equal widths; under each other where the column is narrow or the words are long."""
    y = rect.y
    if piece.label:
        y += para(sheet, piece.label, Rect(rect.x, y, rect.width, 0), Type(style.size("body"), "ink2")) + 8
    size = style.size("body")
    widest = max(natural_width(sheet, item, size) for item in piece.items)
    height = max(style.air.button, sheet.theme.line_height(size) + 16)
    gap = 24.0
    columns = max(1, min(len(piece.items), int((rect.width + gap) / (min(widest, rect.width) + gap))))
    if style.theme.posture == "landscape" and rect.width < 700 and len(piece.items) <= 2:
        columns = 1
    if columns < len(piece.items) and style.theme.posture == "portrait":
        even = (rect.width - gap * (len(piece.items) - 1)) / len(piece.items)
        longest = max(narrowest_width(sheet, item, size) for item in piece.items)
        columns = len(piece.items) if even >= max(0.62 * widest, longest) else columns
    width = (rect.width - gap * (columns - 1)) / columns
    rows = [piece.items[first : first + columns] for first in range(0, len(piece.items), columns)]
    heights = [_button_height(sheet, items, width, size, height) for items in rows]
    if style.level < len(AIRS) - 1:  # alike, but for where every pixel counts
        heights = [max(heights)] * len(rows)
    between = sheet.theme.lip + min(18, style.air.between_rows)
    for items, high in zip(rows, heights, strict=True):
        for column, item in enumerate(items):
            button(sheet, item, Rect(rect.x + column * (width + gap), y, width, high), size)
        y += high + between
    return y - between + sheet.theme.lip - rect.y


def _button_height(sheet: Sheet, items: Sequence[Control], width: float, size: int, least: float) -> float:
    """How high buttons beside each other are: long words in a narrow column take two lines, or three."""
    widest = max(natural_width(sheet, item, size) for item in items)
    if widest <= width:
        return least
    lines = 2 if widest < 1.6 * width else 3
    # in high contrast the lip takes some of the height
    return max(least, lines * sheet.theme.line_height(size, heading=True) + (24 if sheet.theme.high_contrast else 12))


def pager(sheet: Sheet, style: Style, piece: Pager, rect: Rect) -> float:
    """Page n of m at the left, two buttons at the right; the buttons go under the words in a narrow column."""
    size, gap = style.size("body"), 16.0
    height = max(style.air.button, sheet.theme.line_height(size) + 16)
    widths = [max(180.0, natural_width(sheet, item, size, 24)) for item in (piece.up, piece.down)]
    words = typeset(sheet, piece.text, rect.width, Type(size, "ink2"))
    y = rect.y
    if words.width + sum(widths) + gap + 24 > rect.width:
        place(sheet, words, Rect(rect.x, y, rect.width, words.height))
        y += words.height + 12
        widths = [(rect.width - gap) / 2] * 2
    else:
        place(sheet, words, Rect(rect.x, y + (height - words.height) / 2, rect.width, words.height))
    if rect.width < 400:
        for item in (piece.up, piece.down):
            button(sheet, item, Rect(rect.x, y, rect.width, height), size)
            y += height + sheet.theme.lip + 10
        return y - 10 - rect.y
    x = rect.right - sum(widths) - gap
    for item, width in zip((piece.up, piece.down), widths, strict=True):
        button(sheet, item, Rect(x, y, width, height), size)
        x += width + gap
    return y + height + sheet.theme.lip - rect.y
