"""Bringing into service at its site: joining, the report, and the words of both; every wrong turn goes on."""

from __future__ import annotations

import pytest

from kiosk import events as e
from kiosk.session.state import StartTimer
from kiosk.staff.part import RunTask
from kiosk.staff.setup import progress
from kiosk.staff.setup.state import LIMIT, POLL, STEPS, Proof, accepted
from kiosk.staff.views.setup.ending import minutes
from kiosk.staff.views.setup.words import PROOFS, TROUBLE, proof_name, proof_text
from tests.unit.setup_kit import SAY, SHOWN, Hand

# ------------------------------------------------------------------------------------------------------------ joining


def test_a_code_is_shown_until_a_technician_has_decided() -> None:
    hand = Hand().to("joining")
    assert "正在做密钥" in hand.words
    hand.done("setup-join", facts=SHOWN)
    assert {"KX7-4PD", "还剩 14:32，一次有效", "指纹 7a41 c09e 5d12"} <= set(hand.words.split("\n"))
    assert StartTimer(POLL, 3.0) in hand.effects
    assert hand.poll().asked() == ["setup-join"]
    hand.done("setup-join", facts=SHOWN, wait_s="soon")
    assert StartTimer(POLL, 3.0) in hand.effects
    hand.done("checks").send(e.TimerFired(LIMIT))
    hand.done("setup-join", state="joined", until="2027-08-16")
    assert hand.proof("certificate").facts == {"until": "2027-08-16"}


@pytest.mark.parametrize(("state", "code", "words"), [
    ("new-code", "token-expired", "刚才的码过期了"), ("new-code", "token-used", "刚才的码用过了"),
    ("new-code", "token-cancelled", "刚才的码在手机上解绑了"), ("no-network", "gateway-unavailable", "网关没有回答"),
    ("wrong-authority", "ca-mismatch", "回答的不是网点数据里的那个网关"),
    ("clock-wrong", "clock-wrong", "这台机器的时钟差 900 秒"),
    ("refused", "too-large", "没有成功，代码 too-large"),
])  # fmt: skip
def test_every_wrong_turn_has_a_sentence_and_the_terminal_asks_on(state: str, code: str, words: str) -> None:
    hand = Hand().to("joining")
    hand.done("setup-join", ok=False, code=code, facts=SHOWN, state=state, clock_off_s="900")
    assert words in hand.words
    assert hand.waits()


def test_without_site_data_there_is_no_code_and_it_is_asked_again() -> None:
    hand = Hand().to("joining").done("setup-join", ok=False, code="no-site")
    assert "这台机器还不知道网关在哪里" in hand.words
    assert hand.waits()
    assert hand.touch("setup.again").asked() == ["setup-join"]


def test_without_a_network_a_stick_carries_request_and_certificate() -> None:
    hand = Hand(landscape=True).to("joining").done("setup-join", facts=SHOWN).touch("setup.stick")
    assert "用 U 盘登记" in hand.words
    hand.done("setup-join", facts=SHOWN)
    assert hand.poll().asked() == []
    assert hand.touch("setup.write").asked() == ["setup-stick-write"]
    assert "正在读写 U 盘，先别拔" in hand.words
    assert hand.press("read").asked() == []
    hand.done("setup-stick-write", ok=False, code="stick-missing")
    assert "没有找到 U 盘" in hand.words
    hand.touch("setup.write").done("setup-stick-write", code="KX7-4PD")
    assert hand.stage.state == "written"
    hand.touch("setup.read").done("setup-stick-read", ok=False, code="no-answer-on-stick")
    assert "U 盘上没有这台机器的证书" in hand.words
    assert hand.touch("back").asked() == ["setup-join"]
    hand.done("setup-stick-write")
    assert hand.stage.way == "phone"
    hand.touch("back")
    assert hand.part.at == "clock"


def test_joined_by_the_stick() -> None:
    hand = Hand().to("joining").press("stick", "read").done("setup-stick-read", state="joined", until="2027-08-16")
    assert hand.part.at == "report"


# ------------------------------------------------------------------------------------------------------------- report


