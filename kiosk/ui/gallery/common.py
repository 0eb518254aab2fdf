"""What the example screens share: a way to say a line in two languages, the frame, common controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kiosk.events import (
    BackPressed,
    Event,
    FinishPressed,
    HelpPressed,
    HomePressed,
    KeysErased,
    KeyTyped,
    LanguageChosen,
    ModeToggled,
    PinErased,
    PinKey,
    PrimaryPressed,
)
from kiosk.screen_model import Control, Keypad, Modes, Role, ScreenModel
from kiosk.words.languages import made

SESSION = 7


@dataclass(frozen=True)
class Scene:
    """For whom an example is drawn."""

    language: str = "zh-Hans"
    modes: Modes = field(default_factory=Modes)

    def t(self, chinese: str, english: str) -> str:
        """The words of this scene's language."""
        return english if self.language == "en" else made(chinese, self.language)

    # ------------------------------------------------------------------------------------------------ controls

    def control(self, id_: str, role: Role, words: tuple[str, str], event: Event | None = None, **more: Any) -> Control:
        if "detail" in more and isinstance(more["detail"], tuple):
            more["detail"] = self.t(*more["detail"])
        return Control(id_, role, self.t(*words), event or PrimaryPressed(session_id=SESSION), **more)

    def primary(self, chinese: str, english: str, **more: Any) -> Control:
        more.setdefault("onward", "icon" not in more)
        return self.control("primary", "primary", (chinese, english), PrimaryPressed(session_id=SESSION), **more)

    def back(self, chinese: str = "返回", english: str = "Back", icon: str = "back") -> Control:
        return self.control("back", "back", (chinese, english), BackPressed(session_id=SESSION), icon=icon)

    def finish(self, chinese: str = "结束取卡", english: str = "End, take card", icon: str = "eject") -> Control:
        return self.control("finish", "finish", (chinese, english), FinishPressed(session_id=SESSION), icon=icon)

    def leave(self) -> Control:
        return self.finish("退出", "Leave", "cross")

    def home(self) -> Control:
        return self.control("home", "secondary", ("首页", "Home"), HomePressed(session_id=SESSION), icon="home")

    def aids(self) -> tuple[Control, ...]:
        modes = self.modes
        other = "zh-Hans" if self.language == "en" else "en"

        def aid(id_: str, words: tuple[str, str], icon: str, event: Event, *, on: bool = False) -> Control:
            return self.control(id_, "aid", words, event, icon=icon, selected=on)

        return (
            aid("aid.large", ("大字", "Text"), "textsize", ModeToggled("large"), on=False),
            aid(
                "aid.contrast",
                ("更醒目", "Contrast"),
                "contrast",
                ModeToggled("contrast"),
                on=modes.contrast != "light",
            ),
            aid("aid.reach", ("放低", "Lower"), "reach", ModeToggled("reach"), on=modes.reach),
            aid("aid.speak", ("朗读", "Speak"), "speaker", HelpPressed()),
            aid("aid.language", ("English", "中文"), "globe", LanguageChosen(other)),
            aid("aid.help", ("帮助", "Help"), "help", HelpPressed()),
        )

    def keypad(self, *, pin: bool = False) -> Keypad:
        def digit(text: str) -> Control:
            event = PinKey(text, session_id=SESSION) if pin else KeyTyped(text, session_id=SESSION)
            return Control(f"key.{text}", "key", text, event)

        def erase(*, all_: bool) -> Event:
            return PinErased(all_, session_id=SESSION) if pin else KeysErased(all_, session_id=SESSION)

        words = (("全部清除", "Clear all"), ("删一位", "Delete one"))
        clear = self.control("key.clear", "key", words[0], erase(all_=True), icon="cross")
        delete = self.control("key.delete", "key", words[1], erase(all_=False), icon="backspace")
        return Keypad((*(digit(str(n)) for n in range(1, 10)), clear, digit("0"), delete))

    # -------------------------------------------------------------------------------------------------- frame

    def screen(self, name: str, **more: Any) -> ScreenModel:
        """A screen with the usual frame; `more` are fields of `ScreenModel`."""
        fields: dict[str, Any] = {
            "session_id": SESSION,
            "language": self.language,
            "modes": self.modes,
            "terminal": self.t("广州市民自助终端", "Guangzhou Citizen Terminal"),
            "place": self.t("榕树街便民服务中心", "Rongshu Street Service Centre"),
            "clock": "10:24",
            "date": self.t("5月18日 周二", "Tue 18 May"),
            "aids": self.aids(),
            "lowered_note": self.t("屏幕已放低，按钮都在下半部", "Lowered: all buttons are in the lower half"),
        }
        return ScreenModel(name=name, **(fields | more))

    def school(self, name: str, step: int | None, detail: tuple[str, str], **more: Any) -> ScreenModel:
        """A screen inside the school enrolment, at one of its five steps or after it."""
        words = self.t("公办小学入学报名", "School enrolment")
        if step:
            counted = self.t(f"第 {step} 步，共 5 步 · {detail[0]}", f"Step {step} of 5 · {detail[1]}")
            more = {"home": self.home(), "steps": (step, 5)} | more
        else:
            counted = self.t(*detail)
        return self.screen(name, where=words, where_detail=counted, **({"finish": self.finish()} | more))


Example = Callable[[Scene], ScreenModel]
