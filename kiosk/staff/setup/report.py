"""Step 8: the site's data are here, the outbox survives a power cut, the report is signed and on its way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, noted, run
from kiosk.staff.setup.progress import proofs_json
from kiosk.staff.setup.state import (
    POLL,
    Proof,
    Stage,
    StageRows,
    accepted,
    again_after,
    on_stage,
    proven,
    setup_of,
)

DATA, PROBE, MAKE = "setup-data", "setup-outbox", "setup-report"
SENT, PRINT, OPEN = "setup-sent", "setup-report-print", "setup-open"
LOOK_S = 2.0


@frozen
class Reporting(Stage):
    """How far the report is."""

    phase: Literal["data", "probe", "make", "ready"] = "data"
    code: str = ""
    """What is in the way."""
    sent: bool = False
    """The gateway's receipt covers the report."""
    paper: Literal["", "printing", "printed", "not-printed"] = ""
    opening: bool = False


def begin(staff: Staff) -> Step:
    return on_stage(staff, Reporting()), (run(DATA),)


def answered(staff: Staff, event: TaskDone) -> Step:
    """Each answer leads to the next task; what failed stays on the screen with its code."""
    stage = cast("Reporting", setup_of(staff).stage)
    handler = ANSWERS.get((stage.phase, event.name))
    return (staff, ()) if handler is None else handler(staff, event)


def _data(staff: Staff, event: TaskDone) -> Step:
    """The catalogue comes with the first exchange; it is waited for."""
    if not event.ok:
        return on_stage(staff, Reporting(code=event.code)), (again_after(LOOK_S),)
    return _probe(proven(staff, Proof("catalogue", facts=event.facts)))


def _probe(staff: Staff) -> Step:
    return on_stage(staff, Reporting("probe")), (run(PROBE),)


def _probed(staff: Staff, event: TaskDone) -> Step:
    if not event.ok:
        return on_stage(staff, Reporting("probe", event.code)), ()
    return _make(proven(staff, Proof("outbox", facts=event.facts)))


def _make(staff: Staff) -> Step:
    setup = setup_of(staff)
    return on_stage(staff, Reporting("make")), (run(MAKE, proofs=proofs_json(setup.proofs), began=setup.began),)


def _made(staff: Staff, event: TaskDone) -> Step:
    if not event.ok:
        return on_stage(staff, Reporting("make", event.code)), ()
    return on_stage(staff, Reporting("ready")), (run(SENT),)


def _sent(staff: Staff, event: TaskDone) -> Step:
    """The gateway has it, or it is asked again later."""
    stage = cast("Reporting", setup_of(staff).stage)
    return (on_stage(staff, replace(stage, sent=True)), ()) if event.ok else (staff, (again_after(LOOK_S),))


def _on_paper(staff: Staff, event: TaskDone) -> Step:
    stage = cast("Reporting", setup_of(staff).stage)
    return on_stage(staff, replace(stage, paper="printed" if event.ok else "not-printed")), ()


def _open(staff: Staff, event: TaskDone) -> Step:
    """Citizens are served from now on."""
    stage = cast("Reporting", setup_of(staff).stage)
    if event.ok:
        return None, (noted("setup-opened", by=staff.by),)
    return on_stage(staff, replace(stage, opening=False, code=event.code)), ()


ANSWERS: Mapping[tuple[str, str], Callable[[Staff, TaskDone], Step]] = {
    ("data", DATA): _data,
    ("probe", PROBE): _probed,
    ("make", MAKE): _made,
    ("ready", SENT): _sent,
    ("ready", PRINT): _on_paper,
    ("ready", OPEN): _open,
}


def looked(staff: Staff, event: e.TimerFired) -> Step:
    """Ask again whether the catalogue, or the gateway's receipt, has come."""
    stage = cast("Reporting", setup_of(staff).stage)
    task = {"data": DATA, "ready": SENT}.get(stage.phase)
    return staff, (run(task),) if event.timer == POLL and task is not None and not stage.sent else ()


def opened(staff: Staff, _event: e.PrimaryPressed) -> Step:
    """开门服务, or once more where something was in the way."""
    stage = cast("Reporting", setup_of(staff).stage)
    if stage.phase != "ready":
        return (staff, ()) if not stage.code or stage.phase == "data" else _again(staff, stage)
    if stage.opening:
        return staff, ()
    return on_stage(staff, replace(stage, opening=True, code="")), (run(OPEN),)


def _again(staff: Staff, stage: Reporting) -> Step:
    return _probe(staff) if stage.phase == "probe" else _make(staff)


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """Print the report; or go on without the catalogue, which comes with the first exchange."""
    stage = cast("Reporting", setup_of(staff).stage)
    if stage.phase == "data" and stage.code and event.name == "accept":
        return _probe(proven(staff, accepted("catalogue")))
    if stage.phase == "ready" and stage.paper != "printing" and event.name == "print":
        return on_stage(staff, replace(stage, paper="printing")), (run(PRINT),)
    return staff, ()


ROWS: StageRows = {TaskDone: answered, e.TimerFired: looked, e.PrimaryPressed: opened, TaskPressed: pressed}
