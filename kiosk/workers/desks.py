"""The threads that own devices, gateway and disk. They take jobs from a bounded queue and answer with events.

No worker knows the session: it gets values, and posts events that carry the session's id. An exception becomes an
event with a failure code; what it said stays out of logs, because a device's words may hold a citizen's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from drivers.api import (
    CardConnection,
    CardFacts,
    CardReader,
    JobState,
    PrinterStatus,
    PrintResult,
    Receipt,
    ReceiptPrinter,
    SlotEvent,
)
from drivers.cards.citizen import CitizenCard, MutualAuthentication
from drivers.cards.registry import recognise
from drivers.errors import CardMute, CardProtocolError, DriverError, NoCard, PinRejected, PrinterError, UnknownCard
from drivers.printers.replies import NO_JOB, SILENT
from kiosk import events as e
from kiosk.frozen import frozen
from kiosk.session.asking.events import PinChanged
from kiosk.staff import events as staff
from kiosk.workers.technicians import Technicians, TechnicianSlot
from kiosk.workers.threads import T, Worker, WorkerBusy, asked

STAFF_PRINT_S = 90.0
"""Longer than any printer's own deadlines; a worker that hangs longer hangs for good."""
Post = Callable[[e.Event], None]


def canonical(document: Mapping[str, object]) -> bytes:
    """Return the bytes of a document that the card signs: JSON, keys sorted, no spaces, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


# ---------------------------------------------------------------------------------------------------- card


class CardDesk:
    """Owns the reader and the card in it. All but `start` and `close` run in its worker."""

    def __init__(
        self,
        reader: CardReader,
        worker: Worker,
        post: Post,
        today: Callable[[], str],
        authentication: MutualAuthentication | None = None,
        technicians: Technicians | None = None,
    ) -> None:
        """`technicians` None: no card is a technician's here."""
        self._reader = reader
        self._worker = worker
        self._post = post
        self._today = today
        self._authentication = authentication
        self._connection: CardConnection | None = None
        self._card: CitizenCard | None = None
        self._technicians = TechnicianSlot(technicians)
        self._facts: CardFacts | None = None

    def join(self, authentication: MutualAuthentication, technicians: Technicians | None) -> None:
        """The terminal has joined a gateway while it runs."""
        self._authentication, self._technicians = authentication, TechnicianSlot(technicians)

    def start(self) -> None:
        """Begin to watch the slot."""
        self._reader.start(self._changed)

    def _changed(self, event: SlotEvent) -> None:
        self._post(e.SlotChanged(event.state, event.insertion))

    def recognise(self, session_id: int, insertion: int) -> None:
        """Name the card and read what it tells without a PIN."""
        self._worker.submit(lambda: self._recognise(session_id, insertion))

    def _recognise(self, session_id: int, insertion: int) -> None:
        self._release()
        try:
            connection = self._reader.connect()
            self._connection = connection
            card = recognise(connection, self._authentication)
            facts = card.read_facts()
            tries_left = card.tries_left()
        except DriverError as error:
            seen = self._technicians.look(self._connection) if isinstance(error, UnknownCard) else None
            if seen is None:
                self._release()
                self._post(e.CardFailed(error.code, insertion, session_id=session_id))
                return
            told = (seen.serial, seen.tries_left, seen.problem)
            self._post(staff.TechnicianCardSeen(insertion, *told, session_id=session_id))
            return
        self._card, self._facts = card, facts
        expired = bool(facts.expires) and facts.expires < self._today()
        self._post(e.CardRecognised(insertion, facts, tries_left, expired, session_id=session_id))

    def verify(self, session_id: int, digits: str) -> None:
        """Have the card look at the PIN; then read its holder."""
        self._worker.submit(lambda: self._verify(session_id, digits))

    def _verify(self, session_id: int, digits: str) -> None:
        try:
            card = self._present()
            card.verify_pin(digits)
            holder = card.read_holder()
        except PinRejected as error:
            self._post(e.PinRefused(error.tries_left, session_id=session_id))
        except DriverError as error:
            self._release()
            self._post(e.CardFailed(error.code, session_id=session_id))
        else:
            self._post(e.PinAccepted(holder, session_id=session_id))

    def verify_technician(self, session_id: int, digits: str) -> None:
        """Have the technician's card look at the PIN, and prove that it holds its key."""
        self._worker.submit(lambda: self._verify_technician(session_id, digits))

    def _verify_technician(self, session_id: int, digits: str) -> None:
        try:
            self._technicians.verify(digits)
        except PinRejected as error:
            self._post(staff.TechnicianPinRefused(error.tries_left, session_id=session_id))
        except DriverError as error:
            self._release()
            self._post(staff.TechnicianCardFailed(error.code, session_id=session_id))
        else:
            self._post(staff.TechnicianPinAccepted(session_id=session_id))

    def change_pin(self, session_id: int, old: str, new: str, card_id: str) -> None:
        """Have the same card take a new PIN, and verify the new one: what is signed next needs it."""
        self._worker.submit(lambda: self._change_pin(session_id, old, new, card_id))

    def _change_pin(self, session_id: int, old: str, new: str, card_id: str) -> None:
        try:
            card = self._present()
            card.same_card(card_id)
            card.change_pin(old, new)
        except PinRejected as error:
            self._post(e.PinRefused(error.tries_left, session_id=session_id))
        except DriverError as error:
            self._release()
            self._post(e.CardFailed(error.code, session_id=session_id))
        else:
            try:
                card.verify_pin(new)
            except DriverError:
                self._release()  # it has its new PIN all the same; what cannot be signed now is said next
            self._post(PinChanged(session_id=session_id))

    def sign_document(self, session_id: int, draft: Mapping[str, object], card_id: str) -> None:
        """Re-read whose card this is, then have it sign the draft."""
        self._worker.submit(lambda: self._sign_document(session_id, draft, card_id))

    def _sign_document(self, session_id: int, draft: Mapping[str, object], card_id: str) -> None:
        try:
            card = self._present()
            card.same_card(card_id)
            certificate = card.certificate()
            signature = card.sign(canonical(draft))
        except DriverError as error:
            self._release()
            self._post(e.CardFailed(error.code, session_id=session_id))
        else:
            self._post(e.DocumentSigned(signature, certificate, session_id=session_id))

    def certificate(self, timeout_s: float) -> bytes:
        """For another thread: the card's certificate, DER. Raises `DriverError`, also when it takes too long."""
        return self._ask(lambda card: card.certificate(), timeout_s)

    def if_any(self, question: Callable[[CitizenCard], bytes], timeout_s: float) -> bytes:
        """For another thread: as `certificate`, but a card that cannot answer stays open, and no bytes are returned."""

        def quietly(card: CitizenCard) -> bytes:
            try:
                return question(card)
            except CardProtocolError:
                return b""

        return self._ask(quietly, timeout_s)

    def sign(self, data: bytes, timeout_s: float) -> bytes:
        """For another thread: the card's signature over `data`. Raises as `certificate`."""
        return self._ask(lambda card: card.sign(data), timeout_s)

    def _ask(self, question: Callable[[CitizenCard], bytes], timeout_s: float) -> bytes:
        def job() -> bytes:
            try:
                return question(self._present())
            except DriverError:
                self._release()
                raise

        try:
            return asked(self._worker, job, timeout_s)
        except WorkerBusy as error:
            raise CardMute("the card did not answer in time") from error

    def _present(self) -> CitizenCard:
        if self._card is None:
            raise NoCard("no card is open")
        return self._card

    def release(self) -> None:
        """Unpower the card, so that its PIN state does not outlive the visit."""
        self._worker.submit(self._release)

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._card = self._facts = None
        self._technicians.forget()

    def close(self) -> None:
        """Let go of the card and the reader."""
        self._worker.submit(self._release)
        self._worker.stop()
        self._reader.close()


