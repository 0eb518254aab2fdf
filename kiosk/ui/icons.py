"""Icons from recipes (`assets/icons.json`) and the five marks of meaning. Knows no Kivy."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import NamedTuple

from kiosk.screen_model import Meaning
from kiosk.ui.drawing import Point, Shape, Sheet, arc_points
from kiosk.ui.theme import ASSETS, Rect, Rgb, Theme

GRID = 48.0


class IconRecipeError(Exception):
    """`assets/icons.json` holds no such icon, or a step of a recipe cannot be read."""

    code = "icon-unknown"


class Step(NamedTuple):
    """One stroke of a recipe: its letter and its numbers (see `codes` in the file)."""

    code: str
    numbers: tuple[float, ...]


_COUNTS = {"C": 3, "E": 4, "A": 5, "W": 4, "R": 5, "D": 3, "H": 3, "B": 3}
"""Letter -> how many numbers follow; P and G take any even count of four or more."""


@cache
def _book() -> dict[str, tuple[Step, ...]]:
    data = json.loads((ASSETS / "icons.json").read_text(encoding="utf-8"))
    return {name: parse(recipe) for name, recipe in data["icons"].items()}


@cache
def line_width() -> float:
    """Width of an icon's lines on the 48 grid."""
    return float(json.loads((ASSETS / "icons.json").read_text(encoding="utf-8"))["line"])


def parse(recipe: str) -> tuple[Step, ...]:
    """Read one recipe, `P x,y x,y; C cx,cy r; …`.

    Raises:
        IconRecipeError: an unknown letter or a wrong count of numbers.
    """
    steps: list[Step] = []
    for part in recipe.split(";"):
        code, *words = part.split()
        try:
            numbers = tuple(float(number) for word in words for number in word.split(","))
        except ValueError as error:
            raise IconRecipeError(f"a number of {part.strip()!r} cannot be read") from error
        good = len(numbers) >= 4 and len(numbers) % 2 == 0 if code in "PG" else _COUNTS.get(code) == len(numbers)
        if not good:
            raise IconRecipeError(f"the step {part.strip()!r} cannot be drawn")
        steps.append(Step(code, numbers))
    return tuple(steps)


def icon(sheet: Sheet, name: str, x: float, y: float, size: float, colour: Rgb, weight: float = 1.0) -> None:
    """Draw one icon into the square of `size` whose top left corner is x, y; `weight` makes its lines bolder.

    Raises:
        IconRecipeError: there is no such icon.
    """
    sheet.stamp(_at_origin(sheet.theme, name, size, colour, weight), x, y)


@lru_cache(maxsize=512)
def _at_origin(theme: Theme, name: str, size: float, colour: Rgb, weight: float) -> tuple[Shape, ...]:
    steps = _book().get(name)
    if steps is None:
        raise IconRecipeError(f"no icon {name!r} in assets/icons.json")
    sheet = Sheet(theme, lambda text, size, bold: 0.0)
    for step in steps:
        _draw(sheet, step, (0.0, 0.0, size / GRID, weight), colour)
    return tuple(sheet.shapes)


def _draw(sheet: Sheet, step: Step, place: tuple[float, float, float, float], colour: Rgb) -> None:
    x, y, scale, weight = place
    n = step.numbers
    width = line_width() * scale * weight
    if step.code in "PG":
        points = [(x + a * scale, y + b * scale) for a, b in zip(n[::2], n[1::2], strict=True)]
        sheet.line(points, colour, width, closed=step.code == "G")
        return
    cx, cy, first = x + n[0] * scale, y + n[1] * scale, n[2] * scale
    if step.code == "C":
        sheet.circle(cx, cy, first, colour, width)
    elif step.code == "D":
        sheet.disc(cx, cy, first, colour)
    elif step.code == "A":
        sheet.arc(cx, cy, first, (n[3], n[4]), colour, width)
    elif step.code in "EW":
        angles = (0, 360) if step.code == "E" else (90, 270)
        sheet.line(arc_points((cx, cy), (first, n[3] * scale), angles), colour, width)
    elif step.code in "HB":
        angles = (0, 180) if step.code == "H" else (90, 270)
        sheet.poly(arc_points((cx, cy), (first, first), angles), colour)
    else:
        _round_rect(sheet, step, place, colour)


def _round_rect(sheet: Sheet, step: Step, place: tuple[float, float, float, float], colour: Rgb) -> None:
    """R: the line runs along the rectangle, half of it on each side, as in SVG."""
    x, y, scale, weight = place
    n = step.numbers
    width = line_width() * scale * weight
    rect = Rect(x + n[0] * scale, y + n[1] * scale, n[2] * scale, n[3] * scale).inset(-width / 2)
    sheet.rect(rect, colour, n[4] * scale + width / 2, width)


# ---------------------------------------------------------------------------------------------------------- marks

_OCTAGON_SHARE = 0.2929


