"""`make screens`: writes the review page. `python -m tests.review OUT [--look DIR] [--all] [NAME …]`.

A NAME is part of a screen's name, such as `consent`, or a service, such as `school`; without one every screen of a
visit, of the look and of the services is painted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.repository import ROOT
from tests.review.page import page
from tests.review.painting import Painted, paint
from tests.review.rows import cells, rows


def main(argv: list[str]) -> int:
    """Write `OUT/index.html` and its pictures; 1 where no screen has the name."""
    parser = argparse.ArgumentParser(prog="python -m tests.review", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--look", type=Path, help="the folder of the look's pictures, NUMBER-NAME.png")
    parser.add_argument("--all", action="store_true", help="every language in every mode")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_intermixed_args(argv)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(rows(Path(folder), asked.names, errors=asked.all))
        if not found:
            sys.stderr.write(f"no screen is called {' or '.join(asked.names)}\n")
            return 1
        shutil.rmtree(asked.out / "pictures", ignore_errors=True)
        wanted = list(cells(found, everything=asked.all))
        painted = list(paint(wanted, asked.out / "pictures", ROOT / "build" / "fonts", os.cpu_count() or 1))
    look = _look(asked.look, asked.out) if asked.look else {}
    (asked.out / "index.html").write_text(page(painted, look), "utf-8")
    _tell(painted, asked.out, time.monotonic() - began)
    return 0


def _look(folder: Path, out: Path) -> dict[str, str]:
    """Copy the look's pictures beside the page; their number -> file."""
    there = out / "look"
    there.mkdir(exist_ok=True)
    found: dict[str, str] = {}
    for picture in sorted(folder.glob("[0-9][0-9]-*.png")):
        shutil.copyfile(picture, there / picture.name)
        found[picture.name[:2]] = f"look/{picture.name}"
    return found


def _tell(painted: list[Painted], out: Path, seconds: float) -> None:
    bad = [one for one in painted if one.problems]
    for one in bad:
        sys.stdout.write(f"{one.cell.row} · {one.cell.language} · {one.cell.mode}: {'; '.join(one.problems)}\n")
    sys.stdout.write(f"{len(painted)} screens, {len(bad)} to mend, {seconds:.0f} s: {out / 'index.html'}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
