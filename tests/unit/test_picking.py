"""An address by district, street and community, and long lists by letters: what hands do, and what is signed."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from kiosk import events as e
from kiosk.pieces import areas
from kiosk.pieces.visit import Picking
from kiosk.screen_model import Field, Keyboard
from kiosk.services import search
from kiosk.session.asking.events import ListSearched
from kiosk.session.asking.picking import level
from kiosk.session.common import form_of
from kiosk.session.form import document
from kiosk.session.state import State
from kiosk.speech import focus
from kiosk.speech.guide import spoken_words
from kiosk.speech.transcript import transcript
from tests.unit.visit_kit import ASSETS, BARE, Visit, catalogue, drawn, tomllib_copy

TEXT = ASSETS.joinpath("city", "divisions.json").read_text("utf-8")
AREAS = areas.Areas(lambda: TEXT)
MOVING: dict[str, Any] = {**tomllib_copy(BARE), "id": "moving", "event": "home"}
MOVING["field"] = [
    {"id": "home", "type": "place", "label": {"zh-Hans": "新住址", "en": "New address"}},
    {"id": "other", "type": "place", "required": False, "label": {"zh-Hans": "另一个住址", "en": "Other address"}},
    {"id": "nation", "type": "choice", "choices": "ethnic", "label": {"zh-Hans": "民族", "en": "Ethnic group"}},
]
MOVING_CATALOGUE = catalogue(MOVING)
LIWAN, HUALIN, DEXING = "area.440103", "area.440103003", "area.440103003102"


def asked(question: str = "home") -> Visit:
    """A visit that is asked for an address, or for a choice of a long list."""
    visit = Visit(catalogue=MOVING_CATALOGUE, areas=AREAS).to_form("moving")
    if question != "home":
        visit.touch(LIWAN, HUALIN, DEXING).type("8").touch("primary")
    if question == "nation":
        visit.touch("primary")
    assert visit.application.question == question
    return visit


PERSONA = "rare-name"


def correcting(persona: str = PERSONA) -> Visit:
    return at(Visit(persona, areas=AREAS).to_form("deed-tax"), "wrong.home")


def walk(visit: Visit, wanted: str) -> None:
    """Press the keypad's arrow until the control has the focus, then choose it."""
    screen = visit.screen
    at = focus.first(screen)
    for _ in focus.spots(screen):
        if at == wanted:
            break
        at = focus.moved(screen, at, "right")
    assert at == wanted
    visit.touch(at)


def at(visit: Visit, control: str) -> Visit:
    for _ in range(9):
        if control in visit.controls:
            return visit.touch(control)
        visit.touch("page.down" if "page.down" in visit.controls else "primary")
    raise AssertionError(control)


def fields_of(visit: Visit) -> dict[str, dict[str, str]]:
    """The fields as they would be signed."""
    made = document(visit.session, form_of(visit.session, visit.application))
    return made["fields"]  # pyright: ignore[reportReturnType]


def to(visit: Visit, district: str, letters: str, *more: str) -> Visit:
    return visit.touch(f"area.{district}").type(letters).touch(*(f"area.{district}{code}" for code in more))


# ------------------------------------------------------------------------------------------ the table of areas


def test_every_level_of_the_city_is_there_and_its_names_are_unlike_each_other() -> None:
    assert [area.names["zh-Hans"] for area in AREAS.within[""]][:3] == ["荔湾区", "越秀区", "海珠区"]
    assert len(AREAS.within[""]) == 11
    for inside in AREAS.within.values():
        names = [area.names["zh-Hans"] for area in inside]
        assert len(names) == len(set(names))
        assert all(set(area.names) == {"zh-Hans", "en"} and area.initials.isupper() for area in inside)
    assert all(AREAS.within.get(code) for code in AREAS.by_code if len(code) == 6)


def test_the_invented_streets_are_those_of_the_invented_people() -> None:
    material = tomllib.loads(ASSETS.joinpath("city", "material.toml").read_text("utf-8"))
    for district in material["district"]:
        assert AREAS.by_code[district["code"]].names == district["name"]
        for street in district["street"]:
            code = district["code"] + street["code"]
            assert AREAS.by_code[code].names == {"zh-Hans": street["zh-Hans"], "en": street["en"]}
            inside = [area.names["zh-Hans"] for area in AREAS.within[code]]
            assert inside == [f"{name}社区" for name in street["communities"]]


