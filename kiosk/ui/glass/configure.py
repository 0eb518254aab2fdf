"""Everything that must be said before Kivy is imported for the first time. Imports no Kivy at module level."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

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

    Call once, after `configure` and before any other import of Kivy. Left out are:

    - asyncio, which Kivy's clock takes in case an application runs under it;
    - the search for the C library, for which Python starts a program: this process has it, `CDLL(None)`;
    - the rules of Kivy's widgets (`style.kv`; a screen here has none), and the behaviours that its window does not ask
      for;
    - the search for a picture's kind in its bytes: the names of Kivy's own pictures tell it;
    - the ways to a pointer other than SDL's and Kivy's mouse;
    - the two ways to OpenGL that Kivy tries before SDL's.

    Together they were more than a fifth of the time to the first frame.
    """
    import kivy

    os.environ["KIVY_GL_BACKEND"] = "sdl2"
    with _standing_in("asyncio", wait_for=None), _standing_in("ctypes.util", find_library=_find_nothing):
        import kivy.clock  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
    whole, kivy.kivy_data_dir = kivy.kivy_data_dir, str(NO_RULES)
    try:
        import kivy.lang.builder  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
    finally:
        kivy.kivy_data_dir = whole
    with _standing_in("filetype", guess_extension=_find_nothing):
        import kivy.core.image  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
    _take_only("kivy.input.providers", "mouse")
    _take_only("kivy.uix.behaviors", "focus")


def _find_nothing(_asked: object) -> None:
    """Answer for what looks for a library or for a kind of file."""


@contextmanager
def _standing_in(name: str, **known: object) -> Generator[None]:
    """Have a module that is not imported yet stand for `known` alone, as long as Kivy takes that from it."""
    if name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    vars(stand_in).update(known)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


def _take_only(package: str, module: str) -> None:
    """Import one module of a package of Kivy; the package offers what that offers, and imports nothing else."""
    import kivy

    whole = ModuleType(package)
    whole.__path__ = [str(Path(kivy.__file__).parent.joinpath(*package.split(".")[1:]))]
    sys.modules[package] = whole
    part = import_module(f"{package}.{module}")
    vars(whole).update({name: getattr(part, name) for name in part.__all__})


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
