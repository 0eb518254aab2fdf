"""Quirks and fault scripts: every fault a card can have, from data, and the same again from the same seed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cards.registry import identify, recognise
from drivers.errors import CardError, CardProtocolError
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.faults import Fault
from drivers.sim.cards.issuer import CardAuthority
from tests.cards import Contacts, belgian_document, card_document, emrtd_document, piv_document, sim_card

TRIES = bytes.fromhex("00200000")
DOCUMENTS = (card_document, belgian_document, piv_document, emrtd_document)


def scripted(*steps: dict[str, Any], seed: int = 1, **quirks: Any) -> SimCard:
    return sim_card(quirks={"script": {"seed": seed, "steps": list(steps)}, **quirks})


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ({"fault": "truncate"}, b"\x63"),
        ({"fault": "wrong-length"}, b"\x00\x63\xc3"),
        ({"fault": "status", "sw": "6581"}, b"\x65\x81"),
        ({"fault": "mute"}, None),
        ({"fault": "die"}, None),
        ({"fault": "delay", "delay_ms": 250}, b"\x63\xc3"),
    ],
)
def test_the_fault_strikes_at_its_apdu_and_at_no_other(step: dict[str, Any], answer: bytes | None) -> None:
    card = scripted({**step, "apdu": 2})
    assert card.process(TRIES) == b"\x63\xc3"
    assert card.process(TRIES) == answer
    assert card.answer_delay_s == (0.25 if step["fault"] == "delay" else 0.0)
    lasting = step["fault"] in ("mute", "die")
    assert card.process(TRIES) == (None if lasting else b"\x63\xc3")
    assert [(one.apdu, one.fault) for one in card.struck] == [(2, Fault(step["fault"]))]
    card.reset()
    dead = step["fault"] == "die"
    assert card.process(TRIES) == (None if dead else b"\x63\xc3"), "power brings a mute card back, and no dead one"
    assert (card.atr == b"") == dead


@pytest.mark.parametrize(
    ("quirk", "fault"),
    [("wrong_length_apdu", "wrong-length"), ("garbage_apdu", "garbage"), ("dies_at_apdu", "die")],
)
def test_a_quirk_that_names_one_apdu(quirk: str, fault: str) -> None:
    card = sim_card(quirks={quirk: 1})
    card.process(TRIES)
    assert [one.fault for one in card.struck] == [Fault(fault)]


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    def run(seed: int) -> tuple[list[object], list[bytes | None]]:
        card = scripted({"fault": "garbage", "chance": 0.3}, {"fault": "truncate", "chance": 0.2}, seed=seed)
        answers = [card.process(TRIES) for _ in range(60)]
        return list(card.struck), answers

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert 10 < len(run(7)[0]) < 50


def test_a_fault_that_is_allowed_so_often() -> None:
    card = scripted({"fault": "status", "chance": 1.0, "times": 2})
    assert [card.process(TRIES) for _ in range(3)] == [b"\x6f\x00", b"\x6f\x00", b"\x63\xc3"]


@pytest.mark.parametrize("name", ["silent", "too-long", "bad-first-byte", "cut"])
def test_an_answer_to_reset_that_is_none(name: str) -> None:
    from drivers.sim.cards.reader import _answers_reset

    assert not _answers_reset(sim_card(quirks={"atr_fault": name}))


@pytest.mark.parametrize(
    ("quirks", "field"),
    [
        ({"atr_fault": "loud"}, "quirks.atr_fault"),
        ({"garbage_apdu": 0}, "quirks.garbage_apdu"),
        ({"script": {"steps": [{"fault": "fire"}]}}, "quirks.script.steps.0.fault"),
        ({"script": {"steps": [{"fault": "mute", "chance": 2}]}}, "quirks.script.steps.0.chance"),
        ({"script": {"steps": [{"fault": "status", "sw": "9"}]}}, "quirks.script.steps.0.sw"),
    ],
)
def test_a_script_that_cannot_be_played(quirks: dict[str, Any], field: str) -> None:
    with pytest.raises(CardDocumentError) as caught:
        sim_card(quirks=quirks)
    assert caught.value.field == field


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


FAULTS = st.sampled_from(["truncate", "wrong-length", "garbage", "status", "mute"])
STEPS = st.lists(st.fixed_dictionaries({"fault": FAULTS, "apdu": st.integers(1, 20)}), max_size=4)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_whatever_strikes_a_read_ends_in_the_right_holder_or_a_card_error(
    document: Any, authority: CardAuthority
) -> None:
    clean = SimCard.from_document(document(), authority)
    reads = document is not emrtd_document

    @given(STEPS, st.integers(0, 1 << 20))
    @settings(max_examples=150, deadline=None)
    def run(steps: list[dict[str, Any]], seed: int) -> None:
        sim = SimCard.from_document(document(quirks={"script": {"seed": seed, "steps": steps}}), authority)
        try:
            card = identify(Contacts(sim.process, sim.atr))
            found = card.read_facts(), card.read_holder() if reads else None
        except CardError:
            return
        whole = identify(Contacts(clean.process, clean.atr))
        wanted = whole.read_facts(), whole.read_holder() if reads else None
        if not sim.struck:
            assert found == wanted

    run()


def test_a_garbled_record_is_refused() -> None:
    with pytest.raises(CardProtocolError):
        recognise(Contacts(sim_card(quirks={"garbage_apdu": 3}).process)).read_facts()
