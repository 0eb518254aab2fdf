"""Traditional characters written by hand: two models of zinnia read the same strokes, OpenCC makes one list of it.

Debian has no model of Traditional Chinese. Its Japanese one (tegaki, LGPL) knows 6,420 characters, most of the
Traditional forms among them or one step away (撃 for 擊), which OpenCC's `jp2t` and `t2hk` take. The
Simplified one reads what both scripts share, and what somebody writes in short. Measured on the strokes of Make Me a
Hanzi, of 539 characters of this terminal's own texts that Simplified Chinese does not have: 78 % are among the first
seven, with the Simplified model alone 10 %; of 960 that both have, 95 % and 87 %.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import chain, zip_longest
from pathlib import Path
from typing import cast

from kiosk.pieces.strokes import Stroke
from kiosk.writing.handwriting import MOST_CANDIDATES, Handwriting, HandwritingMissing
from kiosk.writing.zinnia import ZinniaHandwriting

MODEL = Path("/usr/share/tegaki/models/zinnia/handwriting-ja.model")
FROM_JAPANESE = ("jp2t", "t2hk")
FROM_SIMPLIFIED = ("s2hk",)
BETWEEN = "\n"
"""Between characters, so that OpenCC makes no words of them."""
HAN = ("\u4e00", "\u9fff")
"""The first and the last character that is taken: kana, digits and letters are not."""


class TraditionalHandwriting:
    """A `Handwriting` of Traditional characters, beside one of Simplified ones, which stays its owner's to close."""

    def __init__(self, simplified: Handwriting, model: Path = MODEL) -> None:
        """Only look whether the model is there: it is opened at the first stroke, with 26 MB.

        Raises:
            HandwritingMissing: it is not.
        """
        if not model.is_file():
            raise HandwritingMissing(f"no {model.name} in {model.parent}: install tegaki-zinnia-japanese")
        self._simplified = simplified
        self._model = model
        self._closed = False

    @functools.cached_property
    def _japanese(self) -> ZinniaHandwriting:
        return ZinniaHandwriting(model=self._model)

    def candidates(self, strokes: tuple[Stroke, ...]) -> tuple[str, ...]:
        """Return up to `MOST_CANDIDATES` characters, of both models in turn, each in the form of Hong Kong.

        Raises:
            HandwritingMissing: at the first stroke: the model is none.
        """
        if self._closed or not any(strokes):
            return ()
        japanese = made(self._japanese.candidates(strokes), FROM_JAPANESE)
        simplified = made(self._simplified.candidates(strokes), FROM_SIMPLIFIED)
        found = dict.fromkeys(one for one in chain(*zip_longest(japanese, simplified)) if one is not None)
        return tuple(found)[:MOST_CANDIDATES]

    def close(self) -> None:
        """Let the Japanese model go. A second call does nothing."""
        self._closed = True
        if "_japanese" in self.__dict__:
            self._japanese.close()


def made(found: tuple[str, ...], configs: tuple[str, ...]) -> list[str]:
    """Return the Chinese characters among them, converted: each for itself, and all in one call."""
    text = BETWEEN.join(found)
    for config in configs:
        text = _converter(config)(text)
    return [one for one in text.split(BETWEEN) if len(one) == 1 and HAN[0] <= one <= HAN[1]]


@functools.cache
def _converter(config: str) -> Callable[[str], str]:
    from opencc import OpenCC  # opened when somebody writes by hand in a language that needs it

    return cast(Callable[[str], str], OpenCC(config).convert)
