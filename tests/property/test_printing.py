"""Printing, for any text and any bytes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from itertools import groupby

from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.api import Banner, BigNumber, ListBlock, Para, Receipt, Row, Title
from drivers.errors import ReceiptInvalid
from drivers.printers.escpos import defused, encode_receipt
from drivers.printers.models import generic
from drivers.printers.paper.layout import PAPERS, TextLine, lay_out
from drivers.printers.paper.linebreak import break_lines, columns, gbk, tidy
from drivers.printers.paper.receipt_document import parse_receipt, receipt_from_json
from drivers.printers.replies import AutoStatus, ProcessId, RealTimeStatus, ReplyParser
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import Board
from tests.paper import preview_text, receipt_to_json

TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))
    | st.sampled_from("中文字，。「」（）abc 0123456789:-￥¥’𠮷䶮é"),
    max_size=120,
)
NAME = TEXT.filter(lambda t: t.strip() != "")
GBK_TEXT = st.text(st.sampled_from("中文字，。「」（）abc 0123456789:-￥×"), max_size=120)
BLOCKS = st.one_of(
    st.builds(Title, NAME, st.booleans()),
    st.builds(Row, TEXT, TEXT, st.booleans(), st.sampled_from([1, 2])),
    st.builds(Para, TEXT, st.booleans(), st.booleans(), st.integers(0, 8), st.sampled_from([1, 2])),
    st.builds(BigNumber, st.text(st.sampled_from("ABC0123456789-"), min_size=1, max_size=8)),
    st.builds(ListBlock, st.lists(NAME, min_size=1, max_size=3).map(tuple)),
    st.builds(Banner, st.sampled_from(["received", "recorded"]), NAME, st.lists(NAME, max_size=3).map(tuple)),
)


def squeezed(text: str) -> str:
    return "".join(tidy(text).split())


@given(TEXT, st.integers(4, 48))
def test_lines_never_overflow_and_lose_no_text(text: str, width: int) -> None:
    lines = break_lines(tidy(text), width)
    assert all(columns(line) <= width for line in lines)
    assert squeezed("".join(lines)) == squeezed(text)


@given(GBK_TEXT, st.integers(10, 48))
@example("00××× ）", 10)
@example("00×××  ））", 12)
def test_no_line_starts_with_a_full_stop_that_had_room(text: str, width: int) -> None:
    for before, line in zip(lines := break_lines(text, width), lines[1:], strict=False):
        if line[:1] in ("，", "。", "」", "）"):
            # Only a chain of such signs, or an unbreakable word, longer than the line may be cut there.
            assert columns(before) >= width - 1 or columns(line) >= width - 1


@given(st.lists(BLOCKS, min_size=1, max_size=6).map(tuple), st.sampled_from([58, 80]), st.booleans())
def test_a_layout_never_overflows_and_loses_no_text(
    blocks: tuple[Title | Row, ...], width_mm: int, large: bool
) -> None:
    lines = lay_out(Receipt("T0001-000042", blocks, width_mm=width_mm, large=large))
    texts = [line for line in lines if isinstance(line, TextLine)]
    assert all(line.columns <= PAPERS[width_mm].columns for line in texts)
    paper = squeezed("".join(line.text for line in texts))
    for block in blocks:
        if isinstance(block, Title | Para):
            assert squeezed(block.text) in paper
    if large:
        assert all(r.height >= 2 for line in texts for r in line.runs if r.text.strip("═║╔╗╚╝- "))


def pictures_joined(lines: Iterable[str]) -> list[str]:
    """Lines that touch on paper, such as those of a bar, are one picture there."""
    return [line for line, same in groupby(lines) for _ in ([0] if line == "[IMAGE]" else same)]


@given(st.lists(BLOCKS, min_size=1, max_size=4).map(tuple), st.booleans())
@settings(deadline=None, max_examples=60)
def test_what_the_printer_prints_is_what_the_screen_previewed(blocks: tuple[Title | Row, ...], large: bool) -> None:
    receipt = Receipt("T0001-000042", blocks, large=large)
    sim = SimPrinter()
    encoded = encode_receipt(receipt, generic(80))
    for data in (*encoded.segments, encoded.cut):
        sim.receive(data)
    (paper,) = sim.receipts
    preview = ["[IMAGE]" if gbk(line) is None else line for line in preview_text(receipt) if line.strip()]
    assert sim.unknown_commands == []
    assert pictures_joined(paper.lines) == pictures_joined(preview)


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=20), st.booleans())
def test_the_reply_parser_survives_any_bytes_in_any_pieces(data: bytes, cuts: list[int], full: bool) -> None:
    whole = ReplyParser(full_status=full).feed(data)
    parser, rest, pieces = ReplyParser(full_status=full), data, []
    for size in cuts:
        pieces += parser.feed(rest[:size])
        rest = rest[size:]
    pieces += parser.feed(rest)
    assert pieces == whole


@given(st.lists(st.sampled_from([b"\x12", b"\x1a", b"\x37\x22ab!~\x00", b"\x18\x00\x0c\x0f"]), max_size=30))
def test_interleaved_replies_all_arrive(parts: list[bytes]) -> None:
    kinds = {1: RealTimeStatus, 4: AutoStatus, 7: ProcessId}
    assert [type(r) for r in ReplyParser().feed(b"".join(parts))] == [kinds[len(p)] for p in parts]


@given(st.binary(max_size=400))
def test_defused_pictures_hold_no_real_time_command(data: bytes) -> None:
    safe = defused(data)
    assert len(safe) == len(data)
    assert not any(safe[i] == 0x10 and safe[i + 1] in (4, 5, 0x14) for i in range(len(safe) - 1))


COMMANDS = st.sampled_from([
    b"\x1b@", b"\x1c&", b"\x1c.", b"\x1d!\x55", b"\x1bt\x10", b"\x1de\x03\x0c", b"\x1de\x02", b"\x1dVB\x00",
    b"\x1d(H\x06\x0000abcd", b"\x1dr\x01", b"\x1dIC", b"\x10\x04\x14", b"\x10\x05\x02", b"x\n", b"\xd6\xd0\n",
])  # fmt: skip


@given(st.lists(st.binary(max_size=40) | COMMANDS, max_size=20).map(b"".join), st.booleans())
@settings(deadline=None)
def test_the_twin_survives_any_bytes(data: bytes, kiosk: bool) -> None:
    sim = SimPrinter(board=Board(presenter=kiosk, name="SIM", buffer_bytes=256))
    sim.receive(data)
    sim.take_ticket()
    for piece in sim.receipts:
        assert isinstance(piece.text, str)


@given(st.lists(st.binary(max_size=12) | GBK_TEXT.map(lambda t: t.encode("gbk")) | COMMANDS, max_size=12).map(b"".join))
@settings(deadline=None)
def test_bytes_that_come_one_by_one_print_what_they_print_together(data: bytes) -> None:
    data = data.replace(b"\x10", b"")  # what is obeyed when it arrives comes at another time
    together, apart = SimPrinter(board=Board()), SimPrinter(board=Board())
    together.receive(data)
    for at in range(len(data)):
        apart.receive(data[at : at + 1])
    assert [piece.strips for piece in apart.receipts] == [piece.strips for piece in together.receipts]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(max_size=8), x, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"number": st.just("1") | JSON, "blocks": st.lists(JSON, max_size=3)},
    optional={"copy": JSON, "width_mm": st.sampled_from([58, 80]) | JSON},
)
BLOCK_LIKE = st.dictionaries(
    st.sampled_from(["title", "row", "rule", "para", "list", "qr", "barcode", "feed", "banner", "bold", "indent"]),
    JSON,
    min_size=1,
    max_size=3,
)


@given(JSON | NEARLY | st.fixed_dictionaries({"number": st.just("1"), "blocks": st.lists(BLOCK_LIKE, max_size=3)}))
def test_a_document_is_read_or_refused_with_a_place(value: object) -> None:
    try:
        receipt = receipt_from_json(value)
    except ReceiptInvalid as e:
        assert e.where  # noqa: PT017 - both ends are right; a refusal must name its place
        return
    assert receipt_from_json(receipt_to_json(receipt)) == receipt


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(ReceiptInvalid):
        parse_receipt(text)


@given(st.lists(BLOCKS, min_size=1, max_size=5).map(tuple))
def test_documents_keep_every_receipt(blocks: tuple[Title | Row, ...]) -> None:
    receipt = Receipt("T0001-000042", blocks, copy=True, width_mm=58)
    assert parse_receipt(json.dumps(receipt_to_json(receipt))) == receipt