def test_the_catalogue_is_waited_for_or_not() -> None:
    hand = Hand().to("report")
    assert "等网关发来目录" in hand.words
    hand.send(e.PrimaryPressed()).press("accept")
    hand.done("setup-data", ok=False, code="no-catalogue")
    assert hand.waits()
    assert hand.send(e.PrimaryPressed()).asked() == []
    assert hand.poll().asked() == ["setup-data"]
    assert hand.send(e.TimerFired(LIMIT)).asked() == []
    hand.touch("setup.accept")
    assert hand.asked() == ["setup-outbox"]
    assert hand.poll().asked() == []
    assert hand.proof("catalogue").accepted


@pytest.mark.parametrize(("fails", "code"), [("setup-outbox", "storage-failed"), ("setup-report", "not-enrolled")])
def test_a_full_disk_at_the_report_is_tried_again_by_one_touch(fails: str, code: str) -> None:
    hand = Hand().to("report").done("setup-data")
    if fails == "setup-report":
        hand.done("setup-outbox", cuts="3")
    hand.done("checks").done(fails, ok=False, code=code)
    assert hand.touch("primary").asked() == [fails]


@pytest.mark.parametrize("text", ["[]", '"at"', "7", "null", "{", "[" * 100_000, "x" * (progress.MAX_CHARS + 1)])
def test_a_damaged_file_of_the_progress_is_named_not_believed(text: str) -> None:
    with pytest.raises(progress.ProgressDamaged):
        progress.read(text)


def test_the_report_is_printed_sent_and_its_overrides_are_named() -> None:
    hand = Hand().to("look").press("next", "next", "next", "next", "next", "dots").done("setup-speech").press("heard")
    hand.through_paper().through_reader().through_network().through_clock()
    hand.done("setup-join", state="joined", until="2027-08-16").done("setup-data").done("setup-outbox", cuts="3")
    sent = next(one for one in hand.effects if isinstance(one, RunTask))
    assert [proof.name for proof in progress.read_proofs(sent.arguments["proofs"])][-1] == "outbox"
    hand.done("setup-report")
    assert "8 步都过了，1 项照用。报告已记在本机，网络一通自动发。" in hand.words
    assert "照用的那 1 项写进了报告" in hand.words
    assert hand.done("setup-sent", ok=False, code="not-sent").waits()
    assert hand.poll().asked() == ["setup-sent"]
    hand.done("setup-sent")
    assert hand.poll().asked() == []
    hand.touch("report.print")
    assert "正在打印报告" in hand.words
    assert hand.press("print").asked() == []
    hand.done("setup-report-print", ok=False, code="paper-out")
    assert "报告没有打出来" in hand.words
    hand.touch("report.print").done("setup-report-print")
    assert "报告打好了" in hand.words
    hand.touch("primary").send(e.PrimaryPressed())
    assert hand.asked() == []
    hand.done("setup-open", ok=False, code="storage-failed")
    assert "磁盘写不进去" in hand.words
    assert hand.touch("primary").asked() == ["setup-open"]


def test_in_the_large_modes_only_what_needs_a_look_has_its_own_row() -> None:
    hand = Hand().to_ready()
    hand.touch("mode.large", "mode.large")
    assert "另外 11 项正常" in hand.words


# -------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_row_and_every_trouble_has_words(language: str) -> None:
    say = SAY[language]
    for name in PROOFS:
        for proof in (Proof(name), accepted(name), accepted(name, none="yes"), accepted(name, by="eye")):
            assert proof_text(proof, say)
        assert proof_name(name, say) != ""
    for level in ("ok", "near-end", "out", "unknown"):
        assert proof_text(Proof("paper", facts={"paper": level}), say)
    for tell in TROUBLE.values():
        what, todo = tell(say, {})
        assert what
        assert todo
    assert proof_name("new-check", say) == "new-check"
    assert proof_text(Proof("new-check"), say) != proof_text(accepted("new-check"), say)


def test_the_minutes_are_counted_and_a_strange_time_is_none() -> None:
    assert minutes("2027-05-18T10:02", "2027-05-18T10:24") == 22
    assert minutes("2027-05-18T10:24", "2027-05-18T10:02") == 0
    assert minutes("", "2027-05-18T10:02") == 0
    assert len(STEPS) == 8
