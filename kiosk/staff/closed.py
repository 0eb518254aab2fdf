"""Out of service: a technician closed the terminal; citizens see why, and where to go (picture 33). Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.services.places import Place, nearest, own_place
from kiosk.staff.part import Closure, Part, Rows, Staff, Step, TaskDone, run

NEARBY, OFFICES = "nearby", "offices"
"""The task that looks the city's offices up, and their list in its record."""
KNOWN = 6
"""So many of the nearest are kept: of these, those that are open now are shown first."""


@frozen
class Closed(Part):
    """The screen that citizens see. What it says is `Staff.closure`."""

    wrong_card: bool = False
    """A card was put in that is no technician's: it can be taken again."""
    places: tuple[Place, ...] = ()
    """Where to go instead, the nearest first; empty: nobody knows (the terminal never heard of the city's offices)."""


REASONS = ("reader", "printer", "network", "screen", "moving", "work")
UNTIL = ("", "today", "tomorrow")


def closure(reason: str, until: str, since: str) -> Closure | None:
    """Return the closure that a file tells, or None where it tells none."""
    return Closure(reason, until, since) if reason in REASONS and until in UNTIL else None


def shut(staff: Staff) -> Step:
    """Show the citizens that this terminal is closed, and look up where they can go."""
    return replace(staff, part=Closed(), by="", own=False, language="zh-Hans"), (run(NEARBY),)


def part_of(staff: Staff) -> Closed:
    """Return the part. Only called by this part's rows."""
    assert isinstance(staff.part, Closed)
    return staff.part


def card_refused(staff: Staff, _event: e.CardFailed | e.CardRecognised) -> Step:
    return replace(staff, part=replace(part_of(staff), wrong_card=True)), ()


def slot(staff: Staff, _event: e.SlotChanged) -> Step:
    return replace(staff, part=replace(part_of(staff), wrong_card=False)), ()


def ticked(staff: Staff, event: e.ClockTicked) -> Step:
    """Every hour the offices are looked up anew: the sync service may have brought others."""
    return staff, (run(NEARBY),) if event.local.endswith(":00") else ()


def found(staff: Staff, event: TaskDone) -> Step:
    """The offices, as the gateway last signed them; without them the screen says what it said before."""
    if event.name != NEARBY or not event.ok:
        return staff, ()
    here = own_place(event.record, OFFICES, staff.world.site.get("office", ""))
    return replace(staff, part=replace(part_of(staff), places=nearest(event.record, OFFICES, here, KNOWN))), ()


ROWS: Rows = {
    e.CardFailed: card_refused,
    e.CardRecognised: card_refused,
    e.SlotChanged: slot,
    e.ClockTicked: ticked,
    TaskDone: found,
}
