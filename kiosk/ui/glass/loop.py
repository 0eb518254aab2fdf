"""Kivy's main loop, asleep until there is something to do. Main thread only, except `wake`.

Kivy turns its loop at its highest frame rate whether anything changed or not: 1.1 to 1.5 % of a core on a screen that
stands still. Here the thread sleeps until a timer of Kivy's clock is due, another thread wakes it, or a finger or a key
comes. SDL tells of these only when it is asked, so it is asked every `LOOK_S`, and nothing else is done then.

Before it sleeps is also the moment for Python's whole collection of garbage, which takes as long as some frames: it
would else come with whatever is allocated next, which is most often the answer to a touch.
"""

from __future__ import annotations

import gc
import math
import os
import select
import threading
from collections.abc import Callable
from typing import Any

from kivy.base import EventLoop, ExceptionManager  # pyright: ignore[reportMissingTypeStubs]
from kivy.cache import Cache  # pyright: ignore[reportMissingTypeStubs]
from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]

LOOK_S = 1 / 30
"""A finger waits at most this long. A look takes some 0.1 ms of a core, most of it the waking itself."""
WHOLE_AFTER, NEVER = 10, 1 << 30
"""Collections of the middle generation after which a whole one is due: Python's own number."""
POINTER = ("on_mouse_down", "on_mouse_move", "on_mouse_up")
"""What Kivy's pointer hands out with the next turn only."""


class Bell:
    """Ends a sleep, from any thread and from signal handlers.

    The lock is held for no longer than a ring or the closing takes, and a signal handler of the thread that holds it
    may take it again: nobody writes to a file that has just become somebody else's.
    """

    def __init__(self) -> None:
        self._file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.RLock()
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def ring(self) -> None:
        """End the sleep, or the next one where nobody sleeps. After `close`: nothing."""
        with self._lock:
            if self._file >= 0:
                os.eventfd_write(self._file, 1)

    def sleep(self, seconds: float) -> None:
        """Sleep until it rings, at most so long."""
        if self._poll.poll(math.ceil(1000 * seconds)):
            os.eventfd_read(self._file)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            file, self._file = self._file, -1
            os.close(file)


class Loop:
    """Turns Kivy's loop when there is a reason to."""

    def __init__(self, window: Any, sleep: Callable[[float], None] | None = None) -> None:
        """`sleep` takes the longest time in seconds; the bell's by default. Until `close`, whole collections wait."""
        self._window = window
        self._bell = Bell()
        self._sleep = sleep or self._bell.sleep
        self._touched = False
        self.turns = 0
        """How often Kivy's loop was turned."""
        window.bind(**dict.fromkeys(POINTER, self._touch))
        self._collecting = gc.get_threshold()
        gc.set_threshold(*self._collecting[:2], NEVER)
        purge: Any = Cache._purge_by_timeout  # pyright: ignore  # noqa: SLF001
        Clock.unschedule(purge)  # once a second Kivy would look through caches of pictures and files that stay empty

    def close(self) -> None:
        """Let the window go; whole collections come by themselves again."""
        gc.set_threshold(*self._collecting)
        self._window.unbind(**dict.fromkeys(POINTER, self._touch))
        self._bell.close()

    def wake(self) -> None:
        """Something was scheduled: look at the clock. From any thread and from signal handlers."""
        self._bell.ring()

    def run(self) -> None:
        """Turn until Kivy is told to stop or the window is closed."""
        while self._runs():
            self.turn()

    def turn(self) -> None:
        """Sleep until something is to be done, and do it."""
        try:
            self._rest()
            self.turns += 1
            EventLoop.idle()
        except Exception as error:
            if ExceptionManager.handle_exception(error) == ExceptionManager.RAISE:
                raise

    def _runs(self) -> bool:
        return not EventLoop.quit and EventLoop.status == "started"

    def _touch(self, *_args: object) -> None:
        self._touched = True

    def _rest(self) -> None:
        """Return when a turn has something to do; SDL was asked at least once."""
        self._window.mainloop()
        while not self._touched and self._runs() and not self._window.canvas.needs_redraw:
            due_s = Clock.get_min_timeout() - Clock.time()
            if due_s <= 0:
                break
            tidy()
            self._sleep(min(due_s, LOOK_S))
            self._window.mainloop()
        self._touched = False


def tidy() -> None:
    """Collect all garbage where that is due. Nothing while collecting is switched off."""
    if gc.isenabled() and gc.get_count()[2] > WHOLE_AFTER:
        gc.collect()
