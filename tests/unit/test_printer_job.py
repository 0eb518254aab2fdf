"""Jobs on links that no twin makes: bytes that vanish, queues that fill, ports that take nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.api import Cut, JobState, Para, PrintResult, Receipt
from drivers.printers.escpos import CLEAR_BUFFER, encode_receipt
from drivers.printers.link import Deadlines, Dialogue
from drivers.printers.link_printer import LinkPrinter, process_ids
from drivers.printers.models import Model, generic, model
from drivers.printers.print_job import PrintJob, preamble_after
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import Board
from drivers.sim.printer_link import SimReceiptPrinter, SimTransport
from tests.printer_clock import Clock

RECEIPT = Receipt("T0001-000042", tuple(Para(f"第{n}行") for n in range(60)))


class Cable(SimTransport):
    """A cable to the twin that does to the bytes what `on_write` says: what is taken, and what arrives."""

    def __init__(self, sim: SimPrinter, clock: Clock, on_write: Callable[[bytes], tuple[int, bytes]]) -> None:
        super().__init__(sim, clock, clock.advance)
        self._on_write = on_write
        self._clock_in = clock
        self.in_queue = 0

    def write(self, data: bytes) -> int:
        taken, arrives = self._on_write(data)
        super().write(arrives)
        return taken

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        self._clock_in.advance(0.01)
        super().wait(max(0.0, timeout_s - 0.01), to_write=to_write)

    @property
    def queued(self) -> int:
        self.in_queue = max(0, self.in_queue - 100)
        return self.in_queue


def run(
    on_write: Callable[[bytes], tuple[int, bytes]],
    *,
    chosen: Model | None = None,
    sim: SimPrinter | None = None,
    in_queue: int = 0,
) -> PrintResult:
    clock = Clock()
    cable = Cable(sim or SimPrinter(clock=clock), clock, on_write)
    cable.in_queue = in_queue
    used = chosen or generic(80)
    dialogue = Dialogue(cable, clock, Deadlines())
    return PrintJob(dialogue, used, encode_receipt(RECEIPT, used), markers=process_ids(7)).run(lambda _: None)


def is_query(data: bytes) -> bool:
    return data[:2] == b"\x10\x04"


def test_a_link_that_takes_only_questions_prints_nothing() -> None:
    result = run(lambda data: (len(data), data) if is_query(data) else (0, b""))
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, "stalled", 0)


def test_a_link_that_stops_taking_bytes_is_unknown() -> None:
    room = [400]

    def limited(data: bytes) -> tuple[int, bytes]:
        if is_query(data):
            return len(data), data
        taken = min(room[0], len(data))
        room[0] -= taken
        return taken, data[:taken]

    result = run(limited)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.UNKNOWN, "stalled", 400)


def test_a_link_that_takes_one_byte_at_a_time_still_prints() -> None:
    assert run(lambda data: (1, data[:1])).state is JobState.DONE


def test_a_first_marker_that_was_lost_is_noticed() -> None:
    def lossy(data: bytes) -> tuple[int, bytes]:
        start = data.find(b"\x1d(H")
        return len(data), data if start < 0 else data[:start] + data[start + 10 :]

    result = run(lossy)
    assert result.state is JobState.UNKNOWN
    assert result.reason in {"bytes-lost", "no-confirmation"}


def test_bytes_that_wait_for_the_wire_are_waited_for() -> None:
    assert run(lambda data: (len(data), data), in_queue=5000).state is JobState.DONE


@pytest.mark.parametrize(("fault", "reason"), [("paper-out", "paper-out"), ("cover-open", "cover-open")])
def test_a_board_that_reports_nothing_unasked_is_asked(fault: str, reason: str) -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock, board=Board(status_back=False))
    sim.set_fault(fault, after_lines=10)
    printer = SimReceiptPrinter(sim, model=model("clone-80"), clock=clock, advance=clock.advance)
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason) == (JobState.PARTIAL, reason)


def test_the_next_job_fills_up_a_command_that_was_cut_short() -> None:
    board = model("clone-80")
    assert preamble_after(5, board).startswith(bytes(5) + b"\x1b@")
    assert preamble_after(5, generic(80)).startswith(CLEAR_BUFFER)
    assert not preamble_after(0, replace(board, cutter=False)).endswith(b"\x1dVB\x00")


def test_process_ids_are_printable_and_never_repeat_soon() -> None:
    ids = process_ids()
    seen = [next(ids) for _ in range(1000)]
    assert len(set(seen)) == 1000
    assert all(len(i) == 4 and all(0x21 <= b <= 0x7E for b in i) for i in seen)


def test_the_cable_is_pulled_after_the_first_marker() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    sim.set_fault("cutter-jam")

    def told(state: JobState) -> None:
        if state is JobState.PRINTED:
            sim.unplug()

    printer = SimReceiptPrinter(sim, clock=clock, advance=clock.advance)
    assert isinstance(printer, LinkPrinter)
    result = printer.print_receipt(RECEIPT, told)
    assert result.state is JobState.PRINTED_NOT_CUT


def test_the_link_opens_again_after_it_was_closed() -> None:
    printer = SimReceiptPrinter(SimPrinter())
    assert (printer.name, printer.model.name) == ("sim:printer", "generic-80")
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    printer.close()
    printer.close()
    assert printer.status().online


TWO = Receipt("T0001-000042", (*(Para(f"第{n}行") for n in range(20)), Cut(), *(Para(f"号票{n}") for n in range(20))))


def test_two_pieces_are_done_when_both_are_cut() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    result = SimReceiptPrinter(sim, clock=clock, advance=clock.advance).print_receipt(TWO)
    assert (result.state, result.pieces, result.pieces_done) == (JobState.DONE, 2, 2)
    assert [p.complete for p in sim.receipts] == [True, True]


@pytest.mark.parametrize(("after_lines", "done", "state"), [(8, 0, JobState.PARTIAL), (30, 1, JobState.PARTIAL)])
def test_the_roll_ends_in_one_of_two_pieces(after_lines: int, done: int, state: JobState) -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    sim.set_fault("paper-out", after_lines=after_lines)
    result = SimReceiptPrinter(sim, clock=clock, advance=clock.advance).print_receipt(TWO)
    assert (result.state, result.reason, result.pieces, result.pieces_done) == (state, "paper-out", 2, done)
    assert sum(p.complete for p in sim.receipts) == done


def test_a_torn_off_receipt_of_two_pieces_has_one_fence_a_receipt() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock, width_mm=58)
    printer = SimReceiptPrinter(sim, model=model("generic-58-tear-off"), clock=clock, advance=clock.advance)
    assert printer.print_receipt(TWO).state is JobState.DONE


@pytest.mark.parametrize(
    ("trouble", "reason"), [("cutter-jam", "cutter"), ("mute", "no-reply"), ("no-markers", "no-confirmation")]
)
def test_what_goes_wrong_while_the_job_before_is_cleared_away_is_not_this_receipts(trouble: str, reason: str) -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    printer = SimReceiptPrinter(sim, clock=clock, advance=clock.advance)
    sim.set_fault("paper-out", after_lines=10)
    assert printer.print_receipt(RECEIPT).state is JobState.PARTIAL
    sim.clear_fault("paper-out")
    sim.load_roll()
    # The mark behind the clearing is the first thing that this printer gets in its turn.
    sim.set_fault(trouble) if trouble != "mute" else sim.set_fault(trouble, moment="before-proof")
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, reason, 0)
    sim.clear_fault()
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert sim.receipts[-1].complete


def test_the_power_goes_and_comes_while_the_job_before_is_cleared_away() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock, board=Board(power_on_notice=True))
    printer = SimReceiptPrinter(sim, clock=clock, advance=clock.advance)
    sim.set_fault("paper-out", after_lines=10)
    assert printer.print_receipt(RECEIPT).state is JobState.PARTIAL
    sim.clear_fault("paper-out")
    sim.load_roll()
    sim.set_fault("power-cycle", moment="before-proof", seconds=0.1)
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, "power-cycle", 0)
    assert printer.print_receipt(RECEIPT).state is JobState.DONE


def test_another_printer_has_nothing_to_be_cleared_away() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    printer = SimReceiptPrinter(sim, clock=clock, advance=clock.advance)
    sim.set_fault("paper-out", after_lines=10)
    assert printer.print_receipt(RECEIPT).state is JobState.PARTIAL
    sim.reset()
    printer.exchanged()
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    assert len(sim.receipts) == 1
