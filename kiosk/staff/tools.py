"""The tools that ask the technician something: test print, test read, screen, paper, restart, out of service. Pure."""

from __future__ import annotations

from collections.abc import Callable

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.proving import Colour
from kiosk.session.state import Effect, RecogniseCard, ReleaseCard, StartTimer, StopTimer
from kiosk.staff import closed, entry, maintenance
from kiosk.staff.events import TaskPressed, TechnicianCardSeen
from kiosk.staff.maintenance import PRINT_CODE_LENGTH, at, part_of
from kiosk.staff.part import Handler, Rows, Staff, Step, TaskDone, TaskRow, noted, run

COLOURS: tuple[Colour, ...] = ("red", "green", "blue", "white", "black")
"""The faces of the screen test, one a touch."""
SWAP, SWAP_S = "staff.swap", 60.0
"""After a test read the technician's own card must be back within this time, seconds."""
READ = "read"


# ------------------------------------------------------------------------------------------------ going forward


def forward(staff: Staff, event: e.PrimaryPressed) -> Step:
    """The one way forward of a page."""
    part = part_of(staff)
    if part.busy and part.busy != maintenance.CHECKS:
        return staff, ()
    handler = FORWARD.get(part.page)
    return handler(staff) if handler is not None else maintenance.shown(staff, event)


def _print(staff: Staff) -> Step:
    """Print a page with four digits; then compare what was typed from the paper."""
    part = part_of(staff)
    if not part.digits:
        return at(staff, busy="print", answer=None), (run("print"),)
    if len(part.typed) < PRINT_CODE_LENGTH:
        return staff, ()
    right = part.typed == part.digits
    row = TaskRow("ok", "print", "测试页打好了", "数字对上了") if right else _misprinted()
    answer = TaskDone("print", ok=right, code="" if right else "print-mismatch", rows=(row,))
    return at(staff, digits="", typed="", answer=answer), (noted("print.judged", by=staff.by, code=answer.code),)


def _misprinted() -> TaskRow:
    fix = "看字迹清不清楚；不清楚就清洁打印头，再打一张"
    return TaskRow("fail", "print", "数字对不上", "纸上的和打出去的不一样", fix)


def _read(staff: Staff) -> Step:
    """Ask for a test card; a technician's own card may leave the slot for it, and has to come back."""
    serial = staff.by.removeprefix("card:") if staff.by.startswith("card:") and not staff.own else ""
    watch = (StartTimer(SWAP, SWAP_S),) if serial else ()
    return at(staff, busy=READ, answer=None, serial=serial), (ReleaseCard(), *watch)


def _screen(staff: Staff) -> Step:
    colour = part_of(staff).colour + 1
    if colour > len(COLOURS):
        row = TaskRow("ok", "screen", "每种颜色都看过了", "有坏点、色块、条纹，就换屏幕")
        return at(staff, colour=0, answer=TaskDone("screen", ok=True, rows=(row,))), ()
    return at(staff, colour=colour, answer=None), ()


def _task(name: str) -> Callable[[Staff], Step]:
    return lambda staff: (at(staff, busy=name, answer=None), (run(name),))


def _close(staff: Staff) -> Step:
    part = part_of(staff)
    if part.reason not in closed.REASONS:
        return staff, ()
    return at(staff, busy="close"), (run("close", reason=part.reason, until=part.until, since=staff.world.local),)


FORWARD: dict[str, Callable[[Staff], Step]] = {
    "print": _print,
    "read": _read,
    "screen": _screen,
    "roll": _task("roll"),
    "restart": _task("restart"),
    "close": _close,
    "open": _task("open"),
}


# --------------------------------------------------------------------------------------------------- answers


def answered(staff: Staff, event: TaskDone) -> Step:
    """Some answers change more than the page."""
    part = part_of(staff)
    if event.name == part.busy and event.ok:
        if event.name == "print":
            return at(staff, busy="", digits=event.facts["digits"], typed=""), ()
        if event.name == "close":
            closure = closed.closure(part.reason, part.until, staff.world.local)
            return maintenance.answered(replace(staff, closure=closure), event)
        if event.name == "open":
            return maintenance.answered(replace(staff, closure=None), event)
    return maintenance.answered(staff, event)


def pressed(staff: Staff, event: TaskPressed) -> Step:
    """A choice on the page of closing, or a tool."""
    part = part_of(staff)
    if part.page == "close" and not part.busy:
        if event.name == "reason" and event.argument in closed.REASONS:
            return at(staff, reason=event.argument), ()
        if event.name == "until" and event.argument in closed.UNTIL:
            return at(staff, until=event.argument), ()
    if part.serial:
        return staff, ()
    return maintenance.pressed(staff, event)


