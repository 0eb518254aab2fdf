"""No card, no data: which lookups are answered, which are not, and what is written down."""

from __future__ import annotations

import dataclasses
import datetime
import sqlite3
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.messages import LookupRequest, encode_lookup_request
from tests.gateway_kit import ASSETS, NEWCOMER, NOON, PARENT, Answer, Card, CardOffice, GatewayKit, Terminal


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    return kit.enrol()


@pytest.fixture
def office(kit: GatewayKit) -> CardOffice:
    office = CardOffice()
    office.trust(kit.folder)
    return office


@pytest.fixture
def card(office: CardOffice) -> Card:
    return office.issue(PARENT)


def send(terminal: Terminal, request: LookupRequest) -> Answer:
    return terminal.post("/v1/lookups", encode_lookup_request(request))


def test_the_card_in_the_slot_releases_what_its_holder_consented_to(terminal: Terminal, card: Card) -> None:
    answer = card.lookup(terminal, "household-proof", "pop.person", "pop.household", "msg.contact")
    assert answer.status == 200
    subjects = answer.json["subjects"]
    assert set(subjects) == {"pop.person", "pop.household", "msg.contact"}
    person = subjects["pop.person"]
    assert (person["agency"], person["updated"]) == ("psb", "2026-11-20")
    assert (person["record"]["rid"], person["record"]["name"]) == (PARENT, "陈晓娴")
    assert len(subjects["pop.household"]["record"]["members"]) == 3
    assert subjects["msg.contact"]["updated"] == "2026-03-02"
    assert "updated" not in subjects["msg.contact"]["record"]


def test_a_person_the_city_does_not_know_has_no_record(terminal: Terminal, office: CardOffice) -> None:
    answer = office.issue("110105194912310021").lookup(terminal, "household-proof", "pop.person")
    assert answer.status == 200
    assert answer.json["subjects"]["pop.person"]["record"] is None


def test_a_generated_citizen_has_records_too(kit: GatewayKit, terminal: Terminal, office: CardOffice) -> None:
    register = kit.gateway.releaser.register
    someone = register._people.person(123)
    answer = office.issue(someone.id_number).lookup(terminal, "household-proof", "pop.person", "pop.household")
    assert answer.json["subjects"]["pop.person"]["record"]["name"] == someone.name
    members = answer.json["subjects"]["pop.household"]["record"]["members"]
    assert someone.id_number in {member["rid"] for member in members}


def test_a_nonce_serves_once(terminal: Terminal, card: Card) -> None:
    request = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    assert send(terminal, request).status == 200
    answer = send(terminal, request)
    assert (answer.status, answer.code) == (409, "nonce-invalid")


def test_a_nonce_is_used_up_by_a_try_that_failed(terminal: Terminal, card: Card) -> None:
    request = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    assert send(terminal, dataclasses.replace(request, signature=bytes(64))).code == "card-refused"
    assert send(terminal, request).code == "nonce-invalid"


def test_the_citizen_took_too_long(kit: GatewayKit, terminal: Terminal, card: Card) -> None:
    early = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    late = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    kit.clock.pass_s(119.9)
    assert send(terminal, early).status == 200
    kit.clock.pass_s(0.1)
    assert send(terminal, late).code == "nonce-invalid"


def test_a_nonce_of_another_terminal(kit: GatewayKit, terminal: Terminal, card: Card) -> None:
    other = kit.enrol()
    nonce = other.nonce()
    assert send(terminal, card.ask(terminal.name, nonce, "household-proof", ["pop.person"])).code == "nonce-invalid"
    assert send(other, card.ask(other.name, nonce, "household-proof", ["pop.person"])).status == 200


def test_the_consent_was_given_at_another_terminal(kit: GatewayKit, terminal: Terminal, card: Card) -> None:
    other = kit.enrol()
    assert send(other, card.ask(terminal.name, other.nonce(), "household-proof", ["pop.person"])).code == "card-refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"subjects": ("msg.contact", "pop.person")},
        {"subjects": ("pop.household",)},
        {"service": "residence"},
        {"session": "s-2"},
    ],
)
def test_more_was_asked_than_the_card_signed(terminal: Terminal, card: Card, changes: dict[str, object]) -> None:
    request = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    answer = send(terminal, dataclasses.replace(request, **changes))  # type: ignore[arg-type]
    assert answer.code == "card-refused"
    assert b"record" not in answer.body


def test_another_card_signed(terminal: Terminal, office: CardOffice, card: Card) -> None:
    request = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    other = office.issue(NEWCOMER)
    assert send(terminal, dataclasses.replace(request, certificate=other.certificate)).code == "card-refused"


def test_a_card_of_an_office_nobody_trusts_until_its_certificate_is_there(kit: GatewayKit, terminal: Terminal) -> None:
    stranger = CardOffice()
    card = stranger.issue(PARENT)
    assert card.lookup(terminal, "household-proof", "pop.person").code == "card-refused"
    (kit.folder / "card-cas" / "broken.pem").write_text("not a certificate")
    stranger.trust(kit.folder, "stranger.pem")
    assert card.lookup(terminal, "household-proof", "pop.person").status == 200
    assert "card-cas/broken.pem" in kit.call("GET", "/").body.decode()
    (kit.folder / "card-cas" / "stranger.pem").unlink()
    assert card.lookup(terminal, "household-proof", "pop.person").code == "card-refused"


