import json
import re

import pytest

from kiosk.screen_model import Modes
from kiosk.ui import icons
from kiosk.ui.drawing import Box, Sheet, arc_points, dash_pieces
from kiosk.ui.theme import ASSETS, PORTRAIT, theme_for


def blank(contrast: str = "light") -> Sheet:
    theme = theme_for(PORTRAIT, Modes(contrast=contrast), "zh-Hans")  # pyright: ignore[reportArgumentType]
    return Sheet(theme, lambda text, size, bold: float(size * len(text)))


def extent(sheet: Sheet) -> tuple[float, float, float, float]:
    xs: list[float] = []
    ys: list[float] = []
    for shape in sheet.shapes:
        if isinstance(shape, Box):
            wide = abs(shape.half_width * shape.cos) + abs(shape.half_height * shape.sin)
            high = abs(shape.half_width * shape.sin) + abs(shape.half_height * shape.cos)
            xs += [shape.cx - wide, shape.cx + wide]
            ys += [shape.cy - high, shape.cy + high]
        else:
            xs += [x for x, _ in shape.points]
            ys += [y for _, y in shape.points]
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("name", sorted(icons._book()))
def test_every_icon_stays_in_its_square(name: str) -> None:
    sheet = blank()
    icons.icon(sheet, name, 100, 200, 96, sheet.theme.colour("primary"))
    left, top, right, bottom = extent(sheet)
    assert left >= 99
    assert top >= 199
    assert right <= 197
    assert bottom <= 297
    assert max(right - left, bottom - top) >= 40


def test_recipes_use_only_the_letters_that_the_file_explains() -> None:
    data = json.loads((ASSETS / "icons.json").read_text("utf-8"))
    explained = set(re.findall(r"(?:^|; )([A-Z]) ", data["codes"]))
    used = {step.split()[0] for recipe in data["icons"].values() for step in recipe.split(";")}
    assert used == explained


def test_an_unknown_icon_is_refused_by_name() -> None:
    sheet = blank()
    with pytest.raises(icons.IconRecipeError, match="no icon 'dragon'"):
        icons.icon(sheet, "dragon", 0, 0, 48, (0, 0, 0))


@pytest.mark.parametrize("recipe", ["P 1,2", "C 1,2", "Z 1,2 3", "C one,2 3", "P 1,2 3,4 5"])
def test_a_recipe_that_cannot_be_drawn_is_refused(recipe: str) -> None:
    with pytest.raises(icons.IconRecipeError):
        icons.parse(recipe)


def test_arcs_begin_at_the_top_and_go_clockwise() -> None:
    points = arc_points((100, 100), (10, 10), (0, 90))
    assert points[0] == pytest.approx((100, 90))
    assert points[-1] == pytest.approx((110, 100))


@pytest.mark.parametrize("contrast", ["light", "dark", "hlight"])
@pytest.mark.parametrize("meaning", ["saved", "held", "att", "stop", "info"])
def test_marks_differ_in_shape_and_not_only_in_colour(contrast: str, meaning: str) -> None:
    shapes: dict[str, object] = {}
    for one in ("saved", "held", "att", "stop", "info"):
        sheet = blank(contrast)
        icons.mark(sheet, one, 0, 0, 64)
        left, top, right, bottom = extent(sheet)
        assert left >= -0.5
        assert top >= -0.5
        assert right <= 64.5
        assert bottom <= 64.5
        shapes[one] = [shape._replace(colour=(0, 0, 0)) for shape in sheet.shapes]
    assert all(shapes[meaning] != shape for one, shape in shapes.items() if one != meaning)


def test_dashes_cover_about_their_share_of_the_path() -> None:
    pieces = dash_pieces([(0, 0), (100, 0), (100, 50)], 6, 4)
    drawn = sum(abs(b[0] - a[0]) + abs(b[1] - a[1]) for a, b in pieces)
    assert drawn == pytest.approx(150 * 0.6, rel=0.02)
