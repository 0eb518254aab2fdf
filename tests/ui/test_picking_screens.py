"""The place picker and the search of long lists, measured in every size, language and posture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import ButtonRow, Choices, Control, Gap, Modes
from kiosk.services.places import Pin, TownMap
from kiosk.ui.drawing import Sheet
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.pictures.town import town
from kiosk.ui.screen import lay_out
from kiosk.ui.screens.flow import column
from kiosk.ui.theme import PORTRAIT, Rect, theme_for
from kiosk.ui.widgets.style import AIRS, Style
from kiosk.words.languages import languages
from tests.ui.measure import problems
from tests.ui.test_typing_screens import POSTURES, dressed
from tests.unit.test_address_known import moving
from tests.unit.test_picking import LIWAN, asked, correcting
from tests.unit.visit_kit import Visit, drawn

WAYS: dict[str, Callable[[], Visit]] = {
    "district": asked,
    "other districts": lambda: asked().touch("areas.others"),
    "street": lambda: asked().touch(LIWAN),
    "street by letters": lambda: asked().touch(LIWAN).type("H"),
    "every street": lambda: asked().touch(LIWAN, "list.search"),
    "no such street": lambda: asked().touch(LIWAN).type("QQ"),
    "the rest": lambda: asked().touch(LIWAN).type("SM").touch("area.440103001", "area.440103001101").type("8"),
    "elsewhere": lambda: asked().touch("area.elsewhere"),
    "correcting": correcting,
    "known": lambda: moving({"district": "440103"}, card=True),
    "known, then others": lambda: moving(card=True).touch("areas.others"),
    "long list": lambda: asked("nation"),
    "long list by letters": lambda: asked("nation").touch("list.search").type("D"),
}


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> dict[str, Letters]:
    return {face: Letters(fonts, face) for face in {face_of(code) for code in languages()}}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_picked_fits_everywhere(way: str, letters: dict[str, Letters]) -> None:
    session = WAYS[way]().session
    found: list[str] = []
    for posture, (size, reach) in POSTURES.items():
        for language in languages():
            for scale in TEXT_SCALES if not reach else (1.0,):
                model = drawn(dressed(session, language, scale, posture), language)
                sheet = lay_out(model, size, letters[face_of(language)].measure)
                found += [f"{posture} {language} {scale}: {problem}" for problem in problems(sheet)]
    assert found == []


def sheet_for(letters: dict[str, Letters], modes: Modes) -> Sheet:
    return Sheet(theme_for(PORTRAIT, modes, "en"), letters["SC"].measure)


@pytest.mark.parametrize("level", range(len(AIRS)))
def test_the_numbers_of_near_places_stand_beside_each_other_on_the_map(letters: dict[str, Letters], level: int) -> None:
    pins = tuple(Pin(str(number), 90.0 * number, 60.0 * number, number == 1) for number in (1, 2, 3))
    sheet = sheet_for(letters, Modes())
    piece = TownMap((0.0, 0.0), "You are here", "N", pins, "en")
    town(sheet, Style(sheet.theme, level, sheet.theme.sizes), piece, Rect(60, 256, 960, 0))
    numbers = {run.text: run.x + run.width / 2 for run in sheet.runs if run.text in {"1", "2", "3"}}
    least = 60 if level > 3 else 80
    assert numbers["2"] - numbers["1"] > least
    assert numbers["3"] - numbers["2"] > least


@pytest.mark.parametrize("level", range(len(AIRS)))
def test_two_pieces_stand_as_far_apart_without_a_lip_as_with_one(letters: dict[str, Letters], level: int) -> None:
    first = Choices((Control("first", "choice", "First"),))
    pieces = (first, ButtonRow((Control("second", "secondary", "Second"),)), Gap())

    def apart(modes: Modes) -> float:
        sheet = sheet_for(letters, modes)
        flow = column(sheet, Style(sheet.theme, level, sheet.theme.sizes), [], pieces, Rect(60, 256, 960, 1320))
        (_, one), (_, other) = flow.drawn().sheet.targets
        return other.y - one.bottom

    assert apart(Modes(contrast="dark")) == apart(Modes(contrast="hlight")) == apart(Modes()) >= 8
