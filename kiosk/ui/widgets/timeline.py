"""How far one is: a case's steps against its days (34), an address by its parts (62)."""

from __future__ import annotations

from kiosk.pieces.timeline import Bar, BarState, Path, Place, Timeline
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type, place, typeset

LANE = {0: 78.0, 1: 72.0, 2: 64.0, 3: 56.0}
"""How high a lane is at most, by how close the style is."""
LEGEND_BAR = 54.0
NARROW = 700.0
MARK = 1.2
"""Of a part's mark: its side by the size of the letters beside it."""
CHEVRON = 0.8
CLOSE = 3
"""From this level of style on the parts are written small."""


def timeline(sheet: Sheet, style: Style, piece: Timeline, rect: Rect) -> float:
    """Draw the chart from the top of `rect`; returns its height."""
    note = style.size("note")
    line = sheet.theme.line_height(note)
    lane = max(line + 10, LANE.get(style.level, 48.0))
    names = max((sheet.measure(one.name, note, False) for one in piece.lanes), default=0.0) + 16
    column = min(names, rect.width * (0.24 if rect.width > NARROW else 0.34))
    chart = Rect(rect.x + column, rect.y, rect.width - column, 0)
    y = rect.y + _axis(sheet, note, piece, chart)
    top = y
    for one in piece.lanes:
        name = typeset(sheet, one.name, column - 12, Type(note), place="lane")
        height = max(lane, name.height + 8)
        place(sheet, name, Rect(rect.x, y + (height - name.height) / 2, column - 12, name.height))
        for bar in one.bars:
            _bar(sheet, style, bar, piece, Rect(chart.x, y + (height - lane) / 2 + 5, chart.width, lane - 10))
        y += height
        sheet.rect(Rect(rect.x, y, rect.width, 2), sheet.theme.colour("rule"))
    x = _x(piece, chart, piece.today)
    sheet.bar((x, top - 4), (x, y + 2), sheet.theme.colour("ink"), 5)
    return y + 14 + _legend(sheet, style, piece, Rect(rect.x, y + 14, rect.width, 0)) - rect.y


def _x(piece: Timeline, chart: Rect, day: float) -> float:
    return chart.x + chart.width * min(max(day / piece.total, 0.0), 1.0)


def _axis(sheet: Sheet, note: int, piece: Timeline, chart: Rect) -> float:
    """Today's flag, and the days that it does not hide."""
    theme = sheet.theme
    height = theme.line_height(note) + 8
    flag = sheet.measure(piece.today_text, note, True) + 32
    middle = min(max(_x(piece, chart, piece.today), chart.x + flag / 2), chart.right - flag / 2)
    box = Rect(middle - flag / 2, chart.y, flag, height)
    taken = [(box.x - 12, box.right + 12)]
    for day, words in sorted(piece.axis, key=lambda mark: -mark[0]):
        width = sheet.measure(words, note, False)
        left = min(max(_x(piece, chart, day) - width / 2, chart.x), chart.right - width)
        if all(left + width < low or left > high for low, high in taken):
            taken.append((left - 12, left + width + 12))
            sheet.run(words, left, chart.y + 4, note, bold=False, colour=theme.colour("ink2"), height=height - 8)
    sheet.rect(box, theme.colour("ink"), 10)
    paper = theme.colour("paper")
    sheet.run(piece.today_text, box.x + 16, box.y + 4, note, bold=True, colour=paper, height=height - 8)
    return height + 8


def _bar(sheet: Sheet, style: Style, bar: Bar, piece: Timeline, lane: Rect) -> None:
    left, right = _x(piece, lane, bar.start), _x(piece, lane, bar.end)
    box = Rect(left + 1, lane.y, max(right - left - 2, 12.0), lane.height)
    _face(sheet, bar.state, box)
    note = style.size("note")
    mark = min(40.0, box.height - 16)
    if bar.state == "asked" and box.width > 3 * mark:
        icons.mark(sheet, "att", box.right - mark - 14, box.centre[1] - mark / 2, mark)
    width = sheet.measure(bar.label, note, True)
    if width + 8 <= box.width:
        colour = sheet.theme.colour("onPrimary" if bar.state == "done" else "ink")
        height = sheet.theme.line_height(note)
        x, y = box.centre[0] - width / 2, box.centre[1] - height / 2
        sheet.run(bar.label, x, y, note, bold=True, colour=colour, height=height)


