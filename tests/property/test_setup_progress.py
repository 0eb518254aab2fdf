"""What a pulled plug leaves of a commissioning: read again as it was, or refused; never a fault."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.staff.setup.progress import (
    MAX_CHARS,
    MAX_PROOFS,
    ProgressDamaged,
    proofs_json,
    read,
    read_proofs,
    written,
)
from kiosk.staff.setup.state import STEPS, Proof, Setup
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire.fleet import readiness as wire

NAMES = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True)
PROOFS = st.builds(
    Proof, NAMES, st.sampled_from(["ok", "warn"]), st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4)
)
SETUPS = st.builds(
    Setup,
    at=st.sampled_from(STEPS),
    proofs=st.lists(PROOFS, max_size=12).map(tuple),
    began=st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]", fullmatch=True),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(SETUPS)
def test_what_was_kept_is_read_as_it_was(setup: Setup) -> None:
    again = read(written(setup))
    assert (again.at, again.began, again.proofs) == (setup.at, setup.began, setup.proofs)
    assert read_proofs(proofs_json(setup.proofs)) == setup.proofs


@given(SETUPS, st.data())
@settings(max_examples=60)
def test_a_file_that_was_cut_or_changed_is_refused_or_read(setup: Setup, data: st.DataObject) -> None:
    text = written(setup)
    at = data.draw(st.integers(0, len(text)))
    for damaged in (text[:at], text[:at] + data.draw(st.characters(codec="utf-8")) + text[at + 1 :]):
        try:
            found = read(damaged)
        except ProgressDamaged:
            continue
        assert found.at in STEPS


@settings(max_examples=50)
@given(JSON)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ProgressDamaged):
        read(json.dumps(value))


GOOD = {"version": 1, "at": "touch", "began": "2027-05-18T10:02", "proofs": []}
ROW = {"name": "touch", "mark": "ok", "facts": {}}


@pytest.mark.parametrize("change", [
    {"version": 2}, {"at": "dance"}, {"at": 1}, {"began": "yesterday"}, {"began": 5}, {"proofs": {}},
    {"proofs": [ROW] * (MAX_PROOFS + 1)}, {"proofs": ["touch"]}, {"proofs": [{**ROW, "name": "No"}]},
    {"proofs": [{**ROW, "name": 3}]}, {"proofs": [{**ROW, "mark": "fine"}]}, {"proofs": [{**ROW, "facts": []}]},
    {"proofs": [{**ROW, "mark": ["ok"]}]}, {"proofs": [{**ROW, "facts": {"n": 5}}]},
    {"proofs": [{**ROW, "facts": {"n": "5" * 201}}]},
])  # fmt: skip
def test_each_part_is_held_to_its_form(change: dict[str, object]) -> None:
    assert read(json.dumps(GOOD)).at == "touch"
    with pytest.raises(ProgressDamaged):
        read(json.dumps({**GOOD, **change}))


def test_what_is_too_long_or_too_deep_is_not_even_parsed() -> None:
    for text in (" " * (MAX_CHARS + 1), "[" * 10_000):
        with pytest.raises(ProgressDamaged):
            read(text)


# ------------------------------------------------------------------------------------------------------ the report

PLAIN = dict.fromkeys(("terminal", "device", "model", "serial", "made_at", "began", "version", "gateway"), "x")
REPORT: dict[str, object] = {"format": wire.FORMAT, **PLAIN, "proofs": [ROW]}


@settings(max_examples=50)
@given(JSON)
def test_no_other_document_is_taken_for_a_report(value: object) -> None:
    with pytest.raises(MalformedMessage):
        wire.check(value)


@pytest.mark.parametrize("change", [
    {"format": "kiosk-readiness-9"}, {"terminal": 1}, {"proofs": {}}, {"proofs": [ROW] * 33}, {"proofs": ["touch"]},
    {"proofs": [{**ROW, "facts": []}]}, {"proofs": [{**ROW, "mark": "fine"}]}, {"proofs": [{**ROW, "facts": {"n": 1}}]},
    {"proofs": [{**ROW, "mark": {}}]},
    {"more": "x" * wire.MAX_BYTES},
])  # fmt: skip
def test_a_report_is_held_to_its_form(change: dict[str, object]) -> None:
    assert wire.check(REPORT)["terminal"] == "x"
    with pytest.raises(MalformedMessage):
        wire.check({**REPORT, **change})


@given(st.sampled_from(sorted(PLAIN)), st.text(max_size=6))
def test_a_changed_report_is_not_what_was_signed(field: str, value: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    signature = wire.signed(REPORT, key)
    wire.verify(REPORT, signature, key.public_key())
    changed = {**REPORT, field: value}
    if changed == REPORT:
        return
    with pytest.raises(BadSignature):
        wire.verify(changed, signature, key.public_key())


@given(st.text(max_size=40))
def test_no_other_text_is_a_signature(text: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    with pytest.raises(BadSignature):
        wire.verify(REPORT, text, key.public_key())
