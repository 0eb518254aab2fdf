"""Pages of what the city holds: a list, one row of it, facts, the steps and the timeline of a case. Pure."""

from __future__ import annotations

from typing import Literal, cast

from drivers.api import JobState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.timeline import Bar, BarState, Lane, Timeline
from kiosk.screen_model import (
    ButtonRow,
    CheckRow,
    CheckRows,
    Choices,
    Control,
    Fact,
    Facts,
    Gap,
    Notice,
    Piece,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.services import views
from kiosk.services.definition import View, words
from kiosk.session.common import application_of
from kiosk.session.view import charted, page_count, page_of, record_of, row_count, rows_per_page, way_on
from kiosk.view_model.asking import sheet
from kiosk.view_model.form import pager, source_words
from kiosk.view_model.frame import Scene, back, button, primary
from kiosk.view_model.service import agency_name, catalogue_of, stepped

AXIS_DAYS = 15
MARKS: dict[str, Literal["done", "current", "todo"]] = {
    "done": "done",
    "current": "current",
    "asked": "current",
    "todo": "todo",
}


def page(scene: Scene) -> ScreenModel:
    """The page of the definition that is on the screen."""
    application = application_of(scene.session)
    shown = page_of(application)
    record = record_of(application)
    title = views.title_text(shown, shown.title, record, row_count(application), scene.language)
    body = _body(scene, shown)
    tail = _tail(scene, shown)
    return replace(
        stepped(scene, 2, scene.say("看资料")),
        title=title,
        subtitle=_subtitle(scene, shown, record),
        body=(*body, Gap(), *tail) if tail else body,
        back=back(scene),
        primary=_primary(scene),
    )


def _subtitle(scene: Scene, shown: View, record: views.Record | None) -> str:
    if shown.help:
        return views.title_text(shown, shown.help, record, 0, scene.language)
    if shown.kind == "timeline" and not scene.session.modes.reach:
        steps = views.steps(shown, record)
        count = {state: sum(step.state == state for step in steps) for state in views.BAR_STATES}
        doing = count["current"] + count["asked"]
        return scene.say(
            "{n} 步：办完 {a}，在办 {b}，没到 {c}", n=len(steps), a=count["done"], b=doing, c=count["todo"]
        )
    if shown.kind == "facts" and shown.cells:
        data = views.source_of(shown.cells[0], application_of(scene.session).subjects)
        return "" if data is None else source_words(scene, data.agency, data.updated)
    return ""


def _primary(scene: Scene) -> Control | None:
    """The way forward; a page that waits for a choice has none."""
    application = application_of(scene.session)
    shown, say = page_of(application), scene.say
    if application.page < page_count(scene.session) - 1 and shown.kind != "list":
        return primary(scene, say("看下一页"))
    way = way_on(application)
    if not way:
        return None
    if shown.onward:
        return primary(scene, words(shown.onward, scene.language))
    return primary(scene, say("看完了") if way == "home" else say("继续"), onward=way != "home")


# ---------------------------------------------------------------------------------------------------- the body


def _body(scene: Scene, shown: View) -> tuple[Piece, ...]:
    application = application_of(scene.session)
    if shown.kind != "timeline" and row_count(application) == 0:
        text = words(shown.empty, scene.language) if shown.empty else scene.say("这里还没有记录。")
        return (Words(text),)
    match shown.kind:
        case "list":
            return _list(scene, shown)
        case "timeline" | "steps":
            return _steps(scene, shown)
        case _:
            return _facts(scene, shown)


def _on_this_screen(scene: Scene, shown: View, choices: int = 0) -> tuple[slice, int, int]:
    """Which rows are on the screen, its number and how many there are."""
    size = rows_per_page(scene.session, shown.kind, choices=choices)
    count = page_count(scene.session)
    number = min(application_of(scene.session).page, count - 1)
    return slice(number * size, number * size + size), number, count


def _list(scene: Scene, shown: View) -> tuple[Piece, ...]:
    application = application_of(scene.session)
    here, number, count = _on_this_screen(scene, shown)
    rows = views.rows(shown, application.subjects)[here]
    if not shown.opens:
        facts = tuple(Fact(_head(scene, shown, row.record), detail=_detail(scene, shown, row.record)) for row in rows)
        return (Facts(facts, compact=True), *pager(scene, number, count))
    controls = tuple(
        button(
            scene,
            Control(
                f"row.{row.place}",
                "choice",
                _head(scene, shown, row.record),
                e.RowOpened(row.place),
                "" if (mark := shown.marks.get(views.raw_text(row.record.get("state")))) else "doc",
                _detail(scene, shown, row.record),
                meaning=mark,
            ),
        )
        for row in rows
    )
    return (Choices(controls), *pager(scene, number, count))


def _head(scene: Scene, shown: View, record: views.Record) -> str:
    if shown.head is None:
        return ""
    subjects = application_of(scene.session).subjects
    return views.cell_text(shown.head, subjects, record, catalogue_of(scene), scene.language)


def _detail(scene: Scene, shown: View, record: views.Record) -> str:
    subjects = application_of(scene.session).subjects
    parts: list[str] = []
    for cell in shown.cells:
        text = views.cell_text(cell, subjects, record, catalogue_of(scene), scene.language)
        label = words(cell.label, scene.language) if cell.label else ""
        if text:
            parts.append(f"{label}{': ' if scene.language == 'en' else '：'}{text}" if label else text)
    return " · ".join(parts)


def _facts(scene: Scene, shown: View) -> tuple[Piece, ...]:
    application, record = application_of(scene.session), record_of(application_of(scene.session))
    here, number, count = _on_this_screen(scene, shown, len(views.offered(shown, record)))
    cells = views.filled(shown, application.subjects, record)[here]
    made = tuple(
        CheckRow(
            words(cell.label, scene.language) if cell.label else "",
            views.cell_text(cell, application.subjects, record, catalogue_of(scene), scene.language),
        )
        for cell in cells
    )
    return (CheckRows(made), *pager(scene, number, count))


def _tail(scene: Scene, shown: View) -> tuple[Piece, ...]:
    """What can be done here, and what became of a print."""
    session, say = scene.session, scene.say
    found = views.offered(shown, record_of(application_of(session)))
    pieces: list[Piece] = []
    asked = [step for step in views.steps(shown, record_of(application_of(session))) if step.state == "asked"]
    if asked:
        waits = say("{a}在等您补材料", a=agency_name(scene, asked[0].agency))
        pieces.append(Notice("att", waits, "" if session.modes.reach else say("别的步骤照常办。")))
    record = record_of(application_of(session))
    pieces.extend(sheet.notices(scene, record))
    controls = sheet.controls(scene, found, record)
    quiet: list[Control] = []
    busy = session.print_state in {JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED}
    if session.print_state is not None:
        pieces.append(_print_notice(scene, session.print_state, busy=busy))
    if shown.print and session.world.can_print:
        control = Control("view.print", "secondary", say("打印出来"), e.PagePrinted(), "printer", enabled=not busy)
        quiet.append(button(scene, control))
    if controls and shown.kind != "timeline":
        pieces.append(Choices(tuple(controls)))
    elif controls:
        quiet = [*controls, *quiet]
    return (*pieces, ButtonRow(tuple(quiet))) if quiet else tuple(pieces)


def _print_notice(scene: Scene, state: JobState, *, busy: bool) -> Notice:
    say = scene.say
    if busy:
        return Notice("info", say("正在打印，先别拉纸"))
    if state is JobState.DONE:
        return Notice("saved", say("打好了"), say("请在出纸口取走。"))
    return Notice("att", say("没有打好"), say("可以再打一次，或者直接看屏幕。"))


# ------------------------------------------------------------------------------------------- steps of a case


def _steps(scene: Scene, shown: View) -> tuple[Piece, ...]:
    steps = views.steps(shown, record_of(application_of(scene.session)))
    if charted(scene.session):
        return (_chart(scene, steps),)
    here, number, count = _on_this_screen(
        scene, shown, len(views.offered(shown, record_of(application_of(scene.session))))
    )
    ticks = [
        Tick(MARKS[step.state], _step_name(scene, shown, at, step), _step_detail(scene, step))
        for at, step in enumerate(steps, 1)
    ]
    return (Ticks(tuple(ticks[here])), *pager(scene, number, count))


def _step_name(scene: Scene, shown: View, number: int, step: views.TimelineStep) -> str:
    codes = shown.head.codes if shown.head is not None else ()
    name = next((words(item.names, scene.language) for item in codes if item.value == step.id), step.id)
    return f"{number}. {name}"


def _step_detail(scene: Scene, step: views.TimelineStep) -> str:
    say, agency = scene.say, agency_name(scene, step.agency)
    if step.state == "done":
        return say("{a} · {d}办完", a=agency, d=views.day_text(step.ended, scene.language))
    if step.state == "asked":
        return say("{a} · 等您补材料", a=agency)
    return say("{a} · 在办", a=agency) if step.state == "current" else agency


def _chart(scene: Scene, steps: tuple[views.TimelineStep, ...]) -> Timeline:
    """Lanes by agency in the order of their first step; days counted since the case was opened."""
    say = scene.say
    record = record_of(application_of(scene.session)) or {}
    used, promised = (_days(record.get(key)) for key in ("days_used", "days_promised"))
    lanes: dict[str, list[Bar]] = {}
    for number, step in enumerate(steps, 1):
        bar = Bar(str(number), step.start, max(step.end, step.start + 1), cast(BarState, step.state))
        lanes.setdefault(step.agency, []).append(bar)
    total = max([promised, used, *(bar.end for bars in lanes.values() for bar in bars), 1])
    marks = [*range(0, total - AXIS_DAYS // 2, AXIS_DAYS), total]
    return Timeline(
        tuple(Lane(agency_name(scene, agency), tuple(bars)) for agency, bars in lanes.items()),
        total,
        min(used, total),
        say("今天"),
        tuple((day, say("{n} 天", n=day)) for day in marks),
        (("done", say("办完")), ("current", say("在办")), ("todo", say("还没到")), ("asked", say("等您"))),
    )


def _days(raw: object) -> int:
    return raw if isinstance(raw, int) and raw >= 0 else 0
