"""The frame that never moves: status line, where am I, steps, the two actions and the six aids."""

from __future__ import annotations

from kiosk.screen_model import Control, ScreenModel
from kiosk.ui import icons
from kiosk.ui.drawing import NO_GROUP, Label, Sheet
from kiosk.ui.pictures import city
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.faces import button, face, grey, ink_of, inner, natural_width, primary_with_detail
from kiosk.ui.widgets.words import Type, place, typeset

FLOWER = 46.0
PLACES_FOR_AIDS = {"portrait": 6, "reach": 6, "landscape": 5}
"""On a screen without help the others stay where they are; in landscape nothing is lowered. Staff have fewer."""
HOME_WIDTH, HEAD_BUTTON = 96.0, 88.0
HEAD_NAME_CAP, HEAD_DETAIL_CAP, FINISH_CAP, AID_CAP = 44, 35, 56, 35


def frame(sheet: Sheet, model: ScreenModel) -> None:
    """Everything but the body."""
    if sheet.theme.posture == "reach":
        lowered_top(sheet, model)
    else:
        status(sheet, model)
    where_am_i(sheet, model)
    steps(sheet, model)
    aids(sheet, model)
    actions(sheet, model)


def way_in(sheet: Sheet, model: ScreenModel, area: Rect) -> None:
    """The terminal's name can be held where the screen has a way in; nothing shows it."""
    if model.way_in is not None:
        with sheet.control(model.way_in, area):
            pass


def line(sheet: Sheet, text: str, x: float, middle: float, type_: Type, right: float | None = None) -> float:
    """One line of text centred on `middle`, from x or ending at `right`; returns its width."""
    width = sheet.measure(text, type_.size, type_.bold)
    height = sheet.theme.line_height(type_.size)
    left = x if right is None else right - width
    colour = sheet.theme.colour(type_.colour)
    sheet.run(text, left, middle - height / 2, type_.size, bold=type_.bold, colour=colour, height=height)
    if sheet.group == NO_GROUP and text:
        sheet.labels.append(Label("", text, Rect(left, middle - height / 2, width, height)))
    return width


def status(sheet: Sheet, model: ScreenModel) -> None:
    """Flower, terminal and place, or what is missing; date and time at the right, as far as there is room."""
    zone, theme = sheet.theme.zones.status, sheet.theme
    left = max(zone.x, 60.0)
    right = min(zone.right, theme.size[0] - 60.0)
    middle = zone.centre[1]
    size = theme.capped("note", 56)
    plain = Type(size, "ink2")
    city.flower(sheet, (left + 23.5, zone.centre[1]), FLOWER / 2)
    long = f"{model.date} {model.clock}" if model.date else model.clock
    short_only = theme.text_scale > 1.0 or len(model.chips) > 1
    when = model.clock if short_only else long
    room = right - line(sheet, when, 0, middle, plain, right=right) - 24 - (left + 65)
    if model.chips:
        _chips(sheet, model, Rect(left + 65, zone.y, room, zone.height), min(size, 35))
        return
    while size > theme.smallest and sheet.measure(model.terminal, size, True) > room:
        size = theme.smaller_sizes(size)[1]
    used = line(sheet, model.terminal, left + 65, middle, Type(size, bold=True))
    way_in(sheet, model, Rect(left, 0, 65 + used, zone.bottom + 8))
    if theme.text_scale == 1.0 and used + 24 + sheet.measure(model.place, size, False) <= room:
        line(sheet, model.place, left + 65 + used + 24, middle, plain)


def _chips(sheet: Sheet, model: ScreenModel, area: Rect, size: int) -> None:
    """At most two; the second one keeps only its icon where both do not fit, its words stay for the speaker."""
    height, icon = min(size * 1.45 + 8, area.height - 8), size * 1.3

    def width(text: str) -> float:
        return 14 + icon + (10 + sheet.measure(text, size, False) + 18 if text else 14)

    shown = [chip.text for chip in model.chips[:2]]
    if sum(map(width, shown)) + 16 * (len(shown) - 1) > area.width and len(shown) > 1:
        shown[1] = ""
    x = area.x
    for chip, text in zip(model.chips, shown, strict=False):
        box = Rect(x, area.centre[1] - height / 2, min(width(text), area.right - x), height)
        grey(sheet, box)
        icons.icon(sheet, chip.icon, x + 14, box.centre[1] - icon / 2, icon, sheet.theme.colour("ink"))
        if text:
            room = box.right - x - 24 - icon - 12
            block = typeset(sheet, text, room, Type(size), height, "chip")
            place(sheet, block, Rect(x + 24 + icon, box.centre[1] - block.height / 2, room, block.height))
        else:
            sheet.labels.append(Label("", chip.text, box))
        x += box.width + 16


