"""Bringing into service, step by step: what a hand, a card, a cable and a plug did, and what the screen made of it."""

from __future__ import annotations

import json

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk.pieces.modes import Modes
from kiosk.session.state import StartTimer, StopTimer
from kiosk.staff.events import NameHeld
from kiosk.staff.part import RunTask, TaskDone
from kiosk.staff.setup import progress
from kiosk.staff.setup.state import LIMIT, POLL, accepted
from tests.scenario.kit import words_of
from tests.unit.setup_kit import CARD, Hand


def saved(hand: Hand) -> str:
    return next(
        one.arguments["progress"] for one in hand.effects if isinstance(one, RunTask) and one.name == "setup-save"
    )


# ---------------------------------------------------------------------------------------------------------- the whole


def test_a_healthy_terminal_is_in_service_after_eight_steps() -> None:
    hand = Hand()
    assert hand.asked() == ["setup-load"]
    assert "看看上次装到哪一步" in hand.words
    hand.to_ready().done("setup-sent")
    assert "8 步都过了。网关已收到报告。" in hand.words
    assert [proof.name for proof in hand.part.proofs] == [
        "touch", "display", "speech", "printer", "paper", "card-reader", "gateway", "clock-offset", "certificate",
        "catalogue", "outbox",
    ]  # fmt: skip
    assert all(proof.mark == "ok" for proof in hand.part.proofs)
    hand.touch("primary")
    assert hand.asked() == ["setup-open"]
    hand.done("setup-open")
    assert hand.staff is None
    assert hand.noted() == ["setup-opened"]


def test_every_step_is_noted_kept_and_cannot_fire_into_the_next_one() -> None:
    hand = Hand().begun().through_touch()
    assert hand.noted() == ["setup-touch"]
    assert json.loads(saved(hand))["at"] == "look"
    assert StopTimer(LIMIT) in hand.effects
    assert StopTimer(POLL) in hand.effects


def test_a_plug_pulled_in_the_middle_goes_on_at_that_step() -> None:
    before = Hand().to("network")
    kept = progress.written(before.part)
    after = Hand().done("setup-load", progress=kept)
    assert after.part.at == "network"
    assert after.part.proofs == before.part.proofs
    assert after.part.began == before.part.began
    assert after.asked() == ["setup-network"]


def test_a_progress_file_that_was_damaged_begins_anew_and_says_so() -> None:
    hand = Hand().done("setup-load", progress="{half")
    assert hand.part.at == "touch"
    assert hand.part.unsaved == "progress-damaged"
    hand.late()
    assert "上次装到哪一步，读不出来了" in hand.words


def test_a_full_disk_is_told_and_the_next_step_saves_again() -> None:
    hand = Hand().to("clock").done("setup-save", ok=False, code="storage-failed")
    assert "磁盘写不进去" in hand.words
    hand.done("setup-save")
    assert "磁盘写不进去" not in hand.words


def test_put_off_nobody_is_served_and_a_touch_goes_on_at_the_same_step() -> None:
    hand = Hand().to("reader").touch("finish")
    assert hand.part.paused
    assert "这台机器还没有开通" in hand.words
    hand.press("accept").poll()
    assert hand.part.paused
    assert hand.touch("primary").part.at == "reader"
    assert not hand.part.paused


def test_back_leads_to_the_step_before_and_its_proof_is_made_anew() -> None:
    hand = Hand().to("clock").touch("back")
    assert hand.part.at == "network"
    hand.send(e.BackPressed()).send(e.BackPressed())
    assert hand.part.at == "paper"
    first = Hand().begun().send(e.BackPressed())
    assert first.part.at == "touch"


def test_late_answers_and_other_people_s_events_change_nothing() -> None:
    hand = Hand().to("network")
    before = hand.part
    for event in (
        TaskDone("setup-load", ok=True), TaskDone("checks", ok=True), NameHeld(), e.TimerFired("other"),
        e.KeyTyped("1"), e.PrimaryPressed(), e.ClockTicked("2027-05-18T10:03"),
    ):  # fmt: skip
        hand.send(event)
        assert hand.part == before
    assert Hand().press("accept").part.at == "touch"


