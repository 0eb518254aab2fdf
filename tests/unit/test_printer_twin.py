"""The simulated printer reads bytes as a printer does, whoever wrote them."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

from drivers.printers.paper.raster import qr_image
from drivers.sim import printer_paper
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import BUFFER_BYTES, Board
from drivers.sim.printer_interpreter import Interpreter
from drivers.sim.printer_paper import TextStrip
from tests.printer_clock import Clock

CUT = b"\x1dVB\x00"


def printed(data: bytes, **board: bool) -> SimPrinter:
    sim = SimPrinter(board=Board(**board))  # pyright: ignore[reportArgumentType]
    assert sim.receive(data) == len(data)
    return sim


def lines(data: bytes) -> tuple[str, ...]:
    return printed(data + CUT).receipts[0].lines


def test_chinese_and_ascii() -> None:
    assert lines("\x1b@\x1c&中文 abc\n".encode("gbk")) == ("中文 abc",)


def test_without_chinese_mode_two_bytes_are_two_wrong_characters() -> None:
    assert lines(b"\x1b@\x1c." + "中".encode("gbk") + b"\n") == ("╓╨",)


def test_a_four_byte_code_is_garbage() -> None:
    assert "?" in lines("¥".encode("gb18030") + b"\n")[0]


def test_a_long_line_wraps_at_the_last_column() -> None:
    assert lines(b"x" * 50 + b"\n") == ("x" * 48, "xx")
    assert lines(b"\x1d!\x11" + b"x" * 25 + b"\n") == ("x" * 24, "x")


def test_sizes_weights_and_reverse() -> None:
    sim = printed(b"\x1d!\x11A\x1d!\x00\x1bE\x01B\x1bE\x00\x1dB\x01C\x1dB\x00\n" + CUT)
    strip = next(s for s in sim.receipts[0].strips if isinstance(s, TextStrip))
    assert [(r.text, r.width, r.height, r.bold, rev) for r, rev in strip.runs] == [
        ("A", 2, 2, False, False),
        ("B", 1, 1, True, False),
        ("C", 1, 1, False, True),
    ]
    assert strip.height == 2


def test_chinese_has_a_size_of_its_own_until_the_common_one_is_set() -> None:
    sim = printed("\x1c!\x0c中a\x1d!\x00中\n".encode("gbk") + CUT)
    strip = next(s for s in sim.receipts[0].strips if isinstance(s, TextStrip))
    assert [(r.text, r.width) for r, _ in strip.runs] == [("中", 2), ("a中", 1)]


def test_old_style_modes_and_alignment() -> None:
    assert lines(b"\x1b!\x38x\x1b!\x00\n\x1ba\x02right\n")[1] == " " * 43 + "right"
    assert lines(b"\x1b2\x1bt\x00\x1dL\x00\x00plain\x1bG\x01bold\n") == ("plainbold",)


def test_pictures_and_rules_are_dots() -> None:
    sim = printed(b"\x1dv0\x00\x02\x00\x10\x00" + b"\xff" * 32 + CUT)
    image = sim.receipts[0].image()
    assert image.crop((0, 24, 16, 40)).getcolors() == [(256, 0)]
    assert sim.receipts[0].lines == ("[IMAGE]",)
    assert image.width == 576


def test_a_picture_larger_than_the_buffer_is_printed() -> None:
    data = b"\x1dv0\x00\x48\x00\xc8\x00" + b"\x55" * (72 * 200) + CUT
    assert len(data) > BUFFER_BYTES
    assert printed(data).receipts[0].length_mm > 25


def test_a_qr_code_in_chinese_mode_comes_out_blank() -> None:
    store = b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x05\x1d(k\x03\x001E1\x1d(k\x06\x001P0abc"
    draw = b"\x1d(k\x03\x001Q0"
    assert lines(b"\x1c." + store + draw) == ("[QR abc]",)
    assert printed(b"x\n\x1c&" + store + draw + CUT).receipts[0].lines == ("x",)


def test_a_board_without_qr_codes_notes_the_command() -> None:
    assert printed(b"\x1d(k\x03\x001Q0", native_qr=False).unknown_commands == [b"\x1d(k"]


def test_unknown_commands_are_noted_and_skipped() -> None:
    sim = printed(b"\x1bZabc\n" + CUT)
    assert sim.unknown_commands == [b"\x1bZ"]
    assert sim.receipts[0].lines == ("abc",)


def test_barcodes() -> None:
    assert lines(b"\x1dkI\x06{BAB{{") == ("[BARCODE AB{]",)
    assert printed(b"\x1dk\x04ABC\x00").unknown_commands == [b"\x1dk"]
    assert printed(b"\x1dw\x06\x1dkI\x1a{B" + b"A" * 24).receipts == []


def test_paper_is_used_up() -> None:
    sim = SimPrinter()
    sim.load_roll(20)
    sim.receive(b"line\n" * 100)
    assert sim.roll_remaining_mm <= 0
    assert 3 < len(sim.receipts[0].lines) < 8
    sim.receive(b"\x10\x04\x04\x10\x04\x01\x10\x04\x02")
    assert sim.take_replies() == bytes([0x7E, 0x1A, 0x32])
    sim.load_roll(1000)
    assert len(sim.receipts[0].lines) == 100


def test_a_full_buffer_takes_no_more() -> None:
    sim = SimPrinter()
    sim.open_cover()
    assert sim.receive(b"x" * 5000) == BUFFER_BYTES
    assert not sim.has_room
    sim.close_cover()
    assert sim.has_room


def test_the_buffer_is_cleared_by_command() -> None:
    sim = SimPrinter()
    sim.open_cover()
    sim.receive(b"secret\n\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08")
    assert sim.take_replies() == b"\x37\x25\x00"
    sim.close_cover()
    assert sim.receipts == []


def test_a_jammed_cutter_cuts_when_it_is_freed_or_gives_up_when_told() -> None:
    sim = printed(b"one\n")
    sim.set_fault("cutter-jam")
    sim.receive(CUT)
    sim.receive(b"\x10\x04\x03")
    assert sim.take_replies() == b"\x1a"
    sim.clear_fault("cutter-jam")
    assert [r.cut for r in sim.receipts] == [True]
    sim.set_fault("cutter-jam")
    sim.receive(b"two\n" + CUT)
    sim.clear_fault()
    sim.set_fault("cutter-jam")
    sim.receive(b"three\n" + CUT)
    sim.receive(b"\x10\x05\x02\x10\x04\x03")
    assert sim.take_replies() == b"\x12"


def test_automatic_status_tells_changes_only() -> None:
    sim = SimPrinter()
    sim.receive(b"\x1da\x0e")
    assert sim.take_replies() == b"\x10\x00\x00\x0f"
    sim.receive(b"x\n")
    assert not sim.has_replies
    sim.open_cover()
    assert sim.take_replies() == b"\x38\x00\x00\x0f"
    assert printed(b"\x1da\x0e", status_back=False).take_replies() == b""


def test_markers_and_queued_status() -> None:
    assert printed(b"\x1d(H\x06\x0000abcd\x1dr\x01").take_replies() == b"\x37\x22abcd\x00\x00"
    assert printed(b"\x1d(H\x06\x0000abcd", markers=False).take_replies() == b""


def test_a_slow_printer_takes_its_time() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    sim.set_fault("slow", lines_per_s=2)
    sim.receive(b"one\ntwo\nthree\n")
    assert sim.next_due_s() == 0.5
    assert sim.receipts[0].lines == ("one",)
    clock.now_s = 0.6
    sim.tick()
    assert sim.receipts[0].lines == ("one", "two")


def test_a_power_cycle_forgets_the_rest() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    sim.set_fault("power-cycle", after_bytes=4, seconds=1)
    sim.receive(b"one\ntwo\n")
    assert not sim.powered
    clock.now_s = 1.0
    sim.tick()
    assert sim.powered
    sim.receive(b"three\n" + CUT)
    assert sim.receipts[0].lines == ("one", "three")
    assert not sim.receipts[0].complete


def test_questions_asked_while_off_spoil_no_receipt() -> None:
    sim = SimPrinter()
    sim.power_off()
    sim.receive(b"\x10\x04\x01")
    sim.power_on()
    sim.receive(b"x\n" + CUT)
    assert sim.receipts[0].complete


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault 'fire'"):
        SimPrinter().set_fault("fire")


def test_reset_is_a_new_printer() -> None:
    sim = printed(b"x\n" + CUT + b"y\n")
    sim.set_fault("mute")
    sim.set_fault("paper-out", after_lines=1)
    sim.reset()
    assert (sim.receipts, sim.faults) == ([], [])
    sim.receive(b"x\ny\n" + CUT)
    assert [(r.number, r.complete) for r in sim.receipts] == [(1, True)]


def test_the_hanging_piece_is_shown_and_not_complete() -> None:
    sim = printed(b"x\n" + CUT + b"y\n")
    assert [(r.number, r.cut, r.complete) for r in sim.receipts] == [(1, True, True), (2, False, False)]


def test_listeners_hear_of_a_hand() -> None:
    sim = SimPrinter()
    heard = threading.Event()
    sim.listen(heard.set)
    sim.unplug()
    assert heard.is_set()
    assert not sim.plugged
    assert sim.receive(b"x") == 0
    sim.plug()
    assert sim.plugged


def test_the_picture_is_one_bit_black_on_white() -> None:
    image = printed("\x1c&中文\n".encode("gbk") + CUT).receipts[0].image()
    assert image.mode == "1"
    assert image.getpixel((575, 0)) == 255
    ink = Image.eval(image.convert("L"), lambda v: 255 - v).getbbox()
    assert ink is not None
    assert ink[2] <= 48


def test_a_line_of_one_style_is_read_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    real = Interpreter.step

    def counted(interpreter: Interpreter, buffer: bytearray) -> object:
        before = len(buffer)
        actions = real(interpreter, buffer)
        taken.append(before - len(buffer))
        return actions

    monkeypatch.setattr(Interpreter, "step", counted)
    assert (
        lines("\x1c&".encode("ascii") + "申请编号申请编号".encode("gbk") + b"0123456789\n")[0]
        == "申请编号申请编号0123456789"
    )
    assert taken[:4] == [2, 16, 10, 1]


def test_a_code_is_drawn_only_when_somebody_looks_at_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(printer_paper, "qr_image", lambda data, dot: drawn.append(data) or qr_image(data, dot))
    code = b"\x1c.\x1d(k\x03\x001C\x04\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0"
    (piece,) = printed(code + CUT).receipts
    assert piece.lines == ("[QR abc]",)
    assert drawn == []
    assert piece.image().height > 0
    assert drawn == ["abc"]
