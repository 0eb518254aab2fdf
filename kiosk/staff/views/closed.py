"""Out of service (picture 33): why, until when, what is not lost, and where to go instead. Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk.screen_model import Fact, Facts, Gap, Heading, Notice, Piece, ScreenModel, Trouble, Words
from kiosk.staff.closed import Closed
from kiosk.staff.views.frame import View, for_citizens, with_way_in
from kiosk.staff.views.tools import REASON_WORDS, UNTIL_WORDS


def screen(view: View) -> ScreenModel:
    """Return what citizens see of a closed terminal."""
    say, staff = view.say, view.staff
    closure = staff.closure
    assert closure is not None
    until = say(UNTIL_WORDS[closure.until]) if closure.until else ""
    part = staff.part
    body: list[Piece] = [
        Trouble("stop", say("这台机器暂停服务"), f"{say(REASON_WORDS[closure.reason])}{until and ' '}{until}"),
        Notice("saved", say("之前办的事都不受影响"), say("已提交的都在，不用重办。")),
    ]
    if isinstance(part, Closed) and part.wrong_card:
        body.append(Notice("att", say("请取回您的卡"), say("这台机器现在不办事，卡里什么都没有动。")))
    rows = (
        Fact(say("别的自助终端"), icon="pin", detail=say("打 12345 问最近的一台")),
        Fact(say("办事窗口"), icon="agency", detail=say("带身份证或市民卡")),
    )
    named = f"  ·  {staff.world.terminal}" if staff.world.terminal else ""
    code = f"{say('代码 {c}', c='out-of-service')}{named}"
    if not staff.modes.reach:  # half a screen has room for what matters: why, and what is not lost
        body += [Heading(say("现在可以去")), Facts(rows)]
    body += [Gap(), Words(say("热线 12345，24 小时"), small=True, end=code)]
    return with_way_in(replace(for_citizens(view, "out-of-service"), body=tuple(body)))
