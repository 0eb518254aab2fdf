"""Who hears what while staff mode is on, and how the terminal begins and ends with it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Never

import pytest

from drivers.api import JobState, PrinterStatus, PrintResult, Receipt, SlotState
from kiosk import events as e
from kiosk.doctor.check import Check, ok
from kiosk.doctor.site import Site
from kiosk.hosting.pins import STAFF, Pins
from kiosk.hosting.staff_host import First, StaffHost
from kiosk.log import Log
from kiosk.session.state import RecogniseCard, Session, State
from kiosk.staff.closed import Closed
from kiosk.staff.entry import Entry
from kiosk.staff.events import NameHeld, OwnSlotChanged, TaskPressed, TechnicianCardSeen
from kiosk.staff.maintenance import Maintenance
from kiosk.staff.part import Closure, TaskDone
from kiosk.upkeep import tasks
from kiosk.upkeep.stick import StickAmbiguous, StickUnusable
from kiosk.view_model.frame import Words
from kiosk.words import i18n
from kiosk.workers.staff_tools import LaterTools, StaffDesk, TaskTable, UnknownTask
from kiosk.workers.threads import InlineWorker, ThreadWorker, WorkerBusy, asked
from tests.unit.visit_kit import FAILURES, SITE, world

CLOSED = Closure("work", "", "2026-05-18T10:24")
DEADLINE_S = 10.0


def host(closure: Closure | None = None, first: First | None = None) -> StaffHost:
    return StaffHost(Words(i18n.staff_sayer, FAILURES, SITE), closure, first)


def raised(_worker: str, error: BaseException) -> None:
    raise error


# ------------------------------------------------------------------------------------------------------- host


def test_a_terminal_in_nobody_s_hands_begins_with_the_citizens() -> None:
    made = host()
    assert made.open(Session(world=world())) == ()
    assert not made.active
    assert made.take(Session(world=world()), e.PrimaryPressed()) is None


def test_it_may_begin_with_something_else() -> None:
    made = host(first=lambda staff: (replace(staff, part=Maintenance()), ()))
    made.open(Session(world=world()))
    assert isinstance(made.staff and made.staff.part, Maintenance)
    assert made.staff is not None
    assert made.staff.by == "setup"


def test_what_came_too_late_for_staff_mode_changes_nothing() -> None:
    session = Session(world=world())
    assert host().take(session, TaskDone("sync", ok=True)) == (session, ())


def test_a_technician_s_card_seen_in_a_visit_is_a_wrong_card() -> None:
    session = Session(world=world(), state=State.READING, card_insertion=4)
    taken = host().take(session, TechnicianCardSeen(4, "1f3a"))
    assert taken is not None
    assert taken[0].failure == "card-unknown"


def test_the_session_s_own_timers_and_answers_go_to_the_session() -> None:
    made = host(first=lambda staff: (replace(staff, part=Maintenance()), ()))
    session = Session(world=world())
    made.open(session)
    for event in (e.TimerFired("idle"), e.EntrySaved("notice", 1, "n", 1), e.SaveFailed("notice", "outbox-full")):
        taken = made.take(session, event)
        assert taken is not None
        assert taken[0].state is State.ATTRACT
        assert isinstance(made.staff and made.staff.part, Maintenance)


def test_what_is_closed_stays_closed_after_a_fault_of_ours() -> None:
    session, made = Session(world=world()), host(CLOSED)
    made.open(session)
    made.drop(session)
    assert isinstance(made.staff and made.staff.part, Closed)
    open_ = host(first=lambda staff: (replace(staff, part=Maintenance()), ()))
    open_.open(session)
    open_.drop(session)
    assert not open_.active


def test_a_card_put_into_a_closed_terminal_is_named_and_an_old_answer_is_not_believed() -> None:
    session, made = Session(world=world()), host(CLOSED)
    made.open(session)
    taken = made.take(session, e.SlotChanged(SlotState.PRESENT, 7))
    assert taken is not None
    session, effects = taken
    assert RecogniseCard(7) in effects
    made.take(session, TechnicianCardSeen(6, "1f3a"))
    assert isinstance(made.staff and made.staff.part, Closed)
    made.take(session, TechnicianCardSeen(7, "1f3a"))
    assert isinstance(made.staff and made.staff.part, Entry)
    assert made.wants_pin


def test_the_name_held_on_a_closed_terminal_asks_for_a_code() -> None:
    session, made = Session(world=world()), host(CLOSED)
    made.open(session)
    made.take(session, NameHeld())
    assert made.staff is not None
    assert isinstance(made.staff.part, Entry)
    assert made.staff.part.way == "code"
    made.take(session, TaskPressed("bundle"))
    assert isinstance(made.staff.part, Entry)


# ------------------------------------------------------------------------------------------------------- pins


def test_a_technician_s_pin_may_have_eight_digits_and_a_citizen_s_six() -> None:
    pins = Pins(Random(1))
    for digit in "123456789":
        pins.typed(e.PinKey(digit), STAFF)
        pins.typed(e.PinKey(digit), "")
    assert pins.typed(e.PinErased(), STAFF) == 7
    assert pins.take(STAFF) == "1234567"
    assert pins.take("") == "123456"
    pins.typed(e.PinKey("1"), STAFF)
    assert pins.typed(e.PinErased(all=True), STAFF) == 0


# ------------------------------------------------------------------------------------------------------ tools


def test_a_task_that_raises_is_answered_with_its_code() -> None:
    class Full(Exception):
        code = "storage-failed"

    def full(_arguments: Mapping[str, str]) -> TaskDone:
        raise Full

    posted: list[e.Event] = []
    table = TaskTable({"a": full}) | {"b": lambda given: TaskDone("b", ok=True, facts=given)}
    desk = StaffDesk(LaterTools(lambda: table), InlineWorker("staff", raised), posted.append)
    for name in ("a", "b", "c"):
        desk.run(name, {"x": "1"})
    desk.close()
    assert posted == [
        TaskDone("a", ok=False, code="storage-failed"),
        TaskDone("b", ok=True, facts={"x": "1"}),
        TaskDone("c", ok=False, code="internal"),
    ]
    with pytest.raises(UnknownTask):
        table.run("c", {})


def test_a_worker_is_asked_from_another_thread_and_answers_or_raises() -> None:
    worker = ThreadWorker("printer", raised)
    assert asked(worker, lambda: threading.current_thread().name, DEADLINE_S) == "printer"
    with pytest.raises(ZeroDivisionError):
        asked(worker, lambda: 1 // 0, DEADLINE_S)
    free = threading.Event()
    with pytest.raises(WorkerBusy):
        asked(worker, lambda: free.wait(DEADLINE_S), 0.01)
    free.set()
    worker.stop()


# ------------------------------------------------------------------------------------------------------ tasks


class Printer:
    """Prints nothing, for the reason given."""

    def __init__(self, reason: str = "no-reply", answered: bool = False) -> None:
        self.reason = reason
        self.answered = answered

    def status_for_staff(self) -> PrinterStatus:
        return PrinterStatus(online=False, answered=self.answered, cover=None, paper=None, error=None)

    def print_for_staff(self, receipt: Receipt) -> PrintResult:
        return PrintResult(JobState.NOT_PRINTED, self.reason, 0)


def maintenance(folder: Path, **change: object) -> tasks.Maintenance:
    machine = tasks.Machine(
        state_dir=folder, site=lambda: Site(folder, world().settings), printer=Printer(), log=Log(None, lambda: 0),
        wall_ms=lambda: 1_779_070_000_000, local=lambda: "2026-05-18T10:24", restart=lambda: None,
        checks=(Check("display", lambda _site: ok()),), stick=nullcontext,
    )  # fmt: skip
    return tasks.Maintenance(replace(machine, **change))  # pyright: ignore


def test_a_printer_that_says_nothing_is_no_place_for_a_new_roll(tmp_path: Path) -> None:
    done = maintenance(tmp_path).roll({})
    assert (done.ok, done.rows[0].title) == (False, "打印机不答话")


def test_what_was_not_printed_says_why_or_that_nobody_knows(tmp_path: Path) -> None:
    assert maintenance(tmp_path).report({}).code == "no-reply"
    assert maintenance(tmp_path, printer=Printer("")).print({}).code == "print-unknown"


def test_a_terminal_that_never_joined_has_nothing_to_deliver_to(tmp_path: Path) -> None:
    done = maintenance(tmp_path).sync({})
    assert (done.ok, done.code) == (False, "not-enrolled")


def test_the_bundle_goes_onto_the_stick_which_may_be_pulled_out_then(tmp_path: Path) -> None:
    slot = tmp_path / "slot"
    slot.mkdir()
    calls: list[str] = []

    @contextmanager
    def stick() -> Generator[Path]:
        calls.append("in")
        yield slot
        calls.append("out")

    assert maintenance(tmp_path, stick=stick).bundle({}).rows[0].text == "在 U 盘上，可以拔了"
    assert (len(list(slot.iterdir())), calls) == (1, ["in", "out"])


@pytest.mark.parametrize("refusal", [StickAmbiguous, StickUnusable])
def test_a_stick_that_was_not_let_in_is_told_and_the_bundle_goes_nowhere_else(
    tmp_path: Path, refusal: type[Exception]
) -> None:
    def stick() -> Never:
        raise refusal

    done = maintenance(tmp_path, stick=stick).bundle({})
    assert (done.ok, done.code, done.rows[0].mark) == (False, refusal.code, "fail")  # pyright: ignore
    assert list(tmp_path.iterdir()) == []


def test_a_stick_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kiosk.upkeep.tasks.write_bundle", full)
    with pytest.raises(tasks.BundleUnwritten, match="No space"):
        maintenance(tmp_path).bundle({})


def test_closing_without_a_reason_that_there_is_closes_nothing(tmp_path: Path) -> None:
    assert not maintenance(tmp_path).close({"reason": "holiday", "until": "", "since": ""}).ok
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------- the technicians' own slot


def test_a_card_that_was_pulled_before_it_was_looked_at_opens_nothing() -> None:
    session, made = Session(world=world()), host()
    for event in (
        OwnSlotChanged(SlotState.PRESENT, 1),
        OwnSlotChanged(SlotState.EMPTY, 1),
        TechnicianCardSeen(1, "1f3a", own=True),
    ):
        made.take(session, event)
    assert not made.active
    made.take(session, OwnSlotChanged(SlotState.PRESENT, 2))
    made.take(session, TechnicianCardSeen(1, "1f3a", own=True))
    assert not made.active
    made.take(session, TechnicianCardSeen(2, "1f3a", own=True))
    assert made.active
