"""A listener beside the terminal: the `Speech` port over the engine that writes down what would be heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from kiosk.bench.ports import HeardView
from kiosk.speech.recording import RecordingEngine


class Listener:
    """Hears everything of one terminal."""

    def __init__(self) -> None:
        self.engine = RecordingEngine()

    def heard(self, after: int) -> Sequence[HeardView]:
        return [HeardView(**asdict(one)) for one in self.engine.heard(after)]

    def reset(self) -> None:
        self.engine.clear()