def test_languages_and_modes_are_changed_on_any_step() -> None:
    hand = Hand().to("paper").done("print", digits="7305").touch("mode.large")
    assert hand.staff is not None
    assert hand.staff.modes.text_scale > Modes().text_scale
    hand.touch("mode.large", "mode.large")
    for _ in range(2):
        hand.touch("mode.language")
    assert "印" in "".join(words_of(hand.screen("yue-Hant")))
    assert hand.staff.language != "zh-Hans"


# -------------------------------------------------------------------------------------------------------------- touch


def test_a_touch_more_than_twelve_pixels_off_is_asked_for_again() -> None:
    hand = Hand().begun()
    assert hand.glass(100 + 9, 100 + 9).stage.missed_px == 13
    assert "偏 13 像素，再点一次" in hand.words
    assert hand.glass(100, 112).stage.off_px == (12,)
    assert "请点右上角的圆" in hand.words
    assert StartTimer(LIMIT, 60.0) in hand.effects


def test_circles_lie_in_the_corners_of_a_lying_screen_too() -> None:
    hand = Hand(landscape=True).begun()
    assert hand.stage.spots == ((100, 100), (1820, 100), (1820, 980), (100, 980), (960, 540))
    hand.through_touch()
    assert hand.proof("touch").facts == {"n": "5", "px": "0"}


def test_nobody_meets_the_circle_for_a_minute() -> None:
    hand = Hand().begun().touch("touch.target").send(e.TimerFired(POLL))
    assert not hand.stage.failed
    hand.press("accept")
    assert hand.part.at == "touch"
    hand.late()
    assert "60 秒没有点到" in hand.words
    assert hand.glass(980, 100).stage.failed
    assert Hand().begun().late().touch("setup.again").stage.off_px == ()
    hand.touch("setup.accept")
    assert hand.proof("touch") == accepted("touch", n="0")


# --------------------------------------------------------------------------------------------------- screen and sound


def test_dead_pixels_and_no_sound_are_accepted_and_named() -> None:
    hand = Hand().to("look").press("next", "next", "next", "next", "next")
    assert "五种颜色都看清楚了吗？" in hand.words
    hand.touch("setup.again")
    assert hand.stage.page == 0
    hand.press("next", "next", "next", "next", "next").touch("setup.dots")
    assert hand.asked() == ["setup-speech"]
    assert "正在说" in hand.words
    hand.done("checks").done("setup-speech", ok=False, code="speech-failed")
    assert "没有声音" in hand.words
    hand.touch("setup.again").done("setup-speech").touch("setup.accept")
    assert {proof.name for proof in hand.part.overrides} == {"display", "speech"}


def test_an_answer_of_the_voice_that_comes_too_early_is_nothing() -> None:
    assert Hand().to("look").done("setup-speech").stage.page == 0


# ------------------------------------------------------------------------------------------------------------ printer


def test_wrong_digits_are_asked_again_and_the_third_time_another_page_comes() -> None:
    hand = Hand().to("paper")
    assert "正在打测试页" in hand.words
    hand.done("checks").done("print", digits="7305").touch("key.1", "key.1", "key.delete", "key.1", "key.1")
    hand.send(e.PrimaryPressed())
    assert hand.stage.typed == "111"
    hand.touch("key.1").send(e.KeyTyped("9")).send(e.KeyTyped("x")).touch("primary")
    assert "和纸上的不一样" in hand.words
    hand.touch("key.2", "key.clear", "key.2", "key.2", "key.2", "key.2", "primary")
    hand.touch("key.3", "key.3", "key.3", "key.3", "primary")
    assert hand.asked() == ["print"]
    hand.done("print", digits="1111").done("print", digits="2222")
    assert hand.stage.digits == "1111"
    hand.touch("key.1", "key.1", "key.1", "key.1", "primary")
    assert hand.proof("printer").facts == {"digits": "1111"}


