"""The fleet's backlog over time as a small SVG: one line, two axes, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 320, 70, 46, 40


def backlog_plot(points: Sequence[tuple[float, int]], terminals: int) -> str:
    """`points`: seconds since the start, entries pending then."""
    end = max((at for at, _ in points), default=1.0) or 1.0
    high = max((count for _, count in points), default=1) or 1

    def place(at: float, count: float) -> tuple[float, float]:
        x = LEFT + at / end * (WIDTH - LEFT - 20)
        y = HEIGHT - BOTTOM - count / high * (HEIGHT - BOTTOM - TOP)
        return round(x, 1), round(y, 1)

    line = " ".join(f"{x},{y}" for x, y in (place(at, count) for at, count in points))
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3"/>' for x, y in (place(at, count) for at, count in points))
    (x0, y0), (x1, y1) = place(0, 0), place(end, high)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="14">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="22" font-weight="bold">Entries pending in {terminals} outboxes</text>'
        f'<path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="#1b2420"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f6f4a" stroke-width="2"/><g fill="#1f6f4a">{dots}</g>'
        f'<text x="{x0 - 8}" y="{y0}" text-anchor="end">0</text>'
        f'<text x="{x0 - 8}" y="{y1 + 5}" text-anchor="end">{high}</text>'
        f'<text x="{x0}" y="{y0 + 24}">0 s</text>'
        f'<text x="{x1}" y="{y0 + 24}" text-anchor="end">{end:.0f} s</text></svg>\n'
    )