def test_every_area_is_read_back_from_the_address_that_begins_with_it() -> None:
    for code in AREAS.by_code:
        assert AREAS.read(AREAS.written(code) + "8号") == (code, "8号")
    assert AREAS.written("") == ""


@pytest.mark.parametrize(
    ("text", "code", "left"),
    [
        ("广东省广州市荔湾区榕树街榕荫路12号", "440103901", "榕荫路12号"),
        (" 荔湾区 ", "440103", ""),
        ("荔湾区没有街8号", "440103", "没有街8号"),
        ("廣東省廣州市荔灣區榕樹街榕蔭路12號", "440103901", "榕蔭路12號"),
        ("湖南省長沙市楓橋路66號", "", "湖南省長沙市楓橋路66號"),
        ("湖南省长沙市枫桥路66号", "", "湖南省长沙市枫桥路66号"),
        ("", "", ""),
    ],
)
def test_an_address_tells_where_it_lies(text: str, code: str, left: str) -> None:
    assert AREAS.read(text) == (code, left)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{}",
        '{"city": {"names": []}, "areas": []}',
        '{"city": {"names": ["甲"]}, "areas": [["440103", "甲区", "A"]]}',
        '{"city": {"names": ["甲"]}, "areas": [["44010", "甲区", "A", "J"]]}',
        '{"city": {"names": ["甲"]}, "areas": [["440103", "", "A", "J"]]}',
        '{"city": {"names": ["甲"]}, "areas": [["440103001", "甲街", "A", "J"]]}',
    ],
)
def test_a_table_that_is_broken_is_refused_with_a_code(broken: str) -> None:
    with pytest.raises(areas.AreasInvalid) as caught:
        areas.Areas(lambda: broken).read("荔湾区")
    assert caught.value.code == "areas-invalid"


# ---------------------------------------------------------------------------------------------- the letters


NAMES = [area.names for area in AREAS.within["440103"]]


def test_letters_find_what_begins_with_them_first() -> None:
    found = [NAMES[at]["zh-Hans"] for at in search.matching(NAMES, "H")]
    assert found[:3] == ["华林街", "花地街", "海龙街"]
    assert search.matching(NAMES, " ") == tuple(range(len(NAMES)))
    assert [NAMES[at]["zh-Hans"] for at in search.matching(NAMES, "hualin s")] == ["华林街"]


@pytest.mark.parametrize("typed", ["", "h", "hu", "l", "LW", "rongshu", "x", "qq"])
def test_a_letter_is_live_exactly_where_it_still_finds_something(typed: str) -> None:
    live = {letter for letter in "abcdefghijklmnopqrstuvwxyz" if search.matching(NAMES, typed + letter)}
    assert search.following(NAMES, typed) == live


# --------------------------------------------------------------------------------------------- the address


def test_an_address_is_picked_by_district_street_and_community_and_the_rest_is_written() -> None:
    visit = asked()
    assert "另外 3 个" in visit.words
    visit.touch("area.440103")
    assert "荔湾区的哪条街" in visit.words
    visit.type("hl").touch("area.440103003", "area.440103003101")
    visit.type("12").touch("primary")
    assert visit.application.answers["home"] == "广州市荔湾区华林街光复社区12"
    assert fields_of(visit)["home"] == {
        "value": "广州市荔湾区华林街光复社区12",
        "origin": "answer",
        "area_code": "440103003101",
    }


def test_the_other_districts_are_behind_the_last_tile_and_back_again() -> None:
    visit = asked().touch("areas.others")
    assert {"area.440118", "areas.others"} <= set(visit.controls)
    assert "area.440103" not in visit.controls
    assert "area.440103" in visit.touch("areas.others").controls


def test_keys_that_lead_nowhere_are_off_and_the_rest_is_taken_back_letter_by_letter() -> None:
    visit = asked().touch(LIWAN).type("H")
    keyboard = next(piece for piece in visit.screen.body if isinstance(piece, Keyboard))
    off = {key.text for row in keyboard.rows for key in row if key.event is None}
    assert {"Q", "W"} <= off
    assert "L" not in off
    visit.touch("key.L", "key.delete")
    assert visit.application.picking.typed == "H"
    assert visit.touch("key.clear").application.picking.typed == ""
    assert visit.type("x" * 40).application.picking.typed == "x" * 20
    assert "没有找到" in visit.words


