"""What lies over or instead of a screen: the focus of the tactile keypad (75), and the black screen of speech (74)."""

from __future__ import annotations

from kiosk.screen_model import Curtain, ScreenModel
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.theme import Rect, Rgb
from kiosk.ui.widgets.words import Block, Type, place, typeset

BLACK: Rgb = (0.0, 0.0, 0.0)
RING = 6.0
"""Width of each of the two rings of the focus: amber inside ink, outside the control."""
CUE_TOP, HINT_TOP = 0.34, 0.78
"""Where the cue and the hint of the black screen begin, as parts of the height."""
SIDE = 100.0


def focus(sheet: Sheet, model: ScreenModel) -> None:
    """Draw the focus around its control, where there is one."""
    found = next((one.rect for one in sheet.targets if one.control.id == model.focus), None)
    if not model.focus or found is None:
        return
    width, height = sheet.theme.size
    edge = min(2 * RING, found.x, found.y, width - found.right, height - found.bottom)
    grown = max(0.0, edge)
    outer, radius = found.inset(-grown), sheet.theme.radius("button") + grown
    sheet.rect(outer, sheet.theme.colour("ink"), radius, RING)
    sheet.rect(outer.inset(RING), sheet.theme.colour("att"), max(0.0, radius - RING), RING)


def curtain(sheet: Sheet, shown: Curtain) -> None:
    """The black screen: a touch anywhere opens it."""
    theme = sheet.theme
    width, height = theme.size
    whole = Rect(0, 0, width, height)
    with sheet.control(shown.open, whole):
        sheet.rect(whole, BLACK)
        y = height * CUE_TOP
        side = SIDE
        icons.icon(sheet, "speaker", (width - side) / 2, y, side, theme.colour("ink"))
        y += side + 20
        room = width - 120.0
        plain = Type(theme.capped("body", 44))
        title = Type(theme.capped("label", 56), bold=True, heading=True)
        for text, type_ in ((shown.title, title), (shown.text, plain)):
            y += _centred(sheet, typeset(sheet, text, room, type_), y) + 8
        hint = typeset(sheet, shown.hint, min(room, 760.0), plain._replace(heading=True))
        _centred(sheet, hint, min(height * HINT_TOP, height - 60 - hint.height))


def _centred(sheet: Sheet, block: Block, y: float) -> float:
    return place(sheet, block, Rect(60, y, sheet.theme.size[0] - 120.0, block.height), "centre")
