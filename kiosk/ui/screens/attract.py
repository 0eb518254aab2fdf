"""The attract screen (10): one large button does it; the picture moves a little, nothing else."""

from __future__ import annotations

from functools import lru_cache

from kiosk.screen_model import ButtonRow, Control, ScreenModel
from kiosk.ui import icons
from kiosk.ui.drawing import Shape, Sheet
from kiosk.ui.pictures import city
from kiosk.ui.screens.frame import aids, line, way_in
from kiosk.ui.theme import Rect, Theme
from kiosk.ui.widgets.faces import button, face
from kiosk.ui.widgets.words import Type, place, stack, typeset

LANDSCAPE_CITY = (820.0, -444.0)
"""Where the picture's origin lies on a landscape display."""
LOWERED_CITY = -320.0


def attract(sheet: Sheet, model: ScreenModel) -> None:
    """Name and clock, the city, the words, the languages and the primary."""
    theme = sheet.theme
    landscape = theme.posture == "landscape"
    sheet.backdrop = backdrop(theme)
    sheet.ferry = ferry(theme)
    _head(sheet, model)
    languages = [item for piece in model.body if isinstance(piece, ButtonRow) for item in piece.items]
    (_landscape if landscape else _portrait)(sheet, model, languages)
    aids(sheet, model)


@lru_cache(maxsize=8)
def backdrop(theme: Theme) -> tuple[Shape, ...]:
    """The city for the attract screen (portrait, landscape) or for the upper half in reach mode."""
    sheet = Sheet(theme, lambda text, size, bold: 0.0)
    if theme.posture == "landscape":
        city.draw(sheet, *LANDSCAPE_CITY, 1.037, branch=False, tower=(778, 0.84))
        sheet.rect(Rect(760, 0, LANDSCAPE_CITY[0] - 760, theme.size[1]), theme.colour("paper"))
    else:
        city.draw(sheet, 0, 0, 1.0, branch=True, tower=(778, 1.0))
    return tuple(sheet.shapes)


@lru_cache(maxsize=8)
def lowered_backdrop(theme: Theme) -> tuple[Shape, ...]:
    """Reach mode: the same city on the sunk ground, ferry included (it lies still)."""
    sheet = Sheet(theme, lambda text, size, bold: 0.0)
    sheet.rect(Rect(0, 0, theme.size[0], 924), theme.colour("sunk"))
    city.draw(sheet, 0, LOWERED_CITY, 1.0, branch=False, tower=(756, 0.886))
    city.ferry(sheet, city.FERRY_LEFT, city.FERRY_Y + LOWERED_CITY, 1.0)
    return tuple(sheet.shapes)


@lru_cache(maxsize=8)
def ferry(theme: Theme) -> tuple[Shape, ...]:
    """The ferry at its first place."""
    sheet = Sheet(theme, lambda text, size, bold: 0.0)
    if theme.posture == "landscape":
        x, y = LANDSCAPE_CITY
        city.ferry(sheet, x + city.FERRY_LEFT, y + city.FERRY_Y * 1.037, 1.037)
    else:
        city.ferry(sheet, city.FERRY_LEFT, city.FERRY_Y, 1.0)
    return tuple(sheet.shapes)


def _head(sheet: Sheet, model: ScreenModel) -> None:
    theme = sheet.theme
    right = theme.size[0] - 60.0
    city.flower(sheet, (96, 115), 33)
    size = min(theme.sizes["label"], 56)
    while size > 28 and sheet.measure(model.terminal, size, True) > right - 156 - 220:
        size = theme.smaller_sizes(size)[1]
    used = line(sheet, model.terminal, 156, 98, Type(size, bold=True))
    way_in(sheet, model, Rect(60, 60, 96 + used, 110))
    small = Type(min(theme.sizes["note"], 35), "ink2")
    line(sheet, model.second_name or model.place, 156, 142, small)
    line(sheet, model.clock, 0, 98, Type(70, bold=True), right=right)
    line(sheet, model.date, 0, 154, small, right=right)


def _portrait(sheet: Sheet, model: ScreenModel, languages: list[Control]) -> None:
    theme = sheet.theme
    _title(sheet, model, Rect(60, 1304, 960, 190))
    height = 108.0
    for i, item in enumerate(languages[:2]):
        button(sheet, item, Rect(60, 1500 + i * 130, 304, height), theme.sizes["label"] if i < 2 else 35)
    if model.primary:
        _start(sheet, model.primary, model.primary_detail, Rect(388, 1500, 632, 244))


def _landscape(sheet: Sheet, model: ScreenModel, languages: list[Control]) -> None:
    theme = sheet.theme
    _title(sheet, model, Rect(60, 280, 700, 360))
    for i, item in enumerate(languages[:2]):
        button(sheet, item, Rect(60 + i * 328, 660, 304, 120), theme.sizes["label"])
    if model.primary:
        _start(sheet, model.primary, model.primary_detail, theme.zones.primary)


def _title(sheet: Sheet, model: ScreenModel, rect: Rect) -> None:
    theme = sheet.theme
    for size in (88, 70, 56):
        title = typeset(sheet, model.title, rect.width, Type(size, bold=True, heading=True), rect.height, "title")
        trial = typeset(sheet.blank(), model.subtitle, rect.width, Type(theme.smallest, "ink2"))
        if title.height + trial.height <= rect.height:
            break
    room = rect.height - title.height
    subtitle = typeset(sheet, model.subtitle, rect.width, Type(theme.sizes["body"], "ink2"), room, "subtitle")
    place(sheet, title, Rect(rect.x, rect.y, rect.width, title.height), label_id="text.title")
    place(sheet, subtitle, Rect(rect.x, rect.y + title.height, rect.width, subtitle.height))


def _start(sheet: Sheet, control: Control, detail: str, box: Rect) -> None:
    tall = box.height > 200
    with sheet.control(control, box):
        face(sheet, control, box, "primary")
        side = 96.0 if tall else 64.0
        pad = 46.0
        room = box.width - 2 * pad - side - 10
        sizes = (70, max(35, sheet.theme.sizes["body"])) if tall else (56, 35)
        top = Type(sizes[0], "onPrimary", bold=True, heading=True)
        blocks = [typeset(sheet, control.text, room, top, box.height * 0.6, "start")]
        if detail:
            blocks.append(typeset(sheet, detail, room, Type(min(sizes[1], 56), "onPrimary"), box.height * 0.4, "start"))
        stack(sheet, blocks, Rect(box.x + pad, box.y, room, box.height))
        x, y = box.right - pad + 7 - side, box.centre[1] - side / 2
        icons.icon(sheet, control.icon or "next", x, y, side, sheet.theme.colour("onPrimary"))
