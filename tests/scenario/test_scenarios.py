"""The shipped scenarios: each is played here on the virtual clock; `make nightly` plays them on the real stack too."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.bench.processes.children import kiosk_command
from kiosk.bench.scenarios.format import Scenario, parse_scenario
from kiosk.bench.scenarios.report import write_junit, write_page
from kiosk.bench.scenarios.run import play_all, read_scenarios
from kiosk.terminal import shipped_catalogue
from tests.repository import ROOT

FOLDER = ROOT / "assets" / "scenarios"
SCENARIOS = read_scenarios([FOLDER])
BY_DAY = [one for one in SCENARIOS if one.stack != "real"]
COVERED = {word for one in SCENARIOS for word in one.covers}
NO_SCREEN_OF_A_VISIT = frozenset({
    "card-needs-hsm", "card-needs-key", "no-card", "pin-format", "storage-failed", "storage-unsafe", "storage-damaged",
    "storage-moved", "document-invalid", "seal-broken", "internal", "card-unknown", "outbox-full",
    "service-gone", "not-accepted", "phone-not-now", "pin-changed-only", "pin-change-unknown",
    "technician-expired", "technician-false", "technician-unknown", "staff-code-unenrolled",
    "app-not-now", "app-not-approved",
    "bundle-unwritable", "entries-unsent", "not-erased", "certificate-ended", "ca-mismatch", "token-invalid",
    "not-enrolled", "enrolment-damaged", "clock-wrong", "identity-no-reader", "identity-expired",
})  # fmt: skip
"""Failures that no hand and no cable of the bench brings about; `tests/scenario` and `tests/unit` show each."""


def play(text: str, tmp_path: Path, **how: object) -> tuple[list[str], list[str]]:
    file = tmp_path / "one.yaml"
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(app, ["bench", "play", str(file), *[str(word) for pair in how.items() for word in pair]])
    return done.stdout.splitlines(), [str(done.exit_code), *done.stderr.splitlines()]


@pytest.mark.parametrize("scenario", BY_DAY, ids=lambda one: Path(one.file).stem)
def test_a_scenario_is_as_it_must_be(scenario: Scenario) -> None:
    (outcome,) = play_all([scenario], stack="sim", seed=1, pictures=False, tell=lambda _: None)
    assert outcome.passed, f"{scenario.file}:{outcome.failed_line} {outcome.failed}"


@pytest.mark.parametrize(
    ("card", "screen"),
    [("rare-name", "home"), ("technician", "staff.maintenance"), ("{tries_left: 3, pin: '739182'}", "home")],
)
def test_the_right_pin_is_that_of_the_card_which_was_put_in(card: str, screen: str) -> None:
    steps = ["insert: " + card, "pin: right", "see: " + screen]
    if screen == "home":
        steps = ["touch: language.zh", "touch: start.card", *steps]
    text = "scenario: x\npersona: parent\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    (outcome,) = play_all([parse_scenario(text, "x.yaml")], stack="sim", seed=1, pictures=False, tell=lambda _: None)
    assert outcome.passed, outcome.failed


def test_there_are_sixty_and_each_has_a_name_of_its_own() -> None:
    assert len(SCENARIOS) >= 60
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)


def test_every_service_is_covered() -> None:
    assert set(shipped_catalogue().services) <= COVERED


def test_every_failure_that_a_hand_or_a_cable_can_cause_is_covered() -> None:
    codes = set(tomllib.loads((ROOT / "assets" / "failure_codes.toml").read_text("utf-8")))
    seen = COVERED | {
        name.removeprefix("failure.")
        for one in SCENARIOS
        for step in one.steps
        if step.verb == "see"
        for name in str(step.argument).replace(",", " ").replace("'", " ").replace("]", " ").split()
        if name.startswith("failure.")
    }
    assert codes - NO_SCREEN_OF_A_VISIT <= seen


FAILING = """\
scenario: The home screen is the attract screen
steps:
  - sign-in
  - see: {screen: attract, within: 1}
"""


def test_what_fails_is_told_with_its_line_and_what_was_there_instead(tmp_path: Path) -> None:
    out, err = play(FAILING, tmp_path)
    assert err[0] == "1"
    assert any("one.yaml:4 see:" in line and "the screen is home" in line for line in err)
    assert out[-1] == "0 of 1 scenarios passed (seed 1)"


COUNTS = """\
scenario: Somebody waits for an entry that nobody made
steps:
  - insert
  - see: pin
  - {}
