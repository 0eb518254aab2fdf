"""The form in a citizen's hands: rows, questions, changes of mind, the last look."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk import events as e
from kiosk.screen_model import DateField, Field, Keyboard, PrefilledRows
from kiosk.session.form import rows_per_page
from kiosk.session.state import State
from kiosk.settings import Settings
from tests.unit import visit_kit
from tests.unit.visit_kit import catalogue


class Visit(visit_kit.Visit):
    """With a form that has two pages of rows and several questions, where a test names no other service."""

    usual = "long-proof"


RESIDENT = {"place": "广州市海珠区晓岸街晓岸路5号301房", "since": "2024-03-01", "dwell": "rent"}


def newcomer() -> Visit:
    """A newcomer at the filled-in rows of the residence service, with every field of a registration known."""
    visit = Visit("newcomer").to_home().to_intro("residence").touch("primary", "primary")
    return visit.answered(resid_registration=RESIDENT, lease_record={"rent": 3200, "to": "2027-02-28"})


def to_row(visit: Visit, control: str) -> Visit:
    """Turn the pages of filled-in rows until this control is there."""
    while control not in visit.controls:
        visit.touch("page.down")
    return visit


def field(visit: Visit) -> Field | DateField:
    return next(piece for piece in visit.screen.body if isinstance(piece, Field | DateField))


def rows(visit: Visit) -> dict[str, Any]:
    piece = next(piece for piece in visit.screen.body if isinstance(piece, PrefilledRows))
    return {row.label: row for row in piece.rows}


# ------------------------------------------------------------------------------------------------ moving


def test_pages_of_rows_are_turned_by_the_way_forward_and_by_their_own_buttons() -> None:
    visit = Visit().to_form()
    assert not visit.controls["page.up"].enabled
    visit.touch("page.down")
    assert not visit.controls["page.down"].enabled
    visit.touch("page.up", "primary")
    assert visit.application.page == 1
    visit.touch("back")
    assert visit.application.page == 0
    assert visit.touch("back").state is State.CONSENT


def test_back_from_the_first_question_leads_to_the_last_page_of_rows() -> None:
    visit = Visit().to_question("use").touch("back")
    assert (visit.application.question, visit.application.page) == ("", 1)


def test_back_from_a_later_question_leads_to_the_one_before_with_its_answer() -> None:
    visit = Visit().to_question("copies").touch("back")
    assert visit.application.question == "member"
    assert visit.controls["choice.member.self"].selected


def test_a_page_too_far_is_not_turned() -> None:
    visit = Visit().to_form().send(e.PageTurned(-3))
    assert visit.application.page == 0
    visit.send(e.PageTurned(99))
    assert visit.application.page == 1


def test_many_choices_are_turned_in_pages_when_the_letters_are_large() -> None:
    visit = Visit().to_question("use").touch("mode.large", "mode.large", "mode.large")
    assert "choice.use.abroad" not in visit.controls
    visit.touch("page.down")
    assert visit.touch("choice.use.abroad").application.answers["use"] == "abroad"


@pytest.mark.parametrize("landscape", [False, True])
@pytest.mark.parametrize("reach", [False, True])
@pytest.mark.parametrize("touches", range(4))
def test_every_row_and_choice_can_be_reached_at_every_size(landscape: bool, reach: bool, touches: int) -> None:
    size = Settings(width=1920, height=1080) if landscape else Settings()
    visit = Visit(settings=size).to_home().to_intro()
    for _ in range(touches):
        visit.touch("mode.large")
    if reach:
        visit.send(e.ModeToggled("reach"))
    visit.touch("primary", "primary").answered()
    seen = set(rows(visit))
    while visit.application.question == "":
        seen |= set(rows(visit))
        visit.touch("primary")
    usual = {"要几份？", "怎样拿证明？"}
    assert seen == {"姓名", "身份号码", "性别", "出生日期", "户籍地址", "联系手机", "电子邮箱", "怎样通知您？", *usual}
    visit.until()
    checked: set[str] = set()
    while visit.state is State.CHECK:
        checked |= {row.label for piece in visit.screen.body for row in getattr(piece, "rows", ())}
        visit.touch("primary")
    assert visit.state is State.SIGNING
    assert checked > seen


def test_larger_letters_never_make_more_rows() -> None:
    from kiosk.pieces.modes import TEXT_SCALES, Modes

    for kind in ("form", "check", "choices", "times"):
        for landscape in (False, True):
            counts = [rows_per_page(kind, Modes(scale), landscape=landscape) for scale in TEXT_SCALES]
            assert counts == sorted(counts, reverse=True)
            assert min(rows_per_page(kind, Modes(scale, reach=True), landscape=landscape) for scale in TEXT_SCALES) >= 1


# --------------------------------------------------------------------------------------------- answering


def test_a_choice_is_needed_before_the_way_forward() -> None:
    visit = Visit().to_question("use")
    assert not visit.controls["primary"].enabled
    visit.send(e.PrimaryPressed(), e.AnswerChosen("no-such-use"))
    assert visit.application.question == "use"
    assert visit.touch("choice.use.work", "primary").application.question == "kind"


def test_touches_meant_for_a_question_do_nothing_to_the_rows() -> None:
    visit = Visit().to_form()
    before = visit.session
    visit.send(e.AnswerChosen("work"), e.KeyTyped("1"), e.KeysErased())
    assert visit.session == before


WRONG = {
    "count": [("0", "数太小了，最少 1"), ("10", "数太大了，最多 9")],
    "sum": [("1.2.3", "请只写数字"), ("0.50", "数太小了，最少 1 元")],
    "day": [("20260230", "没有这一天，请看一看"), ("20270101", "这一天还没有到"), ("2026", "没有这一天，请看一看")],
    "month": [("202613", "没有这个月，请看一看"), ("202606", "这一天还没有到")],
    "phone": [("12345678901", "要写 11 位：手机号，或者 020 开头的座机")],
    "email": [("a@b", "要像 name@example.cn 这样写")],
    "text": [("7", "写法不对，请看一看")],
}


@pytest.mark.parametrize("question", WRONG)
def test_a_wrong_answer_is_said_and_waits_for_a_better_one(question: str) -> None:
    visit = Visit().to_question(question, "every-type")
    for typed, said in WRONG[question]:
        visit.touch("key.clear") if "key.clear" in visit.controls else visit.send(e.KeysErased(all=True))
        visit.type(typed).touch("primary")
        assert visit.application.question == question, typed
        assert field(visit).error == said
        visit.type("1") if question != "phone" else visit.touch("key.delete")
        assert field(visit).error == ""


def test_an_empty_required_answer_keeps_the_way_forward_shut() -> None:
    visit = Visit().to_question("count", "every-type")
    assert not visit.controls["primary"].enabled
    visit.send(e.PrimaryPressed())
    assert visit.application.problem == "answer-missing"


def test_an_answer_that_need_not_be_given_is_left_out() -> None:
    visit = Visit().to_question("email", "every-type").touch("primary").until().submit()
    assert "email" not in visit.session.draft["fields"]  # pyright: ignore


def test_an_e_mail_address_can_be_typed_with_the_keys_that_are_there() -> None:
    visit = Visit().to_question("email", "every-type")
    visit.touch(*(f"key.{key}" for key in "li.na-7_x@example.cn"), "primary")
    assert visit.application.answers["email"] == "li.na-7_x@example.cn"


def test_the_keys_of_a_text_are_letters_and_digits() -> None:
    visit = Visit().to_question("text", "every-type")
    keyboard = next(piece for piece in visit.screen.body if isinstance(piece, Keyboard))
    assert [len(row) for row in keyboard.rows] == [10, 10, 9, 9]
    visit.touch("key.A", "key.B", "key.C", "key.D", "key.delete")
    assert field(visit).value == "AB"  # pyright: ignore


def test_a_day_is_typed_into_its_three_boxes() -> None:
    visit = Visit().to_question("day", "every-type").type("202605")
    assert field(visit) == DateField("day", "2026", "05", "")
    visit.type("01").touch("primary", "back")
    assert field(visit) == DateField("day", "2026", "05", "01")


def test_a_month_comes_back_as_it_was_typed() -> None:
    visit = Visit().to_question("phone", "every-type").touch("back")
    assert field(visit).value == "202605"  # pyright: ignore
    visit.until()
    assert "2026 年 5 月" in visit.words


def test_a_choice_without_anything_to_choose_is_left_to_the_office() -> None:
    choices = {"subject": "pop.household", "list": "members", "value": "rid", "label": ["name"], "mask": "name"}
    field_ = {"id": "who", "type": "choice", "label": {"zh-Hans": "谁", "en": "Who"}, "choices": choices}
    base = {"schema": 1, "id": "whom", "version": "1", "event": "work", "agency": "psb", "field": [field_],
            "offline": {"policy": "accept"}}  # fmt: skip
    names = {"name": {"zh-Hans": "甲", "en": "A"}, "help": {"zh-Hans": "乙", "en": "B"}}
    made = catalogue({**base, **names})
    visit = Visit(catalogue=made).to_home().to_intro("whom").touch("primary", "consent.refuse")
    assert visit.state is State.CHECK
    assert visit.touch("back").state is State.CONSENT
    visit.touch("primary").answered()
    assert visit.application.question == "who"
    assert "陈*远" in visit.words
    visit.touch("choice").touch("primary", "primary")
    assert visit.session.draft["left_to_office"] == []  # pyright: ignore


def test_a_service_that_asks_nothing_goes_straight_to_the_last_look() -> None:
    visit = Visit().to_home().to_intro("bare").touch("primary")
    assert visit.state is State.CHECK
    assert visit.touch("back").state is State.INTRO


# ----------------------------------------------------------------------------------------- changing rows


def test_a_filled_in_number_is_changed_and_the_form_goes_on_where_it_was() -> None:
    visit = to_row(Visit().to_form(), "change.phone")
    page = visit.application.page
    visit.touch("change.phone")
    assert field(visit).value == "", "the masked number is not typed for them"  # pyright: ignore
    assert "只改这一项" in visit.screen.where_detail
    visit.type("13900000000").touch("primary")
    assert (visit.state, visit.application.question, visit.application.page) == (State.FORM, "", page)
    assert rows(visit)["联系手机"].value == "139****0000"
    assert rows(visit)["联系手机"].source == "您说的"


def test_a_change_of_a_filled_in_number_is_called_off_and_nothing_has_changed() -> None:
    visit = to_row(Visit().to_form(), "change.phone")
    before = visit.application
    visit.touch("change.phone").type("139").touch("back")
    assert visit.application == before


def test_a_change_of_a_filled_in_choice_is_called_off_and_nothing_has_changed() -> None:
    visit = to_row(newcomer(), "change.dwell")
    before = visit.application
    visit.touch("change.dwell")
    assert visit.controls["choice.dwell.rent"].selected
    visit.touch("choice.dwell.own", "back")
    assert visit.application == before


def test_a_change_to_what_the_city_holds_anyway_stays_the_city_s_word() -> None:
    visit = to_row(newcomer(), "change.dwell").touch("change.dwell", "choice.dwell.own", "choice.dwell.rent", "primary")
    assert "dwell" not in visit.application.answers
    assert rows(visit)["住的是什么房？"].source_icon == "agency"


def test_a_changed_row_skips_no_question() -> None:
    visit = to_row(newcomer(), "change.since").touch("change.since").type("20250101").touch("primary")
    asked: list[str] = []
    while visit.state is State.FORM:
        if visit.application.question:
            asked.append(visit.application.question)
            if visit.application.question == "landlord":
                visit.touch("primary")
                continue
            visit.touch("choice")
        visit.touch("primary")
    assert asked[0] == "action"
    assert visit.application.answers["since"] == "2025-01-01"


def test_a_number_that_the_citizen_does_not_want_to_give_is_emptied() -> None:
    visit = to_row(Visit().to_form(), "change.phone").touch("change.phone", "primary")
    assert rows(visit)["联系手机"].value == ""
    visit.until().submit()
    assert "phone" not in visit.session.draft["fields"]  # pyright: ignore


def test_a_field_that_is_not_on_the_screen_is_not_changed() -> None:
    visit = Visit().to_form().send(e.ChangeAsked("name"), e.ChangeAsked("use"), e.ChangeAsked("nonsense"))
    assert visit.application.question == ""
    visit.until("use").send(e.ChangeAsked("phone"))
    assert visit.application.question == "use"


def test_an_answer_outlives_the_data_that_had_filled_the_field_in() -> None:
    visit = to_row(Visit().to_form(), "change.email").touch("change.email").type("a@b.cn").touch("primary")
    while visit.state is State.FORM:
        visit.touch("back")
    visit.touch("consent.refuse").until("email")
    assert field(visit).value == "a@b.cn"  # pyright: ignore


# ----------------------------------------------------------------------------------------- the last look


def to_check_row(visit: Visit, control: str) -> Visit:
    while visit.application.page > 0:
        visit.touch("page.up")
    return to_row(visit, control)


def test_the_last_look_is_paged_and_leads_back_to_the_last_question() -> None:
    visit = Visit().to_check()
    assert visit.controls["primary"].text == "看下一页"
    visit.touch("primary")
    assert visit.controls["primary"].text == "提交"
    visit.touch("back")
    assert (visit.state, visit.application.page) == (State.CHECK, 0)
    visit.touch("back")
    assert (visit.state, visit.application.question) == (State.FORM, "member")


def test_a_form_without_questions_leads_back_to_its_rows() -> None:
    only = {"schema": 1, "id": "rows", "version": "1", "event": "work", "agency": "psb", "groups": ["person"],
            "offline": {"policy": "card"}, "name": {"zh-Hans": "甲", "en": "A"},
            "help": {"zh-Hans": "乙", "en": "B"}}  # fmt: skip
    visit = Visit(catalogue=catalogue(only)).to_home().to_intro("rows").touch("primary", "primary").answered()
    visit.until().touch("back")
    assert (visit.state, visit.application.question) == (State.FORM, "")


def test_an_answer_is_changed_at_the_last_look_and_it_goes_on_there() -> None:
    visit = to_check_row(Visit().to_check(), "change.use")
    page = visit.application.page
    visit.touch("change.use", "choice.use.work", "primary")
    assert (visit.state, visit.application.page) == (State.CHECK, page)
    assert visit.application.answers["use"] == "work"


def test_a_typed_answer_is_there_to_be_mended_at_the_last_look() -> None:
    visit = to_check_row(Visit().to_check("every-type"), "change.sum").touch("change.sum")
    assert field(visit).value == "12.50"  # pyright: ignore
    visit.touch("key.delete", "key.5", "primary")
    assert visit.application.answers["sum"] == "12.55"


def test_a_change_at_the_last_look_asks_what_it_opens() -> None:
    visit = to_check_row(Visit().to_check("company"), "change.holders")
    assert "holders" not in visit.application.answers, "a usual choice can be changed where it is seen last"
    visit.touch("change.holders", "choice.holders.several", "primary")
    assert (visit.state, visit.application.question) == (State.FORM, "share")
    visit.type("40").touch("primary")
    assert visit.state is State.CHECK
    assert visit.application.answers["share"] == "40"


def test_a_change_that_opened_a_question_is_called_off_as_a_whole() -> None:
    visit = Visit().to_check("company")
    before = dict(visit.application.answers)
    visit = to_check_row(visit, "change.holders").touch("change.holders", "choice.holders.several", "primary", "back")
    assert visit.state is State.CHECK
    assert dict(visit.application.answers) == before


def test_only_what_the_citizen_said_can_be_changed_at_the_last_look() -> None:
    visit = Visit().to_check().send(e.ChangeAsked("name"))
    assert visit.state is State.CHECK


def test_what_was_changed_before_can_be_changed_again_at_the_last_look() -> None:
    visit = to_row(Visit().to_form(), "change.phone").touch("change.phone").type("13900000000").touch("primary").until()
    visit = to_check_row(visit, "change.phone").touch("change.phone")
    assert field(visit).value == "13900000000"  # pyright: ignore


def test_the_network_is_cut_before_a_service_that_needs_it_is_submitted() -> None:
    visit = Visit().to_check("every-type").send(e.NetworkChanged(up=False)).submit()
    assert visit.screen.name == "failure.needs-network"
    visit.send(e.NetworkChanged(up=True)).touch("back")
    assert visit.state is State.CHECK
    assert visit.submit().state is State.SIGNING


def test_what_nobody_can_fill_in_offline_is_left_to_the_office() -> None:
    visit = Visit(network_up=False).to_home().to_intro().touch("primary", "primary").until().submit()
    assert visit.session.draft["left_to_office"] == ["hukou", "email"]  # pyright: ignore
    assert visit.session.draft["data"] == "card"  # pyright: ignore
