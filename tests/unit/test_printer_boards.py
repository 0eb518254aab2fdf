"""Kiosk printers with a mouth, printers that are being asked what they can do, printers that start up."""

from __future__ import annotations

import time
import tomllib
from dataclasses import fields
from typing import get_args

import pytest

from drivers.api import JobState, Para, Receipt
from drivers.printers.link import Deadlines
from drivers.printers.models import Model, Origin, model, models
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import Board
from drivers.sim.printer_link import SimReceiptPrinter
from drivers.sim.pty_link import PtyLink
from tests.printer_clock import Clock

RECEIPT = Receipt("T0001-000042", tuple(Para(f"第{n}行，内容。Line {n}.") for n in range(20)))
KIOSK = Board(markers=False, native_qr=False, status_back=False, presenter=True)


def stand(board: Board, chosen: str = "custom-vkp80") -> tuple[SimPrinter, SimReceiptPrinter, Clock]:
    clock = Clock()
    sim = SimPrinter(clock=clock, board=board)
    return sim, SimReceiptPrinter(sim, model=model(chosen), clock=clock, advance=clock.advance), clock


# --- the mouth ------------------------------------------------------------------------------------------------------


def test_the_ticket_is_presented_and_taken() -> None:
    sim, printer, _ = stand(KIOSK)
    assert printer.status().ticket == "none"
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert printer.ticket() == printer.status().ticket == "waiting"
    assert sim.take_ticket()
    assert printer.ticket() == "none"
    assert not sim.take_ticket()


def test_a_ticket_that_nobody_takes_is_drawn_back() -> None:
    sim, printer, _ = stand(KIOSK)
    printer.print_receipt(RECEIPT)
    assert printer.retract()
    assert printer.ticket() == "none"
    assert sim.presenter is not None
    assert (sim.presenter.retracted, sim.presenter.taken) == ([1], [])


def test_a_mouth_that_jams_is_not_called_empty() -> None:
    sim, printer, _ = stand(KIOSK)
    printer.print_receipt(RECEIPT)
    sim.set_fault("presenter-jam")
    assert not printer.retract()
    assert printer.ticket() == "jammed"
    status = printer.status()
    assert (status.online, status.error, status.ticket) == (False, "presenter-jam", "jammed")
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, "presenter-jam", 0)
    sim.clear_fault()
    assert printer.retract()


def test_the_next_ticket_pushes_the_last_one_out() -> None:
    sim, printer, _ = stand(KIOSK)
    printer.print_receipt(RECEIPT)
    printer.print_receipt(RECEIPT)
    assert sim.presenter is not None
    assert (sim.presenter.taken, sim.presenter.waiting) == ([1], 2)


def test_a_printer_without_a_mouth_knows_nothing_of_it() -> None:
    _, printer, _ = stand(Board(), "generic-80")
    printer.print_receipt(RECEIPT)
    assert (printer.ticket(), printer.status().ticket, printer.retract()) == (None, None, False)


def test_a_cable_that_is_out_makes_no_ticket_taken() -> None:
    sim, printer, _ = stand(KIOSK)
    printer.print_receipt(RECEIPT)
    sim.unplug()
    assert printer.ticket() is None
    assert not printer.retract()


@pytest.mark.parametrize(
    ("fault", "byte", "bit"),
    [("paper-out", 2, 0x01), ("near-end", 2, 0x04), ("cover-open", 3, 0x02), ("head-hot", 4, 0x01)],
)
def test_the_full_status_of_a_kiosk_printer(fault: str, byte: int, bit: int) -> None:
    sim = SimPrinter(board=KIOSK)
    sim.set_fault(fault)
    sim.receive(b"\x10\x04\x14")
    reply = sim.take_replies()
    assert (reply[:2], len(reply)) == (b"\x10\x0f", 6)
    assert reply[byte] & bit