def _face(sheet: Sheet, state: BarState, box: Rect) -> None:
    theme = sheet.theme
    radius = min(12.0, box.height / 3)
    match state:
        case "done":
            sheet.rect(box, theme.colour("primary"), radius)
        case "current":
            sheet.rect(box, theme.colour("tint"), radius)
            sheet.rect(box, theme.colour("primary"), radius, 5)
        case "asked":
            sheet.rect(box, theme.colour("attTint"), radius)
            sheet.rect(box, theme.colour("ink"), radius, 5)
        case _:
            sheet.rect(box, theme.colour("card"), radius)
            sheet.dashes(box, radius, theme.colour("edge"), 3)


def _legend(sheet: Sheet, style: Style, piece: Timeline, rect: Rect) -> float:
    """What the bars mean, side by side, on as many lines as it takes."""
    note = style.size("note")
    height = sheet.theme.line_height(note)
    x, y = rect.x, rect.y
    for state, words in piece.legend:
        width = LEGEND_BAR + 12 + sheet.measure(words, note, False)
        if x > rect.x and x + width > rect.right:
            x, y = rect.x, y + height + 8
        bar = Rect(x, y + (height - 28) / 2, LEGEND_BAR, 28)
        if state == "asked":
            icons.mark(sheet, "att", x + (LEGEND_BAR - 34) / 2, y + (height - 34) / 2, 34)
        else:
            _face(sheet, state, bar)
        sheet.run(words, x + LEGEND_BAR + 12, y, note, bold=False, colour=sheet.theme.colour("ink"), height=height)
        x += width + 36
    return y + height - rect.y


# ------------------------------------------------------------------------------------------- parts of an address


def path(sheet: Sheet, style: Style, piece: Path, rect: Rect) -> float:
    """Draw the parts side by side, on as many lines as it takes; returns the height.

    Where it is close they are small, and what is still to come is left out before a second line is begun.
    """
    close = style.level >= CLOSE
    size = style.size("note" if close else "body")
    line = max(sheet.theme.line_height(size), MARK * size)
    gap, arrow = size * 0.5, CHEVRON * size
    between = arrow + 2 * gap
    widths = [MARK * size + gap + sheet.measure(one.text, size, one.mark == "current") for one in piece.parts]
    long = sum(widths) + between * (len(widths) - 1) > rect.width
    x, y = rect.x, rect.y
    for number, (part, width) in enumerate(zip(piece.parts, widths, strict=True)):
        if close and long and part.mark == "todo":
            break
        if number and x + between + width > rect.right:
            x, y = rect.x, y + line
        elif number:
            icons.icon(sheet, "chevron", x + gap, y + (line - arrow) / 2, arrow, sheet.theme.colour("ink2"))
            x += between
        _part(sheet, part, Rect(x, y, rect.right - x, line), size)
        x += width
    return y + line - rect.y


def _part(sheet: Sheet, part: Place, box: Rect, size: int) -> None:
    side = MARK * size
    y = box.y + (box.height - side) / 2
    if part.mark == "done":
        icons.mark(sheet, "saved", box.x, y, side)
    else:
        (icons.half_mark if part.mark == "current" else icons.ring_mark)(sheet, box.x, y, side)
    colour = "ink2" if part.mark == "todo" else "ink"
    room = box.width - side - size * 0.5
    words = typeset(sheet, part.text, room, Type(size, colour, part.mark == "current"), box.height, "path")
    place(sheet, words, Rect(box.x + side + size * 0.5, box.y + (box.height - words.height) / 2, room, words.height))
