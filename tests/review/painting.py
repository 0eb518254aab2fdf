"""Paints the pictures of the review page, in processes of their own: Kivy draws on one thread of a process."""

from __future__ import annotations

import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tests.review.rows import Cell

HALF = 2
QUALITY = 85
BATCH = 25


@dataclass(frozen=True)
class Painted:
    """One picture as a file, and what a measuring eye found on it."""

    cell: Cell
    file: str
    problems: tuple[str, ...]


def paint(cells: Sequence[Cell], out: Path, fonts: Path, workers: int) -> Iterator[Painted]:
    """Write one WebP for each cell into `out`, half as large as the screen; in the order of `cells`."""
    out.mkdir(parents=True, exist_ok=True)
    batches = [cells[at : at + BATCH] for at in range(0, len(cells), BATCH)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(batches)), context, _open, (str(fonts),)) as pool:
        for painted in pool.map(_paint, batches, [str(out)] * len(batches)):
            yield from painted


def file_name(cell: Cell) -> str:
    """A name made of the row, language and mode: the same screen keeps its file from run to run."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{cell.kind}-{cell.row}-{cell.language}-{cell.mode}")
    return f"{plain}.webp"


_painting: Any = None


def _open(fonts: str) -> None:
    """Open an offscreen window, once in each process; its folder for Kivy goes with the process."""
    global _painting  # noqa: PLW0603 - one window for each process
    from kiosk.ui.glass.configure import configure

    home = Path(tempfile.gettempdir()) / f"review-kivy-{os.getuid()}"
    configure((64, 64), fullscreen=False, kivy_home=home, offscreen=True)
    from kiosk.ui.glass.painter import Painting

    _painting = Painting(Path(fonts))


def _paint(cells: Sequence[Cell], out: str) -> list[Painted]:
    from tests.ui.measure import problems

    made: list[Painted] = []
    for cell in cells:
        sheet, pixels = _painting.of(cell.model, cell.size)
        image = Image.frombuffer("RGBA", cell.size, pixels, "raw", "RGBA", 0, -1).convert("RGB")
        small = image.resize((cell.size[0] // HALF, cell.size[1] // HALF), Image.Resampling.BOX)
        name = file_name(cell)
        small.save(Path(out) / name, "WEBP", quality=QUALITY, method=2)
        glass_itself = cell.kind == "staff" and not cell.model.where  # it is touched everywhere, in every colour
        wrong = map(str, sheet.overflows) if glass_itself else problems(sheet)
        made.append(Painted(cell, name, tuple(wrong)))
    return made
