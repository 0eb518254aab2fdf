"""Every family reads its own seeds, so that no target rots; and what a fuzzer would find is told as a finding."""

from __future__ import annotations

import importlib
import json

import pytest

from drivers.errors import CardProtocolError
from tests.fuzz.changes import changed
from tests.fuzz.kit import NAMES, Family, Reader, joined, sliced


@pytest.mark.parametrize("name", NAMES)
def test_a_family_reads_what_the_house_itself_writes(name: str) -> None:
    family: Family = importlib.import_module(f"tests.fuzz.{name}").FAMILY
    taken = {reader for reader, seed in family.seeds() if family.run(seed) == ""}
    assert {reader.name for reader in family.readers} == taken, "a seed of each is taken whole"


def test_an_exception_that_is_no_leaf_is_a_finding() -> None:
    def read(raw: bytes) -> None:
        if raw == b"1":
            raise CardProtocolError("refused")
        raise KeyError(raw)

    family = Family(Reader("any", read, (CardProtocolError,), lambda: [b"1"]))
    assert [(name, family.run(seed)) for name, seed in family.seeds()] == [("any", "card-unreadable")]
    with pytest.raises(KeyError):
        family.run(b"\x002")
    assert family.run(b"") == ""


def test_a_leaf_without_a_code_is_a_finding() -> None:
    def read(_raw: bytes) -> None:
        raise ValueError

    with pytest.raises(AssertionError):
        Family(Reader("any", read, (ValueError,), list)).run(b"\0")


def test_parts_are_found_again() -> None:
    parts = [b"", b"ab", bytes(300)]
    assert sliced(joined(parts)) == parts


@pytest.mark.parametrize("document", [b'\0{"a": [1, {"b": "c"}]}', b"\0\xa1\x61a\x82\x01\x02", b'\0a = 1\nb = "c"\n'])
def test_a_change_leaves_a_document_a_document_and_comes_again_with_its_seed(document: bytes) -> None:
    made = {changed(document, seed) for seed in range(50)}
    assert None not in made
    assert len(made) > 10
    assert changed(document, 7) == changed(document, 7)
    if document.startswith(b"\0{"):
        assert all(json.loads(text[1:]) is not ... for text in made if text is not None)


def test_noise_is_left_to_the_fuzzer() -> None:
    assert changed(b"\0\xff\xfe", 1) is None
