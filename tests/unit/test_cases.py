"""An application becomes a case: its steps, its clock, what agencies and citizens do with it, and who may see it."""

from __future__ import annotations

import datetime
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kiosk.cli.gateway.command import gateway as command
from provisioning.gateway.cases.outside.routes import agency_token
from provisioning.gateway.cases.plans import PlansInvalid, load_plans, schedule
from provisioning.gateway.cases.simulated import Habits
from provisioning.gateway.cases.workdays import CalendarInvalid, load_calendar
from provisioning.gateway.serve import City
from tests.gateway_cards import REAL, Counter, agency, kit_of, say
from tests.gateway_kit import ASSETS, NEWCOMER, PARENT, GatewayKit
from tests.postgres_kit import shared

CALENDAR = load_calendar((ASSETS / "city" / "calendar.toml").read_text("utf-8"))
PLANS = load_plans((ASSETS / "city" / "cases.toml").read_text("utf-8"))
DAY_S = 86_400
DILIGENT = City(ASSETS / "city", people=300, seed=7, agencies=Habits(seed=1, ask_percent=0, refuse_percent=0))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def city() -> City:
    return REAL


def kinds(kit: GatewayKit) -> list[str]:
    headers = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    return [event["kind"] for event in kit.call("GET", "/v1/cases/events", headers=headers).json["events"]]


# ------------------------------------------------------------------------------------------------------ the plan


def test_the_seventeen_steps_of_nine_agencies_take_forty_five_days_and_four_run_side_by_side() -> None:
    plan = PLANS.named["construction"]
    assert (len(plan.steps), len({step.agency for step in plan.steps}), plan.days) == (17, 9, 45)
    ends = schedule(plan.steps)
    running = [sum(ends[s.id] - s.days <= day < ends[s.id] for s in plan.steps) for day in range(45)]
    assert max(running) == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[plan.a]\n", "a plan has steps"),
        ('[plan.a]\nstep = [{id = "x", agency = "p", days = -1}]', "days of 0 or more"),
        ('[plan.a]\nstep = [{id = "x", agency = "p", days = 1, after = ["y"]}]', "after steps before it"),
        ('[plan.a]\nstep = [{id = "x", agency = "p", days = 1}, {id = "x", agency = "p", days = 1}]', "given once"),
        ("none = [1]", "a list of texts"),
        ("plan = 1", "a table by service"),
        ("=", "cases:"),
    ],
)
def test_a_plan_that_cannot_be_worked_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(PlansInvalid, match=re.escape(reason)):
        load_plans(text)


# --------------------------------------------------------------------------------------------------- working days


@given(st.dates(datetime.date(2023, 1, 1), datetime.date(2028, 1, 1)), st.integers(0, 90))
def test_so_many_working_days_later_just_so_many_lie_between(start: datetime.date, days: int) -> None:
    end = CALENDAR.later(start, days)
    assert CALENDAR.between(start, end) == days
    assert end == start or CALENDAR.is_workday(end)


def test_the_spring_festival_stops_the_clock_and_a_worked_sunday_does_not() -> None:
    assert CALENDAR.between(datetime.date(2026, 2, 13), datetime.date(2026, 2, 24)) == 2
    assert CALENDAR.is_workday(datetime.date(2026, 2, 14))
    assert CALENDAR.provisional(datetime.date(2027, 2, 1))


