"""The page of benchmarks: what was missed is said first, with its cause; what was measured is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.bench.fleet.plot import Curve
from tests.bench.figures import Figure, Figures
from tests.bench.page import page


def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *figures: Figure) -> tuple[int, str, dict[str, str]]:
    monkeypatch.setenv("KIOSK_BENCH", str(tmp_path))
    told = Figures("paper", "Paper", ("pyserial",))
    for figure in figures:
        told.add(figure)
    told.curves.append(Curve("Bytes of a receipt", "lines", "bytes", {"ours": [(1, 10), (2, 30)]}))
    code = told.close()
    text, plots = page({"paper": json.loads((tmp_path / "paper.json").read_text("utf-8"))})
    return code, text, plots


def test_a_missed_limit_stands_first_with_its_cause_and_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Figure("print / wire", 1.3, most=1.1, why="The cable is long.")
    code, text, _ = kept(tmp_path, monkeypatch, slow, Figure("bytes", 2096, "bytes", most=2100))
    assert code == 1
    missed = text[text.index("## Missed") : text.index("## Paper")]
    assert "**Paper**, print / wire: 1.30 x (at most 1.10). The cable is long." in missed
    assert "bytes" not in missed
    assert "| bytes | 2,096 bytes |  | 1 | at most 2,100 | met |" in text


def test_kept_limits_leave_nothing_missed_and_every_curve_has_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, text, plots = kept(tmp_path, monkeypatch, Figure("speed", 2.0, least=1.0, runs=3, low=1.5, high=2.5))
    assert code == 0
    assert "Nothing: every limit was kept." in text
    assert "| speed | 2 x | 1.50 to 2.50 | 3 | at least 1 | met |" in text
    (name,) = plots
    assert f"pictures/bench/{name}" in text
    assert plots[name].count("<circle") == 2
