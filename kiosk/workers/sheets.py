"""The thread that prints certificates on the A4 printer. A page exists in memory only; the queue's copy is CUPS's.

What became of a sheet is posted even when the visit is over: whatever may have come out must be known as printed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Protocol

from drivers.api import JobState, PrintResult
from drivers.errors import PrinterError
from kiosk.session.asking.events import SheetFinished, SheetProgress
from kiosk.session.state import PrintSheet
from kiosk.workers.desks import Post
from kiosk.workers.threads import Worker


class PagePrinter(Protocol):
    """A printer of A4 pages; `drivers.printers.a4.document.DocumentPrinter` is one. Never raises."""

    def trouble(self) -> str: ...

    def print_pdf(
        self,
        pdf: bytes,
        title: str,
        pages: int = 1,
        on_state: Callable[[JobState], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> PrintResult: ...


def open_queue(url: str) -> PagePrinter | None:
    """The A4 printer at `ipp://host:port/path` (the setting `a4_queue`), or None where that is empty."""
    if not url:
        return None
    from drivers.printers.a4.document import DocumentPrinter  # http, for the few terminals with an A4 printer

    return DocumentPrinter(url)


class SheetDesk:
    """Owns the A4 printer. None: there is none, and nothing is printed."""

    def __init__(self, printer: PagePrinter | None, worker: Worker, post: Post) -> None:
        self._printer = printer
        self._worker = worker
        self._post = post
        self._over = threading.Event()

    def print(self, session_id: int, sheet: PrintSheet, terminal: str) -> None:
        """Make the page, print it, and post what is known of it."""
        self._over.clear()
        self._worker.submit(lambda: self._print(session_id, sheet, terminal))

    def _print(self, session_id: int, sheet: PrintSheet, terminal: str) -> None:
        result = self._printed(session_id, sheet, terminal)
        self._post(SheetFinished(session_id, sheet.number, sheet.service, result))

    def _printed(self, session_id: int, sheet: PrintSheet, terminal: str) -> PrintResult:
        if self._printer is None:
            return PrintResult(JobState.NOT_PRINTED, "document-printer-absent", 0)
        if reason := self._printer.trouble():  # before the page is drawn, which takes a second
            return PrintResult(JobState.NOT_PRINTED, reason, 0)
        from drivers.printers.a4 import certificate  # what draws pages is heavy, and most terminals have no A4 printer
        from drivers.printers.a4.certificate_document import parse_certificate

        try:
            said = json.loads(sheet.document)
            whole = {**said, "terminal": terminal or "-", "copy": sheet.copy}
            pdf = certificate.render_certificate(parse_certificate(json.dumps(whole, ensure_ascii=False)))
        except (PrinterError, ValueError, TypeError, RecursionError):
            return PrintResult(JobState.NOT_PRINTED, "certificate-unreadable", 0)
        return self._printer.print_pdf(
            pdf,
            sheet.number,
            on_state=lambda state: self._post(SheetProgress(state, session_id=session_id)),
            stop=self._over.is_set,
        )

    def give_up(self) -> None:
        """The card is gone: what still waits in the queue is taken back. Returns at once; from any thread."""
        self._over.set()

    def close(self) -> None:
        """Take back what waits, and end the thread."""
        self._over.set()
        self._worker.stop()
