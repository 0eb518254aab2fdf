"""Bytes that a printer sends, and what is kept of printing: the journal, the roll, documents that scripts write."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable
from functools import cache

from drivers.api import JobState, Para, PrinterStatus, Receipt
from drivers.errors import PrinterError, ReceiptInvalid
from drivers.printers.a4 import ipp
from drivers.printers.a4.certificate_document import parse_certificate
from drivers.printers.escpos import EncodedReceipt, encode_receipt
from drivers.printers.journal import JobJournal, JournalFailed
from drivers.printers.link import Deadlines, Dialogue, LinkLost
from drivers.printers.link_printer import process_ids
from drivers.printers.models import Model, generic, models
from drivers.printers.paper.receipt_document import parse_receipt
from drivers.printers.print_job import PrintJob
from drivers.printers.probe import probe
from drivers.printers.replies import AutoStatus, ReplyParser
from drivers.printers.roll import RollKeeper
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import Board
from drivers.sim.printer_link import SimTransport
from kiosk.paper.templates import FACTS, Facts, templates
from tests.fuzz.kit import Family, Reader, joined, scratch, sliced
from tests.paper import preview_text, receipt_to_json
from tests.unit.test_certificate_cli import DOCUMENT as CERTIFICATE

RECEIPT = Receipt("T0001-000042", tuple(Para(f"第{n}行") for n in range(4)))
STATUSES = (
    None,
    PrinterStatus(True, True, "closed", "near-end", None),
    PrinterStatus(True, True, "closed", "ok", None),
)
LOST = b"gone"
"""A piece that is no bytes: the cable is out."""


class Clock:
    """Time that only waiting moves, in seconds."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


class Pieces:
    """A link on which these pieces arrive, one for each wait, and then nothing for ever."""

    def __init__(self, clock: Clock, pieces: list[bytes]) -> None:
        self._clock, self._left, self._here = clock, iter(pieces), b""

    def write(self, data: bytes) -> int:
        return len(data)

    def read(self) -> bytes:
        if self._here == LOST:
            raise LinkLost("the cable is out")
        here, self._here = self._here, b""
        return here

    def wait(self, timeout_s: float, *, to_write: bool) -> None:
        self._here += next(self._left, b"")
        self._clock.s += max(timeout_s, 0.001) if not self._here and not to_write else 0.01

    @property
    def queued(self) -> int:
        return 0

    @property
    def holds_back(self) -> bool:
        return False

    def close(self) -> None: ...


class Recorded(SimTransport):
    """The cable to the twin that keeps what came over it."""

    def __init__(self, sim: SimPrinter, clock: Clock) -> None:
        super().__init__(sim, clock, lambda seconds: setattr(clock, "s", clock.s + max(seconds, 0.001)))
        self.pieces: list[bytes] = []

    def read(self) -> bytes:
        data = super().read()
        self.pieces += [data] if data else []
        return data


@cache
def job(name: str) -> EncodedReceipt:
    return encode_receipt(RECEIPT, models()[name])


def parsed(raw: bytes) -> None:
    """The demultiplexer, in one piece and byte by byte: both say the same."""
    for full in (False, True):
        whole = ReplyParser(full_status=full).feed(raw)
        parser = ReplyParser(full_status=full)
        assert [reply for byte in raw for reply in parser.feed(bytes([byte]))] == whole
        for reply in whole:
            assert not isinstance(reply, AutoStatus) or isinstance(reply.reason, str)


def printed(raw: bytes) -> None:
    """A whole job on a printer that answers this: the model, then pieces. It ends in a result whatever comes."""
    names = sorted(models())
    model = models()[names[raw[0] % len(names)] if raw else names[0]]
    clock = Clock()
    dialogue = Dialogue(Pieces(clock, sliced(raw[1:])), clock, Deadlines(), full_status=model.presenter)
    preamble = b"\x1b@" if raw[1:2] > b"\x7f" else b""
    ended = PrintJob(dialogue, model, job(model.name), markers=process_ids(7), preamble=preamble)
    result = ended.run(lambda _state: None)
    assert result.state in JobState
    with contextlib.suppress(LinkLost):
        dialogue.status()
        dialogue.retract()


def jobs() -> Iterable[bytes]:
    for place, name in enumerate(sorted(models())):
        model: Model = models()[name]
        for fault in ("", "paper-out"):
            clock = Clock()
            sim = SimPrinter(clock=clock, board=Board(presenter=model.presenter, name="SIM"))
            line = Recorded(sim, clock)
            if fault:
                sim.set_fault(fault, after_lines=2)
            dialogue = Dialogue(line, clock, Deadlines(), full_status=model.presenter)
            PrintJob(dialogue, model, job(name), markers=process_ids(7)).run(lambda _state: None)
            yield bytes([place]) + joined(line.pieces[:80])


