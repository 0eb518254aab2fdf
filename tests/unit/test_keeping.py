"""A form left half filled in: who finds it again, for how long, and what of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.asking import keeping
from kiosk.session.asking.events import ContinueChosen, HandedOver, PhoneAsked
from kiosk.session.state import State
from tests.unit.visit_kit import FACTS, HOLDER, SECRETS, Visit

SERVICE = "every-type"


def half_filled() -> Visit:
    """A form with a few answers, at the question for a phone number."""
    visit = Visit().to_form(SERVICE).until("phone")
    assert visit.application.answers
    return visit


def again(visit: Visit, facts: object = FACTS) -> Visit:
    """The card (this one, or another) is put in, and its PIN accepted."""
    visit.insert()
    visit.send(e.CardRecognised(visit.insertion, facts, 6, False))  # pyright: ignore[reportArgumentType]
    return visit.pin().accepted()


def test_a_card_pulled_by_mistake_finds_its_form_again() -> None:
    visit = half_filled()
    answers = dict(visit.application.answers)
    visit.pull()
    assert "填的内容还在" in visit.words
    again(visit)
    assert visit.controls["home.continue"].text.startswith("接着办")
    visit.touch("home.continue")
    assert (visit.state, visit.application.answers) == (State.INTRO, answers)
    visit.touch("primary")
    assert visit.until("phone").application.answers == answers


def test_after_a_time_out_the_same_card_goes_on() -> None:
    visit = half_filled().fire("idle")
    assert "接着办" in visit.words
    while visit.state is State.TIMEOUT:
        visit.fire("second")
    assert visit.state is State.TAKE_CARD
    assert "填的内容还在" in visit.words, "whoever comes back to the card reads that they may go on"
    assert "您的资料就从这台机器上清除" not in visit.words
    visit.pull()
    assert "home.continue" in again(visit).controls


def signing(visit: Visit) -> Visit:
    """The form is complete, and the card is about to sign."""
    return visit.until().submit()


def failed(visit: Visit) -> Visit:
    """The network went while the form was filled in: it cannot be handed in now."""
    visit.until().send(e.NetworkChanged(up=False)).submit()
    assert visit.screen.name == "failure.needs-network"
    return visit


def resumed(visit: Visit) -> Visit:
    """Taken up again, and not yet at the form."""
    return again(visit.pull()).touch("home.continue")


@pytest.mark.parametrize("way", [failed, resumed])
def test_wherever_the_card_is_pulled_what_was_answered_is_kept(way: Callable[[Visit], Visit]) -> None:
    visit = way(half_filled())
    answers = dict(visit.application.answers)
    visit.pull()
    kept = visit.session.world.kept
    assert kept is not None
    assert kept.answers == answers
    assert "填的内容还在" in visit.words


def test_a_card_pulled_while_it_signs_finds_its_form_again() -> None:
    visit = signing(half_filled())
    answers = dict(visit.application.answers)
    visit.pull()
    assert visit.state is State.SIGNING, "whether it was saved is not known yet"
    visit.send(e.CardFailed("card-unreadable"))
    assert (visit.screen.name, visit.session.holder) == ("failure.card-removed", None)
    assert "填的内容还在" in visit.words
    assert again(visit).touch("home.continue").application.answers == answers


def test_a_failure_that_nobody_answers_keeps_the_form_too() -> None:
    assert failed(half_filled()).fire("idle").session.world.kept is not None


def test_a_form_that_went_on_to_the_telephone_is_not_kept_here() -> None:
    visit = Visit().to_check("contact")
    assert visit.application.answers
    visit.send(PhoneAsked()).send(HandedOver("https://gateway.example/h#t")).pull()
    assert visit.session.world.kept is None


def test_another_card_is_offered_nothing() -> None:
    visit = half_filled().pull()
    other = replace(FACTS, card_id="44019900000000000000000000000099")
    assert "home.continue" not in again(visit, other).controls
    before = visit.session
    assert visit.send(ContinueChosen()).session == before


def test_after_ten_minutes_it_is_gone_wherever_the_terminal_stands() -> None:
    visit = half_filled().pull()
    assert visit.timers[keeping.TIMER] == 600
    visit.fire(keeping.TIMER)
    assert visit.session.world.kept is None
    assert "home.continue" not in again(visit).controls


def test_it_is_offered_until_it_is_taken_up_and_once() -> None:
    visit = again(half_filled().pull()).touch("home.continue")
    assert visit.session.world.kept is None
    assert keeping.TIMER not in visit.timers


def test_a_citizen_who_ends_the_visit_leaves_nothing() -> None:
    assert half_filled().touch("finish").session.world.kept is None


def test_what_was_submitted_or_never_begun_is_not_kept() -> None:
    assert Visit().to_form(SERVICE).pull().session.world.kept is None
    visit = Visit().to_saved("household-proof").pull()
    assert visit.session.world.kept is None


def test_the_next_citizen_s_pulled_card_is_not_told_that_something_is_kept() -> None:
    visit = half_filled().pull()
    other = replace(FACTS, card_id="44019900000000000000000000000099")
    again(visit, other).pull()
    assert "没有留下填到一半的内容" in visit.words
    assert visit.session.world.kept is not None


def test_only_what_the_citizen_answered_is_kept_and_nothing_of_it_is_told() -> None:
    visit = half_filled()
    answers = dict(visit.application.answers)
    kept = visit.pull().session.world.kept
    assert kept is not None
    assert kept.answers == answers
    assert not any(secret.encode() in kept.card or secret in str(vars(kept)) for secret in SECRETS)
    assert not any(secret in repr(visit.session) for secret in SECRETS)
    assert not any(answer in repr(kept) for answer in answers.values())


def test_a_service_that_was_changed_meanwhile_begins_anew() -> None:
    visit = half_filled().pull()
    kept = visit.session.world.kept
    assert kept is not None
    visit.session = replace(visit.session, world=replace(visit.session.world, kept=replace(kept, version="0")))
    assert "home.continue" not in again(visit).controls


def test_an_answer_that_is_no_longer_offered_is_asked_again() -> None:
    visit = Visit().to_form(SERVICE).until("agreed")
    visit.touch("choice.agreed.yes").pull()
    kept = visit.session.world.kept
    assert kept is not None
    stale = replace(kept, answers={**kept.answers, "agreed": "perhaps"})
    visit.session = replace(visit.session, world=replace(visit.session.world, kept=stale))
    again(visit).touch("home.continue", "primary")
    assert "agreed" not in visit.until("agreed").application.answers


def test_the_card_s_digest_is_not_the_card_s_number() -> None:
    assert keeping.digest(FACTS.card_id) != keeping.digest(FACTS.card_id + "0")
    assert len(keeping.digest(FACTS.card_id)) == 32


@pytest.mark.parametrize("state", [State.HOME, State.INTRO])
def test_outside_a_form_nothing_is_kept(state: State) -> None:
    visit = Visit().to_home(HOLDER)
    if state is State.INTRO:
        visit.to_intro(SERVICE)
    assert visit.state is state
    assert keeping.keep(visit.session) == (visit.session, ())
    assert not any(isinstance(effect, s.StartTimer) and effect.name == keeping.TIMER for effect in visit.effects)
