"""From the home screen to the city's data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.asking.events import PhoneAsked
from kiosk.session.state import State
from tests.unit.visit_kit import CATALOGUE, HOLDER, PERSONAS, Visit


def test_home_drops_the_form_and_the_visit_goes_on() -> None:
    visit = Visit().to_form().touch("home")
    assert (visit.state, visit.session.application) == (State.HOME, None)
    assert visit.session.holder == HOLDER


def test_back_leads_from_consent_to_intro_to_services_to_home() -> None:
    visit = Visit().to_home().to_intro().touch("primary")
    for state in (State.INTRO, State.SERVICES, State.HOME):
        assert visit.touch("back").state is state


def test_a_service_that_is_no_longer_offered_leads_back_home() -> None:
    visit = Visit().to_home().touch("event.moved").send(e.ServiceChosen("gone"))
    assert visit.screen.name == "failure.service-gone"
    assert visit.touch("back").state is State.HOME


def test_a_new_catalogue_waits_until_this_visit_is_over() -> None:
    newer = replace(CATALOGUE, version="newer", services={})
    visit = Visit().to_form().send(e.CatalogueChanged(newer))
    visit.until().submit().signed().saved().acked().touch("primary")
    assert visit.state is State.RECEIPT
    visit.touch("finish").pull()
    assert visit.session.world.catalogue is newer
    assert visit.session.world.newer is None


def test_a_new_catalogue_is_taken_at_once_while_nobody_is_there() -> None:
    newer = replace(CATALOGUE, version="newer")
    assert Visit().send(e.CatalogueChanged(newer)).session.world.catalogue is newer


def test_a_child_is_told_before_anything_is_asked() -> None:
    visit = Visit().to_home(replace(HOLDER, birth_date="2015-01-01")).to_intro().touch("primary")
    assert visit.screen.name == "failure.not-eligible"
    assert visit.touch("back").state is State.INTRO


def test_a_service_that_needs_the_network_says_so_at_its_door() -> None:
    visit = Visit(network_up=False).to_home().to_intro("every-type").touch("primary")
    assert visit.screen.name == "failure.needs-network"
    assert visit.touch("home").state is State.HOME


NEEDY = {"evidence": [{"id": "x", "subjects": ["tax.rule"], "replaces": {"zh-Hans": "甲", "en": "A"},
                       "why": {"zh-Hans": "乙", "en": "B"}}]}  # fmt: skip


def needy() -> Visit:
    """A visit at the consent of a service that works only with data."""
    from tests.unit.visit_kit import EVERY_TYPE, catalogue

    made = catalogue({**EVERY_TYPE, **NEEDY, "id": "needy"})
    return Visit(catalogue=made).to_home().to_intro("needy").touch("primary")


def test_the_network_is_cut_between_the_door_and_the_consent() -> None:
    visit = needy().send(e.NetworkChanged(up=False)).touch("primary")
    assert visit.screen.name == "failure.needs-network"


def test_a_service_that_needs_data_cannot_go_on_without_consent() -> None:
    visit = needy().touch("consent.refuse")
    assert visit.screen.name == "failure.needs-consent"
    assert visit.touch("back").state is State.CONSENT


def test_the_office_of_such_a_service_is_silent() -> None:
    visit = needy().touch("primary").fire("wait")
    assert visit.screen.name == "failure.needs-network"
    assert visit.touch("back").state is State.INTRO


def test_a_service_that_fetches_nothing_asks_for_no_consent() -> None:
    visit = Visit().to_home().to_intro("every-type").touch("primary")
    assert (visit.state, visit.application.question) == (State.FORM, "count")
    assert visit.touch("back").state is State.INTRO


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ({"answered": False}, "printer-absent"),
        ({"paper": "out"}, "printer-paper-out"),
        ({"cover": "open"}, "printer-cover-open"),
        ({"error": "head-hot"}, "printer-fault"),
    ],
)
def test_the_printer_is_in_trouble_and_the_citizen_goes_on_without_paper(
    status: dict[str, object], failure: str
) -> None:
    visit = Visit().to_home().printer(**status).to_intro().touch("primary")
    assert visit.screen.name == f"failure.{failure}"
    assert visit.touch("primary").state is State.CONSENT
    visit.touch("back", "primary")
    assert visit.state is State.CONSENT, "asked once is enough"


def test_the_printer_is_found_silent_when_the_intro_is_past_already() -> None:
    visit = Visit().to_home().to_intro().touch("primary").printer(online=True, paper="near-end")
    assert visit.state is State.CONSENT, "it can print"
    visit.printer(answered=False)
    assert visit.screen.name == "failure.printer-absent"
    assert visit.touch("primary").state is State.CONSENT
    assert visit.printer(paper="out").state is State.CONSENT, "asked once is enough"


def test_nobody_ever_heard_of_a_printer() -> None:
    assert Visit(printer=None).to_home().to_intro().touch("primary").screen.name == "failure.printer-absent"


def test_what_the_office_sends_beyond_the_consent_does_not_enter_the_form() -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary")
    extra = e.SubjectData("tax.deed", "tax", "2026-01-01", {"due": "1"})
    known = e.SubjectData("pop.person", "psb", "2026-01-01", {"name": "陈晓娴"})
    visit.send(e.DataFetched((extra, known), "household-proof"))
    assert set(visit.application.subjects) == {"pop.person"}


def test_the_answer_to_the_service_before_does_not_fill_this_one() -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary").fire("wait")
    assert visit.state is State.FORM
    visit.touch("back", "back", "back", "service.residence", "primary", "primary")
    assert visit.state is State.FETCHING
    for late in (e.DataFetched((), "household-proof"), e.LookupFailed("gateway-silent", "household-proof")):
        visit.send(late)
        assert visit.state is State.FETCHING


def test_a_newcomer_is_let_in_by_the_city_s_data_and_a_native_is_not() -> None:
    assert Visit("newcomer").to_form("residence").state is State.FORM
    assert Visit("parent").to_form("residence").screen.name == "failure.not-eligible"


def test_a_gateway_that_refuses_leaves_the_form_to_the_card() -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary")
    visit.send(e.LookupFailed("gateway-refused", "household-proof"))
    assert (visit.state, visit.application.fetched) == (State.FORM, False)
    assert "卡里有的先填上，其余由部门补。" in visit.words


@pytest.mark.parametrize("code", ["card-unreadable", "no-card", "pin-blocked"])
def test_a_card_that_fails_at_the_lookup_ends_what_was_begun(code: str) -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary").send(e.LookupFailed(code, "household-proof"))
    assert visit.screen.name == f"failure.{code}"
    assert (visit.session.holder, visit.session.application) == (None, None)


def test_another_timer_does_not_end_the_wait_for_the_office() -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary").send(e.TimerFired("second"))
    assert visit.state is State.FETCHING


def test_consent_may_be_taken_back_and_what_was_fetched_goes_with_it() -> None:
    visit = Visit().to_form()
    assert visit.application.fetched
    visit.touch("back", "consent.refuse")
    assert (dict(visit.application.subjects), visit.application.fetched) == ({}, False)
    assert PERSONAS["parent"].records["pop.person"]["hukou"] not in repr(visit.session)


def test_without_a_network_consent_is_for_later() -> None:
    visit = Visit(network_up=False).to_home().to_intro().touch("primary")
    assert "现在没有网络，先用卡里的资料" in visit.words
    visit.touch("primary")
    assert (visit.state, visit.application.fetched) == (State.FORM, False)
    assert not any(isinstance(effect, s.FetchData) for effect in visit.effects)


def test_a_stray_home_after_the_card_is_gone_leads_nowhere() -> None:
    visit = Visit().to_home().pull().send(e.HomePressed())
    assert visit.screen.name == "failure.card-removed"


def test_the_wait_for_the_office_can_be_left_with_the_card() -> None:
    visit = Visit().to_home().to_intro().touch("primary", "primary", "finish")
    assert visit.state is State.TAKE_CARD
    assert "wait" not in visit.timers


def test_a_form_does_not_go_to_a_telephone_once_the_network_is_gone() -> None:
    visit = Visit("newcomer").to_form("residence").send(e.NetworkChanged(up=False))
    before = visit.session
    assert visit.send(PhoneAsked()).session == before
    assert visit.send(e.NetworkChanged(up=True), PhoneAsked()).session.state is State.HANDING
