"""More ways to make the screen fit: left hand, calm, speech with the screen off, and how the voice sounds. Pure."""

from __future__ import annotations

from typing import Literal

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.pieces.modes import PACES, VOLUMES
from kiosk.screen_model import ButtonRow, Choices, Control, Curtain, Gap, Piece, ScreenModel, Words
from kiosk.view_model.frame import Scene, back, blank, button


def modes(scene: Scene) -> ScreenModel:
    """Return the screen of the modes that have no aid of their own. They are on or off, and gone with the visit."""
    say, now = scene.say, scene.session.modes
    rows = (
        Control("mode.left", "choice", say("左手用"), e.ModeToggled("left"), "", say("右边的按钮换到左边"),
                selected=now.left_handed),
        Control("mode.calm", "choice", say("慢慢来"), e.ModeToggled("calm"), "", say("什么都不动，等您的时间加倍"),
                selected=now.calm),
        Control("mode.curtain", "choice", say("只听，关掉画面"), e.ModeToggled("curtain"), "",
                say("旁边的人看不到您的资料") if now.speech else say("先按下面的“朗读”"),
                enabled=now.speech, selected=now.dark_glass),
    )  # fmt: skip
    voice: tuple[Piece, ...] = (Gap(), ButtonRow(_voice(scene), label=say("声音"))) if now.speech else (Gap(),)
    if now.reach:  # low down there is room for the names only
        rows = tuple(replace(row, detail="") for row in rows)
    return replace(
        blank(scene),
        where=say("用得更顺手"),
        title=say("怎样用得更顺手？"),
        subtitle=say("按一下打开，再按一下关上。"),
        body=(
            Choices(tuple(button(scene, row) for row in rows), radio=True),
            *voice,
            *(() if now.reach else (Words(say("只在这一次有效，下一个人看不到。"), small=True),)),
        ),
        back=back(scene),
    )


def _voice(scene: Scene) -> tuple[Control, ...]:
    say, now = scene.say, scene.session.modes

    def tune(what: Literal["volume", "pace"], by: Literal[-1, 1], name: str, text: str) -> Control:
        at, most = (now.volume, VOLUMES) if what == "volume" else (now.pace, PACES)
        able = at > 1 if by < 0 else at < most
        return button(scene, Control(f"speech.{name}", "secondary", text, e.SpeechTuned(what, by), enabled=able))

    return (
        tune("volume", -1, "softer", say("小声")),
        tune("volume", 1, "louder", say("大声")),
        tune("pace", -1, "slower", say("慢些")),
        tune("pace", 1, "faster", say("快些")),
    )


def way_in(scene: Scene) -> Control:
    """Return the button of the first screen that leads here; it stands where other screens have their way forward."""
    return button(scene, Control("modes", "secondary", scene.say("用得更顺手"), e.ModesAsked(), "person"))


def curtained(scene: Scene, model: ScreenModel) -> ScreenModel:
    """Return the model behind a black screen where the citizen listens only. A touch anywhere shows it again."""
    if not scene.session.modes.dark_glass:
        return model
    say = scene.say
    open_ = button(scene, Control("mode.curtain.open", "aid", say("看画面"), e.ModeToggled("curtain"), "speaker"))
    return replace(
        model,
        curtain=Curtain(
            open_,
            say("正在朗读，屏幕关着"),
            say("旁边的人看不到您的资料"),
            say("用屏幕下面的按键。声音太大，按减号键。要看屏幕，点一下屏幕。"),
        ),
    )
