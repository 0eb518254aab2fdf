"""Appointments and queues, on both databases: capacity under real concurrency, and tickets that come late."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from provisioning.gateway.appointments.bookings import Slot, local, ms_of
from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.appointments.offices import OfficesInvalid, load_offices
from provisioning.gateway.appointments.queues import Wait
from provisioning.gateway.offices.desks import Outcome, Request
from provisioning.gateway.offices.proof import Proven
from provisioning.gateway.storage.database import Database
from provisioning.gateway.storage.postgres import PostgresDatabase
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.gateway_kit import ASSETS
from tests.postgres_kit import shared

OFFICES = load_offices(ASSETS / "city" / "offices.toml")
NOW = datetime.datetime(2026, 5, 18, 10, 24)  # noqa: DTZ001 - local time, as offices speak
SLOT = "2026-05-20T10:00"
TERMINALS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same database once more, as another gateway process does."""
    if request.param == "sqlite":
        SqliteDatabase(tmp_path / "gateway.db").close()  # its tables are made by one, as at a gateway's first start
        return lambda: SqliteDatabase(tmp_path / "gateway.db")
    url = shared().database()
    return lambda: PostgresDatabase(url)


@pytest.fixture
def database(opened: Callable[[], Database]) -> Iterator[Database]:
    with closing(opened()) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> AppointmentDesk:
    return AppointmentDesk(database, OFFICES)


class Citizen:
    """Somebody with a card, who hands in one entry after the other."""

    def __init__(self, desk: AppointmentDesk, name: str) -> None:
        self.desk = desk
        self.name = name
        self.entries = 0

    def asks(
        self, action: str, at: datetime.datetime = NOW, *, ticket: str = "", late_s: int = 0, **answers: str
    ) -> Outcome:
        self.entries += 1
        request = Request(
            key=f"T0001 e {self.name}{self.entries}",
            answers={"action": action, **answers},
            person=self.name.encode() if self.name else b"",
            proof=Proven(self.name, "citizen") if self.name else None,
            ticket=ticket,
            recorded_ms=ms_of(at),
            received_ms=ms_of(at) + late_s * 1000,
        )
        return self.desk.settle(request)

    def books(self, start: str = SLOT, office: str = "rongshu", matter: str = "exit-entry") -> Outcome:
        return self.asks("book", office=office, matter=matter, slot=start)

    def booking(self, at: datetime.datetime = NOW) -> str:
        record = self.desk.of_person(self.name.encode(), ms_of(at))
        return "" if record is None else record["bookings"][0]["id"]  # type: ignore[index]


def left(desk: AppointmentDesk, start: str = SLOT, office: str = "rongshu", matter: str = "exit-entry") -> int:
    return next(one.left for one in desk.bookings.free(office, matter, NOW) if one.start == start)


def test_many_terminals_ask_for_the_last_places_at_once(opened: Callable[[], Database]) -> None:
    capacity = OFFICES["rongshu"].matters["exit-entry"].capacity
    together = threading.Barrier(TERMINALS)

    def at_a_terminal(number: int) -> str:
        with closing(opened()) as own:
            citizen = Citizen(AppointmentDesk(own, OFFICES), f"p{number}")
            together.wait(20)
            return citizen.books().reason

    with ThreadPoolExecutor(TERMINALS) as crowd:
        reasons = list(crowd.map(at_a_terminal, range(TERMINALS)))
    assert sorted(reasons) == [""] * capacity + ["slot-full"] * (TERMINALS - capacity)
    with closing(opened()) as after:
        assert left(AppointmentDesk(after, OFFICES)) == 0


def test_one_person_at_two_terminals_gets_one_appointment(opened: Callable[[], Database]) -> None:
    together = threading.Barrier(2)

    def at_a_terminal(start: str) -> str:
        with closing(opened()) as own:
            citizen = Citizen(AppointmentDesk(own, OFFICES), "p")
            citizen.entries = int(start[-2:])  # two terminals, two entries
            together.wait(20)
            return citizen.books(start).reason

    with ThreadPoolExecutor(2) as crowd:
        reasons = list(crowd.map(at_a_terminal, ["2026-05-20T10:00", "2026-05-20T10:30"]))
    assert sorted(reasons) == ["", "already-booked"]
    with closing(opened()) as after:
        desk = AppointmentDesk(after, OFFICES)
        assert left(desk, "2026-05-20T10:00") + left(desk, "2026-05-20T10:30") == 7


