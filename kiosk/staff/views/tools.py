"""The pages of the tools that ask the technician something. Pure."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.frozen import replace
from kiosk.pieces.proving import ColourTest, PaperProof, ProofRow
from kiosk.screen_model import ButtonRow, Choices, Control, Notice, Picture, ScreenModel
from kiosk.staff.closed import REASONS, UNTIL
from kiosk.staff.events import TaskPressed
from kiosk.staff.maintenance import PRINT_CODE_LENGTH, Maintenance
from kiosk.staff.tools import COLOURS
from kiosk.staff.views.frame import View, back, primary
from kiosk.staff.views.setup.devices import keypad

REASON_WORDS = {
    "reader": "读卡口坏了，正在修。",
    "printer": "打印机坏了，正在修。",
    "network": "网络断了，正在修。",
    "screen": "屏幕坏了，正在修。",
    "moving": "机器要搬走。",
    "work": "正在维护。",
}
UNTIL_WORDS = {"": "不写时间", "today": "预计今天修好。", "tomorrow": "预计明天修好。"}


def part_of(view: View) -> Maintenance:
    """Return the part that is drawn."""
    part = view.staff.part
    assert isinstance(part, Maintenance)
    return part


def screen(view: View, model: ScreenModel) -> ScreenModel:
    """Return the page of the tool, on the frame that `kiosk.staff.views.maintenance` made."""
    return PAGES[part_of(view).page](view, replace(model, back=back(view)))


def _print(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    if not part.digits:
        ready = not part.busy
        says = say("打一张有 4 个数字的测试页。") if ready else say("正在打印，请等一等。")
        return replace(model, subtitle=says, body=(Picture("printing", say("取纸口")),),
                       primary=primary(view, say("打印"), enabled=ready, icon="printer", onward=False))  # fmt: skip
    known = (ProofRow("done", say("打印机说打完了")), ProofRow("current", say("等您报数字")))
    proof = PaperProof(say("测试页"), part.typed, PRINT_CODE_LENGTH, known, (say("左"), "吉 龚 龘", say("右")))
    enabled = len(part.typed) == PRINT_CODE_LENGTH
    return replace(model, title=say("纸上印着哪 4 个数字？"), body=(proof, keypad(say)),
                   primary=primary(view, say("确定"), enabled=enabled, onward=False))  # fmt: skip


def _read(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    if part.busy:
        how = say("取出您的技术员卡，插入测试卡；一分钟内再插回您的卡。") if part.serial else say("插入测试卡。")
        picture = Picture("insert-card", say("读卡口"))
        return replace(model, subtitle=how, body=(picture,), back=None if part.serial else model.back)
    return replace(model, subtitle=say("读一张测试卡，只看它是哪一种卡，不看里面的东西。"),
                   body=(Picture("insert-card", say("读卡口")),),
                   primary=primary(view, say("开始"), icon="card", onward=False))  # fmt: skip


def _screen(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    if part.colour:
        text = say("第 {n} 种，共 {m} 种颜色。看有没有不一样的点，再点一下。", n=part.colour, m=len(COLOURS))
        whole = Control("screen.next", "key", text, primary(view, text).event)
        body = (ColourTest(COLOURS[part.colour - 1], text), ButtonRow((whole,)))
        return replace(model, title="", where="", where_detail="", finish=None, back=None, aids=(), body=body)
    return replace(model, subtitle=say("每种颜色铺满整个屏幕，点一下换一种。"), body=(ColourTest("bars"),),
                   primary=primary(view, say("开始"), icon="contrast", onward=False))  # fmt: skip


def _roll(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    return replace(
        model,
        subtitle=say("打开前盖，取出旧纸卷，放进新的 80 mm 纸卷，纸头朝外，合上盖。"),
        body=(Picture("where-printer", say("打印机")),),
        primary=primary(view, say("新纸装好了"), enabled=not part.busy, icon="check", onward=False),
    )


def _restart(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    body = (Notice("info", say("存好的都不会丢"), say("大约 10 秒后回到首页；您要重新登录维护。")),)
    return replace(model, title=say("现在重启吗？"), body=body,
                   primary=primary(view, say("重启"), enabled=not part.busy, icon="refresh", onward=False))  # fmt: skip


def _close(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    reasons = tuple(
        Control(f"reason.{name}", "choice", say(REASON_WORDS[name]), TaskPressed("reason", name),
                selected=part.reason == name)
        for name in REASONS
    )  # fmt: skip
    until = tuple(
        Control(f"until.{name or 'none'}", "secondary", say(UNTIL_WORDS[name]), TaskPressed("until", name),
                selected=part.until == name)
        for name in UNTIL
    )  # fmt: skip
    ready = bool(part.reason) and not part.busy
    return replace(
        model,
        title=say("为什么暂停？市民会看到这句话"),
        body=(Choices(reasons, radio=True), ButtonRow(until)),
        primary=primary(view, say("暂停服务"), enabled=ready, icon="lock", onward=False),
    )


def _open(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    body = (Notice("info", say("退出维护后，市民就能用了"), say("先看一遍检查结果，再恢复。")),)
    forward = primary(view, say("恢复服务"), enabled=not part.busy, icon="flag", onward=False)
    return replace(model, title=say("恢复服务吗？"), body=body, primary=forward)


PAGES: dict[str, Callable[[View, ScreenModel], ScreenModel]] = {
    "print": _print,
    "read": _read,
    "screen": _screen,
    "roll": _roll,
    "restart": _restart,
    "close": _close,
    "open": _open,
}
