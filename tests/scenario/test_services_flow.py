"""Every shipped service, walked by a citizen it suits; and those it does not suit, stopped."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioning.gateway.catalogue import SHARED_TABLES
from tests.repository import ROOT
from tests.scenario import service_walk
from tests.scenario.kit import PERSONAS, SUBJECTS, Kiosk
from tests.scenario.service_walk import CATALOGUE, DAY_S, SUITED, visit, walk

MOST = 9
NOT_PREFILLED = {"card": (28, 18)}
"""Touches, and keys among them: no city knows the old PIN and, twice, the new one. Nothing else may take more."""
OTHER_WAYS = [
    (name, item.id, choice.value)
    for name, service in CATALOGUE.services.items()
    for item in service.fields
    if item.choices and item.ask and not (item.default or item.source or item.shown_when) and name != "card"
    for choice in item.choices[1:]
    if (name, choice.value) != ("ticket", "vehicle")  # that hall has no such counter
]
"""Every other answer to a first question: service, field, choice."""
ACCEPTED = sorted(
    name
    for name, service in CATALOGUE.services.items()
    if service.offline != "network" and service.card != "none" and service.start != "found"
)
REFUSED = sorted(name for name, service in CATALOGUE.services.items() if service.offline == "network")


def test_every_service_has_a_citizen_it_suits() -> None:
    assert set(SUITED) == set(CATALOGUE.services)


@pytest.mark.parametrize("service", sorted(SUITED))
def test_with_the_city_s_data_nine_touches_and_no_typing_are_enough(service: str, tmp_path: Path) -> None:
    took = visit(tmp_path, service)
    definition = CATALOGUE.services[service]
    touches, typed = NOT_PREFILLED.get(service, (MOST, 0))
    assert took.touches <= touches
    assert took.typed == typed
    if definition.places is not None:
        assert took.document == {}, "a guide hands nothing in"
        return
    assert took.document["service"] == service
    assert took.document["agency"] == definition.agency
    assert took.document["data"] == ("city" if definition.subjects else "card")
    assert took.document["left_to_office"] == []


def test_what_home_says_is_still_to_be_done_is_done_with_one_touch_less(tmp_path: Path) -> None:
    told = [name for name, service in CATALOGUE.services.items() if service.greeting is not None]
    assert told == ["business"], "registered with commerce, not with tax"
    by_menu, by_alert = visit(tmp_path / "menu", "business"), visit(tmp_path / "alert", "business", by_alert=True)
    assert by_alert.touches == by_menu.touches - 1 == 7
    assert (by_alert.typed, by_alert.prefilled) == (0, by_menu.prefilled)
    assert by_alert.document["fields"] == by_menu.document["fields"]
    assert CATALOGUE.services["business"].minutes == 2


@pytest.mark.parametrize("service", sorted({name for name, _, _ in OTHER_WAYS}))
def test_nine_touches_are_enough_whatever_the_citizen_wants_of_a_service(service: str, tmp_path: Path) -> None:
    for name, question, choice in OTHER_WAYS:
        if name == service:
            took = visit(tmp_path / choice, service, chosen={question: choice})
            assert (took.touches <= MOST, took.typed) == (True, 0), (question, choice, took.touches)


@pytest.mark.parametrize("service", ACCEPTED)
def test_with_the_cable_pulled_it_is_taken_in_with_the_card_s_data(service: str, tmp_path: Path) -> None:
    took = visit(tmp_path, service, online=False)
    assert took.document["service"] == service
    assert took.document["data"] == "card"
    fields: Any = took.document["fields"]
    assert all(item["origin"] != "city" for item in fields.values())
    assert took.document["holder"]["id_number"]  # pyright: ignore


@pytest.mark.parametrize("service", REFUSED)
def test_with_the_cable_pulled_money_is_not_moved(service: str, kiosk: Kiosk) -> None:
    definition = CATALOGUE.services[service]
    kiosk.cut().to_home(SUITED[service].persona)
    kiosk.touch(f"event.{definition.event}", f"service.{service}", "primary")
    assert kiosk.screen.name == "failure.needs-network"
    assert kiosk.store.documents == []


@pytest.mark.parametrize(
    ("service", "persona", "days"),
    [
        ("business", "parent", 0),  # has no company
        ("deed-tax", "owner", 0),  # bought nothing
        ("employment", "parent", 0),  # has a job
        ("employment", "elder", 0),  # draws a pension
        ("marriage", "child", 0),  # is not of age
        ("medical", "child", 0),  # is insured with his parents' office
        ("provident-fund", "elder", 0),  # has no account
        ("residence", "parent", 0),  # is registered here
        ("school", "newcomer", 150),  # has no child
        ("school", "parent", 0),  # the child is six only after this August
        ("social-insurance", "child", 0),
        ("household-proof", "child", 0),
    ],
)
def test_somebody_whom_it_does_not_suit_is_stopped_before_the_form(
    service: str, persona: str, days: int, kiosk: Kiosk
) -> None:
    kiosk.clock.advance(days * DAY_S)
    kiosk.wait(1)
    kiosk.to_home(persona).touch(f"event.{CATALOGUE.services[service].event}", f"service.{service}", "primary")
    if kiosk.screen.name == "consent":
        kiosk.touch("primary")
    assert kiosk.screen.name == "failure.not-eligible"
    assert kiosk.store.documents == []


def test_the_company_that_is_registered_for_tax_is_not_registered_twice(kiosk: Kiosk) -> None:
    owner = PERSONAS["owner"].records
    done = {**owner, "tax.registration": {**owner["tax.registration"], "state": "registered"}}
    kiosk.to_home("owner")
    kiosk.city.persona = replace(PERSONAS["owner"], records=done)
    kiosk.touch("event.business", "service.business", "primary", "primary")
    assert kiosk.screen.name == "failure.not-eligible"


def test_more_than_the_account_allows_cannot_be_withdrawn(kiosk: Kiosk) -> None:
    kiosk.to_home("parent").touch("event.home", "service.provident-fund", "primary", "primary")
    kiosk.touch("change.amount", *(f"key.{digit}" for digit in "12601"), "primary")
    assert "数太大了，最多 12,600 元" in kiosk.words
    kiosk.touch("key.delete", "key.delete", "primary")
    assert "126 元" in kiosk.words


def test_a_second_change_of_hospital_in_a_year_asks_for_a_reason(kiosk: Kiosk) -> None:
    kiosk.to_home("blocking")
    took = walk(kiosk, "medical")
    assert took.document["fields"]["reason"] == {"value": "moved", "origin": "answer"}  # pyright: ignore


def test_the_usual_choice_is_named_as_such_and_can_be_changed(kiosk: Kiosk) -> None:
    kiosk.to_home("newcomer").touch("event.work", "service.social-insurance", *["primary"] * 3)
    assert "多数人这样选" in kiosk.words
    kiosk.touch("change.insurance", "choice.insurance.pension", "primary")
    assert "养老保险" in kiosk.words


@pytest.mark.parametrize("service", sorted(SUITED))
def test_the_catalogue_lets_a_service_ask_for_what_it_asks_for(service: str) -> None:
    for subject in CATALOGUE.services[service].subjects:
        allowed = SUBJECTS[subject]["services"]
        assert service in allowed or "all" in allowed, subject
        assert "plain" in SUBJECTS[subject], f"{subject} has no words for a citizen"


def test_every_definition_says_when_it_was_read_and_which_time_is_a_guess() -> None:
    for file in sorted((ROOT / "assets" / "services").glob("*.toml")):
        raw = tomllib.loads(file.read_text("utf-8"))
        if "id" not in raw:
            assert set(raw) <= set(SHARED_TABLES)
            continue
        assert file.stem == raw["id"]
        assert raw["assured"].isoformat() >= "2025-01-01"
        promised = raw["limits"].get("promised")
        assert promised is None or promised["assumed"] is True, raw["id"]


def test_no_life_event_offers_more_than_nine_services() -> None:
    assert max(Counter(service.event for service in CATALOGUE.services.values()).values()) <= 9


def test_the_page_of_services_says_what_the_visits_took() -> None:
    assert service_walk.PAGE.read_text("utf-8") == service_walk.page(), "run `python -m tests.scenario.service_walk`"


def test_who_never_married_gets_a_proof_of_that_for_a_notary(kiosk: Kiosk) -> None:
    kiosk.to_home("rare-name")
    fields: Any = walk(kiosk, "marriage").document["fields"]
    assert fields["which"] == {"value": "none", "origin": "answer"}
    assert fields["purpose_none"]["value"] == "notary"
    assert not fields.keys() & {"record", "date", "purpose"}


def test_a_company_is_founded_under_a_name_that_nobody_uses(kiosk: Kiosk) -> None:
    kiosk.to_home("parent")
    fields: Any = walk(kiosk, "company").document["fields"]
    offered: Any = PERSONAS["parent"].records["legal.role"]["names"]
    assert fields["first"]["value"] == offered[0]["name"]
    assert fields["premises"]["origin"] == "city"
    assert fields["holders"] == {"value": "sole", "origin": "usual"}
    assert "share" not in fields
