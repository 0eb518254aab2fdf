"""Nobody is there: what the terminal's loop does, and what it draws, while a virtual clock runs on."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kiosk.ui.gallery.examples import model
from kiosk.ui.glass.loop import LOOK_S, Bell, Loop
from kiosk.ui.theme import Rect
from tests.ui.kit import Hand

MINUTE_S = 60.0


class Night:
    """The terminal's own loop on a clock that only its sleep moves."""

    def __init__(self, hand: Hand, clock: Any) -> None:
        self.hand, self.clock = hand, clock
        self.now = clock.time()
        self.sleeps: list[float] = []
        self.drawn: list[Rect | None] = []
        """What each frame drew, None: all of it."""
        self.loop = Loop(hand.window, self._sleep)
        hand.window.bind(on_flip=self._flipped)

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds + 1e-6  # nobody sleeps shorter than asked; a rounded sum would wake just before its time

    def usleep(self, microseconds: float) -> None:
        self.now += microseconds / 1e6

    def _flipped(self, *_args: object) -> None:
        self.drawn.append(self.hand.view._damage.drawn)

    def pass_by(self, seconds: float) -> None:
        """Turn the loop for so long, the first frame of what is shown behind it."""
        self.loop.turn()
        for seen in (self.sleeps, self.drawn):
            seen.clear()
        self.loop.turns, until = 0, self.now + seconds
        while self.now < until:
            self.loop.turn()

    def end(self) -> None:
        self.hand.window.unbind(on_flip=self._flipped)
        self.loop.close()


