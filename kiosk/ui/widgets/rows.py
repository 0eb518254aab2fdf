"""Cards of rows that only show, some with one small button: facts, ticks, prefilled and check rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kiosk.screen_model import (
    CheckRow,
    CheckRows,
    Control,
    Fact,
    Facts,
    Prefilled,
    PrefilledRows,
    Tick,
    Ticks,
)
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.linebreak import units
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import button, card, chip, natural_width
from kiosk.ui.widgets.style import AIRS, Style
from kiosk.ui.widgets.words import Block, Type, place, stack, stack_height, typeset

PAD = 38.0
"""From a card's edge to its content."""
TWO_CARDS = 900.0
"""A lowered body wider than this has room for two cards beside each other."""
LAST_LEVEL = len(AIRS) - 1
"""In the closest style the decorating icons give way to words."""
DrawRow = Callable[[Sheet, Rect], float]


def row_card(sheet: Sheet, rect: Rect, rows: Sequence[DrawRow], *, rule_to_edge: bool = False, pad: float = 0) -> float:
    """A card of rows divided by rules; each row draws itself into the rectangle it is given and returns its height."""
    theme = sheet.theme
    inside = sheet.blank()
    y, rules = 2.0 + pad, list[float]()
    for i, draw in enumerate(rows):
        if i:
            rules.append(y)
            y += 2
        y += draw(inside, Rect(PAD, y, rect.width - 2 * PAD, 0))
    height = y + 2 + pad
    card(sheet, Rect(rect.x, rect.y, rect.width, height))
    right = rect.width - (2 if rule_to_edge else PAD)
    for at in rules:
        sheet.rect(Rect(rect.x + PAD, rect.y + at, right - PAD, 2), theme.colour("rule"))
    sheet.lay(inside, rect.x, rect.y)
    return height


