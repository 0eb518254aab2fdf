"""Puts a `Sheet` on the display. All shapes of a screen are one mesh whose fragments know their distance to the edge.

Kivy's own lines and rectangles have hard stair-steps without multisampling, and multisampling costs 3.5 times the
frame and 71 MB. So every box, line, disc and arc is a quad that carries its size, radius and stroke, and a small
shader draws it with soft edges, also where the window shows the display scaled.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kivy.graphics import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    Canvas,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Color,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Fbo,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    InstructionGroup,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Mesh,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    PopMatrix,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    PushMatrix,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Rectangle,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    RenderContext,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Scale,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Translate,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)
from kivy.graphics.context import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    get_context,  # pyright: ignore[reportUnknownVariableType]
)
from kivy.graphics.opengl import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    GL_RGBA,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    GL_UNSIGNED_BYTE,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glReadPixels,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from kiosk.screen_model import ScreenModel
from kiosk.ui.drawing import Box, Part, Poly, Shape, Sheet, extent
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import Rect, Rgb, Theme

QUADS_IN_A_MESH = 10_000
"""OpenGL ES 2 numbers vertices with 16 bits; Kivy allows 65,535 indices in a mesh, six a quad."""
_SOFT = 1.0
"""How far a quad reaches beyond its shape, so that the soft edge is inside."""
_INSIDE = 6.0
"""How far the sides of an edge reach inwards beyond it: where the display is shown small, its soft edge is wider."""
_FORMAT = [(b"v_pos", 2, "float"), (b"v_local", 2, "float"), (b"v_box", 4, "float"), (b"v_tint", 3, "float")]
_VERTEX = """
#ifdef GL_ES
precision highp float;
#endif
attribute vec2 v_pos;
attribute vec2 v_local;
attribute vec4 v_box;
attribute vec3 v_tint;
uniform mat4 modelview_mat;
uniform mat4 projection_mat;
varying vec2 local;
varying vec4 box;
varying vec3 tint;
void main(void) {
    local = v_local;
    box = v_box;
    tint = v_tint;
    gl_Position = projection_mat * modelview_mat * vec4(v_pos, 0.0, 1.0);
}
"""
_FRAGMENT = """
#ifdef GL_ES
precision highp float;
#endif
uniform float soft;
varying vec2 local;
varying vec4 box;
varying vec3 tint;
void main(void) {
    vec2 q = abs(local) - box.xy + box.z;
    float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - box.z;
    float alpha = clamp(0.5 - d / soft, 0.0, 1.0);
    if (box.w > 0.0) alpha *= clamp(0.5 + (d + box.w) / soft, 0.0, 1.0);
    gl_FragColor = vec4(tint, alpha);
}
"""


Meshes = list[tuple["array[float]", "array[int]"]]


def vertices(shapes: Iterable[Shape], height: float, pressed: int, theme: Theme) -> Meshes:
    """The shapes as vertices and indices, y upwards, in meshes of at most `QUADS_IN_A_MESH` quads.

    `pressed` is the group of the control that a finger holds down, or -1: it loses its lip, sinks and takes the tint.
    """
    meshes: Meshes = []
    points, indices = array("f"), array("H")
    for shape in shapes:
        if len(indices) > 6 * QUADS_IN_A_MESH:
            meshes.append((points, indices))
            points, indices = array("f"), array("H")
        drop = 0.0
        colour = shape.colour
        if pressed >= 0 and shape.group == pressed:
            if shape.part is Part.LIP:
                continue
            drop = float(theme.lip)
            face = shape.part is Part.FACE or theme.high_contrast
            colour = pressed_colour(shape.colour, theme, face=face)
        if isinstance(shape, Box):
            _add_box(points, indices, shape, height - drop, colour)
        else:
            _add_poly(points, indices, shape, height - drop, colour)
    meshes.append((points, indices))
    return meshes


def pressed_colour(colour: Rgb, theme: Theme, *, face: bool = False) -> Rgb:
    """What a colour becomes while its control is held down: a tinted face; in high contrast black and white swap."""
    if theme.high_contrast:
        ink, paper = theme.colour("ink"), theme.colour("paper")
        return paper if colour == ink else ink if colour == paper else colour
    if not face:
        return colour
    return theme.colour("primaryLip" if colour == theme.colour("primary") else "tint")


def _add_box(points: array[float], indices: array[int], box: Box, height: float, colour: Rgb) -> None:
    cx, cy, half_width, half_height, cos, sin, radius, stroke, *_ = box
    shape = (half_width, half_height, radius, stroke, *colour)
    cy = height - cy
    for left, top, right, bottom in _covered(box):
        first = len(points) // 11
        lc, ls, rc, rs = left * cos, left * sin, right * cos, right * sin
        tc, ts, bc, bs = top * cos, top * sin, bottom * cos, bottom * sin
        points.extend((cx + lc - ts, cy - ls - tc, left, top, *shape, cx + rc - ts, cy - rs - tc, right, top, *shape,
                       cx + rc - bs, cy - rs - bc, right, bottom, *shape,
                       cx + lc - bs, cy - ls - bc, left, bottom, *shape))  # fmt: skip
        indices.extend((first, first + 1, first + 2, first, first + 2, first + 3))


def _covered(box: Box) -> tuple[tuple[float, float, float, float], ...]:
    """The parts of a box that are not empty, seen from its middle: of a large edge only its four sides.

    A pixel costs the same whether it comes out empty or not, and the insides of edges are a third of a screen.
    """
    x, y = box.half_width + _SOFT, box.half_height + _SOFT
    side = box.stroke + 0.3 * box.radius + _INSIDE  # an arc's middle lies (1 - 1/sqrt 2) radii inside of its corner
    if not box.stroke or min(x, y) < 2 * side:
        return ((-x, -y, x, y),)
    return (
        (-x, -y, x, side - y),
        (-x, y - side, x, y),
        (-x, side - y, side - x, y - side),
        (x - side, side - y, x, y - side),
    )


def _add_poly(points: array[float], indices: array[int], poly: Poly, height: float, colour: Rgb) -> None:
    """A fan of hard triangles, then a line of one pixel along the outline, which makes it soft."""
    first = len(points) // 11
    for x, y in poly.points:
        points.extend((x, height - y, 0, 0, 100, 100, 0, 0, *colour))
    for i in range(1, len(poly.points) - 1):
        indices.extend((first, first + i, first + i + 1))
    for (x0, y0), (x1, y1) in zip(poly.points, (*poly.points[1:], poly.points[0]), strict=True):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        if length:
            cos, sin = (x1 - x0) / length, (y1 - y0) / length
            line = Box((x0 + x1) / 2, (y0 + y1) / 2, length / 2, 0.3, cos, sin, 0, 0, colour, poly.group, poly.part)
            _add_box(points, indices, line, height, colour)


def _moved(shape: Shape, dx: float) -> Shape:
    if isinstance(shape, Box):
        return shape._replace(cx=shape.cx + dx)
    return shape._replace(points=tuple((x + dx, y) for x, y in shape.points))


class Layer:
    """A sheet as Kivy instructions, in display pixels, drawn `scale` times as large with its lower left corner at `at`.

    Only for the main thread, after the window is open. Add `group` to a canvas.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.group: Any = InstructionGroup()
        self._shapes: Any = RenderContext(
            use_parent_projection=True, use_parent_modelview=True, vs=_VERTEX, fs=_FRAGMENT
        )
        self._shapes["soft"] = 1.0
        self._content: Any = Canvas()
        self._shift: Any = Translate(0, 0)
        self._scale: Any = Scale(1, 1, 1)
        for instruction in (PushMatrix(), self._shift, self._scale, self._content, PopMatrix()):
            self.group.add(instruction)
        self._ferry: Any = None
        self._trail: Any = None
        self._ferry_dx = 0.0
        self._ferry_shapes: tuple[tuple[Shape, ...], Theme]
        self._kept_backdrop: tuple[tuple[Shape, ...], Meshes] = ((), [])
        self.ground = True
        """Whether the layer draws the paper under everything, or the window is cleared to its colour: half the cost."""

    def place(self, at: tuple[float, float], scale: float) -> None:
        """Show the display at another place or size of the window."""
        self._shift.xy = at
        self._scale.xyz = (scale, scale, 1)
        self._shapes["soft"] = 1.0 / scale

    def paint(self, sheet: Sheet, letters: Letters, pressed: int = -1, trail: Sequence[Shape] = ()) -> None:
        """Replace what is drawn. `pressed` is the index of the target that a finger holds down, or -1.

        `trail` is what a finger is writing: drawn over all shapes.
        """
        height = float(self.size[1])
        content = self._content
        content.clear()
        self._shapes.clear()
        if self.ground:
            content.add(Color(*sheet.theme.colour("paper"), 1))
            content.add(Rectangle(pos=(0, 0), size=self.size))
        if sheet.backdrop:
            self._add_meshes(self._backdrop(sheet))
        self._ferry = None
        if sheet.ferry:
            self._ferry_shapes = (sheet.ferry, sheet.theme)
            self._ferry = self._add_meshes(self._ferry_vertices())
        self._add_meshes(vertices(sheet.shapes, height, pressed, sheet.theme))
        self._trail = None
        self.write(trail, sheet.theme)
        content.add(self._shapes)
        self._add_texts(sheet, letters, pressed)

    def write(self, trail: Sequence[Shape], theme: Theme) -> None:
        """Draw anew only what a finger is writing."""
        if self._trail is not None:
            self._shapes.remove(self._trail)
        self._trail = self._add_meshes(vertices(trail, float(self.size[1]), -1, theme)) if trail else None

    def _add_texts(self, sheet: Sheet, letters: Letters, pressed: int) -> None:
        height, content = float(self.size[1]), self._content
        colour: Rgb | None = None
        for run in sheet.runs:
            held = run.group == pressed and pressed >= 0
            wanted = pressed_colour(run.colour, sheet.theme) if held else run.colour
            if wanted != colour:
                colour = wanted
                content.add(Color(*colour, 1))
            texture = letters.texture(run.text, run.size, run.bold)
            top = round(run.y + (run.height - texture.height) / 2) + (sheet.theme.lip if held else 0)
            place = (round(run.x), height - top - texture.height)
            content.add(Rectangle(texture=texture, pos=place, size=texture.size))

    def _backdrop(self, sheet: Sheet) -> Meshes:
        """The meshes of the picture behind the screen, made once as long as it is the same tuple."""
        kept, meshes = self._kept_backdrop
        if kept is not sheet.backdrop:
            meshes = vertices(sheet.backdrop, float(self.size[1]), -1, sheet.theme)
            self._kept_backdrop = (sheet.backdrop, meshes)
        return meshes

    def _add_meshes(self, meshes: Meshes) -> Any:
        """Add meshes to the shapes and return the last one."""
        mesh: Any = None
        for points, indices in meshes:
            mesh = Mesh(vertices=points, indices=indices, fmt=_FORMAT, mode="triangles")
            self._shapes.add(mesh)
        return mesh

    def _ferry_vertices(self) -> Meshes:
        shapes, theme = self._ferry_shapes
        moved = [_moved(shape, self._ferry_dx) for shape in shapes]
        return vertices(moved, float(self.size[1]), -1, theme)

    def move_ferry(self, dx: float, wrap_at: float, span: float) -> list[Rect]:
        """Draw the ferry `dx` to the right of its first place; beyond `wrap_at` it comes in at the left again.

        Returns what of the display changed: where it was and where it is.
        """
        if self._ferry is None:
            return []
        shapes = self._ferry_shapes[0]
        first = min(box.cx - box.half_width for box in shapes if isinstance(box, Box))
        before, self._ferry_dx = self._ferry_dx, dx if first + dx < wrap_at else dx - span
        ((points, _),) = self._ferry_vertices()
        self._ferry.vertices = points
        return [extent(shapes).moved(at, 0) for at in (before, self._ferry_dx)]


