"""The screens that only staff see: the way in, maintenance, and the eight steps that bring a terminal into service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from drivers.api import SlotState
from kiosk.screen_model import ScreenModel
from kiosk.staff.closed import Closed
from kiosk.staff.part import Closure, Part, Staff
from kiosk.staff.views.screen import render
from kiosk.words import i18n
from tests.review.modes import Mode
from tests.unit.setup_kit import CARD, SHOWN, SITE, Hand
from tests.unit.test_staff import DONE, SCREENS, Maintenance, staff
from tests.unit.visit_kit import FAILURES

CLOSURE = Closure("reader", "tomorrow", "2026-05-18T10:24")


@dataclass(frozen=True)
class StaffWay:
    """How a screen is reached on a display that lies or stands, and the number of the look's picture of it."""

    of: Callable[[bool], Staff]
    picture: str = ""

    def model(self, language: str, mode: Mode) -> ScreenModel:
        """The screen in this language and mode."""
        width, height = mode.size
        made = self.of(width > height)
        settings = replace(made.world.settings, width=width, height=height)
        shown = replace(made, world=replace(made.world, settings=settings), modes=mode.modes, language=language)
        return render(shown, i18n.staff_sayer(language), SITE, FAILURES)


def _of_part(part: Part, _landscape: bool) -> Staff:
    return staff(part, closure=CLOSURE if isinstance(part, Closed) else None)


def _setup(way: Callable[[Hand], Hand], landscape: bool) -> Staff:
    hand = way(Hand(landscape=landscape))
    assert hand.staff is not None
    return hand.staff


def _card_seen(hand: Hand) -> Hand:
    hand.to("reader").slot(SlotState.PRESENT, 1)
    return hand.done("setup-card", facts=CARD)


SETUP: dict[str, tuple[Callable[[Hand], Hand], str]] = {
    "begun": (lambda hand: hand, ""),
    "touch": (lambda hand: hand.begun().touch("touch.target", "touch.target"), "76"),
    "touch missed": (lambda hand: hand.begun().glass(500, 500), ""),
    "colours": (lambda hand: hand.to("look"), ""),
    "voice": (lambda hand: hand.to("look").press("next", "next", "next", "next", "next", "good"), ""),
    "print": (lambda hand: hand.to("paper").done("print", digits="7305").touch("key.7", "key.3"), "77"),
    "print refused": (lambda hand: hand.to("paper").done("print", ok=False, code="paper-out"), ""),
    "reader": (_card_seen, "78"),
    "network": (lambda hand: hand.to("network"), ""),
    "network refused": (lambda hand: hand.to("network").done("setup-network", ok=False, code="wrong-authority"), ""),
    "clock": (lambda hand: hand.to("clock").done("setup-clock", offset_ms="900000"), ""),
    "join": (lambda hand: hand.to("joining").done("setup-join", facts=SHOWN), "79"),
    "ready": (lambda hand: hand.to_ready(), "80"),
}
"""Steps of bringing a terminal into service: how each is come to, and its picture."""


def _parts() -> dict[str, StaffWay]:
    found: dict[str, StaffWay] = {}
    for part in SCREENS:
        kind = type(part).__name__.lower()
        number = 1 + sum(name.startswith(f"staff {kind}") for name in found)
        picture = "50" if part == Maintenance(done=DONE) else ""
        found[f"staff {kind} {number:02}"] = StaffWay(partial(_of_part, part), picture)
    return found


STAFF: dict[str, StaffWay] = {
    **_parts(),
    **{f"setup {name}": StaffWay(partial(_setup, way), picture) for name, (way, picture) in SETUP.items()},
}
"""Name -> how it comes about."""
