"""Step 8, the readiness report (80); and the screens before the first step and while it is put off. Pure."""

from __future__ import annotations

import datetime

from kiosk.pieces.proving import ProofRow, ProofRows
from kiosk.screen_model import Control, Fact, Facts, Gap, Notice, ScreenModel, Trouble
from kiosk.services.definition import words
from kiosk.staff.events import TaskPressed
from kiosk.staff.setup import report
from kiosk.staff.setup.state import STEPS, Proof
from kiosk.staff.views.frame import View, primary
from kiosk.staff.views.setup.frame import good_enough, roomy, screen, setup, step_name, ways
from kiosk.staff.views.setup.words import proof_name, proof_text, trouble


def minutes(began: str, now: str) -> int:
    """How long it took, minutes; both are ISO 8601 local times."""
    try:
        took = datetime.datetime.fromisoformat(now) - datetime.datetime.fromisoformat(began)
    except ValueError:
        return 0
    return max(0, round(took.total_seconds() / 60))


def row(proof: Proof, view: View) -> ProofRow:
    """Return one line of the report."""
    mark = "done" if proof.mark == "ok" else "warn"
    return ProofRow(mark, proof_text(proof, view.say), proof.name, proof_name(proof.name, view.say))


def reporting(view: View) -> ScreenModel:
    """The last proofs are made; then the whole report, and the way to open."""
    say, stage = view.say, setup(view).stage
    assert isinstance(stage, report.Reporting)
    if stage.phase != "ready":
        return _making(view, stage)
    part, world = setup(view), view.staff.world
    n = len(part.overrides)
    passed = say("{m} 步都过了", m=len(STEPS)) if not n else say("{m} 步都过了，{n} 项照用", m=len(STEPS), n=n)
    sent = say("网关已收到报告") if stage.sent else say("报告已记在本机，网络一通自动发")
    took = say("{a} 到 {b}，{n} 分钟", a=part.began[11:], b=world.local[11:], n=minutes(part.began, world.local))
    place = Fact(words(view.site.place, view.staff.language), detail=took, chip=world.terminal)
    notices = tuple(_notices(view, stage, n))
    return screen(
        view,
        "report",
        "",
        body=(
            Trouble("saved", say("可以开门了"), say("{a}。{b}。", a=passed, b=sent)),
            ProofRows(_rows(view)),
            Facts((place,), compact=True),
            Gap(),
            *notices,
        ),
        back=Control("report.print", "back", say("打印报告"), TaskPressed("print"), icon="printer"),
        primary=primary(view, say("开门服务"), enabled=not stage.opening),
    )


def _rows(view: View) -> tuple[ProofRow, ...]:
    """Every proof; in the large modes those that need a look, and how many do not."""
    proofs = setup(view).proofs
    if roomy(view):
        return tuple(row(proof, view) for proof in proofs)
    open_ones = tuple(proof for proof in proofs if proof.mark != "ok")
    rest = ProofRow("done", view.say("另外 {n} 项正常", n=len(proofs) - len(open_ones)))
    return (*(row(proof, view) for proof in open_ones), rest)


def _notices(view: View, stage: report.Reporting, overrides: int) -> list[Notice]:
    say = view.say
    if stage.code:
        return [Notice("att", *trouble(stage.code, view))]
    if stage.paper == "printing":
        return [Notice("info", say("正在打印报告"))]
    if stage.paper == "not-printed":
        return [Notice("att", say("报告没有打出来"), say("不影响开门；看看打印机，再点一次。"))]
    if stage.paper == "printed":
        return [Notice("saved", say("报告打好了"))]
    if overrides:
        return [Notice("att", say("照用的那 {n} 项写进了报告", n=overrides), say("修好以后，在维护里再查一次。"))]
    return []


def _making(view: View, stage: report.Reporting) -> ScreenModel:
    say = view.say
    order = ("data", "probe", "make")
    at = order.index(stage.phase)
    texts = (say("等网关发来目录"), say("记到一半突然中断，一条都不能少"), say("写报告，用本机的密钥签名"))
    rows = tuple(ProofRow("done" if i < at else "current" if i == at else "todo", text) for i, text in enumerate(texts))
    notice = (Trouble("att", *trouble(stage.code, view)),) if stage.code else ()
    skip = (Gap(), ways(good_enough(say, say("先不等目录，照用")))) if stage.phase == "data" and stage.code else ()
    retry = primary(view, say("再试一次"), onward=False, icon="refresh") if stage.code and at else None
    title = say("最后几样，机器自己试")
    return screen(view, "report", title, body=(*notice, ProofRows(rows), *skip), primary=retry)


def paused(view: View) -> ScreenModel:
    """Put off: what is done stays done."""
    say, part = view.say, setup(view)
    names = tuple(ProofRow("done" if i + 1 < part.number else "todo", step_name(at, say)) for i, at in enumerate(STEPS))
    return screen(
        view,
        "paused",
        say("这台机器还没有开通"),
        say("装好的几步都记着，接着装就行。还不能给市民办事。"),
        body=(ProofRows(names),),
        finish=None,
        back=None,
        primary=primary(view, say("接着装")),
    )


def loading(view: View) -> ScreenModel:
    """What was proven before is being read: a moment."""
    say = view.say
    return screen(view, "loading", say("看看上次装到哪一步"), back=None, finish=None)
