"""Steps 1 to 4: the glass, the voice, the printer, the reader (76, 77, 78). Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.proving import ColourTest, PaperProof, ProofRow, ProofRows, TouchTest
from kiosk.screen_model import ButtonRow, Control, Gap, Keypad, Notice, Picture, ScreenModel, Trouble
from kiosk.services.definition import words
from kiosk.staff.events import GlassTouched, TaskPressed
from kiosk.staff.setup import look, paper, reader, touch
from kiosk.staff.setup.state import STEPS
from kiosk.staff.views.frame import View, primary
from kiosk.staff.views.setup.frame import choice, good_enough, roomy, screen, setup, ways
from kiosk.staff.views.setup.words import misprint, trouble
from kiosk.words.i18n import Say


def touching(view: View) -> ScreenModel:
    """Circles on the whole glass; where a finger does not meet them, what to do instead."""
    say, part = view.say, setup(view)
    stage = part.stage
    assert isinstance(stage, touch.Touching)
    if stage.failed:
        body = (
            Trouble("att", say("这块触摸屏点不准"), say("看看屏幕上有没有水或贴膜，擦干净再试。")),
            ways(choice("again", say("从头再点"), "refresh"), good_enough(say, say("点不到，照用"))),
        )
        return screen(view, "touch", say("60 秒没有点到"), say("现在也可以用按键选。"), body=body)
    names = (say("左上角"), say("右上角"), say("右下角"), say("左下角"), say("中间"))
    rows = tuple(
        ProofRow("done", name, say("偏 {px} 像素，准", px=off)) for name, off in zip(names, stage.off_px, strict=False)
    )
    if stage.missed_px:
        rows = (*rows, ProofRow("warn", names[len(rows)], say("偏 {px} 像素，再点一次", px=stage.missed_px)))
    count = say("第 {n} 步，共 {m} 步", n=part.number, m=len(STEPS))
    test = TouchTest(
        f"{say('开通这台机器')} · {count}",
        words(view.site.place, view.staff.language),
        stage.spots,
        len(stage.off_px),
        rows,
        say("偏过 12 像素，会请您再点一次。\n60 秒点不到，就改用按键。"),
    )
    x, y = stage.spot
    controls = (
        Control("touch.target", "key", names[len(stage.off_px)], GlassTouched(x, y)),
        Control("touch.again", "secondary", say("从头再点"), TaskPressed("again"), icon="refresh"),
        Control("touch.glass", "key", "", GlassTouched(x, y)),
    )
    made = screen(
        view,
        "touch",
        say("请点{x}的圆", x=names[len(stage.off_px)]),
        say("第 {n} 个，共 {m} 个。戴着手套点就行。", n=len(stage.off_px) + 1, m=len(stage.spots)),
    )
    return replace(made, where="", where_detail="", steps=None, finish=None, aids=(), body=(test, ButtonRow(controls)))


def looking(view: View) -> ScreenModel:
    """One colour everywhere; then the question; then the voice."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, look.Looking)
    if stage.page < look.BARS:
        note = say("第 {n} 种，共 {m} 种颜色。看有没有不一样的点，再点一下。", n=stage.page + 1, m=look.BARS)
        whole = Control("look.next", "key", note, TaskPressed("next"))
        made = screen(view, "look", "")
        body = (ColourTest(look.COLOURS[stage.page], note), ButtonRow((whole,)))
        return replace(made, where="", where_detail="", steps=None, finish=None, back=None, aids=(), body=body)
    if stage.page == look.BARS:
        body = (
            ColourTest("bars"),
            ways(
                choice("good", say("都满屏，没有坏点"), "check", quiet=False),
                choice("dots", say("有坏点，照用"), "flag", say("报告里会写明，是您说照用的"), quiet=False),
                choice("again", say("再看一遍"), "refresh", quiet=False),
            ),
        )
        return screen(
            view, "look", say("五种颜色都看清楚了吗？"), say("红、绿、蓝、白、黑，一个点都不能少。"), body=body
        )
    return _listening(view, stage)


def _listening(view: View, stage: look.Looking) -> ScreenModel:
    say = view.say
    title, subtitle = say("两种话都听到了吗？"), say("先是普通话，再是广州话，各说一句。")
    if stage.busy:
        rows = ProofRows((ProofRow("current", say("正在说")),))
        return screen(view, "sound", title, subtitle, body=(rows,))
    heard = choice("heard", say("两种话都听到了"), "speaker", quiet=False)
    again = choice("again", say("再放一遍"), "refresh", quiet=False)
    nothing = choice("accept", say("听不到，照用"), "mute", say("报告里会写明，是您说照用的"), quiet=False)
    if stage.code:
        body = (Trouble("att", *trouble(stage.code, view)), ways(again, nothing))
        return screen(view, "sound", title, subtitle, body=body)
    return screen(view, "sound", title, subtitle, body=(ways(heard, again, nothing),))


# ----------------------------------------------------------------------------------------------------------- printer


