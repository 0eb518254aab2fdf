"""What the review page shows: one row for each screen, one model for each language and mode of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from pathlib import Path

from kiosk.screen_model import ScreenModel
from kiosk.session.state import Session
from kiosk.ui.gallery.common import Example, Scene
from kiosk.ui.gallery.examples import EXAMPLES, VARIANTS
from kiosk.ui.theme import LANDSCAPE
from tests.review.look import OF_SERVICES, OF_SERVICES_IN_MODES
from tests.review.modes import LANGUAGES, MODES, Mode, dressed
from tests.review.services import of_service
from tests.review.staff import STAFF
from tests.review.ways import WAYS, Way, failed, failure_pictures
from tests.scenario.service_walk import SUITED
from tests.unit.visit_kit import drawn

Of = Callable[[str, Mode], ScreenModel]


@dataclass(frozen=True)
class Row:
    """One screen: `of` makes it for a language and a mode; `picture` is the number of the look's picture, or empty."""

    name: str
    kind: str
    """`visit`: as the session makes it; `service`: of one service; `staff`: only staff see it; `look`: an example with
    the look's own data."""
    picture: str
    of: Of


@dataclass(frozen=True)
class Cell:
    """One picture of the page."""

    row: str
    kind: str
    language: str
    mode: str
    picture: str
    """The look's picture that shows this screen in this language and mode, or empty."""
    size: tuple[int, int]
    model: ScreenModel


DEFAULT: tuple[tuple[str, str], ...] = (
    ("zh-Hans", "1.0"),
    ("en", "1.0"),
    ("yue-Hant", "1.0"),
    ("zh-Hans", "1.25"),
    ("zh-Hans", "1.6"),
    ("zh-Hans", "2.0"),
    ("en", "2.0"),
    ("zh-Hans", "dark"),
    ("zh-Hans", "white"),
    ("zh-Hans", "reach"),
    ("en", "reach"),
    ("zh-Hans", "left"),
    ("zh-Hans", "landscape"),
)
"""Languages and modes of the page without `ALL=1`; of services and of the look's examples only the first."""


def _of_session(session: Callable[[], Session]) -> Of:
    kept = cache(session)
    return lambda language, mode: drawn(dressed(kept(), language, mode))


def _at(way: Way) -> Session:
    return way.of().session


def _of_example(example: Example) -> Of:
    return lambda language, mode: example(Scene(language, mode.modes))


def rows(folder: Path, names: Collection[str] = (), *, errors: bool = False) -> Iterator[Row]:
    """Every row whose name holds one of `names`, or all of them, in the order of the page.

    Services are walked only where all are wanted or one is named; `folder` is where their terminals keep what they
    record. `errors`: the questions of the services also with each thing that can be wrong with an answer.
    """

    def wanted(name: str) -> bool:
        return not names or any(one in name for one in names)

    for name, way in filter(lambda item: wanted(item[0]), WAYS.items()):
        yield Row(name, "visit", way.picture, _of_session(partial(_at, way)))
    for code, picture in failure_pictures().items():
        if wanted(f"failure {code}"):
            yield Row(f"failure {code}", "visit", picture, _of_session(partial(failed, code)))
    for name, example in EXAMPLES.items():
        if wanted(name):
            yield Row(name, "look", name.partition("-")[0], _of_example(example))
    for name, staff_way in STAFF.items():
        if wanted(name):
            yield Row(name, "staff", staff_way.picture, staff_way.model)
    for service in SUITED:
        if not names or any(one.startswith(service) for one in names):
            yield from (row for row in _of_service(folder, service, errors=errors) if wanted(row.name))


def _of_service(folder: Path, service: str, *, errors: bool) -> Iterator[Row]:
    for seen in of_service(folder / service, service):
        if errors or not seen.error:
            picture = OF_SERVICES.get(seen.name, "")
            yield Row(seen.name, "service", picture, _of_session(partial(attrgetter("session"), seen)))


def pictures_by_mode() -> dict[tuple[str, str, str], str]:
    """(number of the plain picture, language, mode) -> the number of the look's picture in that mode."""
    found = dict(OF_SERVICES_IN_MODES)
    for name, variant in VARIANTS.items():
        number, plain = name.partition("-")[0], variant.example.partition("-")[0]
        found[plain, variant.scene.language, _mode_of(variant.scene, variant.size)] = number
    return found


def _mode_of(scene: Scene, size: tuple[int, int]) -> str:
    return next(
        name
        for name, mode in MODES.items()
        if mode.modes == scene.modes and (mode.size == LANDSCAPE) == (size == LANDSCAPE)
    )


def cells(found: list[Row], *, everything: bool) -> Iterator[Cell]:
    """The pictures of the page: the default set, or every language in every mode."""
    by_mode = pictures_by_mode()
    wanted = [(language, mode) for language in LANGUAGES for mode in MODES] if everything else list(DEFAULT)
    for row in found:
        own = wanted if everything or row.kind == "visit" else wanted[:1]
        shown = {(language, mode) for plain, language, mode in by_mode if plain == row.picture}
        if row.kind != "visit":
            own = [*own, *sorted(shown - set(own))]
        for language, mode in own:
            first = (language, mode) == ("zh-Hans", "1.0")
            picture = row.picture if first else by_mode.get((row.picture, language, mode), "")
            size = MODES[mode].size
            yield Cell(row.name, row.kind, language, mode, picture, size, row.of(language, MODES[mode]))
