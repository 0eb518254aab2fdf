"""Traces: masked when they are made, refused when they are none, and whole when they are played."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cards.registry import recognise
from drivers.errors import CardError
from drivers.readers.trace import RecordingConnection, Trace, TraceInvalid, mask_answer, mask_command
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.chips.replay import ReplayCard
from drivers.sim.cards.issuer import CardAuthority
from tests.cards import ID_NUMBER, NAME, PIN, Contacts, sim_card


def traced(sim: SimCard) -> Trace:
    trace = Trace("citizen", sim.atr)
    card = recognise(RecordingConnection(Contacts(sim.process, sim.atr), trace))
    card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    card.read_holder()
    return trace


@pytest.mark.parametrize("mode", ["tag-sfi", "tag", "number-sfi", "number"])
def test_a_visit_is_replayed_without_whose_it_was(mode: str) -> None:
    sim = sim_card(quirks={"read_record_modes": [mode]})
    trace = Trace.from_json(json.loads(json.dumps(traced(sim).to_json())))
    played = ReplayCard(trace)
    card = recognise(Contacts(played.process, played.atr))
    facts, left = card.read_facts(), card.tries_left()
    card.verify_pin("000000")
    holder = card.read_holder()
    assert (facts.version, left, holder.name, played.unknown) == ("2.00", 3, "无名", 0)
    assert holder.birth_date == "1990-01-01"
    assert repr(played).startswith("ReplayCard(<citizen")


def test_no_byte_of_the_holder_and_no_pin_is_in_a_trace(tmp_path: Any) -> None:
    sim = sim_card(CardAuthority.load_or_create(tmp_path))
    trace = traced(sim)
    card = recognise(RecordingConnection(Contacts(sim.process, sim.atr), trace))
    card.verify_pin(PIN)
    signature, certificate = card.sign(b"x"), card.certificate()
    text = json.dumps(trace.to_json())
    secrets = (NAME.encode("gb18030"), ID_NUMBER.encode(), bytes.fromhex(PIN), signature[:8], certificate[40:60])
    assert not [secret for secret in secrets if secret.hex().upper() in text]
    assert "repr" not in repr(trace.exchanges[0]) or NAME not in repr(trace)


def test_what_was_never_asked_is_refused_and_power_begins_anew() -> None:
    played = ReplayCard(traced(sim_card()))
    assert played.process(b"\x00\xff\x00\x00") == b"\x6d\x00"
    assert played.unknown == 1
    first = played.process(bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF"))
    played.reset()
    assert played.process(bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")) == first


@given(st.binary(min_size=4, max_size=261))
def test_a_masked_command_is_as_long_and_tells_nothing_twice(command: bytes) -> None:
    masked = mask_command(command)
    assert len(masked) == len(command)
    assert masked[:4] == command[:4]
    assert mask_command(masked) == masked


@given(st.integers(0, 255), st.binary(max_size=256))
def test_a_masked_answer_is_as_long(ins: int, data: bytes) -> None:
    assert len(mask_answer(ins, data)) == len(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EXCHANGE = st.fixed_dictionaries({"command": JSON | st.just("00A40400"), "answer": JSON | st.just(""), "sw": JSON})


@given(
    JSON
    | st.fixed_dictionaries(
        {
            "kind": st.just("card-trace"),
            "version": st.just(1),
            "atr": JSON | st.just("3B00"),
            "exchanges": st.lists(EXCHANGE, max_size=3) | JSON,
        }
    )
)
def test_any_json_is_a_trace_or_refused(document: Any) -> None:
    try:
        card = ReplayCard(Trace.from_json(document))
        recognise(Contacts(card.process, card.atr))
    except (TraceInvalid, CardError):
        return
