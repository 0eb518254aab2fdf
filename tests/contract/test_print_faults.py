"""Every fault at every stage of a job, on both transports: what may be said, and what must never happen.

Whatever goes wrong: "done" is said only of a receipt that lies whole and cut in the tray; no second receipt comes out
unasked, neither now nor when the fault has gone; and then the same driver prints again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from drivers.api import QR, Banner, JobState, Para, Receipt, ReceiptPrinter, Row, Title
from drivers.printers.link import Deadlines
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_link import SimReceiptPrinter
from drivers.sim.pty_link import PtyLink

RECEIPT = Receipt(
    number="T0001-000042",
    blocks=(
        Title("榕树街便民服务中心"),
        Row("终端 T0001", "正本 ORIGINAL", bold=True),
        Banner("received", "市教育局已收到", ("RECEIVED by the Education Bureau",)),
        *(Para(f"第{n}行，内容。Line {n}.") for n in range(1, 21)),
        QR("https://example.invalid/v/0123456789abcdef"),
        Row("市民热线 Hotline", "12345"),
    ),
)
COPY = replace(RECEIPT, copy=True)

STAGES: dict[str, dict[str, object]] = {
    "before": {},
    "in the body": {"after_lines": 8},
    "before the cut": {"moment": "before-cut"},
    "after the cut": {"moment": "after-cut"},
    "waiting for the proof": {"moment": "before-proof"},
}
DONE, NOT_PRINTED, PARTIAL = JobState.DONE, JobState.NOT_PRINTED, JobState.PARTIAL
NOT_CUT, UNKNOWN = JobState.PRINTED_NOT_CUT, JobState.UNKNOWN

# What may be said, stage by stage in the order of STAGES.
EXPECTED: dict[str, tuple[frozenset[JobState], ...]] = {
    fault: tuple(frozenset(s if isinstance(s, tuple) else (s,)) for s in row)
    for fault, row in {
        "paper-out": (NOT_PRINTED, PARTIAL, NOT_CUT, NOT_CUT, NOT_CUT),
        "near-end": (DONE, DONE, DONE, DONE, DONE),
        "cover-open": (NOT_PRINTED, PARTIAL, NOT_CUT, NOT_CUT, NOT_CUT),
        "cutter-jam": (NOT_CUT, NOT_CUT, NOT_CUT, DONE, DONE),
        "head-hot": (NOT_PRINTED, PARTIAL, NOT_CUT, NOT_CUT, NOT_CUT),
        "unrecoverable": (NOT_PRINTED, PARTIAL, NOT_CUT, NOT_CUT, NOT_CUT),
        "power-off": (NOT_PRINTED, (PARTIAL, UNKNOWN), (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN)),
        "power-cycle": (
            NOT_PRINTED,
            (PARTIAL, UNKNOWN),
            (NOT_CUT, UNKNOWN),
            (NOT_CUT, UNKNOWN),
            (NOT_CUT, UNKNOWN),
        ),
        "mute": (NOT_PRINTED, UNKNOWN, (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN)),
        "no-markers": (UNKNOWN, UNKNOWN, NOT_CUT, NOT_CUT, NOT_CUT),
        "slow": (DONE, DONE, DONE, DONE, DONE),
        "noise": (DONE, DONE, DONE, DONE, DONE),
        "unplugged": (NOT_PRINTED, (PARTIAL, UNKNOWN), (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN), (NOT_CUT, UNKNOWN)),
        "lying": (DONE, DONE, DONE, DONE, DONE),
    }.items()
}


class FakeClock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += max(seconds, 0.001)


@dataclass
class Stand:
    sim: SimPrinter
    printer: ReceiptPrinter
    mend: Callable[[], None]
    """Everything that was wrong is put right."""
    seconds: float
    """How long a power cycle takes here."""


@pytest.fixture(params=["in process", "pty"])
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    if request.param == "in process":
        clock = FakeClock()
        sim = SimPrinter(clock=clock)
        deadlines = replace(Deadlines(), cool_s=5.0)
        printer = SimReceiptPrinter(sim, clock=clock, advance=clock.advance, deadlines=deadlines)

        def mend() -> None:
            clock.advance(10.0)
            sim.clear_fault()
            sim.load_roll()

        yield Stand(sim, printer, mend, seconds=1.5)
        return
    sim = SimPrinter()
    deadlines = Deadlines(reply_s=0.5, heartbeat_s=0.05, silent_s=1.2, stall_s=1.2, finish_s=1.2, cool_s=0.6)
    with PtyLink(sim) as link:
        serial = SerialPrinter(link.port, deadlines=deadlines)

        def mend_cable() -> None:
            sim.clear_fault()
            sim.load_roll()
            assert link.wait_for_port()

        yield Stand(sim, serial, mend_cable, seconds=0.8)
        serial.close()


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
