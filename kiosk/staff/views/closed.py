"""Out of service (picture 33): why, until when, what is not lost, and where to go instead. Pure."""

from __future__ import annotations

from kiosk.frozen import replace
from kiosk.screen_model import Fact, Facts, Gap, Heading, Notice, Piece, ScreenModel, Trouble, Words
from kiosk.services import places
from kiosk.services.definition import words
from kiosk.services.display import shown_moment
from kiosk.staff.closed import Closed
from kiosk.staff.views.frame import View, for_citizens, with_way_in
from kiosk.staff.views.tools import REASON_WORDS, UNTIL_WORDS
from kiosk.view_model.asking.places import DAYS

SHOWN = {1.0: 3, 1.25: 2, 1.6: 1, 2.0: 1}
"""How many places there is room for, by the size of the letters."""


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
    nearby = _nearby(view)
    rows = nearby or (
        Fact(say("别的自助终端"), icon="pin", detail=say("打 12345 问最近的一台")),
        Fact(say("办事窗口"), icon="agency", detail=say("带身份证或市民卡")),
    )
    named = f"  ·  {staff.world.terminal}" if staff.world.terminal else ""
    code = f"{say('代码 {c}', c='out-of-service')}{named}"
    if not staff.modes.reach:  # half a screen has room for what matters: why, and what is not lost
        body += [Heading(say("最近能办的地方") if nearby else say("现在可以去")), Facts(rows)]
    body += [Gap(), Words(say("热线 12345，24 小时"), small=True, end=code)]
    return with_way_in(replace(for_citizens(view, "out-of-service"), body=tuple(body)))


def _nearby(view: View) -> tuple[Fact, ...]:
    """The nearest offices, those that are open now before the others."""
    staff = view.staff
    known = staff.part.places if isinstance(staff.part, Closed) else ()
    open_first = sorted(known, key=lambda item: not places.open_until(item, staff.world.local))
    return tuple(_office(view, item) for item in open_first[: SHOWN.get(staff.modes.text_scale, 1)])


def _office(view: View, item: places.Place) -> Fact:
    """Its name and street, how far it is, and until when it is open, or when it opens."""
    say, language, local = view.say, view.staff.language, view.staff.world.local
    until, following = places.open_until(item, local), places.opens_next(item, local)
    far = say("走路 {n} 分钟", n=item.minutes) if item.minutes <= places.WALK_UP_TO_MIN else say("远，请坐车")
    where = f"{words(item.place, language)} · {far if item.metres else say('就在这里')}"
    if until:
        now = say("现在开着，到 {t}", t=until)
    else:
        now = say("现在关着，{t} 开", t=shown_moment(following, language)) if following else say("现在关着")
    name = words(item.name, language)
    if view.staff.modes.text_scale > 1:
        return Fact(name, icon="pin", detail=f"{where}\n{now}")
    week = places.hours(item, language, {code: say(text) for code, text in DAYS.items()})
    return Fact(name, icon="pin", detail=f"{where}\n{' · '.join((now, *week[:1]))}")
