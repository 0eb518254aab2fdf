"""The receipt document that scripts write: what is read, what is refused, and where."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from drivers.api import QR, Banner, Barcode, BigNumber, Cut, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.errors import ReceiptInvalid
from drivers.printers.paper.receipt_document import parse_receipt, receipt_from_json, receipt_schema
from tests.paper import receipt_to_json

DOCUMENT: dict[str, object] = {
    "number": "T0001-000042",
    "copy": False,
    "width_mm": 80,
    "blocks": [
        {"title": "标题"},
        {"title": "左", "centred": False},
        {"row": ["left", "right"]},
        {"row": ["left", ""], "bold": True},
        {"rule": True},
        {"rule": "double"},
        {"para": "one\ntwo", "bold": True, "centred": True, "indent": 2},
        {"list": ["a", "b"]},
        {"list": ["a"], "mark": "·"},
        {"qr": "https://example.invalid/x"},
        {"barcode": "T0001-000042"},
        {"feed": 2},
        {"big": "B027"},
        {"row": ["前面还有", "6 人"], "size": 2},
        {"para": "large", "size": 2},
        {"cut": True},
        {"banner": {"style": "received", "title": "已收到", "lines": ["RECEIVED"]}},
        {"banner": {"style": "recorded", "title": "还没发出", "lines": []}},
    ],
}
RECEIPT = Receipt(
    "T0001-000042",
    (
        Title("标题"),
        Title("左", centred=False),
        Row("left", "right"),
        Row("left", "", bold=True),
        Rule(),
        Rule("double"),
        Para("one\ntwo", bold=True, centred=True, indent=2),
        ListBlock(("a", "b")),
        ListBlock(("a",), mark="·"),
        QR("https://example.invalid/x"),
        Barcode("T0001-000042"),
        Feed(2),
        BigNumber("B027"),
        Row("前面还有", "6 人", size=2),
        Para("large", size=2),
        Cut(),
        Banner("received", "已收到", ("RECEIVED",)),
        Banner("recorded", "还没发出"),
    ),
)


def test_every_block_is_read_and_written_back() -> None:
    assert parse_receipt(json.dumps(DOCUMENT)) == RECEIPT
    assert receipt_to_json(RECEIPT) == DOCUMENT
    jsonschema.validate(DOCUMENT, receipt_schema())


def test_copy_and_width_may_be_left_out() -> None:
    receipt = parse_receipt('{"number": "1", "blocks": [{"para": "x"}]}')
    assert (receipt.copy, receipt.width_mm, receipt.large) == (False, 80, False)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"number": None}, "number"),
        ({"number": " "}, "number"),
        ({"number": "x" * 41}, "number"),
        ({"copy": 1}, "copy"),
        ({"width_mm": 70}, "width_mm"),
        ({"width_mm": True}, "width_mm"),
        ({"blocks": []}, "blocks"),
        ({"blocks": {}}, "blocks"),
        ({"blocks": [{"para": "x"}] * 201}, "blocks"),
        ({"other": 1}, "document"),
        ({"blocks": ["x"]}, "blocks[0]"),
        ({"blocks": [{}]}, "blocks[0]"),
        ({"blocks": [{"para": "x", "qr": "y"}]}, "blocks[0]"),
        ({"blocks": [{"para": "x", "colour": "red"}]}, "blocks[0]"),
        ({"blocks": [{"para": 1}]}, "blocks[0].para"),
        ({"blocks": [{"para": "\x1b@"}]}, "blocks[0].para"),
        ({"blocks": [{"para": "\u202eabc"}]}, "blocks[0].para"),
        ({"blocks": [{"para": "\ud800"}]}, "blocks[0].para"),
        ({"blocks": [{"para": "x", "indent": 9}]}, "blocks[0].indent"),
        ({"blocks": [{"para": "x", "indent": True}]}, "blocks[0].indent"),
        ({"blocks": [{"title": "x\ny"}]}, "blocks[0].title"),
        ({"blocks": [{"title": "x", "centred": "yes"}]}, "blocks[0].centred"),
        ({"blocks": [{"row": ["one"]}]}, "blocks[0].row"),
        ({"blocks": [{"row": ["one", 2]}]}, "blocks[0].row[1]"),
        ({"blocks": [{"rule": False}]}, "blocks[0].rule"),
        ({"blocks": [{"rule": "wavy"}]}, "blocks[0].rule"),
        ({"blocks": [{"list": [""]}]}, "blocks[0].list[0]"),
        ({"blocks": [{"list": ["x"], "mark": "abc"}]}, "blocks[0].mark"),
        ({"blocks": [{"qr": "字" * 200}]}, "blocks[0].qr"),
        ({"large": 1}, "large"),
        ({"blocks": [{"big": "b027"}]}, "blocks[0].big"),
        ({"blocks": [{"big": "B00000027"}]}, "blocks[0].big"),
        ({"blocks": [{"cut": False}]}, "blocks[0].cut"),
        ({"blocks": [{"row": ["x", "y"], "size": 3}]}, "blocks[0].size"),
        ({"blocks": [{"barcode": "字"}]}, "blocks[0].barcode"),
        ({"blocks": [{"feed": 21}]}, "blocks[0].feed"),
        ({"blocks": [{"banner": "x"}]}, "blocks[0].banner"),
        ({"blocks": [{"banner": {"style": "lost", "title": "x"}}]}, "blocks[0].banner.style"),
        ({"blocks": [{"banner": {"style": "received"}}]}, "blocks[0].banner.title"),
        ({"blocks": [{"banner": {"style": "received", "title": "x", "lines": [1]}}]}, "blocks[0].banner.lines[0]"),
        ({"blocks": [{"banner": {"style": "received", "title": "x", "size": 1}}]}, "blocks[0].banner"),
    ],
)
def test_a_mistake_is_named_with_its_place(change: dict[str, object], where: str) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        receipt_from_json({**DOCUMENT, **change})
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where}: ")
    assert caught.value.code == "receipt-invalid"


@pytest.mark.parametrize("text", ["", "[", b"\xff", "[" * 100_000, "null", "[]", " " * 1_000_001])
def test_what_is_no_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        parse_receipt(text)
    assert caught.value.where == "document"


def test_the_published_schema_is_the_code_s() -> None:
    published = Path(__file__).parents[2] / "docs/reference/receipt.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == receipt_schema()
    jsonschema.Draft202012Validator.check_schema(receipt_schema())
