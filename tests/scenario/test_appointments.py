"""Appointments, tickets and the office's answer, with the gateway's own desk behind the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.offices.desks import Request
from provisioning.gateway.offices.proof import Proven
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.scenario.hall import OFFICES, Hall
from tests.scenario.kit import Kiosk


@pytest.fixture
def hall(kiosk: Kiosk, tmp_path: Path) -> Iterator[Hall]:
    with closing(SqliteDatabase(tmp_path / "hall.db")) as database:
        yield Hall(kiosk, AppointmentDesk(database, OFFICES))


def to_slots(kiosk: Kiosk) -> None:
    """From home to the times of the first day."""
    kiosk.touch("event.travel", "service.appointment", "primary", "primary")
    while kiosk.screen.name == "form" and not any(name.startswith("choice.") for name in kiosk.controls):
        kiosk.touch("primary")
    kiosk.touch("choice.matter.exit-entry", "primary", "choice.day.2026-05-20", "primary")


def hand_in(kiosk: Kiosk) -> None:
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    kiosk.wait(1)


def test_a_time_is_booked_and_said_with_the_place(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert "5月20日 周三 10:00" in kiosk.words
    assert "榕树街便民服务中心" in kiosk.words
    assert hall.bookings()[0]["start"] == "2026-05-20T10:00"
    epoch, seq, after = hall.asked[-1]
    assert (bool(epoch), seq, after) == (True, kiosk.store.last_seq, 0)


def test_the_last_place_goes_to_somebody_else_while_the_citizen_reads(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    for number in range(4):
        answers = {"action": "book", "office": "rongshu", "matter": "exit-entry", "slot": "2026-05-20T10:00"}
        person = f"p{number}"
        hall.desk.settle(Request(person, answers, person.encode(), Proven(person, "citizen"), "", 0, hall.now_ms))
    hand_in(kiosk)
    assert kiosk.screen.name == "failure.not-accepted"
    assert "这个时间刚刚约满了" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "form"
    kiosk.touch("choice.day.2026-05-20", "primary")
    assert not kiosk.controls["choice.slot.2026-05-20T10:00"].enabled
    assert "约满了" in kiosk.words
    kiosk.touch("choice.slot.2026-05-20T10:30", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert [entry["start"] for entry in hall.bookings()] == ["2026-05-20T10:30"]


def test_a_booking_is_moved_and_then_cancelled(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    hand_in(kiosk)
    hall.bookings()
    kiosk.touch("back", "event.travel", "service.appointment", "primary", "primary", "row.0", "do.move")
    while not any(name.startswith("choice.") for name in kiosk.controls):
        kiosk.touch("primary")
    kiosk.touch("choice.day.2026-05-21", "primary", "choice.slot.2026-05-21T09:30", "primary")
    assert "5月20日 周三 10:00" in kiosk.words, "what it was before"
    assert "rongshu" not in kiosk.words
    hand_in(kiosk)
    assert [entry["start"] for entry in hall.bookings()] == ["2026-05-21T09:30"]
    kiosk.touch("back", "event.travel", "service.appointment", "primary", "primary", "row.0", "do.cancel")
    while kiosk.screen.name == "form":
        kiosk.touch("primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert hall.bookings() == []


def test_another_office_after_all_asks_for_day_and_time_again(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    assert kiosk.screen.name == "check"
    kiosk.touch("change.office", "choice.office.binjiang", "primary")
    assert "choice.day.2026-05-20" in kiosk.controls
    kiosk.touch("choice.day.2026-05-23", "primary")
    assert "choice.slot.2026-05-23T14:00" not in kiosk.controls, "Saturday morning only"
    kiosk.touch("choice.slot.2026-05-23T09:00", "primary")
    hand_in(kiosk)
    assert hall.bookings()[0]["office"] == "binjiang"


def test_check_in_on_the_day_gives_a_number_and_prints_it(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    hand_in(kiosk)
    kiosk.touch("finish")
    kiosk.pull()
    kiosk.clock.advance(2 * 86_400)
    kiosk.wait(1)
    hall.bookings()
    kiosk.to_home("parent").touch("event.travel", "service.appointment", "primary", "primary", "row.0", "do.check-in")
    while kiosk.screen.name == "form":
        kiosk.touch("primary")
    assert "榕树街便民服务中心" in kiosk.words
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert "B001" in kiosk.words
    assert "0 人" in kiosk.words
    assert "二楼，3 号到 5 号窗" in kiosk.words
    kiosk.touch("primary", "primary")
    assert "B001" in kiosk.paper.receipts[-1].text


def test_a_walk_in_takes_a_number_without_a_card(hall: Hall) -> None:
    kiosk = hall.kiosk.touch("language.zh", "start.ticket")
    assert "choice.matter.vehicle" not in kiosk.controls, "that is done elsewhere"
    kiosk.touch("choice.matter.exit-entry", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert "B001" in kiosk.words
    document = kiosk.store.documents[-1]
    assert "holder" not in document
    assert "card_signature" not in document
    assert document["fields"]["office"] == {"value": "rongshu", "origin": "site"}  # pyright: ignore[reportIndexIssue]


def test_a_number_is_given_out_without_a_network_and_keeps_its_place(hall: Hall) -> None:
    kiosk = hall.kiosk
    kiosk.cut().touch("language.zh", "start.ticket", "choice.matter.exit-entry", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    seq = kiosk.store.last_seq
    own = f"Y{seq:03d}"
    assert own in kiosk.words
    assert "已记在本机，还没发出" in kiosk.words
    assert kiosk.store.documents[-1]["ticket"] == own
    came = hall.settle(seq)
    assert (came.accepted, came.result["ticket"], came.result["ahead"]) == (True, own, "0")


def test_nobody_answers_in_time_and_nothing_is_promised(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    kiosk.city.answers = False
    to_slots(kiosk)
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "working"
    kiosk.wait(9)
    assert kiosk.screen.name == "saved"
    assert "已收到，还没有答复" in kiosk.words
    assert "办好了" not in kiosk.words
    assert "我的办件" not in kiosk.words, "an entry that a desk answers opens no case"
    assert "打 12345 问" in kiosk.words


def test_whoever_took_a_number_without_a_card_is_promised_no_message(hall: Hall) -> None:
    kiosk = hall.kiosk
    kiosk.city.answers = False
    kiosk.touch("language.zh", "start.ticket", "choice.matter.exit-entry", "primary")
    hand_in(kiosk)
    for screen in ("working", "saved"):
        assert kiosk.screen.name == screen
        assert "12345" in kiosk.words
        assert "电话或邮箱" not in kiosk.words, "nobody knows who it was"
        kiosk.wait(9)


def test_without_a_network_only_what_the_office_can_keep_is_offered(hall: Hall) -> None:
    kiosk = hall.kiosk.cut().to_home("parent").touch("event.travel", "service.appointment", "primary", "primary")
    while kiosk.screen.name == "form" and "choice.action.check-in" not in kiosk.controls:
        kiosk.touch("primary")
    assert "choice.action.book" not in kiosk.controls, "two offline terminals would book the last place twice"
    kiosk.touch("choice.action.check-in", "primary")
    hand_in(kiosk)
    assert f"Y{kiosk.store.last_seq:03d}" in kiosk.words


def test_a_terminal_in_the_street_gives_out_no_numbers(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh")
    assert "start.ticket" not in kiosk.controls


def test_the_network_goes_while_a_time_is_being_chosen(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent")
    to_slots(kiosk)
    kiosk.cut()
    assert "choice.slot.2026-05-20T10:00" in kiosk.controls, "what is offered does not change in anybody's hands"
    kiosk.touch("choice.slot.2026-05-20T10:00", "primary")
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    assert kiosk.screen.name == "failure.needs-network"
    assert kiosk.store.documents == []


def test_the_nearest_office_and_the_first_free_time_are_proposed_and_can_be_changed(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent").touch("event.travel", "service.appointment", *["primary"] * 2)
    kiosk.touch("choice.matter.exit-entry", "primary")
    assert kiosk.controls["choice.day.2026-05-18"].selected, "the nearest office is taken; the last look can change it"
    kiosk.touch("back")
    assert kiosk.controls["choice.office.rongshu"].selected
    kiosk.touch("primary", "primary")
    assert kiosk.controls["choice.slot.2026-05-18T10:30"].selected
    kiosk.touch("choice.slot.2026-05-18T11:00", "primary")
    assert "榕树街便民服务中心" in kiosk.words
    assert "change.office" in kiosk.controls
    hand_in(kiosk)
    assert hall.bookings()[0]["start"] == "2026-05-18T11:00"


def test_five_who_come_together_are_not_offered_a_time_for_four(hall: Hall) -> None:
    kiosk = hall.kiosk.to_home("parent").touch("event.travel", "service.appointment", *["primary"] * 2)
    kiosk.touch("choice.matter.exit-entry", "primary", "primary", "primary")
    assert kiosk.screen.name == "check"
    kiosk.touch("change.people", "choice.people.5", "primary")
    assert not any(name.startswith("choice.day.") and one.enabled for name, one in kiosk.controls.items())


def test_outside_office_hours_no_number_is_given_out_and_the_screen_says_so(hall: Hall) -> None:
    kiosk = hall.kiosk
    kiosk.clock.advance(3 * 3600)  # 13:24: everybody has lunch
    kiosk.wait(1)
    kiosk.touch("language.zh", "start.ticket", "choice.matter.exit-entry", "primary")
    hand_in(kiosk)
    assert kiosk.screen.name == "failure.not-accepted"
    assert "现在不是办公时间" in kiosk.words
