"""Version 3 cards, the issuer's security module, and PIN change."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cards.registry import recognise
from drivers.cards.secure import mutual
from drivers.cards.secure.mutual import HsmAuthentication
from drivers.errors import CardNeedsHsm, CardProtocolError, PinBlocked, PinFormat, PinRejected
from drivers.sim.cards.chips.citizen import BENCH_MASTER_KEY
from provisioning.gateway import hsm
from provisioning.gateway.hsm import MockHsm
from provisioning.gateway.problems import Refused
from tests.cards import NAME, PIN, Contacts, sim_card
from tests.gateway_kit import GatewayKit
from tests.security_module import KeyModule

OTHER_KEY = bytes(range(16))


class AtTheGateway:
    """A security module reached through the gateway's application, without a socket."""

    def __init__(self, kit: GatewayKit) -> None:
        self.terminal = kit.enrol()
        self.bodies: list[bytes] = []

    def prove(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
        import json

        asked = {"card_id": card_id, "challenge": challenge.hex(), "cryptogram": cryptogram.hex()}
        self.bodies.append(json.dumps({**asked, "card_challenge": card_challenge.hex()}).encode())
        answer = self.terminal.post("/v1/hsm", self.bodies[-1])
        if answer.status != 200:
            raise CardProtocolError(answer.code)
        return bytes.fromhex(answer.json["proof"])


def opened(module: mutual.SecurityModule, **changes: object) -> tuple[Contacts, object]:
    contacts = Contacts(sim_card(version="3.00", **changes).process)
    return contacts, recognise(contacts, HsmAuthentication(module))


def test_a_version_3_card_gives_its_holder_to_the_module_at_the_gateway(tmp_path: Path) -> None:
    module = AtTheGateway(GatewayKit(tmp_path))
    contacts = Contacts(sim_card(version="3.00").process)
    card = recognise(contacts, HsmAuthentication(module))
    assert card.read_holder().name == NAME
    order = [sent[1] for sent in contacts.sent if sent[1] in (0x82, 0x84, 0x88)]
    assert order == [0x84, 0x84, 0x88, 0x84, 0x84, 0x82]
    assert next(sent[:5] for sent in contacts.sent if sent[1] == 0x82) == bytes.fromhex("0082000A10")
    assert card.read_holder().name == NAME
    answer = module.terminal.post("/v1/hsm", module.bodies[0])
    assert (answer.status, answer.code) == (403, "card-refused"), "a recording is refused"
    assert module.terminal.kit.call("POST", "/v1/hsm", module.bodies[0]).code == "unknown-terminal"


@pytest.mark.parametrize("style", ["61xx", "direct"])
def test_a_version_3_card_and_a_module_with_the_same_key(style: str) -> None:
    contacts = Contacts(sim_card(version="3.00", quirks={"response_style": style}).process)
    assert recognise(contacts, HsmAuthentication(KeyModule(BENCH_MASTER_KEY))).read_holder().name == NAME


def test_a_module_with_another_key_does_not_accept_the_card() -> None:
    contacts = Contacts(sim_card(version="3.00").process)
    with pytest.raises(CardProtocolError, match="does not accept"):
        recognise(contacts, HsmAuthentication(KeyModule(OTHER_KEY))).read_holder()


def test_a_card_does_not_open_to_a_module_that_only_says_yes() -> None:
    class Liar:
        def prove(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
            return bytes(16)

    contacts = Contacts(sim_card(version="3.00").process)
    card = recognise(contacts, HsmAuthentication(Liar()))
    with pytest.raises(CardProtocolError) as caught:
        card.read_holder()
    assert caught.value.sw == 0x6300
    with pytest.raises(CardNeedsHsm):
        recognise(contacts).read_holder()


def test_an_issuers_own_key_in_the_document() -> None:
    contacts = Contacts(sim_card(version="3.00", hsm_key=OTHER_KEY.hex()).process)
    assert recognise(contacts, HsmAuthentication(KeyModule(OTHER_KEY))).read_holder().name == NAME


def test_the_opened_file_closes_with_the_power() -> None:
    sim = sim_card(version="3.00")
    recognise(Contacts(sim.process), HsmAuthentication(KeyModule(BENCH_MASTER_KEY))).read_holder()
    sim.reset()
    with pytest.raises(CardNeedsHsm):
        recognise(Contacts(sim.process)).read_holder()


def test_a_challenge_is_good_once() -> None:
    sim = sim_card(version="3.00")
    key = mutual.card_key(BENCH_MASTER_KEY, bytes.fromhex("44019900D156000005A0B1C2D3E4F506"))
    challenge = b"".join((sim.process(bytes.fromhex("0084000008")) or b"")[:8] for _ in range(2))
    proof = bytes.fromhex("0082000A10") + mutual.module_proof(key, challenge)
    assert sim.process(proof) == b"\x90\x00"
    assert sim.process(proof) == b"\x69\x85"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"card_id":"00","challenge":"","cryptogram":"","card_challenge":""}', b"\xff", b"{" * 100],
)
def test_the_module_refuses_what_is_no_question(body: bytes) -> None:
    with pytest.raises(Refused, match="malformed"):
        MockHsm().prove(body)


def test_the_two_ends_agree_on_the_bench_key() -> None:
    assert hsm.BENCH_MASTER_KEY == BENCH_MASTER_KEY


# ---- PIN change


def test_a_changed_pin_is_the_pin() -> None:
    sim = sim_card()
    card = recognise(Contacts(sim.process))
    card.change_pin(PIN, "135791")
    sim.reset()
    again = recognise(Contacts(sim.process))
    with pytest.raises(PinRejected):
        again.verify_pin(PIN)
    again.verify_pin("135791")


def test_changing_with_a_wrong_pin_counts_down_until_the_card_is_blocked() -> None:
    sim = sim_card(tries_left=2)
    card = recognise(Contacts(sim.process))
    with pytest.raises(PinRejected) as caught:
        card.change_pin("000000", "135791")
    assert caught.value.tries_left == sim.tries_left == 1
    for old in ("000000", PIN):
        with pytest.raises(PinBlocked):
            card.change_pin(old, "135791")


@pytest.mark.parametrize(("old", "new"), [(PIN, "12345"), ("12345", "135791"), (PIN, PIN), (PIN, "12345a")])
def test_a_new_pin_that_is_none_never_reaches_the_card(old: str, new: str) -> None:
    contacts = Contacts(sim_card().process)
    card = recognise(contacts)
    contacts.sent.clear()
    with pytest.raises(PinFormat):
        card.change_pin(old, new)
    assert contacts.sent == []