@pytest.mark.parametrize(
    "change",
    [
        ("off = [", 'off = ["2026-11-21",'),
        ("from =", "begin ="),
        ('from = "2024-01-01"', 'from = "2026-06-01"'),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(CalendarInvalid):
        load_calendar((ASSETS / "city" / "calendar.toml").read_text("utf-8").replace(*change, 1))


# -------------------------------------------------------------------------------------------------- from a citizen


def test_an_application_becomes_a_case_that_only_its_holder_sees(kit: GatewayKit) -> None:
    counter, other = Counter(kit), Counter(kit, NEWCOMER)
    number = counter.hand_in("residence", get="office")
    case = counter.case(number)
    assert (case["service"], case["state"], case["days_used"], case["days_promised"]) == ("residence", "open", 0, 10)
    assert [(step["id"], step["state"]) for step in case["steps"]] == [("look", "current"), ("decide", "todo")]
    assert case["promised"] == "2026-12-04"
    assert other.cases() == []
    assert kinds(kit) == ["created"]


def test_what_nobody_signed_is_nobody_s_case(plain: GatewayKit) -> None:
    counter = Counter(plain)
    counter.hand_in("residence", signed=False)
    assert counter.cases() == []
    assert kinds(plain) == ["created"]


def test_the_same_entry_read_twice_is_one_case(plain: GatewayKit) -> None:
    counter = Counter(plain)
    counter.hand_in("residence")
    with plain.store.database.transaction() as db:
        db.run("DELETE FROM intake")
    plain.gateway.town.intake.work()
    assert len(counter.cases()) == 1
    assert kinds(plain) == ["created"]


def test_settings_and_ratings_are_no_cases(plain: GatewayKit) -> None:
    counter = Counter(plain)
    counter.hand_in("contact")
    assert counter.cases() == []
    number = counter.hand_in("residence")
    counter.record({"kind": "rating", "schema": 1, "number": number, "service": "residence", "score": 4})
    assert counter.case(number)["score"] == 4


# ---------------------------------------------------------------------------------------------------- from agencies


def test_an_agency_works_its_steps_through_the_interface_and_the_citizen_collects(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence", get="office")
    desk = agency(kit, "psb", "GET", "steps").json["steps"]
    assert [(item["number"], item["step"]) for item in desk] == [(number, "look")]
    assert desk[0]["document"]["fields"]["get"]["value"] == "office"
    assert say(kit, "psb", number, "look", "done")["state"] == "open"
    kit.clock.pass_s(3 * DAY_S)
    assert say(kit, "psb", number, "decide", "done")["state"] == "done"
    case = counter.case(number)
    assert (case["state"], case["days_used"]) == ("done", 2)
    assert re.fullmatch("[0-9]{8}", case["claim"])
    wrong = {"number": number, "claim": "00000000" if case["claim"] != "00000000" else "1"}
    right = {"number": number, "claim": case["claim"]}
    collected = [agency(kit, "psb", "POST", "claims", one).json["collected"] for one in (wrong, right, right)]
    assert collected == [False, True, False]
    assert kinds(kit) == ["created", "step", "step", "done", "claim", "collected"]


def test_a_supplement_stops_the_clock_until_the_citizen_brought_it(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("residence")
    plain.clock.pass_s(3 * DAY_S)  # Saturday to Tuesday: two working days
    assert say(plain, "psb", number, "look", "ask", "clear-copy")["state"] == "supplement"
    plain.clock.pass_s(7 * DAY_S)
    case = counter.case(number)
    assert (case["state"], case["asks"], case["days_used"]) == ("supplement", ["clear-copy"], 2)
    counter.hand_in("my-cases", do="supplement", case=number, way="counter")
    case = counter.case(number)
    assert (case["state"], case["asks"], case["days_used"]) == ("open", [], 2)
    assert [(paper["code"], paper["state"]) for paper in case["papers"]] == [("clear-copy", "given")]
    assert case["promised"] == "2026-12-11"
    assert "given" in kinds(plain)
    assert len(counter.cases()) == 1


def test_another_citizen_s_case_is_neither_supplemented_nor_withdrawn_nor_rated(plain: GatewayKit) -> None:
    counter, other = Counter(plain), Counter(plain, NEWCOMER)
    number = counter.hand_in("residence")
    say(plain, "psb", number, "look", "ask", "signature")
    for do in ("supplement", "withdraw", "evaluate"):
        other.hand_in("my-cases", do=do, case=number, score="1")
    case = counter.case(number)
    assert (case["state"], case["score"], case["asks"]) == ("supplement", 0, ["signature"])


def test_the_citizen_rates_in_five_levels_and_takes_an_application_back(plain: GatewayKit) -> None:
    counter = Counter(plain)
    first, second = counter.hand_in("residence"), counter.hand_in("marriage")
    counter.hand_in("my-cases", do="evaluate", case=first.lower().replace("-", ""), score="2")
    counter.hand_in("my-cases", do="evaluate", case=first, score="9")
    counter.hand_in("my-cases", do="withdraw", case=second)
    assert counter.case(first)["score"] == 2
    assert counter.case(second)["state"] == "withdrawn"
    assert say(plain, "civil", second, "extract", "done")["problem"] == "step-not-current"


def test_a_refusal_reaches_the_terminal_as_a_verdict(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("residence")
    assert say(plain, "psb", number, "look", "refuse", reason="data-do-not-agree")["state"] == "refused"
    heard = plain.store.verdicts(counter.terminal.name, 0, 10)
    assert [(item.verdict.verdict, item.verdict.reason) for item in heard] == [("rejected", "data-do-not-agree")]
    assert counter.case(number)["result"] == "data-do-not-agree"


def test_an_office_that_rejects_the_entry_ends_its_case(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("residence")
    row = counter.terminal.rows[-1]
    verdict = {"terminal": counter.terminal.name, "epoch": counter.terminal.epoch, "seq": row.seq, "id": row.id,
               "verdict": "rejected", "reason": "photo-missing", "agency": "psb"}  # fmt: skip
    headers = {"Authorization": f"Bearer {plain.authority.operator_token}"}
    body = json.dumps({"verdicts": [verdict]}).encode()
    assert plain.call("POST", "/v1/verdicts", body, headers=headers).status == 200
    assert (counter.case(number)["state"], counter.case(number)["result"]) == ("refused", "photo-missing")


def told(kit: GatewayKit) -> list[tuple[str, str, str]]:
    """Text, recipient and reason of every message that waits."""
    for _ in range(3):
        kit.gateway.messages.feeds.read(kit.clock.ms)
    claimed = kit.gateway.messages.post.claim(kit.clock.ms, 50)
    return [(item.message.text_id, item.message.to, item.message.values.get("reason", "")) for item in claimed]


def test_the_citizen_is_told_once_of_each_thing_that_matters(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("residence", phone="14000000099")
    assert told(plain) == []
    say(plain, "psb", number, "look", "ask", "signature")
    assert told(plain) == [("supplement", "14000000099", "signature")]
    counter.hand_in("my-cases", do="supplement", case=number, way="agency")
    say(plain, "psb", number, "look", "refuse", reason="data-do-not-agree")
    assert told(plain) == [("refused", "14000000099", "data-do-not-agree")]


def test_an_agency_s_token_opens_its_own_desk_only(plain: GatewayKit) -> None:
    number = Counter(plain).hand_in("residence")
    headers = {"Authorization": f"Bearer {agency_token(plain.authority, 'tax')}"}
    assert plain.call("GET", "/v1/agencies/psb/steps", headers=headers).code == "operator-required"
    assert plain.call("GET", "/v1/agencies/psb/steps").code == "operator-required"
    assert agency(plain, "tax", "GET", "steps").json["steps"] == []
    assert say(plain, "tax", number, "look", "done")["problem"] == "step-unknown"
    assert say(plain, "psb", "T0009-000001", "look", "done")["problem"] == "case-unknown"


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "maybe"}, {"outcome": "ask"}, {"outcome": "refuse"}, {"asks": ["x"]}, {"reason": "because"},
        {"outcome": "refuse", "reason": "她的名字"}, {"surprise": 1}, {"number": 7},
    ],
)  # fmt: skip
def test_a_move_that_is_not_codes_is_refused(plain: GatewayKit, change: dict[str, object]) -> None:
    move = {"number": "T0001-000001", "step": "look", "outcome": "done", "asks": [], "reason": "", **change}
    assert agency(plain, "psb", "POST", "steps", {"moves": [move]}).code == "malformed"


# ------------------------------------------------------------------------------------------------ the simulated city


def test_a_construction_case_goes_through_nine_agencies_within_its_days(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, DILIGENT)
    counter = Counter(kit)
    number = counter.hand_in("construction")
    headers = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    at_once, case = 0, counter.case(number)
    for _ in range(12):
        answer = kit.call("POST", "/v1/cases/days", b'{"days": 7}', headers=headers)
        assert answer.status == 200, answer.body
        case = counter.case(number)
        at_once = max(at_once, sum(step["state"] == "current" for step in case["steps"]))
        done = {step["id"] for step in case["steps"] if step["state"] == "done"}
        plan = {step.id: set(step.after) for step in PLANS.named["construction"].steps}
        assert all(plan[step["id"]] <= done for step in case["steps"] if step["state"] != "todo")
    assert case["state"] == "done"
    assert at_once >= 2
    assert 15 <= case["days_used"] <= 45
    assert all(step["from"] <= step["to"] for step in case["steps"])
    kit.store.close()


def test_the_same_seed_gives_the_same_course(tmp_path: Path) -> None:
    seed = random.randrange(1000)
    print(f"seed {seed}")
    courses: list[list[tuple[str, str, str]]] = []
    for name in ("a", "b"):
        city = City(ASSETS / "city", people=300, seed=7, agencies=Habits(seed, ask_percent=40, refuse_percent=10))
        kit = GatewayKit(tmp_path / name, city=city)
        counter = Counter(kit)
        counter.hand_in("construction")
        counter.hand_in("residence")
        kit.gateway.cases.pass_days(60)
        courses.append([(e.number, e.kind, e.step) for e in kit.gateway.cases.records.events(0, 500)])
        kit.store.close()
    assert courses[0] == courses[1]
    assert len(courses[0]) > 4


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_four_workers_on_one_database_make_every_move_once(tmp_path: Path, database: str) -> None:
    kit = kit_of(tmp_path, DILIGENT, "" if database == "sqlite" else shared().database())
    counter = Counter(kit)
    numbers = [counter.hand_in("residence") for _ in range(5)]
    office = kit.gateway.cases
    made: list[int] = []
    for _ in range(2):
        office.engine.turn(30)
        with ThreadPoolExecutor(4) as workers:
            made += [done.result() for done in [workers.submit(office.work) for _ in range(4)]]
    events = office.records.events(0, 500)
    assert sum(made) == 2 * len(numbers)
    steps = [(event.number, event.step) for event in events if event.kind == "step"]
    assert sorted(steps) == sorted((number, step) for number in numbers for step in ("look", "decide"))
    assert [event.position for event in events] == sorted({event.position for event in events})
    kit.store.close()


def test_a_gateway_whose_agencies_are_real_does_not_turn_its_clock(plain: GatewayKit) -> None:
    headers = {"Authorization": f"Bearer {plain.authority.operator_token}"}
    assert plain.call("POST", "/v1/cases/days", b'{"days": 1}', headers=headers).code == "not-simulated"
    assert plain.call("POST", "/v1/cases/days", b'{"days": -1}', headers=headers).code == "malformed"


# --------------------------------------------------------------------------------------------- who looked, and why


def test_who_looked_is_shown_to_the_person_only_and_one_row_a_time(plain: GatewayKit) -> None:
    counter, other = Counter(plain), Counter(plain, NEWCOMER)
    assert counter.card.lookup(counter.terminal, "school", "pop.household", "property.title").status == 200
    answer = counter.card.lookup(counter.terminal, "access-log", "audit.access")
    looks = answer.json["subjects"]["audit.access"]["record"]["looks"]
    assert [(look["who"], look["purpose"], sorted(look["subjects"])) for look in looks[-1:]] == [
        ("edu", "school", ["pop.household", "property.title"])
    ]
    mine = other.card.lookup(other.terminal, "access-log", "audit.access").json["subjects"]["audit.access"]["record"]
    assert {look["purpose"] for look in mine["looks"]} == {"access-log"}
    number = counter.hand_in("access-log", look=str(looks[-1]["id"]), doubt="too-much")
    assert [step["agency"] for step in counter.case(number)["steps"]] == ["data", "data"]


def test_an_agency_that_reads_an_application_stands_in_its_citizen_s_access_log(plain: GatewayKit) -> None:
    counter, other = Counter(plain), Counter(plain, NEWCOMER)
    number = counter.hand_in("residence")
    for _ in range(3):
        assert [step["number"] for step in agency(plain, "psb", "GET", "steps").json["steps"]] == [number]
    looks = counter.card.lookup(counter.terminal, "access-log", "audit.access").json["subjects"]["audit.access"]
    read = [look for look in looks["record"]["looks"] if look.get("case")]
    assert [(look["who"], look["purpose"], look["case"], look["subjects"]) for look in read] == [
        ("psb", "residence", number, ["case.case"])
    ], "once a day, however often the desk is asked for"
    theirs = other.card.lookup(other.terminal, "access-log", "audit.access").json["subjects"]["audit.access"]
    assert not any(look.get("case") for look in theirs["record"]["looks"])


@pytest.mark.parametrize(("score", "called"), [("1", True), ("2", True), ("3", False), ("5", False)])
def test_who_was_dissatisfied_is_called(plain: GatewayKit, score: str, called: bool) -> None:
    counter = Counter(plain)
    number = counter.hand_in("residence", phone="14000000099")
    counter.hand_in("my-cases", do="evaluate", case=number.replace("-", ""), score=score)
    found = plain.gateway.messages.calls.waiting(plain.clock.ms, 10)
    assert [(call.topic, call.number) for call in found] == ([("rating", number)] if called else [])
    assert all(call.phone for call in found)


@pytest.mark.parametrize("subject", ["case.case", "audit.access"])
def test_no_other_service_may_ask_for_them(plain: GatewayKit, subject: str) -> None:
    counter = Counter(plain)
    assert counter.card.lookup(counter.terminal, "residence", subject).code == "subject-refused"


def test_what_is_kept_of_a_case_names_nobody(plain: GatewayKit) -> None:
    Counter(plain).hand_in("residence")
    with plain.store.database.reading() as db:
        kept = [db.rows(f"SELECT * FROM {table}") for table in ("case_file", "case_step", "case_event")]
    assert PARENT not in repr(kept)
    assert "陈晓娴" not in repr(kept)


def test_an_operator_prints_the_token_of_an_agency_that_there_is(plain: GatewayKit) -> None:
    run = CliRunner().invoke
    said = run(command, ["agency", "--dir", str(plain.folder), "psb", "--json"])
    assert json.loads(said.stdout) == {"agency": "psb", "token": agency_token(plain.authority, "psb")}
    refused = run(command, ["agency", "--dir", str(plain.folder), "nasa", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"] == "agency-unknown"
