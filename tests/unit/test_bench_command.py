"""`kiosk bench` and its files: a folder that is not there is made, and a place that cannot be written is told."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.bench.fleet import run
from kiosk.bench.fleet.run import Figures


def a_good_day(terminals: int, visits: int, _say: object) -> Figures:
    phases = {"joining": 23.747828886000207}
    return Figures(terminals, visits, phases, [(0.0, 0), (1.0, 4)], refused=1, refreshed=terminals, entries=4)


def fleet(monkeypatch: pytest.MonkeyPatch, plot: Path) -> tuple[int, str, str]:
    monkeypatch.setattr(run, "run_fleet", a_good_day)
    done = CliRunner().invoke(app, ["bench", "fleet", "--terminals", "2", "--plot", str(plot)])
    return done.exit_code, done.stdout, done.stderr


def test_the_plot_of_a_day_goes_into_a_folder_that_was_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, told, _ = fleet(monkeypatch, tmp_path / "out" / "backlog.svg")
    assert (tmp_path / "out" / "backlog.svg").read_text("utf-8").startswith("<svg")
    assert code == 0
    assert "lost: 0" in told
    assert "23.7" not in told, "the phases were told as they went"


def test_a_plot_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way", "utf-8")
    code, _, said = fleet(monkeypatch, tmp_path / "out" / "backlog.svg")
    assert code == 1
    assert "backlog.svg cannot be written" in said
    assert "[report-unwritable]" in said


def test_the_command_says_which_version_it_is() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout.strip()) == (0, metadata.version("citizen-kiosk"))
