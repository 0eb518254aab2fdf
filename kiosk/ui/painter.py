"""Puts a `Sheet` on the display. All shapes of a screen are one mesh whose fragments know their distance to the edge.

Kivy's own lines and rectangles have hard stair-steps without multisampling, and multisampling costs 3.5 times the
frame and 71 MB. So every box, line, disc and arc is a quad that carries its size, radius and stroke, and a small
shader draws it with soft edges. A screen is drawn once into a buffer of the terminal's own size; the window shows that
buffer, scaled where the desktop is smaller.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

from kivy.graphics import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    ClearBuffers,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    ClearColor,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Color,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Fbo,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Mesh,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    Rectangle,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    RenderContext,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from kiosk.ui.drawing import Box, Part, Poly, Shape, Sheet
from kiosk.ui.letters import Letters
from kiosk.ui.theme import Rgb, Theme

QUADS_IN_A_MESH = 10_000
"""OpenGL ES 2 numbers vertices with 16 bits; Kivy allows 65,535 indices in a mesh, six a quad."""
_SOFT = 1.0
"""How far a quad reaches beyond its shape, so that the soft edge is inside."""
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
varying vec2 local;
varying vec4 box;
varying vec3 tint;
void main(void) {
    vec2 q = abs(local) - box.xy + box.z;
    float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - box.z;
    float alpha = clamp(0.5 - d, 0.0, 1.0);
    if (box.w > 0.0) alpha *= clamp(0.5 + d + box.w, 0.0, 1.0);
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
            colour = _pressed_colour(shape, theme)
        if isinstance(shape, Box):
            _add_box(points, indices, shape, height - drop, colour)
        else:
            _add_poly(points, indices, shape, height - drop, colour)
    meshes.append((points, indices))
    return meshes


def _pressed_colour(shape: Shape, theme: Theme) -> Rgb:
    if shape.part is not Part.FACE:
        return shape.colour
    if shape.colour == theme.colour("primary"):
        return theme.colour("primaryLip")
    return theme.colour("tint")


def _add_box(points: array[float], indices: array[int], box: Box, height: float, colour: Rgb) -> None:
    first = len(points) // 11
    reach_x, reach_y = box.half_width + _SOFT, box.half_height + _SOFT
    shape = (box.half_width, box.half_height, box.radius, box.stroke, *colour)
    for u, v in ((-reach_x, -reach_y), (reach_x, -reach_y), (reach_x, reach_y), (-reach_x, reach_y)):
        x = box.cx + u * box.cos - v * box.sin
        y = height - (box.cy + u * box.sin + v * box.cos)
        points.extend((x, y, u, v, *shape))
    indices.extend((first, first + 1, first + 2, first, first + 2, first + 3))


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


class Painter:
    """Draws sheets into a buffer of `size`. Only for the main thread, after the window is open."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.buffer: Any = Fbo(size=size)
        self._shapes: Any = RenderContext(
            use_parent_projection=True, use_parent_modelview=True, vs=_VERTEX, fs=_FRAGMENT
        )
        self._kept_backdrop: tuple[tuple[Shape, ...], Meshes] = ((), [])

    @property
    def texture(self) -> Any:
        """The texture that always shows what was drawn last."""
        return self.buffer.texture

    def paint(self, sheet: Sheet, letters: Letters, pressed: int = -1) -> None:
        """Draw the whole sheet anew. `pressed` is the index of the target that a finger holds down, or -1."""
        height = float(self.size[1])
        buffer = self.buffer
        buffer.clear()
        with buffer:
            ClearColor(*sheet.theme.colour("paper"), 1)
            ClearBuffers()
        self._shapes.clear()
        if sheet.backdrop:
            self._add_meshes(self._backdrop(sheet))
        if sheet.ferry:
            self._add_meshes(vertices(sheet.ferry, height, -1, sheet.theme))
        self._add_meshes(vertices(sheet.shapes, height, pressed, sheet.theme))
        buffer.add(self._shapes)
        with buffer:
            colour: Rgb | None = None
            for run in sheet.runs:
                texture = letters.texture(run.text, run.size, run.bold)
                if run.colour != colour:
                    colour = run.colour
                    Color(*colour, 1)
                drop = sheet.theme.lip if run.group == pressed and pressed >= 0 else 0
                top = round(run.y + (run.height - texture.height) / 2) + drop
                Rectangle(texture=texture, pos=(round(run.x), height - top - texture.height), size=texture.size)
        buffer.draw()

    def _backdrop(self, sheet: Sheet) -> Meshes:
        """The meshes of the picture behind the screen, made once as long as it is the same tuple."""
        kept, meshes = self._kept_backdrop
        if kept is not sheet.backdrop:
            meshes = vertices(sheet.backdrop, float(self.size[1]), -1, sheet.theme)
            self._kept_backdrop = (sheet.backdrop, meshes)
        return meshes

    def _add_meshes(self, meshes: Meshes) -> None:
        with self._shapes:
            for points, indices in meshes:
                Mesh(vertices=points, indices=indices, fmt=_FORMAT, mode="triangles")

    def pixels(self) -> bytes:
        """RGBA bytes of the buffer, top row first."""
        return self.buffer.pixels
