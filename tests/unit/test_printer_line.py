"""What a serial line does to a job: bytes on their way, answers that come late, handshakes that stop, breaks."""

from __future__ import annotations

import termios
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.api import QR, JobState, Para, PrintResult, Receipt
from drivers.printers.heartbeat import Heartbeat
from drivers.printers.link import Deadlines, LinkLost
from drivers.printers.link_printer import LinkPrinter
from drivers.printers.models import Model, generic, model
from drivers.printers.serial_printer import PortNotFound, SerialTransport, deadlines_at
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import Board, board_like
from drivers.sim.printer_link import SimReceiptPrinter, SimTransport
from drivers.sim.pty_link import PtyLink
from tests.printer_clock import Clock

RECEIPT = Receipt("T0001-000042", tuple(Para(f"第{n}行") for n in range(60)))
CLONE = model("clone-80")
_QUEUE_BYTES = 4096
"""What Linux keeps for a serial port."""


class Line(SimTransport):
    """A wire with a pace and a queue before it, as a kernel's; `stops_at`: the printer's handshake stops it there."""

    def __init__(self, sim: SimPrinter, clock: Clock, baud: int) -> None:
        super().__init__(sim, clock, clock.advance)
        self._now = clock
        self._byte_s = 10 / baud
        self._queue = deque[tuple[float, int]]()
        self._free_at = 0.0
        self._answers = deque[tuple[float, bytes]]()
        self._carried = 0
        self.stops_at: int | None = None
        self.late_by: Callable[[], float] = lambda: 0.0
        self.bend: Callable[[bytes], bytes] = bytes
        self.held = False
        self.gone = False

    @property
    def holds_back(self) -> bool:
        return self.held

    @property
    def queued(self) -> int:
        return len(self._queue)

    def write(self, data: bytes) -> int:
        taken = data[: _QUEUE_BYTES - len(self._queue)]
        self._free_at = max(self._free_at, self._now())
        for byte in taken:
            self._free_at += self._byte_s
            self._queue.append((self._free_at, byte))
        return len(taken)

    def read(self) -> bytes:
        if self.gone:
            raise LinkLost("the adapter is away")
        self._carry()
        heard = b""
        while self._answers and self._answers[0][0] <= self._now():
            heard += self._answers.popleft()[1]
        return heard

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        until = self._now() + timeout_s
        while True:
            self._carry()
            if (self._answers and self._answers[0][0] <= self._now()) or self._now() >= until:
                return
            if to_write and len(self._queue) < _QUEUE_BYTES:
                return
            self._now.advance(0.005)

    def _carry(self) -> None:
        while self._queue and self._queue[0][0] <= self._now():
            if self.stops_at is not None and self._carried >= self.stops_at:
                break
            self._sim.receive(bytes([self._queue.popleft()[1]]))
            self._carried += 1
        self._sim.tick()
        if said := self.bend(super().read()):
            self._answers.append((self._now() + self.late_by(), said))


class Stand:
    def __init__(self, chosen: Model, baud: int = 9600, board: Board | None = None) -> None:
        self.clock = Clock()
        self.sim = SimPrinter(clock=self.clock, board=board or board_like(chosen))
        self.line = Line(self.sim, self.clock, baud)
        limits = deadlines_at(baud)
        self._printer = LinkPrinter("line", lambda: self.line, model=chosen, clock=self.clock, deadlines=limits)

    def print(self, receipt: Receipt = RECEIPT) -> PrintResult:
        return self._printer.print_receipt(receipt)


# --- handshakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [CLONE, generic(80)])
@pytest.mark.parametrize("stops_at", [100, 200, 400])
def test_the_printer_stops_the_line_and_never_lets_it_go_on(chosen: Model, stops_at: int) -> None:
    stand = Stand(chosen)
    stand.line.stops_at = stops_at
    result = stand.print()
    assert (result.state, result.reason) == (JobState.UNKNOWN, "no-reply")
    assert stand.clock() < 30


