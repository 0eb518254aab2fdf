"""For which company: who stands for several says so before the consent, and only that one's data are used. Pure.

The register of companies is public (share type "unconditional"): it alone is read before the consent, against the
card's signature as every lookup, and the citizen sees it in the access log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kiosk.events import AnswerChosen, DataFetched
from kiosk.frozen import replace
from kiosk.pieces.acting import Acting, Company
from kiosk.pieces.released import SubjectData
from kiosk.services.forms import flat
from kiosk.session.arrival.effects import lookup
from kiosk.session.common import WAIT, application_of, enter, fail
from kiosk.session.state import Application, Effect, Note, Session, StartTimer, State, Step, StopTimer


def asking(application: Application) -> bool:
    """Whether the register still has to say for which companies the holder stands."""
    return application.service.represents is not None and not application.acting.asked


def ask(session: Session) -> Step:
    """Read the register; without a network, or where no company is wanted, go on to the consent."""
    application = application_of(session)
    represents = application.service.represents
    if represents is None or application.acting.asked or not session.world.network_up:
        return to_consent(session)
    wait_s = session.world.settings.lookup_wait_s
    fetch = lookup(session, application_of(session).service.id, (represents.subject,), wait_s)
    return enter(session, State.FETCHING, fetch, StartTimer(WAIT, wait_s + 1))


def came(session: Session, event: DataFetched) -> Step:
    """The register answered: nobody's company ends here, several are a question."""
    application = application_of(session)
    represents = application.service.represents
    assert represents is not None  # it was asked for
    record = next((item.record for item in event.subjects if item.subject == represents.subject), None) or {}
    rows = record.get(represents.list)
    listed = cast("list[object]", rows) if isinstance(rows, list) else [record]
    found: dict[str, Company] = {}
    for row in listed:
        held = cast("Mapping[str, object]", row) if isinstance(row, Mapping) else {}
        number, name = flat(held.get(represents.value)), flat(held.get(represents.label))
        if number and name:
            found.setdefault(number, Company(number, name))
    companies = tuple(found.values())
    if not companies:
        return fail(session, "not-eligible", StopTimer(WAIT), resume=State.INTRO)
    wanted = application.acting.wanted if application.acting.wanted in found else ""
    only = companies[0].number if len(companies) == 1 else wanted
    acting = Acting(asked=True, companies=companies, number=only)
    note = Note("companies.found", {"companies": len(companies)})
    return to_consent(_with(session, replace(application, acting=acting)), StopTimer(WAIT), note)


def silent(application: Application) -> bool:
    """Whether the register was asked and did not say: then nothing else is asked of the city for this application."""
    return application.service.represents is not None and application.acting == Acting(asked=True)


def unknown(session: Session, *effects: Effect) -> Step:
    """The register did not answer: the office that decides asks for which company."""
    application = application_of(session)
    return to_consent(_with(session, replace(application, acting=Acting(asked=True))), *effects)


def choose(session: Session, event: AnswerChosen) -> Step:
    """For this one; what is not among them changes nothing."""
    application = application_of(session)
    if not application.acting.open or event.value not in {one.number for one in application.acting.companies}:
        return session, ()
    acting = replace(application.acting, number=event.value)
    return to_consent(_with(session, replace(application, acting=acting)))


def again(session: Session) -> Session | None:
    """Back from the consent: the question for which company, where it was one; None: there is none."""
    application = application_of(session)
    if len(application.acting.companies) < 2 or application.acting.open:
        return None
    return _with(session, replace(application, acting=replace(application.acting, number=""), page=0))


def narrowed(application: Application, data: SubjectData) -> SubjectData:
    """Return a subject with the row of the company at hand in the place of all rows, by company, that came."""
    represents = application.service.represents
    if represents is None or data.record is None or not isinstance(data.record.get(represents.list), list):
        return data
    rows = cast("list[object]", data.record[represents.list])
    own = [cast("Mapping[str, object]", row) for row in rows if isinstance(row, Mapping)]
    fits = next((row for row in own if flat(row.get(represents.value)) == application.acting.number), None)
    rest = {key: value for key, value in data.record.items() if key != represents.list}
    return replace(data, record=None if fits is None else {**rest, **fits})


def to_consent(session: Session, *effects: Effect) -> Step:
    """Show the consent from its beginning, or first the question for which company."""
    return enter(_with(session, replace(application_of(session), page=0)), State.CONSENT, *effects)


def _with(session: Session, application: Application) -> Session:
    return replace(session, application=application)
