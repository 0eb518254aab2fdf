"""What a crowd, a palm or a curious hand does to the glass: nothing happens twice, nothing leaks, nobody gets out."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest

from kiosk.events import Event, KeyPressed, KeyTyped, PinKey, PrimaryPressed
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES, model
from kiosk.ui.glass.view import LOST_S
from tests.ui.kit import Hand

STORM = 1000
UIDS = itertools.count(1000)
FINGERS = 10
WAY_OUT = {"f1": 282, "escape": 27, "f4": 285, "tab": 9, "f11": 292, "print screen": 316, "menu": 319, "super": 311,
           "enter": 13, "delete": 127, "home": 278, "f12": 293}  # fmt: skip
"""SDL key codes of the keys that lead out of other programs."""
EVERY_KEY = range(8, 330)
"""What Kivy's SDL window reports: control keys, ASCII, number pad, F1 to F15, keys of a multimedia keyboard."""
LETTERS = {letter: ord(letter) for letter in "abcdefghijklmnopqrstuvwxyz0123456789"}


@dataclass
class Finger:
    """What the terminal reads of a touch: where (window, origin bottom left) and which finger."""

    x: float
    y: float
    uid: int


def touch(hand: Hand, x: float, y: float) -> Finger:
    """One finger of many, at a place on the display."""
    left, top = hand.view.to_window(x, y)
    return Finger(left, hand.window.size[1] - top, next(UIDS))


def drawn_events(hand: Hand) -> set[Event]:
    assert hand.view.sheet is not None
    return {one.control.event for one in hand.view.sheet.targets if one.control.enabled and one.control.event}


@pytest.mark.parametrize("name", ["15-home", "18-consent", "23-check"])
def test_a_thousand_touches_in_a_second_press_a_button_five_times_at_most(name: str, hand: Hand) -> None:
    """Each control answers at most once in a quarter of a second, whatever the rain does."""
    seed = 20260518
    rain = random.Random(seed)
    hand.show(model(name))
    known = drawn_events(hand)
    start = hand.now
    at: dict[Event, list[float]] = {}
    for number in range(STORM):
        hand.now = start + number / STORM
        before = len(hand.sent)
        x, y = rain.uniform(0, 1080), rain.uniform(0, 1920)
        finger = touch(hand, x, y)
        hand.window.dispatch("on_touch_down", finger)
        hand.window.dispatch("on_touch_up", finger)
        for event in hand.sent[before:]:
            assert event in known, f"seed {seed}"
            at.setdefault(event, []).append(hand.now)
        assert len(hand.sent) <= before + 1, f"seed {seed}"
    assert at, "the storm met no button"
    one = [event for event in at if isinstance(event, PrimaryPressed)]
    assert all(len(at[event]) <= 5 for event in one), f"seed {seed}"


def test_drumming_on_one_button_for_a_second_never_beats_its_pause(hand: Hand) -> None:
    hand.show(model("17-intro"))
    x, y = hand.target("primary").rect.centre
    start, pressed = hand.now, []
    for number in range(STORM):
        hand.now = start + number / STORM
        finger = touch(hand, x, y)
        hand.window.dispatch("on_touch_down", finger)
        hand.window.dispatch("on_touch_up", finger)
        if len(hand.sent) > len(pressed):
            pressed.append(hand.now)
    assert pressed == [start], "a drumming hand presses once: the pause begins anew with each tap"


def test_of_ten_fingers_only_the_first_counts(hand: Hand) -> None:
    hand.show(model("13-pin"))
    fingers = [touch(hand, *hand.target(f"key.{digit}").rect.centre) for digit in range(FINGERS)]
    for finger in fingers:
        hand.window.dispatch("on_touch_down", finger)
    for finger in reversed(fingers):
        hand.window.dispatch("on_touch_up", finger)
    assert hand.sent == [PinKey("0", session_id=7)]


