"""An address that need not be picked: given before in this visit, or on the card; and which districts are near."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import events as e
from kiosk.cli.gateway.command import _where  # pyright: ignore[reportPrivateUsage]
from kiosk.pieces.areas import Areas, AreasInvalid
from kiosk.pieces.timeline import Path, Place
from kiosk.screen_model import Heading
from kiosk.session.state import State
from kiosk.speech.guide import spoken_words
from kiosk.speech.transcript import transcript
from tests.unit.test_picking import AREAS, MOVING_CATALOGUE, asked, at, correcting, fields_of, to, walk
from tests.unit.visit_kit import HOLDER, Visit, drawn

GIVEN = "广州市荔湾区华林街光复社区8号"
ON_CARD = "广州市海珠区榕树路12号301房"
CARD_HOLDER = replace(HOLDER, address=ON_CARD)


def moving(site: dict[str, str] | None = None, card: bool = False) -> Visit:
    """A visit at the question for an address."""
    visit = Visit(catalogue=MOVING_CATALOGUE, areas=AREAS, site=site or {})
    visit.to_home(CARD_HOLDER if card else HOLDER).to_intro("moving").touch("primary")
    assert visit.application.question == "home"
    return visit


def given() -> Visit:
    """A first address was given; a second one is asked for."""
    return to(asked(), "440103", "HL", "003").touch("area.440103003101").type("8号").touch("primary")


def districts(visit: Visit) -> list[str]:
    return [name.removeprefix("area.") for name in visit.controls if name.startswith("area.44")]


# ------------------------------------------------------------------------------------------------------ what is near


def test_the_terminal_s_own_district_comes_first_and_the_nearest_after_it() -> None:
    visit = moving({"district": "440115"})
    assert districts(visit) == ["440115", "440113", "440105", "440106", "440112", "440104", "440103", "440111"]
    assert Heading("近的在前") in visit.screen.body
    visit.touch("areas.others")
    assert districts(visit) == ["440118", "440114", "440117"]


def test_an_invitation_for_an_office_names_its_district() -> None:
    site = _where("rongshu")
    assert site["district"] == "440103"
    assert districts(moving(site))[0] == "440103"


@pytest.mark.parametrize("site", [{}, {"district": "440199"}, {"office": "rongshu"}])
def test_a_terminal_that_does_not_know_its_district_keeps_the_order_of_the_codes(site: dict[str, str]) -> None:
    visit = moving(site)
    assert districts(visit) == sorted(districts(visit))
    assert not any(isinstance(piece, Heading) for piece in visit.screen.body)


def test_a_district_whose_seat_is_not_known_comes_last() -> None:
    rows = '["440104", "乙区", "B", "Y"], ["440103", "甲区", "A", "J"], ["440105", "丙区", "C", "B"]'
    seats = '{"440103": [113.2, 23.1], "440105": [113.3, 23.1]}'
    table = f'{{"city": {{"names": ["甲市"]}}, "seats": {seats}, "areas": [{rows}]}}'
    small = Areas(lambda: table)
    assert [area.code for area in small.nearest("440103")] == ["440103", "440105", "440104"]
    assert [area.code for area in small.nearest("440104")] == ["440104", "440103", "440105"]
    assert [area.code for area in small.nearest("440106")] == ["440104", "440103", "440105"], "as they are written"
    broken = Areas(lambda: table.replace("[113.2, 23.1]", '"east"'))
    with pytest.raises(AreasInvalid):
        broken.nearest("440103")


def test_the_table_is_read_at_the_first_question_for_an_address_and_once() -> None:
    text, read = Areas(AREAS.source).source, list[str]()

    def source() -> str:
        assert text is not None
        read.append("read")
        return text()

    visit = Visit(catalogue=MOVING_CATALOGUE, areas=Areas(source)).to_home().to_intro("moving")
    assert read == []
    visit.touch("primary", "area.440103")
    assert read == ["read"]


# ---------------------------------------------------------------------------------------------- the address of before


def test_the_address_given_before_is_one_touch_away_and_its_digits_are_hidden() -> None:
    visit = given()
    shown = visit.controls["area.known"]
    assert (shown.text, shown.detail) == ("广州市荔湾区华林街光复社区**号", "刚才给的地址，一按就好")
    visit.touch("area.known")
    assert visit.application.answers["other"] == GIVEN
    assert visit.application.question == "nation"


def test_it_lasts_from_one_service_to_the_next_and_not_to_the_next_citizen() -> None:
    visit = given().touch("home")
    assert visit.state is State.HOME
    visit.to_intro("moving").touch("primary", "area.known")
    assert visit.application.answers["home"] == GIVEN
    assert visit.pull().session.last_address == ""
    visit.fire("idle")
    assert "area.known" not in asked().controls


def test_an_address_elsewhere_is_offered_too_and_one_that_was_refused_is_not() -> None:
    visit = moving().touch("area.elsewhere").type("湖南省长沙市枫桥路66号").touch("primary")
    assert visit.controls["area.known"].text == "湖南省长沙市枫桥路**号"
    visit = moving().touch("area.elsewhere").send(e.PrimaryPressed())
    assert (visit.application.problem, visit.session.last_address) == ("answer-missing", "")


def test_what_stands_in_the_answer_already_is_not_offered_for_itself() -> None:
    visit = given().touch("back", "back", "back", "back")
    assert visit.application.picking.level == "district"
    assert "area.known" not in visit.controls


def test_the_address_on_the_card_is_offered_until_another_was_given() -> None:
    visit = moving(card=True)
    assert visit.controls["area.known"].detail == "卡上的地址，一按就好"
    assert visit.controls["area.known"].text == "广州市海珠区榕树路**号**房"
    visit.touch("area.known")
    assert visit.application.answers["home"] == ON_CARD
    assert fields_of(visit)["home"] == {"value": ON_CARD, "origin": "answer", "area_code": "440105"}
    other = to(moving(card=True), "440103", "HL", "003").touch("area.440103003101").type("8号").touch("primary")
    assert other.controls["area.known"].detail == "刚才给的地址，一按就好"


def test_the_address_that_is_wrong_is_not_offered_as_right() -> None:
    held = correcting().touch("back", "back")
    assert "area.known" not in held.controls
    session = replace(held.session, last_address="广州市越秀区木棉北路60号")
    held.session = session
    held.touch("area.known")
    assert held.application.changing == "proof"
    assert held.application.said["home"]["said"] == "广州市越秀区木棉北路60号"
    assert held.touch("back").application.typed == "木棉北路60号"


@pytest.mark.parametrize("mode", ["mode.reach", "mode.large"])
def test_low_down_and_in_large_letters_it_is_a_row_of_few_words(mode: str) -> None:
    visit = moving(card=True).touch(*[mode] * (1 if mode == "mode.reach" else 2))
    assert visit.controls["area.known"].text == "用卡上的地址"
    assert visit.touch("area.known").application.answers["home"] == ON_CARD
    assert given().touch(*[mode] * (1 if mode == "mode.reach" else 2)).controls["area.known"].text == "用刚才的地址"


def test_the_shortcut_is_reached_by_the_keypad_and_told() -> None:
    visit = moving({"district": "440103"}, card=True)
    told = [one.text for one in transcript(visit.screen, spoken_words("zh-Hans"))]
    assert any("卡上的地址" in text for text in told)
    assert any("或者选一个，近的在前" in text for text in told)
    walk(visit, "area.known")
    assert visit.application.answers["home"] == ON_CARD
    assert "或者选一个" in moving(card=True).words


# ----------------------------------------------------------------------------------------------------------- the way


def test_the_way_to_an_address_stands_in_the_marks_of_the_stepper() -> None:
    visit = asked()

    def way(model_language: str = "zh-Hans") -> tuple[Place, ...]:
        return next(one for one in drawn(visit.session, model_language).body if isinstance(one, Path)).parts

    assert way() == (Place("current", "区"), Place("todo", "街、镇"), Place("todo", "社区、村"))
    visit.touch("area.440103")
    assert way() == (Place("done", "荔湾区"), Place("current", "街、镇"), Place("todo", "社区、村"))
    to_street = visit.type("HL").touch("area.440103003")
    assert way("en")[:2] == (Place("done", "Liwan District"), Place("done", "Hualin Street"))
    told = [one.text for one in transcript(to_street.screen, spoken_words("zh-Hans"))]
    assert "做完了：荔湾区。" in told


def test_who_corrects_sees_the_way_too() -> None:
    visit = at(Visit("rare-name", areas=AREAS).to_form("deed-tax"), "wrong.home")
    assert any(isinstance(piece, Path) for piece in visit.screen.body)
