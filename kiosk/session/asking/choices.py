"""A question whose choices depend on answers before it: they are fetched when it comes, of a public subject. Pure."""

from __future__ import annotations

from kiosk.events import TimerFired
from kiosk.frozen import replace
from kiosk.pieces.visit import Writing
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition
from kiosk.session.asking.events import ChoicesFailed, ChoicesFetched
from kiosk.session.asking.picking import level
from kiosk.session.common import WAIT, application_of, enter, fail, form_of
from kiosk.session.state import Application, FetchChoices, Note, Session, StartTimer, State, Step, StopTimer


def asked(session: Session, application: Application) -> Step:
    """Put the application's question on the screen; fetch its choices first where they are not those of now."""
    form = form_of(session, application)
    item = form.definition.field(application.question)
    application = replace(application, writing=Writing(application.writing.pad))
    if item.type in forms.CHOSEN and not forms.depends_on(form, item):
        application = _proposed(_without_stale(application, form, item), form, item)
    session = replace(session, application=level.begun(session.world.areas, application, form, item))
    if item.type == "new-pin":
        session = replace(session, pin_step="old", pin_length=0, pin_problem="", pin_rejected=False)
    given = forms.depends_on(form, item)
    if not given or (application.given.get(item.id) == given and item.subject_choices is not None):
        return (session, ()) if session.state is State.FORM else enter(session, State.FORM)
    return _fetch(session, item, given)


def _without_stale(application: Application, form: forms.Form, item: FieldDefinition) -> Application:
    """Drop an answer that is no longer among the choices: it was kept from a visit before."""
    offered = {choice.value for choice in forms.options(form, item)}
    if application.answers.get(item.id, "") in {"", *offered}:
        return application
    return replace(application, answers={name: text for name, text in application.answers.items() if name != item.id})


def _proposed(application: Application, form: forms.Form, item: FieldDefinition) -> Application:
    """Answer with the first that can be chosen, where the definition wants that and nothing was answered yet."""
    chosen = item.subject_choices
    offered = [choice.value for choice in forms.options(form, item) if choice.left != 0]
    if chosen is None or not chosen.first or not offered or application.answers.get(item.id):
        return application
    return replace(application, answers={**application.answers, item.id: offered[0]})


def _fetch(session: Session, item: FieldDefinition, given: dict[str, str]) -> Step:
    assert item.subject_choices is not None
    service = application_of(session).service.id
    asked = dict(given)
    if item.subject_choices.settled and (own := session.world.site.get("office")):
        asked.setdefault("office", own)  # what is nearest is nearest to where the terminal stands
    fetch = FetchChoices(service, item.id, item.subject_choices.subject, asked)
    return enter(session, State.LOOKING, fetch, StartTimer(WAIT, session.world.settings.lookup_wait_s + 1))


def fetched(session: Session, event: ChoicesFetched) -> Step:
    """They came: show the question. An answer of before that is not among them any more is dropped."""
    application = application_of(session)
    if event.service != application.service.id or event.question != application.question:
        return session, ()
    form = form_of(session, application)
    item = form.definition.field(event.question)
    if item.subject_choices is None:
        return session, ()
    subjects = {**application.subjects, item.subject_choices.held_as: event.data}
    given = {**application.given, item.id: forms.depends_on(form, item)}
    application = replace(application, subjects=subjects, given=given)
    offered = [choice.value for choice in forms.options(form_of(session, application), item) if choice.left != 0]
    if application.answers.get(item.id, "") not in offered:
        answers = {name: value for name, value in application.answers.items() if name != item.id}
        application = replace(application, answers=answers)
    application = _proposed(application, form_of(session, application), item)
    session = replace(session, application=application)
    note = Note("choices.answered", {"subject": item.subject_choices.subject, "choices": len(offered)})
    return enter(session, State.FORM, StopTimer(WAIT), note)


def settled(session: Session, event: ChoicesFetched) -> bool:
    """Whether the first choice that came is taken without asking: not where the citizen asked to change it."""
    application = application_of(session)
    if session.state is not State.FORM or event.question != application.question or application.changing:
        return False
    chosen = application.service.field(event.question).subject_choices
    return chosen is not None and chosen.settled and bool(application.answers.get(event.question))


def not_fetched(session: Session, event: ChoicesFailed) -> Step:
    application = application_of(session)
    if event.service != application.service.id or event.question != application.question:
        return session, ()
    note = Note("lookup.failed", {"code": event.code})
    return fail(session, "needs-network", StopTimer(WAIT), note, resume=State.INTRO)


def timed_out(session: Session, event: TimerFired) -> Step:
    if event.timer != WAIT:
        return session, ()
    application = application_of(session)
    return not_fetched(session, ChoicesFailed(application.service.id, application.question, "gateway-silent"))


def still_fitting(form: forms.Form, answers: dict[str, str], changed: str) -> dict[str, str]:
    """Return the answers without those whose choices depended on another answer to the question `changed`."""
    before = form.answers.get(changed)
    if before is None or before == answers.get(changed):
        return answers
    stale = {changed}
    for item in form.definition.fields:
        if item.subject_choices is not None and stale & set(item.subject_choices.given):
            stale.add(item.id)
    return {name: value for name, value in answers.items() if name == changed or name not in stale}
