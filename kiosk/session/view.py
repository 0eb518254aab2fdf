"""Pages of what the city holds: lists, one row of them, facts, a case's timeline; and the ways on from them. Pure."""

from __future__ import annotations

import datetime
from typing import Literal

from drivers.api import JobState
from kiosk.events import ActionChosen, HomePressed, PageTurned, PrimaryPressed, PrintFinished, RowOpened
from kiosk.frozen import replace
from kiosk.services import views
from kiosk.services.definition import View
from kiosk.services.view_parsing import OF_A_ROW
from kiosk.session.asking import sheet
from kiosk.session.common import application_of, enter
from kiosk.session.service import home, open_form, open_service
from kiosk.session.state import (
    Application,
    AskPrinter,
    Note,
    PrintPage,
    PrintReceipt,
    Saved,
    Session,
    State,
    Step,
)
from kiosk.words.city_time import CITY_TIME

_ROWS = {"list": 4, "facts": 7, "detail": 6, "steps": 6, "timeline": 6}
"""How many rows of a page of each kind fit the ordinary screen."""


def page_of(application: Application) -> View:
    """Return the page that is on the screen. Only called where there is one."""
    return application.service.view(application.view)


def record_of(application: Application) -> views.Record | None:
    """Return the row that the page shows, or None on a page without one."""
    lists = [view for view, _ in application.trail if application.service.view(view).kind == "list"]
    if application.row < 0 or not lists:
        return None
    return views.row_at(application.service, application.subjects, lists[-1], application.row)


def rows_per_page(session: Session, kind: str, *, choices: int) -> int:
    """How many rows fit beside `choices` buttons: fewer in large text, landscape and reach."""
    settings, modes = session.world.settings, session.modes
    count = _ROWS[kind]
    if settings.width > settings.height or modes.reach:
        count = {"list": 3, "facts": 4, "detail": 4}.get(kind, 4)
    if modes.text_scale > 1.0:
        count = min(count, 3 if modes.text_scale < 2.0 else 2)
    if modes.reach:
        count = min(count, 3 if not choices and kind != "list" else 2)
    if choices > 1 and (modes.text_scale > 1.0 or settings.width > settings.height):
        count = min(count, 3 if modes.text_scale == 1.0 else 2)
    return 1 if modes.reach and kind == "timeline" else max(1, count)


def row_count(application: Application) -> int:
    """How many rows the page on the screen has."""
    page, record = page_of(application), record_of(application)
    if page.kind == "list":
        return len(views.rows(page, application.subjects))
    if page.kind in ("timeline", "steps"):
        return len(views.steps(page, record))
    return len(views.filled(page, application.subjects, record))


def charted(session: Session) -> bool:
    """Whether a timeline is drawn; in larger text and in reach mode its steps stand under each other instead."""
    settings, modes = session.world.settings, session.modes
    most = 1.0 if settings.width > settings.height else 1.25
    return page_of(application_of(session)).kind == "timeline" and modes.text_scale <= most and not modes.reach


