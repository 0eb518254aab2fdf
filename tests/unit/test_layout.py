"""Where lines break, what stands where, and what a receipt always says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.api import QR, Banner, Barcode, BigNumber, Cut, Feed, ListBlock, Para, Receipt, Row, Rule, Title
from drivers.errors import ReceiptInvalid
from drivers.printers.paper.layout import (
    BarcodeLine,
    CutLine,
    DoubleRule,
    FeedLine,
    QRLine,
    TextLine,
    lay_out,
    marked,
)
from drivers.printers.paper.linebreak import break_lines, columns, tidy
from drivers.printers.paper.receipt_document import MAX_QR_BYTES
from tests.paper import preview_text


def receipt(*blocks: object, width_mm: int = 80, copy: bool = False) -> Receipt:
    mark = Row("终端 T0001", "补打 COPY" if copy else "正本 ORIGINAL")
    return Receipt("T0001-000042", (mark, *blocks), copy=copy, width_mm=width_mm)  # pyright: ignore[reportArgumentType]


def texts(*blocks: object, width_mm: int = 80) -> list[str]:
    lines = lay_out(receipt(*blocks, width_mm=width_mm))[1:]
    return [line.text if isinstance(line, TextLine) else repr(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "count"),
    [("abc", 3), ("中文", 4), ("￥12", 4), ("，。", 4), ("𠮷", 2), ("a\u0301", 1), ("é", 2), ("×", 2)],
)
def test_a_column_is_one_byte_of_gbk(text: str, count: int) -> None:
    assert columns(text) == count


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("   ", 10, [""]),
        ("one two three", 8, ["one two", "three"]),
        ("one  two", 20, ["one two"]),
        ("中文中文中文", 8, ["中文中文", "中文"]),
        ("中文中文。中文", 8, ["中文中", "文。中文"]),
        ("中文中「中文」", 8, ["中文中", "「中文」"]),
        ("发到 138****5678。", 14, ["发到", "138****5678。"]),
        ("incomprehensible", 8, ["incompre", "hensible"]),
        ("ab incomprehensible", 8, ["ab incom", "prehensi", "ble"]),
        ("one\ntwo", 20, ["one", "two"]),
        ("one\n\ntwo", 20, ["one", "", "two"]),
        ("，，，，，，", 8, ["，，，，", "，，"]),
        ("6月8日前告诉您", 8, ["6月8日前", "告诉您"]),
        ("the café au lait", 9, ["the café", "au lait"]),
    ],
)
def test_lines_break_where_a_typesetter_breaks_them(text: str, width: int, lines: list[str]) -> None:
    assert break_lines(text, width) == lines


def test_a_line_of_less_than_four_columns_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="four columns"):
        break_lines("x", 3)


def test_characters_with_a_better_form_are_changed() -> None:
    assert tidy("¥12 don’t\u00a0go\ttoo “好”") == "￥12 don't go too “好”"
    assert tidy("’tis") == "’tis"


def test_a_row_stands_left_and_right_on_one_line() -> None:
    (text,) = texts(Row("编号 Number", "T0001-000042"))
    assert text == "编号 Number" + " " * 25 + "T0001-000042"
    assert columns(text) == 48


def test_a_row_that_does_not_fit_takes_two_lines() -> None:
    first, second = texts(Row("受理的部门 The agency that answers", "规划和自然资源局", bold=True))
    assert first == "受理的部门 The agency that answers"
    assert second == " " * 32 + "规划和自然资源局"


def test_a_row_without_a_right_cell_is_one_line() -> None:
    assert [t.rstrip() for t in texts(Row("只有左边", ""))] == ["只有左边"]


def test_a_long_cell_without_a_right_one_breaks() -> None:
    assert len(texts(Row("左" * 30, ""))) == 2


def test_only_the_right_cell_of_a_bold_row_is_bold() -> None:
    line = lay_out(receipt(Row("编号", "T0001", bold=True)))[1]
    assert isinstance(line, TextLine)
    assert [r.bold for r in line.runs] == [False, True]


def test_a_title_is_double_and_centred() -> None:
    line = lay_out(receipt(Title("便民服务中心")))[1]
    assert isinstance(line, TextLine)
    assert (line.columns, line.height) == (36, 2)
    left = lay_out(receipt(Title("便民服务中心", centred=False)))[1]
    assert isinstance(left, TextLine)
    assert left.columns == 24


def test_a_title_of_two_lines_leaves_no_character_alone() -> None:
    assert [t.strip() for t in texts(Title("榕树街便民服务中心"), width_mm=58)] == ["榕树街便民", "服务中心"]
    banner = texts(Banner("recorded", "已记在本机，还没发出"), width_mm=58)
    assert [t.strip("║ ") for t in banner[1:3]] == ["已记在本机，", "还没发出"]


def test_paragraphs_are_indented_and_centred() -> None:
    assert texts(Para("Property certificate", indent=2)) == ["  Property certificate"]
    assert texts(Para("Scan to verify", centred=True)) == [" " * 17 + "Scan to verify"]


def test_list_items_hang_behind_their_mark() -> None:
    assert texts(ListBlock(("户口本\nHousehold booklet", "房产证"))) == [
        "× 户口本",
        "   Household booklet",
        "× 房产证",
    ]


def test_rules_codes_and_feeds() -> None:
    lines = lay_out(receipt(Rule(), Rule("double"), QR("x"), Barcode("T1"), Feed(2), Feed(0)))[1:]
    assert isinstance(lines[0], TextLine)
    assert lines[0].text == "-" * 48
    assert lines[1:] == (DoubleRule(), QRLine("x"), BarcodeLine("T1"), FeedLine(2))


def test_received_is_a_solid_bar_over_the_whole_width() -> None:
    lines = [
        x for x in lay_out(receipt(Banner("received", "市教育局已收到", ("RECEIVED",))))[1:] if isinstance(x, TextLine)
    ]
    assert all(x.reverse and x.columns == 48 for x in lines)
    assert [x.height for x in lines] == [1, 2, 1, 1]
    assert [x.joined for x in lines] == [True, True, True, False]


def test_recorded_is_a_double_frame_over_the_whole_width() -> None:
    lines = lay_out(receipt(Banner("recorded", "已记在本机，还没发出", ("NOT YET SENT",))))[1:]
    framed = [x for x in lines if isinstance(x, TextLine)]
    assert not any(x.reverse for x in framed)
    assert all(x.columns == 48 for x in framed)
    assert framed[0].text == "╔" + "═" * 22 + "╗"
    assert framed[-1].text == "╚" + "═" * 22 + "╝"
    assert all(x.text.startswith("║") and x.text.endswith("║") for x in framed[1:-1])


def test_narrow_paper_has_32_columns() -> None:
    assert texts(Rule(), width_mm=58) == ["-" * 32]
    assert lay_out(receipt(Rule()), 58)[1] == lay_out(receipt(Rule(), width_mm=58))[1]


def test_a_copy_never_carries_the_mark_of_an_original() -> None:
    blocks = (Row("终端 T0001", "正本 ORIGINAL", bold=True), Para("x"))
    assert marked(Receipt("n", blocks)) == blocks
    assert marked(Receipt("n", blocks, copy=True)) == (Row("终端 T0001", "补打 COPY", bold=True), Para("x"))
    assert marked(Receipt("n", (Row("补打 COPY", "x"),))) == (Row("正本 ORIGINAL", "x"),)


def test_a_receipt_without_a_mark_gets_one_with_its_number() -> None:
    assert marked(Receipt("T0001-000042", (Para("x"),)))[0] == Row("T0001-000042", "正本 ORIGINAL", bold=True)
    assert marked(Receipt("T0001-000042", (Para("x"),), copy=True))[0] == Row("T0001-000042", "补打 COPY", bold=True)


@pytest.mark.parametrize(
    ("block", "where"),
    [
        (Para("bell\x07"), "blocks[1]"),
        (Title("\x1b@"), "blocks[1]"),
        (QR("x" * (MAX_QR_BYTES + 1)), "blocks[1]"),
        (QR(""), "blocks[1]"),
        (Barcode("中文"), "blocks[1]"),
        (Barcode("T" * 40), "blocks[1]"),
    ],
)
def test_what_cannot_be_printed_is_named(block: object, where: str) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        lay_out(receipt(block))
    assert caught.value.where == where


def test_the_block_is_named_as_the_caller_counts_it() -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        lay_out(Receipt("n", (Para("x"), Para("\x00"))))
    assert caught.value.where == "blocks[1]"


def test_a_barcode_must_fit_on_the_paper() -> None:
    wide = receipt(Barcode("T0001-000042-77"))
    assert lay_out(wide)[1] == BarcodeLine("T0001-000042-77")
    with pytest.raises(ReceiptInvalid, match="58 mm"):
        lay_out(wide, 58)


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(ReceiptInvalid, match="58 or 80"):
        lay_out(replace(receipt(), width_mm=70))


def test_the_preview_on_the_screen_has_every_line() -> None:
    blocks = (Title("标题"), Rule("double"), QR("x"), Barcode("T1"), Feed(1), Banner("received", "好"), Para("end"))
    lines = preview_text(receipt(*blocks))
    assert lines[0].startswith("终端 T0001")
    assert "=" * 48 in lines
    assert any("[QR]" in x for x in lines)
    assert any("T1" in x for x in lines)
    assert lines[-1] == "end"


def sized(*blocks: object, width_mm: int = 80, large: bool = False) -> list[tuple[str, int]]:
    """Each text line that is not blank, with the size of its smallest characters."""
    lines = lay_out(replace(receipt(*blocks, width_mm=width_mm), large=large))[1:]
    texts = [x for x in lines if isinstance(x, TextLine) and x.text.strip() and "终端" not in x.text]
    return [
        (x.text.rstrip(), min(r.width for r in x.runs if r.text.strip())) for x in texts if "ORIGINAL" not in x.text
    ]


def test_a_ticket_number_is_six_times_as_large() -> None:
    assert sized(BigNumber("B027")) == [(" " * 12 + "B027", 6)]
    assert sized(BigNumber("B027"), width_mm=58) == [(" " * 4 + "B027", 6)]
    assert sized(BigNumber("ABC-0027"), width_mm=58) == [("ABC-0027", 4)]


@pytest.mark.parametrize("text", ["b027", "号", "B00000027", ""])
def test_a_ticket_number_is_short_and_plain(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        lay_out(receipt(BigNumber(text)))


def test_rows_and_paragraphs_at_double_size() -> None:
    ((text, size),) = sized(Row("前面还有 Ahead", "6 人", size=2))
    assert (columns(text), size) == (24, 2)
    assert sized(Para("大约要等十八分钟就到您了请坐", size=2)) == [("大约要等十八分钟就到您了", 2), ("请坐", 2)]


def test_large_print_has_nothing_small() -> None:
    blocks = (
        Title("小学入学报名"), Row("编号", "T0001-000042", bold=True), Para("5月18日 10:29", indent=2),
        ListBlock(("户口本",)), Banner("received", "市教育局已收到", ("RECEIVED",)), Row("短", "行"),
    )  # fmt: skip
    lines = sized(*blocks, large=True)
    assert all(size >= 2 for _, size in lines)
    assert ("T0001-000042", 3) in lines
    assert ("× 户口本", 2) in lines
    assert ("5月18日 10:29", 2) in lines
    assert [size for text, size in lines if "市教育局" in text] == [3]


def test_a_cut_parts_one_receipt_into_two_pieces() -> None:
    lines = lay_out(receipt(Para("one"), Cut(), Para("two")))
    assert CutLine() in lines
    assert any("✂" in x for x in preview_text(receipt(Para("one"), Cut(), Para("two"))))


def test_a_word_longer_than_the_line_begins_a_line_of_its_own_where_the_one_before_is_full() -> None:
    assert list(break_lines("一二三四五 ABCDEFGHIJKL", 10)) == ["一二三四五", "ABCDEFGHIJ", "KL"]
