"""From the home screen to the citizen's consent and the city's data. Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import (
    ConsentRefused,
    DataFetched,
    HomePressed,
    LifeEventChosen,
    LookupFailed,
    PrimaryPressed,
    ServiceChosen,
    TimerFired,
)
from kiosk.services import forms, views
from kiosk.session.asking import choices, new_pin
from kiosk.session.common import CARD_FAILURES, WAIT, application_of, await_card, enter, fail, forget, form_of
from kiosk.session.state import (
    Application,
    AskPrinter,
    AskStore,
    Effect,
    FetchData,
    ForgetPin,
    Note,
    ReleaseCard,
    Session,
    StartTimer,
    State,
    Step,
    StopTimer,
)


def event_chosen(session: Session, event: LifeEventChosen) -> Step:
    return enter(replace(session, life_event=event.life_event), State.SERVICES)


def service_chosen(session: Session, event: ServiceChosen) -> Step:
    return open_service(session, event.service)


def open_service(session: Session, service: str) -> Step:
    """Show what a service does; the form starts empty."""
    catalogue = session.world.catalogue
    if catalogue is None or service not in catalogue.services:
        return fail(session, "service-gone", resume=State.HOME)
    definition = catalogue.services[service]
    session = replace(
        session,
        application=Application(definition),
        life_event=definition.event,
        wanted_service="",
        saved=None,
        copies=0,
        receipt_way="",
        message=None,
        printed=None,
        score=0,
    )
    return enter(session, State.INTRO, AskPrinter(), AskStore(), Note("service.opened", {"service": service}))


def home(session: Session, _event: HomePressed) -> Step:
    """Home: the form in hand is dropped, the visit goes on."""
    if session.holder is None and not session.browsing:
        return session, ()
    wipe: tuple[Effect, ...] = (ForgetPin(),) if new_pin.begun(session) else ()
    session = replace(session, application=None, saved=None, draft=None, life_event="", wanted_service="", failure="",
                      pin_step="", pin_length=0, pin_changed=False, refusal="")  # fmt: skip
    return enter(session, State.HOME, StopTimer(WAIT), *wipe)


def back_to_services(session: Session, _event: object) -> Step:
    return enter(replace(session, application=None), State.SERVICES)


def intro_done(session: Session, _event: PrimaryPressed) -> Step:
    """Start the service: the card comes first, then the question whether paper is there."""
    application = application_of(session)
    if session.world.store_trouble and not application.service.views:
        return fail(session, session.world.store_trouble, AskStore(), resume=State.INTRO)
    if session.holder is None and application.service.card == "needed":
        return await_card(replace(session, wanted_service=application.service.id))
    if not forms.eligible(form_of(session, application)):
        return fail(session, "not-eligible", resume=State.INTRO)
    if application.service.offline == "network" and not session.world.network_up:
        return fail(session, "needs-network", resume=State.INTRO)
    if not session.world.can_print and not application.paperless:
        return fail(session, printer_trouble(session), resume=State.INTRO)
    if not application.service.subjects:
        return open_form(session)
    return enter(session, State.CONSENT)


def printer_trouble(session: Session) -> str:
    """Return the failure code for a printer that cannot take a job now."""
    status = session.world.printer
    if status is None or not status.answered:
        return "printer-absent"
    if status.paper == "out":
        return "printer-paper-out"
    if status.cover == "open":
        return "printer-cover-open"
    return "printer-fault"


def back_to_intro(session: Session, _event: object) -> Step:
    return enter(session, State.INTRO)


def consented(session: Session, _event: PrimaryPressed) -> Step:
    """Fetch what the citizen agreed to; without a network the card's own data go into the form."""
    application = replace(application_of(session), refused_consent=False)
    if application.service.offline == "network" and not session.world.network_up:
        return fail(session, "needs-network", resume=State.INTRO)
    session = replace(session, application=application)
    subjects = application.service.subjects
    note = Note("consent.given", {"service": application.service.id, "subjects": len(subjects)})
    if not session.world.network_up:
        return open_form(session, note)
    wait_s = session.world.settings.lookup_wait_s
    fetch = FetchData(application.service.id, subjects, wait_s)
    return enter(session, State.FETCHING, note, fetch, StartTimer(WAIT, wait_s + 1))


def refused(session: Session, _event: ConsentRefused) -> Step:
    """Nothing is fetched: the office will look at the papers at a counter."""
    application = application_of(session)
    if application.service.offline == "network":
        return fail(session, "needs-consent", resume=State.CONSENT)
    session = replace(session, application=replace(application, refused_consent=True, subjects={}, fetched=False))
    return open_form(session, Note("consent.refused", {"service": application.service.id}))


def fetched(session: Session, event: DataFetched) -> Step:
    """The data came. Only what was agreed to goes into the form."""
    application = application_of(session)
    if event.service != application.service.id:
        return session, ()
    wanted = application.service.subjects
    subjects = {item.subject: item for item in event.subjects if item.subject in wanted}
    application = replace(application, subjects=subjects, fetched=True)
    session = replace(session, application=application)
    if not forms.eligible(form_of(session, application)):
        return fail(session, "not-eligible", StopTimer(WAIT), resume=State.INTRO)
    return show(session, StopTimer(WAIT), Note("lookup.answered", {"subjects": len(subjects)}))


def not_fetched(session: Session, event: LookupFailed) -> Step:
    """No data came. Where the card's own data suffice, the visit goes on with them."""
    application = application_of(session)
    if event.service != application.service.id:
        return session, ()
    note = Note("lookup.failed", {"code": event.code})
    if event.code in CARD_FAILURES or event.code.startswith("pin-") or event.code == "card-lost":
        return fail(forget(session), event.code, StopTimer(WAIT), ForgetPin(), ReleaseCard(), note)
    if application.service.offline == "network":
        return fail(session, "needs-network", StopTimer(WAIT), note, resume=State.INTRO)
    return open_form(session, StopTimer(WAIT), note)


def fetch_timed_out(session: Session, event: TimerFired) -> Step:
    """Nobody answered within the time that a citizen should have to wait."""
    if event.timer != WAIT:
        return session, ()
    return not_fetched(session, LookupFailed("gateway-silent", application_of(session).service.id))


def show(session: Session, *effects: Effect) -> Step:
    """Show the first page of what came, or the form of a service without pages."""
    application = application_of(session)
    found = views.pages(application.service, application.subjects)
    if not found:
        if not application.service.apply:
            return fail(session, "needs-network", *effects, resume=State.INTRO)
        return open_form(session, *effects)
    application = replace(application, view=found[0].id, row=-1, trail=(), page=0, preset={})
    return enter(replace(session, application=application, print_state=None), State.VIEW, *effects)


def open_form(session: Session, *effects: Effect) -> Step:
    """Show the form from its beginning: filled-in rows first, then the first question; a last look at the least.

    A terminal that cannot record refuses here at the latest: nobody fills in a form for nothing.
    """
    if session.world.store_trouble:
        return fail(session, session.world.store_trouble, *effects, AskStore(), resume=State.INTRO)
    application = replace(application_of(session), online=session.world.network_up)
    plan = forms.plan(form_of(session, application))
    first = "" if plan.rows else (plan.questions[0].id if plan.questions else "")
    application = replace(application, page=0, question=first, typed="", problem="", changing="")
    session = replace(session, application=application)
    if not plan.rows and not plan.questions:
        return enter(session, State.CHECK, *effects)
    session, more = choices.asked(session, application) if first else enter(session, State.FORM)
    return session, (*effects, *more)
