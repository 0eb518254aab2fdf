"""The attract picture: kapok branch, sun, arcade houses (qilou), Canton Tower, river and ferry. From geometry.

Coordinates are those of the portrait attract screen (10): the quay begins at y 1080. Other screens move it.
"""

from __future__ import annotations

import math
from itertools import pairwise

from kiosk.ui.drawing import Point, Sheet, arc_points
from kiosk.ui.pictures.pen import Pen
from kiosk.ui.theme import Rgb, rgb

QUAY = 1080.0
RIVER_END = 1290.0
WIDTH = 1080.0
FERRY_Y = 1106.0
FERRY_LEFT = 173.0

SKY_SUN = rgb("#FBE3BF")
HILL, FAR = rgb("#E4EBF0"), rgb("#D5E1EC")
WOOD, TRUNK = rgb("#6E5B47"), rgb("#8A7B5E")
LEAVES = (rgb("#B9CFB4"), rgb("#C7D9C1"), rgb("#AAC4A6"))
QUAY_STONE, RIVER, WAVE_DARK, WAVE_LIGHT = rgb("#C9BFA8"), rgb("#C3D8E8"), rgb("#A5C3DA"), rgb("#DCE9F2")
BLUE, WHITE, RED = rgb("#0B4A85"), rgb("#FFFFFF"), rgb("#D8552F")
CREAM, SAND, ICE, ROSE = rgb("#EFE7D6"), rgb("#E3D8C2"), rgb("#DCE7F0"), rgb("#F3DCCB")
CREAM_BELT, SAND_BELT, ICE_BELT, ROSE_BELT = rgb("#D8C7A5"), rgb("#CDB98F"), rgb("#8FB0CE"), rgb("#DDB79B")
GLASS, GLASS_ROUND, GLASS_PALE = rgb("#8FB0CE"), rgb("#7FA3C4"), rgb("#A9C2D8")
GATE, GATE_DARK, GATE_PALE = rgb("#5E86AB"), rgb("#4F779D"), rgb("#6B8DAE")


def flower(sheet: Sheet, centre: Point, reach: float, turn: float = 0) -> None:
    """A kapok flower of five petals; `reach` from its middle to a petal's end, `turn` in degrees."""
    petal, heart = sheet.theme.colour("kapok"), sheet.theme.colour("kapokheart")
    long, wide = reach * 0.5, reach * 0.34
    for i in range(5):
        angle = math.radians(turn + 72 * i)
        sin, cos = math.sin(angle), math.cos(angle)
        points: list[Point] = []
        for x, y in arc_points((0, -(reach - long)), (wide, long), (0, 360))[:-1]:
            points.append((centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos))
        sheet.poly(points, petal)
    sheet.disc(*centre, reach * 0.225, heart)


def draw(sheet: Sheet, x: float, y: float, scale: float, *, branch: bool, tower: tuple[float, float]) -> None:
    """The whole picture without the ferry; `y` is where y 0 of the attract screen lies.

    Args:
        branch: with the kapok branch at the upper left.
        tower: the tower's middle and its scale (778, 1 on the attract screen).
    """
    pen = Pen(sheet, x, y, scale)
    if sheet.theme.high_contrast:
        _line_art(pen, tower, branch=branch)
        return
    pen.disc((540, 660) if branch else (324, 660), 84, SKY_SUN)
    _hills(pen)
    for house in _HOUSES:
        _house(pen, house)
    _tower(pen, *tower, BLUE)
    _tree(pen, 707, 1.0)
    _tree(pen, 880, 1.15)
    _tree(pen, 923, 0.83)
    pen.fill((0, QUAY, WIDTH, 20), QUAY_STONE)
    pen.fill((0, QUAY + 20, WIDTH, RIVER_END - QUAY - 20), RIVER)
    _waves(pen)
    if branch:
        _branch(pen)


def _branch(pen: Pen) -> None:
    pen.line([(-20, 373), (131, 430), (300, 390), (350, 398)], WOOD, 14)
    pen.line([(222, 404), (250, 356)], WOOD, 9)
    pen.line([(134, 434), (184, 484)], WOOD, 9)
    for centre, reach, turn in (((84, 368), 51, 20), ((272, 308), 62, -6), ((372, 408), 65, 7), ((214, 518), 60, 39)):
        x, y = pen.at(centre)
        flower(pen.sheet, (x, y), reach * pen.scale, turn)


