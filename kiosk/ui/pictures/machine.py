"""Drawings of the card, the reader, the printer and the machine, from geometry. See `screen_model.Picture`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from kiosk.screen_model import Picture
from kiosk.ui import icons
from kiosk.ui.drawing import Point, Sheet, dash_pieces
from kiosk.ui.pictures.pen import Pen
from kiosk.ui.theme import Rect, Rgb, rgb
from kiosk.ui.widgets.words import Type, place, typeset

GLOW = rgb("#8FC3F2")
"""The lit slit of the reader and of the printer."""
SCALES = (1.0, 1.0, 0.86, 0.74, 0.62, 0.5)
LEAST_IN_MODES = {"wipe-card": 0.8, "good-and-bad-cards": 0.86, "swapped-cards": 0.8, "half-printed": 0.6}
"""With larger text a drawing with words in it may not become smaller than this."""
LOWERED = 0.8
"""In reach mode: of those least sizes."""


def draw(sheet: Sheet, piece: Picture, rect: Rect, *, smaller: int) -> float:
    """Draw a picture centred in the width of `rect`; return its height. `smaller` 0 is full size.

    Raises:
        KeyError: there is no picture of that name.
    """
    drawer, width, height = _DRAWERS[piece.name]
    scale = SCALES[min(smaller, len(SCALES) - 1)]
    if sheet.theme.text_scale > 1.0:
        scale = max(scale, LEAST_IN_MODES.get(piece.name, 0.0))
    elif sheet.theme.posture == "reach":
        scale = max(scale, LOWERED * LEAST_IN_MODES.get(piece.name, 0.0))
    scale = min(scale, rect.width / width)
    pen = Pen(sheet, rect.centre[0] - width * scale / 2, rect.y, scale)
    taller = drawer(pen, piece.caption.split("\n"))
    return (taller or height) * scale


def _ink(pen: Pen, name: str) -> Rgb:
    return pen.sheet.theme.colour(name)


def _glow(pen: Pen) -> Rgb:
    return _ink(pen, "card") if pen.sheet.theme.high_contrast else GLOW


def _caption_size(pen: Pen) -> int:
    return max(35 if pen.scale > 0.7 else 28, pen.sheet.theme.smallest)


def _captions(pen: Pen, words: list[str], places: list[tuple[float, float, float, float]]) -> None:
    for word, box in zip(words, places, strict=False):
        if word:
            pen.text(word, box, Type(_caption_size(pen), bold=True, heading=True))


# --------------------------------------------------------------------------------------------- card and reader


def _chip(pen: Pen, rect: tuple[float, float, float, float], width: float = 4, radius: float = 14) -> None:
    x, y, w, h = rect
    pen.fill(rect, _ink(pen, "att"), radius)
    outline = _ink(pen, "onatt")
    pen.edge(rect, outline, width, radius)
    pen.bar((x + w / 2, y), (x + w / 2, y + h), outline, width)
    for share in (0.34, 0.66):
        pen.bar((x, y + h * share), (x + w, y + h * share), outline, width)


def _person(pen: Pen, centre: Point, scale: float = 1.0) -> None:
    """Head and shoulders, 124 wide and 150 high at scale 1; `centre` is the middle of the head."""
    x, y = centre
    pen.disc((x, y), 34 * scale, _ink(pen, "primary"))
    low = y + 116 * scale
    pen.ellipse((x, low), (62 * scale, 66 * scale), _ink(pen, "primary"), (270, 450))


def _card(pen: Pen, x: float, y: float) -> None:
    """A card standing upright with its chip at the lower end, 306 × 476."""
    pen.fill((x, y, 306, 476), _ink(pen, "card"), 28)
    pen.edge((x, y, 306, 476), _ink(pen, "ink"), 6, 28)
    _person(pen, (x + 153, y + 99))
    pen.fill((x + 52, y + 241, 202, 14), _ink(pen, "rule"), 7)
    pen.fill((x + 83, y + 269, 141, 14), _ink(pen, "rule"), 7)
    _chip(pen, (x + 107, y + 341, 92, 100))


def _lay_identity(pen: Pen, words: list[str]) -> None:
    """An identity card lying flat over the lit pad that reads it; the way down on both sides."""
    ink, dim = _ink(pen, "ink"), _ink(pen, "rule")
    pen.fill((149, 0, 360, 228), _ink(pen, "card"), 24)
    pen.edge((149, 0, 360, 228), ink, 6, 24)
    for y, width in ((50, 130), (90, 160), (130, 130), (176, 300)):
        pen.fill((179, y, width, 14), dim, 7)
    _person(pen, (421, 66), 0.6)
    for x in (78, 580):
        _arrow(pen, x, 20, 220, up=False)
    pen.fill((29, 262, 600, 172), ink, 28)
    pen.edge((47, 280, 564, 136), _glow(pen), 10, 18)
    size = max(35, pen.sheet.theme.smallest)
    pen.text(words[0], (69, 292, 520, 112), Type(size, "paper", bold=True, heading=True))


def _reader(pen: Pen, y: float, caption: str) -> None:
    """The card slot, its lit slit above; `y` is the top of the lip, 174 high."""
    ink = _ink(pen, "ink")
    pen.fill((139, y, 380, 60), ink, 22)
    pen.fill((157, y + 10, 344, 14), _glow(pen), 7)
    pen.fill((29, y + 24, 600, 150), ink, 28)
    size = max(35, pen.sheet.theme.smallest)
    pen.text(caption, (49, y + 24, 560, 150), Type(size, "paper", bold=True, heading=True))


def _arrow(pen: Pen, x: float, top: float, bottom: float, *, up: bool, half: float = 22, head: float = 59) -> None:
    colour = _ink(pen, "primary")
    depth = 69.0 * head / 59
    if up:
        pen.poly([(x, top), (x + head, top + depth), (x - head, top + depth)], colour)
        pen.fill((x - half, top + depth - 1, 2 * half, bottom - top - depth + 1), colour)
    else:
        pen.poly([(x, bottom), (x + head, bottom - depth), (x - head, bottom - depth)], colour)
        pen.fill((x - half, top, 2 * half, bottom - top - depth + 1), colour)


def _insert_card(pen: Pen, words: list[str]) -> None:
    _card(pen, 176, 0)
    _reader(pen, 509, words[0])
    for x in (59, 599):
        _arrow(pen, x, 83, 402, up=False)


def _take_card(pen: Pen, words: list[str]) -> None:
    _card(pen, 176, 0)
    pen.fill((139, 463, 380, 20), _ink(pen, "paper"))
    _reader(pen, 443, words[0])
    for x in (59, 599):
        _arrow(pen, x, 17, 337, up=True)


# --------------------------------------------------------------------------------------------------- card trouble


def _panel(pen: Pen, width: float, height: float) -> None:
    pen.fill((0, 0, width, height), _ink(pen, "card"), 20 / pen.scale)
    pen.edge((0, 0, width, height), _ink(pen, "rule"), 2 / pen.scale, 20 / pen.scale)


def _open_arrow(pen: Pen, start: Point, end: Point) -> None:
    """A thin arrow with an open head along one axis."""
    colour, head = _ink(pen, "primary"), 21
    pen.line([start, end], colour, 9)
    dx, dy = (end[0] > start[0]) - (end[0] < start[0]), (end[1] > start[1]) - (end[1] < start[1])
    wings = [
        (end[0] - head * (dx + dy), end[1] - head * (dy + dx)),
        (end[0] - head * (dx - dy), end[1] - head * (dy - dx)),
    ]
    pen.line([wings[0], end, wings[1]], colour, 9)


def _wipe_card(pen: Pen, words: list[str]) -> float:
    """Three steps: wipe the chip, chip up, push it in. Returns the height, which grows with the words under them."""
    type_ = Type(_caption_size(pen), bold=True, heading=True)
    blocks = [typeset(pen.sheet, word, 306 * pen.scale, type_, place="drawing") for word in words]
    high = max(block.height for block in blocks) / pen.scale
    _panel(pen, 960, 264 + high + 26)
    ink = _ink(pen, "ink")
    pen.edge((56, 61, 222, 142), ink, 6, 18)
    _chip(pen, (83, 90, 90, 74), 5, 14)
    cloth = [
        (139, 113),
        (160, 102),
        (205, 98),
        (230, 104),
        (240, 140),
        (238, 170),
        (226, 184),
        (190, 190),
        (150, 190),
        (142, 160),
    ]
    pen.poly(cloth, _ink(pen, "tint"))
    pen.line(cloth, ink, 5, closed=True)
    for y in (130, 152):
        pen.line([(162, y + 4), (188, y - 5), (212, y - 6)], _ink(pen, "edge"), 4)
    _open_arrow(pen, (170, 228), (236, 228))
    _open_arrow(pen, (170, 228), (102, 228))
    pen.edge((428, 34, 104, 152), ink, 6, 18)
    pen.disc((480, 71), 16, _ink(pen, "primary"))
    _chip(pen, (447, 117, 66, 54), 4, 10)
    pen.fill((401, 193, 158, 16), ink, 8)
    _open_arrow(pen, (376, 88), (376, 158))
    pen.fill((741, 86, 104, 110), _ink(pen, "card"), 18)
    pen.edge((741, 86, 104, 130), ink, 6, 18)
    pen.disc((793, 124), 16, _ink(pen, "primary"))
    pen.fill((705, 171, 176, 52), ink, 14)
    pen.fill((729, 168, 128, 12), _glow(pen), 5)
    for x in (690, 896):
        _open_arrow(pen, (x, 58), (x, 140))
    for block, x in zip(blocks, (13, 327, 641), strict=False):
        rect = pen.place(x, 264, 306, high)
        place(pen.sheet, block, rect, "centre")
    return 264 + high + 26


def _good_and_bad_cards(pen: Pen, words: list[str]) -> None:
    """Two cards that work here, two that do not; captions: the two headings, then the four names."""
    _panel(pen, 960, 306)
    ink, grey = _ink(pen, "ink"), _ink(pen, "edge")
    for x in (38, 260, 513, 735):
        pen.edge((x, 94, 187, 120), ink, 6, 18)
    _chip(pen, (58, 134, 46, 38), 3, 7)
    _person(pen, (177, 136), 0.47)
    for x, w, y in ((281, 68, 126), (281, 56, 149), (281, 76, 183)):
        pen.fill((x, y, w, 7), grey, 3)
    _person(pen, (398, 136), 0.47)
    _chip(pen, (533, 130, 46, 38), 3, 7)
    for x, w in ((530, 44), (579, 44), (628, 44)):
        pen.fill((x, 182, w, 7), grey, 3)
    x, y = pen.at((795, 120))
    icons.icon(pen.sheet, "bus", x, y, 68 * pen.scale, grey)
    pen.fill((479, 24, 2, 254), _ink(pen, "rule"))
    size = _caption_size(pen)
    for word, left in zip(words[:2], (40, 515), strict=False):
        pen.text(word, (left, 22, 420, 62), Type(size, bold=True, heading=True), "left")
    for i, (word, left) in enumerate(zip(words[2:], (38, 260, 513, 735), strict=False)):
        good = i < 2
        side = 44.0
        mx, my = pen.at((left, 230))
        icons.icon(
            pen.sheet, "check" if good else "cross", mx, my, side * pen.scale, _ink(pen, "saved" if good else "stop")
        )
        pen.text(word, (left + 62, 222, 150, 60), Type(size, heading=True), "left")


def _swapped_cards(pen: Pen, words: list[str]) -> None:
    """The card from before, dashed, is not the card of now."""
    ink = _ink(pen, "ink")
    pen.fill((0, 0, 266, 170), _ink(pen, "card"), 18)
    pen.dashes((0, 0, 266, 170), ink, 6, 18)
    pen.fill((460, 0, 266, 170), _ink(pen, "card"), 18)
    pen.edge((460, 0, 266, 170), ink, 6, 18)
    for x in (26, 486):
        pen.fill((x, 54, 50, 42), _ink(pen, "att"), 10)
        pen.edge((x, 54, 50, 42), ink, 4, 10)
    stop = _ink(pen, "stop")
    for y in (67, 103):
        pen.line([(307, y), (419, y)], stop, 12)
    pen.line([(336, 136), (391, 36)], stop, 12)
    _captions(pen, words, [(80, 50, 180, 70), (540, 50, 180, 70)])


# --------------------------------------------------------------------------------------------------------- printer


def _printer_mouth(pen: Pen, caption: str) -> None:
    ink = _ink(pen, "ink")
    pen.fill((29, 0, 600, 120), ink, 28)
    pen.fill((133, 92, 392, 18), _glow(pen), 9)
    pen.text(caption, (49, 6, 560, 80), Type(max(35, pen.sheet.theme.smallest), "paper", bold=True, heading=True))


def _paper_lines(pen: Pen, widths: tuple[float, ...]) -> None:
    for i, width in enumerate(widths):
        pen.fill((199, 150 + i * 38, width, 14), _ink(pen, "edge"), 4)


def _printing(pen: Pen, words: list[str]) -> None:
    """Paper coming out, arrows down."""
    _printer_mouth(pen, words[0])
    ink, count = _ink(pen, "ink"), 12
    left, right, top, high, low = 159.0, 499.0, 103.0, 408.0, 430.0
    pen.fill((left, top, right - left, high - top), _ink(pen, "card"))
    step = (right - left) / count
    edge: list[Point] = [(right, high), (right, top), (left, top), (left, high)]
    for i in range(count):
        x = left + i * step
        pen.poly([(x, high - 1), (x + step / 2, low), (x + step, high - 1)], _ink(pen, "card"))
        edge += [(x + step / 2, low), (x + step, high)]
    pen.line(edge, ink, 5)
    _paper_lines(pen, (260, 200, 240, 170, 250, 120))
    for x in (59, 599):
        _arrow(pen, x, 170, 380, up=False, half=17, head=46)


def _half_printed(pen: Pen, words: list[str]) -> None:
    """A torn half; where the other half would be, dashes."""
    _printer_mouth(pen, words[0])
    ink, grey = _ink(pen, "ink"), _ink(pen, "edge")
    left, right, top = 159.0, 499.0, 103.0
    torn = [
        (left, 279.0),
        (left + 66, 298.0),
        (left + 121, 271.0),
        (left + 187, 302.0),
        (left + 251, 276.0),
        (right, 291.0),
    ]
    for (x0, y0), (x1, y1) in pairwise(torn):
        pen.poly([(x0, top), (x1, top), (x1, y1), (x0, y0)], _ink(pen, "card"))
    pen.line([*torn, (right, top), (left, top), torn[0]], ink, 5)
    _paper_lines(pen, (260, 200, 240))
    for path in (
        [(left, 316.0), (left, 404.0), (right, 404.0), (right, 316.0)],
        [(290.0, 318.0), (366.0, 318.0), (366.0, 394.0), (290.0, 394.0), (290.0, 318.0)],
    ):
        for start, end in dash_pieces(path, 14, 11):
            pen.bar(start, end, grey, 4)
    if len(words) > 1:
        pen.text(words[1], (524, 322, 240, 80), Type(max(35, pen.sheet.theme.smallest)), "left")


# --------------------------------------------------------------------------------------------------------- machine


def machine(sheet: Sheet, rect: Rect, name: str) -> None:
    """The terminal itself with a ring around its card slot (`where-slot`) or its printer (`where-printer`)."""
    pen = Pen(sheet, rect.x, rect.y, rect.width / 178)
    ink, blue = _ink(pen, "ink"), _ink(pen, "primary")
    pen.edge((2, 2, 174, 258), ink, 5, 16)
    pen.fill((20, 20, 138, 186), _ink(pen, "tint"), 6)
    pen.edge((20, 20, 138, 186), ink, 4, 6)
    slot, paper = (102, 220, 56, 9), (20, 220, 56, 9)
    chosen, other = (slot, paper) if name == "where-slot" else (paper, slot)
    pen.fill(other, _ink(pen, "rule"), 4)
    pen.fill(chosen, blue, 4)
    for x in (59, 122):
        pen.bar((x, 260), (x, 310), ink, 5)
    pen.line([(27, 310), (154, 310)], ink, 4)
    pen.circle((chosen[0] + 28, 224), 41, blue, 6)


def _machine(pen: Pen, words: list[str], name: str) -> None:
    del words
    machine(pen.sheet, pen.place(0, 0, 178, 314), name)


_DRAWERS: dict[str, tuple[Callable[[Pen, list[str]], float | None], float, float]] = {
    "insert-card": (_insert_card, 658, 683),
    "lay-identity": (_lay_identity, 658, 434),
    "take-card": (_take_card, 658, 617),
    "wipe-card": (_wipe_card, 960, 336),
    "good-and-bad-cards": (_good_and_bad_cards, 960, 306),
    "swapped-cards": (_swapped_cards, 726, 170),
    "printing": (_printing, 658, 434),
    "half-printed": (_half_printed, 764, 410),
    "where-slot": (lambda pen, words: _machine(pen, words, "where-slot"), 178, 314),
    "where-printer": (lambda pen, words: _machine(pen, words, "where-printer"), 178, 314),
}