def lowered_top(sheet: Sheet, model: ScreenModel) -> None:
    """Reach mode: the upper half shows only the picture and the clock."""
    theme = sheet.theme
    sheet.rect(Rect(0, 924, theme.size[0], theme.size[1] - 924), theme.colour("paper"))
    sheet.rect(Rect(0, 920, theme.size[0], 4), theme.colour("edge"))
    city.flower(sheet, (92, 101), 29)
    size = theme.capped("body", 44)
    room = 600.0
    while size > theme.smallest and sheet.measure(model.terminal, size, True) > room:
        size = theme.smaller_sizes(size)[1]
    used = line(sheet, model.terminal, 148, 83, Type(size, bold=True))
    way_in(sheet, model, Rect(60, 40, 88 + used, 88))
    if model.lowered_note:
        block = typeset(sheet, model.lowered_note, room, Type(theme.capped("note", 35), "ink2"))
        place(sheet, block, Rect(148, 83 + size * 0.65, room, block.height))
    line(sheet, model.clock, 0, 104, Type(70, bold=True), right=1020)


def where_am_i(sheet: Sheet, model: ScreenModel) -> None:
    """Home, where am I, and finish at the top right. Of "step · what for", a narrow line keeps the step (53)."""
    theme, zone = sheet.theme, sheet.theme.zones.where
    top = zone.centre[1] - HEAD_BUTTON / 2 - 3
    x, right = zone.x, zone.right
    if model.home:
        box = Rect(x, top, HOME_WIDTH, HEAD_BUTTON)
        with sheet.control(model.home, box):
            face(sheet, model.home, box)
            side, inside = 52.0, inner(sheet, box)
            y = inside.centre[1] - side / 2
            icons.icon(sheet, model.home.icon or "home", box.centre[0] - side / 2, y, side, theme.colour("ink"))
        x += HOME_WIDTH + 24
    if model.finish:
        right = _finish(sheet, model, zone, top, x) - 24
    if model.where:
        _names(sheet, model, Rect(x, zone.y, right - x, zone.height))


def _names(sheet: Sheet, model: ScreenModel, area: Rect) -> None:
    """Where am I, and under it the step; a long name takes both lines."""
    theme, room = sheet.theme, area.width
    middle = area.centre[1] + 2
    words = model.where_detail
    size = theme.capped("note", HEAD_DETAIL_CAP)
    if sheet.measure(words, size, False) > room:
        words = words.split(" · ")[0]
    type_ = Type(theme.capped("body", HEAD_NAME_CAP), bold=True)
    smallest = min(theme.smaller_sizes(type_.size))
    long = sheet.measure(model.where, smallest, True) > room or sheet.measure(words, theme.smallest, False) > room
    if not words or long:
        block = typeset(sheet, model.where, room, type_._replace(heading=True), area.height, "where")
        place(sheet, block, Rect(area.x, middle - block.height / 2, room, block.height))
        return
    name = typeset(sheet, model.where, room, type_, theme.line_height(type_.size), "where")
    detail = typeset(sheet, words, room, Type(size, "ink2"), theme.line_height(size), "where")
    pitch = (name.type.size + detail.type.size) * 0.655
    place(sheet, name, Rect(area.x, middle - pitch / 2 - name.height / 2, room, name.height))
    place(sheet, detail, Rect(area.x, middle + pitch / 2 - detail.height / 2, room, detail.height))