def _line_art(pen: Pen, tower: tuple[float, float], *, branch: bool) -> None:
    """High contrast: only what can be drawn with lines in the ink colour."""
    ink = pen.sheet.theme.colour("ink")
    _tower(pen, *tower, ink)
    for left, right, *_ in (house[:2] for house in _HOUSES):
        pen.line([(left, QUAY), (left, 850), (right, 850), (right, QUAY)], ink, 4)
        arch = arc_points(((left + right) / 2, 1030), ((right - left) / 2 - 20, 46), (270, 450))
        pen.line([(left + 20, QUAY), *arch, (right - 20, QUAY)], ink, 4)
    pen.fill((0, QUAY, WIDTH, 6), ink)
    pen.fill((0, RIVER_END - 4, WIDTH, 4), ink)
    if branch:
        pen.line([(-20, 373), (131, 430), (300, 390), (350, 398)], ink, 8)
        for centre, reach, turn in (((84, 368), 51, 20), ((272, 308), 62, -6), ((372, 408), 65, 7)):
            flower(pen.sheet, pen.at(centre), reach * pen.scale, turn)


def _hills(pen: Pen) -> None:
    pen.ellipse((250, QUAY), (270, 240), HILL, (270, 450))
    ridge: list[Point] = [
        (520, 940),
        (560, 868),
        (600, 812),
        (645, 784),
        (695, 777),
        (745, 786),
        (803, 823),
        (865, 868),
    ]
    ridge += [(905, 906), (960, 966), (1010, 1025), (1060, QUAY)]
    for (x0, y0), (x1, y1) in pairwise(ridge):
        pen.poly([(x0, y0), (x1, y1), (x1, QUAY), (x0, QUAY)], HILL)
    for left, top, right in ((100, 870, 140), (700, 910, 740), (900, 860, 954)):
        pen.fill((left, top, right - left, QUAY - top), FAR)


_House = tuple[float, float, float, str, Rgb, Rgb, tuple[str, Rgb, tuple[float, ...], tuple[float, ...]], Rgb]
"""left, right, cornice, roof, wall, belt, (window kind, glass, columns, rows), gate"""
_HOUSES: tuple[_House, ...] = (
    (-20, 130, 830, "dome", CREAM, CREAM_BELT, ("square", GLASS, (-6, 38, 82), (860, 917)), GATE),
    (136, 254, 780, "steps", ICE, ICE_BELT, ("round", GLASS_ROUND, (170, 220), (828, 883, 937)), GATE_DARK),
    (260, 420, 850, "gable", SAND, SAND_BELT, ("low", GLASS_PALE, (274, 322, 369), (880, 927)), GATE),
    (426, 552, 800, "dome", ROSE, ROSE_BELT, ("small", GLASS, (440, 476, 512), (830, 878, 926)), GATE_PALE),
    (558, 704, 840, "steps", CREAM, CREAM_BELT, ("round-small", GLASS_ROUND, (588, 631, 674), (887, 939)), GATE_DARK),
    (950, 1110, 873, "gable", SAND, SAND_BELT, ("lowest", GLASS_PALE, (964, 1012, 1059), (903, 939)), GATE),
)
_WINDOWS = {"square": (34, 39), "low": (37, 29), "small": (26, 30), "lowest": (37, 17)}


def _house(pen: Pen, house: _House) -> None:
    left, right, cornice, roof, wall, belt, windows, gate = house
    width = right - left
    if roof == "dome":
        rise = 42 if width > 140 else 35
        pen.ellipse(((left + right) / 2, cornice), (width / 2, rise), wall, (270, 450))
    elif roof == "gable":
        pen.poly([(left + 6, cornice), ((left + right) / 2, cornice - 34), (right - 6, cornice)], wall)
    else:
        pen.fill((left, cornice - 16, width, 16), wall)
        pen.fill((left + width * 0.25, cornice - 38, width * 0.5, 24), wall)
    pen.fill((left, cornice, width, QUAY - cornice), wall)
    pen.fill((left - 4, cornice, width + 8, 8), belt)
    pen.fill((left - 4, 964, width + 8, 7), belt)
    kind, glass, columns, rows = windows
    for y in rows:
        for x in columns:
            if kind.startswith("round"):
                radii = (20.0, 18.0) if kind == "round" else (17.0, 17.0)
                pen.ellipse((x, y), radii, glass)
                _cross(pen, (x - 21, y - 19, 42, 38), wall)
            else:
                w, h = _WINDOWS[kind]
                pen.fill((x, y, w, h), glass, 3)
                _cross(pen, (x, y, w, h), wall)
    inset = 14
    pen.arch(left + inset, right - inset, 984, 46, QUAY, gate)


