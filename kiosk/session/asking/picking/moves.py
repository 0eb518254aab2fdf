"""Picking from a long list by letters, and an address by district, street and community. Pure.

What is no list and no address goes on to `kiosk.session.form`.
"""

from __future__ import annotations

from kiosk.events import AnswerChosen, KeysErased, KeyTyped, PageTurned, PrimaryPressed
from kiosk.frozen import replace
from kiosk.pieces.visit import Picking, Writing
from kiosk.services import forms, search
from kiosk.services.definition import Choice, FieldDefinition
from kiosk.session import form
from kiosk.session.asking.events import ListSearched
from kiosk.session.asking.picking import level
from kiosk.session.asking.search import LONGEST, rows
from kiosk.session.common import application_of, form_of
from kiosk.session.state import Application, Session, Step

ELSEWHERE = "elsewhere"
"""The choice beside the districts: an address that is not in this city."""
KNOWN = "known"
"""The choice above the districts: an address that need not be picked."""


def _with(session: Session, application: Application) -> Session:
    return replace(session, application=application)


def picking(session: Session) -> Picking:
    """Return the picking of the question that is asked; an empty one where none is, or its proof."""
    application = application_of(session)
    return application.picking if application.question and application.changing != "proof" else Picking()


def in_levels(session: Session) -> bool:
    """Whether a district, a street or a community is asked."""
    return picking(session).level in level.LEVELS


def asked(session: Session) -> FieldDefinition:
    application = application_of(session)
    return application.service.field(application.question)


def known(session: Session) -> str:
    """Return an address that may be the one that is asked for; empty: none is known.

    The last one of this visit, else the one on the card. Not what an office holds: it was asked for something else.
    """
    application = application_of(session)
    held = forms.prefilled(form_of(session, application), asked(session))
    not_these = {"", application.answers.get(application.question, ""), held.text if held is not None else ""}
    on_card = (session.holder.address if session.holder is not None else "") or ""
    return next((one for one in (session.last_address, on_card) if one not in not_these), "")


def listed(session: Session) -> tuple[Choice, ...]:
    """Return everything that can be chosen now, whatever was typed; a question without choices has none.

    Districts begin with the terminal's own, the nearest after it.
    """
    if in_levels(session):
        world = session.world
        if picking(session).level == level.LEVELS[0]:
            areas = tuple(Choice(area.code, area.names) for area in world.areas.nearest(world.site.get("district", "")))
            first = (Choice(KNOWN, {"zh-Hans": ""}),) if known(session) else ()
            return (*first, *areas, Choice(ELSEWHERE, {"zh-Hans": ""}))
        inside = world.areas.within.get(level.outer(picking(session)), ())
        return tuple(Choice(area.code, area.names) for area in inside)
    application = application_of(session)
    return forms.options(form_of(session, application), asked(session)) if application.question else ()


def found(session: Session) -> tuple[Choice, ...]:
    """Return what the letters leave of it."""
    every, now = listed(session), picking(session)
    if not now.seeking:
        return every
    return tuple(every[at] for at in search.matching([choice.names for choice in every], now.typed))


def searched(session: Session) -> bool:
    """Whether the list is so long that it can be searched. Days and times are looked up in their order instead."""
    spelt = [choice for choice in listed(session) if choice.names.get("zh-Hans", "")[:1].isalpha()]
    return len(spelt) >= level.SEARCHED_FROM


def size(session: Session) -> int:
    """How many rows a page has: the keys need their room, and so does the button that shows them."""
    if picking(session).seeking:
        return rows(session)
    count = form.per_page(session, form.kind_of(asked(session)))
    settings = session.world.settings
    upright = settings.height > settings.width and not session.modes.reach
    return count - 1 if searched(session) and upright else count


def pages(session: Session) -> int:
    return form.pages(len(found(session)), size(session))


def turn(session: Session, event: PageTurned) -> Step:
    """Turn the pages of what is listed."""
    application = application_of(session)
    if not (application.question and (in_levels(session) or searched(session))):
        return form.turn_page(session, event)
    page = min(max(0, application.page + event.delta), pages(session) - 1)
    return _with(session, replace(application, page=page)), ()


