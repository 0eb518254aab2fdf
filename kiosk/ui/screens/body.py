"""The body of every screen with a frame: the question, and the answers in the arrangement and style that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from kiosk.pieces.proving import ColourTest, PaperProof
from kiosk.pieces.timeline import Path
from kiosk.screen_model import (
    Beside,
    ButtonRow,
    CaseNumber,
    Choices,
    DateField,
    Field,
    Gap,
    Heading,
    Keyboard,
    Keypad,
    Notice,
    Pager,
    Picture,
    Piece,
    PinEntry,
    Result,
    Ring,
    ScreenModel,
    Trouble,
    Where,
    Words,
    WritingPad,
)
from kiosk.ui import icons
from kiosk.ui.drawing import Sheet
from kiosk.ui.linebreak import Overflow
from kiosk.ui.pictures import machine as pictures
from kiosk.ui.screens.flow import Flow, Item, column
from kiosk.ui.theme import Rect, Theme, mirrored
from kiosk.ui.widgets import entry, handwriting, notices
from kiosk.ui.widgets.style import Style, ladder
from kiosk.ui.widgets.words import Block, Type, place, typeset

QUESTION_SIDE = (PinEntry, Field, DateField, Beside, Notice, Result, Trouble, ButtonRow, Where, Ring, Words, Pager,
                 PaperProof, ColourTest, Path)  # fmt: skip
"""Pieces that stand at the left, under the question, where there are two columns."""
KEYS = (Keypad, Keyboard, WritingPad)
"""Pieces that fill the keypad zone."""
CLOSE_RANK = 2
"""Columns laid out closer than this look for a roomier arrangement."""
LETTERS_WIDTH = 674.0
"""Ten letter keys as wide as a finger, 8 apart."""
MACHINE_PICTURES = ("where-slot", "where-printer")


Build = Callable[[Style], Flow]


def body(sheet: Sheet, model: ScreenModel) -> Sheet:
    """The body in the first arrangement and style in which everything fits."""
    theme = sheet.theme
    typing = any(isinstance(piece, KEYS) for piece in model.body)
    letters = any(isinstance(piece, (Keyboard, WritingPad)) for piece in model.body)
    tried: list[Flow] = []
    if theme.posture == "portrait" or (theme.posture == "reach" and not typing):
        tried.append(_first_fit(_styles(theme, model), lambda style: _one_column(sheet, style, model)))
    if theme.posture == "reach":
        tried.extend(flow for flow in _over_letters(sheet, model) if flow.fits)
    if theme.posture != "portrait" and not (tried and tried[0].fits):
        for question, answers in _column_pairs(theme, typing=typing, letters=letters):
            tried.append(_two_columns(sheet, model, question, answers))
            if tried[-1].fits:
                break
    best = next((flow for flow in tried if flow.fits), None) or max(tried, key=lambda flow: flow.spare)
    if best.spare < 0:
        best.sheet.overflows.append(Overflow(f"body of {model.name}", theme.smallest, round(-best.spare)))
    return best.sheet


def _first_fit(styles: Iterable[Style], build: Build) -> Flow:
    """The first style in which the column fits, else the one that is least too high."""
    best: Flow | None = None
    for rank, style in enumerate(styles):
        flow = build(style)._replace(rank=rank)
        if flow.fits:
            return flow.drawn()
        if best is None or flow.spare > best.spare:
            best = flow
    assert best is not None  # a ladder is never empty
    return best.drawn()


def _styles(theme: Theme, model: ScreenModel) -> Iterator[Style]:
    free = model.back is None and model.primary is None and theme.posture == "portrait"
    for style in ladder(theme):
        yield style
        if free:
            yield replace(style, foot=-1)


def _column_pairs(theme: Theme, *, typing: bool, letters: bool) -> Iterator[tuple[Rect, Rect]]:
    if theme.left_handed:
        right_handed = replace(theme, left_handed=False, zones=mirrored(theme.zones))
        for question, answers in _column_pairs(right_handed, typing=typing, letters=letters):
            body = theme.zones.body
            turned = [replace(one, x=body.x + body.right - one.right) for one in (question, answers)]
            yield turned[0], turned[1]
        return
    zones = theme.zones
    if typing:
        for wide in (max(zones.keypad.width, LETTERS_WIDTH) if letters else zones.keypad.width, zones.keypad.width):
            keys = replace(zones.keypad, x=zones.keypad.right - wide, width=wide)
            width = keys.x - zones.question.x - (40 if theme.posture == "landscape" else 24)
            yield replace(zones.question, width=width), keys
        return
    for width in (zones.question.width, 460.0) if theme.posture == "reach" else (zones.question.width, 860.0):
        left = replace(zones.question, width=width)
        gap = 24 if theme.posture == "reach" else 40
        yield left, Rect(left.right + gap, zones.body.y, zones.body.right - left.right - gap, zones.body.height)


def _one_column(sheet: Sheet, style: Style, model: ScreenModel) -> Flow:
    zones = sheet.theme.zones
    area = zones.body
    if not (model.where or model.finish or model.home or model.steps) and sheet.theme.posture == "portrait":
        area = Rect(area.x, 150, area.width, area.bottom - 150)
    if style.foot < 0:
        area = replace(area, height=zones.back.bottom - 10 - area.y)
    else:
        area = replace(area, height=area.height - style.foot)
    keys = [piece for piece in model.body if isinstance(piece, KEYS)]
    if keys:
        top = zones.keypad.y
        if not isinstance(keys[0], Keypad):
            top = entry.panel_top(sheet.theme, keys[0]) if isinstance(keys[0], Keyboard) else entry.PANEL_TOP
        area = replace(area, height=top - 16 - area.y)
    pieces = [piece for piece in model.body if not isinstance(piece, KEYS)]
    head, pieces = _head(sheet, style, model, pieces, area.width)
    flow = column(sheet, style, head, pieces, area)
    if keys:
        flow = flow.drawn()
    for one in keys:
        _keys(flow.sheet, style, one, zones.keypad)
    return flow


def _over_letters(sheet: Sheet, model: ScreenModel) -> Iterator[Flow]:
    """The lowered screen with rows of more than ten letters (an e-mail address): the question stands over them."""
    boards = [piece for piece in model.body if isinstance(piece, Keyboard)]
    if not boards or boards[0].candidates or max(map(len, boards[0].rows)) <= 10:
        return
    body, pieces = sheet.theme.zones.body, [piece for piece in model.body if not isinstance(piece, KEYS)]
    between = entry.between_letters(sheet.theme)
    for key in (80.0, 72.0, 64.0, 60.0):
        high = len(boards[0].rows) * (key + sheet.theme.lip + between) - between
        area = replace(body, height=body.height - high - 12)

        def build(style: Style, area: Rect = area) -> Flow:
            head, rest = _head(sheet, style, model, pieces, area.width)
            return column(sheet, style, head, rest, area)

        flow = _first_fit(ladder(sheet.theme), build)
        _keys(flow.sheet, next(iter(ladder(sheet.theme))), boards[0], replace(body, y=area.bottom + 12, height=high))
        yield flow


def _two_columns(sheet: Sheet, model: ScreenModel, question: Rect, answers: Rect) -> Flow:
    """Question and notices at the left, answers at the right, each in its own best style.

    Where the answers are crowded, the first of them go under the question if that makes room.
    """
    left, right, keys = _split(model.body)
    if keys:
        left = _typing_column(left)
    best = _columns(sheet, model, (question, answers), (left, right), keys)
    while (not best.fits or best.rank > CLOSE_RANK) and _may_move(right):
        count = _heads(right) + 1
        gap = next((i for i, piece in enumerate(left) if isinstance(piece, Gap)), len(left))
        left, right = [*left[:gap], *right[:count], *left[gap:]], _without_outer_gaps(right[count:])
        other = _columns(sheet, model, (question, answers), (left, right), keys)
        if (other.fits, -other.rank, other.spare) > (best.fits, -best.rank, best.spare):
            best = other
    return best


def _may_move(right: Sequence[Piece]) -> bool:
    """Whether the right column can give its first piece away: it keeps one, and drawings stay where they are."""
    first = _heads(right)
    return first + 1 < len(right) and not isinstance(right[first], Picture)


def _heads(pieces: Sequence[Piece]) -> int:
    """How many headings and gaps stand before the first piece proper."""
    return next((i for i, piece in enumerate(pieces) if not isinstance(piece, (Heading, Gap))), len(pieces))


def _columns(
    sheet: Sheet,
    model: ScreenModel,
    areas: tuple[Rect, Rect],
    pieces: tuple[Sequence[Piece], Sequence[Piece]],
    keys: Sequence[Piece],
) -> Flow:
    theme, (question, answers), (left, right) = sheet.theme, areas, pieces

    def first(style: Style) -> Flow:
        head, rest = _head(sheet, style, model, left, question.width)
        return column(sheet, style, head, rest, question)

    one = _first_fit(ladder(theme), first)
    other = _first_fit(ladder(theme), lambda style: column(sheet, style, [], right, answers))
    out = sheet.blank()
    out.lay(one.sheet, 0, 0)
    out.lay(other.sheet, 0, 0)
    for keypad in keys:
        _keys(out, next(iter(ladder(theme))), keypad, answers)
    return Flow(out, min(one.spare, other.spare), max(one.rank, other.rank))


def _typing_column(pieces: Sequence[Piece]) -> list[Piece]:
    """Beside a keypad: what is typed stays at the top, its buttons go to the bottom of the column."""
    out: list[Any] = []
    for piece in pieces:
        if isinstance(piece, PinEntry) and (piece.note or piece.button):
            out += [replace(piece, note="", button=None), Gap(), entry.PinAids(piece)]
        elif isinstance(piece, ButtonRow) and not any(isinstance(one, Gap) for one in out):
            out += [Gap(), piece]
        else:
            out.append(piece)
    return out


def _split(body: Sequence[Piece]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Pieces for the left column, for the right one, and keys. A heading goes where the piece after it goes."""
    left: list[Piece] = []
    right: list[Piece] = []
    keys: list[Piece] = []
    pending: list[Piece] = []
    under_heading = False
    typing = any(isinstance(piece, KEYS) for piece in body)  # then nothing else stands at the right
    for piece in body:
        if isinstance(piece, KEYS):
            keys.append(piece)
            continue
        if isinstance(piece, (Heading, Gap)):
            pending.append(piece)
            continue
        beside_keys = typing and isinstance(piece, CaseNumber)
        goes_left = beside_keys or (_is_question_side(piece) and not (isinstance(piece, Words) and under_heading))
        under_heading = any(isinstance(one, Heading) for one in pending) or (under_heading and isinstance(piece, Words))
        if any(isinstance(one, Heading) for one in pending):
            goes_left = goes_left and not isinstance(piece, Words)
        (left if goes_left else right).extend(pending if pending else [])
        (left if goes_left else right).append(piece)
        pending = []
    if not right and not keys:
        right = [piece for piece in left if isinstance(piece, (Notice, Where, Picture))]
        left = [piece for piece in left if piece not in right]
    return left, _without_outer_gaps(right), keys


