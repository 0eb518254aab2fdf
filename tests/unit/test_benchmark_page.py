"""The page of benchmarks: what was missed is said first, with its cause; what was measured is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.bench.fleet.plot import Curve
from tests.bench.figures import Figure, Figures
from tests.bench.night import night
from tests.bench.page import main, page


def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *figures: Figure) -> tuple[int, str, dict[str, str]]:
    monkeypatch.setenv("KIOSK_BENCH", str(tmp_path))
    told = Figures("paper", "Paper", ("pyserial",))
    for figure in figures:
        told.add(figure)
    told.curves.append(Curve("Bytes of a receipt", "lines", "bytes", {"ours": [(1, 10), (2, 30)]}))
    code = told.close()
    text, plots = page({"paper": json.loads((tmp_path / "paper.json").read_text("utf-8"))}, tmp_path / "no report")
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


REPORT = """<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="4" failures="1" errors="0" skipped="0"
timestamp="2027-01-04T05:06:07" time="900.5">
<testcase classname="tests.crash.test_crash" name="test_a_night_of_power_cuts" time="300.0"><system-out>seed 7
9,000 states of the disk, 0 of them wrong
</system-out></testcase>
<testcase classname="tests.ui.test_fitting" name="test_every_text_fits[zh|1]" time="40.0"></testcase>
<testcase classname="tests.ui.test_fitting" name="test_every_text_fits[en|2]" time="30.0"><failure/></testcase>
<testcase classname="tests.property.test_delivery.TestForLong" name="runTest" time="66.0"></testcase>
<testcase classname="tests.unit.test_quick" name="test_quick" time="0.1"></testcase>
</testsuite></testsuites>"""


def test_the_long_runs_stand_with_what_they_said_last_and_a_failed_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "nightly.xml").write_text(REPORT, "utf-8")
    text = night(tmp_path / "nightly.xml")
    assert "`make nightly`, 2027-01-04: 5 tests in 15 minutes, 1 failed, 0 skipped" in text
    assert "| 1 | 5.0 | 9,000 states of the disk, 0 of them wrong |" in text
    assert "every text fits<br>`tests/ui/test_fitting.py` | 2 | 1.2 | **failed** |" in text
    assert "runTest<br>`tests/property/test_delivery.py`" in text
    assert "quick" not in text
    assert page({}, tmp_path / "nightly.xml")[0].endswith(text)
    assert night(tmp_path / "none.xml") == ""


def test_what_is_run_again_counts_in_place_of_what_failed(tmp_path: Path) -> None:
    again = """<testsuites><testsuite timestamp="2027-01-04T09:00:00" time="33"><testcase
    classname="tests.ui.test_fitting" name="test_every_text_fits[en|2]" time="33.0"/></testsuite></testsuites>"""
    (tmp_path / "nightly.xml").write_text(REPORT, "utf-8")
    (tmp_path / "nightly-again.xml").write_text(again, "utf-8")
    text = night(tmp_path / "nightly.xml")
    assert "1 failed, 0 skipped. Of these and later ones 1 were run again, on 2027-01-04: 0 failed" in text
    assert "`tests/ui/test_fitting.py` | 2 | 1.2 |  |" in text
    (tmp_path / "nightly-again.xml").write_text(again.replace("2027-01-04", "2027-01-03"), "utf-8")
    assert "run again" not in night(tmp_path / "nightly.xml"), "of an earlier night"


def test_one_measurement_in_a_fresh_clone_leaves_the_others_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, plots, figures = tmp_path / "page.md", tmp_path / "plots", tmp_path / "figures"
    for name, value in (("PAGE", file), ("PLOTS", plots), ("KEPT", figures), ("REPORT", tmp_path / "none")):
        monkeypatch.setattr(f"tests.bench.page.{name}", value)
    monkeypatch.setenv("KIOSK_BENCH", str(figures))
    for name in ("card", "paper"):
        measured = Figures(name, name.title(), ())
        measured.curves.append(Curve(name, "lines", "bytes", {"ours": [(1, 10), (2, 30)]}))
        measured.add(Figure("bytes", 2096, "bytes", most=2100))
        assert measured.close() == 0
    main()
    before = file.read_text("utf-8")
    assert ("## Card" in before, "## Paper" in before) == (True, True)
    (figures / "card.json").unlink()
    capsys.readouterr()
    main()
    assert file.read_text("utf-8") == before
    assert "no figures of card" in capsys.readouterr().out
    assert len(list(plots.iterdir())) == 2
