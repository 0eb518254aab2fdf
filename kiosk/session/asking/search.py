"""Search from home: letters typed, services found, one opened. Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import KeysErased, KeyTyped, PageTurned
from kiosk.pieces.visit import Search
from kiosk.services import search
from kiosk.services.definition import ServiceDefinition
from kiosk.session.asking.events import SearchAsked
from kiosk.session.common import enter
from kiosk.session.state import Session, State, Step

LONGEST = 20


def asked(session: Session, _event: SearchAsked) -> Step:
    """From home to an empty search."""
    if session.holder is None and not session.browsing:
        return session, ()
    return enter(replace(session, search=Search()), State.SEARCH)


def found(session: Session) -> tuple[ServiceDefinition, ...]:
    """Return the services for what was typed; without anything typed, none."""
    catalogue = session.world.catalogue
    return () if catalogue is None else search.find(catalogue, session.search.typed)


def rows(session: Session) -> int:
    """How many of them a page shows: the keys need their room."""
    settings = session.world.settings
    if session.modes.reach:
        return 1
    if settings.width > settings.height:
        return 2 if session.modes.text_scale == 1.0 else 1
    return {1.0: 3, 1.25: 3, 1.6: 2, 2.0: 1}[session.modes.text_scale]


def pages(session: Session) -> int:
    return max(1, -(-len(found(session)) // rows(session)))


def key(session: Session, event: KeyTyped) -> Step:
    typed = session.search.typed
    if len(event.key) != 1 or not event.key.isprintable() or len(typed) >= LONGEST:
        return session, ()
    return replace(session, search=Search(typed + event.key)), ()


def erased(session: Session, event: KeysErased) -> Step:
    return replace(session, search=Search("" if event.all else session.search.typed[:-1])), ()


def turn(session: Session, event: PageTurned) -> Step:
    page = min(max(0, session.search.page + event.delta), pages(session) - 1)
    return replace(session, search=replace(session.search, page=page)), ()
