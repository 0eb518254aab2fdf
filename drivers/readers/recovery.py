"""The recovery ladder of a reader that does not come back: which rung is due, and when.

New connection and new context are the child's own affair, at each request. This is what comes after them: a fresh
child process, the PC/SC service restarted by whoever may (a privileged helper), and in the end "out of order", with
the helper asked again at longer and longer intervals. Pure: time is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """A rung, in the order in which they are tried."""

    CHILD = "child"
    """End the child process and start a fresh one."""
    SERVICE = "service"
    """Have the PC/SC service restarted."""


@dataclass(frozen=True)
class Patience:
    """Seconds without a sign of life before each rung."""

    child_s: float = 8.0
    service_s: float = 20.0
    longest_s: float = 600.0
    """Between two restarts of the service, at most."""
    restarts_before_out_of_order: int = 2


class Ladder:
    """Counts how long a reader has been without a working PC/SC service."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._since_s: float | None = None
        self._child_tried = False
        self._restarts = 0
        self._next_service_s = 0.0

    @property
    def out_of_order(self) -> bool:
        """True once the service was restarted in vain as often as is sensible."""
        return self._restarts >= self._patience.restarts_before_out_of_order

    def works(self) -> None:
        """A sign of life: the service answered."""
        self._since_s = None
        self._child_tried = False
        self._restarts = 0

    def silent(self, now_s: float) -> Step | None:
        """No sign of life at this moment. Return the rung that is due now, or None: wait on."""
        if self._since_s is None:
            self._since_s = now_s
            self._next_service_s = now_s + self._patience.service_s
            return None
        if now_s >= self._next_service_s:
            self._restarts += 1
            pause_s = self._patience.service_s * 2**self._restarts
            self._next_service_s = now_s + min(self._patience.longest_s, pause_s)
            return Step.SERVICE
        if not self._child_tried and now_s - self._since_s >= self._patience.child_s:
            self._child_tried = True
            return Step.CHILD
        return None
