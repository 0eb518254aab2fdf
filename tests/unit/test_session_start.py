"""From the attract screen to the holder's name, step by step on the pure table."""

from __future__ import annotations

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.asking import events as asked
from kiosk.session.state import State
from tests.unit.visit_kit import FACTS, HOLDER, Visit


def test_a_touch_begins_a_visit_in_its_language() -> None:
    visit = Visit().touch("language.en")
    assert (visit.state, visit.session.language, visit.session.id) == (State.START, "en", 1)
    assert s.Note("session.started", {"session": 1, "by": "touch"}) in visit.effects


def test_a_card_put_in_first_begins_a_visit_too() -> None:
    visit = Visit().insert()
    assert visit.state is State.READING
    assert visit.last(s.RecogniseCard) == s.RecogniseCard(1)


def test_something_that_is_no_chip_is_put_in_first() -> None:
    visit = Visit().insert(SlotState.MUTE)
    assert visit.screen.name == "failure.card-unreadable"
    visit.pull()
    assert visit.state is State.CARD


def test_the_reader_is_unplugged_while_nobody_is_there() -> None:
    assert Visit().unplug().state is State.ATTRACT


def test_a_card_that_waited_in_the_slot_is_read_at_the_touch_that_asks_for_it() -> None:
    visit = Visit(slot=SlotState.PRESENT, insertion=4).touch("language.zh", "start.card")
    assert visit.state is State.READING
    assert visit.session.card_insertion == 4


@pytest.mark.parametrize(
    ("slot", "failure"), [(SlotState.READER_ABSENT, "reader-absent"), (SlotState.MUTE, "card-unreadable")]
)
def test_the_card_is_asked_for_and_the_slot_is_in_trouble(slot: SlotState, failure: str) -> None:
    visit = Visit().touch("language.zh", "start.card")
    assert visit.state is State.CARD
    visit.insert(slot)
    assert visit.screen.name == f"failure.{failure}"


def test_a_reader_unplugged_at_the_start_only_closes_the_card_way() -> None:
    visit = Visit().touch("language.zh").unplug()
    assert visit.state is State.START
    assert not visit.controls["start.card"].enabled


def test_a_card_put_in_at_the_start_is_read_without_a_touch() -> None:
    assert Visit().touch("language.zh").insert().state is State.READING


def test_an_empty_slot_at_the_card_prompt_says_nothing_new() -> None:
    assert Visit().touch("language.zh", "start.card").pull().state is State.CARD


def test_back_and_home_from_the_card_prompt_lead_to_the_start() -> None:
    for way in ("back", "home"):
        assert Visit().touch("language.zh", "start.card", way).state is State.START


def test_leaving_at_the_start_ends_the_visit() -> None:
    assert Visit().touch("language.en", "back").state is State.ATTRACT


def test_a_card_pulled_while_it_is_being_named_is_asked_for_again() -> None:
    visit = Visit().insert().pull()
    assert visit.state is State.CARD
    assert visit.insert().state is State.READING


def test_a_card_swapped_while_it_is_being_named_is_named_instead() -> None:
    visit = Visit().insert().insert()
    assert visit.state is State.READING
    assert visit.last(s.RecogniseCard) == s.RecogniseCard(2)
    stale = visit.session
    visit.send(e.CardRecognised(1, FACTS, 6))
    assert visit.session == stale


def test_what_is_said_of_the_first_card_is_not_held_against_the_second() -> None:
    visit = Visit().insert().pull().insert().send(e.CardFailed("card-removed", 1))
    assert visit.state is State.READING
    visit.recognised()
    assert visit.state is State.PIN


def test_the_same_card_seen_again_changes_nothing() -> None:
    visit = Visit().insert()
    visit.send(e.SlotChanged(SlotState.PRESENT, 1))
    assert visit.state is State.READING


def test_a_card_that_hangs_while_it_is_named_is_given_up() -> None:
    visit = Visit().insert()
    visit.send(e.TimerFired("wait"))
    assert visit.state is State.READING
    assert visit.fire("idle").screen.name == "failure.card-unreadable"


@pytest.mark.parametrize(("expired", "tries", "failure"), [(True, 6, "card-expired"), (False, 0, "pin-blocked")])
def test_a_card_that_cannot_be_used_never_sees_the_pin_pad(expired: bool, tries: int, failure: str) -> None:
    visit = Visit().insert().recognised(tries_left=tries, expired=expired)
    assert visit.screen.name == f"failure.{failure}"
    assert visit.pull().state is State.ATTRACT


