"""However often a screen is laid out anew, a finger gets what it could have seen, and nothing else."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.events import PageTurned, StrokeDrawn
from kiosk.screen_model import Control, Role
from kiosk.ui.drawing import Sheet, Square, Target
from kiosk.ui.glass.aim import DEBOUNCE_S, OWN_S, UNSEEN_S, Aim, Laid, alike, same
from kiosk.ui.theme import Rect

WRITES = "w"
NOTHING = "."
TICK_S = 1 / 64
"""No number of these is as long as `UNSEEN_S`: nothing here depends on how a sum is rounded."""
ROWS = st.text(alphabet=f"abc{WRITES}{NOTHING}", min_size=4, max_size=4).filter(lambda row: row.count(WRITES) <= 1)
"""What lies in four places, a finger wide each: a letter is a control."""
COMES = st.sampled_from(("same", "asked", "itself"))
LAYINGS = st.lists(st.tuples(ROWS, st.integers(0, 40), COMES), min_size=1, max_size=12)
"""Layouts: what lies where, ticks since the one before; the same screen, one that was asked for, or one by itself."""


def control(letter: str) -> Control:
    return Control(letter, "choice", letter, PageTurned(ord(letter)))


def laid(row: str) -> Laid:
    targets = [Target(control(one), Rect(n, 0, 1, 1)) for n, one in enumerate(row) if one.isalpha() and one != WRITES]
    square = next((Square(Rect(n, 0, 1, 1), "", StrokeDrawn()) for n, one in enumerate(row) if one == WRITES), None)
    return Laid(targets, square)


def sheet(row: str) -> Sheet:
    made = Sheet.__new__(Sheet)  # what it is drawn with plays no part
    made.targets, made.square = list(laid(row).targets), laid(row).square
    return made


@given(LAYINGS, st.integers(0, 40), st.integers(0, 3))
@example([("a...", 0, "asked"), ("b...", 1, "same"), ("a...", 1, "same")], 0, 0)
@example([("a...", 0, "asked"), ("aa..", 1, "same")], 0, 1)
@example([("a...", 0, "asked"), ("aa..", 40, "itself")], 0, 1)
def test_a_finger_counts_when_what_it_meets_was_there_all_the_time_that_an_eye_needs(
    layings: list[tuple[str, int, str]], ticks: int, place: int
) -> None:
    aim, screen, now, stood = Aim(), 0, 0.0, list[tuple[str, float]]()
    pressed = -math.inf
    for row, after, comes in layings:
        now += after * TICK_S
        if comes == "asked":
            aim.twice(Control("ok", "key", "", PageTurned(1)), now)
            pressed = now
        screen += comes != "same"
        stood = [] if comes != "same" and now - pressed < OWN_S else stood
        stood.append((row, now))
        aim.lay((screen,), sheet(row), now)
    now += ticks * TICK_S
    recent = {row[place] for (row, _), (_, until) in pairwise(stood) if until > now - UNSEEN_S} | {stood[-1][0][place]}
    left_s = aim.unseen_s(place + 0.5, 0.5, now)
    assert (left_s == 0) == (len(recent) == 1), stood
    assert left_s <= UNSEEN_S
    assert aim.unseen_s(place + 0.5, 0.5, now + left_s + TICK_S) == 0, "who waits is heard"


def test_what_led_on_from_one_screen_does_not_lead_on_from_one_that_came_by_itself() -> None:
    def bar(role: Role) -> Sheet:
        made = sheet("....")
        made.targets = [Target(Control("bar", role, "继续", PageTurned(1)), Rect(0, 0, 1, 1))]
        return made

    found: tuple[tuple[Role, bool], ...] = (("primary", False), ("finish", True))
    for role, counts in found:
        aim = Aim()
        aim.lay((1,), bar(role), 0.0)
        aim.lay((2,), bar(role), 9.0)
        assert (aim.unseen_s(0.5, 0.5, 9.0) == 0) == counts
        assert aim.unseen_s(0.5, 0.5, 9.1 + UNSEEN_S) == 0


@given(ROWS, ROWS, st.integers(0, 3))
def test_places_are_alike_when_the_same_lies_there(before: str, after: str, place: int) -> None:
    there = (place + 0.5, 0.5)
    assert alike(laid(before), laid(after), *there) == (before[place] == after[place])
    assert alike(laid(after), laid(before), *there) == alike(laid(before), laid(after), *there)


def test_a_control_is_the_same_while_it_does_the_same_or_says_the_same() -> None:
    yes = Control("primary", "primary", "继续（9）", PageTurned(1))
    assert same(yes, Control("primary", "primary", "继续（8）", PageTurned(1))), "it counts down"
    assert same(yes, Control("primary", "primary", "继续（9）", PageTurned(2))), "it leads on from another page"
    assert not same(yes, Control("primary", "primary", "提交", PageTurned(2)))
    assert not same(yes, Control("back", "back", "继续（9）", PageTurned(1)))
    assert not same(yes, None)
    assert not same(None, yes)
    assert same(None, None)


def test_a_second_tap_is_a_shaking_hand_s_but_on_keys_and_not_before_anything_lies_there() -> None:
    aim, key, row = Aim(), Control("key.1", "key", "1", PageTurned(1)), control("a")
    assert not aim.twice(row, 0.0)
    aim.lay((1,), sheet("a..."), 0.0)
    assert [aim.twice(row, at) for at in (0.0, 0.1, 0.2, 0.2 + DEBOUNCE_S)] == [False, True, True, False]
    assert [aim.twice(key, at) for at in (0.0, 0.01)] == [False, False]
