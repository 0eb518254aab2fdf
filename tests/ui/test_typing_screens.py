"""Search, typed Chinese and the way back to a form that was left, measured in every size, language and posture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.session.state import Session
from kiosk.settings import Settings
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import LANDSCAPE, PORTRAIT
from kiosk.words.languages import languages
from tests.ui.measure import problems
from tests.unit.test_keeping import again, half_filled
from tests.unit.test_pinyin import Typist
from tests.unit.visit_kit import Visit, drawn

WAYS: dict[str, Callable[[], Visit]] = {
    "search": lambda: Visit().to_home().touch("search"),
    "found": lambda: Visit().to_home().touch("search").type("G"),
    "found nothing": lambda: Visit().to_home().touch("search").type("GQQ"),
    "search without a card": lambda: Visit().touch("language.zh", "start.browse"),
    "pinyin": lambda: Typist().asked().type("youer"),
    "pinyin written": lambda: Typist().asked().type("youer").touch("candidate.0", "pad.letters").type("12"),
    "continue": lambda: again(half_filled().pull()),
    "pulled": lambda: half_filled().pull(),
    "timeout": lambda: half_filled().fire("idle"),
}
POSTURES = {"portrait": (PORTRAIT, False), "landscape": (LANDSCAPE, False), "reach": (PORTRAIT, True)}


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> dict[str, Letters]:
    return {face: Letters(fonts, face) for face in {face_of(code) for code in languages()}}


def dressed(session: Session, language: str, scale: float, posture: str) -> Session:
    """The same session on this display, in this language and size."""
    (width, height), reach = POSTURES[posture]
    modes = replace(session.modes, text_scale=scale, reach=reach)  # pyright: ignore[reportArgumentType]
    there = replace(session.world, settings=Settings(width=width, height=height))
    return replace(session, language=language, modes=modes, world=there)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("posture", POSTURES)
def test_what_is_typed_and_found_fits_everywhere(way: str, posture: str, letters: dict[str, Letters]) -> None:
    session = WAYS[way]().session
    found: list[str] = []
    for language in languages():
        for scale in TEXT_SCALES if posture != "reach" else (1.0,):
            model = drawn(dressed(session, language, scale, posture), language)
            sheet = lay_out(model, POSTURES[posture][0], letters[face_of(language)].measure)
            found += [f"{language} {scale}: {problem}" for problem in problems(sheet)]
    assert found == []


def test_the_letters_stay_where_they_are_while_candidates_come_and_go(letters: dict[str, Letters]) -> None:
    places: list[dict[str, object]] = []
    for visit in (Typist().asked(), Typist().asked().type("a"), Typist().asked().type("youer")):
        sheet = lay_out(drawn(visit.session), PORTRAIT, letters["SC"].measure)
        places.append({one.control.id: one.rect for one in sheet.targets if one.control.id.startswith("key.")})
    assert places[0] == places[1] == places[2]
    assert len(places[0]) == 28


def test_what_is_being_spelt_stands_after_what_is_written(letters: dict[str, Letters]) -> None:
    visit = Typist().asked().type("a").touch("candidate.0").type("er")
    runs = {run.text: run for run in lay_out(drawn(visit.session), PORTRAIT, letters["SC"].measure).runs}
    assert runs["er"].x > runs["啊"].x
