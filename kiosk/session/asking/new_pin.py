"""Changing the PIN: the old one, the new one, the new one once more. Pure.

The digits are in the runtime's holders and nowhere else: the session knows how many there are, and what is wrong with
them. The card takes the new PIN when the citizen hands in; until then nothing has changed.
"""

from __future__ import annotations

from kiosk.events import PinLengthChanged, PinRefused
from kiosk.frozen import replace
from kiosk.session.asking.events import NewPinJudged
from kiosk.session.common import application_of, enter, fail, forget, form_of
from kiosk.session.state import (
    ChangePin,
    ForgetPin,
    JudgeNewPin,
    Note,
    ReleaseCard,
    Session,
    Sound,
    State,
    Step,
)

PIN_LENGTH = 6
TYPED = "changed"
"""What stands in the form's field: that it was typed, never what."""


def problem(old: str, new: str, again: str | None, birth_date: str) -> str:
    """Return which rule new digits break, or nothing. `again` None: not typed yet. Rules: `services.md`, 16."""
    if len(set(new)) == 1:
        return "new-pin-one-digit"
    year, month, day = birth_date.split("-") if birth_date.count("-") == 2 else ("", "", "")
    dates = {year[2:] + month + day, day + month + year[2:], month + day + year[2:], year + month, month + year}
    if new in dates:
        return "new-pin-birthday"
    if new == old:
        return "new-pin-old"
    return "new-pin-differs" if again is not None and again != new else ""


def length(session: Session, event: PinLengthChanged) -> Step:
    """A key was pressed."""
    if not session.pin_step:
        return session, ()
    changed = replace(session, pin_length=event.length, pin_problem="", pin_rejected=False)
    return changed, (Sound("key"),)


def given(session: Session) -> Step:
    """Six digits stand there: the old ones are kept, the new ones are tested."""
    if session.pin_length != PIN_LENGTH or not session.pin_step:
        return session, ()
    if session.pin_step == "old":
        return replace(session, pin_step="new", pin_length=0), ()
    birth_date = session.holder.birth_date if session.holder is not None else ""
    return session, (JudgeNewPin(session.pin_step, birth_date),)


def judged(session: Session, event: NewPinJudged) -> Step:
    """The new digits keep the rules, or have to be typed again."""
    if session.pin_step not in {"new", "again"}:
        return session, ()
    if event.problem:
        session = replace(session, pin_step="new", pin_length=0, pin_problem=event.problem)
        return session, (Sound("attention"),)
    if session.pin_step == "new":
        return replace(session, pin_step="again", pin_length=0), ()
    application = application_of(session)
    answers = {**application.answers, application.question: TYPED}
    application = replace(application, answers=answers, question="", page=0, changing="")
    session = replace(session, application=application, pin_step="", pin_length=0)
    return enter(session, State.CHECK)


def back(session: Session) -> Step | None:
    """One PIN back, or None where the old one is being typed."""
    if session.pin_step in {"", "old"}:
        return None
    return replace(session, pin_step="old", pin_length=0, pin_problem=""), (ForgetPin(),)


def begun(session: Session) -> bool:
    """Whether digits of a change may be in the runtime's holders."""
    return bool(session.pin_step) or (session.application is not None and wanted(session))


def wanted(session: Session) -> bool:
    """Whether the form asks the card to take a new PIN."""
    application = application_of(session)
    asked = {item.id for item in form_of(session, application).definition.fields if item.type == "new-pin"}
    return any(application.answers.get(name) == TYPED for name in asked)


def change(session: Session) -> ChangePin:
    """Only called with a card in the slot."""
    assert session.facts is not None
    return ChangePin(session.facts.card_id)


def refused(session: Session, event: PinRefused) -> Step:
    """The old PIN was wrong: nothing has changed, and one try less is left."""
    note = Note("pin.rejected", {"tries_left": event.tries_left})
    if event.tries_left == 0:
        return fail(forget(session), "pin-blocked", ForgetPin(), ReleaseCard(), note)
    application = application_of(session)
    field = next(item.id for item in application.service.fields if item.type == "new-pin")
    answers = {name: value for name, value in application.answers.items() if name != field}
    application = replace(application, answers=answers, question=field, page=0)
    session = replace(session, application=application, draft=None, pin_step="old", pin_length=0,
                      pin_rejected=True, tries_left=event.tries_left)  # fmt: skip
    return enter(session, State.FORM, ForgetPin(), Sound("attention"), note)


def found_service(session: Session) -> str:
    """Return the service that opens a card reported lost again; empty: there is none, or no card to open."""
    catalogue = session.world.catalogue
    if session.failure != "card-lost" or session.found or catalogue is None or not session.card_in:
        return ""
    return next((item.id for item in catalogue.services.values() if item.start == "found"), "")