def test_a_line_that_stops_behind_the_last_mark_ends_the_job() -> None:
    """All is printed, and its marks are heard; the question that would prove them gets no answer."""
    stand = Stand(CLONE)
    marks = [0]

    def stop(said: bytes) -> bytes:
        marks[0] += said.count(b"\x00")
        if marks[0] == 2:
            stand.line.stops_at = 0
        return said

    stand.line.bend = stop
    result = stand.print()
    assert (result.reason, result.pieces_done) == ("no-reply", 0)
    assert result.state in {JobState.UNKNOWN, JobState.PRINTED_NOT_CUT}
    assert stand.sim.receipts[0].complete


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late_s", "held", "state"), [
    (0.9, False, JobState.DONE), (1.1, False, JobState.DONE), (2.5, False, JobState.DONE),
    (3.5, False, JobState.UNKNOWN), (1.5, True, JobState.UNKNOWN),
])  # fmt: skip
def test_an_answer_that_comes_late_says_that_the_printer_was_busy(late_s: float, held: bool, state: JobState) -> None:
    """Where the line may have kept the questions until the printer was on again, it says nothing."""
    stand = Stand(generic(80))
    stand.line.held = held
    once = [late_s]
    stand.line.late_by = lambda: once.pop() if once and stand.clock() > 0.3 else 0.0
    assert stand.print().state is state


def test_a_printer_that_is_off_while_it_is_asked_has_lost_the_job() -> None:
    stand = Stand(generic(80))
    stand.sim.set_fault("power-cycle", after_lines=20, seconds=1.5)
    result = stand.print()
    assert result.state in {JobState.PARTIAL, JobState.UNKNOWN}
    assert result.reason == "power-cycle"


def test_a_board_without_paper_that_does_not_say_offline_is_asked_one_thing_at_a_time() -> None:
    """Its answer to the question before would be taken for that to the first of four, and so on."""
    stand = Stand(CLONE)
    stand.line.late_by = lambda: 0.3
    # Its line hums, so that the job looks around while a question is out.
    stand.line.bend = lambda said: said.replace(b"\x1a", b"\x12") or (b"\xff" if stand.clock() > 2 else b"")
    stand.sim.set_fault("paper-out", after_lines=55)
    result = stand.print()
    assert (result.state, result.reason) == (JobState.PARTIAL, "paper-out")


@pytest.mark.parametrize("baud", [1200, 2400, 4800])
@pytest.mark.parametrize("chosen", [CLONE, generic(80)])
def test_a_question_waits_its_turn_on_a_slow_line(baud: int, chosen: Model) -> None:
    assert Stand(chosen, baud).print().state is JobState.DONE


def test_a_usual_line_has_the_usual_deadlines() -> None:
    assert deadlines_at(9600) == Deadlines()
    assert deadlines_at(1200).silent_s > deadlines_at(1200).reply_s > 512 * 10 / 1200


# --- marks without a name -------------------------------------------------------------------------------------------


def test_the_answers_of_the_receipt_before_prove_nothing_of_the_next() -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock, board=board_like(CLONE))
    printer = SimReceiptPrinter(sim, model=CLONE, clock=clock, advance=clock.advance)
    sim.set_fault("paper-out", after_lines=10)
    assert printer.print_receipt(RECEIPT).state is JobState.PARTIAL
    sim.set_fault("slow", lines_per_s=20)
    sim.load_roll()  # the rest comes out, and answers what it was asked
    sim.set_fault("paper-out", after_lines=95)
    result = printer.print_receipt(replace(RECEIPT, number="T0001-000043"))
    assert (result.state, result.reason) == (JobState.PARTIAL, "paper-out")
    sim.load_roll()
    assert printer.print_receipt(replace(RECEIPT, number="T0001-000044")).state is JobState.DONE
    assert sim.receipts[-1].complete


