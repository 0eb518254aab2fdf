"""A certificate on A4 from "my cases": printed, said only when the printer says so, asked about, a copy after that.

The printer is a stand-in that speaks IPP and has faults; between it and the terminal is the driver of real queues.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.api import JobState, PrintResult
from drivers.printers.a4 import ipp
from drivers.printers.a4.certificate import Certificate
from drivers.sim.ipp_printer import SimIppPrinter
from kiosk.cli.paper.qr_reader import read_qr_codes
from kiosk.events import DataFetched, HomePressed, LookupFailed, PaperSeen
from kiosk.pieces.released import SubjectData
from kiosk.session import service
from kiosk.session.asking import sheet
from kiosk.session.asking.events import SheetFinished, SheetProgress, VerdictCame
from kiosk.session.asking.sheet_state import Sheet
from tests.pages import page_text, picture_of
from tests.scenario.kit import Kiosk

DOCUMENT: Mapping[str, Any] = {
    "number": "T0002-000042",
    "city": {"zh": "广州市政务服务", "en": "Guangzhou Government Services"},
    "title": {"zh": "户籍与居住证明", "en": "Certificate of Household and Residence"},
    "sentence": {"zh": "兹证明户籍登记如下。", "en": "This certifies the following registration of household."},
    "rows": [[{"zh": "姓名", "en": "Name"}, "陈晓娴"], [{"zh": "公民身份号码", "en": "ID"}, "440199199003070021"]],
    "issuer": "公安局",
    "issued": "2026-05-18",
    "token": "https://127.0.0.1:8443/c?t=KC1:ABC123",
    "check_code": "7351 0642",
}
CASE: dict[str, Any] = {
    "number": "T0002-000042", "service": "household-proof", "name": {"zh-Hans": "户籍与居住证明", "en": "Household"},
    "state": "done", "opened": "2026-05-18T09:00", "ended": "2026-05-18T09:20", "promised": "2026-05-18",
    "days_used": 0, "days_promised": 0, "agency": "psb", "steps": [], "asks": [], "papers": [], "result": "",
    "claim": "12345678", "score": 0, "get": "print", "printed": "", "certificate": json.dumps(DOCUMENT),
}  # fmt: skip


@pytest.fixture
def a4() -> Iterator[SimIppPrinter]:
    with SimIppPrinter() as printer:
        yield printer


@pytest.fixture
def kiosk(tmp_path: Path, a4: SimIppPrinter) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path, a4_queue=a4.url)
    yield made
    made.close()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Certificate]:
    """What was to be drawn, without the second that the fonts take: for tests of what becomes of the job."""
    made: list[Certificate] = []

    def draw(certificate: Certificate) -> bytes:
        made.append(certificate)
        return b"%PDF-1.4 drawn elsewhere"

    monkeypatch.setattr("drivers.printers.a4.certificate.render_certificate", draw)
    return made


def to_case(kiosk: Kiosk, **changed: object) -> Kiosk:
    kiosk.city.live["case.case"] = {"cases": [{**CASE, **changed}]}
    kiosk.to_home().touch("event.records", "service.my-cases", "primary", "primary")
    return kiosk.touch("row.0")


def printed(kiosk: Kiosk) -> list[Mapping[str, object]]:
    return [document for document in kiosk.store.documents if document["kind"] == "printed"]


def test_the_certificate_comes_out_and_only_then_it_is_said(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_case(kiosk).touch("do.certificate")
    assert "证明打好了" in kiosk.words
    assert a4.printed == [1]
    (pdf,) = a4.documents
    text = page_text(pdf)
    assert "陈晓娴" in text
    assert "440199199003070021" in text
    assert "正本 ORIGINAL" in text
    picture_of(pdf).save(kiosk.state_dir / "page.png")
    assert read_qr_codes(kiosk.state_dir / "page.png") == [DOCUMENT["token"]]
    assert [d["state"] for d in printed(kiosk)] == ["done"]


def test_a_second_one_is_a_copy(kiosk: Kiosk, drawn: list[Certificate]) -> None:
    to_case(kiosk).touch("do.certificate")
    assert kiosk.controls["do.certificate"].text == "再打一张证明，会写明“补打”"
    kiosk.touch("do.certificate")
    assert [one.copy for one in drawn] == [False, True]


def test_what_another_terminal_printed_is_a_copy_here(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_case(kiosk, printed="yes").touch("do.certificate")
    assert "补打 COPY" in page_text(a4.documents[0])


@pytest.mark.parametrize(
    ("fault", "said"),
    [("paper-out", "A4 打印机没有纸"), ("paper-jam", "A4 打印机卡纸了"), ("cover-open", "A4 打印机的盖子开着"),
     ("paused", "A4 打印机现在打不了"), ("refuses", "A4 打印机现在打不了")],
)  # fmt: skip
def test_a_printer_in_trouble_prints_nothing_and_the_original_is_still_to_come(
    kiosk: Kiosk, a4: SimIppPrinter, drawn: list[Certificate], fault: str, said: str
) -> None:
    a4.set_fault(fault)
    to_case(kiosk).touch("do.certificate")
    assert said in kiosk.words
    assert "证明打好了" not in kiosk.words
    assert (a4.documents, printed(kiosk)) == ([], [])
    a4.clear_fault()
    kiosk.touch("do.certificate")
    assert "证明打好了" in kiosk.words
    assert not drawn[-1].copy


@pytest.mark.parametrize("fault", ["counts-nothing", "aborts"])
def test_a_printer_that_does_not_know_has_the_citizen_asked_and_the_next_is_a_copy(
    kiosk: Kiosk, a4: SimIppPrinter, drawn: list[Certificate], fault: str
) -> None:
    a4.set_fault(fault)
    to_case(kiosk).touch("do.certificate")
    assert "证明打出来了吗？" in kiosk.words
    assert "证明打好了" not in kiosk.words
    assert [d["state"] for d in printed(kiosk)] == ["unknown"]
    a4.clear_fault()
    kiosk.touch("do.certificate")
    assert [one.copy for one in drawn] == [False, True]


@pytest.mark.usefixtures("drawn")
def test_it_came_out_says_the_citizen(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    a4.set_fault("counts-nothing")
    to_case(kiosk).touch("do.certificate", "sheet.seen")
    assert "好的，请收好证明" in kiosk.words
    assert "sheet.seen" not in kiosk.controls


@pytest.mark.usefixtures("drawn")
def test_the_paper_runs_out_under_the_job_and_nothing_comes_out_for_the_next_person(
    kiosk: Kiosk, a4: SimIppPrinter
) -> None:
    answer = a4.answer

    def after_the_job(body: bytes) -> bytes | None:
        if ipp.decode(body).code == ipp.PRINT_JOB:
            found = answer(body)
            a4.set_fault("paper-out")
            return found
        return answer(body)

    a4.answer = after_the_job  # type: ignore[method-assign]
    to_case(kiosk).touch("do.certificate")
    assert "证明打好了" not in kiosk.words
    assert "证明打出来了吗？" in kiosk.words
    a4.clear_fault()
    kiosk.wait(30)
    assert a4.printed == [0], "the job was taken back"


@pytest.mark.parametrize(
    ("get", "said"),
    [("post", "证明开好了，会邮寄到家"), ("e-licence", "证明开好了，会发成电子证照"), ("office", "到公安局窗口领"),
     ("print", "到公安局窗口领")],
)  # fmt: skip
def test_a_terminal_without_an_a4_printer_says_where_to_get_it(tmp_path: Path, get: str, said: str) -> None:
    kiosk = Kiosk(tmp_path)
    to_case(kiosk, get=get)
    assert said in kiosk.words
    assert "do.certificate" not in kiosk.controls
    kiosk.close()


def test_a_case_without_a_certificate_offers_none(kiosk: Kiosk) -> None:
    to_case(kiosk, certificate="")
    assert "do.certificate" not in kiosk.controls


@pytest.mark.parametrize("document", ["{", "[]", "{}", json.dumps({**DOCUMENT, "rows": []})])
def test_a_certificate_that_makes_no_sense_is_not_printed(kiosk: Kiosk, a4: SimIppPrinter, document: str) -> None:
    to_case(kiosk, certificate=document).touch("do.certificate")
    assert "A4 打印机现在打不了" in kiosk.words
    assert a4.documents == []


def test_nothing_of_it_stays_in_the_terminal(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_case(kiosk).touch("do.certificate")
    assert "陈晓娴" not in repr(kiosk.terminal.runtime.session)
    kiosk.pull().wait(120)
    assert kiosk.terminal.runtime.session.sheet is None
    for file in kiosk.state_dir.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert a4.documents[0][:200] not in kept, file.name
            assert b"%PDF" not in kept, file.name
            assert "陈晓娴".encode() not in kept, file.name


# ---- in the visit that asked for it


def to_last_page(kiosk: Kiosk, changed: Mapping[str, str] | None = None, *, answered: bool = True) -> Kiosk:
    """Hand in a household proof; the office says yes at once, where it answers at all."""
    kiosk.city.answers = answered
    kiosk.to_home().to_saved()
    number = str(kiosk.store.documents[0]["number"])
    case = {**CASE, "number": number, "certificate": json.dumps({**DOCUMENT, "number": number}), **(changed or {})}
    kiosk.city.live["case.case"] = {"cases": [{**CASE, "number": "T0009-000001"}, case]}
    return kiosk.wait(3)


def test_a_certificate_that_is_issued_at_once_is_printed_before_the_citizen_leaves(
    kiosk: Kiosk, a4: SimIppPrinter
) -> None:
    to_last_page(kiosk)
    assert "证明开好了" in kiosk.words
    kiosk.touch("certificate.print")
    assert "证明打好了" in kiosk.words
    assert a4.printed == [1]
    assert "正本 ORIGINAL" in page_text(a4.documents[0])
    assert [d["number"] for d in printed(kiosk)] == [kiosk.store.documents[0]["number"]]
    assert kiosk.controls["certificate.print"].text == "再打一张证明，会写明“补打”"
    kiosk.touch("primary")
    assert kiosk.screen.name == "receipt", "the receipt is still to be had"


def test_as_long_as_the_office_is_silent_nothing_is_offered(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_last_page(kiosk, answered=False)
    assert "正在开证明" in kiosk.words
    assert "certificate.print" not in kiosk.controls
    kiosk.wait(8)
    assert a4.documents == []
    kiosk.city.answers = True
    kiosk.wait(3)
    assert "证明开好了" in kiosk.words


def test_the_office_says_no_while_the_citizen_still_stands_there(kiosk: Kiosk) -> None:
    to_last_page(kiosk, answered=False)
    kiosk.city.answers = True
    seq = kiosk.store.last_seq
    kiosk.city.verdicts[seq] = VerdictCame(seq, accepted=False, reason="data-do-not-agree", result={})
    kiosk.wait(3)
    assert kiosk.screen.name == "failure.not-accepted"


@pytest.mark.parametrize("changed", [{"certificate": ""}, {"number": "T0009-000002"}])
def test_a_certificate_that_is_not_there_yet_is_said_to_be_and_asked_for_again(
    kiosk: Kiosk, a4: SimIppPrinter, drawn: list[Certificate], changed: dict[str, str]
) -> None:
    to_last_page(kiosk, changed).touch("certificate.print")
    assert "证明现在取不到" in kiosk.words
    assert (a4.documents, printed(kiosk)) == ([], [])
    number = str(kiosk.store.documents[0]["number"])
    whole = {**CASE, "number": number, "certificate": json.dumps({**DOCUMENT, "number": number})}
    kiosk.city.live["case.case"] = {"cases": [whole]}
    kiosk.touch("certificate.print")
    assert "证明打好了" in kiosk.words
    assert not drawn[-1].copy


def test_the_network_is_cut_between_yes_and_print(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_last_page(kiosk)
    kiosk.city.up = False
    kiosk.touch("certificate.print")
    assert "证明现在取不到" in kiosk.words
    assert a4.documents == []


def test_whoever_goes_on_before_it_comes_gets_no_paper_unasked(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    to_last_page(kiosk)
    runtime = kiosk.terminal.runtime
    number, cases = str(kiosk.store.documents[0]["number"]), kiosk.city.live["case.case"]
    session, _ = sheet.ask_for(runtime.session, None)
    assert sheet.under_way(session)
    assert sheet.ask_for(session, None) == (session, ()), "once is enough"
    came = DataFetched((SubjectData("case.case", "data", "", cases),), "my-cases", session_id=session.id)
    assert sheet.fetched(session, replace(came, service="medical")) == (session, ())
    assert sheet.not_fetched(session, LookupFailed("gateway-silent", "medical")) == (session, ())
    left, _ = service.home(session, HomePressed())
    assert left.sheet == Sheet(number, JobState.NOT_PRINTED, sheet.MISSING)
    assert sheet.fetched(left, came) == (left, ())
    assert a4.documents == []


def test_what_the_printer_says_after_the_visit_is_noted_and_shown_to_nobody(kiosk: Kiosk) -> None:
    session = to_last_page(kiosk).terminal.runtime.session
    assert sheet.progress(session, SheetProgress(JobState.SENT)) == (session, ())
    assert sheet.seen(session, PaperSeen("whole")) == (session, ())
    late = SheetFinished(session.id - 1, "T0002-000041", "marriage", PrintResult(JobState.DONE, "", 9))
    after, effects = sheet.finished(session, late)
    assert after.sheet is None
    assert [type(one).__name__ for one in effects] == ["Note", "SaveEntry"]


def test_before_anything_is_handed_in_no_certificate_is_due(kiosk: Kiosk) -> None:
    kiosk.to_home()
    assert not sheet.due(kiosk.terminal.runtime.session)


def test_a_catalogue_without_cases_has_no_certificate_to_fetch(kiosk: Kiosk) -> None:
    session = to_last_page(kiosk).terminal.runtime.session
    catalogue = session.world.catalogue
    assert catalogue is not None
    services = {name: one for name, one in catalogue.services.items() if name != "my-cases"}
    world = replace(session.world, catalogue=replace(catalogue, services=services))
    assert sheet.due(session)
    assert not sheet.due(replace(session, world=world))


@pytest.mark.usefixtures("drawn")
def test_a_printer_that_does_not_know_asks_on_the_last_page_too(kiosk: Kiosk, a4: SimIppPrinter) -> None:
    a4.set_fault("counts-nothing")
    to_last_page(kiosk).touch("certificate.print")
    assert "证明打出来了吗？" in kiosk.words
    kiosk.touch("sheet.seen")
    assert "好的，请收好证明" in kiosk.words


def test_whoever_wants_it_by_post_is_not_offered_paper(kiosk: Kiosk) -> None:
    kiosk.to_home().to_check().touch("change.get", "choice.get.post", "primary").submit().wait(3)
    assert kiosk.screen.name == "saved"
    assert "证明开好了" not in kiosk.words
    assert "certificate.print" not in kiosk.controls


def test_a_terminal_without_an_a4_printer_ends_as_before(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    to_last_page(kiosk)
    assert "接下来" in kiosk.words
    assert "certificate.print" not in kiosk.controls
    kiosk.close()


# ---- the receipt of a case, at another terminal


def test_a_receipt_that_was_not_printed_is_printed_at_the_next_terminal_as_a_copy(tmp_path: Path) -> None:
    here = Kiosk(tmp_path / "here")
    here.to_home().to_saved().touch("primary")
    here.paper.set_fault("paper-out")
    here.touch("primary")
    number = str(here.store.documents[0]["number"])
    assert here.paper.receipts == []
    here.close()
    there = Kiosk(tmp_path / "there")
    to_case(there, number=number, certificate="", state="open").touch("do.receipt")
    there.wait(1)
    (paper,) = there.paper.receipts
    assert paper.complete
    assert "补打 COPY" in paper.text
    assert number in paper.text
    assert "正本 ORIGINAL" not in paper.text
    assert "打好了" in there.words
    there.close()


def test_no_printer_no_receipt_again(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, printer=False)
    kiosk.city.live["case.case"] = {"cases": [CASE]}
    kiosk.to_home().touch("event.records", "service.my-cases")
    while kiosk.screen.name != "view":
        kiosk.touch("primary")
    kiosk.touch("row.0")
    assert "do.receipt" not in kiosk.controls
    kiosk.close()
