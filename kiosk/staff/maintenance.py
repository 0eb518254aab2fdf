"""Maintenance at the touchscreen: what is wrong, what to do next, and the tools for it (picture 50). Pure.

A page is opened by the name of its tool. Most tools are one task of the machine whose findings are the page; those
that ask something back (test print, test read, paper change, restart, closing) have rows of their own in
`kiosk.staff.tools`.
"""

from __future__ import annotations

from dataclasses import field

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.session.state import ForgetPin
from kiosk.staff.checks import TAKEN_BACK, UPDATE_WAITS
from kiosk.staff.events import OwnSlotChanged, TaskPressed
from kiosk.staff.part import IDLE, Part, Rows, Staff, Step, TaskDone, TaskRow, idle, noted, run

CHECKS = "checks"
STATUS, TOOLS = "status", "tools"
ONE_TASK = frozenset({"network", "sync", "parked", "logs", "bundle", "report"})
"""Tools that are one task: pressing them runs it, and what it found is the page."""
ASKING = frozenset({"print", "read", "screen", "roll", "restart", "close", "open"})
"""Tools that ask the technician something."""
REMEDIES = {
    "printer-paper": "roll",
    "printer-answers": "print",
    "reader-slot": "read",
    "reader-present": "read",
    "gateway-reachable": "network",
    "gateway-latency": "network",
    "outbox-age": "sync",
    "outbox-room": "sync",
    "catalogue-age": "sync",
    "certificate-days": "sync",
    "key-sealed": "restart",
    "parked-entries": "parked",
    "outbox-set-aside": "bundle",
}
"""Check -> the tool that puts right what it found. The others have their next step in words only."""
BY_WORDS = {UPDATE_WAITS: "restart", TAKEN_BACK: "bundle"}
"""The same for a check that finds several things: by what it found."""
PRINT_CODE_LENGTH = 4


@frozen
class Maintenance(Part):
    """Which page is on the screen, and the answers it shows."""

    page: str = STATUS
    busy: str = ""
    """The task that is at work, or empty."""
    done: TaskDone | None = None
    """The last answer of the doctor's checks."""
    answer: TaskDone | None = None
    """What the page's own task found."""
    offset: int = 0
    """Which page of rows."""
    typed: str = ""
    digits: str = field(repr=False, default="")
    """What stands on the test print, to be typed from the paper."""
    colour: int = 0
    """How far the screen test is."""
    reason: str = ""
    until: str = ""
    serial: str = ""
    """The technician's card that has to come back after a test read."""


def part_of(staff: Staff) -> Maintenance:
    """Return the part. Only called by this part's rows."""
    assert isinstance(staff.part, Maintenance)
    return staff.part


def at(staff: Staff, **changes: object) -> Staff:
    """Return staff mode with the maintenance part changed."""
    return replace(staff, part=replace(part_of(staff), **changes))  # pyright: ignore[reportArgumentType]


def problems(done: TaskDone | None) -> tuple[TaskRow, ...]:
    """Return what must be looked at, the failed before the warnings."""
    rows = () if done is None else done.rows
    return (*(one for one in rows if one.mark == "fail"), *(one for one in rows if one.mark == "warn"))


def remedy(done: TaskDone | None) -> tuple[int, str]:
    """Return the first problem that a tool puts right, counted from 1, and the tool; (0, "") where there is none."""
    for number, row in enumerate(problems(done), 1):
        if tool := REMEDIES.get(row.name) or BY_WORDS.get(row.title):
            return number, tool
    return 0, ""


# -------------------------------------------------------------------------------------------------- in and out


def enter(staff: Staff) -> Step:
    """Show the maintenance screen and look at every part."""
    part = Maintenance(busy=CHECKS)
    return replace(staff, part=part), (idle(staff), ForgetPin(), noted("entered", by=staff.by), run(CHECKS))


def leave(staff: Staff, _event: object) -> Step:
    """退出维护, or the card is out, or nobody is there any more."""
    return None, (noted("left", by=staff.by),) if staff.by else ()


def quiet(staff: Staff, event: e.TimerFired) -> Step:
    return leave(staff, event) if event.timer == IDLE else (staff, ())


def slot(staff: Staff, event: e.SlotChanged) -> Step:
    """A technician who came by card leaves by taking it, but while a test card is read in its place."""
    if not staff.by.startswith("card:") or staff.own or part_of(staff).serial:
        return staff, ()
    return (staff, ()) if event.state is SlotState.PRESENT else leave(staff, event)


def own_slot(staff: Staff, event: OwnSlotChanged) -> Step:
    """A technician whose card is in their own slot leaves by taking it from there."""
    return leave(staff, event) if staff.own and event.state is not SlotState.PRESENT else (staff, ())


# ------------------------------------------------------------------------------------------------------- pages


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """A tool of the screen; one that is nobody's, or while another is at work, does nothing."""
    part = part_of(staff)
    if part.busy and part.busy != CHECKS:
        return staff, ()
    if event.name == CHECKS:
        return at(staff, page=STATUS, busy=CHECKS, offset=0), (noted("checks", by=staff.by), run(CHECKS))
    if event.name == TOOLS:
        return at(staff, page=TOOLS, answer=None, offset=0), ()
    return open_tool(staff, event.name)


def open_tool(staff: Staff, name: str) -> Step:
    """Open a tool's page; where it is one task, run it."""
    if name not in ONE_TASK | ASKING:
        return staff, ()
    fresh = replace(Maintenance(page=name), done=part_of(staff).done, busy=name if name in ONE_TASK else "")
    staff = replace(staff, part=fresh)
    note = noted(name, by=staff.by)
    return (staff, (note, run(name))) if name in ONE_TASK else (staff, (note,))


def back(staff: Staff, _event: object) -> Step:
    """返回: to the status, which is looked at again where something was done."""
    part = part_of(staff)
    if part.page in {STATUS, TOOLS} or part.answer is None:
        busy = CHECKS if part.busy == CHECKS else ""
        return replace(staff, part=Maintenance(done=part.done, busy=busy)), ()
    return replace(staff, part=Maintenance(done=part.done, busy=CHECKS)), (run(CHECKS),)


def turned(staff: Staff, event: e.PageTurned) -> Step:
    return at(staff, offset=max(0, part_of(staff).offset + event.delta)), ()


def answered(staff: Staff, event: TaskDone) -> Step:
    """A task is done; one that nobody waits for any more only tells of itself."""
    part = part_of(staff)
    if event.name == CHECKS:
        busy = "" if part.busy == CHECKS else part.busy
        return at(staff, done=event, busy=busy), ()
    if event.name != part.busy:
        return staff, ()
    return at(staff, busy="", answer=event, offset=0), (noted(f"{event.name}.done", by=staff.by, code=event.code),)


def shown(staff: Staff, _event: object) -> Step:
    """The way forward of the status page and of a one-task page."""
    part = part_of(staff)
    if part.page == STATUS and not part.busy:
        return open_tool(staff, remedy(part.done)[1])
    return open_tool(staff, part.page) if part.page in ONE_TASK and not part.busy else (staff, ())


ROWS: Rows = {
    TaskPressed: pressed,
    TaskDone: answered,
    e.BackPressed: back,
    e.PrimaryPressed: shown,
    e.PageTurned: turned,
    e.SlotChanged: slot,
    OwnSlotChanged: own_slot,
    e.FinishPressed: leave,
    e.TimerFired: quiet,
}
"""Of the pages without a question. `kiosk.staff.tools` puts its own before them."""
