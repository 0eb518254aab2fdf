"""Staff mode as a frozen value: who is served, which part is on the screen, and what its steps ask for. Pure.

Staff mode is a program of its own beside the citizen's session. While it is on, the session stands at the attract
screen; the world's events reach both. Each part (`Entry`, `Maintenance`, `Setup`) is a frozen value in its own module,
with a table of its own; `kiosk.staff.table` joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal

from kiosk import events as e
from kiosk.frozen import frozen
from kiosk.screen_model import Modes
from kiosk.session.state import Effect, Note, StartTimer, World

IDLE = "staff.idle"
"""The timer after whose firing an untouched staff mode ends."""
Mark = Literal["ok", "warn", "fail", "info"]


@frozen
class StaffEvent(e.Event):
    """The root of what only happens in staff mode. The citizen's session never sees one."""


@frozen
class StaffEffect(Effect):
    """The root of what only staff mode asks for."""


@frozen
class RunTask(StaffEffect):
    """Have the machine do something by name; `TaskDone` of the same name answers."""

    name: str
    arguments: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])


@frozen
class TaskRow:
    """One finding. `title`, `text` and `next` are source texts for `say`, with their `{values}` beside them."""

    mark: Mark
    name: str
    """A stable name: of a check, of an entry, of a file."""
    title: str
    text: str = ""
    next: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])


@frozen
class TaskDone(StaffEvent):
    """What the machine answered: `code` is a failure code where it is not `ok`, `facts` are values by name."""

    name: str
    ok: bool
    code: str = ""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    rows: tuple[TaskRow, ...] = ()
    record: Mapping[str, object] = field(repr=False, default_factory=dict[str, object])
    """What was looked up, where it is more than rows: a record of the city's directory."""


@frozen
class Part:
    """The root of `Entry`, `Maintenance` and `Setup`: what is on the screen, and how far it is."""


@frozen
class Closure:
    """A technician took the terminal out of service: why, until when, and since when (ISO 8601 local, minutes)."""

    reason: str
    until: str
    since: str


@frozen
class Staff:
    """Staff mode that is on."""

    part: Part
    world: World
    """The citizen session's world, kept current."""
    language: str = "zh-Hans"
    modes: Modes = field(default_factory=Modes)
    by: str = ""
    """Who came in: `card:SERIAL`, `code:REFERENCE`, or `setup`. Never a person's name."""
    own: bool = False
    """Their card is in the technicians' own slot: it stays there, and the citizens' slot is free for test cards."""
    closure: Closure | None = None
    """Out of service: whoever leaves staff mode leaves this to the citizens."""


Step = tuple[Staff | None, tuple[Effect, ...]]
"""None: staff mode ends, and citizens are served again."""
Handler = Callable[[Staff, Any], Step]
Rows = Mapping[type[e.Event], Handler]


def ignored(staff: Staff, _event: e.Event) -> Step:
    """For events that a part does not care about."""
    return staff, ()


def idle(staff: Staff) -> Effect:
    """Begin the quiet time anew."""
    return StartTimer(IDLE, float(staff.world.settings.staff_idle_s))


def run(name: str, **arguments: str) -> RunTask:
    """Ask the machine for something."""
    return RunTask(name, arguments)


def noted(action: str, by: str, code: str = "") -> Note:
    """Write what staff did, who, and what came of it."""
    return Note("staff.did", {"action": action, "by": by, "code": code})
