"""The loop around the session: its inbox, its timers, its PIN, and what it does when something of its own breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk import runtime as r
from kiosk.clock import ManualClock, SystemClock, local_minute
from kiosk.inbox import PinHolder
from kiosk.log import Log
from kiosk.screen_model import ScreenModel
from kiosk.session import state as s
from kiosk.session.state import State
from kiosk.settings import Settings
from kiosk.speech.guide import Guide
from kiosk.view_model.frame import Words
from tests.scenario.kit import Kiosk
from tests.unit.visit_kit import FACTS, FAILURES, HOLDER, SAY, SITE, world

DEADLINE_S = 10


@dataclass
class Desk:
    """Takes every job down, and does nothing; a job named in `breaks` raises."""

    jobs: list[tuple[str, tuple[object, ...]]] = field(default_factory=list[tuple[str, tuple[object, ...]]])
    breaks: set[str] = field(default_factory=set[str])

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)

        def job(*given: object) -> None:
            self.jobs.append((name, given))
            if name in self.breaks:
                raise RuntimeError(name)

        return job


class Loop:
    """A runtime whose workers only take notes."""

    def __init__(self, *chores: r.Chore, guide: Guide | None = None, settings: Settings | None = None) -> None:
        self.clock = ManualClock()
        self.log = Log(None, self.clock.wall_ms)
        self.screens: list[ScreenModel] = []
        self.desk = Desk()
        words = Words(SAY.__getitem__, FAILURES, SITE)
        there = world(local=local_minute(self.clock.wall_ms()), settings=settings or Settings())
        self.runtime = r.Runtime(
            there, words, self.clock, self.log, self.screens.append, Random(1), guide, chores
        )  # fmt: skip
        desks = r.Desks(*(cast(Any, self.desk) for _ in range(5)))
        self.runtime.open(desks)
        self.runtime.pump()

    def send(self, *events: e.Event) -> Loop:
        for event in events:
            self.runtime.post(event)
        self.runtime.pump()
        return self

    def wait(self, seconds: float) -> Loop:
        self.clock.advance(seconds)
        self.runtime.pump()
        return self

    def to_pin(self) -> Loop:
        return self.send(e.SlotChanged(SlotState.PRESENT, 1), e.CardRecognised(1, FACTS, 6))

    def to_home(self) -> Loop:
        return self.to_pin().send(*(e.PinKey(digit) for digit in "123456"), e.PrimaryPressed(), e.PinAccepted(HOLDER))

    @property
    def state(self) -> State:
        return self.runtime.session.state

    def jobs(self, name: str) -> list[tuple[object, ...]]:
        return [given for job, given in self.desk.jobs if job == name]

    def logged(self, event: str) -> list[dict[str, object]]:
        return [line for line in self.log.recent if line["event"] == event]


# ----------------------------------------------------------------------------------------------------- PIN


def test_digits_are_kept_beside_the_session_and_gone_once_used() -> None:
    loop = Loop().to_pin().send(*(e.PinKey(digit) for digit in "1234567"))
    assert loop.runtime.session.pin_length == 6, "a PIN has six digits; more are not taken"
    loop.send(e.PinErased(), e.PinKey("9"), e.PrimaryPressed())
    assert loop.jobs("verify") == [(1, "123459")]
    assert len(loop.runtime._pins.holders[""]) == 0
    assert "123459" not in repr(loop.runtime.session)
    assert "123459" not in str(loop.log.recent)


def test_digits_are_erased_one_by_one_and_all_at_once() -> None:
    loop = Loop().to_pin().send(e.PinErased(), e.PinKey("1"), e.PinKey("x"), e.PinKey("2"), e.PinErased())
    assert loop.runtime.session.pin_length == 1
    assert loop.send(e.PinErased(all=True)).runtime.session.pin_length == 0


def test_digits_are_taken_only_where_a_pin_is_asked_for() -> None:
    loop = Loop().send(e.PinKey("1"))
    assert len(loop.runtime._pins.holders[""]) == 0


def test_the_memory_of_the_digits_is_overwritten() -> None:
    holder = PinHolder()
    for digit in "123":
        holder.add(digit)
    digits = holder._digits
    holder.wipe()
    assert (len(digits), holder.take()) == (0, "")


def test_a_card_pulled_at_the_pin_takes_the_digits_with_it() -> None:
    loop = Loop().to_pin().send(e.PinKey("1"), e.SlotChanged(SlotState.EMPTY, 1))
    assert len(loop.runtime._pins.holders[""]) == 0


def test_shuffled_keys_are_in_another_order_and_all_there() -> None:
    loop = Loop().to_pin().send(e.KeysShuffled())
    pad = [control.text for piece in loop.screens[-1].body for control in getattr(piece, "keys", ())]
    digits = [text for text in pad if text.isdigit()]
    assert sorted(digits) == list("0123456789") != digits
    assert loop.send(e.KeysShuffled()).runtime.session.shuffled is False


# --------------------------------------------------------------------------------------------------- inbox


def test_a_full_inbox_drops_touches_and_never_a_card() -> None:
    inbox = r.Inbox(limit=2)
    for event in (e.HelpPressed(), e.HelpPressed(), e.HelpPressed(), e.PinKey("1"), e.SlotChanged(SlotState.EMPTY, 1)):
        inbox.put(event)
    taken = [inbox.get(0) for _ in range(len(inbox))]
    assert taken == [e.HelpPressed(), e.HelpPressed(), e.SlotChanged(SlotState.EMPTY, 1)]
    assert inbox.get(0) is None


@pytest.mark.parametrize(("act", "got"), [("put", e.HelpPressed()), ("wake", None), ("close", None)])
def test_who_waits_at_the_inbox_is_woken_by_an_event_a_wake_and_the_end(act: str, got: e.Event | None) -> None:
    inbox, seen = r.Inbox(), list[e.Event | None]()
    thread = threading.Thread(target=lambda: seen.append(inbox.get(DEADLINE_S)))
    thread.start()
    while thread.is_alive():
        inbox.put(e.HelpPressed()) if act == "put" else getattr(inbox, act)()
        thread.join(0.01)
    assert seen == [got]
    assert inbox.closed is (act == "close")


# -------------------------------------------------------------------------------------------------- timers


def test_timers_fire_once_earliest_first_and_only_the_newest_of_a_name() -> None:
    clock = ManualClock()
    timers = r.Timers(clock)
    assert timers.next_in_s() is None
    timers.start("b", 2)
    timers.start("a", 1)
    timers.start("c", 5)
    timers.start("c", 3)
    timers.start("gone", 0.5)
    timers.stop("gone")
    timers.stop("never")
    assert timers.next_in_s() == 1
    clock.advance(2)
    assert timers.fired() == ["a", "b"]
    clock.advance(0.5)
    assert timers.fired() == []
    clock.advance(10)
    assert timers.next_in_s() == 0
    assert timers.fired() == ["c"]
    assert timers.next_in_s() is None


def test_quiet_brings_the_warning_on_the_injected_clock() -> None:
    loop = Loop().to_home().wait(119)
    assert loop.state is State.HOME
    assert loop.wait(1).state is State.TIMEOUT


def test_a_touch_a_minute_keeps_the_warning_away() -> None:
    loop = Loop().to_home()
    for _ in range(5):
        loop.wait(60).send(e.ModeToggled("large"))
    assert loop.state is State.HOME


# --------------------------------------------------------------------------------------------------- house


def test_the_house_asks_printer_and_gateway_by_itself_and_reads_the_clock() -> None:
    loop = Loop()
    asked, probed = len(loop.jobs("ask")), len(loop.jobs("probe"))
    loop.wait(10)
    assert len(loop.jobs("ask")) == asked + 1
    assert len(loop.jobs("probe")) > probed
    before = loop.runtime.session.world.local
    assert loop.wait(60).runtime.session.world.local > before


def test_a_look_around_that_breaks_is_logged_and_looked_at_again() -> None:
    looks: list[int] = []

    def look() -> e.Event | None:
        looks.append(1)
        if len(looks) < 3:
            raise OSError("the disk")
        return e.Enrolled("T0007") if len(looks) == 3 else None

    loop = Loop(r.Chore(1, look))
    loop.wait(1).wait(1).wait(1)
    assert len(looks) == 4
    assert loop.runtime.session.world.terminal == "T0007"
    assert loop.logged("worker.failed")[0]["error"] == "OSError"


def test_a_printer_that_takes_no_more_questions_does_not_end_the_terminal() -> None:
    loop = Loop()
    loop.desk.breaks = {"ask"}
    loop.wait(30)
    loop.desk.breaks.clear()
    assert loop.logged("worker.failed")
    assert loop.send(e.LanguageChosen("en")).state is State.START


def test_the_gateway_s_receipt_is_looked_for_until_it_is_there() -> None:
    loop = Loop()
    kept = s.Saved(7, "T0001-000007", "household-proof", 0)
    loop.runtime.session = s.Session(id=1, world=loop.runtime.session.world, saved=kept)
    loop.runtime._perform(s.WatchEntry())
    loop.wait(0.2).wait(0.2)
    assert loop.jobs("look") == [(1, 7), (1, 7)]
    loop.send(e.EntryAcked(7, 0))
    looked = len(loop.jobs("look"))
    loop.wait(0.2).wait(0.2)
    assert len(loop.jobs("look")) == looked


# ------------------------------------------------------------------------------------------------ mishaps


def test_an_effect_that_nobody_performs_ends_the_visit_and_not_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unknown(s.Effect):
        pass

    monkeypatch.setattr(r, "step", lambda session, _event: (session, (Unknown(),)))
    loop = Loop()
    loop.runtime.handle(e.HelpPressed())
    assert loop.logged("internal")[0]["error"] == "TypeError"
    assert loop.state is State.ATTRACT


@pytest.mark.parametrize("job", ["recognise", "verify", "sign_document"])
def test_a_worker_that_takes_no_job_ends_the_visit_and_forgets_its_holder(job: str) -> None:
    loop = Loop()
    loop.desk.breaks = {job}
    if job == "sign_document":
        loop.to_home()
        loop.runtime.session = s.Session(**{**vars(loop.runtime.session), "facts": FACTS, "holder": HOLDER})
        loop.runtime._recover(e.PrimaryPressed(), RuntimeError("x"))
    else:
        loop.to_home()
    assert loop.logged("internal")
    assert loop.runtime.session.holder is None
    assert loop.state in {State.ATTRACT, State.TAKE_CARD}


def test_sounds_are_played_where_there_is_somebody_to_play_them() -> None:
    played: list[str] = []
    Loop(guide=Guide(play=played.append)).to_pin().send(e.PinKey("1"))
    assert played == ["key"]
    Loop().to_pin().send(e.PinKey("1"))


def test_a_screen_is_shown_only_when_something_changed() -> None:
    loop = Loop()
    shown = len(loop.screens)
    loop.send(e.HelpPressed(), e.PageTurned(1))
    assert len(loop.screens) == shown


# --------------------------------------------------------------------------------------------- the thread


def test_the_loop_runs_in_its_own_thread_until_it_is_closed(tmp_path: Path) -> None:
    clock, shown = SystemClock(), threading.Event()
    screens: list[ScreenModel] = []

    def show(model: ScreenModel) -> None:
        screens.append(model)
        if model.name == "start":
            shown.set()

    log = Log(tmp_path / "log.jsonl", clock.wall_ms)
    words = Words(SAY.__getitem__, FAILURES, SITE)
    runtime = r.Runtime(world(), words, clock, log, show, Random(1))
    desk = cast(Any, Desk())
    runtime.open(r.Desks(desk, desk, desk, desk, desk))
    thread = threading.Thread(target=runtime.run)
    thread.start()
    runtime.post(e.LanguageChosen("en"))
    assert shown.wait(DEADLINE_S)
    marked = threading.Event()
    runtime.after_all(marked.set)
    assert marked.wait(DEADLINE_S)
    clock.shift(200)
    timed_out = threading.Event()
    runtime.wake()
    runtime.after_all(timed_out.set)
    assert timed_out.wait(DEADLINE_S)
    runtime.close()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert screens[-1].name == "timeout"


def test_every_effect_of_the_session_is_performed_by_some_desk(kiosk: Kiosk) -> None:
    """A whole visit on the real desks leaves no effect without somebody who performs it."""
    kiosk.to_home().to_saved().touch("primary", "primary", "rating.5", "primary")
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    assert not [line for line in kiosk.terminal.log.recent if line["event"] in {"internal", "worker.failed"}]


@pytest.fixture
def kiosk(tmp_path: Path):
    made = Kiosk(tmp_path)
    yield made
    made.close()


def test_an_entry_of_a_new_epoch_is_acknowledged_too(kiosk: Kiosk) -> None:
    """After an outbox was set aside the numbers begin at 1 again: an earlier, higher one must not hide it."""
    kiosk.to_home().to_saved()
    high = kiosk.terminal.runtime.session.saved
    assert high is not None
    assert high.acked
    desk = kiosk.terminal._desks.store
    posted: list[e.Event] = []
    desk._post = posted.append
    desk._look(5, high.seq)
    assert [type(event) for event in posted] == [e.EntryAcked]
