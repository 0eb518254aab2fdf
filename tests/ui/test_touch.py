"""Fingers on the glass: real touches through Kivy's input, and what they send."""

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.events import BackPressed, KeyTyped, PinErased, PinKey, PrimaryPressed
from kiosk.screen_model import Field, PinEntry
from kiosk.staff.events import NameHeld
from kiosk.staff.views.frame import with_way_in
from kiosk.ui.bridge import NoActiveFieldError, NoSuchElementError
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES, model
from kiosk.ui.theme import LANDSCAPE
from tests.ui.examples import NAMES
from tests.ui.kit import Hand


@pytest.mark.parametrize("name", NAMES)
def test_every_enabled_control_sends_its_own_event(name: str, hand: Hand) -> None:
    shown = model(name)
    hand.show(shown)
    assert hand.view.sheet is not None
    for control, _ in hand.view.sheet.targets:
        hand.sent.clear()
        hand.now += 10
        hand.tap(control.id)
        assert hand.sent == ([control.event] if control.enabled else []), control.id


def test_a_finger_that_slides_off_a_button_sends_nothing(hand: Hand) -> None:
    hand.show(model("17-intro"))
    hand.down("primary")
    hand.up("back")
    assert hand.sent == []
    hand.down("primary")
    hand.up_at(540, 1500)
    assert hand.sent == []


def test_a_finger_that_slides_back_on_presses(hand: Hand) -> None:
    hand.show(model("17-intro"))
    x, y = hand.target("primary").rect.centre
    hand.down("primary")
    hand.slide(x, y - 400)
    hand.up_at(x + 200, y + 30)
    assert hand.sent == [PrimaryPressed(session_id=7)]


def test_a_shaking_hand_presses_once(hand: Hand) -> None:
    hand.show(model("17-intro"))
    for pause in (0.0, 0.1, 0.2):
        hand.now += pause
        hand.tap("primary")
    assert hand.sent == [PrimaryPressed(session_id=7)]
    hand.now += 0.26
    hand.tap("primary")
    assert len(hand.sent) == 2


def test_two_different_buttons_may_follow_each_other_at_once(hand: Hand) -> None:
    hand.show(model("17-intro"))
    hand.tap("primary")
    hand.tap("back")
    assert hand.sent == [PrimaryPressed(session_id=7), BackPressed(session_id=7)]


def test_a_double_tap_does_not_agree_to_the_next_screen_unread(hand: Hand) -> None:
    hand.show(model("17-intro"))
    hand.tap("primary")
    hand.show(model("18-consent"))
    hand.tap("primary")
    assert len(hand.sent) == 1
    hand.now += 0.3
    hand.tap("primary")
    assert len(hand.sent) == 2


def test_digits_may_be_tapped_fast_and_twice(hand: Hand) -> None:
    hand.show(model("13-pin"))
    hand.bridge.type_text("112")
    assert hand.sent == [PinKey(digit, session_id=7) for digit in "112"]


def test_a_second_finger_is_ignored_while_the_first_is_down(hand: Hand) -> None:
    hand.show(model("13-pin"))
    hand.down("key.1")
    assert hand.view.target_at(*hand.target("key.2").rect.centre) == hand.target("key.2")
    second = _touch(*hand.target("key.2").rect.centre, hand)
    hand.window.dispatch("on_touch_down", second)
    hand.window.dispatch("on_touch_up", second)
    assert hand.sent == []
    hand.up("key.1")
    assert hand.sent == [PinKey("1", session_id=7)]


def _touch(x: float, y: float, hand: Hand) -> object:
    from kivy.tests.common import UnitTestTouch

    return UnitTestTouch(x, hand.view.size[1] - y)


def test_a_screen_that_changes_under_the_finger_is_not_pressed(hand: Hand) -> None:
    hand.show(model("13-pin"))
    hand.down("key.8")
    hand.show(model("22-choice"))
    hand.up_at(*(540, 1270))
    assert hand.sent == []


