"""A certificate on the page of its case: printed here, where else to get it, and what the A4 printer said. Pure."""

from __future__ import annotations

from collections.abc import Callable

from drivers.api import JobState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import Choices, Control, Notice, Piece
from kiosk.services import views
from kiosk.services.definition import PageAction, words
from kiosk.session.asking.sheet import MISSING, can_print, due, is_copy, issued, under_way
from kiosk.session.asking.sheet_state import Sheet
from kiosk.view_model.frame import Scene, button
from kiosk.view_model.service import agency_name
from kiosk.words.i18n import Say

KEY = "certificate"


def controls(scene: Scene, found: tuple[PageAction, ...], record: views.Record | None) -> list[Control]:
    """What a page offers to do, as buttons; what cannot be printed here is not offered; a question comes first."""
    session, made, asked = scene.session, list[Control](), _asked(scene, record)
    for action in found:
        if action.prints != "certificate" and (asked or (action.opens and _crowded(scene, record))):
            continue
        text, enabled = words(action.label, scene.language), True
        if action.prints == "certificate":
            if not can_print(session):
                continue
            enabled = not under_way(session)
            text = scene.say("再打一张证明，会写明“补打”") if is_copy(session, record or {}) else text
        elif action.prints == "receipt" and (not session.world.can_print or _crowded(scene, record)):
            continue
        control = Control(f"do.{action.id}", "choice", text, e.ActionChosen(action.id), action.icon, enabled=enabled)
        made.append(button(scene, control))
    if asked:
        made.insert(0, _seen(scene))
    return made


def notices(scene: Scene, record: views.Record | None) -> tuple[Piece, ...]:
    """Where the certificate is to be had, or what became of its print."""
    if not record or not views.raw_text(record.get(KEY)):
        return ()
    if not can_print(scene.session):
        return (_elsewhere(scene, record),)
    sheet = _of_this(scene, record)
    if sheet is None:
        return ()
    told = _notice(scene.say, sheet)
    return (replace(told, text="") if scene.session.modes.reach else told,)  # low down there is room for one line


def at_the_end(scene: Scene) -> tuple[Piece, ...]:
    """On the last page of a visit that may end with a certificate: where it stands, and the way to have it printed."""
    session, say = scene.session, scene.say
    if not due(session):
        return ()
    sheet = session.sheet if session.saved is not None and _is_of(session.sheet, session.saved.number) else None
    if not issued(session):
        return (Notice("info", say("正在开证明"), say("开好了可以在这里打，也在“我的办件”里。")),)
    made: list[Control] = []
    if sheet is not None and sheet.state is JobState.UNKNOWN and not sheet.seen:
        made.append(_seen(scene))
    again = sheet is not None and sheet.number in sheet.sent
    text = say("再打一张证明，会写明“补打”") if again else say("打印证明（A4）")
    free, pressed = not under_way(session), e.ActionChosen("print")
    made.append(button(scene, Control("certificate.print", "choice", text, pressed, "printer", enabled=free)))
    told = Notice("saved", say("证明开好了")) if sheet is None else _fetched(say, sheet)
    return (replace(told, text="") if session.modes.reach else told, Choices(tuple(made)))


def _fetched(say: Say, sheet: Sheet) -> Notice:
    """As on the page of its case; here it must be fetched first."""
    if sheet.wanted:
        return Notice("info", say("正在取证明"))
    if sheet.reason == MISSING:
        return Notice("att", say("证明现在取不到"), say("什么都没有打。过一会儿再试，或到“我的办件”里打。"))
    return _notice(say, sheet)


def _is_of(sheet: Sheet | None, number: str) -> bool:
    return sheet is not None and sheet.number == number


def _seen(scene: Scene) -> Control:
    """The citizen says that it came out."""
    control = Control("sheet.seen", "choice", scene.say("证明打出来了，是完整的"), e.PaperSeen("whole"), "check")
    return button(scene, control)


def _of_this(scene: Scene, record: views.Record | None) -> Sheet | None:
    sheet = scene.session.sheet
    return sheet if _is_of(sheet, views.raw_text((record or {}).get("number"))) else None


def _crowded(scene: Scene, record: views.Record | None) -> bool:
    """Low down there is no room for the steps and the receipt beside what the A4 printer said."""
    return scene.session.modes.reach and _of_this(scene, record) is not None


def _asked(scene: Scene, record: views.Record | None) -> bool:
    sheet = _of_this(scene, record)
    return sheet is not None and sheet.state is JobState.UNKNOWN and not sheet.seen


def _elsewhere(scene: Scene, record: views.Record) -> Notice:
    """As the citizen chose to get it; this terminal has no A4 printer."""
    say, office = scene.say, agency_name(scene, views.raw_text(record.get("agency")))
    match views.raw_text(record.get("get")):
        case "post":
            return Notice("info", say("证明开好了，会邮寄到家"))
        case "e-licence":
            return Notice("info", say("证明开好了，会发成电子证照"))
        case _:
            return Notice(
                "info", say("证明开好了，这台终端打不了 A4"), say("到{a}窗口领，或到能打 A4 的终端打。", a=office)
            )


def _notice(say: Say, sheet: Sheet) -> Notice:
    match sheet.state:
        case JobState.DONE:
            return Notice("saved", say("证明打好了"), say("打印机确认过。请在 A4 打印机取走。"))
        case JobState.NOT_PRINTED:
            return Notice("att", _trouble(say, sheet.reason), say("没有打出来。修好了再打，或到别的终端打。"))
        case JobState.UNKNOWN if sheet.seen:
            return Notice("saved", say("好的，请收好证明"))
        case JobState.UNKNOWN:
            return Notice("att", say("证明打出来了吗？"), say("打印机没有确认。请看看 A4 打印机的出纸口。"))
        case JobState.BLOCKED:
            return Notice("att", say("A4 打印机停住了"), say("等人来弄。一分钟弄好，会接着打。"))
        case JobState.PARTIAL | JobState.PRINTED_NOT_CUT:
            return Notice("att", say("证明没有打完整"), say("这张不能用。再打一张会写明“补打”。"))
        case _:
            return Notice("info", say("正在打印证明"), say("打印机确认了，这里才说打好了。"))


def _trouble(say: Say, reason: str) -> str:
    found: dict[str, Callable[[], str]] = {
        "paper-out": lambda: say("A4 打印机没有纸"),
        "paper-jam": lambda: say("A4 打印机卡纸了"),
        "cover-open": lambda: say("A4 打印机的盖子开着"),
    }
    return found.get(reason, lambda: say("A4 打印机现在打不了"))()
