"""The receipt: on paper, as a code on the screen, or as a message; and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from drivers.api import JobState, PrintResult
from drivers.printers.roll import NEAR_END_MM
from kiosk.events import (
    EntrySaved,
    KeysErased,
    KeyTyped,
    PaperSeen,
    PrimaryPressed,
    PrintAgain,
    PrinterChanged,
    PrintFinished,
    PrintProgress,
    ReceiptChosen,
    SaveFailed,
    TicketSeen,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition
from kiosk.session.common import ASKED, IDLE, enter, fail, form_of
from kiosk.session.state import (
    AskPrinter,
    Effect,
    Message,
    Note,
    PrintReceipt,
    SaveEntry,
    Session,
    State,
    Step,
    StopTimer,
    WatchTicket,
)

PRINT_FAILURES = {
    "paper-out": "printer-paper-out",
    "cover-open": "printer-cover-open",
    "no-reply": "printer-absent",
    "printer-unplugged": "printer-absent",
    "port-not-found": "printer-absent",
}
"""What the printer gave as the reason, to the failure that the citizen is told of."""
TICKET_TIMER = "house.ticket"
CONTACT = "msg.contact"
"""The subject of the information catalogue that says how a citizen is reached."""
ADDRESSES: Mapping[str, FieldDefinition] = {
    "sms": FieldDefinition("phone", {}, "phone", {}, pattern=r"1[3-9][0-9]{9}"),
    "email": FieldDefinition("email", {}, "email", {}),
}
"""What is typed for each way of a message."""


# ----------------------------------------------------------------------------------------------- which way


def to_receipt(session: Session, _event: PrimaryPressed) -> Step:
    way = "paper" if session.world.can_print else ""
    return enter(replace(session, receipt_way=way), State.RECEIPT, AskPrinter())


def way_chosen(session: Session, event: ReceiptChosen) -> Step:
    return replace(session, receipt_way=event.way), ()


def take_receipt(session: Session, _event: PrimaryPressed) -> Step:
    """Print, send a message, or go on where it is sent already or nothing can be printed."""
    way = session.receipt_way
    if way in {"sms", "email", "both"} and not _told(session):
        return _message(session)
    if way in {"sms", "email"} or not session.world.can_print:
        return enter(session, State.RATING)
    return print_now(session) if way else (session, ())


def _told(session: Session) -> bool:
    """Whether the message of the chosen way has been recorded, or could not be."""
    message = session.message
    wanted = "email" if session.receipt_way == "email" else "sms"
    return message is not None and message.way == wanted and message.stage in {"saved", "failed"}


def to_rating(session: Session, _event: object) -> Step:
    return enter(session, State.RATING)


# ------------------------------------------------------------------------------------------------- message


def contact_of(session: Session, way: str) -> str:
    """Return the phone number or address that the city or the form knows for this, or an empty string."""
    application = session.application
    if application is None:
        return ""
    key = ADDRESSES[way].id
    form = form_of(session, application)
    for item in application.service.fields:
        if item.source == f"{CONTACT}.{key}" and (value := forms.value_of(form, item)) is not None:
            return _checked(session, way, value.text)
    held = application.subjects.get(CONTACT)
    return "" if held is None or held.record is None else _checked(session, way, str(held.record.get(key) or ""))


def _checked(session: Session, way: str, text: str) -> str:
    return "" if forms.problem(ADDRESSES[way], text, session.world.today) else text


def _message(session: Session) -> Step:
    """Record the message, or ask where it goes."""
    if session.message is not None and session.message.stage == "saving":
        return session, ()
    way = "email" if session.receipt_way == "email" else "sms"
    to = contact_of(session, way)
    if not to:
        return enter(replace(session, message=Message(way)), State.ADDRESS)
    return _record(replace(session, message=Message(way, to)))


def key_typed(session: Session, event: KeyTyped) -> Step:
    message = session.message
    if message is None:
        return session, ()
    to = forms.typed(ADDRESSES[message.way], message.to, event.key)
    return replace(session, message=replace(message, to=to, problem="")), ()


def keys_erased(session: Session, event: KeysErased) -> Step:
    message = session.message
    if message is None:
        return session, ()
    to = "" if event.all else message.to[:-1]
    return replace(session, message=replace(message, to=to, problem="")), ()


def address_given(session: Session, _event: PrimaryPressed) -> Step:
    message = session.message
    assert message is not None
    problem = forms.problem(ADDRESSES[message.way], message.to, session.world.today)
    if problem:
        return replace(session, message=replace(message, problem=problem)), ()
    return _record(session)


def no_address(session: Session, _event: object) -> Step:
    return enter(replace(session, message=None), State.RECEIPT, AskPrinter())


def _record(session: Session) -> Step:
    """Put the message into the outbox, sealed like any entry; the gateway sends it."""
    message, kept = session.message, session.saved
    assert message is not None
    assert kept is not None
    document: dict[str, object] = {
        "kind": "notice",
        "schema": 1,
        "number": kept.number,
        "case": kept.number,
        "way": message.way,
        "to": message.to.strip(),
        "text_id": "receipt",
        "language": session.language,
        "service": kept.service,
        "time": session.world.local,
    }
    session = replace(session, message=replace(message, to=message.to.strip(), stage="saving"))
    effects: tuple[Effect, ...] = (SaveEntry("notice", document), Note("receipt.message", {"way": message.way}))
    if session.receipt_way == "both" and session.world.can_print:
        return print_now(session, *effects)
    return enter(session, State.RECEIPT, *effects)


def message_saved(session: Session, event: EntrySaved) -> Step:
    return _message_is(session, event.kind, "saved")


def message_failed(session: Session, event: SaveFailed) -> Step:
    return _message_is(session, event.kind, "failed")


def _message_is(session: Session, kind: str, stage: Literal["saved", "failed"]) -> Step:
    if kind != "notice" or session.message is None or session.message.stage != "saving":
        return session, ()
    return replace(session, message=replace(session.message, stage=stage)), ()


# ---------------------------------------------------------------------------------------------------- print


def print_now(session: Session, *effects: Effect) -> Step:
    """Print; what was sent to the printer before is a copy now."""
    copy = session.copies > 0
    session = replace(session, copies=session.copies + 1, print_state=JobState.QUEUED, printed=None)
    return enter(session, State.PRINTING, *effects, PrintReceipt(copy))


def printing_given_up(session: Session, event: TimerFired) -> Step:
    """Nothing was heard of the printing for longer than any printing takes: ask the citizen."""
    if event.timer != IDLE:
        return session, ()
    return print_finished(session, PrintFinished(PrintResult(JobState.UNKNOWN, "no-reply", 0)))


def print_progress(session: Session, event: PrintProgress) -> Step:
    return replace(session, print_state=event.state), ()


def print_finished(session: Session, event: PrintFinished) -> Step:
    """Only the printer's own word leads on; half is told, unknown is asked."""
    result = event.result
    session = replace(session, printed=result, print_state=result.state)
    note = Note("printer.job", {"state": str(result.state), "bytes": result.bytes_sent, "reason": result.reason})
    effects = (note, AskPrinter())
    match result.state:
        case JobState.DONE:
            printer = session.world.printer
            if printer is not None and printer.ticket is not None:
                return enter(session, State.TAKE_PAPER, *effects, WatchTicket())
            return enter(session, State.RATING, *effects)
        case JobState.PRINTED_NOT_CUT:
            return fail(session, "print-not-cut", *effects, resume=State.RATING)
        case JobState.PARTIAL:
            return fail(session, "print-partial", *effects, resume=State.RATING)
        case JobState.NOT_PRINTED | JobState.BLOCKED:
            session = replace(session, copies=max(0, session.copies - 1))
            code = PRINT_FAILURES.get(result.reason, "printer-fault")
            return fail(session, code, *effects, resume=State.RATING)
        case _:
            return fail(session, "print-unknown", *effects, resume=State.RATING)


