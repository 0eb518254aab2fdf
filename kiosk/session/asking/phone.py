"""Go on with a half-filled form on the holder's telephone: the card signs, the gateway keeps it, a QR code shows it.

Decided in docs/adr/0013: against the card's signature only, for a quarter of an hour, for one opening. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kiosk.events import BackPressed, TimerFired
from kiosk.frozen import frozen, replace
from kiosk.services.phone import can_continue
from kiosk.session.asking.events import HandedOver, HandoverFailed, PhoneAsked
from kiosk.session.common import CARD_FAILURES, WAIT, application_of, enter, fail, forget
from kiosk.session.state import (
    Application,
    Effect,
    ForgetPin,
    Note,
    ReleaseCard,
    Session,
    Sound,
    StartTimer,
    State,
    Step,
    StopTimer,
)

AT = frozenset({State.FORM, State.CHECK})
"""Where the telephone may be asked for; and on the help of these pages."""


@frozen
class HandOver(Effect):
    """Give the form to the gateway for the holder's telephone, with the card's signature (`HandedOver`)."""

    service: str
    form: Mapping[str, object] = field(repr=False)
    timeout_s: float


@frozen
class TakeBack(Effect):
    """Ask the gateway to forget a form that no telephone has opened yet. Whatever comes of it, the code runs out."""

    url: str = field(repr=False)


def offered(session: Session) -> bool:
    """Whether this form may go on by telephone: a signing card, the gateway there, and a service that allows it."""
    application, facts = session.application, session.facts
    if application is None or facts is None or session.holder is None or facts.profile != "citizen":
        return False
    return session.world.network_up and can_continue(application.service)


def asked(session: Session, _event: PhoneAsked) -> Step:
    return _ask(session, session.state)


def _ask(session: Session, page: State) -> Step:
    if page not in AT or not offered(session):
        return session, ()
    wait_s = session.world.settings.lookup_wait_s
    service = application_of(session).service.id
    hand = HandOver(service, state_of(session), wait_s)
    note = Note("phone.asked", {"service": service})
    return enter(replace(session, phone_from=page), State.HANDING, note, hand, StartTimer(WAIT, wait_s + 1))


def from_help(session: Session, _event: PhoneAsked) -> Step:
    """Help was asked for on a page of the form, and offers the telephone."""
    return _ask(session, session.before_help)


def handed(session: Session, event: HandedOver) -> Step:
    """The code may be shown."""
    return enter(replace(session, phone_url=event.url), State.PHONE, StopTimer(WAIT), Sound("saved"))


def refused(session: Session, event: HandoverFailed) -> Step:
    """The form stays here, as it is; a card that cannot sign ends the visit as everywhere."""
    note = Note("phone.failed", {"code": event.code})
    if event.code in CARD_FAILURES or event.code.startswith("pin-") or event.code == "card-lost":
        return fail(forget(session), event.code, StopTimer(WAIT), ForgetPin(), ReleaseCard(), note)
    return fail(session, "phone-not-now", StopTimer(WAIT), note, resume=session.phone_from)


def timed_out(session: Session, event: TimerFired) -> Step:
    if event.timer != WAIT:
        return session, ()
    return refused(session, HandoverFailed("gateway-silent"))


def came_late(session: Session, event: HandedOver) -> Step:
    """The screen that asked was left meanwhile: nobody has seen the code, so nobody shall use it."""
    return session, (TakeBack(event.url),)


def back(session: Session, _event: BackPressed) -> Step:
    """Go on here after all: the code is taken back."""
    url = session.phone_url
    return enter(replace(session, phone_url=""), session.phone_from, TakeBack(url))


def state_of(session: Session) -> Mapping[str, object]:
    """Return the form as the telephone's page needs it. Format: docs/gateway.md, "On to the telephone"."""
    application, holder, facts = application_of(session), session.holder, session.facts
    assert holder is not None
    assert facts is not None
    return {
        "service_version": application.service.version,
        "language": session.language,
        "name": holder.name,
        "id_number": holder.id_number,
        "sex": holder.sex,
        "birth_date": holder.birth_date,
        "card_number": facts.card_number,
        "subjects": {
            name: {"agency": item.agency, "updated": item.updated, "record": item.record}
            for name, item in application.subjects.items()
        },
        "answers": dict(application.answers),
        "disputed": sorted(application.disputed),
        "said": {name: dict(one) for name, one in application.said.items()},
        "preset": dict(application.preset),
        "consent": _consent(application),
        "data": "city" if application.fetched else "card",
    }


def _consent(application: Application) -> Mapping[str, object]:
    given = not application.refused_consent
    return {"given": given, "subjects": list(application.service.subjects) if given else []}
