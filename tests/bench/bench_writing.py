"""Chinese written by hand: how long the terminal takes to read a character, beside zinnia's own call for the same one.

The peer is `zinnia_recognizer_classify` on a character that is already made, with the same model: what is left is what
the terminal adds (strokes brought to size and to C, candidates brought back). One frame of the screen at 60 a second
is the limit for a person: the candidates stand there with the next frame. Characters: 王, 幼 and 門 as the tests write
them; Traditional ones are read by two models, so the peer's call is made on both.
Run: `python -m tests.bench.bench_writing`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from kiosk.pieces.strokes import Stroke
from kiosk.writing.handwriting import MOST_CANDIDATES
from kiosk.writing.traditional import MODEL as JAPANESE
from kiosk.writing.traditional import TraditionalHandwriting
from kiosk.writing.zinnia import ZinniaHandwriting, filled
from tests.bench.figures import Figure, Figures
from tests.unit.test_handwriting import WANG, YOU
from tests.unit.test_handwriting_hant import MEN

ROUNDS = 60
FRAME_MS = 1000 / 60
MOST_FRAMES = 1.0
MOST_RATIO = 1.3
WRITTEN: dict[str, tuple[Stroke, ...]] = {"王": WANG, "幼": YOU, "門": MEN}


def bare(reader: ZinniaHandwriting, strokes: tuple[Stroke, ...]) -> Callable[[], None]:
    """Return the library's own call on this character, which is made once."""
    library, recogniser = reader._library, reader._recogniser  # pyright: ignore[reportPrivateUsage]
    character = reader._character(filled(list(strokes)))  # pyright: ignore[reportPrivateUsage]

    def call() -> None:
        result = library.zinnia_recognizer_classify(recogniser, character, MOST_CANDIDATES)
        library.zinnia_result_destroy(result)

    return call


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measured(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Milliseconds of both, turn about, so that whatever slows the machine slows both."""
    for work in (ours, theirs):
        work()
    pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(ROUNDS)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def told(figures: Figures, name: str, pairs: list[tuple[list[float], list[float]]]) -> None:
    """Add the ratio to the peer, and the time beside a frame."""
    ratios = [statistics.median(ours) / statistics.median(theirs) for ours, theirs in pairs]
    every = [one for ours, _ in pairs for one in ours]
    peer = statistics.median(one for _, theirs in pairs for one in theirs)
    low, middle = min(every), statistics.median(every)
    figures.add(Figure(f"a character, {name} / zinnia's own call", statistics.median(ratios), most=MOST_RATIO,
                       runs=len(every), low=min(ratios), high=max(ratios),
                       detail=f"{middle:.1f} ms, zinnia {peer:.1f} ms"))  # fmt: skip
    figures.add(Figure(f"a character, {name} / a frame of 1/60 s", middle / FRAME_MS, most=MOST_FRAMES, runs=len(every),
                       low=low / FRAME_MS, high=max(every) / FRAME_MS))  # fmt: skip


def main() -> int:
    """Print the figures; 1 where a limit is missed."""
    figures = Figures("writing", "Chinese written by hand")
    simplified, japanese = ZinniaHandwriting(), ZinniaHandwriting(model=JAPANESE)
    both = TraditionalHandwriting(simplified)
    alone: list[tuple[list[float], list[float]]] = []
    joint: list[tuple[list[float], list[float]]] = []
    for strokes in WRITTEN.values():
        one, other = bare(simplified, strokes), bare(japanese, strokes)
        alone.append(measured(lambda strokes=strokes: simplified.candidates(strokes), one))
        joint.append(measured(lambda strokes=strokes: both.candidates(strokes), lambda a=one, b=other: (a(), b())))
    told(figures, "Simplified", alone)
    told(figures, "Traditional", joint)
    for reader in (both, simplified, japanese):
        reader.close()
    return figures.close()


if __name__ == "__main__":
    sys.exit(main())
