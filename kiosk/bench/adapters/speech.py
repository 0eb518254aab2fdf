"""A listener beside the terminal: the `Speech` port over the engine that writes down what would be heard."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from kiosk.bench.ports import BenchError, HeardView
from kiosk.speech.espeak import as_wav
from kiosk.speech.jack import SimJack
from kiosk.speech.recording import RecordingEngine
from kiosk.speech.speaker import Manner, SpeechFailed


class Listener:
    """Hears everything of one terminal."""

    def __init__(self) -> None:
        self.engine = RecordingEngine()
        self.jack = SimJack()

    def heard(self, after: int) -> Sequence[HeardView]:
        return [HeardView(**asdict(one)) for one in self.engine.heard(after)]

    def wav(self, n: int) -> bytes:
        """The n-th thing as the terminal's own voice and sounds make it."""
        heard = next((one for one in self.engine.heard(n - 1) if one.n == n), None)
        if heard is None:
            raise BenchError("no-such-speech", f"Nothing of number {n} was heard.", "GET /api/speech lists it.", 404)
        if heard.kind == "sound":
            return _sounds()[heard.text]
        try:
            return as_wav(heard.text, Manner(heard.language, heard.volume, heard.pace))
        except SpeechFailed as error:
            raise BenchError("voice-missing", str(error), "Install espeak-ng (make setup), or read it.", 503) from error

    def plug(self, *, there: bool) -> None:
        self.jack.there = there

    def reset(self) -> None:
        self.jack.there = False
        self.engine.clear()


@cache
def _sounds() -> dict[str, bytes]:
    from kiosk.ui.earcons import write

    with tempfile.TemporaryDirectory() as folder:
        return {name: file.read_bytes() for name, file in write(Path(folder)).items()}