def probed(raw: bytes) -> None:
    clock = Clock()
    found = probe(Dialogue(Pieces(clock, sliced(raw)), clock, Deadlines(), full_status=True))
    found.as_toml("probed", 9600).encode("utf-8")


def probes() -> Iterable[bytes]:
    for presenter in (False, True):
        clock = Clock()
        line = Recorded(SimPrinter(clock=clock, board=Board(presenter=presenter, name="SIM")), clock)
        probe(Dialogue(line, clock, Deadlines(), full_status=True))
        yield joined(line.pieces)


def journal(raw: bytes) -> None:
    """The file of the print journal, whatever became of it."""
    path = scratch() / "journal.db"
    for left in scratch().glob("journal.db*"):
        left.unlink()
    path.write_bytes(raw)
    book = JobJournal(path)
    try:
        book.enter(book.begin("T0001-000042", copy=False), JobState.SENT)
        book.last_sent()
        book.jobs()
    finally:
        book.close()


def journals() -> Iterable[bytes]:
    path = scratch() / "seed.db"
    path.unlink(missing_ok=True)
    book = JobJournal(path)
    for state in JobState:
        book.enter(book.begin("T0001-000042", copy=True), state, "paper-out")
    book.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size = 512")
        db.execute("VACUUM")
    yield path.read_bytes()


def roll(raw: bytes) -> None:
    """The file of the roll: an unknown roll where it cannot be read, and always something that can be shown."""
    path = scratch() / "roll.json"
    path.write_bytes(raw)
    found = RollKeeper(path).roll
    assert found.level in {"ok", "near-end", "out", "unknown"}
    assert found.receipts_left is None or found.receipts_left >= 0
    for status in STATUSES:
        if status is not None:
            RollKeeper(path).heard(status)
    RollKeeper(path).printed(150.0)


def receipt(raw: bytes) -> None:
    """A receipt document: refused, or it is laid out and means the same when it is written again."""
    made = parse_receipt(raw)
    preview_text(made)
    assert parse_receipt(json.dumps(receipt_to_json(made))) == made


def receipts() -> Iterable[bytes]:
    facts = dict.fromkeys(FACTS, "甲") | {"number": "T0001-000042", "ticket": "B1"}
    for template in templates().values():
        for conditions in (frozenset[str](), frozenset({"large", "received"})):
            filled = template.fill(Facts(facts, conditions), copy=False)
            yield json.dumps(receipt_to_json(filled)).encode()


def certificate(raw: bytes) -> None:
    parse_certificate(raw)


def ipp_message(raw: bytes) -> None:
    found = ipp.decode(raw)
    for name in found.values:
        found.text(name), found.number(name), found.texts(name)


def ipp_seeds() -> Iterable[bytes]:
    values = [(ipp.CHARSET, "attributes-charset", "utf-8"), (ipp.INTEGER, "job-id", 7), (ipp.BOOLEAN, "last", True)]
    yield ipp.encode(ipp.PRINT_JOB, 1, [(ipp.OPERATION, values), (ipp.JOB, [(ipp.ENUM, "job-state", 9)])], b"%PDF")


def twin(raw: bytes) -> None:
    """The simulated printer takes whatever is sent to it."""
    sim = SimPrinter(board=Board(presenter=raw[:1] > b"\x7f", name="SIM", buffer_bytes=256))
    sim.receive(raw)
    sim.take_replies()


ROLL = {"left_mm": 79000.5, "length_mm": 80000, "since": "2027-01-04T00:00:00+00:00", "receipts": 3}
REPLIES = (b"\x12", b"\x1a\x18\x00\x0c\x0f", b'\x37"ab!~\0', b"\x10\x0f\0\0\0\0")

FAMILY = Family(
    Reader("replies", parsed, (), lambda: REPLIES),
    Reader("job", printed, (), jobs),
    Reader("probe", probed, (LinkLost,), probes),
    Reader("journal", journal, (JournalFailed,), journals),
    Reader("roll", roll, (PrinterError,), lambda: [json.dumps(ROLL).encode()]),
    Reader("receipt", receipt, (ReceiptInvalid,), receipts),
    Reader("certificate", certificate, (ReceiptInvalid,), lambda: [json.dumps(CERTIFICATE).encode()]),
    Reader("ipp", ipp_message, (PrinterError,), ipp_seeds),
    Reader("twin", twin, (), lambda: job(generic(80).name).segments),
)
