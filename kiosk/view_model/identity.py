"""The identity card on its own reader: where to lay it, what to do without one, ways out of its failures. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import Choices, Control, Fact, Facts, Gap, Notice, Picture, Piece, Result, ScreenModel, Words
from kiosk.services.definition import words
from kiosk.session.arrival import app
from kiosk.session.aside import IDENTITY_AGAIN, app_instead
from kiosk.session.common import application_of
from kiosk.view_model.asking import app as by_phone
from kiosk.view_model.frame import Scene, back, blank, button, home, primary


def page(scene: Scene) -> ScreenModel:
    """Ask for the identity card; the reader looks by itself."""
    say = scene.say
    rows = (
        Fact(say("只看姓名和身份号码"), icon="shield", detail=say("不存照片。别的事还是要市民卡和密码。")),
        Fact(say("没有身份证？打 12345"), icon="phone", detail=say("24 小时，人工也能挂失")),
    )
    return replace(
        blank(scene),
        where=words(application_of(scene.session).service.name, scene.language),
        where_detail=say("先证明是您本人"),
        home=home(scene),
        title=say("请把身份证平放在身份证感应区"),
        subtitle=say("放好先别拿开，一两秒就读好。"),
        body=(Picture("lay-identity", say("身份证感应区")), Facts(rows, compact=True), Gap(), *_app(scene)),
        back=back(scene),
    )


def _app(scene: Scene) -> tuple[Piece, ...]:
    """The city's app instead, where it is enough and there is room for it."""
    session = scene.session
    if not app.possible(app_instead(session)) or not session.world.network_up or session.modes.reach:
        return ()
    control = Control("start.app", "secondary", scene.say("没带身份证？用手机登录"), e.StartChosen("app"), icon="phone")
    return (Choices((button(scene, control),)),)


def onward(scene: Scene) -> Control | None:
    """The way forward out of a failure of the identity card: once more, or the app; None: 12345 is what is left."""
    session, say = scene.session, scene.say
    if session.failure in IDENTITY_AGAIN:
        return primary(scene, say("再放一次"), icon="card", onward=False)
    if app.possible(app_instead(session)) and session.world.network_up:
        return primary(scene, say("用手机登录"), icon="phone")
    return None


def goodbye(scene: Scene) -> ScreenModel:
    """The visit is over. The identity card still lies there; who came by telephone has nothing to take."""
    if not scene.session.lying:
        return by_phone.goodbye(scene)
    say, kept = scene.say, scene.session.saved
    safe: tuple[Piece, ...] = ()
    if kept is not None:
        title = say("办件已收到") if kept.acked else say("已记在本机，还没发出")
        safe = (Notice("saved" if kept.acked else "held", title, say("编号 {n}", n=kept.number)),)
    return replace(
        blank(scene),
        finish=None,
        where=say("办完了") if kept is not None else say("结束"),
        body=(
            Result("info", say("请拿好您的身份证"), say("它还放在身份证感应区上。")),
            Gap(),
            *safe,
            Words(say("您的资料已经从这台机器上清除。"), icon="shield"),
        ),
        primary=primary(scene, say("好"), onward=False),
    )
