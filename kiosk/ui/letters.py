"""Text as Kivy draws it: how wide a text is, and its texture. The only user of Kivy's text provider."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from kivy.core.text import Label as CoreLabel  # pyright: ignore[reportMissingTypeStubs]

from kiosk.ui.build_fonts import font_file, is_common
from kiosk.ui.linebreak import SQUEEZE_EM, squeezed

TEXTURES_KEPT = 400
"""Lines of text kept as textures; a full screen has about 60."""


class FontsMissingError(Exception):
    """The fonts were not built; `next_step` is the command that builds them."""

    code = "fonts-missing"

    def __init__(self, path: Path) -> None:
        self.next_step = f"python -m kiosk.ui.build_fonts {path.parent}"
        super().__init__(f"the font {path.name} is not in {path.parent}; build it with: {self.next_step}")


def face_of(language: str) -> str:
    """The face that writes a language's characters in the shapes its readers know."""
    return "HK" if language.endswith("Hant") else "SC"


class Letters:
    """Measures and renders lines in one face ("SC" or "HK"). Only for the main thread."""

    def __init__(self, folder: Path, face: str) -> None:
        """Open nothing yet, only look whether the files are there.

        Raises:
            FontsMissingError: a file of the face is missing.
        """
        self._face = face
        self._paths = {
            (bold, common): font_file(folder, face, "Bold" if bold else "Regular", common=common)
            for bold in (False, True)
            for common in (False, True)
        }
        for path in self._paths.values():
            if not path.exists():
                raise FontsMissingError(path)
        self._rulers: dict[tuple[int, bool, bool], Any] = {}
        self._widths: dict[tuple[str, int, bool], float] = {}
        self._textures: OrderedDict[tuple[str, int, bool], Any] = OrderedDict()

    def _label(self, text: str, size: int, bold: bool) -> Any:
        path = self._paths[bold, is_common(text, self._face)]
        return CoreLabel(text=text, font_name=str(path), font_size=size, font_hinting=None)

    def measure(self, text: str, size: int, bold: bool) -> float:
        """Width of one line in pixels."""
        if not text:
            return 0.0
        key = (text, size, bold)
        width = self._widths.get(key)
        if width is None:
            ruler = self._ruler(size, bold, is_common(text, self._face))
            pieces = squeezed(text)
            width = sum(float(ruler.get_extents(piece)[0]) for piece in pieces) - SQUEEZE_EM * size * (len(pieces) - 1)
            self._widths[key] = width
        return width

    def _ruler(self, size: int, bold: bool, common: bool) -> Any:
        """A label that is only asked for widths, one for each font."""
        ruler = self._rulers.get((size, bold, common))
        if ruler is None:
            path = str(self._paths[bold, common])
            ruler = self._rulers[size, bold, common] = CoreLabel(font_name=path, font_size=size, font_hinting=None)
        return ruler

    def texture(self, text: str, size: int, bold: bool) -> Any:
        """One line in white on nothing, as a Kivy texture."""
        key = (text, size, bold)
        texture = self._textures.get(key)
        if texture is None:
            # one label for each texture: Kivy fills the texture later, from the label's text at that time
            label = self._label(text, size, bold)
            label.refresh()
            texture = label.texture
            self._textures[key] = texture
            if len(self._textures) > TEXTURES_KEPT:
                self._textures.popitem(last=False)
        else:
            self._textures.move_to_end(key)
        return texture

    def kept(self) -> set[str]:
        """Every text of which a width or a texture is kept."""
        return {key[0] for key in (*self._widths, *self._textures)}

    def forget(self) -> None:
        """Drop every text and texture: they may hold a citizen's data. Called when the session changes."""
        self._widths.clear()
        self._textures.clear()
