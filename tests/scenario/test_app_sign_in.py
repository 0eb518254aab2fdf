"""A citizen without the card signs in with the city's app: scanned, refused, too late, cut off, the card after all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.bench.hands.phone import digits_of
from kiosk.events import StartChosen
from kiosk.services.phone import check_sign_in
from kiosk.session.state import Session
from tests.scenario.kit import Kiosk, words_of

SERVICE, EVENT, WHO = "employment", "work", "blocking"


def session(kiosk: Kiosk) -> Session:
    return kiosk.terminal.runtime.session


def to_code(kiosk: Kiosk) -> Kiosk:
    kiosk.touch("language.zh", "start.app")
    assert kiosk.screen.name == "app"
    return kiosk


def to_check(kiosk: Kiosk, service: str = SERVICE, event: str = EVENT) -> Kiosk:
    kiosk.to_intro(service, event).touch("primary", "primary").wait(1)
    return kiosk.through_form()


def to_phone(kiosk: Kiosk) -> Kiosk:
    """To the form on the telephone."""
    to_check(kiosk.by_phone(WHO)).submit()
    assert (kiosk.screen.name, session(kiosk).state) == ("app", "approving")
    return kiosk


def test_a_citizen_without_a_card_hands_in_a_form_and_hears_goodbye(kiosk: Kiosk, tmp_path: Path) -> None:
    kiosk.by_phone(WHO)
    assert kiosk.screen.name == "home"
    assert "王*明，您好" in kiosk.words
    to_check(kiosk).submit()
    assert "请在手机上看一遍" in kiosk.words
    assert kiosk.store.documents == []
    assert kiosk.city.app.page() == "form"
    assert kiosk.city.app.decide(yes=True) == "sent"
    kiosk.wait(3)
    assert kiosk.screen.name == "saved"
    (document,) = kiosk.store.documents
    assert document["service"] == SERVICE
    assert document["sign_in"] == "app"
    assert document["app_approval"] == {"token": f"approved {SERVICE}"}
    assert document["data"] == "city"
    assert "card_signature" not in document
    assert "card_number" not in document
    held: Any = document["holder"]
    assert held["id_number"] == "440199198506190012"
    key = session(kiosk).app
    assert key is not None
    kiosk.touch("primary", "receipt.paper", "primary").wait(5)
    kiosk.touch("rating.5", "primary")
    assert kiosk.screen.name == "goodbye"
    assert (session(kiosk).holder, session(kiosk).app) == (None, None)
    assert str(document["number"]) in kiosk.words
    assert kiosk.city.app.page() == "ended"
    assert kiosk.wait(9).screen.name == "attract"
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert key.key.encode() not in content
        assert key.url.partition("#")[2].encode() not in content


def test_the_screen_says_when_the_telephone_has_the_code(kiosk: Kiosk) -> None:
    to_code(kiosk).phone("scan", "parent")
    kiosk.wait(2)
    assert "手机扫到了" in kiosk.words
    assert kiosk.screen.name == "app"


def test_a_second_telephone_gets_nothing(kiosk: Kiosk) -> None:
    assert to_code(kiosk).phone("scan", "parent") == "asks"
    assert kiosk.phone("scan", "owner") == "used"
    kiosk.phone("agree")
    assert "陈*娴，您好" in kiosk.wait(2).words


def test_a_refusal_on_the_telephone_is_said_and_another_code_may_be_asked_for(kiosk: Kiosk) -> None:
    to_code(kiosk).phone("scan", "parent")
    first = digits_of(words_of(kiosk.screen))
    kiosk.phone("refuse")
    assert kiosk.wait(2).screen.name == "failure.app-refused"
    assert session(kiosk).app is None
    kiosk.touch("primary")
    assert kiosk.screen.name == "app"
    assert digits_of(words_of(kiosk.screen)) != first


def test_three_times_the_wrong_digits_sign_nobody_in(kiosk: Kiosk) -> None:
    to_code(kiosk).phone("scan", "parent")
    assert [kiosk.phone("wrong") for _ in range(3)] == ["wrong", "wrong", "refused"]
    assert kiosk.wait(2).screen.name == "failure.app-refused"


def test_a_code_that_nobody_scans_expires(kiosk: Kiosk) -> None:
    to_code(kiosk)
    assert kiosk.wait(122).screen.name == "failure.app-expired"
    assert kiosk.wait(400).screen.name == "attract"


def test_a_cable_cut_under_the_code_sends_to_the_card(kiosk: Kiosk) -> None:
    to_code(kiosk).cut()
    assert kiosk.screen.name == "failure.app-offline"
    kiosk.touch("back")
    assert kiosk.screen.name == "start"
    control = kiosk.controls["start.app"]
    assert not control.enabled
    assert "要有网络" in control.detail


def test_a_cable_cut_before_the_code_is_said_too(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh")
    kiosk.city.up = False
    assert kiosk.touch("start.app").screen.name == "failure.app-offline"


def test_a_gateway_that_gives_no_code_is_said(kiosk: Kiosk) -> None:
    kiosk.city.refuses = "gateway-closed"
    assert kiosk.touch("language.zh", "start.app").screen.name == "failure.app-not-now"
    kiosk.city.refuses = ""
    assert kiosk.touch("primary").screen.name == "app"


def test_a_card_put_in_under_the_code_is_the_way_then(kiosk: Kiosk) -> None:
    to_code(kiosk)
    kiosk.insert("parent")
    assert kiosk.screen.name == "pin"
    assert session(kiosk).app is None
    assert kiosk.city.app.visits.popitem()[1].state == "ended"


def test_back_and_home_and_leave_end_the_code(kiosk: Kiosk) -> None:
    for way, screen in (("back", "start"), ("home", "start"), ("finish", "attract")):
        to_code(kiosk).touch(way)
        assert kiosk.screen.name == screen
        assert all(visit.state == "ended" for visit in kiosk.city.app.visits.values())
        if screen == "start":
            kiosk.touch("back")


def test_a_service_that_needs_the_card_says_so_and_goes_on_with_the_card(kiosk: Kiosk) -> None:
    kiosk.by_phone().to_intro("household-proof")
    assert "这一件要用市民卡" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "card"
    assert session(kiosk).holder is None
    assert "start.app" not in kiosk.controls
    assert kiosk.city.app.page() == "ended"
    kiosk.insert("parent")
    kiosk.pin("123456")
    assert kiosk.screen.name == "intro"
    assert "这一件要用市民卡" not in kiosk.words


def test_who_looked_around_without_a_card_may_go_on_with_the_telephone(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.browse").to_intro(SERVICE, EVENT).touch("primary")
    assert kiosk.screen.name == "card"
    kiosk.touch("start.app")
    kiosk.phone("scan", "parent")
    kiosk.phone("agree")
    kiosk.wait(2)
    assert kiosk.screen.name == "intro"
    assert session(kiosk).by_app


def test_back_from_the_code_leads_to_the_card_prompt_s_service(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.browse").to_intro(SERVICE, EVENT).touch("primary", "start.app", "back")
    assert kiosk.screen.name == "intro"


def test_a_form_that_was_declined_is_still_here(kiosk: Kiosk) -> None:
    to_phone(kiosk).city.app.decide(yes=False)
    assert kiosk.wait(2).screen.name == "failure.app-declined"
    assert kiosk.touch("back").screen.name == "check"
    assert kiosk.store.documents == []
    kiosk.submit()
    kiosk.city.app.decide(yes=True)
    assert kiosk.wait(3).screen.name == "saved"


def test_back_takes_the_form_away_from_the_telephone(kiosk: Kiosk) -> None:
    to_phone(kiosk).touch("back")
    assert kiosk.screen.name == "check"
    assert kiosk.city.app.decide(yes=True) == "signed-in"
    assert kiosk.wait(3).store.documents == []


def test_a_form_that_nobody_answers_is_still_here(kiosk: Kiosk) -> None:
    to_phone(kiosk)
    assert kiosk.wait(123).screen.name == "failure.app-unanswered"
    assert kiosk.touch("back").screen.name == "check"


def test_a_cable_cut_while_the_form_is_on_the_telephone(kiosk: Kiosk) -> None:
    to_phone(kiosk).cut()
    assert kiosk.screen.name == "failure.app-offline"
    assert kiosk.touch("back").screen.name == "check"
    assert kiosk.submit().screen.name == "failure.app-offline"
    assert kiosk.store.documents == []


def test_a_cable_cut_unnoticed_when_the_form_goes_to_the_telephone(kiosk: Kiosk) -> None:
    to_check(kiosk.by_phone(WHO))
    kiosk.city.up = False
    assert kiosk.submit().screen.name == "failure.app-offline"


def test_a_gateway_that_does_not_take_the_form(kiosk: Kiosk) -> None:
    to_check(kiosk.by_phone(WHO))
    kiosk.city.refuses = "service-unknown"
    assert kiosk.submit().screen.name == "failure.app-not-approved"
    kiosk.city.refuses = ""
    assert kiosk.touch("back").screen.name == "check"


@pytest.mark.parametrize("when", ["lookup", "form", "waiting"])
def test_who_signs_out_on_the_telephone_is_signed_out_here(kiosk: Kiosk, when: str) -> None:
    kiosk.by_phone(WHO)
    if when == "lookup":
        kiosk.to_intro(SERVICE, EVENT).touch("primary")
        kiosk.city.app.leave()
        kiosk.touch("primary").wait(1)
    else:
        to_check(kiosk)
        if when == "form":
            kiosk.city.app.leave()
            kiosk.submit()
        else:
            kiosk.submit().city.app.leave()
            kiosk.wait(2)
    assert kiosk.screen.name == "failure.app-ended"
    assert (session(kiosk).holder, session(kiosk).app, session(kiosk).application) == (None, None, None)
    assert kiosk.store.documents == []


def test_leaving_while_the_form_is_on_the_telephone_hands_nothing_in(kiosk: Kiosk) -> None:
    to_phone(kiosk).touch("finish")
    assert kiosk.screen.name == "goodbye"
    assert kiosk.city.app.decide(yes=True) == "ended"
    assert kiosk.touch("primary").screen.name == "attract"
    assert kiosk.store.documents == []


def test_the_next_citizen_s_card_ends_the_goodbye(kiosk: Kiosk) -> None:
    kiosk.by_phone().touch("finish")
    assert kiosk.screen.name == "goodbye"
    kiosk.insert("owner")
    assert kiosk.screen.name == "pin"


def test_somebody_s_card_in_a_visit_by_app_is_another_visit(kiosk: Kiosk) -> None:
    kiosk.by_phone().to_intro(SERVICE, EVENT)
    kiosk.insert("owner")
    assert kiosk.screen.name == "pin"
    assert session(kiosk).holder is None
    assert kiosk.city.app.page() == "ended"


def test_nobody_there_any_more_ends_with_nothing_left(kiosk: Kiosk) -> None:
    to_check(kiosk.by_phone(WHO)).wait(120)
    assert kiosk.screen.name == "timeout"
    kiosk.wait(60)
    assert kiosk.screen.name == "attract"
    assert session(kiosk).world.kept is None
    assert kiosk.city.app.page() == "ended"


def test_without_a_network_in_mid_visit_the_form_opens_with_what_the_sign_in_told(kiosk: Kiosk) -> None:
    kiosk.by_phone().to_intro(SERVICE, EVENT).touch("primary").cut()
    assert "先用登录时的资料" in kiosk.words
    kiosk.touch("primary")
    assert "登录时知道的" in kiosk.words


def test_every_service_says_how_sure_one_must_be(kiosk: Kiosk) -> None:
    catalogue = session(kiosk).world.catalogue
    assert catalogue is not None
    found = {name for name, service in catalogue.services.items() if service.sign_in == "app"}
    assert found == {"access-log", "appointment", "card-lost", "contact", "employment", "my-cases"}
    for service in catalogue.services.values():
        check_sign_in(service, catalogue.subjects)


def test_a_reader_that_was_lost_meanwhile_does_not_matter_to_who_signs_in_by_telephone(kiosk: Kiosk) -> None:
    to_code(kiosk).reader.unplug()
    kiosk.pump()
    kiosk.phone("scan", "parent")
    kiosk.phone("agree")
    assert kiosk.wait(2).screen.name == "home"


def test_a_terminal_without_services_for_the_app_does_not_offer_it(kiosk: Kiosk) -> None:
    runtime = kiosk.terminal.runtime
    world = runtime.session.world
    assert world.catalogue is not None
    for services in ({}, {"marriage": world.catalogue.services["marriage"]}):
        changed = replace(world, catalogue=replace(world.catalogue, services=services))
        runtime.session = replace(runtime.session, world=changed)
        kiosk.touch("language.zh")
        assert "start.app" not in kiosk.controls
        kiosk.terminal.send(StartChosen("app"))
        kiosk.pump()
        assert kiosk.screen.name == "start"
        kiosk.touch("back")
    runtime.session = replace(runtime.session, world=replace(world, catalogue=None))
    assert "start.app" not in kiosk.touch("language.zh").controls
