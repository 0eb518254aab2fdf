"""What a technician finds at the maintenance screen and puts right, and a terminal that is out of service."""

from __future__ import annotations

import json
from pathlib import Path

from drivers.printers.roll import ROLL_FILE, RollKeeper
from drivers.sim.cards.card import SimCard
from kiosk.bench.virtual.staff import PIN
from kiosk.doctor.check import Check, fail, warn
from kiosk.upkeep.closing import CLOSED_FILE
from kiosk.workers.parts import LOOK_S
from offline_cache.wire.fleet.heartbeat import PARTS_FILE
from tests.scenario.kit import Kiosk
from tests.scenario.staff_kit import actions, code_on_phone, come_in, did, on_paper, type_code

# ------------------------------------------------------------------------------------------ what is found


def test_what_is_broken_stands_first_with_its_next_step_and_leads_to_its_tool(kiosk: Kiosk) -> None:
    kiosk.paper.set_fault("paper-out")
    kiosk.city.up = False
    come_in(kiosk)
    assert "5 项正常，2 项要处理" in kiosk.words
    assert "下一步：打开前盖，换 80 mm 纸卷，再打测试页" in kiosk.words
    assert "printer-paper" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "staff.network"
    assert "网关不通" in kiosk.words
    kiosk.city.up = True
    kiosk.touch("primary")
    assert "通" in kiosk.words
    kiosk.touch("back")
    assert "1 项要处理" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "staff.roll"


def test_many_findings_have_pages(kiosk: Kiosk) -> None:
    names = ("disk-space", "disk-files", "memory", "fonts", "sound", "display", "updates", "clock", "settings")
    broken = [Check(name, lambda _site: fail("12 MB are free", "x")) for name in names]
    kiosk.staff.checks[:] = [*broken, Check("temperature", lambda _site: warn("80 °C", "x"))]
    come_in(kiosk)
    assert "0 项正常，10 项要处理" in kiosk.words
    kiosk.touch("page.down")
    assert "第 2 页，共 2 页" in kiosk.words
    assert "机器 80 度" in kiosk.words
    kiosk.touch("page.up")
    assert "第 1 页，共 2 页" in kiosk.words


def test_in_english_and_in_large_letters_the_same_is_said(kiosk: Kiosk) -> None:
    kiosk.paper.set_fault("cover-open")
    come_in(kiosk)
    kiosk.touch("mode.language")
    while kiosk.screen.language != "en":
        kiosk.touch("mode.language")
    assert "The printer's cover is open" in kiosk.words
    kiosk.touch("mode.large", "mode.large")
    assert kiosk.screen.modes.text_scale == 1.6


# ------------------------------------------------------------------------------------------------- tools


