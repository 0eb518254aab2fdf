"""A visit by the city's app, event by event: what comes late, twice, or from somewhere else changes nothing."""

from __future__ import annotations

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk.session.arrival.effects import AskApproval, AskSignIn, EndSignIn, LookAtSignIn, TakeBackForm
from kiosk.session.asking.events import FormAsked, SignInFailed, SignInMade, SignInSeen
from kiosk.session.state import SaveEntry, State
from tests.unit.visit_kit import APP_HOLDER, SIGN_IN, Visit


def to_code() -> Visit:
    return Visit().touch("language.zh", "start.app").send(SignInMade(SIGN_IN))


def test_the_gateway_is_asked_once_and_then_looked_at_every_second() -> None:
    visit = Visit().touch("language.zh", "start.app")
    assert (visit.state, visit.last(AskSignIn)) == (State.ASKING_APP, AskSignIn())
    visit.send(SignInMade(SIGN_IN)).fire("app")
    assert visit.last(LookAtSignIn).key == SIGN_IN.key
    assert "app" in visit.timers
    assert visit.timers["idle"] > SIGN_IN.expires_s


def test_a_gateway_that_says_nothing_is_not_waited_for_for_ever() -> None:
    visit = Visit().touch("language.zh", "start.app").send(e.TimerFired("second"))
    assert visit.state is State.ASKING_APP
    assert visit.fire("wait").session.failure == "app-not-now"


def test_a_code_that_comes_after_the_screen_was_left_is_ended() -> None:
    visit = Visit().touch("language.zh", "start.app", "finish").send(SignInMade(SIGN_IN))
    assert visit.state is State.ATTRACT
    assert visit.last(EndSignIn).key == SIGN_IN.key


def test_the_code_stands_while_nothing_has_happened() -> None:
    visit = to_code()
    before = visit.session
    visit.send(SignInSeen("waiting"), e.NetworkChanged(up=True), e.TimerFired("second"))
    visit.send(e.SlotChanged(SlotState.EMPTY, 0), e.StartChosen("browse"))
    assert visit.session == before
    visit.send(SignInSeen("opened"))
    after = visit.session
    assert visit.send(SignInSeen("opened")).session == after
    assert visit.fire("idle").session.failure == "app-expired"


def test_a_card_that_cannot_be_read_is_said_under_the_code() -> None:
    visit = to_code().insert(SlotState.MUTE)
    assert visit.session.failure == "card-unreadable"
    assert visit.last(EndSignIn).key == SIGN_IN.key


def test_at_the_card_prompt_only_the_telephone_is_another_way() -> None:
    visit = Visit().touch("language.zh", "start.card").send(e.StartChosen("browse"))
    assert visit.state is State.CARD
    assert visit.touch("start.app").state is State.ASKING_APP


@pytest.mark.parametrize("sex", ["male", "female", "neither"])
def test_who_signed_in_is_who_the_gateway_says(sex: str) -> None:
    visit = to_code().send(SignInSeen("approved", {**APP_HOLDER, "sex": sex}))
    holder = visit.session.holder
    assert holder is not None
    assert holder.sex == (sex if sex != "neither" else "unknown")
    assert visit.session.facts is None


def test_a_service_that_is_gone_since_leads_home() -> None:
    visit = Visit().touch("language.zh", "start.browse").to_intro("contact").touch("primary", "start.app")
    visit.send(SignInMade(SIGN_IN))
    visit.session = visit.session.__class__(**{**vars(visit.session), "wanted_service": "gone"})
    assert visit.send(SignInSeen("approved", APP_HOLDER)).state is State.HOME


def test_an_answer_to_an_earlier_form_does_not_hand_this_one_in() -> None:
    visit = Visit().by_app().to_intro("contact").touch("primary", "primary").answered().until().submit()
    assert visit.state is State.APPROVING
    assert visit.last(AskApproval).draft["sign_in"] == "app"
    visit.send(SignInSeen("approved", APP_HOLDER, "approved", "old"))
    assert visit.state is State.APPROVING
    visit.send(FormAsked(), SignInSeen("approved", APP_HOLDER, "waiting"), e.TimerFired("second"))
    visit.send(e.NetworkChanged(up=True))
    assert visit.state is State.APPROVING
    visit.fire("app").send(SignInSeen("approved", APP_HOLDER, "approved", "new"))
    assert visit.state is State.SIGNING
    assert visit.last(SaveEntry).document["app_approval"] == {"token": "new"}


def test_nobody_answers_and_the_terminal_stops_waiting() -> None:
    visit = Visit().to_approval().fire("idle")
    assert visit.session.failure == "app-unanswered"
    assert visit.last(TakeBackForm).key == SIGN_IN.key


def test_a_form_that_the_gateway_no_longer_takes_ends_the_visit() -> None:
    visit = Visit().to_approval().send(SignInFailed("sign-in-over"))
    assert (visit.session.failure, visit.session.holder) == ("app-ended", None)


def test_the_goodbye_ends_by_itself_by_a_touch_or_with_the_next_card() -> None:
    def gone() -> Visit:
        return Visit().by_app().touch("finish")

    assert gone().fire("idle").state is State.ATTRACT
    assert gone().touch("primary").state is State.ATTRACT
    assert gone().send(e.TimerFired("second"), e.SlotChanged(SlotState.EMPTY, 0)).state is State.GOODBYE
    assert gone().insert().state is State.READING


def test_a_card_left_in_the_slot_is_asked_for_instead_of_a_goodbye() -> None:
    visit = Visit().by_app()
    visit.session = visit.session.__class__(
        **{**vars(visit.session), "world": visit.session.world.__class__(
            **{**vars(visit.session.world), "slot": SlotState.PRESENT})}
    )  # fmt: skip
    assert visit.touch("finish").state is State.TAKE_CARD


def test_another_code_is_asked_for_without_a_network_and_the_card_is_named() -> None:
    visit = to_code().send(SignInSeen("refused"), e.NetworkChanged(up=False)).touch("primary")
    assert visit.session.failure == "app-offline"
    assert visit.touch("back").state is State.START