def test_a_palm_rolls_over_the_glass_and_presses_what_it_met_first_or_nothing(hand: Hand) -> None:
    hand.show(model("23-check"))
    x, y = hand.target("primary").rect.centre
    palm = [touch(hand, x - 60 + 12 * n, y - 300 + 40 * n) for n in range(FINGERS)]
    for finger in palm:
        hand.window.dispatch("on_touch_down", finger)
        hand.window.dispatch("on_touch_move", finger)
    for finger in palm:
        hand.window.dispatch("on_touch_up", finger)
    assert len(hand.sent) <= 1


def test_drags_across_every_pair_of_buttons_press_neither(hand: Hand) -> None:
    hand.show(model("15-home"))
    assert hand.view.sheet is not None
    middles = [one.rect.centre for one in hand.view.sheet.targets]
    for begin, end in zip(middles, middles[1:] + middles[:1], strict=True):
        finger = touch(hand, *begin)
        hand.window.dispatch("on_touch_down", finger)
        finger.x, finger.y = end[0], hand.view.size[1] - end[1]
        hand.window.dispatch("on_touch_move", finger)
        hand.window.dispatch("on_touch_up", finger)
    assert hand.sent == []


@pytest.mark.parametrize("edge", [(0.0, 960.0), (1079.0, 960.0), (540.0, 0.0), (540.0, 1919.0), (1079.0, 0.0)])
def test_swipes_from_an_edge_open_nothing_and_press_nothing(edge: tuple[float, float], hand: Hand) -> None:
    """Where a telephone or a desktop has its menus: from each edge, with one finger and with three."""
    hand.show(model("15-home"))
    children = list(hand.window.children)
    for fingers in (1, 3):
        swipe = [touch(hand, edge[0], edge[1]) for _ in range(fingers)]
        for finger in swipe:
            hand.window.dispatch("on_touch_down", finger)
        for step in range(1, 11):
            for finger in swipe:
                x, y = hand.view.to_window(*(a + (b - a) * step / 10 for a, b in zip(edge, (540, 960), strict=True)))
                finger.x, finger.y = x, hand.window.size[1] - y
                hand.window.dispatch("on_touch_move", finger)
        for finger in swipe:
            hand.window.dispatch("on_touch_up", finger)
        hand.turn()
    assert hand.sent == []
    assert list(hand.window.children) == children


def test_a_finger_that_is_never_lifted_does_not_lock_the_next_screen(hand: Hand) -> None:
    """The panel loses a finger, or a bag leans on the glass: the screen that follows belongs to the next finger."""
    hand.show(model("13-pin"))
    lost = touch(hand, *hand.target("key.1").rect.centre)
    hand.window.dispatch("on_touch_down", lost)
    hand.show(model("17-intro"))
    hand.tap("primary")
    assert hand.sent == [PrimaryPressed(session_id=7)]
    hand.window.dispatch("on_touch_up", lost)
    assert len(hand.sent) == 1, "what comes up at last presses nothing"


def test_a_finger_that_rests_for_minutes_gives_way_to_the_next_one_on_the_same_screen(hand: Hand) -> None:
    hand.show(model("17-intro"))
    rests = touch(hand, *hand.target("back").rect.centre)
    hand.window.dispatch("on_touch_down", rests)
    hand.now += LOST_S / 2
    hand.tap("primary")
    assert hand.sent == [], "a second finger beside the first is not an answer"
    hand.now += 300
    hand.tap("primary")
    assert hand.sent == [PrimaryPressed(session_id=7)]
    hand.window.dispatch("on_touch_up", rests)
    assert len(hand.sent) == 1


@pytest.mark.parametrize("held_s", [0.0, 1.0, 10.0, 600.0])
def test_a_slow_finger_presses_like_a_quick_one_and_only_when_it_is_lifted(held_s: float, hand: Hand) -> None:
    """Nothing waits behind a long press: no menu, no repetition, no selection."""
    hand.show(model("13-pin"))
    children = list(hand.window.children)
    hand.down("key.5")
    hand.now += held_s
    hand.turn(3)
    assert hand.sent == []
    hand.up("key.5")
    assert hand.sent == [PinKey("5", session_id=7)]
    assert list(hand.window.children) == children


