"""Signing in with the city's app: the way there, the code, the form on the telephone, and the goodbye. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.sign_in import SignIn
from kiosk.screen_model import (
    CaseNumber,
    Choices,
    Control,
    Fact,
    Facts,
    Gap,
    Notice,
    Piece,
    Result,
    ScreenModel,
    Tick,
    Ticks,
    Words,
)
from kiosk.session.arrival import app
from kiosk.view_model.frame import Scene, back, blank, button, home, kept_safe, primary
from kiosk.view_model.service import stepped


def way(scene: Scene) -> tuple[Control, ...]:
    """Return the button of the start screen, where the app is enough for something here."""
    say = scene.say
    if not app.possible(scene.session):
        return ()
    up = scene.session.world.network_up
    detail = say("不用卡，用市民 App 扫一扫。有些事还是要卡") if up else say("要有网络。现在没有，请用市民卡")
    control = Control("start.app", "choice", say("用手机登录办事"), e.StartChosen("app"), "phone", detail, enabled=up)
    return (button(scene, control),)


def way_without_card(scene: Scene) -> tuple[Piece, ...]:
    """Return the same as a quiet row of the screen that asks for the card."""
    if not app.possible(scene.session) or not scene.session.world.network_up or scene.session.modes.reach:
        return ()  # low down there is no room for it; the start screen leads the way
    control = Control("start.app", "secondary", scene.say("没带卡？用手机登录"), e.StartChosen("app"), icon="phone")
    return (Choices((button(scene, control),)),)


def _sign_in(scene: Scene) -> SignIn:
    assert scene.session.app is not None
    return scene.session.app


def asking(scene: Scene) -> ScreenModel:
    """The gateway makes a code."""
    say = scene.say
    return replace(
        blank(scene),
        where=say("用手机登录"),
        title=say("正在准备登录的码"),
        subtitle=say("一般 1 秒左右。"),
        body=(Ticks((Tick("current", say("正在等网关回话")),)), Gap()),
    )


def code(scene: Scene) -> ScreenModel:
    """The code to scan, and the digits that bind the telephone to this screen."""
    say, sign_in, low = scene.say, _sign_in(scene), scene.session.modes.reach
    opened = sign_in.phase == "opened"
    steps = (
        Fact(say("打开手机上的市民 App，扫这个码"), icon="phone"),
        Fact(say("手机会问您屏幕上的数字：照着输"), icon="edit", detail=say("手机上写的地方要是这里，才能同意。")),
        Fact(say("再回来看这个屏幕"), icon="check", detail=say("2 分钟内有效，只能用一次。")),
    )
    said = Notice("info", say("别人发来的码，不要扫"), say("只扫您面前这个屏幕上的码。"))
    if opened:
        said = Notice("saved", say("手机扫到了"), say("请在手机上输入这 4 个数字，再按同意。"))
    return replace(
        blank(scene),
        where=say("用手机登录"),
        where_detail=say("先证明是您本人"),
        home=home(scene),
        title=say("请在手机上输入这 4 个数字") if opened else say("请用手机扫这个码"),
        body=(
            CaseNumber(say("屏幕上的数字"), sign_in.shown, sign_in.url, to_scan=True),
            *(() if low else (Facts(steps, compact=True),)),
            Gap(),
            said,
        ),
        back=back(scene),
    )


def approving(scene: Scene) -> ScreenModel:
    """The form is on the telephone; here one waits, or goes back to change it."""
    say, sign_in = scene.say, _sign_in(scene)
    ticks = (
        Tick("done" if sign_in.asked else "current", say("表到了您的手机上")),
        Tick("current" if sign_in.asked else "todo", say("等您在手机上同意")),
        Tick("todo", say("存下来，交给部门")),
    )
    return replace(
        stepped(scene, 5, say("在手机上同意")),
        home=None,
        title=say("请在手机上看一遍，再按同意"),
        body=(
            Facts((Fact(sign_in.shown, say("手机上的数字要和这里一样"), "shield"),)),
            Ticks(ticks),
            Gap(),
            Notice("info", say("您没有同意，就什么都没有提交"), say("要改的话，按返回。")),
        ),
        back=back(scene),
    )


def goodbye(scene: Scene) -> ScreenModel:
    """There is no card to take: say that it is over, and what is safe."""
    say, kept = scene.say, scene.session.saved
    return replace(
        blank(scene),
        finish=None,
        where=say("办完了") if kept is not None else say("结束"),
        body=(
            Result("saved", say("已退出，再见"), say("手机上的登录也结束了。")),
            Gap(),
            *kept_safe(scene),
            Words(say("您的资料已经从这台机器上清除。"), icon="shield"),
        ),
        primary=primary(scene, say("好"), onward=False),
    )
