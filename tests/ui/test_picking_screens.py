"""The place picker and the search of long lists, measured in every size, language and posture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
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
