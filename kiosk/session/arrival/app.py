"""Signing in with the city's app: a code to scan, four digits to type on the telephone, hello by name. Pure.

Decided in docs/adr/0016: against the gateway only, for two minutes, for one telephone; and a goodbye at the end, where
there is no card to take.
"""

from __future__ import annotations

from typing import Literal, cast

from drivers.api import Holder, SlotState
from kiosk.events import (
    BackPressed,
    FinishPressed,
    HomePressed,
    NetworkChanged,
    PrimaryPressed,
    SlotChanged,
    StartChosen,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.session.arrival.effects import AskSignIn, EndSignIn, LookAtSignIn, ended
from kiosk.session.asking.events import SignInFailed, SignInMade, SignInSeen
from kiosk.session.common import IDLE, WAIT, await_card, enter, fail, fresh
from kiosk.session.service import open_service
from kiosk.session.start import back_to_start, card_at_attract, leave, no_card_yet
from kiosk.session.state import Note, Session, Sound, StartTimer, State, Step, StopTimer

POLL = "app"
LOOK_S = 1.0
UNREACHABLE = "gateway-unavailable"
AGAIN = frozenset({"app-not-now", "app-refused", "app-expired"})
"""Failures after which another code may be asked for."""


def possible(session: Session) -> bool:
    """Whether the app is enough for anything here; for the service that the citizen came for, where there is one."""
    catalogue = session.world.catalogue
    if catalogue is None:
        return False
    wanted = catalogue.services.get(session.wanted_service)
    found = catalogue.services.values() if wanted is None else (wanted,)
    return any(item.sign_in == "app" for item in found)


def asked(session: Session) -> Step:
    """Somebody without a card wants in by telephone."""
    if not possible(session):
        return session, ()
    if not session.world.network_up:
        return fail(session, "app-offline", resume=State.START)
    wait_s = session.world.settings.lookup_wait_s
    session = replace(session, app=None, browsing=False, failure="")
    return enter(session, State.ASKING_APP, Note("app.asked"), AskSignIn(), StartTimer(WAIT, wait_s + 1))


def asked_at_card(session: Session, event: StartChosen) -> Step:
    """The card was asked for, and the citizen has none here."""
    return asked(session) if event.way == "app" else (session, ())


def made(session: Session, event: SignInMade) -> Step:
    """The code may be shown; from now on the terminal looks every second whether it was answered."""
    session = replace(session, app=event.sign_in)
    return enter(session, State.APP, StopTimer(WAIT), StartTimer(POLL, LOOK_S))


def came_late(session: Session, event: SignInMade) -> Step:
    """The screen that asked was left meanwhile: nobody has seen the code, so nobody shall use it."""
    return session, (EndSignIn(event.sign_in.key),)


def failed(session: Session, event: SignInFailed) -> Step:
    """There is no code to show."""
    note, unreachable = Note("app.failed", {"code": event.code}), event.code == UNREACHABLE
    return _over(session, "app-offline" if unreachable else "app-not-now", note)


def given_up(session: Session, event: TimerFired) -> Step:
    """The gateway did not answer within the time that a citizen should have to wait."""
    return failed(session, SignInFailed("gateway-silent")) if event.timer == WAIT else (session, ())


def ticked(session: Session, event: TimerFired) -> Step:
    """Look again; or the code's time is over."""
    assert session.app is not None
    if event.timer == POLL:
        return session, (LookAtSignIn(session.app.key), StartTimer(POLL, LOOK_S))
    return _over(session, "app-expired") if event.timer == IDLE else (session, ())


def seen(session: Session, event: SignInSeen) -> Step:
    """What the telephone has done."""
    assert session.app is not None
    match event.state:
        case "opened" if session.app.phase == "waiting":
            return replace(session, app=replace(session.app, phase="opened")), (Sound("key"),)
        case "approved":
            return _signed_in(session, event)
        case "refused":
            return _over(session, "app-refused")
        case "expired" | "ended":
            return _over(session, "app-expired")
        case _:
            return session, ()


def _signed_in(session: Session, event: SignInSeen) -> Step:
    """Hello by name; on to the service that the citizen came for."""
    assert session.app is not None
    held = event.holder
    sex = held.get("sex", "")
    holder = Holder(held["name"], held["id_number"],
                    cast("Literal['male', 'female', 'unknown']", sex if sex in {"male", "female"} else "unknown"),
                    None, held["birth_date"], None)  # fmt: skip
    app = replace(session.app, phase="approved")
    session = replace(session, holder=holder, app=app, facts=None, browsing=False, application=None)
    note = Note("app.signed-in", {"session": session.id})
    session, effects = enter(session, State.HOME, StopTimer(POLL), note, Sound("saved"))
    catalogue = session.world.catalogue
    if session.wanted_service and catalogue is not None and session.wanted_service in catalogue.services:
        session, more = open_service(session, session.wanted_service)
        return session, (*effects, *more)
    return session, effects


def network(session: Session, event: NetworkChanged) -> Step:
    """Without a network nobody can be asked: the card is the way."""
    note = Note("network", {"up": event.up})
    return (session, (note,)) if event.up else _over(session, "app-offline", note)


def _over(session: Session, code: str, *effects: Note) -> Step:
    """No sign-in: say why, and what to do instead."""
    ends = ended(session)
    return fail(replace(session, app=None), code, StopTimer(POLL), StopTimer(WAIT), *ends, *effects, resume=State.START)


def card_instead(session: Session, event: SlotChanged) -> Step:
    """A card was put in after all: that is the surer way."""
    if event.state not in {SlotState.PRESENT, SlotState.MUTE}:
        return session, ()
    ends = ended(session)
    session, effects = await_card(replace(session, app=None))
    return session, (StopTimer(POLL), StopTimer(WAIT), *ends, *effects)


def back(session: Session, event: BackPressed) -> Step:
    """To the service that asked, or to the ways to start; nobody shall use the code any more."""
    ends = ended(session)
    session, effects = no_card_yet(replace(session, app=None), event)
    return session, (StopTimer(POLL), *ends, *effects)


def home(session: Session, event: HomePressed) -> Step:
    """To the ways to start."""
    ends = ended(session)
    session, effects = back_to_start(replace(session, app=None), event)
    return session, (StopTimer(POLL), *ends, *effects)


def left(session: Session, event: FinishPressed) -> Step:
    """Away."""
    session, effects = leave(session, event)
    return session, (StopTimer(POLL), *effects)


# ---------------------------------------------------------------------------------------------------- goodbye


def gone(session: Session, event: TimerFired) -> Step:
    """The goodbye was on the screen long enough."""
    return _away(session) if event.timer == IDLE else (session, ())


def away(session: Session, _event: PrimaryPressed | FinishPressed) -> Step:
    """It was read."""
    return _away(session)


def _away(session: Session) -> Step:
    return enter(fresh(session), State.ATTRACT, Note("session.ended", {"session": session.id}))


def next_card(session: Session, event: SlotChanged) -> Step:
    """The next citizen puts a card in: the next visit begins."""
    if event.state is not SlotState.PRESENT:
        return session, ()
    session, effects = card_at_attract(fresh(session), event)
    return session, (Note("session.ended", {"session": session.id - 1}), *effects)
