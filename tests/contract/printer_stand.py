"""One stand for every suite of the receipt printer: the twin, the hand beside it, and the driver at either seam."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from drivers.api import QR, Banner, JobState, Para, Receipt, ReceiptPrinter, Row, Title
from drivers.printers.journal import JobJournal
from drivers.printers.link import Deadlines
from drivers.printers.models import Model
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
SEAMS = ("in process", "pty")
_PTY = Deadlines(reply_s=0.5, heartbeat_s=0.05, silent_s=1.5, stall_s=1.2, finish_s=1.2, cool_s=0.6)
"""Short, so that a fault is given up soon; longer than this machine takes to answer."""
_STEPS_S = 10.0


STAGES: dict[str, dict[str, object]] = {
    "before": {},
    "in the body": {"after_lines": 8},
    "before the cut": {"moment": "before-cut"},
    "after the cut": {"moment": "after-cut"},
    "waiting for the proof": {"moment": "before-proof"},
}
_DONE, _NOT_PRINTED, _PARTIAL = JobState.DONE, JobState.NOT_PRINTED, JobState.PARTIAL
_NOT_CUT, _UNKNOWN = JobState.PRINTED_NOT_CUT, JobState.UNKNOWN
_LATE = ((_NOT_CUT, _UNKNOWN),) * 3
"""Before the cut and later: the proof of the text may have come already, or not."""

EXPECTED: dict[str, tuple[frozenset[JobState], ...]] = {
    fault: tuple(frozenset(s if isinstance(s, tuple) else (s,)) for s in row)
    for fault, row in {
        "paper-out": (_NOT_PRINTED, _PARTIAL, _NOT_CUT, _NOT_CUT, _NOT_CUT),
        "near-end": (_DONE, _DONE, _DONE, _DONE, _DONE),
        "cover-open": (_NOT_PRINTED, _PARTIAL, _NOT_CUT, _NOT_CUT, _NOT_CUT),
        "cutter-jam": (_NOT_CUT, _NOT_CUT, _NOT_CUT, _DONE, _DONE),
        "head-hot": (_NOT_PRINTED, _PARTIAL, _NOT_CUT, _NOT_CUT, _NOT_CUT),
        "unrecoverable": (_NOT_PRINTED, _PARTIAL, _NOT_CUT, _NOT_CUT, _NOT_CUT),
        "power-off": (
            _NOT_PRINTED,
            (_PARTIAL, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
        ),
        "power-cycle": (_NOT_PRINTED, (_PARTIAL, _UNKNOWN), *_LATE),
        "mute": (_NOT_PRINTED, _UNKNOWN, *_LATE),
        "no-markers": (_UNKNOWN, _UNKNOWN, _NOT_CUT, _NOT_CUT, _NOT_CUT),
        "slow": (_DONE, _DONE, _DONE, _DONE, _DONE),
        "noise": (_DONE, _DONE, _DONE, _DONE, _DONE),
        "unplugged": (
            _NOT_PRINTED,
            (_PARTIAL, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
            (_NOT_CUT, _UNKNOWN),
        ),
        "lying": (_DONE, _DONE, _DONE, _DONE, _DONE),
    }.items()
}
"""What may be said of each fault, stage by stage in the order of STAGES."""


class FakeClock:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += max(seconds, 0.001)


@dataclass
class Stand:
    """A printer under test and the hand beside it."""

    sim: SimPrinter
    open: Callable[..., ReceiptPrinter]
    """`open(model, journal)`: a driver of its own on the same cable."""
    plug: Callable[[], None]
    mend: Callable[[], None]
    """Everything that was wrong is put right."""
    seconds: float
    """How long a power cycle takes here: longer than a reply, shorter than giving up."""
    _first: list[ReceiptPrinter] = field(default_factory=list[ReceiptPrinter])

    @property
    def printer(self) -> ReceiptPrinter:
        """The driver, opened once."""
        if not self._first:
            self._first.append(self.open())
        return self._first[0]


@contextmanager
def stand_at(seam: str) -> Generator[Stand]:
    """A stand in process on a fake clock, or pyserial over a pty to the same twin."""
    if seam == "in process":
        yield _in_process()
        return
    sim = SimPrinter()
    printers: list[ReceiptPrinter] = []
    with PtyLink(sim) as link:

        def over_pty(chosen: Model | None = None, journal: JobJournal | None = None) -> ReceiptPrinter:
            printers.append(SerialPrinter(link.port, model=chosen, journal=journal, deadlines=_PTY))
            return printers[-1]

        def plug() -> None:
            sim.plug()
            assert link.wait_for_port()

        def mend() -> None:
            sim.clear_fault()
            sim.load_roll()
            assert link.wait_for_port()

        yield Stand(sim, over_pty, plug, mend, seconds=0.8)
        for printer in printers:
            printer.close()


def _in_process() -> Stand:
    clock = FakeClock()
    sim = SimPrinter(clock=clock)
    deadlines = replace(Deadlines(), cool_s=5.0)

    def open_printer(chosen: Model | None = None, journal: JobJournal | None = None) -> ReceiptPrinter:
        return SimReceiptPrinter(
            sim, model=chosen, journal=journal, clock=clock, advance=clock.advance, deadlines=deadlines
        )

    def mend() -> None:
        clock.advance(_STEPS_S)
        sim.clear_fault()
        sim.load_roll()

    return Stand(sim, open_printer, sim.plug, mend, seconds=1.5)
