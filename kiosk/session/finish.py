"""From the card's signature to the card's return: save, receipt, rating, take your card. Pure."""

from __future__ import annotations

import base64
from dataclasses import replace

from drivers.api import JobState, PrintResult, SlotState
from kiosk.events import (
    CardFailed,
    DocumentSigned,
    EntryAcked,
    EntrySaved,
    PaperSeen,
    PrimaryPressed,
    PrintFinished,
    PrintProgress,
    RatingChosen,
    ReceiptChosen,
    SaveFailed,
    SlotChanged,
    TimerFired,
)
from kiosk.session.common import ASKED, IDLE, SECOND, WAIT, application_of, end, enter, fail, forget, fresh
from kiosk.session.start import card_at_attract
from kiosk.session.state import (
    AskPrinter,
    Effect,
    Note,
    PrintReceipt,
    Saved,
    SaveEntry,
    Session,
    Sound,
    StartTimer,
    State,
    Step,
    StopTimer,
    WatchEntry,
)

PRINT_FAILURES = {
    "paper-out": "printer-paper-out",
    "cover-open": "printer-cover-open",
    "no-reply": "printer-absent",
    "printer-unplugged": "printer-absent",
    "port-not-found": "printer-absent",
}
"""What the printer gave as the reason, to the failure that the citizen is told of."""


def signed(session: Session, event: DocumentSigned) -> Step:
    """The card signed, once: make the entry durable before anything is said."""
    if session.draft is None:
        return session, ()
    proof = {
        "signature": base64.b64encode(event.signature).decode("ascii"),
        "certificate": base64.b64encode(event.certificate).decode("ascii"),
    }
    document = {**session.draft, "card_signature": proof}
    return replace(session, draft=None), (SaveEntry("application", document),)


def signing_failed(session: Session, event: CardFailed) -> Step:
    """Nothing was signed, so nothing was saved."""
    if session.card_gone and event.code != "card-swapped":
        return fail(forget(session), "card-removed")
    return fail(forget(session), event.code)


def signing_given_up(session: Session, event: TimerFired) -> Step:
    """The card hangs. Once it has signed, only the disk's own word counts."""
    if event.timer != IDLE or session.draft is None:
        return session, ()
    return signing_failed(session, CardFailed("card-unreadable"))


def saved(session: Session, event: EntrySaved) -> Step:
    """COMMIT returned: the entry is safe here. Now wait a little for the gateway's receipt."""
    if event.kind != "application":
        return session, ()
    service = application_of(session).service.id
    kept = Saved(event.seq, event.number, service, event.at_ms)
    session = replace(session, saved=kept, draft=None, waited_s=0)
    watch: tuple[Effect, ...] = (WatchEntry(event.seq), Note("outbox.saved", {"seq": event.seq, "service": service}))
    if session.card_gone:
        return fail(forget(session), "card-removed", *watch)
    if not session.world.network_up:
        return enter(session, State.SAVED, Sound("held"), AskPrinter(), *watch)
    ticks = (StartTimer(WAIT, session.world.settings.ack_wait_s), StartTimer(SECOND, 1))
    return enter(session, State.WAITING, *watch, *ticks)


def save_failed(session: Session, event: SaveFailed) -> Step:
    return fail(forget(session), event.code) if event.kind == "application" else (session, ())


def acked(session: Session, event: EntryAcked) -> Step:
    """The gateway's countersigned receipt covers this entry."""
    kept = session.saved
    if kept is None or kept.acked or event.seq < kept.seq:
        return session, ()
    session = replace(session, saved=replace(kept, acked_at_ms=event.at_ms))
    note = Note("outbox.acked", {"seq": kept.seq})
    if session.state is State.WAITING:
        return enter(session, State.SAVED, StopTimer(WAIT), StopTimer(SECOND), Sound("saved"), AskPrinter(), note)
    return session, (note,)


def waiting_tick(session: Session, event: TimerFired) -> Step:
    """A second passed, or the wait is over: then it is recorded here and not yet sent."""
    if event.timer == SECOND:
        return replace(session, waited_s=session.waited_s + 1), (StartTimer(SECOND, 1),)
    if event.timer == WAIT:
        return enter(session, State.SAVED, StopTimer(SECOND), Sound("held"), AskPrinter())
    return session, ()


def to_receipt(session: Session, _event: PrimaryPressed) -> Step:
    way = "paper" if session.world.can_print else ""
    return enter(replace(session, receipt_way=way), State.RECEIPT, AskPrinter())


def way_chosen(session: Session, event: ReceiptChosen) -> Step:
    return replace(session, receipt_way=event.way), ()


def print_it(session: Session, _event: PrimaryPressed) -> Step:
    """Print, or go on where nothing can be printed."""
    if not session.world.can_print:
        return enter(session, State.RATING)
    if not session.receipt_way:
        return session, ()
    copy = session.copies > 0
    session = replace(session, copies=session.copies + 1, print_state=JobState.QUEUED, printed=None)
    return enter(session, State.PRINTING, PrintReceipt(copy))


def to_rating(session: Session, _event: object) -> Step:
    return enter(session, State.RATING)


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


def rate(session: Session, event: RatingChosen) -> Step:
    return replace(session, score=event.score), ()


def rated(session: Session, _event: PrimaryPressed) -> Step:
    if not session.score:
        return session, ()
    assert session.saved is not None
    document: dict[str, object] = {
        "kind": "rating",
        "schema": 1,
        "number": session.saved.number,
        "service": session.saved.service,
        "score": session.score,
        "time": session.world.local,
    }
    return end(session, SaveEntry("rating", document))


def not_rated(session: Session, _event: object) -> Step:
    return end(session)


def card_taken(session: Session, event: SlotChanged) -> Step:
    """The card left the slot: the visit is over. Where another one is in it already, the next visit begins."""
    ended = (StopTimer(SECOND), Note("session.ended", {"session": session.id}))
    if event.state in {SlotState.EMPTY, SlotState.READER_ABSENT}:
        return enter(fresh(session), State.ATTRACT, *ended)
    if event.state is SlotState.PRESENT and event.insertion != session.card_insertion:
        session, effects = card_at_attract(fresh(session), event)
        return session, (*ended, *effects)
    return session, ()


def remind(session: Session, event: TimerFired) -> Step:
    if event.timer != SECOND:
        return session, ()
    return session, (Sound("reminder"), StartTimer(SECOND, session.world.settings.card_reminder_s))
