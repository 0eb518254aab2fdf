"""A form on its way to the holder's telephone: what ends it, and what comes too late."""

from __future__ import annotations

from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.asking import phone
from kiosk.session.asking.events import HandedOver, HandoverFailed
from kiosk.session.state import State
from tests.unit.visit_kit import Visit


def test_no_form_in_hand_nothing_to_take_to_the_phone() -> None:
    assert not phone.offered(Visit().to_home().session)


def test_a_card_that_fails_while_the_form_goes_to_the_phone_ends_the_visit() -> None:
    visit = Visit("newcomer").to_form("residence")
    session, effects = phone.refused(visit.session, HandoverFailed("card-removed"))
    assert (session.state, session.holder, session.application) == (State.FAILURE, None, None)
    assert s.ReleaseCard() in effects
    assert phone.timed_out(visit.session, e.TimerFired("nobody's")) == (visit.session, ())


def test_a_code_for_the_telephone_that_comes_too_late_is_taken_back() -> None:
    visit = Visit().to_home()
    before = visit.session
    url = "https://gateway.example/phone#late"
    assert visit.send(HandedOver(url)).session == before
    assert visit.effects[-1] == phone.TakeBack(url)
