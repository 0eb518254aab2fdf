"""Whether headphones are plugged in. Nobody has to find the speech aid: plugging in begins speech, pulling ends it."""

from __future__ import annotations

from typing import Protocol

from kiosk.events import HeadphonesChanged


class Jack(Protocol):
    """The socket that headphones are plugged into."""

    def plugged(self) -> bool | None:
        """Return whether something is in it; None: this machine cannot tell."""
        ...


class SimJack:
    """The twin: a socket that a tester plugs into. Safe from any thread: one value is set, one is read."""

    def __init__(self) -> None:
        self.there: bool | None = False

    def plugged(self) -> bool | None:
        return self.there


class JackWatch:
    """Looks at a socket and tells when it has changed. What was in it at the start counts as plugged in then."""

    EVERY_S = 0.5

    def __init__(self, jack: Jack) -> None:
        self._jack = jack
        self._known = False

    def look(self) -> HeadphonesChanged | None:
        """Return the change since the last look. A socket that does not answer has not changed."""
        now = self._jack.plugged()
        if now is None or now == self._known:
            return None
        self._known = now
        return HeadphonesChanged(now)
