"""Write docs/benchmarks.md and its plots from the figures of the last runs (`make bench`, `make nightly`)."""

from __future__ import annotations

import json
import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from kiosk.bench.fleet.plot import Curve, draw
from tests.bench.figures import KEPT, Figure, number
from tests.bench.night import REPORT, night
from tests.repository import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "pictures" / "bench"
SECTION = re.compile(r"`make bench BENCH=tests/bench/bench_(\w+)\.py`, ")
"""By which a section of the page names its measurement."""
HEAD = """# Benchmarks

How fast and how large the terminal, its gateway and its tools are, and which limits they miss. `make bench` measures
all of it, `make bench BENCH=tests/bench/bench_card.py` one part, `make nightly` the long runs; they write this page: do
not edit it. A number that misses its limit fails the command.

A ratio is measured against the named peer or limit in the same run, in turns, so that whatever else the machine does
falls on both; a number without a ratio is this machine's. `runs` counts the repetitions whose median is shown; the
spread is the least and the greatest of them.
"""


def page(kept: dict[str, dict[str, Any]], report: Path | None = None) -> tuple[str, dict[str, str]]:
    """Return the page, and its plots by file name; `report` is of another night than the last."""
    parts, plots = [HEAD, machine()], dict[str, str]()
    missed = [
        (one["title"], figure)
        for one in kept.values()
        for figure in (Figure(**raw) for raw in one["figures"])
        if not figure.met
    ]
    parts.append("\n## Missed\n")
    if not missed:
        parts.append("Nothing: every limit was kept.\n")
    parts.extend(
        f"- **{title}**, {figure.what}: {number(figure.value)} {figure.unit} ({figure.limit})."
        f" {figure.why or 'The cause is not known.'}\n"
        for title, figure in missed
    )
    for name, one in sorted(kept.items()):
        parts.append(_section(name, one, plots))
    parts.append(night(REPORT if report is None else report))
    return "".join(parts), plots


def _section(name: str, one: dict[str, Any], plots: dict[str, str]) -> str:
    versions = ", ".join(f"{peer} {_version(peer)}" for peer in one["peers"])
    told = [f"\n## {one['title']}\n\n`make bench BENCH=tests/bench/bench_{name}.py`, {one['day']}"]
    told.append(f"; peers: {versions}.\n\n" if versions else ".\n\n")
    told.append("| what | measured | spread | runs | limit | |\n|---|---|---|---|---|---|\n")
    for raw in one["figures"]:
        figure = Figure(**raw)
        spread = f"{number(figure.low)} to {number(figure.high)}" if figure.low is not None else ""
        verdict = ("met" if figure.met else "**missed**") if figure.limit else ""
        what = f"{figure.what}<br>{figure.detail}" if figure.detail else figure.what
        cells = (what, f"{number(figure.value)} {figure.unit}", spread, str(figure.runs), figure.limit, verdict)
        told.append(f"| {' | '.join(cells)} |\n")
    for raw in one["curves"]:
        curve = Curve(**raw)
        file = f"{name}-{re.sub(r'[^a-z0-9]+', '-', curve.title.lower()).strip('-')}.svg"
        plots[file] = draw(curve)
        told.append(f"\n![{curve.title}](pictures/bench/{file})\n")
    return "".join(told)


def machine() -> str:
    """What it was measured on: the processor, the memory, the system. No name of the machine."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text("utf-8"), re.MULTILINE)
    gigabytes = int(memory[1]) / 1024 / 1024 if memory else 0
    return (
        f"\nMachine: {cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {gigabytes:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}.\n"
    )


def _version(peer: str) -> str:
    try:
        return metadata.version(peer)
    except metadata.PackageNotFoundError:
        return "(the system's)"


def main() -> None:
    """Write the page and its plots, where there are figures for all that stands on it."""
    kept = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(KEPT.glob("*.json"))}
    standing = set(SECTION.findall(PAGE.read_text("utf-8"))) if PAGE.exists() else set[str]()
    if missing := sorted(standing - kept.keys()):
        print(f"{PAGE.name} stays as it is: here are no figures of {', '.join(missing)}. All of them: make bench")
        return
    text, plots = page(kept)
    PLOTS.mkdir(parents=True, exist_ok=True)
    for old in PLOTS.glob("*.svg"):
        old.unlink()
    for file, drawing in plots.items():
        (PLOTS / file).write_text(drawing, "utf-8")
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
