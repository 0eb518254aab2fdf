"""Where the screen is low, the consent takes several pages: nobody agrees to what was not shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import events as e
from kiosk.session.service import consent_pages
from kiosk.session.state import FetchData, State
from kiosk.settings import Settings
from tests.unit.visit_kit import Visit

SERVICE = "school"
"""Its data come from six agencies."""


def low() -> Visit:
    """A citizen in reach mode before the consent of a service that asks six agencies."""
    visit = Visit().to_home().touch("mode.reach").to_intro(SERVICE).touch("primary")
    assert visit.state is State.CONSENT
    return visit


def agencies(visit: Visit) -> int:
    return sum(name in visit.words for name in ("规划和自然资源局", "公安局", "教育局", "卫生健康委员会"))


def test_on_the_tall_screen_everything_is_asked_at_once() -> None:
    visit = Visit().to_home().to_intro(SERVICE).touch("primary")
    assert consent_pages(visit.session) == 1
    assert agencies(visit) == 4
    assert visit.controls["primary"].text == "我同意，去查"


@pytest.mark.parametrize(("scale", "count"), [(1.0, 1), (1.25, 2), (1.6, 2), (2.0, 3)])
def test_large_letters_turn_pages_instead_of_growing_small(scale: float, count: int) -> None:
    visit = Visit().to_home().to_intro(SERVICE).touch("primary")
    assert consent_pages(replace(visit.session, modes=replace(visit.session.modes, text_scale=scale))) == count


def test_low_down_the_first_page_leads_to_the_second_and_fetches_nothing() -> None:
    visit = low()
    assert consent_pages(visit.session) == 2
    assert "第 1 页，共 2 页" in visit.words
    assert visit.controls["primary"].text == "看下一页"
    visit.touch("primary")
    assert visit.state is State.CONSENT
    assert not any(isinstance(effect, FetchData) for effect in visit.effects)
    assert "教育局" in visit.words
    visit.touch("primary")
    assert visit.state is State.FETCHING
    assert visit.application.page == 0


def test_back_turns_the_page_and_then_leads_to_the_intro() -> None:
    visit = low().touch("primary", "back")
    assert "第 1 页，共 2 页" in visit.words
    assert visit.touch("back").state is State.INTRO


def test_no_can_be_said_on_every_page() -> None:
    for pages in ((), ("primary",)):
        visit = low().touch(*pages, "consent.refuse")
        assert visit.state is not State.CONSENT
        assert not any(isinstance(effect, FetchData) for effect in visit.effects)


def test_a_screen_that_is_put_up_again_begins_at_the_first_page() -> None:
    visit = low().touch("primary", "mode.reach")
    assert visit.controls["primary"].text == "我同意，去查"
    assert visit.touch("mode.reach").application.page == 0
    assert low().touch("primary", "back", "back", "primary").application.page == 0


def test_in_landscape_only_large_letters_need_more_than_one_page() -> None:
    visit = Visit(settings=Settings(width=1920, height=1080)).to_home().to_intro(SERVICE).touch("primary")
    assert consent_pages(visit.session) == 1
    modes = replace(visit.session.modes, text_scale=2.0)
    assert consent_pages(replace(visit.session, modes=modes)) == 3


def test_a_terminal_that_is_cut_off_meanwhile_still_shows_both_pages() -> None:
    visit = low().send(e.NetworkChanged(up=False)).touch("primary")
    assert visit.state is State.CONSENT
    assert visit.controls["primary"].text == "我同意，继续"
