"""Every screen of every service: what a walk comes to, and beside it each question, page of choices, error and view.

A walk takes the first choice of every question, so it does not see all of a definition. What it does not see is the
same session with another question, another page or another view before the citizen's eyes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from kiosk.services import forms
from kiosk.services.definition import FieldDefinition, ServiceDefinition, View
from kiosk.session.common import form_of
from kiosk.session.form import check_fields, current, kind_of, pages, per_page
from kiosk.session.service import consent_pages
from kiosk.session.state import Application, Session, State
from kiosk.session.view import page_count, record_of
from kiosk.view_model.form import PROBLEMS
from tests.review.modes import Mode, dressed
from tests.scenario import service_walk
from tests.scenario.kit import Kiosk
from tests.scenario.service_walk import CATALOGUE

MANY = 40
"""No list of a screen has more pages than this."""
PAGED = frozenset({State.CONSENT, State.FORM, State.CHECK, State.VIEW})


class Seen(NamedTuple):
    """A screen of a service: where it stands in the visit, and the session that shows it."""

    name: str
    session: Session
    error: bool = False
    """Something is wrong with the answer on it."""


class Watched(Kiosk):
    """A terminal that keeps the session of each screen that it showed."""

    def pump(self) -> None:
        super().pump()
        seen: list[Session] = self.__dict__.setdefault("seen", [])
        session = self.terminal.runtime.session
        if not seen or seen[-1] != session:
            seen.append(session)


def walked(folder: Path, service: str, *, online: bool = True) -> list[Session]:
    """The sessions of one visit from the intro of the service to its end."""
    made: list[Watched] = []

    def terminal(state_dir: Path) -> Kiosk:
        made.append(Watched(state_dir))
        return made[-1]

    service_walk.visit(folder, service, online=online, terminal=terminal)
    return [session for session in made[0].__dict__["seen"] if session.application is not None or session.saved]


def of_service(folder: Path, service: str) -> Iterator[Seen]:
    """Every screen of a service: the walk, then what the walk did not come to."""
    definition = CATALOGUE.services[service]
    sessions = walked(folder, service)
    for number, session in enumerate(sessions, 1):
        yield Seen(f"{service} {number:02} {session.state}", session)
    filled = _fullest(sessions)
    if filled is None or filled.application is None:
        return
    application = filled.application
    for item in definition.fields:
        if not item.quiet and item.type != "new-pin":
            yield from _question(service, filled, application, item)
    yield from _views(service, definition, filled, application)


def _fullest(sessions: list[Session]) -> Session | None:
    """The last session of the form, which knows most."""
    found = [one for one in sessions if one.state in {State.FORM, State.CHECK, State.VIEW, State.INTRO}]
    return found[-1] if found else None


def _question(service: str, filled: Session, application: Application, item: FieldDefinition) -> Iterator[Seen]:
    """One question, empty and with each thing that can be wrong with an answer."""
    asked = replace(application, question=item.id, changing="rows", page=0, typed="", problem="")
    yield Seen(f"{service} {item.id}", _shown(filled, asked, State.FORM))
    if item.type in forms.CHOSEN:
        return
    for problem in PROBLEMS:
        wrong = replace(asked, problem=problem, typed="20261301"[: item.max_length])
        yield Seen(f"{service} {item.id} {problem}", _shown(filled, wrong, State.FORM), error=True)


def _views(service: str, definition: ServiceDefinition, filled: Session, application: Application) -> Iterator[Seen]:
    for view in definition.views:
        trail = _trail(definition, view)
        rows = (0, 1) if trail else (-1,)
        for row in rows:
            there = replace(
                application, view=view.id, row=row, trail=tuple((one, -1) for one in trail), page=0, question=""
            )
            if not trail or record_of(there) is not None:
                yield Seen(f"{service} view {view.id} {row}", _shown(filled, there, State.VIEW))


def _trail(definition: ServiceDefinition, view: View) -> tuple[str, ...]:
    """The pages that lead to this one, outermost first; none where the service opens with it."""
    for other in definition.views:
        if other.id != view.id and view.id in {other.opens, *(action.opens for action in other.actions)}:
            return (*_trail(definition, other), other.id)
    return ()


def _shown(session: Session, application: Application, state: State) -> Session:
    return replace(session, state=state, application=application, failure="")


def turned(session: Session, language: str, mode: Mode) -> Iterator[Session]:
    """The session in this language and mode, once for each page that its list has there."""
    here = dressed(session, language, mode)
    application = here.application
    if application is None or here.state not in PAGED:
        yield here
        return
    for page in range(min(MANY, _pages(here, application))):
        yield replace(here, application=replace(application, page=page))


def _pages(here: Session, application: Application) -> int:
    """How many pages the list on the screen has in this mode."""
    if here.state is State.VIEW:
        return page_count(here)
    if here.state is State.CONSENT:
        return consent_pages(here)
    form = form_of(here, application)
    if here.state is State.CHECK:
        _, form, plan = current(here)
        return pages(len(check_fields(form, plan)), per_page(here, "check"))
    if application.question:
        item = form.definition.field(application.question)
        chosen = item.type in forms.CHOSEN
        return pages(len(forms.options(form, item)), per_page(here, kind_of(item))) if chosen else 1
    _, _, plan = current(here)
    return pages(len(plan.rows), per_page(here, "form"))
