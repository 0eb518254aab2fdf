"""The legend of the tactile keypad: there while the keypad is used, where there is room, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import ScreenModel
from kiosk.speech import focus
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import LANDSCAPE, PORTRAIT, rgb, tokens
from kiosk.view_model.legend import legend
from kiosk.words.languages import languages
from tests.ui.kit import Hand
from tests.ui.measure import problems
from tests.ui.test_typing_screens import POSTURES, dressed
from tests.unit.test_pinyin import Typist
from tests.unit.visit_kit import SAY, Visit, drawn

WAYS = {
    "start": lambda: Visit().touch("language.zh"),
    "home": lambda: Visit().to_home(),
    "form": lambda: Visit().to_form(),
    "check": lambda: Visit().to_check(),
    "pinyin": lambda: Typist().asked().type("youer"),
    "pin": lambda: Visit().to_pin(),
}


def with_keypad(model: ScreenModel, pressed: str = "down") -> ScreenModel:
    return replace(model, focus=focus.first(model), legend=legend(SAY[model.language], pressed))


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> dict[str, Letters]:
    return {face: Letters(fonts, face) for face in {face_of(code) for code in languages()}}


@pytest.mark.parametrize("way", WAYS)
def test_the_legend_covers_nothing_on_any_screen(way: str, letters: dict[str, Letters]) -> None:
    session, found = WAYS[way]().session, list[str]()
    for language in ("zh-Hans", "en"):
        for posture, (size, _) in POSTURES.items():
            for scale in TEXT_SCALES if posture == "portrait" else (1.0,):
                model = with_keypad(drawn(dressed(session, language, scale, posture), language))
                sheet = lay_out(model, size, letters[face_of(language)].measure)
                plain = lay_out(replace(model, legend=None), size, letters[face_of(language)].measure)
                assert sheet.targets == plain.targets, "the legend moves nothing and is not pressed"
                found += [f"{language} {posture} {scale}: {problem}" for problem in problems(sheet)]
    assert found == []


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_in_the_lowered_screen_it_lies_on_the_picture_above_on_every_screen(
    language: str, letters: dict[str, Letters]
) -> None:
    for way in WAYS.values():
        model = with_keypad(drawn(dressed(way().session, language, 1.0, "reach"), language))
        sheet = lay_out(model, PORTRAIT, letters["SC"].measure)
        line = next(run for run in sheet.runs if run.text in {"换一个", "move on"})
        assert 200 < line.y < 880


def test_in_landscape_it_stands_in_the_column_that_has_room(letters: dict[str, Letters]) -> None:
    places: dict[str, bool] = {}
    for name in ("start", "home", "form"):
        model = with_keypad(drawn(dressed(WAYS[name]().session, "zh-Hans", 1.0, "landscape")))
        sheet = lay_out(model, LANDSCAPE, letters["SC"].measure)
        places[name] = next(run.x < sheet.theme.zones.answers.x for run in sheet.runs if run.text == "换一个")
    assert places == {"start": True, "home": True, "form": True}


def test_where_there_is_no_room_for_the_keypad_its_words_stand_in_one_line(letters: dict[str, Letters]) -> None:
    sheet = lay_out(with_keypad(drawn(WAYS["home"]().session)), PORTRAIT, letters["SC"].measure)
    line = {run.text: run for run in sheet.runs if run.text in {"上下键：", "换一个", "圆点键：", "再读："}}
    assert len(line) == 4
    assert len({run.y for run in line.values()}) == 1
    assert "帮助" not in [run.text for run in sheet.runs if run.y < 1700], "the keypad is not drawn"


def test_it_says_what_the_keys_do_and_is_not_there_without_the_keypad(letters: dict[str, Letters]) -> None:
    model = drawn(Visit().touch("language.zh").session)
    texts = [run.text for run in lay_out(with_keypad(model), PORTRAIT, letters["SC"].measure).runs]
    assert {"上下键：", "换一个", "圆点键：", "就要这个", "再读：", "再读", "帮助"} <= set(texts)
    assert "上下键：" not in [run.text for run in lay_out(model, PORTRAIT, letters["SC"].measure).runs]


def test_the_key_that_was_pressed_is_amber(hand: Hand) -> None:
    model = drawn(Visit().touch("language.zh").session)
    red, green, blue = (round(255 * part) for part in rgb(tokens()["colours"]["light"]["att"]))
    colours = {arrow: hand_pixels(hand, with_keypad(model, arrow)) for arrow in ("up", "down", "left", "right", "")}
    amber = f"#{red:02X}{green:02X}{blue:02X}"
    assert colours[""] == set()
    for arrow, other in (("up", "down"), ("down", "left"), ("left", "right"), ("right", "up")):
        assert colours[arrow] & {amber}
        assert colours[other] & {amber}


def hand_pixels(hand: Hand, model: ScreenModel) -> set[str]:
    """The colours of the four arrow keys near their upper left corner, without card and ink."""
    from kiosk.ui.screens.legend import INSET, KEYS, PAD

    hand.show(model)
    assert hand.view.sheet is not None
    line = next(run for run in hand.view.sheet.runs if run.text == "换一个")
    last = next(run for run in hand.view.sheet.runs if run.text == "这一项再读一遍")
    middle = (line.y + last.y + last.height) / 2
    left, top = 60 + INSET, middle - PAD[1] / 2
    pixels, (width, height) = hand.view.pixels(), hand.view.size
    found: set[str] = set()
    for x, y in KEYS.values():
        at = 4 * ((height - 1 - int(top + y + 14)) * width + int(left + x + 14))
        found.add("#" + pixels[at : at + 3].hex().upper())
    return found - {"#FFFFFF"}