def _without_outer_gaps(pieces: list[Piece]) -> list[Piece]:
    while pieces and isinstance(pieces[0], Gap):
        pieces = pieces[1:]
    while pieces and isinstance(pieces[-1], Gap):
        pieces = pieces[:-1]
    return pieces


def _is_question_side(piece: Piece) -> bool:
    if isinstance(piece, Choices):
        return not piece.radio and all(one.role == "secondary" or one.meaning for one in piece.items)
    if isinstance(piece, Picture):
        return piece.name in MACHINE_PICTURES
    return isinstance(piece, QUESTION_SIDE)


def _keys(sheet: Sheet, style: Style, piece: Piece, zone: Rect) -> None:
    if isinstance(piece, Keypad):
        entry.keypad(sheet, style, piece, zone)
    elif isinstance(piece, Keyboard):
        entry.keyboard(sheet, style, piece, zone)
    elif isinstance(piece, WritingPad):
        handwriting.writing_pad(sheet, style, piece, zone)


# ----------------------------------------------------------------------------------------------------- the question


def _head(
    sheet: Sheet, style: Style, model: ScreenModel, pieces: Sequence[Piece], width: float
) -> tuple[list[Item], list[Piece]]:
    """The greeting, the question and its helper line; and the pieces that are left after it.

    A first piece that takes the place of the question (trouble without a frame, a large notice, the machine beside the
    question) is drawn here and taken off the list.
    """
    rest = list(pieces)
    if not model.title:
        if rest and isinstance(rest[0], Trouble) and not model.where:
            fragment = sheet.blank()
            height = notices.trouble(fragment, style, rest[0], Rect(0, 0, width, 0), plain=True)
            return [Item(fragment, height, 0)], rest[1:]
        if rest and isinstance(rest[0], Notice) and any(isinstance(one, PinEntry) for one in rest):
            fragment = sheet.blank()
            height = notices.notice(fragment, style, rest[0], Rect(0, 0, width, 0), large=width > 700)
            return [Item(fragment, height, 0)], rest[1:]
        return [], rest
    beside = rest[0] if rest and isinstance(rest[0], Picture) and rest[0].name in MACHINE_PICTURES else None
    if beside and width > 700:
        return [_question_beside_machine(sheet, style, model, beside, width)], rest[1:]
    fragment = sheet.blank()
    y = _question(fragment, style, model, width)
    return [Item(fragment, y, 0)], rest