def test_an_expired_card_swapped_for_a_good_one_goes_on_by_itself() -> None:
    visit = Visit().insert().recognised(expired=True).insert()
    assert visit.state is State.READING


def test_the_keys_of_the_pad_are_shuffled_and_what_was_typed_is_wiped() -> None:
    visit = Visit().to_pin().touch("pin.1", "pin.shuffle")
    assert (visit.session.shuffled, visit.session.pin_length) == (True, 0)
    assert isinstance(visit.effects[-1], s.ForgetPin)
    assert not visit.touch("pin.shuffle").session.shuffled


def test_the_pin_is_sent_only_when_it_is_whole() -> None:
    visit = Visit().to_pin().touch("pin.1", "pin.2")
    assert not visit.controls["pin.ok"].enabled
    visit.send(e.PrimaryPressed())
    assert visit.state is State.PIN
    assert not any(isinstance(effect, s.VerifyPin) for effect in visit.effects)


def test_a_wrong_pin_says_how_many_tries_are_left_until_the_next_digit() -> None:
    visit = Visit().to_pin().pin().send(e.PinRefused(5))
    assert "密码不对，还可以试 5 次" in visit.words
    visit.touch("pin.clear")
    assert "密码不对" in visit.words
    visit.touch("pin.1")
    assert "密码不对" not in visit.words


def test_the_last_wrong_pin_locks_the_card() -> None:
    assert Visit().to_pin().pin().send(e.PinRefused(0)).screen.name == "failure.pin-blocked"


def test_a_card_that_fails_at_its_pin_is_asked_for_again_when_it_was_pulled() -> None:
    visit = Visit().to_pin().pin().send(e.CardFailed("card-unreadable"))
    assert visit.screen.name == "failure.card-unreadable"
    assert visit.pull().state is State.CARD
    assert visit.session.facts is None


def test_a_card_that_hangs_at_its_pin_is_given_up() -> None:
    visit = Visit().to_pin().pin()
    visit.send(e.TimerFired("wait"))
    assert visit.state is State.CHECKING_PIN
    assert visit.fire("idle").screen.name == "failure.card-unreadable"


def test_the_right_pin_greets_by_masked_name() -> None:
    visit = Visit().to_home()
    assert visit.screen.greeting == "陈*娴，您好"
    assert HOLDER.name not in visit.words


def test_who_is_known_does_not_go_back_to_the_ways_to_start() -> None:
    visit = Visit().to_home()
    assert "back" not in visit.controls
    visit.send(e.BackPressed())
    assert visit.state is State.HOME


def test_somebody_looks_at_a_service_then_puts_the_card_in_and_is_led_back_to_it() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro().touch("primary")
    assert visit.state is State.CARD
    visit.insert().recognised().pin().accepted()
    assert (visit.state, visit.application.service.id) == (State.INTRO, "household-proof")


def test_a_card_put_in_while_a_service_is_looked_at_leads_back_to_it_too() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro().insert()
    assert visit.state is State.READING
    visit.recognised().pin().accepted()
    assert visit.state is State.INTRO


def test_an_unreadable_card_wiped_and_put_in_again_still_leads_to_the_service() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro().touch("primary")
    visit.insert().send(e.CardFailed("card-unreadable", 1)).pull().insert().recognised().pin().accepted()
    assert visit.state is State.INTRO


def test_back_from_the_card_prompt_leads_to_the_service_that_asked_for_it() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro().touch("primary", "back")
    assert visit.state is State.INTRO
    visit.touch("primary", "home")
    assert visit.state is State.START
    visit.touch("start.card").insert().recognised().pin().accepted()
    assert visit.state is State.HOME


def test_what_was_looked_at_is_forgotten_when_the_way_is_chosen_anew() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro().touch("home", "back", "start.browse")
    assert (visit.state, visit.session.application) == (State.HOME, None)


def test_a_reader_that_comes_back_while_the_slot_is_watched_in_vain() -> None:
    visit = Visit().touch("language.zh", "start.browse", "event.moved").unplug()
    assert visit.state is State.SERVICES
    assert visit.touch("back").state is State.HOME


def test_a_lost_card_is_refused_and_word_of_one_that_is_gone_is_not_heard() -> None:
    visit = Visit().touch("language.zh", "start.card").insert().recognised()
    insertion = visit.session.card_insertion
    before = visit.session
    assert visit.send(asked.CardLost(insertion - 1)).session == before
    assert visit.send(asked.CardLost(insertion)).screen.name == "failure.card-lost"
    assert visit.session.facts is None
    assert visit.last(s.ReleaseCard) is not None
