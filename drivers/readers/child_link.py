"""One life of the PC/SC child process, seen from its parent: started, asked, listened to, ended."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, cast

import drivers
from drivers.readers import wire

END_S: Final = 2.0
_ROOT: Final = Path(drivers.__file__).parent.parent
_CHUNK: Final = 16384

SlotReport = tuple[int, int, str, bytes]
"""State, event counter, reader, ATR."""


class ChildExpiredError(Exception):
    """The child did not reply within the deadline. It was killed."""


class ChildGoneError(Exception):
    """The child is not there, or sent what is no frame. It was killed."""


class ChildLink:
    """A running child. One request at a time, from any thread; slot reports from one thread."""

    def __init__(self, reader: str, socket_path: str | None, *, watch: bool, other: str = "") -> None:
        """Start the child; `other` is a reader that it never takes. Raises `OSError`."""
        self._turn = threading.Lock()
        self._alive = True
        self._buffer = bytearray()
        self._reports, report_end = os.pipe() if watch else (-1, -1)
        arguments = [str(report_end), socket_path or "", reader, other]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
                [sys.executable, "-m", "drivers.readers.pcsc_child", *arguments],
                bufsize=0,
                cwd=_ROOT,
                pass_fds=[report_end] if watch else [],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        except BaseException:
            if watch:
                os.close(self._reports)
            raise
        finally:
            if watch:
                os.close(report_end)
        self._replies = select.poll()
        self._replies.register(cast("IO[bytes]", self._process.stdout).fileno(), select.POLLIN)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False once the child was ended from this side, or was found dead."""
        return self._alive

    def request(self, kind: int, body: bytes, deadline_s: float) -> tuple[int, bytes]:
        """Send a request and return its reply. Raises `ChildExpiredError`, `ChildGoneError`."""
        with self._turn:
            try:
                cast("IO[bytes]", self._process.stdin).write(wire.frame(kind, body))
                return self._reply(time.monotonic() + deadline_s)
            except (OSError, ValueError, wire.FrameError) as error:
                self.kill()
                raise ChildGoneError("the PC/SC child process is gone") from error

    def request_many(self, apdus: Sequence[bytes], deadline_s: float) -> list[tuple[int, bytes]]:
        """Send a `MANY` and return its replies; the deadline is for each. Raises as `request`."""
        with self._turn:
            replies: list[tuple[int, bytes]] = []
            try:
                cast("IO[bytes]", self._process.stdin).write(wire.frame(wire.MANY, wire.pack_many(apdus)))
                while len(replies) < len(apdus):
                    replies.append(self._reply(time.monotonic() + deadline_s + wire.HELD_S))
                    if not wire.goes_on(*replies[-1]):
                        break
            except (OSError, ValueError, wire.FrameError) as error:
                self.kill()
                raise ChildGoneError("the PC/SC child process is gone") from error
            return replies

    def _reply(self, until: float) -> tuple[int, bytes]:
        stdout = cast("IO[bytes]", self._process.stdout)
        while (reply := wire.take_frame(self._buffer)) is None:
            left_s = until - time.monotonic()
            if left_s <= 0 or not self._replies.poll(left_s * 1000):
                self.kill()
                raise ChildExpiredError
            data = stdout.read(_CHUNK)
            if not data:
                raise wire.FrameError("end of replies")
            self._buffer += data
        return reply

    def slot_reports(self, tick_s: float) -> Iterator[SlotReport | bool]:
        """Yield each slot report until the child ends; True: the service lives; False: nothing for `tick_s`."""
        buffer = bytearray()
        ready = select.poll()
        ready.register(self._reports, select.POLLIN)
        while True:
            if not ready.poll(tick_s * 1000):
                yield False
                continue
            data = os.read(self._reports, _CHUNK)
            if not data:
                return
            buffer += data
            try:
                while (frame := wire.take_frame(buffer)) is not None:
                    yield True if frame[0] == wire.ALIVE else wire.unpack_slot(frame[1])
            except wire.FrameError:
                self.kill()
                return

    def kill(self) -> None:
        """Kill the child at once. It is reaped by `end`."""
        self._alive = False
        self._process.kill()

    def hang_up(self) -> None:
        """Close the request pipe: the child unpowers its card and ends, or is ended by its own watchdog."""
        self._alive = False
        with contextlib.suppress(OSError):
            cast("IO[bytes]", self._process.stdin).close()

    def end(self) -> None:
        """End the child and reap it. Never raises; the thread that reads the slot reports calls it."""
        self.hang_up()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._turn:
            cast("IO[bytes]", self._process.stdout).close()
            if self._reports >= 0:
                os.close(self._reports)
                self._reports = -1
