"""The example screens and every mode in which they are measured. The models themselves live with the gallery."""

from collections.abc import Iterator
from itertools import product

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import Modes
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES
from kiosk.ui.theme import LANDSCAPE, PORTRAIT

NAMES = sorted(EXAMPLES)
LANGUAGES = ("zh-Hans", "en")
CONTRASTS = ("light", "dark", "hlight")
REACHABLE = (
    "10-attract",
    "11-start",
    "13-pin",
    "14-pin-wrong",
    "15-home",
    "19-form",
    "21-date",
    "22-choice",
    "23-check",
    "29-rating",
)
"""Examples measured in reach mode as well."""


def scenes() -> Iterator[tuple[tuple[int, int], Scene]]:
    """Every display, text scale, language and contrast."""
    for size, scale, language, contrast in product((PORTRAIT, LANDSCAPE), TEXT_SCALES, LANGUAGES, CONTRASTS):
        yield size, Scene(language, Modes(scale, contrast))  # pyright: ignore[reportArgumentType]


def reach_scenes() -> Iterator[tuple[tuple[int, int], Scene]]:
    for language, contrast in product(LANGUAGES, CONTRASTS):
        yield PORTRAIT, Scene(language, Modes(1.0, contrast, reach=True))  # pyright: ignore[reportArgumentType]
