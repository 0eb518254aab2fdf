"""A certificate on one A4 page, as PDF: one sentence, one table, a boxed QR code, a place for the agency's seal.

fpdf2 embeds a subset of each font and is told to keep to PDF/A-2b; no validator has looked at the result.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import ReceiptInvalid
from drivers.printers.paper.raster import DEFAULT_FONT, FontMissing, qr_modules
from drivers.printers.paper.receipt_document import check_qr, check_text

if TYPE_CHECKING:
    from fpdf import FPDF

MAX_ROWS = 12
_SC_FACE = 2
"""Number of the face Noto Sans CJK SC in Debian's collections."""
_LEFT, _RIGHT = 20.0, 190.0
_INK, _INK2, _RULE, _CITY, _SEAL = (
    (0x17, 0x21, 0x2B),
    (0x3C, 0x46, 0x51),
    (0x6B, 0x69, 0x5F),
    (0x0B, 0x4A, 0x86),
    (0x8F, 0x18, 0x14),
)
_SAMPLE = (0xE6, 0xE2, 0xD4)


@dataclass(frozen=True)
class Bilingual:
    zh: str = field(repr=False)
    en: str = field(repr=False)


@dataclass(frozen=True)
class Certificate:
    """What the page says. The repr tells only the number."""

    number: str
    city: Bilingual
    title: Bilingual = field(repr=False)
    sentence: Bilingual = field(repr=False)
    rows: tuple[tuple[Bilingual, str], ...] = field(repr=False)
    """Label and value; from 1 to 12."""
    issuer: str = field(repr=False)
    issued: datetime.date
    token: str = field(repr=False)
    """Text of the verification QR code."""
    check_code: str = field(repr=False)
    """What is told to 12345 by who cannot scan."""
    terminal: str
    copy: bool = False
    sample: bool = False
    """True prints 样张 across the page."""


def render_certificate(certificate: Certificate, font: Path = DEFAULT_FONT) -> bytes:
    """The page as PDF. Raises `ReceiptInvalid`, `FontMissing`."""
    _check(certificate)
    pdf = blank_page(f"{certificate.title.zh} {certificate.number}", certificate.issued, font)
    page = _Page(pdf)
    page.head(certificate)
    page.table(certificate)
    page.proof(certificate)
    page.foot(certificate)
    return bytes(pdf.output())


def blank_page(title: str, made: datetime.date, font: Path = DEFAULT_FONT) -> FPDF:
    """An empty A4 page, PDF/A, with the house's letters as `noto`, regular and bold. Raises `FontMissing`."""
    bold = font.with_name(font.name.replace("Regular", "Bold"))
    if not font.exists() or not bold.exists():
        raise FontMissing(f"cannot open the font {font}; install the package fonts-noto-cjk")
    from fpdf import FPDF  # with fontTools it costs a tenth of the terminal's start: not before a sheet is made
    from fpdf.enums import DocumentCompliance

    pdf = FPDF(format="A4", enforce_compliance=DocumentCompliance.PDFA_2B)
    pdf.set_creation_date(datetime.datetime.combine(made, datetime.time(), datetime.UTC))
    pdf.set_title(title)
    pdf.set_lang("zh-Hans")
    pdf.set_auto_page_break(False)
    pdf.add_font("noto", "", str(font), collection_font_number=_SC_FACE)
    pdf.add_font("noto", "B", str(bold), collection_font_number=_SC_FACE)
    pdf.add_page()
    return pdf


