"""Certificates on A4, printed from the page of a case: sent, told of, asked about where the printer cannot know. Pure.

What may have come out is noted for the gateway (`printed`): whatever is printed after it is a copy, at any terminal.
"""

from __future__ import annotations

from dataclasses import replace

from drivers.api import JobState
from kiosk.events import PaperSeen
from kiosk.services import views
from kiosk.session.asking.events import SheetFinished, SheetProgress
from kiosk.session.asking.sheet_state import Sheet
from kiosk.session.state import Effect, Note, PrintSheet, SaveEntry, Session, Step

UNDER_WAY = frozenset({JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED, JobState.BLOCKED})


def can_print(session: Session) -> bool:
    """Whether this terminal has an A4 printer."""
    return session.world.settings.a4_queue != ""


def under_way(session: Session) -> bool:
    """Whether a sheet is at the printer now."""
    return session.sheet is not None and session.sheet.state in UNDER_WAY


def is_copy(session: Session, record: views.Record) -> bool:
    """Whether this certificate may have come out before: in this visit, or as the gateway knows."""
    sent = session.sheet is not None and views.raw_text(record.get("number")) in session.sheet.sent
    return sent or views.raw_text(record.get("printed")) != ""


def print_now(session: Session, record: views.Record, key: str) -> Step:
    """Print the certificate that the row holds under `key`; one at a time."""
    document, number = record.get(key), views.raw_text(record.get("number"))
    if not can_print(session) or under_way(session) or not isinstance(document, str) or not document:
        return session, ()
    copy = is_copy(session, record)
    sent = session.sheet.sent if session.sheet is not None else frozenset[str]()
    job = PrintSheet(number, views.raw_text(record.get("service")), document, copy)
    return replace(session, sheet=Sheet(number, JobState.QUEUED, sent=sent)), (job,)


def progress(session: Session, event: SheetProgress) -> Step:
    sheet = session.sheet
    if sheet is None or not under_way(session):
        return session, ()
    return replace(session, sheet=replace(sheet, state=event.state)), ()


def finished(session: Session, event: SheetFinished) -> Step:
    """The printer has said what it knows; whoever's visit it is now, what may have come out is noted."""
    result = event.result
    note = Note("sheet.job", {"state": str(result.state), "bytes": result.bytes_sent, "reason": result.reason})
    effects: tuple[Effect, ...] = (note,)
    out = result.state is not JobState.NOT_PRINTED
    if out:
        document: dict[str, object] = {
            "kind": "printed",
            "schema": 1,
            "number": event.number,
            "service": event.service,
            "state": str(result.state),
            "time": session.world.local,
        }
        effects = (note, SaveEntry("printed", document))
    if event.visit != session.id or session.sheet is None or session.sheet.number != event.number:
        return session, effects
    sent = session.sheet.sent | {event.number} if out else session.sheet.sent
    return replace(session, sheet=Sheet(event.number, result.state, result.reason, sent)), effects


def seen(session: Session, event: PaperSeen) -> Step:
    """The citizen says what came out of a printer that does not know."""
    sheet = session.sheet
    if sheet is None or sheet.state is not JobState.UNKNOWN or event.outcome != "whole":
        return session, ()
    note = Note("printer.seen", {"outcome": event.outcome})
    return replace(session, sheet=replace(sheet, seen=True)), (note,)
