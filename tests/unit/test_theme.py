import pytest

from kiosk.pieces.modes import TEXT_SCALES
from kiosk.screen_model import Modes
from kiosk.ui.theme import LANDSCAPE, PORTRAIT, Rect, luminance, rgb, theme_for, tokens
from kiosk.ui.widgets.style import ladder
from tests.ui.measure import contrast_ratio

CONTRASTS = ("light", "dark", "hlight")
TEXTS = [
    ("ink", "paper", 14.7),
    ("ink2", "paper", 8.7),
    ("ink2", "sunk", 7.7),
    ("onPrimary", "primary", 9.0),
    ("ink", "tint", 13.6),
    ("ink", "savedTint", 13.6),
    ("ink", "heldTint", 13.6),
    ("ink", "attTint", 13.6),
    ("ink", "stopTint", 13.6),
]
"""What is written on what, and the ratio that the design states for the light look."""


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast_ratio(rgb("#000000"), rgb("#FFFFFF")) == pytest.approx(21.0)
    assert luminance(rgb("#777777")) == pytest.approx(0.1845, abs=1e-4)


@pytest.mark.parametrize(("text", "ground", "stated"), TEXTS)
def test_the_ratios_that_the_design_states_are_the_computed_ones(text: str, ground: str, stated: float) -> None:
    theme = theme_for(PORTRAIT, Modes(), "zh-Hans")
    ratio = contrast_ratio(theme.colour(text), theme.colour(ground))
    assert ratio >= stated - 0.05
    assert ratio >= 7


@pytest.mark.parametrize("contrast", ["dark", "hlight"])
@pytest.mark.parametrize(("text", "ground", "stated"), TEXTS)
def test_high_contrast_writes_at_twenty_one_to_one(contrast: str, text: str, ground: str, stated: float) -> None:
    theme = theme_for(PORTRAIT, Modes(contrast=contrast), "zh-Hans")  # pyright: ignore[reportArgumentType]
    assert contrast_ratio(theme.colour(text), theme.colour(ground)) > 20.9 > stated


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("edge", ["edge", "primary", "saved", "held", "stop"])
def test_edges_and_marks_stand_out_from_their_ground(contrast: str, edge: str) -> None:
    theme = theme_for(PORTRAIT, Modes(contrast=contrast), "zh-Hans")  # pyright: ignore[reportArgumentType]
    for ground in ("paper", "card"):
        assert contrast_ratio(theme.colour(edge), theme.colour(ground)) >= 3


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_every_colour_exists_in_every_look(contrast: str) -> None:
    assert tokens()["colours"][contrast].keys() == tokens()["colours"]["light"].keys()


@pytest.mark.parametrize("scale", TEXT_SCALES)
def test_the_actions_grow_upwards_and_their_lower_edge_stays(scale: float) -> None:
    zones = theme_for(PORTRAIT, Modes(text_scale=scale), "zh-Hans").zones
    assert zones.primary.bottom == zones.back.bottom == 1744
    assert zones.primary.height == tokens()["action_height_by_text_mode"][f"{scale:g}"]
    assert (zones.primary.x, zones.primary.width, zones.back.x, zones.back.width) == (388, 632, 60, 304)
    assert zones.body.bottom == zones.primary.y - 24


@pytest.mark.parametrize("scale", TEXT_SCALES)
@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE])
def test_zones_lie_on_the_display_and_not_on_each_other(size: tuple[int, int], scale: float) -> None:
    zones = theme_for(size, Modes(text_scale=scale), "en").zones
    fixed = [zones.status, zones.where, zones.body, zones.back, zones.primary, zones.aids]
    for i, one in enumerate(fixed):
        assert 0 <= one.x < one.right <= size[0]
        assert 0 <= one.y < one.bottom <= size[1]
        for other in fixed[i + 1 :]:
            assert one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


def test_a_seated_person_reaches_everything_in_reach_mode() -> None:
    zones = theme_for(PORTRAIT, Modes(reach=True), "zh-Hans").zones
    assert min(one.y for one in (zones.where, zones.body, zones.keypad, zones.back, zones.primary, zones.aids)) >= 920


def test_landscape_needs_no_reach_mode() -> None:
    modes = Modes(reach=True)
    assert theme_for(LANDSCAPE, modes, "en").posture == "landscape"


@pytest.mark.parametrize("scale", TEXT_SCALES)
@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE])
def test_no_style_of_the_ladder_is_smaller_than_the_mode_promises(size: tuple[int, int], scale: float) -> None:
    theme = theme_for(size, Modes(text_scale=scale), "zh-Hans")
    styles = list(ladder(theme))
    assert min(min(style.sizes.values()) for style in styles) >= (28 if scale == 1.0 else 35)
    assert styles[0].size("body") == theme.sizes["body"]
    assert {size for style in styles for size in style.sizes.values()} <= {*tokens()["sizes"]}


def test_the_theme_of_a_mode_is_one_object() -> None:
    assert theme_for(PORTRAIT, Modes(), "en") is theme_for(PORTRAIT, Modes(), "en")
    assert theme_for(PORTRAIT, Modes(), "en") is not theme_for(PORTRAIT, Modes(), "zh-Hans")


def test_an_unknown_text_scale_is_refused() -> None:
    with pytest.raises(KeyError):
        theme_for(PORTRAIT, Modes(text_scale=1.7), "en")


def test_shrinking_stops_at_the_smallest_size_of_the_mode() -> None:
    assert theme_for(PORTRAIT, Modes(), "en").smaller_sizes(56) == (56, 44, 35, 28)
    assert theme_for(PORTRAIT, Modes(text_scale=2.0), "en").smaller_sizes(56) == (56, 44, 35)


def test_a_rectangle_holds_its_first_edges_and_not_its_last() -> None:
    rect = Rect(10, 20, 30, 40)
    assert rect.holds(10, 20)
    assert not rect.holds(40, 20)
    assert not rect.holds(10, 60)
    assert rect.centre == (25, 40)
    assert rect.inset(5) == Rect(15, 25, 20, 30)
    assert rect.moved(1, 2) == Rect(11, 22, 30, 40)
