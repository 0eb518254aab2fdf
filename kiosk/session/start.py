"""From the attract screen to the holder's name: language, way in, card, PIN. Pure."""

from __future__ import annotations

from drivers.api import SlotState
from kiosk.events import (
    BackPressed,
    CardFailed,
    CardRecognised,
    KeysShuffled,
    LanguageChosen,
    PinAccepted,
    PinLengthChanged,
    PinRefused,
    PrimaryPressed,
    SlotChanged,
    StartChosen,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.session.arrival import greeting
from kiosk.session.asking.events import CardLost
from kiosk.session.common import IDLE, WAIT, await_card, begin, end, enter, fail, forget, fresh, recognise
from kiosk.session.service import intro_done, open_service
from kiosk.session.state import (
    CheckCard,
    Effect,
    ForgetPin,
    Note,
    ReleaseCard,
    Session,
    Sound,
    State,
    Step,
    StopTimer,
    VerifyPin,
)

PIN_LENGTH = 6


def touched(session: Session, event: LanguageChosen) -> Step:
    """Somebody touched the attract screen in their language."""
    session = replace(begin(session), language=event.language)
    return enter(session, State.START, Note("session.started", {"session": session.id, "by": "touch"}))


def card_at_attract(session: Session, event: SlotChanged) -> Step:
    """A card was put in before anything was touched."""
    if event.state is SlotState.PRESENT:
        session = begin(session)
        session, effects = recognise(session)
        return session, (*effects, Note("session.started", {"session": session.id, "by": "card"}))
    if event.state is SlotState.MUTE:
        return fail(begin(session), "card-unreadable", resume=State.START)
    return session, ()


def attract_untouched(session: Session, event: TimerFired) -> Step:
    """Somebody changed the text size and went away."""
    return enter(fresh(session), State.ATTRACT) if event.timer == IDLE else (session, ())


def way_chosen(session: Session, event: StartChosen) -> Step:
    if event.way == "card":
        return await_card(replace(session, browsing=False))
    catalogue = session.world.catalogue
    services = () if catalogue is None else catalogue.services.values()
    straight = next((item for item in services if item.start == event.way), None)
    if straight is not None:
        session = replace(session, browsing=True, wanted_service="")
        session, effects = open_service(session, straight.id)
        if straight.card == "needed":
            return session, effects
        session, more = intro_done(session, PrimaryPressed())
        return session, (*effects, *more)
    return enter(replace(session, browsing=True, application=None, wanted_service=""), State.HOME)


def card_wanted(session: Session, event: SlotChanged) -> Step:
    """The slot changed while a card is asked for, or may be put in."""
    if event.state is SlotState.EMPTY:
        return session, ()
    if session.state in {State.START, State.MODES} and event.state is SlotState.READER_ABSENT:
        return session, ()
    return await_card(session)


def back_to_start(session: Session, _event: object) -> Step:
    """To the ways to start: only while nobody is known. With a holder, the visit ends by its own button."""
    if session.holder is not None:
        return session, ()
    return enter(replace(session, browsing=False, application=None, wanted_service=""), State.START)


def no_card_yet(session: Session, _event: BackPressed) -> Step:
    """From the card prompt to the service that asked for the card, or to the ways to start."""
    if session.application is None:
        return back_to_start(session, _event)
    return enter(replace(session, wanted_service=""), State.INTRO)


def leave(session: Session, _event: object) -> Step:
    return end(session)


def recognised(session: Session, event: CardRecognised) -> Step:
    """The card has a name; go on to its PIN unless it cannot be used."""
    if event.insertion != session.card_insertion:
        return session, ()
    session = replace(session, facts=event.facts, tries_left=event.tries_left, pin_rejected=False, pin_length=0)
    note = Note("card.recognised", {"profile": event.facts.profile, "version": event.facts.version})
    if event.expired:
        return fail(session, "card-expired", note)
    if event.tries_left == 0:
        return fail(session, "pin-blocked", note)
    checked = session.world.network_up and not session.found
    ask: tuple[Effect, ...] = (CheckCard(event.insertion),) if checked else ()
    return enter(session, State.PIN, ForgetPin(), note, *ask)


def card_lost(session: Session, event: CardLost) -> Step:
    """The card was reported lost: nothing is done with it, and its holder is told what to do."""
    if event.insertion != session.card_insertion:
        return session, ()
    note = Note("card.lost", {"state": str(session.state)})
    return fail(forget(session), "card-lost", ForgetPin(), ReleaseCard(), StopTimer(WAIT), note)


def reading_failed(session: Session, event: CardFailed) -> Step:
    """The card could not be named; what is said of a card that is gone already does not count."""
    if event.insertion not in {0, session.card_insertion}:
        return session, ()
    return fail(session, event.code, resume=State.CARD)


def reading_given_up(session: Session, event: TimerFired) -> Step:
    """The card hangs, and the reader with it."""
    return reading_failed(session, CardFailed("card-unreadable")) if event.timer == IDLE else (session, ())


def reading_card_left(session: Session, event: SlotChanged) -> Step:
    """The card was pulled while it was being named: ask for it again."""
    if event.insertion == session.card_insertion and event.state is SlotState.PRESENT:
        return session, ()
    return enter(session, State.CARD) if event.state is SlotState.EMPTY else await_card(session)


def pin_length(session: Session, event: PinLengthChanged) -> Step:
    changed = replace(session, pin_length=event.length, pin_rejected=session.pin_rejected and event.length == 0)
    return changed, (Sound("key"),)


def shuffle(session: Session, _event: KeysShuffled) -> Step:
    return replace(session, shuffled=not session.shuffled, pin_length=0), (ForgetPin(),)


def pin_given(session: Session, _event: PrimaryPressed) -> Step:
    if session.pin_length != PIN_LENGTH:
        return session, ()
    return enter(session, State.CHECKING_PIN, VerifyPin())


def pin_accepted(session: Session, event: PinAccepted) -> Step:
    session = replace(session, holder=event.holder, pin_length=0, pin_rejected=False, tries_left=None)
    session = replace(session, browsing=False, application=None)
    told = greeting.ask(session)
    session, effects = enter(session, State.HOME, Note("pin.accepted", {"session": session.id}), *told)
    catalogue = session.world.catalogue
    if session.wanted_service and catalogue is not None and session.wanted_service in catalogue.services:
        session, more = open_service(session, session.wanted_service)
        return session, (*effects, *more)
    return session, effects


def pin_refused(session: Session, event: PinRefused) -> Step:
    note = Note("pin.rejected", {"tries_left": event.tries_left})
    if event.tries_left == 0:
        return fail(replace(session, pin_length=0), "pin-blocked", note)
    session = replace(session, tries_left=event.tries_left, pin_rejected=True, pin_length=0)
    return enter(session, State.PIN, Sound("attention"), note)


def pin_failed(session: Session, event: CardFailed) -> Step:
    return fail(replace(session, pin_length=0), event.code, resume=State.CARD)


def pin_given_up(session: Session, event: TimerFired) -> Step:
    """The card took the PIN and never answered."""
    return pin_failed(session, CardFailed("card-unreadable")) if event.timer == IDLE else (session, ())
