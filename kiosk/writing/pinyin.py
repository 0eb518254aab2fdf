"""The seam of typed Chinese: letters in, candidates out. Nothing is remembered between two calls."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from kiosk.frozen import frozen

MOST_LETTERS = 30
"""A longer word is typed in two."""
MOST_CANDIDATES = 40


class PinyinMissing(Exception):
    """The pinyin engine cannot be opened; says why. The terminal works on with its letter keys alone."""

    code = "pinyin-missing"


@frozen
class Taken:
    """What a chosen candidate writes, and the letters that it leaves to be chosen for. Its repr tells neither."""

    text: str = field(repr=False)
    rest: str = field(repr=False)


class Pinyin(Protocol):
    """Something that turns pinyin into Chinese. It learns nothing, and one call knows nothing of another.

    `hant` asks for Traditional characters, as Hong Kong writes them.
    """

    def candidates(self, letters: str, *, hant: bool = False) -> tuple[str, ...]:
        """Return up to `MOST_CANDIDATES` words for `a` to `z` letters, the likeliest first; none: not pinyin."""
        ...

    def take(self, letters: str, index: int, *, hant: bool = False) -> Taken | None:
        """Return what candidate `index` of these letters writes; None where there is no such candidate."""
        ...

    def close(self) -> None:
        """Let the engine go."""
        ...
