"""Curves as a small SVG: lines that differ by dash as well as by colour, two axes, readable in print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 84, 24, 48, 64
INK, PAPER, GRID = "#1b2420", "#ffffff", "#d8d4c8"
STYLES = (("#0b4a8f", ""), ("#a3341f", "8 4"), ("#1f6f4a", "2 4"), ("#7a5b00", "10 3 2 3"))
"""Colour and dash of the first, the second, ... line."""
TICKS = 4
MOST_NAMES = 8
"""As many places of the x axis can be named without touching each other."""


@dataclass(frozen=True)
class Curve:
    """How something grows: one line or several over one axis."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    log_x: bool = False


def backlog(points: Sequence[tuple[float, int]], terminals: int) -> str:
    """The fleet's backlog over time. `points`: seconds since the start, entries pending then."""
    line = points or [(0.0, 0)]
    return draw(Curve(f"Entries pending in {terminals} outboxes", "seconds", "entries", {"pending": line}))


def draw(curve: Curve) -> str:
    """Return the SVG."""
    points = [point for line in curve.lines.values() for point in line]
    xs = [_scale(x, log=curve.log_x) for x, _ in points]
    left, right = min(xs), max(xs)
    top = max(y for _, y in points) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        share = (_scale(x, log=curve.log_x) - left) / ((right - left) or 1.0)
        across = LEFT + share * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(HEIGHT - BOTTOM - y / top * (HEIGHT - BOTTOM - TOP), 1)

    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13" fill="{INK}"><title>{escape(curve.title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
        f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">{escape(curve.title)}</text>'
        f'<text x="{LEFT}" y="38">{escape(curve.y)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{escape(curve.x)}</text>'
    )
    parts = [begin]
    for step in range(TICKS + 1):
        value = top * step / TICKS
        _, y = place(points[0][0], value)
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{_short(round(value, 2))}</text>')
    named = sorted({x for x, _ in points})
    for x in named if len(named) <= MOST_NAMES else (named[0], named[-1]):
        across, _ = place(x, 0)
        parts.append(f'<text x="{across}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_short(x)}</text>')
    for number_, (name, line) in enumerate(curve.lines.items()):
        parts.append(_line(number_, name, [place(x, y) for x, y in line]))
    return "".join([*parts, "</svg>\n"])


def _line(which: int, name: str, places: list[tuple[float, float]]) -> str:
    colour, dash = STYLES[which % len(STYLES)]
    way = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in places)
    x = LEFT + 150 * which
    return (
        f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>{dots}'
        f'<path d="M{x} {HEIGHT - 28}h28" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        f'<text x="{x + 34}" y="{HEIGHT - 24}">{escape(name)}</text>'
    )


def _scale(x: float, *, log: bool) -> float:
    return math.log10(max(x, 1e-9)) if log else x


def _short(value: float) -> str:
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
