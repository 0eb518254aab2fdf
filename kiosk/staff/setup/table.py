"""`Setup`: eight steps one after the other, each with its own rows; back, later, on after a pulled plug. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.session.state import StopTimer
from kiosk.staff.events import GlassTouched, TaskPressed
from kiosk.staff.part import Rows, Staff, Step, TaskDone, noted, run
from kiosk.staff.setup import clock, joining, look, network, paper, progress, reader, report, touch
from kiosk.staff.setup.state import LIMIT, POLL, STEPS, Done, Loading, Setup, Stage, StageRows, setup_of

LOAD, SAVE = "setup-load", "setup-save"
BY = "setup"
BEGIN: Mapping[str, Callable[[Staff], Step]] = {
    "touch": touch.begin,
    "look": look.begin,
    "paper": paper.begin,
    "reader": reader.begin,
    "network": network.begin,
    "clock": clock.begin,
    "joining": joining.begin,
    "report": report.begin,
}
STAGES: Mapping[type[Stage], StageRows] = {
    Loading: {},
    touch.Touching: touch.ROWS,
    look.Looking: look.ROWS,
    paper.Printing: paper.ROWS,
    reader.Reading: reader.ROWS,
    network.Wiring: network.ROWS,
    clock.Timing: clock.ROWS,
    joining.Enrolling: joining.ROWS,
    report.Reporting: report.ROWS,
}


def enter(staff: Staff) -> Step:
    """Begin to bring a terminal into service, or go on with it: what was proven is read first."""
    staff = replace(staff, part=Setup(began=staff.world.local), by=BY)
    return staff, (noted("setup-entered", by=BY), run(LOAD))


def _begin(staff: Staff, at: str) -> Step:
    """Show a step from its beginning; nothing of another step fires into it."""
    staff = replace(staff, part=replace(setup_of(staff), at=at, paused=False))
    after, effects = BEGIN[at](staff)
    return after, (StopTimer(POLL), StopTimer(LIMIT), *effects)


def _next(staff: Staff) -> Step:
    """A step is over: keep what was proven, then show the next one."""
    setup = setup_of(staff)
    at = STEPS[STEPS.index(setup.at) + 1]
    staff = replace(staff, part=replace(setup, at=at))
    after, effects = _begin(staff, at)
    return after, (noted(f"setup-{setup.at}", by=staff.by), run(SAVE, progress=progress.written(setup_of(staff))),
                   *effects)  # fmt: skip


def _loaded(staff: Staff, event: TaskDone) -> Step:
    """Go on where it stood; a text that cannot be read begins anew."""
    setup = setup_of(staff)
    try:
        setup = progress.read(event.facts["progress"]) if "progress" in event.facts else setup
    except progress.ProgressDamaged:
        staff = replace(staff, part=replace(setup, unsaved="progress-damaged"))
        return _begin(staff, setup.at)
    return _begin(replace(staff, part=setup), setup.at)


def on_event(staff: Staff, event: e.Event) -> Step:
    """Take an event to the step on the screen, and from a step that is over to the next one."""
    setup = setup_of(staff)
    if isinstance(event, TaskDone) and event.name in {LOAD, SAVE}:
        if event.name == SAVE:
            return replace(staff, part=replace(setup, unsaved="" if event.ok else event.code)), ()
        return _loaded(staff, event) if isinstance(setup.stage, Loading) else (staff, ())
    if setup.paused:
        return _begin(staff, setup.at) if isinstance(event, e.PrimaryPressed) else (staff, ())
    if isinstance(event, e.FinishPressed):
        later = replace(staff, part=replace(setup, paused=True))
        return later, (StopTimer(POLL), StopTimer(LIMIT), noted("setup-later", by=staff.by))
    if isinstance(event, e.BackPressed) and not setup.stage.takes_back:
        return _begin(staff, STEPS[max(0, STEPS.index(setup.at) - 1)])
    handler = STAGES[type(setup.stage)].get(type(event))
    if handler is None:
        return staff, ()
    after, effects = handler(staff, event)
    if after is None or not isinstance(setup_of(after).stage, Done):
        return after, effects
    then, more = _next(after)
    return then, (*effects, *more)


ROWS: Rows = dict.fromkeys(
    (TaskDone, TaskPressed, GlassTouched, e.PrimaryPressed, e.BackPressed, e.FinishPressed, e.KeyTyped, e.KeysErased,
     e.TimerFired, e.SlotChanged), on_event
)  # fmt: skip
