"""What is on the glass, pixel by pixel: colours, pressed looks, screenshots, the ferry, and what must not stay."""

import gc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.screen_model import Modes, PinEntry, Ring
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES, model
from kiosk.ui.glass.view import View
from kiosk.ui.letters import FontsMissingError, Letters
from tests.ui.kit import Hand, png_pixels


def test_the_frame_has_its_colours(hand: Hand) -> None:
    hand.show(model("13-pin"))
    assert hand.colour(20, 300) == "#F6F3EB"
    assert hand.colour(540, 1780) == "#EAE6DB"
    assert hand.colour(212, 1620) == "#FFFFFF"
    assert hand.colour(212, 1747) == "#B9B4A5"
    assert hand.colour(420, 1660) == "#EAE6DB"


def test_a_pressed_button_loses_its_lip_sinks_and_takes_the_tint(hand: Hand) -> None:
    hand.show(model("17-intro"))
    assert hand.colour(212, 1747) == "#B9B4A5"
    assert hand.colour(704, 1747) == "#062D54"
    hand.down("back")
    assert hand.colour(212, 1603) == "#F6F3EB"
    assert hand.colour(212, 1620) == "#E2ECF6"
    assert hand.colour(212, 1746) == "#E2ECF6"
    hand.up("back")
    assert hand.colour(212, 1620) == "#FFFFFF"
    hand.down("primary")
    assert hand.colour(420, 1660) == "#062D54"
    hand.up("primary")
    assert hand.colour(420, 1660) == "#0B4A85"


@pytest.mark.parametrize(
    ("contrast", "ink", "paper"), [("dark", "#FFFFFF", "#000000"), ("hlight", "#000000", "#FFFFFF")]
)
def test_in_high_contrast_a_pressed_button_turns_over(contrast: str, ink: str, paper: str, hand: Hand) -> None:
    hand.show(EXAMPLES["17-intro"](Scene(modes=Modes(contrast=contrast))))  # pyright: ignore[reportArgumentType]
    assert (hand.colour(212, 1620), hand.colour(420, 1660)) == (paper, ink)
    hand.down("back")
    assert hand.colour(212, 1620) == ink
    hand.up("back")
    hand.down("primary")
    assert hand.colour(420, 1660) == paper


def test_edges_are_soft(hand: Hand) -> None:
    hand.show(model("25-saved"))
    shades = {hand.colour(x, 310 + x - 470) for x in range(450, 500)}
    assert len(shades - {"#DFF0E6", "#08562F", "#FFFFFF"}) >= 1


def test_a_screenshot_is_what_is_on_the_screen(hand: Hand) -> None:
    hand.show(model("15-home"))
    size, pixels = png_pixels(hand.bridge.screenshot())
    assert size == (1080, 1920)
    row = 4 * size[0]
    assert pixels[row * 1700 + 4 * 700 :][:4] == bytes((0x0B, 0x4A, 0x85, 255))
    bottom_up = hand.view.pixels()
    assert pixels == b"".join(bottom_up[y * row : (y + 1) * row] for y in range(size[1] - 1, -1, -1))


def test_a_screenshot_is_kept_until_something_else_is_drawn(hand: Hand) -> None:
    hand.show(model("15-home"))
    first = hand.bridge.screenshot()
    assert hand.bridge.screenshot() is first
    hand.show(model("13-pin"))
    second = hand.bridge.screenshot()
    assert second is not first
    assert second != first


def test_a_scaled_window_gives_the_same_screenshot_as_a_whole_one(hand: Hand) -> None:
    hand.show(model("15-home"))
    _, whole = png_pixels(hand.bridge.screenshot())
    hand.resize((540, 960))
    hand.show(replace(model("15-home"), clock="10:24 "))
    hand.show(model("15-home"))
    _, scaled = png_pixels(hand.bridge.screenshot())
    different = sum(a != b for a, b in zip(whole[::4], scaled[::4], strict=True))
    assert different < 0.001 * len(whole) / 4


def test_the_same_model_is_not_drawn_twice(hand: Hand) -> None:
    hand.show(model("13-pin"))
    sheet = hand.view.sheet
    assert not hand.view.draw(model("13-pin"))
    assert hand.view.sheet is sheet


