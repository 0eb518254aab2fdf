"""Lines -> ESC/POS bytes. Pure: bytes out, no port.

python-escpos is used as the encoder of codes only. Text is written here, because its `text()` prints full-width
punctuation and rare characters as question marks; pictures and barcodes too, because its functions write to stdout and
stderr.
Source of the commands: Epson "ESC/POS Command Reference", by the names used in the comments.
"""

from __future__ import annotations

import importlib.metadata
import logging
import shutil
import struct
import tempfile
import threading
from dataclasses import dataclass, field
from functools import cache
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from drivers.api import Receipt
from drivers.errors import PrinterError
from drivers.printers.models import Model
from drivers.printers.paper.layout import (
    BARCODE_BAR_DOTS,
    LINE_DOTS,
    BarcodeLine,
    CutLine,
    DoubleRule,
    FeedLine,
    GapLine,
    Line,
    QRLine,
    Run,
    TextLine,
    lay_out,
)
from drivers.printers.paper.linebreak import gbk
from drivers.printers.paper.raster import DEFAULT_FONT, Glyphs, qr_dot, qr_image

if TYPE_CHECKING:
    from PIL import Image

ESC, FS, GS, DLE = b"\x1b", b"\x1c", b"\x1d", b"\x10"

LINE_PITCH_DOTS = 30
FEED_BEFORE_CUT_DOTS = 24
BARCODE_HEIGHT_DOTS = 80
BAND_BYTES = 960
"""A second at 9600 baud: no printer has started up again sooner."""
_DOUBLED_FROM_DOTS = 4

STATUS_BACK_ON = GS + b"a\x0e"
"""GS a: report online/offline, errors and paper unasked."""
CLEAR_BUFFER = DLE + b"\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 fn 8: drop what was received and not yet printed."""
QUEUED_STATUS = GS + b"r\x01"
"""GS r 1: answered in its turn, after what was sent before it."""
RECOVER = DLE + b"\x05\x02"
"""DLE ENQ 2: recover from an error after its cause was removed, and forget what was received."""
FULL_STATUS = DLE + b"\x04\x14"
"""Custom VKP80, KPM: answered 10 0F and four bytes; bit 20h of the first is a ticket in the mouth."""
PRESENT = GS + b"e\x03\x0c"
"""Custom VKP80, KPM, GS e 3: show the ticket, by 12 steps of 7.3 mm."""
RETRACT = GS + b"e\x02"
"""Custom VKP80, KPM, GS e 2: take the ticket back into the bin inside."""
CUT = GS + b"VB\x00"
"""GS V fn B: feed to the cutter and cut."""


class WrongEscposPackage(PrinterError):
    """The stale fork `escpos` is installed over python-escpos."""

    code = "escpos-fork-installed"


@dataclass(frozen=True)
class EncodedReceipt:
    """What is sent for one receipt. Queries may be sent between segments, never inside one."""

    segments: tuple[bytes, ...] = field(repr=False)
    cut: bytes
    """Empty on a printer without a cutter."""
    cuts_at: tuple[int, ...] = ()
    """The segments that cut one piece off before the next."""

    @property
    def pieces(self) -> int:
        return len(self.cuts_at) + 1

    @property
    def size(self) -> int:
        return sum(map(len, self.segments)) + len(self.cut)


def encode_receipt(receipt: Receipt, model: Model, font: Path = DEFAULT_FONT) -> EncodedReceipt:
    """The bytes that print a receipt on `model`.

    Raises `ReceiptInvalid`, `FontMissing` (only where a line needs the font), `WrongEscposPackage`.
    """
    lines = lay_out(receipt, min(receipt.width_mm, model.width_mm))
    return encode_lines(lines, model, font)


def encode_lines(lines: tuple[Line, ...], model: Model, font: Path = DEFAULT_FONT) -> EncodedReceipt:
    """The bytes that print laid out lines; the errors of `encode_receipt`."""
    writer = _Writer(model, font)
    cut = (CUT + PRESENT if model.presenter else CUT) if model.cutter else b""
    feed = ESC + b"J" + bytes([FEED_BEFORE_CUT_DOTS]) if model.cutter else ESC + b"d\x06"
    segments, cuts_at = [_START], list[int]()
    for line in lines:
        if not isinstance(line, CutLine):
            segments += writer.line(line)
            continue
        segments.append(feed)
        if cut:
            cuts_at.append(len(segments))
            segments.append(cut)
    return EncodedReceipt((*segments, feed), cut, tuple(cuts_at))


