"""The three PINs of a change: the old one, the new one, the new one once more. Dots only. Pure."""

from __future__ import annotations

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import Control, Notice, PinEntry, ScreenModel
from kiosk.session.asking.new_pin import PIN_LENGTH
from kiosk.view_model.frame import Scene, back, button, primary
from kiosk.view_model.service import stepped
from kiosk.view_model.start import pin_pad

PROBLEMS = {
    "new-pin-one-digit": ("六个一样的数字太好猜", "换几个不一样的数字，再输一次新密码。"),
    "new-pin-birthday": ("生日太好猜", "捡到卡的人最先试生日。换一个，再输一次新密码。"),
    "new-pin-old": ("新密码和原来的一样", "请换一个，再输一次新密码。"),
    "new-pin-differs": ("两次输的不一样", "什么都没有变。请从新密码开始，再输两次。"),
}
TITLES = {"old": "请输入现在的密码", "new": "请输入新密码", "again": "请再输一次新密码"}


def new_pin(scene: Scene) -> ScreenModel:
    """One of the three, with what is wrong with the digits before it."""
    session, say = scene.session, scene.say
    shuffle = button(scene, Control("pin.shuffle", "secondary", say("打乱数字"), e.KeysShuffled(), "refresh"))
    entry = PinEntry(PIN_LENGTH, session.pin_length, say("请用手挡一挡，别让人看见"), shuffle)
    notice: tuple[Notice, ...] = ()
    if session.pin_problem:
        title, text = PROBLEMS[session.pin_problem]
        notice = (Notice("att", say(title), say(text)),)
    elif session.pin_rejected and session.tries_left is not None:
        lines = (say("密码不对，还可以试 {n} 次", n=session.tries_left), say("卡没有锁，密码也没有变。"))
        notice = (Notice("att", *lines),)
    title = TITLES[session.pin_step or "old"]
    help_ = {
        "old": say("{n} 位数字。屏幕不显示，也不会读出来。", n=PIN_LENGTH),
        "new": say("不要用生日，也不要六个都一样。"),
        "again": say("输完还没有改，最后看一遍才改。"),
    }[session.pin_step or "old"]
    model = replace(
        stepped(scene, 4, say("换密码")),
        title="" if notice and not session.pin_problem else say(title),
        subtitle="" if notice else help_,
        body=(*notice, entry, pin_pad(scene, enabled=True)),
        back=back(scene),
    )
    ready = session.pin_length == PIN_LENGTH
    return replace(model, primary=primary(scene, say("确定"), enabled=ready, onward=False, name="pin.ok"))