class _Page:
    """Draws on millimetres from the top left."""

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf

    def head(self, it: Certificate) -> None:
        self._pdf.set_fill_color(*_CITY)
        self._pdf.rect(0, 0, 210, 3, style="F")
        self._text(_LEFT, 19, it.city.zh, 14, bold=True)
        self._text(_LEFT, 24.5, it.city.en, 9.5, _INK2)
        self._text(_RIGHT, 19, f"编号 {it.number}", 12.5, bold=True, align="R")
        mark = "补打 COPY" if it.copy else "正本 ORIGINAL"
        self._text(_RIGHT, 24.5, f"{mark} · 1 / 1", 9.5, _INK2, align="R")
        if it.sample:
            self._sample()
        self._text(105, 48, "  ".join(it.title.zh), 30, bold=True, align="C")
        self._text(105, 56, it.title.en, 14, _INK2, align="C")
        self._text(_LEFT, 70, it.sentence.zh, 15)
        self._text(_LEFT, 78, it.sentence.en, 11, _INK2)

    def _sample(self) -> None:
        with self._pdf.rotation(30, 125, 160):
            self._text(125, 175, "样  张", 90, _SAMPLE, bold=True, align="C")

    def table(self, it: Certificate) -> None:
        height = min(14.0, 118.0 / len(it.rows))
        top = 84.0
        self._pdf.set_draw_color(*_RULE)
        self._pdf.set_line_width(0.2)
        for i, (label, value) in enumerate(it.rows):
            y = top + i * height
            self._pdf.line(_LEFT, y, _RIGHT, y)
            self._text(_LEFT, y + height * 0.42, label.zh, 12.5)
            self._text(_LEFT, y + height * 0.82, label.en, 9, _INK2)
            self._text(71, y + height * 0.58, value, 13, bold=True)
        end = top + len(it.rows) * height
        self._pdf.line(_LEFT, end, _RIGHT, end)

    def proof(self, it: Certificate) -> None:
        self._pdf.set_draw_color(*_RULE)
        self._pdf.rect(_LEFT, 214, 108, 50, style="D", round_corners=True, corner_radius=3)
        self._qr(it.token, 24, 218, 42)
        self._text(71, 230, "扫一扫，核对真假", 13.5, bold=True)
        self._text(71, 235.5, "Scan to verify this page", 9.5, _INK2)
        self._text(71, 244, f"或报核对码 {it.check_code}", 12)
        self._text(71, 249.5, "Or give this code to 12345", 9.5, _INK2)
        self._pdf.set_draw_color(*_SEAL)
        self._pdf.set_line_width(0.9)
        self._pdf.set_dash_pattern(dash=2, gap=1.5)
        self._pdf.circle(163, 233, 17)
        self._pdf.set_dash_pattern()
        self._text(163, 232, "电子印章", 14, _SEAL, bold=True, align="C")
        self._text(163, 238, "由机关加盖", 10, _SEAL, align="C")
        self._text(163, 257, it.issuer, 12, bold=True, align="C")
        date = f"{it.issued.year} 年 {it.issued.month} 月 {it.issued.day} 日"
        self._text(163, 262.5, date, 10, _INK2, align="C")

    def foot(self, it: Certificate) -> None:
        self._pdf.set_draw_color(*_INK)
        self._pdf.set_line_width(0.4)
        self._pdf.line(_LEFT, 274, _RIGHT, 274)
        self._text(_LEFT, 280, "办事的窗口多半能自己查到这一项，先问一问，再交这张纸。", 9.5, _INK2)
        self._text(_LEFT, 285, "Most offices can look this up themselves: ask first.", 9, _INK2)
        self._text(_RIGHT, 280, "12345", 10, bold=True, align="R")
        self._text(_RIGHT, 285, f"{it.terminal} · {it.issued.isoformat()}", 9, _INK2, align="R")

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: tuple[int, int, int] = _INK,
        *,
        bold: bool = False,
        align: str = "L",
    ) -> None:
        """One line on its base line; what is too wide is set smaller, never cut."""
        room = {"L": _RIGHT - x, "R": x - _LEFT, "C": 2 * min(x - _LEFT, 210 - x)}[align]
        self._pdf.set_font("noto", "B" if bold else "", size)
        width = self._pdf.get_string_width(text)
        if width > room > 0:
            self._pdf.set_font_size(size * room / width)
            width = self._pdf.get_string_width(text)
        self._pdf.set_text_color(*colour)
        self._pdf.text(x - {"L": 0, "R": width, "C": width / 2}[align], y, text)

    def _qr(self, data: str, x: float, y: float, side: float) -> None:
        modules = qr_modules(data)
        size = side / len(modules)
        self._pdf.set_fill_color(*_INK)
        for row, line in enumerate(modules):
            start = None
            for column, dark in enumerate([*line, False]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    self._pdf.rect(x + start * size, y + row * size, (column - start) * size, size, style="F")
                    start = None


def _check(it: Certificate) -> None:
    if not 1 <= len(it.rows) <= MAX_ROWS:
        raise ReceiptInvalid("rows", f"must have 1 to {MAX_ROWS} entries")
    for where, text in (
        ("number", it.number), ("issuer", it.issuer), ("terminal", it.terminal), ("check_code", it.check_code),
        ("title", it.title.zh), ("title", it.title.en), ("sentence", it.sentence.zh), ("sentence", it.sentence.en),
        *((f"rows[{i}]", part) for i, (label, value) in enumerate(it.rows) for part in (label.zh, label.en, value)),
    ):  # fmt: skip
        check_text(text, where, limit=120)
    check_qr(it.token, "token")
