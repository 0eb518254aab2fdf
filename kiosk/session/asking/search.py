"""Finding a service from home, by letters or by its agency; and the pages of a list of services. Pure."""

from __future__ import annotations

from collections import Counter

from kiosk.events import HomePressed, KeysErased, KeyTyped, PageTurned
from kiosk.frozen import replace
from kiosk.pieces.visit import Finding, Search
from kiosk.services import search
from kiosk.services.definition import ServiceDefinition
from kiosk.session.asking.events import AgenciesAsked, AgencyChosen, SearchAsked
from kiosk.session.common import enter
from kiosk.session.form import per_page
from kiosk.session.service import home
from kiosk.session.state import Session, State, Step

LONGEST = 20
SERVICES = {1.0: 8, 1.25: 6, 1.6: 4, 2.0: 3}
"""How many services an upright screen lists, by the size of its letters."""


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


# ------------------------------------------------------------------------------------- by agency, and lists of services


def agencies(session: Session) -> dict[str, int]:
    """Return the agencies that have a service here with how many: those with the most first, else by their ids."""
    catalogue = session.world.catalogue
    services = () if catalogue is None else catalogue.services.values()
    count = Counter(service.agency for service in services)
    return {agency: count[agency] for agency in sorted(count, key=lambda agency: (-count[agency], agency))}


def services(session: Session) -> tuple[ServiceDefinition, ...]:
    """Return the services of the agency that was chosen, else of the life event."""
    catalogue, agency = session.world.catalogue, session.finding.agency
    every = () if catalogue is None else catalogue.services.values()
    return tuple(one for one in every if (one.agency == agency if agency else one.event == session.life_event))


def agencies_asked(session: Session, _event: AgenciesAsked) -> Step:
    """From home, or from an empty search, to the agencies."""
    return enter(replace(session, finding=Finding()), State.AGENCIES)


def agency_chosen(session: Session, event: AgencyChosen) -> Step:
    """Show what this agency does here."""
    if event.agency not in agencies(session):
        return session, ()
    return enter(replace(session, finding=Finding(event.agency)), State.SERVICES)


def list_rows(session: Session) -> int:
    """How many agencies or services a page lists."""
    settings = session.world.settings
    if session.state is State.SERVICES and settings.height > settings.width and not session.modes.reach:
        return SERVICES[session.modes.text_scale]
    return per_page(session, "choices")


def list_pages(session: Session) -> int:
    count = len(services(session) if session.state is State.SERVICES else agencies(session))
    return max(1, -(-count // list_rows(session)))


def list_page(session: Session) -> int:
    """Return which page is on the screen: another size of letters makes fewer or more of them."""
    return min(session.finding.page, list_pages(session) - 1)


def turn_list(session: Session, event: PageTurned) -> Step:
    page = min(max(0, list_page(session) + event.delta), list_pages(session) - 1)
    return replace(session, finding=replace(session.finding, page=page)), ()


def back_from_services(session: Session, _event: object) -> Step:
    """To the agencies, at the one that was chosen, or home."""
    agency = session.finding.agency
    if not agency:
        return home(session, HomePressed())
    session, effects = enter(session, State.AGENCIES)
    page = list(agencies(session)).index(agency) // list_rows(session)
    return replace(session, finding=Finding(page=page)), effects