# ------------------------------------------------------------------------------------------------- printer


class PrintDesk:
    """Owns the receipt printer."""

    def __init__(self, printer: ReceiptPrinter | None, worker: Worker, post: Post) -> None:
        self._printer = printer
        self._worker = worker
        self._post = post
        self._last: PrinterStatus | None = None

    def ask(self) -> None:
        """Have the printer say how it is; only a change is posted."""
        self._worker.submit(self._ask)

    def _ask(self) -> None:
        status = SILENT if self._printer is None else self._printer.status()
        if status != self._last:
            self._last = status
            self._post(e.PrinterChanged(status))

    def print(self, session_id: int, receipt: Receipt) -> None:
        """Print a receipt and post what is known of it."""
        self._worker.submit(lambda: self._print(session_id, receipt))

    def _print(self, session_id: int, receipt: Receipt) -> None:
        def told(state: JobState) -> None:
            self._post(e.PrintProgress(state, session_id=session_id))

        try:
            result = NO_JOB if self._printer is None else self._printer.print_receipt(receipt, told)
        except PrinterError as error:  # no printer can print this one
            result = PrintResult(JobState.NOT_PRINTED, error.code, 0)
        self._post(e.PrintFinished(result, session_id=session_id))
        self._ask()

    def status_for_staff(self) -> PrinterStatus:
        """For another thread: how the printer is. Raises `PrinterError` where it does not come to an end."""
        return self._for_staff(lambda printer: printer.status(), SILENT)

    def print_for_staff(self, receipt: Receipt) -> PrintResult:
        """For another thread: print a page of staff's, and wait for it. Raises as `status_for_staff`."""
        return self._for_staff(lambda printer: printer.print_receipt(receipt), NO_JOB)

    def _for_staff(self, ask: Callable[[ReceiptPrinter], T], absent: T) -> T:
        return asked(self._worker, lambda: absent if self._printer is None else ask(self._printer), STAFF_PRINT_S)

    def look_at_mouth(self, *, take_back: bool) -> None:
        """Post what became of the ticket in the mouth; with `take_back` one that still waits is drawn in."""
        self._worker.submit(lambda: self._look_at_mouth(take_back))

    def _look_at_mouth(self, take_back: bool) -> None:
        printer = self._printer
        found = None if printer is None else printer.ticket()
        if found is None and not take_back:
            return  # silent for once: the next look tells
        where = _MOUTH[found]
        if printer is not None and take_back and found == "waiting":
            where = "retracted" if printer.retract() else "unknown" if printer.ticket() is None else "jammed"
        self._post(e.TicketSeen(where))

    def close(self) -> None:
        """Finish what is printing, then let go of the printer."""
        self._worker.stop()
        if self._printer is not None:
            self._printer.close()


