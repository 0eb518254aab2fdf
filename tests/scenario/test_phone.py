"""A citizen goes on with a half-filled form on the telephone; the terminal is cut off, refused, or left."""

from __future__ import annotations

from pathlib import Path

from kiosk.screen_model import CaseNumber
from kiosk.services.phone import can_continue
from tests.scenario.kit import Kiosk

SERVICE = "residence"


def to_form(kiosk: Kiosk) -> Kiosk:
    """To the filled-in rows of a residence permit."""
    kiosk.to_home("newcomer").touch("event.moved", f"service.{SERVICE}", "primary", "primary")
    kiosk.wait(1)
    if kiosk.screen.name == "view":
        kiosk.touch("primary")
    assert kiosk.screen.name == "form"
    return kiosk


def code(kiosk: Kiosk) -> str:
    (piece,) = (piece for piece in kiosk.screen.body if isinstance(piece, CaseNumber))
    assert piece.to_scan
    return piece.qr


def test_a_newcomer_takes_the_form_to_the_phone_and_nothing_of_it_stays(kiosk: Kiosk, tmp_path: Path) -> None:
    to_form(kiosk).touch("phone")
    kiosk.wait(1)
    assert kiosk.screen.name == "phone"
    url = code(kiosk)
    form = kiosk.city.phones[url]
    assert form["id_number"] == "440199199708300042"
    assert form["data"] == "city"
    assert "只能打开一次，15 分钟内填完" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "take-card"
    assert kiosk.store.documents == []
    session = kiosk.terminal.runtime.session
    assert (session.phone_url, session.application) == ("", None)
    token = url.partition("#")[2].encode()
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert token not in path.read_bytes()


def test_back_takes_the_code_back_and_the_form_is_as_it_was(kiosk: Kiosk) -> None:
    to_form(kiosk)
    before = kiosk.words
    kiosk.touch("phone")
    kiosk.wait(1)
    kiosk.touch("back")
    assert kiosk.screen.name == "form"
    assert kiosk.words == before
    assert kiosk.city.phones == {}


def test_help_on_a_question_leads_to_the_phone_too(kiosk: Kiosk) -> None:
    to_form(kiosk).touch("primary")
    while kiosk.terminal.runtime.session.application.question == "":  # type: ignore[union-attr]
        kiosk.touch("primary")
    kiosk.touch("help", "phone")
    kiosk.wait(1)
    assert kiosk.screen.name == "phone"
    kiosk.touch("back")
    assert kiosk.screen.name == "form"


def test_a_gateway_that_refuses_leaves_the_form_here(kiosk: Kiosk) -> None:
    to_form(kiosk)
    kiosk.city.refuses = "service-unknown"
    kiosk.touch("phone")
    kiosk.wait(1)
    assert kiosk.screen.name == "failure.phone-not-now"
    kiosk.touch("back")
    assert kiosk.screen.name == "form"


def test_a_network_that_went_unnoticed_is_said_and_then_the_phone_is_not_offered(kiosk: Kiosk) -> None:
    to_form(kiosk)
    kiosk.city.up = False
    kiosk.touch("phone")
    kiosk.wait(1)
    assert kiosk.screen.name == "failure.phone-not-now"
    kiosk.touch("back")
    assert kiosk.screen.name == "form"
    assert "phone" not in kiosk.controls


def test_a_card_pulled_under_the_code_ends_the_visit(kiosk: Kiosk) -> None:
    to_form(kiosk).touch("phone")
    kiosk.wait(1)
    kiosk.pull()
    assert kiosk.screen.name == "failure.card-removed"
    assert kiosk.terminal.runtime.session.phone_url == ""


def test_what_needs_the_terminal_stays_at_the_terminal(kiosk: Kiosk) -> None:
    catalogue = kiosk.terminal.runtime.session.world.catalogue
    assert catalogue is not None
    found = {name for name, service in catalogue.services.items() if can_continue(service)}
    assert {"residence", "employment", "business", "contact"} <= found
    for name, service in catalogue.services.items():
        if service.confirm is not None or service.card == "none" or not service.apply:
            assert name not in found
