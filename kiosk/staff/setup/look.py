"""Step 2: the panel's colours and dead pixels, then the voice in two languages. Pure."""

from __future__ import annotations

from typing import cast

from kiosk.frozen import frozen, replace
from kiosk.staff.events import TaskPressed
from kiosk.staff.part import Staff, Step, TaskDone, run
from kiosk.staff.setup.state import Proof, Stage, StageRows, accepted, finished, on_stage, proven, setup_of

COLOURS = ("red", "green", "blue", "white", "black")
"""Each fills the whole glass once: a dead pixel shows on one of them."""
BARS = len(COLOURS)
"""The page with all of them side by side, and the question."""
SOUND = BARS + 1
VOICES = ("zh-Hans", "yue-Hant")
TASK = "setup-speech"


@frozen
class Looking(Stage):
    """Which page is on the screen."""

    page: int = 0
    busy: bool = False
    code: str = ""
    """Why nothing could be said."""


def begin(staff: Staff) -> Step:
    return on_stage(staff, Looking()), ()


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """One touch for each colour; then what was seen, and what was heard."""
    stage = cast("Looking", setup_of(staff).stage)
    if stage.page < BARS:
        return on_stage(staff, Looking(stage.page + 1)), ()
    if stage.page == BARS:
        if event.name == "again":
            return begin(staff)
        proof = Proof("display") if event.name == "good" else accepted("display")
        return _speak(proven(staff, proof))
    if event.name == "heard":
        return finished(staff, Proof("speech", facts={"n": str(len(VOICES))}))
    return finished(staff, accepted("speech")) if event.name == "accept" else _speak(staff)


def _speak(staff: Staff) -> Step:
    return on_stage(staff, Looking(SOUND, busy=True)), (run(TASK, voices=" ".join(VOICES)),)


def spoken(staff: Staff, event: TaskDone) -> Step:
    stage = cast("Looking", setup_of(staff).stage)
    if event.name != TASK or stage.page != SOUND:
        return staff, ()
    return on_stage(staff, replace(stage, busy=False, code="" if event.ok else event.code)), ()


ROWS: StageRows = {TaskPressed: pressed, TaskDone: spoken}
