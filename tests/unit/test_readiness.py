"""The readiness report: signed, kept, printed, sent, shown, verified; and what becomes of one that was changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from drivers.api import JobState
from kiosk.__main__ import app
from kiosk.staff.setup.progress import proofs_json
from kiosk.upkeep.setup import readiness, sheet
from kiosk.upkeep.setup.side import begins
from kiosk.upkeep.setup.tasks import NotYet
from offline_cache import enrolment as enrolments
from offline_cache.errors import NotEnrolled
from offline_cache.service import drain
from offline_cache.wire.fleet import readiness as wire
from provisioning.gateway.fleet.readiness import Readiness
from provisioning.gateway.offices.intake import Filed
from tests.paper import preview_text
from tests.unit.setup_machine import BEGAN, PROOFS, Bench, alone, bench, join, site
from tests.unit.test_joining import Phone, Site

__all__ = ["alone", "bench", "site"]


# ------------------------------------------------------------------------------------------------------------ report


def test_the_report_is_signed_kept_printed_and_reaches_the_gateway_s_page(site: Site, bench: Bench) -> None:
    with pytest.raises(NotEnrolled):
        bench.run("setup-data")
    join(site, bench)
    with pytest.raises(NotYet, match="no-catalogue"):
        bench.run("setup-data")
    bench.run("setup-report", proofs=proofs_json(PROOFS), began=BEGAN)
    with pytest.raises(NotYet, match="not-sent"):
        bench.run("setup-sent")
    drain(bench.state)
    assert bench.run("setup-sent").ok
    assert bench.run("setup-data").ok
    assert bench.run("setup-report-print").ok
    paper = "\n".join(preview_text(bench.printer.pages[0]))
    assert "开通报告" in paper
    assert "差 1.8 秒，您说照用" in paper
    bench.printer.state = JobState.NOT_PRINTED
    assert bench.run("setup-report-print").code == "paper-out"
    assert (bench.state / readiness.PDF_FILE).read_bytes().startswith(b"%PDF")

    site.kit.gateway.town.intake.work()
    terminal = bench.joined[-1]
    ready = site.kit.gateway.fleet.readiness.of(terminal)
    assert ready is not None
    assert ready.genuine
    assert [row[0] for row in ready.rows] == ["touch", "clock-offset", "outbox"]
    phone = Phone(site.kit)
    assert phone.get(f"/fleet/{terminal}/readiness.json")[0] == 401
    phone.log_in()
    status, page = phone.get(f"/fleet/{terminal}")
    assert status == 200
    assert "开通报告" in page
    assert "照用 1 项" in page
    assert "别信" not in page
    original = json.loads(phone.get(f"/fleet/{terminal}/readiness.json")[1])
    assert original["signature"] == readiness.load(bench.state).signature
    assert phone.get("/fleet/T0999/readiness.json")[0] == 404

    bench.run("setup-save", progress="{}")
    assert begins(bench.state, None)
    assert bench.run("setup-open").ok
    assert not begins(bench.state, bench.site)


def test_a_report_signed_by_another_key_is_kept_and_marked(site: Site, bench: Bench) -> None:
    join(site, bench)
    joined = enrolments.load(bench.state)
    report = dict(readiness.make(joined, "1", PROOFS, BEGAN, site.kit.clock.ms).plain)
    desk: Readiness = site.kit.gateway.fleet.readiness

    def file(document: Mapping[str, object], at_ms: int) -> None:
        desk(Filed(1, joined.terminal, "e", 1, "i", at_ms, at_ms, document))

    for document in ({"kind": "rating"}, {"kind": wire.KIND, "report": {}, "signature": "x"},
                     {"kind": wire.KIND, "report": report, "signature": 5}):  # fmt: skip
        file(document, 1)
    assert desk.of(joined.terminal) is None
    file({"kind": wire.KIND, "report": report, "signature": "AAAA"}, 2)
    found = desk.of(joined.terminal)
    assert found is not None
    assert not found.genuine
    phone = Phone(site.kit)
    phone.log_in()
    assert "别信" in phone.get(f"/fleet/{joined.terminal}")[1]
    file({"kind": wire.KIND, "report": report, "signature": wire.signed(report, joined.private_key)}, 1)
    newest = desk.of(joined.terminal)
    assert newest is not None
    assert not newest.genuine, "an older one does not take its place"
    file({"kind": wire.KIND, "report": report, "signature": wire.signed(report, joined.private_key)}, 3)
    assert desk.of(joined.terminal).genuine  # pyright: ignore[reportOptionalMemberAccess]


def test_kiosk_readiness_tells_verifies_prints_and_refuses_what_was_changed(
    site: Site, bench: Bench, tmp_path: Path
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["readiness", "--state", str(bench.state), *arguments])
        return done.exit_code, done.output

    assert run("--json")[0] == 1
    join(site, bench)
    readiness.keep(bench.state, readiness.make(enrolments.load(bench.state), "1", PROOFS, BEGAN, site.kit.clock.ms))
    code, output = run()
    assert code == 0
    assert "WARN clock-offset: 1.8 s off, accepted" in output
    assert json.loads(run("--json")[1])["overrides"] == ["clock-offset"]
    file = bench.state / readiness.JSON_FILE
    changed = tmp_path / "changed.json"
    changed.write_text(file.read_text("utf-8").replace('"px": "3"', '"px": "0"'), "utf-8")
    assert run("--verify", str(file))[0] == 0
    for other in (changed, tmp_path / "none.json", tmp_path):
        assert run("--verify", str(other))[0] == 1
    ca = bench.state / enrolments.CA_FILE
    assert run("--verify", str(file), "--ca", str(ca))[0] == 0
    assert run("--verify", str(file), "--ca", str(changed))[0] == 1
    assert run("--verify", str(file), "--ca", str(tmp_path / "no.pem"))[0] == 1
    settings = tmp_path / "settings.toml"
    settings.write_text(f'printer_port = "{tmp_path / "no-printer"}"\n', "utf-8")
    assert run("--print", "--config", str(settings))[0] == 1
    assert run("--pdf", str(tmp_path / "no" / "r.pdf"))[0] == 1
    file.write_text("[]", "utf-8")
    assert run()[0] == 1


def test_both_papers_hold_every_row_in_both_languages(site: Site, bench: Bench) -> None:
    join(site, bench)
    report = readiness.make(enrolments.load(bench.state), "1", PROOFS, BEGAN, site.kit.clock.ms)
    english = "\n".join(preview_text(sheet.strip(report, "en")))
    assert "Readiness report" in english
    assert "5 points, at most 3 px off" in english
    assert report.digest in sheet.code(report)
    whole = report.encoded()
    assert readiness.decode(whole).proofs == PROOFS
    half = whole.replace(b'"serial": "1"', b'"serial": "\\ud800"')
    assert half != whole
    for raw in (whole * 30, b"{", b"[]", b"{}", whole.replace(b"kiosk-readiness-1", b"other"), half):
        with pytest.raises(readiness.ReadinessInvalid):
            readiness.decode(raw)


@pytest.mark.nightly
def test_kiosk_readiness_writes_the_page(site: Site, bench: Bench, tmp_path: Path) -> None:
    join(site, bench)
    readiness.keep(bench.state, readiness.make(enrolments.load(bench.state), "1", PROOFS, BEGAN, site.kit.clock.ms))
    page = tmp_path / "r.pdf"
    done = CliRunner().invoke(app, ["readiness", "--state", str(bench.state), "--pdf", str(page)])
    assert done.exit_code == 0, done.output
    assert page.read_bytes().startswith(b"%PDF")
