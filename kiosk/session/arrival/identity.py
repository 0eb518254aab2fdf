"""Without the citizen card: an identity card on its own reader says who it is, for what asks no more. Pure.

Such a card cannot sign and asks for no PIN. It is enough for a service with `card = "identity"` (a lost citizen card is
stopped by its holder), and for nothing else: any other service asks for the citizen card.
"""

from __future__ import annotations

from kiosk.events import BackPressed, PrimaryPressed, StartChosen, TimerFired
from kiosk.frozen import replace
from kiosk.session import aside
from kiosk.session.arrival import app
from kiosk.session.arrival.effects import LookForIdentity
from kiosk.session.asking.events import IdentityAbsent, IdentityRead
from kiosk.session.common import application_of, enter, fail
from kiosk.session.service import intro_done
from kiosk.session.state import Note, Session, Sound, StartTimer, State, Step, StopTimer

POLL = "identity"
LOOK_S = 0.5
"""The card's module wants 0.3 s between two questions at the least."""


def read(session: Session, event: IdentityRead) -> Step:
    """Somebody is known: on with the service that asked."""
    if event.facts.expires and event.facts.expires < session.world.today:
        return fail(session, "identity-expired", StopTimer(POLL), resume=State.INTRO)
    session = replace(session, facts=event.facts, holder=event.holder, browsing=False)
    session, effects = intro_done(session, PrimaryPressed())
    return session, (StopTimer(POLL), Note("identity.read", {"session": session.id}), Sound("key"), *effects)


def absent(session: Session, event: IdentityAbsent) -> Step:
    """No card yet: look again soon. A reader that fails is said."""
    if not event.code:
        return session, (StartTimer(POLL, LOOK_S),)
    note = Note("identity.failed", {"code": event.code})
    return fail(session, event.code, StopTimer(POLL), note, resume=State.INTRO)


def ticked(session: Session, event: TimerFired) -> Step:
    """Look again; or nobody is there."""
    return (session, (LookForIdentity(),)) if event.timer == POLL else aside.quiet(session, event)


def back(session: Session, _event: BackPressed) -> Step:
    """To what the service does."""
    return enter(session, State.INTRO, StopTimer(POLL))


def by_app(session: Session, event: StartChosen) -> Step:
    """The telephone instead, for the service in hand."""
    if event.way != "app":
        return session, ()
    return app.asked(replace(session, wanted_service=application_of(session).service.id))
