"""Where to go: the nearest places for what was named, on a map; without a card and without a network. Pure."""

from __future__ import annotations

from kiosk.events import AnswerChosen, PrimaryPressed
from kiosk.frozen import replace
from kiosk.services import places
from kiosk.session.asking.events import ChoicesFetched
from kiosk.session.common import WAIT, application_of, enter, fail
from kiosk.session.service import home
from kiosk.session.state import Application, FetchChoices, Note, Session, StartTimer, State, Step, StopTimer

QUESTION = "#places"
ANY = "any"


def ask(session: Session) -> Step:
    """Every question is answered: fetch the places. The directory on the disk answers without a network."""
    application = application_of(session)
    shown = application.service.places
    assert shown is not None
    wanted = application.answers.get(shown.by, ANY)
    given = {} if wanted == ANY else {shown.by: wanted}
    session = replace(session, application=replace(application, question=QUESTION, page=0))
    fetch = FetchChoices(application.service.id, QUESTION, shown.subject, given)
    return enter(session, State.LOOKING, fetch, StartTimer(WAIT, session.world.settings.lookup_wait_s + 1))


def fetched(session: Session, event: ChoicesFetched) -> Step:
    """They came: show the nearest. `page` is which of them is told of."""
    application = application_of(session)
    application = replace(application, subjects={**application.subjects, event.data.subject: event.data}, page=0)
    session = replace(session, application=application)
    if not of(session):
        return fail(session, "needs-network", StopTimer(WAIT), resume=State.INTRO)
    note = Note("choices.answered", {"subject": event.data.subject, "choices": len(of(session))})
    return enter(session, State.PLACES, StopTimer(WAIT), note)


def of(session: Session) -> tuple[places.Place, ...]:
    """Return the places on the page."""
    application = application_of(session)
    shown = application.service.places
    data = None if shown is None else application.subjects.get(shown.subject)
    if shown is None or data is None or data.record is None:
        return ()
    return places.nearest(data.record, shown.list, here(session))


def here(session: Session) -> tuple[float, float]:
    """Return where the terminal stands on the map."""
    application = application_of(session)
    shown = application.service.places
    data = None if shown is None else application.subjects.get(shown.subject)
    if shown is None or data is None or data.record is None:
        return 0.0, 0.0
    return places.own_place(data.record, shown.list, session.world.site.get("office", ""))


def choose(session: Session, event: AnswerChosen) -> Step:
    """Tell of another one."""
    found = [item.id for item in of(session)]
    if event.value not in found:
        return session, ()
    return replace(session, application=replace(application_of(session), page=found.index(event.value))), ()


def back(session: Session, _event: object) -> Step:
    """Back to the question."""
    application: Application = application_of(session)
    shown = application.service.places
    assert shown is not None
    return enter(replace(session, application=replace(application, question=shown.by, page=0)), State.FORM)


def done(session: Session, event: PrimaryPressed) -> Step:
    return home(session, event)  # pyright: ignore[reportArgumentType]
