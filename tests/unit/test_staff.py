"""Staff mode as a value: second touches, late answers, and what no hand should be able to do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk.doctor.machine import UPDATE_NEXT
from kiosk.doctor.table import CHECKS
from kiosk.screen_model import ScreenModel
from kiosk.services.places import nearest
from kiosk.session.asking.events import PinChanged
from kiosk.session.state import ForgetPin, Note
from kiosk.staff import checks, maintenance, tools
from kiosk.staff.closed import Closed
from kiosk.staff.entry import Entry
from kiosk.staff.events import TaskPressed, TechnicianCardSeen, TechnicianPinAccepted, TechnicianPinRefused
from kiosk.staff.maintenance import CHECKS as LOOK
from kiosk.staff.maintenance import IDLE, Maintenance
from kiosk.staff.part import Closure, Part, RunTask, Staff, TaskDone, TaskRow
from kiosk.staff.table import UnlistedStaffEvent, step
from kiosk.staff.views.screen import render
from kiosk.upkeep import closing
from kiosk.upkeep.log_lines import WORDS as LOG_WORDS
from kiosk.words import i18n
from provisioning.gateway.appointments.offices import load_offices
from tests.gateway_kit import ASSETS
from tests.unit.visit_kit import FACTS, FAILURES, SITE, world

LANGUAGES = ("zh-Hans", "yue-Hant", "en")
BY_CARD = "card:1f3a-07bc"


def staff(part: Part, **more: object) -> Staff:
    return Staff(part, world(), **{"by": BY_CARD, **more})  # pyright: ignore


def after(part: Part, *events: e.Event, **more: object) -> Staff:
    found: Staff | None = staff(part, **more)
    for event in events:
        assert found is not None
        found, _ = step(found, event)
    assert found is not None
    return found


def drawn(found: Staff) -> ScreenModel:
    return render(found, i18n.staff_sayer(found.language), SITE, FAILURES)


def code(**more: object) -> Entry:
    return Entry("code", qr="https://x/technician/code?t=T1&k=a&n=b", tries_left=5, **more)  # pyright: ignore


# -------------------------------------------------------------------------------------------------- the way in


def test_a_second_touch_on_ok_while_the_card_looks_at_the_pin_does_nothing() -> None:
    busy = Entry("card", 1, "1f3a", pin_length=6, busy=True)
    assert after(busy, e.PrimaryPressed()).part == busy


def test_ok_with_a_short_pin_or_a_short_code_does_nothing() -> None:
    for part in (Entry("card", 1, "1f3a", pin_length=5), code(typed="1234567"), Entry("code", typed="12345678")):
        assert step(staff(part), e.PrimaryPressed())[1] == (maintenance.idle(staff(part)),)


def test_a_pin_that_was_accepted_after_the_way_in_was_left_opens_nothing() -> None:
    for part in (Entry("card", 1, "1f3a"), code(busy=True)):
        assert step(staff(part), TechnicianPinAccepted())[0] == staff(part)


def test_a_card_that_refuses_with_no_tries_left_is_blocked() -> None:
    part = Entry("card", 1, "1f3a", pin_length=6, busy=True)
    found, effects = step(staff(part), TechnicianPinRefused(0))
    assert found is not None
    assert isinstance(found.part, Entry)
    assert found.part.problem == "pin-blocked"
    assert ForgetPin() in effects


def test_the_slot_telling_of_the_same_card_again_changes_nothing() -> None:
    part = Entry("card", 3, "1f3a")
    assert step(staff(part), e.SlotChanged(SlotState.PRESENT, 3))[0] == staff(part)
    assert step(staff(code()), e.SlotChanged(SlotState.EMPTY, 3))[0] == staff(code())


@pytest.mark.parametrize("key", ["x", "."])
def test_only_digits_are_typed_and_no_more_than_eight(key: str) -> None:
    assert after(code(), e.KeyTyped(key)).part == code()
    assert after(code(typed="12345678"), e.KeyTyped("9")).part == code(typed="12345678")
    busy = code(busy=True)
    assert after(busy, e.KeyTyped("9")).part == busy


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    for part in (Entry("card", busy=True), code(), code(busy=True)):
        late = TaskDone("checks", ok=True)
        assert step(staff(part), late)[0] == staff(part)


def test_no_code_can_be_had_before_the_terminal_is_enrolled() -> None:
    waiting = Entry("code", busy=True)
    found = after(waiting, TaskDone("code-offer", ok=False, code="staff-code-unenrolled"))
    assert any("还没有登记" in str(piece) for piece in drawn(found).body)


def test_while_the_code_is_made_the_screen_says_so() -> None:
    assert drawn(staff(Entry("code", busy=True))).title == "正在准备维护码"


def test_neither_pin_nor_code_is_in_a_repr() -> None:
    shown = repr(staff(code(typed="87654321"))) + repr(RunTask("code-check", {"code": "87654321"}))
    assert "87654321" not in shown


# ------------------------------------------------------------------------------------------------- maintenance


def test_a_tool_pressed_while_another_is_at_work_waits_for_nobody() -> None:
    part = Maintenance(page="sync", busy="sync")
    assert after(part, TaskPressed("bundle")).part == part
    assert after(part, e.PrimaryPressed()).part == part


def test_a_tool_that_nobody_knows_does_nothing() -> None:
    assert after(Maintenance(), TaskPressed("decommission")).part == Maintenance()


def test_the_checks_may_go_on_while_a_tool_is_opened() -> None:
    found = after(Maintenance(busy=LOOK), TaskPressed("network"), TaskDone(LOOK, ok=True, facts={"at": "", "took": ""}))
    assert isinstance(found.part, Maintenance)
    assert found.part.busy == "network"
    assert found.part.done is not None


def test_checking_again_is_one_touch() -> None:
    _, effects = step(staff(Maintenance()), TaskPressed(LOOK))
    assert RunTask(LOOK) in effects
    assert any(isinstance(one, Note) and one.fields["action"] == LOOK for one in effects)


def test_back_to_the_status_goes_on_with_the_checks_that_run() -> None:
    found = after(Maintenance(page="tools", busy=LOOK), e.BackPressed())
    assert found.part == Maintenance(busy=LOOK)
    assert after(Maintenance(page="network", busy="network"), e.BackPressed()).part == Maintenance()


def test_an_answer_that_came_after_the_page_was_left_is_not_shown() -> None:
    assert after(Maintenance(), TaskDone("bundle", ok=True)).part == Maintenance()


def test_the_way_forward_does_nothing_where_there_is_none() -> None:
    for part in (Maintenance(), Maintenance(busy=LOOK), Maintenance(page="tools"), Maintenance(page="close")):
        assert after(part, e.PrimaryPressed()).part == part


def test_a_technician_who_came_by_code_may_change_cards() -> None:
    found = after(Maintenance(), e.SlotChanged(SlotState.EMPTY, 1), by="code:1234-5678")
    assert found.part == Maintenance()
    assert step(staff(Maintenance()), e.SlotChanged(SlotState.PRESENT, 2))[0] == staff(Maintenance())


def test_any_other_timer_is_not_ours() -> None:
    assert after(Maintenance(), e.TimerFired("house.minute")).part == Maintenance()
    assert step(staff(Maintenance()), e.TimerFired(IDLE))[0] is None
    assert step(staff(Maintenance(page="read", serial="")), e.TimerFired(tools.SWAP))[0] is not None


def test_leaving_before_anybody_came_in_is_not_logged_as_staff_s() -> None:
    assert step(staff(code(), by=""), e.FinishPressed()) == (None, ())


def test_an_event_that_no_row_names_is_a_bug() -> None:
    with pytest.raises(UnlistedStaffEvent, match="Maintenance has no row for PinChanged"):
        step(staff(Maintenance()), PinChanged())


def test_a_late_answer_of_a_citizen_s_card_is_no_test_read() -> None:
    late = (e.CardFailed("card-unknown"), e.CardRecognised(1, FACTS, 6), TechnicianCardSeen(1, "1f3a"))
    for event in late:
        assert after(Maintenance(page="read"), event).part == Maintenance(page="read")


def test_a_mute_card_in_the_slot_is_the_answer_of_a_test_read() -> None:
    found = after(Maintenance(page="read", busy="read"), e.SlotChanged(SlotState.MUTE, 2))
    assert isinstance(found.part, Maintenance)
    assert found.part.answer is not None
    assert found.part.answer.code == "card-unreadable"
    waiting = Maintenance(page="read", serial="1f3a", answer=found.part.answer)
    assert after(waiting, e.SlotChanged(SlotState.READER_ABSENT, 2)).part == waiting


def test_while_the_own_card_is_out_no_tool_and_no_way_back_can_be_pressed() -> None:
    part = Maintenance(page="read", serial="1f3a")
    assert after(part, TaskPressed("bundle"), e.BackPressed()).part == part


def test_the_digits_of_the_paper_are_all_wanted_and_no_other_keys() -> None:
    part = Maintenance(page="print", digits="1234", typed="12")
    assert after(part, e.PrimaryPressed(), e.KeyTyped("x")).part == part
    full = Maintenance(page="print", digits="1234", typed="1234")
    assert after(full, e.KeyTyped("5")).part == full
    assert after(Maintenance(page="print"), e.KeyTyped("5")).part == Maintenance(page="print")


def test_closing_wants_a_reason_that_there_is() -> None:
    part = Maintenance(page="close")
    found = after(part, TaskPressed("reason", "holiday"), TaskPressed("until", "2099"), e.PrimaryPressed())
    assert found.part == part
    busy = Maintenance(page="close", reason="work", busy="close")
    assert after(busy, TaskPressed("reason", "reader")).part == busy


def test_a_task_that_failed_changes_nothing_but_its_page() -> None:
    part = Maintenance(page="close", reason="work", busy="close")
    found = after(part, TaskDone("close", ok=False, code="storage-failed"))
    assert found.closure is None
    assert any("storage-failed" in str(piece) for piece in drawn(found).body)
    unknown = after(part, TaskDone("close", ok=False, code="never-heard-of"))
    assert any("没有做成" in str(piece) for piece in drawn(unknown).body)


def test_leaving_the_screen_test_half_way_begins_anew() -> None:
    assert after(Maintenance(page="screen", colour=3), e.BackPressed()).part == Maintenance()


def test_while_a_task_is_at_work_the_page_says_so() -> None:
    assert drawn(staff(Maintenance(page="sync", busy="sync"))).subtitle == "正在做，请等一等。"


# ------------------------------------------------------------------------------------------- words and screens


ROWS = (
    TaskRow("fail", "printer-paper", "打印机没纸", "", "打开前盖，换 80 mm 纸卷，再打测试页"),
    TaskRow("warn", "parked-entries", "第 {seq} 条，{agency}", "原因 {reason}", "按原因请部门处理；本机不能改",
            {"seq": "3", "agency": "tax", "reason": "no-such-person"}),
    TaskRow("info", "clock-offset", "时钟", "没有，不用看"),
    TaskRow("ok", "gateway-latency", "网关", "通，来回 {n} 毫秒", "", {"n": "38"}),
)  # fmt: skip
OFFICES = [dict(office.public) for office in load_offices(ASSETS / "city" / "offices.toml").values()]
RECORD = {"offices": OFFICES}
PLACES = nearest(RECORD, "offices", (1100.0, 700.0), 6)
DONE = TaskDone(LOOK, ok=False, facts={"at": "2026-05-18T10:24", "took": "6"}, rows=ROWS)
SCREENS: tuple[Part, ...] = (
    Entry("card", 1, "1f3a", tries_left=3),
    Entry("card", 1, "1f3a", tries_left=2, refused=True),
    Entry("card", 1, "1f3a", pin_length=6, busy=True),
    Entry("card", 1, "1f3a", tries_left=3, back_to=Maintenance(page="read")),
    Entry("card", 1, "", problem="technician-unknown", own=True),
    Entry("card", 1, "1f3a", problem="technician-revoked"),
    Entry("card", 1, "1f3a", problem="never-heard-of"),
    code(typed="1234"),
    code(refused=True),
    code(problem="staff-code-expired"),
    Maintenance(busy=LOOK),
    Maintenance(done=DONE),
    Maintenance(page="tools"),
    Maintenance(page="parked", answer=DONE),
    *(Maintenance(page=name) for name in sorted(maintenance.ASKING)),
    Maintenance(page="print", busy="print"),
    Maintenance(page="print", digits="1234", typed="12"),
    Maintenance(page="read", busy="read"),
    Maintenance(page="read", busy="read", serial="1f3a"),
    *(Maintenance(page="screen", colour=n) for n in range(1, 6)),
    Maintenance(page="logs", answer=TaskDone("logs", ok=True, rows=(
        TaskRow("info", "staff.did", "技术员操作", values={"at": "10:24", "told": "action=entered"}),))),
    Closed(),
    Closed(wrong_card=True),
    Closed(places=PLACES),
    Closed(wrong_card=True, places=PLACES),
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_has_words_in_every_language_and_a_way_out(language: str) -> None:
    for part in SCREENS:
        closure = Closure("reader", "tomorrow", "2026-05-18T10:24") if isinstance(part, Closed) else None
        model = drawn(staff(part, language=language, closure=closure))
        full_glass = isinstance(part, Maintenance) and part.colour
        swapping = isinstance(part, Maintenance) and part.serial
        assert model.finish or model.way_in or full_glass, part
        assert (
            model.back
            or model.way_in
            or full_glass
            or swapping
            or isinstance(part, Entry)
            or part == Maintenance(busy=LOOK)
        )


def test_every_check_of_the_doctor_has_words_and_a_part() -> None:
    names = {check.name for check in CHECKS}
    assert set(checks.PROBLEMS) == names
    assert {name for _, parts, _, _ in checks.PARTS for name in parts} == names
    assert all(telling in parts for _, parts, telling, _ in checks.PARTS)
    assert set(maintenance.REMEDIES) <= names


@pytest.mark.parametrize("outcome", UPDATE_NEXT)
def test_an_update_that_did_not_end_well_is_told_by_name_and_not_restarted(outcome: str) -> None:
    """A restart takes out no version, makes no room and signs nothing."""
    waits = checks.problem("updates", "warn", "an update waits for a restart")
    row = checks.problem("updates", "warn", f"{outcome}: version 9.9.9, it waits for a restart of nothing")
    assert row.title != waits.title
    assert row.next != waits.next
    assert maintenance.remedy(TaskDone("checks", ok=True, rows=(waits,))) == (1, "restart")
    assert maintenance.remedy(TaskDone("checks", ok=True, rows=(row,)))[1] in {"", "bundle"}


def test_a_check_that_fell_over_or_is_unknown_is_still_named() -> None:
    for name, cause in (("disk-space", "the check itself fell over: KeyError"), ("brand-new", "something")):
        row = checks.problem(name, "fail", cause)
        assert (row.name, row.title) == (name, "检查自己出错了")


def test_numbers_of_a_cause_are_put_into_the_words() -> None:
    row = checks.problem("outbox-age", "warn", "12 entries wait, the oldest for 30 h")
    assert row.values == {"n": "12", "k": "30"}
    assert checks.numbers("nothing") == {"n": "-", "k": "-"}


def test_a_part_with_a_problem_is_not_told_in_order_and_one_that_is_not_there_is_left_out() -> None:
    found = checks.rows([("sound", "skip", ""), ("display", "ok", ""), ("fonts", "fail", "x is missing")])
    assert [(row.mark, row.title) for row in found] == [("fail", "少字体文件")]
    waiting = checks.rows([("outbox-age", "ok", "3 entries wait, the oldest for 1 h")])
    assert waiting[0].text == "{n} 条，最早 {k} 小时前"
    assert checks.single("clock-offset", "skip", "").text == checks.NOT_THERE


def test_every_text_of_staff_mode_is_in_english_and_in_traditional_chinese() -> None:
    english, cantonese = i18n.staff_sayer("en"), i18n.staff_sayer("yue-Hant")
    texts = [text for rows in checks.PROBLEMS.values() for _, *words in rows for text in words]
    texts += [*LOG_WORDS.values(), *(text for _, _, _, text in checks.PARTS), *(label for label, *_ in checks.PARTS)]
    for text in texts:
        assert english(text, n=1, k=2) != text
        cantonese(text, n=1, k=2)


def test_a_lowered_closed_screen_keeps_why_and_what_is_not_lost() -> None:
    lowered = replace(staff(Closed()).modes, reach=True)
    closure = Closure("printer", "", "2026-05-18T10:24")
    for modes, everything in ((lowered, False), (staff(Closed()).modes, True)):
        body = str(drawn(staff(Closed(), closure=closure, modes=modes)).body)
        assert "打印机坏了" in body
        assert "已提交的都在" in body
        assert ("办事窗口" in body) is everything


# ---------------------------------------------------------------------------------------------------- closing


@pytest.mark.parametrize("content", ["", "{", "[]", '{"reason": "holiday", "until": ""}', '{"reason": 7}', "\x00"])
def test_a_file_of_closing_that_cannot_be_read_closes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / closing.CLOSED_FILE).write_text(content, "utf-8")
    assert closing.read(tmp_path) is None


def test_what_was_closed_is_read_again_and_forgotten_once(tmp_path: Path) -> None:
    found = Closure("printer", "today", "2026-05-18T10:24")
    closing.write(tmp_path, found)
    assert closing.read(tmp_path) == found
    assert json.loads((tmp_path / closing.CLOSED_FILE).read_text()) == {
        "reason": "printer", "until": "today", "since": "2026-05-18T10:24"}  # fmt: skip
    closing.forget(tmp_path)
    closing.forget(tmp_path)
    assert closing.read(tmp_path) is None


def test_pages_hold_fewer_rows_in_large_letters() -> None:
    rows = tuple(replace(ROWS[0], name=f"r{n}") for n in range(7))
    done = TaskDone("parked", ok=True, rows=rows)
    large = replace(staff(Maintenance(page="parked", answer=done)).modes, text_scale=1.6)
    model = drawn(staff(Maintenance(page="parked", answer=done, offset=99), modes=large))
    assert "第 3 页，共 3 页" in str(model.body)
