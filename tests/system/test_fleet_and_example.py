"""The fleet on its bad day, and an operator's own tests with our fixtures: each as its reader would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bench.fleet.plot import backlog
from kiosk.bench.fleet.run import run_fleet
from tests.repository import ROOT


def test_a_small_fleet_loses_and_doubles_nothing_on_its_bad_day() -> None:
    figures = run_fleet(2, 1, lambda _: None)
    assert figures.whole, figures
    assert (figures.visits, figures.entries, figures.kept, figures.refused, figures.refreshed) == (6, 5, 1, 1, 2)
    assert figures.highest_backlog == 2


@pytest.mark.nightly
def test_a_fleet_of_a_hundred_loses_and_doubles_nothing_on_its_bad_day(tmp_path: Path) -> None:
    plot = tmp_path / "backlog.svg"
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "bench", "fleet", "--terminals", "100", "--json", "--plot", str(plot)],
        capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    print("{entries} entries of 100 terminals, {lost} lost, {doubled} doubled".format(**figures))
    assert (figures["lost"], figures["doubled"], figures["entries"] + figures["kept"]) == (0, 0, 600)
    assert plot.read_text("utf-8").startswith("<svg")


def test_the_plot_shows_every_point() -> None:
    svg = backlog([(0.0, 0), (2.0, 8), (4.0, 0)], 4)
    assert svg.count("<circle") == 3
    assert ">8<" in svg


def test_the_example_project_of_an_operator_runs_as_it_stands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(ROOT / "docs/example")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
