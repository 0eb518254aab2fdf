"""What can happen at any screen: a card pulled, quiet, help, language, text size, a failure's ways on. Pure."""

from __future__ import annotations

from drivers.api import SlotState
from kiosk.events import (
    BackPressed,
    CatalogueChanged,
    ClockTicked,
    Enrolled,
    HelpPressed,
    LanguageChosen,
    NetworkChanged,
    PrimaryPressed,
    PrinterChanged,
    SlotChanged,
    StillHere,
    StoreChanged,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.session.arrival import app
from kiosk.session.arrival.effects import LookForIdentity, ended
from kiosk.session.asking import keeping, writing
from kiosk.session.asking.new_pin import found_service
from kiosk.session.common import (
    ASKED,
    CARD_FAILURES,
    IDLE,
    SECOND,
    WAIT,
    application_of,
    await_card,
    begin,
    end,
    enter,
    fail,
    forget,
    warning_s,
)
from kiosk.session.service import intro_done
from kiosk.session.state import (
    ForgetPin,
    Note,
    ReleaseCard,
    Session,
    StartTimer,
    State,
    Step,
    StopTimer,
)

IDENTITY_AGAIN = frozenset({"identity-unreadable", "identity-expired"})
"""Failures after which an identity card may be laid down again."""

# ------------------------------------------------------------------------------------------------- world


def world_changed(session: Session, event: object) -> Session:
    """Take in what an event says of the world; a session event changes nothing here."""
    world = session.world
    match event:
        case SlotChanged(state=state, insertion=insertion):
            world = replace(world, slot=state, insertion=insertion)
        case PrinterChanged(status=status):
            world = replace(world, printer=status)
        case StoreChanged(trouble=trouble):
            world = replace(world, store_trouble=trouble)
        case NetworkChanged(up=up):
            world = replace(world, network_up=up)
        case TimerFired(timer=keeping.TIMER):
            world = replace(world, kept=None)  # after its time it is gone, whoever stands here
        case ClockTicked(local=local):
            world = replace(world, local=local)
        case CatalogueChanged(catalogue=catalogue):
            # Nobody's form changes in their hands: a visit keeps the catalogue that it began with.
            kept = catalogue if session.state is State.ATTRACT else world.catalogue
            world = replace(world, catalogue=kept, newer=None if session.state is State.ATTRACT else catalogue)
        case Enrolled(terminal=terminal, site=site):
            world = replace(world, terminal=terminal, site=site or world.site)
        case _:
            return session
    return replace(session, world=world)


def noted(session: Session, _event: object) -> Step:
    """The world took it in; this screen has nothing to do."""
    return session, ()


def network_noted(session: Session, event: NetworkChanged) -> Step:
    return session, (Note("network", {"up": event.up}),)


def ignore(session: Session, _event: object) -> Step:
    """Known to be possible here, and without meaning."""
    return session, ()


# -------------------------------------------------------------------------------------------------- card


def card_out(session: Session, event: SlotChanged) -> Step:
    """The slot changed while a card's visit was on: it ends safely, and says what is saved."""
    if event.state is SlotState.PRESENT and event.insertion == session.card_insertion:
        return session, ()
    if session.facts is None or session.by_identity:
        return _card_while_browsing(session, event)
    wipe = (ForgetPin(), ReleaseCard(), StopTimer(WAIT), StopTimer(SECOND))
    note = Note("card.left", {"slot": str(event.state), "state": str(session.state)})
    code = {
        SlotState.EMPTY: "card-removed",
        SlotState.PRESENT: "card-swapped",
        SlotState.MUTE: "card-unreadable",
        SlotState.READER_ABSENT: "reader-absent",
    }[event.state]
    session, kept = keeping.keep(session)
    return fail(forget(session), code, *wipe, note, *kept)


def _card_while_browsing(session: Session, event: SlotChanged) -> Step:
    """Somebody who looked around without a card put one in: go on with it, and with the service on the screen."""
    if event.state is not SlotState.PRESENT:
        return session, ()
    wanted = session.application.service.id if session.application is not None else session.wanted_service
    ends = ended(session)
    session, effects = await_card(replace(begin(session), wanted_service=wanted))
    return session, (*ends, *effects)


def card_out_signing(session: Session, event: SlotChanged) -> Step:
    """The card left while the entry was on its way to the disk: wait for what became of it, then say it."""
    same = event.state is SlotState.PRESENT and event.insertion == session.card_insertion
    if session.facts is None or session.by_identity or same:
        return session, ()
    note = Note("card.left", {"slot": str(event.state), "state": str(session.state)})
    return replace(session, card_gone=True, holder=None), (ForgetPin(), note)


def card_at_failure(session: Session, event: SlotChanged) -> Step:
    """A failure is on the screen and the slot changed: a card put in goes on by itself."""
    if session.holder is not None:
        return card_out(session, event)
    another = event.insertion != session.card_insertion
    if event.state is SlotState.PRESENT and (another or session.failure in CARD_FAILURES):
        return await_card(_again(session))
    if event.state is SlotState.MUTE and another:
        return await_card(_again(session))  # put in the wrong way round: that is said, as at every other screen
    if event.state is SlotState.EMPTY:
        return _slot_empty(session)
    return session, ()


def _slot_empty(session: Session) -> Step:
    """The card that could not be used was taken out: ask for a better one, or let its holder go."""
    if session.failure in {"card-unknown", "card-unreadable", "card-busy"}:
        return enter(replace(session, facts=None, failure=""), State.CARD)
    return (session, ()) if session.facts is None else end(session)


def _again(session: Session) -> Session:
    """A new visit for whoever puts a card in, in the same language and size, for the service they came for."""
    return replace(begin(session), wanted_service=session.wanted_service)


# ------------------------------------------------------------------------------------------------- quiet


def quiet(session: Session, event: TimerFired) -> Step:
    """Nobody touched anything: ask whether somebody is there. At a failure, just end."""
    if event.timer != IDLE:
        return session, ()
    if session.state is State.FAILURE:
        session, kept = keeping.keep(session)
        return end(session, *kept)
    warning = warning_s(session)
    session = replace(session, before_warning=session.state, left_s=warning)
    return enter(session, State.TIMEOUT, StartTimer(SECOND, 1), Note("session.warning", {"session": session.id}))


def countdown(session: Session, event: TimerFired) -> Step:
    if event.timer != SECOND:
        return session, ()
    if session.left_s <= 1:
        session, kept = keeping.keep(session)
        return end(session, Note("session.timeout", {"session": session.id}), *kept)
    return replace(session, left_s=session.left_s - 1), (StartTimer(SECOND, 1),)


def still_here(session: Session, _event: StillHere | PrimaryPressed) -> Step:
    """Somebody is: go on where they were."""
    session, effects = _back_to(session, session.before_warning)
    return session, (StopTimer(SECOND), *effects)


def _back_to(session: Session, state: State) -> Step:
    """Go on in a state that was left for a while. Where a card was asked for, the slot may have changed since."""
    looks = (LookForIdentity(),) if state is State.IDENTITY else ()
    if state is State.FORM:
        looks = writing.again(session)
    return await_card(session) if state is State.CARD else enter(session, state, *looks)


# -------------------------------------------------------------------------------------------------- aids


def language(session: Session, event: LanguageChosen) -> Step:
    """Change it; a form goes on in the middle of a word, in the other script."""
    session = writing.in_language(session, event.language)
    return session, writing.again(session) if session.state is State.FORM else ()


def helped(session: Session, _event: HelpPressed) -> Step:
    """Help knows the screen it was asked on."""
    return enter(replace(session, before_help=session.state), State.HELP)


def help_done(session: Session, _event: BackPressed | PrimaryPressed) -> Step:
    return _back_to(session, session.before_help)


# ---------------------------------------------------------------------------------------------- failures


def failure_primary(session: Session, _event: PrimaryPressed) -> Step:
    """The one way forward out of a failure; most have none."""
    code = session.failure
    if opens := found_service(session):
        return await_card(replace(begin(session), found=True, wanted_service=opens))
    if code in app.AGAIN:
        return app.asked(session)
    if code in IDENTITY_AGAIN:
        return intro_done(replace(session, failure=""), PrimaryPressed())
    if code.startswith("identity-") and app.possible(instead := app_instead(session)):
        return app.asked(instead)
    if code in CARD_FAILURES:
        return await_card(_again(session))
    if code.startswith(("printer-", "print-")) and code not in ASKED:
        return _without_paper(session)
    return session, ()


def app_instead(session: Session) -> Session:
    """The same visit, about to sign in with the app for the service in hand."""
    return replace(session, wanted_service="" if session.application is None else session.application.service.id)


def _without_paper(session: Session) -> Step:
    if session.resume is State.INTRO:
        paperless = replace(application_of(session), paperless=True)
        return intro_done(replace(session, application=paperless, failure=""), PrimaryPressed())
    return enter(replace(session, failure=""), State.RATING)


def failure_back(session: Session, _event: BackPressed) -> Step:
    """The quiet way out: to where the failure came from, or the end of the visit."""
    if session.resume in {State.ATTRACT, State.CARD} or (session.resume is State.START and session.card_in):
        return end(session)
    return enter(replace(session, failure=""), session.resume)