def test_back_goes_one_level_up_and_then_out_of_the_question() -> None:
    visit = asked()
    to(visit, "440103", "HL", "003").touch("area.440103003101").type("8")
    assert visit.application.picking.level == "rest"
    for shown in ("community", "street", "district"):
        assert visit.touch("back").application.picking.level == shown
    assert visit.application.typed == "8"
    # the same way down again keeps what was written; another district does not
    to(visit, "440103", "HL", "003").touch("area.440103003102")
    assert visit.application.typed == "8"
    visit.touch("back", "back", "back", "area.440104")
    assert visit.application.typed == ""
    assert visit.touch("back", "back").state is State.INTRO


def test_who_does_not_know_the_community_goes_on_without_it() -> None:
    visit = to(asked(), "440103", "HL", "003").touch("primary").type("9")
    assert fields_of(visit.touch("primary"))["home"]["area_code"] == "440103003"


def test_an_address_elsewhere_is_written_from_its_beginning_and_has_no_code() -> None:
    visit = asked().touch("area.elsewhere").type("ELSEWHERE 8")
    assert "请从省、市写起" in visit.words
    assert visit.touch("back").application.picking.level == "district"
    assert visit.touch("area.elsewhere").application.typed == "ELSEWHERE 8"
    assert "area_code" not in fields_of(visit.touch("primary"))["home"]
    # asked again, it stands as it was written
    assert visit.touch("back").application.picking.level == "rest"
    assert visit.application.typed == "ELSEWHERE 8"


def test_what_was_answered_opens_at_its_place() -> None:
    visit = to(asked(), "440103", "HL", "003").touch("primary").type("9").touch("primary", "back")
    assert (visit.application.picking.area, visit.application.typed) == ("440103003", "9")
    assert next(piece for piece in visit.screen.body if isinstance(piece, Field)).value == "9"


def test_the_rest_of_an_address_that_must_be_given_is_asked_for() -> None:
    visit = to(asked(), "440103", "HL", "003").touch("primary")
    visit.send(e.PrimaryPressed(session_id=visit.session.id))
    assert visit.application.problem == "answer-missing"
    assert visit.application.question == "home"


def test_an_address_that_need_not_be_given_is_left_out_or_given_as_far_as_it_is_known() -> None:
    visit = asked("other")
    assert visit.touch("primary").application.answers["other"] == ""
    visit = to(asked("other"), "440103", "HL", "003").touch("primary", "primary")
    assert visit.application.answers["other"] == "广州市荔湾区华林街"


def test_touches_that_fit_no_level_change_nothing() -> None:
    visit = asked()
    before = visit.session
    visit.type("A").send(e.KeysErased(), e.AnswerChosen("440103003"), ListSearched(True), e.PrimaryPressed())
    assert visit.session == before
    visit.touch("area.elsewhere").send(ListSearched(True))
    assert not visit.application.picking.seeking


def test_a_small_city_has_no_other_districts_and_a_street_of_no_communities_leads_to_the_rest() -> None:
    rows = [["440103", "甲区", "A", "J"], ["440103001", "乙街", "B", "Y"]]
    text = json.dumps({"city": {"names": ["甲市"]}, "areas": rows})
    small = areas.Areas(lambda: text)
    visit = Visit(catalogue=MOVING_CATALOGUE, areas=small).to_form("moving")
    assert "areas.others" not in visit.controls
    visit.touch("area.440103", "area.440103001").type("8")
    assert visit.touch("back").application.picking.level == "street"
    assert visit.touch("area.440103001", "primary").application.answers["home"] == "甲市甲区乙街8"


def test_the_lowered_screen_names_the_district_alone_over_the_keys() -> None:
    assert asked().touch("mode.reach", LIWAN).screen.title == "荔湾区"


def test_without_the_table_an_address_is_written() -> None:
    visit = Visit(catalogue=MOVING_CATALOGUE).to_form("moving")
    assert visit.application.picking.level == ""
    assert visit.type("8").touch("primary").application.answers["home"] == "8"


# ---------------------------------------------------------------------------------------------- correcting


def test_what_an_office_holds_wrongly_opens_at_its_place_and_what_is_right_is_signed_with_its_code() -> None:
    visit = correcting()
    assert (visit.application.picking.level, visit.application.picking.area) == ("community", "440105901")
    visit.touch("area.440105901002").type("5").touch("primary")
    assert visit.application.changing == "proof"
    visit.touch("back")
    assert (visit.application.picking.area, visit.application.typed) == ("440105901002", "5")
    visit.touch("primary", "proof.none", "primary")
    signed = fields_of(visit)["home"]
    assert (signed["said"], signed["said_area_code"]) == ("广州市海珠区晓岸街东涌口社区5", "440105901002")
    assert "area_code" not in signed


