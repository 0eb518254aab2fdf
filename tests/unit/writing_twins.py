"""Recording twins of what writes Chinese: they answer what was recorded of a real engine, and note what was asked."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.pieces.strokes import Stroke
from kiosk.writing.pinyin import Taken


class RecordedHandwriting:
    """A recogniser."""

    def __init__(self, characters: Mapping[tuple[Stroke, ...], tuple[str, ...]]) -> None:
        self._characters = characters
        self.asked: list[tuple[Stroke, ...]] = []
        self.closed = False

    def candidates(self, strokes: tuple[Stroke, ...]) -> tuple[str, ...]:
        self.asked.append(strokes)
        return () if self.closed else self._characters.get(strokes, ())

    def close(self) -> None:
        self.closed = True


class RecordedPinyin:
    """An engine. What it writes in Traditional characters stands beside the rest, in an engine of its own."""

    def __init__(
        self,
        words: Mapping[str, tuple[str, ...]],
        taken: Mapping[tuple[str, int], tuple[str, str]],
        traditional: RecordedPinyin | None = None,
    ) -> None:
        self._words = words
        self._taken = taken
        self._traditional = traditional
        self.asked: list[str] = []
        self.closed = False

    def candidates(self, letters: str, *, hant: bool = False) -> tuple[str, ...]:
        if hant and self._traditional is not None:
            return self._traditional.candidates(letters)
        self.asked.append(letters)
        return self._words.get(letters, ())

    def take(self, letters: str, index: int, *, hant: bool = False) -> Taken | None:
        if hant and self._traditional is not None:
            return self._traditional.take(letters, index)
        found = self._taken.get((letters, index))
        if found is not None:
            return Taken(*found)
        words = self._words.get(letters, ())
        return Taken(words[index], "") if index < len(words) else None

    def close(self) -> None:
        self.closed = True