def mark(sheet: Sheet, meaning: Meaning, x: float, y: float, size: float) -> None:
    """The mark of a meaning in a square of `size`: circle and tick, square and tray, triangle, octagon, ring and i."""
    {"saved": _saved, "held": _held, "att": _att, "stop": _stop, "info": _info}[meaning](sheet, x, y, size)


def _saved(sheet: Sheet, x: float, y: float, size: float) -> None:
    theme = sheet.theme
    sheet.disc(x + size / 2, y + size / 2, size * 0.47, theme.colour("saved"))
    tick(sheet, x, y, size, theme.colour("onmark"))


def tick(sheet: Sheet, x: float, y: float, size: float, colour: Rgb) -> None:
    """The tick inside a disc of the square."""
    points = [(0.272, 0.512), (0.435, 0.668), (0.736, 0.358)]
    sheet.line([(x + a * size, y + b * size) for a, b in points], colour, size * 0.092)


def _held(sheet: Sheet, x: float, y: float, size: float) -> None:
    theme = sheet.theme
    sheet.rect(Rect(x, y, size, size).inset(size * 0.045), theme.colour("held"), size * 0.19)
    inner = size * 0.63
    left, top, scale = x + (size - inner) / 2, y + (size - inner) / 2 - size * 0.01, inner / GRID
    for step in parse("P 3,27 3,43 45,43 45,27; P 24,3 24,33; P 13,22 24,33 35,22"):
        points = [
            (left + a * scale, top + b * scale) for a, b in zip(step.numbers[::2], step.numbers[1::2], strict=True)
        ]
        sheet.line(points, theme.colour("onmark"), size * 0.078)


def _att(sheet: Sheet, x: float, y: float, size: float) -> None:
    theme = sheet.theme
    points = [(x + size * a, y + size * b) for a, b in ((0.5, 0.075), (0.955, 0.885), (0.045, 0.885))]
    sheet.poly(points, theme.colour("att"))
    if theme.contrast != "dark":
        sheet.line(points, theme.colour("onatt"), size * 0.062, closed=True)
    inside = theme.colour("onatt")
    middle = x + size * 0.5
    sheet.line([(middle, y + size * 0.36), (middle, y + size * 0.59)], inside, size * 0.086)
    sheet.disc(middle, y + size * 0.755, size * 0.057, inside)


def _stop(sheet: Sheet, x: float, y: float, size: float) -> None:
    theme = sheet.theme
    sheet.poly(octagon(x, y, size), theme.colour("stop"))
    low, high = 0.36, 0.64
    for a, b in (((low, low), (high, high)), ((high, low), (low, high))):
        sheet.line([(x + size * p, y + size * q) for p, q in (a, b)], theme.colour("onmark"), size * 0.085)


def octagon(x: float, y: float, size: float) -> list[Point]:
    """The eight corners of a road sign's octagon in the square, inset by 3 %."""
    inset = size * 0.03
    near, far = _OCTAGON_SHARE * (size - 2 * inset), (1 - _OCTAGON_SHARE) * (size - 2 * inset)
    end = size - 2 * inset
    corners = [(near, 0), (far, 0), (end, near), (end, far), (far, end), (near, end), (0, far), (0, near)]
    return [(x + inset + a, y + inset + b) for a, b in corners]


def _info(sheet: Sheet, x: float, y: float, size: float) -> None:
    theme = sheet.theme
    middle, colour = x + size / 2, theme.colour("primary")
    sheet.disc(middle, y + size / 2, size * 0.44, theme.colour("card"))
    sheet.circle(middle, y + size / 2, size * 0.435, colour, size * 0.07)
    sheet.disc(middle, y + size * 0.325, size * 0.055, colour)
    sheet.line([(middle, y + size * 0.47), (middle, y + size * 0.69)], colour, size * 0.08)


def check_disc(sheet: Sheet, x: float, y: float, size: float) -> None:
    """The tick of something chosen: a disc in the primary colour, never the saved mark."""
    sheet.disc(x + size / 2, y + size / 2, size / 2, sheet.theme.colour("primary"))
    tick(sheet, x, y, size, sheet.theme.colour("onPrimary"))


def ring_mark(sheet: Sheet, x: float, y: float, size: float) -> None:
    """还没到, or a radio that was not chosen."""
    width = max(3.0, size * 0.06)
    sheet.circle(x + size / 2, y + size / 2, (size - width) / 2, sheet.theme.colour("edge"), width)


def half_mark(sheet: Sheet, x: float, y: float, size: float) -> None:
    """正在做: the right half filled."""
    width, colour = size * 0.07, sheet.theme.colour("primary")
    middle = (x + size / 2, y + size / 2)
    sheet.disc(*middle, size * 0.45, sheet.theme.colour("card"))
    sheet.poly(arc_points(middle, (size * 0.44, size * 0.44), (0, 180)), colour)
    sheet.circle(*middle, size * 0.465, colour, width)
