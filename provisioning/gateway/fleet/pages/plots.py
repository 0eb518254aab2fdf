"""Small plots as SVG, readable without colour: an area over hours, stacked bars and a line over days."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 400, 150
_TOP, _BOTTOM, _LEFT, _RIGHT = 26, 24, 6, 6


def _frame(body: str, words: str) -> str:
    base = HEIGHT - _BOTTOM
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">{body}'
        f'<path d="M{_LEFT} {base}H{WIDTH - _RIGHT}" stroke="#6B695F"/></svg>'
    )


def _x(place: float) -> float:
    return round(_LEFT + place * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, high: float) -> float:
    return round(HEIGHT - _BOTTOM - value / (high or 1) * (HEIGHT - _BOTTOM - _TOP), 1)


def _labels(labels: Sequence[str]) -> str:
    last = len(labels) - 1
    anchors = ["start", *["middle"] * (last - 1), "end"]
    return "".join(
        f'<text x="{_x(at / max(last, 1))}" y="{HEIGHT - 6}" text-anchor="{anchors[at]}">{escape(text)}</text>'
        for at, text in enumerate(labels)
    )


def area(points: Sequence[tuple[float, int]], labels: Sequence[str], most: str, words: str) -> str:
    """`points`: place from 0 to 1, value. The highest is named in words, the last by its number."""
    high = max(value for _, value in points)
    line = " ".join(f"{_x(place)},{_y(value, high)}" for place, value in points)
    first, last = points[0], points[-1]
    base = HEIGHT - _BOTTOM
    top = max(points, key=lambda point: point[1])
    anchor = "start" if top[0] < 0.6 else "end"
    named = (
        f'<text x="{_x(top[0])}" y="16" text-anchor="{anchor}">{escape(most)} {high:,}</text>' if top != last else ""
    )
    now = (
        f'<text x="{WIDTH - _RIGHT}" y="{max(_y(last[1], high) - 6, 32)}" text-anchor="end" font-weight="700">'
        f"{last[1]:,}</text>"
    )
    return _frame(
        f'<polygon points="{_x(first[0])},{base} {line} {_x(last[0])},{base}" fill="#ECE9F8"/>'
        f'<polyline points="{line}" fill="none" stroke="#4A3C94" stroke-width="2.5"/>'
        f'<circle cx="{_x(last[0])}" cy="{_y(last[1], high)}" r="3.5" fill="#4A3C94"/>{named}{now}{_labels(labels)}',
        words,
    )


def bars(days: Sequence[tuple[int, int]], labels: Sequence[str], names: tuple[str, str], words: str) -> str:
    """`days`: the upper (yellow) and the lower (red) part of each bar; the last one's are named."""
    high = max(upper + lower for upper, lower in days)
    step = (WIDTH - _LEFT - _RIGHT) / len(days)
    body = ""
    for at, (upper, lower) in enumerate(days):
        x, wide = round(_LEFT + at * step + step * 0.15, 1), round(step * 0.7, 1)
        top, middle, base = _y(upper + lower, high), _y(lower, high), HEIGHT - _BOTTOM
        body += (
            f'<rect x="{x}" y="{top}" width="{wide}" height="{max(middle - top, 0):.1f}" fill="#FFB81C" '
            f'stroke="#17212B"/>'
            f'<rect x="{x}" y="{middle}" width="{wide}" height="{max(base - middle, 0):.1f}" fill="#8F1814"/>'
        )
    told = f"{names[0]} {days[-1][0]}　{names[1]} {days[-1][1]}"
    return _frame(f'{body}<text x="{_LEFT}" y="16">{escape(told)}</text>{_labels(labels)}', words)


def line(days: Sequence[float], labels: Sequence[str], limit: float, words: str) -> str:
    """One value a day, and a dashed line at the limit."""
    high = max(*days, limit * 1.2)
    count = max(len(days) - 1, 1)
    places = [(_x(at / count), _y(value, high)) for at, value in enumerate(days)]
    points = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5"/>' for x, y in places)
    at = _y(limit, high)
    return _frame(
        f'<path d="M{_LEFT} {at}H{WIDTH - _RIGHT}" stroke="#6B695F" stroke-dasharray="6 5"/>'
        f'<polyline points="{points}" fill="none" stroke="#0B4A85" stroke-width="2.5"/><g fill="#0B4A85">{dots}</g>'
        f'<text x="{_LEFT}" y="{at + 15}">{limit:g}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{max(min(y for _, y in places[-2:]) - 8, 16)}" text-anchor="end" '
        f'font-weight="700">{days[-1]:g}</text>'
        f"{_labels(labels)}",
        words,
    )
