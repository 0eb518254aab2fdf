"""What the city tells a holder after the PIN: a service that is still to be done for a company of theirs. Pure.

Asked with the card that is in the slot, while home is on the screen already; home waits for nothing. No network, no
answer, or a visit by app: nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kiosk.frozen import frozen, replace
from kiosk.pieces.acting import Acting, Company, Due
from kiosk.pieces.released import SubjectData
from kiosk.services.definition import ServiceDefinition
from kiosk.services.forms import flat
from kiosk.session.asking.events import AlertChosen, GreetingCame
from kiosk.session.common import application_of
from kiosk.session.service import open_service
from kiosk.session.state import Effect, Session, State, Step


@frozen
class AskGreeting(Effect):
    """Ask the gateway for these subjects, for the purpose `greeting` (`GreetingCame`)."""

    insertion: int
    subjects: tuple[str, ...]


def ask(session: Session) -> tuple[Effect, ...]:
    """Ask what the definitions of the catalogue want said to the holder who has just given the PIN."""
    catalogue = session.world.catalogue
    if catalogue is None or session.found or not session.world.network_up:
        return ()
    told = {item.greeting.subject for item in catalogue.services.values() if item.greeting is not None}
    return (AskGreeting(session.card_insertion, tuple(sorted(told))),) if told else ()


def came(session: Session, event: GreetingCame) -> Step:
    """The city answered. An answer for a card that is not at work any more is dropped."""
    catalogue = session.world.catalogue
    if catalogue is None or session.facts is None or session.holder is None:
        return session, ()
    if event.insertion != session.card_insertion:
        return session, ()
    records = {item.subject: item for item in event.subjects}
    found = (_due(item, records) for item in catalogue.services.values())
    return replace(session, due=tuple(due for due in found if due is not None)), ()


def _due(service: ServiceDefinition, records: Mapping[str, SubjectData]) -> Due | None:
    """What the answer says of one service; a row that names no company says nothing."""
    greeting, represents = service.greeting, service.represents
    if greeting is None or represents is None or greeting.subject not in records:
        return None
    rows = (records[greeting.subject].record or {}).get(represents.list)
    companies: dict[str, Company] = {}
    concerned: set[str] = set()
    for row in cast("list[object]", rows) if isinstance(rows, list) else []:
        held = cast("Mapping[str, object]", row) if isinstance(row, Mapping) else {}
        number, name = flat(held.get(represents.value)), flat(held.get(represents.label))
        if number and name:
            companies.setdefault(number, Company(number, name))
            concerned |= {number} if flat(held.get(greeting.when)) == "yes" else set()
    due = tuple(one for number, one in companies.items() if number in concerned)
    return Due(service.id, due, len(companies)) if due else None


def offered(session: Session) -> Due | None:
    """The one thing that home says, or None: nothing, nobody is known, or there is no network now."""
    catalogue = session.world.catalogue
    if catalogue is None or session.holder is None or not session.world.network_up:
        return None
    return next((due for due in session.due if due.service in catalogue.services), None)


def chosen(session: Session, _event: AlertChosen) -> Step:
    """Open the service; where it is for one company only, that one is chosen as soon as the register names it."""
    due = offered(session)
    if due is None:
        return session, ()
    session, effects = open_service(session, due.service)
    if session.state is State.INTRO and len(due.companies) == 1:
        acting = Acting(wanted=due.companies[0].number)
        session = replace(session, application=replace(application_of(session), acting=acting))
    return session, effects


def done(session: Session, service: str, company: str) -> Session:
    """The service was handed in for this company: home does not say it again. Without one, for whichever it was."""
    left: list[Due] = []
    for due in session.due:
        rest = tuple(one for one in due.companies if company and one.number != company)
        if due.service != service:
            left.append(due)
        elif rest:
            left.append(replace(due, companies=rest))
    return replace(session, due=tuple(left))