def test_people_change_places_in_all_directions_and_none_is_lost(opened: Callable[[], Database]) -> None:
    seed = 20260518
    print(f"seed {seed}")
    starts = ["2026-05-20T10:00", "2026-05-20T10:30", "2026-05-20T11:00"]
    with closing(opened()) as own:
        desk = AppointmentDesk(own, OFFICES)
        people = [Citizen(desk, f"p{number}") for number in range(TERMINALS)]
        assert [one.books(starts[number % 3]).reason for number, one in enumerate(people)] == [""] * TERMINALS

        def wanders(citizen: Citizen) -> set[str]:
            random = Random(f"{seed} {citizen.name}")
            moves = [citizen.asks("move", booking=citizen.booking(), slot=random.choice(starts)) for _ in range(6)]
            return {move.reason for move in moves}

        with ThreadPoolExecutor(TERMINALS) as crowd:
            reasons = set().union(*crowd.map(wanders, people))
        assert reasons <= {"", "slot-full"}
        assert sum(left(desk, start) for start in starts) == 12 - TERMINALS
        assert all(left(desk, start) >= 0 for start in starts)


def test_the_same_entry_handed_over_twice_books_once(desk: AppointmentDesk) -> None:
    citizen = Citizen(desk, "p")
    first = citizen.books()
    citizen.entries -= 1
    assert citizen.books() == first
    assert first.result["start"] == SLOT
    assert left(desk) == 3


def test_a_place_that_is_given_back_is_there_for_the_next(desk: AppointmentDesk) -> None:
    people = [Citizen(desk, f"p{number}") for number in range(5)]
    assert [one.books().reason for one in people] == ["", "", "", "", "slot-full"]
    assert people[0].asks("cancel", booking=people[1].booking()).reason == "booking-unknown", "that is another's"
    assert people[0].asks("cancel", booking=people[0].booking()).reason == ""
    assert people[4].books().reason == ""
    assert people[0].desk.of_person(b"p0", ms_of(NOW)) is None


def test_whoever_cannot_move_keeps_the_old_place(desk: AppointmentDesk) -> None:
    later = "2026-05-20T10:30"
    people = [Citizen(desk, f"p{number}") for number in range(4)]
    assert [one.books(later).reason for one in people] == [""] * 4
    for start in (SLOT, "2026-05-20T11:00"):  # before and after in the order of the locks
        mover = Citizen(desk, f"m{start}")
        assert mover.books(start).reason == ""
        assert mover.asks("move", booking=mover.booking(), slot=later).reason == "slot-full"
        assert left(desk, start) == 3
    assert left(desk, later) == 0


def test_only_times_that_the_office_gives_can_be_booked(desk: AppointmentDesk) -> None:
    wanted = {
        "2026-05-18T10:00": "slot-past",
        "2026-05-20T12:30": "slot-unknown",  # noon
        "2026-05-23T10:00": "slot-unknown",  # a Saturday
        "2026-06-18T10:00": "slot-unknown",  # behind the horizon
        "2026-05-20T10:07": "slot-unknown",
        "2026-05-20T10:00:00": "slot-unknown",
        "2026-05-20T10:00+08:00": "slot-unknown",
        "soon": "slot-unknown",
    }
    citizen = Citizen(desk, "p")
    assert {start: citizen.books(start).reason for start in wanted} == wanted


