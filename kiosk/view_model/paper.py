"""The receipt's screens: which way, printing, take it from the mouth, where a message goes. Pure."""

from __future__ import annotations

from typing import Literal

from drivers.api import JobState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.paper.receipts import HOTLINE, code_text
from kiosk.screen_model import (
    CaseNumber,
    Control,
    Field,
    Gap,
    Notice,
    Picture,
    Piece,
    ReceiptChoice,
    ScreenModel,
    Tick,
    Ticks,
)
from kiosk.services.definition import words
from kiosk.services.display import mask_name, masked
from kiosk.session.paper import ADDRESSES, contact_of
from kiosk.session.state import Message, Saved
from kiosk.view_model.finish import done_frame, kept_of, service_of, waived
from kiosk.view_model.form import HOW_WRITTEN, PROBLEMS, pad
from kiosk.view_model.frame import Scene, back, button, local_of, primary, reference_time

Way = Literal["paper", "sms", "email", "both"]
MASKS = {"sms": "phone", "email": "email"}
LONGEST_ADDRESS = 20
"""What is longer is shortened in the middle: it has no place to break."""


def receipt(scene: Scene) -> ScreenModel:
    """How the citizen wants the receipt; without paper the number stays on the screen."""
    say, kept = scene.say, kept_of(scene)
    ways = ReceiptChoice(preview(scene, kept), code_on_screen(scene, kept), _ways(scene))
    return replace(
        done_frame(scene),
        title=say("凭条要怎样拿？"),
        subtitle=say("不拿也没关系，办件已经存好。"),
        body=(ways, Gap(), _hint(scene)),
        back=back(scene, say("不要凭条"), "") if scene.session.world.can_print else None,
        primary=_onward(scene),
    )


def _ways(scene: Scene) -> tuple[Control, ...]:
    session, say = scene.session, scene.say
    prints = session.world.can_print
    paper = say("打印补打件") if session.copies else say("打印")
    made: tuple[tuple[Way, str, str, str, bool], ...] = (
        ("paper", paper, "printer", say("取纸口在屏幕左下方"), prints),
        ("sms", say("发短信"), "message", address_shown(scene, "sms"), True),
        ("email", say("发邮件"), "doc", address_shown(scene, "email"), True),
        ("both", say("打印，也发短信"), "plus", "", prints),
    )
    return tuple(
        button(
            scene,
            Control(f"receipt.{way}", "choice", text, e.ReceiptChosen(way), icon, detail, enabled=enabled,
                    selected=session.receipt_way == way),
        )
        for way, text, icon, detail, enabled in made
    )  # fmt: skip


def address_shown(scene: Scene, way: str) -> str:
    """Return where a message would go, masked; what to do where nobody knows."""
    known = contact_of(scene.session, way)
    if known:  # an address has no fixed length: the row says only that there is one
        return masked("phone", known) if way == "sms" else scene.say("您留过的邮箱")
    return scene.say("要输手机号") if way == "sms" else scene.say("要输邮箱")


def _onward(scene: Scene) -> Control:
    session, say = scene.session, scene.say
    way, message = session.receipt_way, session.message
    if way in {"sms", "email"}:
        if message is not None and message.way == way and message.stage in {"saved", "failed"}:
            return primary(scene, say("好，继续"))
        idle = message is None or message.stage != "saving"
        return primary(scene, say("发短信") if way == "sms" else say("发邮件"), enabled=idle)
    if not session.world.can_print:
        return primary(scene, say("记下了，继续"))
    return primary(scene, say("打印凭条"), icon="printer", onward=False, enabled=way != "")


def _hint(scene: Scene) -> Notice:
    session, say = scene.session, scene.say
    if session.message is not None and session.message.stage in {"saved", "failed"}:
        return message_notice(scene, session.message)
    if not session.world.can_print:
        return Notice("att", say("现在打不了凭条"), say("请记下编号，或者给屏幕拍张照。办件不受影响。"))
    return Notice("info", say("凭条上没有完整的姓名和证件号"), say("二维码里也没有。丢了不要紧。"))


def message_notice(scene: Scene, message: Message) -> Notice:
    """Say that a message is recorded here, and no more: whether it went out is the gateway's to know."""
    say = scene.say
    if message.stage == "failed":
        return Notice("att", say("消息没有记下"), say("请打印，或者给屏幕上的码拍张照。"))
    to = masked(MASKS[message.way], message.to)
    to = to if len(to) <= LONGEST_ADDRESS else f"{to[:8]}…{to[-10:]}"
    return Notice("held", say("已记下，等着发到 {a}", a=to), say("由部门发出。没有收到，打 12345，报编号。"))


