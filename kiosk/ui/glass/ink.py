"""What a finger writes in the writing square, from where it comes down to where it is lifted. Knows no Kivy."""

from __future__ import annotations

from kiosk.pieces.strokes import MOST_POINTS, SIDE, Stroke, stroke
from kiosk.ui.drawing import Shape, Sheet, Square
from kiosk.ui.theme import Rect
from kiosk.ui.widgets import handwriting

MOST_SEEN = 16 * MOST_POINTS
"""Places of one stroke that are kept; a finger that scribbles on writes no more."""
Place = tuple[float, float]
"""In display pixels."""


class Ink:
    """One stroke that is being written by one finger. `way` grows while it goes on."""

    def __init__(self, finger: int, square: Square, way: list[Place]) -> None:
        self.finger = finger
        self.square = square
        self.way = way

    @property
    def stroke(self) -> Stroke:
        """What was written so far; outside of the square the finger writes along its edge."""
        rect = self.square.rect
        return stroke(((x - rect.x) * SIDE / rect.width, (y - rect.y) * SIDE / rect.height) for x, y in self.way)

    @property
    def part(self) -> Rect:
        """Where the stroke can be seen: along the edge its line reaches over the square."""
        return self.square.rect.inset(-handwriting.INK_WIDTH)

    def shapes(self, sheet: Sheet) -> list[Shape]:
        """Return the stroke as it is drawn, in the colour of the last one."""
        out = sheet.blank()
        handwriting.ink(out, self.stroke, self.square.rect, sheet.theme.colour("primary"))
        return out.shapes
