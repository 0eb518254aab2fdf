"""Step 1: five circles on the glass; a touch more than 12 pixels off is asked for again. Pure."""

from __future__ import annotations

import math
from typing import cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.session.state import StartTimer
from kiosk.staff.events import GlassTouched, TaskPressed
from kiosk.staff.part import Staff, Step
from kiosk.staff.setup.state import LIMIT, Proof, Stage, StageRows, accepted, finished, on_stage, setup_of

FROM_EDGE_PX = 100
REACH_PX = 12
"""Farther off than this, a finger would press the wrong key."""
LIMIT_S = 60.0
"""For each circle; who cannot touch it by then goes on with the keypad."""


@frozen
class Touching(Stage):
    """Which circles were touched, and how far off, pixels."""

    spots: tuple[tuple[int, int], ...]
    """Middles of the circles, display pixels: four corners clockwise from the upper left, then the middle."""
    off_px: tuple[int, ...] = ()
    missed_px: int = 0
    """How far off the last touch was, where it has to be made again."""
    failed: bool = False
    """The time of a circle is over."""

    @property
    def spot(self) -> tuple[int, int]:
        """The circle that is wanted now."""
        return self.spots[len(self.off_px)]


def begin(staff: Staff) -> Step:
    """Show the first circle."""
    width, height = staff.world.settings.width, staff.world.settings.height
    left, right, top, low = FROM_EDGE_PX, width - FROM_EDGE_PX, FROM_EDGE_PX, height - FROM_EDGE_PX
    spots = ((left, top), (right, top), (right, low), (left, low), (width // 2, height // 2))
    return on_stage(staff, Touching(spots)), (StartTimer(LIMIT, LIMIT_S),)


def touched(staff: Staff, event: GlassTouched) -> Step:
    """Judge a touch: near enough goes on, anything else is asked for again."""
    stage = cast("Touching", setup_of(staff).stage)
    if stage.failed:
        return staff, ()
    x, y = stage.spot
    off = round(math.hypot(event.x - x, event.y - y))
    if off > REACH_PX:
        return on_stage(staff, replace(stage, missed_px=off)), ()
    stage = replace(stage, off_px=(*stage.off_px, off), missed_px=0)
    if len(stage.off_px) < len(stage.spots):
        return on_stage(staff, stage), (StartTimer(LIMIT, LIMIT_S),)
    facts = {"n": str(len(stage.spots)), "px": str(max(stage.off_px))}
    return finished(staff, Proof("touch", facts=facts))


def too_late(staff: Staff, event: e.TimerFired) -> Step:
    """The circle was not touched in time: the keypad, or a finger, chooses what to do."""
    stage = cast("Touching", setup_of(staff).stage)
    return on_stage(staff, replace(stage, failed=True) if event.timer == LIMIT else stage), ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """从头再点, or 照用 once the time was over."""
    stage = cast("Touching", setup_of(staff).stage)
    if event.name == "accept" and stage.failed:
        return finished(staff, accepted("touch", n=str(len(stage.off_px))))
    return begin(staff)


ROWS: StageRows = {GlassTouched: touched, e.TimerFired: too_late, TaskPressed: pressed}
