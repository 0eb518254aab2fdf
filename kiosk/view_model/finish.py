"""Signing, saved, receipt, printing, rating, take your card, time-out, help. Pure."""

from __future__ import annotations

import datetime
from dataclasses import replace

from drivers.api import JobState
from kiosk import events as e
from kiosk.paper.receipts import HOTLINE, token_text
from kiosk.screen_model import (
    CaseNumber,
    Choices,
    Control,
    Fact,
    Facts,
    Gap,
    Heading,
    Notice,
    Picture,
    Piece,
    ReceiptChoice,
    Result,
    Ring,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.services.definition import ServiceDefinition, words
from kiosk.services.forms import mask_name
from kiosk.session.common import application_of, idle_s
from kiosk.session.state import Saved, State
from kiosk.view_model.frame import Scene, back, blank, button, primary, reference_time
from kiosk.view_model.service import agency_name, catalogue_of, promised, stepped

RATINGS = ((5, "非常满意", "face5"), (4, "满意", "face4"), (3, "基本满意", "face3"), (2, "不满意", "face2"),
           (1, "非常不满意", "face1"))  # fmt: skip
"""GB/T 39735-2020: five grades, voluntary, nothing preselected."""


def kept_of(scene: Scene) -> Saved:
    """Return what is known of the saved entry. Only called on screens that follow its saving."""
    assert scene.session.saved is not None
    return scene.session.saved


def service_of(scene: Scene) -> ServiceDefinition:
    return catalogue_of(scene).services[kept_of(scene).service]


def local_of(at_ms: int) -> str:
    """Return a moment as ISO 8601 local time of Guangzhou (UTC+8, no summer time), seconds included."""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%dT%H:%M:%S")


def working(scene: Scene) -> ScreenModel:
    """Signing, saving, waiting for the gateway: what is done, what is going on, how long it takes."""
    session, say = scene.session, scene.say
    agency = agency_name(scene, application_of(session).service.agency)
    waiting = session.state is State.WAITING
    total = session.world.settings.ack_wait_s
    ring = Ring(
        total,
        min(total, session.waited_s),
        say("{n} 秒", n=session.waited_s),
        title=say("正在交给{a}", a=agency),
        text=say("一般 {n} 秒左右。请让卡留在里面。", n=2),
    )
    ticks = Ticks(
        (
            Tick("done" if session.draft is None else "current", say("卡已替您签名")),
            Tick("done" if waiting else "todo", say("已存在本机，不会丢")),
            Tick("current" if waiting else "todo", say("正在等{a}回话", a=agency)),
        )
    )
    leave = Words(say("不想等，可以按“结束取卡”。办件照样会交，不受影响。"), centred=True)
    model = stepped(scene, 5, say("正在提交"))
    return replace(
        model,
        home=None,
        finish=model.finish if waiting else None,
        body=(ring, ticks, *((leave,) if waiting else ()), Gap()),
    )


def done_frame(scene: Scene, detail: str = "") -> ScreenModel:
    """Return the frame after the entry was saved: the service's name, and that it is handed in."""
    state = scene.say("已交到") if kept_of(scene).acked else scene.say("已记在本机")
    return replace(blank(scene), where=words(service_of(scene).name, scene.language), where_detail=detail or state)


def saved(scene: Scene) -> ScreenModel:
    """Received by the agency, or recorded here and not yet sent: never the one for the other."""
    say, kept = scene.say, kept_of(scene)
    number = CaseNumber(say("您的编号"), kept.number, kept.number)
    return replace(
        done_frame(scene),
        body=(result(scene, kept), number, Heading(say("接下来")), next_steps(scene, kept)),
        back=back(scene, say("回首页"), "home"),
        primary=primary(scene, say("拿凭条")),
    )


def result(scene: Scene, kept: Saved) -> Result:
    say = scene.say
    agency = agency_name(scene, service_of(scene).agency)
    if kept.acked_at_ms is not None:
        when = reference_time(local_of(kept.acked_at_ms), scene.language)
        return Result("saved", say("{a}已收到", a=agency), say("{t} 收到", t=when))
    when = reference_time(local_of(kept.at_ms), scene.language)
    return Result("held", say("已记在本机，还没发出"), say("{t} 记下", t=when))


def next_steps(scene: Scene, kept: Saved) -> Facts:
    say, service = scene.say, service_of(scene)
    limit = promised(scene, service.promised)
    waived = _waived(scene, service)
    if not kept.acked:
        first = Fact(say("网络一恢复，自动发出"), icon="refresh", detail=say("不会丢，也不会重复"))
        help_ = Fact(say("您不用守着，也不用再来"), icon="help", detail=say("想知道办到哪里，打 12345，报编号"))
        return Facts((first, *waived, help_))
    first = Fact(say("结果：{t}", t=limit), icon="calendar", detail=say("从部门收到算起"))
    help_ = Fact(say("想知道办到哪里"), icon="help", detail=say("打 12345，报编号"))
    return Facts((first, *waived, help_))


def _waived(scene: Scene, service: ServiceDefinition) -> tuple[Fact, ...]:
    if not service.evidence:
        return ()
    joiner = "、" if scene.language.startswith("zh") else ", "
    names = joiner.join(words(item.replaces, scene.language) for item in service.evidence)
    return (Fact(scene.say("{names}不用交", names=names), icon="doc", detail=scene.say("政府自己去查")),)


def receipt(scene: Scene) -> ScreenModel:
    """How the citizen wants the receipt; without paper the number stays on the screen."""
    session, say = scene.session, scene.say
    kept = kept_of(scene)
    paper = Control(
        "receipt.paper", "choice", say("打印补打件") if session.copies else say("打印"), e.ReceiptChosen("paper"),
        "printer", say("取纸口在屏幕左下方"), enabled=session.world.can_print, selected=session.receipt_way == "paper",
    )  # fmt: skip
    ways = ReceiptChoice(preview(scene, kept), code_on_screen(scene, kept), (button(scene, paper),))
    body: tuple[Piece, ...] = (ways, Gap())
    if session.world.can_print:
        hint = Notice("info", say("凭条上没有完整的姓名和证件号"), say("二维码里也没有。丢了不要紧。"))
        way = primary(scene, say("打印凭条"), icon="printer", onward=False, enabled=session.receipt_way == "paper")
        quiet = back(scene, say("不要凭条"), "")
    else:
        hint = Notice("att", say("现在打不了凭条"), say("请记下编号，或者给屏幕拍张照。办件不受影响。"))
        way = primary(scene, say("记下了，继续"))
        quiet = None
    return replace(
        done_frame(scene),
        title=say("凭条要怎样拿？"),
        subtitle=say("不拿也没关系，办件已经存好。"),
        body=(*body, hint),
        back=quiet,
        primary=way,
    )


def code_on_screen(scene: Scene, kept: Saved) -> str:
    """Return the text of the QR code that a telephone takes away instead of paper: what the paper's code says too."""
    return token_text(scene.session, kept, scene.site, copy=scene.session.copies > 0)


def preview(scene: Scene, kept: Saved) -> tuple[str, ...]:
    """Return the small picture of the receipt on the screen: its first words, a rule, what it says."""
    session, say = scene.session, scene.say
    service = service_of(scene)
    who = [mask_name(session.holder.name)] if session.holder is not None else []
    mark = say("补打") if session.copies else say("正本")
    state = say("已收到") if kept.acked else say("已记在本机，还没发出")
    return (
        words(scene.site.place, scene.language),
        words(service.name, scene.language),
        say("编号 {n}", n=kept.number),
        " ".join([reference_time(local_of(kept.at_ms), scene.language), *who]),
        "-",
        state,
        *(fact.value for fact in _waived(scene, service)),
        f"{HOTLINE} · {mark}",
    )


def printing(scene: Scene) -> ScreenModel:
    """Printing: what the printer has said so far."""
    session, say = scene.session, scene.say
    kept = kept_of(scene)
    sent = session.print_state in {JobState.SENT, JobState.PRINTED}
    printed = session.print_state is JobState.PRINTED
    ticks = Ticks(
        (
            Tick("done" if sent else "current", say("发给打印机")),
            Tick("done" if printed else "current" if sent else "todo", say("正在打字")),
            Tick("current" if printed else "todo", say("切纸，打印机说“打完了”")),
        )
    )
    safe = Notice("saved" if kept.acked else "held", say("办件不等打印"), say("编号 {n}，已经存好。", n=kept.number))
    return replace(
        done_frame(scene, say("打印凭条")),
        title=say("正在打印，先别拉纸"),
        subtitle=say("取纸口在屏幕左下方。一般 4 秒打完。"),
        body=(Picture("printing", say("取纸口")), ticks, Gap(), safe),
    )


def rating(scene: Scene) -> ScreenModel:
    say = scene.say
    items = tuple(
        button(
            scene,
            Control(f"rating.{score}", "choice", say(text), e.RatingChosen(score), icon,
                    selected=scene.session.score == score),
        )
        for score, text, icon in RATINGS
    )  # fmt: skip
    return replace(
        done_frame(scene),
        title=say("这次办得怎么样？"),
        subtitle=say("不评价也不影响办件。"),
        body=(Choices(items, radio=True),),
        back=back(scene, say("不评价"), ""),
        primary=primary(scene, say("交评价并取卡"), enabled=scene.session.score > 0),
    )


def take_card(scene: Scene) -> ScreenModel:
    """Until the card is gone."""
    say, kept = scene.say, scene.session.saved
    safe: tuple[Piece, ...] = ()
    if kept is not None:
        title = say("办件已收到") if kept.acked else say("已记在本机，还没发出")
        safe = (Notice("saved" if kept.acked else "held", title, say("编号 {n}", n=kept.number)),)
    forgotten = Words(say("卡一拔出，您的资料就从这台机器上清除。"), icon="shield")
    return replace(
        blank(scene),
        finish=None,
        where=say("办完了") if kept is not None else say("结束"),
        title=say("请取回您的卡"),
        subtitle=say("往外抽出来。读卡口在屏幕右下方。"),
        body=(Picture("take-card", say("读卡口")), Gap(), *safe, forgotten),
    )


def timeout(scene: Scene) -> ScreenModel:
    """Are you still there? A whole screen, no box over the work."""
    session, say = scene.session, scene.say
    ring = Ring(
        session.world.settings.warning_s,
        session.left_s,
        str(session.left_s),
        say("秒"),
        say("您还在吗？"),
        say("有一会儿没动了。不按的话，{n} 秒后退出。", n=session.left_s),
    )
    notices: list[Piece] = []
    if session.saved is not None:
        meaning = "saved" if session.saved.acked else "held"
        notices.append(Notice(meaning, say("办件已经存好"), say("编号 {n}", n=session.saved.number)))
    elif session.application is not None:
        notices.append(Notice("att", say("还没有提交"), say("退出以后，填的内容不会留在这台机器上。")))
    minutes = max(1, int(idle_s(session, session.before_warning)) // 60)
    notices.append(
        Notice("info", say("需要多一点时间？"), say("按“我还在”，再给您 {n} 分钟。可以按很多次。", n=minutes))
    )
    return replace(
        blank(scene),
        where=say("您还在吗？"),
        body=(ring, Gap(), *notices),
        primary=primary(scene, say("我还在，继续"), event=e.StillHere()),
    )


def help_screen(scene: Scene) -> ScreenModel:
    """Help knows the page it was asked on."""
    say = scene.say
    rows = (
        Fact(
            say("屏幕下面一排"), icon="textsize", detail=say("字可以变大，颜色可以更醒目，按钮可以放低，可以换语言。")
        ),
        Fact(say("返回和结束"), icon="back", detail=say("左下角总能退一步，右上角总能结束。")),
        Fact(say("卡和密码"), icon="card", detail=say("密码只给卡看，不会存下来。错太多次，卡会锁住保护您。")),
        Fact(say("您的资料"), icon="shield", detail=say("只给这次办事用。卡一拔出，就从这台机器上清除。")),
        Fact(say("还是不会"), icon="phone", detail=say("打市民热线 12345，24 小时有人接。")),
    )
    return replace(
        blank(scene),
        where=say("帮助"),
        title=say("需要帮忙吗？"),
        body=(Facts(rows[1:] if scene.session.modes.reach else rows),),
        back=back(scene),
    )
