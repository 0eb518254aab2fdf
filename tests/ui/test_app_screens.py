"""Signing in with the city's app, and going on by telephone: the screens fit in every mode and language."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.screen_model import ScreenModel
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from tests.scenario.kit import Kiosk

MODES = [
    ("language.zh", False, ()),
    ("language.zh", False, ("mode.reach",)),
    ("language.zh", True, ("mode.large",) * 3),
    ("language.en", False, ("mode.large",) * 3),
    ("language.en", False, ("mode.reach",)),
    ("language.en", True, ()),
]


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


def visits(folder: Path, language: str, presses: tuple[str, ...], *, landscape: bool) -> list[ScreenModel]:
    """Signed in, declined, approved, gone; without a card at the card prompt; cut off; and refused."""
    kiosk = Kiosk(folder, landscape=landscape).stands_in("rongshu", "exit-entry")
    kiosk.touch(*presses, language, "start.app")
    kiosk.phone("scan", "blocking")
    kiosk.wait(2)
    kiosk.phone("agree")
    kiosk.wait(2)
    kiosk.to_intro("employment", "work").agree().wait(1)
    kiosk.through_form().submit().wait(2)
    kiosk.phone("decline")
    kiosk.wait(2).touch("back")
    kiosk.submit()
    kiosk.phone("approve")
    kiosk.wait(3).touch("primary", "receipt.paper", "primary").wait(5)
    kiosk.touch("rating.5", "primary", "primary")
    kiosk.touch(*presses, language, "start.browse").to_intro("employment", "work").touch("primary")
    kiosk.touch(*(("start.app",) if "start.app" in kiosk.controls else ("home", "start.app")))
    kiosk.wait(130).touch("primary").cut().touch("back", "finish")
    kiosk.city.up = True
    kiosk.wait(6).touch(*presses, language, "start.app")
    kiosk.phone("scan", "parent")
    kiosk.phone("agree")
    kiosk.wait(2).to_intro("household-proof").touch("home").to_intro("contact", "records").agree()
    kiosk.through_form().submit()
    kiosk.city.app.leave()
    kiosk.wait(2)
    kiosk.close()
    return list(dict.fromkeys(kiosk.screens))


@pytest.mark.parametrize(("language", "landscape", "presses"), MODES)
def test_every_screen_of_a_visit_by_telephone_fits(
    tmp_path: Path, letters: Letters, language: str, presses: tuple[str, ...], landscape: bool
) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    models = visits(tmp_path, language, presses, landscape=landscape)
    names = {model.name for model in models}
    seen: set[ScreenModel] = set()
    found: list[str] = []
    for model in models:
        if model.name in NAMES and model not in seen:
            seen.add(model)
            found += [f"{model.name}: {overflow}" for overflow in lay_out(model, size, letters.measure).overflows]
    assert sorted(set(found)) == []
    assert names >= NAMES


NAMES = frozenset(
    {"start", "card", "app", "home", "intro", "check", "rating", "goodbye", "failure.app-declined"}
    | {"failure.app-expired", "failure.app-offline", "failure.app-ended"}
)
