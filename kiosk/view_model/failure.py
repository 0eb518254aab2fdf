"""Every failure's screen: what happened, what is not lost, what to do now. Words come from the failure table. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.failures import Failure
from kiosk.frozen import replace
from kiosk.screen_model import (
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
    ScreenModel,
    Tick,
    Ticks,
    Trouble,
    Words,
)
from kiosk.services.definition import words
from kiosk.services.display import shown_date
from kiosk.session.arrival import app
from kiosk.session.asking import keeping
from kiosk.session.asking.new_pin import found_service
from kiosk.session.common import ASKED, CARD_FAILURES
from kiosk.session.paper import can_go_another_way
from kiosk.session.state import Saved, Session, State
from kiosk.view_model import identity, paper
from kiosk.view_model.asking import outcome
from kiosk.view_model.frame import Scene, back, blank, button, finish, home, primary

PICTURES = {
    "card-unreadable": "wipe-card",
    "card-unknown": "good-and-bad-cards",
    "card-swapped": "swapped-cards",
    "print-partial": "half-printed",
}
WHOLE = frozenset({"card-removed", "card-swapped"})
"""Failures that are said in the middle of the screen, because the visit is over."""


def failure(scene: Scene) -> ScreenModel:
    """Return the failure's screen."""
    session, say = scene.session, scene.say
    entry = known(scene)
    title, text = entry.words("title", scene.language), entry.words("next", scene.language)
    if session.failure == "not-accepted":
        title, text = outcome.refused(scene) or (title, text)
    if session.failure == "print-partial" and session.printed is not None and session.printed.reason == "paper-out":
        title = say("只打了一半，纸用完了")
    meaning = entry.severity
    head: Piece = Trouble(meaning, title, text)
    if session.failure in WHOLE:
        head = Result(meaning, title, text)
    body: list[Piece] = [head]
    code_instead = can_go_another_way(session) and crowded(session)  # no room for both
    if session.failure in PICTURES and not code_instead:
        body.append(_picture(scene))
    body.extend(_facts(scene))
    body.append(Gap())
    asked_low = (entry.code in ASKED or can_go_another_way(session)) and session.modes.reach
    if not asked_low and (entry.code != "card-removed" or session.saved is None):
        body.append(_safe(scene))
    if session.failure in ASKED:
        body.insert(1, _asked(scene))
    model = replace(blank(scene), where=_where(scene), body=tuple(body), finish=finish(scene))
    return _ways(scene, model)


def _picture(scene: Scene) -> Picture:
    """The drawing of this failure with the words that stand in it."""
    say = scene.say
    captions = {
        "wipe-card": (say("① 拔出来，擦芯片"), say("② 芯片朝上，朝里"), say("③ 一直推到底")),
        "good-and-bad-cards": (
            say("这里能用"), say("这里不能用"), say("市民卡"), say("社保卡"), say("银行卡"), say("公交卡")
        ),
        "swapped-cards": (say("刚才"), say("现在")),
        "half-printed": (say("取纸口"),),
    }  # fmt: skip
    name = PICTURES[scene.session.failure]
    return Picture(name, "\n".join(captions[name]))


def crowded(session: Session) -> bool:
    """Whether the screen is low or its letters are large."""
    settings = session.world.settings
    return session.modes.reach or session.modes.text_scale > 1 or settings.width > settings.height


def known(scene: Scene) -> Failure:
    """Return the words for the failure. A code that a device or a disk made up has those of a fault of ours."""
    return scene.failures.get(scene.session.failure) or scene.failures["internal"]


def _where(scene: Scene) -> str:
    session = scene.session
    if session.failure == "card-removed":
        return scene.say("已退出")
    if session.application is not None:
        return words(session.application.service.name, scene.language)
    return scene.say("用手机登录") if session.failure.startswith("app-") else scene.say("用市民卡办事")


def _safe(scene: Scene) -> Notice:
    """Say what is not lost: the saved entry where there is one, else the table's words."""
    session, say = scene.session, scene.say
    kept = session.saved
    if kept is not None:
        meaning = "saved" if kept.acked else "held"
        title = say("办件已收到") if kept.acked else say("已记在本机，还没发出")
        return Notice(meaning, title, say("编号 {n}，已经存好。", n=kept.number))
    return Notice("info", say("什么都没有丢"), known(scene).words("safe", scene.language))


