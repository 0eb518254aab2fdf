"""Receipt -> lines of cells, for 80 mm and 58 mm paper. Pure: the one layout behind text, bytes and picture.

A large-print receipt has every character at double size or more, on the same paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from drivers.api import QR, Banner, Barcode, BigNumber, Block, Cut, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.errors import ReceiptInvalid
from drivers.printers.paper.linebreak import break_lines, columns, tidy
from drivers.printers.paper.receipt_document import check_barcode, check_big, check_qr, check_text

ORIGINAL = "正本 ORIGINAL"
COPY = "补打 COPY"

COLUMN_DOTS = 12
LINE_DOTS = 24
BARCODE_BAR_DOTS = 2
_BANNER_AIR_DOTS = 8
BIG_SIZE = 6


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


@dataclass(frozen=True)
class CutLine:
    """The cutter, between two pieces of one receipt."""


Line = CutLine | TextLine | DoubleRule | QRLine | BarcodeLine | FeedLine | GapLine


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
            new = replace(block, left=block.left.replace(wrong, right), right=block.right.replace(wrong, right))
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
    blocks = marked(receipt)
    extra = len(blocks) - len(receipt.blocks)
    lines: list[Line] = []
    for i, block in enumerate(blocks):
        where = f"blocks[{i - extra}]" if i >= extra else "number"
        lines += _lay_large(block, paper, where) if receipt.large else _lay_block(block, paper, where)
    return tuple(lines)


def _lay_large(block: Block, paper: Paper, where: str) -> Iterable[Line]:
    """A block at double size, where `_lay_block` would set it smaller."""
    width = paper.columns // 2
    match block:
        case Row():
            return _large_row(block, width, where)
        case Para():
            return _lay_block(replace(block, size=2, indent=0), paper, where)
        case ListBlock(items, mark):
            return [_enlarged(line) for item in items for line in _item(item, mark, width, where)]
        case Banner():
            return _banner(block, paper.columns, where, sizes=(3, 2))
        case _:
            return _lay_block(block, paper, where)


def _enlarged(line: TextLine) -> TextLine:
    return replace(line, runs=tuple(replace(r, width=2, height=2) for r in line.runs))


def _large_row(row: Row, width: int, where: str) -> list[Line]:
    """Both cells on one line where they fit; what is bold stands below, larger still, and so does what does not fit."""
    left, right = _lines(row.left, width, where), _lines(row.right, width, where)
    size = 3 if row.bold and columns(row.right) <= width * 2 // 3 else 2
    if size == 2 and columns(left[0]) + columns(right[0]) + 2 <= width and len(left) == len(right) == 1:
        return [_enlarged(line) for line in _row(row, width, where)]
    below = _lines(row.right, width * 2 // size, where)
    return [
        *(_placed(t, width, size=2) for t in left if t),
        *(_placed(t, width, size=size, bold=row.bold) for t in below if t),
    ]


def _lay_block(block: Block, paper: Paper, where: str) -> Iterable[Line]:  # noqa: C901, PLR0911, PLR0912 - one case a block
    width = paper.columns
    match block:
        case Title(text, centred):
            lines = _balanced(text, width // 2, where) if centred else _lines(text, width // 2, where)
            return [_placed(t, width, size=2, bold=True, centred=centred) for t in lines]
        case Row(size=size):
            rows = _row(block, width // size, where)
            return [_enlarged(line) for line in rows] if size == 2 else rows
        case BigNumber():
            return _big_number(block, width, where)
        case Rule("dashed"):
            return [TextLine((Run("-" * width),), joined=True)]
        case Rule():
            return [DoubleRule()]
        case Para(text, bold, centred, indent, size):
            inner = max(width - indent, 8)
            lines = _lines(text, inner // size, where)
            placed = (_placed(t, inner, size=size, bold=bold, centred=centred) for t in lines)
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
        case Cut():
            return [CutLine()]
        case _:  # pragma: no cover (the type checker holds that there is no other block)
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


def _big_number(block: BigNumber, width: int, where: str) -> list[Line]:
    """Six times as large as text, or as large as the paper allows."""
    text = check_big(block.text, where)
    size = min(BIG_SIZE, width // len(text))
    pad = Run(" " * ((width - len(text) * size) // 2), height=size)
    return [
        GapLine(2 * LINE_DOTS),
        TextLine(
            (pad, Run(text, bold=True, width=size, height=size))
            if pad.text
            else (Run(text, bold=True, width=size, height=size),)
        ),
        GapLine(LINE_DOTS),
    ]


def _row(row: Row, width: int, where: str) -> list[TextLine]:
    """Both cells on one line with a gap of at least two columns, else the right cell on lines of its own."""
    left, right = _lines(row.left, width, where), _lines(row.right, width, where)
    gap = width - columns(left[0]) - columns(right[0])
    if len(left) == 1 and len(right) == 1 and gap >= 2:
        return [TextLine((Run(left[0] + " " * gap), Run(right[0], row.bold)))]
    first = [TextLine((Run(t),)) for t in left]
    return first + [TextLine((Run(" " * (width - columns(t))), Run(t, row.bold))) for t in right if t]


def _item(item: str, mark: str, width: int, where: str) -> Iterator[TextLine]:
    mark = _lines(mark, width, where)[0]
    indent = columns(mark) + 1
    for n, text in enumerate(_lines(item, width - indent, where)):
        yield TextLine((Run(f"{mark} " if n == 0 else " " * indent), Run(text)))


def _banner(banner: Banner, width: int, where: str, sizes: tuple[int, int] = (2, 1)) -> list[Line]:
    """`sizes` are those of the title and of the lines."""
    large, small = sizes
    frame = banner.style == "recorded"
    inner = width - (4 if frame else 0)
    rows = [(t, large, True) for t in _balanced(banner.title, inner // large, where)]
    rows += [(t, small, frame) for line in banner.lines for t in _lines(line, inner // small, where)]
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
