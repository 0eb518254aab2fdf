"""Certificates through a real CUPS server with a file behind its queue: what CUPS calls completed is not yet paper."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.api import JobState
from drivers.printers.a4.document import DocumentDeadlines, DocumentPrinter
from tests.contract.cups_kit import CUPSD, PrivateCups, free_port
from tests.unit.test_a4_document import PDF

QUICK = DocumentDeadlines(reply_s=5.0, poll_s=0.1, blocked_s=1.0, finish_s=2.0)


@pytest.fixture(scope="module")
def cups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateCups]:
    assert CUPSD.exists(), "install the packages cups and cups-client"
    root = tmp_path_factory.mktemp("cups")
    temporary = Path(tempfile.gettempdir())
    for folder in (root, *root.parents):  # the server's helpers run as another user
        if folder != temporary and folder.is_relative_to(temporary):
            folder.chmod(0o755)
    made = PrivateCups(root)
    yield made
    made.close()


def test_completed_is_not_printed(cups: PrivateCups) -> None:
    out = cups.root / "out" / "page.pdf"
    printer = DocumentPrinter(cups.add_queue("file", f"file://{out}"), deadlines=QUICK)
    states: list[JobState] = []
    assert printer.trouble() == ""
    result = printer.print_pdf(PDF, "T0001-000042", on_state=states.append)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "unconfirmed")
    assert JobState.DONE not in states
    assert states[:3] == [JobState.QUEUED, JobState.SENDING, JobState.SENT]
    assert out.read_bytes() == PDF, "the whole page went through"
    checked = subprocess.run(["qpdf", "--check", str(out)], capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout
    assert cups.kept(PDF[-200:]) == [], "no page stays in the spool"


def test_the_printer_behind_the_queue_is_not_there_and_the_page_does_not_come_out_later(cups: PrivateCups) -> None:
    url = cups.add_queue("absent", f"socket://127.0.0.1:{free_port()}")
    result = DocumentPrinter(url, deadlines=QUICK).print_pdf(PDF, "T0001-000042")
    assert result.state is JobState.UNKNOWN
    assert result.reason != ""
    assert cups.waiting("absent") == []


def test_a_paused_queue_gets_no_page(cups: PrivateCups) -> None:
    url = cups.add_queue("paused", f"file://{cups.root}/out/paused.pdf")
    cups.pause("paused")
    result = DocumentPrinter(url, deadlines=QUICK).print_pdf(PDF, "T0001-000042")
    assert (result.state, result.reason) == (JobState.NOT_PRINTED, "printer-paused")
    assert cups.waiting("paused") == []


def test_a_queue_that_is_not_there(cups: PrivateCups) -> None:
    url = f"ipp://127.0.0.1:{cups.port}/printers/nobody"
    result = DocumentPrinter(url, deadlines=QUICK).print_pdf(PDF, "T0001-000042")
    assert (result.state, result.reason) == (JobState.NOT_PRINTED, "document-queue-refused")


def test_the_server_is_gone(tmp_path: Path) -> None:
    url = f"ipp://127.0.0.1:{free_port()}/printers/file"
    result = DocumentPrinter(url, deadlines=QUICK).print_pdf(PDF, "T0001-000042")
    assert (result.state, result.reason) == (JobState.NOT_PRINTED, "document-printer-absent")
