"""The form and the last look at it: pages of filled-in rows, one question a screen, check, submit. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.events import (
    AnswerChosen,
    ChangeAsked,
    FieldDisputed,
    KeysErased,
    KeyTyped,
    PageTurned,
    PrimaryPressed,
)
from kiosk.frozen import replace
from kiosk.pieces.visit import Writing
from kiosk.screen_model import Modes
from kiosk.services import forms
from kiosk.session import handing
from kiosk.session.asking import choices, new_pin, places, writing
from kiosk.session.asking.events import ProofChosen
from kiosk.session.asking.picking.level import coded
from kiosk.session.common import application_of, confirms, enter, fail, form_of
from kiosk.session.state import Application, Session, State, Step

_ROWS = {1.0: 5, 1.25: 4, 1.6: 3, 2.0: 2}
_CHECK_ROWS = {1.0: 7, 1.25: 6, 1.6: 4, 2.0: 3}
_CHOICES = {1.0: 6, 1.25: 5, 1.6: 4, 2.0: 3}
_TIMES = {1.0: 9, 1.25: 9, 1.6: 9, 2.0: 8}
"""Times of a day stand in rows of three, in the largest text in rows of two."""
_TIMES_LOW = {1.0: 6, 1.25: 6, 1.6: 4, 2.0: 4}


def rows_per_page(kind: str, modes: Modes, *, landscape: bool) -> int:
    """How many rows of `form`, `check`, `choices` or `times` fit a page: fewer in large text, landscape and reach."""
    if kind == "times":
        return (_TIMES_LOW if landscape or modes.reach else _TIMES)[modes.text_scale]
    table = {"form": _ROWS, "check": _CHECK_ROWS, "choices": _CHOICES}[kind]
    count = table[modes.text_scale]
    if landscape or modes.reach:
        count = {"form": 3, "check": 5, "choices": 4}[kind]
        if modes.text_scale > 1.25:
            count = 2
        if modes.reach:
            count = min(count, 2)
    return count


def pages(count: int, per_page: int) -> int:
    return max(1, -(-count // per_page))


def per_page(session: Session, kind: str) -> int:
    settings = session.world.settings
    return rows_per_page(kind, session.modes, landscape=settings.width > settings.height)


def kind_of(item: forms.FieldDefinition) -> str:
    """Return `times` for the times of a day, which stand beside each other (36), else `choices`."""
    return "times" if item.subject_choices is not None and item.subject_choices.moment == "time" else "choices"


def current(session: Session) -> tuple[Application, forms.Form, forms.Plan]:
    """Return the application in hand with what is computed from it. Only called where there is one."""
    application = application_of(session)
    form = form_of(session, application)
    return application, form, forms.plan(form)


def _with(session: Session, application: Application) -> Session:
    return replace(session, application=application)


# --------------------------------------------------------------------------------------------- moving


def forward(session: Session, _event: PrimaryPressed) -> Step:
    """The one way forward: next page, next question, or the check screen."""
    application, form, plan = current(session)
    if not application.question:
        last = pages(len(plan.rows), per_page(session, "form")) - 1
        if application.page < last:
            return _with(session, replace(application, page=application.page + 1)), ()
        return _ask(session, plan, "")
    return _answered(session, application, form)


def _answered(session: Session, application: Application, form: forms.Form) -> Step:
    item = form.definition.field(application.question)
    if item.type == "new-pin":
        return new_pin.given(session)
    if application.writing.begun:
        return session, ()  # which characters it means has not been said
    if application.changing == "wrong":
        return _corrected(session, application, form, item)
    if application.changing == "proof":
        return _gone_by(session, application)
    if item.type in forms.CHOSEN:
        value = forms.value_of(form, item)
        answer = value.text if value is not None else ""
        if not answer and item.required:
            return session, ()
    else:
        answer = forms.as_answer(item, application.typed)
        problem = forms.problem(forms.bounded(form, item), answer, form.today)
        if problem:
            return _with(session, replace(application, problem=problem)), ()
    answers = {**application.answers, item.id: answer}
    filled = forms.prefilled(form, item)
    if filled is not None and filled.text == answer:
        del answers[item.id]  # what was filled in is right after all: it stays the city's word
    application = replace(application, answers=answers, problem="", typed="")
    session = _with(session, application)
    if application.changing:
        return _after_change(session)
    _, _, plan = current(session)
    return _ask(session, plan, item.id)


def _after_change(session: Session) -> Step:
    """One field was changed. From the check screen, ask what the change opened; the rest is still to be asked."""
    application, form, plan = current(session)
    opened = [item for item in plan.questions if item.id not in form.answers]
    if opened and application.changing == "check":
        return choices.asked(session, _asking(application, form, opened[0]))
    return _changed(session, application)


def _changed(session: Session, application: Application) -> Step:
    """Back to the page on which the change was asked for."""
    state = State.CHECK if application.changing == "check" else State.FORM
    back = replace(application, question="", typed="", problem="", changing="", before={})
    back = replace(back, writing=Writing(application.writing.pad))
    back = replace(back, page=application.page_before, page_before=0)
    return enter(_with(session, back), state)


def _ask(session: Session, plan: forms.Plan, after: str) -> Step:
    """Ask the question after `after`, or show the check screen where there is none."""
    ids = [item.id for item in plan.questions]
    position = ids.index(after) + 1 if after in ids else 0
    application = application_of(session)
    if position >= len(ids) and application.service.places is not None:
        return places.ask(session)
    if position >= len(ids):
        return enter(_with(session, replace(application, question="", page=0, typed="", problem="")), State.CHECK)
    return choices.asked(session, _asking(application, form_of(session, application), plan.questions[position]))


def _asking(application: Application, form: forms.Form, item: forms.FieldDefinition) -> Application:
    keys = forms.as_typed(item, form.answers.get(item.id, ""))
    return replace(application, question=item.id, typed=keys, problem="", page=0)


def backward(session: Session, _event: object) -> Step:
    """The question before, the page before, or back to the consent. Back from a change leaves all as it was."""
    earlier = new_pin.back(session)
    if earlier is not None:
        return earlier
    application, form, plan = current(session)
    if application.changing in {"wrong", "proof"}:
        return _not_corrected(session, application, form)
    if application.changing:
        return _changed(session, replace(application, answers=application.before))
    ids = [item.id for item in plan.questions]
    position = ids.index(application.question) if application.question in ids else -1
    if position > 0:
        return choices.asked(session, _asking(application, form, plan.questions[position - 1]))
    if position == 0 and confirms(form, plan):
        last = pages(len(plan.rows), per_page(session, "form")) - 1
        return _with(session, replace(application, question="", page=last, typed="", problem="")), ()
    if application.page > 0 and not application.question:
        return _with(session, replace(application, page=application.page - 1)), ()
    return _before_form(session)


def _before_form(session: Session) -> Step:
    """To the page that led here, else to the consent, or, for a service that fetches nothing, to what it does."""
    if application_of(session).view:
        return enter(_with(session, replace(application_of(session), page=0, question="", preset={})), State.VIEW)
    return enter(session, State.CONSENT if application_of(session).service.subjects else State.INTRO)


def turn_page(session: Session, event: PageTurned) -> Step:
    """Turn the pages of filled-in rows, of check rows, or of a question's choices."""
    application, form, plan = current(session)
    if session.state is State.CHECK:
        count = pages(len(check_fields(form, plan)), per_page(session, "check"))
    elif application.question:
        item = form.definition.field(application.question)
        count = pages(len(forms.options(form, item)), per_page(session, kind_of(item)))
    else:
        count = pages(len(plan.rows), per_page(session, "form"))
    page = min(max(0, application.page + event.delta), count - 1)
    return _with(session, replace(application, page=page)), ()


