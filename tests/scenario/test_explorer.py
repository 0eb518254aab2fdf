"""The explorer finds nothing in the terminal as it is, and finds each of the bugs planted below.

Every planted bug wraps one seam of the real terminal: `step`, the screen, or the outbox. What the explorer then says
names the promise; the first days have fixed seeds, printed where a test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers.api import JobState, SlotState
from kiosk import events as e
from kiosk import runtime
from kiosk.bench.explorer.explore import Explorer, Found
from kiosk.bench.scenarios.format import parse_scenario, write_scenario
from kiosk.bench.virtual.kiosk import Store
from kiosk.session import state as s
from kiosk.session.state import Session, State

SEED = 20_261_122
VISITS = 120
Step = Callable[[Session, e.Event], s.Step]
REAL_STEP, REAL_RENDER = runtime.step, runtime.render


def explored(seed: int, visits: int, *, shrink: bool = False) -> Found | None:
    with Explorer() as explorer:
        return explorer.explore(seed, visits, shrink=shrink)


def test_two_hundred_visits_break_no_promise() -> None:
    found = explored(SEED, 200, shrink=True)
    assert found is None, write_scenario(found.scenario())


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_thousand_visits_break_no_promise() -> None:
    found = explored(SEED + 1000, 10_000, shrink=True)
    print(f"seed {SEED + 1000}, 10,000 visits, {'one promise' if found else 'no promise'} broken")
    assert found is None, write_scenario(found.scenario())


def keeps_the_holder(session: Session, event: e.Event) -> s.Step:
    after, effects = REAL_STEP(session, event)
    kept = after.state in {State.ATTRACT, State.TAKE_CARD} and session.holder is not None
    return (replace(after, holder=session.holder) if kept else after), effects


def misses_the_card_leaving(session: Session, event: e.Event) -> s.Step:
    if isinstance(event, e.SlotChanged) and event.state is SlotState.EMPTY and session.holder is not None:
        return session, ()
    return REAL_STEP(session, event)


def says_saved_when_it_is_not(session: Session, event: e.Event) -> s.Step:
    if isinstance(event, e.DocumentSigned) and session.draft is not None:
        return REAL_STEP(replace(session, draft=None), e.EntrySaved("application", 9_999, "T0001-009999", 0))
    return REAL_STEP(session, event)


def records_twice(session: Session, event: e.Event) -> s.Step:
    after, effects = REAL_STEP(session, event)
    again = [effect for effect in effects if isinstance(effect, s.SaveEntry) and effect.kind == "application"]
    number = {"number": "T0001-777777"}
    doubled = [replace(effect, document={**effect.document, **number}) for effect in again for _ in range(2)]
    return after, (*effects, *doubled)


def says_sent_when_it_is_not(session: Session, event: e.Event) -> s.Step:
    after, effects = REAL_STEP(session, event)
    if after.saved is not None and not after.saved.acked and after.state is State.SAVED:
        return replace(after, saved=replace(after.saved, acked_at_ms=1)), effects
    return after, effects


def says_printed_when_it_is_not(session: Session, event: e.Event) -> s.Step:
    if isinstance(event, e.PrintFinished):
        event = replace(event, result=replace(event.result, state=JobState.DONE))
    return REAL_STEP(session, event)


def prints_twice(session: Session, event: e.Event) -> s.Step:
    after, effects = REAL_STEP(session, event)
    return after, (*effects, *(effect for effect in effects if isinstance(effect, s.PrintReceipt)))


def forgets_to_time_out(session: Session, event: e.Event) -> s.Step:
    after, effects = REAL_STEP(session, event)
    return after, tuple(one for one in effects if not (isinstance(one, s.StartTimer) and one.name == "idle"))


def falls_over_a_page(session: Session, event: e.Event) -> s.Step:
    if isinstance(event, e.LifeEventChosen) and session.holder is not None:
        raise KeyError(event.life_event)
    return REAL_STEP(session, event)


def tells_the_log(session: Session, event: e.Event) -> s.Step:
    """The log refuses what is no code, so this shows as a fault of the program."""
    after, effects = REAL_STEP(session, event)
    if isinstance(event, e.PinAccepted) and after.holder is not None:
        return after, (*effects, s.Note("screen", {"state": after.holder.name}))
    return after, effects


PLANTED: dict[Step, str] = {
    keeps_the_holder: "holder kept",
    misses_the_card_leaving: "stuck, or holder kept",
    says_saved_when_it_is_not: "false saved",
    records_twice: "doubled",
    says_sent_when_it_is_not: "false sent",
    says_printed_when_it_is_not: "false done",
    prints_twice: "doubled",
    forgets_to_time_out: "stuck",
    falls_over_a_page: "fault",
    tells_the_log: "fault",
}


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "step", bug)
    found = explored(SEED, VISITS)
    assert found is not None, f"not found in {VISITS} visits from seed {SEED}"
    assert found.promise.partition(":")[0] in PLANTED[bug].split(", or ")


def test_an_outbox_that_drops_a_row_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Store.record

    def forgetful(self: Store, document: Any) -> Any:
        made = recorded(self, document)
        if len(self.recorded) == 1:
            self.recorded.insert(0, (0, {"kind": "rating", "number": "T0001-000000"}))
        return made

    monkeypatch.setattr(Store, "record", forgetful)
    found = explored(SEED, VISITS)
    assert found is not None
    assert found.promise.startswith("lost")


def test_what_is_found_replays_and_is_cut_down_to_a_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "step", tells_the_log)
    with Explorer() as explorer:
        found = explorer.explore(SEED, VISITS)
        assert found is not None
        assert explorer.replay(found.steps) == (found.promise, len(found.steps))
        for n in range(len(found.steps)):
            assert not explorer.replay([*found.steps[:n], *found.steps[n + 1 :]])[0], "a step too many"
        monkeypatch.undo()
        assert explorer.replay(found.steps)[0] == ""
    scenario = parse_scenario(write_scenario(found.scenario()), "found.yaml")
    assert [step.verb for step in scenario.steps] == ["touch", "touch", "insert", "pin"] or len(scenario.steps) <= 5
