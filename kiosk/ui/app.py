"""The touchscreen application: opens the window, draws what the bridge is shown, ends when told.

Kivy's own `App` is not used: it brings a settings panel on F1, `.kv` files and 40 ms, none of which a terminal wants.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.events import Event
from kiosk.ui.build_fonts import fonts_folder
from kiosk.ui.glass import keypad
from kiosk.ui.glass.configure import configure, no_display, trim

if TYPE_CHECKING:
    from kiosk.ui.bridge import Bridge

DESKTOP_MARGIN = 0.9
"""A window takes at most this share of the desktop."""
BEAT_S = 0.5
"""How often the main loop says that it lives."""
SETTLE_S = 0.5
"""After the first frame: before that, nothing that a citizen does not see."""
SMALL_WINDOW = (540, 960)
"""Window size where the desktop's is unknown."""


class TerminalApp:
    """One terminal screen. Make it on the main thread, hand `bridge` to others, then `run`."""

    def __init__(
        self,
        *,
        size: tuple[int, int] = (1080, 1920),
        fullscreen: bool = False,
        send: Callable[[Event], None],
        headless: bool | None = None,
        kivy_home: Path | None = None,
        touched: Callable[[], None] = lambda: None,
        keypad_keys: str = "",
        beat: Callable[[], None] | None = None,
    ) -> None:
        """Configure Kivy; nothing is opened before `run` or `open`.

        Args:
            size: the terminal's display in pixels; the window may be smaller, the picture is then scaled.
            send: called on the main thread with the event of each control that is pressed.
            headless: draw without a display; None: where there is none.
            kivy_home: a folder for Kivy's own files; a temporary one by default.
            touched: called on the main thread when a finger touches the glass anywhere.
            keypad_keys: the tactile keypad's keys, as in the setting of that name.
            beat: called on the main thread once the first screen is drawn, then with every turn of `BEAT_S`.

        Raises:
            KivyAlreadyImportedError: Kivy was imported before, so it cannot be configured.
            KeypadInvalid: `keypad_keys` cannot be used.
        """
        gc.disable()  # until the first screen is drawn: most of what is made now stays for ever
        offscreen = no_display() if headless is None else headless
        self._size = size
        self._fonts = fonts_folder()
        self._home = kivy_home or _temporary_home()
        window = size if offscreen or fullscreen else _window_size(size)
        configure(window, fullscreen=fullscreen and not offscreen, kivy_home=self._home, offscreen=offscreen)
        trim()
        from kiosk.ui.bridge import Bridge

        self.bridge: Bridge = Bridge(send)
        self._send = send
        self._touched = touched
        self._keys = keypad.parse(keypad_keys)
        self._closable = not fullscreen
        self._beat = beat

    def open(self) -> None:
        """Open the window and draw what was shown so far.

        Raises:
            FontsMissingError: the fonts were not built; its text says with which command.
        """
        from kivy.base import EventLoop, runTouchApp  # pyright: ignore[reportMissingTypeStubs]
        from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]

        from kiosk.ui.glass.view import View

        gc.freeze()  # while Kivy opens its window it collects: what was imported stays, and need not be looked through
        EventLoop.ensure_window()
        view = View(EventLoop.window, self._size, self._fonts, self._send)
        view.on_touched, view.keys, view.closable = self._touched, self._keys, self._closable
        runTouchApp(embedded=True)
        self.bridge.attach(view)
        # Kivy's clock has stood still meanwhile: what is due in half a second now would run before the first frame.
        Clock.schedule_once(self._first, 0)
        if self._beat is not None:
            Clock.schedule_interval(self._turn, BEAT_S)

    def _first(self, _dt: float) -> None:
        """The first frame is about to be drawn: with the next one, tell that it stands; then the rest."""
        from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]

        Clock.schedule_once(self._turn, 0)
        Clock.schedule_once(_settle, SETTLE_S)

    def _turn(self, _dt: float) -> None:
        if self._beat is not None:
            self._beat()

    def run(self) -> None:
        """Open the window and turn the main loop until `bridge.stop()` or the window is closed."""
        from kivy.base import EventLoop, stopTouchApp  # pyright: ignore[reportMissingTypeStubs]

        from kiosk.ui.glass.loop import Loop

        self.open()
        loop = Loop(EventLoop.window)
        self.bridge.wake = loop.wake
        try:
            loop.run()
        finally:
            stopTouchApp()
            self.bridge.detach()
            loop.close()


def _settle(_dt: float) -> None:
    """After the first screen: import what the other screens need, wake every language, collect garbage again."""
    from kiosk.services.search import spelt
    from kiosk.ui.screens import body
    from kiosk.words.languages import clock, language, languages, made

    del body
    spelt("办")
    for code in languages():
        made(language(code).name, code)
        clock("2000-01-01T00:00", code)
    gc.freeze()
    gc.enable()


def _temporary_home() -> Path:
    import tempfile

    return Path(tempfile.gettempdir()) / f"kiosk-kivy-{os.getuid()}"


def _window_size(size: tuple[int, int]) -> tuple[int, int]:
    """The largest window of the terminal's shape that the desktop has room for."""
    desktop = _desktop_size()
    if desktop is None:
        scale = min(SMALL_WINDOW[0] / min(size), SMALL_WINDOW[1] / max(size))
    else:
        scale = min(1.0, DESKTOP_MARGIN * desktop[0] / size[0], DESKTOP_MARGIN * desktop[1] / size[1])
    return int(size[0] * scale), int(size[1] * scale)


def _desktop_size() -> tuple[int, int] | None:
    """Pixels of the X display, None where there is no X."""
    import ctypes.util

    library = ctypes.util.find_library("X11")
    if not library or not os.environ.get("DISPLAY"):
        return None
    x11 = ctypes.CDLL(library)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    for function in (x11.XDisplayWidth, x11.XDisplayHeight):
        function.argtypes = [ctypes.c_void_p, ctypes.c_int]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    size = (x11.XDisplayWidth(display, 0), x11.XDisplayHeight(display, 0))
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return size
