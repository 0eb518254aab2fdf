"""The engine's twin: writes down what would be heard, in order, and makes no sound. For the bench and for tests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import field
from typing import Literal

from kiosk.frozen import frozen
from kiosk.speech.speaker import Again, Manner

KEPT = 2000
"""So many things are kept; older ones are forgotten."""


@frozen
class Heard:
    """One thing that was heard. `n` counts from 1."""

    n: int
    kind: Literal["say", "sound"]
    text: str = field(repr=False)
    language: str
    volume: int
    pace: int


class RecordingEngine:
    """An `Engine` that remembers. `during` is called while each thing is heard, as a hand that touches meanwhile."""

    def __init__(self, during: Callable[[Heard], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._heard: deque[Heard] = deque(maxlen=KEPT)
        self._count = 0
        self._during = during
        self.stops = 0
        self.lasts = False

    def say(self, text: str, manner: Manner, wanted: Again) -> None:
        """Remember a sentence that is still wanted."""
        self._take("say", text, manner, wanted)

    def sound(self, name: str, manner: Manner, wanted: Again) -> None:
        """Remember a sound that is still wanted."""
        self._take("sound", name, manner, wanted)

    def _take(self, kind: Literal["say", "sound"], text: str, manner: Manner, wanted: Again) -> None:
        if not wanted():
            return
        with self._lock:
            self._count += 1
            heard = Heard(self._count, kind, text, manner.language, manner.volume, manner.pace)
            self._heard.append(heard)
        if self._during is not None:
            self._during(heard)

    def stop(self) -> None:
        """Count that silence was asked for."""
        with self._lock:
            self.stops += 1

    def heard(self, after: int = 0) -> list[Heard]:
        """Return what was heard since number `after`, oldest first."""
        with self._lock:
            return [one for one in self._heard if one.n > after]

    def clear(self) -> None:
        """Forget everything, and count from 1 again."""
        with self._lock:
            self._heard.clear()
            self._count = 0
