"""Handing in without a card: the citizen reads the form on the telephone and approves it there. Pure.

What is approved is this very form: the gateway signs its digest, and that stands in the entry in the place of a card's
signature. Nothing is recorded before.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.events import BackPressed, FinishPressed, NetworkChanged, TimerFired
from kiosk.frozen import replace
from kiosk.pieces.sign_in import SignIn
from kiosk.session import handing
from kiosk.session.arrival.app import LOOK_S, POLL, UNREACHABLE
from kiosk.session.arrival.effects import LookAtSignIn, TakeBackForm
from kiosk.session.asking.events import FormAsked, SignInFailed, SignInSeen
from kiosk.session.common import IDLE, end, enter, fail, forget
from kiosk.session.state import Effect, ForgetPin, Note, SaveEntry, Session, StartTimer, State, Step, StopTimer


def form_asked(session: Session, _event: FormAsked) -> Step:
    """The form is on the telephone: from now on an answer is one to this form."""
    app = _app(session)
    return replace(session, app=replace(app, asked=True)), (StartTimer(POLL, LOOK_S),)


def ticked(session: Session, event: TimerFired) -> Step:
    """Look again; or nobody has answered."""
    if event.timer == POLL:
        return session, (LookAtSignIn(_app(session).key), StartTimer(POLL, LOOK_S))
    return _not_approved(session, "app-unanswered") if event.timer == IDLE else (session, ())


def seen(session: Session, event: SignInSeen) -> Step:
    """What the citizen said; answers to an earlier form do not count."""
    if event.state != "approved":
        return over(session)
    if session.draft is None or not _app(session).asked:
        return session, ()
    match event.asked:
        case "approved":
            return _approved(session, session.draft, event.approval)
        case "refused":
            return _not_approved(session, "app-declined")
        case "expired":
            return _not_approved(session, "app-unanswered")
        case _:
            return session, ()


def _approved(session: Session, draft: Mapping[str, object], token: str) -> Step:
    document = {**draft, "app_approval": {"token": token}}
    session = replace(session, draft=None, app=replace(_app(session), asked=False))
    save = SaveEntry("application", handing.with_ticket(session, document))
    return enter(session, State.SIGNING, StopTimer(POLL), Note("app.approved", {"session": session.id}), save)


def failed(session: Session, event: SignInFailed) -> Step:
    """The form could not be put before the citizen; it is still here."""
    if event.code == "sign-in-over":
        return over(session)
    note, unreachable = Note("app.failed", {"code": event.code}), event.code == UNREACHABLE
    return _not_approved(session, "app-offline" if unreachable else "app-not-approved", note)


def over(session: Session, *effects: Effect) -> Step:
    """The sign-in has ended, by the telephone or by time: nothing was handed in, and nothing of the holder stays."""
    return fail(forget(session), "app-ended", StopTimer(POLL), ForgetPin(), *effects)


def network(session: Session, event: NetworkChanged) -> Step:
    """Without a network no answer comes; the form is still here."""
    note = Note("network", {"up": event.up})
    return (session, (note,)) if event.up else _not_approved(session, "app-offline", note)


def _not_approved(session: Session, code: str, *effects: Effect) -> Step:
    app = _app(session)
    session = replace(session, draft=None, app=replace(app, asked=False))
    return fail(session, code, StopTimer(POLL), TakeBackForm(app.key), *effects, resume=State.CHECK)


def back(session: Session, _event: BackPressed) -> Step:
    """Back to the last look: the telephone shall not approve what may change."""
    app = _app(session)
    session = replace(session, draft=None, app=replace(app, asked=False))
    return enter(session, State.CHECK, StopTimer(POLL), TakeBackForm(app.key))


def left(session: Session, _event: FinishPressed) -> Step:
    """Away, with nothing handed in."""
    return end(session, StopTimer(POLL))


def _app(session: Session) -> SignIn:
    """The sign-in that this visit stands on. Only called in states that have one."""
    assert session.app is not None
    return session.app
