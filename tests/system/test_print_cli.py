"""`kiosk print` as scripts use it: whole processes, a port, and a printer at its other end."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from drivers.api import JobState
from drivers.sim.printer import SimPrinter
from drivers.sim.pty_link import PtyLink
from tests.contract.printer_stand import EXPECTED, STAGES

pytestmark = pytest.mark.system

HOT_HEAD_S = 110
"""Longer than the driver waits for a hot head to cool, which is a minute."""

DOCUMENT: dict[str, Any] = {
    "number": "T0001-000042",
    "copy": False,
    "width_mm": 80,
    "blocks": [
        {"title": "榕树街便民服务中心"},
        {"row": ["编号 Number", "T0001-000042"]},
        {"rule": True},
        {"para": "下一步：等短信。"},
        {"list": ["房产证", "户口本"]},
        {"qr": "https://example.invalid/v/0123"},
        {"barcode": "T0001-000042"},
        {"feed": 2},
    ],
}


def kiosk(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", "print", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=HOT_HEAD_S)


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False), encoding="utf-8")
    return str(path)


@pytest.fixture
def link() -> Iterator[tuple[SimPrinter, str]]:
    sim = SimPrinter()
    with PtyLink(sim) as opened:
        yield sim, opened.port


def test_a_receipt_is_printed_and_said_to_be_done(link: tuple[SimPrinter, str], document: str) -> None:
    sim, port = link
    done = kiosk("receipt", document, "--port", port, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["state"], result["reason"]) == ("done", "")
    assert 300 < result["bytes"] < 1500
    (paper,) = sim.receipts
    assert paper.complete
    assert paper.lines[0].split() == ["T0001-000042", "正本", "ORIGINAL"]
    assert "[QR https://example.invalid/v/0123]" in paper.text


def test_a_printer_without_paper_gets_nothing(link: tuple[SimPrinter, str], document: str) -> None:
    sim, port = link
    sim.set_fault("paper-out")
    done = kiosk("receipt", document, "--port", port, "--baud", "9600", "--model", "clone-80", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"state": "not_printed", "reason": "paper-out", "bytes": 0}
    assert "paper-out" in done.stderr
    assert sim.receipts == []


def test_the_roll_ends_half_way(link: tuple[SimPrinter, str], document: str) -> None:
    sim, port = link
    sim.set_fault("paper-out", after_lines=3)
    done = kiosk("receipt", document, "--port", port, "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["state"], result["reason"]) == ("partial", "paper-out")
    assert result["bytes"] > 0


MATRIX_AT_DAY = {("cutter-jam", "in the body"), ("unplugged", "in the body")}
MATRIX = [
    pytest.param(
        fault, stage, marks=() if (fault, stage) in MATRIX_AT_DAY else pytest.mark.nightly, id=f"{fault}-{stage}"
    )
    for fault in EXPECTED
    for stage in STAGES
]


@pytest.mark.parametrize(("fault", "stage"), MATRIX)
def test_every_fault_at_every_stage_as_a_script_hears_of_it(
    link: tuple[SimPrinter, str], tmp_path: Path, fault: str, stage: str
) -> None:
    sim, port = link
    long = {**DOCUMENT, "blocks": [*DOCUMENT["blocks"], *({"para": f"第{n}行，内容。Line {n}."} for n in range(20))]}
    (tmp_path / "long.json").write_text(json.dumps(long), encoding="utf-8")
    sim.set_fault(fault, **STAGES[stage], lines_per_s=60.0)  # pyright: ignore[reportArgumentType]
    done = kiosk("receipt", str(tmp_path / "long.json"), "--port", port, "--json")
    facts = json.loads(done.stdout)
    state = JobState(facts["state"])
    assert state in EXPECTED[fault][list(STAGES).index(stage)], facts
    whole = sum(paper.complete for paper in sim.receipts)
    assert (done.returncode == 0) == (state is JobState.DONE)
    assert whole == 1 or state is not JobState.DONE, "done is said of a receipt that is not there"
    assert whole <= 1
    assert (facts["bytes"] == 0) == (state is JobState.NOT_PRINTED)
    assert (facts["reason"] == "") == (state is JobState.DONE)


def test_the_status_of_a_printer(link: tuple[SimPrinter, str]) -> None:
    sim, port = link
    done = kiosk("status", "--port", port, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["online"], found["cover"], found["paper"], found["error"]) == (True, "closed", "ok", None)
    sim.open_cover()
    found = json.loads(kiosk("status", "--port", port, "--json").stdout)
    assert (found["online"], found["cover"]) == (False, "open")


def test_a_silent_printer_is_no_answer(link: tuple[SimPrinter, str], document: str) -> None:
    sim, port = link
    sim.set_fault("mute")
    done = kiosk("status", "--port", port, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "no-reply"})
    done = kiosk("receipt", document, "--port", port, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"state": "not_printed", "reason": "no-reply", "bytes": 0}


def test_a_port_that_is_not_there(tmp_path: Path, document: str) -> None:
    missing = str(tmp_path / "ttyNONE")
    done = kiosk("status", "--port", missing, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "port-not-found"})
    done = kiosk("receipt", document, "--port", missing, "--json")
    assert done.returncode == 1
    facts = json.loads(done.stdout)
    assert (facts["error"], facts["state"], facts["bytes"]) == ("port-not-found", "not_printed", 0)
    assert "port-not-found" in done.stderr


def test_a_file_that_is_no_serial_port(document: str) -> None:
    done = kiosk("status", "--port", document, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "port-denied"})


def test_another_program_holds_the_port(link: tuple[SimPrinter, str]) -> None:
    from drivers.printers.serial_printer import SerialPrinter

    _, port = link
    printer = SerialPrinter(port)
    printer.connect()
    done = kiosk("status", "--port", port, "--json")
    printer.close()
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "port-busy"})


def test_a_preview_is_what_the_printer_would_print(document: str, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = kiosk("preview", document, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == str(out)
    image = Image.open(io.BytesIO(out.read_bytes()))
    assert (image.format, image.width) == ("PNG", 576)
    assert image.height > 500


def test_mistakes_are_named(tmp_path: Path, document: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"number": "1", "blocks": [{"para": 1}]}', encoding="utf-8")
    done = kiosk("preview", str(bad), "--out", str(tmp_path / "x.png"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"error": "receipt-invalid", "where": "blocks[0].para"}
    done = kiosk("preview", str(tmp_path / "none.json"), "--out", str(tmp_path / "x.png"), "--json")
    assert json.loads(done.stdout)["error"] == "file-not-found"
    done = kiosk("receipt", document, "--port", "x", "--model", "typewriter", "--json")
    assert json.loads(done.stdout)["error"] == "printer-model-unknown"
    done = kiosk("preview", document, "--out", str(tmp_path / "no" / "x.png"), "--json")
    assert json.loads(done.stdout)["error"] == "file-not-written"
    assert kiosk("receipt", document).returncode == 2


def test_a_probe_writes_a_model_and_prints_nothing(link: tuple[SimPrinter, str]) -> None:
    sim, port = link
    done = kiosk("probe", "--port", port, "--name", "hall-3", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["marker"], facts["status_back"], facts["clear_buffer"], facts["presenter"]) == (
        "process-id", True, True, False,
    )  # fmt: skip
    assert facts["model"].startswith("[hall-3]\n")
    assert sim.receipts == []


@pytest.mark.parametrize(
    ("fault", "where", "state", "reason"),
    [
        ("paper-out", {}, "not_printed", "paper-out"),
        ("paper-out", {"after_lines": 3}, "partial", "paper-out"),
        ("cover-open", {"moment": "before-cut"}, "printed_not_cut", "cover-open"),
        ("cutter-jam", {}, "printed_not_cut", "cutter"),
        ("power-off", {"moment": "before-proof"}, "printed_not_cut", "no-reply"),
        ("mute", {"after_lines": 3}, "unknown", "no-reply"),
        ("near-end", {"after_lines": 3}, "done", ""),
    ],
)
def test_the_command_says_what_is_known(
    link: tuple[SimPrinter, str], document: str, fault: str, where: dict[str, object], state: str, reason: str
) -> None:
    sim, port = link
    sim.set_fault(fault, **where)  # pyright: ignore[reportArgumentType]
    done = kiosk("receipt", document, "--port", port, "--json")
    facts = json.loads(done.stdout)
    assert (facts["state"], facts["reason"]) == (state, reason)
    assert done.returncode == (0 if state == "done" else 1)
    if state == "done":
        assert [p.complete for p in sim.receipts] == [True]
    if state in {"not_printed", "partial"}:
        assert not any(p.complete for p in sim.receipts)
