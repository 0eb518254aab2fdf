"""A closed terminal tells where to go instead: from the disk, in both languages, and what is open now first."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from kiosk import events as e
from kiosk.staff.closed import Closed
from kiosk.staff.part import TaskDone
from tests.scenario.kit import Kiosk
from tests.scenario.staff_kit import come_in
from tests.scenario.test_places import RECORD


def closed(kiosk: Kiosk) -> Kiosk:
    come_in(kiosk)
    return kiosk.touch("tool.tools", "tool.close", "reason.work", "primary", "finish").pull()


def part_of(kiosk: Kiosk) -> Closed:
    host = kiosk.terminal.runtime._staff
    assert host is not None
    assert host.staff is not None
    assert isinstance(host.staff.part, Closed)
    return host.staff.part


def test_the_nearest_offices_are_told_without_a_network_those_open_now_first(kiosk: Kiosk) -> None:
    kiosk.city.directory = dict(RECORD)
    kiosk.stands_in("rongshu", "exit-entry").cut()
    closed(kiosk)
    assert "最近能办的地方" in kiosk.words
    first, second = kiosk.words.index("榕树街便民服务中心\n"), kiosk.words.index("走路 12 分钟")
    assert first < second
    assert "荔湾区榕荫路 2 号 · 就在这里\n现在开着，到 12:00 · 周一到周五 8:30–12:00, 14:00–17:30" in kiosk.words
    assert "办事窗口" not in kiosk.words
    kiosk.touch("mode.language")
    while kiosk.screen.language != "en":
        kiosk.touch("mode.language")
    assert "Nearest places that can help" in kiosk.words
    assert "Open now, until 12:00" in kiosk.words


def test_large_letters_leave_room_for_the_first_alone(kiosk: Kiosk) -> None:
    kiosk.city.directory = dict(RECORD)
    closed(kiosk.stands_in("rongshu", "exit-entry")).touch("mode.large", "mode.large")
    assert kiosk.screen.modes.text_scale == 1.6
    assert kiosk.words.count("走路") + kiosk.words.count("就在这里") == 1


def test_at_night_it_says_when_they_open(kiosk: Kiosk) -> None:
    shut = [one for one in RECORD["offices"] if one["id"] != "shipyard-24h"]
    kiosk.city.directory = {"offices": [*shut[:2], {**shut[2], "schedule": []}]}
    closed(kiosk.stands_in("rongshu", "exit-entry")).wait(12 * 3600)
    assert "现在关着，" in kiosk.words
    assert "8:30 开" in kiosk.words
    assert "现在关着\n" in kiosk.words


def test_a_terminal_that_knows_no_offices_names_the_hotline_and_learns_them_within_the_hour(kiosk: Kiosk) -> None:
    closed(kiosk)
    assert "打 12345 问最近的一台" in kiosk.words
    kiosk.insert()
    assert "请取回您的卡" in kiosk.words
    kiosk.city.directory = dict(RECORD)
    kiosk.pull().wait(3660)
    assert "最近能办的地方" in kiosk.words
    kiosk.insert()
    assert "最近能办的地方" in kiosk.words


def test_other_answers_do_not_change_where_to_go(kiosk: Kiosk) -> None:
    kiosk.city.directory = dict(RECORD)
    closed(kiosk)
    before = part_of(kiosk)
    for late in (TaskDone("sync", ok=True), TaskDone("nearby", ok=False, code="internal")):
        kiosk.terminal.send(cast("e.Event", replace(late)))
    kiosk.pump()
    assert part_of(kiosk) == before
