"""The question that a job asks again and again, and what the answers prove. Pure.

`DLE EOT` has no name: only the number of answers tells whose they are. A printer that was busy answers all that it was
asked, late; one that was off never answers what it was asked meanwhile.
"""

from __future__ import annotations


class Heartbeat:
    """The questions of one job and their answers. Times are monotonic seconds."""

    def __init__(self, reply_s: float, silent_s: float, *, held: bool) -> None:
        """`held`: flow control may keep questions back until the printer is on, so that late answers prove nothing."""
        self._reply_s = reply_s
        self._silent_s = silent_s
        self._held = held
        self._open = 0
        self._late = False
        self._silent_since: float | None = None
        self.asked_at: float | None = None
        """When the latest question went out, while its answer is in time."""
        self.last_at = float("-inf")
        self.lost = False
        """An answer is overdue: the printer may have been off."""

    def ask(self, now: float) -> None:
        """A question went out."""
        self.asked_at = self.last_at = now
        self._open += 1

    def answer(self) -> bool:
        """An answer came; True if it leaves no question open."""
        if self._open == 0:
            return False
        self._open -= 1
        self._late = self._late or self.lost
        if self._open or (self._late and self._held):
            return False
        self.asked_at = self._silent_since = None
        self.lost = self._late = False
        return True

    def forget(self) -> None:
        """No answer is waited for any more."""
        self._open, self.asked_at = 0, None

    def trouble(self, now: float) -> str:
        """What the answers say that have not come, as a failure code; empty while all is well."""
        if self._late and self._held:
            return "power-cycle"
        if self.asked_at is not None and now - self.asked_at >= self._reply_s:
            if self._late:
                return "power-cycle"
            self._silent_since = self.asked_at if self._silent_since is None else self._silent_since
            self.asked_at, self.lost = None, True
        if self._silent_since is None or now - self._silent_since < self._silent_s:
            return ""
        return "power-cycle" if self._late else "no-reply"
