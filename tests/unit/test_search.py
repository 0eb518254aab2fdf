"""Looking for a service by letters: what a finger types, and what it finds."""

from __future__ import annotations

import pytest

from kiosk.services import search
from kiosk.session.state import State
from tests.unit.visit_kit import CATALOGUE, Visit, drawn


def found(typed: str) -> list[str]:
    return [service.id for service in search.find(CATALOGUE, typed)]


@pytest.mark.parametrize(
    ("typed", "service"),
    [
        ("GJJ", "provident-fund"),
        ("gongjijin", "provident-fund"),
        ("gongjj", "provident-fund"),
        ("gong ji", "provident-fund"),
        ("YE", "provident-fund"),
        ("SB", "social-insurance"),
        ("公积金", "provident-fund"),
        ("余额", "provident-fund"),
        ("公積金", "provident-fund"),
        ("餘額", "provident-fund"),
        ("provident", "provident-fund"),
        ("fund bal", "provident-fund"),
        ("primary", "school"),
        ("xxbm", "school"),
    ],
)
def test_letters_words_and_characters_find_a_service(typed: str, service: str) -> None:
    assert service in found(typed)


def test_a_name_that_begins_with_the_letters_comes_first() -> None:
    assert found("GJJ")[0] == "provident-fund"
    assert found("work")[0] == "employment"


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "龘", "GJJQQ", "98765", "?"])
def test_what_nothing_is_called_finds_nothing(typed: str) -> None:
    assert found(typed) == []


def test_a_single_letter_finds_nine_at_most() -> None:
    assert 0 < len(found("g")) <= search.MOST


def test_a_character_with_two_readings_is_found_by_either() -> None:
    assert {"hang", "xing"} <= set(search.spelt("行")[0])
    assert search.spelt("银行") == (("yin",), ("hang",))


@pytest.mark.parametrize("card", [True, False])
def test_from_home_to_a_service_by_its_initials(card: bool) -> None:
    visit = Visit().to_home() if card else Visit().touch("language.zh", "start.browse")
    visit.touch("search")
    assert visit.state is State.SEARCH
    assert "service.provident-fund" not in visit.controls
    visit.touch("key.G", "key.J", "key.J")
    assert "找到" in visit.words
    visit.touch("service.provident-fund")
    assert visit.state is State.INTRO
    assert visit.application.service.id == "provident-fund"


def test_in_english_a_word_is_enough() -> None:
    visit = Visit().to_home().touch("mode.language", "search").type("Fund")
    assert "service.provident-fund" in visit.controls


def test_a_wrong_letter_is_taken_back_and_nothing_found_is_said() -> None:
    visit = Visit().to_home().touch("search").type("GJQ")
    assert "没有找到" in visit.words
    assert "service.provident-fund" in visit.touch("key.delete").controls
    assert visit.touch("key.clear").session.search.typed == ""


def test_more_than_a_page_is_turned() -> None:
    visit = Visit().to_home().touch("search", "key.G")
    first = {name for name in visit.controls if name.startswith("service.")}
    visit.touch("page.down")
    assert first.isdisjoint(visit.controls)
    assert first <= set(visit.touch("page.up").controls)


def test_the_field_takes_no_more_than_fits_and_no_key_without_a_letter() -> None:
    visit = Visit().to_home().touch("search").type("\n" + "G" * 40)
    assert visit.session.search.typed == "G" * 20


def test_going_back_leads_home_and_the_next_search_is_empty() -> None:
    visit = Visit().to_home().touch("search").type("GJJ").touch("back")
    assert visit.state is State.HOME
    assert visit.touch("search").session.search.typed == ""


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080)])
@pytest.mark.parametrize("larger", [0, 1, 2, 3])
@pytest.mark.parametrize("reach", [False, True])
def test_in_every_size_at_least_one_result_is_offered(size: tuple[int, int], larger: int, reach: bool) -> None:
    visit = Visit().to_home().touch("search").type("GJJ")
    for _ in range(larger):
        visit.touch("mode.large")
    if reach:
        visit.touch("mode.reach")
    settings = type(visit.session.world.settings)(width=size[0], height=size[1])
    session = visit.session
    world = type(session.world)(**{**vars(session.world), "settings": settings})
    model = drawn(type(session)(**{**vars(session), "world": world}))
    assert "service.provident-fund" in str(model.body)


def test_a_search_without_a_visit_is_not_begun() -> None:
    from kiosk.session.asking import search as asked
    from kiosk.session.asking.events import SearchAsked

    visit = Visit().touch("language.zh")
    assert asked.asked(visit.session, SearchAsked()) == (visit.session, ())
