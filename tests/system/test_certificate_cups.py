"""Certificates through a real CUPS server: from "my cases" and on the last page of a visit; not kept by anybody."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from drivers.printers.a4.document import DocumentDeadlines, DocumentPrinter
from tests.contract.cups_kit import CUPSD, PrivateCups
from tests.pages import page_text
from tests.scenario.kit import PERSONAS, Kiosk
from tests.scenario.test_certificates import CASE, DOCUMENT, to_last_page

QUICK = DocumentDeadlines(reply_s=5.0, poll_s=0.1, blocked_s=1.0, finish_s=5.0)
PARENT = cast("dict[str, str]", PERSONAS["parent"].card["holder"])


@pytest.fixture
def cups(tmp_path: Path) -> Iterator[PrivateCups]:
    assert CUPSD.exists(), "install the packages cups and cups-client"
    temporary = Path(tempfile.gettempdir())
    root = tmp_path / "cups"
    root.mkdir()
    for folder in (root, *root.parents):  # the server's helpers run as another user
        if folder != temporary and folder.is_relative_to(temporary):
            folder.chmod(0o755)
    made = PrivateCups(root)
    yield made
    made.close()


def terminal(folder: Path, cups: PrivateCups) -> tuple[Kiosk, Path]:
    """A terminal whose A4 queue ends in a file, which is the paper."""
    out = cups.root / "out" / "page.pdf"
    url = cups.add_queue("a4", f"file://{out}")
    return Kiosk(folder, a4_queue=url, a4=DocumentPrinter(url, deadlines=QUICK)), out


def keeping(pieces: list[bytes], *folders: Path) -> list[str]:
    """The files below these folders that hold any of the pieces."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [str(file) for file in files if any(piece in file.read_bytes() for piece in pieces)]


def holder_words() -> list[bytes]:
    """How what names the citizen could lie in a file."""
    words = (PARENT["name"], PARENT["id_number"], "440199199003070021")
    return [word.encode(code) for word in words for code in ("utf-8", "gb18030", "utf-16-be", "utf-16-le")] + [
        json.dumps(words[0])[1:-1].encode()
    ]


def test_a_certificate_goes_through_cups_and_nobody_says_done_for_a_queue_that_cannot_know(
    cups: PrivateCups, tmp_path: Path
) -> None:
    kiosk, out = terminal(tmp_path / "terminal", cups)
    kiosk.city.live["case.case"] = {"cases": [CASE]}
    kiosk.to_home().touch("event.records", "service.my-cases", "primary", "primary", "row.0", "do.certificate")
    assert "证明打出来了吗？" in kiosk.words
    assert "证明打好了" not in kiosk.words
    assert "正本 ORIGINAL" in page_text(out.read_bytes())
    assert cups.kept(out.read_bytes()[-200:]) == [], "no page stays in the spool"
    kiosk.touch("do.certificate")
    assert "补打 COPY" in page_text(out.read_bytes())
    kiosk.close()


def test_a_certificate_of_this_visit_leaves_no_trace_in_the_terminal_nor_in_the_print_server(
    cups: PrivateCups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    kiosk, out = terminal(tmp_path / "terminal", cups)
    to_last_page(kiosk).touch("certificate.print")
    page = out.read_bytes()
    assert PARENT["name"] in page_text(page), "the paper names its holder"
    number = str(kiosk.store.documents[0]["number"])
    kiosk.pull().wait(120)
    pieces = [*holder_words(), b"%PDF", page[:200], page[-200:], DOCUMENT["check_code"].encode()]
    assert cups.kept(page[-200:]) == []
    out.unlink()
    kiosk.close()
    assert (cups.root / "error_log").exists()
    assert number in (cups.root / "page_log").read_text("utf-8", "replace") + (cups.root / "error_log").read_text(
        "utf-8", "replace"
    ), "the server's own log is read here"
    places = [cups.root, scratch, tmp_path / "terminal"]
    assert keeping(pieces, *places) == []
    assert keeping([number.encode()], *places) != [], "what is looked for would be found"
    assert not any(word.decode("utf-8", "ignore") in str(kiosk.terminal.log.recent) for word in holder_words()[:1])