def test_without_a_card_nothing_but_a_ticket(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    assert nobody.books().reason == "card-refused"
    assert nobody.asks("ticket", office="rongshu", matter="vehicle").reason == "matter-unknown"
    assert nobody.asks("sing").reason == "card-refused"
    ticket = nobody.asks("ticket", office="rongshu", matter="exit-entry")
    assert (ticket.result["ticket"], ticket.result["ahead"], ticket.result["wait"]) == ("B001", "0", "0")


def test_six_people_ahead_nine_minutes_each_three_counters(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    for second in range(6):
        nobody.asks("ticket", NOW + datetime.timedelta(seconds=second), office="rongshu", matter="exit-entry")
    result = nobody.asks("ticket", NOW + datetime.timedelta(minutes=1), office="rongshu", matter="exit-entry").result
    assert {key: result[key] for key in ("ticket", "ahead", "wait", "counters", "mean")} == {
        "ticket": "B007", "ahead": "6", "wait": "18", "counters": "3", "mean": "9",
    }  # fmt: skip
    assert result["where.zh-Hans"] == "二楼，3 号到 5 号窗"
    desk.queues.open_counters("rongshu", "exit-entry", 1)
    assert desk.queues.standing("rongshu", ms_of(NOW) + 120_000)["exit-entry"] == Wait(7, 1, 540)


def test_the_mean_follows_what_the_counters_take(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    for _ in range(2):
        nobody.asks("ticket", office="rongshu", matter="exit-entry")
    at = ms_of(NOW) + 1000
    assert desk.queues.call("rongshu", "exit-entry", "3", at) is not None
    assert desk.queues.call("rongshu", "exit-entry", "3", at + 60_000) is not None
    assert desk.queues.standing("rongshu", at)["exit-entry"].mean_s == (540 * 7 + 60) // 8


def test_two_counters_never_call_the_same_number(opened: Callable[[], Database]) -> None:
    with closing(opened()) as own:
        nobody = Citizen(AppointmentDesk(own, OFFICES), "")
        for _ in range(TERMINALS):
            nobody.asks("ticket", office="rongshu", matter="exit-entry")
    together = threading.Barrier(4)

    def counter(name: str) -> list[str]:
        with closing(opened()) as own:
            queues = AppointmentDesk(own, OFFICES).queues
            together.wait(20)
            called = [queues.call("rongshu", "exit-entry", name, ms_of(NOW) + turn) for turn in (1, 2)]
        return [one.ticket for one in called if one is not None]

    with ThreadPoolExecutor(4) as crowd:
        called = [ticket for found in crowd.map(counter, "1234") for ticket in found]
    assert sorted(called) == [f"B{number:03d}" for number in range(1, TERMINALS + 1)]


def test_a_ticket_taken_without_a_network_has_its_place_when_it_arrives(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    office: dict[str, Any] = {"office": "rongshu", "matter": "exit-entry"}
    offline_at, online_at = NOW, NOW + datetime.timedelta(minutes=5)
    assert nobody.asks("ticket", online_at, **office).result["ticket"] == "B001"
    came = nobody.asks("ticket", offline_at, ticket="Y042", late_s=900, **office)
    assert (came.reason, came.result["ticket"], came.result["ahead"]) == ("", "Y042", "0")
    called = desk.queues.call("rongshu", "exit-entry", "3", ms_of(online_at))
    assert called is not None
    assert called.ticket == "Y042", "whoever took the number first is called first"


def test_a_ticket_that_arrives_the_day_after_holds_nobody_up(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    came = nobody.asks("ticket", ticket="Y042", late_s=86_400, office="rongshu", matter="exit-entry")
    assert (came.reason, came.result["state"]) == ("", "late")
    tomorrow = NOW + datetime.timedelta(days=1)
    assert desk.queues.call("rongshu", "exit-entry", "3", ms_of(tomorrow)) is None
    assert nobody.asks("ticket", tomorrow, office="rongshu", matter="exit-entry").result["ahead"] == "0"


def test_a_terminal_gives_out_its_own_letters_only(desk: AppointmentDesk) -> None:
    nobody = Citizen(desk, "")
    for ticket in ("B042", "y042", "Y04", "Y0x1", "Y٠٤٢"):
        assert nobody.asks("ticket", ticket=ticket, office="rongshu", matter="exit-entry").reason == "ticket-invalid"


def test_a_number_that_two_terminals_gave_out_without_a_network_keeps_both_their_places(desk: AppointmentDesk) -> None:
    nobody, office = Citizen(desk, ""), {"office": "rongshu", "matter": "exit-entry"}
    times = [NOW + datetime.timedelta(minutes=minutes) for minutes in (0, 1, 2)]
    came = [nobody.asks("ticket", at, ticket=ticket, **office) for at, ticket in
            zip(times, ("Y042", "Y043", "Y042"), strict=True)]  # fmt: skip
    assert [(one.reason, one.result["ticket"], one.result["ahead"]) for one in came] == [
        ("", "Y042", "0"), ("", "Y043", "1"), ("", "Y042", "2"),
    ]  # fmt: skip
    called = [desk.queues.call("rongshu", "exit-entry", "3", ms_of(times[-1])) for _ in range(4)]
    assert [one and one.number for one in called] == ["Y042", "Y043", "Y042", None]


def test_check_in_gives_a_number_at_the_appointment_s_time(desk: AppointmentDesk) -> None:
    citizen, nobody = Citizen(desk, "p"), Citizen(desk, "")
    citizen.books()
    half_past_eight = datetime.datetime.fromisoformat("2026-05-20T08:30")
    five_past_ten = datetime.datetime.fromisoformat("2026-05-20T10:05")
    assert citizen.asks("check-in", half_past_eight, here="rongshu").reason == "too-early"
    assert citizen.asks("check-in", five_past_ten, here="binjiang").reason == "booking-none-today"
    nobody.asks("ticket", five_past_ten - datetime.timedelta(minutes=3), office="rongshu", matter="exit-entry")
    came = citizen.asks("check-in", five_past_ten, here="rongshu")
    assert (came.result["ticket"], came.result["start"], came.result["ahead"]) == ("B002", SLOT, "0")
    assert citizen.asks("check-in", five_past_ten, here="rongshu").reason == "booking-none-today"
    record = desk.of_person(b"p", ms_of(five_past_ten))
    assert record is not None
    assert record["bookings"][0]["state"] == "here"  # type: ignore[index]
    assert citizen.books("2026-05-21T10:00").reason == "", "whoever was there may come again"


def test_a_hall_that_never_closes_takes_whoever_comes_before_midnight_for_an_appointment_after_it(
    desk: AppointmentDesk,
) -> None:
    citizen, hall = Citizen(desk, "p"), {"here": "shipyard-24h"}
    assert citizen.books("2026-05-20T23:30", "shipyard-24h").reason == "", "the last one of a day ends with it"
    assert citizen.asks("cancel", booking=citizen.booking()).reason == ""
    assert citizen.books("2026-05-21T00:00", "shipyard-24h").reason == ""
    evening = datetime.datetime.fromisoformat("2026-05-20T22:50")
    assert citizen.asks("check-in", evening, **hall).reason == "booking-none-today"
    came = citizen.asks("check-in", evening + datetime.timedelta(minutes=40), **hall)
    assert (came.reason, came.result["start"]) == ("", "2026-05-21T00:00")


def test_whoever_comes_an_hour_late_waits_like_everybody(desk: AppointmentDesk) -> None:
    citizen, nobody = Citizen(desk, "p"), Citizen(desk, "")
    citizen.books()
    eleven = datetime.datetime.fromisoformat("2026-05-20T11:00")
    nobody.asks("ticket", eleven - datetime.timedelta(minutes=3), office="rongshu", matter="exit-entry")
    assert citizen.asks("check-in", eleven, here="rongshu").result["ahead"] == "1"


def test_what_the_public_may_know_of_offices_and_slots(desk: AppointmentDesk) -> None:
    offices = desk.offices({"matter": "provident-fund"}, ms_of(NOW))["offices"]
    assert [office["id"] for office in offices] == ["rongshu", "dongdi"]  # type: ignore[index, union-attr]
    assert all(office["open"] for office in offices)  # type: ignore[index, union-attr]
    slots = desk.slots({"office": "rongshu", "matter": "exit-entry"}, ms_of(NOW))["slots"]
    assert slots[0] == {"start": "2026-05-18T10:30", "left": 4, "capacity": 4}  # type: ignore[index]
    assert desk.slots({"office": "nowhere", "matter": "exit-entry"}, ms_of(NOW)) == {"days": [], "slots": []}
    assert local(ms_of(NOW)) == NOW


def test_a_file_of_offices_that_cannot_be_used_names_the_office(tmp_path: Path) -> None:
    file = tmp_path / "offices.toml"
    good = (ASSETS / "city" / "offices.toml").read_text("utf-8")
    for right, wrong in {
        'letter = "D"': 'letter = "Y"',
        "capacity = 6": "capacity = 0",
        'opens = "08:30"': 'opens = "half past eight"',
        'id = "nantang"': 'id = "dongdi"',
    }.items():
        file.write_text(good.replace(right, wrong), "utf-8")
        with pytest.raises(OfficesInvalid, match=r"offices\.toml: [a-z]+:"):
            load_offices(file)
    assert Slot("a", "b", "c") < Slot("a", "b", "d")


def test_everybody_who_comes_takes_a_place_and_gives_it_back(desk: AppointmentDesk) -> None:
    family, alone, couple = Citizen(desk, "f"), Citizen(desk, "a"), Citizen(desk, "c")
    where: Any = {"office": "rongshu", "matter": "exit-entry"}
    assert family.asks("book", **where, slot=SLOT, people="3").reason == ""
    assert left(desk) == 1
    assert couple.asks("book", **where, slot=SLOT, people="2").reason == "slot-few"
    offered: Any = desk.slots({**where, "people": "2"}, ms_of(NOW))["slots"]
    assert [one["left"] for one in offered if one["start"] == SLOT] == [0]
    assert alone.books().reason == ""
    assert left(desk) == 0
    later = "2026-05-20T11:00"
    assert family.asks("move", booking=family.booking(), slot=later).reason == ""
    assert (left(desk), left(desk, later)) == (3, 1)
    assert family.asks("cancel", booking=family.booking()).reason == ""
    assert left(desk, later) == 4


def test_a_party_that_does_not_fit_keeps_the_time_it_has(desk: AppointmentDesk) -> None:
    family, couple = Citizen(desk, "f"), Citizen(desk, "c")
    where: Any = {"office": "rongshu", "matter": "exit-entry"}
    later = "2026-05-20T11:00"
    assert family.asks("book", **where, slot=SLOT, people="3").reason == ""
    assert couple.asks("book", **where, slot=later, people="2").reason == ""
    assert family.asks("move", booking=family.booking(), slot=later).reason == "slot-few"
    assert (left(desk), left(desk, later)) == (1, 2)
