"""`make screens`: the pictures of the README and of the journeys: `python -m tests.pictures DEMO DOCS`.

`visit.png` shows some screens of the demo side by side; `receipt.png` is the paper as the simulated printer drew it.
`journey-NAME.png` are screens of a scenario, played on the virtual clock and drawn by the terminal's own renderer.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from kiosk.bench.scenarios.outcome import Outcome
from kiosk.bench.scenarios.run import play_all, read_scenarios
from kiosk.bench.virtual.painter import Painter
from tests.repository import ROOT
from tests.staff_pictures import staff_pictures

SCREENS = ("attract", "pin", "home", "consent", "saved", "take-card")
JOURNEYS = {
    "school": ("services/school-online", ("home", "consent", "form", "check", "saved")),
    "large-letters": ("journeys/large-letters", ("home", "intro", "consent", "check", "saved")),
    "by-keypad": ("journeys/by-keypad", ("start", "pin", "home", "check", "saved")),
    "lowered": ("journeys/lowered", ("home", "intro", "consent", "check", "saved")),
    "business": ("services/business-greeting", ("home", "intro", "consent", "form", "saved")),
    "offline": ("services/household-proof-offline", ("home", "check", "saved", "rating")),
    "without-card": ("phone/employment-by-phone", ("home", "form", "app", "saved", "goodbye")),
    "lost-card": ("services/card-lost-identity", ("intro", "identity", "form", "saved")),
}
"""Of `docs/journeys.md`: the scenario, and which of its screens are shown."""
WIDTH_PX = 324
GAP_PX = 12
PAPER = "#dfe3e8"


def screen(folder: Path, name: str) -> Path:
    """Return the demo's first picture of a screen. Raises `FileNotFoundError` where it left none."""
    for path in sorted(folder.glob("[0-9][0-9]-*.png")):
        if path.stem.partition("-")[2] == name:
            return path
    raise FileNotFoundError(f"the demo left no picture of {name} in {folder.name}")


def side_by_side(shots: Sequence[Image.Image]) -> Image.Image:
    """Return one picture of several, each `WIDTH_PX` wide."""
    height = max(shot.height for shot in shots)
    sheet = Image.new("RGB", ((WIDTH_PX + GAP_PX) * len(shots) + GAP_PX, height + 2 * GAP_PX), PAPER)
    for i, shot in enumerate(shots):
        sheet.paste(shot, (GAP_PX + i * (WIDTH_PX + GAP_PX), GAP_PX))
    return sheet


def journeys(draw: Painter) -> dict[str, Image.Image]:
    """Play the scenarios. Raises `AssertionError` for one that fails, or that does not come to a screen."""
    found: dict[str, Image.Image] = {}
    for name, (file, screens) in JOURNEYS.items():
        scenarios = read_scenarios([ROOT / "assets" / "scenarios" / f"{file}.yaml"])
        (outcome,) = play_all(scenarios, stack="sim", seed=1, pictures=True, tell=lambda _: None, draw=draw)
        assert outcome.passed, f"{file}: {outcome.failed}"
        found[f"journey-{name}.png"] = side_by_side(in_order(outcome, screens))
    return found


def in_order(outcome: Outcome, screens: Sequence[str]) -> list[Image.Image]:
    """The last picture of each screen before the next one of them comes: by then the page is filled in."""
    names, start, found = [one.screen for one in outcome.steps], 0, list[Image.Image]()
    for i, screen in enumerate(screens):
        rest = names[start:]
        assert screen in rest, f"{outcome.scenario.name}: never at {screen}, at {rest}"
        end = start + rest.index(screens[i + 1]) if screens[i + 1 : i + 2] and screens[i + 1] in rest else len(names)
        last = max(place for place in range(start, end) if names[place] == screen)
        found.append(_narrow(io.BytesIO(outcome.steps[last].picture), WIDTH_PX))
        start = end
    return found


def _narrow(path: Path | io.BytesIO, width: int) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def of_the_demo(demo: Path) -> dict[str, Image.Image]:
    """The visit and its paper. Raises `FileNotFoundError` for a screen that the demo did not leave."""
    return {
        "visit.png": side_by_side([_narrow(screen(demo, name), WIDTH_PX) for name in SCREENS]),
        "receipt.png": _narrow(demo / "receipt.png", 288),
    }


def of_the_staff(paint: Painter) -> dict[str, Image.Image]:
    """What a technician sees."""
    size = (WIDTH_PX, 576)
    return {
        name: side_by_side([shot.resize(size, Image.Resampling.LANCZOS) for shot in shots])
        for name, shots in staff_pictures(paint).items()
    }


def write(pictures: Mapping[str, Image.Image], docs: Path) -> None:
    """Write them as small PNG files."""
    docs.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        small = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)  # keeps a small red mark red
        small.save(docs / name, optimize=True)


def main(argv: list[str]) -> int:
    """Write all; 1 and a reason where something was left out."""
    demo, docs = Path(argv[0]), Path(argv[1])
    try:
        with Painter() as painter:
            write(of_the_demo(demo) | of_the_staff(painter) | journeys(painter), docs)
    except (FileNotFoundError, AssertionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
