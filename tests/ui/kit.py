"""A hand on the touchscreen: real touches through Kivy's input, on the test's own thread."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from kiosk.events import Event
from kiosk.screen_model import ScreenModel
from kiosk.ui.drawing import Target
from kiosk.ui.theme import PORTRAIT


class Hand:
    """A terminal's screen with what it sent; the window is as large as the display unless said otherwise."""

    def __init__(self, window: Any, fonts: Path, size: tuple[int, int] = PORTRAIT) -> None:
        from kiosk.ui.bridge import Bridge
        from kiosk.ui.glass.view import View

        self.window = window
        self.sent: list[Event] = []
        self.now = 100.0
        self.bridge = Bridge(self.sent.append)
        if tuple(window.size) != size:
            self.resize(size)
        self.view = View(window, size, fonts, self.sent.append)
        self.view.now = lambda: self.now
        self.bridge.rest = self._rest
        self.bridge.attach(self.view)

    def _rest(self, seconds: float) -> None:
        self.now += seconds

    def resize(self, size: tuple[int, int]) -> None:
        self.window.size = size
        self.turn(2)

    def turn(self, times: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(times):
            EventLoop.idle()

    def show(self, model: ScreenModel) -> None:
        self.bridge.wait_drawn(self.bridge.show(model))

    def target(self, id_: str) -> Target:
        assert self.view.sheet is not None
        return next(target for target in self.view.sheet.targets if target.control.id == id_)

    def tap(self, id_: str) -> None:
        self.bridge.touch_id(id_)

    def down(self, id_: str) -> None:
        self.window.dispatch("on_mouse_down", *self._middle(id_), "left", [])
        self.turn()

    def up(self, id_: str) -> None:
        self.up_at(*self.target(id_).rect.centre)

    def up_at(self, x: float, y: float) -> None:
        """The finger moves there and lets go."""
        self.slide(x, y)
        self.window.dispatch("on_mouse_up", *self.view.to_window(x, y), "left", [])
        self.turn()

    def slide(self, x: float, y: float) -> None:
        self.window.dispatch("on_mouse_move", *self.view.to_window(x, y), [])
        self.turn()

    def _middle(self, id_: str) -> tuple[float, float]:
        return self.view.to_window(*self.target(id_).rect.centre)

    def colour(self, x: float, y: float) -> str:
        """The colour on the screen at a display pixel, as `#RRGGBB`."""
        pixels, (width, height) = self.view.pixels(), self.view.size
        at = 4 * ((height - 1 - int(y)) * width + int(x))
        return f"#{pixels[at]:02X}{pixels[at + 1]:02X}{pixels[at + 2]:02X}"

    def close(self) -> None:
        self.window.dispatch("on_mouse_up", 0, 0, "left", [])
        self.turn()
        self.bridge.detach()
        if tuple(self.window.size) != PORTRAIT:
            self.resize(PORTRAIT)


def png_pixels(png: bytes) -> tuple[tuple[int, int], bytes]:
    """Size and RGBA bytes, top row first, of a PNG with unfiltered rows, read chunk by chunk as the standard says."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, size, data = 8, (0, 0), b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert zlib.crc32(kind + body) == crc
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            assert body[8:] == bytes((8, 6, 0, 0, 0))
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    rows, row = zlib.decompress(data), 1 + 4 * size[0]
    assert all(rows[i] == 0 for i in range(0, len(rows), row))
    return size, b"".join(rows[i + 1 : i + row] for i in range(0, len(rows), row))