@pytest.mark.parametrize("backs", [1, 2])
def test_who_cannot_say_which_street_leaves_it_to_the_office(backs: int) -> None:
    visit = correcting().touch(*["back"] * backs)
    assert "说不准" in visit.words
    visit.touch("primary")
    assert fields_of(visit)["home"]["disputed"] == "yes"
    assert "said" not in fields_of(visit)["home"]


def test_who_cannot_say_the_rest_leaves_it_to_the_office_too() -> None:
    visit = correcting().touch("area.440105901002", "primary")
    assert "home" in visit.application.disputed


def test_back_through_every_level_corrects_nothing() -> None:
    visit = correcting().touch("back", "back", "back")
    assert visit.application.question == ""
    assert visit.application.disputed == frozenset()


# ----------------------------------------------------------------------------------------------- long lists


def test_a_long_list_is_searched_and_back_leaves_the_answer_as_it_was() -> None:
    visit = asked("nation").touch("choice.nation.03", "list.search").type("ZZ")
    assert set(visit.controls) >= {"choice.nation.04", "list.search"}
    visit.touch("back")
    assert visit.application.answers["nation"] == "03"
    assert not visit.application.picking.seeking
    assert visit.application.page == 0


def test_what_is_found_by_letters_is_chosen_and_the_list_shows_it() -> None:
    visit = asked("nation").touch("list.search").type("DZ").touch("choice.nation.18")
    assert visit.application.answers["nation"] == "18"
    assert visit.controls["choice.nation.18"].selected
    assert visit.controls["primary"].event is not None


@pytest.mark.parametrize(("modes", "buttons"), [(("mode.reach",), 1), (("mode.large",) * 3, 1), ((), 2)])
def test_the_pages_of_what_is_found_can_be_turned(modes: tuple[str, ...], buttons: int) -> None:
    visit = asked("nation").touch("list.search", *modes)
    first = [name for name in visit.controls if name.startswith("choice.")]
    assert sum(name.startswith("page.") for name in visit.controls) == buttons
    visit.touch("page.down")
    assert first != [name for name in visit.controls if name.startswith("choice.")]
    visit.send(*[e.PageTurned(1)] * 60)
    assert "page.up" in visit.controls
    assert "choice.nation.56" in visit.controls


def test_a_short_list_has_no_search() -> None:
    visit = Visit(areas=AREAS).to_question("use", "long-proof")
    assert "list.search" not in visit.controls
    before = visit.session
    assert visit.send(ListSearched(True)).session == before
    assert visit.send(e.PageTurned(1)).application.page == 0


def test_rows_of_the_form_still_turn_and_answers_are_still_typed() -> None:
    visit = Visit(areas=AREAS).to_form("long-proof").send(ListSearched(True), e.PageTurned(1))
    assert visit.application.page == 1
    visit = Visit(areas=AREAS).to_question("count", "every-type")
    assert visit.type("78").touch("key.delete").application.typed == "7"


# -------------------------------------------------------------------------------------- ears, keys, privacy


def test_what_is_heard_names_the_question_the_choices_and_no_letters_that_are_off() -> None:
    for language in ("zh-Hans", "yue-Hant", "en"):
        model = drawn(asked().touch(LIWAN).type("H").session, language)
        said = " ".join(one.text for one in transcript(model, spoken_words(language)))
        name = {"zh-Hans": "荔湾区", "yue-Hant": "荔灣區", "en": "Liwan District"}[language]
        assert name in said


def test_an_address_is_picked_by_the_keypad_alone() -> None:
    visit = asked()
    for name in ("area.440103", "key.H", "area.440103003", "area.440103003101"):
        walk(visit, name)
    assert visit.application.picking == Picking("rest", "440103003101")


def test_nothing_of_the_address_is_in_a_repr() -> None:
    visit = asked().touch(LIWAN).type("HL")
    told = repr(visit.application.picking) + repr(visit.session.world)
    assert "HL" not in told
    assert "440103" not in told


def test_the_document_of_a_terminal_without_the_table_has_no_codes() -> None:
    fields = {"home": {"value": "广州市荔湾区", "origin": "answer"}}
    service = MOVING_CATALOGUE.services["moving"]
    assert level.coded(areas.Areas(), service, fields) == fields
    assert level.coded(AREAS, service, fields)["home"]["area_code"] == "440103"
