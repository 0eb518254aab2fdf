"""不对: what is right instead, whether there is a proof, and what of it goes to the office (58)."""

from __future__ import annotations

from typing import Any

from kiosk import events as e
from kiosk.screen_model import Beside, Field, Prefilled, PrefilledRows
from kiosk.services import forms
from kiosk.session import state as s
from kiosk.session.asking import keeping
from kiosk.session.asking.events import ProofChosen
from kiosk.session.asking.phone import state_of
from kiosk.session.common import form_of
from provisioning.gateway.handover.draft import Draft
from provisioning.gateway.handover.draft import form_of as form_on_the_telephone
from tests.unit.visit_kit import AT_MS, Visit


def at(visit: Visit, control: str) -> Visit:
    """Turn the pages of filled-in rows until this control is there, and touch it."""
    while control not in visit.controls:
        visit.touch("page.down")
    return visit.touch(control)


def row(visit: Visit, label: str) -> Prefilled:
    rows = next(piece for piece in visit.screen.body if isinstance(piece, PrefilledRows)).rows
    return next(one for one in rows if one.label == label)


def boxes(visit: Visit) -> Beside:
    return next(piece for piece in visit.screen.body if isinstance(piece, Beside))


def priced() -> Visit:
    """At what is right instead of the price that an office holds (58)."""
    return at(Visit("rare-name").to_form("deed-tax"), "wrong.price")


def test_what_is_right_instead_is_given_with_whether_there_is_a_proof() -> None:
    visit = priced()
    assert visit.screen.title == "合同价应该是什么？"
    shown = boxes(visit)
    assert shown.label.endswith("记的")
    assert shown.value
    visit.type("2580000").touch("primary")
    assert visit.screen.title == "有证明吗？"
    assert not visit.controls["primary"].enabled
    assert visit.send(e.PrimaryPressed()).application.question == "price", "nobody goes on without saying it"
    visit.touch("proof.none", "proof.later", "primary")
    seen = row(visit, "合同价")
    assert seen.disputed
    assert seen.value.startswith("2,580,000")
    assert seen.source.startswith("您说的")
    assert visit.application.answers == {}
    assert forms.document_fields(form_of(visit.session, visit.application))["price"] == {
        "value": "2680000", "origin": "city", "disputed": "yes", "said": "2580000", "proof": "later",
    }  # fmt: skip


def test_back_from_the_proof_is_the_value_and_back_from_there_nothing_is_disputed() -> None:
    visit = priced().type("2580000").touch("primary", "back")
    assert boxes(visit.touch("key.delete")).said == Field("price", "258000", after="元")
    visit.touch("back")
    assert not visit.application.question
    assert (visit.application.disputed, dict(visit.application.said)) == (frozenset(), {})
    visit = priced().type("1").touch("primary", "proof.none", "primary", "wrong.price")
    assert (visit.application.disputed, dict(visit.application.said)) == (frozenset(), {})


def test_what_was_right_after_all_is_not_disputed_and_what_cannot_be_is_said() -> None:
    visit = priced().type("2680000").touch("primary")
    assert not visit.application.question
    assert visit.application.disputed == frozenset()
    visit = priced().type("12..5").touch("primary")
    assert visit.application.problem == "answer-number"
    assert visit.application.changing == "wrong"


def test_a_choice_is_corrected_and_stays_nobody_s_answer() -> None:
    visit = at(Visit("rare-name").to_form("deed-tax"), "wrong.homes")
    held = forms.prefilled(form_of(visit.session, visit.application), visit.application.service.field("homes"))
    assert held is not None
    other = next(name for name in visit.controls if name.startswith("choice.") and not name.endswith(held.text))
    visit.touch(other)
    assert visit.controls[other].selected
    assert visit.application.answers == {}
    visit.touch("primary").send(e.AnswerChosen(held.text), e.KeyTyped("1"))
    visit.touch("proof.none", "primary")
    assert visit.application.said["homes"] == {"said": other.rpartition(".")[2], "proof": "none"}
    assert visit.send(ProofChosen("later")).application.said["homes"]["proof"] == "none"


def test_what_was_said_is_shown_at_the_last_look() -> None:
    visit = priced().type("2580000").touch("primary", "proof.none", "primary").until()
    assert "您说的，要核对" in visit.words
    assert "2,580,000 元" in visit.words


def test_what_was_said_goes_on_to_the_telephone_and_is_kept_when_the_card_is_pulled() -> None:
    visit = priced().type("2580000").touch("primary", "proof.later", "primary")
    service = visit.application.service
    there = form_on_the_telephone(Draft(state_of(visit.session)), service, AT_MS)
    assert forms.document_fields(there)["price"]["said"] == "2580000"
    assert form_on_the_telephone(Draft({"said": {"price": "no map"}}), service, AT_MS).said == {"price": {}}
    kept = keeping.keep(visit.session)[0].world.kept
    assert kept is not None
    assert kept.said["price"] == {"said": "2580000", "proof": "later"}
    assert "2580000" not in repr(kept)
    assert "2580000" not in repr(visit.session)


def test_what_the_city_holds_is_wrong_and_the_citizen_takes_it_back_again() -> None:
    visit = Visit().to_form().touch("wrong.name", "primary")
    assert row(visit, "姓名").disputed
    assert not row(visit.touch("wrong.name"), "姓名").disputed
    assert visit.application.disputed == frozenset()


def test_a_field_that_nobody_may_correct_is_not_disputed() -> None:
    visit = Visit().to_form().send(e.FieldDisputed("rid"), e.FieldDisputed("nonsense"))
    assert visit.application.disputed == frozenset()


def test_a_disputed_value_is_shown_as_such_and_signed_as_such() -> None:
    visit = Visit().to_form().touch("wrong.name", "primary").until()
    assert "您说不对" in visit.words
    visit.submit()
    draft: Any = visit.last(s.SignDocument).draft
    assert draft["fields"]["name"] == {"value": "陈晓娴", "origin": "city", "disputed": "yes"}
    assert draft["consent"] == {"given": True, "subjects": ["pop.household", "pop.person"]}
