"""Text blocks: set once (broken, shrunk to fit), then placed. Every word on the screen goes through here."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from kiosk.frozen import frozen
from kiosk.screen_model import Heading, Words
from kiosk.ui import icons
from kiosk.ui.drawing import NO_GROUP, Label, Sheet
from kiosk.ui.linebreak import Fitted, Overflow, fit
from kiosk.ui.theme import Rect
from kiosk.ui.widgets.style import Style

Align = Literal["left", "centre", "right"]
_UNBOUNDED = 10_000
_ENGLISH_QUOTES = str.maketrans("“”‘’", "\"\"''")
"""The typeface draws curly quotes as wide as an ideograph: right in Chinese, holes in an English line."""


class Type(NamedTuple):
    """How a text looks."""

    size: int
    colour: str = "ink"
    bold: bool = False
    heading: bool = False
    """Line height 1.3 and balanced lines."""


@frozen
class Block:
    """A text broken into lines at its final size."""

    text: str
    lines: tuple[str, ...]
    type: Type
    line_height: float
    width: float
    """The widest line."""

    @property
    def height(self) -> float:
        return self.line_height * len(self.lines)


def typeset(sheet: Sheet, text: str, width: float, type_: Type, room: float = _UNBOUNDED, place: str = "text") -> Block:
    """Break `text` for `width` and, where it is given, a height of `room`; shrink it step by step until it fits.

    What does not fit at the smallest size allowed is noted in `sheet.overflows` and drawn all the same.
    """
    theme = sheet.theme
    key = (text, width, type_.size, type_.bold, type_.heading, room)
    fitted = sheet.fitted.get(key)
    if fitted is None:
        fitted = sheet.fitted[key] = _fit(sheet, text, width, type_, room)
    if not fitted.fits:
        sheet.overflows.append(Overflow(place, fitted.size, len(text)))
    final = type_._replace(size=fitted.size)
    line_height = theme.line_height(fitted.size, heading=type_.heading)
    return Block(text, fitted.lines, final, line_height, fitted.width)


def _fit(sheet: Sheet, text: str, width: float, type_: Type, room: float) -> Fitted:
    theme = sheet.theme

    def allowed(size: int) -> int:
        return max(1, int((room + 1) / theme.line_height(size, heading=type_.heading)))

    return fit(
        text.translate(_ENGLISH_QUOTES) if theme.english else text,
        width + 0.5,
        theme.smaller_sizes(type_.size) or (type_.size,),
        lambda part, size: sheet.measure(part, size, type_.bold),
        lines_allowed=allowed,
        heading=type_.heading,
    )


def place(sheet: Sheet, block: Block, rect: Rect, align: Align = "left", label_id: str = "") -> float:
    """Draw a block from the top of `rect` within its width; return the block's height."""
    colour = sheet.theme.colour(block.type.colour)
    left = rect.right
    for i, line in enumerate(block.lines):
        width = sheet.measure(line, block.type.size, block.type.bold)
        x = rect.x + {"left": 0.0, "centre": (rect.width - width) / 2, "right": rect.width - width}[align]
        left = min(left, x)
        y = rect.y + i * block.line_height
        sheet.run(line, x, y, block.type.size, bold=block.type.bold, colour=colour, height=block.line_height)
    if sheet.group == NO_GROUP and block.text:
        sheet.labels.append(Label(label_id, block.text, Rect(left, rect.y, block.width, block.height)))
    return block.height


def para(sheet: Sheet, text: str, rect: Rect, type_: Type, align: Align = "left") -> float:
    """Set and draw a text in the width of `rect`; return its height, 0 for no text."""
    if not text:
        return 0.0
    return place(sheet, typeset(sheet, text, rect.width, type_), rect, align)


def stack(sheet: Sheet, blocks: list[Block], rect: Rect, align: Align = "left", between: float = 0) -> None:
    """Draw blocks under each other, together centred in the height of `rect`."""
    total = sum(block.height for block in blocks) + between * (len(blocks) - 1)
    y = rect.y + (rect.height - total) / 2
    for block in blocks:
        place(sheet, block, Rect(rect.x, y, rect.width, block.height), align)
        y += block.height + between


def stack_height(blocks: list[Block], between: float = 0) -> float:
    """How high `stack` draws."""
    return sum(block.height for block in blocks) + between * max(0, len(blocks) - 1)


def heading(sheet: Sheet, style: Style, piece: Heading, rect: Rect) -> float:
    """A line between groups."""
    return para(sheet, piece.text, rect, Type(style.size("label"), bold=True, heading=True))


def words(sheet: Sheet, style: Style, piece: Words, rect: Rect) -> float:
    """Plain text, small or not, with an icon before it or a second text at the right end."""
    size = style.size("note") if piece.small else style.size("body")
    type_ = Type(size, "ink2" if piece.small or piece.centred else "ink")
    if piece.centred:
        return para(sheet, piece.text, rect, type_, "centre")
    if piece.icon:
        side = max(44.0, size * 1.25)
        block = typeset(sheet, piece.text, rect.width - side - 20, type_)
        height = max(side, block.height)
        icons.icon(sheet, piece.icon, rect.x, rect.y + (height - side) / 2, side, sheet.theme.colour("primary"))
        place(sheet, block, Rect(rect.x + side + 20, rect.y + (height - block.height) / 2, rect.width, height))
        return height
    if not piece.end and piece.text:
        block = typeset(sheet, _parted(sheet, piece.text, rect.width, type_), rect.width, type_)
        whole = Block(piece.text, block.lines, block.type, block.line_height, block.width)
        return place(sheet, whole, rect)
    end = typeset(sheet, piece.end, rect.width, type_)
    start = typeset(sheet, piece.text, rect.width, type_)
    if start.width + end.width + 24 > rect.width:
        place(sheet, start, rect)
        place(sheet, end, rect.moved(0, start.height))
        return start.height + end.height
    place(sheet, start, rect)
    place(sheet, end, rect, "right")
    return max(start.height, end.height)


def _parted(sheet: Sheet, text: str, width: float, type_: Type) -> str:
    """Two things on one line, each on its own where the line is too long for both: a code stays with its name."""
    parts = [part.strip() for part in text.split(" · ")]
    too_long = len(parts) > 1 and sheet.measure(text, type_.size, type_.bold) > width
    fitting = all(sheet.measure(part, type_.size, type_.bold) <= width for part in parts)
    return "\n".join(parts) if too_long and fitting else text


def with_large_numbers(sheet: Sheet, text: str, rect: Rect, type_: Type, larger: int) -> float:
    """One bold line in which numbers are drawn `larger`, on one baseline (14: tries left). 0 if it does not fit."""
    pieces = [part for part in re.split(r"(\d+)", text) if part]
    sizes = [larger if part.isdigit() else type_.size for part in pieces]
    widths = [sheet.measure(part, size, type_.bold) for part, size in zip(pieces, sizes, strict=True)]
    if sum(widths) > rect.width or "\n" in text or larger == type_.size:
        return 0.0
    x, height = rect.x, sheet.theme.line_height(type_.size, heading=True)
    for part, size, width in zip(pieces, sizes, widths, strict=True):
        rise = (size - type_.size) * 0.436
        colour = sheet.theme.colour(type_.colour)
        sheet.run(part, x, rect.y - rise, size, bold=type_.bold, colour=colour, height=height)
        x += width
    if sheet.group == NO_GROUP:
        sheet.labels.append(Label("", text, Rect(rect.x, rect.y, sum(widths), height)))
    return height