def paper_seen(session: Session, event: PaperSeen) -> Step:
    """The citizen says what came out; another print of the same number is a copy."""
    if session.failure not in ASKED:
        return session, ()
    note = Note("printer.seen", {"outcome": event.outcome})
    if event.outcome == "whole":
        return enter(session, State.RATING, note)
    return enter(session, State.RECEIPT, note, AskPrinter())


# ------------------------------------------------------------------------------------------------- the roll


def printer_noted(session: Session, event: PrinterChanged) -> Step:
    """Tell the fleet when the paper runs low, when it is out, and when somebody put a roll in: once each.

    The sensor flickers for a while where the roll nears its end: while the cover stays closed it is the same roll.
    """
    status, told = event.status, session.world.paper_told
    level = "out" if status.paper == "out" else "near-end" if "near-end" in {status.paper, status.roll} else "ok"
    if not status.answered or status.cover == "open":
        session = replace(session, world=replace(session.world, roll_untouched=False))
    announced = status.roll_left_m is not None and status.roll_left_m > int(NEAR_END_MM // 1000)
    flickers = (told, level) == ("near-end", "ok") and session.world.roll_untouched and not announced
    if not status.answered or status.paper is None or level == told or flickers:
        return session, ()
    document: dict[str, object] = {
        "kind": "supply",
        "schema": 1,
        "terminal": session.world.terminal,
        "time": session.world.local,
        "paper": level,
        "roll_left_m": status.roll_left_m,
    }
    session = replace(session, world=replace(session.world, paper_told=level, roll_untouched=True))
    return session, (SaveEntry("supply", document), Note("printer.paper", {"paper": level}))


# ------------------------------------------------------------------------------- the mouth of a kiosk printer


def ticket_noted(session: Session, event: TicketSeen) -> Step:
    """Whatever is on the screen: the watch over the mouth ends with the ticket."""
    if event.where == "waiting":
        return session, ()
    return session, (StopTimer(TICKET_TIMER), Note("printer.ticket", {"where": event.where}))


def ticket_seen(session: Session, event: TicketSeen) -> Step:
    """Taken: go on. Drawn in or stuck: say so. A printer that does not say lets the citizen go on."""
    session, effects = ticket_noted(session, event)
    match event.where:
        case "waiting":
            return session, effects
        case "retracted":
            return fail(session, "print-not-taken", *effects, resume=State.RATING)
        case "jammed":
            return fail(session, "print-jammed", *effects, resume=State.RATING)
        case _:
            return enter(session, State.RATING, *effects)


def mouth_given_up(session: Session, event: TimerFired) -> Step:
    """Nobody says what became of the ticket; the printer's own watch goes on."""
    return enter(session, State.RATING) if event.timer == IDLE else (session, ())


# -------------------------------------------------------------------------------------- after a failed print


def can_go_another_way(session: Session) -> bool:
    """Whether this failure leaves a citizen without the receipt of an entry that is saved."""
    whole = session.failure in ASKED or session.failure == "print-not-cut"
    plain = session.failure.startswith(("printer-", "print-")) and not whole
    return plain and session.saved is not None and session.resume is State.RATING and session.holder is not None


def print_again(session: Session, _event: PrintAgain) -> Step:
    """The paper is back: once more, as a copy where anything came out before."""
    if not can_go_another_way(session) or not session.world.can_print:
        return session, ()
    return print_now(replace(session, failure="", receipt_way="paper"))


def message_instead(session: Session, event: ReceiptChosen) -> Step:
    """Paper failed: as a message."""
    if not can_go_another_way(session) or event.way not in {"sms", "email"}:
        return session, ()
    session = replace(session, failure="", receipt_way=event.way)
    return enter(session, State.RECEIPT, AskPrinter()) if _told(session) else _message(session)
