"""What home says after the PIN: a company that commerce knows and tax does not, and the way on with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from drivers.errors import CardProtocolError, CardRemoved
from kiosk import events as e
from kiosk.pieces.acting import Acting
from kiosk.services.definition import GREETING, DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from kiosk.session import state as s
from kiosk.session.arrival.greeting import AskGreeting
from kiosk.session.asking.events import AlertChosen, GreetingCame
from kiosk.session.state import State
from kiosk.workers.desks import CardDesk
from kiosk.workers.gateway_desk import CityGateway, GatewayDesk
from kiosk.workers.threads import ThreadWorker
from tests.gateway_cards import REAL, Counter, kit_of
from tests.gateway_kit import NEWCOMER, PARENT, CardOffice, GatewayKit
from tests.unit.visit_kit import CATALOGUE, PERSONAS, Visit, drawn, shared_and_definitions

LAMPS = "91440199MA0000001P"
BOOKS, TEA = "91440199MA00000067", "91440199MA0000007A"
TOLD = "tax.greeting"


def rows(*concerned: tuple[str, bool]) -> dict[str, Any]:
    return {"companies": [{"uscc": code, "lname": f"公司{code[-1]}", "missing": yes} for code, yes in concerned]}


# ---- the visit


def test_home_is_there_before_the_answer_and_the_alert_comes_with_it() -> None:
    visit = Visit("owner").to_home()
    assert (visit.state, "alert" in visit.controls) == (State.HOME, False)
    assert visit.last(AskGreeting) == AskGreeting(visit.insertion, (TOLD,))
    control = visit.greeted().controls["alert"]
    assert (control.text, control.meaning, control.onward) == ("您的公司还差税务登记", "att", True)
    assert control.detail == "广州市木棉灯饰有限公司 · 在这里办，约 2 分钟"
    english = drawn(visit.session, "en")
    assert "Your company is not registered for tax" in str(english)
    assert "about 2 minutes" in str(english)
    assert "木棉灯饰" not in repr(visit.session)


def test_a_touch_on_it_opens_the_service_and_home_is_quiet_once_it_is_handed_in() -> None:
    visit = Visit("owner").to_home().greeted().touch("alert")
    assert (visit.state, visit.application.service.id) == (State.INTRO, "business")
    visit.touch("primary").answered().touch("primary").answered().until().submit().signed().saved().acked()
    assert visit.state is State.SAVED
    assert visit.touch("back").state is State.HOME
    assert "alert" not in visit.controls


def test_of_two_companies_the_one_it_is_about_is_chosen_already_and_may_still_be_changed() -> None:
    visit = Visit("director").to_home().greeted()
    assert visit.controls["alert"].detail == "您 2 家公司中的 1 家 · 在这里办，约 2 分钟"
    assert "1 of your 2 companies" in str(drawn(visit.session, "en"))
    visit.touch("alert", "primary").answered()
    assert (visit.state, visit.application.acting.number) == (State.CONSENT, TEA)
    assert "替广州市晓岸茶行有限公司办" in visit.words
    assert visit.touch("back").application.acting.open
    visit.touch(f"company.{TEA}", "primary").answered().until().submit()
    assert visit.last(s.SignDocument).draft["company"] == TEA


def test_where_it_is_about_both_the_citizen_says_for_which_and_is_told_of_the_other_afterwards() -> None:
    visit = Visit("director").to_home().greeted(tax_greeting=rows((BOOKS, True), (TEA, True)))
    assert visit.controls["alert"].detail.startswith("您 2 家公司中的 2 家")
    visit.touch("alert", "primary").answered()
    assert visit.application.acting.open
    visit.touch(f"company.{TEA}", "primary").answered().until().submit().signed().saved().acked().touch("back")
    assert visit.controls["alert"].detail.startswith("您 2 家公司中的 1 家")


def test_a_company_that_the_register_does_not_name_is_not_chosen() -> None:
    visit = Visit("director").to_home().greeted(tax_greeting=rows((LAMPS, True))).touch("alert", "primary").answered()
    assert visit.application.acting.open
    assert visit.application.acting.wanted == ""


def test_a_service_handed_in_for_no_company_or_another_service_changes_what_it_should() -> None:
    visit = Visit("owner").to_home().greeted()
    visit.to_intro("marriage").touch("primary", "primary").answered().until().submit().signed().saved().acked()
    assert visit.touch("back").state is State.HOME
    assert "alert" in visit.controls
    visit.touch("alert", "primary").send(e.LookupFailed("gateway-silent", "business"))
    visit.touch("primary").until().submit().signed().saved().acked().touch("back")
    assert "alert" not in visit.controls, "the office asks for which company"


@pytest.mark.parametrize(
    "record",
    [
        None,
        {},
        {"companies": "text"},
        {"companies": ["text", {"uscc": "", "lname": "x", "missing": True}]},
        rows((LAMPS, False)),
    ],
)
def test_who_has_no_company_or_owes_nothing_is_told_nothing(record: dict[str, Any] | None) -> None:
    visit = Visit("parent").to_home().greeted(tax_greeting=record)
    assert visit.session.due == ()
    assert "alert" not in visit.controls
    assert visit.send(AlertChosen()).state is State.HOME


def test_without_a_network_nothing_is_asked_and_what_was_said_is_not_shown() -> None:
    assert not [effect for effect in Visit("owner", network_up=False).to_home().effects
                if isinstance(effect, AskGreeting)]  # fmt: skip
    visit = Visit("owner").to_home().greeted().send(e.NetworkChanged(up=False))
    assert "alert" not in visit.controls
    assert "alert" in visit.send(e.NetworkChanged(up=True)).controls


def test_an_answer_that_comes_late_is_kept_for_home_and_one_for_another_card_is_dropped() -> None:
    visit = Visit("owner").to_home().to_intro("marriage").greeted()
    assert visit.state is State.INTRO
    assert "alert" in visit.send(e.HomePressed()).controls
    other = Visit("owner").to_home()
    other.send(GreetingCame(other.insertion + 1, (e.SubjectData(TOLD, "tax", "", rows((LAMPS, True))),)))
    assert other.session.due == ()
    gone = Visit("owner").to_home()
    gone.touch("finish")
    assert gone.greeted().session.due == ()
    by_app = Visit("owner").by_app()
    by_app.send(GreetingCame(0, (e.SubjectData(TOLD, "tax", "", rows((LAMPS, True))),)))
    assert by_app.session.due == (), "the app is not sure enough for it"


def test_nothing_of_it_is_there_for_the_next_citizen() -> None:
    visit = Visit("owner").to_home().greeted().touch("finish")
    assert visit.session.due == ()
    assert visit.pull().session.due == ()


def test_a_card_that_was_found_and_a_city_without_a_catalogue_are_not_asked() -> None:
    for changed in ({"catalogue": None}, {"catalogue": parse_catalogue("bare", [], shared_and_definitions()[0])}):
        visit = Visit("owner", **changed).to_home()
        assert not [effect for effect in visit.effects if isinstance(effect, AskGreeting)]
        assert visit.send(GreetingCame(visit.insertion, ())).session.due == ()


def test_another_answer_than_the_one_asked_for_says_nothing() -> None:
    visit = Visit("owner").to_home()
    assert visit.send(GreetingCame(visit.insertion, ())).session.due == ()


# ---- the definition


def test_a_greeting_needs_companies_and_a_subject_of_the_catalogue() -> None:
    greeting = CATALOGUE.services["business"].greeting
    assert greeting is not None
    assert (greeting.subject, greeting.when) == (TOLD, "missing")
    for change, says in (({"represents": None}, "represents"), ({"subject": "tax.nothing"}, "no subject")):
        shared, definitions = shared_and_definitions()
        business: Any = next(item for item in definitions if item["id"] == "business")
        if "subject" in change:
            business["greeting"]["subject"] = change["subject"]
        else:
            del business["represents"]
        with pytest.raises(DefinitionInvalid, match=says):
            parse_catalogue("test", definitions, shared)


# ---- the desk, beside everything that a citizen waits for


class Card:
    """The card's desk, of which a question is asked."""

    def __init__(self, certificate: bytes = b"c", signature: bytes = b"s" * 64) -> None:
        self.answers = [certificate, signature]

    def if_any(self, _question: Callable[[Any], bytes], _timeout_s: float) -> bytes:
        return self.answers.pop(0)


