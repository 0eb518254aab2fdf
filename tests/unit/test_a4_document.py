"""Certificates on A4: the page, and what is known of its printing. The server is a stand-in that speaks IPP."""

from __future__ import annotations

import datetime
import json
import queue
import shutil
import subprocess
import threading
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import JobState
from drivers.errors import ReceiptInvalid
from drivers.printers.a4 import ipp
from drivers.printers.a4.certificate import Bilingual, Certificate, render_certificate
from drivers.printers.a4.document import DocumentDeadlines, DocumentPrinter
from drivers.printers.paper.raster import FontMissing
from drivers.sim.ipp_printer import SimIppPrinter
from kiosk.cli.paper.qr_reader import read_qr_codes
from kiosk.events import Event
from kiosk.frozen import frozen
from kiosk.session.asking.events import SheetFinished, SheetProgress
from kiosk.session.state import PrintSheet
from kiosk.workers.sheets import SheetDesk
from kiosk.workers.threads import ThreadWorker

PAGE = Certificate(
    "ZM-2027-004417",
    Bilingual("广州市政务服务", "Guangzhou Government Services"),
    Bilingual("居住登记证明", "Certificate of Residence Registration"),
    Bilingual(
        "兹证明 陈小娴 在本市登记居住。", "This certifies that CHEN Xiaoxian is registered as living in this city."
    ),
    ((Bilingual("姓名", "Name"), "陈小娴 CHEN Xiaoxian"), (Bilingual("证件", "ID"), "440199********0021")),
    "广州市公安局",
    datetime.date(2027, 5, 18),
    "KR1:ABC" + "0123456789" * 20,
    "7351 0642",
    "T0001",
)
PDF = render_certificate(PAGE)
DOCUMENT = {
    "number": PAGE.number, "city": asdict(PAGE.city), "title": asdict(PAGE.title), "sentence": asdict(PAGE.sentence),
    "rows": [[asdict(label), text] for label, text in PAGE.rows], "issuer": PAGE.issuer, "issued": "2027-05-18",
    "token": PAGE.token, "check_code": PAGE.check_code,
}  # fmt: skip


@frozen
class Failed(Event):
    """A job of the worker raised."""

    error: BaseException


def streams(pdf: bytes) -> list[bytes]:
    """The streams of the file, unpacked."""
    found: list[bytes] = []
    for part in pdf.split(b"stream\n")[1::2]:
        try:
            found.append(zlib.decompress(part))
        except zlib.error:
            found.append(part)
    return found


def test_the_page_embeds_its_fonts_and_claims_its_kind() -> None:
    assert PDF.startswith(b"%PDF-1.")
    assert PDF.count(b"/FontFile3") == 2
    assert b"/OutputIntents" in PDF
    assert b'pdfaid:part="2"' in PDF or b"<pdfaid:part>2</pdfaid:part>" in PDF
    assert len(PDF) < 120_000


def drawn(pdf: bytes) -> bytes:
    """What is drawn on the page. (The file also names its own time of writing, which moves.)"""
    (page,) = (part for part in streams(pdf) if part.lstrip().startswith(b"2 J"))
    return page


def test_a_copy_and_a_sample_are_other_pages() -> None:
    assert drawn(render_certificate(PAGE)) == drawn(PDF)
    assert drawn(render_certificate(replace(PAGE, copy=True))) != drawn(PDF)
    assert drawn(render_certificate(replace(PAGE, sample=True))) != drawn(PDF)


def test_the_code_is_read_off_the_page(tmp_path: Path) -> None:
    assert shutil.which("gs"), "ghostscript draws the page: install the package ghostscript"
    (tmp_path / "page.pdf").write_bytes(PDF)
    draw = [
        "gs",
        "-q",
        "-dSAFER",
        "-sDEVICE=pnggray",
        "-r150",
        "-o",
        str(tmp_path / "p.png"),
        str(tmp_path / "page.pdf"),
    ]
    subprocess.run(draw, check=True, capture_output=True, timeout=60)
    assert read_qr_codes(tmp_path / "p.png") == [PAGE.token]