def seek(session: Session, event: ListSearched) -> Step:
    """Show the keys, or the whole list."""
    application = application_of(session)
    if not application.question or not searched(session):
        return session, ()
    now = replace(application.picking, seeking=event.open, typed="")
    return _with(session, replace(application, picking=now, page=0)), ()


def _letters(session: Session, typed: str) -> Step:
    application = application_of(session)
    return _with(session, replace(application, picking=replace(application.picking, typed=typed), page=0)), ()


def key(session: Session, event: KeyTyped) -> Step:
    """A letter of the search, else of the answer."""
    now = picking(session)
    if now.seeking:
        fits = len(event.key) == 1 and event.key.isprintable() and len(now.typed) < LONGEST
        return _letters(session, now.typed + event.key) if fits else (session, ())
    return (session, ()) if in_levels(session) else form.key_typed(session, event)


def erased(session: Session, event: KeysErased) -> Step:
    now = picking(session)
    if now.seeking:
        return _letters(session, "" if event.all else now.typed[:-1])
    return (session, ()) if in_levels(session) else form.keys_erased(session, event)


def choose(session: Session, event: AnswerChosen) -> Step:
    """Take an area and ask what lies in it; or an answer of a list, and show the list at it."""
    if in_levels(session):
        return _area(session, event.value)
    seeking = picking(session).seeking
    session, effects = form.choose(session, event)
    if not seeking:
        return session, effects
    session = _with(session, replace(application_of(session), picking=Picking()))
    values = [choice.value for choice in listed(session)]
    page = values.index(event.value) // size(session) if event.value in values else 0
    return _with(session, replace(application_of(session), page=page)), effects


def _area(session: Session, value: str) -> Step:
    application, now, areas = application_of(session), picking(session), session.world.areas
    if now.level == level.LEVELS[0] and value == ELSEWHERE:
        kept = application.typed if not now.area else ""
        return _with(session, replace(application, picking=Picking("rest"), typed=kept, page=0)), ()
    if value not in {choice.value for choice in listed(session)}:
        return session, ()
    if value == KNOWN:
        return _given(
            _with(session, replace(application, picking=Picking("rest"), typed=known(session))), PrimaryPressed()
        )
    same = now.area.startswith(value) or now.level == level.LEVELS[2]
    area = now.area if now.area.startswith(value) else value
    following = level.at(areas, level.below(areas, value), area)
    return _with(session, replace(application, picking=following, typed=application.typed if same else "", page=0)), ()


def backward(session: Session, event: object) -> Step:
    """From the letters of a list to the list; of an address one level up; else to what was before the question."""
    now, application, areas = picking(session), application_of(session), session.world.areas
    if now.seeking and not now.level:
        return _with(session, replace(application, picking=Picking(), page=0)), ()
    up = level.above(areas, now)
    if up is not None:
        writing = Writing(application.writing.pad)
        here = replace(application, picking=level.at(areas, up, now.area), writing=writing, page=0, problem="")
        return _with(session, here), ()
    proved = application.changing == "proof"
    session, effects = form.backward(session, event)
    if proved:  # back to what is right instead, which stands in the field whole
        application = application_of(session)
        again = level.begun(areas, application, form_of(session, application), asked(session))
        session = _with(session, again)
    return session, effects


def forward(session: Session, event: PrimaryPressed) -> Step:
    """The written address begins with the area that was chosen. What is not known is left out, where it may be."""
    now, application = picking(session), application_of(session)
    if now.level == level.LEVELS[2]:
        return _with(session, replace(application, picking=Picking("rest", now.area[:9]), page=0)), ()
    wrong = application.changing == "wrong"
    if in_levels(session):
        if not wrong and asked(session).required:
            return session, ()
        return form.forward(_with(session, replace(application, typed="")), event)
    if now.level != "rest" or application.writing.begun:
        return form.forward(session, event)
    if not now.area:
        return _given(session, event)
    rest = application.typed.strip()
    if not rest and (wrong or asked(session).required):
        return form.forward(_with(session, replace(application, typed="")), event)
    return _given(_with(session, replace(application, typed=session.world.areas.written(now.area) + rest)), event)


def _given(session: Session, event: PrimaryPressed) -> Step:
    """Answer with the whole address that is written now; the next question of this visit for one offers it."""
    text = application_of(session).typed.strip()
    session, effects = form.forward(session, event)
    taken = text and not application_of(session).problem
    return replace(session, last_address=text) if taken else session, effects
