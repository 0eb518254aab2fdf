"""Steps 5 to 7: the network, the clock, and joining the gateway (79). Pure."""

from __future__ import annotations

from kiosk.pieces.proving import JoinCode, ProofRow, ProofRows
from kiosk.screen_model import Fact, Facts, Gap, Notice, ScreenModel, Trouble, Words
from kiosk.staff.setup import clock, joining, network
from kiosk.staff.views.frame import View, primary
from kiosk.staff.views.setup.frame import choice, good_enough, roomy, screen, setup, ways
from kiosk.staff.views.setup.words import trouble


def wiring(view: View) -> ScreenModel:
    """The gateway answers; the cable comes out and goes in again."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, network.Wiring)
    titles = {"probing": say("正在找网关"), "pull": say("请拔下网线"), "plug": say("请插回网线")}
    waits = {
        "probing": say("等网关回答"),
        "pull": say("拔下来就下一步"),
        "plug": say("插回去就下一步"),
    }
    answers = say("网关回答了，来回 {n} 毫秒", n=stage.ms) if stage.ms else say("网关回答")
    order = ("probing", "pull", "plug")
    at = order.index(stage.phase)
    rows = tuple(
        ProofRow("done" if i < at else "current" if i == at else "todo", text)
        for i, text in enumerate((answers, say("拔下网线，机器知道断了"), say("插回网线，自己接上")))
    )
    notice = (Trouble("att", *trouble(stage.code, view)),) if stage.code and stage.phase == "probing" else ()
    skip = say("这里没有网络，照用") if stage.phase == "probing" else say("网线拔不了，照用")
    return screen(
        view,
        "network",
        titles[stage.phase],
        say("断过一次，才知道断了也能照常办事。"),
        body=(*notice, ProofRows(rows), Gap(), ways(good_enough(say, skip))),
        primary=primary(view, waits[stage.phase], enabled=False, onward=False),
    )


def timing(view: View) -> ScreenModel:
    """How far off; who may say that it is good enough."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, clock.Timing)
    if stage.busy:
        rows = ProofRows((ProofRow("current", say("和网关的时钟比一比")),))
        return screen(view, "clock", say("正在看时钟"), body=(rows,))
    again = choice("again", say("再查一次"), "refresh")
    if stage.offset_ms is None:
        local = view.staff.world.local
        now = Fact(local[11:], local[:10], "clock")
        body = (
            Facts((now,)),
            Notice("att", say("没有网络，没法和网关比"), say("和您的手机对一下，差一分钟以上就先别往下走。")),
            ways(choice("accept", say("时间对，照用"), "check", say("报告里会写明，是您看过的")), again),
        )
        return screen(view, "clock", say("这个时间对吗？"), body=body)
    if stage.far:
        text = trouble("clock-wrong", view, {"clock_off_s": clock.seconds(stage.offset_ms)})
        return screen(view, "clock", say("时钟差得太多"), body=(Trouble("stop", *text), ways(again)))
    body = (
        Notice(
            "att",
            say("时钟差 {s} 秒", s=clock.seconds(stage.offset_ms)),
            say("连上网会自己校准，等 1 分钟再查；也可以照用。"),
        ),
        ways(again, good_enough(say)),
    )
    return screen(view, "clock", say("时钟差一点"), body=body)


def enrolling(view: View) -> ScreenModel:
    """The code to scan, and where it stands; or the stick."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, joining.Enrolling)
    if stage.way == "stick":
        return _stick(view, stage)
    shown = stage.shown
    if "address" not in shown:
        return _no_code(view, stage)
    left = int(shown.get("left_s", "0"))
    remains = say("还剩 {t}，一次有效", t=f"{left // 60}:{left % 60:02d}")
    waiting = ProofRow("current", say("等手机扫码、选网点"), remains)
    made_here = ProofRow("done", say("密钥在本机做好了"), say("不会离开这台机器"))
    rows = (made_here, waiting, ProofRow("todo", say("网关发证书，自动接着走")))
    code = stage.code if stage.state not in {"", "waiting", "joined"} else ""
    code = {"no-network": "no-network", "wrong-authority": "wrong-authority"}.get(stage.state, code)
    notice = (Notice("att", *trouble(code, view, shown)),) if code else ()
    mark = " ".join(shown.get("fingerprint", "")[at : at + 4] for at in range(0, 12, 4))
    made = say("型号 {m} · 序号 {s}", m=shown.get("model", ""), s=shown.get("serial", ""))
    return screen(
        view,
        "joining",
        say("用您的手机扫这个码"),
        say("手机先登录网关。这台机器上什么都不用打字。"),
        body=(
            *_in_order(
                view,
                JoinCode(shown["address"], say("手机上要看到一样的字"), shown.get("code", "")),
                ProofRows(rows if roomy(view) and not notice else (waiting,)),
            ),
            *notice,
            *((Words(made, small=True, end=say("指纹 {f}", f=mark)),) if roomy(view) else ()),
            Gap(),
            ways(choice("stick", say("这里没有网络，用 U 盘登记"), "cloudoff")),
        ),
        primary=primary(view, say("等手机确认"), enabled=False, onward=False),
    )


def _no_code(view: View, stage: joining.Enrolling) -> ScreenModel:
    """Nothing to scan yet: the key is being made, or something is in the way."""
    say = view.say
    title = say("登记这台机器")
    if not stage.code:
        return screen(view, "joining", title, body=(ProofRows((ProofRow("current", say("正在做密钥")),)),))
    stick = choice("stick", say("这里没有网络，用 U 盘登记"), "cloudoff")
    again = choice("again", say("再试一次"), "refresh")
    return screen(view, "joining", title, body=(Trouble("att", *trouble(stage.code, view)), ways(again, stick)))


def _in_order(view: View, code: JoinCode, rows: ProofRows) -> tuple[JoinCode | ProofRows, ...]:
    """Upright, the code stands over the rows; lying, beside them, and so after them."""
    settings = view.staff.world.settings
    return (code, rows) if settings.height > settings.width else (rows, code)


def _stick(view: View, stage: joining.Enrolling) -> ScreenModel:
    say = view.say
    written = stage.state == "written"
    rows = (
        ProofRow("done" if written else "current", say("把申请写到 U 盘")),
        ProofRow("current" if written else "todo", say("在网关那里换成证书")),
        ProofRow("todo", say("U 盘插回来，读证书")),
    )
    notice = (Notice("att", *trouble(stage.code, view)),) if stage.code else ()
    busy = (Notice("info", say("正在读写 U 盘，先别拔")),) if stage.busy else ()
    return screen(
        view,
        "joining",
        say("用 U 盘登记"),
        say("U 盘上只有申请和证书，密钥不离开这台机器。"),
        body=(
            ProofRows(rows),
            *notice,
            *busy,
            Gap(),
            ways(
                choice("write", say("写申请到 U 盘"), "down", quiet=False),
                choice("read", say("读 U 盘上的证书"), "up", quiet=False),
            ),
        ),
    )
