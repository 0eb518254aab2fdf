"""What a benchmark measured: said line by line while it runs, and kept as JSON for `tests.bench.page`."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kiosk.bench.fleet.plot import Curve
from tests.repository import ROOT

KEPT = ROOT / "build" / "bench"
"""Where the figures of the last runs lie; KIOSK_BENCH names another folder."""


@dataclass(frozen=True)
class Figure:
    """One number and the limit that it is held to, if any."""

    what: str
    value: float
    unit: str = "x"
    """`x`: a ratio to the named peer, measured in the same run."""
    most: float | None = None
    least: float | None = None
    runs: int = 1
    low: float | None = None
    high: float | None = None
    """The least and the greatest of the runs; `value` is their median."""
    detail: str = ""
    why: str = ""
    """Why the limit is missed, where it is known to be."""

    @property
    def met(self) -> bool:
        """Whether the limit is kept; a figure without a limit is only told."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def limit(self) -> str:
        """The limit in words, or nothing."""
        if self.most is not None:
            return f"at most {number(self.most)}"
        return f"at least {number(self.least)}" if self.least is not None else ""


@dataclass
class Figures:
    """The figures of one benchmark. `peers`: packages whose versions the page names."""

    name: str
    title: str
    peers: tuple[str, ...] = ()
    figures: list[Figure] = field(default_factory=list[Figure])
    curves: list[Curve] = field(default_factory=list[Curve])

    def add(self, figure: Figure) -> None:
        """Print the figure and keep it."""
        self.figures.append(figure)
        spread = (
            f" [{number(figure.low)} to {number(figure.high)}]"
            if figure.low is not None and figure.high is not None
            else ""
        )
        verdict = ("ok" if figure.met else "MISSED") if figure.limit else ""
        row = f"{figure.what:58} {number(figure.value):>9} {figure.unit:5}{spread} {figure.limit:16} {verdict}"
        sys.stdout.write(row.rstrip() + (f"  ({figure.detail})" if figure.detail else "") + "\n")
        sys.stdout.flush()

    def close(self) -> int:
        """Write the figures down; the exit code of the benchmark: 1 where a limit is missed."""
        folder = Path(os.environ.get("KIOSK_BENCH", KEPT))
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "title": self.title,
            "peers": self.peers,
            "day": time.strftime("%Y-%m-%d", time.gmtime()),
            "figures": [asdict(one) for one in self.figures],
            "curves": [asdict(one) for one in self.curves],
        }
        (folder / f"{self.name}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return 0 if all(one.met for one in self.figures) else 1


def number(value: float | None) -> str:
    """A number as a person writes it: three digits that count."""
    if value is None:
        return ""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
