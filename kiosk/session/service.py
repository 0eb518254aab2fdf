"""From the home screen to the citizen's consent and the city's data. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.events import (
    ConsentRefused,
    DataFetched,
    HomePressed,
    LifeEventChosen,
    LookupFailed,
    PrimaryPressed,
    PrinterChanged,
    ServiceChosen,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.pieces.visit import Finding
from kiosk.services import forms, views
from kiosk.session import paper
from kiosk.session.arrival import company
from kiosk.session.arrival.effects import LookForIdentity, ended, lookup
from kiosk.session.asking import choices, new_pin, sheet
from kiosk.session.common import (
    CARD_FAILURES,
    WAIT,
    application_of,
    await_card,
    confirms,
    enter,
    fail,
    forget,
    form_of,
)
from kiosk.session.state import (
    Application,
    AskPrinter,
    AskStore,
    Effect,
    ForgetPin,
    Note,
    ReleaseCard,
    Session,
    StartTimer,
    State,
    Step,
    StopTimer,
)

SOURCES: Mapping[float, int] = {1.0: 12, 1.25: 4, 1.6: 3, 2.0: 2}
"""By the size of the letters: whoever asked for large ones turns pages instead of reading small ones."""
SOURCES_LOW = 4


def event_chosen(session: Session, event: LifeEventChosen) -> Step:
    return enter(replace(session, life_event=event.life_event, finding=Finding()), State.SERVICES)


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
        finding=session.finding if session.state is State.SERVICES else Finding(),
        wanted_service="",
        saved=None,
        copies=0,
        receipt_way="",
        message=None,
        printed=None,
        score=0,
        call_back=False,
    )
    return enter(session, State.INTRO, AskPrinter(), AskStore(), Note("service.opened", {"service": service}))


def home(session: Session, _event: HomePressed) -> Step:
    """Home: the form in hand is dropped, the visit goes on."""
    if session.holder is None and not session.browsing:
        return session, ()
    wipe: tuple[Effect, ...] = (ForgetPin(),) if new_pin.begun(session) else ()
    session = sheet.unwanted(session)
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
    if session.holder is None and application.service.card != "none":
        return _await_holder(session)
    if needs_card(session):
        return _card_instead_of_app(session, application.service.id)
    if not forms.eligible(form_of(session, application)):
        return fail(session, "not-eligible", resume=State.INTRO)
    if application.service.offline == "network" and not session.world.network_up:
        return fail(session, "needs-network", resume=State.INTRO)
    if not session.world.can_print and not application.paperless:
        return fail(session, printer_trouble(session), resume=State.INTRO)
    if not application.service.subjects:
        return open_form(session)
    return company.ask(session)


def sources_per_page(session: Session) -> int:
    """How many agencies the consent names on one screen: few where it is low, all where it is tall."""
    settings, modes = session.world.settings, session.modes
    low = modes.reach or (settings.width > settings.height and modes.text_scale > 1.0)
    most = SOURCES[modes.text_scale]
    return min(SOURCES_LOW, most) if low else most


def consent_pages(session: Session) -> int:
    """How many screens the consent takes. Nobody agrees before the last."""
    catalogue, service = session.world.catalogue, application_of(session).service
    assert catalogue is not None  # a service is at hand
    agencies = {catalogue.subjects[subject].agency for subject in service.subjects}
    return max(1, -(-len(agencies) // sources_per_page(session)))


def needs_card(session: Session) -> bool:
    """Whether the service in hand wants to be surer than the app, or an identity card, is."""
    service = application_of(session).service
    by_less = session.by_identity or (session.by_app and service.sign_in == "card")
    return by_less and service.card == "needed"


def _await_holder(session: Session) -> Step:
    """Ask for the citizen card, or for an identity card where that is enough and a reader takes one."""
    if application_of(session).service.card == "needed":
        return await_card(replace(session, wanted_service=application_of(session).service.id))
    if not session.world.settings.identity_reader_port:
        return fail(session, "identity-no-reader", resume=State.INTRO)
    return enter(session, State.IDENTITY, Note("identity.asked"), LookForIdentity())


def _card_instead_of_app(session: Session, service: str) -> Step:
    """The visit by app ends; the one with the card goes on with this service."""
    ends = ended(session)
    session, effects = await_card(replace(forget(session), wanted_service=service))
    return session, (*ends, *effects)


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


def printer_heard(session: Session, event: PrinterChanged) -> Step:
    """A silent printer takes its time to be known as one: it is told before the form, also where the intro is past."""
    session, effects = paper.printer_noted(session, event)
    if session.world.can_print or application_of(session).paperless:
        return session, effects
    return fail(session, printer_trouble(session), *effects, resume=State.INTRO)


def back_to_intro(session: Session, _event: object) -> Step:
    """To the page before, from the first one to the intro."""
    application = application_of(session)
    page = min(application.page, consent_pages(session) - 1)
    if page > 0 and not application.acting.open:
        return replace(session, application=replace(application, page=page - 1)), ()
    asked = company.again(session)
    return enter(session, State.INTRO) if asked is None else company.to_consent(asked)


def consented(session: Session, _event: PrimaryPressed) -> Step:
    """Turn to the next page; from the last one fetch what was agreed to.

    Without a network the card's own data go into the form.
    """
    application = replace(application_of(session), refused_consent=False)
    if application.acting.open:
        return session, ()  # nobody agrees for a company that is not named
    if application.page < consent_pages(session) - 1:
        return replace(session, application=replace(application, page=application.page + 1)), ()
    application = replace(application, page=0)
    if session.world.network_up and company.asking(application):
        return company.ask(session)  # the network has come back since
    if application.service.offline == "network" and not session.world.network_up:
        return fail(session, "needs-network", resume=State.INTRO)
    session = replace(session, application=application)
    subjects = application.service.subjects
    note = Note("consent.given", {"service": application.service.id, "subjects": len(subjects)})
    if not session.world.network_up or company.silent(application):
        return open_form(session, note)
    wait_s = session.world.settings.lookup_wait_s
    fetch = lookup(session, application.service.id, subjects, wait_s)
    return enter(session, State.FETCHING, note, fetch, StartTimer(WAIT, wait_s + 1))


def refused(session: Session, _event: ConsentRefused) -> Step:
    """Nothing is fetched: the office will look at the papers at a counter."""
    application = application_of(session)
    if application.acting.open:
        return session, ()
    if application.service.offline == "network":
        return fail(session, "needs-consent", resume=State.CONSENT)
    session = replace(session, application=replace(application, refused_consent=True, subjects={}, fetched=False))
    return open_form(session, Note("consent.refused", {"service": application.service.id}))


def fetched(session: Session, event: DataFetched) -> Step:
    """The data came. Only what was agreed to goes into the form."""
    application = application_of(session)
    if event.service != application.service.id:
        return session, ()
    if company.asking(application):
        return company.came(session, event)
    wanted = application.service.subjects
    subjects = {item.subject: company.narrowed(application, item) for item in event.subjects if item.subject in wanted}
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
    if event.code == "sign-in-over":
        return fail(forget(session), "app-ended", StopTimer(WAIT), note)
    if event.code in CARD_FAILURES or event.code.startswith("pin-") or event.code == "card-lost":
        return fail(forget(session), event.code, StopTimer(WAIT), ForgetPin(), ReleaseCard(), note)
    if application.service.offline == "network":
        return fail(session, "needs-network", StopTimer(WAIT), note, resume=State.INTRO)
    if company.asking(application):
        return company.unknown(session, StopTimer(WAIT), note)
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
    form = form_of(session, application)
    plan = forms.plan(form)
    shown = confirms(form, plan)
    first = "" if shown or not plan.questions else plan.questions[0].id
    application = replace(application, page=0, question=first, typed="", problem="", changing="")
    session = replace(session, application=application)
    if not shown and not first:
        return enter(session, State.CHECK, *effects)
    session, more = choices.asked(session, application) if first else enter(session, State.FORM)
    return session, (*effects, *more)
