"""The JSON receipt document that scripts write, and the `Receipt` that printers take.

The document is `{"number", "copy", "width_mm", "blocks": [...]}`; a block is an object with one of the block keys
`title big row rule para list qr barcode feed cut banner` and, where it says so, options beside it. Whatever is wrong
with a document is one error, `ReceiptInvalid(where, message)`, where `where` is a path such as `blocks[3].row[1]`.
"""

from __future__ import annotations

import json
import string
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, cast

from drivers.api import QR, Banner, Barcode, BigNumber, Block, Cut, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.errors import ReceiptInvalid

MAX_BLOCKS = 200
MAX_TEXT = 1000
"""Characters in one text."""
MAX_LINES = 50
"""Items of a list, lines of a banner."""
MAX_FEED = 20
MAX_NUMBER = 40
MAX_QR_BYTES = 500
"""UTF-8 bytes: a code of level M with dots of at least 3/8 mm still fits on 58 mm paper."""
MAX_BARCODE = 21
"""Code 128 characters that fit on 80 mm paper with bars of 2 dots."""
MAX_BIG = 8
BIG_CHARACTERS = frozenset(string.ascii_uppercase + string.digits + "-")
MAX_INDENT = 8
MAX_DOCUMENT_BYTES = 1_000_000
WIDTHS_MM = (58, 80)

Json = dict[str, object]


def parse_receipt(text: str | bytes) -> Receipt:
    """Read a receipt document from JSON text. Raises `ReceiptInvalid`."""
    return receipt_from_json(read_json(text))


def read_json(text: str | bytes) -> object:
    """Return the value that a document holds. Raises `ReceiptInvalid` where it is too long or no JSON."""
    if len(text) > MAX_DOCUMENT_BYTES:
        raise ReceiptInvalid("document", f"is longer than {MAX_DOCUMENT_BYTES} bytes")
    try:
        return json.loads(text)
    except json.JSONDecodeError as e:
        raise ReceiptInvalid("document", f"is not JSON: line {e.lineno}, column {e.colno}: {e.msg}") from e
    except (ValueError, RecursionError) as e:
        raise ReceiptInvalid("document", "is not JSON") from e


def receipt_from_json(value: object) -> Receipt:
    """Build a receipt from a decoded document. Raises `ReceiptInvalid`."""
    document = _object(value, "document")
    _only(document, "document", {"number", "copy", "width_mm", "large", "blocks"})
    number = check_text(document.get("number"), "number", limit=MAX_NUMBER)
    copy = _bool(document, "copy", "copy", default=False)
    width = document.get("width_mm", 80)
    if isinstance(width, bool) or width not in WIDTHS_MM:
        raise ReceiptInvalid("width_mm", "must be 58 or 80")
    blocks = _items(document.get("blocks"), "blocks", MAX_BLOCKS)
    return Receipt(
        number=number,
        blocks=tuple(_block(b, f"blocks[{i}]") for i, b in enumerate(blocks)),
        copy=copy,
        width_mm=cast("int", width),
        large=_bool(document, "large", "large", default=False),
    )


def check_text(value: object, where: str, *, limit: int = MAX_TEXT, newlines: bool = False, blank: bool = False) -> str:
    """Return `value` if it is text that may go onto paper.

    Refused: no text, blank or overlong text, lone surrogates, and control or format characters, which a printer
    would take for commands or a reader would not see. Raises `ReceiptInvalid`.
    """
    if not isinstance(value, str):
        raise ReceiptInvalid(where, "must be text")
    if not blank and not value.strip():
        raise ReceiptInvalid(where, "must not be blank")
    if len(value) > limit:
        raise ReceiptInvalid(where, f"is longer than {limit} characters")
    for char in value:
        if char == "\n" and newlines:
            continue
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            raise ReceiptInvalid(where, f"holds the character U+{ord(char):04X}, which cannot be printed")
    return value


def check_qr(data: object, where: str) -> str:
    """Return the text of a QR code. Raises `ReceiptInvalid` if it is no text or needs too large a code."""
    text = check_text(data, where)
    if len(text.encode("utf-8")) > MAX_QR_BYTES:
        raise ReceiptInvalid(where, f"is longer than {MAX_QR_BYTES} bytes")
    return text


def check_barcode(data: object, where: str) -> str:
    """Return the text of a Code 128 code, set B: printable ASCII. Raises `ReceiptInvalid`."""
    text = check_text(data, where, limit=MAX_BARCODE)
    if not text.isascii():
        raise ReceiptInvalid(where, "may hold only ASCII letters, digits and signs")
    return text


