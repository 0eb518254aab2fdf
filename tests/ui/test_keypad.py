"""The tactile keypad on the screen: its focus, its keys; and the modes that have no picture of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import events as e
from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import Curtain, Modes, ScreenModel
from kiosk.settings import Settings
from kiosk.speech.focus import spots
from kiosk.ui.drawing import Box, Sheet
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES
from kiosk.ui.glass import keypad
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.screens.aside import RING
from kiosk.ui.theme import LANDSCAPE, PORTRAIT, Rect
from kiosk.words.languages import languages
from tests.ui.examples import NAMES
from tests.ui.kit import Hand
from tests.ui.measure import contrast_ratio, problems
from tests.unit.visit_kit import Visit, drawn

KEYS = keypad.parse(Settings().keypad_keys)


@pytest.fixture(scope="module")
def faces(window: object, fonts: Path) -> dict[str, Letters]:
    return {face: Letters(fonts, face) for face in ("SC", "HK")}


def sheet_of(model: ScreenModel, faces: dict[str, Letters], size: tuple[int, int] = PORTRAIT) -> Sheet:
    return lay_out(model, size, faces[face_of(model.language)].measure)


def visits(modes: Modes, *, landscape: bool = False) -> Iterator[ScreenModel]:
    """The screens that this part of the terminal made, as a visit shows them."""
    settings = Settings(width=1920, height=1080) if landscape else Settings()
    for way in ((), ("language.zh",), ("language.zh", "modes")):
        visit = Visit(settings=settings).touch(*way)
        visit.session = replace(visit.session, modes=modes)
        yield from (drawn(visit.session, code) for code in languages())


# ------------------------------------------------------------------------------------------------------ focus


@pytest.mark.parametrize("name", NAMES)
def test_the_keypad_stands_on_every_control_that_can_be_touched_and_the_ring_is_seen(
    name: str, faces: dict[str, Letters]
) -> None:
    model = replace(EXAMPLES[name](Scene()), focus="")
    plain = sheet_of(model, faces)
    places = {target.control.id: target.rect for target in plain.targets}
    assert {spot.control.id for spot in spots(model)} == places.keys()
    for id_ in (next(iter(places)), list(places)[-1]):
        ring = sheet_of(replace(model, focus=id_), faces).shapes[len(plain.shapes) :][:2]  # a legend may follow
        assert len(ring) == 2, "ink outside, amber inside"
        for shape in ring:
            assert isinstance(shape, Box)
            assert shape.stroke == RING
            assert shape.half_width >= places[id_].width / 2, "around the control, not over its words"
        outer, inner = (shape.colour for shape in ring)
        assert contrast_ratio(outer, inner) >= 3
        assert contrast_ratio(outer, plain.theme.colour("paper")) >= 3


def test_a_focus_that_is_not_on_the_screen_draws_nothing(faces: dict[str, Letters]) -> None:
    model = EXAMPLES["15-home"](Scene())
    assert sheet_of(replace(model, focus="gone"), faces).shapes == sheet_of(model, faces).shapes


# ------------------------------------------------------------------------------------------------------- keys


@pytest.fixture
def keys(hand: Hand) -> Hand:
    hand.view.keys = KEYS
    hand.show(EXAMPLES["15-home"](Scene()))
    return hand


def stroke(hand: Hand, code: int, modifiers: tuple[str, ...] = (), *, up: bool = True) -> None:
    hand.window.dispatch("on_key_down", code, 0, None, list(modifiers))
    if up:
        hand.window.dispatch("on_key_up", code, 0)


def names(hand: Hand) -> list[str]:
    return [event.key for event in hand.sent if isinstance(event, e.KeyPressed)]


def test_each_key_of_the_keypad_is_sent_with_its_visit(keys: Hand) -> None:
    every = ["up", "down", "left", "right", "ok", "back", "help", "repeat", "skip", "pause", "louder", "5"]
    for name in every:
        keys.bridge.press_key(name)
    assert names(keys) == every
    model = keys.view.model
    assert model is not None
    assert {event.session_id for event in keys.sent} == {model.session_id}


def test_the_pause_key_of_a_keyboard_and_the_play_key_of_a_headset_are_one_key(keys: Hand) -> None:
    """SDL's codes of keys that print nothing: its scan codes (72 Pause, 261 AudioPlay) with bit 30 set."""
    for scan in (72, 261):
        stroke(keys, scan | 1 << 30)
    assert names(keys) == ["pause", "pause"]