def _question(sheet: Sheet, style: Style, model: ScreenModel, width: float) -> float:
    size = style.heading_size("display" if model.title_display else "title")
    if sheet.theme.posture == "reach":
        size = min(size, style.size("title") if width > 500 else style.size("label"))
    title = typeset(
        sheet, model.title, width - _mark_room(model, size), Type(size, bold=True, heading=True), place="title"
    )
    y = 0.0
    flat_greeting = sheet.theme.posture == "reach" and width > 500
    if model.greeting and not flat_greeting:
        greeting = typeset(sheet, model.greeting, width, Type(style.size("body"), "ink2"))
        y += place(sheet, greeting, Rect(0, y, width, greeting.height))
    y += _title_line(sheet, model, title, size, Rect(0, y, width, 0))
    if model.greeting and flat_greeting:
        greeting = typeset(sheet, model.greeting, width - title.width - 24, Type(style.size("body"), "ink2"))
        place(sheet, greeting, Rect(0, (title.height - greeting.height) / 2 + 4, width, greeting.height), "right")
    if model.subtitle:
        y += 8 if style.level < 4 else 2
        small = "note" if sheet.theme.posture == "reach" else "body"
        subtitle = typeset(sheet, model.subtitle, width, Type(style.size(small), "ink2"))
        y += place(sheet, subtitle, Rect(0, y, width, subtitle.height))
    return y


