"""A receipt printer at the end of some link: the part that the serial printer and its simulated twin share."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from drivers.api import JobState, PrinterStatus, PrintResult, Receipt, Ticket
from drivers.errors import PrinterError
from drivers.printers.escpos import EncodedReceipt, encode_receipt
from drivers.printers.journal import JobJournal, JournalFailed
from drivers.printers.link import Deadlines, Dialogue, LinkLost, Transport
from drivers.printers.models import Model, generic
from drivers.printers.print_job import PrintJob, preamble_after
from drivers.printers.probe import Probed, probe
from drivers.printers.replies import SILENT
from drivers.printers.roll import RollKeeper, RollUnwritten, length_mm

_FIRST, _SIGNS = 0x21, 94


def process_ids(start: int | None = None) -> Iterator[bytes]:
    """Markers of four printable bytes; a random start keeps an answer to an earlier program's job from counting."""
    n = secrets.randbelow(_SIGNS**4) if start is None else start
    while True:
        yield bytes(_FIRST + n // _SIGNS**place % _SIGNS for place in (3, 2, 1, 0))
        n += 1


def _ignore(_state: JobState) -> None:
    """For callers that only want the result."""


class LinkPrinter:
    """A `ReceiptPrinter` over a `Transport` that is opened when it is first needed. One thread owns it."""

    def __init__(
        self,
        name: str,
        open_link: Callable[[], Transport],
        *,
        model: Model | None = None,
        journal: JobJournal | None = None,
        deadlines: Deadlines | None = None,
        clock: Callable[[], float] = time.monotonic,
        roll: RollKeeper | None = None,
    ) -> None:
        """`clock` is monotonic, in seconds; without `model` the generic one for 80 mm paper is assumed."""
        self._name = name
        self._open_link = open_link
        self._model = model or generic(80)
        self._journal = journal
        self._deadlines = deadlines or Deadlines()
        self._clock = clock
        self._roll = roll
        self._dialogue: Dialogue | None = None
        self._markers = process_ids()
        last = journal.last_sent() if journal else None
        clean = last is None or last.state is JobState.DONE
        self._preamble = b"" if clean else preamble_after(0, self._model)

    @property
    def name(self) -> str:
        return self._name

    @property
    def model(self) -> Model:
        return self._model

    def connect(self) -> None:
        """Open the link now. Raises `PrinterError`: the code says what is wrong with the port."""
        self._open()

    def exchanged(self) -> None:
        """Another printer stands at this link: nothing of an earlier job is in it. Not while one prints."""
        self._preamble = b""

    def status(self) -> PrinterStatus:
        """Ask the printer. A silent or unplugged printer is a status with `answered=False`, not an error."""
        try:
            status = self._open().status()
        except PrinterError:
            self._drop()
            return SILENT
        if self._roll is not None:
            with suppress(RollUnwritten):  # the estimate is a convenience: it never stops a job
                self._roll.heard(status)
            roll = self._roll.roll
            left_m = None if roll.left_mm is None else int(roll.left_mm // 1000)
            return replace(status, roll=roll.level, roll_left_m=left_m)
        return status

    def print_receipt(self, receipt: Receipt, on_state: Callable[[JobState], None] | None = None) -> PrintResult:
        """Print, and return what is known of the outcome. Raises only for what no printer can print.

        Raises `ReceiptInvalid`, `FontMissing` and `WrongEscposPackage`, all before the job begins.
        """
        encoded = encode_receipt(receipt, self._model)
        tell = on_state or _ignore
        tell(JobState.QUEUED)
        try:
            job_id = self._journal.begin(receipt.number, copy=receipt.copy) if self._journal else 0
            result = self._run(encoded, job_id, tell)
        except JournalFailed as e:
            return PrintResult(JobState.NOT_PRINTED, e.code, 0)
        if self._journal:
            with suppress(JournalFailed):  # the row keeps its last state and is read as "unknown": the safe side
                self._journal.enter(job_id, result.state, result.reason)
        if self._roll is not None and result.bytes_sent:
            with suppress(RollUnwritten):
                on_paper = replace(receipt, width_mm=min(receipt.width_mm, self._model.width_mm))
                self._roll.printed(length_mm(on_paper, self._model.paper.dots, self._model.qr_dot))
        tell(result.state)
        return result

    def _run(self, encoded: EncodedReceipt, job_id: int, tell: Callable[[JobState], None]) -> PrintResult:
        result = self._attempt(encoded, job_id, tell)
        if result.state is JobState.NOT_PRINTED and result.reason == LinkLost.code:
            return self._attempt(encoded, job_id, tell)  # the adapter was away since the last job, and may be back
        return result

    def _attempt(self, encoded: EncodedReceipt, job_id: int, tell: Callable[[JobState], None]) -> PrintResult:
        try:
            dialogue = self._open()
        except PrinterError as e:
            return PrintResult(JobState.NOT_PRINTED, e.code, 0)
        job = PrintJob(dialogue, self._model, encoded, markers=self._markers, preamble=self._preamble)

        def enter(state: JobState) -> None:
            if self._journal and state is JobState.SENDING:
                self._journal.enter(job_id, state)  # before the first byte, or there is no job
            elif self._journal:
                with suppress(JournalFailed):  # the row says "sending", which is read as "unknown"
                    self._journal.enter(job_id, state)
            tell(state)

        result = job.run(enter)
        if result.state is JobState.DONE:
            self._preamble = b""
        elif result.bytes_sent or job.unfinished:
            self._preamble = preamble_after(job.unfinished, self._model)
        if result.reason == LinkLost.code:
            self._drop()
        return result

    def ticket(self) -> Ticket | None:
        """What is in the mouth; None where the printer has none, cannot know, or is silent."""
        try:
            return self._open().ticket()
        except PrinterError:
            self._drop()
            return None

    def retract(self) -> bool:
        """Take a ticket back that nobody took; True if the mouth is empty now. False where there is no such mouth."""
        if not self._model.presenter:
            return False
        try:
            return self._open().retract()
        except PrinterError:
            self._drop()
            return False

    def probe(self) -> Probed:
        """Ask the printer everything that needs no paper. Raises `PrinterError` for a port that cannot be used."""
        return probe(Dialogue(self._open().transport, self._clock, self._deadlines, full_status=True))

    def close(self) -> None:
        """Let go of the port. May be called twice; the next job opens it again."""
        self._drop()

    def _open(self) -> Dialogue:
        if self._dialogue is None:
            self._dialogue = Dialogue(
                self._open_link(), self._clock, self._deadlines, full_status=self._model.presenter
            )
        return self._dialogue

    def _drop(self) -> None:
        if self._dialogue is not None:
            self._dialogue.transport.close()
            self._dialogue = None
