"""Screens without a frame that test the glass itself: circles to be touched (76), and one colour everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.pieces.proving import ColourTest, ProofRow, ProofRows, TouchTest
from kiosk.screen_model import ButtonRow, Control, ScreenModel
from kiosk.ui import icons
from kiosk.ui.drawing import Point, Sheet
from kiosk.ui.theme import Rect, luminance
from kiosk.ui.widgets.faces import button, natural_width
from kiosk.ui.widgets.proving import PANEL, proof_rows
from kiosk.ui.widgets.style import ladder
from kiosk.ui.widgets.words import Type, place, typeset

RADIUS = 75.0
TARGET, GLASS = "touch.target", "touch.glass"


def testing(sheet: Sheet, model: ScreenModel) -> None:
    """Draw the whole screen. Small targets come first: the glass behind them takes what is left."""
    controls = {one.id: one for piece in model.body if isinstance(piece, ButtonRow) for one in piece.items}
    width, height = sheet.theme.size
    whole = Rect(0, 0, width, height)
    match model.body[0]:
        case TouchTest() as test:
            _circles(sheet, model, test, controls)
            with sheet.control(controls[GLASS], whole):
                pass
        case ColourTest() as test:
            with sheet.control(next(iter(controls.values())), whole):
                colour = PANEL[test.colour]
                sheet.rect(whole, colour)
                dark = luminance(colour) > 0.18
                size = sheet.theme.capped("body", 44)
                block = typeset(sheet, test.note, width - 240.0, Type(size, "ink", heading=True), place="colour")
                y = height - 60 - block.height
                for line in block.lines:
                    wide = sheet.measure(line, size, False)
                    sheet.run(line, (width - wide) / 2, y, size, bold=False, colour=PANEL["black" if dark else "white"],
                              height=block.line_height)  # fmt: skip
                    y += block.line_height
        case _:
            raise TypeError("not a test of the glass")


def _circles(sheet: Sheet, model: ScreenModel, test: TouchTest, controls: Mapping[str, Control]) -> None:
    x, y = test.spots[test.done]
    with sheet.control(controls[TARGET], Rect(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS)):
        pass
    _words(sheet, model, test, controls)
    _arrow(sheet, (float(x), float(y)))
    for i, spot in enumerate(test.spots):
        if i < test.done:
            icons.mark(sheet, "saved", spot[0] - RADIUS, spot[1] - RADIUS, 2 * RADIUS)
        else:
            _circle(sheet, spot, wanted=i == test.done)


def _circle(sheet: Sheet, spot: tuple[int, int], *, wanted: bool) -> None:
    theme = sheet.theme
    x, y = spot
    colour = theme.colour("primary" if wanted else "edge")
    sheet.disc(x, y, RADIUS, theme.colour("tint" if wanted else "card"))
    if wanted:
        sheet.circle(x, y, RADIUS - 5, colour, 10)
    else:
        sheet.dashes(Rect(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS), RADIUS, colour, 5)
    width = 8.0 if wanted else 4.0
    sheet.bar((x - 46, y), (x + 46, y), colour, width)
    sheet.bar((x, y - 46), (x, y + 46), colour, width)
    sheet.disc(x, y, 14 if wanted else 8, colour)


def _arrow(sheet: Sheet, spot: Point) -> None:
    """A bent arrow from the middle of the glass towards the circle; none for the one in the middle."""
    width, height = sheet.theme.size
    towards = (1 if spot[0] > width / 2 else -1, 1 if spot[1] > height / 2 else -1)
    if abs(spot[0] - width / 2) < 1:
        return
    colour = sheet.theme.colour("primary")
    end = (spot[0] - towards[0] * 94, spot[1] - towards[1] * 112)
    curve = [(end[0] - towards[0] * dx, end[1] - towards[1] * dy) for dx, dy in
             ((108, 140), (100, 118), (84, 90), (60, 56), (30, 24), (0, 0))]  # fmt: skip
    sheet.line(curve, colour, 11)
    sheet.line([(end[0] - towards[0] * 46, end[1] + towards[1] * 4), end,
                (end[0] - towards[0] * 14, end[1] - towards[1] * 44)], colour, 11)  # fmt: skip


def _words(sheet: Sheet, model: ScreenModel, test: TouchTest, controls: Mapping[str, Control]) -> None:
    """What to do, what was measured, and 从头再点: above and under the middle circle, or at both sides of it."""
    theme = sheet.theme
    width, height = theme.size
    tall = height > width
    column = Rect(60, 0, width - 120, 0) if tall else Rect(270, 0, width / 2 - 420, 0)
    right = column if tall else Rect(width / 2 + 150, 0, width / 2 - 420, 0)
    top = Rect(230, 62, width - 460, 100)
    y = top.y
    for text, type_ in ((test.head, Type(theme.capped("body", 44), bold=True, heading=True)),
                        (test.place, Type(theme.capped("note", 35), "ink2", heading=True))):  # fmt: skip
        block = typeset(sheet, text, top.width, type_, 100, "head")
        y += place(sheet, block, Rect(top.x, y, top.width, block.height), "centre")
    room = (860.0 if tall else height - 320.0) - 40
    y = 320.0 if tall else 260.0
    for text, type_, name in ((model.title, Type(88, bold=True, heading=True), "text.title"),
                              (model.subtitle, Type(44), "")):  # fmt: skip
        block = typeset(sheet, text, column.width, type_, room / 2, "title")
        y += place(sheet, block, Rect(column.x, y, column.width, block.height), "centre", name) + 12
    if test.rows:
        _measured(sheet, test.rows, Rect(right.x, y + 40 if tall else 260, right.width, 0), 870.0 if tall else 700.0)
    note_type = Type(theme.capped("body", 44), "ink2", heading=True)
    note = typeset(sheet, test.note, column.width, note_type, 240, "note")
    y = height / 2 + 160 if tall else max(y + 24, 560.0)
    y += place(sheet, note, Rect(column.x, y, column.width, note.height), "centre") + 24
    buttons = [control for id_, control in controls.items() if id_ not in {GLASS, TARGET}]
    for control in buttons:
        size = theme.capped("body", 44)
        wide = max(300.0, natural_width(sheet, control, size))
        button(sheet, control, Rect(column.centre[0] - wide / 2, y, wide, 110), size)
        y += 134


def _measured(sheet: Sheet, rows: tuple[ProofRow, ...], rect: Rect, bottom: float) -> None:
    """The rows in the first style in which they end above `bottom`."""
    trial = sheet.blank()
    for style in ladder(sheet.theme):
        trial = sheet.blank()
        height = proof_rows(trial, style, ProofRows(rows), Rect(0, 0, rect.width, 0))
        if rect.y + height <= bottom:
            break
    sheet.lay(trial, rect.x, rect.y)
