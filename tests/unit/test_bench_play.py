"""The bench's HTTP interface: the clock's battery, what was said to listen to, and scenarios played on this bench."""

from __future__ import annotations

import shutil

import pytest

from kiosk.clock import SystemClock, local_minute
from kiosk.speech.speaker import Manner
from tests.unit.bench_fakes import FakeWorld
from tests.unit.bench_http import get, post, refused


def test_the_battery_of_the_clock_dies_and_is_a_fault_like_any_other(url: str, world: FakeWorld) -> None:
    post(url, "/api/clock", {"battery": "dead"})
    assert [(one.device, one.fault) for one in world.faults.now] == [("clock", "battery-dead")]
    assert "fault: {device: clock, fault: battery-dead}" in get(url, "/api/recording").text
    post(url, "/api/clock", {"battery": "new"})
    assert world.faults.now == []


@pytest.mark.parametrize("body", [{}, {"battery": "flat"}, {"battery": "dead", "advance_s": 1}])
def test_a_clock_takes_one_thing_at_a_time(url: str, world: FakeWorld, body: object) -> None:
    refused(post(url, "/api/clock", body), 422, "malformed")
    assert world.faults.now == []


def test_the_roll_and_the_mouth_are_told(url: str, world: FakeWorld) -> None:
    world.paper.in_mouth = True
    printer = get(url, "/api/state").json()["devices"]["printer"]
    assert (printer["roll"], printer["mouth"]) == ({"left_mm": 52_000, "full_mm": 80_000}, "waiting")


def test_what_was_said_can_be_listened_to(url: str, world: FakeWorld) -> None:
    world.listener.engine.sound("saved", Manner("en"), lambda: True)
    answer = get(url, "/api/speech/1.wav")
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content.startswith(b"RIFF")
    refused(get(url, "/api/speech/2.wav"), 404, "no-such-speech")
    refused(get(url, "/api/speech/0.wav"), 422, "malformed")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is wanted")
def test_a_sentence_is_said_by_the_terminal_s_own_voice(url: str, world: FakeWorld) -> None:
    world.listener.engine.say("办事，从这里开始。", Manner("zh-Hans"), lambda: True)
    assert len(get(url, "/api/speech/1.wav").content) > 20_000


SCENARIO = """
scenario: Somebody comes in and sees the card prompt
steps:
  - touch: language.zh
  - see: card
  - see: {has: back}
"""


def test_a_scenario_is_played_on_this_very_bench(url: str, world: FakeWorld) -> None:
    outcome = post(url, "/api/play", {"scenario": SCENARIO}).json()
    assert (outcome["passed"], outcome["failed"]) == (True, "")
    assert [one["step"] for one in outcome["steps"]] == ["touch: language.zh", "see: card", "see: {has: back}"]
    assert len(world.terminal.touches) == 1
    assert world.terminal.name == "attract"


def test_a_scenario_that_breaks_says_at_which_line(url: str) -> None:
    outcome = post(url, "/api/play", {"scenario": SCENARIO + "  - see: {has: nothing, within: 1}\n"}).json()
    assert (outcome["passed"], outcome["line"]) == (False, 7)
    assert "there is no nothing" in outcome["failed"]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("scenario: x", 422, "scenario-invalid"),
        ("scenario: x\nsteps: [fly]", 422, "scenario-invalid"),
        ("scenario: x\npersona: nobody\nsteps: [come-in]", 404, "no-such-persona"),
        ("scenario: x\nsteps:\n  - fault: {device: printer, fault: bored}", 404, "no-such-fault"),
        ("scenario: x\nlandscape: true\nsteps: [come-in]", 409, "other-display"),
        ("scenario: x\nprinter: custom-vkp80\nsteps: [come-in]", 409, "other-printer"),
    ],
)
def test_a_scenario_that_cannot_be_played_changes_nothing(
    url: str, world: FakeWorld, text: str, status: int, code: str
) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    refused(post(url, "/api/play", {"scenario": text}), status, code)
    assert (world.tray.there, world.terminal.name) == ("parent", "pin")


def test_a_scenario_for_this_very_printer_is_played_and_recorded_as_such(url: str, world: FakeWorld) -> None:
    world.paper.name = "custom-vkp80"
    outcome = post(url, "/api/play", {"scenario": "scenario: x\nprinter: custom-vkp80\nsteps: [see: attract]"}).json()
    assert outcome["passed"]
    assert "\nprinter: custom-vkp80\n" in get(url, "/api/recording", params={"name": "x"}).text
    world.paper.name = "generic-80"
    assert "printer:" not in get(url, "/api/recording", params={"name": "x"}).text


def test_what_was_done_plays_again(url: str) -> None:
    post(url, "/api/touch", {"id": "language.zh"})
    post(url, "/api/touch", {"id": "back"})
    recorded = get(url, "/api/recording", params={"name": "In and out"}).text
    outcome = post(url, "/api/play", {"scenario": recorded}).json()
    assert (outcome["scenario"], outcome["passed"]) == ("In and out", True)


def test_a_dead_battery_sets_the_wall_clock_back_and_nothing_else() -> None:
    clock = SystemClock()
    clock.shift(3600)
    steady = clock.monotonic_s()
    right = local_minute(clock.wall_ms())
    clock.lose_battery()
    assert clock.battery_dead
    assert local_minute(clock.wall_ms()) == "2001-01-01T00:00"
    clock.shift(7200)
    assert local_minute(clock.wall_ms()) == "2001-01-01T02:00"
    assert clock.monotonic_s() >= steady + 7200
    clock.new_battery()
    assert not clock.battery_dead
    assert local_minute(clock.wall_ms()) > right
    clock.unshift()
    assert clock.monotonic_s() >= steady + 7200


def test_what_a_technician_and_an_office_do_at_the_gateway_is_done_and_recorded(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/technician", {"do": "code"}).json() == {"digits": "12345678"}
    assert post(url, "/api/technician", {"do": "revoked"}).json() == {"digits": ""}
    assert post(url, "/api/reject", {"reason": "no-such-person"}).status_code == 200
    assert world.officials.did == ["code", "revoked", "no-such-person"]
    recorded = get(url, "/api/recording").text
    assert "- technician: revoked" in recorded
    assert "- rejected: no-such-person" in recorded
    assert "12345678" not in str(get(url, "/api/log").json())
    refused(post(url, "/api/technician", {"do": "sleep"}), 422, "malformed")
    refused(post(url, "/api/reject", {"reason": "No such person"}), 422, "malformed")


def test_a_scenario_for_a_fresh_terminal_is_not_played_on_one_that_has_joined(url: str, world: FakeWorld) -> None:
    scenario = "scenario: x\nstack: real\nfresh: true\nsteps: [pull]"
    told = refused(post(url, "/api/play", {"scenario": scenario}), 409, "other-terminal")
    assert "kiosk bench play" in told["next"]