def _cross(pen: Pen, rect: tuple[float, float, float, float], wall: Rgb) -> None:
    x, y, w, h = rect
    pen.fill((x + w / 2 - 1.8, y, 3.6, h), wall)
    pen.fill((x, y + h / 2 - 1.8, w, 3.6), wall)


def _tree(pen: Pen, x: float, scale: float) -> None:
    pen.fill((x - 3.7, 1020, 7.4, 60), TRUNK)
    pen.disc((x, 1001), 34 * scale, LEAVES[0])
    pen.disc((x + 24 * scale, 1018), 23.5 * scale, LEAVES[2])
    pen.disc((x - 24 * scale, 1016), 24 * scale, LEAVES[1])


def _waves(pen: Pen) -> None:
    for row, y in enumerate((1138, 1176, 1214, 1252)):
        start = -1 if row % 2 == 0 else 74
        for i in range(-1, 8):
            x = start + 150 * i
            points = [(x + 75 * k / 10, y - 5.5 * math.sin(2 * math.pi * k / 10)) for k in range(11)]
            shown = [(min(max(px, 0), WIDTH), py) for px, py in points if -4 <= px <= WIDTH + 4]
            if len(shown) > 1:
                pen.line(shown, WAVE_DARK if row % 2 == 0 else WAVE_LIGHT, 5)


def _tower(pen: Pen, middle: float, scale: float, colour: Rgb) -> None:
    """Canton Tower: 24 straight columns that turn by 120° on their way up, which makes the waist, and 12 rings."""
    low, high, base, top = QUAY - 4, QUAY - 507 * scale, 54.0 * scale, 39.0 * scale
    turn = math.radians(118)

    def point(angle: float, share: float) -> Point:
        x = (1 - share) * base * math.sin(angle) + share * top * math.sin(angle + turn)
        depth = (1 - share) * base * math.cos(angle) + share * top * math.cos(angle + turn)
        y = low + (high - low) * share
        lean = -0.22 * max(0.0, share - 0.55) / 0.45 * x
        return middle + x, min(QUAY, y + 0.33 * depth + lean)

    for i in range(24):
        angle = 2 * math.pi * i / 24
        pen.line([point(angle, share / 8) for share in range(9)], colour, 3.0 * min(1, scale + 0.05))
    for ring in range(12):
        share = ring / 11
        points = [point(2 * math.pi * k / 28, share) for k in range(29)]
        pen.line(points, colour, 2.4)
    pen.fill((middle - 3, high - 143 * scale, 6, 150 * scale), colour)
    pen.fill((middle - 1.5, high - 227 * scale, 3, 90 * scale), colour)


def ferry(sheet: Sheet, x: float, y: float, scale: float) -> None:
    """The ferry; x, y is the top left corner of its 230 × 114 box."""
    pen = Pen(sheet, x, y, scale)
    contrast = sheet.theme.high_contrast
    hull = sheet.theme.colour("ink") if contrast else BLUE
    cabin = sheet.theme.colour("card") if contrast else WHITE
    pen.fill((70, 0, 76, 30), rgb("#F6F3EB") if not contrast else cabin)
    pen.fill((40, 30, 140, 40), cabin)
    if contrast:
        pen.edge((70, 0, 76, 32), hull, 4)
        pen.edge((40, 30, 140, 42), hull, 4)
    for left in (52, 83, 114, 145):
        pen.fill((left, 41, 20, 18), hull if contrast else GLASS_ROUND)
    pen.poly([(0, 70), (230, 70), (204, 114), (26, 114)], hull)
    pen.fill((7, 78, 201, 6), cabin if contrast else RED)