def test_a_key_held_down_counts_once(keys: Hand) -> None:
    for _ in range(3):
        stroke(keys, keypad.code_of(KEYS, "ok") or 0, up=False)
        stroke(keys, keypad.code_of(KEYS, "down") or 0, up=False)
    assert names(keys) == ["ok", "down"]


def test_a_key_whose_letting_go_was_never_seen_works_again(keys: Hand) -> None:
    """The keypad was unplugged while a key was down. A key that is really held repeats many times a second."""
    ok = keypad.code_of(KEYS, "ok") or 0
    for after_s in (0.0, 1.0, 1.0, 1.9):
        keys.now += after_s
        stroke(keys, ok, up=False)
    assert names(keys) == ["ok"]
    keys.now += 2.1
    stroke(keys, ok, up=False)
    assert names(keys) == ["ok", "ok"]


def test_in_calm_mode_a_trembling_hand_presses_once(keys: Hand) -> None:
    keys.bridge.press_key("down")
    keys.bridge.press_key("down")
    assert names(keys) == ["down", "down"]
    keys.show(EXAMPLES["15-home"](Scene(modes=Modes(calm=True))))
    keys.sent.clear()
    keys.now += 1
    for after_s in (0.0, 0.4, 0.4, 0.6):
        keys.now += after_s
        keys.bridge.press_key("down")
    assert names(keys) == ["down", "down"]


def test_keys_of_a_whole_keyboard_lead_nowhere(keys: Hand) -> None:
    strange = [27, 9, 32, 97, 127, 277, 278, 279, 285, 293, 305, 308, 311, 316, 319]  # Esc, Tab, Del, F4, F12, Alt …
    for code in strange:
        stroke(keys, code)
    for code in KEYS:
        for chord in ("ctrl", "alt", "meta"):
            stroke(keys, code, (chord,))
    assert keys.sent == []
    assert keys.view.model is not None
    with pytest.raises(Exception, match="the keypad has no key escape"):
        keys.bridge.press_key("escape")


def test_a_finger_anywhere_is_noticed_before_anything_else(hand: Hand) -> None:
    touched: list[str] = []
    hand.view.on_touched = lambda: touched.append("glass")
    hand.show(EXAMPLES["15-home"](Scene()))
    hand.bridge.touch(2, 2)
    assert touched == ["glass"]
    assert hand.sent == []


@pytest.mark.parametrize("text", ["up", "up=", "up=x", "leap=3", "up=-1", "=3"])
def test_a_keypad_map_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(keypad.KeypadInvalid, match="name=code is wanted"):
        keypad.parse(text)


# ------------------------------------------------------------------------------------------------- black screen


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE])
@pytest.mark.parametrize("code", languages())
def test_the_black_screen_has_one_cue_and_any_touch_opens_it(
    size: tuple[int, int], code: str, faces: dict[str, Letters]
) -> None:
    for scale in TEXT_SCALES:
        visit = Visit().to_pin()
        visit.session = replace(visit.session, modes=Modes(scale, "light", speech=True, dark_glass=True))
        model = drawn(visit.session, code)
        assert isinstance(model.curtain, Curtain)
        sheet = sheet_of(model, faces, size)
        assert [(target.control.id, target.rect) for target in sheet.targets] == [
            ("mode.curtain.open", Rect(0, 0, *size))
        ]
        assert list(problems(sheet)) == []
        shown = {model.curtain.title, model.curtain.text, model.curtain.hint}
        assert {run.text[:4] for run in sheet.runs} & {text[:4] for text in shown}


