"""Step 6: this clock against the gateway's; without a network a person reads it. Pure."""

from __future__ import annotations

from typing import cast

from kiosk.frozen import frozen
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import Proof, Stage, StageRows, accepted, finished, on_stage, setup_of

TASK = "setup-clock"
GOOD_MS = 1000
FAR_MS = 300_000
"""Farther off than this no certificate can be judged: nobody may say that it is good enough."""


@frozen
class Timing(Stage):
    """What was measured."""

    busy: bool = True
    offset_ms: int | None = None
    """This clock less the gateway's; None: nobody to compare with."""

    @property
    def far(self) -> bool:
        return self.offset_ms is not None and abs(self.offset_ms) > FAR_MS


def begin(staff: Staff) -> Step:
    return on_stage(staff, Timing()), (run(TASK),)


def measured(staff: Staff, event: TaskDone) -> Step:
    """Near enough goes on by itself."""
    if event.name != TASK:
        return staff, ()
    text = event.facts.get("offset_ms", "") if event.ok else ""
    if not text.removeprefix("-").isdecimal():
        return on_stage(staff, Timing(busy=False)), ()
    offset_ms = int(text)
    if abs(offset_ms) <= GOOD_MS:
        return finished(staff, Proof("clock-offset", facts={"s": seconds(offset_ms)}))
    return on_stage(staff, Timing(busy=False, offset_ms=offset_ms)), ()


def seconds(offset_ms: int) -> str:
    """How far off, without its direction: `1.8`."""
    return f"{abs(offset_ms) / 1000:.1f}"


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """照用 where that can be said; anything else measures again."""
    stage = cast("Timing", setup_of(staff).stage)
    if event.name != "accept" or stage.busy or stage.far:
        return begin(staff)
    facts = {"by": "eye"} if stage.offset_ms is None else {"s": seconds(stage.offset_ms)}
    return finished(staff, accepted("clock-offset", **facts))


ROWS: StageRows = {TaskDone: measured, TaskPressed: pressed}
