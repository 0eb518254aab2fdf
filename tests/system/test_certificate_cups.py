"""A certificate from "my cases" through a real CUPS server: whole, asked about, and not kept by anybody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from drivers.printers.a4.document import DocumentDeadlines, DocumentPrinter
from tests.contract.cups_kit import CUPSD, PrivateCups
from tests.pages import page_text
from tests.scenario.kit import Kiosk
from tests.scenario.test_certificates import CASE

QUICK = DocumentDeadlines(reply_s=5.0, poll_s=0.1, blocked_s=1.0, finish_s=5.0)


def test_a_certificate_goes_through_cups_and_nobody_says_done_for_a_queue_that_cannot_know(tmp_path: Path) -> None:
    assert CUPSD.exists(), "install the packages cups and cups-client"
    temporary = Path(tempfile.gettempdir())
    root = tmp_path / "cups"
    root.mkdir()
    for folder in (root, *root.parents):  # the server's helpers run as another user
        if folder != temporary and folder.is_relative_to(temporary):
            folder.chmod(0o755)
    cups = PrivateCups(root)
    try:
        out = root / "out" / "page.pdf"
        url = cups.add_queue("a4", f"file://{out}")
        kiosk = Kiosk(tmp_path / "terminal", a4_queue=url, a4=DocumentPrinter(url, deadlines=QUICK))
        kiosk.city.live["case.case"] = {"cases": [CASE]}
        kiosk.to_home().touch("event.records", "service.my-cases", "primary", "primary", "row.0", "do.certificate")
        assert "证明打出来了吗？" in kiosk.words
        assert "证明打好了" not in kiosk.words
        assert "正本 ORIGINAL" in page_text(out.read_bytes())
        assert cups.kept(out.read_bytes()[-200:]) == [], "no page stays in the spool"
        logs = "".join(file.read_text("utf-8", "replace") for file in root.glob("*_log"))
        assert "T0002-000042" in logs
        assert "陈晓娴" not in logs
        kiosk.touch("do.certificate")
        assert "补打 COPY" in page_text(out.read_bytes())
        kiosk.close()
    finally:
        cups.close()
