"""Handing in: who signs, what else the card does first, and the ticket that a terminal gives out by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.events import PinRefused
from kiosk.frozen import replace
from kiosk.services import forms
from kiosk.session.arrival.effects import AskApproval
from kiosk.session.asking import new_pin
from kiosk.session.asking.events import PinChanged
from kiosk.session.common import application_of, enter, fail, form_of
from kiosk.session.state import Effect, Note, SaveEntry, Session, SignDocument, State, Step

LETTERS = "JKLMNPQRSTUVWXYZ"
"""Of the tickets that terminals give out by themselves; A to I belong to the halls, O looks like a nought."""


def applicant(session: Session) -> Mapping[str, object]:
    """Return what a document says of who hands it in: nothing where nobody has to say who they are."""
    holder, facts = session.holder, session.facts
    if holder is None:
        return {}
    named = {
        "holder": {
            "name": holder.name,
            "id_number": holder.id_number,
            "sex": holder.sex,
            "birth_date": holder.birth_date,
        }
    }
    if facts is None:
        return {} if application_of(session).service.card == "none" else {**named, "sign_in": "app"}
    card = {} if facts.profile == "citizen" else {"card": facts.profile}
    return {"card_number": facts.card_number, **named, **card}


def hand_in(session: Session, draft: Mapping[str, object]) -> Step:
    """Have the card sign the draft, after it did what the form asked of it; or the citizen approve it by telephone.

    Where nobody has to say who they are, there is nothing to sign.
    """
    application = application_of(session)
    note = Note("session.submit", {"service": application.service.id})
    session = replace(session, draft=draft, waited_s=0, own_letter=own_letter(session))
    if session.app is not None and session.by_app and application.service.card != "none":
        if not session.world.network_up:
            return fail(replace(session, draft=None), "app-offline", note, resume=State.CHECK)
        return enter(session, State.APPROVING, note, AskApproval(session.app.key, draft))
    if session.facts is None or session.facts.profile != "citizen":
        session = replace(session, draft=None)
        return enter(session, State.SIGNING, note, SaveEntry("application", with_ticket(session, draft)))
    first: Effect = SignDocument(draft, session.facts.card_id)
    if new_pin.wanted(session):
        first = new_pin.change(session)
    return enter(session, State.SIGNING, note, first)


def pin_changed(session: Session, _event: PinChanged) -> Step:
    """The card has its new PIN: now the record of it."""
    draft, facts = session.draft, session.facts
    if draft is None or facts is None:
        return session, ()
    note = Note("pin.changed", {"session": session.id})
    return replace(session, pin_changed=True), (SignDocument(draft, facts.card_id), note)


def old_pin_refused(session: Session, event: PinRefused) -> Step:
    """The old PIN was wrong: nothing was changed. Where none was asked for, nobody can have refused one."""
    if not new_pin.wanted(session):
        return session, ()
    return new_pin.refused(session, event)


# ---------------------------------------------------------------------------------------- tickets of its own


def own_letter(session: Session) -> str:
    """Return the letter with which this terminal gives out a ticket now, or nothing."""
    application = application_of(session)
    confirm = application.service.confirm
    if confirm is None or confirm.own_ticket is None or session.world.network_up:
        return ""
    form = form_of(session, application)
    return letter_of(session) if forms.holds(confirm.own_ticket, form) else ""


def letter_of(session: Session) -> str:
    """The terminal's own letter: the site's, or one by its name, by which up to 17 in a row differ.

    T0001 and T0018 share one: where both stand in one office, give the sites letters of their own.
    """
    given = session.world.site.get("letter", "")
    if given in LETTERS and given:
        return given
    digits = "".join(character for character in session.world.terminal if character.isdigit())
    return LETTERS[(int(digits or "1") - 1) % len(LETTERS)]


def own_ticket(letter: str, seq: int) -> str:
    """Return the number on a ticket of this terminal: its entry's place, of which the last three digits are kept.

    It comes again after a thousand entries, and at a terminal of the same letter. The gateway queues both holders.
    """
    return f"{letter}{seq % 1000:03d}"


def with_ticket(session: Session, document: Mapping[str, object]) -> Mapping[str, object]:
    """Return the document with the letter of its own ticket; the store adds the number when it knows it."""
    return {**document, "ticket": session.own_letter} if session.own_letter else document