def _finish(sheet: Sheet, model: ScreenModel, zone: Rect, top: float, left: float) -> float:
    """The way out at the top right, in a smaller size where the name beside it would not fit; returns its left edge."""
    assert model.finish is not None
    theme, size = sheet.theme, FINISH_CAP
    wanted = sheet.measure(model.where, max(theme.smallest, 35), True)
    for size in theme.smaller_sizes(theme.capped("body", FINISH_CAP)):
        width = natural_width(sheet, model.finish, size, 28)
        if zone.right - width - 24 - left >= wanted or size <= max(theme.smallest, 35):
            break
    height = 100.0 if theme.text_scale == 2.0 and theme.posture == "portrait" else HEAD_BUTTON
    width = natural_width(sheet, model.finish, size, 28)
    box = Rect(zone.right - width, top - (height - HEAD_BUTTON) / 2, width, height)
    button(sheet, model.finish, box, size)
    return box.x


def steps(sheet: Sheet, model: ScreenModel) -> None:
    """One bar for each step: done full, current half, the rest pale."""
    if model.steps is None:
        return
    theme, zone = sheet.theme, sheet.theme.zones.steps
    current, count = model.steps
    gap = 8.0
    width = (zone.width - gap * (count - 1)) / count
    blue, pale = theme.colour("primary"), theme.colour("rule")
    for i in range(count):
        bar = Rect(zone.x + i * (width + gap), zone.y, width, zone.height)
        radius = zone.height / 2
        if i + 1 < current:
            sheet.rect(bar, blue, radius)
            continue
        sheet.rect(bar, pale, radius, 2 if theme.high_contrast else 0)
        if i + 1 == current:
            sheet.rect(Rect(bar.x, bar.y, width / 2, bar.height), blue, radius)
            sheet.rect(Rect(bar.x + radius, bar.y, width / 2 - radius, bar.height), blue)


def aids(sheet: Sheet, model: ScreenModel) -> None:
    """Six aids at the lowest edge, always in the same place."""
    theme, zone = sheet.theme, sheet.theme.zones.aids
    landscape = theme.posture == "landscape"
    sheet.rect(zone, theme.colour("sunk"), 20 if landscape else 0)
    if theme.high_contrast:
        if landscape:
            sheet.rect(zone, theme.colour("edge"), 20, 4)
        else:
            sheet.rect(Rect(zone.x, zone.y, zone.width, 4), theme.colour("edge"))
    if not model.aids:
        return
    side = 8.0 if landscape else 28.0
    count, places = len(model.aids), PLACES_FOR_AIDS[theme.posture]
    pitch = (zone.width - 2 * side) / (places if count == places - 1 else count)
    for i, control in enumerate(model.aids):
        box = Rect(zone.x + side + i * pitch + 8, zone.y + 16, pitch - 16, zone.height - 32)
        if landscape:
            box = Rect(zone.x + side + i * pitch + 4, zone.y + 12, pitch - 8, zone.height - 24)
        _aid(sheet, control, box)


def _aid(sheet: Sheet, control: Control, box: Rect) -> None:
    theme = sheet.theme
    with sheet.control(control, box):
        if control.selected:
            sheet.rect(box, theme.colour("card"), 16)
            sheet.rect(box, theme.colour("primary"), 16, 6 if theme.high_contrast else 4)
        elif theme.high_contrast:
            sheet.rect(box, theme.colour("edge"), 16, 2)
        size, icon = theme.capped("note", AID_CAP), 48.0
        colour = ink_of(control)
        bold = control.selected and sheet.measure(control.text, size, True) <= box.width + 16
        type_ = Type(size, colour, bold)
        words = typeset(sheet, control.text, box.width + 16, type_, theme.line_height(size), "aid")
        top = box.centre[1] - (icon + words.height) / 2 - 2
        icons.icon(sheet, control.icon, box.centre[0] - icon / 2, top, icon, theme.colour(colour))
        place(sheet, words, Rect(box.x - 8, top + icon, box.width + 16, words.height), "centre")


def actions(sheet: Sheet, model: ScreenModel) -> None:
    """The quiet way out at the left, the one way forward at the right."""
    theme, zones = sheet.theme, sheet.theme.zones
    size = theme.sizes["label"]
    if model.back:
        button(sheet, model.back, zones.back, size, icon_above=theme.back_icon_above)
    if not model.primary:
        return
    if model.primary_detail and model.primary.enabled:
        primary_with_detail(sheet, model.primary, model.primary_detail, zones.primary, (size, theme.sizes["note"]))
    else:
        button(sheet, model.primary, zones.primary, size)
