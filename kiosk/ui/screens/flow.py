"""Pieces under each other in a column. `Gap` takes what is left; nothing is ever cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from kiosk.pieces.proving import ColourTest, JoinCode, PaperProof, ProofRows
from kiosk.pieces.timeline import Path, Timeline
from kiosk.screen_model import (
    Asks,
    Beside,
    ButtonRow,
    CaseNumber,
    CheckRows,
    Choices,
    DateField,
    Facts,
    Field,
    Gap,
    Heading,
    Notice,
    Pager,
    Picture,
    Piece,
    PinEntry,
    PrefilledRows,
    ReceiptChoice,
    Result,
    Ring,
    Ticks,
    Tiles,
    Trouble,
    Where,
    Words,
)
from kiosk.services.places import TownMap
from kiosk.ui.drawing import Sheet
from kiosk.ui.pictures import town
from kiosk.ui.theme import Rect
from kiosk.ui.widgets import choices, entry, notices, paper, proving, rows, timeline, waiting, words
from kiosk.ui.widgets.style import Style

Draw = Callable[[Sheet, Style, Any, Rect], float]
WIDGETS: dict[type[Any], Draw] = {
    Heading: words.heading,
    Words: words.words,
    Notice: notices.notice,
    Result: notices.result,
    Trouble: notices.trouble,
    Facts: rows.facts,
    Ticks: rows.ticks,
    Asks: notices.asks,
    PrefilledRows: rows.prefilled_rows,
    CheckRows: rows.check_rows,
    Choices: choices.choices,
    Tiles: choices.tiles,
    ButtonRow: choices.button_row,
    Pager: choices.pager,
    PinEntry: entry.pin_entry,
    entry.PinAids: entry.lone_pin_aids,
    Field: entry.field,
    DateField: entry.date_field,
    Beside: entry.beside,
    Ring: waiting.ring,
    Picture: waiting.picture,
    Where: waiting.where,
    CaseNumber: paper.case_number,
    ReceiptChoice: paper.receipt_choice,
    ProofRows: proving.proof_rows,
    PaperProof: proving.paper_proof,
    JoinCode: proving.join_code,
    ColourTest: proving.colour_bars,
    Timeline: timeline.timeline,
    Path: timeline.path,
    TownMap: town.town,
}
"""How each piece that flows is drawn; keypad and keyboard have their own zone."""


LEAST_ABOVE_DRAWING = 16


class Item(NamedTuple):
    """Something that stands in a column: its height, how it is drawn, and the distance wanted above it."""

    sheet: Sheet
    height: float
    above: float


class Flow(NamedTuple):
    """A column that was laid out. `spare` below 0 is how much it is too high."""

    sheet: Sheet
    spare: float
    rank: int = 0
    """How far down the ladder its style is: lower is roomier."""
    parts: tuple[tuple[Sheet, float, float], ...] = ()
    """What is still to be laid onto the sheet, and where: of the columns that are tried, one is drawn."""

    @property
    def fits(self) -> bool:
        """Whether it is not too high, and every text in it has room."""
        return self.spare >= 0 and not self.sheet.overflows and not any(part.overflows for part, _, _ in self.parts)

    def drawn(self) -> Flow:
        """Lay all parts onto the sheet."""
        for part, x, y in self.parts:
            self.sheet.lay(part, x, y)
        return self._replace(parts=())


def item(sheet: Sheet, style: Style, piece: Piece, rect: Rect, above: float, *, crowded: bool = False) -> Item:
    """Draw one piece at the origin of a blank sheet, in the width of `rect`; its height is the room, or 0.

    `crowded`: choices that come after other things are lower than those that answer the question themselves.
    """
    fragment = sheet.blank()
    if isinstance(piece, Choices) and crowded and style.level < 2:
        style = replace(style, level=2)
    height = WIDGETS[type(piece)](fragment, style, piece, Rect(0, 0, rect.width, rect.height))
    return Item(fragment, height, above)


def without_lip(one: Item) -> float:
    """How much farther the next piece stands below this one: distances count on the lip of a control that ends it."""
    ends = any(place.bottom > one.height - 1 for _, place in one.sheet.targets)
    return one.sheet.theme.missing_lip if ends else 0.0


def distance(style: Style, before: Piece | None, piece: Piece) -> float:
    """How far a piece stands under the one before it (None: the question)."""
    air = style.air
    if isinstance(before, Heading):
        return air.heading_below
    if before is None:
        if isinstance(piece, Picture):
            return max(air.after_title, LEAST_ABOVE_DRAWING)
        close = 8 if isinstance(piece, (PrefilledRows, CheckRows)) else 4 if _is_alert(piece) else 0
        return air.after_title - (close if style.level < 3 else 0)
    if isinstance(piece, Heading):
        return air.heading_above
    if isinstance(before, Notice) and isinstance(piece, Notice):
        return min(20, air.gap)
    if isinstance(before, Words) and isinstance(piece, Words):
        return min(8, air.gap)
    if isinstance(piece, Words) and piece.small:
        return min(16, air.gap)
    return air.gap


def _is_alert(piece: Piece) -> bool:
    return isinstance(piece, Choices) and len(piece.items) == 1 and piece.items[0].meaning is not None


def column(sheet: Sheet, style: Style, head: Sequence[Item], pieces: Sequence[Piece], rect: Rect) -> Flow:
    """Lay `head` (the question) and then the pieces into `rect`; gaps share what is left."""
    segments: list[list[Item]] = [list(head)]
    before: Piece | None = None
    at_top, crowded = not head, False
    lipless = 0.0
    stretch = sum(isinstance(piece, (Tiles, ReceiptChoice)) for piece in pieces) == 1
    for piece in pieces:
        if isinstance(piece, Gap):
            segments.append([])
            at_top = True
            before = piece
            continue
        above = lipless + (0.0 if at_top else distance(style, None if before is None else before, piece))
        room = 0.0
        if stretch and isinstance(piece, (Tiles, ReceiptChoice)):
            room = _room_for(sheet, style, segments, pieces, piece, rect, above)
        where = Rect(0, 0, rect.width, room)
        segments[-1].append(item(sheet, style, piece, where, above, crowded=crowded))
        lipless = without_lip(segments[-1][-1])
        crowded = crowded or isinstance(piece, (Picture, Facts, Notice))
        at_top, before = False, piece
    total = sum(one.height + one.above for segment in segments for one in segment)
    gaps = len(segments) - 1
    spare = rect.height - total - gaps * style.air.least_gap
    parts: list[tuple[Sheet, float, float]] = []
    y = rect.y
    for i, segment in enumerate(segments):
        if i:
            y += style.air.least_gap + max(0.0, spare) / gaps
        for one in segment:
            parts.append((one.sheet, rect.x, y + one.above))
            y += one.height + one.above
    return Flow(sheet.blank(), spare, parts=tuple(parts))


def _room_for(
    sheet: Sheet,
    style: Style,
    segments: list[list[Item]],
    pieces: Sequence[Piece],
    piece: Piece,
    rect: Rect,
    above: float,
) -> float:
    """What is left for the one piece that can stretch, after everything else has its natural height."""
    used = sum(one.height + one.above for segment in segments for one in segment) + above
    before: Piece | None = piece
    for later in pieces[list(pieces).index(piece) + 1 :]:
        if isinstance(later, Gap):
            used += style.air.least_gap
            before = later
            continue
        gap = 0.0 if isinstance(before, Gap) else distance(style, before, later)
        used += gap + item(sheet, style, later, Rect(0, 0, rect.width, 0), 0, crowded=True).height
        used += sheet.theme.missing_lip
        before = later
    return max(80.0, rect.height - used)
