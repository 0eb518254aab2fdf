"""Receipt -> lines of cells, for 80 mm and 58 mm paper. Pure: the one layout behind text, bytes and picture.

A column is half the width of a Chinese character (12 dots). The width of a character is the number of bytes it takes
in GBK, because that is how many columns the printer's own font gives it; a character outside GBK is printed as raster
and gets the width Unicode gives it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import assert_never

from drivers.api import QR, Banner, Barcode, Block, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.errors import ReceiptInvalid
from drivers.printers.receipt_document import check_barcode, check_qr, check_text

ORIGINAL = "正本 ORIGINAL"
COPY = "补打 COPY"

COLUMN_DOTS = 12
LINE_DOTS = 24
BARCODE_BAR_DOTS = 2
_BANNER_AIR_DOTS = 8

# Characters that may not begin a line, and those that may not end one.
# Source: W3C "Requirements for Chinese Text Layout", 3.1.
_NO_START = frozenset("。，、；：？！」』）】》〉〕”’…—～·％℃°.,;:?!)]}%")
_NO_END = frozenset("「『（【《〈〔“‘￥$([{")


@dataclass(frozen=True)
class Paper:
    """A paper width: what can be printed on it."""

    width_mm: int
    dots: int
    columns: int


PAPERS = {80: Paper(80, 576, 48), 58: Paper(58, 384, 32)}


@dataclass(frozen=True)
class Run:
    """Characters of one style. `width` and `height` multiply the cell of 12 (or 24) by 24 dots."""

    text: str = field(repr=False)
    bold: bool = False
    width: int = 1
    height: int = 1
    narrow: bool = False
    """Every character in one column, as in a printer's own code page; ours never are."""

    @property
    def columns(self) -> int:
        return (len(self.text) if self.narrow else columns(self.text)) * self.width


@dataclass(frozen=True)
class TextLine:
    """One line of text. `joined` lines touch the next line: bars and frames have no gaps."""

    runs: tuple[Run, ...]
    reverse: bool = False
    joined: bool = False

    @property
    def text(self) -> str:
        return "".join(r.text for r in self.runs)

    @property
    def columns(self) -> int:
        return sum(r.columns for r in self.runs)

    @property
    def height(self) -> int:
        """In cells of 24 dots."""
        return max((r.height for r in self.runs), default=1)


@dataclass(frozen=True)
class DoubleRule:
    """Two lines across the paper, 6 dots high."""


@dataclass(frozen=True)
class QRLine:
    data: str = field(repr=False)


@dataclass(frozen=True)
class BarcodeLine:
    data: str = field(repr=False)


@dataclass(frozen=True)
class FeedLine:
    lines: int


@dataclass(frozen=True)
class GapLine:
    """A little air, in dots."""

    dots: int


Line = TextLine | DoubleRule | QRLine | BarcodeLine | FeedLine | GapLine


@lru_cache(maxsize=8192)
def char_columns(char: str) -> int:
    """Columns of one character: 0 for combining marks, else 1 or 2."""
    encoded = gbk(char)
    if encoded is not None:
        return len(encoded)
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def gbk(text: str) -> bytes | None:
    """`text` in GBK, or None where the printer's font lacks a character. Never a 4-byte code."""
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return None


def columns(text: str) -> int:
    return sum(map(char_columns, text))


def tidy(text: str) -> str:
    """Characters that have a better form on paper: ¥ (outside GBK), English apostrophes, odd spaces."""
    text = text.replace("¥", "￥").replace("\r\n", "\n")
    text = "".join(" " if c != "\n" and (c == "\t" or unicodedata.category(c) == "Zs") else c for c in text)
    return "".join("'" if c == "’" and i and text[i - 1].isascii() else c for i, c in enumerate(text))