def read_window(window: Any) -> bytes:
    """Draw the window anew and read it: RGBA bytes, bottom row first."""
    window.dispatch("on_draw")
    width, height = window.size
    pixels = bytes(glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE))
    window.dispatch("on_flip")
    return pixels


def read_apart(size: tuple[int, int], sheet: Sheet, letters: Letters, pressed: int) -> bytes:
    """Draw a sheet into a buffer of the display's own size and read that: for windows that show it scaled."""
    get_context().gl_dealloc()  # the buffer of the last time: Kivy's loop would, but it need not turn here
    layer = Layer(size)
    layer.paint(sheet, letters, pressed)
    buffer = Fbo(size=size)
    buffer.add(layer.group)
    buffer.draw()
    return buffer.pixels


class Painting:
    """Draws models without showing them: for the gallery and for tests. Opens Kivy's window on its own."""

    def __init__(self, fonts: Path) -> None:
        from kivy.base import EventLoop  # pyright: ignore[reportMissingTypeStubs]

        EventLoop.ensure_window()
        self._fonts = fonts
        self._letters: dict[str, Letters] = {}

    def letters(self, language: str) -> Letters:
        """The letters of a language."""
        face = face_of(language)
        if face not in self._letters:
            self._letters[face] = Letters(self._fonts, face)
        return self._letters[face]

    def of(self, model: ScreenModel, size: tuple[int, int], pressed: int = -1) -> tuple[Sheet, bytes]:
        """The sheet of a model and its RGBA bytes, bottom row first."""
        letters = self.letters(model.language)
        sheet = lay_out(model, size, letters.measure)
        return sheet, read_apart(size, sheet, letters, pressed)
