"""Pages of what the city holds: what a hand can do on them, and what a definition may say of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from drivers.api import JobState, PrintResult
from kiosk import events as e
from kiosk.paper.pages import build_page
from kiosk.pieces.timeline import Timeline
from kiosk.services.definition import DefinitionInvalid
from kiosk.services.parsing import parse_definition
from kiosk.session import state as s
from kiosk.session.state import State
from kiosk.settings import Settings
from tests.unit.visit_kit import HOLDER, SITE, Visit, catalogue, drawn, shared_and_definitions, tomllib_copy

SHARED, _ = shared_and_definitions()


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh-Hans": zh, "en": en}


JOBS: dict[str, Any] = {
    "schema": 1,
    "id": "jobs",
    "version": "1",
    "event": "retire",
    "agency": "hrss",
    "name": words("我的工作", "My jobs"),
    "help": words("看工作经历", "See where you worked"),
    "offline": {"policy": "accept"},
    "field": [
        {"id": "what", "type": "choice", "choices": "yes-no", "label": words("要什么？", "What?")},
        {"id": "employer", "type": "text", "label": words("哪一家？", "Which one?")},
        {"id": "note", "type": "number", "label": words("几年？", "How many years?")},
    ],
    "view": [
        {
            "id": "account", "kind": "facts", "title": words("您的社保", "Your insurance"), "print": True,
            "cell": [
                {"key": "si.account.months", "label": words("缴了", "Paid"), "unit": words(" 个月", " months")},
                {"key": "si.account.state", "codes": "insurance-state", "label": words("现在", "Now")},
            ],
        },
        {
            "id": "list", "kind": "list", "subject": "si.employment", "rows": "jobs", "opens": "one", "print": True,
            "title": words("{n} 份工作", "{n} jobs"), "head": {"key": "employer"},
            "cell": [{"key": "start", "as": "date", "label": words("从", "Since")}],
            "empty": words("没有记录", "None"), "marks": {"ended": "att"},
        },
        {
            "id": "one", "kind": "detail", "title": words("{employer}", "{employer}"),
            "cell": [{"key": "uscc", "label": words("代码", "Code")}, {"key": "end", "as": "date"}],
            "action": [
                {"id": "wrong", "label": words("这一条不对", "This is wrong"), "set": {"what": "yes"},
                 "take": {"employer": "employer"}},
                {"id": "left", "label": words("离职原因", "Cause"), "when": {"cause": ["*"]}, "service": "employment"},
            ],
        },
    ],
}  # fmt: skip
JOB = {"employer": "榕荫图书", "uscc": "91440199MA0000002T", "start": "2018-07-01", "end": "", "cause": ""}
CASES: dict[str, Any] = {
    **{key: JOBS[key] for key in ("schema", "version", "event", "agency", "name", "help")},
    "id": "seen",
    "apply": False,
    "offline": {"policy": "network"},
    "view": [
        {
            "id": "list", "kind": "list", "subject": "si.employment", "rows": "jobs", "opens": "chart",
            "title": words("工作", "Jobs"), "head": {"key": "employer"},
        },
        {
            "id": "chart", "kind": "timeline", "rows": "steps", "title": words("{days_used} 天", "{days_used} days"),
            "head": {"key": "id", "codes": "yes-no"},
            "action": [{"id": "steps", "label": words("逐条看", "One by one"), "opens": "steps"}],
        },
        {"id": "steps", "kind": "steps", "rows": "steps", "title": words("步骤", "Steps"), "head": {"key": "id"}},
    ],
}  # fmt: skip
STEPS = [
    {"id": f"s{at}", "agency": ("psb", "tax")[at % 2], "state": state, "from": at * 3, "to": at * 3 + 3, "ended": ended}
    for at, (state, ended) in enumerate([("done", "2026-05-04"), ("asked", ""), ("current", ""), ("todo", "")])
]


def at_page(service: dict[str, Any], jobs: list[dict[str, Any]] | None = None) -> Visit:
    """A visit whose citizen agreed, and whose records came."""
    visit = Visit(catalogue=catalogue(service))
    visit.records = {**visit.records, "si.employment": {"jobs": [JOB] if jobs is None else jobs}}
    return visit.to_home().to_intro(service["id"]).touch("primary", "primary").answered()


def test_facts_come_first_and_lead_to_the_list() -> None:
    visit = at_page(JOBS)
    assert visit.screen.name == "view"
    assert "94 个月" in visit.words
    visit.touch("primary")
    assert "1 份工作" in visit.words
    assert "primary" not in {control.role for control in visit.controls.values()}
    assert "从：2018 年 7 月 1 日" in visit.words


def test_a_row_opens_its_page_and_back_leads_the_same_way() -> None:
    visit = at_page(JOBS).touch("primary", "row.0")
    assert "91440199MA0000002T" in visit.words
    assert visit.touch("back").application.view == "list"
    assert visit.touch("back").application.view == "account"
    assert visit.touch("back").state is State.CONSENT


def test_what_the_page_sets_is_not_asked_again_and_stands_in_the_last_look() -> None:
    visit = at_page(JOBS).touch("primary", "row.0", "do.wrong")
    assert visit.application.question == "note"
    visit.type("3").touch("primary")
    assert visit.state is State.CHECK
    assert "榕荫图书" in visit.words
    assert {"change.note"} == {name for name in visit.controls if name.startswith("change.")}
    visit.touch("primary")
    fields = visit.last(s.SignDocument).draft["fields"]
    assert fields["employer"] == {"value": "榕荫图书", "origin": "answer"}
    assert fields["what"]["value"] == "yes"


def test_back_from_the_form_leads_to_the_page_that_began_it() -> None:
    visit = at_page(JOBS).touch("primary", "row.0", "do.wrong", "back")
    assert (visit.state, visit.application.view, dict(visit.application.preset)) == (State.VIEW, "one", {})


def test_an_action_is_offered_only_where_it_holds() -> None:
    assert "do.left" not in at_page(JOBS).touch("primary", "row.0").controls
    visit = at_page(JOBS, [{**JOB, "cause": "quit"}]).touch("primary", "row.0", "do.left")
    assert (visit.state, visit.application.service.id) == (State.INTRO, "employment")


def test_an_action_of_another_page_does_nothing() -> None:
    visit = at_page(JOBS)
    before = visit.session
    assert visit.send(e.ActionChosen("wrong"), e.RowOpened(0)).session == before
    assert visit.touch("primary").send(e.RowOpened(7)).application.view == "list"


def test_a_list_without_rows_says_so_and_leads_on_home() -> None:
    visit = at_page(JOBS, []).touch("primary")
    assert "没有记录" in visit.words
    assert visit.touch("primary").state is State.HOME


def test_a_long_list_is_paged() -> None:
    visit = at_page(JOBS, [{**JOB, "employer": f"公司{at}"} for at in range(9)]).touch("primary")
    assert "公司8" not in visit.words
    visit.touch("page.down", "page.down")
    assert "公司8" in visit.words
    assert visit.touch("row.8").touch("back").application.view == "list"


def test_without_a_network_the_pages_are_left_out_and_the_form_is_asked() -> None:
    visit = Visit(catalogue=catalogue(JOBS), network_up=False).to_home().to_intro("jobs").touch("primary", "primary")
    assert (visit.state, visit.application.question) == (State.FORM, "what")


def test_a_service_that_only_shows_ends_at_home_and_saves_nothing() -> None:
    visit = at_page(CASES, [{**JOB, "steps": STEPS, "days_used": 5, "days_promised": 12}]).touch("row.0")
    assert "5 天" in visit.words
    assert "4 步：办完 1，在办 2，没到 1" in visit.words
    assert "税务局在等您补材料" in visit.words
    visit.touch("do.steps")
    assert "公安局 · 2026 年 5 月 4 日办完" in visit.words
    assert visit.touch("primary").state is State.HOME
    assert not [effect for effect in visit.effects if isinstance(effect, s.SaveEntry)]


def test_a_service_that_only_shows_is_not_opened_without_its_data() -> None:
    visit = Visit(catalogue=catalogue(CASES)).to_home().to_intro("seen").touch("primary", "primary")
    visit.send(e.DataFetched((), "seen"))
    assert (visit.state, visit.session.failure) == (State.FAILURE, "needs-network")


def test_a_page_is_printed_and_the_page_says_what_became_of_it() -> None:
    visit = at_page(JOBS).touch("view.print")
    paper = repr(build_page(visit.session, SITE).blocks)
    assert "94 个月" in paper
    assert HOLDER.name not in paper
    assert "view.print" in visit.controls
    assert visit.controls["view.print"].event is None
    visit.send(e.PrintFinished(PrintResult(JobState.NOT_PRINTED, "paper-out", 0)))
    assert "没有打好" in visit.words
    visit.touch("view.print").send(e.PrintFinished(PrintResult(JobState.DONE, "", 99)))
    assert "打好了" in visit.words
    visit.touch("primary", "view.print")
    assert "榕荫图书" in repr(build_page(visit.session, SITE).blocks)


def test_the_steps_of_a_timeline_can_be_printed() -> None:
    visit = at_page(CASES, [{**JOB, "steps": STEPS}]).touch("row.0")
    assert "1. s0" in repr(build_page(visit.session, SITE).blocks)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("view", 0, "kind"), "map", "kind is one of"),
        (("view", 0, "cell", 0, "key"), "months", "whole paths"),
        (("view", 0, "cell", 0, "as"), "colour", "as is one of"),
        (("view", 0, "cell", 1, "codes"), "nowhere", "no code list"),
        (("view", 1, "opens"), "nowhere", "no list and no page of a row"),
        (("view", 1, "subject"), "", "names the subject"),
        (("view", 1, "rows"), "", "holds the list"),
        (("view", 1, "marks"), {"ended": "red"}, "marks are"),
        (("view", 1, "id"), "one", "two pages with one id"),
        (("view", 2, "kind"), "facts", "whole paths"),
        (("view", 2, "action", 0, "set"), {"nothing": "x"}, "not a field"),
        (("view", 2, "action", 0, "service"), "medical", "opens a page, or a service, or sets fields"),
        (("view", 0, "kind"), "detail", "opened by a row"),
        (("apply",), False, "without an application"),
        (("view", 0, "cell", 1, "as"), "text", "a code names its code list"),
        (("view", 2, "action", 0, "set"), {"what": 1}, "texts by name"),
    ],
)
def test_a_definition_that_cannot_be_shown_is_refused_by_page(
    path: tuple[Any, ...], value: object, reason: str
) -> None:
    raw: Any = tomllib_copy(JOBS)
    parent = raw
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    with pytest.raises(DefinitionInvalid, match=re.escape(reason)):
        parse_definition(raw, SHARED)


def test_a_service_without_an_application_needs_a_page() -> None:
    with pytest.raises(DefinitionInvalid, match="needs a page"):
        parse_definition({**CASES, "view": []}, SHARED)


def test_a_definition_without_a_first_page_is_refused() -> None:
    one, other = ({**CASES["view"][1], "id": name, "action": [{**CASES["view"][1]["action"][0], "opens": to}]}
                  for name, to in (("a", "b"), ("b", "a")))  # fmt: skip
    with pytest.raises(DefinitionInvalid, match="no page comes first"):
        parse_definition({**CASES, "view": [one, other]}, SHARED)


# ------------------------------------------------------------------------------------------- the shipped services


def shipped(service: str, persona: str = "owner", *modes: str, **changed: object) -> Visit:
    """A visit at the first page of a shipped service, with the aids pressed."""
    visit = Visit(persona, **changed).touch(*modes).to_home().to_intro(service).touch("primary")
    if visit.state is State.FETCHING:
        visit.answered()  # the register of companies
    while visit.state is State.CONSENT:
        visit.touch("primary")
    return visit.answered()


LANDSCAPE = Settings(width=1920, height=1080)


def test_my_cases_say_what_is_wanted_and_lead_to_the_supplement() -> None:
    visit = shipped("my-cases")
    assert "您有 2 件办件" in visit.words
    visit.touch("row.0")
    assert {"do.supplement", "do.steps", "do.withdraw"} <= set(visit.controls)
    assert "do.evaluate" not in visit.controls
    assert "排水接驳位置图" in visit.words
    visit.touch("do.supplement")
    assert visit.application.question == "way"
    visit.until().submit()
    fields = visit.last(s.SignDocument).draft["fields"]
    assert {name: item["value"] for name, item in fields.items()} == {
        "do": "supplement", "case": "T0001-000021", "way": "agency"
    }  # fmt: skip


def test_a_case_that_is_done_shows_its_claim_code_and_no_days_of_nothing() -> None:
    visit = shipped("my-cases").touch("row.1")
    assert "40199217" in visit.words
    assert " / 0" not in visit.words
    visit.touch("do.evaluate")
    assert visit.application.question == "score"
    assert not any(control.selected for control in visit.controls.values() if control.role == "choice")
    visit.touch("choice.score.2", "primary")
    assert visit.application.question == "opinion"


def test_without_a_network_a_case_is_rated_by_the_number_on_the_receipt() -> None:
    visit = Visit("owner", network_up=False).to_home().to_intro("my-cases").touch("primary", "primary")
    assert visit.application.question == "case"
    visit.type("T0001000009").touch("primary", "choice.score.5", "primary").submit()
    assert visit.last(s.SignDocument).draft["fields"]["do"]["value"] == "evaluate"


def test_the_builder_sees_the_running_case_before_a_new_one_is_asked_for() -> None:
    visit = shipped("construction")
    assert visit.touch("row.0").screen.body[0] == drawn(visit.session).body[0]
    assert isinstance(visit.screen.body[0], Timeline)
    assert [lane.name for lane in visit.screen.body[0].lanes][:2] == ["政务服务中心", "规划局"]
    assert visit.touch("do.papers").application.service.id == "my-cases"
    assert shipped("construction").touch("primary").state is State.FORM


@pytest.mark.parametrize("modes", [("mode.large",) * 2, ("mode.large",) * 3, ("mode.reach",)])
def test_in_large_letters_and_lowered_the_steps_stand_under_each_other(modes: tuple[str, ...]) -> None:
    visit = shipped("construction", "owner", *modes).touch("row.0")
    assert not isinstance(visit.screen.body[0], Timeline)
    seen = visit.words
    for _ in range(20):
        if "page.down" not in visit.controls or visit.controls["page.down"].event is None:
            break
        visit.touch("page.down")
        seen += visit.words
    assert all(f"{number}. " in seen for number in range(1, 18))


@pytest.mark.parametrize("modes", [(), ("mode.large",)])
def test_in_landscape_fewer_rows_fit_and_the_way_on_turns_the_page(modes: tuple[str, ...]) -> None:
    visit = shipped("my-cases", "owner", *modes, settings=LANDSCAPE).touch("row.0")
    first = visit.words
    assert "看下一页" in first
    assert visit.touch("primary").words != first
    assert visit.touch("back").words == first


def test_who_looked_is_told_row_by_row_and_an_objection_names_the_look() -> None:
    visit = shipped("access-log", "parent")
    assert "最近被看过 5 次" in visit.words
    assert "只有您本人能看到这一页。" in visit.words
    visit.touch("row.1", "do.object").until().submit()
    fields = visit.last(s.SignDocument).draft["fields"]
    assert (fields["look"]["value"], fields["doubt"]["value"]) == ("T0002 2026-05-12T16:02", "not-asked")


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
def test_the_insurance_record_is_read_month_by_month(language: str) -> None:
    visit = shipped("social-insurance", "parent").touch("do.payments")
    if language == "language.en":
        visit.touch("mode.language")
        assert "Apr 2026" in visit.words
        assert "Paid: ¥2,025" in visit.words
    else:
        assert "2026 年 4 月" in visit.words
        assert "缴了：2,025 元" in visit.words
    assert visit.touch("primary").state is State.FORM


def test_a_page_that_cannot_be_printed_offers_no_paper() -> None:
    visit = shipped("my-cases").touch("row.0")
    before = visit.session
    assert visit.printer(online=False).send(e.PagePrinted()).session.print_state is None
    assert "view.print" not in visit.controls
    assert before.application == visit.session.application


def test_records_that_are_not_what_they_should_be_show_nothing_and_break_nothing() -> None:
    odd = {"employer": None, "start": ["2018-01-01", ["x"]], "end": "yesterday", "cause": "", "uscc": ""}
    visit = at_page(JOBS, [odd, {**JOB, "steps": [{"id": "x", "state": "done"}]}]).touch("primary")
    assert visit.controls["row.0"].text == ""
    assert visit.touch("row.0").state is State.VIEW
    assert visit.touch("back", "back").state is State.VIEW
    assert visit.send(e.RowOpened(0)).application.view == "account"


def test_a_step_that_is_not_whole_is_left_out_and_a_list_may_have_no_heads() -> None:
    headless = {key: value for key, value in CASES["view"][0].items() if key != "head"}
    bare = {**CASES, "view": [headless, *CASES["view"][1:]]}
    visit = at_page(bare, [{**JOB, "steps": [{"id": "x", "state": "done"}, *STEPS]}])
    assert visit.controls["row.0"].text == ""
    assert visit.send(e.PrimaryPressed()).application.view == "list"
    assert "4 步：" in visit.touch("row.0").words
