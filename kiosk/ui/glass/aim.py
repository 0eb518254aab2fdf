"""Which touches are meant: none that came before the eye could see its button, no second tap of a shaking hand.

Decides from what was laid out, from places and times; it has no clock of its own. Knows no Kivy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from kiosk.screen_model import Control, Role, ScreenModel
from kiosk.ui.drawing import Sheet, Square, Target

UNSEEN_S = 0.35
"""For so long after something has come under a finger, whoever touches it cannot have seen it there.

To see a change and to move a finger takes 0.21 s on average, and 0.55 ms more with each year of age, a quarter of a
second at eighty (Woods et al. 2015, 1,469 people, https://doi.org/10.3389/fnhum.2015.00131). The rest is the glass, its
frame and its look for fingers (`loop.LOOK_S`), and that people differ. Nobody reads a button, decides and reaches it in
less. Chromium holds back a button that came into view or moved for longer, the time of a double click
(`ui/views/input_event_activation_protector.cc`).
"""
OWN_S = 0.5
"""A screen that comes later than this after a press comes by itself: a warning, a card pulled out, an answer."""
DEBOUNCE_S = 0.25
"""A second tap on the same control of the same screen within this time is the shaking of a hand."""
DEBOUNCED: frozenset[Role] = frozenset({"primary", "secondary", "back", "finish", "choice", "aid"})
"""Keys are not: digits may be tapped fast, and the same one twice."""
Screen = tuple[object, ...]


class Laid(NamedTuple):
    """Where a finger meets something: the controls, and the square that is written in."""

    targets: Sequence[Target]
    square: Square | None = None


def screen_of(model: ScreenModel) -> Screen:
    """What makes two models the same screen to a finger."""
    return model.session_id, model.name, model.title, model.steps


def target_at(targets: Sequence[Target], x: float, y: float) -> Target | None:
    """The control at a place on the display, in display pixels."""
    return next((one for one in targets if one.rect.holds(x, y)), None)


def same(one: Control | None, other: Control | None) -> bool:
    """Whether two controls are one to the citizen: the same id, and they do the same or say the same.

    The first word of a list has always the same id. It is another one when it says something else.
    """
    if one is None or other is None:
        return one is other
    return one.id == other.id and (one.event == other.event or one.text == other.text)


def alike(one: Laid, other: Laid, x: float, y: float) -> bool:
    """Whether a finger at x, y meets the same in both: the same control, the writing square, or nothing."""
    writes = [laid.square is not None and laid.square.rect.holds(x, y) for laid in (one, other)]
    if any(writes):
        return all(writes)
    met = [target_at(laid.targets, x, y) for laid in (one, other)]
    return same(*(target.control if target is not None else None for target in met))


class Aim:
    """What lay on the glass a moment ago, and what was pressed there. Times are seconds of any clock."""

    def __init__(self) -> None:
        self._screen: Screen | None = None
        self._laid = Laid(())
        self._before: list[tuple[Laid, float]] = []
        """How this screen, or the one that it took the place of by itself, was laid out, and until when."""
        self._pressed = -math.inf
        self._fired: dict[str, tuple[Screen, float]] = {}
        """Controls that were pressed a moment ago: on which screen, and when."""

    def lay(self, screen: Screen, sheet: Sheet, now: float) -> None:
        """The screen is laid out like this from now on. What leads on from another screen is never what led on here."""
        self._before = [one for one in self._before if now - one[1] < UNSEEN_S]
        other = screen != self._screen
        if other and now - self._pressed < OWN_S:
            self._before = []
        elif self._screen is not None:
            known = [one for one in self._laid.targets if not other or one.control.role != "primary"]
            self._before.append((Laid(known, self._laid.square), now))
        self._screen, self._laid = screen, Laid(sheet.targets, sheet.square)

    def unseen_s(self, x: float, y: float, now: float) -> float:
        """How long a finger that comes down at x, y does not count yet: 0 where it meets what has been there."""
        moved = max((until for laid, until in self._before if not alike(laid, self._laid, x, y)), default=-math.inf)
        return max(0.0, UNSEEN_S - (now - moved))

    def twice(self, control: Control, now: float) -> bool:
        """Note that a control of this screen was pressed; whether a shaking hand did it.

        A double tap on one screen must not agree to the next one unread either.
        """
        self._pressed = now
        if control.role not in DEBOUNCED or self._screen is None:
            return False
        self._fired = {id_: one for id_, one in self._fired.items() if now - one[1] < DEBOUNCE_S}
        before = self._fired.get(control.id)
        self._fired[control.id] = (self._screen, now)
        return before is not None and (before[0] == self._screen or control.role == "primary")
