"""Moves that several handlers share: entering a state, failing, ending a visit, forgetting its holder. Pure."""

from __future__ import annotations

from drivers.api import SlotState
from kiosk.frozen import replace
from kiosk.services import forms
from kiosk.session.arrival.effects import ended
from kiosk.session.state import (
    Application,
    AskPrinter,
    Effect,
    ForgetPin,
    Note,
    RecogniseCard,
    ReleaseCard,
    Session,
    Sound,
    StartTimer,
    State,
    Step,
    StopTimer,
)

IDLE = "idle"
SECOND = "second"
WAIT = "wait"

BUSY = frozenset({
    State.READING, State.CHECKING_PIN, State.FETCHING, State.LOOKING, State.SIGNING, State.WAITING, State.CONFIRMING,
    State.PRINTING, State.TAKE_PAPER, State.HANDING, State.ASKING_APP,
})  # fmt: skip
"""The terminal is working: nobody has to touch anything, so nobody is warned."""
BUSY_LIMIT_S = 120.0
"""A card or a printer that has not answered by then never will; every driver's own deadline is far shorter."""
ANSWER_S = 125.0
"""A little longer than the gateway waits for an answer on the telephone: it is the gateway that says so."""
GOODBYE_S = 8.0
MOUTH_GRACE_S = 15.0
"""For a printer to draw a ticket in, and to say that it has."""
OWN_CLOCK = frozenset(
    {
        State.ATTRACT,
        State.TAKE_CARD,
        State.TIMEOUT,
        State.FETCHING,
        State.LOOKING,
        State.WAITING,
        State.CONFIRMING,
        State.HANDING,
        State.ASKING_APP,
    }
)
"""States that wait for ever, or count for themselves."""

CALM_TIMES = 2
"""In calm mode everything that waits for the citizen waits this many times as long."""

CARD_FAILURES = frozenset(
    {
        "card-unreadable",
        "card-unknown",
        "card-busy",
        "card-removed",
        "card-swapped",
        "reader-absent",
        "no-card",
        "card-needs-hsm",
        "card-needs-key",
        "pin-change-unknown",
    }
)
"""Failures that a card put in again answers by itself."""
ASKED = frozenset({"print-unknown"})
"""Failures that ask the citizen what came out of the printer."""


def enter(session: Session, state: State, *effects: Effect) -> Step:
    """Go to a state: with it go its idle timer and the screen's log line."""
    session = replace(session, state=state)
    return session, (idle_timer(session), Note("screen", {"state": str(state), "session": session.id}), *effects)


def idle_timer(session: Session) -> Effect:
    """Begin this state's quiet time anew."""
    return StopTimer(IDLE) if session.state in OWN_CLOCK else StartTimer(IDLE, idle_s(session, session.state))


def idle_s(session: Session, state: State) -> float:
    """How long a screen may stand untouched."""
    settings = session.world.settings
    times = CALM_TIMES if session.modes.calm else 1
    if state is State.TAKE_PAPER:
        return settings.ticket_wait_s + MOUTH_GRACE_S
    if state in BUSY:
        return BUSY_LIMIT_S
    if state is State.APP and session.app is not None:
        return session.app.expires_s + MOUTH_GRACE_S
    if state is State.APPROVING:
        return ANSWER_S
    if state is State.GOODBYE:
        return times * GOODBYE_S
    last = {State.SAVED, State.RECEIPT, State.ADDRESS, State.RATING, State.FAILURE}
    return times * (settings.saved_shown_s if state in last else settings.idle_timeout_s)


def warning_s(session: Session) -> int:
    """The countdown of the warning, in seconds."""
    return session.world.settings.warning_s * (CALM_TIMES if session.modes.calm else 1)


def application_of(session: Session) -> Application:
    """Return the form in hand. Only called in states that have one."""
    assert session.application is not None
    return session.application


def form_of(session: Session, application: Application) -> forms.Form:
    """What `kiosk.services.forms` computes from."""
    return forms.Form(
        definition=application.service,
        today=session.world.today,
        holder=session.holder,
        subjects=application.subjects,
        answers=application.answers,
        disputed=application.disputed,
        said=application.said,
        preset=application.preset,
        online=application.online,
        site=session.world.site,
        known_by="app" if session.by_app else "identity" if session.by_identity else "card",
    )


def confirms(form: forms.Form, plan: forms.Plan) -> bool:
    """Whether a row holds what the city or the card says. Usual choices alone have no page: the last look has them."""
    values = (forms.prefilled(form, item) for item in plan.rows)
    return any(value is not None and value.origin != "usual" for value in values)


def fail(session: Session, code: str, *effects: Effect, resume: State = State.ATTRACT) -> Step:
    """Show a failure screen. What it leads back to is `resume`."""
    session = replace(session, failure=code, resume=resume)
    return enter(session, State.FAILURE, Note("failure", {"code": code}), Sound("attention"), *effects)


def forget(session: Session) -> Session:
    """Drop everything of the holder and of the card, keep the visit's language, modes and saved number."""
    return replace(
        session,
        facts=None,
        holder=None,
        tries_left=None,
        pin_length=0,
        pin_rejected=False,
        pin_step="",
        pin_problem="",
        own_letter="",
        pin_changed=False,
        due=(),
        life_event="",
        wanted_service="",
        application=None,
        last_address="",
        draft=None,
        printed=None,
        print_state=None,
        message=None,
        sheet=None,
        score=0,
        call_back=False,
        phone_url="",
        app=None,
    )


def fresh(session: Session) -> Session:
    """A new visit in the same world: the next citizen finds nothing of the one before."""
    world = replace(session.world, catalogue=session.world.newer or session.world.catalogue, newer=None)
    return Session(id=session.id + 1, world=world)


def begin(session: Session) -> Session:
    """A visit begins: its id tells its events from those of the visit before."""
    return replace(fresh(session), language=session.language, modes=session.modes)


def end(session: Session, *effects: Effect) -> Step:
    """The visit is over: ask for the card where one is in the slot; else say goodbye, or go to the attract screen."""
    wipe: tuple[Effect, ...] = (ForgetPin(), ReleaseCard(), StopTimer(WAIT), StopTimer(SECOND), *ended(session))
    if session.card_in:
        kept = replace(forget(session), saved=session.saved)
        settings = session.world.settings
        reminder = StartTimer(SECOND, settings.card_reminder_s)
        return enter(kept, State.TAKE_CARD, *wipe, *effects, reminder)
    if session.by_app or session.by_identity:
        gone = replace(forget(session), saved=session.saved, lying=session.by_identity)
        return enter(gone, State.GOODBYE, *wipe, *effects)
    return enter(fresh(session), State.ATTRACT, *wipe, *effects, Note("session.ended", {"session": session.id}))


def recognise(session: Session) -> Step:
    """A card is in the slot and a visit wants it: have it named."""
    session = replace(session, card_insertion=session.world.insertion)
    return enter(session, State.READING, RecogniseCard(session.world.insertion), AskPrinter())


def await_card(session: Session) -> Step:
    """Ask for a card, or read the one that is already there."""
    match session.world.slot:
        case SlotState.READER_ABSENT:
            return fail(session, "reader-absent", resume=State.START)
        case SlotState.PRESENT:
            return recognise(session)
        case SlotState.MUTE:
            return fail(session, "card-unreadable", resume=State.START)
        case _:
            return enter(session, State.CARD)