def printing(view: View) -> ScreenModel:
    """Four digits from the paper; or what can be done where none came out."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, paper.Printing)
    if stage.busy:
        picture = Picture("printing", say("取纸口"))
        return screen(view, "paper", say("正在打测试页"), say("打出来以后，看纸上的 4 个数字。"), body=(picture,))
    if stage.code:
        again = choice("again", say("再打一次"), "printer")
        happened, following, code = misprint(stage.code, view)
        body = (
            Trouble("att", happened, following),
            Picture("where-printer"),
            ways(again, good_enough(say, say("打不出来，照用"))),
        )
        return screen(view, "paper", say("测试页没有打好"), code, body=body)
    known = (ProofRow("done", say("打印机说打完了")), _roll(view), ProofRow("current", say("等您报数字")))
    known = known if roomy(view) or not stage.wrong else ()
    proof = PaperProof(say("测试页"), stage.typed, paper.LENGTH, known, (say("左"), "吉 龚 龘", say("右")))
    again = say("看清楚再报一次；错 3 次会另打一张。") if roomy(view) else ""
    wrong = (Notice("att", say("和纸上的不一样"), again),) if stage.wrong else ()
    return screen(
        view,
        "paper",
        say("纸上印着哪 4 个数字？"),
        say("看到了才知道真的打出来了。别的都正常，也要您看一眼。"),
        body=(proof, *wrong, keypad(say)),
        back=Control("back", "back", say("打不出来"), e.BackPressed()),
        primary=primary(view, say("确定"), enabled=len(stage.typed) == paper.LENGTH, onward=False),
    )


def _roll(view: View) -> ProofRow:
    status, say = view.staff.world.printer, view.say
    if status is not None and status.paper == "ok":
        return ProofRow("done", say("切刀动了，纸够"))
    if status is not None and status.paper == "near-end":
        return ProofRow("warn", say("纸快用完了，先换一卷"))
    return ProofRow("warn", say("打印机没有说纸还有多少"))


def keypad(say: Say) -> Keypad:
    """Digits as on every pad, 全部清除 and 删一位."""
    clear = Control("key.clear", "key", say("全部清除"), e.KeysErased(all=True), icon="cross")
    delete = Control("key.delete", "key", say("删一位"), e.KeysErased(), icon="backspace")
    digits = {digit: Control(f"key.{digit}", "key", digit, e.KeyTyped(digit)) for digit in "1234567890"}
    return Keypad((*(digits[digit] for digit in "123456789"), clear, digits["0"], delete))


# ------------------------------------------------------------------------------------------------------------ reader


def reading(view: View) -> ScreenModel:
    """In, recognised, opened, out, in again: the machine sees all of it by itself."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, reader.Reading)
    if stage.helping:
        return _help(view)
    titles = {
        "insert": say("请插入测试卡"),
        "reading": say("正在读测试卡"),
        "pull": say("请拔出测试卡"),
        "again": say("请再插一次测试卡"),
        "rereading": say("正在再读一次"),
        "take": say("好了，请取回测试卡"),
    }
    waits = {
        "insert": say("插进去就下一步"),
        "reading": say("等它读完"),
        "pull": say("拔出来就下一步"),
        "again": say("插进去就下一步"),
        "rereading": say("等它读完"),
        "take": say("拔出来就下一步"),
    }
    picture = "insert-card" if stage.phase in {"insert", "again"} else "take-card"
    notice = (Notice("att", *trouble(stage.code, view, stage.facts)),) if stage.code else ()
    return screen(
        view,
        "reader",
        titles[stage.phase],
        say("要看它插得进、认得出、拔得走。"),
        body=(
            *((Picture(picture, say("读卡口")),) if roomy(view) else ()),
            ProofRows(_ticks(view, stage)),
            *notice,
            Gap(),
            ways(choice("help", say("读不出？先看线和灯，再换读卡器"), "gear")),
        ),
        primary=primary(view, waits[stage.phase], enabled=False, onward=False),
    )


def _ticks(view: View, stage: reader.Reading) -> tuple[ProofRow, ...]:
    say, facts = view.say, stage.facts
    order = ("insert", "reading", "pull", "again", "rereading", "take")
    at = order.index(stage.phase)

    def row(first: int, last: int, text: str, end: str = "") -> ProofRow:
        if at > last:
            return ProofRow("done", text, end)
        return ProofRow("current", text) if at >= first else ProofRow("todo", text)

    seconds = f"{int(facts.get('took_ms', '0')) / 1000:.1f}"
    seen = ProofRow("stop" if stage.code == "reader-absent" else "done", say("看到读卡器"))
    known = say("认出测试卡，{s} 秒", s=seconds) if at > 1 else say("认出测试卡")
    card = say("市民卡 {v}，{n} 样资料齐", v=facts.get("version", "?"), n=facts.get("fields", "?"))
    tries = say("试错剩 {n} 次，已还原", n=facts.get("tries", "?"))
    return (
        seen,
        row(0, 0, say("插卡，马上知道")),
        row(1, 1, known, card),
        row(1, 1, say("密码试对、试错各 1 次"), tries),
        row(2, 2, say("拔卡，2 秒内要知道")),
        row(3, 4, say("再插一次，不许认成旧卡"), say("取回就好")),
    )


def _help(view: View) -> ScreenModel:
    say = view.say
    body = (
        ProofRows(
            (
                ProofRow("todo", say("读卡器的灯亮着吗？不亮：看 USB 线")),
                ProofRow("todo", say("换一个 USB 口，等 5 秒")),
                ProofRow("todo", say("擦一擦测试卡的芯片，换一张测试卡")),
                ProofRow("todo", say("还是不行：换读卡器，不用重新装系统")),
            )
        ),
        ways(choice("again", say("再试一次"), "refresh"), good_enough(say, say("先不试读卡，照用"))),
    )
    return screen(view, "reader", say("读不出卡，先看这几样"), say("做一样，试一次。"), body=body)
