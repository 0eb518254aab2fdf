"""Everything that must be said before Kivy is imported for the first time. Imports no Kivy at module level."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

NO_RULES = Path(__file__).parent
"""Kivy's folder for data while its language is imported: the `style.kv` here has no rules."""


class KivyAlreadyImportedError(Exception):
    """`configure` was called after Kivy had read its settings; they would have no effect."""

    code = "kivy-already-imported"


class _KnownNoise(logging.Filter):
    """Drops Kivy's report that libmtdev is missing: fingers come as a pointer here, that library is not wanted."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "MTDev is not supported" not in record.getMessage()


def no_display() -> bool:
    """Whether there is no display to open a window on."""
    if os.environ.get("SDL_VIDEODRIVER") == "kmsdrm":  # the kernel's own display, without X
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and sys.platform.startswith("linux")


def configure(size: tuple[int, int], *, fullscreen: bool, kivy_home: Path, offscreen: bool) -> None:
    """Set Kivy's environment and configuration. Call once, before any import of Kivy.

    Args:
        size: window size in pixels.
        kivy_home: a folder Kivy may write to; nothing of a citizen goes there.
        offscreen: draw without a display (SDL's offscreen driver; true pixels through software GL or EGL).

    Raises:
        KivyAlreadyImportedError: Kivy is imported already.
    """
    if "kivy" in sys.modules:
        raise KivyAlreadyImportedError("configure() must run before Kivy is imported")
    kivy_home.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        KIVY_NO_ARGS="1",
        KIVY_NO_CONFIG="1",
        KIVY_NO_FILELOG="1",
        KIVY_LOG_MODE="PYTHON",
        KIVY_HOME=str(kivy_home),
        KIVY_WINDOW="sdl2",
        KIVY_TEXT="sdl2",
        KIVY_IMAGE="sdl2",
        KIVY_CLIPBOARD="dummy",
        KIVY_DPI="96",
        KIVY_METRICS_DENSITY="1",
        KCFG_GRAPHICS_MULTISAMPLES="0",
    )
    if offscreen:
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    logging.getLogger("kivy").addFilter(_KnownNoise())
    _write_config(size, fullscreen=fullscreen)


def trim() -> None:
    """Import the first parts of Kivy without what this terminal never uses and every start would pay for.

    Call once, after `configure` and before any other import of Kivy. Left out are the rules of Kivy's widgets
    (`style.kv`; a screen here has none), asyncio (its clock asks for it, in case an application runs under it) and the
    two ways to OpenGL that Kivy tries before SDL's. Together they were a fifth of the time to the first frame.
    """
    import kivy

    os.environ["KIVY_GL_BACKEND"] = "sdl2"
    whole, loaded = kivy.kivy_data_dir, sys.modules.get("asyncio")
    kivy.kivy_data_dir = str(NO_RULES)
    if loaded is None:
        stand_in: Any = ModuleType("asyncio")
        stand_in.wait_for = None
        sys.modules["asyncio"] = stand_in
    try:
        import kivy.lang.builder  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
    finally:
        kivy.kivy_data_dir = whole
        if loaded is None:
            del sys.modules["asyncio"]


def _write_config(size: tuple[int, int], *, fullscreen: bool) -> None:
    from kivy.config import Config

    graphics = {
        "width": size[0],
        "height": size[1],
        "fullscreen": "auto" if fullscreen else 0,
        "borderless": 1,
        "resizable": 0,
        "multisamples": 0,
        "show_cursor": 0 if fullscreen else 1,
        "maxfps": 40,
        "vsync": 1,
    }
    for key, value in graphics.items():
        Config.set("graphics", key, str(value))
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "log_level", "warning")
    Config.set("kivy", "keyboard_mode", "system")
    for name, _ in list(Config.items("input")):
        Config.remove_option("input", name)
    Config.set("input", "mouse", "mouse,disable_multitouch")