# ------------------------------------------------------------------------------------------- answering


def dispute(session: Session, event: FieldDisputed) -> Step:
    """不对: ask what is right, and go by what the citizen says (58). Pressed again, it is taken back."""
    application, form, plan = current(session)
    found = [item for item in plan.rows if item.edit == "correct" and item.id == event.field]
    if application.question or not found:
        return session, ()
    if event.field in application.disputed:
        left = {name: one for name, one in application.said.items() if name != event.field}
        return _with(session, replace(application, disputed=application.disputed - {event.field}, said=left)), ()
    asked = _asking(application, form, found[0])
    asked = replace(asked, changing="wrong", before=application.answers, page_before=application.page)
    return choices.asked(session, asked)


def _corrected(session: Session, application: Application, form: forms.Form, item: forms.FieldDefinition) -> Step:
    """What is right instead was given, or left open: then only the office can know. What was right is not disputed."""
    text = forms.as_answer(item, application.typed)
    problem = forms.problem(forms.bounded(form, item), text, form.today) if text else ""
    if problem:
        return _with(session, replace(application, problem=problem)), ()
    held = forms.prefilled(form, item)
    if held is not None and held.text == text:
        return _changed(session, application)
    if not text:
        return _changed(session, replace(application, disputed=application.disputed | {item.id}))
    said = {**application.said, item.id: {"said": text}}
    return _with(session, replace(application, said=said, changing="proof", typed="", problem="", page=0)), ()


def prove(session: Session, event: ProofChosen) -> Step:
    """Whether there is a proof; none has to be shown now."""
    application = application_of(session)
    if application.changing != "proof":
        return session, ()
    one = {**application.said.get(application.question, {}), "proof": event.proof}
    return _with(session, replace(application, said={**application.said, application.question: one})), ()


def _gone_by(session: Session, application: Application) -> Step:
    """Go by what the citizen says."""
    if "proof" not in application.said.get(application.question, {}):
        return session, ()
    return _changed(session, replace(application, disputed=application.disputed | {application.question}))


def _not_corrected(session: Session, application: Application, form: forms.Form) -> Step:
    """Back from the proof to the value, and from there to the page, where nothing is disputed."""
    left = {name: one for name, one in application.said.items() if name != application.question}
    if application.changing == "wrong":
        return _changed(session, replace(application, said=left))
    item = form.definition.field(application.question)
    typed = forms.as_typed(item, application.said.get(item.id, {}).get("said", ""))
    return _with(session, replace(application, said=left, changing="wrong", typed=typed)), ()


