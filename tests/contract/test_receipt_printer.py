"""What every receipt printer does, held on the in-process twin and on pyserial over a pty to the same twin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import JobState, Receipt, Row
from drivers.printers.escpos import encode_receipt
from drivers.printers.journal import JobJournal
from drivers.printers.models import generic, model
from drivers.sim.printer import SimPrinter
from tests.contract.printer_stand import COPY, RECEIPT, Stand


def test_a_receipt_is_done_only_after_the_printer_said_so(stand: Stand) -> None:
    states: list[JobState] = []
    result = stand.open().print_receipt(RECEIPT, states.append)
    assert (result.state, result.reason) == (JobState.DONE, "")
    assert states == [JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED, JobState.DONE]
    assert result.bytes_sent > encode_receipt(RECEIPT, generic(80)).size
    (paper,) = stand.sim.receipts
    assert paper.complete
    assert paper.cut
    assert "市教育局已收到" in paper.text
    assert "[QR https://example.invalid/v/0123456789abcdef]" in paper.text
    assert stand.sim.unknown_commands == []


def test_a_copy_never_says_original(stand: Stand) -> None:
    assert stand.open().print_receipt(COPY).state is JobState.DONE
    text = stand.sim.receipts[0].text
    assert "补打 COPY" in text
    assert "ORIGINAL" not in text


def test_the_status_of_a_printer_at_rest(stand: Stand) -> None:
    status = stand.open().status()
    assert (status.online, status.answered, status.cover, status.paper, status.error) == (
        True, True, "closed", "ok", None,
    )  # fmt: skip
    assert status.detail == {"1": 0x12, "2": 0x12, "3": 0x12, "4": 0x12}


def test_the_roll_runs_low(stand: Stand) -> None:
    stand.sim.load_roll(1500)
    printer = stand.open()
    assert printer.status().paper == "near-end"
    assert printer.status().online
    assert printer.print_receipt(RECEIPT).state is JobState.DONE


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("paper-out", "paper-out"),
        ("cover-open", "cover-open"),
        ("head-hot", "head-hot"),
        ("unrecoverable", "unrecoverable"),
        ("mute", "no-reply"),
        ("power-off", "no-reply"),
    ],
)
def test_a_printer_that_cannot_print_gets_no_byte_of_the_job(stand: Stand, fault: str, reason: str) -> None:
    stand.sim.set_fault(fault)
    states: list[JobState] = []
    printer = stand.open()
    result = printer.print_receipt(RECEIPT, states.append)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, reason, 0)
    assert JobState.SENDING not in states
    assert stand.sim.receipts == []
    assert not printer.status().online
    stand.sim.clear_fault()
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert [p.complete for p in stand.sim.receipts] == [True]


def test_the_roll_ends_half_way_and_a_new_one_does_not_print_the_rest(stand: Stand) -> None:
    stand.sim.set_fault("paper-out", after_lines=6)
    printer = stand.open()
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.PARTIAL, "paper-out")
    assert result.bytes_sent > 0
    assert printer.status().paper == "out"
    (piece,) = stand.sim.receipts
    assert not piece.complete
    before = piece.lines
    stand.sim.load_roll()
    printer.status()
    assert stand.sim.receipts[-1].lines == before
    assert printer.print_receipt(COPY).state is JobState.DONE
    half, copy = stand.sim.receipts
    assert not half.complete
    assert half.lines == before
    assert copy.complete
    assert "补打 COPY" in copy.text


def test_the_cover_is_opened_half_way(stand: Stand) -> None:
    stand.sim.set_fault("cover-open", after_lines=6)
    printer = stand.open()
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.PARTIAL, "cover-open")
    assert printer.status().cover == "open"


def test_the_cutter_jams(stand: Stand) -> None:
    stand.sim.set_fault("cutter-jam")
    printer = stand.open()
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.PRINTED_NOT_CUT, "cutter")
    assert printer.status().error == "cutter"
    assert not stand.sim.receipts[0].cut
    assert "12345" in stand.sim.receipts[0].text


@pytest.mark.parametrize("after_bytes", [40, 600, 950])
def test_the_printer_is_switched_off_and_on_again(stand: Stand, after_bytes: int) -> None:
    stand.sim.set_fault("power-cycle", after_bytes=after_bytes, seconds=stand.seconds)
    printer = stand.open()
    result = printer.print_receipt(RECEIPT)
    assert result.state in {JobState.PARTIAL, JobState.UNKNOWN}
    assert result.reason == "power-cycle"
    assert not any(p.complete for p in stand.sim.receipts)
    assert printer.print_receipt(COPY).state is JobState.DONE
    assert stand.sim.receipts[-1].complete


def test_the_printer_is_switched_off_for_good(stand: Stand) -> None:
    stand.sim.set_fault("power-off", after_bytes=600)
    result = stand.open().print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "no-reply")


def test_the_printer_falls_silent_though_it_prints(stand: Stand) -> None:
    stand.sim.set_fault("mute", after_bytes=100)
    result = stand.open().print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "no-reply")


def test_the_printer_answers_questions_but_no_marker(stand: Stand) -> None:
    stand.sim.set_fault("no-markers")
    result = stand.open().print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "no-confirmation")


def test_the_cable_is_pulled_half_way_and_put_back(stand: Stand) -> None:
    stand.sim.set_fault("unplugged", after_bytes=600)
    printer = stand.open()
    result = printer.print_receipt(RECEIPT)
    assert result.state in {JobState.PARTIAL, JobState.UNKNOWN}
    assert result.reason in {"printer-unplugged", "no-reply"}
    assert not printer.status().answered
    stand.sim.clear_fault()
    stand.plug()
    assert printer.print_receipt(COPY).state is JobState.DONE
    assert stand.sim.receipts[-1].complete
    assert stand.sim.receipts[-1].text.count("市民热线") == 1


def test_the_cable_is_out_before_anything_is_sent(stand: Stand) -> None:
    printer = stand.open()
    assert printer.status().answered
    stand.sim.unplug()
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.bytes_sent) == (JobState.NOT_PRINTED, 0)


def test_a_slow_printer_is_waited_for(stand: Stand) -> None:
    stand.sim.set_fault("slow", lines_per_s=60)
    assert stand.open().print_receipt(RECEIPT).state is JobState.DONE


def test_noise_on_the_line_is_no_answer(stand: Stand) -> None:
    stand.sim.set_fault("noise", after_bytes=500)
    stand.sim.set_fault("noise", after_bytes=900)
    assert stand.open().print_receipt(RECEIPT).state is JobState.DONE


def test_a_rare_name_comes_out_as_a_picture(stand: Stand) -> None:
    rare = Receipt("T0001-000043", (Row("办理人 Name", "黎*𠮷"),))
    assert stand.open().print_receipt(rare).state is JobState.DONE
    paper = stand.sim.receipts[0]
    assert "[IMAGE]" in paper.lines
    assert "?" not in paper.text


def test_a_board_without_process_ids_confirms_by_queued_status(stand: Stand) -> None:
    assert stand.open(model("clone-80")).print_receipt(RECEIPT).state is JobState.DONE
    assert stand.sim.receipts[0].complete


def test_a_printer_without_a_cutter_is_done_when_it_has_printed(stand: Stand) -> None:
    assert stand.open(model("generic-58-tear-off")).print_receipt(RECEIPT).state is JobState.DONE
    assert not stand.sim.receipts[0].cut


def test_a_printer_that_can_confirm_nothing_is_never_called_done(stand: Stand) -> None:
    result = stand.open(replace(generic(80), marker="none")).print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "unconfirmed")


def test_the_journal_knows_where_each_job_ended(stand: Stand, tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.db")
    printer = stand.open(None, journal)
    stand.sim.set_fault("paper-out")
    printer.print_receipt(RECEIPT)
    stand.sim.load_roll()
    stand.sim.set_fault("cover-open", after_lines=6)
    printer.print_receipt(RECEIPT)
    stand.sim.clear_fault()
    printer.print_receipt(COPY)
    assert [(j.number, j.copy, j.state, j.reason) for j in journal.jobs()] == [
        ("T0001-000042", False, JobState.NOT_PRINTED, "paper-out"),
        ("T0001-000042", False, JobState.PARTIAL, "cover-open"),
        ("T0001-000042", True, JobState.DONE, ""),
    ]
    journal.close()
    for file in tmp_path.iterdir():
        assert "市教育局".encode() not in file.read_bytes()


def test_the_same_bytes_come_out_as_the_same_paper_at_both_seams(stand: Stand) -> None:
    reference = SimPrinter()
    encoded = encode_receipt(RECEIPT, generic(80))
    for data in (*encoded.segments, encoded.cut):
        assert reference.receive(data) == len(data)
    stand.open().print_receipt(RECEIPT)
    assert stand.sim.receipts[0].image().tobytes() == reference.receipts[0].image().tobytes()
