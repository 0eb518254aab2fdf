"""The frame of the screens that bring a terminal into service: the step, the bar of eight, the way out. Pure."""

from __future__ import annotations

from typing import Any

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.screen_model import Choices, Control, Notice, ScreenModel
from kiosk.staff.events import TaskPressed
from kiosk.staff.setup.state import STEPS, Setup
from kiosk.staff.views import frame
from kiosk.staff.views.frame import View
from kiosk.staff.views.setup.words import trouble
from kiosk.words.i18n import Say

LARGE = 1.25
"""From this text scale on."""


def setup(view: View) -> Setup:
    """Return the part that is drawn."""
    part = view.staff.part
    assert isinstance(part, Setup)
    return part


def roomy(view: View) -> bool:
    """Whether there is room for what only explains; in the large modes what has to be done comes first."""
    return view.staff.modes.text_scale < LARGE


def step_name(at: str, say: Say) -> str:
    """Return the word for a step."""
    names = {
        "touch": say("触摸"),
        "look": say("屏幕和声音"),
        "paper": say("打印"),
        "reader": say("读卡"),
        "network": say("网络"),
        "clock": say("时钟"),
        "joining": say("登记"),
        "report": say("报告"),
    }
    return names[at]


def screen(view: View, name: str, title: str, subtitle: str = "", **more: Any) -> ScreenModel:
    """Return a screen of the present step; `more` are fields of `ScreenModel`."""
    say, part = view.say, setup(view)
    made = frame.blank(view, f"staff.setup.{name}")
    aids = tuple(one for one in made.aids if one.id != "mode.reach")  # the corners have to be reached anyway
    made = replace(made, aids=aids, modes=replace(made.modes, reach=False), lowered_note="")
    counted = say("第 {n} 步，共 {m} 步", n=part.number, m=len(STEPS))
    fields: dict[str, Any] = {
        "where": say("开通这台机器"),
        "where_detail": f"{counted} · {step_name(part.at, say)}",
        "steps": (part.number, len(STEPS)),
        "finish": Control("finish", "finish", say("以后再装"), e.FinishPressed(), icon="cross"),
        "back": frame.back(view) if part.number > 1 else None,
        "title": title,
        "subtitle": subtitle,
    }
    found = fields | more
    if part.unsaved:
        what, todo = trouble(part.unsaved, view)
        found["body"] = (*found.get("body", ()), Notice("att", what, todo))
    return replace(made, **found)


def choice(name: str, text: str, icon: str = "", detail: str = "", *, quiet: bool = True) -> Control:
    """Return one way on: a row that sends `TaskPressed(name)`."""
    role = "secondary" if quiet else "choice"
    return Control(f"setup.{name}", role, text, TaskPressed(name), icon=icon, detail=detail)


def good_enough(say: Say, text: str = "") -> Control:
    """Return 照用: it goes on, and the report names it."""
    return choice("accept", text or say("照用"), "flag", say("报告里会写明，是您说照用的"))


def ways(*items: Control) -> Choices:
    """Return rows of ways on."""
    return Choices(items)