@pytest.mark.parametrize(("code", "next_step", "looked_up"), [
    ("paper-out", "换 80 mm 纸卷", "printer-paper-out"), ("cover-open", "把盖合上", "printer-cover-open"),
    ("", "线接好没有", "printer-fault"), ("printer-unplugged", "线接好没有", "printer-absent"),
    ("no-reply", "线接好没有", "printer-absent"), ("cutter", "线接好没有", "printer-fault"),
])  # fmt: skip
def test_a_page_that_does_not_come_out_is_printed_again_or_accepted(code: str, next_step: str, looked_up: str) -> None:
    hand = Hand().to("paper").done("print", ok=False, code=code)
    assert "测试页没有打好" in hand.words
    assert next_step in hand.words
    assert looked_up in hand.words
    assert "没有成功，代码" not in hand.words
    hand.send(e.KeyTyped("1")).send(e.PrimaryPressed())
    assert hand.part.at == "paper"
    assert hand.touch("setup.again").asked() == ["print"]
    hand.done("print", digits="7305").touch("back")
    assert "纸没有打出来" in hand.words
    hand.touch("setup.accept")
    assert hand.proof("printer").accepted
    assert hand.part.at == "reader"


def test_from_a_page_that_did_not_come_out_back_leads_to_the_step_before() -> None:
    assert Hand().to("paper").done("print", ok=False).touch("back").part.at == "look"


@pytest.mark.parametrize(("paper", "mark", "words"), [
    ("near-end", "warn", "纸快用完了，先换一卷"), (None, "warn", "打印机没有说纸还有多少"),
    ("none", "warn", "打印机没有说纸还有多少"), ("out", "warn", "打印机没有说纸还有多少"),
])  # fmt: skip
def test_a_roll_near_its_end_is_a_triangle_in_the_report(paper: str | None, mark: str, words: str) -> None:
    hand = Hand(paper=paper).to("paper").done("print", digits="7305")
    assert words in hand.words
    hand.touch("key.7", "key.3", "key.0", "key.5", "primary")
    assert hand.proof("paper").mark == mark
    assert not hand.proof("paper").accepted


# ------------------------------------------------------------------------------------------------------------- reader


def test_the_test_card_needs_no_touch_at_all() -> None:
    hand = Hand().to("reader")
    assert "请插入测试卡" in hand.words
    hand.slot(SlotState.PRESENT, 1)
    assert hand.asked() == ["setup-card"]
    hand.done("setup-card", **CARD)
    assert "认出测试卡，0.4 秒" in hand.words
    assert "请拔出测试卡" in hand.words
    hand.slot(SlotState.EMPTY, 1).slot(SlotState.PRESENT, 2)
    assert hand.asked() == ["setup-card-again"]
    hand.done("setup-card-again")
    assert "请取回测试卡" in hand.words
    hand.slot(SlotState.EMPTY, 2)
    assert hand.proof("card-reader").facts == CARD


def test_a_card_that_is_in_already_is_read_at_once() -> None:
    hand = Hand()
    hand.slot(SlotState.PRESENT, 3).to("reader")
    assert hand.asked()[-1] == "setup-card"


