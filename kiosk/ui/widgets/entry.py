"""Typing: PIN dots, text field, date boxes, the keypad and the letter keys. A PIN is never more than dots."""

from __future__ import annotations

from kiosk.frozen import frozen
from kiosk.screen_model import Beside, Control, DateField, Field, Keyboard, Keypad, PinEntry
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect, Theme
from kiosk.ui.widgets.faces import button, card, face, ink_of, inner, natural_width
from kiosk.ui.widgets.style import AIRS, Style
from kiosk.ui.widgets.words import Type, place, stack, stack_height, typeset

NUMBER_SIZE = 88
LETTER_SIZE = 44
LOW_KEY = 104.0
LAST_LEVEL = len(AIRS) - 1
PANEL_TOP = 776.0
"""Where the panel of letters begins in portrait."""


def box(sheet: Sheet, rect: Rect, *, active: bool) -> None:
    """A box that shows what was typed: no lip; the active one has a thick blue edge."""
    theme = sheet.theme
    radius = theme.radius("key")
    sheet.rect(rect, theme.colour("card"), radius)
    if active:
        sheet.rect(rect, theme.colour("primary"), radius, 8 if theme.high_contrast else 6)
    else:
        sheet.rect(rect, theme.colour("edge"), radius, 3)


def caret(sheet: Sheet, x: float, middle: float, height: float) -> None:
    """Where the next character will stand. It does not blink."""
    sheet.rect(Rect(x, middle - height / 2, 6, height), sheet.theme.colour("primary"), 1)


