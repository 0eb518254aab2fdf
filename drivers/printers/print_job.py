"""One print job, from the first byte to what is known of its end.

A printer that took the bytes has not printed them. The job sends a marker before the cut and one after it, and only the
printer's answers to these count. While it runs, a question every 250 ms catches a printer that was switched off and on
again: such a printer would answer the last marker as if nothing had happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import accumulate, islice

from drivers.api import JobState, PrintResult
from drivers.printers.escpos import (
    CLEAR_BUFFER,
    CUT,
    ESC,
    QUEUED_STATUS,
    RECOVER,
    STATUS_BACK_ON,
    EncodedReceipt,
    process_id,
    query,
)
from drivers.printers.heartbeat import Heartbeat
from drivers.printers.link import Dialogue, LinkLost
from drivers.printers.models import Model
from drivers.printers.replies import (
    AutoStatus,
    PowerOn,
    ProcessId,
    QueuedStatus,
    RealTimeStatus,
    Reply,
    blocking_reason,
)

CHUNK_BYTES = 256
MAX_QUEUED_BYTES = 256
"""More than this is never on its way, so that a question is at the printer within a third of a second at 9600 baud."""
_OFFLINE = 0x08
_POLL_S = 0.01
_COOLS_BY_ITSELF = "head-hot"
_UNSURE = frozenset({"no-reply", "stalled", "no-confirmation", "unconfirmed"})
_RECOVERABLE = frozenset({"cutter", "recoverable"})
_ASK_WHY_S = 2.0
"""Between two full questions while a printer takes its time: some are out of paper without being offline."""


class _Stopped(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _unheard(_state: JobState) -> None:
    """Before `run`, nobody listens."""


class PrintJob:
    """Sends one encoded receipt and watches the printer. Used once."""

    def __init__(
        self,
        dialogue: Dialogue,
        model: Model,
        job: EncodedReceipt,
        *,
        markers: Iterator[bytes],
        preamble: bytes = b"",
    ) -> None:
        """`markers` yields process ids never used before; `preamble` clears up after a job that went wrong."""
        self._dialogue = dialogue
        self._transport = dialogue.transport
        self._clock = dialogue.clock
        self._deadlines = dialogue.deadlines
        self._model = model
        self._pieces = job.pieces
        self._a_piece = 2 if job.cut else 1
        fences = self._pieces * self._a_piece if model.marker != "none" else 0
        self._fences = [next(markers) for _ in range(fences)]
        self._passed = 0
        # A printer that answers marks in their turn proves that it has cleared up, before the job begins.
        self._clears_up = preamble if model.marker != "none" else b""
        self._marker_of_clearing = next(markers) if self._clears_up else b""
        stream = list(self._stream(job, b"" if self._clears_up else preamble))
        questions = {self._question(fence) for fence in self._fences}
        ends = zip(stream, accumulate(map(len, stream)), strict=True)
        self._fence_ends = [end for chunk, end in ends if chunk in questions]
        self._chunks = deque(stream)
        self._out = b""
        self._out_is_query = False
        limits = self._deadlines
        self._heartbeat = Heartbeat(limits.reply_s, limits.silent_s, held=self._transport.holds_back)
        self._last_progress = 0.0
        self._proved = 0
        self._offline = False
        self._auto_reason = ""
        self._asked_why_at = float("inf")
        self._hot_since: float | None = None
        self._enter: Callable[[JobState], None] = _unheard
        self.bytes_sent = 0

    def _stream(self, job: EncodedReceipt, preamble: bytes) -> Iterator[bytes]:
        if preamble:
            yield preamble
        if self._model.status_back:
            yield STATUS_BACK_ON
        fences = iter(self._fences)
        for n, segment in enumerate((*job.segments, job.cut)):
            if n in job.cuts_at or n == len(job.segments):
                yield from self._fence(fences)
                if segment:
                    yield segment
                    yield from self._fence(fences)
            else:
                yield segment

    def _fence(self, fences: Iterator[bytes]) -> Iterator[bytes]:
        for fence in islice(fences, 1):
            yield self._question(fence)

    def _question(self, fence: bytes) -> bytes:
        """What the printer answers in its turn."""
        return process_id(fence) if self._model.marker == "process-id" else QUEUED_STATUS

    @property
    def unfinished(self) -> int:
        """Bytes that the printer still waits for, because the job ended inside a command."""
        return 0 if self._out_is_query else len(self._out)

    def run(self, enter: Callable[[JobState], None]) -> PrintResult:
        """Send, watch, and say what is known.

        `enter` is told of sending, sent and printed, and of blocked while a hot head cools.
        """
        self._enter = enter
        try:
            reason = self._not_ready() or self._clear_up()
            if reason:
                return PrintResult(JobState.NOT_PRINTED, reason, 0, self._pieces)
            enter(JobState.SENDING)
            self._last_progress = self._clock()
            while self._chunks or (self._out and not self._out_is_query):
                self._turn()
            enter(JobState.SENT)
            self._asked_why_at = self._clock()
            return self._await_fences(enter)
        except LinkLost as e:
            return self._outcome(e.code)
        except _Stopped as e:
            self._hear_out()
            result = self._outcome(e.reason)
            self._clear()
            return result

    def _not_ready(self) -> str:
        """Why no job can begin, as a failure code; an error that a hand has ended is recovered from first."""
        status = self._dialogue.status()
        if status.error in _RECOVERABLE and self._dialogue.send(RECOVER):
            status = self._dialogue.status()
        return blocking_reason(status)

    def _clear_up(self) -> str:
        """Clear up after the job before, and hear that it is done; else return why this one cannot begin.

        What goes wrong here, such as a cutter that jams, is not this receipt's: nothing of it was sent.
        """
        if not self._clears_up:
            return ""
        self._out = self._clears_up + self._question(self._marker_of_clearing)
        if not self._dialogue.send(self._out):
            return "stalled"
        self._out = b""
        done, unnamed = ProcessId(self._marker_of_clearing), self._model.marker == "queued-status"
        ends, answered = self._clock() + self._deadlines.finish_s, False
        while self._clock() < ends:
            self._transport.wait(self._deadlines.heartbeat_s, to_write=False)
            heard = self._dialogue.hear()
            reason = "" if done in heard else blocking_reason(self._dialogue.status(heard.append))
            if done in heard:
                return ""
            if PowerOn() in heard:
                return "power-cycle"
            if reason not in {"", "printer-offline"}:
                return reason
            # Answers without a name: the job before may have some due. Quiet after one says that this was the last.
            if unnamed and any(isinstance(reply, QueuedStatus) for reply in heard):
                answered, ends = True, self._clock() + self._deadlines.silent_s
        return "" if answered else "no-confirmation"

    def _await_fences(self, enter: Callable[[JobState], None]) -> PrintResult:
        told = False
        if not self._fences:
            self._settle()
            return self._outcome("unconfirmed")
        while self._passed < len(self._fences):
            self._turn()
            if self._passed > len(self._fences) - self._a_piece and not told:
                enter(JobState.PRINTED)
                told = True
        if not told:
            enter(JobState.PRINTED)
        self._settle()
        return PrintResult(JobState.DONE, "", self.bytes_sent, self._pieces, self._pieces)

    def _settle(self) -> None:
        """Wait for the answer to the last question: a printer that owes one may have been off.

        Where the fences are not proved yet, one more question is asked.
        """
        ends = self._clock() + self._deadlines.silent_s + self._deadlines.reply_s
        while self._out or self._heartbeat.asked_at is not None or self._proved < self._passed:
            if self._clock() >= ends:
                raise _Stopped("no-reply")
            self._turn(ask=self._proved < self._passed)

    def _hear_out(self) -> None:
        """The answer to the last question may still be on its way; with it, the fences passed so far are proved."""
        with suppress(LinkLost, _Stopped):
            self._await_answer()

    def _await_answer(self) -> None:
        while (asked_at := self._heartbeat.asked_at) is not None and not self._heartbeat.lost:
            left_s = asked_at + self._deadlines.reply_s - self._clock()
            if left_s <= 0:
                return
            self._transport.wait(left_s, to_write=False)
            for reply in self._dialogue.hear():
                self._take(reply)

    def _turn(self, *, ask: bool = True) -> None:
        """Send what the link takes, listen, and stop the job if its end is known."""
        now = self._clock()
        if not self._out:
            self._next_out(now, ask=ask)
        full = self._transport.queued >= MAX_QUEUED_BYTES
        if self._out and not full:
            self._write(now)
        self._transport.wait(self._patience(now, full=full), to_write=bool(self._out) and not full)
        for reply in self._dialogue.hear():
            self._take(reply)
        self._check(self._clock())

    def _next_out(self, now: float, *, ask: bool) -> None:
        due = now - self._heartbeat.last_at >= self._deadlines.heartbeat_s
        if ask and due and self._heartbeat.asked_at is None:
            self._out, self._out_is_query = query(1), True
        elif self._chunks and not self._heartbeat.lost and self._hot_since is None:
            self._out, self._out_is_query = self._chunks.popleft(), False
            while self._chunks and len(self._out) + len(self._chunks[0]) <= CHUNK_BYTES:
                self._out += self._chunks.popleft()

    def _write(self, now: float) -> None:
        taken = self._transport.write(self._out[:CHUNK_BYTES])
        if not taken:
            return
        self._out = self._out[taken:]
        if not self._out_is_query:
            self.bytes_sent += taken
            self._last_progress = now
        elif not self._out:
            self._heartbeat.ask(now)

    def _patience(self, now: float, *, full: bool) -> float:
        if full:
            return _POLL_S
        if self._out:
            return self._deadlines.heartbeat_s
        heart = self._heartbeat
        if self._chunks and not heart.lost and self._hot_since is None:
            return 0.0
        if heart.asked_at is not None:
            return max(0.0, heart.asked_at + self._deadlines.reply_s - now)
        return max(0.0, min(self._deadlines.heartbeat_s, heart.last_at + self._deadlines.heartbeat_s - now))

    def _take(self, reply: Reply) -> None:
        match reply:
            case RealTimeStatus(value) if self._heartbeat.answer():
                self._proved = self._passed
                self._offline = bool(value & _OFFLINE)
            case AutoStatus():
                self._auto_reason = reply.reason if reply.offline else ""
            case PowerOn():
                raise _Stopped("power-cycle")
            case ProcessId(marker):
                self._pass_fence(marker)
            case QueuedStatus() if self._model.marker == "queued-status" and self._passed < len(self._fences):
                if self.bytes_sent >= self._fence_ends[self._passed]:  # before it is asked, nothing answers it
                    self._pass_fence(self._fences[self._passed])
            case _:
                return

    def _pass_fence(self, marker: bytes) -> None:
        """Count a marker in its turn. One that comes before its turn means that bytes were lost on the way."""
        if marker not in self._fences[self._passed :]:
            return
        if marker != self._fences[self._passed]:
            raise _Stopped("bytes-lost")
        self._passed += 1
        if self._model.marker == "process-id" and self._heartbeat.asked_at is None and not self._heartbeat.lost:
            self._proved = self._passed  # an answer without a name counts when the printer is heard again after it
        self._last_progress = self._clock()

    def _check(self, now: float) -> None:
        limits = self._deadlines
        if reason := self._heartbeat.trouble(now):
            raise _Stopped(reason)
        if self._passed == len(self._fences) > 0:
            return
        if self._auto_reason:
            self._stop_or_wait(self._auto_reason)
        if self._hot_since is not None:
            self._watch_the_heat(now)
            return
        stuck = now - self._last_progress
        if self._offline and (not self._out or stuck >= limits.reply_s):
            self._ask_why()
        if self._out and stuck >= limits.stall_s:
            self._ask_why()
            raise _Stopped("stalled")
        all_sent = not self._chunks and not self._out
        if all_sent and self._fences and stuck >= limits.finish_s:
            self._ask_why()
            raise _Stopped("no-confirmation")
        if all_sent and not self._heartbeat.lost and now - self._asked_why_at >= _ASK_WHY_S:
            self._ask_why()

    def _ask_why(self) -> None:
        """The printer says it is offline: stop the job if it names a cause, go on if it is ready again."""
        self._await_answer()  # it would be taken for the answer to the first of these
        self._heartbeat.forget()
        self._offline = False
        self._asked_why_at = self._clock()
        reason = blocking_reason(self._dialogue.status(self._take))
        if reason not in {"", "printer-offline"} and self._passed < len(self._fences):
            self._stop_or_wait(reason)
        elif reason == "" and self._hot_since is not None:
            self._cooled()

    def _stop_or_wait(self, reason: str) -> None:
        """A hot head goes on by itself and loses nothing; anything else ends the job."""
        if reason != _COOLS_BY_ITSELF:
            raise _Stopped(reason)
        now = self._clock()
        if self._hot_since is None:
            self._hot_since = now
            self._enter(JobState.BLOCKED)
        elif now - self._hot_since >= self._deadlines.cool_s:
            raise _Stopped(reason)

    def _watch_the_heat(self, now: float) -> None:
        if self._model.status_back:
            if not self._auto_reason:
                self._cooled()
        elif not self._out and now - self._asked_why_at >= self._deadlines.heartbeat_s:
            self._ask_why()

    def _cooled(self) -> None:
        self._hot_since, self._last_progress = None, self._clock()
        all_sent = not self._chunks and self.unfinished == 0
        self._enter(JobState.SENT if all_sent else JobState.SENDING)

    def _clear(self) -> None:
        """Drop what the printer still holds: it must not come out for the next person."""
        if self.bytes_sent and self._model.clear_buffer:
            with suppress(LinkLost):  # the job has ended already, and its outcome is known
                self._dialogue.clear_buffer()

    def _outcome(self, reason: str) -> PrintResult:
        state = self._state_after(reason)
        done = self._proved // self._a_piece
        return PrintResult(state, "" if state is JobState.DONE else reason, self.bytes_sent, self._pieces, done)

    def _state_after(self, reason: str) -> JobState:
        all_sent = not self._chunks and self.unfinished == 0
        if self.bytes_sent == 0:
            return JobState.NOT_PRINTED
        if self._proved and self._proved == len(self._fences):
            return JobState.DONE
        if self._proved and self._proved > len(self._fences) - self._a_piece:
            return JobState.PRINTED_NOT_CUT
        if self._proved and reason not in _UNSURE:
            return JobState.PARTIAL
        if self._heartbeat.lost or reason in {"power-cycle", "bytes-lost"}:
            return JobState.UNKNOWN if all_sent or reason == "no-reply" else JobState.PARTIAL
        if reason in _UNSURE:
            return JobState.UNKNOWN
        if reason == LinkLost.code:
            return JobState.UNKNOWN if all_sent else JobState.PARTIAL
        return JobState.PARTIAL


def preamble_after(unfinished: int, model: Model) -> bytes:
    """What goes before a job whose predecessor went wrong: fill up its last command, forget the rest, cut it off."""
    clear = CLEAR_BUFFER if model.clear_buffer else bytes(unfinished)
    return clear + ESC + b"@" + (CUT if model.cutter else ESC + b"d\x04")
