"""A card that is reported lost is blocked everywhere, and opened again by its holder."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from offline_cache.messages import json_dumps
from offline_cache.wire.encoding import to_base64url
from provisioning.gateway.offices.proof import proven, signed_bytes
from tests.gateway_kit import NEWCOMER, PARENT, Card, CardOffice, GatewayKit, Terminal

on_both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def office(kit: GatewayKit) -> CardOffice:
    office = CardOffice()
    office.trust(kit.folder)
    return office


def holder_of(card: Card) -> str:
    names = x509.load_der_x509_certificate(card.certificate).subject
    return str(names.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value)


def sign(card: Card, data: bytes) -> bytes:
    r, s = decode_dss_signature(card.key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def entry(card: Card, service: str, **fields: str) -> dict[str, object]:
    """What a terminal records when the holder hands this in."""
    document: dict[str, object] = {
        "kind": "application",
        "service": service,
        "holder": {"name": "陈晓娴", "id_number": holder_of(card)},
        "fields": {name: {"value": value, "origin": "answer"} for name, value in fields.items()},
    }
    proof = {"signature": sign(card, signed_bytes(document)), "certificate": card.certificate}
    texts = {name: base64.b64encode(value).decode("ascii") for name, value in proof.items()}
    return {"number": "T0001-000001", **document, "card_signature": texts}


def hand_in(kit: GatewayKit, terminal: Terminal, document: Mapping[str, object]) -> list[tuple[str, str]]:
    terminal.record(dict(document))
    assert terminal.push(terminal.batch(len(terminal.rows), len(terminal.rows))).status == 200
    kit.gateway.town.intake.work()
    return [(item.verdict.verdict, item.verdict.reason) for item in kit.store.verdicts(terminal.name, 0, 100)]


def state(terminal: Terminal, card: Card) -> Any:
    asked = json_dumps({"certificate": to_base64url(card.certificate)})
    return terminal.post("/v1/card-status", asked).json


@on_both
def test_a_loss_blocks_the_card_at_every_terminal_and_for_every_lookup(kit: GatewayKit, office: CardOffice) -> None:
    here, there = kit.enrol(), kit.enrol()
    card, other = office.issue(PARENT), office.issue(NEWCOMER)
    assert card.lookup(here, "household-proof", "pop.person").status == 200
    assert state(there, card) == {"state": "valid"}
    assert hand_in(kit, here, entry(card, "card", action="loss")) == [("accepted", "")]
    assert state(there, card) == {"state": "lost"}
    refused = card.lookup(there, "household-proof", "pop.person")
    assert (refused.status, refused.code) == (403, "card-lost")
    assert other.lookup(there, "household-proof", "pop.person").status == 200, "nobody else's"
    kit.clock.pass_s(86_400)
    office.now = kit.clock.now + datetime.timedelta(days=30)  # it gives out cards that are valid since a month
    newer = office.issue(PARENT)
    assert newer.lookup(there, "household-proof", "pop.person").status == 200, "a new card is not the lost one"


@on_both
def test_a_card_that_was_found_is_opened_by_its_holder(kit: GatewayKit, office: CardOffice) -> None:
    terminal, card = kit.enrol(), office.issue(PARENT)
    hand_in(kit, terminal, entry(card, "card", action="loss"))
    said = hand_in(kit, terminal, entry(card, "card-found", action="withdraw"))
    assert said[-1] == ("accepted", "")
    assert state(terminal, card) == {"state": "valid"}
    answer = card.lookup(terminal, "card", "card.status", "id.link", "id.certificate")
    subjects = answer.json["subjects"]
    assert subjects["card.status"]["record"] == {"state": "valid", "expires": "2035-03-01", "reported": ""}
    assert subjects["id.link"]["record"] == {"card": "X00000019", "si_no": "S440199000021", "uscc": []}
    assert subjects["id.certificate"]["record"]["status"] == "issued"
    assert hand_in(kit, terminal, entry(card, "card-found", action="withdraw"))[-1] == ("rejected", "nothing-reported")


def test_somebody_else_s_signature_stops_nobody_s_card(kit: GatewayKit, office: CardOffice) -> None:
    terminal, card, thief = kit.enrol(), office.issue(PARENT), office.issue(NEWCOMER)
    forged = entry(thief, "card", action="loss")
    forged["holder"] = {"name": "陈晓娴", "id_number": PARENT}
    assert hand_in(kit, terminal, forged) == [("rejected", "card-refused")]
    changed = entry(card, "card", action="pin")
    changed["fields"] = {"action": {"value": "loss", "origin": "answer"}}
    assert hand_in(kit, terminal, changed)[-1] == ("rejected", "card-refused")
    assert state(terminal, card) == {"state": "valid"}


def test_certificates_are_issued_until_the_loss_revokes_them(kit: GatewayKit, office: CardOffice) -> None:
    terminal, card = kit.enrol(), office.issue(PARENT)
    card.lookup(terminal, "card", "card.status")
    cards, person = kit.gateway.town.cards, kit.authority.pseudonym(PARENT)
    record = cards.certificates(person)
    assert record is not None
    assert record["status"] == "issued"
    hand_in(kit, terminal, entry(card, "card", action="loss"))
    record = cards.certificates(person)
    assert record is not None
    assert (record["status"], cards.status(person, None)["state"]) == ("revoked", "lost")
    assert cards.certificates(b"nobody") is None


def test_a_proof_that_does_not_hold_proves_nobody(kit: GatewayKit, office: CardOffice) -> None:
    card = office.issue(PARENT)
    good = entry(card, "card", action="data")
    accepts = kit.gateway.releaser.cards
    assert proven(good, accepts, kit.clock.ms) is not None
    for bad in (
        {**good, "holder": None},
        {**good, "holder": {"id_number": ""}},
        {**good, "card_signature": "x"},
        {**good, "card_signature": {"signature": "!", "certificate": "!"}},
        {**good, "card_signature": {"signature": "AA==", "certificate": "AA=="}},
        {name: value for name, value in good.items() if name != "card_signature"},
    ):
        assert proven(bad, accepts, kit.clock.ms) is None


def test_somebody_who_calls_12345_has_the_card_blocked(kit: GatewayKit, office: CardOffice) -> None:
    terminal, card = kit.enrol(), office.issue(PARENT)
    headers = {"authorization": f"Bearer {kit.authority.operator_token}"}

    def call(**told: str) -> Any:
        return kit.call("POST", "/v1/card-losses", json_dumps(told), headers=headers)

    assert call(id_number=PARENT, state="lost").json == {"state": "lost", "new": True}
    assert call(id_number=PARENT, state="lost").json == {"state": "lost", "new": False}
    assert card.lookup(terminal, "household-proof", "pop.person").code == "card-lost"
    assert call(id_number=PARENT, state="found").json == {"state": "found", "new": True}
    assert state(terminal, card) == {"state": "valid"}
    linked: Any = kit.gateway.releaser.register.record(PARENT, "id.link")
    assert call(id_number=linked["si_no"], state="lost").json == {"state": "lost", "new": True}
    assert state(terminal, card) == {"state": "lost"}
    assert call(id_number=linked["card"], state="found").json == {"state": "found", "new": True}
    assert call(id_number=PARENT, state="stolen").code == "malformed"
    assert kit.call("POST", "/v1/card-losses", b"{}").code == "operator-required"


def by_identity_card(service: str, number: str = PARENT, **fields: str) -> dict[str, object]:
    """What a terminal records when an identity card said who it is: nobody signed."""
    return {
        "number": "T0001-000009",
        "kind": "application",
        "service": service,
        "card": "resident-id",
        "holder": {"name": "陈晓娴", "id_number": number},
        "fields": {name: {"value": value, "origin": "answer"} for name, value in fields.items()},
    }


@on_both
def test_an_identity_card_stops_its_holder_s_lost_card_everywhere(kit: GatewayKit, office: CardOffice) -> None:
    here, there = kit.enrol(), kit.enrol()
    card, other = office.issue(PARENT), office.issue(NEWCOMER)
    assert hand_in(kit, here, by_identity_card("card-lost", action="loss")) == [("accepted", "")]
    assert state(there, card) == {"state": "lost"}
    assert card.lookup(there, "household-proof", "pop.person").code == "card-lost"
    assert state(there, other) == {"state": "valid"}
    assert hand_in(kit, here, by_identity_card("card-lost", action="loss"))[-1] == ("rejected", "loss-reported-already")
    assert hand_in(kit, here, entry(card, "card-found", action="withdraw"))[-1] == ("accepted", "")
    assert state(there, card) == {"state": "valid"}


@pytest.mark.parametrize(
    ("service", "action"),
    [("card-found", "withdraw"), ("card", "loss"), ("card-lost", "withdraw"), ("card-lost", "pin")],
)
def test_an_identity_card_does_nothing_else_to_a_card(
    service: str, action: str, kit: GatewayKit, office: CardOffice
) -> None:
    terminal, card = kit.enrol(), office.issue(PARENT)
    hand_in(kit, terminal, entry(card, "card", action="loss"))
    before = state(terminal, card)
    said = hand_in(kit, terminal, by_identity_card(service, action=action))
    assert said[-1] == ("rejected", "card-refused")
    assert state(terminal, card) == before


def test_an_identity_card_opens_nobody_s_case(kit: GatewayKit, office: CardOffice) -> None:
    document = by_identity_card("household-proof")
    accepts = kit.gateway.releaser.cards
    assert proven(document, accepts, kit.clock.ms) is None
    found = proven(document, accepts, kit.clock.ms, by_identity=True)
    assert found is not None
    assert (found.id_number, found.by) == (PARENT, "resident-id")


def test_a_strange_card_has_no_state(kit: GatewayKit) -> None:
    terminal, strange = kit.enrol(), CardOffice().issue(PARENT)
    asked = json_dumps({"certificate": to_base64url(strange.certificate)})
    assert terminal.post("/v1/card-status", asked).code == "card-refused"
    assert terminal.post("/v1/card-status", b"{}").code == "malformed"
