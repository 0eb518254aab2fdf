"""Answers that come for something else, and touches that have nothing to act on: nothing happens, nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from drivers.api import JobState
from kiosk import events as e
from kiosk.pieces.visit import Message
from kiosk.screen_model import Fact, Facts, Notice
from kiosk.services import confirm_parsing, display, places, search
from kiosk.services.definition import Catalogue, DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from kiosk.session import handing, paper, service, view
from kiosk.session import state as s
from kiosk.session.asking import choices, new_pin, sheet, verdict
from kiosk.session.asking import places as near
from kiosk.session.asking.events import (
    ChoicesFailed,
    ChoicesFetched,
    NewPinJudged,
    PhoneAsked,
    PinChanged,
    RetryChosen,
    VerdictCame,
)
from kiosk.session.asking.sheet_state import Sheet
from kiosk.session.state import State
from kiosk.settings import Settings
from kiosk.view_model.asking import outcome
from kiosk.view_model.asking import sheet as sheet_view
from kiosk.view_model.frame import Scene
from tests.unit.visit_kit import CATALOGUE, FAILURES, SAY, SITE, Visit, shared_and_definitions

NOTHING_KNOWN = e.SubjectData("geo.office", "data", "2026-05-17", None)


def unchanged(visit: Visit, *events: e.Event) -> None:
    """Send them: the session is what it was."""
    before = visit.session
    visit.send(*events)
    assert visit.session == before


# ---------------------------------------------------------------------------------------- choices of a question


def test_choices_for_another_question_are_not_taken() -> None:
    visit = Visit().to_looking()
    asked: s.FetchChoices = visit.last(s.FetchChoices)
    unchanged(visit, ChoicesFetched(asked.service, "elsewhere", NOTHING_KNOWN))
    unchanged(visit, ChoicesFailed("card", asked.question, "gateway-silent"))
    unchanged(visit, e.TimerFired("nobody's"))


def test_choices_for_a_question_with_choices_of_its_own_are_not_taken() -> None:
    visit = Visit().to_question("count", "every-type")
    late = ChoicesFetched("every-type", "count", NOTHING_KNOWN)
    assert choices.fetched(visit.session, late) == (visit.session, ())


def test_an_answer_that_is_still_offered_is_kept() -> None:
    visit = Visit().to_looking()
    asked: s.FetchChoices = visit.last(s.FetchChoices)
    records = {"geo.office": [{"id": "a", "name": {"zh-Hans": "甲", "en": "A"}}]}
    data = e.SubjectData(asked.subject, "data", "2026-05-17", {"offices": records["geo.office"]})
    visit.session = replace(
        visit.session, application=replace(visit.application, answers={**visit.application.answers, "office": "a"})
    )
    visit.send(ChoicesFetched(asked.service, asked.question, data))
    assert visit.application.answers[asked.question] == "a"


def test_places_without_a_record_are_none_and_the_terminal_stands_nowhere() -> None:
    visit = Visit().to_places()
    empty = replace(visit.session, application=replace(visit.application, subjects={}))
    assert near.of(empty) == ()
    assert near.here(empty) == (0.0, 0.0)
    unchanged(visit, e.AnswerChosen("no such place"))


def test_places_that_come_without_a_record_need_the_network() -> None:
    visit = Visit().to_places()
    visit.send(e.BackPressed())
    visit.until("matter").touch("primary")
    visit.send(ChoicesFetched("info", "#places", NOTHING_KNOWN))
    assert (visit.state, visit.session.failure) == (State.FAILURE, "needs-network")


def test_a_place_without_opening_hours_does_not_open() -> None:
    (place,) = places.nearest({"list": [{"id": "a", "x": 1, "y": 1}]}, "list", (0.0, 0.0))
    assert places.opens_next(place, "2026-05-18T10:24") == ""


def test_a_matter_without_a_guide_shows_where_and_when_only() -> None:
    visit = Visit().to_places()
    known = visit.application.service
    assert known.places is not None
    bare = replace(known, places=replace(known.places, guide={}))
    rows = _fact_rows(visit)
    visit.session = replace(visit.session, application=replace(visit.application, service=bare))
    assert len(_fact_rows(visit)) == len(rows) - 1


def _fact_rows(visit: Visit) -> list[Fact]:
    return [row for piece in visit.screen.body if isinstance(piece, Facts) for row in piece.rows]


def test_letters_that_end_nowhere_spell_nothing() -> None:
    catalogue = Visit().session.world.catalogue
    assert catalogue is not None
    names = {item.id for item in search.find(catalogue, "hjyjzzmx")}
    assert "household-proof" not in names


# ---------------------------------------------------------------------------------------------- a new PIN


def test_a_judgement_that_comes_late_and_a_length_of_no_pin_change_nothing() -> None:
    visit = Visit().to_question("use")
    unchanged(visit, NewPinJudged(""))
    assert new_pin.length(visit.session, e.PinLengthChanged(3)) == (visit.session, ())
    assert new_pin.given(visit.session) == (visit.session, ())
    assert new_pin.judged(visit.session, NewPinJudged("")) == (visit.session, ())
    assert new_pin.back(visit.session) is None
    refused = handing.old_pin_refused(visit.session, e.PinRefused(3))
    assert refused == (visit.session, ())


def test_back_from_the_new_pin_leads_to_the_old_one() -> None:
    visit = Visit().to_new_pin()
    visit.send(e.PinLengthChanged(6))
    visit.touch("primary")
    assert visit.session.pin_step == "new"
    visit.touch("back")
    assert (visit.session.pin_step, visit.state) == ("old", State.FORM)


def test_the_old_pin_wrong_for_the_last_time_blocks_the_card() -> None:
    visit = Visit().to_new_pin()
    session, effects = new_pin.refused(visit.session, e.PinRefused(0))
    assert (session.state, session.failure, session.holder) == (State.FAILURE, "pin-blocked", None)
    assert s.ReleaseCard() in effects


def test_a_changed_pin_without_a_draft_is_nobodys() -> None:
    visit = Visit().to_check().submit()
    visit.session = replace(visit.session, draft=None)
    unchanged(visit, PinChanged())


# ----------------------------------------------------------------------------------- verdict


def test_an_office_that_says_yes_late_is_noted_on_the_page_that_stands() -> None:
    visit = Visit().to_confirming()
    visit.fire("wait")
    assert visit.state is State.SAVED
    visit.send(VerdictCame(visit.seq, True, result={}))
    assert visit.session.saved is not None
    assert (visit.state, visit.session.saved.answer) == (State.SAVED, "accepted")
    unchanged(visit, VerdictCame(visit.seq, False, "too-late"))


def test_an_office_that_says_no_after_the_receipt_is_noted_and_nothing_else() -> None:
    visit = Visit().to_confirming()
    visit.fire("wait")
    visit.touch("primary")
    before = visit.state
    visit.send(VerdictCame(visit.seq, False, "not-the-holder"))
    assert visit.session.saved is not None
    assert (visit.state, visit.session.saved.answer) == (before, "rejected")


def test_choosing_again_is_for_a_no_of_the_office_only() -> None:
    visit = Visit().to_home()
    assert verdict.retry(visit.session, RetryChosen()) == (visit.session, ())


def test_choosing_again_where_there_is_nothing_to_choose_leads_home() -> None:
    visit = Visit().to_confirming()
    visit.send(VerdictCame(visit.seq, False, "not-the-holder"))
    assert (visit.state, visit.session.failure) == (State.FAILURE, "not-accepted")
    assert visit.send(RetryChosen()).state is State.HOME


def test_a_question_to_choose_again_that_is_no_longer_asked_leads_home() -> None:
    visit = Visit().to_confirming()
    visit.send(VerdictCame(visit.seq, False, "not-the-holder"))
    known = visit.application.service
    assert known.confirm is not None
    other = replace(known, confirm=replace(known.confirm, retry_field="gone"))
    visit.session = replace(visit.session, application=replace(visit.application, service=other))
    assert visit.send(RetryChosen()).state is State.HOME


def test_a_tick_of_another_clock_while_the_office_answers_changes_nothing() -> None:
    visit = Visit().to_confirming()
    assert verdict.waiting(visit.session, e.TimerFired("idle")) == (visit.session, ())


# ------------------------------------------------------------------------------------------- on paper


def test_a_certificate_without_a_document_is_not_printed() -> None:
    session = Visit().to_home().session
    assert sheet.print_now(session, {}, "certificate") == (session, ())


def test_a_word_about_a_sheet_that_nobody_asked_about_changes_nothing() -> None:
    session = Visit().to_home().session
    assert sheet.seen(session, e.PaperSeen("whole")) == (session, ())
    known = replace(session, sheet=Sheet("A-1", JobState.DONE))
    assert sheet.seen(known, e.PaperSeen("whole")) == (known, ())


def test_keys_without_a_message_write_nothing() -> None:
    session = Visit().to_saved().session
    assert paper.key_typed(session, e.KeyTyped("1")) == (session, ())
    assert paper.keys_erased(session, e.KeysErased()) == (session, ())


def test_a_case_that_began_at_no_time_has_no_receipt() -> None:
    visit = Visit().to_home()
    assert view.receipt_of(visit.session, {"number": "T0001-000001", "service": "card", "opened": "yesterday"}) is None


def test_a_message_that_is_being_recorded_is_not_recorded_twice() -> None:
    visit = Visit().to_saved()
    saving = replace(visit.session, receipt_way="sms", message=Message("sms", "13800000000", "saving"))
    assert paper.take_receipt(saving, e.PrimaryPressed()) == (saving, ())


def test_a_receipt_of_a_case_without_a_printer_is_not_sent() -> None:
    visit = Visit().to_home()
    known = {"number": "T0001-000001", "service": "card", "opened": "2026-05-17T10:00"}
    assert view.receipt_of(visit.session, known) is not None
    unplugged = replace(visit.session, world=replace(visit.session.world, printer=None))
    assert view.on_paper(unplugged, "receipt", known) == (unplugged, ())


def test_a_certificate_that_came_out_in_part_is_said_to_be_no_good() -> None:
    scene = _scene(Visit(settings=Settings(a4_queue="a4")).to_home())
    for state in (JobState.PARTIAL, JobState.PRINTED_NOT_CUT):
        kept = replace(scene.session, sheet=Sheet("A-1", state))
        (notice,) = sheet_view.notices(replace(scene, session=kept), {"number": "A-1", "certificate": "{}"})
        assert isinstance(notice, Notice)
        assert notice.title == "证明没有打完整"


def _scene(visit: Visit) -> Scene:
    return Scene(visit.session, SAY["zh-Hans"], FAILURES, SITE)


# ------------------------------------------------------------------------------------------- a form


def test_a_terminal_that_cannot_record_opens_no_form() -> None:
    visit = Visit().to_home().to_intro("household-proof").touch("primary")
    visit.session = replace(visit.session, world=replace(visit.session.world, store_trouble="outbox-full"))
    session, _ = service.open_form(visit.session)
    assert (session.state, session.failure) == (State.FAILURE, "outbox-full")


def test_a_service_that_begins_at_once_but_needs_a_card_waits_for_it() -> None:
    held = replace(CATALOGUE.services["ticket"], card="needed")
    visit = Visit(catalogue=replace(CATALOGUE, services={**CATALOGUE.services, "ticket": held}))
    visit.touch("language.zh").send(e.StartChosen("ticket"))
    assert visit.state is State.INTRO


def test_an_office_that_has_nothing_more_to_say_adds_no_next_steps() -> None:
    visit = Visit().to_confirming()
    visit.send(VerdictCame(visit.seq, True, result={}))
    confirm = visit.application.service.confirm
    assert confirm is not None
    bare = replace(visit.application.service, confirm=replace(confirm, next=()))
    assert visit.session.saved is not None
    told = len(outcome.answered(_scene(visit), visit.session.saved, visit.application.service))
    assert len(outcome.answered(_scene(visit), visit.session.saved, bare)) == told - 1


def test_within_reach_the_phone_page_keeps_to_what_fits() -> None:
    visit = Visit("newcomer").to_form("residence").send(PhoneAsked())
    visit.session = replace(visit.session, state=State.PHONE, phone_url="https://127.0.0.1/p#t")
    whole = len(visit.screen.body)
    visit.session = replace(visit.session, modes=replace(visit.session.modes, reach=True))
    assert len(visit.screen.body) == whole - 1


def test_low_down_in_large_letters_the_ways_in_have_their_names_only() -> None:
    visit = Visit().touch("language.zh")
    assert visit.controls["start.browse"].detail
    modes = replace(visit.session.modes, reach=True, text_scale=1.6)
    visit.session = replace(visit.session, modes=modes)
    assert not visit.controls["start.browse"].detail


def test_a_question_with_nothing_to_choose_says_so() -> None:
    visit = Visit().to_looking()
    asked: s.FetchChoices = visit.last(s.FetchChoices)
    data = e.SubjectData(asked.subject, "data", "2026-05-17", {"offices": []})
    visit.send(ChoicesFetched(asked.service, asked.question, data))
    assert "现在没有可以选的" in visit.words


# ------------------------------------------------------------------------------------ definitions that are wrong


WRONG: dict[str, tuple[str, Any, str]] = {
    "retry": ("confirm", {"office": "hall", "retry_field": "nobody"}, "retry_field 'nobody' is no field"),
    "places by": ("places", {"by": "nobody"}, "by 'nobody' is no field"),
    "places guide": ("places", {"by": "matter", "guide": {"fishing": {}}}, "guide 'fishing' is not one of the choices"),
    "card": ("card", "gold", "'gold' is not one of needed, none"),
}


@pytest.mark.parametrize(("key", "value", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_table_is_named(key: str, value: object, said: str) -> None:
    with pytest.raises(DefinitionInvalid, match=said):
        changed("appointment", **{key: value})


def test_choices_that_depend_on_a_later_question_are_named() -> None:
    shared, definitions = shared_and_definitions()
    raw = next(item for item in definitions if item["id"] == "appointment")
    raw["field"] = list(reversed(cast("list[object]", raw["field"])))
    with pytest.raises(DefinitionInvalid, match="not a field before it"):
        parse_catalogue("test", definitions, shared)
    fields = CATALOGUE.services["appointment"].fields
    backwards = {item.id: item for item in reversed(fields)}
    with pytest.raises(DefinitionInvalid, match="not a field before it"):
        confirm_parsing.dependent("appointment", backwards)


def test_a_moment_that_is_none_is_shown_as_it_came() -> None:
    assert display.shown_moment("soon", "en") == "soon"


def test_an_online_choice_that_is_no_choice_is_named() -> None:
    shared, definitions = shared_and_definitions()
    raw = next(item for item in definitions if item["id"] == "appointment")
    fields = cast("list[dict[str, object]]", raw["field"])
    fields[0]["online_only"] = ["fishing"]
    with pytest.raises(DefinitionInvalid, match="'fishing' is not one of the choices"):
        parse_catalogue("test", definitions, shared)


def test_choices_that_are_settled_by_nothing_are_named() -> None:
    shared, definitions = shared_and_definitions()
    raw = next(item for item in definitions if item["id"] == "appointment")
    for one in cast("list[dict[str, Any]]", raw["field"]):
        if isinstance(one.get("choices"), dict):
            one["choices"] = {**one["choices"], "settled": True, "given": []}
    with pytest.raises(DefinitionInvalid, match="settled needs given"):
        parse_catalogue("test", definitions, shared)


def test_a_page_that_prints_the_unprintable_is_named() -> None:
    shared, definitions = shared_and_definitions()
    raw = next(item for item in definitions if item["id"] == "my-cases")
    for page in cast("list[dict[str, Any]]", raw["view"]):
        for action in page.get("action", []):
            action["prints"] = "money"
    with pytest.raises(DefinitionInvalid, match="prints is one of"):
        parse_catalogue("test", definitions, shared)


def changed(name: str, **values: object) -> Catalogue:
    shared, definitions = shared_and_definitions()
    next(item for item in definitions if item["id"] == name).update(values)
    return parse_catalogue("test", definitions, shared)


def test_who_came_without_a_card_is_not_told_that_it_signs() -> None:
    visit = Visit(site={"office": "rongshu", "matters": "exit-entry", "letter": "B"})
    visit.touch("language.zh").send(e.StartChosen("ticket"))
    visit.until()
    assert visit.state is State.CHECK
    assert "您的卡会替您签名" not in visit.words
    visit.submit()
    assert "请让卡留在里面" not in visit.words
