"""A screen as a list of shapes, texts and touch targets, in display pixels, origin top left. Knows no Kivy.

Widgets draw onto a `Sheet`; `painter` puts a sheet on the display. Tests measure sheets: they are what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from kiosk.events import StrokeDrawn
from kiosk.screen_model import Control
from kiosk.ui.linebreak import SQUEEZE_EM, Fitted, Measure, Overflow, squeezed
from kiosk.ui.theme import Rect, Rgb, Theme

Point = tuple[float, float]
ARC_STEP_DEG = 12.0
"""An arc is drawn as chords of at most this many degrees, each with round ends."""
ARC_SAGITTA = 0.15
"""How far, in pixels, a chord may lie beside its arc."""


class Part(IntEnum):
    """What a shape is to the control that it belongs to: decides what a press does to it."""

    CONTENT = 0
    LIP = 1
    FACE = 2


class Box(NamedTuple):
    """A filled or edged rectangle with round corners, turned around its centre. Lines and discs are boxes too."""

    cx: float
    cy: float
    half_width: float
    half_height: float
    cos: float
    sin: float
    radius: float
    stroke: float
    """Width of the edge, drawn inwards; 0 fills the box."""
    colour: Rgb
    group: int
    part: Part


class Poly(NamedTuple):
    """A filled convex polygon."""

    points: tuple[Point, ...]
    colour: Rgb
    group: int
    part: Part


class Run(NamedTuple):
    """One line of text; x, y is the top left corner of its line box of `width` × `height`."""

    text: str
    x: float
    y: float
    size: int
    bold: bool
    colour: Rgb
    width: float
    height: float
    group: int


class Target(NamedTuple):
    """A control where it can be touched; its index in `Sheet.targets` is the group of what belongs to it."""

    control: Control
    rect: Rect


class Square(NamedTuple):
    """Where a finger writes instead of pressing, what the square is called, and what a stroke in it sends."""

    rect: Rect
    label: str
    event: StrokeDrawn


class Label(NamedTuple):
    """A text that belongs to no control, as the bench and the speaker see it."""

    id: str
    text: str
    rect: Rect


Shape = Box | Poly
NO_GROUP = -1


@dataclass
class Sheet:
    """What one screen is made of, in drawing order: shapes first, then texts over them."""

    theme: Theme
    measure: Measure
    shapes: list[Shape] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    backdrop: tuple[Shape, ...] = ()
    """Drawn first, under everything; the same tuple each time, so that the painter can keep it."""
    ferry: tuple[Shape, ...] = ()
    """Drawn over the backdrop and moved by the painter: the only thing that moves by itself."""
    square: Square | None = None
    fitted: dict[object, Fitted] = field(default_factory=dict[object, Fitted])
    """Texts that are broken already, for all sheets of one screen: each arrangement that is tried has the same ones."""
    group: int = NO_GROUP
    part: Part = Part.CONTENT

    def blank(self) -> Sheet:
        """An empty sheet of the same theme, to be drawn on and then laid into this one."""
        return Sheet(self.theme, self.measure, fitted=self.fitted)

    def lay(self, other: Sheet, dx: float, dy: float) -> None:
        """Put everything of `other` onto this sheet, moved by `dx`, `dy` in whole pixels: codes must not blur."""
        dx, dy = round(dx), round(dy)
        base = len(self.targets)
        for shape in other.shapes:
            group = shape.group + base if shape.group >= 0 else shape.group
            if isinstance(shape, Box):
                cx, cy, width, height, cos, sin, radius, stroke, colour, _, part = shape  # a third of `_replace`
                self.shapes.append(Box(cx + dx, cy + dy, width, height, cos, sin, radius, stroke, colour, group, part))
            else:
                self.shapes.append(shape._replace(points=tuple((x + dx, y + dy) for x, y in shape.points), group=group))
        for run in other.runs:
            group = run.group + base if run.group >= 0 else run.group
            text, x, y, size, bold, colour, width, height, _ = run
            self.runs.append(Run(text, x + dx, y + dy, size, bold, colour, width, height, group))
        self.targets += [Target(one.control, one.rect.moved(dx, dy)) for one in other.targets]
        self.labels += [Label(one.id, one.text, one.rect.moved(dx, dy)) for one in other.labels]
        self.overflows += other.overflows
        if other.square is not None:
            self.square = other.square._replace(rect=other.square.rect.moved(dx, dy))

    @contextmanager
    def control(self, control: Control, rect: Rect) -> Generator[None]:
        """What is drawn inside belongs to `control`, which can be touched in `rect`."""
        self.targets.append(Target(control, rect))
        self.group = len(self.targets) - 1
        try:
            yield
        finally:
            self.group = NO_GROUP

    @contextmanager
    def as_part(self, part: Part) -> Generator[None]:
        """What is drawn inside is the lip or the face of the current control."""
        self.part, before = part, self.part
        try:
            yield
        finally:
            self.part = before

    # ------------------------------------------------------------------------------------------------ shapes

    def stamp(self, shapes: Iterable[Shape], dx: float, dy: float) -> None:
        """Shapes that were drawn at the origin, moved by `dx`, `dy`, as part of what is being drawn."""
        group, part = self.group, self.part
        for shape in shapes:
            if isinstance(shape, Box):
                cx, cy, width, height, cos, sin, radius, stroke, colour, _, _ = shape
                self.shapes.append(Box(cx + dx, cy + dy, width, height, cos, sin, radius, stroke, colour, group, part))
            else:
                self.poly([(x + dx, y + dy) for x, y in shape.points], shape.colour)

    def rect(self, rect: Rect, colour: Rgb, radius: float = 0, stroke: float = 0) -> None:
        """A rectangle, filled, or edged `stroke` wide inwards."""
        cx, cy = rect.centre
        radius = min(radius, rect.width / 2, rect.height / 2)
        box = Box(cx, cy, rect.width / 2, rect.height / 2, 1.0, 0.0, radius, stroke, colour, self.group, self.part)
        self.shapes.append(box)

    def disc(self, cx: float, cy: float, radius: float, colour: Rgb) -> None:
        self.shapes.append(Box(cx, cy, radius, radius, 1.0, 0.0, radius, 0, colour, self.group, self.part))

    def circle(self, cx: float, cy: float, radius: float, colour: Rgb, width: float) -> None:
        """A circle line `width` wide whose middle has `radius`."""
        outer = radius + width / 2
        self.shapes.append(Box(cx, cy, outer, outer, 1.0, 0.0, outer, width, colour, self.group, self.part))

    def line(self, points: Sequence[Point], colour: Rgb, width: float, *, closed: bool = False) -> None:
        """A polyline with round ends and joints."""
        ends = [*points, points[0]] if closed else list(points)
        for (x0, y0), (x1, y1) in pairwise(ends):
            length = math.hypot(x1 - x0, y1 - y0)
            cos, sin = ((x1 - x0) / length, (y1 - y0) / length) if length else (1.0, 0.0)
            half = width / 2
            self.shapes.append(
                Box(
                    (x0 + x1) / 2,
                    (y0 + y1) / 2,
                    length / 2 + half,
                    half,
                    cos,
                    sin,
                    half,
                    0,
                    colour,
                    self.group,
                    self.part,
                )
            )

    def bar(self, start: Point, end: Point, colour: Rgb, width: float) -> None:
        """A straight line with square ends."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        cos, sin = (x1 - x0) / length, (y1 - y0) / length
        self.shapes.append(
            Box((x0 + x1) / 2, (y0 + y1) / 2, length / 2, width / 2, cos, sin, 0, 0, colour, self.group, self.part)
        )

    def arc(self, cx: float, cy: float, radius: float, angles: tuple[float, float], colour: Rgb, width: float) -> None:
        """A circular arc line; angles in degrees, 0 is up, clockwise."""
        self.line(arc_points((cx, cy), (radius, radius), angles), colour, width)

    def poly(self, points: Sequence[Point], colour: Rgb) -> None:
        """A filled convex polygon."""
        self.shapes.append(Poly(tuple(points), colour, self.group, self.part))

    def dashes(self, rect: Rect, radius: float, colour: Rgb, width: float) -> None:
        """A dashed edge drawn inwards; dash and gap are about three widths long."""
        path = round_rect_points(rect.inset(width / 2), (radius, radius, radius, radius))
        for start, end in dash_pieces([*path, path[0]], width * 3, width * 2):
            self.bar(start, end, colour, width)

    # ------------------------------------------------------------------------------------------------- texts

    def run(self, text: str, x: float, y: float, size: int, *, bold: bool, colour: Rgb, height: float) -> float:
        """One line of text, no breaking; its width is returned."""
        left = x
        for piece in squeezed(text):
            if piece:
                width = self.measure(piece, size, bold)
                self.runs.append(Run(piece, x, y, size, bold, colour, width, height, self.group))
                x += width - SQUEEZE_EM * size
        return x + SQUEEZE_EM * size - left if text else 0.0


