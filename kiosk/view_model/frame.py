"""What every screen has: status line, where am I, finish, aids; and the helpers that make controls. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from kiosk import events as e
from kiosk.failures import Failure
from kiosk.frozen import frozen, replace
from kiosk.paper.receipts import Site
from kiosk.screen_model import Chip, Control, Modes, Notice, ScreenModel
from kiosk.services.definition import words
from kiosk.session.common import BUSY
from kiosk.session.state import Session, State
from kiosk.words import languages as tongues
from kiosk.words.city_time import city_moment
from kiosk.words.i18n import Say

SCREEN_NAMES = {
    State.READING: "card",
    State.CHECKING_PIN: "pin",
    State.FETCHING: "working",
    State.LOOKING: "working",
    State.HANDING: "working",
    State.ASKING_APP: "working",
    State.APPROVING: "app",
    State.CONFIRMING: "working",
    State.SIGNING: "working",
    State.WAITING: "working",
    State.PRINTING: "receipt",
    State.TAKE_PAPER: "receipt",
    State.ADDRESS: "receipt",
}


@frozen
class Words:
    """What screens are put into words with."""

    say: Callable[[str], Say]
    """Language -> its words."""
    failures: Mapping[str, Failure]
    site: Site
    """Where the terminal stands."""


@frozen
class Scene:
    """What the view model draws from."""

    session: Session
    say: Say
    failures: Mapping[str, Failure]
    site: Site
    key_order: tuple[str, ...] = tuple("1234567890")
    """Digits of the PIN pad, in the order of the keys; shuffled by the runtime on request."""

    @property
    def language(self) -> str:
        return self.session.language


def button(scene: Scene, control: Control) -> Control:
    """Stamp a control with the session's id; one that is off sends nothing."""
    if control.event is None or not control.enabled:
        return replace(control, event=None)
    return replace(control, event=replace(control.event, session_id=scene.session.id))


def primary(
    scene: Scene,
    text: str,
    *,
    enabled: bool = True,
    icon: str = "",
    onward: bool = True,
    event: e.Event | None = None,
    name: str = "primary",
) -> Control:
    """Return the one way forward."""
    return button(
        scene,
        Control(name, "primary", text, event or e.PrimaryPressed(), icon=icon, enabled=enabled, onward=onward),
    )


def back(scene: Scene, text: str = "", icon: str = "back") -> Control:
    """Return the quiet way out at the left."""
    return button(scene, Control("back", "back", text or scene.say("返回"), e.BackPressed(), icon=icon))


def home(scene: Scene) -> Control:
    return button(scene, Control("home", "secondary", scene.say("首页"), e.HomePressed(), icon="home"))


def finish(scene: Scene) -> Control:
    """Return the way to end the visit: with the card where one is in the slot."""
    if scene.session.card_in:
        return button(scene, Control("finish", "finish", scene.say("结束取卡"), e.FinishPressed(), icon="eject"))
    return button(scene, Control("finish", "finish", scene.say("退出"), e.FinishPressed(), icon="cross"))


def aids(scene: Scene) -> tuple[Control, ...]:
    """Return the aids of the lowest row: they work on every screen, but for help while the terminal is working."""
    session = scene.session
    settings, state = session.world.settings, session.state
    helps = state not in {State.ATTRACT, State.TAKE_CARD, State.GOODBYE, State.TIMEOUT, State.APPROVING}
    help_ = (state not in BUSY, state is State.HELP) if helps else None
    reach = settings.width <= settings.height
    return _aids(scene.say, session.id, scene.language, session.modes, help_, reach=reach)