def check_big(data: object, where: str) -> str:
    """Return the text of a ticket number. Raises `ReceiptInvalid`."""
    text = check_text(data, where, limit=MAX_BIG)
    if not set(text) <= BIG_CHARACTERS:
        raise ReceiptInvalid(where, "may hold only capital letters, digits and -")
    return text


def _object(value: object, where: str) -> Json:
    if not isinstance(value, dict):
        raise ReceiptInvalid(where, "must be an object")
    return cast("Json", value)


def _items(value: object, where: str, limit: int) -> list[object]:
    if not isinstance(value, list):
        raise ReceiptInvalid(where, "must be a list")
    items = cast("list[object]", value)
    if not 1 <= len(items) <= limit:
        raise ReceiptInvalid(where, f"must have 1 to {limit} entries")
    return items


def _only(value: Mapping[str, object], where: str, names: set[str]) -> None:
    for name in value:
        if name not in names:
            raise ReceiptInvalid(where, f"has an unknown key {ascii(name)[:40]}")


def _bool(value: Mapping[str, object], name: str, where: str, *, default: bool) -> bool:
    flag = value.get(name, default)
    if not isinstance(flag, bool):
        raise ReceiptInvalid(where, "must be true or false")
    return flag


def _whole(value: object, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ReceiptInvalid(where, f"must be a whole number from {low} to {high}")
    return value


def _title(block: Json, where: str) -> Title:
    return Title(
        check_text(block["title"], f"{where}.title"),
        centred=_bool(block, "centred", f"{where}.centred", default=True),
    )


def _row(block: Json, where: str) -> Row:
    cells = _items(block["row"], f"{where}.row", 2)
    if len(cells) != 2:
        raise ReceiptInvalid(f"{where}.row", "must have two entries, left and right")
    left, right = (check_text(c, f"{where}.row[{i}]", blank=True) for i, c in enumerate(cells))
    return Row(left, right, bold=_bool(block, "bold", f"{where}.bold", default=False), size=_size(block, where))


def _size(block: Json, where: str) -> Literal[1, 2]:
    return 2 if _whole(block.get("size", 1), f"{where}.size", 1, 2) == 2 else 1


def _big(block: Json, where: str) -> BigNumber:
    return BigNumber(check_big(block["big"], f"{where}.big"))


def _cut(block: Json, where: str) -> Cut:
    if block["cut"] is not True:
        raise ReceiptInvalid(f"{where}.cut", "must be true")
    return Cut()


def _rule(block: Json, where: str) -> Rule:
    style = block["rule"]
    if style is True:
        return Rule()
    if style not in ("dashed", "double"):
        raise ReceiptInvalid(f"{where}.rule", 'must be true, "dashed" or "double"')
    return Rule(style)


def _para(block: Json, where: str) -> Para:
    return Para(
        check_text(block["para"], f"{where}.para", newlines=True, blank=True),
        bold=_bool(block, "bold", f"{where}.bold", default=False),
        centred=_bool(block, "centred", f"{where}.centred", default=False),
        indent=_whole(block.get("indent", 0), f"{where}.indent", 0, MAX_INDENT),
        size=_size(block, where),
    )


def _list(block: Json, where: str) -> ListBlock:
    items = _items(block["list"], f"{where}.list", MAX_LINES)
    return ListBlock(
        tuple(check_text(t, f"{where}.list[{i}]", newlines=True) for i, t in enumerate(items)),
        mark=check_text(block.get("mark", "×"), f"{where}.mark", limit=2),
    )


def _qr(block: Json, where: str) -> QR:
    return QR(check_qr(block["qr"], f"{where}.qr"))


def _barcode(block: Json, where: str) -> Barcode:
    return Barcode(check_barcode(block["barcode"], f"{where}.barcode"))


def _feed(block: Json, where: str) -> Feed:
    return Feed(_whole(block["feed"], f"{where}.feed", 0, MAX_FEED))


def _banner(block: Json, where: str) -> Banner:
    banner = _object(block["banner"], f"{where}.banner")
    _only(banner, f"{where}.banner", {"style", "title", "lines"})
    style = banner.get("style")
    if style not in ("received", "recorded"):
        raise ReceiptInvalid(f"{where}.banner.style", 'must be "received" or "recorded"')
    given = banner.get("lines", [])
    lines = _items(given, f"{where}.banner.lines", MAX_LINES) if given != [] else []
    return Banner(
        style,
        check_text(banner.get("title"), f"{where}.banner.title"),
        tuple(check_text(t, f"{where}.banner.lines[{i}]") for i, t in enumerate(lines)),
    )


_PARSERS: Mapping[str, tuple[Callable[[Json, str], Block], frozenset[str]]] = {
    "title": (_title, frozenset({"centred"})),
    "big": (_big, frozenset()),
    "row": (_row, frozenset({"bold", "size"})),
    "rule": (_rule, frozenset()),
    "para": (_para, frozenset({"bold", "centred", "indent", "size"})),
    "list": (_list, frozenset({"mark"})),
    "qr": (_qr, frozenset()),
    "barcode": (_barcode, frozenset()),
    "feed": (_feed, frozenset()),
    "cut": (_cut, frozenset()),
    "banner": (_banner, frozenset()),
}


def _block(value: object, where: str) -> Block:
    block = _object(value, where)
    kinds = [name for name in _PARSERS if name in block]
    if len(kinds) != 1:
        raise ReceiptInvalid(where, f"must have exactly one of {', '.join(_PARSERS)}")
    parse, options = _PARSERS[kinds[0]]
    _only(block, where, {kinds[0], *options})
    return parse(block, where)


def receipt_schema() -> Json:
    """The JSON Schema (2020-12) of the receipt document, published as `docs/reference/receipt.schema.json`."""
    text: Json = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    flag: Json = {"type": "boolean"}

    def block(name: str, value: Json, description: str, **options: Json) -> Json:
        return {
            "type": "object",
            "description": description,
            "required": [name],
            "additionalProperties": False,
            "properties": {name: value, **options},
        }

    texts: Json = {"type": "array", "items": text, "minItems": 1, "maxItems": MAX_LINES}
    banner: Json = {
        "type": "object",
        "required": ["style", "title"],
        "additionalProperties": False,
        "properties": {
            "style": {"enum": ["received", "recorded"]},
            "title": text,
            "lines": {**texts, "minItems": 0},
        },
    }
    maybe: Json = {"type": "string", "maxLength": MAX_TEXT}
    row: Json = {"type": "array", "items": maybe, "minItems": 2, "maxItems": 2}
    feed: Json = {"type": "integer", "minimum": 0, "maximum": MAX_FEED}
    indent: Json = {"type": "integer", "minimum": 0, "maximum": MAX_INDENT}
    size: Json = {"enum": [1, 2]}
    big: Json = {"type": "string", "pattern": "^[A-Z0-9-]+$", "maxLength": MAX_BIG}
    barcode: Json = {"type": "string", "pattern": r"^[\x20-\x7e]+$", "maxLength": MAX_BARCODE}
    blocks = [
        block("title", text, "A line of double size.", centred=flag),
        block("big", big, "A ticket number, six times as large as text."),
        block("row", row, "A cell at the left and one at the right; bold sets the right one.", bold=flag, size=size),
        block("rule", {"enum": [True, "dashed", "double"]}, "A line across the paper; true is dashed."),
        block("para", maybe, "Text; a newline begins a line.", bold=flag, centred=flag, indent=indent, size=size),
        block("list", texts, "Items behind a mark.", mark={**text, "maxLength": 2}),
        block("qr", {**text, "maxLength": MAX_QR_BYTES}, f"A QR code, at most {MAX_QR_BYTES} bytes of UTF-8."),
        block("barcode", barcode, "A Code 128 code with its text below; 58 mm paper takes 12 characters."),
        block("feed", feed, "Empty lines."),
        block("cut", {"const": True}, "The end of a piece of paper, where another piece follows."),
        block("banner", banner, "received: a solid bar. recorded: a double frame."),
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Receipt",
        "description": "What `kiosk print receipt FILE.json` and `kiosk print preview FILE.json` take.",
        "type": "object",
        "required": ["number", "blocks"],
        "additionalProperties": False,
        "properties": {
            "number": {**text, "maxLength": MAX_NUMBER},
            "copy": {**flag, "default": False, "description": "True prints the mark of a copy."},
            "large": {**flag, "default": False, "description": "Every character at double size or more."},
            "width_mm": {"enum": list(WIDTHS_MM), "default": 80},
            "blocks": {"type": "array", "minItems": 1, "maxItems": MAX_BLOCKS, "items": {"oneOf": blocks}},
        },
    }
