"""The paper of the simulated printer: strips of text and dots, and the pieces that the cutter makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import barcode
from PIL import Image

from drivers.printers.paper.layout import COLUMN_DOTS, LINE_DOTS, Run
from drivers.printers.paper.raster import Glyphs, qr_image, qr_side

DOTS_PER_MM = 8
_HRI_DOTS = 30
_IMAGE = "[IMAGE]"


@dataclass(frozen=True)
class TextStrip:
    """One printed line. `left` is where it begins, in dots."""

    runs: tuple[tuple[Run, bool], ...]
    """Runs, each with whether it is white on black."""
    left: int
    height: int
    pitch: int

    @property
    def text(self) -> str:
        return " " * (self.left // COLUMN_DOTS) + "".join(r.text for r, _ in self.runs)

    def draw(self, dots: int, font: Path) -> Image.Image:
        image = Image.new("1", (dots, self.pitch), 0)
        x = self.left
        for run, reverse in self.runs:
            width = run.columns * COLUMN_DOTS
            # All characters of a line stand on one base line.
            box = (x, (self.height - run.height) * LINE_DOTS)
            image.paste(_glyphs(font).line((run,), width, reverse=reverse), box)
            x += width
        return image


@dataclass(frozen=True)
class DotStrip:
    """A picture as printed, 1 is ink. `text` is what the tester reads for it."""

    image: Image.Image
    left: int
    text: str = ""

    @property
    def pitch(self) -> int:
        return self.image.height

    def draw(self, dots: int, _font: Path) -> Image.Image:
        image = Image.new("1", (dots, self.pitch), 0)
        image.paste(self.image, (self.left, 0))
        return image


@dataclass(frozen=True)
class QrStrip:
    """A QR code as the printer's own encoder draws it: drawn when somebody looks at the paper."""

    data: str = field(repr=False)
    dot: int
    left: int
    pitch: int

    @property
    def text(self) -> str:
        return f"[QR {self.data}]"

    def draw(self, dots: int, _font: Path) -> Image.Image:
        image = Image.new("1", (dots, self.pitch), 0)
        image.paste(qr_image(self.data, self.dot), (self.left, 0))
        return image


@dataclass(frozen=True)
class BlankStrip:
    pitch: int
    text: str = ""

    def draw(self, dots: int, _font: Path) -> Image.Image:
        return Image.new("1", (dots, self.pitch), 0)


Strip = TextStrip | DotStrip | QrStrip | BlankStrip


@dataclass(frozen=True)
class SimReceipt:
    """One piece of paper that came out of the printer."""

    number: int
    """The number of the cut, from 1; a piece that still hangs in the printer has the next one."""
    strips: tuple[Strip, ...] = field(repr=False)
    cut: bool
    """False while it hangs in the printer."""
    complete: bool
    """Cut, and nothing that was sent for it was lost on the way."""
    dots: int
    font: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of text, top to bottom. A QR code reads `[QR …]`, a barcode `[BARCODE …]`, a picture `[IMAGE]`.

        Pictures that touch are one.
        """
        before = ("", *(s.text for s in self.strips))
        pairs = zip(before, self.strips, strict=False)
        return tuple(s.text.rstrip() for b, s in pairs if s.text.strip() and not b == s.text == _IMAGE)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def length_mm(self) -> float:
        return sum(s.pitch for s in self.strips) / DOTS_PER_MM

    def image(self) -> Image.Image:
        """The piece as a picture of one bit a dot, black on white, as wide as the print. Raises `FontMissing`."""
        height = max(1, sum(s.pitch for s in self.strips))
        paper = Image.new("1", (self.dots, height), 255)
        y = 0
        for strip in self.strips:
            ink = strip.draw(self.dots, self.font)
            paper.paste(0, (0, y), ink)
            y += strip.pitch
        return paper


@cache
def _glyphs(font: Path) -> Glyphs:
    return Glyphs(font)


def qr_strip(data: str, dot: int, left: int, dots: int, align: int) -> QrStrip:
    """A QR code as the printer's own encoder draws it."""
    side = qr_side(data) * dot
    return QrStrip(data, dot, _aligned(side, left, dots, align), side)


def barcode_strip(data: str, bar: int, height: int, dots: int, align: int, font: Path) -> DotStrip:
    """A Code 128 symbol with its text below."""
    modules = "".join(barcode.get("code128", data).build())
    image = Image.new("1", (len(modules) * bar, height + _HRI_DOTS), 0)
    for x, module in enumerate(modules):
        if module == "1":
            image.paste(255, (x * bar, 0, (x + 1) * bar, height))
    run = Run(data)
    text = _glyphs(font).line((run,), run.columns * COLUMN_DOTS)
    image.paste(text, (max(0, (image.width - text.width) // 2), height + 4))
    return DotStrip(image, _aligned(image.width, 0, dots, align), f"[BARCODE {data}]")


def picture_strip(
    data: bytes, width_bytes: int, height: int, scale: tuple[int, int], dots: int, align: int
) -> DotStrip:
    """The picture of GS v 0; what lies outside the paper is lost."""
    image = Image.frombytes("1", (width_bytes * 8, height), data)
    image = image.resize((image.width * scale[0], height * scale[1]), Image.Resampling.NEAREST)
    image = image.crop((0, 0, min(image.width, dots), image.height))
    rule = image.height <= 8
    return DotStrip(image, _aligned(image.width, 0, dots, align), "=" * (dots // COLUMN_DOTS) if rule else _IMAGE)


def _aligned(width: int, left: int, dots: int, align: int) -> int:
    return left + max(0, (dots - width) * align // 2)
