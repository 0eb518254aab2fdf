"""`make screens`: the pictures of the README, out of what a demo left: `python -m tests.pictures DEMO DOCS`.

`visit.png` shows some screens of the visit side by side; `receipt.png` is the paper as the simulated printer drew it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

SCREENS = ("attract", "pin", "home", "consent", "saved", "take-card")
WIDTH_PX = 324
GAP_PX = 12
PAPER = "#dfe3e8"


def screen(folder: Path, name: str) -> Path:
    """Return the demo's first picture of a screen. Raises `FileNotFoundError` where it left none."""
    for path in sorted(folder.glob("[0-9][0-9]-*.png")):
        if path.stem.partition("-")[2] == name:
            return path
    raise FileNotFoundError(f"the demo left no picture of {name} in {folder.name}")


def side_by_side(paths: list[Path]) -> Image.Image:
    """Return one picture of several, each `WIDTH_PX` wide."""
    shots = [_narrow(path, WIDTH_PX) for path in paths]
    height = max(shot.height for shot in shots)
    sheet = Image.new("RGB", ((WIDTH_PX + GAP_PX) * len(shots) + GAP_PX, height + 2 * GAP_PX), PAPER)
    for i, shot in enumerate(shots):
        sheet.paste(shot, (GAP_PX + i * (WIDTH_PX + GAP_PX), GAP_PX))
    return sheet


def _narrow(path: Path, width: int) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def main(argv: list[str]) -> int:
    """Write both pictures; 1 and a reason where the demo left something out."""
    demo, docs = Path(argv[0]), Path(argv[1])
    docs.mkdir(parents=True, exist_ok=True)
    try:
        pictures = {
            "visit.png": side_by_side([screen(demo, name) for name in SCREENS]),
            "receipt.png": _narrow(demo / "receipt.png", 288),
        }
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, picture in pictures.items():
        picture.quantize(128).save(docs / name, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