def test_a_finger_from_the_screen_before_that_slides_onto_a_button_presses_nothing(hand: Hand) -> None:
    hand.show(model("17-intro"))
    hand.down("primary")
    hand.show(model("18-consent"))
    hand.up("primary")
    assert hand.sent == [], "the button has the same place and id, but another meaning"


@pytest.mark.parametrize("following", ["17-intro", "18-consent", "23-check", "25-saved"])
def test_touches_while_the_screen_changes_do_not_reach_the_next_one(following: str, hand: Hand) -> None:
    hand.show(model("19-form"))
    fingers = [touch(hand, *one.rect.centre) for one in hand.view.sheet.targets] if hand.view.sheet else []
    for finger in fingers:
        hand.window.dispatch("on_touch_down", finger)
    hand.show(model(following))
    before = len(hand.sent)
    known = {one.control.id for one in hand.view.sheet.targets} if hand.view.sheet else set[str]()
    assert known
    for finger in fingers:
        hand.window.dispatch("on_touch_up", finger)
    assert len(hand.sent) <= before + 1, "one finger went down, one may come up"


# ------------------------------------------------------------------------------------------------- nobody gets out


@pytest.mark.parametrize("modifiers", [[], ["ctrl"], ["alt"], ["shift"], ["meta"], ["ctrl", "alt"], ["ctrl", "shift"]])
def test_no_key_leads_out_and_none_is_an_answer(modifiers: list[str], hand: Hand) -> None:
    """The keys come from a keyboard that somebody plugged in; the tactile keypad's own map is empty here."""
    from kivy.base import EventLoop

    hand.show(model("15-home"))
    children = list(hand.window.children)
    for code in sorted({*WAY_OUT.values(), *LETTERS.values(), *EVERY_KEY}):
        hand.window.dispatch("on_key_down", code, 0, chr(code) if code < 127 else None, modifiers)
        hand.window.dispatch("on_keyboard", code, 0, chr(code) if code < 127 else None, modifiers)
        hand.window.dispatch("on_key_up", code, 0)
    hand.turn(2)
    assert EventLoop.status == "started"
    assert list(hand.window.children) == children, "something opened over the terminal"
    assert [event for event in hand.sent if not isinstance(event, KeyPressed)] == []
    assert hand.sent == [] or not {"ctrl", "alt", "meta"} & set(modifiers), "a chord is no key of the tactile keypad"
    hand.sent.clear()
    hand.tap("finish")
    assert len(hand.sent) == 1, "the terminal still answers"


@pytest.mark.parametrize("button", ["right", "middle", "scrollup", "scrolldown", "mouse4"])
def test_another_mouse_button_opens_nothing(button: str, hand: Hand) -> None:
    hand.show(EXAMPLES["15-home"](Scene()))
    children = list(hand.window.children)
    x, y = hand.view.to_window(*hand.target("finish").rect.centre)
    hand.window.dispatch("on_mouse_down", x, y, button, [])
    hand.turn()
    hand.window.dispatch("on_mouse_up", x, y, button, [])
    hand.turn(2)
    assert list(hand.window.children) == children
    assert not [event for event in hand.sent if isinstance(event, KeyTyped)]


def test_a_request_to_close_the_window_is_refused(hand: Hand) -> None:
    """Alt-F4 reaches a program as a request of the window system (SDL_QUIT, `on_request_close`)."""
    from kivy.base import EventLoop

    hand.show(model("15-home"))
    hand.view.closable = False
    assert hand.window.dispatch("on_request_close", source="keyboard") is True
    assert EventLoop.status == "started"
    hand.view.closable = True
    assert not hand.window.dispatch("on_request_close", source="keyboard"), "on a desk, the bench's window closes"


def test_the_settings_that_kivy_offers_by_itself_are_off(hand: Hand) -> None:
    from kivy.config import Config

    assert Config.get("kivy", "exit_on_escape") == "0"
    assert Config.items("modules") == []
    assert [name for name, _ in Config.items("input")] == ["mouse"]
    assert Config.get("input", "mouse") == "mouse,disable_multitouch"
    assert hand.window.children == []
