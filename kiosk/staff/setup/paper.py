"""Step 3: a test page with four random digits; who types them has seen the paper. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import Proof, Stage, StageRows, accepted, finished, on_stage, setup_of

TASK = "print"
"""The test page of maintenance."""
LENGTH = 4
TRIES = 3
"""Wrong digits so often: another page with other digits, so that nobody guesses."""


@frozen
class Printing(Stage):
    """What was printed, and what was typed of it."""

    busy: bool = True
    digits: str = field(repr=False, default="")
    typed: str = ""
    wrong: int = 0
    """How often other digits were typed than are on this page."""
    code: str = ""
    """Why the page did not come out, as a code; `not-seen` where a person says so."""

    @property
    def takes_back(self) -> bool:
        return not self.code


def begin(staff: Staff) -> Step:
    """Print a page."""
    return on_stage(staff, Printing()), (run(TASK),)


def printed(staff: Staff, event: TaskDone) -> Step:
    stage = cast("Printing", setup_of(staff).stage)
    digits = event.facts.get("digits", "")
    if event.name != TASK or not stage.busy:
        return staff, ()
    if not event.ok or len(digits) != LENGTH:
        return on_stage(staff, replace(stage, busy=False, code=event.code or "not-printed")), ()
    return on_stage(staff, replace(stage, busy=False, digits=digits)), ()


def typed(staff: Staff, event: e.KeyTyped) -> Step:
    stage = cast("Printing", setup_of(staff).stage)
    if stage.code or not stage.digits or len(stage.typed) == LENGTH or event.key not in set("0123456789"):
        return staff, ()
    return on_stage(staff, replace(stage, typed=stage.typed + event.key)), ()


def erased(staff: Staff, event: e.KeysErased) -> Step:
    stage = cast("Printing", setup_of(staff).stage)
    return on_stage(staff, replace(stage, typed="" if event.all else stage.typed[:-1])), ()


def judged(staff: Staff, _event: e.PrimaryPressed) -> Step:
    """The digits are those of the paper, or they are not; the third time another page is printed."""
    stage = cast("Printing", setup_of(staff).stage)
    if len(stage.typed) < LENGTH or stage.code:
        return staff, ()
    if stage.typed == stage.digits:
        return finished(staff, Proof("printer", facts={"digits": stage.digits}), paper(staff))
    if stage.wrong + 1 >= TRIES:
        return begin(staff)
    return on_stage(staff, replace(stage, typed="", wrong=stage.wrong + 1)), ()


def paper(staff: Staff) -> Proof:
    """Say whether the roll lasts, after the printer's own sensor."""
    status = staff.world.printer
    level = "unknown" if status is None or status.paper is None else status.paper
    return Proof("paper", facts={"paper": level}) if level == "ok" else Proof("paper", "warn", {"paper": level})


def not_seen(staff: Staff, _event: e.BackPressed) -> Step:
    """打不出来: what can be done about it. From there, back to the step before."""
    stage = cast("Printing", setup_of(staff).stage)
    return on_stage(staff, replace(stage, busy=False, code="not-seen")), ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """Print again, or go on without paper."""
    if event.name == "accept":
        return finished(staff, accepted("printer"), paper(staff))
    return begin(staff)


ROWS: StageRows = {
    TaskDone: printed,
    e.KeyTyped: typed,
    e.KeysErased: erased,
    e.PrimaryPressed: judged,
    e.BackPressed: not_seen,
    TaskPressed: pressed,
}