@pytest.fixture
def night(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    from kivy.clock import Clock

    clock: Any = Clock
    before = clock._last_tick
    made = Night(hand, clock)
    monkeypatch.setattr(clock, "time", lambda: made.now)
    monkeypatch.setattr(clock, "usleep", made.usleep)
    yield made
    made.end()
    clock._last_tick = before


def test_on_a_screen_that_stands_still_nothing_is_drawn_and_only_fingers_are_looked_for(night: Night) -> None:
    night.hand.show(model("15-home"))
    night.pass_by(MINUTE_S)
    assert night.drawn == []
    assert night.loop.turns <= MINUTE_S + 2, "the ferry's timer alone turns Kivy's loop"
    assert len(night.sleeps) <= 1.1 * MINUTE_S / LOOK_S


def test_while_nobody_comes_the_ferry_alone_is_drawn_once_a_second(night: Night) -> None:
    night.hand.show(model("10-attract"))
    night.pass_by(MINUTE_S)
    assert MINUTE_S - 2 <= len(night.drawn) <= MINUTE_S + 2
    areas = [0.0 if one is None else one.width * one.height for one in night.drawn]
    assert min(areas) > 0
    assert max(areas) < 0.02 * 1080 * 1920


def test_in_calm_mode_not_even_the_ferry_is_drawn(night: Night) -> None:
    from dataclasses import replace

    shown = model("10-attract")
    night.hand.show(replace(shown, modes=replace(shown.modes, calm=True)))
    night.pass_by(MINUTE_S)
    assert night.drawn == []


def test_a_finger_is_seen_at_the_next_look(night: Night) -> None:
    night.hand.show(model("15-home"))
    night.pass_by(1)
    x, y = night.hand.view.to_window(*night.hand.target("finish").rect.centre)
    night.hand.window.dispatch("on_mouse_down", x, y, "left", [])
    night.sleeps.clear()
    night.loop.turn()
    assert night.sleeps == []
    assert len(night.drawn) == 1
    assert night.drawn[0] is not None
    night.hand.window.dispatch("on_mouse_up", x, y, "left", [])
    night.loop.turn()
    assert night.hand.sent
    assert len(night.drawn) == 2


def test_garbage_is_collected_whole_before_a_sleep_and_never_while_a_screen_is_made(night: Night) -> None:
    from kiosk.ui.glass.loop import WHOLE_AFTER

    whole: list[int] = []

    def collected(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            whole.append(len(night.sleeps))

    gc.collect()
    gc.callbacks.append(collected)
    try:
        for _ in range(WHOLE_AFTER + 2):  # as much as many screens leave behind, without a rest between them
            gc.collect(1)
            night.hand.show(model("15-home"))
        assert whole == []
        night.pass_by(1)
        assert len(whole) == 1
        night.pass_by(MINUTE_S)
        assert len(whole) == 1, "a screen that stands still leaves nothing behind"
    finally:
        gc.callbacks.remove(collected)


def test_another_screen_ends_the_sleep_at_once(hand: Hand) -> None:
    """A real sleep, a real other thread."""
    loop = Loop(hand.window)
    hand.bridge.wake = loop.wake
    hand.show(model("15-home"))
    other = threading.Thread(target=hand.bridge.show, args=(model("13-pin"),))
    other.start()
    while hand.view.model is None or hand.view.model.name != "pin":
        loop.turn()
    other.join()
    loop.close()
    assert hand.view.model.name == "pin"


def test_a_bell_that_rang_before_the_sleep_ends_it_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.sleep(3600)
    bell.sleep(0)
    bell.close()
    bell.ring()


def test_a_bell_that_is_rung_while_it_is_put_away_writes_to_nobody_else() -> None:
    for _ in range(200):
        bell, errors, begun = Bell(), list[OSError](), threading.Event()

        def ring(bell: Bell = bell, errors: list[OSError] = errors, begun: threading.Event = begun) -> None:
            begun.set()
            try:
                for _ in range(50):
                    bell.ring()
            except OSError as error:
                errors.append(error)

        other = threading.Thread(target=ring)
        other.start()
        begun.wait()
        bell.close()
        other.join()
        assert errors == []


def whole(hand: Hand) -> bytes:
    """The pixels of a frame of which nothing was left out."""
    hand.view._damage.whole()
    hand.window.canvas.ask_update()
    hand.turn()
    assert hand.view._damage.drawn is None
    return shown(hand)


def shown(hand: Hand) -> bytes:
    """The pixels that stand in the window, read without drawing."""
    from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

    width, height = hand.window.size
    return bytes(glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE))


@pytest.mark.parametrize("name", ["13-pin", "15-home", "19-form", "42-home-dark"])
def test_what_is_drawn_of_a_pressed_button_is_what_a_whole_frame_shows(hand: Hand, name: str) -> None:
    hand.show(model(name))
    hand.turn()
    assert hand.view.sheet is not None
    targets = [one for one in hand.view.sheet.targets if one.control.enabled and one.control.event is not None]
    for target in targets[:: max(1, len(targets) // 4)]:
        hand.down(target.control.id)
        assert hand.view._damage.drawn is not None
        assert shown(hand) == whole(hand), target.control.id
        hand.up(target.control.id)
        hand.now += 10
        assert hand.view._damage.drawn is not None
        assert shown(hand) == whole(hand), target.control.id


def test_a_window_of_another_shape_stays_black_beside_the_display(hand: Hand) -> None:
    hand.resize((1400, 960))
    hand.show(model("15-home"))
    hand.turn()
    assert hand.view.sheet is not None
    pixels = shown(hand)
    beside, inside = 4 * (480 * 1400 + 20), 4 * (958 * 1400 + 700)
    assert pixels[beside : beside + 3] == b"\0\0\0"
    assert pixels[inside : inside + 3] == bytes(round(255 * part) for part in hand.view.sheet.theme.colour("paper"))


def test_the_ferry_leaves_no_trace_on_the_water(hand: Hand) -> None:
    hand.show(model("10-attract"))
    hand.turn()
    first = shown(hand)
    for _ in range(3):
        hand.view.sail()
        hand.turn()
        assert hand.view._damage.drawn is not None
    moved = shown(hand)
    assert moved != first
    assert moved == whole(hand)


class TestBufferThatIsOlder:
    """Displays swap two or three buffers: each frame brings its own buffer up to date."""

    def frames(self, hand: Hand, age: int, *parts: Rect | None) -> list[Rect | None]:
        from kiosk.ui.glass.damage import Damage

        damage, drawn = Damage(hand.window, lambda: age), list[Rect | None]()
        for part in parts:
            if part is None:
                damage.whole()
            else:
                damage.add(part)
            hand.window.dispatch("on_draw")
            drawn.append(damage.drawn)
            hand.window.dispatch("on_flip")
        damage.close()
        return drawn

    def test_of_two_the_last_change_is_drawn_too(self, hand: Hand) -> None:
        drawn = self.frames(hand, 2, None, None, Rect(100, 100, 10, 10), Rect(300, 100, 10, 10))
        assert drawn[2] is None, "this buffer has not seen the second whole frame"
        assert drawn[3] == Rect(99, 99, 212, 12)

    def test_of_one_only_this_change_is(self, hand: Hand) -> None:
        drawn = self.frames(hand, 1, None, Rect(100, 100, 10, 10), Rect(300, 100.5, 10, 10))
        assert drawn == [None, Rect(99, 99, 12, 12), Rect(299, 99, 12, 13)]

    def test_where_nobody_can_say_frames_are_whole(self, hand: Hand) -> None:
        assert self.frames(hand, 0, Rect(1, 1, 1, 1), Rect(1, 1, 1, 1)) == [None, None]

    def test_of_many_frames_ago_it_is_drawn_anew(self, hand: Hand) -> None:
        assert self.frames(hand, 9, *[Rect(1, 1, 1, 1)] * 5) == [None] * 5