def test_a_dot_that_appears_under_the_finger_does_not_lose_the_key(hand: Hand) -> None:
    shown = model("13-pin")
    hand.show(shown)
    hand.down("key.5")
    body = tuple(replace(piece, filled=4) if isinstance(piece, PinEntry) else piece for piece in shown.body)
    hand.show(replace(shown, body=body))
    hand.up("key.5")
    assert hand.sent == [PinKey("5", session_id=7)]


def test_a_disabled_button_does_nothing(hand: Hand) -> None:
    hand.show(model("13-pin"))
    assert not hand.bridge.element("primary")["enabled"]
    hand.tap("primary")
    assert hand.sent == []


def test_shuffled_digits_are_typed_where_they_are(hand: Hand) -> None:
    shown = model("13-pin")
    pad = shown.body[-1]
    turned = replace(pad, keys=tuple(reversed(pad.keys)))
    hand.show(replace(shown, body=(shown.body[0], turned)))
    hand.bridge.type_text("13")
    assert hand.sent == [PinKey("1", session_id=7), PinKey("3", session_id=7)]
    hand.tap("key.clear")
    assert hand.sent[-1] == PinErased(all=True, session_id=7)


def test_letters_are_typed_on_the_keys_and_the_rest_goes_to_the_field(hand: Hand) -> None:
    shown = model("20-question-pinyin")
    hand.show(shown)
    hand.bridge.type_text("yi")
    assert hand.sent == [KeyTyped("y", session_id=7), KeyTyped("i", session_id=7)]
    hand.show(replace(shown, body=(Field("nursery", ""),)))
    hand.sent.clear()
    hand.bridge.type_text("幼儿")
    assert hand.sent == [KeyTyped("幼", session_id=7), KeyTyped("儿", session_id=7)]


def test_a_pin_has_only_its_keys(hand: Hand) -> None:
    hand.show(model("13-pin"))
    with pytest.raises(NoActiveFieldError):
        hand.bridge.type_text("A")
    assert hand.sent == []


def test_what_is_not_on_the_screen_cannot_be_touched(hand: Hand) -> None:
    hand.show(model("15-home"))
    with pytest.raises(NoSuchElementError, match=r"key\.1 is not on the screen home"):
        hand.tap("key.1")


def test_elements_are_where_they_are_drawn(hand: Hand) -> None:
    hand.show(model("13-pin"))
    found = {one["id"]: one for one in hand.bridge.elements()}
    assert found["primary"] == {
        "id": "primary",
        "role": "primary",
        "text": "确定",
        "enabled": False,
        "x": 388,
        "y": 1600,
        "width": 632,
        "height": 144,
    }
    assert found["text.title"]["text"] == "请输入市民卡密码"
    assert found["text.title"]["role"] == "text"
    assert "text.0" in found


@pytest.mark.parametrize(
    ("window_size", "size"), [((540, 960), (1080, 1920)), ((800, 600), (1080, 1920)), ((960, 700), LANDSCAPE)]
)
def test_on_a_smaller_window_touches_still_meet_their_buttons(
    window_size: tuple[int, int], size: tuple[int, int], window: object, fonts: Path
) -> None:
    hand = Hand(window, fonts, size)
    try:
        hand.resize(window_size)
        assert tuple(hand.window.size) == window_size
        for name in ("13-pin", "15-home"):
            hand.show(EXAMPLES[name](Scene()))
            assert hand.view.sheet is not None
            for control, rect in hand.view.sheet.targets:
                hand.sent.clear()
                hand.now += 10
                for x, y in ((rect.x + 5, rect.y + 5), (rect.right - 5, rect.bottom - 5)):
                    hand.now += 10
                    hand.bridge.touch(x, y)
                assert hand.sent == ([control.event] * 2 if control.enabled else []), control.id
        assert len(hand.view.pixels()) == 4 * size[0] * size[1]
    finally:
        hand.close()


def test_the_terminal_s_name_is_held_for_five_seconds_and_no_less(hand: Hand) -> None:
    hand.show(with_way_in(model("10-attract")))
    for held_s, sent in ((0.2, []), (4.9, []), (5.0, [NameHeld()])):
        hand.sent.clear()
        hand.down("staff.way-in")
        hand.now += held_s
        hand.up("staff.way-in")
        assert hand.sent == sent
