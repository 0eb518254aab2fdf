"""What the office answered while the citizen waited: a ticket, a time; or no, and why. Pure."""

from __future__ import annotations

from kiosk.frozen import replace
from kiosk.screen_model import CaseNumber, Fact, Facts, Gap, Notice, Piece, Result, Ring, ScreenModel, Tick, Ticks
from kiosk.screen_model import Words as Line
from kiosk.services.definition import Confirm, ResultCell, ServiceDefinition, words
from kiosk.services.display import shown_moment
from kiosk.session.asking.events import RetryChosen
from kiosk.session.asking.verdict import ANSWER_WAIT_S
from kiosk.session.common import application_of
from kiosk.session.state import Saved
from kiosk.view_model.frame import Scene, back, local_of, primary, reference_time
from kiosk.view_model.service import agency_name, stepped


def looking(scene: Scene) -> ScreenModel:
    """The choices of a question are on their way."""
    say = scene.say
    ticks = Ticks((Tick("done", say("您选好了前面的")), Tick("current", say("正在问还有哪些可以选"))))
    return replace(
        stepped(scene, 4, say("正在查")),
        home=None,
        title=say("正在查还有哪些可以选"),
        subtitle=say("一般 1 秒左右。"),
        body=(ticks, Gap()),
    )


def confirming(scene: Scene) -> ScreenModel:
    """The gateway has the entry; the office is answering."""
    session, say = scene.session, scene.say
    agency = agency_name(scene, application_of(session).service.agency)
    total = int(ANSWER_WAIT_S)
    ring = Ring(
        total,
        min(total, session.waited_s),
        say("{n} 秒", n=session.waited_s),
        title=say("{a}正在答复", a=agency),
        text=say("一般 {n} 秒左右。", n=1),
    )
    ticks = (
        Tick("done", say("已存在本机，不会丢")),
        Tick("done", say("{a}已收到", a=agency)),
        Tick("current", say("正在等答复")),
    )
    left = say("不想等，可以先走。答复发到您留的电话或邮箱；没留的，凭编号打 12345 问。")
    unnamed = application_of(session).service.card == "none"
    leave = Line(say("不想等，可以先走。结果凭编号打 12345 问。") if unnamed else left, centred=True)
    assert session.saved is not None
    number = Line(say("编号 {n}", n=session.saved.number), centred=True)
    return replace(stepped(scene, 5, say("正在答复")), home=None, body=(ring, Ticks(ticks), leave, number, Gap()))


def value(scene: Scene, kept: Saved, key: str) -> str:
    """Return one value of the result, in the citizen's language where it has words."""
    found = kept.result.get(f"{key}.{scene.language}") or kept.result.get(f"{key}.zh-Hans") or kept.result.get(key, "")
    return found or (kept.ticket if key == "ticket" else "")


def shown(scene: Scene, kept: Saved, cell: ResultCell) -> str:
    """Return a value of the result as a screen shows it, with its unit; empty where there is none."""
    text = value(scene, kept, cell.key)
    if not text:
        return ""
    text = shown_moment(text, scene.language) if cell.moment else text
    unit = words(cell.unit, scene.language) if cell.unit else ""
    return f"{text} {unit}".strip()