def break_lines(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` columns; at least one line, newlines always break.

    English words stay whole where they fit on a line, and no line starts or ends with a character that may not.
    """
    if width < 4:
        raise ValueError("a line needs four columns")
    return [line for part in text.split("\n") for line in _break_paragraph(part, width)]


def _break_paragraph(text: str, width: int) -> Iterator[str]:
    line, used, space = "", 0, False
    for piece in _clusters(text):
        if piece == " ":
            space = bool(line)
            continue
        need = columns(piece)
        gap = 1 if space else 0
        if used + gap + need <= width:
            line, used = line + " " * gap + piece, used + gap + need
        elif need <= width:
            yield line
            line, used = piece, need
        else:
            start = line + " " * gap if line and used + gap + 2 <= width else ""
            if line and not start:
                yield line
            *full, line = _split_hard(start + piece, width)
            yield from full
            used = columns(line)
        space = False
    yield line


def _clusters(text: str) -> Iterator[str]:
    """Single spaces, and the smallest pieces that a line break may part."""
    cluster = ""
    for char in text:
        if char == " ":
            if cluster:
                yield cluster
            cluster = ""
            yield " "
        elif not cluster or _sticks(cluster[-1], char):
            cluster += char
        else:
            yield cluster
            cluster = char
    if cluster:
        yield cluster


def _sticks(before: str, char: str) -> bool:
    if char in _NO_START or before in _NO_END or char_columns(char) == 0:
        return True
    return _in_word(before) and _in_word(char)


def _in_word(char: str) -> bool:
    """Whether a character belongs to a word that is not parted: Latin, digits and signs, but no Chinese."""
    latin = char_columns(char) < 2 or (char.isalpha() and ord(char) < 0x250)
    return latin and char not in _NO_START - frozenset(".,:%")


def _split_hard(cluster: str, width: int) -> list[str]:
    parts, used = [""], 0
    for char in cluster:
        need = char_columns(char)
        if used + need > width:
            parts.append("")
            used = 0
        parts[-1] += char
        used += need
    return parts


def marked(receipt: Receipt) -> tuple[Block, ...]:
    """The blocks with the mark of an original or a copy: a copy never leaves the printer as an original.

    A row that carries the other mark is corrected; where no row carries one, a row with the number comes first.
    """
    right, wrong = (COPY, ORIGINAL) if receipt.copy else (ORIGINAL, COPY)
    blocks: list[Block] = []
    found = False
    for block in receipt.blocks:
        new = block
        if isinstance(block, Row):
            new = Row(block.left.replace(wrong, right), block.right.replace(wrong, right), block.bold)
            found = found or right in new.left or right in new.right
        blocks.append(new)
    return tuple(blocks) if found else (Row(receipt.number, right, bold=True), *blocks)


def lay_out(receipt: Receipt, width_mm: int | None = None) -> tuple[Line, ...]:
    """Lay a receipt out for paper of `width_mm` (58 or 80; default: its own width).

    Raises `ReceiptInvalid` for text that cannot go onto paper and for a barcode wider than the paper.
    """
    paper = PAPERS.get(width_mm or receipt.width_mm)
    if paper is None:
        raise ReceiptInvalid("width_mm", "must be 58 or 80")
    check_text(receipt.number, "number")
    extra = len(marked(receipt)) - len(receipt.blocks)
    lines: list[Line] = []
    for i, block in enumerate(marked(receipt)):
        lines += _lay_block(block, paper, f"blocks[{i - extra}]" if i >= extra else "number")
    return tuple(lines)


def _lay_block(block: Block, paper: Paper, where: str) -> Iterable[Line]:  # noqa: PLR0911 - one case a block
    width = paper.columns
    match block:
        case Title(text, centred):
            lines = _balanced(text, width // 2, where) if centred else _lines(text, width // 2, where)
            return [_placed(t, width, size=2, bold=True, centred=centred) for t in lines]
        case Row():
            return _row(block, width, where)
        case Rule("dashed"):
            return [TextLine((Run("-" * width),), joined=True)]
        case Rule():
            return [DoubleRule()]
        case Para(text, bold, centred, indent):
            inner = max(width - indent, 4)
            placed = (_placed(t, inner, bold=bold, centred=centred) for t in _lines(text, inner, where))
            return [_indented(line, width - inner) for line in placed]
        case ListBlock(items, mark):
            return [line for item in items for line in _item(item, mark, width, where)]
        case Banner():
            return _banner(block, width, where)
        case QR(data):
            return [QRLine(check_qr(data, where))]
        case Barcode(data):
            check_barcode(data, where)
            if barcode_dots(data) > paper.dots:
                raise ReceiptInvalid(where, f"is too long for paper of {paper.width_mm} mm")
            return [BarcodeLine(data)]
        case Feed(count):
            return [FeedLine(count)] if count > 0 else []
        case _:
            assert_never(block)


def barcode_dots(data: str) -> int:
    """Width of a Code 128 B symbol with its quiet zones, in dots (start, check and stop: 35 modules)."""
    return (11 * len(data) + 35 + 20) * BARCODE_BAR_DOTS


def _lines(text: str, width: int, where: str) -> list[str]:
    text = tidy(text)
    check_text(text, where, newlines=True, blank=True, limit=100_000)
    return break_lines(text, width)


def _balanced(text: str, width: int, where: str) -> list[str]:
    """The same number of lines, as even as they can be: no single character is left over."""
    lines = _lines(text, width, where)
    for narrower in range(width - 1, 3, -1):
        even = break_lines(tidy(text), narrower)
        if len(even) > len(lines):
            break
        lines = even
    return lines


def _placed(text: str, width: int, *, size: int = 1, bold: bool = False, centred: bool = False) -> TextLine:
    pad = (width - columns(text) * size) // 2 if centred else 0
    run = Run(text, bold, size, size)
    return TextLine((Run(" " * pad), run) if pad > 0 else (run,))


def _indented(line: TextLine, indent: int) -> TextLine:
    return TextLine((Run(" " * indent), *line.runs)) if indent else line


def _row(row: Row, width: int, where: str) -> list[Line]:
    """Both cells on one line with a gap of at least two columns, else the right cell on lines of its own."""
    left, right = _lines(row.left, width, where), _lines(row.right, width, where)
    gap = width - columns(left[0]) - columns(right[0])
    if len(left) == 1 and len(right) == 1 and gap >= 2:
        return [TextLine((Run(left[0] + " " * gap), Run(right[0], row.bold)))]
    first: list[Line] = [TextLine((Run(t),)) for t in left]
    return first + [TextLine((Run(" " * (width - columns(t))), Run(t, row.bold))) for t in right if t]


def _item(item: str, mark: str, width: int, where: str) -> Iterator[TextLine]:
    mark = _lines(mark, width, where)[0]
    indent = columns(mark) + 1
    for n, text in enumerate(_lines(item, width - indent, where)):
        yield TextLine((Run(f"{mark} " if n == 0 else " " * indent), Run(text)))


def _banner(banner: Banner, width: int, where: str) -> list[Line]:
    frame = banner.style == "recorded"
    inner = width - (4 if frame else 0)
    rows = [(t, 2, True) for t in _balanced(banner.title, inner // 2, where)]
    rows += [(t, 1, frame) for line in banner.lines for t in _lines(line, inner, where)]
    body = [_bar_row(t, inner, size, bold=bold) for t, size, bold in rows]
    if frame:
        edge = "═" * (inner // 2)
        top, bottom = TextLine((Run(f"╔{edge}╗"),), joined=True), TextLine((Run(f"╚{edge}╝"),))
        return [top, *(_framed(runs) for runs in body), bottom]
    air = GapLine(_BANNER_AIR_DOTS)
    blank = (Run(" " * width),)
    solid = [TextLine(runs, reverse=True, joined=True) for runs in (blank, *body)]
    return [air, *solid, TextLine(blank, reverse=True), air]


def _bar_row(text: str, width: int, size: int, *, bold: bool) -> tuple[Run, ...]:
    """A centred text filled up to the full width with spaces of the same height."""
    free = width - columns(text) * size
    left = free // 2
    pads = (Run(" " * left, height=size), Run(text, bold, size, size), Run(" " * (free - left), height=size))
    return tuple(r for r in pads if r.text)


def _framed(runs: tuple[Run, ...]) -> TextLine:
    side = Run("║", height=max(r.height for r in runs))
    return TextLine((side, *runs, side), joined=True)


def preview_text(receipt: Receipt, width_mm: int | None = None) -> tuple[str, ...]:
    """The receipt as plain lines for the screen. Raises `ReceiptInvalid`."""
    paper = PAPERS[width_mm or receipt.width_mm]
    texts: list[str] = []
    for line in lay_out(receipt, width_mm):
        match line:
            case TextLine():
                texts.append(line.text.rstrip())
            case DoubleRule():
                texts.append("=" * paper.columns)
            case QRLine():
                texts.append("[QR]".center(paper.columns).rstrip())
            case BarcodeLine(data):
                texts.append(f"|||| {data} ||||".center(paper.columns).rstrip())
            case FeedLine(count):
                texts += [""] * count
            case GapLine():
                pass
    return tuple(texts)
