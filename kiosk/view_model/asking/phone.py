"""On to the telephone: the way there, the wait, and the QR code. Pure."""

from __future__ import annotations

from kiosk.frozen import replace
from kiosk.screen_model import CaseNumber, Choices, Control, Fact, Facts, Gap, Notice, Piece, ScreenModel, Tick, Ticks
from kiosk.services.definition import words
from kiosk.session.asking import phone
from kiosk.session.asking.events import PhoneAsked
from kiosk.session.common import application_of
from kiosk.view_model.frame import Scene, back, button, primary
from kiosk.view_model.service import stepped


def way(scene: Scene, *, roomy: bool = True) -> tuple[Piece, ...]:
    """Return the button that leads to the telephone, where this form may go on there.

    Not `roomy`: a page that has no room for it on the lowered screen; there the help screen leads the way.
    """
    if (scene.session.modes.reach and not roomy) or not phone.offered(scene.session):
        return ()
    control = Control("phone", "secondary", scene.say("到手机上接着填"), PhoneAsked(), icon="phone")
    return (Choices((button(scene, control),)),)


def sending(scene: Scene) -> ScreenModel:
    """The card signs, the gateway takes the form."""
    say = scene.say
    ticks = Ticks((Tick("done", say("填过的都在")), Tick("current", say("卡正在签名，网关正在收表"))))
    return replace(
        stepped(scene, 4, say("去手机")),
        home=None,
        title=say("正在准备给手机的码"),
        subtitle=say("一般 1 秒左右。请不要拔卡。"),
        body=(ticks, Gap()),
    )


def code(scene: Scene) -> ScreenModel:
    """The code, what it is good for, and what to do; the form is still here until the visit ends."""
    session, say = scene.session, scene.say
    name = words(application_of(session).service.name, scene.language)
    facts = (
        Fact(say("打开手机相机，对着码"), icon="phone", detail=say("点出来的网址，再点“打开我的表”。")),
        Fact(say("只能打开一次，15 分钟内填完"), icon="shield", detail=say("打开了就只在您的手机上，别人再扫没有用。")),
        Fact(say("手机上提交了才算数"), icon="check", detail=say("这里什么都没有提交，也不留您填的内容。")),
    )
    body: tuple[Piece, ...] = (
        CaseNumber(say("接着填"), name, session.phone_url, to_scan=True),
        Facts(facts[:1] if session.modes.reach else facts, compact=True),
        Gap(),
    )
    if not session.modes.reach:
        line = say("还没打开又想在这里办，请按返回，码就作废。")
        body = (*body, Notice("att", say("先在手机上打开，再结束取卡"), line))
    return replace(
        stepped(scene, 4, say("去手机")),
        title=say("请用您的手机扫这个码"),
        body=body,
        back=back(scene),
        primary=primary(scene, say("手机打开了，结束"), onward=False),
    )