def test_wrong_cards_pulled_cards_and_no_reader_have_a_sentence_and_go_on() -> None:
    hand = Hand().to("reader").slot(SlotState.READER_ABSENT, 0)
    assert "看不到读卡器" in hand.words
    hand.slot(SlotState.EMPTY, 0).slot(SlotState.MUTE, 1)
    assert hand.stage.code == "card-unreadable"
    hand.slot(SlotState.EMPTY, 1).slot(SlotState.PRESENT, 2)
    hand.done("setup-card-again").done("setup-card", ok=False, code="not-test-card", tries="5")
    assert "这不是测试卡" in hand.words
    hand.slot(SlotState.EMPTY, 2).slot(SlotState.PRESENT, 3).slot(SlotState.EMPTY, 3)
    assert hand.stage.code == "card-removed"
    hand.slot(SlotState.PRESENT, 4).slot(SlotState.PRESENT, 4).done("setup-card", **CARD)
    hand.slot(SlotState.PRESENT, 4).slot(SlotState.EMPTY, 4)
    hand.slot(SlotState.PRESENT, 5).slot(SlotState.PRESENT, 5).slot(SlotState.EMPTY, 5)
    assert hand.stage.phase == "again"
    hand.slot(SlotState.PRESENT, 6).done("setup-card-again", ok=False, code="same-card-cached")
    assert "读出来的是上一次的卡" in hand.words
    hand.slot(SlotState.EMPTY, 6).slot(SlotState.PRESENT, 7).done("setup-card-again").slot(SlotState.PRESENT, 7)
    hand.slot(SlotState.EMPTY, 7)
    assert hand.part.at == "network"


def test_without_a_reader_what_to_look_at_is_told_and_can_be_accepted() -> None:
    hand = Hand().to("reader").touch("setup.help")
    assert "读不出卡，先看这几样" in hand.words
    assert not hand.touch("setup.again").stage.helping
    hand.touch("setup.help", "setup.accept")
    assert hand.proof("card-reader").accepted


# ---------------------------------------------------------------------------------------------------- network, clock


def test_the_cable_is_pulled_and_put_back() -> None:
    hand = Hand().to("network").done("checks").done("setup-network", ok=False, code="no-network")
    assert "网关没有回答" in hand.words
    assert hand.waits()
    assert hand.poll().asked() == ["setup-network"]
    hand.done("setup-network", ms="38").done("setup-network", ms="38")
    assert "请拔下网线" in hand.words
    hand.done("setup-network", ok=False, code="no-network").done("setup-network", ok=False, code="no-network")
    assert "请插回网线" in hand.words
    assert hand.send(e.TimerFired(LIMIT)).asked() == []
    hand.done("setup-network")
    assert hand.proof("gateway").facts == {"ms": "38", "cut": "yes"}


@pytest.mark.parametrize(("answers", "facts"), [
    ([], {"none": "yes", "accepted": "yes"}), ([{"ms": "9"}], {"ms": "9", "accepted": "yes"}),
])  # fmt: skip
def test_no_network_or_a_cable_that_cannot_be_pulled(answers: list[dict[str, str]], facts: dict[str, str]) -> None:
    hand = Hand().to("network")
    assert hand.press("again").asked() == ["setup-network"]
    for answer in answers:
        hand.done("setup-network", **answer)
    hand.touch("setup.accept")
    assert hand.proof("gateway").facts == facts


def test_another_gateway_answers() -> None:
    hand = Hand().to("network").done("setup-network", ok=False, code="wrong-authority")
    assert "回答的不是网点数据里的那个网关" in hand.words
    assert "什么都没有发出去" in hand.words


def test_a_clock_a_little_off_can_be_accepted_and_one_far_off_cannot() -> None:
    hand = Hand().to("clock")
    assert "正在看时钟" in hand.words
    assert hand.press("accept").asked() == ["setup-clock"]
    hand.done("checks").done("setup-clock", offset_ms="-400000")
    assert "时钟差得太多" in hand.words
    assert hand.press("accept").part.at == "clock"
    hand.done("setup-clock", offset_ms="1800")
    assert "时钟差 1.8 秒" in hand.words
    assert hand.touch("setup.again").asked() == ["setup-clock"]
    hand.done("setup-clock", offset_ms="-1800").touch("setup.accept")
    assert hand.proof("clock-offset") == accepted("clock-offset", s="1.8")


def test_without_a_network_a_person_reads_the_clock() -> None:
    hand = Hand().to("clock").done("setup-clock", ok=False, code="no-site", offset_ms="1")
    assert "这个时间对吗？" in hand.words
    hand.touch("setup.accept")
    assert hand.proof("clock-offset").facts == {"by": "eye", "accepted": "yes"}