def answered(scene: Scene, kept: Saved, service: ServiceDefinition) -> tuple[Piece, ...]:
    """Return the body of the last page of a service whose answer was waited for: what came of it."""
    confirm = service.confirm
    assert confirm is not None
    say = scene.say
    if kept.answer != "accepted" and not kept.ticket:
        return _not_yet(scene, kept, service, confirm)
    pieces: list[Piece] = []
    if confirm.big is not None and (number := shown(scene, kept, confirm.big)):
        code = value(scene, kept, confirm.qr) if confirm.qr else ""
        label = words(confirm.big.label, scene.language)
        pieces.append(CaseNumber(label, number, code or kept.number, to_scan=bool(code)))
    else:
        when = reference_time(_local(kept), scene.language)
        pieces.append(
            Result("saved", say("{s}：办好了", s=words(service.name, scene.language)), say("{t} 答复", t=when))
        )
    facts = _facts(scene, kept, confirm)
    if facts:
        pieces.append(Facts(facts))
    counters, mean = value(scene, kept, "counters"), value(scene, kept, "mean")
    if counters and mean and confirm.pair:
        pieces.append(Line(say("这样算的：{c} 个窗口在办，每人约 {m} 分钟。", c=counters, m=mean), small=True))
    if not kept.acked:
        held = Notice("held", say("已记在本机，还没发出"), say("号在大厅有效。网络一恢复，按取号的时间排。"))
        pieces.append(held)
    steps = tuple(Fact(words(item, scene.language), icon="check") for item in confirm.next)
    if steps:
        pieces.append(Facts(steps, compact=True))
    pieces.append(Line(say("编号 {n}", n=kept.number), small=True))
    return (*pieces, Gap())


def _facts(scene: Scene, kept: Saved, confirm: Confirm) -> tuple[Fact, ...]:
    icons = {"ahead": "person", "wait": "clock", "start": "calendar", "office": "pin"}
    found: list[Fact] = []
    below = value(scene, kept, confirm.below) if confirm.below else ""
    if below:
        found.append(Fact(below, icon="pin"))
    for cell in (*confirm.pair, *confirm.cells):
        text = shown(scene, kept, cell)
        if text:
            found.append(Fact(text, words(cell.label, scene.language), icons.get(cell.key, "info")))
    return tuple(found)


def _not_yet(scene: Scene, kept: Saved, service: ServiceDefinition, confirm: Confirm) -> tuple[Piece, ...]:
    """Recorded, and nobody has answered: never a yes. Such an entry opens no case, so `my-cases` will not have it."""
    say = scene.say
    when = reference_time(_local(kept), scene.language)
    rows = (
        Fact(say("答复会发给您"), icon="message", detail=say("发到您留的电话或邮箱")),
        Fact(say("没留的，打 12345 问"), icon="phone", detail=say("报上面的编号就行")),
    )
    if service.card == "none":  # nobody said who they are: no message can find them
        rows = (Fact(say("想知道结果，打 12345 问"), icon="phone", detail=say("报上面的编号就行")),)
    title = say("已收到，还没有答复") if kept.acked else say("已记在本机，还没发出")
    number = CaseNumber(say("您的编号"), kept.number, kept.number)
    told: tuple[Piece, ...] = ()
    if confirm.unsent and not kept.acked:
        told = (Notice("att", words(confirm.unsent, scene.language), say("热线 12345，24 小时")),)
    return (Result("held", title, say("{t} 记下", t=when)), number, *told, Facts(rows), Gap())


def _local(kept: Saved) -> str:
    return local_of(kept.acked_at_ms if kept.acked_at_ms is not None else kept.at_ms)


def refused(scene: Scene) -> tuple[str, str] | None:
    """Return why the office said no, in the service's words, and what to do now; None: it has no words for it."""
    say, application = scene.say, scene.session.application
    confirm = None if application is None else application.service.confirm
    reasons = {} if confirm is None else confirm.reasons
    if scene.session.refusal not in reasons:
        return None
    retry = confirm is not None and confirm.retry_field
    text = say("什么都没有变。可以另选一个，再交一次。") if retry else say("什么都没有变。想问清楚，打 12345，报编号。")
    return words(reasons[scene.session.refusal], scene.language), text


def retry(scene: Scene, model: ScreenModel) -> ScreenModel:
    """Return the failure's screen with the way back to the question, where there is one."""
    say, application = scene.say, scene.session.application
    confirm = None if application is None else application.service.confirm
    quiet = back(scene, say("回首页"), "home")
    if confirm is None or not confirm.retry_field:
        return replace(model, back=quiet)
    return replace(model, primary=primary(scene, say("另选一个"), event=RetryChosen()), back=quiet)
