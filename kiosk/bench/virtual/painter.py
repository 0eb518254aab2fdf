"""Pictures of a virtual terminal's screens, drawn by the application's own renderer; only where somebody wants them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kiosk.bench.ports import BenchError
from kiosk.screen_model import ScreenModel

if TYPE_CHECKING:
    from PIL.Image import Image

    from kiosk.ui.glass.painter import Painting

Size = tuple[int, int]
Draw = Callable[[ScreenModel, Size], bytes]
"""A screen of that many pixels as PNG."""
SHRUNK, COLOURS = 2, 256
"""A report has some hundred screens: half as wide and high, in so many colours, each is some 30 KB."""


class Painter:
    """Draws without a window, on the thread that made it. Nothing of Kivy is imported before the first screen."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._painting: Painting | None = None
        self._last: tuple[ScreenModel, Size] | None = None
        self._picture = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def __call__(self, model: ScreenModel, size: Size) -> bytes:
        """Return the screen as PNG, smaller. Raises `BenchError` (`fonts-missing`)."""
        from PIL import Image

        if self._last == (model, size):
            return self._picture
        out = io.BytesIO()
        small = self.image(model, size).resize((size[0] // SHRUNK, size[1] // SHRUNK))
        small.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG")
        self._last, self._picture = (model, size), out.getvalue()
        return self._picture

    def image(self, model: ScreenModel, size: Size) -> Image:
        """Return the screen in all its colours, RGB. Raises `BenchError` (`fonts-missing`)."""
        from PIL import Image

        if self._painting is None:
            self._painting = self._opened()
        _, pixels = self._painting.of(model, size)
        return Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, -1).convert("RGB")

    def _opened(self) -> Painting:
        from kiosk.ui.build_fonts import fonts_folder
        from kiosk.ui.glass.configure import configure

        home = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-painter."))
        configure((64, 64), fullscreen=False, kivy_home=Path(home), offscreen=True)
        from kiosk.ui.glass.painter import Painting
        from kiosk.ui.letters import FontsMissingError

        try:
            return Painting(fonts_folder())
        except FontsMissingError as error:
            raise BenchError("fonts-missing", str(error), "Run make setup.", 500) from error
