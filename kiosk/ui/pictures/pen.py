"""A pen for drawings: local coordinates, moved and scaled onto a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.frozen import frozen
from kiosk.ui.drawing import Point, Sheet, arc_points, round_rect_points
from kiosk.ui.theme import Rect, Rgb
from kiosk.ui.widgets.words import Align, Type, place, typeset


@frozen
class Pen:
    """Draws on `sheet` with the origin at x, y and every length times `scale`."""

    sheet: Sheet
    x: float
    y: float
    scale: float = 1.0

    def at(self, point: Point) -> Point:
        return self.x + point[0] * self.scale, self.y + point[1] * self.scale

    def place(self, x: float, y: float, width: float, height: float) -> Rect:
        left, top = self.at((x, y))
        return Rect(left, top, width * self.scale, height * self.scale)

    def fill(self, rect: tuple[float, float, float, float], colour: Rgb, radius: float = 0) -> None:
        self.sheet.rect(self.place(*rect), colour, radius * self.scale)

    def edge(self, rect: tuple[float, float, float, float], colour: Rgb, width: float, radius: float = 0) -> None:
        self.sheet.rect(self.place(*rect), colour, radius * self.scale, width * self.scale)

    def disc(self, centre: Point, radius: float, colour: Rgb) -> None:
        self.sheet.disc(*self.at(centre), radius * self.scale, colour)

    def circle(self, centre: Point, radius: float, colour: Rgb, width: float) -> None:
        self.sheet.circle(*self.at(centre), radius * self.scale, colour, width * self.scale)

    def poly(self, points: Sequence[Point], colour: Rgb) -> None:
        self.sheet.poly([self.at(point) for point in points], colour)

    def line(self, points: Sequence[Point], colour: Rgb, width: float, *, closed: bool = False) -> None:
        self.sheet.line([self.at(point) for point in points], colour, width * self.scale, closed=closed)

    def bar(self, start: Point, end: Point, colour: Rgb, width: float) -> None:
        self.sheet.bar(self.at(start), self.at(end), colour, width * self.scale)

    def ellipse(
        self, centre: Point, radii: tuple[float, float], colour: Rgb, turn: tuple[float, float] = (0, 360)
    ) -> None:
        """A filled ellipse or, with `turn` (degrees, 0 up, clockwise), a part of it closed by its chord."""
        self.poly(arc_points(centre, radii, turn), colour)

    def arch(self, left: float, right: float, top: float, rise: float, bottom: float, colour: Rgb) -> None:
        """A gate: half an ellipse `rise` high on a rectangle."""
        corner = ((right - left) / 2, rise)
        self.poly(round_rect_points(Rect(left, top, right - left, bottom - top), (corner, corner, 0, 0)), colour)

    def dashes(self, rect: tuple[float, float, float, float], colour: Rgb, width: float, radius: float = 0) -> None:
        self.sheet.dashes(self.place(*rect), radius * self.scale, colour, width * self.scale)

    def text(self, text: str, box: tuple[float, float, float, float], type_: Type, align: Align = "centre") -> None:
        """A text centred in height in `box`; its size does not scale, but it is shrunk to fit."""
        rect = self.place(*box)
        block = typeset(self.sheet, text, rect.width, type_, max(rect.height, 40), "drawing")
        y = rect.y + (rect.height - block.height) / 2
        place(self.sheet, block, Rect(rect.x, y, rect.width, block.height), align)