@pytest.mark.parametrize("fault", ["power-off", "power-cycle"])
def test_a_line_that_drops_with_the_power_is_no_answer(fault: str) -> None:
    """A break reads as 00h (termios(3)), which is also the answer of a printer with paper to GS r."""
    stand = Stand(CLONE)
    was_on = [True]

    def broken(said: bytes) -> bytes:
        fell = was_on[0] and not stand.sim.powered
        was_on[0] = stand.sim.powered
        return said + b"\x00" if fell else said

    stand.line.bend = broken
    stand.sim.set_fault(fault, after_lines=20)
    assert stand.print().state in {JobState.PARTIAL, JobState.UNKNOWN}


def test_a_port_takes_no_break_for_a_byte() -> None:
    with PtyLink(SimPrinter()) as link:
        port = SerialTransport(link.port, 9600)
        assert not port.holds_back
        flags = termios.tcgetattr(port._fd)[0]  # pyright: ignore[reportPrivateUsage]
        port.close()
    assert flags & termios.IGNBRK


# --- pictures -------------------------------------------------------------------------------------------------------


def test_off_and_on_again_while_a_picture_is_on_its_way() -> None:
    chosen = model("clone-80-no-qr")
    stand = Stand(chosen)
    stand.sim.set_fault("power-cycle", after_bytes=700, seconds=1.0)
    result = stand.print(Receipt("T1", (Para("一"), QR("x" * 300), Para("二"))))
    assert (result.state, result.reason) == (JobState.PARTIAL, "power-cycle")
    assert not stand.sim.receipts[-1].complete


# --- the questions themselves ---------------------------------------------------------------------------------------


def test_an_answer_to_nothing_says_nothing() -> None:
    heart = Heartbeat(1.0, 3.0, held=False)
    assert not heart.answer()
    heart.ask(0.0)
    heart.forget()
    assert not heart.answer()
    assert heart.trouble(9.0) == ""


def test_one_answer_to_two_questions_is_a_printer_that_was_off() -> None:
    heart = Heartbeat(1.0, 3.0, held=False)
    heart.ask(0.0)
    assert heart.trouble(1.0) == ""
    assert heart.lost
    heart.ask(1.0)
    assert not heart.answer()
    assert heart.trouble(1.9) == ""
    assert heart.trouble(2.0) == "power-cycle"


def test_one_answer_and_then_no_more_is_a_printer_that_was_off() -> None:
    heart = Heartbeat(1.0, 3.0, held=False)
    heart.ask(0.0)
    assert heart.trouble(1.0) == ""
    heart.ask(1.0)
    assert heart.trouble(2.0) == ""
    assert not heart.answer()
    assert heart.trouble(2.9) == ""
    assert heart.trouble(3.0) == "power-cycle"


def test_silence_is_said_after_its_time() -> None:
    heart = Heartbeat(1.0, 3.0, held=False)
    heart.ask(0.0)
    assert [heart.trouble(t) for t in (1.0, 2.9, 3.0)] == ["", "", "no-reply"]


# --- the adapter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("comes_back", "state", "reason"), [
    (True, JobState.DONE, ""), (False, JobState.NOT_PRINTED, "port-not-found"),
])  # fmt: skip
def test_the_adapter_was_away_since_the_last_receipt(comes_back: bool, state: JobState, reason: str) -> None:
    clock = Clock()
    sim = SimPrinter(clock=clock)
    lines = list[Line]()

    def open_line() -> Line:
        if lines and not comes_back:
            raise PortNotFound("no such port")
        lines.append(Line(sim, clock, 9600))
        return lines[-1]

    printer = LinkPrinter("line", open_line, clock=clock)
    assert printer.print_receipt(RECEIPT).state is JobState.DONE
    lines[0].gone = True
    result = printer.print_receipt(RECEIPT)
    assert (result.state, result.reason) == (state, reason)
    assert len(sim.receipts) == 1 + comes_back
