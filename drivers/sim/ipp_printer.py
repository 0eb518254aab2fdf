"""A stand-in for CUPS or an office printer: a server on loopback that speaks IPP and has faults. No real CUPS.

It keeps what it was sent, prints one page at each question about the job, and says what such a printer says.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from drivers.printers.a4 import ipp
from drivers.printers.a4.ipp import Value

PROCESSING, CANCELED, ABORTED, COMPLETED = 5, 7, 8, 9
IDLE_PRINTER, STOPPED_PRINTER = 3, 5
FAULTS = frozenset({"paper-out", "paper-jam", "cover-open", "paused", "refuses", "silent", "aborts", "counts-nothing"})
_REASONS = {"paper-out": "media-empty-error", "paper-jam": "media-jam-error", "cover-open": "cover-open-error"}


class SimIppPrinter:
    """One queue at `url`. `device_uri` is what stands behind it, empty for a printer asked directly."""

    def __init__(self, device_uri: str = "", pages: int = 1) -> None:
        self._device_uri = device_uri
        self._pages = pages
        self._lock = threading.Lock()
        self._faults: dict[str, int] = {}
        self.documents: list[bytes] = []
        self.printed: list[int] = []
        """Pages of each job that came out."""
        self._states: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ipp://127.0.0.1:{self._server.server_port}/ipp/print"

    def set_fault(self, name: str, *, after_pages: int = 0) -> None:
        """Let something go wrong, now or after so many pages of a job. Raises `ValueError`."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; known are {', '.join(sorted(FAULTS))}")
        with self._lock:
            self._faults[name] = after_pages

    def clear_fault(self) -> None:
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        """End the server; nobody listens at `url` any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def answer(self, body: bytes) -> bytes | None:
        """The answer to a request; None hangs up."""
        request = ipp.decode(body)
        with self._lock:
            if self._is("silent"):
                return None
            if request.code == ipp.PRINT_JOB:
                return self._take(request)
            if request.code == ipp.GET_PRINTER:
                return self._reply(request, ipp.PRINTER, self._printer())
            job = request.number("job-id") - 1
            if not 0 <= job < len(self.documents):
                return ipp.encode(0x0406, request.request_id, [])
            if request.code == ipp.CANCEL_JOB:
                self._states[job] = CANCELED
                return self._reply(request, ipp.JOB, [])
            self._go_on(job)
            return self._reply(request, ipp.JOB, self._job(job))

    def _take(self, request: ipp.Message) -> bytes:
        if self._is("refuses") or not request.data.startswith(b"%PDF"):
            return ipp.encode(0x040A, request.request_id, [])
        self.documents.append(request.data)
        self.printed.append(0)
        self._states.append(PROCESSING)
        return self._reply(request, ipp.JOB, [(ipp.INTEGER, "job-id", len(self.documents))])

    def _go_on(self, job: int) -> None:
        if self._states[job] in {CANCELED, ABORTED, COMPLETED}:
            return
        if self._is("aborts"):
            self._states[job] = ABORTED
        elif not self._troubles():
            self.printed[job] += 1
            self._states[job] = COMPLETED if self.printed[job] >= self._pages else PROCESSING

    def _is(self, fault: str) -> bool:
        after = self._faults.get(fault)
        return after is not None and (self.printed[-1] if self.printed else 0) >= after

    def _troubles(self) -> list[str]:
        return [name for name in (*_REASONS, "paused") if self._is(name)]

    def _printer(self) -> list[tuple[int, str, Value]]:
        reasons = [_REASONS.get(name, name) for name in self._troubles()] or ["none"]
        where: list[tuple[int, str, Value]] = [(ipp.URI, "device-uri", self._device_uri)] if self._device_uri else []
        words = [(ipp.KEYWORD, "printer-state-reasons" if i == 0 else "", r) for i, r in enumerate(reasons)]
        return [(ipp.ENUM, "printer-state", STOPPED_PRINTER if self._is("paused") else IDLE_PRINTER), *where, *words]

    def _job(self, job: int) -> list[tuple[int, str, Value]]:
        count = 0 if self._is("counts-nothing") else self.printed[job]
        return [(ipp.ENUM, "job-state", self._states[job]), (ipp.INTEGER, "job-impressions-completed", count)]

    @staticmethod
    def _reply(request: ipp.Message, group: int, values: list[tuple[int, str, Value]]) -> bytes:
        head: list[tuple[int, str, Value]] = [(ipp.CHARSET, "attributes-charset", "utf-8")]
        return ipp.encode(0, request.request_id, [(ipp.OPERATION, head), (group, values)])


def _handler(printer: SimIppPrinter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = printer.answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            if answer is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/ipp")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing: what is printed is nobody's business."""

    return Handler