# --- what it can do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "chosen", "marker", "presenter"),
    [
        (Board(name="SIM-80"), "generic-80", "process-id", False),
        (Board(markers=False, status_back=False), "clone-80", "queued-status", False),
        (KIOSK, "custom-vkp80", "queued-status", True),
    ],
)
def test_a_probe_finds_what_the_board_can_do_and_prints_nothing(
    board: Board, chosen: str, marker: str, presenter: bool
) -> None:
    sim, printer, _ = stand(board, chosen)
    found = printer.probe()
    assert (found.marker, found.presenter, found.name) == (marker, presenter, board.name)
    assert found.status_back == (board.status_back and not board.presenter)
    assert sim.receipts == []
    table = tomllib.loads(found.as_toml("mine", 9600))["mine"]
    assert (table["marker"], table["presenter"], table["baud"]) == (marker, presenter, 9600)
    assert set(table["origin"].values()) == {"probed"}
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert sim.receipts[0].lines == tuple(f"第{n}行，内容。Line {n}." for n in range(20)) or len(sim.receipts) == 1


def test_a_silent_printer_is_asked_once() -> None:
    sim, printer, clock = stand(Board(), "generic-80")
    sim.set_fault("mute")
    assert not printer.probe().status.answered
    assert clock.now_s < 2.0


def test_every_field_of_every_model_says_where_it_is_known_from() -> None:
    capabilities = {f.name for f in fields(Model)} - {"name", "origin"}
    for one in models().values():
        assert set(one.origin) == capabilities, one.name
        assert set(one.origin.values()) <= set(get_args(Origin))


# --- starting up, and recovering ------------------------------------------------------------------------------------


def test_a_printer_that_says_it_was_switched_on_has_lost_the_job() -> None:
    sim, printer, _ = stand(Board(power_on_notice=True), "generic-80")
    sim.set_fault("power-cycle", after_lines=8, seconds=0.1)
    result = printer.print_receipt(RECEIPT)
    assert result.state in {JobState.PARTIAL, JobState.UNKNOWN}
    assert result.reason == "power-cycle"
    assert not any(p.complete for p in sim.receipts)


def test_a_printer_is_mute_while_it_starts_up() -> None:
    sim, printer, clock = stand(Board(boot_s=4.0), "generic-80")
    sim.power_off()
    sim.power_on()
    assert not printer.status().answered
    clock.advance(4.0)
    assert printer.print_receipt(RECEIPT).state is JobState.DONE


def test_an_error_that_a_hand_has_ended_is_recovered_from() -> None:
    sim, printer, _ = stand(Board(), "generic-80")
    sim.set_fault("cutter-jam")
    assert printer.print_receipt(RECEIPT).state is JobState.PRINTED_NOT_CUT
    assert printer.status().error == "cutter"
    sim.clear_fault()
    assert printer.print_receipt(RECEIPT).state is JobState.DONE


def test_a_printer_with_a_small_buffer_still_prints() -> None:
    sim, printer, _ = stand(Board(buffer_bytes=64), "generic-80")
    sim.set_fault("slow", lines_per_s=20)
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert [p.complete for p in sim.receipts] == [True]


@pytest.mark.parametrize(
    ("page", "data", "text"),
    [(0, b"\x82", "é"), (16, b"\xe9", "é"), (17, b"\x8f", "П"), (99, b"\x82", "é")],
)
def test_code_pages_of_one_column(page: int, data: bytes, text: str) -> None:
    sim = SimPrinter()
    sim.receive(b"\x1b@\x1c.\x1bt" + bytes([page]) + data * 48 + b"\n\x1dVB\x00")
    assert sim.receipts[0].lines == (text * 48,)
    assert sim.receipts[0].image().width == 576


def test_a_wire_has_a_pace() -> None:
    sim = SimPrinter()
    with PtyLink(sim, baud=38400) as link:
        printer = SerialPrinter(link.port, model=model("epson-tm-t88"), deadlines=Deadlines())
        began = time.monotonic()
        result = printer.print_receipt(RECEIPT)
        assert result.state is JobState.DONE
        assert time.monotonic() - began >= result.bytes_sent * 10 / 38400 * 0.95
        printer.close()
