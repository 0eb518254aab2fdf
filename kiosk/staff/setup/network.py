"""Step 5: the gateway of the site's data answers; the cable comes out, the terminal notices; it goes back in. Pure."""

from __future__ import annotations

from typing import Literal, cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import (
    POLL,
    Proof,
    Stage,
    StageRows,
    accepted,
    again_after,
    finished,
    on_stage,
    setup_of,
)

TASK = "setup-network"
LOOK_S = 1.0
WAIT_S = 3.0
"""Between two looks while nobody answers."""


@frozen
class Wiring(Stage):
    """How far the cable's way is."""

    phase: Literal["probing", "pull", "plug"] = "probing"
    ms: str = ""
    """How long the gateway's answer took."""
    code: str = ""
    """Why nobody answered: no-network, wrong-authority, clock-wrong, no-site."""


def begin(staff: Staff) -> Step:
    return on_stage(staff, Wiring()), (run(TASK),)


def looked(staff: Staff, event: TaskDone) -> Step:
    """An answer, or none: which of them is wanted depends on where the cable has to be."""
    stage = cast("Wiring", setup_of(staff).stage)
    if event.name != TASK:
        return staff, ()
    match (stage.phase, event.ok):
        case ("probing", True):
            return on_stage(staff, Wiring("pull", event.facts.get("ms", ""))), (again_after(LOOK_S),)
        case ("pull", False):
            return on_stage(staff, replace(stage, phase="plug")), (again_after(LOOK_S),)
        case ("plug", True):
            return finished(staff, Proof("gateway", facts={"ms": event.facts.get("ms", stage.ms), "cut": "yes"}))
        case (_, True):
            return staff, (again_after(LOOK_S),)
        case _:
            wait_s = LOOK_S if stage.phase == "plug" else WAIT_S
            return on_stage(staff, replace(stage, code=event.code)), (again_after(wait_s),)


def again(staff: Staff, event: e.TimerFired) -> Step:
    return staff, (run(TASK),) if event.timer == POLL else ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """照用: here is no network, or the cable cannot be pulled."""
    stage = cast("Wiring", setup_of(staff).stage)
    if event.name == "accept" and stage.phase == "probing":
        return finished(staff, accepted("gateway", none="yes"))
    return finished(staff, accepted("gateway", ms=stage.ms)) if event.name == "accept" else begin(staff)


ROWS: StageRows = {TaskDone: looked, e.TimerFired: again, TaskPressed: pressed}