def pin_dots(sheet: Sheet, style: Style, piece: PinEntry, rect: Rect) -> float:
    """The boxes with dots; two rows in the narrow column of reach mode."""
    columns = piece.length if rect.width >= 500 else (piece.length + 1) // 2
    portrait = style.theme.posture == "portrait"
    gap = 28.0 if portrait else 16.0 if rect.width >= 500 else 12.0
    if style.level >= 4 and rect.width < 500:
        columns, gap = piece.length, 8.0
    side = min(96.0 if portrait else 88.0, (rect.width - gap * (columns - 1)) / columns)
    height = 112.0 if columns == piece.length else side + 4
    if style.level >= 3:
        height = min(height, 88.0)
    total = columns * side + gap * (columns - 1)
    left = rect.x + (rect.width - total) / 2 if portrait else rect.x
    lines = -(-piece.length // columns)
    for i in range(piece.length):
        line, column = divmod(i, columns)
        where = Rect(left + column * (side + gap), rect.y + line * (height + 12), side, height)
        box(sheet, where, active=i == piece.filled)
        if i < piece.filled:
            sheet.disc(*where.centre, min(20.0, side * 0.3), sheet.theme.colour("ink"))
    return lines * (height + 12) - 12


def pin_aids(sheet: Sheet, style: Style, piece: PinEntry, rect: Rect) -> float:
    """The note and the button that belong to the dots: beside each other, or under each other in a narrow column."""
    theme, size = sheet.theme, style.size("body" if rect.width >= 500 else "note")
    height = max(104.0 if style.theme.posture == "landscape" else 88.0, theme.line_height(size) + 16)
    width = min(natural_width(sheet, piece.button, size, 32), rect.width) if piece.button else 0.0
    side = 48.0
    room = rect.width - side - 16
    beside = bool(piece.button) and sheet.measure(piece.note, size, False) + side + 16 + 24 + width <= rect.width
    y = rect.y
    if piece.note:
        block = typeset(sheet, piece.note, room - (width + 24 if beside else 0), Type(size))
        tall = max(side, block.height)
        area = max(tall, height) if beside else tall
        icons.icon(sheet, "shield", rect.x, y + (area - side) / 2, side, theme.colour("primary"))
        place(sheet, block, Rect(rect.x + side + 16, y + (area - block.height) / 2, room, block.height))
        if not beside:
            y += tall + (18 if piece.button else 0)
    if not piece.button:
        return y - rect.y + (side if beside else 0)
    x = rect.right - width if beside or (style.theme.posture == "portrait" and not piece.note) else rect.x
    if rect.width < 500:
        x, width = rect.x, rect.width
    button(sheet, piece.button, Rect(x, y, width, height), size)
    return y + height + theme.lip - rect.y


@frozen
class PinAids:
    """The note and the button of a `PinEntry` on their own, at the bottom of the column beside a keypad (52)."""

    entry: PinEntry


def lone_pin_aids(sheet: Sheet, style: Style, piece: PinAids, rect: Rect) -> float:
    """Draw `PinAids`."""
    return pin_aids(sheet, style, piece.entry, rect)


def pin_entry(sheet: Sheet, style: Style, piece: PinEntry, rect: Rect) -> float:
    """Dots, and under them the note and the button (13)."""
    height = pin_dots(sheet, style, piece, rect)
    if not piece.note and not piece.button:
        return height
    height += max(12.0, style.air.after_title)
    return height + pin_aids(sheet, style, piece, Rect(rect.x, rect.y + height, rect.width, 0))


def field(sheet: Sheet, style: Style, piece: Field, rect: Rect) -> float:
    """The active text field with its fixed words, a caret, and what is wrong under it."""
    theme = sheet.theme
    size = min(style.size("title"), 70)
    lowest = _lowest(style)
    least = 136.0 if style.level < 3 else 64.0 if lowest else 104.0
    height = max(least, theme.line_height(size) + (8 if lowest else 24))
    outer = Rect(rect.x, rect.y, rect.width, height)
    around = Type(style.size("label"), bold=True)
    before = typeset(sheet, piece.before, rect.width / 2, around) if piece.before else None
    after = typeset(sheet, piece.after, rect.width / 2, around) if piece.after else None
    x = rect.x + (before.width + 16 if before else 0)
    right = rect.right - (after.width + 16 if after else 0)
    inside = Rect(x, rect.y, right - x, height)
    box(sheet, inside, active=True)
    middle = outer.centre[1]
    if before:
        place(sheet, before, Rect(rect.x, middle - before.height / 2, before.width + 1, before.height))
    if after:
        place(sheet, after, Rect(right + 16, middle - after.height / 2, after.width + 1, after.height))
    pad = 38.0 if inside.width > 300 else 14.0
    room = inside.width - 2 * pad - 12
    if piece.icon:
        side, before_icon = (56.0, 36.0) if inside.width > 300 else (44.0, 12.0)
        icons.icon(sheet, piece.icon, inside.x + before_icon, middle - side / 2, side, theme.colour("ink"))
        taken = before_icon + side - (20.0 if inside.width > 300 else 6.0)
        inside = Rect(inside.x + taken, inside.y, inside.width - taken, inside.height)
        room -= taken
    typed = bool(piece.value)
    spelling = typeset(sheet, piece.spelling, room / 2, Type(min(size, 56)), height - 16, "spelling")
    room -= spelling.width if piece.spelling else 0
    type_ = Type(size, bold=True) if typed else Type(style.size("body"), "ink2")
    words = typeset(sheet, piece.value if typed else piece.placeholder, room, type_, height - 16, "field")
    start = inside.x + pad
    if words.text:
        place(sheet, words, Rect(start if typed else start + 18, middle - words.height / 2, room, words.height))
    end = start + (words.width + 3 if typed else 0)
    if piece.spelling:
        where = Rect(end + 6, middle - spelling.height / 2, spelling.width + 1, spelling.height)
        place(sheet, spelling, where)
        sheet.rect(Rect(where.x, where.bottom + 2, spelling.width, 4), theme.colour("ink"))
        end = where.right + 5
    if piece.blank:
        side = min(size * 1.1, height - 32)
        sheet.dashes(Rect(end + 10, middle - side / 2, side, side), 12, theme.colour("edge"), 4)
    else:
        caret(sheet, end, middle, size * 1.2)
    return height + _field_error(sheet, style, piece.error, Rect(rect.x, rect.y + height + 10, rect.width, 0))


def _lowest(style: Style) -> bool:
    """Whether this is the closest style of the lowered screen."""
    return style.theme.posture == "reach" and style.level == LAST_LEVEL


def _field_error(sheet: Sheet, style: Style, error: str, rect: Rect) -> float:
    if not error:
        return 0.0
    side = 40.0 if _lowest(style) else 52.0
    block = typeset(sheet, error, rect.width - side - 16, Type(style.size("body"), bold=True))
    height = max(side, block.height)
    icons.mark(sheet, "att", rect.x, rect.y + (height - side) / 2, side)
    place(sheet, block, Rect(rect.x + side + 16, rect.y + (height - block.height) / 2, rect.width, block.height))
    return height + 10


def beside(sheet: Sheet, style: Style, piece: Beside, rect: Rect) -> float:
    """Two boxes with a line above each: beside each other, or under each other in a narrow column (58)."""
    wide = rect.width >= 700
    gap = 24.0 if wide else max(8.0, style.air.gap / 2)
    width = (rect.width - gap) / 2 if wide else rect.width
    theme, small = sheet.theme, Type(style.size("note" if style.level > 2 or not wide else "body"), "ink2")
    inside = width - 2 * 24
    blocks = [
        typeset(sheet, piece.label, inside, small),
        typeset(sheet, piece.value, inside, Type(style.size("label"), bold=True, heading=True), place="check"),
    ]
    if piece.source:
        blocks.append(typeset(sheet, piece.source, inside, Type(style.size("note"), "ink2")))
    pad = 12.0 if style.level < 4 else 4.0
    left_height = stack_height(blocks) + 2 * pad
    other = sheet.blank()
    said_label = typeset(other, piece.said_label, width, small)
    place(other, said_label, Rect(0, 0, width, said_label.height))
    where, said = Rect(0, said_label.height + 4, width, 0), piece.said
    drawn = field(other, style, said, where) if isinstance(said, Field) else date_field(other, style, said, where)
    right_height = where.y + drawn
    height = max(left_height, right_height) if wide else left_height
    card(sheet, Rect(rect.x, rect.y, width, height), theme.radius("key"))
    stack(sheet, blocks, Rect(rect.x + 24, rect.y, inside, height))
    if wide:
        sheet.lay(other, rect.x + width + gap, rect.y + (height - right_height) / 2)
        return height
    sheet.lay(other, rect.x, rect.y + left_height + gap)
    return left_height + gap + right_height


def date_field(sheet: Sheet, style: Style, piece: DateField, rect: Rect) -> float:
    """Three boxes for year, month and day, in Chinese with the unit after each; two lines in a narrow column."""
    values = (piece.year, piece.month, piece.day)
    active = next((i for i, (value, full) in enumerate(zip(values, (4, 2, 2), strict=True)) if len(value) < full), 3)
    lines = [[0], [1, 2]] if rect.width < 500 else [[0, 1, 2]]
    y = rect.y
    for line in lines:
        y += _date_line(sheet, style, [(values[i], i, i == active) for i in line], Rect(rect.x, y, rect.width, 0)) + 12
    height = y - 12 - rect.y
    return height + _field_error(sheet, style, piece.error, Rect(rect.x, rect.y + height + 10, rect.width, 0))


def _date_line(sheet: Sheet, style: Style, boxes: list[tuple[str, int, bool]], rect: Rect) -> float:
    """Boxes with their units filling the width; returns their height."""
    wide = rect.width >= 700
    size = NUMBER_SIZE if wide and style.level < 3 else 70 if rect.width >= 500 else 56
    height = {88: 152.0, 70: 128.0, 56: 88.0}[size]
    units = ("", "", "") if sheet.theme.english else ("年", "月", "日")
    unit_type = Type(min(style.size("title"), 56) if wide else 44 if rect.width >= 500 else 35, bold=True)
    unit_width = max(sheet.measure(unit, unit_type.size, True) for unit in units)
    gap = 18.0 if wide else 8.0
    between = gap + 4 if unit_width else 24.0
    joints = len(boxes) * (unit_width + gap if unit_width else 0) + (len(boxes) - 1) * between
    shares = {0: 0.46, 1: 0.27, 2: 0.27}
    whole = sum(shares[i] for _, i, _ in boxes)
    x = rect.x
    for value, i, active in boxes:
        where = Rect(x, rect.y, (rect.width - joints) * shares[i] / whole, height)
        box(sheet, where, active=active)
        middle = where.centre[1]
        block = typeset(sheet, value, where.width - 12, Type(size, bold=True), place="date")
        if value:
            place(sheet, block, Rect(where.x, middle - block.height / 2, where.width, block.height), "centre")
        if active:
            caret(sheet, where.centre[0] + (block.width / 2 + 4 if value else -3), middle, size)
        x = where.right
        if units[i]:
            mark = typeset(sheet, units[i], unit_width + 2, unit_type)
            place(sheet, mark, Rect(x + gap, middle - mark.height / 2, unit_width + 2, mark.height))
            x += gap + unit_width
        x += between
    return height


# ------------------------------------------------------------------------------------------------------------ keys


def keypad(sheet: Sheet, style: Style, piece: Keypad, zone: Rect) -> float:
    """Twelve keys filling `zone`, row by row."""
    theme = sheet.theme
    between = 18.0 if zone.height > 600 else 16.0
    gap = 24.0 if zone.width > 700 else 16.0
    rows = -(-len(piece.keys) // 3)
    height = (zone.height + between) / rows - between - theme.lip
    width = (zone.width - 2 * gap) / 3
    for i, control in enumerate(piece.keys):
        line, column = divmod(i, 3)
        where = Rect(zone.x + column * (width + gap), zone.y + line * (height + theme.lip + between), width, height)
        key(sheet, style, control, where, NUMBER_SIZE if height > 130 else 70)
    return zone.height


def key(sheet: Sheet, style: Style, control: Control, where: Rect, size: int) -> None:
    """One key: a digit or letter, or an icon over its word."""
    theme = sheet.theme
    with sheet.control(control, where):
        face(sheet, control, where, radius=theme.radius("key") if size <= LETTER_SIZE else 0)
        inside = inner(sheet, where)
        colour = ink_of(control)
        if not control.icon:
            single = len(control.text) == 1
            type_ = Type(size if single else style.size("body"), colour, bold=single, heading=True)
            block = typeset(sheet, control.text, where.width - 12, type_, inside.height, "key")
            place(sheet, block, Rect(where.x, inside.centre[1] - block.height / 2, where.width, block.height), "centre")
            return
        side = 60.0 if where.height > 130 else 44.0
        if where.width < 200 and where.height < 130:
            side = 56.0
            x, y = where.centre[0] - side / 2, inside.centre[1] - side / 2
            icons.icon(sheet, control.icon, x, y, side, theme.colour(colour))
            return
        room = inside.height - side - 6
        type_ = Type(min(style.size("body"), LETTER_SIZE), colour, heading=True)
        block = typeset(sheet, control.text, where.width - 16, type_, room, "key")
        top = inside.y + (inside.height - side - block.height - 2) / 2
        icons.icon(sheet, control.icon, where.centre[0] - side / 2, top, side, theme.colour(colour))
        place(sheet, block, Rect(where.x, top + side + 2, where.width, block.height), "centre")


def panel_top(theme: Theme, piece: Keyboard) -> float:
    """Where the panel of letters begins in portrait: a low one is only as high as its rows of keys."""
    if not piece.low:
        return PANEL_TOP
    return theme.zones.keypad.bottom - 52 - len(piece.rows) * (LOW_KEY + theme.lip + 18) + 18


def between_letters(theme: Theme) -> float:
    """From the lip of one row of letters to the next row."""
    return 10.0 if theme.posture == "reach" else 18.0


def keyboard(sheet: Sheet, style: Style, piece: Keyboard, zone: Rect) -> float:
    """Letter keys 8 apart on the sunk panel, the candidates above them in rows of five (20)."""
    theme = sheet.theme
    portrait = style.theme.posture == "portrait"
    if portrait:
        top = panel_top(theme, piece)
        panel = Rect(0, top, theme.size[0], zone.bottom - top)
        sheet.rect(panel, theme.colour("sunk"))
        for y in (panel.y, panel.bottom - 2):
            sheet.rect(Rect(0, y, panel.width, 2), theme.colour("rule"))
        zone = Rect(zone.x, top + 26, zone.width, zone.bottom - 26 - top - 26)
    lines, rows = -(-len(piece.candidates) // 5), len(piece.rows)
    between = between_letters(theme)
    height = (zone.height + between) / max(1, rows + lines) - theme.lip - between
    letter, candidate = min(116.0, height + 8), min(104.0, height)
    if letter > height and rows * letter + lines * candidate + (rows + lines) * (theme.lip + between) > zone.height:
        letter = height
    used = rows * (letter + theme.lip + between) + lines * (candidate + theme.lip + between) - between
    y = zone.bottom - used
    for i, control in enumerate(piece.candidates):
        line, column = divmod(i, 5)
        width = (zone.width - 4 * 12) / 5
        at = y + line * (candidate + theme.lip + between)
        button(sheet, control, Rect(zone.x + column * (width + 12), at, width, candidate), style.size("label"))
    y += lines * (candidate + theme.lip + between)
    for row in piece.rows:
        _letters(sheet, style, row, Rect(zone.x, y, zone.width, letter))
        y += letter + theme.lip + between
    return zone.height


def _letters(sheet: Sheet, style: Style, row: tuple[Control, ...], where: Rect) -> None:
    """One row of keys, centred; keys with a word or an icon are half as wide again."""
    gap = 8.0
    unit = (where.width - 9 * gap) / 10
    shares = [1.0 if len(one.text) == 1 and not one.icon else 1.55 for one in row]
    room = where.width - gap * (len(row) - 1)
    unit = min(unit, room / sum(shares))
    x = where.x + (room - unit * sum(shares)) / 2
    for control, share in zip(row, shares, strict=True):
        key(sheet, style, control, Rect(x, where.y, share * unit, where.height), LETTER_SIZE)
        x += share * unit + gap
