"""Finding a service by the agency that it belongs to, and the pages of a list of services: what hands do."""

from __future__ import annotations

import pytest

from kiosk import events as e
from kiosk.pieces.visit import Finding
from kiosk.screen_model import Pager
from kiosk.session.asking.events import AgencyChosen
from kiosk.session.state import State
from tests.unit.visit_kit import CATALOGUE, Visit


def listed(visit: Visit) -> list[str]:
    return [name for name in visit.controls if name.startswith(("agency.", "service."))]


def pages(visit: Visit) -> list[str]:
    """Everything that the list names, page by page."""
    found = listed(visit)
    while visit.controls.get("page.down") is not None and visit.controls["page.down"].event is not None:
        found += listed(visit.touch("page.down"))
    return found


def test_home_leads_to_the_agencies_and_an_agency_to_its_services() -> None:
    visit = Visit().to_home().touch("agencies")
    assert (visit.state, visit.screen.title) == (State.AGENCIES, "找哪个部门？")
    tax = sorted(f"service.{one.id}" for one in CATALOGUE.services.values() if one.agency == "tax")
    assert visit.controls["agency.tax"].detail == f"这里能办 {len(tax)} 件"
    visit.touch("agency.tax")
    assert (visit.screen.where, sorted(listed(visit))) == ("税务局", tax)
    assert visit.touch("service.deed-tax").state is State.INTRO
    assert visit.touch("back").screen.where == "税务局"
    assert visit.touch("back").state is State.AGENCIES
    assert visit.touch("back").state is State.HOME


def test_every_service_is_found_under_its_agency_and_nothing_under_none() -> None:
    visit = Visit().to_home().touch("agencies")
    agencies = pages(visit)
    assert len(agencies) == len(set(agencies)) == len({one.agency for one in CATALOGUE.services.values()})
    found: list[str] = []
    for agency in agencies:
        visit.touch("home", "agencies")
        if agency not in visit.controls:
            visit.touch("page.down")
        found += pages(visit.touch(agency))
    assert sorted(found) == sorted(f"service.{name}" for name in CATALOGUE.services)


def test_back_from_an_agency_leads_to_the_page_on_which_it_stands() -> None:
    visit = Visit().to_home().touch("agencies", "page.down")
    last = listed(visit)[-1]
    visit.touch(last, "back")
    assert last in visit.controls
    assert visit.controls["page.up"].event is not None


def test_it_is_found_without_a_card_and_where_home_has_no_room_from_the_search() -> None:
    visit = Visit().touch("language.zh", "start.browse", "agencies")
    assert visit.state is State.AGENCIES
    for mode, times in (("mode.large", 2), ("mode.reach", 1)):
        visit = Visit().to_home().touch(*[mode] * times)
        assert "agencies" not in visit.controls
        assert visit.touch("search", "agencies").state is State.AGENCIES
    assert "agencies" not in Visit().to_home().touch("search").type("G").controls


def test_what_was_chosen_by_agency_is_forgotten_by_the_other_ways_to_a_service() -> None:
    visit = Visit().to_home().touch("agencies", "agency.tax", "home").to_intro()
    assert visit.session.finding == Finding()
    assert visit.touch("back").screen.where == "我搬家了"
    visit = Visit().to_home().touch("agencies", "agency.tax", "home", "search").type("GJJ")
    visit.touch(listed(visit)[0])
    assert visit.session.finding == Finding()
    assert visit.touch("back", "back").state is State.HOME


@pytest.mark.parametrize("mode", [(), ("mode.large",), ("mode.large",) * 3, ("mode.reach",)])
def test_the_services_of_a_life_event_have_as_many_pages_as_they_need(mode: tuple[str, ...]) -> None:
    visit = Visit().to_home().touch("event.records", *mode)
    found = pages(visit)
    wanted = {f"service.{one.id}" for one in CATALOGUE.services.values() if one.event == "records"}
    assert (set(found), len(found)) == (wanted, len(wanted))


def test_larger_letters_on_the_last_page_and_smaller_ones_again_leave_a_page_that_there_is() -> None:
    visit = Visit().to_home().touch("event.records", *["mode.large"] * 3)
    visit.send(*[e.PageTurned(1)] * 9)
    assert listed(visit)
    visit.touch("mode.large")
    assert listed(visit)
    assert not any(isinstance(piece, Pager) for piece in visit.screen.body)
    assert visit.send(e.PageTurned(-9)).session.finding.page == 0


def test_an_agency_that_there_is_not_and_a_touch_without_anybody_lead_nowhere() -> None:
    visit = Visit().to_home().touch("agencies")
    before = visit.session
    assert visit.send(AgencyChosen("nobody")).session == before
    bare = Visit(catalogue=None).to_home().touch("agencies")
    assert (listed(bare), bare.state) == ([], State.AGENCIES)
    assert "这里还没有可以办的。" in bare.words
