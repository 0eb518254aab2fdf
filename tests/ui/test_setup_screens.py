"""Every screen that brings a terminal into service, in every mode and language: every word fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from drivers.api import SlotState
from kiosk.pieces.modes import Modes
from kiosk.screen_model import ScreenModel
from kiosk.staff.events import GlassTouched
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from kiosk.ui.screens.testing import GLASS, TARGET
from tests.ui.measure import problems
from tests.unit.setup_kit import CARD, SHOWN, Hand

BY_DAY = {(False, 1.0, "zh-Hans"), (True, 1.0, "en")}
MODES = [
    pytest.param(*mode, marks=() if mode in BY_DAY else pytest.mark.nightly)
    for mode in product((False, True), (1.0, 1.25, 1.6, 2.0), ("zh-Hans", "en"))
]
GLASS_ITSELF = ("staff.setup.touch", "staff.setup.look")
"""Screens without a frame: the whole glass is one control, and the circle lies on it."""


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


def commissioning(landscape: bool) -> Iterator[Hand]:
    """Each screen once, the troubles too."""
    hand = Hand(landscape=landscape)
    yield hand.begun()
    yield hand.glass(500, 500)
    for _ in range(4):
        hand.touch("touch.target")
    yield hand.glass(1, 1)
    yield hand.late()
    yield hand.touch("setup.accept")
    yield hand.press("next", "next", "next", "next", "next")
    yield hand.press("good")
    yield hand.done("setup-speech", ok=False, code="speech-failed")
    yield hand.press("heard")
    yield hand.done("print", digits="7305")
    yield hand.touch("key.7", "key.3")
    yield hand.touch("key.0", "key.0", "primary")
    yield hand.touch("back")
    yield hand.touch("setup.accept")
    yield hand.slot(SlotState.PRESENT, 1).done("setup-card", ok=False, code="not-test-card", tries="5")
    yield hand.slot(SlotState.EMPTY, 1).slot(SlotState.PRESENT, 2).done("setup-card", facts=CARD)
    yield hand.press("help")
    yield hand.press("accept")
    yield hand.done("setup-network", ok=False, code="wrong-authority")
    yield hand.done("setup-network", ms="38")
    yield hand.press("accept")
    yield hand.done("setup-clock", offset_ms="900000")
    yield hand.press("again").done("setup-clock", offset_ms="1800")
    yield hand.press("again").done("setup-clock")
    yield hand.press("accept")
    yield hand.done("setup-join", ok=False, code="no-site")
    yield hand.done("setup-join", facts=SHOWN)
    yield hand.done("setup-join", ok=False, code="token-used", facts=SHOWN, state="new-code")
    yield hand.press("stick", "write").done("setup-stick-write", ok=False, code="stick-missing")
    yield hand.press("write").done("setup-stick-write", ok=False, code="stick-ambiguous")
    yield hand.done("setup-join", state="joined", until="2027-08-16")
    yield hand.done("setup-data", ok=False, code="no-catalogue")
    yield hand.done("setup-data").done("setup-outbox", ok=False, code="storage-failed")
    hand.touch("primary").done("setup-outbox", cuts="3").done("setup-report")
    yield hand.done("setup-sent")
    yield hand.touch("report.print").done("setup-report-print", ok=False, code="paper-out")
    yield hand.touch("finish")


def screens(landscape: bool, scale: float, language: str) -> list[ScreenModel]:
    found: list[ScreenModel] = []
    for hand in commissioning(landscape):
        assert hand.staff is not None
        before = hand.staff.modes
        hand.staff = replace(hand.staff, modes=Modes(text_scale=scale))
        found.append(hand.screen(language))
        hand.staff = replace(hand.staff, modes=before)
    return found


@pytest.mark.parametrize(("landscape", "scale", "language"), MODES)
def test_every_screen_of_commissioning_fits(letters: Letters, landscape: bool, scale: float, language: str) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    wrong: list[str] = []
    shown = screens(landscape, scale, language)
    assert len({model.name for model in shown}) >= 9
    for model in shown:
        sheet = lay_out(model, size, letters.measure)
        if model.name in GLASS_ITSELF and not model.where:
            wrong += [f"{model.name} {model.title}: {one}" for one in sheet.overflows]
        else:
            wrong += [f"{model.name} {model.title}: {one}" for one in problems(sheet)]
    assert wrong == []


def test_the_circle_lies_before_the_glass_and_where_the_finger_has_to_be(letters: Letters) -> None:
    model = Hand().begun().screen()
    sheet = lay_out(model, (1080, 1920), letters.measure)
    ids = [target.control.id for target in sheet.targets]
    assert ids.index(TARGET) < ids.index(GLASS)
    target = sheet.targets[ids.index(TARGET)]
    event = target.control.event
    assert isinstance(event, GlassTouched)
    assert target.rect.centre == (event.x, event.y)
