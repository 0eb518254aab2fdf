"""The office's answer, for services whose citizen waits for it at the terminal. Pure.

The entry was stored before it is judged. No answer in time is no failure: it is recorded, and the answer comes by
message and under my cases.
"""

from __future__ import annotations

from kiosk.events import TimerFired
from kiosk.frozen import replace
from kiosk.services.definition import Confirm
from kiosk.session.asking import choices, sheet
from kiosk.session.asking.events import VerdictCame
from kiosk.session.common import SECOND, WAIT, application_of, enter, fail, form_of
from kiosk.session.service import home
from kiosk.session.state import (
    AskPrinter,
    Effect,
    Note,
    Session,
    Sound,
    StartTimer,
    State,
    Step,
    StopTimer,
    WatchVerdict,
)

ANSWER_WAIT_S = 8.0
"""How long a citizen stands there for an answer; the desks of the gateway take a part of a second."""
LOOK_S, QUIET_LOOK_S = 0.4, 2.0
"""Between two looks for the answer: while nothing else is on the screen, and beside other things."""


def confirm_of(session: Session) -> Confirm | None:
    """Return how the service in hand is answered, or None where nobody waits for an answer."""
    return None if session.application is None else session.application.service.confirm


def look_again_s(session: Session) -> float:
    """After how many seconds to look for the office's answer again; 0: nobody waits for it."""
    if session.state is State.CONFIRMING:
        return LOOK_S
    waits = session.saved is not None and not session.saved.answer and sheet.due(session)
    return QUIET_LOOK_S if waits else 0.0


def received(session: Session, *effects: Effect) -> Step:
    """The gateway has the entry: go on to the last page, or wait for the office's answer."""
    if confirm_of(session) is None or session.saved is None:
        if session.saved is not None and sheet.due(session):
            effects = (*effects, WatchVerdict())
        return enter(session, State.SAVED, StopTimer(WAIT), StopTimer(SECOND), Sound("saved"), AskPrinter(), *effects)
    watch = (WatchVerdict(), StartTimer(WAIT, ANSWER_WAIT_S))
    return enter(session, State.CONFIRMING, *watch, *effects)


def came(session: Session, event: VerdictCame) -> Step:
    """The office said yes, with what came of it, or no, with its reason; it is kept for the screen that follows."""
    kept = session.saved
    if kept is None or event.seq != kept.seq or kept.answer:
        return session, ()
    note = Note("verdict.came", {"seq": event.seq, "accepted": event.accepted, "reason": event.reason or "none"})
    if event.accepted:
        return replace(session, saved=replace(kept, answer="accepted", result=event.result)), (note,)
    return replace(session, saved=replace(kept, answer="rejected"), refusal=event.reason), (note,)


def answered(session: Session, event: VerdictCame) -> Step:
    """The answer that the citizen waits for."""
    session, noted = came(session, event)
    if not noted:
        return session, ()
    if not event.accepted:
        return _refused(session, noted)
    return enter(session, State.SAVED, StopTimer(WAIT), StopTimer(SECOND), *noted, Sound("saved"), AskPrinter())


def answered_late(session: Session, event: VerdictCame) -> Step:
    """The answer came while the last page stands: a yes is added to it, a no takes its place."""
    session, noted = came(session, event)
    return (session, noted) if event.accepted or not noted else _refused(session, noted)


def _refused(session: Session, noted: tuple[Effect, ...]) -> Step:
    return fail(session, "not-accepted", StopTimer(WAIT), StopTimer(SECOND), *noted, resume=State.HOME)


def waiting(session: Session, event: TimerFired) -> Step:
    """A second passed, or the wait is over."""
    if event.timer == SECOND:
        return replace(session, waited_s=session.waited_s + 1), (StartTimer(SECOND, 1),)
    if event.timer == WAIT:
        return enter(session, State.SAVED, StopTimer(SECOND), Sound("held"), AskPrinter())
    return session, ()


def retry(session: Session, _event: object) -> Step:
    """Back to the question that the office could not grant, with what can be chosen now."""
    confirm = confirm_of(session)
    if session.failure != "not-accepted" or confirm is None:
        return session, ()
    if not confirm.retry_field:
        return home(session, _event)  # pyright: ignore[reportArgumentType]
    application = application_of(session)
    answers = {name: value for name, value in application.answers.items() if name != confirm.retry_field}
    application = replace(
        application, answers=answers, given={}, question=confirm.retry_field, typed="", changing="", page=0
    )
    session = replace(session, saved=None, refusal="", failure="", copies=0)
    if not any(item.id == confirm.retry_field for item in form_of(session, application).definition.fields):
        return home(session, _event)  # pyright: ignore[reportArgumentType]
    return choices.asked(session, application)
