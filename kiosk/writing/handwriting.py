"""The seam of Chinese written by hand: the strokes of one character in, characters out. Nothing is remembered."""

from __future__ import annotations

from typing import Protocol

from kiosk.pieces.strokes import Stroke

MOST_CANDIDATES = 21
"""Three panels of seven."""


class HandwritingMissing(Exception):
    """The recogniser cannot be opened; says why. The terminal works on with pinyin and its letter keys."""

    code = "handwriting-missing"


class Handwriting(Protocol):
    """Something that reads a written character. It learns nothing, and one call knows nothing of another."""

    def candidates(self, strokes: tuple[Stroke, ...]) -> tuple[str, ...]:
        """Return up to `MOST_CANDIDATES` characters that these strokes may be, the likeliest first; of none, none."""
        ...

    def close(self) -> None:
        """Let the recogniser go. A second call does nothing; afterwards there are no candidates."""
        ...
