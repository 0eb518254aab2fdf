"""The rows of the session's table for answers from elsewhere: choices, verdicts, new PINs, lost cards. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk import events as e
from kiosk.frozen import replace
from kiosk.session import aside, form, handing, paper, service, start, view
from kiosk.session.arrival import company
from kiosk.session.asking import choices, keeping, new_pin, phone, places, search, sheet, verdict, writing
from kiosk.session.asking import events as asked
from kiosk.session.asking.picking import moves as picking
from kiosk.session.common import application_of
from kiosk.session.state import Session, Step

Rows = Mapping[type[e.Event], Callable[[Session, Any], Step]]


def fetched(session: Session, event: asked.ChoicesFetched) -> Step:
    """What was asked for came: choices of a question, or places. A question that is settled by them is not asked."""
    if event.question == places.QUESTION:
        return places.fetched(session, event)
    session, effects = choices.fetched(session, event)
    if not choices.settled(session, event):
        return session, effects
    session, more = form.forward(session, e.PrimaryPressed())
    return session, (*effects, *more)


LATE: Rows = {
    asked.ChoicesFetched: aside.ignore,
    asked.ChoicesFailed: aside.ignore,
    asked.HandedOver: phone.came_late,
    asked.HandoverFailed: aside.ignore,
    asked.VerdictCame: verdict.came,
    asked.CardLost: aside.ignore,
    asked.NewPinJudged: aside.ignore,
    asked.PinChanged: aside.ignore,
    asked.CandidatesFound: aside.ignore,
    asked.CandidateTaken: aside.ignore,
    asked.CharactersFound: aside.ignore,
    asked.SheetProgress: sheet.progress,
    asked.SheetFinished: sheet.finished,
    e.DataFetched: sheet.fetched,
    e.LookupFailed: sheet.not_fetched,
}


def turn_companies(session: Session, event: e.PageTurned) -> Step:
    """More companies than one screen holds."""
    application = application_of(session)
    if not application.acting.open:
        return session, ()
    last = form.pages(len(application.acting.companies), form.per_page(session, "choices")) - 1
    page = min(max(0, application.page + event.delta), last)
    return replace(session, application=replace(application, page=page)), ()


TOUCHES = (
    asked.RetryChosen,
    asked.CallBackAsked,
    asked.ProofChosen,
    asked.SearchAsked,
    asked.AgenciesAsked,
    asked.AgencyChosen,
    asked.ContinueChosen,
    asked.ListSearched,
    asked.PadChosen,
    asked.CandidateChosen,
    asked.CandidatesTurned,
    asked.CharacterChosen,
    e.StrokeDrawn,
    asked.PhoneAsked,
    asked.AlertChosen,
)
HOME: Rows = {
    asked.SearchAsked: search.asked,
    asked.AgenciesAsked: search.agencies_asked,
    asked.ContinueChosen: keeping.resume,
}
AGENCIES: Rows = {
    asked.AgencyChosen: search.agency_chosen,
    e.PageTurned: search.turn_list,
    e.BackPressed: service.home,
}
SERVICES: Rows = {
    e.ServiceChosen: service.service_chosen,
    e.PageTurned: search.turn_list,
    e.BackPressed: search.back_from_services,
}
SEARCH: Rows = {
    e.KeyTyped: search.key,
    e.KeysErased: search.erased,
    e.PageTurned: search.turn,
    e.ServiceChosen: service.service_chosen,
    asked.AgenciesAsked: search.agencies_asked,
    e.BackPressed: service.home,
}
IN_CARD: Rows = {asked.CardLost: start.card_lost, asked.PhoneAsked: phone.asked}
CONSENT: Rows = {
    e.PrimaryPressed: service.consented,
    e.ConsentRefused: service.refused,
    e.BackPressed: service.back_to_intro,
    e.PrinterChanged: service.printer_heard,
    e.AnswerChosen: company.choose,
    e.PageTurned: turn_companies,
}
FORM: Rows = {
    e.PinLengthChanged: new_pin.length,
    e.KeysShuffled: start.shuffle,
    asked.NewPinJudged: new_pin.judged,
    asked.ListSearched: picking.seek,
    asked.PadChosen: writing.choose_pad,
    asked.CandidateChosen: writing.choose,
    asked.CandidatesTurned: writing.turn,
    asked.CandidatesFound: writing.found,
    asked.CandidateTaken: writing.taken,
    asked.CharactersFound: writing.found,
    asked.CharacterChosen: writing.choose_character,
    e.StrokeDrawn: writing.drawn,
}
HELP: Rows = {asked.PhoneAsked: phone.from_help, e.BackPressed: aside.help_done, e.HelpPressed: aside.ignore}
HANDING: Rows = {
    asked.HandedOver: phone.handed,
    asked.HandoverFailed: phone.refused,
    e.TimerFired: phone.timed_out,
    e.SlotChanged: aside.card_out,
    e.FinishPressed: start.leave,
}
PHONE: Rows = {e.BackPressed: phone.back, e.PrimaryPressed: start.leave}
LOOKING: Rows = {
    asked.ChoicesFetched: fetched,
    asked.ChoicesFailed: choices.not_fetched,
    e.TimerFired: choices.timed_out,
    e.SlotChanged: aside.card_out,
    e.FinishPressed: start.leave,
}
SIGNING: Rows = {e.PinRefused: handing.old_pin_refused, asked.PinChanged: handing.pin_changed}
WAITING: Rows = {e.TimerFired: verdict.waiting, e.SlotChanged: aside.card_out, e.FinishPressed: start.leave}
CONFIRMING: Rows = {**WAITING, asked.VerdictCame: verdict.answered}
SAVED: Rows = {
    e.PrimaryPressed: paper.to_receipt,
    e.BackPressed: service.home,
    e.ActionChosen: sheet.ask_for,
    e.PaperSeen: sheet.seen,
    asked.VerdictCame: verdict.answered_late,
}
PLACES: Rows = {
    e.AnswerChosen: places.choose,
    e.PrimaryPressed: places.done,
    e.BackPressed: places.back,
}
VIEW: Rows = {
    e.PaperSeen: sheet.seen,
    e.PagePrinted: view.print_page,
    e.PrintProgress: paper.print_progress,
    e.PrintFinished: view.page_printed,
}
FAILURE: Rows = {asked.RetryChosen: verdict.retry}
