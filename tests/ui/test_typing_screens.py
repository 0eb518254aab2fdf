"""Search, typed Chinese and the way back to a form that was left, measured in every size, language and posture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from kiosk.events import StrokeDrawn
from kiosk.pieces.modes import TEXT_SCALES
from kiosk.pieces.strokes import SIDE
from kiosk.session.state import Session
from kiosk.settings import Settings
from kiosk.ui.gallery.examples import model
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import LANDSCAPE, PORTRAIT, Rect, rgb, tokens
from kiosk.words.languages import languages
from tests.ui.kit import Hand
from tests.ui.measure import LEAST_GAP, gap, problems
from tests.unit.test_handwriting import WANG, YOU, Writer
from tests.unit.test_keeping import again, half_filled
from tests.unit.test_pinyin import Typist
from tests.unit.visit_kit import Visit, drawn

WAYS: dict[str, Callable[[], Visit]] = {
    "search": lambda: Visit().to_home().touch("search"),
    "found": lambda: Visit().to_home().touch("search").type("G"),
    "found nothing": lambda: Visit().to_home().touch("search").type("GQQ"),
    "search without a card": lambda: Visit().touch("language.zh", "start.browse"),
    "agencies": lambda: Visit().to_home().touch("agencies"),
    "services of an agency": lambda: Visit().to_home().touch("agencies", "agency.data"),
    "services of a life event": lambda: Visit().to_home().touch("event.records"),
    "pinyin": lambda: Typist().asked().type("youer"),
    "pinyin written": lambda: Typist().asked().type("youer").touch("candidate.0", "pad.letters").type("12"),
    "square": lambda: Writer().asked(),
    "written": lambda: Writer().asked().write(WANG[0]).touch("hand.0").write(*WANG),
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


def test_the_square_stays_where_it_is_and_nothing_to_press_comes_near_it(letters: dict[str, Letters]) -> None:
    for posture, (size, _) in POSTURES.items():
        places: set[Rect] = set()
        for visit in (Writer().asked(), Writer().asked().write(WANG[0]), Writer().asked().write(*WANG)):
            session = dressed(visit.session, "zh-Hans", 1.0, posture)
            sheet = lay_out(drawn(session), size, letters["SC"].measure)
            assert sheet.square is not None
            assert min(gap(sheet.square.rect, one.rect) for one in sheet.targets) >= LEAST_GAP
            places.add(sheet.square.rect)
        (square,) = places
        assert square.width == square.height >= 380
        if posture == "reach":
            assert square.y >= 920


def inked(hand: Hand, point: tuple[int, int]) -> str:
    """The colour at a place of the square, in thousandths of it."""
    assert hand.view.sheet is not None
    assert hand.view.sheet.square is not None
    rect = hand.view.sheet.square.rect
    return hand.colour(rect.x + point[0] * rect.width / SIDE, rect.y + point[1] * rect.height / SIDE)


def coloured(name: str) -> str:
    return "#" + "".join(f"{round(255 * part):02X}" for part in rgb(tokens()["colours"]["light"][name]))


def test_a_finger_writes_in_the_square_and_its_ink_is_seen_before_anybody_answers(hand: Hand) -> None:
    """The strokes of 幼 come out of Kivy's touches as they went in."""
    visit = Writer().asked()
    hand.show(drawn(visit.session))
    assert hand.bridge.element("square")["role"] == "square"
    assert inked(hand, YOU[-1][2]) == coloured("card")
    hand.bridge.draw(YOU)
    sent = [event.points for event in hand.sent if isinstance(event, StrokeDrawn)]
    assert len(sent) == len(hand.sent) == len(YOU)
    for found, wanted in zip(sent, YOU, strict=True):
        assert len(found) == len(wanted)
        pairs = zip(chain(*found), chain(*wanted), strict=True)
        assert max(abs(one - other) for one, other in pairs) < 4
    assert inked(hand, YOU[-1][2]) == coloured("primary"), "the ink of the last stroke is on the glass"
    hand.show(drawn(visit.write(*YOU).session))
    assert inked(hand, YOU[0][3]) == coloured("ink")
    assert inked(hand, YOU[-1][2]) == coloured("primary")


def test_a_finger_that_leaves_the_square_writes_along_its_edge_and_presses_nothing(hand: Hand) -> None:
    hand.show(drawn(Writer().asked().session))
    assert hand.view.sheet is not None
    assert hand.view.sheet.square is not None
    x, y = hand.view.sheet.square.rect.centre
    hand.window.dispatch("on_mouse_down", *hand.view.to_window(x, y), "left", [])
    hand.turn()
    hand.up_at(*hand.target("primary").rect.centre)
    (event,) = hand.sent
    assert isinstance(event, StrokeDrawn)
    assert event.points[0] == (500, 500)
    assert event.points[-1][1] == SIDE


def test_ink_does_not_outlive_its_square(hand: Hand) -> None:
    """The screen changes under the finger: what it wrote belongs to nobody, and it presses nothing there."""
    shown = drawn(Writer().asked().session)
    hand.show(shown)
    hand.window.dispatch("on_mouse_down", *hand.view.to_window(300, 1100), "left", [])
    hand.turn()
    hand.slide(340, 1150)
    hand.show(model("23-check"))
    hand.up_at(*hand.target("primary").rect.centre)
    assert hand.sent == []
    hand.show(shown)
    assert inked(hand, (300, 400)) == coloured("card")