def row_cards(sheet: Sheet, style: Style, rect: Rect, rows: Sequence[DrawRow], pad: float) -> float:
    """One card; in the lowered screen, where it gets close, two of half the width beside each other."""
    if style.theme.posture != "reach" or style.level < 2 or rect.width < TWO_CARDS or len(rows) < 3:
        return row_card(sheet, rect, rows, pad=pad)
    half, middle = (rect.width - 16) / 2, -(-len(rows) // 2)
    return max(
        row_card(sheet, replace(rect, x=x, width=half), part, pad=pad)
        for x, part in ((rect.x, rows[:middle]), (rect.x + half + 16, rows[middle:]))
    )


# ---------------------------------------------------------------------------------------------------------- facts


def facts(sheet: Sheet, style: Style, piece: Facts, rect: Rect) -> float:
    """Icon, small label, bold value, a plain line, a chip."""

    def drawer(fact: Fact) -> DrawRow:
        return lambda inside, box: _fact(inside, style, fact, box, side, compact=piece.compact)

    side = (72.0 if any(fact.label for fact in piece.rows) else 64.0) if style.level < 3 else 56.0
    pad = 8 if piece.compact and style.level < 2 else 0
    return row_cards(sheet, style, rect, [drawer(fact) for fact in piece.rows], pad=pad)


def _fact(sheet: Sheet, style: Style, fact: Fact, box: Rect, side: float, *, compact: bool) -> float:
    side = side if fact.icon and style.level < LAST_LEVEL else 0.0
    gap = 32.0 if side and box.width > 560 else 20.0 if side else 0.0
    x = box.x + side + gap
    chip_size = style.size("note")
    chip_width = sheet.measure(fact.chip, chip_size, False) + 28 + 16 if fact.chip else 0.0
    beside = chip_width and box.right - x - chip_width > 300
    room = box.right - x - (chip_width if beside else 0)
    small = style.size("note") if compact or rect_is_narrow(box) else style.size("body")
    blocks: list[Block] = []
    if fact.label:
        blocks.append(typeset(sheet, fact.label, room, Type(style.size("body"), "ink2")))
    value = Type(style.size("body" if compact else "label"), bold=True, heading=True)
    blocks.append(typeset(sheet, fact.value, room, value, place="fact"))
    if fact.detail:
        blocks.append(typeset(sheet, fact.detail, box.right - x, Type(small, "ink2"), place="fact"))
    words = stack_height(blocks) + (0 if beside or not fact.chip else sheet.theme.line_height(chip_size) + 12)
    pad = min(style.air.pad, 22 if compact else 28 if not fact.label else 32)
    height = max(words, side) + 2 * pad
    icon_y = box.y + (height - side) / 2
    if fact.label and fact.detail == "":
        icon_y = min(icon_y, box.y + pad + 4)
    if side:
        icons.icon(sheet, fact.icon, box.x, icon_y, side, sheet.theme.colour("primary"))
    y = box.y + (height - words) / 2
    for block in blocks:
        place(sheet, block, Rect(x, y, room, block.height))
        y += block.height
    if beside:
        long = blocks[-1].width > room
        middle = box.y + (height - words) / 2 + blocks[0].height / 2 if long else box.y + height / 2
        chip(sheet, fact.chip, box.right, middle, chip_size)
    elif fact.chip:
        chip(sheet, fact.chip, x + chip_width - 16, y + sheet.theme.line_height(chip_size) / 2 + 6, chip_size)
    return height


def rect_is_narrow(box: Rect) -> bool:
    """Whether a row stands in the narrow column beside a receipt (72)."""
    return box.width < 500


# ---------------------------------------------------------------------------------------------------------- ticks


def ticks(sheet: Sheet, style: Style, piece: Ticks, rect: Rect) -> float:
    """Rows with a mark: done, current, to do; or bare ticks with a word at the right (17)."""
    have = [row for row in piece.rows if row.mark == "have" and row.detail]
    bold = Type(style.size("label"), bold=True, heading=True)
    names = [sheet.measure(row.text, bold.size, True) for row in have]
    column = max(names, default=0.0) + 50
    details = [sheet.measure(row.detail, style.size("body"), False) for row in have]
    if style.theme.posture == "portrait" and column + max(details, default=0.0) > rect.width - 2 * PAD - 80:
        column = rect.width  # one that does not fit on its line, and all stand under their names

    def drawer(row: Tick) -> DrawRow:
        if row.mark == "have":
            return lambda inside, box: _have(inside, style, row, box, column)
        return lambda inside, box: _tick(inside, style, row, box)

    rows, pad = [drawer(row) for row in piece.rows], 10 if style.level < 3 else 4
    # steps are read downwards; only things that stand for themselves may lie beside each other
    return row_cards(sheet, style, rect, rows, pad) if have else row_card(sheet, rect, rows, pad=pad)


def _have(sheet: Sheet, style: Style, row: Tick, box: Rect, column: float) -> float:
    side = 56.0
    x = box.x + side + 24
    room = box.right - x
    name = typeset(sheet, row.text, room, Type(style.size("label"), bold=True, heading=True), place="tick")
    right = room - column
    pad = min(style.air.pad, 24)
    icons_y = 0.0
    if right >= 260 and len(name.lines) == 1:
        detail = typeset(sheet, row.detail, right, Type(style.size("body"), "ink2")) if row.detail else None
        height = max(side - 8, name.height, detail.height if detail else 0) + 2 * pad
        stack(sheet, [name], Rect(x, box.y, room, height))
        if detail:
            stack(sheet, [detail], Rect(x + column, box.y, right, height))
        icons_y = box.y + (height - side) / 2
    else:
        blocks = [name]
        if row.detail:
            blocks.append(typeset(sheet, row.detail, room, Type(style.size("body"), "ink2")))
        height = stack_height(blocks) + 2 * pad
        stack(sheet, blocks, Rect(x, box.y, room, height))
        icons_y = box.y + (height - side) / 2
    icons.icon(sheet, "check", box.x, icons_y, side, sheet.theme.colour("saved"), 1.3)
    return height


def _tick(sheet: Sheet, style: Style, row: Tick, box: Rect) -> float:
    side = 64.0 if row.detail else 56.0
    x = box.x + side + 32
    room = box.right - x
    emphasised = row.mark == "current" or bool(row.detail)
    colour = "ink2" if row.mark == "todo" and not row.detail else "ink"
    blocks = [typeset(sheet, row.text, room, Type(style.size("label"), colour, emphasised, heading=True), place="tick")]
    if row.detail:
        blocks.append(typeset(sheet, row.detail, room, Type(style.size("body"), "ink2"), place="tick"))
    height = max(side, stack_height(blocks)) + 2 * max(2, min(style.air.pad - 4, 28))
    y = box.y + (height - side) / 2
    if row.mark == "done":
        icons.mark(sheet, "saved", box.x - 2, y, side)
    elif row.mark == "no":
        icons.mark(sheet, "stop", box.x, y, side)
    else:
        (icons.half_mark if row.mark == "current" else icons.ring_mark)(sheet, box.x, y, side)
    stack(sheet, blocks, Rect(x, box.y, room, height))
    return height


# ----------------------------------------------------------------------------------------- prefilled, check rows


def prefilled_rows(sheet: Sheet, style: Style, piece: PrefilledRows, rect: Rect) -> float:
    """Label, value, source mark, and a way to say that it is wrong. In landscape the label stands at the left (81)."""
    wide = style.theme.posture != "portrait"
    shown = [replace(row, wrong=_wrong(row)) for row in piece.rows]
    if not wide and style.size("body") >= 56:
        large = [_large_drawer(style, row) for row in shown]
        return row_card(sheet, rect, large, rule_to_edge=True)

    def draw(target: Sheet, column: float) -> float:
        def drawer(row: Prefilled) -> DrawRow:
            return lambda inside, box: _prefilled(inside, style, row, box, column)

        return row_card(target, rect, [drawer(row) for row in shown], rule_to_edge=True)

    column = _label_column(sheet, style, [row.label for row in piece.rows], rect.width) if wide else 0.0
    if column:
        beside, above = sheet.blank(), sheet.blank()
        if draw(beside, column) > draw(above, 0.0):  # long sources wrap less under the label
            column = 0.0
    return draw(sheet, column)


def _large_drawer(style: Style, row: Prefilled) -> DrawRow:
    return lambda inside, box: _prefilled_large(inside, style, row, box)


def _prefilled_large(sheet: Sheet, style: Style, row: Prefilled, box: Rect) -> float:
    """In large modes the value has the whole width. A short source stands at the right of the label (53), one that
    would be a column of words there under the value.
    """
    theme, note = sheet.theme, style.size("note")
    pad, side = min(style.air.pad, 20), note + 8.0
    label = typeset(sheet, row.label, box.width, Type(style.size("body"), "ink2"))
    words, room = row.source, box.width - label.width - side - 32
    if sheet.measure(words, note, False) > room:
        words = words.split(" · ")[0]
    beside = len(label.lines) == 1 and sheet.measure(words, note, False) <= room
    width = room if beside else box.width - side - 8
    source = typeset(sheet, words if beside else row.source, width, Type(note, "ink2"), place="prefilled")
    y = box.y + pad
    place(sheet, label, Rect(box.x, y, box.width, label.height))
    if beside:
        _source(sheet, row, source, box.right - source.width - side - 8, y + label.height / 2)
    y = _large_value(sheet, style, row, replace(box, y=y + label.height))
    if not beside:
        _source(sheet, row, source, box.x, y + source.height / 2, theme.line_height(note))
        y += source.height
    return y + pad - box.y


def _source(sheet: Sheet, row: Prefilled, words: Block, left: float, middle: float, line: float = 0) -> None:
    """Where a value came from: its mark, in the middle or (`line` high) at the first line, and the words."""
    side, top = words.type.size + 8.0, middle - words.height / 2
    mark = top + (line - side) / 2 if line else middle - side / 2
    icons.icon(sheet, row.source_icon, left, mark, side, sheet.theme.colour("ink2"))
    place(sheet, words, Rect(left + side + 8, top, words.width + 1, words.height))


def _large_value(sheet: Sheet, style: Style, row: Prefilled, box: Rect) -> float:
    """The value in the whole width, the button beside it or under it; returns where both end."""
    y, lip = box.y, sheet.theme.lip
    value = typeset(sheet, row.value, box.width, Type(style.size("label"), bold=True, heading=True), place="prefilled")
    place(sheet, value, Rect(box.x, y, box.width, value.height))
    if not row.wrong:
        return y + value.height
    width, height = _small_button_width(sheet, style, row.wrong), _small_button_height(style)
    beside = len(value.lines) == 1 and value.width + 24 + width <= box.width
    top = max(y, y + (value.height - height) / 2 if beside else y + value.height + 6)
    _small_button(sheet, style, row.wrong, Rect(box.right - width, top - 8, width, height + lip + 16))
    return max(y + value.height, top + height + lip)


def _prefilled(sheet: Sheet, style: Style, row: Prefilled, box: Rect, column: float) -> float:
    theme = sheet.theme
    width = _small_button_width(sheet, style, row.wrong)
    x = box.x + column
    room = box.right + 12 - width - (16 if width else 0) - x
    label = typeset(sheet, row.label, column - 16 if column else room, Type(style.size("body"), "ink2"))
    note = style.size("note")
    side = note + 8.0
    value = typeset(sheet, row.value, room, Type(style.size("label"), bold=True, heading=True), place="prefilled")
    source = typeset(sheet, row.source, room - side - 8, Type(note, "ink2"), place="prefilled")
    blocks = [value, source] if column else [label, value, source]
    pad = min(style.air.pad, 26 if not column else 14)
    least = _small_button_height(style) + 2 * 8 if row.wrong else 0
    if column and style.theme.posture == "landscape":
        least = max(least, {0: 134.0, 1: 126.0}.get(style.level, 0.0))
    height = max(stack_height(blocks) + 2 * pad, label.height + 2 * pad, least)
    y = box.y + (height - stack_height(blocks)) / 2
    if column:
        stack(sheet, [label], Rect(box.x, box.y, column - 16, height))
    for block in blocks[:-1]:
        place(sheet, block, Rect(x, y, room, block.height))
        y += block.height
    icon_y = y + (theme.line_height(source.type.size) - side) / 2
    icons.icon(sheet, row.source_icon, x, icon_y, side, theme.colour("ink2"))
    place(sheet, source, Rect(x + side + 8, y, room, source.height))
    if row.wrong:
        _small_button(sheet, style, row.wrong, Rect(box.right + 12 - width, box.y, width, height))
    return height


def check_rows(sheet: Sheet, style: Style, piece: CheckRows, rect: Rect) -> float:
    """Label at the left, value, and at the right either 改 or where it came from (23)."""
    column = _label_column(sheet, style, [row.label for row in piece.rows], rect.width)
    buttons = max((_small_button_width(sheet, style, row.change) for row in piece.rows), default=0.0)
    parts = (unit for row in piece.rows for unit in units(row.value))
    longest = max((sheet.measure(part, style.size("label"), True) for part in parts), default=0.0)
    note = style.size("note")
    sources = max((sheet.measure(row.source, note, False) + note + 16 for row in piece.rows if row.source), default=0.0)
    if longest > rect.width - 2 * PAD - column - max(buttons, sources) - 20:
        column = 0.0

    def draw(target: Sheet, column: float) -> float:
        def drawer(row: CheckRow) -> DrawRow:
            return lambda inside, box: _check(inside, style, row, box, column)

        return row_card(target, rect, [drawer(row) for row in piece.rows], rule_to_edge=True)

    beside, line = draw(sheet.blank(), column), sheet.theme.line_height(style.size("label"), heading=True)
    if column and draw(sheet.blank(), 0.0) - (line if _narrow(sheet, style, piece, column, rect.width) else 0) < beside:
        column = 0.0  # a narrow column of words
    return draw(sheet, column)


def _narrow(sheet: Sheet, style: Style, piece: CheckRows, column: float, width: float) -> bool:
    """Whether a value would be more than two lines beside the labels."""
    room = (width - 2 * PAD - column) * 0.7
    return any(sheet.measure(row.value, style.size("label"), True) > 2 * room for row in piece.rows)


def _check(sheet: Sheet, style: Style, row: CheckRow, box: Rect, column: float) -> float:
    note = style.size("note")
    source = typeset(sheet, row.source, box.width / 2, Type(note, "ink2")) if row.source and not row.change else None
    width = _small_button_width(sheet, style, row.change) or (source.width + note + 16 if source else 0)
    right = box.right + (12 if row.change else 6)
    label_type, value_type = Type(style.size("body"), "ink2"), Type(style.size("label"), bold=True, heading=True)
    x, trial = box.x + column, sheet.blank()
    room = right - width - (20 if width else 0) - x
    label = typeset(sheet, row.label, column - 16 if column else room, label_type)
    value = typeset(trial, row.value, room, value_type, place="check")
    pad = {0: 38.0, 1: 34.0, 2: 28.0, 3: 20.0, 4: 10.0}.get(style.level, 5.0)
    pad = pad if style.theme.posture == "portrait" else min(pad, 27.0)
    least = _small_button_height(style) + sheet.theme.lip + 2 * 8 if row.change else 0.0
    stacked = max((max(label.height, value.height) if column else stack_height([label, value])) + 2 * pad, least)
    over, whole = (typeset(sheet, row.label, box.width, label_type), typeset(trial, row.value, box.width, value_type))
    bands: tuple[tuple[Block, float, bool], ...] = ()
    if not column and whole.type.size > value.type.size:  # a long number has the whole width, under what is beside it
        bands = ((label, max(label.height, least), True), (whole, whole.height, False))
    elif not column and over.height + max(value.height, least) + 2 * pad < stacked:  # or a long question, over it
        bands = ((over, over.height, False), (value, max(value.height, least), True))
    y = box.y + pad
    for block, high, ends in bands:
        stack(sheet, [block], Rect(box.x, y, box.width, high))
        if ends:
            _check_end(sheet, style, row, source, Rect(right - width, y, width, high))
        y += high
    if bands:
        return y + pad - box.y
    sheet.overflows += trial.overflows
    stack(sheet, [label] if column else [label, value], Rect(box.x, box.y, box.width, stacked))
    if column:
        stack(sheet, [value], Rect(x, box.y, box.width, stacked))
    _check_end(sheet, style, row, source, Rect(right - width, box.y, width, stacked))
    return stacked


def _check_end(sheet: Sheet, style: Style, row: CheckRow, source: Block | None, area: Rect) -> None:
    """改, or where the value came from."""
    if row.change:
        _small_button(sheet, style, row.change, area)
    elif source:
        side, middle = source.type.size + 8.0, area.centre[1]
        icons.icon(sheet, row.source_icon, area.x, middle - side / 2, side, sheet.theme.colour("ink2"))
        place(sheet, source, Rect(area.x + side + 8, middle - source.height / 2, source.width + 1, source.height))


def _label_column(sheet: Sheet, style: Style, labels: list[str], width: float) -> float:
    """How wide the column of labels is, or 0 when the labels have to stand above the values."""
    widest = max((sheet.measure(label, style.size("body"), False) for label in labels), default=0.0)
    column = max(widest + 32, 120)
    limit = width * (0.36 if style.theme.posture == "portrait" else 0.3)
    return column if column <= limit else (0.0 if style.theme.posture == "portrait" else limit)


def _small_button_width(sheet: Sheet, style: Style, control: Control | None) -> float:
    return max(120.0, natural_width(sheet, control, style.size("body"), 24)) if control else 0.0


def _small_button_height(style: Style) -> float:
    return max({0: 104.0, 1: 100.0, 2: 92.0, 3: 84.0}.get(style.level, 72.0), style.size("body") * 1.3 + 8)


def _wrong(row: Prefilled) -> Control | None:
    """The button 不对, shown as chosen while the value is disputed."""
    return replace(row.wrong, selected=True) if row.wrong and row.disputed else row.wrong


def _small_button(sheet: Sheet, style: Style, control: Control, area: Rect) -> None:
    """不对 or 改, centred in the height of its row."""
    height = min(_small_button_height(style), area.height - 16 - sheet.theme.lip)
    y = area.y + (area.height - height - sheet.theme.lip) / 2
    button(sheet, control, Rect(area.x, y, area.width, height), style.size("body"))
