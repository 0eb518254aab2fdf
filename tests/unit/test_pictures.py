"""The README's pictures, out of what a demo left."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests import pictures


def _demo(folder: Path, *, without: str = "") -> Path:
    for i, name in enumerate((*pictures.SCREENS, "receipt"), start=1):
        if name != without:
            Image.new("RGB", (1080, 1920), (i * 20, 0, 0)).save(folder / f"{i:02d}-{name}.png")
    Image.new("RGB", (576, 1400), "white").save(folder / "receipt.png")
    return folder


def test_the_visit_stands_side_by_side_and_the_paper_beside_it(tmp_path: Path) -> None:
    demo, docs = _demo(tmp_path), tmp_path / "docs"
    pictures.write(pictures.of_the_demo(demo), docs)
    with Image.open(docs / "visit.png") as sheet, Image.open(docs / "receipt.png") as paper:
        assert sheet.size == (len(pictures.SCREENS) * (324 + 12) + 12, 576 + 24)
        reds = [sheet.convert("RGB").getpixel((12 + i * 336 + 160, 300))[0] for i in range(len(pictures.SCREENS))]
        assert reds == sorted(set(reds))
        assert paper.size == (288, 700)
        assert paper.convert("RGB").getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize("lost", ["pin", "take-card"])
def test_a_screen_that_the_demo_did_not_leave_is_named(
    lost: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pictures.main([str(_demo(tmp_path, without=lost)), str(tmp_path / "docs")]) == 1
    assert lost in capsys.readouterr().err
    assert not (tmp_path / "docs" / "visit.png").exists()


def shot(screen: str, grey: int) -> Any:
    file = io.BytesIO()
    Image.new("L", (1080, 1920), grey).save(file, "PNG")
    return SimpleNamespace(screen=screen, picture=file.getvalue())


def test_a_journey_shows_each_screen_as_it_was_before_the_next_one_came() -> None:
    """Home first without what it has to say, then with it; and once more at the end, when it is done."""
    steps = [shot("home", 1), shot("home", 2), shot("intro", 3), shot("saved", 4), shot("home", 5)]
    outcome: Any = SimpleNamespace(scenario=SimpleNamespace(name="a visit"), steps=steps)
    shown = pictures.in_order(outcome, ("home", "intro", "saved"))
    assert [image.getpixel((9, 9)) for image in shown] == [(grey,) * 3 for grey in (2, 3, 4)]
    with pytest.raises(AssertionError, match="a visit: never at rating"):
        pictures.in_order(outcome, ("home", "rating"))
