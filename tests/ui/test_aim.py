"""A screen that lays itself anew while a finger is on its way: what has just slid under it does not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.events import KeyTyped, PinKey, PrimaryPressed, StrokeDrawn
from kiosk.pieces.modes import Modes
from kiosk.screen_model import ScreenModel
from kiosk.session.asking.events import AlertChosen, CandidateChosen
from kiosk.session.state import State
from kiosk.ui.bridge import ScreenTimeoutError
from kiosk.ui.gallery.examples import model
from kiosk.ui.glass.aim import DEBOUNCE_S, UNSEEN_S, Laid, same, target_at
from tests.ui.kit import Hand
from tests.ui.test_storm import touch
from tests.unit.test_handwriting import WANG, Writer
from tests.unit.test_keeping import half_filled
from tests.unit.test_pinyin import Typist
from tests.unit.visit_kit import Visit, drawn

SOON_S = 0.1
TYPED_S = 0.05
"""Twenty keys a second."""
SEEN_S = UNSEEN_S + 0.01
MODES = {"plain": Modes(), "low": Modes(reach=True)}


def place_of(hand: Hand, id_: str) -> tuple[float, float]:
    return hand.target(id_).rect.centre


def glass(hand: Hand) -> Laid:
    assert hand.view.sheet is not None
    return Laid(list(hand.view.sheet.targets), hand.view.sheet.square)


def follow(hand: Hand, visit: Visit) -> None:
    """The session gets what was pressed, and the screen shows what it made of it."""
    for event in hand.sent:
        visit.send(event)
    hand.sent.clear()
    hand.show(drawn(visit.session))


def told(mode: str) -> tuple[ScreenModel, ScreenModel]:
    """Home before and after the city has answered."""
    visit = Visit("owner").to_home()
    visit.session = replace(visit.session, modes=MODES[mode])
    return drawn(visit.session), drawn(visit.greeted().session)


@pytest.mark.parametrize("mode", MODES)
def test_the_alert_comes_under_a_finger_and_what_it_pushed_there_does_not_open(mode: str, hand: Hand) -> None:
    before, after = told(mode)
    stood = moved = 0
    for part in (0.5, 0.03):
        hand.show(before)
        were = glass(hand)
        hand.now += 10
        hand.show(after)
        for wait_s in (SOON_S, SEEN_S):
            hand.now += wait_s
            for control, rect in glass(hand).targets:
                x, y = rect.x + part * rect.width, rect.y + part * rect.height
                hand.bridge.touch(x, y)
                before_it = target_at(were.targets, x, y)
                meant = wait_s == SEEN_S or same(control, before_it.control if before_it is not None else None)
                assert hand.sent == ([control.event] if meant and control.enabled else []), (control.id, wait_s)
                hand.sent.clear()
                stood, moved = stood + meant, moved + (not meant)
    assert stood >= 20, "what did not move answers at once"
    assert moved >= 6, "nothing moved: the test tests nothing"


def test_a_finger_that_was_down_before_the_alert_came_opens_nothing_else(hand: Hand) -> None:
    before, after = told("plain")
    hand.show(before)
    place = place_of(hand, "event.moved")
    hand.down("event.moved")
    hand.show(after)
    assert hand.view.target_at(*place) is not None
    hand.up_at(*place)
    assert hand.sent == []


def test_the_alert_itself_is_touched_once_it_was_seen(hand: Hand) -> None:
    before, after = told("plain")
    hand.show(before)
    hand.show(after)
    hand.bridge.touch(*place_of(hand, "alert"))
    assert hand.sent == []
    hand.now += SEEN_S
    hand.bridge.touch(*place_of(hand, "alert"))
    assert [type(event) for event in hand.sent] == [AlertChosen]


def test_a_touch_that_does_not_count_looks_pressed_nowhere_and_takes_no_other_finger_s_place(hand: Hand) -> None:
    before, after = told("plain")
    hand.show(before)
    hand.show(after)
    early, other = touch(hand, *place_of(hand, "alert")), touch(hand, *place_of(hand, "finish"))
    hand.window.dispatch("on_touch_down", early)
    assert hand.view._pressed_index() == -1
    for what in ("on_touch_down", "on_touch_up"):
        hand.window.dispatch(what, other)
    hand.now += SEEN_S
    hand.window.dispatch("on_touch_up", early)
    assert hand.sent == [hand.target("finish").control.event], "and however long it stays, it presses nothing"


def test_a_screen_that_moves_twice_is_waited_for_from_the_second_time(hand: Hand) -> None:
    before, after = told("plain")
    hand.show(before)
    place = place_of(hand, "event.moved")
    hand.show(after)
    hand.now += UNSEEN_S - SOON_S
    hand.show(before)
    hand.now += UNSEEN_S - SOON_S
    hand.bridge.touch(*place)
    assert hand.sent == [], "it lies where it lay, but was elsewhere while the finger was on its way"
    hand.now += SOON_S + 0.01
    hand.bridge.touch(*place)
    assert len(hand.sent) == 1


def test_a_tester_s_finger_waits_and_goes_where_the_button_went(hand: Hand) -> None:
    before, after = told("plain")
    hand.show(before)
    place, start = place_of(hand, "event.moved"), hand.now
    hand.show(after)
    assert hand.bridge.aim("event.moved", *place) == place_of(hand, "event.moved") != place
    assert UNSEEN_S < hand.now - start < 2 * UNSEEN_S
    hand.tap("event.moved")
    assert len(hand.sent) == 1
    assert hand.bridge.aim("", 5, 5) == (5, 5)


def test_a_tester_s_finger_does_not_wait_for_ever(hand: Hand) -> None:
    pages = [*told("plain")]
    hand.show(pages[0])
    hand.show(pages[1])

    def again(_seconds: float) -> None:
        pages.reverse()
        hand.show(pages[1])

    hand.bridge.rest = again
    with pytest.raises(ScreenTimeoutError, match=r"event\.moved does not stand still"):
        hand.tap("event.moved")


# ------------------------------------------------------------------------------------- what stands answers at once


def test_a_pin_is_typed_at_twenty_digits_a_second(hand: Hand) -> None:
    visit = Visit().to_pin()
    hand.show(drawn(visit.session))
    for count, digit in enumerate("112358", start=1):
        hand.now += TYPED_S
        hand.bridge.touch(*place_of(hand, f"pin.{digit}"))
        assert hand.sent == [PinKey(digit, session_id=visit.session.id)]
        visit.touch(f"pin.{digit}")
        hand.sent.clear()
        hand.show(drawn(visit.session))
        assert visit.session.pin_length == count
    hand.now += TYPED_S
    hand.bridge.touch(*place_of(hand, "pin.ok"))
    follow(hand, visit)
    assert visit.state is State.CHECKING_PIN, "the button that has just been switched on stood there all the time"


@pytest.mark.parametrize("mode", [Modes(), Modes(text_scale=2.0), Modes(reach=True)])
@pytest.mark.parametrize("search", [False, True])
def test_letters_are_typed_at_twenty_a_second_while_what_was_found_comes_and_goes(
    mode: Modes, search: bool, hand: Hand
) -> None:
    visit = Visit().to_home().touch("search") if search else Typist().asked()
    visit.session = replace(visit.session, modes=mode)
    hand.show(drawn(visit.session))
    hand.now += 1
    layouts = {len(glass(hand).targets)}
    for letter in "GZGZZ" if search else "YOUERY":
        hand.now += TYPED_S
        hand.bridge.touch(*place_of(hand, f"key.{letter}"))
        assert hand.sent == [KeyTyped(letter, session_id=visit.session.id)]
        follow(hand, visit)
        layouts.add(len(glass(hand).targets))
    assert len(layouts) > 1, "nothing was found: the test tests nothing"


def test_digits_of_a_date_are_typed_at_twenty_a_second(hand: Hand) -> None:
    shown = model("21-date")
    for digit in "20260517":
        hand.now += TYPED_S
        hand.show(replace(shown, clock=f"10:2{len(hand.sent)}"))
        hand.bridge.touch(*place_of(hand, f"key.{digit}"))
    assert hand.sent == [KeyTyped(digit, session_id=7) for digit in "20260517"]


def test_a_screen_that_counts_the_seconds_answers_at_any_moment(hand: Hand) -> None:
    visit = half_filled().fire("idle")
    hand.show(drawn(visit.session))
    shown = {id_: place_of(hand, id_) for id_ in ("primary", "finish")}
    for _ in range(5):
        hand.now += 1
        hand.show(drawn(visit.fire("second").session))
        hand.now += 0.01
        for id_, place in shown.items():
            hand.bridge.touch(*place)
            assert [type(event) for event in hand.sent] == [type(visit.controls[id_].event)], id_
            hand.sent.clear()


def test_pages_are_turned_as_fast_as_a_hand_taps_and_a_row_only_once_it_is_seen(hand: Hand) -> None:
    visit = Visit().to_home()
    visit.session = replace(visit.session, modes=Modes(text_scale=2.0))
    visit.touch("event.records")
    hand.show(drawn(visit.session))
    first = next(id_ for id_ in visit.controls if id_.startswith("service."))
    row = place_of(hand, first)
    hand.bridge.touch(*place_of(hand, "page.down"))
    follow(hand, visit)
    assert first not in visit.controls
    hand.now += 0.26
    hand.bridge.touch(*row)
    assert hand.sent == [], "the row of the page before is what the finger was going to"
    hand.bridge.touch(*place_of(hand, "page.up"))
    follow(hand, visit)
    assert first in visit.controls
    hand.now += SEEN_S
    hand.bridge.touch(*row)
    assert hand.sent == [visit.controls[first].event]


# ------------------------------------------------------------------------ one place, one id, and yet something else


def test_a_word_that_has_just_become_another_is_not_written(hand: Hand) -> None:
    visit = Typist().asked().type("er")
    hand.show(drawn(visit.session))
    place, before = place_of(hand, "candidate.0"), visit.controls["candidate.0"].text
    hand.show(drawn(visit.touch("key.clear").type("a").session))
    assert visit.controls["candidate.0"].text != before
    hand.bridge.touch(*place)
    assert hand.sent == []
    hand.now += SEEN_S
    hand.bridge.touch(*place)
    assert [type(event) for event in hand.sent] == [CandidateChosen]


def test_a_word_that_becomes_another_under_the_finger_is_not_written(hand: Hand) -> None:
    visit = Typist().asked().type("er")
    hand.show(drawn(visit.session))
    hand.down("candidate.0")
    hand.show(drawn(visit.touch("key.clear").type("a").session))
    hand.up("candidate.0")
    assert hand.sent == []


def test_nothing_is_written_into_a_square_that_has_just_come(hand: Hand) -> None:
    writer = Writer()
    visit = writer.asked()
    square = drawn(visit.session)
    hand.show(drawn(visit.touch("pad.pinyin").session))
    hand.show(square)
    assert hand.view.sheet is not None
    assert hand.view.sheet.square is not None
    where = hand.view.sheet.square.rect
    hand.bridge.touch(*where.centre)
    assert hand.sent == []
    hand.now += SEEN_S
    hand.bridge.touch(*where.centre)
    assert [type(event) for event in hand.sent] == [StrokeDrawn]


def test_strokes_follow_each_other_as_fast_as_they_come_and_the_scripted_finger_waits_for_the_square(
    hand: Hand,
) -> None:
    visit = Writer().asked()
    square = drawn(visit.session)
    hand.show(drawn(visit.touch("pad.pinyin").session))
    hand.show(square)
    start = hand.now
    visit.touch("pad.hand")
    for count, stroke in enumerate(WANG, start=1):
        hand.bridge.draw([stroke])
        hand.now += TYPED_S
        follow(hand, visit)
        assert len(visit.application.writing.strokes) == count
    assert hand.now - start < UNSEEN_S + 5 * TYPED_S, "it waits once, for the square"


def test_what_lies_behind_the_black_screen_is_not_touched_unseen(hand: Hand) -> None:
    visit = Visit().to_home()
    visit.session = replace(visit.session, modes=Modes(speech=True, dark_glass=True))
    hand.show(drawn(visit.session))
    hand.bridge.touch(540, 960)
    follow(hand, visit)
    assert not visit.session.modes.dark_glass
    for one in glass(hand).targets:
        hand.bridge.touch(*one.rect.centre)
        assert hand.sent == [], one.control.id
    hand.now += SEEN_S
    hand.bridge.touch(*place_of(hand, "finish"))
    assert len(hand.sent) == 1


def test_a_screen_that_was_asked_for_answers_at_once(hand: Hand) -> None:
    """Who goes on by hand knows where the button is; a double tap is held back by its pause."""
    hand.show(model("18-consent"))
    hand.bridge.touch(*place_of(hand, "primary"))
    hand.show(model("17-intro"))
    hand.now += DEBOUNCE_S
    hand.bridge.touch(*place_of(hand, "primary"))
    assert hand.sent == [PrimaryPressed(session_id=7)] * 2


@pytest.mark.parametrize("name", ["32-card-pulled", "31-timeout", "18-consent"])
def test_a_screen_that_comes_by_itself_answers_once_it_can_be_seen(name: str, hand: Hand) -> None:
    """A card pulled out, the warning before the end, an answer that was waited for: only what stood there counts."""
    hand.show(model("15-home"))
    were = glass(hand)
    hand.now += 10
    hand.show(model(name))
    for wait_s in (SOON_S, SEEN_S):
        hand.now += wait_s
        for control, rect in glass(hand).targets:
            if control.event is None or not control.enabled:
                continue
            hand.bridge.touch(*rect.centre)
            there = target_at(were.targets, *rect.centre)
            stood = there is not None and same(control, there.control) and control.role != "primary"
            assert hand.sent == ([control.event] if stood or wait_s == SEEN_S else []), (control.id, wait_s)
            hand.sent.clear()