def extent(shapes: Iterable[Shape]) -> Rect:
    """The smallest upright rectangle around at least one shape."""
    corners: list[Point] = []
    for shape in shapes:
        if isinstance(shape, Box):
            x = abs(shape.cos) * shape.half_width + abs(shape.sin) * shape.half_height
            y = abs(shape.sin) * shape.half_width + abs(shape.cos) * shape.half_height
            corners += [(shape.cx - x, shape.cy - y), (shape.cx + x, shape.cy + y)]
        else:
            corners += shape.points
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def arc_points(centre: Point, radii: tuple[float, float], angles: tuple[float, float]) -> list[Point]:
    """Points along an elliptical arc; degrees, 0 up, clockwise."""
    radius = max(*radii, 1.0)
    step = min(ARC_STEP_DEG, math.degrees(2 * math.acos(1 - min(1.0, ARC_SAGITTA / radius))))
    count = max(1, math.ceil(abs(angles[1] - angles[0]) / step))
    out: list[Point] = []
    for i in range(count + 1):
        turn = math.radians(angles[0] + (angles[1] - angles[0]) * i / count)
        out.append((centre[0] + radii[0] * math.sin(turn), centre[1] - radii[1] * math.cos(turn)))
    return out


Corner = float | tuple[float, float]


def round_rect_points(rect: Rect, corners: tuple[Corner, Corner, Corner, Corner]) -> list[Point]:
    """The outline of a rectangle; corners top left, top right, bottom right, bottom left, each (rx, ry) or a radius."""
    radii = [corner if isinstance(corner, tuple) else (corner, corner) for corner in corners]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = radii
    return [
        *arc_points((rect.x + ax, rect.y + ay), (ax, ay), (270, 360)),
        *arc_points((rect.right - bx, rect.y + by), (bx, by), (0, 90)),
        *arc_points((rect.right - cx, rect.bottom - cy), (cx, cy), (90, 180)),
        *arc_points((rect.x + dx, rect.bottom - dy), (dx, dy), (180, 270)),
    ]


def dash_pieces(path: Sequence[Point], dash: float, gap: float) -> list[tuple[Point, Point]]:
    """Straight pieces of a dashed line along `path`. Dashes are stretched a little so that the last gap is whole."""
    lengths = [math.dist(a, b) for a, b in pairwise(path)]
    total = sum(lengths)
    stretch = total / (max(1, round(total / (dash + gap))) * (dash + gap))
    dash, period = dash * stretch, (dash + gap) * stretch
    pieces: list[tuple[Point, Point]] = []
    done = 0.0
    for (a, b), length in zip(pairwise(path), lengths, strict=True):
        at = 0.0
        while at < length - 1e-6:
            phase = (done + at) % period
            step = min(length - at, (dash if phase < dash else period) - phase)
            step = max(step, 1e-3)
            if phase < dash - 1e-6:
                p, q = at / length, (at + step) / length
                pieces.append(
                    (
                        (a[0] + (b[0] - a[0]) * p, a[1] + (b[1] - a[1]) * p),
                        (a[0] + (b[0] - a[0]) * q, a[1] + (b[1] - a[1]) * q),
                    )
                )
            at += step
        done += length
    return pieces