def choose(session: Session, event: AnswerChosen) -> Step:
    application = application_of(session)
    form = form_of(session, application)
    if not application.question or application.changing == "proof":
        return session, ()
    item = form.definition.field(application.question)
    if event.value not in {choice.value for choice in forms.options(form, item) if choice.left != 0}:
        return session, ()
    if application.changing == "wrong":
        return _with(session, replace(application, typed=event.value)), ()
    answers = choices.still_fitting(form, {**application.answers, item.id: event.value}, item.id)
    return _with(session, replace(application, answers=answers)), ()


def key_typed(session: Session, event: KeyTyped) -> Step:
    application = application_of(session)
    if not application.question or application.changing == "proof":
        return session, ()
    item = application.service.field(application.question)
    spelling = writing.key(session, event, item)
    if spelling is not None:
        return spelling
    typed = forms.typed(item, application.typed, event.key)
    return _with(session, replace(application, typed=typed, problem="")), ()


def keys_erased(session: Session, event: KeysErased) -> Step:
    application = application_of(session)
    spelling = writing.erased(session, event)
    if spelling is not None:
        return spelling
    typed = "" if event.all else application.typed[:-1]
    return _with(session, replace(application, typed=typed, problem="")), ()


# -------------------------------------------------------------------------------------------- checking


def check_fields(form: forms.Form, plan: forms.Plan) -> tuple[forms.FieldDefinition, ...]:
    """Every field with something in it, in the order of the definition."""
    shown = {item.id for item in (*plan.rows, *plan.questions, *plan.preset)}
    found: list[forms.FieldDefinition] = []
    for item in form.definition.fields:
        value = forms.value_of(form, item)
        # A choice that a page set has no name here: the row that it was taken from has been seen.
        nameless = item.id in form.preset and item.subject_choices is not None
        if item.id in shown and value is not None and value.text and not item.quiet and not nameless:
            found.append(item)
    return tuple(found)


def may_change(form: forms.Form, item: forms.FieldDefinition) -> bool:
    """Whether the last look lets the citizen change it: what they answered, and what was only the usual choice."""
    value = forms.value_of(form, item)
    usual = value is not None and value.origin == "usual"
    return item.id in form.answers or (usual and item.edit == "change")


def change(session: Session, event: ChangeAsked) -> Step:
    """改: ask this one field, then come back. What was filled in is not typed for the citizen: it may be masked."""
    application, form, plan = current(session)
    checking = session.state is State.CHECK
    rows = {item.id for item in plan.rows if item.edit == "change"}
    allowed = {item.id for item in check_fields(form, plan) if may_change(form, item)} if checking else rows
    if application.question or event.field not in allowed:
        return session, ()
    asked = _asking(application, form, form.definition.field(event.field))
    where = "check" if checking else "rows"
    asked = replace(asked, changing=where, before=application.answers, page_before=application.page)
    return choices.asked(session, asked)


def check_back(session: Session, _event: object) -> Step:
    """From the check screen to its page before, or to the last question."""
    application, form, plan = current(session)
    if application.page > 0:
        return _with(session, replace(application, page=application.page - 1)), ()
    if plan.questions:
        return choices.asked(session, _asking(application, form, plan.questions[-1]))
    if not confirms(form, plan):
        return _before_form(session)
    last = pages(len(plan.rows), per_page(session, "form")) - 1
    return enter(_with(session, replace(application, page=last)), State.FORM)


def submit(session: Session, _event: PrimaryPressed) -> Step:
    """Sign and hand in, once every page of the answers was seen."""
    application, form, plan = current(session)
    last = pages(len(check_fields(form, plan)), per_page(session, "check")) - 1
    if application.page < last:
        return _with(session, replace(application, page=application.page + 1)), ()
    live = application.service.offline == "network" or forms.needs_network(form)
    if live and not session.world.network_up:
        return fail(session, "needs-network", resume=State.CHECK)
    return handing.hand_in(session, document(session, form))


def document(session: Session, form: forms.Form) -> Mapping[str, object]:
    """The application as it is signed by the card and sealed into the outbox. Format: `docs/reference/`."""
    application = application_of(session)
    return {
        "kind": "application",
        "schema": 1,
        "service": application.service.id,
        "service_version": application.service.version,
        "agency": application.service.agency,
        "terminal": session.world.terminal,
        "time": session.world.local,
        "language": session.language,
        **handing.applicant(session),
        **({"company": application.acting.number} if application.acting.number else {}),
        "fields": coded(session.world.areas, form.definition, forms.document_fields(form)),
        "left_to_office": [item.id for item in forms.left_to_office(form)],
        "consent": {
            "given": not application.refused_consent,
            "subjects": [] if application.refused_consent else list(application.service.subjects),
        },
        "data": "city" if application.fetched else "app" if session.by_app else "card",
    }
