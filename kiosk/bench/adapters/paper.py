"""What came out of the simulated printer, each paper beside what the terminal knows of its print job."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.api import JobState, PrinterStatus, PrintResult, Receipt, Ticket
from drivers.printers.link_printer import LinkPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_paper import SimReceipt
from drivers.sim.printer_path import ROLL_MM
from kiosk.bench.ports import BenchError, ReceiptView, SupplyView

JOB_END_TIMEOUT_S = 20.0


@dataclass
class _Job:
    number: str
    copy: bool
    piece: int
    """The number that the next piece of paper had when the job began."""
    state: JobState = JobState.QUEUED
    reason: str = ""


class RecordingPrinter:
    """A `ReceiptPrinter` that also notes, for the tester, which job it was given and what became of it."""

    def __init__(self, printer: LinkPrinter, twin: SimPrinter) -> None:
        self._printer = printer
        self._twin = twin
        self._change = threading.Condition()
        self._jobs: list[_Job] = []
        self._running = 0

    @property
    def name(self) -> str:
        return self._printer.name

    @property
    def model(self) -> str:
        return self._printer.model.name

    def status(self) -> PrinterStatus:
        return self._printer.status()

    def ticket(self) -> Ticket | None:
        return self._printer.ticket()

    def retract(self) -> bool:
        return self._printer.retract()

    def close(self) -> None:
        self._printer.close()

    def print_receipt(self, receipt: Receipt, on_state: Callable[[JobState], None] | None = None) -> PrintResult:
        """As `ReceiptPrinter.print_receipt`."""
        cut = [piece for piece in self._twin.receipts if piece.cut]
        job = _Job(receipt.number, receipt.copy, cut[-1].number + 1 if cut else 1)
        with self._change:
            self._jobs.append(job)
            self._running += 1

        def tell(state: JobState) -> None:
            job.state = state
            if on_state is not None:
                on_state(state)

        try:
            result = self._printer.print_receipt(receipt, tell)
            job.state, job.reason = result.state, result.reason
            return result
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()

    def jobs(self) -> list[_Job]:
        """The jobs since the start or the last `forget`, oldest first."""
        with self._change:
            return list(self._jobs)

    def forget(self) -> None:
        """Wait for the job that is running, then forget all; the driver forgets what it left in the printer.

        Raises `BenchError` (`printer-busy`).
        """
        with self._change:
            if not self._change.wait_for(lambda: self._running == 0, JOB_END_TIMEOUT_S):
                raise BenchError("printer-busy", "A print job does not end.", "DELETE /api/faults, then again.", 503)
            self._jobs.clear()
            self._printer.exchanged()


class PaperTray:
    """The `Paper` port over the twin and the recording printer."""

    def __init__(self, twin: SimPrinter, printer: RecordingPrinter) -> None:
        self._twin = twin
        self._printer = printer

    def receipts(self) -> Sequence[ReceiptView]:
        return [
            ReceiptView(
                n=n,
                number=job.number,
                state=job.state.value,
                reason=job.reason,
                copy=job.copy,
                text=piece.text if piece is not None else "",
                has_picture=piece is not None,
            )
            for n, (job, piece) in enumerate(self._pairs(), 1)
        ]

    def picture(self, n: int) -> bytes:
        pairs = self._pairs()
        if not 1 <= n <= len(pairs):
            raise BenchError("no-such-receipt", f"There is no receipt {n}.", "GET /api/receipts lists them.", 404)
        piece = pairs[n - 1][1]
        if piece is None:
            raise BenchError("no-paper", f"Receipt {n} put no paper out.", "GET /api/receipts tells its state.", 404)
        out = io.BytesIO()
        piece.image().save(out, "PNG")
        return out.getvalue()

    def model(self) -> str:
        return self._printer.model

    def supply(self) -> SupplyView:
        presenter = self._twin.presenter
        mouth = "" if presenter is None else "empty" if presenter.waiting is None else "waiting"
        return SupplyView(round(self._twin.roll_remaining_mm), round(ROLL_MM), mouth)

    def take(self) -> bool:
        return self._twin.take_ticket()

    def reset(self) -> None:
        self._printer.forget()
        self._twin.reset()

    def _pairs(self) -> list[tuple[_Job, SimReceipt | None]]:
        """Each job with its paper. Of two jobs that began on the same piece, the later one has it."""
        pieces = {piece.number: piece for piece in self._twin.receipts}
        jobs = self._printer.jobs()
        later = {job.piece: job for job in jobs}
        return [(job, pieces.get(job.piece) if later[job.piece] is job else None) for job in jobs]
