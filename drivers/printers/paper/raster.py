"""Text and codes as dots: cells of 12 (or 24) by 24 dots in Noto Sans CJK, one bit a dot, 1 is ink.

Used for lines with a character the printer's own font lacks, and by the simulated printer as its font. Pillow and
qrcode are imported where something is drawn: the terminal's first screen does not wait for them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.errors import PrinterError
from drivers.printers.paper.layout import COLUMN_DOTS, LINE_DOTS, Run
from drivers.printers.paper.linebreak import char_columns

if TYPE_CHECKING:
    import qrcode
    from PIL import Image, ImageDraw, ImageFont

DEFAULT_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
"""Where Debian's fonts-noto-cjk puts it. The bold face is looked for beside it."""
_FACE = "Noto Sans Mono CJK SC"
_SIZE = 23
_BASELINE = 21
_INK_THRESHOLD = 110


class FontMissing(PrinterError):
    """The font for characters outside GBK is not installed."""

    code = "printer-font-missing"


class Glyphs:
    """The characters of one font file as cells of dots."""

    def __init__(self, font: Path = DEFAULT_FONT) -> None:
        """Open the font collection at `font`. Raises `FontMissing`."""
        self._regular = _face(font)
        bold = font.with_name(font.name.replace("Regular", "Bold"))
        self._bold = _face(bold) if bold != font and bold.exists() else None
        self.cell = lru_cache(maxsize=4096)(self._cell)

    def _cell(self, char: str, bold: bool = False) -> Image.Image:
        """One character as a cell; combining marks come with the character before them."""
        from PIL import Image, ImageDraw

        wide = sum(map(char_columns, char)) * COLUMN_DOTS or COLUMN_DOTS
        grey = Image.new("L", (wide, LINE_DOTS), 0)
        font = self._bold if bold and self._bold else self._regular
        draw = ImageDraw.Draw(grey)
        if char in _BOX:
            _draw_box(draw, _BOX[char])
        else:
            draw.text((wide / 2, _BASELINE), char, fill=255, font=font, anchor="ms")
            if bold and self._bold is None:
                draw.text((wide / 2 + 1, _BASELINE), char, fill=255, font=font, anchor="ms")
        return grey.point([0 if v < _INK_THRESHOLD else 255 for v in range(256)], "1")

    def line(self, runs: tuple[Run, ...], dots: int, *, reverse: bool = False) -> Image.Image:
        """One line of text, `dots` wide and as high as its highest run; what does not fit is cut off."""
        from PIL import Image

        height = max((r.height for r in runs), default=1) * LINE_DOTS
        image = Image.new("1", (dots, height), 0)
        x = 0
        for run in runs:
            for char in _graphemes(run.text):
                cell = self.cell(char, run.bold)
                if run.narrow and cell.width > COLUMN_DOTS:
                    cell = cell.resize((COLUMN_DOTS, LINE_DOTS), Image.Resampling.NEAREST)
                size = (cell.width * run.width, LINE_DOTS * run.height)
                big = cell.resize(size, Image.Resampling.NEAREST) if size != cell.size else cell
                image.paste(big, (x, height - size[1]))
                x += size[0]
        if reverse:
            image.paste(image.crop((0, 0, x, height)).point(lambda v: 255 - v), (0, 0))
        return image


def _graphemes(text: str) -> list[str]:
    parts: list[str] = []
    for char in text:
        if parts and char_columns(char) == 0:
            parts[-1] += char
        else:
            parts.append(char)
    return parts


# Double lines, as strokes (left, top, right, bottom) in a cell of 24 by 24 dots.
_BOX = {
    "═": ((0, 9, 23, 10), (0, 14, 23, 15)),
    "║": ((9, 0, 10, 23), (14, 0, 15, 23)),
    "╔": ((9, 9, 23, 10), (9, 9, 10, 23), (14, 14, 23, 15), (14, 14, 15, 23)),
    "╗": ((0, 9, 15, 10), (14, 9, 15, 23), (0, 14, 10, 15), (9, 14, 10, 23)),
    "╚": ((9, 0, 10, 15), (9, 14, 23, 15), (14, 0, 15, 10), (14, 9, 23, 10)),
    "╝": ((14, 0, 15, 15), (0, 14, 15, 15), (9, 0, 10, 10), (0, 9, 10, 10)),
}


def _draw_box(draw: ImageDraw.ImageDraw, strokes: tuple[tuple[int, int, int, int], ...]) -> None:
    for stroke in strokes:
        draw.rectangle(stroke, fill=255)


@lru_cache(maxsize=4)
def _face(path: Path) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    for index in range(16):
        try:
            font = ImageFont.truetype(path, _SIZE, index=index)
        except OSError as e:
            if index == 0:
                raise FontMissing(f"cannot open the font {path}; install the package fonts-noto-cjk") from e
            break
        if font.getname()[0] == _FACE:
            return font
    raise FontMissing(f"{path} has no face {_FACE}; install the package fonts-noto-cjk")


def qr_modules(data: str) -> list[list[bool]]:
    """The modules of a QR code of level M without a quiet zone."""
    code = _qr_code(data)
    code.make(fit=True)
    return [[bool(m) for m in row] for row in code.get_matrix()]


def _qr_code(data: str) -> qrcode.QRCode[Any]:
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(data.encode("utf-8"))
    return code


def qr_side(data: str) -> int:
    """Modules along a side of a QR code of level M, without a quiet zone (ISO/IEC 18004, 7.3.1: 17 + 4 x version)."""
    return 17 + 4 * _qr_code(data).best_fit()


def qr_image(data: str, dot: int) -> Image.Image:
    """A QR code with modules of `dot` dots, without a quiet zone."""
    from PIL import Image

    modules = qr_modules(data)
    image = Image.new("1", (len(modules), len(modules)), 0)
    image.putdata([255 if m else 0 for row in modules for m in row])
    return image.resize((len(modules) * dot,) * 2, Image.Resampling.NEAREST)


def qr_dot(data: str, dots: int, largest: int) -> int:
    """The largest module, in dots, at which the code and its quiet zone of 4 modules fit on paper of `dots`."""
    return max(1, min(largest, dots // (qr_side(data) + 8)))