def test_of_several_models_the_last_one_is_drawn(hand: Hand) -> None:
    drawn: list[str] = []
    draw = hand.view.draw
    hand.view.draw = lambda shown: (drawn.append(shown.name), draw(shown))[1]
    for name in ("13-pin", "15-home", "17-intro", "25-saved"):
        last = hand.bridge.show(model(name))
    assert hand.bridge.wait_drawn(last).name == "saved"
    assert drawn == ["saved"]


def test_a_second_of_the_ring_changes_only_the_ring_and_its_words(hand: Hand) -> None:
    shown = model("31-timeout")
    hand.show(shown)
    before = hand.view.pixels()
    body = tuple(replace(piece, left_s=31, big="31") if isinstance(piece, Ring) else piece for piece in shown.body)
    hand.show(replace(shown, body=body))
    rows = _changed_rows(before, hand.view.pixels())
    assert rows
    assert rows[0] > 340
    assert rows[-1] < 760


def test_a_dot_of_the_pin_changes_only_two_boxes(hand: Hand) -> None:
    shown = model("13-pin")
    hand.show(shown)
    before = hand.view.pixels()
    body = tuple(replace(piece, filled=4) if isinstance(piece, PinEntry) else piece for piece in shown.body)
    hand.show(replace(shown, body=body))
    rows = _changed_rows(before, hand.view.pixels())
    assert 415 < rows[0] < rows[-1] < 540


def _changed_rows(before: bytes, after: bytes, width: int = 1080) -> list[int]:
    """Rows that differ, counted from the top."""
    row, height = 4 * width, len(before) // (4 * width)
    return sorted(
        height - 1 - y for y in range(height) if before[y * row : (y + 1) * row] != after[y * row : (y + 1) * row]
    )


def test_on_the_attract_screen_only_the_ferry_moves(hand: Hand) -> None:
    hand.show(model("10-attract"))
    before = hand.view.pixels()
    for _ in range(8):
        hand.view.sail()
    rows = _changed_rows(before, hand.view.pixels())
    assert 1100 <= rows[0] < rows[-1] <= 1225


def test_the_ferry_goes_eight_pixels_a_second_and_comes_round_again(hand: Hand) -> None:
    from kiosk.ui.glass.view import FERRY_SPEED, FERRY_STEP_S

    hand.show(model("10-attract"))
    places: list[float] = []
    for _ in range(int(1500 / (FERRY_SPEED * FERRY_STEP_S))):
        hand.view.sail()
        places.append(hand.view.ferry_x)
    steps = [b - a for a, b in pairwise(places)]
    assert steps.count(FERRY_SPEED * FERRY_STEP_S) >= len(steps) - 2
    assert min(steps) < -1000


def test_no_other_screen_moves(hand: Hand) -> None:
    hand.show(model("15-home"))
    before = hand.view.pixels()
    for _ in range(4):
        hand.view.sail()
        hand.turn()
    assert hand.view.pixels() == before


def test_when_the_session_ends_no_word_of_it_stays_in_the_letters(hand: Hand) -> None:
    hand.show(model("19-form"))
    letters = hand.view.letters_of(model("19-form"))
    assert any("陈*朗" in text for text in letters.kept())
    hand.show(model("10-attract"))
    assert not any("陈" in text or "138" in text for text in letters.kept())


def test_traditional_words_are_drawn_in_the_hong_kong_face(hand: Hand) -> None:
    hand.show(replace(model("15-home"), title="直骨令角複門"))
    simplified = hand.view.pixels()
    hand.show(replace(model("15-home"), title="直骨令角複門", language="yue-Hant"))
    assert hand.view.pixels() != simplified


def test_a_hundred_screens_later_the_memory_is_the_same(hand: Hand) -> None:
    names = ("11-start", "13-pin", "19-form", "18-consent", "23-check")

    def draw(rounds: int) -> None:
        for _ in range(rounds):
            for name in names:
                hand.show(model(name))
                hand.turn()
        gc.collect()

    draw(4)
    before = _resident_kb()
    draw(20)
    assert _resident_kb() - before < 15_000


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def test_without_fonts_the_command_that_builds_them_is_named(window: object, tmp_path: Path) -> None:
    with pytest.raises(FontsMissingError, match=r"python -m kiosk\.ui\.build_fonts") as caught:
        View(window, (1080, 1920), tmp_path / "fonts", lambda event: None)
    assert caught.value.code == "fonts-missing"
    with pytest.raises(FontsMissingError):
        Letters(tmp_path, "HK")
