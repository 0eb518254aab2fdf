"""What an inspector of accessibility asks for beyond the numbers of `measure.py`: letters in millimetres, signs without
colour, places that are where the words say. `docs/accessibility.md` names each of these tests beside its clause."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from kiosk.screen_model import Control, Meaning, Modes, ScreenModel
from kiosk.ui import icons
from kiosk.ui.build_fonts import font_file
from kiosk.ui.drawing import Box, Shape, Sheet
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES
from kiosk.ui.letters import Letters
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import PORTRAIT, theme_for
from tests.ui.examples import NAMES
from tests.ui.test_typing_screens import POSTURES, dressed
from tests.unit.visit_kit import Visit, drawn

INCH_MM = 25.4
ARM_MM = 500.0
"""From the eyes to the panel."""


@pytest.fixture(scope="module")
def letters(window: object, fonts: Path) -> Letters:
    return Letters(fonts, "SC")


# ------------------------------------------------------------------------------------------------ millimetres


def height_mm(fonts: Path, letter: str, size: int, panel_inches: float) -> float:
    """How high a letter of `size` pixels stands on a panel of 1080×1920, from the outline in the font that is drawn."""
    font: Any = TTFont(font_file(fonts, "SC", "Regular"))
    pen = BoundsPen(font.getGlyphSet())
    font.getGlyphSet()[font.getBestCmap()[ord(letter)]].draw(pen)
    assert pen.bounds is not None
    return pen.bounds[3] / font["head"].unitsPerEm * size * panel_inches * INCH_MM / math.hypot(*PORTRAIT)


def test_the_smallest_letters_of_each_panel_are_as_high_as_the_rules_ask(fonts: Path) -> None:
    """The smallest size of a mode is held on every screen by `measure.texts`; here it is turned into millimetres."""
    plain, large = (theme_for(PORTRAIT, Modes(text_scale=scale), "en").smallest for scale in (1.0, 1.25))
    angle = 2 * ARM_MM * math.tan(math.radians(0.7) / 2)
    assert angle == pytest.approx(6.11, abs=0.01)
    assert height_mm(fonts, "H", large, 21.5) >= angle, "0.7° of sight on the smallest panel, in larger text"
    assert height_mm(fonts, "H", plain, 27) >= angle, "and without it on a panel of 27 inches"
    assert height_mm(fonts, "H", plain, 21.5) < angle, "which is why the page names the panel"
    assert height_mm(fonts, "I", plain, 21.5) >= 3 / 16 * INCH_MM, "Section 508 asks 3/16 inch of a capital I"
    assert height_mm(fonts, "x", plain, 21.5) >= ARM_MM * 16 / 2688, "EN 301 549 V4.1.1 asks 16 CSS px of an x"


# --------------------------------------------------------------------------------------------- without colour


def altered(thing: Any, id_: str, **changes: bool) -> Any:
    """The same model with one control in another state."""
    if isinstance(thing, Control):
        return replace(thing, **changes) if thing.id == id_ else thing
    if isinstance(thing, tuple):
        return tuple(altered(item, id_, **changes) for item in thing)  # pyright: ignore[reportUnknownVariableType]
    if is_dataclass(thing) and not isinstance(thing, type):
        parts = {item.name: altered(getattr(thing, item.name), id_, **changes) for item in fields(thing) if item.init}
        return replace(thing, **parts)
    return thing


def bare(shape: Shape) -> tuple[object, ...]:
    """A shape without its colour."""
    if isinstance(shape, Box):
        return tuple(round(part, 1) for part in shape[:8])
    return tuple((round(x, 1), round(y, 1)) for x, y in shape.points)


def seen_of(model: ScreenModel, id_: str, letters: Letters) -> set[object]:
    """Everything of one control that somebody sees to whom all colours are one."""
    sheet = lay_out(model, PORTRAIT, letters.measure)
    group = next(place for place, one in enumerate(sheet.targets) if one.control.id == id_)
    words = {(run.text, run.size, run.bold) for run in sheet.runs if run.group == group}
    return {*words, *(bare(shape) for shape in sheet.shapes if shape.group == group)}


def in_a_state(state: str) -> Iterator[tuple[str, str]]:
    """Every control of an example that is chosen, or that cannot be pressed, with the name of the example."""
    for name in NAMES:
        sheet = lay_out(EXAMPLES[name](Scene()), PORTRAIT, lambda text, size, bold: len(text) * size)  # pyright: ignore
        for control, _ in sheet.targets:
            if control.selected if state == "selected" else not control.enabled:
                yield name, control.id


@pytest.mark.parametrize("state", ["selected", "enabled"])
def test_who_sees_no_colours_sees_what_is_chosen_and_what_cannot_be_pressed(state: str, letters: Letters) -> None:
    met, same = 0, list[str]()
    for name, id_ in in_a_state(state):
        model = EXAMPLES[name](Scene())
        now = seen_of(model, id_, letters)
        met += 1
        if now == seen_of(altered(model, id_, **{state: state == "enabled"}), id_, letters):
            same.append(f"{name} {id_}")
    assert met > 5, "the search has lost its object"
    assert same == []


def test_the_five_marks_are_five_shapes(letters: Letters) -> None:
    drawn_: dict[str, list[tuple[object, ...]]] = {}
    for meaning in get_args(Meaning):
        sheet = Sheet(theme_for(PORTRAIT, Modes(), "zh-Hans"), letters.measure)
        icons.mark(sheet, meaning, 0, 0, 128)
        drawn_[meaning] = sorted(map(bare, sheet.shapes), key=repr)
    assert len(drawn_) == 5
    assert [pair for pair in combinations(drawn_, 2) if drawn_[pair[0]] == drawn_[pair[1]]] == []


# ----------------------------------------------------------------------------------- what the words say is there


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("posture", POSTURES)
def test_back_and_finish_are_where_help_says_for_either_hand(left: bool, posture: str, letters: Letters) -> None:
    session = dressed(Visit().to_home().touch("help").session, "zh-Hans", 1.0, posture)
    model = drawn(replace(session, modes=replace(session.modes, left_handed=left)))
    sheet = lay_out(model, POSTURES[posture][0], letters.measure)
    where = {control.id: rect.centre for control, rect in sheet.targets}
    width, height = sheet.theme.size
    said = "".join(run.text for run in sheet.runs).replace("\n", "")
    assert ("右下角总能退一步" if left else "左下角总能退一步") in said
    assert "右上角总能结束" in said
    assert (where["back"][0] > width / 2) == left
    assert where["back"][1] > height / 2
    assert where["finish"][0] > width / 2