def page_count(session: Session) -> int:
    """How many screens the page on the screen takes."""
    application = application_of(session)
    page = page_of(application)
    if charted(session):
        return 1
    choices = len(views.offered(page, record_of(application)))
    return max(1, -(-row_count(application) // rows_per_page(session, page.kind, choices=choices)))


def _go(session: Session, application: Application) -> Step:
    return enter(replace(session, application=application, print_state=None), State.VIEW)


def turn_page(session: Session, event: PageTurned) -> Step:
    application = application_of(session)
    page = min(max(0, application.page + event.delta), page_count(session) - 1)
    return replace(session, application=replace(application, page=page)), ()


def open_row(session: Session, event: RowOpened) -> Step:
    """Show one row of the list; a row that is not in it is not opened."""
    application = application_of(session)
    page = page_of(application)
    if page.kind != "list" or not page.opens:
        return session, ()
    if event.row not in {row.place for row in views.rows(page, application.subjects)}:
        return session, ()
    return _go(session, _opened(application, page.opens, event.row))


def _opened(application: Application, view: str, row: int) -> Application:
    trail = (*application.trail, (application.view, application.row))
    return replace(application, view=view, row=row, trail=trail, page=0)


def act(session: Session, event: ActionChosen) -> Step:
    """Do what the page offers: another page of this row, another service, or the form with some fields set."""
    application = application_of(session)
    record = record_of(application)
    found = [action for action in views.offered(page_of(application), record) if action.id == event.action]
    if not found:
        return session, ()
    action = found[0]
    if action.prints:
        return on_paper(session, action.prints, record or {})
    if action.opens:
        return _go(session, _opened(application, action.opens, application.row))
    if action.service:
        return open_service(session, action.service)
    taken = {name: views.raw_text((record or {}).get(key)) for name, key in action.take.items()}
    preset = {**action.set, **{name: text for name, text in taken.items() if text}}
    return open_form(replace(session, application=replace(application, preset=preset, answers={}, page=0)))


def on_paper(session: Session, what: str, record: views.Record) -> Step:
    """The certificate of the row's case on A4, or a copy of the receipt with which the case began."""
    if what == "certificate":
        return sheet.print_now(session, record, what)
    kept = receipt_of(session, record)
    if kept is None or not session.world.can_print or _printing(session):
        return session, ()
    note = Note("receipt.again", {"service": kept.service})
    return replace(session, print_state=JobState.QUEUED), (PrintReceipt(copy=True, kept=kept), note)


def receipt_of(session: Session, record: views.Record) -> Saved | None:
    """What the gateway knows of the entry that became this case; None where that is not enough for a receipt."""
    number, name = views.raw_text(record.get("number")), views.raw_text(record.get("service"))
    known = session.world.catalogue is not None and name in session.world.catalogue.services
    try:
        opened = datetime.datetime.fromisoformat(views.raw_text(record.get("opened"))[:16])
    except ValueError:
        return None
    at_ms = int(opened.replace(tzinfo=CITY_TIME).timestamp() * 1000)
    return Saved(0, number, name, at_ms, at_ms) if number and known else None


def _printing(session: Session) -> bool:
    return session.print_state in {JobState.QUEUED, JobState.SENDING}


def way_on(application: Application) -> Literal["", "page", "form", "home"]:
    """Where the way forward of a page leads; empty: the page waits for a choice.

    A page of a row ends the service, unless its definition has words for a way on; so does the last page of a service
    without an application.
    """
    page, record = page_of(application), record_of(application)
    waits = page.kind == "list" and page.opens and views.rows(page, application.subjects)
    if (waits or views.offered(page, record)) and not page.onward:
        return ""
    if page.kind in OF_A_ROW and not page.onward:
        return "home"
    if following(application):
        return "page"
    return "form" if application.service.apply and (page.onward or not _sets_fields(application)) else "home"


def _sets_fields(application: Application) -> bool:
    """Whether the form is one that an action of a page begins."""
    return any(action.set or action.take for page in application.service.views for action in page.actions)


def following(application: Application) -> str:
    """The next page that stands by itself, or an empty text."""
    first = application.trail[0][0] if application.trail else application.view
    ids = [page.id for page in views.pages(application.service, application.subjects)]
    after = ids[ids.index(first) + 1 :] if first in ids else []
    return after[0] if after else ""


def onward(session: Session, _event: PrimaryPressed) -> Step:
    """The next screen of this page, the next page, the form, or, where the service ends with its pages, home."""
    application = application_of(session)
    if application.page < page_count(session) - 1 and page_of(application).kind != "list":
        return replace(session, application=replace(application, page=application.page + 1)), ()
    match way_on(application):
        case "page":
            return _go(session, replace(application, view=following(application), row=-1, trail=(), page=0))
        case "form":
            return open_form(replace(session, application=replace(application, preset={})))
        case "home":
            return home(session, HomePressed())
        case _:
            return session, ()


def backward(session: Session, _event: object) -> Step:
    """The screen before, the page that opened this one, the page before it, or the consent."""
    application = application_of(session)
    if application.page > 0:
        return replace(session, application=replace(application, page=application.page - 1)), ()
    if application.trail:
        view, row = application.trail[-1]
        return _go(session, replace(application, view=view, row=row, trail=application.trail[:-1], page=0))
    ids = [page.id for page in views.pages(application.service, application.subjects)]
    at = ids.index(application.view) if application.view in ids else 0
    if at > 0:
        return _go(session, replace(application, view=ids[at - 1], page=0))
    return enter(replace(session, application=replace(application, view="")), State.CONSENT)


def print_page(session: Session, _event: object) -> Step:
    """Print the page, where there is a printer and nothing is being printed."""
    if not page_of(application_of(session)).print or not session.world.can_print or _printing(session):
        return session, ()
    return replace(session, print_state=JobState.QUEUED), (PrintPage(), Note("page.print", {"session": session.id}))


def page_printed(session: Session, event: PrintFinished) -> Step:
    """What the printer said stands on the page."""
    result = event.result
    note = Note("printer.job", {"state": str(result.state), "bytes": result.bytes_sent, "reason": result.reason})
    return replace(session, print_state=result.state), (note, AskPrinter())
