"""Draws every example screen: `python -m kiosk.ui.gallery --out DIR [--pictures DIR] [NAME …]`.

With `--pictures` (the folder of the design pictures) each one is also put beside its picture.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from kiosk.screen_model import ScreenModel
    from kiosk.ui.drawing import Sheet
    from kiosk.ui.glass.painter import Painting


def main(argv: list[str]) -> int:
    """Draw what is asked for; return 0, or 1 where a text did not fit or a name is unknown."""
    from kiosk.ui.gallery.examples import EXAMPLES, VARIANTS

    parser = argparse.ArgumentParser(prog="python -m kiosk.ui.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--fonts", type=Path, default=Path("build/fonts"))
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args(argv)
    unknown = set(wanted.names) - EXAMPLES.keys() - VARIANTS.keys()
    if unknown:
        sys.stderr.write(f"no such example: {', '.join(sorted(unknown))}\n")
        return 1
    from kiosk.ui.glass.configure import configure

    with tempfile.TemporaryDirectory() as home:
        configure((64, 64), fullscreen=False, kivy_home=Path(home), offscreen=True)
        return _draw(wanted.names or [*EXAMPLES, *VARIANTS], wanted.out, wanted.pictures, wanted.fonts)


def _draw(names: list[str], out: Path, pictures: Path | None, fonts: Path) -> int:
    from kiosk.ui.gallery.examples import display, model
    from kiosk.ui.glass.painter import Painting

    out.mkdir(parents=True, exist_ok=True)
    painting = Painting(fonts)
    overflowing = 0
    for name in names:
        size = display(name)
        sheet, image = _image(painting, model(name), size)
        image.save(out / f"{name}.png")
        for overflow in sheet.overflows:
            overflowing += 1
            sys.stderr.write(f"{name}: {overflow}\n")
        picture = _picture(pictures, name)
        if picture:
            _beside(picture, image).save(out / f"{name}-beside.png")
    sys.stdout.write(f"{len(names)} screens in {out}\n")
    return 1 if overflowing else 0


def _image(painting: Painting, model: ScreenModel, size: tuple[int, int]) -> tuple[Sheet, Image]:
    from PIL import Image

    sheet, pixels = painting.of(model, size)
    return sheet, Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, -1).convert("RGB")


def _picture(folder: Path | None, name: str) -> Path | None:
    number = name.split("-", maxsplit=1)[0]
    return next(iter(sorted(folder.glob(f"{number}-*.png"))), None) if folder else None


def _beside(picture: Path, image: Image) -> Image:
    from PIL import Image

    design = Image.open(picture).convert("RGB")
    width, height = image.size
    upright = height > width
    both = Image.new("RGB", (2 * width + 20, height) if upright else (width, 2 * height + 20), (90, 90, 200))
    both.paste(design, (0, 0))
    both.paste(image, (width + 20, 0) if upright else (0, height + 20))
    return both


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
