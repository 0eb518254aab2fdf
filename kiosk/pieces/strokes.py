"""Strokes of a character that a finger writes, as values. Pure.

A stroke is a tuple of points, a point is (x, y) in thousandths of the writing square, from its top left corner. So a
stroke means the same on every display, and the recogniser needs to know no pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

SIDE = 1000
"""The square, in its own units."""
MOST_STROKES = 40
"""No character of the recogniser's 6,763 has more; a scribble ends here."""
MOST_POINTS = 64
"""Of one stroke: enough for the most crooked one."""
NEAR = 8
"""Points closer than this to the one before are the trembling of a finger."""

Point = tuple[int, int]
Stroke = tuple[Point, ...]


def stroke(points: Iterable[tuple[float, float]]) -> Stroke:
    """Return what a finger drew as a stroke: within the square, no point twice, at most `MOST_POINTS`, the ends kept.

    `points` are in thousandths too, from anywhere: a finger that leaves the square goes along its edge.
    """
    kept: list[Point] = []
    last: Point | None = None
    for x, y in points:
        last = (_inside(x), _inside(y))
        if not kept or abs(last[0] - kept[-1][0]) + abs(last[1] - kept[-1][1]) >= NEAR:
            kept.append(last)
    if last is not None and last != kept[-1]:
        kept.append(last)
    if len(kept) > MOST_POINTS:
        step = (len(kept) - 1) / (MOST_POINTS - 1)
        kept = [kept[round(n * step)] for n in range(MOST_POINTS)]
    return tuple(kept)


def _inside(value: float) -> int:
    return min(SIDE, max(0, round(value)))
