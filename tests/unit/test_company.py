"""Who stands for several companies says for which before the consent, and only that one's data are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.api import Row
from kiosk import events as e
from kiosk.paper.receipts import build
from kiosk.session import state as s
from kiosk.session.state import State
from tests.gateway_cards import REAL, Counter, kit_of
from tests.gateway_kit import PARENT
from tests.unit.visit_kit import PERSONAS, SITE, Visit

BOOKS, TEA = PERSONAS["director"].records["id.link"]["uscc"]  # type: ignore[misc]
TEA_NAME = "广州市晓岸茶行有限公司"


def to_choice(service: str = "business", **changed: object) -> Visit:
    visit = Visit("director", **changed).to_home().to_intro(service).touch("primary")
    asked: Any = visit.last(s.FetchData)
    assert asked.subjects == ("legal.entity",), "before the consent only the public register is read"
    assert "您已同意" not in visit.words
    return visit.answered()


def test_two_companies_are_a_question_before_the_consent_and_a_touch_goes_on() -> None:
    visit = to_choice()
    assert visit.screen.name == "consent"
    assert {f"company.{BOOKS}", f"company.{TEA}"} <= set(visit.controls)
    assert "primary" not in visit.controls
    before = visit.session
    visit.send(e.AnswerChosen("91440199MA0000009X"), e.ConsentRefused(), e.PrimaryPressed(), e.PageTurned(1))
    assert visit.session == before, "nobody agrees for a company that is not named"
    visit.touch(f"company.{TEA}")
    assert (visit.state, visit.application.acting.number) == (State.CONSENT, TEA)
    assert f"替{TEA_NAME}办" in visit.words
    assert visit.touch("back").application.acting.open
    assert visit.touch("back").state is State.INTRO


def test_only_the_chosen_company_s_rows_fill_the_form_and_entry_and_receipt_name_it() -> None:
    visit = to_choice().touch(f"company.{TEA}", "primary").answered()
    assert visit.state is State.FORM
    assert TEA_NAME in visit.words
    assert "朗读树" not in visit.words
    visit.until().submit()
    draft = visit.last(s.SignDocument).draft
    assert draft["company"] == TEA
    assert draft["fields"]["uscc"] == {"value": TEA, "origin": "city"}
    visit.signed().saved().acked()
    assert visit.session.saved is not None
    assert Row("单位 For", TEA_NAME) in build(visit.session, SITE, copy=False).blocks
    assert TEA_NAME not in repr(visit.session)


def test_the_company_that_is_registered_already_is_told_so() -> None:
    visit = to_choice().touch(f"company.{BOOKS}", "primary").answered()
    assert visit.session.failure == "not-eligible"


def test_a_company_without_land_is_not_given_another_s() -> None:
    visit = to_choice("construction").touch(f"company.{BOOKS}", "primary").answered()
    assert visit.application.subjects["land.parcel"].record is None
    assert visit.application.subjects["legal.entity"].record["uscc"] == BOOKS  # type: ignore[index]


def test_one_company_is_no_question_and_none_ends_here() -> None:
    visit = Visit("owner").to_home().to_intro("business").touch("primary").answered()
    assert (visit.state, visit.application.acting.open) == (State.CONSENT, False)
    assert visit.touch("back").state is State.INTRO
    assert visit.touch("primary").state is State.CONSENT, "it is not asked for again"
    nobody = Visit("parent").to_home().to_intro("business").touch("primary").answered()
    assert nobody.session.failure == "not-eligible"
    strange: Any = {"companies": ["text", {"uscc": "", "lname": "x"}]}
    odd = Visit("owner").to_home().to_intro("business").touch("primary").answered(legal_entity=strange)
    assert odd.session.failure == "not-eligible"


@pytest.mark.parametrize(("service", "state"), [("business", State.CONSENT), ("construction", State.FAILURE)])
def test_where_the_register_is_silent_the_office_asks_or_it_is_not_offered(service: str, state: State) -> None:
    visit = Visit("director").to_home().to_intro(service).touch("primary")
    visit.send(e.LookupFailed("gateway-silent", service))
    assert visit.state is state
    if state is State.CONSENT:
        visit.touch("primary").until().submit()
        assert "company" not in visit.last(s.SignDocument).draft


def test_without_a_network_the_office_asks_for_which_and_the_register_is_read_when_it_comes_back() -> None:
    visit = Visit("director", network_up=False).to_home().to_intro("business").touch("primary")
    assert visit.state is State.CONSENT
    visit.send(e.NetworkChanged(up=True)).touch("primary")
    assert visit.last(s.FetchData).subjects == ("legal.entity",)
    assert visit.answered().application.acting.open


def test_many_companies_are_turned_in_pages() -> None:
    visit = Visit("director").to_home().to_intro("business").touch("primary")
    rows = [{"uscc": f"91440199MA000001{n}X", "lname": f"公司{n}"} for n in range(8)]
    visit.answered(legal_entity={"companies": rows})
    assert "company.91440199MA0000017X" not in visit.controls
    visit.touch("page.down")
    assert "company.91440199MA0000017X" in visit.controls
    assert visit.touch("page.up").application.page == 0
    assert visit.touch("company.91440199MA0000010X").send(e.PageTurned(1)).application.page == 0


def test_the_city_turns_away_whoever_hands_in_for_a_company_that_is_not_theirs(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, REAL)
    director, other = Counter(kit, PERSONAS["director"].id_number), Counter(kit, PARENT)
    own = director.hand_in("business", company=TEA, uscc=TEA)
    foreign = other.hand_in("business", company=TEA, uscc=TEA)
    unsigned = director.hand_in("business", signed=False, company=TEA)
    assert director.case(own)["state"] == "open"
    assert (other.case(foreign)["state"], other.case(foreign)["result"]) == ("refused", "not-representative")
    with kit.store.database.reading() as db:
        assert dict(db.rows("SELECT number, state FROM case_file"))[unsigned] == "refused"
        assert db.rows("SELECT verdict, reason FROM verdict") == [("rejected", "not-representative")] * 2
    kit.gateway.cases.engine.turn_away(foreign, "again")
    kit.gateway.cases.engine.turn_away("T9999-000001", "nobody")
    with kit.store.database.reading() as db:
        assert len(db.rows("SELECT 1 FROM verdict")) == 2, "once is enough"
    kit.store.close()