def _mark_room(model: ScreenModel, size: int) -> float:
    return size * 1.5 + 28 if model.title_meaning else 0.0


def _title_line(sheet: Sheet, model: ScreenModel, title: Block, size: int, rect: Rect) -> float:
    left = _mark_room(model, size)
    height = title.height
    if model.title_meaning:
        mark = size * 1.5
        height = max(height, mark + 4)
        icons.mark(sheet, model.title_meaning, rect.x, rect.y + (height - mark) / 2, mark)
    y = rect.y + (height - title.height) / 2
    place(sheet, title, Rect(rect.x + left, y, rect.width - left, title.height), label_id="text.title")
    return height


def _question_beside_machine(sheet: Sheet, style: Style, model: ScreenModel, piece: Picture, width: float) -> Item:
    """The question with its lines at the left, the machine at the right, its slot or printer ringed (28)."""
    fragment = sheet.blank()
    scale = {0: 1.0, 1: 0.9, 2: 0.8}.get(style.level, 0.66)
    machine = 178 * scale
    room = width - machine - 60
    size = style.heading_size("display" if model.title_display else "title")
    type_ = Type(size, bold=True, heading=True)
    title = typeset(fragment, model.title, room - _mark_room(model, size), type_, place="title")
    y = _title_line(fragment, model, title, size, Rect(0, 0, room, 0))
    if model.subtitle:
        y += 16
        subtitle = typeset(fragment, model.subtitle, room, Type(style.size("label" if style.level < 3 else "body")))
        y += place(fragment, subtitle, Rect(0, y, room, subtitle.height))
    pictures.machine(fragment, Rect(width - machine - 28, 14, machine, 314 * scale), piece.name)
    return Item(fragment, max(y, 314 * scale + 14), 0)
