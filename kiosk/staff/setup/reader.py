"""Step 4: a test card goes in, is recognised and opened, comes out, and goes in again. No touch is needed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, cast

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import Proof, Stage, StageRows, accepted, finished, on_stage, setup_of

FIRST, AGAIN = "setup-card", "setup-card-again"
Phase = Literal["insert", "reading", "pull", "again", "rereading", "take"]


@frozen
class Reading(Stage):
    """How far the card's way is."""

    phase: Phase = "insert"
    insertion: int = 0
    """Which putting in was read first: the second one must be another."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """profile, version, fields, took_ms, tries of the test card."""
    code: str = ""
    """What was wrong with the last card, or with the reader."""
    helping: bool = False
    """读不出: what to look at is on the screen."""


def begin(staff: Staff) -> Step:
    """Wait for a card; one that is in already is read."""
    return _read(on_stage(staff, Reading()), staff.world.slot, staff.world.insertion)


def _read(staff: Staff, slot: SlotState, insertion: int) -> Step:
    stage = cast("Reading", setup_of(staff).stage)
    if slot is SlotState.MUTE:
        return on_stage(staff, replace(stage, code="card-unreadable")), ()
    if slot is not SlotState.PRESENT:
        return on_stage(staff, replace(stage, code="" if slot is SlotState.EMPTY else "reader-absent")), ()
    if stage.phase == "insert":
        return on_stage(staff, Reading("reading", insertion)), (run(FIRST),)
    return on_stage(staff, replace(stage, phase="rereading", code="")), (run(AGAIN),)


def changed(staff: Staff, event: e.SlotChanged) -> Step:
    """The slot tells: in, out, in again, out for good."""
    stage = cast("Reading", setup_of(staff).stage)
    gone = event.state is not SlotState.PRESENT and event.state is not SlotState.MUTE
    match stage.phase:
        case "insert" | "again":
            return _read(staff, event.state, event.insertion)
        case "reading" if gone:
            return on_stage(staff, Reading(code="card-removed")), ()
        case "rereading" if gone:
            return on_stage(staff, replace(stage, phase="again", code="card-removed")), ()
        case "pull" if gone:
            return on_stage(staff, replace(stage, phase="again")), ()
        case "take" if gone:
            return finished(staff, Proof("card-reader", facts=stage.facts))
        case _:
            return staff, ()


def answered(staff: Staff, event: TaskDone) -> Step:
    """The card was read, or it was not: then it has to come out, and another try begins."""
    stage = cast("Reading", setup_of(staff).stage)
    match (event.name, stage.phase):
        case (name, "reading") if name == FIRST:
            after = Reading("pull", stage.insertion, event.facts) if event.ok else Reading(code=event.code)
        case (name, "rereading") if name == AGAIN:
            after = replace(stage, phase="take") if event.ok else replace(stage, phase="again", code=event.code)
        case _:
            return staff, ()
    return on_stage(staff, after), ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """What to look at; begin again; go on without."""
    stage = cast("Reading", setup_of(staff).stage)
    if event.name == "help":
        return on_stage(staff, replace(stage, helping=True)), ()
    return finished(staff, accepted("card-reader")) if event.name == "accept" else begin(staff)


ROWS: StageRows = {e.SlotChanged: changed, TaskDone: answered, TaskPressed: pressed}
