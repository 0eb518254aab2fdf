"""Step 7: the terminal joins its gateway by a code that a technician's telephone scans. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import POLL, Proof, Stage, StageRows, again_after, finished, on_stage, setup_of

TASK = "setup-join"
WRITE, READ = "setup-stick-write", "setup-stick-read"
"""Without a network: the request onto a stick, and the gateway's answer from it."""
AGAIN_S = 3.0


@frozen
class Enrolling(Stage):
    """What stands on the screen, and what the gateway last said."""

    way: Literal["phone", "stick"] = "phone"
    state: str = ""
    """A `JoinState` of `offline_cache.joining`; empty before the first answer. On the stick's way: written."""
    code: str = ""
    """The code of what is in the way."""
    shown: Mapping[str, str] = field(default_factory=dict[str, str])
    """code, address, left_s, model, serial, fingerprint; clock_off_s where the clock is in the way."""
    busy: bool = False
    """The stick is being read or written."""

    @property
    def takes_back(self) -> bool:
        return self.way == "stick"


def begin(staff: Staff) -> Step:
    return on_stage(staff, Enrolling()), (run(TASK),)


def answered(staff: Staff, event: TaskDone) -> Step:
    """Show what there is; go on by itself once the terminal has joined."""
    stage = cast("Enrolling", setup_of(staff).stage)
    if event.name in {TASK, READ} and event.ok and event.facts.get("state") == "joined":
        return finished(staff, Proof("certificate", facts={"until": event.facts.get("until", "")}))
    if event.name in {WRITE, READ} and stage.way == "stick":
        state = "written" if event.name == WRITE and event.ok else stage.state
        return on_stage(staff, replace(stage, busy=False, state=state, code="" if event.ok else event.code)), ()
    if event.name != TASK or stage.way != "phone":
        return staff, ()
    stage = replace(stage, state=event.facts.get("state", ""), code=event.code, shown=event.facts or stage.shown)
    return on_stage(staff, stage), (again_after(_wait_s(event.facts)),)


def _wait_s(facts: Mapping[str, str]) -> float:
    text = facts.get("wait_s", "")
    return float(text) if text.isdecimal() else AGAIN_S


def again(staff: Staff, event: e.TimerFired) -> Step:
    stage = cast("Enrolling", setup_of(staff).stage)
    return staff, (run(TASK),) if event.timer == POLL and stage.way == "phone" else ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """The other way; on the stick's way, write the request or read the answer."""
    stage = cast("Enrolling", setup_of(staff).stage)
    match event.name:
        case "stick":
            return on_stage(staff, Enrolling("stick", shown=stage.shown)), ()
        case "write" | "read":
            if stage.way != "stick" or stage.busy:
                return staff, ()
            task = WRITE if event.name == "write" else READ
            return on_stage(staff, replace(stage, busy=True, code="")), (run(task),)
        case _:
            return begin(staff)


def back(staff: Staff, _event: e.BackPressed) -> Step:
    """From the stick back to the telephone."""
    return begin(staff)


ROWS: StageRows = {TaskDone: answered, e.TimerFired: again, TaskPressed: pressed, e.BackPressed: back}
