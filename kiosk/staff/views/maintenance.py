"""The maintenance screen (picture 50): what is in order, what is not with its next step, and the tools. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.proving import ProofMark, ProofRow, ProofRows
from kiosk.screen_model import Control, Gap, Notice, Pager, Piece, ScreenModel, Tiles
from kiosk.services.definition import words
from kiosk.staff import maintenance
from kiosk.staff.events import TaskPressed
from kiosk.staff.maintenance import CHECKS, TOOLS, Maintenance, problems, remedy
from kiosk.staff.part import Mark, TaskDone, TaskRow
from kiosk.staff.views import tools
from kiosk.staff.views.frame import View, back, blank, primary

PER_PAGE, PER_PAGE_LARGE = 8, 3
LARGE = 1.25
"""From this text scale on, fewer rows have room."""
ON_STATUS = ("read", "print", "screen", "network", TOOLS, CHECKS)
ON_TOOLS = ("roll", "sync", "parked", "logs", "bundle", "restart")
WORDS: dict[str, tuple[str, str]] = {
    "read": ("试读卡", "card"),
    "print": ("打测试页", "printer"),
    "screen": ("试屏幕", "contrast"),
    "network": ("网络", "rings"),
    TOOLS: ("更多工具", "gear"),
    CHECKS: ("再查", "refresh"),
    "roll": ("换纸", "receipt"),
    "sync": ("马上同步", "globe"),
    "parked": ("看退件", "tray"),
    "logs": ("日志", "doc"),
    "bundle": ("支持包", "folder"),
    "restart": ("重启", "refresh"),
    "close": ("暂停服务", "lock"),
    "open": ("恢复服务", "flag"),
    "report": ("打印报告", "printer"),
}
"""Tool -> its words and icon."""
MARKS: Mapping[Mark, ProofMark] = {"ok": "done", "warn": "warn", "fail": "stop", "info": "todo"}


def screen(view: View) -> ScreenModel:
    """Return the page that is open."""
    part = part_of(view)
    if part.page == maintenance.STATUS:
        return _status(view)
    if part.page == TOOLS:
        return _tools(view)
    if part.page in maintenance.ASKING and part.answer is None:
        return tools.screen(view, framed(view, WORDS[part.page][0]))
    return _answer(view)


def part_of(view: View) -> Maintenance:
    """Return the part that is drawn."""
    part = view.staff.part
    assert isinstance(part, Maintenance)
    return part


def framed(view: View, title: str) -> ScreenModel:
    """Return the frame of a page: who is in, and that citizens are not served meanwhile."""
    say, staff = view.say, view.staff
    how = say("技术员卡 已登录 · 市民服务已停") if staff.by.startswith("card:") else say("维护码 已登录 · 市民服务已停")
    name = f"staff.{part_of(view).page}" if part_of(view).page != maintenance.STATUS else "staff.maintenance"
    where = say("维护 · {t}", t=staff.world.terminal) if staff.world.terminal else say("维护")
    return replace(blank(view, name), where=where, where_detail=how, title=say(title) if title else "")


def tile(view: View, name: str, *, role: str = "secondary") -> Control:
    """Return the button of a tool."""
    text, icon = WORDS[name]
    quiet = "back" if role == "back" else "secondary"
    return Control(f"tool.{name}", quiet, view.say(text), TaskPressed(name), icon=icon)


def _status(view: View) -> ScreenModel:
    say, part = view.say, part_of(view)
    tiles = Tiles(tuple(tile(view, name) for name in ON_STATUS))
    done = part.done
    if done is None or part.busy == CHECKS:
        model = framed(view, "正在检查每一个部件")
        return replace(model, subtitle=say("几秒钟就好。"), body=(Gap(), tiles))
    good, bad = [row for row in done.rows if row.mark == "ok"], problems(done)
    pages = paged(view, (*bad, *good))
    found, pager = pages
    model = framed(view, "")
    first, tool = remedy(done)
    fix = say("修第 {n} 项：{t}", n=first, t=say(WORDS[tool][0])) if first else ""
    forward = primary(view, fix) if first else Control("done", "primary", say("退出维护"), e.FinishPressed())
    body: list[Piece] = [
        *(ProofRows(tuple(proof(view, row) for row in part_)) for part_ in _split(found) if part_),
        *pager,
        Gap(),
        tiles,
    ]
    return replace(
        model,
        title=say("{n} 项正常，{k} 项要处理", n=len(good), k=len(bad)) if bad else say("{n} 项都正常", n=len(good)),
        subtitle=say("{t} 检查完，用了 {n} 秒", t=done.facts["at"][11:], n=done.facts["took"]),
        body=tuple(body),
        back=tile(view, "report", role="back"),
        primary=forward,
    )


def _split(rows: tuple[TaskRow, ...]) -> tuple[tuple[TaskRow, ...], tuple[TaskRow, ...]]:
    """Problems, and what is in order: a card each."""
    return tuple(row for row in rows if row.next), tuple(row for row in rows if not row.next)


def proof(view: View, row: TaskRow) -> ProofRow:
    """Return a finding as a row: its mark, what it says, its next step, and its stable name at the right."""
    say, values = view.say, _named(view, row.values)
    title, text = say(row.title, **values), say(row.text, **values) if row.text else ""
    mark = MARKS[row.mark]
    if "told" in row.values:  # a line of the log: when, and its plain fields under it
        return ProofRow(mark, title, row.values["at"], detail=row.values["told"])
    if row.next:
        step = say("下一步：{t}", t=say(row.next, **values))
        detail = f"{text}\n{step}" if text else step
        return ProofRow(mark, title, row.name, detail=detail)
    return ProofRow(mark, text, row.name, name=title)


def _named(view: View, values: Mapping[str, str]) -> Mapping[str, str]:
    """An agency by its name instead of its id, where the catalogue knows it."""
    catalogue = view.staff.world.catalogue
    named = catalogue.agencies.get(values.get("agency", "")) if catalogue is not None else None
    return values if named is None else {**values, "agency": words(named, view.staff.language)}


def paged(view: View, rows: tuple[TaskRow, ...]) -> tuple[tuple[TaskRow, ...], tuple[Piece, ...]]:
    """Return the rows that have room now, and the pager where there are more."""
    say, part = view.say, part_of(view)
    settings = view.staff.world.settings
    crowded = view.staff.modes.text_scale >= LARGE or settings.width > settings.height
    size = PER_PAGE_LARGE if crowded else PER_PAGE
    count = max(1, -(-len(rows) // size))
    at = min(part.offset, count - 1)
    shown = rows[at * size : at * size + size]
    if count == 1:
        return shown, ()
    up = Control("page.up", "secondary", say("上一页"), e.PageTurned(-1), icon="up", enabled=at > 0)
    down = Control("page.down", "secondary", say("下一页"), e.PageTurned(1), icon="down", enabled=at < count - 1)
    return shown, (Pager(say("第 {n} 页，共 {m} 页", n=at + 1, m=count), up, down),)


def _tools(view: View) -> ScreenModel:
    names = (*ON_TOOLS, "open" if view.staff.closure is not None else "close")
    body = (Tiles(tuple(tile(view, name) for name in names)),)
    return replace(framed(view, "更多工具"), body=body, back=back(view))


def _answer(view: View) -> ScreenModel:
    """What a task is at, or has found."""
    say, part = view.say, part_of(view)
    model = framed(view, WORDS[part.page][0])
    if part.answer is None:
        return replace(model, subtitle=say("正在做，请等一等。"), back=back(view))
    rows, pager = paged(view, part.answer.rows)
    body: list[Piece] = [ProofRows((proof(view, row),)) for row in rows if row.next]
    good = tuple(proof(view, row) for row in rows if not row.next)
    body += [ProofRows(good)] if good else []
    if not part.answer.ok and not part.answer.rows:
        body = [failed(view, part.answer)]
    again = part.page in maintenance.ONE_TASK or part.page in {"print", "read", "screen", "roll"}
    return replace(
        model,
        body=(*body, *pager),
        back=None if part.serial else back(view),
        primary=primary(view, say("再来一次"), icon="refresh", onward=False) if again and not part.serial else None,
        subtitle=say("请插回您的技术员卡，再往下做。") if part.serial else "",
    )


def failed(view: View, answer: TaskDone) -> Notice:
    """Return what is said of a task that came to nothing: the failure's own words where there are any."""
    say = view.say
    known = view.failures.get(answer.code)
    title = known.words("title", view.staff.language) if known is not None else say("没有做成")
    text = known.words("next", view.staff.language) if known is not None else say("看日志，或做支持包发给厂家。")
    return Notice("stop", title, f"{text} {say('代码 {c}', c=answer.code)}")
