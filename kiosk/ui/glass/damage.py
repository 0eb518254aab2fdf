"""Draws only what changed: the rest of the window still shows the frame before. Main thread only.

In software a whole frame of the display costs 20 to 30 ms of a core, and one button of it 1 ms. What a frame leaves out
must still stand in the buffer that it is drawn into, so the buffer is asked how old its picture is: EGL_EXT_buffer_age,
https://registry.khronos.org/EGL/extensions/EXT/EGL_EXT_buffer_age.txt. Where nobody can say, whole frames are drawn.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from kivy.graphics.opengl import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    GL_COLOR_BUFFER_BIT,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    GL_SCISSOR_TEST,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glClear,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glClearColor,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glDisable,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glEnable,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    glScissor,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from kiosk.ui.theme import Rect

MOST_BUFFERS = 3
"""No display swaps more buffers than these."""
UNKNOWN = 0
EGL_DRAW, EGL_LARGEST_PBUFFER, EGL_BUFFER_AGE = 0x3059, 0x3058, 0x313D


class EglBuffer:
    """Asks EGL for the age of the buffer that the next frame is drawn into."""

    def __init__(self) -> None:
        try:  # where SDL draws by EGL it has loaded the library; where not, nobody can say
            self._egl = ctypes.CDLL("libEGL.so.1", os.RTLD_NOLOAD | os.RTLD_NOW)
        except OSError:
            self._egl = None
            return
        for function in (self._egl.eglGetCurrentDisplay, self._egl.eglGetCurrentSurface):
            function.restype = ctypes.c_void_p
        self._egl.eglGetCurrentSurface.argtypes = [ctypes.c_int]
        self._egl.eglQuerySurface.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]

    def age(self) -> int:
        """How many frames ago its picture was the newest; `UNKNOWN` (0) where EGL does not draw or cannot say.

        A buffer without a window (pbuffer) is drawn into again and again: "eglSwapBuffers has no effect" on it
        (EGL 1.5, 3.10.1), and only a pbuffer answers EGL_LARGEST_PBUFFER (3.5.6).
        """
        if self._egl is None:
            return UNKNOWN
        display, surface = self._egl.eglGetCurrentDisplay(), self._egl.eglGetCurrentSurface(EGL_DRAW)
        if not display or not surface:
            return UNKNOWN
        found = ctypes.c_int(-1)
        asked = ctypes.byref(found)
        if self._egl.eglQuerySurface(display, surface, EGL_LARGEST_PBUFFER, asked) and found.value >= 0:
            return 1
        return found.value if self._egl.eglQuerySurface(display, surface, EGL_BUFFER_AGE, asked) else UNKNOWN


class Damage:
    """The part of a window that the next frame draws. Who changes what is drawn says where, or the frame is whole."""

    def __init__(self, window: Any, age: Callable[[], int] | None = None) -> None:
        """`age` tells how many frames ago the buffer's picture was the newest, 0: unknown; EGL is asked by default."""
        self._window = window
        self._age = age or EglBuffer().age
        self._next: list[Rect] | None = []
        """What changed since the last frame; None: everything. Empty: nobody said, so everything too."""
        self._frame: list[Rect] | None = []
        """What was drawn and is not shown yet."""
        self._shown: deque[list[Rect] | None] = deque(maxlen=MOST_BUFFERS)
        self.drawn: Rect | None = None
        """The part that the last frame drew, in window pixels, origin bottom left; None: it drew everything."""
        window.bind(on_draw=self._draw, on_flip=self._flip)

    def close(self) -> None:
        """Let the window draw whole frames again."""
        self._window.unbind(on_draw=self._draw, on_flip=self._flip)

    def whole(self) -> None:
        """Everything changed."""
        self._next = None

    def add(self, part: Rect) -> None:
        """A part of the window changed: window pixels, origin bottom left."""
        if self._next is not None:
            self._next.append(part)

    def _draw(self, *_args: object) -> bool:
        """Instead of Kivy's own drawing: clear and draw what changed."""
        changed, self._next = self._next or None, []
        self._frame = None if changed is None or self._frame is None else self._frame + changed
        self.drawn = self._to_draw()
        if self.drawn is not None:
            glEnable(GL_SCISSOR_TEST)
            glScissor(int(self.drawn.x), int(self.drawn.y), int(self.drawn.width), int(self.drawn.height))
        glClearColor(*self._window.clearcolor)
        glClear(GL_COLOR_BUFFER_BIT)  # Kivy clears depth and stencil too: 8 MB to write, and nothing uses them
        self._window.render_context.draw()
        glDisable(GL_SCISSOR_TEST)
        return True

    def _to_draw(self) -> Rect | None:
        """What this buffer does not show yet: the changes of this frame and of those since its picture was new."""
        if self._frame is None:
            return None
        age = self._age()
        since = list(self._shown)[: age - 1]
        if age == UNKNOWN or len(since) < age - 1:
            return None
        parts = list(self._frame)
        for one in since:
            if one is None:
                return None
            parts += one
        return around(parts)

    def _flip(self, *_args: object) -> None:
        self._shown.appendleft(self._frame)
        self._frame = []


def around(parts: list[Rect]) -> Rect:
    """The smallest rectangle of whole pixels that holds all parts, one pixel more at each side for soft edges."""
    left, top = math.floor(min(one.x for one in parts)) - 1, math.floor(min(one.y for one in parts)) - 1
    right, bottom = math.ceil(max(one.right for one in parts)) + 1, math.ceil(max(one.bottom for one in parts)) + 1
    left, top = max(0, left), max(0, top)
    return Rect(left, top, max(0, right - left), max(0, bottom - top))
