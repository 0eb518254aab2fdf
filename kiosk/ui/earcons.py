"""Short sounds that accompany a screen, never alone: made from tones, played where the machine can play.

The look gives them (0.3 s at the most): key tick; saved, two notes up; held, two level notes; attention, one low note
twice; the card reminder, a soft bell. Every PIN key sounds the same.
"""

from __future__ import annotations

import math
import struct
import wave
import zlib
from functools import partial
from pathlib import Path
from typing import Any

RATE_HZ = 22_050
_PEAK = 9_000
_FADE_S = 0.008

Note = tuple[float, float, float]
"""Frequency in Hz (0 is silence), length in seconds, how fast it dies away (0 is level)."""

SOUNDS: dict[str, tuple[Note, ...]] = {
    "key": ((1_200.0, 0.02, 60.0),),
    "saved": ((659.3, 0.13, 6.0), (987.8, 0.16, 6.0)),
    "held": ((659.3, 0.13, 4.0), (0.0, 0.03, 0.0), (659.3, 0.13, 4.0)),
    "attention": ((220.0, 0.12, 2.0), (0.0, 0.05, 0.0), (220.0, 0.12, 2.0)),
    "reminder": ((880.0, 0.3, 9.0),),
}


def samples(notes: tuple[Note, ...]) -> list[int]:
    """Return signed 16-bit samples, each note faded in and out so that nothing clicks."""
    made: list[int] = []
    for frequency, length_s, decay in notes:
        count = round(length_s * RATE_HZ)
        for n in range(count):
            at = n / RATE_HZ
            fade = min(1.0, at / _FADE_S, (length_s - at) / _FADE_S)
            made.append(round(_PEAK * fade * math.exp(-decay * at) * math.sin(2 * math.pi * frequency * at)))
    return made


def write(folder: Path) -> dict[str, Path]:
    """Return where every sound lies as a WAV file (mono, 16 bits). What is there already is not made again.

    A file is named by its notes too, so that a later program's other notes are another file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for name, notes in SOUNDS.items():
        files[name] = folder / f"{name}-{zlib.crc32(repr(notes).encode()):08x}.wav"
        if not files[name].exists():
            _write(files[name], samples(notes))
    return files


def _write(file: Path, values: list[int]) -> None:
    half = file.with_suffix(".part")
    with wave.open(str(half), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(struct.pack(f"<{len(values)}h", *values))
    half.replace(file)  # whole or not at all: nobody makes it again


class Player:
    """Plays the sounds where the machine has a way to; elsewhere it is silent. Any thread may call `play`."""

    def __init__(self, folder: Path) -> None:
        """Write the sounds to `folder` if need be; they are loaded when the first one is wanted."""
        self.files = write(folder)
        """Where each sound lies: the speaker plays them between sentences."""
        self._loaded: dict[str, Any] = {}

    def play(self, name: str) -> None:
        """Have a sound played on the main thread. Raises `KeyError` for a name that there is not."""
        from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]

        Clock.schedule_once(partial(self._play, name, self.files[name]), 0)

    def _play(self, name: str, file: Path, _dt: float) -> None:
        from kivy.core.audio import SoundLoader  # pyright: ignore[reportMissingTypeStubs]

        if name not in self._loaded:
            self._loaded[name] = SoundLoader.load(str(file))
        sound = self._loaded[name]
        if sound is not None:
            sound.stop()
            sound.play()
