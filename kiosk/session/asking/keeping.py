"""Go on where one was: what a time-out or a pulled card leaves of a form, for the same card within ten minutes. Pure.

Decided in docs/adr/0012: the citizen's own answers only, in memory only, found again only after this card's PIN.
"""

from __future__ import annotations

import hashlib
import hmac

from kiosk.frozen import replace
from kiosk.pieces.visit import Kept
from kiosk.session.asking.events import ContinueChosen
from kiosk.session.service import open_service
from kiosk.session.state import Effect, Session, StartTimer, State, Step, StopTimer

TIMER = "kept"
KEPT_S = 600.0
NOT_AT = frozenset({State.PHONE})
"""The form has gone on to the holder's telephone: here it is not gone on with."""


def digest(card_id: str) -> bytes:
    """Return what of a card is kept to know it again."""
    return hashlib.sha256(card_id.encode()).digest()


def keep(session: Session) -> tuple[Session, tuple[Effect, ...]]:
    """Keep the form in hand, where something of it was answered. Called before the holder is forgotten.

    While the card signs, a card that leaves has taken its holder along already (`card_gone`).
    """
    application, facts = session.application, session.facts
    if application is None or facts is None or session.state in NOT_AT:
        return session, ()
    if session.holder is None and not session.card_gone:
        return session, ()
    if session.saved is not None or not (application.answers or application.disputed):
        return session, ()
    if not facts.card_id:
        return session, ()  # an identity card has no number of its own: it could not be told from another
    service = application.service
    kept = Kept(digest(facts.card_id), session.id, service.id, service.version, dict(application.answers),
                application.disputed, application.said)  # fmt: skip
    return replace(session, world=replace(session.world, kept=kept)), (StartTimer(TIMER, KEPT_S),)


def offered(session: Session) -> Kept | None:
    """Return what the holder of the card in the slot may go on with."""
    kept, facts, catalogue = session.world.kept, session.facts, session.world.catalogue
    if kept is None or facts is None or session.holder is None or catalogue is None:
        return None
    if not hmac.compare_digest(kept.card, digest(facts.card_id)):
        return None
    service = catalogue.services.get(kept.service)
    return kept if service is not None and service.version == kept.version else None


def resume(session: Session, _event: ContinueChosen) -> Step:
    """Open the service with its answers. The city is asked again: it needs a new consent."""
    kept = offered(session)
    if kept is None:
        return session, ()
    session, effects = open_service(forgotten(session), kept.service)
    assert session.application is not None
    application = replace(session.application, answers=kept.answers, disputed=kept.disputed, said=kept.said)
    return replace(session, application=application), (StopTimer(TIMER), *effects)


def forgotten(session: Session) -> Session:
    return replace(session, world=replace(session.world, kept=None))


def of_this_visit(session: Session) -> bool:
    """Whether what is kept was left by the visit that is on the screen."""
    return session.world.kept is not None and session.world.kept.session == session.id
