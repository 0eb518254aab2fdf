"""Handwriting by zinnia (BSD), through its C interface: the only importer of the library.

`zinnia.h` of zinnia 0.06 gives the calls. The recogniser is a table that is mapped into memory and only read: there is
nothing in it that could learn. Each call makes a character of its own and destroys it, so no stroke outlives the
answer. The model is tegaki's (LGPL) of Simplified Chinese, 6,763 characters of GB 2312; Debian has none of Traditional.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import threading
from collections.abc import Callable
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any

from kiosk.pieces.strokes import MOST_STROKES, SIDE, Point, Stroke
from kiosk.writing.handwriting import MOST_CANDIDATES, HandwritingMissing

LIBRARY = "libzinnia.so.0"
MODEL = Path("/usr/share/tegaki/models/zinnia/handwriting-zh_CN.model")
DOT = 4
"""How long a dot is drawn for the library, which knows no direction of a single point."""
FILL = 0.8
"""How much of the square a character takes for the library."""
GROWTH = 4.0
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "zinnia_recognizer_new": (c_void_p, ()),
    "zinnia_recognizer_open": (c_int, (c_void_p, c_char_p)),
    "zinnia_recognizer_destroy": (None, (c_void_p,)),
    "zinnia_recognizer_classify": (c_void_p, (c_void_p, c_void_p, c_size_t)),
    "zinnia_character_new": (c_void_p, ()),
    "zinnia_character_destroy": (None, (c_void_p,)),
    "zinnia_character_set_width": (None, (c_void_p, c_size_t)),
    "zinnia_character_set_height": (None, (c_void_p, c_size_t)),
    "zinnia_character_add": (c_int, (c_void_p, c_size_t, c_int, c_int)),
    "zinnia_result_size": (c_size_t, (c_void_p,)),
    "zinnia_result_value": (c_char_p, (c_void_p, c_size_t)),
    "zinnia_result_destroy": (None, (c_void_p,)),
}
"""Name of a call -> what it returns and takes."""


def filled(strokes: list[Stroke]) -> list[Stroke]:
    """Return a character as large as the square, in its middle, its shape kept: the library minds size and place.

    What is tiny grows at most `GROWTH` times: a dot is a dot.
    """
    xs, ys = ([point[axis] for one in strokes for point in one] for axis in (0, 1))
    size = max(max(xs) - min(xs), max(ys) - min(ys), 1)
    scale = min(FILL * SIDE / size, GROWTH)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    middle = SIDE / 2

    def moved(point: Point) -> Point:
        return round(middle + (point[0] - x) * scale), round(middle + (point[1] - y) * scale)

    return [tuple(map(moved, one)) for one in strokes]


class ZinniaHandwriting:
    """A `Handwriting` on zinnia. Calls from several threads take turns."""

    def __init__(self, library: str = LIBRARY, model: Path = MODEL) -> None:
        """Open the recogniser: about 35 ms and 26 MB.

        Raises:
            HandwritingMissing: the library or the model is not there, or is none.
        """
        if not model.is_file():
            raise HandwritingMissing(f"no {model.name} in {model.parent}: install tegaki-zinnia-simplified-chinese")
        try:
            self._library: Any = ctypes.CDLL(library)
            for name, (result, arguments) in _CALLS.items():
                call = getattr(self._library, name)
                call.restype, call.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            raise HandwritingMissing(f"no {library}: install libzinnia0") from error
        self._lock = threading.Lock()
        self._recogniser: Any = self._library.zinnia_recognizer_new()
        if not self._library.zinnia_recognizer_open(self._recogniser, str(model).encode()):
            self.close()
            raise HandwritingMissing(f"{model} is no model of zinnia: install tegaki-zinnia-simplified-chinese again")

    def close(self) -> None:
        """Let the recogniser go. A second call does nothing."""
        with self._lock:
            if self._recogniser:
                self._library.zinnia_recognizer_destroy(self._recogniser)
            self._recogniser = None

    def candidates(self, strokes: tuple[Stroke, ...]) -> tuple[str, ...]:
        """Return up to `MOST_CANDIDATES` characters for these strokes, the likeliest first: 2 to 6 ms."""
        written = [one for one in strokes if one][:MOST_STROKES]
        with self._lock:
            if not written or not self._recogniser:
                return ()
            character = self._character(filled(written))
            try:
                return self._classified(character)
            finally:
                self._library.zinnia_character_destroy(character)

    def _character(self, strokes: list[Stroke]) -> Any:
        library = self._library
        character = library.zinnia_character_new()
        library.zinnia_character_set_width(character, SIDE)
        library.zinnia_character_set_height(character, SIDE)
        for number, points in enumerate(strokes):
            for x, y in points:
                library.zinnia_character_add(character, number, x, y)
            if len(set(points)) == 1:
                library.zinnia_character_add(character, number, points[0][0] + DOT, points[0][1] + DOT)
        return character

    def _classified(self, character: Any) -> tuple[str, ...]:
        library = self._library
        result = library.zinnia_recognizer_classify(self._recogniser, character, MOST_CANDIDATES)
        if not result:
            return ()
        try:
            count = library.zinnia_result_size(result)
            found = [library.zinnia_result_value(result, n).decode("utf-8") for n in range(count)]
        finally:
            library.zinnia_result_destroy(result)
        return tuple(dict.fromkeys(found))


@functools.cache
def shared() -> ZinniaHandwriting:
    """Return the recogniser of this process, opened at the first call and closed at the process's end.

    Raises:
        HandwritingMissing: it cannot be opened.
    """
    recogniser = ZinniaHandwriting()
    atexit.register(recogniser.close)
    return recogniser


def shared_or_tell(tell: Callable[[str], None]) -> ZinniaHandwriting | None:
    """Return the recogniser of this process; without one, tell why: pinyin and the letter keys remain."""
    try:
        return shared()
    except HandwritingMissing as error:
        tell(f"no handwriting: {error} [{error.code}]")
        return None
