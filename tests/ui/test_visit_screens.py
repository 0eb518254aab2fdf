"""The screens that real visits come to, in every mode and language: every word fits, nothing lies outside."""

from pathlib import Path

import pytest

from kiosk.screen_model import ScreenModel
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from tests.scenario.kit import Kiosk

MODES = [
    (landscape, presses)
    for landscape in (False, True)
    for presses in ((), ("mode.large",), ("mode.large",) * 2, ("mode.large",) * 3)
]


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


def visit(folder: Path, language: str, presses: tuple[str, ...], *, landscape: bool) -> list[ScreenModel]:
    """One whole visit, one with the cable cut, help, a warning, and the failures that a hand can bring about."""
    kiosk = Kiosk(folder, landscape=landscape)
    kiosk.touch(*presses)
    kiosk.touch(language, "start.card").insert("newcomer")
    pin = str(kiosk.city.persona.card["pin"]) if kiosk.city.persona is not None else ""
    kiosk.pin("000000").pin(pin).to_intro("residence").touch("help", "back").agree().through_form()
    kiosk.submit().wait(1).touch("primary")
    kiosk.paper.set_fault("mute", after_bytes=400)
    kiosk.touch("primary")
    kiosk.paper.clear_fault()
    kiosk.touch("paper.whole").wait(61).touch("primary", "rating.4", "primary").pull()
    kiosk.cut().touch(*presses, language, "start.card").insert("parent")
    kiosk.pin("123456")
    kiosk.paper.set_fault("paper-out")
    kiosk.to_intro().agree().touch("primary").through_form().submit().touch("primary", "primary").pull()
    kiosk.touch("back", *presses, language, "start.card").insert("expired")
    kiosk.pull().touch(*presses, language, "start.card").insert("parent", mute_after_apdus=1)
    kiosk.close()
    return list(dict.fromkeys(kiosk.screens))


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
@pytest.mark.parametrize(("landscape", "presses"), MODES)
def test_every_screen_of_a_visit_fits(
    tmp_path: Path, letters: Letters, language: str, presses: tuple[str, ...], landscape: bool
) -> None:
    size = (1920, 1080) if landscape else (1080, 1920)
    found: list[str] = []
    names: set[str] = set()
    for model in visit(tmp_path, language, presses, landscape=landscape):
        names.add(model.name)
        found += [f"{model.name}: {overflow}" for overflow in lay_out(model, size, letters.measure).overflows]
    assert sorted(set(found)) == []
    assert {"form", "check", "saved", "failure.print-unknown", "failure.card-expired", "timeout", "help"} <= names


@pytest.mark.parametrize("language", ["language.zh", "language.en"])
def test_every_screen_of_a_visit_fits_in_reach_mode(tmp_path: Path, letters: Letters, language: str) -> None:
    found: list[str] = []
    for model in visit(tmp_path, language, ("mode.reach",), landscape=False):
        sheet = lay_out(model, (1080, 1920), letters.measure)
        found += [f"{model.name}: {overflow}" for overflow in sheet.overflows]
    assert sorted(set(found)) == []
