"""Signing, saved, receipt, printing, rating, take your card, time-out, help. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
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
    Result,
    Ring,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.services.definition import ServiceDefinition, words
from kiosk.session.asking import keeping
from kiosk.session.asking import phone as phone_asked
from kiosk.session.asking.events import CallBackAsked
from kiosk.session.common import application_of, idle_s, warning_s
from kiosk.session.finish import may_call
from kiosk.session.state import Saved, State
from kiosk.view_model.asking import outcome, phone, sheet
from kiosk.view_model.frame import Scene, back, blank, button, kept_safe, local_of, primary, reference_time
from kiosk.view_model.service import agency_name, catalogue_of, flowing, promised, stepped
from kiosk.words.languages import listed

RATINGS = ((5, "非常满意", "face5"), (4, "满意", "face4"), (3, "基本满意", "face3"), (2, "不满意", "face2"),
           (1, "非常不满意", "face1"))  # fmt: skip
"""GB/T 39735-2020: five grades, voluntary, nothing preselected."""


def kept_of(scene: Scene) -> Saved:
    """Return what is known of the saved entry. Only called on screens that follow its saving."""
    assert scene.session.saved is not None
    return scene.session.saved


def service_of(scene: Scene) -> ServiceDefinition:
    return catalogue_of(scene).services[kept_of(scene).service]


def working(scene: Scene) -> ScreenModel:
    """Signing, saving, waiting for the gateway: what is done, what is going on, how long it takes."""
    session, say, by_app = scene.session, scene.say, scene.session.by_app
    agency = agency_name(scene, application_of(session).service.agency)
    waiting = session.state is State.WAITING
    total = session.world.settings.ack_wait_s
    ring = Ring(
        total,
        min(total, session.waited_s),
        say("{n} 秒", n=session.waited_s),
        title=say("正在交给{a}", a=agency),
        text=say("一般 {n} 秒左右。请让卡留在里面。", n=2) if session.card_in else say("一般 {n} 秒左右。", n=2),
    )
    by_card = say("卡已替您签名") if session.draft is None else say("卡正在替您签名")
    signed = say("您在手机上同意了") if by_app else by_card
    signed = say("身份证已证明是您本人") if session.by_identity else signed
    ticks = Ticks(
        (
            *(() if session.holder is None else (Tick("done" if session.draft is None else "current", signed),)),
            Tick("done" if waiting else "todo", say("已存在本机，不会丢")),
            Tick("current" if waiting else "todo", say("正在等{a}回话", a=agency)),
        )
    )
    line = say("不想等，可以按“退出”。办件照样会交，不受影响。")
    if session.card_in:
        line = say("不想等，可以按“结束取卡”。办件照样会交，不受影响。")
    leave = Words(line, centred=True)
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
    if service_of(scene).confirm is not None:
        return replace(
            done_frame(scene),
            body=outcome.answered(scene, kept, service_of(scene)),
            back=back(scene, say("回首页"), "home"),
            primary=primary(scene, say("拿号票") if outcome.value(scene, kept, "ticket") else say("拿凭条")),
        )
    number = CaseNumber(say("您的编号"), kept.number, kept.number)
    paper = sheet.at_the_end(scene)
    return replace(
        done_frame(scene),
        body=(result(scene, kept), number, *(paper or (Heading(say("接下来")), next_steps(scene, kept)))),
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
    without = waived(scene, kept, service)
    ask = Fact(say("想知道办到哪里"), icon="help", detail=say("打 12345，报编号"))
    if not kept.acked:
        first = Fact(say("网络一恢复，自动发出"), icon="refresh", detail=say("不会丢，也不会重复"))
        if kept.refused and without:
            return Facts((first, *without, ask))
        help_ = Fact(say("您不用守着，也不用再来"), icon="help", detail=say("想知道办到哪里，打 12345，报编号"))
        return Facts((first, *without, help_))
    first = Fact(say("结果：{t}", t=limit), icon="calendar", detail=say("从部门收到算起"))
    return Facts((first, *without, ask))


def waived(scene: Scene, kept: Saved, service: ServiceDefinition) -> tuple[Fact, ...]:
    """Return one row that names the papers nobody has to bring, or that a counter has to see; or nothing."""
    if not service.evidence:
        return ()
    papers = (words(item.replaces, scene.language) for item in service.evidence)
    papers = flowing(papers, scene.language, begun=True)
    names = listed(papers, scene.language)
    if kept.refused:
        return (
            Fact(scene.say("请带{names}到窗口", names=names), icon="doc", detail=scene.say("您不同意查，由窗口核对")),
        )
    return (Fact(scene.say("{names}不用交", names=names), icon="doc", detail=scene.say("政府自己去查")),)


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
        body=(Choices(items, radio=True), *_call_back(scene)),
        back=back(scene, say("不评价"), ""),
        primary=primary(
            scene,
            say("交评价并取卡") if scene.session.card_in else say("交评价并退出"),
            enabled=scene.session.score > 0,
        ),
    )


def _call_back(scene: Scene) -> tuple[Piece, ...]:
    """To whoever was dissatisfied: somebody calls them about it (GB/T 39735-2020)."""
    session, say = scene.session, scene.say
    if not may_call(session):
        return ()
    wanted = Control("rating.call", "secondary", say("请打电话问我怎么回事"), CallBackAsked(), "phone",
                     detail=say("12345 一个工作日内打您登记的手机"), selected=session.call_back)  # fmt: skip
    return (Choices((button(scene, wanted),), radio=True),)


def take_card(scene: Scene) -> ScreenModel:
    """Until the card is gone."""
    say, kept = scene.say, scene.session.saved
    last: Piece = Words(say("卡一拔出，您的资料就从这台机器上清除。"), icon="shield")
    if keeping.of_this_visit(scene.session):
        minutes = int(keeping.KEPT_S // 60)
        later = say("{n} 分钟内插同一张卡，可以接着办；以后自动删掉", n=minutes)
        last = Notice("info", say("填的内容还在"), later)
    return replace(
        blank(scene),
        finish=None,
        where=say("办完了") if kept is not None else say("结束"),
        title=say("请取回您的卡"),
        subtitle=say("往外抽出来。读卡口在屏幕右下方。"),
        body=(Picture("take-card", say("读卡口")), Gap(), *kept_safe(scene), last),
    )


def timeout(scene: Scene) -> ScreenModel:
    """Are you still there? A whole screen, no box over the work."""
    session, say = scene.session, scene.say
    ring = Ring(
        warning_s(session),
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
        lost = say("退出以后，填的内容不会留在这台机器上。")
        if keeping.keep(session)[1]:
            minutes = int(keeping.KEPT_S // 60)
            lost = say("退出以后 {n} 分钟内，插同一张卡可以接着办；以后自动删掉。", n=minutes)
        notices.append(Notice("att", say("还没有提交"), lost))
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
    left = scene.session.modes.left_handed
    ways = say("右下角总能退一步，右上角总能结束。") if left else say("左下角总能退一步，右上角总能结束。")
    rows = (
        Fact(
            say("屏幕下面一排"), icon="textsize", detail=say("字可以变大，颜色可以更醒目，按钮可以放低，可以换语言。")
        ),
        Fact(say("返回和结束"), icon="back", detail=ways),
        Fact(say("卡和密码"), icon="card", detail=say("密码只给卡看，不会存下来。错太多次，卡会锁住保护您。")),
        Fact(say("您的资料"), icon="shield", detail=say("只给这次办事用。卡一拔出，就从这台机器上清除。")),
        Fact(say("还是不会"), icon="phone", detail=say("打市民热线 12345，24 小时有人接。")),
    )
    return replace(
        blank(scene),
        where=say("帮助"),
        title=say("需要帮忙吗？"),
        body=_help_body(scene, rows),
        back=back(scene),
    )


def _help_body(scene: Scene, rows: tuple[Fact, ...]) -> tuple[Piece, ...]:
    """The facts; on a form that may go on by telephone the way there stands above them, in place of one or two."""
    way = phone.way(scene) if scene.session.before_help in phone_asked.AT else ()
    if not way:
        return (Facts(rows[1:] if scene.session.modes.reach else rows),)
    return (*way, Facts(rows[3:]))