def code_on_screen(scene: Scene, kept: Saved) -> str:
    """Return the text of the QR code that a telephone takes away instead of paper: what the paper's code says too."""
    return code_text(scene.session, kept, scene.site, copy=scene.session.copies > 0)


def preview(scene: Scene, kept: Saved) -> tuple[str, ...]:
    """Return the small picture of the receipt on the screen: its first words, a rule, what it says."""
    session, say = scene.session, scene.say
    service = service_of(scene)
    who = [mask_name(session.holder.name)] if session.holder is not None else []
    mark = say("补打") if session.copies else say("正本")
    state = say("已收到") if kept.acked else say("已记在本机，还没发出")
    return (
        words(scene.site.place, scene.language),
        words(service.name, scene.language),
        say("编号 {n}", n=kept.number),
        " ".join([reference_time(local_of(kept.at_ms), scene.language), *who]),
        "-",
        state,
        *(fact.value for fact in waived(scene, kept, service)),
        f"{HOTLINE} · {mark}",
    )


def _stored(scene: Scene) -> Notice:
    say, kept = scene.say, kept_of(scene)
    return Notice("saved" if kept.acked else "held", say("办件不等打印"), say("编号 {n}，已经存好。", n=kept.number))


def printing(scene: Scene) -> ScreenModel:
    """Printing: what the printer has said so far."""
    session, say = scene.session, scene.say
    sent = session.print_state in {JobState.SENT, JobState.PRINTED}
    printed = session.print_state is JobState.PRINTED
    ticks = Ticks(
        (
            Tick("done" if sent else "current", say("发给打印机")),
            Tick("done" if printed else "current" if sent else "todo", say("正在打字")),
            Tick("current" if printed else "todo", say("切纸，打印机说“打完了”")),
        )
    )
    return replace(
        done_frame(scene, say("打印凭条")),
        title=say("正在打印，先别拉纸"),
        subtitle=say("取纸口在屏幕左下方。一般 4 秒打完。"),
        body=(Picture("printing", say("取纸口")), ticks, Gap(), _stored(scene)),
    )


def take_paper(scene: Scene) -> ScreenModel:
    """The receipt is in the mouth: the printer itself says when it is taken."""
    say = scene.say
    wait_s = scene.session.world.settings.ticket_wait_s
    return replace(
        done_frame(scene, say("打印凭条")),
        title=say("打好了，请拿凭条"),
        title_display=True,
        subtitle=say("在屏幕左下方的取纸口。{n} 秒不拿，机器会收回去。", n=wait_s),
        body=(Picture("printing", say("取纸口")), Gap(), _stored(scene)),
    )


def address(scene: Scene) -> ScreenModel:
    """Where the message goes; asked only where neither the city nor the form knows."""
    say, message = scene.say, scene.session.message
    assert message is not None
    item = ADDRESSES[message.way]
    sms = message.way == "sms"
    error = say(PROBLEMS[message.problem]) if message.problem else ""
    if message.problem == "answer-form":
        error = say("要写 11 位的手机号") if sms else say(HOW_WRITTEN[item.type])
    return replace(
        done_frame(scene),
        title=say("短信发到哪个手机？") if sms else say("邮件发到哪个邮箱？"),
        subtitle=say("只用来发这一次凭条。"),
        body=(Field(item.id, message.to, error=error), pad(scene, item)),
        back=back(scene),
        primary=primary(scene, say("发短信") if sms else say("发邮件"), enabled=message.to != ""),
    )


def instead(scene: Scene, kept: Saved) -> tuple[Piece, ...]:
    """The whole receipt's code for a telephone, beside the number."""
    say, session = scene.say, scene.session
    code = code_text(session, kept, scene.site, copy=session.copies > 1)
    return (CaseNumber(say("用手机拍下这个码，能核对，和凭条上的一样"), kept.number, code),)


def ways_after_failure(scene: Scene) -> tuple[Control, ...]:
    """Print again where the printer is well, or a message."""
    say, session = scene.say, scene.session
    made: list[Control] = []
    if session.world.can_print:
        text = say("再打一张，会写明“补打”") if session.copies else say("纸装好了，打印")
        made.append(Control("print.again", "choice", text, e.PrintAgain(), "printer"))
    made.append(
        Control("receipt.sms", "choice", say("发短信"), e.ReceiptChosen("sms"), "message", address_shown(scene, "sms"))
    )
    shown = made[:1] if session.modes.reach else made  # low down there is room for one
    return tuple(button(scene, item) for item in shown)
