"""Merkle roots and proofs: against the definition in RFC 6962, and against whoever wants to cheat."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from offline_cache.wire.encoding import from_base64url, to_base64url
from provisioning.gateway.proofs.days import ProofInvalid, case_number, leaf_bytes, verify_proof
from provisioning.gateway.proofs.merkle import EMPTY_ROOT, inclusion_path, leaf_hash, root_from_path, root_of
from provisioning.gateway.store import JournalLine
from tests.gateway_days import journal, sealed_days

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word: D[n] split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


def defined_path(leaves: list[bytes], index: int) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*defined_path(leaves[:split], index), defined_root(leaves[split:])]
    return [*defined_path(leaves[split:], index - split), defined_root(leaves[:split])]


def test_the_vectors_of_certificate_transparency() -> None:
    """The tree heads that the reference implementation of RFC 6962 is tested with."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    leaves = [leaf_hash(bytes.fromhex(item)) for item in inputs]
    for size, root in roots.items():
        assert root_of(leaves[:size]).hex() == root
    assert root_of([]) == EMPTY_ROOT


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70))
def test_every_leaf_of_every_tree_is_proved(contents: list[bytes]) -> None:
    leaves = [leaf_hash(item) for item in contents]
    root = root_of(leaves)
    assert root == defined_root(contents)
    for index in range(len(leaves)):
        path = inclusion_path(leaves, index)
        assert list(path) == defined_path(contents, index)
        assert root_from_path(leaves[index], index, len(leaves), path) == root
    with pytest.raises(IndexError):
        inclusion_path(leaves, len(leaves))


@given(st.integers(1, 40), st.data())
def test_no_other_leaf_place_or_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root, index = root_of(leaves), data.draw(st.integers(0, size - 1))
    path = list(inclusion_path(leaves, index))
    other = data.draw(st.integers(0, size + 3))
    assume(other != index)
    assert root_from_path(leaves[index], other, size, path) != root
    assert root_from_path(leaf_hash(b"another"), index, size, path) != root
    assert root_from_path(leaves[index], index, size, [*path, bytes(32)]) != root
    if path:
        assert root_from_path(leaves[index], index, size, path[:-1]) != root
        place = data.draw(st.integers(0, len(path) - 1))
        changed = [*path]
        changed[place] = bytes([changed[place][0] ^ 1]) + changed[place][1:]
        assert root_from_path(leaves[index], index, size, changed) != root


@given(st.integers(1, 20), st.integers(0, 19))
def test_a_receipt_is_proved_by_its_case_number(size: int, place: int) -> None:
    assume(place < size)
    lines = journal(size)
    (day,), store = sealed_days(lines, KEY)
    proof = store.prove(lines[place])
    said = verify_proof(proof, PUBLIC, root=day.root.hex(), case=case_number(lines[place]))
    assert said["case"] == f"T0001-{place + 1:06d}"
    with pytest.raises(ProofInvalid, match="another case"):
        verify_proof(proof, PUBLIC, case="T0001-999999")
    with pytest.raises(ProofInvalid, match="published"):
        verify_proof(proof, PUBLIC, root="00" * 32)
    with pytest.raises(ProofInvalid, match="head"):
        verify_proof(proof, Ed25519PrivateKey.generate().public_key())


@given(st.integers(1, 12), st.data())
def test_a_changed_proof_proves_nothing_else(size: int, data: st.DataObject) -> None:
    """One bit anywhere in leaf, path or head: refused. Nothing but `ProofInvalid` is ever raised."""
    lines = journal(size)
    _, store = sealed_days(lines, KEY)
    proof = store.prove(lines[data.draw(st.integers(0, size - 1))])
    where = data.draw(st.sampled_from(["leaf", "head", *(["path"] if proof["path"] else [])]))
    day = proof["day"]
    assert isinstance(day, dict)

    def flipped(text: str) -> str:
        raw = bytearray(from_base64url(text))
        bit = data.draw(st.integers(0, len(raw) * 8 - 1))
        raw[bit // 8] ^= 1 << bit % 8
        return to_base64url(bytes(raw))

    if where == "head":
        changed = {**proof, "day": {**day, "head": flipped(str(day["head"]))}}
    elif where == "path":
        path = [str(item) for item in proof["path"]]  # type: ignore[attr-defined]
        changed = {**proof, "path": [flipped(path[0]), *path[1:]]}
    else:
        changed = {**proof, "leaf": flipped(str(proof["leaf"]))}
    with pytest.raises(ProofInvalid):
        verify_proof(changed, PUBLIC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["leaf", "head"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["case", "leaf", "index", "path", "day"]), JSON))
def test_any_other_json_is_refused_with_its_reason(proof: dict[str, object]) -> None:
    with pytest.raises(ProofInvalid):
        verify_proof(proof, PUBLIC)


@given(st.sampled_from([field.name for field in dataclasses.fields(JournalLine) if field.name != "position"]))
def test_a_leaf_fixes_everything_it_says(name: str) -> None:
    line = journal(1)[0]
    value = getattr(line, name)
    other = value + 1 if isinstance(value, int) else value[1:] + value[:1] if isinstance(value, bytes) else value + "x"
    assert leaf_bytes(dataclasses.replace(line, **{name: other})) != leaf_bytes(line)