def _facts(scene: Scene) -> list[Piece]:
    session, say = scene.session, scene.say
    if session.failure == "card-removed":
        return _card_removed(scene)
    if session.failure == "card-expired" and session.facts is not None:
        day = shown_date(session.facts.expires, scene.language)
        rows = (
            Fact(say("这张卡用到 {d}", d=day), icon="calendar"),
            Fact(say("社保、医保、公积金都照常"), icon="coins", detail=say("只是卡要换，钱和记录不会少")),
            Fact(say("换一张新卡"), icon="card", detail=say("带身份证到社保卡窗口，或打 12345 问最近的窗口")),
        )
        return [Facts(rows)]
    if session.failure == "pin-blocked":
        rows = (
            Fact(say("带这张卡和身份证"), icon="card", detail=say("到社保卡窗口解锁，打 12345 问最近的窗口")),
            Fact(say("银行密码是另一个"), icon="lock", detail=say("没有锁")),
        )
        return [Facts(rows)]
    if can_go_another_way(session) and session.saved is not None:
        return _without_receipt(scene, session.saved)
    return []


def _without_receipt(scene: Scene, kept: Saved) -> list[Piece]:
    """How many pieces are whole, the whole receipt's code for a telephone, and the other ways to get it."""
    session, say = scene.session, scene.say
    found: list[Piece] = []
    if session.printed is not None and session.printed.pieces > 1 and session.printed.bytes_sent:
        done, pieces = session.printed.pieces_done, session.printed.pieces
        found.append(Words(say("{n} 张里打好了 {k} 张", n=pieces, k=done)))
    return [*found, *paper.instead(scene, kept), Choices(paper.ways_after_failure(scene))]


def _card_removed(scene: Scene) -> list[Piece]:
    session, say = scene.session, scene.say
    if session.saved is not None:
        kept = session.saved
        done = say("部门已收到") if kept.acked else say("已记在本机，还没发出")
        detail = say("编号 {n}", n=kept.number)
        return [Heading(say("您的事办到哪里了")), Ticks((Tick("done", done, detail),))]
    rest = Tick("todo", say("没有留下填到一半的内容"), say("再插卡重新开始，约 2 分钟"))
    if keeping.of_this_visit(session):
        minutes = int(keeping.KEPT_S // 60)
        rest = Tick("todo", say("填的内容还在"), say("{n} 分钟内插同一张卡，可以接着办；以后自动删掉", n=minutes))
    ticks = (Tick("no", say("没有提交"), say("一个字也没有交出去")), rest)
    return [Heading(say("您的事办到哪里了")), Ticks(ticks)]


def _asked(scene: Scene) -> Choices:
    say = scene.say
    items = (
        Control("paper.whole", "choice", say("打出来了，是完整的"), e.PaperSeen("whole"), "check"),
        Control("paper.half", "choice", say("只打了一半，看不清"), e.PaperSeen("half"), "receipt"),
        Control("paper.nothing", "choice", say("没有打出来"), e.PaperSeen("nothing"), "cross"),
    )
    return Choices(tuple(button(scene, item) for item in items))


def _ways(scene: Scene, model: ScreenModel) -> ScreenModel:
    """Return the model with its way forward and its quiet way out: never without a next step."""
    session, say = scene.session, scene.say
    code = session.failure
    quiet = back(scene)
    forward: Control | None = None
    if found_service(session):
        forward = primary(scene, say("卡找回来了"), icon="card", onward=True)
        quiet = back(scene, say("取回卡"), "eject")
    elif code in {"card-removed", "card-swapped"}:
        forward = primary(scene, say("重新插卡"), icon="card", onward=False)
        quiet = back(scene, say("回首页"), "home") if not session.card_in else None
    elif code.startswith("printer-") and session.resume is State.INTRO:
        forward = primary(scene, say("不用纸，继续办"))
    elif code.startswith(("printer-", "print-")) and code not in ASKED:
        forward = primary(scene, say("不要凭条，继续"))
        quiet = None
    elif code in ASKED:
        quiet = back(scene, say("不要凭条"), "")
    elif code.startswith("identity-"):
        forward = identity.onward(scene)
    elif code in app.AGAIN:
        forward = primary(scene, say("再要一个码"), icon="refresh", onward=False)
    elif code in CARD_FAILURES and not session.card_in:
        forward = primary(scene, say("重新插卡"), icon="card", onward=False)
    elif session.resume in {State.HOME, State.INTRO, State.CONSENT}:
        model = replace(model, home=home(scene))
    code_line = Words(say("热线 12345，24 小时") + "  ·  " + say("代码 {c}", c=code), small=True)
    model = replace(model, body=(*model.body, code_line), primary=forward, back=quiet)
    return outcome.retry(scene, model) if code == "not-accepted" else model