def test_what_cannot_stand_on_a_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReceiptInvalid, match="rows"):
        render_certificate(replace(PAGE, rows=()))
    with pytest.raises(ReceiptInvalid, match="issuer"):
        render_certificate(replace(PAGE, issuer="\x1b"))
    with pytest.raises(FontMissing):
        render_certificate(PAGE, tmp_path / "none-Regular.ttc")


def test_a_long_value_is_set_smaller_and_not_cut() -> None:
    long = replace(PAGE, rows=((Bilingual("住址", "Address"), "广州市荔湾区榕树街滨江路" * 6),))
    assert render_certificate(long).startswith(b"%PDF")


def test_a_page_tells_nothing_in_its_repr() -> None:
    assert "陈" not in repr(PAGE)
    assert "ZM-2027-004417" in repr(PAGE)


# --- printing it ----------------------------------------------------------------------------------------------------


class Clock:
    """Waiting moves it; `on_wait` is what a hand does meanwhile."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.on_wait = lambda: None

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.on_wait()


@pytest.fixture
def sim() -> Iterator[SimIppPrinter]:
    with SimIppPrinter() as printer:
        yield printer


def printer(sim: SimIppPrinter, clock: Clock | None = None) -> DocumentPrinter:
    clock = clock or Clock()
    return DocumentPrinter(sim.url, deadlines=DocumentDeadlines(reply_s=5.0), clock=clock, wait=clock.wait)


def test_a_page_is_done_when_the_printer_counted_it(sim: SimIppPrinter) -> None:
    states: list[JobState] = []
    result = printer(sim).print_pdf(PDF, "certificate", on_state=states.append)
    assert (result.state, result.reason, result.bytes_sent) == (JobState.DONE, "", len(PDF))
    assert (sim.documents, sim.printed) == ([PDF], [1])
    assert states == [JobState.QUEUED, JobState.SENDING, JobState.SENT]


@pytest.mark.parametrize("device", ["socket://192.0.2.1", "usb://HP/LaserJet", "file:///dev/null"])
def test_completed_in_cups_is_not_printed(device: str) -> None:
    with SimIppPrinter(device) as sim:
        result = printer(sim).print_pdf(PDF, "certificate")
    assert (result.state, result.reason) == (JobState.UNKNOWN, "unconfirmed")


def test_a_printer_that_counts_no_sheets_is_not_believed(sim: SimIppPrinter) -> None:
    sim.set_fault("counts-nothing")
    assert printer(sim).print_pdf(PDF, "certificate").state is JobState.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("paper-out", "paper-out"),
        ("paper-jam", "paper-jam"),
        ("cover-open", "cover-open"),
        ("paused", "printer-paused"),
        ("refuses", "document-queue-refused"),
        ("silent", "document-printer-absent"),
    ],
)
def test_a_printer_in_trouble_gets_no_page(sim: SimIppPrinter, fault: str, reason: str) -> None:
    sim.set_fault(fault)
    result = printer(sim).print_pdf(PDF, "certificate")
    assert (result.state, result.reason, result.bytes_sent) == (JobState.NOT_PRINTED, reason, 0)
    assert sim.documents == []


def test_no_server_at_all() -> None:
    with SimIppPrinter() as sim:
        gone = printer(sim)
    result = gone.print_pdf(PDF, "certificate")
    assert (result.state, result.reason) == (JobState.NOT_PRINTED, "document-printer-absent")


def test_the_tray_is_filled_while_the_job_waits() -> None:
    clock, states = Clock(), list[JobState]()
    with SimIppPrinter(pages=3) as sim:
        sim.set_fault("paper-out", after_pages=1)
        clock.on_wait = lambda: sim.clear_fault() if clock.now_s > 20 else None
        result = printer(sim, clock).print_pdf(PDF, "certificate", pages=3, on_state=states.append)
        assert (result.state, sim.printed) == (JobState.DONE, [3])
    assert states == [JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.BLOCKED, JobState.SENT]


def test_a_tray_that_stays_empty_takes_the_job_back() -> None:
    with SimIppPrinter(pages=3) as sim:
        sim.set_fault("paper-out", after_pages=1)
        result = printer(sim).print_pdf(PDF, "certificate", pages=3)
        assert (result.state, result.reason) == (JobState.PARTIAL, "paper-out")
        sim.clear_fault()
        assert sim.answer(ipp.encode(ipp.GET_JOB, 1, [(ipp.OPERATION, [(ipp.INTEGER, "job-id", 1)])])) is not None
        assert sim.printed == [1]


def test_a_server_that_dies_leaves_it_unknown() -> None:
    clock = Clock()
    with SimIppPrinter(pages=9) as sim:
        clock.on_wait = lambda: sim.set_fault("silent")
        result = printer(sim, clock).print_pdf(PDF, "certificate", pages=9)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "no-reply")


def test_the_card_is_taken_and_the_job_that_waits_is_taken_back(sim: SimIppPrinter) -> None:
    gone = threading.Event()

    def paper_ends(state: JobState) -> None:
        if state is JobState.SENT:
            sim.set_fault("paper-out")
        elif state is JobState.BLOCKED:
            gone.set()

    printer = DocumentPrinter(sim.url, clock=lambda: 0.0, wait=lambda _s: None)
    result = printer.print_pdf(PDF, "T0001-000042", on_state=paper_ends, stop=gone.is_set)
    assert (result.state, result.reason) == (JobState.UNKNOWN, "holder-gone")
    sim.clear_fault()
    assert sim.printed == [0]


def test_a_visit_that_ends_takes_its_sheet_back_and_what_may_be_out_is_still_told(sim: SimIppPrinter) -> None:
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def post(event: Event) -> None:
        if isinstance(event, SheetProgress) and event.state is JobState.SENT:
            sim.set_fault("paper-out")  # in the thread that prints, so before its first look at the job
        told.put(event)

    printer = DocumentPrinter(sim.url, deadlines=DocumentDeadlines(poll_s=0.01))
    desk = SheetDesk(printer, ThreadWorker("sheets", lambda _name, error: told.put(Failed(error))), post)
    desk.print(7, PrintSheet("T0001-000042", "marriage", json.dumps(DOCUMENT), copy=False), "T0001")
    while not (isinstance(event := told.get(timeout=30), SheetProgress) and event.state is JobState.BLOCKED):
        assert not isinstance(event, SheetFinished | Failed)
    desk.give_up()
    event = told.get(timeout=30)
    assert isinstance(event, SheetFinished)
    assert (event.session_id, event.visit, event.result.state) == (0, 7, JobState.UNKNOWN)
    desk.close()


def test_an_aborted_job_is_not_printed_again(sim: SimIppPrinter) -> None:
    sim.set_fault("aborts")
    assert printer(sim).print_pdf(PDF, "certificate").state is JobState.UNKNOWN
    assert len(sim.documents) == 1


def test_a_url_that_is_none() -> None:
    with pytest.raises(ValueError, match="ipp://"):
        DocumentPrinter("http://127.0.0.1")


@given(st.binary(max_size=200))
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    try:
        ipp.decode(data)
    except ipp.IppMalformed as e:
        assert e.code == "ipp-malformed"  # noqa: PT017 - reading it is as right as refusing it


def test_values_come_back() -> None:
    message = ipp.decode(ipp.encode(2, 7, [(1, [(ipp.INTEGER, "n", 5), (ipp.KEYWORD, "k", "a"), (ipp.KEYWORD, "", "b"),
                                                (ipp.BOOLEAN, "t", True)])], b"%PDF"))  # fmt: skip
    assert (message.code, message.request_id, message.number("n"), message.data) == (2, 7, 5, b"%PDF")
    assert message.texts("k") == {"a", "b"}
    assert message.values["t"] == (True,)
    assert (message.text("x"), message.number("k")) == ("", 0)
