"""What can be pressed: a face with a lip under it; and cards, which cannot and have none."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from kiosk.screen_model import Control, Meaning
from kiosk.ui import icons
from kiosk.ui.drawing import Part, Sheet, round_rect_points
from kiosk.ui.linebreak import units
from kiosk.ui.theme import Rect, Rgb
from kiosk.ui.widgets.words import Block, Type, place, stack, stack_height, typeset

Kind = Literal["primary", "secondary"]
NARROW_PAD = 16.0
"""From the edge of a narrow button to its words."""
CONTRAST_LIP = 12
"""In high contrast the lip is the bottom edge, this wide."""
TINTS: dict[Meaning, str] = {
    "saved": "savedTint",
    "held": "heldTint",
    "att": "attTint",
    "stop": "stopTint",
    "info": "tint",
}
BARS: dict[Meaning, str] = {"saved": "saved", "held": "held", "att": "att", "stop": "stop", "info": "primary"}


class Insets(NamedTuple):
    """Widths of the four edges of a box."""

    left: float
    top: float
    right: float
    bottom: float


def edged(sheet: Sheet, rect: Rect, radius: float, edge: Rgb, fill: Rgb, insets: Insets) -> None:
    """A box whose edges differ in width, as CSS draws it: round outside, elliptical corners inside."""
    sheet.rect(rect, edge, radius)
    left, top, right, bottom = insets
    inside = Rect(rect.x + left, rect.y + top, rect.width - left - right, rect.height - top - bottom)

    def corner(x: float, y: float) -> tuple[float, float]:
        return max(0.0, radius - x), max(0.0, radius - y)

    corners = (corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom))
    sheet.poly(round_rect_points(inside, corners), fill)


def face(sheet: Sheet, control: Control, rect: Rect, kind: Kind = "secondary", radius: int = 0) -> None:
    """The face of `control` with its lip, as its state wants it. Draw inside `sheet.control`."""
    theme = sheet.theme
    radius = radius or theme.radius("button")
    if not control.enabled:
        sheet.rect(rect, theme.colour("sunk"), radius)
        sheet.dashes(rect, radius, theme.colour("edge"), theme.edge)
        return
    if theme.high_contrast:
        _contrast_face(sheet, control, rect, kind, radius)
        return
    with sheet.as_part(Part.LIP):
        lip = theme.colour("primaryLip" if kind == "primary" else "lip")
        sheet.rect(Rect(rect.x, rect.y + 2 * radius, rect.width, rect.height - 2 * radius + theme.lip), lip, radius)
    fill = "primary" if kind == "primary" else TINTS[control.meaning] if control.meaning else "card"
    edge = None if kind == "primary" else ("primary", 6) if control.selected else ("edge", theme.edge)
    with sheet.as_part(Part.FACE):
        sheet.rect(rect, theme.colour("tint" if control.selected and kind != "primary" else fill), radius)
    if edge:
        sheet.rect(rect, theme.colour(edge[0]), radius, edge[1])


def _contrast_face(sheet: Sheet, control: Control, rect: Rect, kind: Kind, radius: int) -> None:
    theme = sheet.theme
    if kind == "primary":
        with sheet.as_part(Part.FACE):
            sheet.rect(rect, theme.colour("primary"), radius)
        return
    edge = 8 if control.selected else theme.edge
    with sheet.as_part(Part.FACE):
        edged(sheet, rect, radius, theme.colour("edge"), theme.colour("card"), Insets(edge, edge, edge, CONTRAST_LIP))


def inner(sheet: Sheet, rect: Rect, kind: Kind = "secondary") -> Rect:
    """Where the content of a face is centred: above the lip that lies inside in high contrast."""
    if sheet.theme.high_contrast and kind == "secondary":
        return Rect(rect.x, rect.y + 4, rect.width, rect.height - 4 - CONTRAST_LIP)
    return rect


def card(sheet: Sheet, rect: Rect, radius: int = 0) -> None:
    """A panel that only shows: a thin rule around it, no lip."""
    theme = sheet.theme
    radius = radius or theme.radius("button")
    sheet.rect(rect, theme.colour("card"), radius)
    sheet.rect(rect, theme.colour("rule"), radius, 2)


def tint_box(sheet: Sheet, rect: Rect, meaning: Meaning, radius: int, *, bar: bool) -> None:
    """The box of a meaning: its tint, and for notices a bar 12 wide at the left. High contrast has edges, no tint."""
    theme = sheet.theme
    colour = theme.colour(BARS[meaning])
    if theme.high_contrast:
        if bar:
            edged(sheet, rect, radius, theme.colour("edge"), theme.colour("card"), Insets(12, 4, 4, 4))
        return
    if bar:
        sheet.rect(Rect(rect.x, rect.y, 4 * radius, rect.height), colour, radius)
        inside = Rect(rect.x + 12, rect.y, rect.width - 12, rect.height)
        inner_corner = (max(1.0, radius - 12.0), float(radius))
        corners = (inner_corner, float(radius), float(radius), inner_corner)
        sheet.poly(round_rect_points(inside, corners), theme.colour(TINTS[meaning]))
    else:
        sheet.rect(rect, theme.colour(TINTS[meaning]), radius)


def ink_of(control: Control, kind: Kind = "secondary") -> str:
    """The colour name of a control's words."""
    return "ink2" if not control.enabled else "onPrimary" if kind == "primary" else "ink"


