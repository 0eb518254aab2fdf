"""Where to go and what to bring: no card, with the network and without."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from kiosk.services import places
from provisioning.gateway.appointments.desk import AppointmentDesk
from provisioning.gateway.appointments.offices import load_offices
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.gateway_kit import ASSETS
from tests.scenario.kit import Kiosk

OFFICES = load_offices(ASSETS / "city" / "offices.toml")
RECORD = {"offices": [dict(office.public) for office in OFFICES.values()]}


@pytest.fixture
def hall(kiosk: Kiosk, tmp_path: Path) -> Kiosk:
    desk = AppointmentDesk(SqliteDatabase(tmp_path / "hall.db"), OFFICES)
    kiosk.stands_in("rongshu", "exit-entry").city.offices = {
        "geo.office": lambda given: desk.offices(given, kiosk.clock.wall_ms())
    }
    return kiosk


def to_places(kiosk: Kiosk, matter: str) -> Kiosk:
    kiosk.touch("language.zh", "start.browse", "event.travel", "service.info", "primary")
    return kiosk.touch(f"choice.matter.{matter}", "primary")


def test_the_nearest_offices_with_hours_and_what_to_bring(hall: Kiosk) -> None:
    to_places(hall, "exit-entry")
    assert hall.screen.name == "places"
    assert "最近的 3 个地方" in hall.words
    assert "1 榕树街便民服务中心" in hall.words
    assert "现在开着，到 12:00" in hall.words
    assert "带身份证原件" in hall.words
    assert "照片和户口本不用带，公安局已有" in hall.words
    hall.touch("place.2")
    assert "走路 12 分钟" in hall.words
    assert "周一到周六" in hall.words.replace(" ", "")
    assert hall.store.documents == []
    hall.touch("primary")
    assert hall.screen.name == "home"


def test_back_leads_to_the_question(hall: Kiosk) -> None:
    to_places(hall, "any").touch("back")
    assert "choice.matter.vehicle" in hall.controls


def test_without_a_network_the_places_come_from_the_disk(hall: Kiosk) -> None:
    """`OnlineGateway` asks the signed directory; the virtual city does the same where it is told to."""
    hall.city.directory = dict(RECORD)
    to_places(hall.cut(), "any")
    assert hall.screen.name == "places"
    assert "最近的 3 个地方" in hall.words


def test_a_terminal_that_never_heard_of_the_city_says_so(hall: Kiosk) -> None:
    to_places(hall.cut(), "any")
    assert hall.screen.name == "failure.needs-network"


@pytest.mark.parametrize(
    ("local", "until", "following"),
    [
        ("2026-05-18T10:24", "12:00", "2026-05-18T14:00"),
        ("2026-05-18T12:30", "", "2026-05-18T14:00"),
        ("2026-05-18T17:30", "", "2026-05-19T08:30"),
        ("2026-05-22T18:00", "", "2026-05-25T08:30"),
    ],
)
def test_open_until_and_open_again(local: str, until: str, following: str) -> None:
    here = places.own_place(RECORD, "offices", "rongshu")
    own = places.nearest(RECORD, "offices", here)[0]
    assert (own.id, own.metres) == ("rongshu", 0)
    assert places.open_until(own, local) == until
    assert places.opens_next(own, local) == following
    assert datetime.datetime.fromisoformat(following) > datetime.datetime.fromisoformat(local)


def test_a_hall_that_never_closes_says_from_when_to_when() -> None:
    hall = next(one for one in places.nearest(RECORD, "offices", (0, 0), 99) if one.id == "shipyard-24h")
    assert places.hours(hall, "en", {"MO": "Monday", "SU": "Sunday"}) == ("Monday to Sunday 0:00–24:00",)
    assert (places.open_until(hall, "2026-05-18T00:00"), places.open_until(hall, "2026-05-18T23:59")) == ("24:00",) * 2


def test_a_record_without_places_shows_none() -> None:
    for record in ({}, {"offices": "x"}, {"offices": [{"id": "a"}, "b"]}):
        assert places.nearest(record, "offices", (0, 0)) == ()
        assert places.own_place(record, "offices", "a") == (0, 0)
