"""The roll: what is left of it, and who is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from typer.testing import CliRunner

from drivers.api import QR, Banner, Barcode, BigNumber, Cut, Feed, JobState, Para, Receipt, Row, Rule, Title
from drivers.printers.escpos import encode_receipt
from drivers.printers.models import generic
from drivers.printers.replies import SILENT
from drivers.printers.roll import NEAR_END_MM, ROLL_FILE, ROLL_MM, RollKeeper, RollUnwritten, length_mm
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_link import SimReceiptPrinter
from drivers.sim.pty_link import PtyLink
from kiosk.__main__ import app

OK = replace(SILENT, online=True, answered=True, paper="ok")
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
RECEIPT = Receipt(
    "T0001-000042",
    (
        Title("榕树街便民服务中心"), Row("终端", "正本 ORIGINAL"), Rule("double"), Banner("received", "已收到", ("x",)),
        *(Para(f"第{n}行") for n in range(10)), BigNumber("B027"), Barcode("T1"), QR("x" * 60), Rule(), Feed(2),
    ),
)  # fmt: skip


def keeper(tmp_path: Path) -> RollKeeper:
    return RollKeeper(tmp_path / "roll.json", lambda: NOON)


@pytest.mark.parametrize(
    "receipt", [RECEIPT, replace(RECEIPT, large=True), Receipt("1", (Para("a"), Cut(), Para("b")))]
)
def test_the_estimate_is_near_what_the_printer_uses(receipt: Receipt) -> None:
    sim = SimPrinter()
    before = sim.roll_remaining_mm
    encoded = encode_receipt(receipt, generic(80))
    for data in (*encoded.segments, encoded.cut):
        sim.receive(data)
    used = before - sim.roll_remaining_mm
    assert length_mm(receipt) == pytest.approx(used, rel=0.05, abs=4)


def test_a_roll_of_which_nobody_knows_is_unknown(tmp_path: Path) -> None:
    roll = keeper(tmp_path)
    assert (roll.roll.level, roll.roll.receipts_left) == ("unknown", None)
    assert roll.printed(100).level == "unknown"


def test_a_new_roll_is_used_up(tmp_path: Path) -> None:
    roll = keeper(tmp_path)
    assert (roll.loaded().left_mm, roll.roll.since) == (ROLL_MM, NOON.isoformat())
    for _ in range(10):
        roll.printed(150)
    assert roll.roll.left_mm == ROLL_MM - 1500
    assert roll.roll.receipts_left == int((ROLL_MM - 1500) / 150)
    assert RollKeeper(tmp_path / "roll.json").roll == roll.roll


def test_the_printer_is_believed_before_the_estimate(tmp_path: Path) -> None:
    roll = keeper(tmp_path)
    roll.loaded()
    assert roll.heard(replace(OK, paper="near-end")).left_mm == NEAR_END_MM
    assert roll.heard(replace(OK, paper="out")).level == "out"
    assert roll.heard(OK).level == "unknown"  # somebody put a roll in and told nobody
    roll.loaded(5000)
    roll.printed(2000)
    assert roll.roll.level == "near-end"
    assert roll.heard(OK).level == "ok"
    assert roll.heard(SILENT).level == "ok"


@pytest.mark.parametrize("content", [
    "", "[]", "{}", '{"left_mm": "x"}', "\x00", '{"left_mm": 1, "length_mm": 2}',
    '{"left_mm": 1e999, "length_mm": 80000, "since": "", "receipts": 3}',
    '{"left_mm": 1000, "length_mm": NaN, "since": "", "receipts": 3}',
    '{"left_mm": -1, "length_mm": 80000, "since": "", "receipts": 3}',
    '{"left_mm": 1000, "length_mm": 80000, "since": "", "receipts": -3}',
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_an_unknown_roll(content: str, tmp_path: Path) -> None:
    (tmp_path / "roll.json").write_text(content, encoding="utf-8")
    assert keeper(tmp_path).roll.level == "unknown"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RollUnwritten):
        RollKeeper(tmp_path / "none" / "roll.json").loaded()


def test_the_driver_keeps_count_and_hears_the_sensor(tmp_path: Path) -> None:
    sim = SimPrinter()
    roll = keeper(tmp_path)
    roll.loaded()
    printer = SimReceiptPrinter(sim, roll=roll)
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert roll.roll.receipts == 1
    assert roll.roll.left_mm == pytest.approx(sim.roll_remaining_mm, abs=15)
    sim.set_fault("near-end")
    printer.status()
    assert roll.roll.level == "near-end"
    sim.set_fault("paper-out")
    assert printer.print_receipt(RECEIPT).state is JobState.NOT_PRINTED
    assert roll.roll.receipts == 1


def test_a_receipt_for_wide_paper_takes_more_of_a_narrow_roll(tmp_path: Path) -> None:
    sim, roll = SimPrinter(width_mm=58), keeper(tmp_path)
    roll.loaded(sim.roll_remaining_mm)
    wordy = Receipt("1", (Para("一行放不下的话要换到下一行去，窄的纸换得更多，用的纸也更长。" * 5),))
    assert SimReceiptPrinter(sim, model=generic(58), roll=roll).print_receipt(wordy).state is JobState.DONE
    assert roll.roll.left_mm == pytest.approx(sim.roll_remaining_mm, abs=6)


def test_a_technician_changes_the_roll(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["print", "roll", "--state", str(tmp_path), "--json"])
    assert json.loads(run.stdout)["level"] == "unknown"
    run = CliRunner().invoke(app, ["print", "roll", "--loaded", "60000", "--state", str(tmp_path), "--json"])
    assert (run.exit_code, json.loads(run.stdout)["left_mm"]) == (0, 60000)
    assert RollKeeper(tmp_path / ROLL_FILE).roll.level == "ok"


def test_a_technician_says_it_while_the_terminal_runs(tmp_path: Path) -> None:
    sim, roll = SimPrinter(), keeper(tmp_path)
    roll.loaded(5000)
    printer = SimReceiptPrinter(sim, roll=roll)
    RollKeeper(tmp_path / "roll.json").loaded(60_000)
    printer.print_receipt(RECEIPT)
    assert roll.roll.left_mm is not None
    assert 59_000 < roll.roll.left_mm < 60_000
    status = printer.status()
    assert (status.roll, status.roll_left_m) == ("ok", 59)


def change(folder: Path, port: str, *more: str) -> tuple[int, dict[str, object], str]:
    words = ["print", "roll", "--change", "--port", port, "--state", str(folder), "--json", *more]
    run = CliRunner().invoke(app, words)
    return run.exit_code, json.loads(run.stdout), run.stderr


def second_question(sim: SimPrinter, monkeypatch: pytest.MonkeyPatch) -> Event:
    """Set once the printer was asked how it is for the second time: the first answer has been heard whole."""
    asked, heard = Event(), bytearray()
    receive = sim.receive

    def hear(data: bytes) -> int:
        heard.extend(data)
        if heard.count(b"\x10\x04\x01") > 1:
            asked.set()
        return receive(data)

    monkeypatch.setattr(sim, "receive", hear)
    return asked


def test_the_command_leads_through_a_change_of_the_roll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = SimPrinter()
    asked = second_question(sim, monkeypatch)
    sim.set_fault("paper-out")
    sim.open_cover()

    def technician() -> None:
        assert asked.wait(10)
        sim.load_roll()
        sim.close_cover()

    with PtyLink(sim) as link:
        hand = Thread(target=technician)
        hand.start()
        code, facts, words = change(tmp_path, link.port, "--loaded", "60000", "--wait", "20")
        hand.join()
    assert (code, facts["level"], facts["left_mm"]) == (0, "ok", 60000)
    assert words.index("Open the cover") < words.index("Put the new roll in")


def test_a_used_roll_is_not_taken_for_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = SimPrinter()
    asked = second_question(sim, monkeypatch)
    sim.load_roll(3000)
    sim.open_cover()

    def technician() -> None:
        assert asked.wait(10)
        sim.close_cover()

    with PtyLink(sim) as link:
        hand = Thread(target=technician)
        hand.start()
        code, facts, _ = change(tmp_path, link.port, "--wait", "20")
        hand.join()
    assert (code, facts["error"]) == (1, "roll-not-new")
    assert not (tmp_path / ROLL_FILE).exists()


def test_nobody_opens_the_cover(tmp_path: Path) -> None:
    with PtyLink(SimPrinter()) as link:
        code, facts, _ = change(tmp_path, link.port, "--wait", "1")
    assert (code, facts["error"]) == (1, "roll-not-changed")
    assert change(tmp_path, str(tmp_path / "none"))[1]["error"] == "port-not-found"
    assert change(tmp_path, "")[1]["error"] == "no-port"
