"""Time for the printer's twin, in seconds: only waiting moves it."""

from __future__ import annotations


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Wait; a millisecond at least, so that no loop stands still."""
        self.now_s += max(seconds, 0.001)