class Gateway:
    """Answers, or raises `trouble`; `waiting`: a lookup that hangs until it is let go."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.app = None
        self.signed: list[bytes] = []

    def greeting(
        self, subjects: tuple[str, ...], _session: str, _certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[e.SubjectData, ...]:
        self.signed.append(sign(b"context"))
        if self.trouble is not None:
            raise self.trouble
        return tuple(e.SubjectData(subject, "tax", "", None) for subject in subjects)


class Down(Exception):
    code = "gateway-unavailable"


def heard(gateway: Gateway | None, card: Card) -> list[e.Event]:
    posted: list[e.Event] = []
    done = threading.Event()
    faults: list[BaseException] = []
    busy, probe = (ThreadWorker(name, lambda _, error: faults.append(error)) for name in ("busy", "probe"))
    free = threading.Event()
    busy.submit(free.wait)  # whatever a citizen waits for does not wait for a greeting, nor it for that
    desk = GatewayDesk(cast("CityGateway", gateway), busy, probe, posted.append, cast("CardDesk", card))
    desk.ask(7, AskGreeting(1, (TOLD,)))
    probe.submit(done.set)
    assert done.wait(10)
    free.set()
    desk.close()
    assert faults == []
    return posted


def test_the_answer_is_posted_for_the_card_it_was_asked_for() -> None:
    (event,) = heard(Gateway(), Card())
    assert event == GreetingCame(1, (e.SubjectData(TOLD, "tax", "", None),), session_id=7)


def test_what_goes_wrong_is_nothing_to_say() -> None:
    assert heard(None, Card()) == []
    assert heard(Gateway(), Card(certificate=b"")) == []
    assert heard(Gateway(), Card(signature=b"")) == [], "it is not asked with a signature that the card did not give"
    assert heard(Gateway(CardRemoved("gone")), Card()) == []
    assert heard(Gateway(CardProtocolError("no")), Card()) == []
    down = Gateway(Down())
    assert heard(down, Card()) == [e.NetworkChanged(up=False)]


# ---- the gateway


def test_the_card_hears_yes_or_no_per_company_and_its_holder_reads_that_it_was_asked(tmp_path: Path) -> None:
    kit = kit_of(tmp_path, REAL)
    counter = Counter(kit, PERSONAS["director"].id_number)
    found = counter.card.lookup(counter.terminal, GREETING, TOLD).json["subjects"][TOLD]
    assert {one["uscc"]: one["missing"] for one in found["record"]["companies"]} == {BOOKS: False, TEA: True}
    assert {key for one in found["record"]["companies"] for key in one} == {"uscc", "lname", "missing"}
    looks = counter.card.lookup(counter.terminal, "access-log", "audit.access").json["subjects"]["audit.access"]
    told = [(look["purpose"], look["who"], look["subjects"]) for look in looks["record"]["looks"]]
    assert (GREETING, "data", [TOLD]) in told
    kit.store.close()


def test_nothing_else_is_released_for_a_greeting_and_a_greeting_for_nothing_else(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    office, terminal = CardOffice(), kit.enrol()
    office.trust(kit.folder)
    card = office.issue(PARENT)
    assert card.lookup(terminal, GREETING, "pop.person").code == "subject-refused", "all is not for greetings"
    assert card.lookup(terminal, GREETING, TOLD, "tax.registration").code == "subject-refused"
    assert card.lookup(terminal, GREETING, "tax.nothing").code == "subject-refused"
    assert card.lookup(terminal, "business", TOLD).code == "subject-refused"
    current = kit.gateway.releaser.catalogue.current()
    current.purposes[TOLD] = frozenset(["business"])  # type: ignore[index]
    assert card.lookup(terminal, GREETING, TOLD).code == "subject-refused", "the catalogue has the last word"
    current.purposes[TOLD] = frozenset([GREETING])  # type: ignore[index]
    assert card.lookup(terminal, GREETING, TOLD).json["subjects"][TOLD]["record"] is None, "no company"
    assert office.issue(NEWCOMER).lookup(terminal, GREETING, TOLD).status == 200
    page = kit.call("GET", "/catalogue?subject=tax.greeting").body.decode()
    assert "首页提醒" in page
    kit.store.close()


def test_the_personas_greetings_agree_with_their_registrations() -> None:
    for persona in PERSONAS.values():
        company, tax, told = (persona.records.get(name) for name in ("legal.entity", "tax.registration", TOLD))
        if company is None or tax is None or told is None:
            assert told is None
            continue
        entities: Any = company.get("companies", [company])
        states: Any = tax.get("companies", [tax])
        missing = {one["uscc"]: one["state"] == "none" for one in states}
        expected = [{"uscc": one["uscc"], "lname": one["lname"], "missing": missing[one["uscc"]]} for one in entities]
        assert told["companies"] == expected


def test_an_acting_that_was_not_asked_yet_names_nobody() -> None:
    assert TEA not in repr(Acting(wanted=TEA))
