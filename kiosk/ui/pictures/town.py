"""The drawn map of the city (64): roads, river, park, numbered pins, where one stands. From `assets/city/map.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import combinations, pairwise
from typing import Any

from kiosk.services.places import Pin, TownMap
from kiosk.ui.drawing import Point, Sheet, dash_pieces
from kiosk.ui.pictures.pen import Pen
from kiosk.ui.theme import ASSETS, Rect, rgb
from kiosk.ui.widgets.style import Style
from kiosk.ui.widgets.words import Type

LAND, ROAD, PARK, RIVER = rgb("#EAE6DC"), rgb("#FFFFFF"), rgb("#D6E2CF"), rgb("#C3D8E8")
ROAD_WIDTH = 24.0
HEIGHTS = (500.0, 460.0, 400.0, 330.0, 260.0, 220.0)
"""How high the map is, by how close the style is."""
PIN = 40.0
LOW_MAP = 280.0
"""On a map lower than this the pins are smaller: they would stand on each other."""
HEADS_APART = 18.0
"""Between two heads, their dark edges of 5 among it."""
LEANING_ROUNDS = 12
PIN_ROOM = 2.8 * PIN + 8
"""From a place to the top of its pin."""
FOOT_ROOM = 60.0
"""Below the lowest place, for the words beside it."""


@cache
def _map() -> dict[str, Any]:
    return tomllib.loads((ASSETS / "city" / "map.toml").read_text("utf-8"))


def town(sheet: Sheet, style: Style, piece: TownMap, rect: Rect) -> float:
    """Draw the part of the map that holds every pin; return its height."""
    height = HEIGHTS[min(style.level, len(HEIGHTS) - 1)]
    box = Rect(rect.x, rect.y, rect.width, height)
    view = _View(piece, box)
    plain = sheet.theme.high_contrast
    colour = sheet.theme.colour
    sheet.rect(box, colour("card") if plain else LAND, 16)
    for park in () if plain else _map()["park"]:
        west, south, east, north = park["box"]
        corners = [view.at((west, north)), view.at((east, south))]
        (x0, y0), (x1, y1) = (view.kept(corner) for corner in corners)
        if x1 - x0 > 8 and y1 - y0 > 8:
            sheet.rect(Rect(x0, y0, x1 - x0, y1 - y0), PARK, 8)
    if not plain:
        _river(sheet, view)
    for road in _map()["road"]:
        ends = [view.kept(view.at((point[0], point[1]))) for point in road["line"]]
        if not view.crosses(ends[0], ends[-1]):
            continue
        sheet.bar(ends[0], ends[-1], colour("edge") if plain else ROAD, 6 if plain else ROAD_WIDTH)
    pen = Pen(sheet, 0, 0)
    _names(pen, view, piece)
    chosen = next((pin for pin in piece.pins if pin.selected), None)
    if chosen is not None:
        _way(sheet, view, piece.here, chosen)
    _here(pen, view, piece)
    for pin, head in sorted(zip(piece.pins, _heads(view, piece), strict=True), key=lambda one: one[0].selected):
        _pin(pen, view, pin, head)
    sheet.rect(box, colour("edge"), 16, 3)
    return height


class _View:
    """From metres to pixels: the part of the map that holds every pin, with room above for the pins themselves."""

    def __init__(self, piece: TownMap, box: Rect) -> None:
        xs = [piece.here[0], *(pin.x for pin in piece.pins)]
        ys = [piece.here[1], *(pin.y for pin in piece.pins)]
        self.box = box
        width, tall = max(max(xs) - min(xs) + 900, 1600.0), max(max(ys) - min(ys), 300.0)
        room = box.height - PIN_ROOM - FOOT_ROOM
        self.scale = min(box.width / width, room / tall)
        self.middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
        self.centre = (box.centre[0], box.y + PIN_ROOM + room / 2)

    def at(self, point: Point) -> Point:
        cx, cy = self.centre
        return cx + (point[0] - self.middle[0]) * self.scale, cy - (point[1] - self.middle[1]) * self.scale

    def crosses(self, start: Point, end: Point) -> bool:
        """Whether a road between two points that were kept on the map lies on it, and not along its edge."""
        box, half = self.box, ROAD_WIDTH / 2
        if start[0] == end[0]:
            return box.x + half < start[0] < box.right - half
        return box.y + half < start[1] < box.y + box.height - half

    def kept(self, point: Point) -> Point:
        """The same point, or the nearest one on the map."""
        return (
            min(max(point[0], self.box.x), self.box.right),
            min(max(point[1], self.box.y), self.box.y + self.box.height),
        )


def _river(sheet: Sheet, view: _View) -> None:
    bank = [view.at((point[0], point[1])) for point in _map()["river"]["bank"]]
    bottom = view.box.y + view.box.height
    for (x0, y0), (x1, y1) in pairwise(bank):
        corners = [view.kept(point) for point in ((x0, y0), (x1, y1), (x1, bottom), (x0, bottom))]
        if corners[0][0] < corners[1][0] and min(corners[0][1], corners[1][1]) < bottom:
            sheet.poly(corners, RIVER)


def _names(pen: Pen, view: _View, piece: TownMap) -> None:
    """Names of roads that have room: eastward ones at the left edge, northward ones at the top."""
    size = pen.sheet.theme.smallest
    line = pen.sheet.theme.line_height(size)
    taken = [view.at((pin.x, pin.y)) for pin in piece.pins]
    taken.append(view.at(piece.here))
    for road in _map()["road"]:
        (x0, y0), (x1, y1) = road["line"][0], road["line"][-1]
        name = road["name"].get(piece.language) or road["name"]["zh-Hans"]
        width = pen.sheet.measure(name, size, False) + 12
        x, y = view.at((x0, y0)) if y0 == y1 else view.at((x1, y1))
        left, top = (view.box.x + 14, y + ROAD_WIDTH / 2 + 2) if y0 == y1 else (x + ROAD_WIDTH / 2 + 4, view.box.y + 10)
        inside = view.box.x < left and left + width < view.box.right and top + line < view.box.y + view.box.height
        free = all(not (left - 60 < px < left + width + 60 and top - 20 < py < top + line + 110) for px, py in taken)
        if inside and free and top > view.box.y:
            if pen.sheet.theme.high_contrast:  # a dark road would cross the words out
                pen.fill((left - 4, top, width, line), pen.sheet.theme.colour("card"), 0)
            pen.text(name, (left, top, width, line), Type(size), "left")
            taken.append((left + width / 2, top + line / 2))


def _way(sheet: Sheet, view: _View, here: Point, pin: Pin) -> None:
    """A dashed way along the streets: first north or south, then east or west."""
    corners = [view.at(here), view.at((here[0], pin.y)), view.at((pin.x, pin.y))]
    for start, end in pairwise(corners):
        if abs(start[0] - end[0]) + abs(start[1] - end[1]) > 4:
            for piece in dash_pieces([start, end], 16, 14):
                sheet.line(piece, sheet.theme.colour("primary"), 8)


def _here(pen: Pen, view: _View, piece: TownMap) -> None:
    ink, paper = pen.sheet.theme.colour("ink"), pen.sheet.theme.colour("paper")
    x, y = view.kept(view.at(piece.here))
    pen.disc((x, y), 22, ink)
    pen.disc((x, y), 15, paper)
    pen.disc((x, y), 9, ink)
    size = pen.sheet.theme.smallest
    width = pen.sheet.measure(piece.here_text, size, True) + 28
    line = pen.sheet.theme.line_height(size) + 6
    left = x + 32 if x + 32 + width < view.box.right - 8 else x - 32 - width
    top = min(y + 6, view.box.y + view.box.height - line - 8)
    pen.fill((left, top, width, line), ink, 10)
    pen.text(piece.here_text, (left, top, width, line), Type(size, "paper", bold=True))
    north = (view.box.right - 46, view.box.y + view.box.height - 96)
    pen.poly([(north[0], north[1]), (north[0] - 16, north[1] + 40), (north[0] + 16, north[1] + 40)], ink)
    pen.text(piece.north, (north[0] - 40, north[1] + 42, 80, line), Type(size))


def _radius(view: _View) -> float:
    return PIN if view.box.height > LOW_MAP else PIN * 0.75


def _heads(view: _View, piece: TownMap) -> list[Point]:
    """The middles of the pins' heads, over their places; heads that would stand on each other lean apart."""
    radius, box = _radius(view), view.box
    apart = 2 * radius + HEADS_APART
    at = [view.kept(view.at((pin.x, pin.y))) for pin in piece.pins]
    found = [[x, y - radius * 1.7] for x, y in at]
    from_the_west = sorted(found)
    for _ in range(LEANING_ROUNDS):
        for left, right in combinations(from_the_west, 2):
            short = apart - (right[0] - left[0])
            if short > 0 and abs(left[1] - right[1]) < apart:
                left[0], right[0] = left[0] - short / 2, right[0] + short / 2
        for head in found:
            head[0] = min(max(head[0], box.x + radius + 8), box.right - radius - 8)
    return [(x, y) for x, y in found]


def _pin(pen: Pen, view: _View, pin: Pin, middle: Point) -> None:
    """A drop with its number; its point stands on the place."""
    theme = pen.sheet.theme
    fill = theme.colour("primary") if pin.selected else theme.colour("card")
    words = "onPrimary" if pin.selected else "ink"
    x, y = view.kept(view.at((pin.x, pin.y)))
    radius, size = _radius(view), 44 if view.box.height > LOW_MAP else 35
    for grow, colour in ((5, theme.colour("ink")), (0, fill)):
        pen.disc(middle, radius + grow, colour)
        side, low = (radius + grow) * 0.86, middle[1] + (radius + grow) * 0.5
        pen.poly([(middle[0] - side, low), (middle[0] + side, low), (x, y + grow * 1.4)], colour)
    pen.text(pin.text, (middle[0] - radius, middle[1] - radius, 2 * radius, 2 * radius), Type(size, words, bold=True))