_MOUTH: Mapping[str | None, Literal["waiting", "taken", "retracted", "jammed", "unknown"]] = {
    "none": "taken",
    "waiting": "waiting",
    "jammed": "jammed",
    None: "unknown",
}


# ------------------------------------------------------------------------------------------- gateway, disk


@frozen
class Recorded:
    """What the outbox says after COMMIT."""

    seq: int
    number: str
    at_ms: int
    epoch: str = ""
    verdicts_after: int = 0
    """The place in the line of verdicts behind which this entry's will stand."""


class EntryStore(Protocol):
    """The outbox as the terminal uses it. Every method may raise an exception with a `code`."""

    def record(self, document: Mapping[str, object]) -> Recorded: ...

    def acked_seq(self) -> int: ...

    def refuse_when_full(self) -> None: ...


EntryKind = Literal["application", "rating", "notice", "supply", "printed"]
LASTING = frozenset({"outbox-full", "storage-failed"})
"""What a disk that refused one entry says of the next one too."""


class StoreDesk:
    """Records entries, and watches for the gateway's receipts."""

    def __init__(self, store: EntryStore, worker: Worker, post: Post, wall_ms: Callable[[], int]) -> None:
        self._store = store
        self._worker = worker
        self._post = post
        self._wall_ms = wall_ms
        self._trouble = ""

    def ask(self) -> None:
        """Look whether a new entry would find room; only a change is posted."""
        self._worker.submit(self._ask)

    def _ask(self) -> None:
        try:
            self._store.refuse_when_full()
        except Exception as error:  # noqa: BLE001 - whatever the disk says, it is told before a form is filled in
            self._found(str(getattr(error, "code", "storage-failed")))
        else:
            self._found("")

    def _found(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._post(e.StoreChanged(trouble))

    def record(self, session_id: int, kind: EntryKind, document: Mapping[str, object]) -> None:
        """Make an entry durable; the event comes after COMMIT."""
        self._worker.submit(lambda: self._record(session_id, kind, document))

    def _record(self, session_id: int, kind: EntryKind, document: Mapping[str, object]) -> None:
        try:
            made = self._store.record(document)
        except Exception as error:  # noqa: BLE001 - disk and database failures are told to the citizen, not raised
            code = str(getattr(error, "code", "storage-failed"))
            self._found(code if code in LASTING else self._trouble)
            self._post(e.SaveFailed(kind, code, session_id=session_id))
            return
        self._found("")
        where = (made.epoch, made.verdicts_after)
        self._post(e.EntrySaved(kind, made.seq, made.number, made.at_ms, *where, session_id=session_id))

    def look(self, session_id: int, watched: int) -> None:
        """Look whether the gateway's receipt covers the watched entry."""
        self._worker.submit(lambda: self._look(session_id, watched))

    def _look(self, session_id: int, watched: int) -> None:
        try:
            acked = self._store.acked_seq()
        except Exception as error:
            raise StoreUnreadable("the outbox cannot be read") from error
        if acked >= watched:
            self._post(e.EntryAcked(acked, self._wall_ms(), session_id=session_id))

    def close(self) -> None:
        """End the thread after what is queued."""
        self._worker.stop()


class StoreUnreadable(Exception):
    """The outbox did not tell how far the gateway has come."""

    code = "storage-failed"