def icon_of(control: Control) -> str:
    """The icon to draw: its own, the arrow of an onward button, the tick of a selected one."""
    if control.icon:
        return control.icon
    if control.onward and control.enabled:
        return "next"
    return "check" if control.selected else ""


def button(sheet: Sheet, control: Control, rect: Rect, size: int, *, icon_above: bool = False) -> None:
    """A button with one line (or two, when it must) centred, its icon before, after (onward) or above the words."""
    kind: Kind = "primary" if control.role == "primary" else "secondary"
    with sheet.control(control, rect):
        face(sheet, control, rect, kind)
        _content(sheet, control, inner(sheet, rect, kind), size, icon_above=icon_above)


def _content(sheet: Sheet, control: Control, rect: Rect, size: int, *, icon_above: bool) -> None:
    primary = control.role == "primary" and control.enabled
    kind: Kind = "primary" if primary else "secondary"
    name = icon_of(control)
    colour = sheet.theme.colour(ink_of(control, kind))
    bold = primary or control.selected
    side = min(rect.height * 0.5, {28: 36, 35: 44, 44: 54}.get(size, 54)) if name else 0
    pad = NARROW_PAD if rect.width < 400 else 32.0
    type_ = Type(size, ink_of(control, kind), bold, heading=True)
    if icon_above and name:
        block = typeset(sheet, control.text, rect.width - 2 * 8, type_, rect.height - side - 8, "button")
        top = rect.y + (rect.height - side - block.height) / 2
        icons.icon(sheet, name, rect.centre[0] - side / 2, top, side, colour)
        place(sheet, block, Rect(rect.x, top + side, rect.width, block.height), "centre")
        return
    gap = (16.0 if size <= 35 and rect.width < 240 else 20.0) if name and control.text else 0.0
    room = rect.width - 2 * pad - side - gap
    block = typeset(sheet, control.text, room, type_, rect.height - 8, "button")
    blocks = [block]
    if control.detail:
        blocks.append(typeset(sheet, control.detail, room, Type(sheet.theme.sizes["note"], ink_of(control, kind))))
    width = max(one.width for one in blocks)
    after = control.onward or (primary and bool(name))
    x = rect.x + (rect.width - side - gap - width) / 2
    text_x = x if after else x + side + gap
    icon_x = x + width + gap if after else x
    if name:
        icons.icon(sheet, name, icon_x, rect.y + (rect.height - side) / 2, side, colour, 1.25 if bold else 1.12)
    stack(sheet, blocks, Rect(text_x, rect.y, width, rect.height), "left" if control.detail else "centre")


def primary_with_detail(sheet: Sheet, control: Control, detail: str, rect: Rect, sizes: tuple[int, int]) -> None:
    """The primary of home (15): label and a small line at the left, the arrow at the right."""
    with sheet.control(control, rect):
        face(sheet, control, rect, "primary")
        side, pad = 54.0, 36.0
        name = icon_of(control)
        room = rect.width - 2 * pad - (side + 16 if name else 0)
        colour = ink_of(control, "primary")
        blocks = [
            typeset(sheet, control.text, room, Type(sizes[0], colour, bold=True, heading=True), rect.height * 0.62),
            typeset(sheet, detail, room, Type(sizes[1], colour), rect.height * 0.5, "primary"),
        ]
        if stack_height(blocks) > rect.height - 8:
            blocks[1] = typeset(sheet, detail, room, Type(sheet.theme.smallest, colour), rect.height / 3, "primary")
        stack(sheet, blocks, Rect(rect.x + pad, rect.y, room, rect.height))
        if name:
            y = rect.y + (rect.height - side) / 2
            icons.icon(sheet, name, rect.right - pad - side + 4, y, side, sheet.theme.colour(colour), 1.25)


def natural_width(sheet: Sheet, control: Control, size: int, pad: float = 32) -> float:
    """How wide a one-line button of this control would like to be."""
    side = {28: 36, 35: 44, 44: 54}.get(size, 54) + 20 if icon_of(control) else 0
    return sheet.measure(control.text, size, control.selected) + side + 2 * pad


def narrowest_width(sheet: Sheet, control: Control, size: int) -> float:
    """How wide a button of this control has to be so that its longest word stays whole."""
    longest = max((sheet.measure(part, size, control.selected) for part in units(control.text)), default=0.0)
    return longest + natural_width(sheet, replace(control, text=""), size, NARROW_PAD)


def chip(sheet: Sheet, text: str, right: float, middle: float, size: int) -> float:
    """A grey chip at the right end of a row; returns its width."""
    block: Block = typeset(sheet, text, 400, Type(size))
    width, height = block.width + 28, block.height + 6
    rect = Rect(right - width, middle - height / 2, width, height)
    grey(sheet, rect)
    place(sheet, block, Rect(rect.x, rect.y + 3, rect.width, block.height), "centre")
    return width


def grey(sheet: Sheet, rect: Rect) -> None:
    """The ground of a chip; in high contrast a thin edge."""
    theme = sheet.theme
    sheet.rect(rect, theme.colour("sunk"), theme.radius("chip"))
    if theme.high_contrast:
        sheet.rect(rect, theme.colour("edge"), theme.radius("chip"), 2)