def typed(staff: Staff, event: e.KeyTyped) -> Step:
    part = part_of(staff)
    if not part.digits or not event.key.isdigit() or len(part.typed) >= PRINT_CODE_LENGTH:
        return staff, ()
    return at(staff, typed=part.typed + event.key), ()


def erased(staff: Staff, event: e.KeysErased) -> Step:
    return at(staff, typed="" if event.all else part_of(staff).typed[:-1]), ()


# -------------------------------------------------------------------------------------------------- test read


def slot(staff: Staff, event: e.SlotChanged) -> Step:
    """While a test card is waited for, a card that comes is read."""
    part = part_of(staff)
    reading = part.busy == READ or part.serial
    if not reading:
        return maintenance.slot(staff, event)
    if event.state is SlotState.PRESENT:
        return staff, (RecogniseCard(event.insertion),)
    if event.state is SlotState.MUTE and part.busy == READ:
        return _read_done(staff, "card-unreadable")
    return staff, (ReleaseCard(),) if event.state is SlotState.EMPTY else ()


def recognised(staff: Staff, event: e.CardRecognised) -> Step:
    """A citizen's card was read; of it only its kind is shown."""
    if part_of(staff).busy != READ:
        return staff, ()
    row = TaskRow("ok", READ, "读卡口好的", "认出了 {profile} {version}",
                  values={"profile": event.facts.profile, "version": event.facts.version})  # fmt: skip
    return _read_done(staff, "", row)


def unread(staff: Staff, event: e.CardFailed) -> Step:
    return _read_done(staff, event.code) if part_of(staff).busy == READ else (staff, ())


def own_card(staff: Staff, event: TechnicianCardSeen) -> Step:
    """A technician's card: their own ends the test read, and proves itself by its PIN; another one is no way in.

    Its serial number alone proves nothing: a copied certificate has it too.
    """
    part = part_of(staff)
    if not part.serial:
        if part.busy == READ and not event.own:
            row = TaskRow("ok", READ, "读卡口好的", "认出了一张技术员卡")
            return _read_done(staff, "", row)
        return staff, ()
    if event.serial != part.serial or event.problem:
        return maintenance.leave(staff, event)
    told: tuple[Effect, ...] = (StopTimer(SWAP),)
    if part.busy == READ:
        answer = _read_answer("", TaskRow("ok", READ, "读卡口好的", "认出了您的技术员卡"))
        staff, told = at(staff, busy="", answer=answer), (*told, noted("read.done", by=staff.by))
    knocking, asked = entry.by_card(staff, event, back_to=replace(part_of(staff), serial=""))
    return knocking, (*told, *asked)


def _read_done(staff: Staff, code: str, row: TaskRow | None = None) -> tuple[Staff, tuple[Effect, ...]]:
    note = noted("read.done", by=staff.by, code=code)
    return at(staff, busy="", answer=_read_answer(code, row)), (note, ReleaseCard())


def _read_answer(code: str, row: TaskRow | None) -> TaskDone:
    found = row or TaskRow("fail", READ, "没有读出来", "代码 {code}", "擦一擦芯片再插；换一张测试卡还不行，就换读卡器",
                           {"code": code})  # fmt: skip
    return TaskDone(READ, ok=not code, code=code, rows=(found,))


def back(staff: Staff, event: e.BackPressed) -> Step:
    """返回 is off until the technician's own card is back; a test read that nobody needs is given up."""
    part = part_of(staff)
    if part.serial:
        return staff, ()
    if part.page == "screen":
        staff = at(staff, colour=0)
    return maintenance.back(staff, event)


def timer(staff: Staff, event: e.TimerFired) -> Step:
    """The technician's card did not come back."""
    if event.timer == SWAP and part_of(staff).serial:
        return maintenance.leave(staff, event)
    return maintenance.quiet(staff, event)


OWN: dict[type[e.Event], Handler] = {
    TaskPressed: pressed,
    TaskDone: answered,
    TechnicianCardSeen: own_card,
    e.PrimaryPressed: forward,
    e.BackPressed: back,
    e.KeyTyped: typed,
    e.KeysErased: erased,
    e.SlotChanged: slot,
    e.CardRecognised: recognised,
    e.CardFailed: unread,
    e.TimerFired: timer,
}
ROWS: Rows = {**maintenance.ROWS, **OWN}