"""


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("pending: 1", "after 20 s there are 0 entries pending, not 1"),
        ("printed: {count: 2}", "after 20 s there are 0 receipts, not 2"),
        ("entries: {count: 3, within: 4}", "after 4 s there are 0 application entries at the gateway, not 3"),
    ],
)
def test_a_count_that_is_wrong_says_how_many_there_are_and_what_was_logged(
    step: str, said: str, tmp_path: Path
) -> None:
    _, err = play(COUNTS.format(step), tmp_path)
    assert err[0] == "1"
    assert said in err[1]
    assert err[2].strip().startswith("log: ")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("has-not: [event.moved]", "there is event.moved"),
        ("says-not: 想办什么事", "the screen says '想办什么事'"),
        ("has: [primary]", "there is no primary"),
    ],
)
def test_a_check_waits_until_it_holds_and_says_what_there_is_when_time_is_up(
    check: str, said: str, tmp_path: Path
) -> None:
    """Two quiet minutes end the home screen with the warning."""
    scenario = "scenario: Nobody touches\nsteps:\n  - sign-in\n  - see: {screen: home}\n  - see: {%s, within: %d}\n"
    _, err = play(scenario % (check, 4), tmp_path)
    assert err[0] == "1"
    assert said in err[1]
    assert "[expectation-failed]" in err[1]
    assert play(scenario % (check, 125), tmp_path)[1] == ["0"]


def test_reports_for_machines_and_people_name_the_failure(tmp_path: Path) -> None:
    scenario = parse_scenario(FAILING, "one.yaml")
    outcomes = play_all([scenario], stack="sim", seed=7, pictures=True, tell=lambda _: None)
    write_junit(outcomes, tmp_path / "j.xml")
    suite = ET.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite[0][0]
    assert failure.tag == "failure"
    assert "one.yaml:4" in str(failure.text)
    write_page(outcomes, tmp_path / "r.html", seed=7)
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "0 of 1 scenarios passed" in page
    assert "Seed 7." in page
    assert "您好" in page, "what the screen said at each step"
    assert "123456" not in page
    assert "pin.accepted" in page, "the log of what failed"


def test_the_page_for_people_shows_each_screen_as_the_terminal_draws_it(tmp_path: Path) -> None:
    """In a program of its own, as a tester calls it: the renderer wants to be set up before anything else draws."""
    scenario, page = tmp_path / "one.yaml", tmp_path / "r.html"
    scenario.write_text("scenario: a\nsteps:\n  - touch: language.zh\n  - touch: start.card\n", "utf-8")
    command = kiosk_command("bench", "play", str(scenario), "--report", str(page))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.findall(r"alt='(\w+) screen' loading=lazy src='data:image/png;base64,([^']+)'", page.read_text("utf-8"))
    assert [screen for screen, _ in found] == ["start", "card"]
    for _, data in found:
        picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        assert picture.size == (540, 960)
        assert len(picture.getcolors(100_000) or []) > 16, "something is drawn"
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("scenario: a\nsteps: [dance]", "scenario-invalid"),
        ("", "scenario-invalid"),
    ],
)
def test_a_file_that_is_no_scenario_plays_nothing(text: str, code: str, tmp_path: Path) -> None:
    _, err = play(text, tmp_path)
    assert err[0] == "1"
    assert code in " ".join(err)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("  - insert: nobody", "no-such-persona"),
        ("  - insert: {profile: citizen, holder: {}}", "card-document-invalid"),
        ("  - fault: {device: printer, fault: hiccups}", "no-such-fault"),
        ("  - fault: {device: toaster, fault: mute}", "no-such-device"),
        ("  - pull", "slot-empty"),
        ("  - badge: out", "slot-empty"),
        ("  - insert: technician\n  - badge: in", "card-elsewhere"),
        ("  - technician: code", "no-code"),
        ("  - technician: joins", "needs-real-stack"),
        ("  - rejected: no-such-person", "nothing-sent"),
        ("  - touch: nothing.here", "cannot-press"),
        ("  - network: {latency_ms: 300}", "needs-real-stack"),
        ("  - sign-in\n  - open: yoga", "no-such-service"),
    ],
)
def test_a_step_that_cannot_be_done_says_why_and_what_to_do(steps: str, code: str, tmp_path: Path) -> None:
    _, err = play(f"scenario: a\nsteps:\n{steps}\n", tmp_path)
    assert err[0] == "1"
    assert f"[{code}]" in " ".join(err)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["bench", "play", str(tmp_path / "no.yaml")])
    empty = CliRunner().invoke(app, ["bench", "play", str(tmp_path)])
    assert (missing.exit_code, empty.exit_code) == (1, 1)
    assert "scenario-unreadable" in missing.stderr
    assert "no-scenarios" in empty.stderr


def test_the_same_seed_plays_the_same(tmp_path: Path) -> None:
    scenario = parse_scenario("scenario: a\nsteps:\n  - come-in\n  - insert\n  - touch: pin.shuffle\n", "a.yaml")
    words: list[object] = []
    for _ in range(2):
        (outcome,) = play_all([scenario], stack="sim", seed=5, pictures=True, tell=lambda _: None)
        words.append([step.words for step in outcome.steps])
    assert words[0] == words[1]


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_every_scenario_is_as_it_must_be_on_the_real_stack() -> None:
    outcomes = play_all(SCENARIOS, stack="real", seed=1, pictures=False, tell=lambda _: None)
    failed = "\n".join(f"{one.scenario.file}:{one.failed_line} {one.failed}" for one in outcomes if not one.passed)
    assert not failed, failed
