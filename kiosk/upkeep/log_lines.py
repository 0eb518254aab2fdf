"""The log's last lines for a technician at the screen: what happened, in plain words, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kiosk.clock import local_minute
from kiosk.staff.part import Mark, TaskRow

SHOWN = 40
LONGEST = 20
WORDS: Mapping[str, str] = {
    "terminal.started": "程序启动",
    "terminal.stopped": "程序停止",
    "session.started": "有人来办事",
    "session.ended": "一次办事结束",
    "session.timeout": "没人操作，自动退出",
    "network": "网络变了",
    "failure": "出现失败画面",
    "printer.job": "打印了一张",
    "catalogue.taken": "收到新目录",
    "catalogue.refused": "新目录不能用",
    "outbox.set-aside": "待发箱坏了，放在一边",
    "worker.failed": "一个部件出错",
    "internal": "程序自己出错",
    "lookup.failed": "查资料没有成功",
    "gateway.refused": "网关拒绝了",
    "gateway.failed": "网关出错",
    "phone.failed": "手机接力没有成功",
    "card.lost": "插入了挂失的卡",
    "staff.knocked": "有人要进维护",
    "staff.refused": "维护密码或码不对",
    "staff.did": "技术员操作",
}
"""Event -> words. What only makers need is in the support bundle."""
_MARKS: Mapping[str, Mark] = {"warning": "warn", "error": "fail"}
_OWN = frozenset({"time_ms", "event", "level"})


def _short(value: object) -> str:
    """A card's serial is known by its first digits."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def last_lines(recent: Sequence[Mapping[str, object]]) -> tuple[TaskRow, ...]:
    """Return a row for each line that has words; its fields are shown as the log has them: plain words, numbers."""
    rows: list[TaskRow] = []
    for line in reversed(recent):
        event = str(line.get("event", ""))
        if event not in WORDS:
            continue
        told = " ".join(f"{name}={_short(value)}" for name, value in line.items() if name not in _OWN and value != "")
        at_ms = line.get("time_ms")
        at = local_minute(at_ms)[11:] if isinstance(at_ms, int) else ""
        mark = _MARKS.get(str(line.get("level")), "info")
        rows.append(TaskRow(mark, event, WORDS[event], values={"at": at, "told": told}))
    return tuple(rows[:SHOWN])
