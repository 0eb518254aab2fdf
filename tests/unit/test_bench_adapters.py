"""The bench's hands on the simulated devices: cards, paper, faults, log, and the one way to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from importlib import resources

import pytest

from drivers.api import QR, JobState, Receipt, Row, Rule, SlotEvent, SlotState, Title
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_link import SimReceiptPrinter
from kiosk.bench.adapters.cards import OWN_CARD, Tray
from kiosk.bench.adapters.faults import DeviceFaults, SimReaderFaults
from kiosk.bench.adapters.log import BenchLog
from kiosk.bench.adapters.paper import PaperTray, RecordingPrinter
from kiosk.bench.ports import BenchError, FaultView
from kiosk.bench.processes.ending import Ending
from kiosk.personas import Persona, load_personas

DEADLINE_S = 10.0
CARD = {"profile": "citizen", "holder": {"name": "试验人", "id_number": "440199198001010015"}}


@pytest.fixture(scope="module")
def people() -> tuple[Persona, ...]:
    return load_personas(resources.files("assets").joinpath("city", "personas.toml").read_bytes())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("cards"))


class Slots:
    """Hears the reader."""

    def __init__(self, reader: SimReader) -> None:
        self._reader = reader
        self.states: list[SlotState] = []
        reader.start(self._hear)

    def _hear(self, event: SlotEvent) -> None:
        self.states.append(event.state)

    def heard(self) -> list[SlotState]:
        assert self._reader.settle(DEADLINE_S)
        return self.states


@pytest.fixture
def reader() -> Iterator[SimReader]:
    made = SimReader("Kiosk Citizen", real_time=False)
    yield made
    made.close()


@pytest.fixture
def tray(reader: SimReader, people: tuple[Persona, ...], authority: CardAuthority) -> Tray:
    return Tray(reader, people, authority)


def code_of(caught: pytest.ExceptionInfo[BenchError]) -> str:
    assert caught.value.next_step
    return caught.value.code


# ---------------------------------------------------------------------------------------------------- cards


def test_a_persona_s_card_goes_in_and_out(tray: Tray, reader: SimReader) -> None:
    slots = Slots(reader)
    tray.insert_persona("parent")
    assert tray.inserted() == "parent"
    tray.remove()
    assert tray.inserted() is None
    assert slots.heard() == [SlotState.EMPTY, SlotState.PRESENT, SlotState.EMPTY]


def test_a_slot_takes_one_card(tray: Tray) -> None:
    tray.insert_persona("parent")
    with pytest.raises(BenchError) as caught:
        tray.insert_document(CARD)
    assert code_of(caught) == "slot-full"
    assert tray.inserted() == "parent"


def test_what_is_not_there_cannot_be_pulled_or_inserted(tray: Tray) -> None:
    with pytest.raises(BenchError) as caught:
        tray.remove()
    assert code_of(caught) == "slot-empty"
    with pytest.raises(BenchError) as caught:
        tray.insert_persona("nobody")
    assert code_of(caught) == "no-such-persona"
    assert "parent" in caught.value.next_step


def test_a_document_that_is_no_card_is_refused_without_its_words(tray: Tray) -> None:
    with pytest.raises(BenchError) as caught:
        tray.insert_document({"profile": "citizen", "holder": {"name": "秘密", "id_number": "12"}})
    assert code_of(caught) == "card-document-invalid"
    assert "秘密" not in caught.value.message
    assert tray.inserted() is None
    tray.insert_document(CARD)
    assert tray.inserted() == OWN_CARD


class Hand:
    """A slot that keeps the cards it was given."""

    def __init__(self) -> None:
        self.cards: list[SimCard] = []

    def insert(self, card: SimCard) -> None:
        self.cards.append(card)

    def remove(self) -> None:
        """Nothing to do: the card stays in the list."""


def test_a_card_keeps_its_tries_until_the_reset(people: tuple[Persona, ...], authority: CardAuthority) -> None:
    hand = Hand()
    tray = Tray(hand, people, authority)
    for _ in range(2):
        tray.insert_persona("parent")
        tray.remove()
    tray.insert_persona("parent")
    tray.reset()
    tray.insert_persona("parent")
    first, second, third, fresh = hand.cards
    assert first is second is third
    assert fresh is not first
    assert fresh.tries_left == 6


# ---------------------------------------------------------------------------------------------------- paper


def receipt(number: str) -> Receipt:
    return Receipt(number, (Title("榕树街"), Rule(), Row("编号 Number", number), QR(number)))


@pytest.fixture
def twin() -> SimPrinter:
    return SimPrinter()


@pytest.fixture
def printer(twin: SimPrinter) -> RecordingPrinter:
    return RecordingPrinter(SimReceiptPrinter(twin), twin)


def test_each_paper_stands_beside_its_job(twin: SimPrinter, printer: RecordingPrinter) -> None:
    paper = PaperTray(twin, printer)
    states: list[JobState] = []
    assert printer.print_receipt(receipt("T0001-000001"), states.append).state is JobState.DONE
    printer.print_receipt(receipt("T0001-000002"))
    one, two = paper.receipts()
    assert (one.n, one.number, one.state, one.reason) == (1, "T0001-000001", "done", "")
    assert "T0001-000001" in one.text
    assert "T0001-000001" not in two.text
    assert paper.picture(2).startswith(b"\x89PNG")
    assert states[-1] is JobState.DONE


def test_a_job_that_printed_nothing_has_no_paper(twin: SimPrinter, printer: RecordingPrinter) -> None:
    paper = PaperTray(twin, printer)
    twin.set_fault("paper-out")
    printer.print_receipt(receipt("T0001-000001"))
    twin.clear_fault()
    twin.reset()
    printer.print_receipt(receipt("T0001-000002"))
    one, two = paper.receipts()
    assert one.state != "done"
    assert one.reason
    assert (one.text, one.has_picture) == ("", False)
    assert "T0001-000002" in two.text
    with pytest.raises(BenchError) as caught:
        paper.picture(1)
    assert code_of(caught) == "no-paper"
    with pytest.raises(BenchError) as caught:
        paper.picture(3)
    assert code_of(caught) == "no-such-receipt"


def test_the_paper_is_taken_away_at_the_reset(twin: SimPrinter, printer: RecordingPrinter) -> None:
    paper = PaperTray(twin, printer)
    printer.print_receipt(receipt("T0001-000001"))
    paper.reset()
    assert list(paper.receipts()) == []
    printer.print_receipt(receipt("T0001-000002"))
    assert [one.number for one in paper.receipts()] == ["T0001-000002"]
    assert "T0001-000002" in paper.receipts()[0].text


# --------------------------------------------------------------------------------------------------- faults


@pytest.fixture
def faults(reader: SimReader, twin: SimPrinter) -> DeviceFaults:
    return DeviceFaults(SimReaderFaults(reader), twin)


def test_the_reader_s_cable_is_pulled_and_put_back(reader: SimReader, faults: DeviceFaults) -> None:
    slots = Slots(reader)
    faults.set("reader", "unplug", None)
    assert faults.active() == [FaultView("reader", "unplug")]
    faults.clear("reader", "unplug")
    assert slots.heard() == [SlotState.EMPTY, SlotState.READER_ABSENT, SlotState.EMPTY]
    assert faults.active() == []


def test_every_fault_that_is_offered_can_be_set_and_taken_back(twin: SimPrinter, faults: DeviceFaults) -> None:
    for offer in faults.offers():
        faults.set(offer.device, offer.fault, None)
    faults.clear(None, None)
    assert faults.active() == []
    assert twin.faults == []


def test_a_fault_may_wait_for_its_line(twin: SimPrinter, printer: RecordingPrinter, faults: DeviceFaults) -> None:
    faults.set("printer", "cover-open", 2)
    assert faults.active() == [FaultView("printer", "cover-open", 2)]
    assert twin.faults == []
    twin.receive(b"one\ntwo\nthree\n")
    assert twin.faults == ["cover-open"]
    assert faults.active() == [FaultView("printer", "cover-open")]
    faults.clear("printer", "cover-open")
    assert faults.active() == []


def test_the_printer_s_cable_has_the_same_name_as_the_reader_s(twin: SimPrinter, faults: DeviceFaults) -> None:
    faults.set("printer", "unplug", None)
    assert not twin.plugged
    assert faults.active() == [FaultView("printer", "unplug")]
    faults.clear("printer", "unplug")
    assert twin.plugged


@pytest.mark.parametrize(
    ("device", "fault", "after", "code"),
    [
        ("toaster", "burnt", None, "no-such-device"),
        ("printer", "burnt", None, "no-such-fault"),
        ("reader", "unplug", 3, "fault-not-counted"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    faults: DeviceFaults, device: str, fault: str, after: int | None, code: str
) -> None:
    with pytest.raises(BenchError) as caught:
        faults.set(device, fault, after)
    assert code_of(caught) == code
    assert faults.active() == []


def test_mending_one_fault_leaves_the_others(twin: SimPrinter, faults: DeviceFaults) -> None:
    faults.set("printer", "mute", None)
    faults.set("printer", "cover-open", None)
    faults.set("reader", "held", None)
    faults.clear("printer", "mute")
    assert faults.active() == [FaultView("reader", "held"), FaultView("printer", "cover-open")]
    faults.clear("reader", None)
    assert faults.active() == [FaultView("printer", "cover-open")]


# ------------------------------------------------------------------------------------------------------ log


def test_the_log_joins_the_terminal_s_events_and_the_bench_s_own() -> None:
    events: list[Mapping[str, object]] = [{"time_ms": 0, "event": "terminal.started", "terminal": "T0001"}]
    log = BenchLog(lambda: 1000, lambda: events)
    log.note("cable", up=False)
    events.append({"time_ms": 2000, "event": "outbox.saved", "seq": 3})
    lines = log.after(0)
    assert [(line.n, line.what) for line in lines] == [(1, "terminal.started"), (2, "cable"), (3, "outbox.saved")]
    assert lines[0].facts == {"terminal": "T0001"}
    assert lines[1].at == "08:00:01.000"
    assert log.after(2) == lines[2:]
    assert log.after(3) == []


def test_the_log_takes_no_event_twice_when_the_terminal_forgets_the_oldest() -> None:
    events: list[Mapping[str, object]] = [{"event": "a"}, {"event": "b"}]
    log = BenchLog(lambda: 0, lambda: events)
    assert [line.what for line in log.after(0)] == ["a", "b"]
    del events[0]
    events.append({"event": "b"})
    assert [line.what for line in log.after(0)] == ["a", "b", "b"]


def test_a_cleared_log_goes_on_counting() -> None:
    log = BenchLog(lambda: 0, list)
    log.note("one")
    log.clear()
    log.note("two")
    assert [(line.n, line.what) for line in log.after(0)] == [(2, "two")]


# ---------------------------------------------------------------------------------------------------- ending


def test_the_first_reason_to_end_counts(capsys: pytest.CaptureFixture[str]) -> None:
    stopped: list[int] = []
    ending = Ending()
    ending.when_asked(lambda: stopped.append(1))
    ending.on_death("sync", 3, "the disk is full")
    ending.ask(0)
    assert ending.code == 1
    assert stopped == [1]
    assert "sync ended unasked with 3" in capsys.readouterr().err


def test_an_end_that_was_asked_for_early_still_happens() -> None:
    ending = Ending()
    ending.ask(0)
    stopped = threading.Event()
    ending.when_asked(stopped.set)
    assert stopped.is_set()
    assert ending.code == 0