@lru_cache(maxsize=16)
def _aids(
    say: Say, session_id: int, language: str, modes: Modes, help_: tuple[bool, bool] | None, *, reach: bool
) -> tuple[Control, ...]:
    """The same row from screen to screen. `help_`: whether help works, and is shown; None: it is not offered."""
    other = other_language(language)
    made = [
        Control("mode.large", "aid", say("大字"), e.ModeToggled("large", session_id=session_id), "textsize",
                selected=modes.text_scale > 1),
        Control("mode.contrast", "aid", say("更醒目"), e.ModeToggled("contrast", session_id=session_id), "contrast",
                selected=modes.contrast != "light"),
        Control("mode.reach", "aid", say("放低"), e.ModeToggled("reach", session_id=session_id), "reach",
                selected=modes.reach),
        Control("mode.speech", "aid", say("朗读"), e.ModeToggled("speech", session_id=session_id), "speaker",
                selected=modes.speech),
        Control("mode.language", "aid", tongues.language(other).name, e.LanguageChosen(other, session_id=session_id),
                "globe"),
    ]  # fmt: skip
    if not reach:
        made = [one for one in made if one.id != "mode.reach"]
    if help_ is not None:
        works, shown = help_
        event = e.HelpPressed(session_id=session_id) if works else None
        made.append(Control("help", "aid", say("帮助"), event, "help", enabled=works, selected=shown))
    return tuple(made)


def other_language(language: str) -> str:
    """Return where the language aid leads: from the first language to the last, and on until it is back."""
    codes = list(tongues.languages())
    return codes[codes.index(language) - 1]


def languages(scene: Scene) -> tuple[Control, ...]:
    """Return one button for each language, the present one selected."""
    return tuple(
        button(scene, Control(one.button, "aid", one.name, e.LanguageChosen(code), selected=scene.language == code))
        for code, one in tongues.languages().items()
    )


def chips(scene: Scene) -> tuple[Chip, ...]:
    """Say what is missing, then what still works."""
    world, say = scene.session.world, scene.say
    found: list[Chip] = []
    if not world.network_up:
        found.append(Chip("cloudoff", say("没有网络，照常受理")))
    if world.printer is not None and not world.can_print:
        text = say("没纸，编号可以拍照") if world.printer.paper == "out" else say("打不了纸，编号可以拍照")
        found.append(Chip("paperout", text))
    if scene.session.modes.speech:
        found.append(Chip("speaker", say("朗读开着，用按键")))
    return tuple(found)


def clock(local: str, language: str) -> tuple[str, str]:
    """Return the wall clock's time and date in words: `10:24`, `5月18日 周二` or `Tue 18 May`."""
    return tongues.clock(local, language)


def blank(scene: Scene) -> ScreenModel:
    """Return the frame of the present screen with an empty body."""
    session = scene.session
    time, date = clock(session.world.local, scene.language)
    name = SCREEN_NAMES.get(session.state, str(session.state))
    if session.state is State.FAILURE:
        name = f"failure.{session.failure}"
    return ScreenModel(
        name=name,
        session_id=session.id,
        language=scene.language,
        modes=session.modes,
        terminal=scene.say("广州市民自助终端"),
        place=words(scene.site.place, scene.language),
        clock=time,
        date=date,
        chips=chips(scene),
        finish=finish(scene),
        aids=aids(scene),
        lowered_note=scene.say("屏幕已放低，按钮都在下半部") if session.modes.reach else "",
    )


def kept_safe(scene: Scene) -> tuple[Notice, ...]:
    """Return what a citizen who leaves may be sure of: that the case came in, or is recorded here."""
    say, kept = scene.say, scene.session.saved
    if kept is None:
        return ()
    title = say("办件已收到") if kept.acked else say("已记在本机，还没发出")
    return (Notice("saved" if kept.acked else "held", title, say("编号 {n}", n=kept.number)),)


def local_of(at_ms: int) -> str:
    """Return a moment as ISO 8601 local time of Guangzhou (UTC+8, no summer time), seconds included."""
    return city_moment(at_ms).strftime("%Y-%m-%dT%H:%M:%S")


def reference_time(local: str, language: str) -> str:
    """Return a moment as `5月18日 10:29` or `18 May, 10:29`."""
    return tongues.moment(local, language)
