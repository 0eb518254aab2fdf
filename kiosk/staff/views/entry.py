"""The way in for staff: PIN pad, or a QR code and a field for the one-time code. Pure."""

from __future__ import annotations

from kiosk.frozen import replace
from kiosk.screen_model import CaseNumber, Notice, PinEntry, ScreenModel, Trouble, Words
from kiosk.staff.entry import CODE_LENGTH, PIN_LEAST, Entry
from kiosk.staff.views.frame import View, back, blank, primary
from kiosk.staff.views.setup.devices import keypad
from kiosk.view_model import frame
from kiosk.view_model.start import pin_pad

PIN_MOST = 8


def screen(view: View) -> ScreenModel:
    """Return the way in that was taken."""
    say = view.say
    part = part_of(view)
    model = replace(blank(view, f"staff.{'pin' if part.way == 'card' else 'code'}"), where=say("维护"),
                    where_detail=say("只给技术员。市民请按退出。"), back=back(view))  # fmt: skip
    if part.problem and not (part.way == "code" and (part.qr or part.busy)):
        return _refused(view, model)
    return _pin(view, model) if part.way == "card" else _code(view, model)


def part_of(view: View) -> Entry:
    """Return the part that is drawn."""
    part = view.staff.part
    assert isinstance(part, Entry)
    return part


def _refused(view: View, model: ScreenModel) -> ScreenModel:
    """A card that lets nobody in, or no code to be had: why, and what to do."""
    say, part, language = view.say, part_of(view), view.staff.language
    known = view.failures.get(part.problem) or view.failures["internal"]
    trouble = Trouble(known.severity, known.words("title", language), known.words("next", language))
    code = Words(say("代码 {c}", c=part.problem), small=True)
    return replace(model, body=(trouble, code))


def _pin(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    entry = PinEntry(PIN_MOST, part.pin_length, say("请用手挡一挡，别让人看见"))
    why = say("卡出去过。再输一次密码，证明还是它。") if part.back_to else say("6 到 8 位数字。屏幕不显示。")
    wrong = Notice("att", say("密码不对，还可以试 {n} 次", n=part.tries_left), say("这张卡自己在数，数完就锁。"))
    return replace(
        model,
        title="" if part.refused else say("正在核对密码") if part.busy else say("请输入技术员卡密码"),
        subtitle="" if part.refused else why,
        body=(*((wrong,) if part.refused else ()), entry, pin_pad(view.scene, enabled=part.wants_pin)),
        back=None if part.busy else model.back,
        primary=frame.primary(
            view.scene,
            say("确定"),
            enabled=part.wants_pin and part.pin_length >= PIN_LEAST,
            onward=False,
            name="pin.ok",
        ),
    )


def _code(view: View, model: ScreenModel) -> ScreenModel:
    say, part = view.say, part_of(view)
    if not part.qr:
        return replace(model, title=say("正在准备维护码"))
    shown = f"{part.typed:_<{CODE_LENGTH}}"
    number = CaseNumber(say("手机上的八位数字"), f"{shown[:4]} {shown[4:]}", part.qr, to_scan=True)
    wrong = Notice("att", say("码不对，还可以试 {n} 次", n=part.tries_left), say("看清手机上的八位数字，再输一次。"))
    stale = Notice("att", say("那个码不能用了"), say("已换新码，请再扫一次。"))
    said = (wrong,) if part.refused else (stale,) if part.problem else ()
    return replace(
        model,
        title="" if said else say("用手机扫码，再输入维护码"),
        subtitle="" if said else say("10 分钟内有效，只能用一次。"),
        body=(*said, number, keypad(say)),
        primary=primary(
            view, say("确定"), enabled=len(part.typed) == CODE_LENGTH and not part.busy, onward=False
        ),
    )  # fmt: skip
