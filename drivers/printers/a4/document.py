"""A4 pages through CUPS, or straight to a printer, over IPP.

"Completed" in CUPS says that the last byte left the computer, not that paper came out. A page counts as printed only
where the printer itself counts its sheets (a queue whose `device-uri` is IPP, or a printer asked directly) and names no
trouble; everything else stays `unknown`. `printer-state-reasons` are watched all the while.
Sources: RFC 8011 (operations, states), PWG 5100.9 (reasons), RFC 3380 (job attributes).
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from drivers.api import JobState, PrintResult
from drivers.errors import PrinterError
from drivers.printers.a4 import ipp

_COMPLETED, _ENDED = 9, frozenset({7, 8, 9})
_STOPPED = 5
_MAX_ANSWER = 1_000_000
_CONFIRMING = frozenset({"", "ipp", "ipps", "dnssd", "implicitclass"})
"""Kinds of `device-uri` behind which the printer itself counts sheets; empty is the printer itself."""
TROUBLE: Mapping[str, str] = {
    "media-empty": "paper-out",
    "media-needed": "paper-out",
    "media-jam": "paper-jam",
    "cover-open": "cover-open",
    "door-open": "cover-open",
    "interlock-open": "cover-open",
    "toner-empty": "toner-empty",
    "marker-supply-empty": "toner-empty",
    "offline": "printer-offline",
    "shutdown": "printer-offline",
    "timed-out": "printer-offline",
    "connecting-to-device": "printer-offline",
    "paused": "printer-paused",
    "stopped": "printer-paused",
}


class QueueRefused(PrinterError):
    """The server is there and refuses: the queue is unknown, or does not take this document."""

    code = "document-queue-refused"


class _Unreachable(Exception):
    def __init__(self, *, sent: bool) -> None:
        super().__init__("no answer over IPP")
        self.sent = sent


@dataclass(frozen=True)
class DocumentDeadlines:
    """How long a document printer may take, in seconds."""

    reply_s: float = 10.0
    poll_s: float = 0.5
    blocked_s: float = 60.0
    """For a hand to end a trouble, before the job is taken back."""
    finish_s: float = 120.0


def _ignore(_state: JobState) -> None:
    """For callers that only want the result."""


def _never() -> bool:
    return False


class DocumentPrinter:
    """One queue. `url` is `ipp://host:port/path`; one thread owns it."""

    def __init__(
        self,
        url: str,
        *,
        deadlines: DocumentDeadlines | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises `ValueError` for a URL that is not `ipp://`."""
        parts = urlsplit(url)
        if parts.scheme != "ipp" or not parts.hostname:
            raise ValueError("a document printer is named by ipp://host:port/path")
        self._url, self._path = url, parts.path or "/"
        self._host, self._port = parts.hostname, parts.port or 631
        self._deadlines = deadlines or DocumentDeadlines()
        self._clock = clock
        self._wait = wait
        self._requests = 0

    def trouble(self) -> str:
        """Why no page can be printed now, as a failure code; empty if one can."""
        try:
            return self._trouble(self._printer())
        except _Unreachable:
            return "document-printer-absent"
        except PrinterError as e:
            return e.code

    def print_pdf(
        self,
        pdf: bytes,
        title: str,
        pages: int = 1,
        on_state: Callable[[JobState], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> PrintResult:
        """Print a PDF of so many pages and return what is known. `title` is seen in the queue: no person in it.

        `stop`, asked between two looks at the job: True takes it back, because nobody waits for it any more.

        Never raises for anything a server or a printer can do.
        """
        tell = on_state or _ignore
        tell(JobState.QUEUED)
        reason = self.trouble()
        if reason:
            return PrintResult(JobState.NOT_PRINTED, reason, 0)
        tell(JobState.SENDING)
        try:
            job = self._ask(ipp.PRINT_JOB, [(ipp.NAME, "job-name", title), *_PDF], pdf).number("job-id")
        except _Unreachable as e:
            return PrintResult(JobState.UNKNOWN if e.sent else JobState.NOT_PRINTED, "no-reply", len(pdf) * e.sent)
        except PrinterError as e:
            return PrintResult(JobState.NOT_PRINTED, e.code, 0)
        tell(JobState.SENT)
        state, reason = self._watch(job, pages, tell, stop or _never)
        return PrintResult(state, reason, len(pdf), pages, pages if state is JobState.DONE else 0)

    def _watch(
        self, job: int, pages: int, tell: Callable[[JobState], None], stop: Callable[[], bool]
    ) -> tuple[JobState, str]:
        began, blocked_at, trouble = self._clock(), None, ""
        while True:
            now = self._clock()
            try:
                printer, found = self._printer(), self._job(job)
            except (_Unreachable, PrinterError):
                return JobState.UNKNOWN, "no-reply"
            if found.number("job-state") in _ENDED:
                return self._ended(printer, found, pages)
            trouble = self._trouble(printer)
            if trouble and blocked_at is None:
                blocked_at = now
                tell(JobState.BLOCKED)
            elif not trouble and blocked_at is not None:
                blocked_at = None
                tell(JobState.SENT)
            waited_too_long = blocked_at is not None and now - blocked_at >= self._deadlines.blocked_s
            if stop():
                return self._take_back(job, found, "holder-gone")
            if waited_too_long or now - began >= self._deadlines.finish_s:
                return self._take_back(job, found, trouble or "no-confirmation")
            self._wait(self._deadlines.poll_s)

    def _ended(self, printer: ipp.Message, job: ipp.Message, pages: int) -> tuple[JobState, str]:
        trouble = self._trouble(printer)
        sheets = _sheets(job)
        if job.number("job-state") != _COMPLETED:
            return (JobState.PARTIAL if sheets else JobState.UNKNOWN), trouble or "document-job-ended"
        confirms = urlsplit(printer.text("device-uri")).scheme in _CONFIRMING
        if confirms and not trouble and sheets >= pages:
            return JobState.DONE, ""
        return JobState.UNKNOWN, trouble or "unconfirmed"

    def _take_back(self, job: int, found: ipp.Message, reason: str) -> tuple[JobState, str]:
        """Cancel: what waits must not come out for the next person. Whether it came out already stays unknown."""
        try:
            self._ask(ipp.CANCEL_JOB, [(ipp.INTEGER, "job-id", job)])
        except (_Unreachable, PrinterError):
            return JobState.UNKNOWN, reason
        return (JobState.PARTIAL if _sheets(found) else JobState.UNKNOWN), reason

    def _printer(self) -> ipp.Message:
        return self._ask(ipp.GET_PRINTER, [])

    def _job(self, job: int) -> ipp.Message:
        return self._ask(ipp.GET_JOB, [(ipp.INTEGER, "job-id", job)])

    @staticmethod
    def _trouble(printer: ipp.Message) -> str:
        for reason in sorted(printer.texts("printer-state-reasons")):
            plain = reason.removesuffix("-error").removesuffix("-warning").removesuffix("-report")
            if plain in TROUBLE and not reason.endswith("-report"):
                return TROUBLE[plain]
        return "printer-paused" if printer.number("printer-state") == _STOPPED else ""

    def _ask(self, operation: int, values: list[tuple[int, str, ipp.Value]], data: bytes = b"") -> ipp.Message:
        self._requests += 1
        head = [
            (ipp.CHARSET, "attributes-charset", "utf-8"),
            (ipp.LANGUAGE, "attributes-natural-language", "zh-cn"),
            (ipp.URI, "printer-uri", self._url),
        ]
        user = (ipp.NAME, "requesting-user-name", "kiosk")
        body = ipp.encode(operation, self._requests, [(ipp.OPERATION, [*head, user, *values])], data)
        answer = ipp.decode(self._post(body))
        if answer.code >= 0x0400:
            raise QueueRefused(f"the queue answered {answer.code:04x}")
        return answer

    def _post(self, body: bytes) -> bytes:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._deadlines.reply_s)
        try:
            connection.connect()
        except OSError as e:
            raise _Unreachable(sent=False) from e
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/ipp"})
            answer = connection.getresponse()
            found = answer.read(_MAX_ANSWER)
        except (OSError, http.client.HTTPException) as e:
            raise _Unreachable(sent=True) from e
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise QueueRefused(f"the server answered HTTP {answer.status}")
        return found


_PDF: list[tuple[int, str, ipp.Value]] = [(ipp.MIME, "document-format", "application/pdf")]


def _sheets(job: ipp.Message) -> int:
    return max(job.number("job-impressions-completed"), job.number("job-media-sheets-completed"))
