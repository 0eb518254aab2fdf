"""Every screen of staff mode, laid out: nothing is cut off, whatever the letters, the language and the display."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.screen_model import Modes
from kiosk.staff.closed import Closed
from kiosk.staff.part import Closure
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import LANDSCAPE, PORTRAIT
from tests.unit.test_staff import SCREENS, drawn, staff

CLOSURE = Closure("reader", "tomorrow", "2026-05-18T10:24")
LOWERED = [(PORTRAIT, scale, True) for scale in (1.0, 1.6)]
SIZES = [(size, scale, False) for size in (PORTRAIT, LANDSCAPE) for scale in (1.0, 1.25, 1.6, 2.0)]
EVERY = [(*one, language) for one in (*SIZES, *LOWERED) for language in ("zh-Hans", "en")]
BY_DAY = [(PORTRAIT, 1.0, False, "zh-Hans"), (PORTRAIT, 1.6, True, "en"), (LANDSCAPE, 1.6, False, "en")]
Case = tuple[tuple[int, int], float, bool, str]


def overflowing(case: Case, fonts: Path) -> list[str]:
    size, scale, reach, language = case
    letters, found = Letters(fonts, "SC"), list[str]()
    for part in SCREENS:
        closure = CLOSURE if isinstance(part, Closed) else None
        made = staff(part, language=language, closure=closure, modes=Modes(scale, reach=reach))
        settings = replace(made.world.settings, width=size[0], height=size[1])
        model = drawn(replace(made, world=replace(made.world, settings=settings)))
        found += [f"{model.name}: {one}" for one in lay_out(model, size, letters.measure).overflows]
    return found


@pytest.mark.parametrize("case", BY_DAY)
def test_nothing_on_a_staff_screen_is_cut_off(case: Case, fonts: Path) -> None:
    assert overflowing(case, fonts) == []


@pytest.mark.nightly
@pytest.mark.parametrize("case", EVERY)
def test_nothing_is_cut_off_in_any_mode(case: Case, fonts: Path) -> None:
    assert overflowing(case, fonts) == []
