"""Certificates on A4, from the page of a case or the last page of the visit that asked for it: sent, told of, asked
about where the printer cannot know. Pure.

What may have come out is noted for the gateway (`printed`): whatever is printed after it is a copy, at any terminal.
"""

from __future__ import annotations

from drivers.api import JobState
from kiosk.events import DataFetched, LookupFailed, PaperSeen
from kiosk.frozen import replace
from kiosk.services import forms, views
from kiosk.services.definition import ServiceDefinition, View
from kiosk.session.asking.events import SheetFinished, SheetProgress
from kiosk.session.asking.sheet_state import Sheet
from kiosk.session.common import form_of
from kiosk.session.state import Effect, FetchData, Note, PrintSheet, SaveEntry, Session, Step

CERTIFICATE, MISSING = "certificate", "certificate-missing"
HOW_TO_GET, PRINTED_HERE = "get", "print"
"""The field that says how the citizen wants a certificate, and its value for a terminal's printer."""
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


# ------------------------------------------------------------------------------ on the last page of the same visit


def due(session: Session) -> bool:
    """Whether the certificate of what was just handed in may still be printed in this visit."""
    application, kept = session.application, session.saved
    if application is None or kept is None or session.holder is None or not can_print(session):
        return False
    if CERTIFICATE not in application.service.print or _cases(session) is None:
        return False
    form = form_of(session, application)
    asked = next((item for item in application.service.fields if item.id == HOW_TO_GET), None)
    way = None if asked is None else forms.value_of(form, asked)
    return way is None or way.text == PRINTED_HERE


def issued(session: Session) -> bool:
    """Whether the office has said yes, so that the certificate can be asked for."""
    return due(session) and session.saved is not None and session.saved.answer == "accepted"


def _cases(session: Session) -> tuple[ServiceDefinition, View] | None:
    """The service, and its list, whose rows hold certificates to print."""
    services = {} if session.world.catalogue is None else session.world.catalogue.services
    for service in services.values():
        if any(action.prints == CERTIFICATE for view in service.views for action in view.actions):
            return next(((service, view) for view in service.views if view.kind == "list"), None)
    return None


def ask_for(session: Session, _event: object) -> Step:
    """The citizen wants it now: fetch their own cases, with the card's signature, and print it when it comes."""
    found, kept = _cases(session), session.saved
    if not issued(session) or under_way(session) or found is None or kept is None:
        return session, ()
    service, view = found
    sent = session.sheet.sent if session.sheet is not None else frozenset[str]()
    session = replace(session, sheet=Sheet(kept.number, JobState.QUEUED, sent=sent, wanted=True))
    note = Note("consent.given", {"service": service.id, "subjects": 1})
    return session, (note, FetchData(service.id, (view.subject,), session.world.settings.lookup_wait_s))


def unwanted(session: Session) -> Session:
    """The citizen went on to something else before it came: it is not printed unasked."""
    sheet = session.sheet
    if sheet is None or not sheet.wanted:
        return session
    return replace(session, sheet=Sheet(sheet.number, JobState.NOT_PRINTED, MISSING, sheet.sent))


def fetched(session: Session, event: DataFetched) -> Step:
    """The cases came: print the certificate that was asked for, if it is there."""
    sheet, found = session.sheet, _cases(session)
    if sheet is None or not sheet.wanted or found is None or event.service != found[0].id:
        return session, ()
    session = unwanted(session)
    rows = views.rows(found[1], {item.subject: item for item in event.subjects})
    mine = (row.record for row in rows if views.raw_text(row.record.get("number")) == sheet.number)
    record = next(mine, None)
    return (session, ()) if record is None else print_now(session, record, CERTIFICATE)


def not_fetched(session: Session, event: LookupFailed) -> Step:
    sheet, found = session.sheet, _cases(session)
    if sheet is None or not sheet.wanted or found is None or event.service != found[0].id:
        return session, ()
    return unwanted(session), (Note("lookup.failed", {"code": event.code}),)
