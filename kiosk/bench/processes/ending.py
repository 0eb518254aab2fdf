"""How a bench ends: by a signal, by the death of a child, or because a part could not start."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType


class Ending:
    """The one way to end: the first reason counts. A signal is exit code 0, a dead child 1."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self.code = 0

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def when_asked(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the end is asked for, or now where it was."""
        with self._lock:
            self._stop = stop
        if self.asked:
            stop()

    def ask(self, code: int = 0) -> None:
        """End. Later calls change nothing."""
        with self._lock:
            if self._asked.is_set():
                return
            self.code = code
            self._asked.set()
            stop = self._stop
        if stop is not None:
            stop()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        del number
        # The handler interrupts the main thread anywhere, so the lock may be held by that very thread: use another.
        threading.Thread(target=self.ask, name="ending").start()

    def on_death(self, name: str, code: int, last_lines: str) -> None:
        """A child ended unasked."""
        print(f"{name} ended unasked with {code}; the bench ends.\n{last_lines}", file=sys.stderr, flush=True)
        self.ask(1)
