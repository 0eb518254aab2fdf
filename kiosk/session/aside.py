"""What can happen at any screen: a card pulled, quiet, help, language, text size, a failure's ways on. Pure."""

from __future__ import annotations

from dataclasses import replace

from drivers.api import SlotState
from kiosk.events import (
    BackPressed,
    CatalogueChanged,
    ClockTicked,
    Enrolled,
    HelpPressed,
    LanguageChosen,
    ModeToggled,
    NetworkChanged,
    PrimaryPressed,
    PrinterChanged,
    SlotChanged,
    StillHere,
    TimerFired,
)
from kiosk.screen_model import TEXT_SCALES, Modes
from kiosk.session.common import IDLE, SECOND, WAIT, await_card, begin, end, enter, fail, forget
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
    }
)
"""Failures that a card put in again answers by itself."""


# ------------------------------------------------------------------------------------------------- world


def world_changed(session: Session, event: object) -> Session:
    """Take in what an event says of the world; a session event changes nothing here."""
    world = session.world
    match event:
        case SlotChanged(state=state, insertion=insertion):
            world = replace(world, slot=state, insertion=insertion)
        case PrinterChanged(status=status):
            world = replace(world, printer=status)
        case NetworkChanged(up=up):
            world = replace(world, network_up=up)
        case ClockTicked(local=local):
            world = replace(world, local=local)
        case CatalogueChanged(catalogue=catalogue):
            world = replace(world, catalogue=catalogue)
        case Enrolled(terminal=terminal):
            world = replace(world, terminal=terminal)
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
    if session.facts is None and session.saved is None:
        return _card_while_browsing(session, event)
    wipe = (ForgetPin(), ReleaseCard(), StopTimer(WAIT), StopTimer(SECOND))
    note = Note("card.left", {"slot": str(event.state), "state": str(session.state)})
    code = {
        SlotState.EMPTY: "card-removed",
        SlotState.PRESENT: "card-swapped",
        SlotState.MUTE: "card-unreadable",
        SlotState.READER_ABSENT: "reader-absent",
    }[event.state]
    return fail(forget(session), code, *wipe, note)


def _card_while_browsing(session: Session, event: SlotChanged) -> Step:
    """Somebody who looked around without a card put one in: go on with it, and with the service on the screen."""
    if event.state is not SlotState.PRESENT:
        return session, ()
    wanted = session.application.service.id if session.application is not None else ""
    return await_card(replace(session, wanted_service=wanted))


def card_out_signing(session: Session, event: SlotChanged) -> Step:
    """The card left while the entry was on its way to the disk: wait for what became of it, then say it."""
    if event.state is SlotState.PRESENT and event.insertion == session.card_insertion:
        return session, ()
    note = Note("card.left", {"slot": str(event.state), "state": str(session.state)})
    return replace(session, card_gone=True, holder=None), (ForgetPin(), note)


def card_at_failure(session: Session, event: SlotChanged) -> Step:
    """A failure is on the screen and the slot changed: a card put in goes on by itself."""
    if event.state is SlotState.PRESENT and session.failure in CARD_FAILURES:
        return await_card(_again(session))
    if event.state is SlotState.EMPTY:
        return _slot_empty(session)
    return session, ()


def _slot_empty(session: Session) -> Step:
    if session.failure in {"card-unknown", "card-unreadable"} and session.holder is None:
        return enter(replace(session, failure=""), State.CARD)
    if session.failure in {"card-removed", "reader-absent", "no-card"}:
        return session, ()
    if session.holder is None and session.facts is None:
        return session, ()
    if session.failure in {"card-expired", "pin-blocked", "card-swapped"}:
        return end(session)
    return fail(forget(session), "card-removed", ForgetPin(), ReleaseCard())


def _again(session: Session) -> Session:
    """A new visit for whoever puts a card in, in the same language and size."""
    return begin(session)


# ------------------------------------------------------------------------------------------------- quiet


def quiet(session: Session, event: TimerFired) -> Step:
    """Nobody touched anything: ask whether somebody is there. At a failure or before a card, just go back."""
    if event.timer != IDLE:
        return session, ()
    if session.state is State.FAILURE:
        return end(session)
    warning = session.world.settings.warning_s
    session = replace(session, resume=session.state, left_s=warning)
    return enter(session, State.TIMEOUT, StartTimer(SECOND, 1), Note("session.warning", {"session": session.id}))


def countdown(session: Session, event: TimerFired) -> Step:
    if event.timer != SECOND:
        return session, ()
    if session.left_s <= 1:
        return end(session, Note("session.timeout", {"session": session.id}))
    return replace(session, left_s=session.left_s - 1), (StartTimer(SECOND, 1),)


def still_here(session: Session, _event: StillHere | PrimaryPressed) -> Step:
    return enter(session, session.resume, StopTimer(SECOND))


# -------------------------------------------------------------------------------------------------- aids


def toggle(session: Session, event: ModeToggled) -> Step:
    """One size up, then back to the first; the next contrast; the lower screen."""
    modes = session.modes
    match event.mode:
        case "large":
            at = TEXT_SCALES.index(modes.text_scale)
            modes = replace(modes, text_scale=TEXT_SCALES[(at + 1) % len(TEXT_SCALES)])
        case "contrast":
            following = {"light": "dark", "dark": "hlight", "hlight": "light"}
            modes = Modes(modes.text_scale, following[modes.contrast], modes.reach)  # pyright: ignore[reportArgumentType]
        case _:
            modes = replace(modes, reach=not modes.reach)
    session = replace(session, modes=modes)
    if session.application is not None:
        session = replace(session, application=replace(session.application, page=0))
    return session, (StartTimer(IDLE, session.world.settings.idle_timeout_s),)


def language(session: Session, event: LanguageChosen) -> Step:
    return replace(session, language=event.language), ()


def helped(session: Session, _event: HelpPressed) -> Step:
    return enter(replace(session, resume=session.state), State.HELP)


def help_done(session: Session, _event: BackPressed | PrimaryPressed) -> Step:
    return enter(session, session.resume)


# ---------------------------------------------------------------------------------------------- failures


def failure_primary(session: Session, _event: PrimaryPressed) -> Step:
    """The one way forward out of a failure, where it has one."""
    code = session.failure
    if code in CARD_FAILURES:
        return await_card(_again(session))
    if code.startswith(("printer-", "print-")):
        return _without_paper(session)
    return failure_back(session, BackPressed())


def _without_paper(session: Session) -> Step:
    if session.resume is State.INTRO and session.application is not None:
        paperless = replace(session.application, paperless=True)
        return enter(replace(session, application=paperless, failure=""), State.CONSENT)
    return enter(replace(session, failure=""), State.RATING)


def failure_back(session: Session, _event: BackPressed) -> Step:
    """The quiet way out: to where the failure came from, or the end of the visit."""
    if session.resume in {State.ATTRACT, State.CARD} or (session.resume is State.START and session.card_in):
        return end(session)
    return enter(replace(session, failure=""), session.resume)
