"""From the card's signature to the card's return: save, rating, take your card. Pure. The receipt: `paper`."""

from __future__ import annotations

import base64

from drivers.api import SlotState
from kiosk.events import (
    CardFailed,
    DocumentSigned,
    EntryAcked,
    EntrySaved,
    PrimaryPressed,
    RatingChosen,
    SaveFailed,
    SlotChanged,
    TimerFired,
)
from kiosk.frozen import replace
from kiosk.session import handing
from kiosk.session.arrival import greeting
from kiosk.session.asking import keeping, verdict
from kiosk.session.common import IDLE, SECOND, WAIT, application_of, end, enter, fail, forget, fresh
from kiosk.session.start import card_at_attract
from kiosk.session.state import (
    AskPrinter,
    Effect,
    ForgetPin,
    Note,
    Saved,
    SaveEntry,
    Session,
    Sound,
    StartTimer,
    State,
    Step,
    StopTimer,
    WatchEntry,
)

BAD = 2
"""Ratings up to this one get a call back, where the citizen wants it (GB/T 39735-2020)."""
_SAID_OF_A_CARD_THAT_IS_GONE = frozenset({"card-swapped", "pin-change-unknown"})
"""More than that it was pulled."""


def signed(session: Session, event: DocumentSigned) -> Step:
    """The card signed, once: make the entry durable before anything is said."""
    if session.draft is None:
        return session, ()
    proof = {
        "signature": base64.b64encode(event.signature).decode("ascii"),
        "certificate": base64.b64encode(event.certificate).decode("ascii"),
    }
    document = {**session.draft, "card_signature": proof}
    return replace(session, draft=None), (SaveEntry("application", handing.with_ticket(session, document)),)


def signing_failed(session: Session, event: CardFailed) -> Step:
    """Nothing was signed, so nothing was saved. The answers are kept for the card, but for a PIN that is changed."""
    code = event.code if event.code in _SAID_OF_A_CARD_THAT_IS_GONE or not session.card_gone else "card-removed"
    if session.pin_changed:
        return fail(forget(session), "pin-changed-only", ForgetPin())
    session, kept = keeping.keep(session)
    return fail(forget(session), code, ForgetPin(), *kept)


def signing_given_up(session: Session, event: TimerFired) -> Step:
    """The card hangs. Once it has signed, only the disk's own word counts."""
    if event.timer != IDLE or session.draft is None:
        return session, ()
    return signing_failed(session, CardFailed("card-unreadable"))


def saved(session: Session, event: EntrySaved) -> Step:
    """COMMIT returned: the entry is safe here. Now wait a little for the gateway's receipt."""
    if event.kind != "application":
        return session, ()
    application = application_of(session)
    service = application.service.id
    ticket = handing.own_ticket(session.own_letter, event.seq) if session.own_letter else ""
    kept = Saved(event.seq, event.number, service, event.at_ms, None, event.epoch, event.verdicts_after, ticket=ticket,
                 refused=application.refused_consent, company=application.acting.name)  # fmt: skip
    session = greeting.done(session, service, application.acting.number)
    session = replace(session, saved=kept, draft=None, waited_s=0)
    watch: tuple[Effect, ...] = (WatchEntry(), Note("outbox.saved", {"seq": event.seq, "service": service}))
    if session.card_gone:
        return fail(forget(session), "card-removed", *watch)
    if not session.world.network_up:
        return enter(session, State.SAVED, Sound("held"), AskPrinter(), *watch)
    ticks = (StartTimer(WAIT, session.world.settings.ack_wait_s), StartTimer(SECOND, 1))
    return enter(session, State.WAITING, *watch, *ticks)


def save_failed(session: Session, event: SaveFailed) -> Step:
    if event.kind != "application":
        return session, ()
    return fail(forget(session), "pin-changed-only" if session.pin_changed else event.code, ForgetPin())


def acked(session: Session, event: EntryAcked) -> Step:
    """The gateway's countersigned receipt covers this entry."""
    kept = session.saved
    if kept is None or kept.acked or event.seq < kept.seq:
        return session, ()
    session = replace(session, saved=replace(kept, acked_at_ms=event.at_ms))
    return session, (Note("outbox.acked", {"seq": kept.seq}),)


def received(session: Session, event: EntryAcked) -> Step:
    """The receipt that the citizen waits for: on to the last page, or to the office's answer."""
    session, noted = acked(session, event)
    return verdict.received(session, *noted) if noted else (session, ())


def rate(session: Session, event: RatingChosen) -> Step:
    return replace(session, score=event.score, call_back=session.call_back and event.score <= BAD), ()


def may_call(session: Session) -> bool:
    """Whether a call back is offered: to whoever was dissatisfied and is known to the city."""
    return 0 < session.score <= BAD and session.holder is not None


def call_back(session: Session, _event: object) -> Step:
    """Call me about it, or do not after all."""
    return (replace(session, call_back=not session.call_back), ()) if may_call(session) else (session, ())


def rated(session: Session, _event: PrimaryPressed) -> Step:
    if not session.score:
        return session, ()
    assert session.saved is not None
    document: dict[str, object] = {
        "kind": "rating",
        "schema": 1,
        "number": session.saved.number,
        "service": session.saved.service,
        "score": session.score,
        "time": session.world.local,
        **({"call_back": True} if session.call_back else {}),
    }
    return end(session, SaveEntry("rating", document))


def not_rated(session: Session, _event: object) -> Step:
    return end(session)


def card_taken(session: Session, event: SlotChanged) -> Step:
    """The card left the slot: the visit is over. Where another one is in it already, the next visit begins."""
    ended = (StopTimer(SECOND), Note("session.ended", {"session": session.id}))
    if event.state in {SlotState.EMPTY, SlotState.READER_ABSENT}:
        return enter(fresh(session), State.ATTRACT, *ended)
    if event.state is SlotState.PRESENT and event.insertion != session.card_insertion:
        session, effects = card_at_attract(fresh(session), event)
        return session, (*ended, *effects)
    return session, ()


def remind(session: Session, event: TimerFired) -> Step:
    if event.timer != SECOND:
        return session, ()
    return session, (Sound("reminder"), StartTimer(SECOND, session.world.settings.card_reminder_s))