def test_the_digits_on_the_paper_are_typed_and_compared(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.print", "primary")
    digits = on_paper(kiosk)
    kiosk.touch(*(f"key.{digit}" for digit in digits), "primary")
    assert "测试页打好了" in kiosk.words
    kiosk.touch("primary")  # another page
    assert kiosk.screen.name == "staff.print"


def test_other_digits_than_the_paper_s_are_a_fault_of_the_print(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.print", "primary")
    wrong = f"{(int(on_paper(kiosk)) + 1) % 10_000:04d}"
    kiosk.touch(*(f"key.{digit}" for digit in wrong[:2]), "key.delete", "key.clear")
    kiosk.touch(*(f"key.{digit}" for digit in wrong), "primary")
    assert "数字对不上" in kiosk.words
    assert did(kiosk)[-1]["code"] == "print-mismatch"


def test_a_test_print_without_paper_says_why(kiosk: Kiosk) -> None:
    kiosk.paper.set_fault("paper-out")
    come_in(kiosk)
    kiosk.touch("tool.print", "primary")
    assert "没有打好" in kiosk.words
    assert "paper-out" in kiosk.words


def test_a_new_roll_resets_the_estimate_once_the_printer_sees_it(kiosk: Kiosk) -> None:
    keeper = RollKeeper(kiosk.state_dir / ROLL_FILE)
    kiosk.paper.set_fault("paper-out")
    come_in(kiosk)
    kiosk.touch("primary", "primary")
    assert "打印机没纸" in kiosk.words
    assert keeper.roll.level == "unknown"
    kiosk.paper.clear_fault("paper-out")
    kiosk.touch("primary").touch("primary")
    assert "新纸卷装好了" in kiosk.words
    assert keeper.roll.level == "ok"


def test_a_roll_is_not_believed_while_the_cover_is_open(kiosk: Kiosk) -> None:
    kiosk.paper.set_fault("cover-open")
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.roll", "primary")
    assert "打印机的盖开着" in kiosk.words


def test_a_test_card_is_read_and_the_technician_s_own_comes_back(kiosk: Kiosk) -> None:
    own = come_in(kiosk)
    kiosk.touch("tool.read", "primary")
    kiosk.pull()
    assert kiosk.screen.name == "staff.read"
    kiosk.insert()
    assert "认出了 citizen" in kiosk.words
    assert "back" not in kiosk.controls
    kiosk.pull()
    kiosk.put(own)
    assert kiosk.screen.name == "staff.pin"
    assert "卡出去过" in kiosk.words
    kiosk.pin(PIN)
    assert "认出了 citizen" in kiosk.words
    kiosk.touch("back")
    assert kiosk.screen.name == "staff.maintenance"
    assert actions(kiosk) == ["entered", "read", "read.done", "returned"]
    assert "林" not in str(kiosk.terminal.log.recent)


def test_the_technician_does_not_put_the_card_back(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.read", "primary")
    kiosk.pull()
    kiosk.insert()
    kiosk.pull().wait(61)
    assert kiosk.screen.name == "attract"
    assert actions(kiosk)[-1] == "left"


def test_somebody_else_s_technician_card_is_no_way_back(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.read", "primary")
    kiosk.pull()
    kiosk.put(kiosk.staff.card("T-0007"))
    assert kiosk.screen.name == "take-card"


def test_the_technician_s_own_card_does_for_a_test_read(kiosk: Kiosk) -> None:
    own = come_in(kiosk)
    kiosk.touch("tool.read", "primary")
    kiosk.pull()
    kiosk.put(own)
    kiosk.pin(PIN)
    assert "认出了您的技术员卡" in kiosk.words
    kiosk.touch("back")


def test_a_copied_certificate_does_not_come_back_in_the_technician_s_place(kiosk: Kiosk) -> None:
    """The serial number is the same; only the key tells them apart, and it is asked again."""
    mine, other = kiosk.staff.document(), kiosk.staff.document("T-0666")
    assert isinstance(mine["signing"], dict)
    assert isinstance(other["signing"], dict)
    kiosk.put(SimCard.from_document(mine))
    kiosk.pin(PIN).touch("tool.read", "primary").pull()
    kiosk.put(SimCard.from_document({**mine, "signing": {**mine["signing"], "key": other["signing"]["key"]}}))
    kiosk.pin(PIN)
    assert "代码 technician-false" in kiosk.words
    assert "primary" not in kiosk.controls
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    assert actions(kiosk)[-1] == "left"


def test_a_test_card_that_cannot_be_read_names_its_code(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    type_code(kiosk, code_on_phone(kiosk)).touch("tool.read", "primary")
    kiosk.put(SimCard.from_document({"profile": "piv", "holder": {"name": "A", "id_number": "B"}}, kiosk.authority))
    assert "代码 card-unknown" in kiosk.words
    kiosk.pull()
    kiosk.touch("primary")
    kiosk.insert()
    assert "认出了 citizen" in kiosk.words
    kiosk.pull()
    assert kiosk.screen.name == "staff.read"


def test_every_colour_fills_the_screen(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.screen", "primary", *["screen.next"] * 5)
    assert "每种颜色都看过了" in kiosk.words
    kiosk.touch("primary", "screen.next")
    assert "第 2 种" in kiosk.words


def test_what_waits_is_sent_now(kiosk: Kiosk) -> None:
    kiosk.cut()
    kiosk.to_home().to_saved()
    kiosk.touch("finish").pull()
    assert kiosk.store.acked < kiosk.store.last_seq
    kiosk.touch("staff.way-in")
    type_code(kiosk, code_on_phone(kiosk)).touch("tool.tools", "tool.sync")
    assert "没有发出去" in kiosk.words
    kiosk.city.up = True
    kiosk.touch("primary")
    assert "发完了" in kiosk.words
    assert kiosk.store.acked == kiosk.store.last_seq


def test_nothing_of_the_citizen_before_is_on_any_page(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved()
    number = kiosk.store.documents[-1]["number"]
    kiosk.touch("finish").pull()
    come_in(kiosk)
    seen = [kiosk.words]
    for tool in ("sync", "parked", "logs", "bundle"):
        kiosk.touch("tool.tools", f"tool.{tool}")
        seen.append(kiosk.words)
        kiosk.touch("back")
    told = "\n".join(seen)
    assert str(number) not in told
    assert "林" not in told.replace("林业", "")


def test_the_last_lines_of_the_log_are_in_plain_words(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.logs")
    assert "程序启动" in kiosk.words
    assert "技术员操作" in kiosk.words


def test_the_bundle_goes_onto_the_disk_where_there_is_no_stick(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.bundle")
    assert "没有 U 盘" in kiosk.words
    kiosk.touch("primary")
    assert len(list((kiosk.state_dir / "bundles").iterdir())) == 1


def test_the_report_is_printed_with_problems_and_next_steps(kiosk: Kiosk) -> None:
    kiosk.city.up = False
    come_in(kiosk)
    kiosk.touch("tool.report")
    assert "报告打好了" in kiosk.words
    text = kiosk.paper.receipts[-1].text
    assert "gateway-reachable" in text
    assert "看网线和路由器的灯" in text


def test_restart_is_asked_first(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.restart")
    assert kiosk.staff.restarts == 0
    kiosk.touch("primary")
    assert kiosk.staff.restarts == 1


# ----------------------------------------------------------------------------------------- out of service


def told_to_the_gateway(kiosk: Kiosk) -> int:
    """What the next heartbeat says of being out of service."""
    return json.loads((kiosk.state_dir / PARTS_FILE).read_text())["gauges"]["out_of_service"]


def test_out_of_service_survives_a_restart_and_ends_by_a_technician(kiosk: Kiosk, tmp_path: Path) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.close", "reason.reader", "until.today", "primary")
    assert (kiosk.state_dir / CLOSED_FILE).exists()
    kiosk.touch("finish")
    assert kiosk.screen.name == "out-of-service"
    kiosk.pull()
    assert "读卡口坏了，正在修。 预计今天修好。" in kiosk.words
    assert told_to_the_gateway(kiosk.wait(LOOK_S)) == 1
    kiosk.close()
    again = Kiosk(kiosk.state_dir)
    assert again.screen.name == "out-of-service"
    again.insert()
    assert "请取回您的卡" in again.words
    again.pull()
    assert "请取回您的卡" not in again.words
    again.touch("mode.language", "mode.contrast")
    come_in(again)
    again.touch("tool.tools", "tool.open", "primary", "finish")
    assert again.screen.name == "take-card"
    again.pull()
    assert again.screen.name == "attract"
    assert told_to_the_gateway(again.wait(LOOK_S)) == 0
    assert not (again.state_dir / CLOSED_FILE).exists()
    again.close()


def test_a_closed_terminal_opens_by_code_and_stays_closed_when_nobody_opens_it(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools", "tool.close", "reason.work", "primary", "finish").pull()
    kiosk.touch("staff.way-in")
    assert kiosk.screen.name == "staff.code"
    kiosk.wait(301)
    assert kiosk.screen.name == "out-of-service"
