"""Receipts as text: the lines that the paper shows, and the document from which a receipt is read."""

from __future__ import annotations

from drivers.api import QR, Banner, Barcode, BigNumber, Block, Cut, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.printers.paper.layout import (
    PAPERS,
    BarcodeLine,
    CutLine,
    DoubleRule,
    FeedLine,
    QRLine,
    TextLine,
    lay_out,
)

Json = dict[str, object]


def preview_text(receipt: Receipt, width_mm: int | None = None) -> tuple[str, ...]:
    """The receipt as plain lines. Raises `ReceiptInvalid`."""
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
            case CutLine():
                texts.append("- " * (paper.columns // 2 - 1) + "✂")
            case _:  # a gap says nothing
                continue
    return tuple(texts)


def receipt_to_json(receipt: Receipt) -> Json:
    """The document of a receipt, with options written only where they differ from their defaults."""
    return {
        "number": receipt.number,
        "copy": receipt.copy,
        "width_mm": receipt.width_mm,
        **({"large": True} if receipt.large else {}),
        "blocks": [_block_to_json(b) for b in receipt.blocks],
    }


def _block_to_json(block: Block) -> Json:  # noqa: PLR0911 - one case a block
    match block:
        case Title(text, centred):
            return {"title": text} | ({} if centred else {"centred": False})
        case BigNumber(text):
            return {"big": text}
        case Cut():
            return {"cut": True}
        case Row(left, right, bold, size):
            return {"row": [left, right]} | ({"bold": True} if bold else {}) | ({"size": 2} if size == 2 else {})
        case Rule(style):
            return {"rule": True if style == "dashed" else style}
        case Para(text, bold, centred, indent, size):
            options: Json = {"bold": bold, "centred": centred, "indent": indent, "size": size - 1 and size}
            return {"para": text} | {k: v for k, v in options.items() if v}
        case ListBlock(items, mark):
            return {"list": list(items)} | ({} if mark == "×" else {"mark": mark})
        case Banner(style, title, lines):
            return {"banner": {"style": style, "title": title, "lines": list(lines)}}
        case QR(data):
            return {"qr": data}
        case Barcode(data):
            return {"barcode": data}
        case Feed(lines):
            return {"feed": lines}