def test_a_card_cannot_issue_cards(terminal: Terminal, office: CardOffice, kit: GatewayKit) -> None:
    """A card's certificate put into the trust folder by mistake is no authority."""
    card = office.issue(PARENT)
    rogue = CardOffice()
    rogue.key, rogue.certificate = card.key, x509.load_der_x509_certificate(card.certificate)
    rogue.name = rogue.certificate.subject
    rogue.trust(kit.folder, "rogue.pem")
    assert rogue.issue(NEWCOMER).lookup(terminal, "household-proof", "pop.person").code == "card-refused"
    assert card.lookup(terminal, "household-proof", "pop.person").status == 200


def test_certificates_end(kit: GatewayKit, terminal: Terminal, office: CardOffice) -> None:
    card = office.issue(PARENT, days=10)
    kit.clock.pass_s(9 * 86400)
    assert card.lookup(terminal, "household-proof", "pop.person").status == 200
    kit.clock.pass_s(2 * 86400)
    assert card.lookup(terminal, "household-proof", "pop.person").code == "card-refused"
    short = CardOffice(days=20)
    short.trust(kit.folder, "short.pem")
    card = short.issue(PARENT, days=3000)
    assert card.lookup(terminal, "household-proof", "pop.person").status == 200
    kit.clock.pass_s(10 * 86400)
    assert card.lookup(terminal, "household-proof", "pop.person").code == "card-refused"


def test_a_card_with_another_kind_of_key_or_without_a_number(terminal: Terminal, office: CardOffice) -> None:
    assert office.issue(None).lookup(terminal, "household-proof", "pop.person").code == "card-refused"
    other = office.issue(PARENT, curve=ec.SECP384R1())
    assert other.lookup(terminal, "household-proof", "pop.person").code == "card-refused"
    request = other.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    assert send(terminal, dataclasses.replace(request, certificate=b"\x30\x00")).code == "card-refused"


def test_a_service_may_ask_only_for_what_the_catalogue_allows_it(terminal: Terminal, card: Card) -> None:
    answer = card.lookup(terminal, "household-proof", "pop.person", "property.title")
    assert (answer.status, answer.code) == (403, "subject-refused")
    assert card.lookup(terminal, "household-proof", "pop.everything").code == "subject-refused"
    assert card.lookup(terminal, "gossip", "pop.person").code == "service-unknown"
    assert card.lookup(terminal, "residence", "property.title", "lease.record").status == 200


def test_no_lookup_without_a_terminals_certificate(kit: GatewayKit, terminal: Terminal, card: Card) -> None:
    body = encode_lookup_request(card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"]))
    assert kit.call("POST", "/v1/lookups", body).code == "unknown-terminal"
    assert kit.call("POST", "/v1/nonce").code == "unknown-terminal"


def test_who_asked_is_written_down_before_anything_leaves(kit: GatewayKit, terminal: Terminal, card: Card) -> None:
    card.lookup(terminal, "household-proof", "pop.person", "pop.household")
    kit.clock.pass_s(60)
    card.lookup(terminal, "residence", "lease.record")
    log = kit.store.accesses(kit.authority.pseudonym(PARENT), 10)
    assert [(line.service, line.subject) for line in log] == [
        ("residence", "lease.record"),
        ("household-proof", "pop.person"),
        ("household-proof", "pop.household"),
    ]
    assert {line.terminal for line in log} == {terminal.name}
    assert log[0].at_ms == kit.clock.ms
    assert kit.store.accesses(kit.authority.pseudonym(NEWCOMER), 10) == ()


def test_the_citizen_reads_who_asked(tmp_path: Path) -> None:
    services = tmp_path / "services"
    services.mkdir()
    for file in (ASSETS / "services").glob("*.toml"):
        (services / file.name).write_bytes(file.read_bytes())
    definition = (services / "household-proof.toml").read_text("utf-8").replace('"household-proof"', '"access-log"')
    (services / "access-log.toml").write_text(definition, "utf-8")
    kit = GatewayKit(tmp_path / "gateway", services)
    office = CardOffice()
    office.trust(kit.folder)
    terminal, card = kit.enrol(), office.issue(PARENT)
    card.lookup(terminal, "household-proof", "pop.household")
    rows = card.lookup(terminal, "access-log", "audit.access").json["subjects"]["audit.access"]["record"]["rows"]
    assert [(row["subject"], row["purpose"], row["who"]) for row in rows] == [
        ("audit.access", "access-log", "psb"),
        ("pop.household", "household-proof", "psb"),
    ]
    assert rows[0]["time"] == NOON.astimezone(datetime.timezone(datetime.timedelta(hours=8))).isoformat()


def test_no_holder_data_in_database_log_or_problem(kit: GatewayKit, terminal: Terminal, office: CardOffice) -> None:
    card = office.issue(PARENT)
    card.lookup(terminal, "household-proof", "pop.person", "pop.household", "msg.contact")
    refused = card.lookup(terminal, "household-proof", "property.title")
    broken = card.ask(terminal.name, terminal.nonce(), "household-proof", ["pop.person"])
    answer = send(terminal, dataclasses.replace(broken, signature=b"\1" * 64))
    kit.store.close()
    with sqlite3.connect(kit.folder / "gateway.db") as database:
        dump = "\n".join(database.iterdump())
    secrets = (PARENT, "陈晓娴", "Holder", "榕荫路", PARENT.encode().hex().upper(), "陈晓娴".encode().hex().upper())
    for place in (dump, str(kit.log), refused.body.decode(), answer.body.decode(), repr(broken), repr(kit.authority)):
        for secret in secrets:
            assert secret not in place
    assert "T0001" in dump
