"""A tester's scenario file: what is read, and what is refused with its line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.bench.scenarios.format import (
    Scenario,
    ScenarioInvalid,
    Step,
    parse_scenario,
    stroke_text,
    strokes_of,
    write_scenario,
)

GOOD = """\
scenario: The paper runs out
covers: [household-proof, printer.paper-out]
persona: parent
language: en
steps:
  - sign-in
  - fault: {device: printer, fault: paper-out, after: 12}
  - pin: "000000"
  - see: {screen: [receipt, rating], says: 办好了, within: 3}
  - network: down
  - pull
"""


def test_a_good_file_is_read_with_the_lines_of_its_steps() -> None:
    scenario = parse_scenario(GOOD, "a.yaml")
    assert scenario.name == "The paper runs out"
    assert (scenario.persona, scenario.language, scenario.landscape, scenario.stack) == ("parent", "en", False, "")
    assert [(step.verb, step.line) for step in scenario.steps] == [
        ("sign-in", 6), ("fault", 7), ("pin", 8), ("see", 9), ("network", 10), ("pull", 11),
    ]  # fmt: skip
    assert scenario.steps[1].argument == {"device": "printer", "fault": "paper-out", "after": 12}
    assert scenario.steps[2].argument == "000000"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("steps: [pull]", 1, "`scenario`"),
        ("scenario: a\nsteps: []", 2, "at least one"),
        ("scenario: a\nscenario: b\nsteps: [pull]", 2, "twice"),
        ("scenario: a\nsteps:\n  - dance", 3, "no step is called 'dance'"),
        ("scenario: a\nsteps:\n  - pull\n  - wait: soon", 4, "`wait` takes a number"),
        ("scenario: a\nsteps:\n  - touch: 5", 3, "`touch` takes text or a list"),
        ("scenario: a\nsteps:\n  - network: sideways", 3, "takes up or down, or a map of latency_ms, loss, up"),
        ("scenario: a\nsteps:\n  - printed: 1", 3, "`printed` takes a map of copy, count"),
        ("scenario: a\nsteps:\n  - entries: {count: many}", 3, "`count` of `entries` takes a whole number"),
        ("scenario: a\nsteps:\n  - see: {within: true}", 3, "`within` of `see` takes a number"),
        ("scenario: a\nsteps:\n  - printed: {copy: 1}", 3, "`copy` of `printed` takes true or false"),
        ("scenario: a\nsteps:\n  - phone: {persona: parent}", 3, "a tap on the telephone has a do: scan"),
        ("scenario: a\nsteps:\n  - technician: sleeps", 3, "a technician: code, wrong-code"),
        ("scenario: a\nprinter: nosuch\nsteps: [pull]", 2, "known: clone-80"),
        ("scenario: a\nfresh: true\nsteps: [pull]", 2, "stack: real"),
        ("scenario: a\noffice: rongshu\nsteps: [pull]", 2, "an office wants stack: real"),
        ("scenario: a\nsteps:\n  - pin: 123456", 3, "in quotes"),
        ("scenario: a\nsteps:\n  - type: 13800001234", 3, "in quotes"),
        ("scenario: a\nsteps:\n  - wait", 3, "wants something after it"),
        ("scenario: a\nsteps:\n  - see: {screeen: home}", 3, "screeen"),
        ("scenario: a\nsteps:\n  - fault: {device: printer}", 3, "a device and a fault"),
        ("scenario: a\nsteps:\n  - pull: now", 3, "stands alone"),
        ("scenario: a\nsteps:\n  - {pull: , wait: 3}", 3, "one word"),
        ("scenario: a\nlanguage: fr\nsteps: [pull]", 2, "zh, yue, en"),
        ("scenario: a\nspeed: fast\nsteps: [pull]", 2, "unknown: speed"),
        ("scenario: [\n", 2, "not YAML"),
        ("a: &x 1\nscenario: *x\nsteps: [pull]", 2, "aliases"),
        ("", 1, "a map"),
    ],
)
def test_a_slip_of_the_pen_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(text, "a.yaml")
    assert reason in caught.value.reason
    assert caught.value.line == line
    assert str(caught.value).startswith(f"a.yaml:{line}: ")


def test_a_pin_is_not_repeated_in_reports() -> None:
    assert Step("pin", "123456").told() == "pin"
    assert Step("touch", ["start.card"]).told() == "touch: [start.card]"


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_any_bytes_are_a_scenario_or_a_clear_refusal(content: bytes | str) -> None:
    with suppress(ScenarioInvalid):
        assert parse_scenario(content, "a.yaml").steps


STEPS = st.one_of(
    st.sampled_from([Step("sign-in"), Step("pull"), Step("insert", "parent"), Step("insert", {"pin": "000001"})]),
    st.builds(Step, st.just("touch"), st.text(min_size=1, max_size=12)),
    st.builds(Step, st.just("type"), st.text(max_size=12)),
    st.builds(Step, st.just("wait"), st.integers(0, 10_000)),
    st.builds(Step, st.just("see"), st.fixed_dictionaries({"says": st.lists(st.text(max_size=8), max_size=3)})),
    st.builds(Step, st.just("pin"), st.sampled_from(["right", "wrong", "000000"])),
)


@given(st.text(min_size=1, max_size=40), st.lists(STEPS, min_size=1, max_size=8), st.booleans())
def test_what_is_written_is_read_back_the_same(name: str, steps: list[Step], landscape: bool) -> None:
    scenario = Scenario(name, "a.yaml", tuple(steps), landscape=landscape, covers=("x",))
    again = parse_scenario(write_scenario(scenario), "a.yaml")
    assert (again.name, again.covers, again.landscape) == (scenario.name, scenario.covers, scenario.landscape)
    assert [(one.verb, one.argument) for one in again.steps] == [(one.verb, one.argument) for one in steps]


def wants(scenario: Scenario) -> tuple[str, str, bool, bool, str]:
    return scenario.printer, scenario.stack, scenario.alone, scenario.fresh, scenario.office


def test_what_a_scenario_wants_of_its_bench_is_read_and_written() -> None:
    head = "scenario: x\nprinter: custom-vkp80\nstack: real\nalone: true\nfresh: true\noffice: none\nsteps: [come-in]"
    scenario = parse_scenario(head, "a.yaml")
    assert wants(scenario) == ("custom-vkp80", "real", True, True, "none")
    again = parse_scenario(write_scenario(scenario), "a.yaml")
    assert wants(again) == ("custom-vkp80", "real", True, True, "none")


@pytest.mark.parametrize("line", ["alone: perhaps", "office: Rong shu", "landscape: 1"])
def test_what_no_bench_can_give_is_refused(line: str) -> None:
    with pytest.raises(ScenarioInvalid):
        parse_scenario(f"scenario: x\n{line}\nsteps: [come-in]", "a.yaml")


@pytest.mark.parametrize("wrong", ['"100,200"', "[]", "[a]", '["1000,2"]', "[5]", '["1,2 3"]'])
def test_strokes_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(ScenarioInvalid, match="draw"):
        parse_scenario(f"scenario: x\nsteps:\n  - draw: {wrong}\n", "x.yaml")


def test_strokes_are_written_as_they_are_read() -> None:
    texts = ["100,200 900,205", "5,5"]
    assert [stroke_text(one) for one in strokes_of(texts)] == texts
    with pytest.raises(ScenarioInvalid, match="in or out"):
        parse_scenario("scenario: x\nsteps:\n  - headphones: on\n", "x.yaml")


def test_what_a_technician_can_have_is_named_where_something_else_is_written() -> None:
    with pytest.raises(ScenarioInvalid, match="the technician's card is in or out"):
        parse_scenario("scenario: x\nsteps:\n  - badge: on\n", "x.yaml")
    with pytest.raises(ScenarioInvalid, match="a technician: code, wrong-code"):
        parse_scenario("scenario: x\nsteps:\n  - technician: late\n", "x.yaml")
