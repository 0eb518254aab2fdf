"""`step` of staff mode: one table a part, `{event type: handler}`, and what holds in every part. Pure.

An event that no row names is a bug, as in the session: `step` raises `UnlistedStaffEvent`. What is known to be possible
and without meaning has an explicit row in `IGNORED`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.session import modes
from kiosk.session.state import Session
from kiosk.session.table import TOUCHES, WORLD
from kiosk.staff import closed, entry, events, maintenance, tools
from kiosk.staff.part import Part, Rows, Staff, Step, TaskDone, idle, ignored
from kiosk.staff.setup import table as commissioning
from kiosk.staff.setup.state import Setup


class UnlistedStaffEvent(Exception):
    """An event that the part's row does not know."""

    code = "internal"

    def __init__(self, part: type[Part], event: type[e.Event]) -> None:
        super().__init__(f"{part.__name__} has no row for {event.__name__}")


def toggled(staff: Staff, event: e.ModeToggled) -> Step:
    """Larger, darker, lower: as a citizen does it."""
    seen, _ = modes.toggle(Session(world=staff.world, modes=staff.modes), event)
    return replace(staff, modes=seen.modes), ()


def spoken_to(staff: Staff, event: e.LanguageChosen) -> Step:
    return replace(staff, language=event.language), ()


IGNORED: Rows = dict.fromkeys(
    (
        *TOUCHES,
        *WORLD,
        e.PinLengthChanged,
        e.TimerFired,
        e.CardRecognised,
        e.CardFailed,
        TaskDone,
        events.GlassTouched,
        events.NameHeld,
        events.OwnSlotChanged,
        events.TaskPressed,
        events.TechnicianCardSeen,
        events.TechnicianPinAccepted,
        events.TechnicianPinRefused,
        events.TechnicianCardFailed,
    ),
    ignored,
)
"""Late answers, second touches, and what the world tells (`Staff.world` has it already)."""
COMMON: Rows = {e.ModeToggled: toggled, e.LanguageChosen: spoken_to}
HANDS = frozenset({*TOUCHES, e.PinLengthChanged, events.TaskPressed})
"""What only a hand on the screen does: the quiet time begins anew."""

PARTS: Mapping[type[Part], Rows] = {
    entry.Entry: {**IGNORED, **COMMON, **entry.ROWS},
    maintenance.Maintenance: {**IGNORED, **COMMON, **tools.ROWS},
    closed.Closed: {**IGNORED, **COMMON, **closed.ROWS},
    Setup: {**IGNORED, **COMMON, **commissioning.ROWS},
}


def step(staff: Staff, event: e.Event) -> Step:
    """Return staff mode after `event` (None: it ends), and its effects. Raises `UnlistedStaffEvent`.

    The caller keeps `staff.world` current: it is the world that the citizen's session has already taken in.
    """
    handler = PARTS[type(staff.part)].get(type(event))
    if handler is None:
        raise UnlistedStaffEvent(type(staff.part), type(event))
    after, effects = handler(staff, event)
    if after is not None and type(event) in HANDS:
        return after, (idle(after), *effects)
    return after, effects
