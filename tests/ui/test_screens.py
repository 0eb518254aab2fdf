"""Every example screen in every mode: the numbers of the design, measured on what is drawn."""

from pathlib import Path

import pytest

from kiosk.screen_model import Modes
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES, VARIANTS, display, model
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import PORTRAIT, theme_for
from tests.ui.examples import NAMES, REACHABLE, reach_scenes, scenes
from tests.ui.measure import problems


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_holds_every_number_in_every_mode(name: str, letters: Letters) -> None:
    found: list[str] = []
    for size, scene in scenes():
        sheet = lay_out(EXAMPLES[name](scene), size, letters.measure)
        mode = f"{size[0]}×{size[1]} {scene.modes.text_scale} {scene.language} {scene.modes.contrast}"
        found += [f"{mode}: {problem}" for problem in problems(sheet)]
    assert found == []


@pytest.mark.parametrize("name", REACHABLE)
def test_in_reach_mode_everything_to_touch_is_within_the_lowest_thousand_pixels(name: str, letters: Letters) -> None:
    found: list[str] = []
    for size, scene in reach_scenes():
        sheet = lay_out(EXAMPLES[name](scene), size, letters.measure)
        found += [f"{scene.language} {scene.modes.contrast}: {problem}" for problem in problems(sheet)]
        found += [f"{control.id} is at {rect.y:.0f}" for control, rect in sheet.targets if rect.y < 920]
    assert found == []


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_the_modes_of_the_pictures_fit(name: str, letters: Letters) -> None:
    assert list(problems(lay_out(model(name), display(name), letters.measure))) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "10-attract"])
def test_back_and_primary_are_always_at_the_same_place(name: str, letters: Letters) -> None:
    for size, scene in (*scenes(), *reach_scenes()):
        zones = theme_for(size, scene.modes, scene.language).zones
        shown = EXAMPLES[name](scene)
        places = {control.id: rect for control, rect in lay_out(shown, size, letters.measure).targets}
        if shown.primary:
            assert places[shown.primary.id] == zones.primary
        if shown.back:
            assert places[shown.back.id] == zones.back
        assert all(places[aid.id].y >= zones.aids.y for aid in shown.aids)


@pytest.mark.parametrize("name", NAMES)
def test_every_control_of_the_model_is_on_the_screen_once(name: str, letters: Letters) -> None:
    shown = EXAMPLES[name](Scene())
    sheet = lay_out(shown, PORTRAIT, letters.measure)
    fixed = [one for one in (shown.home, shown.finish, shown.back, shown.primary, *shown.aids) if one]
    assert {one.id for one in fixed} <= {control.id for control, _ in sheet.targets}
    texts = " ".join([label.text for label in sheet.labels] + [control.text for control, _ in sheet.targets])
    assert shown.title in texts
    assert shown.clock in texts


def test_a_pin_never_becomes_a_text_or_an_element(letters: Letters) -> None:
    sheet = lay_out(EXAMPLES["13-pin"](Scene()), PORTRAIT, letters.measure)
    own = [run.text for run in sheet.runs if run.group == -1]
    assert not any(text.isdigit() for text in own)


@pytest.mark.parametrize("scale", [1.25, 1.6, 2.0])
def test_larger_text_is_larger(scale: float, letters: Letters) -> None:
    def body(factor: float) -> int:
        sheet = lay_out(EXAMPLES["22-choice"](Scene(modes=Modes(factor))), PORTRAIT, letters.measure)
        return max(run.size for run in sheet.runs if run.text.startswith("滨江路"))

    assert body(scale) > body(1.0)


def test_a_name_with_a_rare_character_is_drawn(letters: Letters) -> None:
    assert letters.measure("𠮷", 44, False) == pytest.approx(44, abs=1)
    assert letters.measure("𠮷野家", 44, True) == pytest.approx(132, abs=2)
