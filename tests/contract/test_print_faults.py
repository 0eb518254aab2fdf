"""Every fault at every stage of a job, on both transports: what may be said, and what must never happen.

Whatever goes wrong, the screen says what is known and no more. "Done" is said only of a receipt that lies whole and cut
in the tray; no second receipt comes out unasked, neither now nor when the fault has gone; and then the same driver
prints again. `tests/system/test_print_cli.py` asks the same of the command, at night.
"""

from __future__ import annotations

from functools import cache

import pytest

from drivers.api import JobState, PrintResult
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_link import SimReceiptPrinter
from kiosk.events import PrintFinished
from tests.contract.printer_stand import COPY, EXPECTED, RECEIPT, STAGES, FakeClock, Stand
from tests.unit.visit_kit import Visit

DONE, NOT_PRINTED, PARTIAL = JobState.DONE, JobState.NOT_PRINTED, JobState.PARTIAL
NOT_CUT, UNKNOWN = JobState.PRINTED_NOT_CUT, JobState.UNKNOWN
SAID = {
    DONE: ("rating", "这次办得怎么样？"),
    NOT_CUT: ("failure.print-not-cut", "打好了，纸没有切断"),
    PARTIAL: ("failure.print-partial", "只打了一半"),
    UNKNOWN: ("failure.print-unknown", "凭条打出来了吗？"),
}
"""What the citizen is told: the screen, and the sentence on it."""
NOT_BEGUN = {
    "printer-paper-out": "这台机器的纸用完了",
    "printer-cover-open": "打印机的盖子开着",
    "printer-absent": "打印机没有回话",
    "printer-fault": "打印机有毛病",
}


@cache
def at_the_printer() -> Visit:
    """A visit that waits for its receipt."""
    return Visit().to_printing()


def said_on_the_screen(result: PrintResult) -> None:
    """The screen says what is known, that the application is safe, and nothing more."""
    visit = Visit()
    visit.session = at_the_printer().session
    visit.send(PrintFinished(result))
    name, words = visit.screen.name, visit.words
    if result.state is NOT_PRINTED:
        code = name.removeprefix("failure.")
        assert NOT_BEGUN[code] in words
        assert (code == "printer-paper-out") == (result.reason == "paper-out")
    else:
        screen, sentence = SAID[result.state]
        assert name == screen
        assert sentence in words
    assert result.state is DONE or "T0001-000001" in words


def whole(sim: SimPrinter) -> int:
    return sum(piece.complete for piece in sim.receipts)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_is_never_called_done_and_never_prints_twice(stand: Stand, fault: str, stage: str) -> None:
    sim = stand.sim
    assert stand.printer.status().answered  # the port is open before anything goes wrong
    sim.set_fault(fault, **STAGES[stage], seconds=stand.seconds, lines_per_s=60.0)  # pyright: ignore[reportArgumentType]
    result = stand.printer.print_receipt(RECEIPT)
    expected = EXPECTED[fault][list(STAGES).index(stage)]
    assert result.state in expected, result
    assert (result.reason == "") == (result.state is DONE)
    said_on_the_screen(result)
    if result.state is DONE:
        assert whole(sim) == 1
    if result.state is NOT_PRINTED:
        assert (result.bytes_sent, sim.receipts) == (0, [])
    before = whole(sim)
    stand.mend()
    assert stand.printer.status().online
    assert whole(sim) == before, "a receipt came out by itself when the fault had gone"
    assert stand.printer.print_receipt(COPY).state is DONE
    assert whole(sim) - before in {1, 2}
    assert [p.text.count("补打 COPY") for p in sim.receipts if p.complete][-1] == 1
    assert sum("补打 COPY" in p.text for p in sim.receipts) == 1
    assert sum("正本 ORIGINAL" in p.text for p in sim.receipts) <= 1


@pytest.mark.parametrize("stage", list(STAGES)[1:])
def test_a_printer_that_lies_about_its_paper_is_not_believed(stand: Stand, stage: str) -> None:
    stand.sim.set_fault("lying")
    stand.sim.set_fault("paper-out", **STAGES[stage])  # pyright: ignore[reportArgumentType]
    assert stand.printer.status().paper == "ok"
    result = stand.printer.print_receipt(RECEIPT)
    assert result.state in {UNKNOWN, NOT_CUT}, result
    assert result.reason == "no-confirmation"
    stand.mend()
    assert stand.printer.print_receipt(COPY).state is DONE
    assert sum("正本 ORIGINAL" in p.text for p in stand.sim.receipts) <= 1


@pytest.mark.parametrize("stage", list(STAGES)[1:])
def test_a_hot_head_is_waited_for(stage: str) -> None:
    clock = FakeClock()
    sim = SimPrinter(clock=clock)
    states: list[JobState] = []
    hot_at: list[float] = []

    def cool(seconds: float) -> None:
        clock.advance(seconds)
        if "head-hot" in sim.faults:
            hot_at.append(clock.now_s)
            if clock.now_s - hot_at[0] > 3.0:
                sim.clear_fault("head-hot")

    printer = SimReceiptPrinter(sim, clock=clock, advance=cool)
    sim.set_fault("head-hot", **STAGES[stage])  # pyright: ignore[reportArgumentType]
    result = printer.print_receipt(RECEIPT, states.append)
    assert (result.state, result.reason) == (DONE, "")
    assert states.count(JobState.BLOCKED) == 1
    assert states[states.index(JobState.BLOCKED) + 1] in {JobState.SENDING, JobState.SENT}
    assert [p.complete for p in sim.receipts] == [True]