# ESC @ initialise, FS & Chinese on, ESC 3 line pitch.
_START = ESC + b"@" + FS + b"&" + ESC + b"3" + bytes([LINE_PITCH_DOTS])


class _Writer:
    def __init__(self, model: Model, font: Path) -> None:
        self._model = model
        self._dots = model.paper.dots
        self._font = font

    def line(self, line: Line) -> tuple[bytes, ...]:
        """The commands that print a line, each as long as its place in the stream allows."""
        match line:
            case CutLine():
                raise ValueError("a cut is no line of print")
            case TextLine():
                return (self._text(line),) if gbk(line.text) is not None else self._raster_text(line)
            case DoubleRule():
                return (self._double_rule(),)
            case QRLine(data):
                return self._qr(data)
            case BarcodeLine(data):
                return (_barcode(data),)
            case FeedLine(count):
                return (ESC + b"d" + bytes([min(count, 255)]),)
            case GapLine(dots):
                return (ESC + b"J" + bytes([dots]),)
            case _:
                assert_never(line)

    def _text(self, line: TextLine) -> bytes:
        pitch = _pitch(line)
        body = b"".join(map(_run, _merged(line.runs))) + b"\n"
        if line.reverse:
            body = GS + b"B\x01" + body + GS + b"B\x00"
        if any(r.width > 1 or r.height > 1 for r in line.runs):
            body += _size(1, 1)
        if pitch != LINE_PITCH_DOTS:
            body = ESC + b"3" + bytes([pitch]) + body + ESC + b"3" + bytes([LINE_PITCH_DOTS])
        return body

    def _raster_text(self, line: TextLine) -> tuple[bytes, ...]:
        height = line.height * LINE_DOTS
        columns = max(line.columns, 2)  # a mark that stands alone takes no column, and is drawn all the same
        width = min(self._dots, -(-columns * 12 // 8) * 8)
        image = _glyphs(self._font).line(line.runs, width, reverse=line.reverse)
        gap = _pitch(line) - height
        return (*bands(image), ESC + b"J" + bytes([gap])) if gap else bands(image)

    def _double_rule(self) -> bytes:
        from PIL import Image  # not before something is printed: the first screen does not wait for it

        image = Image.new("1", (self._dots // 2, 3), 255)
        image.paste(0, (0, 1, self._dots // 2, 2))
        gap = ESC + b"J\x06"
        return gap + raster(image, doubled=True) + gap + ESC + b"J\x04"

    def _qr(self, data: str) -> tuple[bytes, ...]:
        dot = qr_dot(data, self._dots, self._model.qr_dot)
        # A picture of every other dot, doubled by the printer, takes a quarter of the time on the wire.
        doubled = not self._model.native_qr and dot >= _DOUBLED_FROM_DOTS
        dot -= dot % 2 if doubled else 0
        gap = ESC + b"J" + bytes([2 * dot])
        centre, left = ESC + b"a\x01", ESC + b"a\x00"
        if self._model.native_qr:
            encoder = _encoder()
            encoder.qr(data, ec=1, size=dot, native=True)  # 1 is level M
            # FS . first: some boards print a blank code in Chinese mode.
            code = FS + b"." + encoder.output + FS + b"&"
            return (gap + centre + code + left + gap,)
        return (gap + centre, *bands(qr_image(data, dot // 2 if doubled else dot), doubled=doubled), left + gap)


def _pitch(line: TextLine) -> int:
    """Dots from this line to the next."""
    gap = 0 if line.joined else LINE_PITCH_DOTS - LINE_DOTS
    return line.height * LINE_DOTS + gap


def _merged(runs: tuple[Run, ...]) -> list[Run]:
    """Runs without empty ones; neighbours of one style become one."""
    merged: list[Run] = []
    for run in runs:
        last = merged[-1] if merged else None
        if last and (last.bold, last.width, last.height) == (run.bold, run.width, run.height):
            merged[-1] = Run(last.text + run.text, run.bold, run.width, run.height)
        elif run.text:
            merged.append(run)
    return merged


def _run(run: Run) -> bytes:
    text = run.text.encode("gbk")
    if run.bold:
        text = ESC + b"E\x01" + text + ESC + b"E\x00"
    return _size(run.width, run.height) + text if run.width > 1 or run.height > 1 else text


def _size(width: int, height: int) -> bytes:
    """GS ! sets the size of all characters; FS ! repeats it for boards that keep a size of their own for Chinese."""
    chinese = (0x04 if width > 1 else 0) | (0x08 if height > 1 else 0)
    size = GS + b"!" + bytes([(width - 1) << 4 | (height - 1)])
    return size + FS + b"!" + bytes([chinese]) if max(width, height) <= 2 else size


def _barcode(data: str) -> bytes:
    """GS k 73: Code 128, set B, its text below (GS H 2)."""
    content = b"{B" + data.replace("{", "{{").encode("ascii")
    shape = GS + b"h" + bytes([BARCODE_HEIGHT_DOTS]) + GS + b"w" + bytes([BARCODE_BAR_DOTS]) + GS + b"H\x02"
    return ESC + b"a\x01" + shape + GS + b"kI" + bytes([len(content)]) + content + ESC + b"a\x00"


def raster(image: Image.Image, *, doubled: bool = False) -> bytes:
    """GS v 0: a picture, 1 is ink. `doubled` prints each dot as two by two."""
    size = struct.pack("<HH", -(-image.width // 8), image.height)
    return GS + b"v0" + (b"\x03" if doubled else b"\x00") + size + defused(image.tobytes())


def bands(image: Image.Image, *, doubled: bool = False) -> tuple[bytes, ...]:
    """A picture as pictures that touch, none over `BAND_BYTES`; `doubled` as in `raster`.

    No question goes out inside one: a printer that is off and on again within it would be taken for well.
    """
    most = max(1, BAND_BYTES // -(-image.width // 8))
    rows = -(-image.height // -(-image.height // most))
    tops = range(0, image.height, rows)
    boxes = ((0, top, image.width, min(top + rows, image.height)) for top in tops)
    return tuple(raster(image.crop(box), doubled=doubled) for box in boxes)


def defused(dots: bytes) -> bytes:
    """Picture data without accidental real-time commands.

    A printer obeys `DLE EOT`, `DLE ENQ` and `DLE DC4` wherever they stand, also inside a picture; one dot moves.
    """
    safe = bytearray(dots)
    for i in range(len(safe) - 1):
        if safe[i] == 0x10 and safe[i + 1] in {0x04, 0x05, 0x14}:
            safe[i + 1] ^= 0x08
    return bytes(safe)


def process_id(marker: bytes) -> bytes:
    """GS ( H fn 48: the printer answers with these four printable bytes when it has printed what was sent before."""
    if len(marker) != 4 or not all(0x20 <= b <= 0x7E for b in marker):
        raise ValueError("a process id is four bytes from 20h to 7Eh")
    return GS + b"(H\x06\x0000" + marker


def query(n: int) -> bytes:
    """DLE EOT n, n from 1 to 4: answered at once, whatever is in the buffer."""
    if not 1 <= n <= 4:
        raise ValueError("status queries are 1 to 4")
    return DLE + b"\x04" + bytes([n])


@cache
def _glyphs(font: Path) -> Glyphs:
    return Glyphs(font)


_importing = threading.Lock()


def _encoder() -> Any:  # python-escpos has no types
    """An empty python-escpos encoder. Raises `WrongEscposPackage`."""
    with _importing:
        return _dummy_class()()


@cache
def _dummy_class() -> Any:
    check_escpos_package(importlib.metadata.packages_distributions().get("escpos", []))
    private = tempfile.mkdtemp(prefix="escpos-")  # mode 0700
    make_folder, me = tempfile.mkdtemp, threading.get_ident()

    def mkdtemp(*args: Any, **kwargs: Any) -> str:
        return private if threading.get_ident() == me else make_folder(*args, **kwargs)

    handlers, before = list(logging.root.handlers), environ.get("ESCPOS_CAPABILITIES_PICKLE_DIR")
    environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = private
    # The import unpickles a file from that folder, makes a second folder that it leaves behind, and sets up logging.
    tempfile.mkdtemp = mkdtemp
    try:
        from escpos.printer import Dummy
    finally:
        tempfile.mkdtemp = make_folder
        if before is None:
            del environ["ESCPOS_CAPABILITIES_PICKLE_DIR"]
        else:
            environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = before
        for handler in [h for h in logging.root.handlers if h not in handlers]:
            logging.root.removeHandler(handler)
        shutil.rmtree(private, ignore_errors=True)
    return Dummy


def check_escpos_package(distributions: list[str]) -> None:
    """Check which packages supply `escpos`. Raises `WrongEscposPackage` where it is not python-escpos alone."""
    if set(distributions) != {"python-escpos"}:
        found = ", ".join(sorted(distributions)) or "nothing"
        raise WrongEscposPackage(f"the module escpos comes from {found}; install python-escpos and remove escpos")