def test_behind_the_black_screen_no_pixel_tells_anything(hand: Hand) -> None:
    visit = Visit().to_home()
    visit.session = replace(visit.session, modes=Modes(speech=True, dark_glass=True))
    hand.show(visit.screen)
    hand.turn(2)
    for x, y in ((60, 120), (540, 400), (200, 1650), (900, 1850)):
        assert hand.colour(x, y) == "#000000"
    hand.bridge.touch(30, 30)
    assert [type(event) for event in hand.sent] == [e.ModeToggled]


# --------------------------------------------------------------------------------------------- left hand, calm


@pytest.mark.parametrize("landscape", [False, True])
def test_for_the_left_hand_what_is_pressed_most_lies_at_the_left(landscape: bool, faces: dict[str, Letters]) -> None:
    size = LANDSCAPE if landscape else PORTRAIT
    for name in ("13-pin", "15-home", "19-form", "21-date", "22-choice", "23-check"):
        for reach in (False, True)[: 1 if landscape else 2]:
            model = EXAMPLES[name](Scene(modes=Modes(left_handed=True, reach=reach)))
            sheet = sheet_of(model, faces, size)
            places = {target.control.role: target.rect for target in sheet.targets}
            if model.primary is not None and model.back is not None:
                assert places["primary"].right < places["back"].x, name
            assert list(problems(sheet)) == [], (name, reach)


def test_the_keypad_and_the_question_change_sides_with_the_hand(faces: dict[str, Letters]) -> None:
    def middle(modes: Modes) -> float:
        sheet = sheet_of(EXAMPLES["13-pin"](Scene(modes=modes)), faces, LANDSCAPE)
        keys = [target.rect.centre[0] for target in sheet.targets if target.control.role == "key"]
        return sum(keys) / len(keys)

    assert middle(Modes(left_handed=True)) < LANDSCAPE[0] / 2 < middle(Modes())


def test_in_calm_mode_the_ferry_stands_still(hand: Hand) -> None:
    model = EXAMPLES["10-attract"](Scene())
    hand.show(model)
    before = hand.view.ferry_x
    hand.view.sail()
    assert hand.view.ferry_x > before
    hand.show(replace(model, modes=Modes(calm=True)))
    before = hand.view.ferry_x
    hand.view.sail()
    assert hand.view.ferry_x == before


# --------------------------------------------------------------------------------- every language, every size


@pytest.mark.parametrize("scale", TEXT_SCALES)
def test_the_first_screens_fit_in_every_language_size_and_hand(scale: float, faces: dict[str, Letters]) -> None:
    found: list[str] = []
    for posture in ("portrait", "reach", "landscape"):
        for speech in (False, True):
            modes: Any = Modes(scale, reach=posture == "reach", speech=speech, left_handed=speech)
            size = LANDSCAPE if posture == "landscape" else PORTRAIT
            for model in visits(modes, landscape=posture == "landscape"):
                sheet = sheet_of(model, faces, size)
                found += [f"{posture} {model.language} {model.name}: {problem}" for problem in problems(sheet)]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_traditional_chinese_fits_where_simplified_does(name: str, faces: dict[str, Letters]) -> None:
    found: list[str] = []
    for size, scale in ((PORTRAIT, 1.0), (PORTRAIT, 2.0), (LANDSCAPE, 1.6)):
        sheet = sheet_of(EXAMPLES[name](Scene("yue-Hant", Modes(scale))), faces, size)
        found += [f"{size} {scale}: {problem}" for problem in problems(sheet)]
    assert found == []


def test_every_character_of_traditional_chinese_is_in_its_font(faces: dict[str, Letters]) -> None:
    from fontTools.ttLib import TTFont

    from kiosk.ui.build_fonts import font_file
    from kiosk.words.languages import converted
    from tests.ui.conftest import FONTS
    from tests.unit.test_i18n import said, told

    letters = set("".join(converted(text, "yue-Hant") for text in (*said(), *told())))
    with TTFont(font_file(FONTS, "HK", "Regular"), lazy=True) as font:
        assert {letter for letter in letters if ord(letter) not in font.getBestCmap()} == set()
