"""The bytes for a printer, and what its answers mean."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from drivers.api import QR, Banner, Barcode, Feed, Para, PrinterStatus, Receipt, Row, Rule, Title
from drivers.printers import escpos
from drivers.printers.escpos import (
    BAND_BYTES,
    CUT,
    EncodedReceipt,
    WrongEscposPackage,
    check_escpos_package,
    defused,
    encode_receipt,
    process_id,
    query,
    raster,
)
from drivers.printers.models import UnknownModel, generic, model, models
from drivers.printers.paper.raster import FontMissing, Glyphs
from drivers.printers.replies import (
    AutoStatus,
    Block,
    Noise,
    ProcessId,
    QueuedStatus,
    RealTimeStatus,
    ReplyParser,
    blocking_reason,
    printer_status,
)

MARK = Row("T0001", "正本 ORIGINAL")


def encoded(*blocks: object) -> EncodedReceipt:
    return encode_receipt(Receipt("n", (MARK, *blocks)), generic(80))  # pyright: ignore[reportArgumentType]


def test_chinese_goes_out_as_gbk_in_chinese_mode() -> None:
    job = encoded(Para("收到的：￥12，不是¥"))
    assert job.segments[0] == b"\x1b@\x1c&\x1b3\x1e"
    assert job.segments[2] == "收到的：￥12，不是￥".encode("gbk") + b"\n"
    assert job.cut == CUT


def test_bold_and_double_size_end_with_their_text() -> None:
    job = encoded(Para("粗", bold=True), Title("大", centred=False))
    assert job.segments[2] == b"\x1bE\x01" + "粗".encode("gbk") + b"\x1bE\x00\n"
    title = job.segments[3]
    assert b"\x1d!\x11\x1c!\x0c" in title
    assert title.index(b"\x1d!\x11") < title.index("大".encode("gbk")) < title.index(b"\x1d!\x00\x1c!\x00")


def test_a_solid_bar_is_white_on_black_and_the_mode_ends() -> None:
    data = b"".join(encoded(Banner("received", "已收到", ("RECEIVED",))).segments)
    assert data.count(b"\x1dB\x01") == data.count(b"\x1dB\x00") == 4


def test_a_qr_code_is_drawn_by_the_printer_outside_chinese_mode() -> None:
    (code,) = [s for s in encoded(QR("https://example.invalid/x")).segments if b"\x1d(k" in s]
    assert code.index(b"\x1c.") < code.index(b"\x1d(k") < code.rindex(b"\x1c&")
    assert b"1P0https://example.invalid/x" in code


def test_a_board_without_qr_codes_gets_a_picture() -> None:
    job = encode_receipt(Receipt("n", (MARK, QR("x"))), model("clone-80-no-qr"))
    data = b"".join(job.segments)
    assert b"\x1d(k" not in data
    assert b"\x1dv0" in data


def test_only_lines_with_rare_characters_are_pictures() -> None:
    job = encoded(Row("办理人", "黎*𠮷"), Para("普通"))
    assert job.segments[2].startswith(b"\x1dv0\x00\x48\x00\x0c\x00")
    assert job.segments[3].startswith(b"\x1dv0\x00\x48\x00\x0c\x00")  # the rest of it: one picture would be long
    assert job.segments[5] == "普通".encode("gbk") + b"\n"


def test_no_picture_takes_longer_than_a_second_of_the_slowest_usual_line() -> None:
    code = encode_receipt(Receipt("n", (MARK, QR("x" * 300), Para("𠮷", size=2))), model("clone-80-no-qr"))
    assert max(map(len, code.segments)) <= BAND_BYTES + 8


@pytest.mark.parametrize(("dot", "mode"), [(7, 3), (4, 3), (3, 0)])
def test_a_large_code_is_sent_in_a_quarter_of_its_dots(dot: int, mode: int) -> None:
    board = replace(model("clone-80-no-qr"), qr_dot=dot)
    pictures = [s for s in encode_receipt(Receipt("n", (MARK, QR("x"))), board).segments if s[:3] == b"\x1dv0"]
    assert {picture[3] for picture in pictures} == {mode}


def test_a_missing_font_is_said_and_only_where_it_is_needed(tmp_path: Path) -> None:
    missing = tmp_path / "none.ttc"
    assert encode_receipt(Receipt("n", (MARK,)), generic(80), missing).size
    with pytest.raises(FontMissing, match="fonts-noto-cjk"):
        encode_receipt(Receipt("n", (MARK, Para("𠮷"))), generic(80), missing)


def test_a_font_without_chinese_is_said() -> None:
    latin = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not latin.exists():
        pytest.skip("no second font here")
    with pytest.raises(FontMissing, match="no face"):
        Glyphs(latin)


def test_barcode_feed_and_rule() -> None:
    job = encoded(Barcode("T0001-{42}"), Feed(3), Rule("double"))
    assert b"\x1dkI\x0d{BT0001-{{42}" in job.segments[2]
    assert job.segments[3] == b"\x1bd\x03"
    assert b"\x1dv0\x03\x24\x00\x03\x00" in job.segments[4]


def test_a_printer_without_a_cutter_feeds_instead() -> None:
    job = encode_receipt(Receipt("n", (MARK,)), model("generic-58-tear-off"))
    assert job.cut == b""
    assert job.segments[-1] == b"\x1bd\x06"


def test_a_narrow_receipt_stays_narrow_on_a_wide_printer() -> None:
    job = encode_receipt(Receipt("n", (MARK, Rule()), width_mm=58), generic(80))
    assert b"-" * 32 + b"\n" in job.segments[2]
    assert b"-" * 33 not in job.segments[2]


@pytest.mark.parametrize("command", [b"\x10\x04\x01", b"\x10\x05\x02", b"\x10\x14\x08"])
def test_a_picture_holds_no_real_time_command(command: bytes) -> None:
    safe = defused(b"\x00" + command + b"\xff\x10")
    assert len(safe) == len(command) + 3
    assert command[:2] not in safe
    image = Image.frombytes("1", (24, 1), command)
    assert command[:2] not in raster(image)[8:]


def test_questions_and_markers_are_checked() -> None:
    assert query(4) == b"\x10\x04\x04"
    assert process_id(b"a1B2") == b"\x1d(H\x06\x0000a1B2"
    for bad in (0, 5):
        with pytest.raises(ValueError, match="1 to 4"):
            query(bad)
    for marker in (b"abc", b"ab\x00d", b"abcde"):
        with pytest.raises(ValueError, match="four bytes"):
            process_id(marker)


def test_the_stale_fork_of_python_escpos_is_refused() -> None:
    check_escpos_package(["python-escpos"])
    for wrong in ([], ["escpos"], ["escpos", "python-escpos"]):
        with pytest.raises(WrongEscposPackage, match="python-escpos"):
            check_escpos_package(wrong)


def test_importing_the_encoder_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import logging\n"
        "from drivers.api import QR, Receipt\n"
        "from drivers.printers.escpos import encode_receipt\n"
        "from drivers.printers.models import generic\n"
        "encode_receipt(Receipt('n', (QR('x'),)), generic(80))\n"
        "assert logging.root.handlers == []\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    assert "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ
    assert escpos.__name__ in sys.modules
    assert logging.root is not None


def test_models_are_known_by_name() -> None:
    assert {"generic-80", "generic-58", "epson-tm-t88"} <= set(models())
    assert generic(58).paper.columns == 32
    with pytest.raises(UnknownModel, match="generic-80"):
        model("typewriter")


def test_replies_are_told_apart_in_any_pieces() -> None:
    data = b"\x12\x16" + b"\x37\x22abcd\x00" + b"\x18\x00\x0c\x0f" + b"\x00" + b"\x5fEPSON\x00" + b"\xff"
    expected = [
        RealTimeStatus(0x12),
        RealTimeStatus(0x16),
        ProcessId(b"abcd"),
        AutoStatus(b"\x18\x00\x0c\x0f"),
        QueuedStatus(0),
        Block(0x5F, b"EPSON"),
        Noise(b"\xff"),
    ]
    assert ReplyParser().feed(data) == expected
    parser = ReplyParser()
    assert [r for b in data for r in parser.feed(bytes([b]))] == expected


def test_noise_does_not_swallow_a_marker() -> None:
    parser = ReplyParser()
    replies = parser.feed(b"\x5f\x30\x37\x22abcd\x00")
    assert ProcessId(b"abcd") in replies
    assert RealTimeStatus(0x12) in ReplyParser().feed(b"\x5f\x12")
    assert ReplyParser().feed(b"\x10\x95")[0] == Noise(b"\x10")
    assert Noise(b"\x5f") in ReplyParser().feed(b"\x5f" + b"A" * 90)


def test_a_half_reply_can_be_forgotten() -> None:
    parser = ReplyParser()
    assert parser.feed(b"\x37\x22ab") == []
    parser.reset()
    assert parser.feed(b"\x12") == [RealTimeStatus(0x12)]


READY = {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({4: 0x1E}, ""),
        ({1: 0x1A, 4: 0x7E}, "paper-out"),
        ({1: 0x1A, 2: 0x32}, "paper-out"),
        ({1: 0x1A, 2: 0x16}, "cover-open"),
        ({1: 0x1A, 2: 0x52, 3: 0x1A}, "cutter"),
        ({3: 0x32}, "unrecoverable"),
        ({3: 0x52}, "head-hot"),
        ({3: 0x16}, "recoverable"),
        ({2: 0x52}, "recoverable"),
        ({1: 0x1A}, "printer-offline"),
        ({1: 0x32}, "printer-offline"),
    ],
)
def test_status_bits_say_why_a_printer_cannot_print(changed: dict[int, int], reason: str) -> None:
    status = printer_status({**READY, **changed})
    assert blocking_reason(status) == reason
    assert status.online is (reason == "")


def test_a_missing_reply_is_never_ready() -> None:
    assert blocking_reason(printer_status({})) == "no-reply"
    for n in (2, 3, 4):
        partial = printer_status({k: v for k, v in READY.items() if k != n})
        assert partial.answered
        assert not partial.online
    assert printer_status({1: 0x12}) == PrinterStatus(False, True, None, None, None, {"1": 0x12})


@pytest.mark.parametrize(
    ("value", "offline", "reason"),
    [
        (b"\x10\x00\x00\x0f", False, ""),
        (b"\x18\x00\x0c\x0f", True, "paper-out"),
        (b"\x38\x00\x00\x0f", True, "cover-open"),
        (b"\x18\x08\x00\x0f", True, "cutter"),
        (b"\x18\x20\x00\x0f", True, "unrecoverable"),
        (b"\x18\x40\x00\x0f", True, "head-hot"),
        (b"\x18\x00\x00\x0f", True, ""),
    ],
)
def test_automatic_status_says_why(value: bytes, offline: bool, reason: str) -> None:
    assert (AutoStatus(value).offline, AutoStatus(value).reason) == (offline, reason)


def test_a_qr_code_shrinks_to_narrow_paper() -> None:
    small = replace(generic(58), qr_dot=16)
    data = b"".join(encode_receipt(Receipt("n", (MARK, QR("x" * 300)), width_mm=58), small).segments)
    assert data[data.index(b"\x1d(k\x03\x001C") + 7] == 4
