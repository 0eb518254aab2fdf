"""A definition from anywhere is either taken whole or refused by name; settings too."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk import settings as kiosk_settings
from kiosk.services import forms
from kiosk.services.definition import Catalogue, DefinitionInvalid
from kiosk.services.forms import Form
from kiosk.services.parsing import parse_catalogue, parse_definition
from kiosk.settings import Settings, SettingsInvalid
from tests.unit.visit_kit import EVERY_TYPE, HOLDER, shared_and_definitions, tomllib_copy

SHARED, DEFINITIONS = shared_and_definitions()
WHOLE = {"shared": SHARED, "definitions": [*DEFINITIONS, EVERY_TYPE]}

T = TypeVar("T")


def taken(read: Callable[[], T], refusal: type[Exception]) -> T | None:
    """What was read, or None where it was refused with a reason. Anything else that is raised fails the test."""
    try:
        return read()
    except refusal as error:
        said = str(error)
    assert said
    return None


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.just(10**400), st.just(["x", 1, None]), st.just({"zh-Hans": "甲", "en": "A"}), st.just({"zh-Hans": 1}),
    st.sampled_from(["choice", "date", "pop.person.name", "yes-no", "#", "[", "a{99999999999}", "network"]),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document that can be changed."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.extend(places(item, (*path, key)))
    return found


PLACES = [path for path in places(WHOLE) if len(path) > 1]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The shipped tables with one to three places replaced, removed or doubled."""
    whole = tomllib_copy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PLACES))
        parent: Any = whole
        try:
            for key in path[:-1]:
                parent = parent[key]
            match draw(st.sampled_from(["replace", "remove", "double"])):
                case "replace":
                    parent[path[-1]] = draw(ODD)
                case "remove":
                    del parent[path[-1]]
                case _:
                    parent.append(parent[path[-1]]) if isinstance(parent, list) else parent.update({"odd": draw(ODD)})
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    return whole


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_catalogue_that_somebody_meddled_with_is_taken_whole_or_refused_by_name(whole: dict[str, Any]) -> None:
    made = taken(lambda: parse_catalogue("test", whole["definitions"], whole["shared"]), DefinitionInvalid)
    if made is not None:
        usable(made)


def usable(made: Catalogue) -> None:
    """What was taken can be computed with, for somebody of whom nothing is known and for a holder."""
    for service in made.services.values():
        for holder in (None, HOLDER):
            form = Form(service, "2026-05-18", holder)
            plan = forms.plan(form)
            forms.eligible(form)
            for item in service.fields:
                forms.options(form, item)
                forms.shown(form, item, "en")
            assert not [item for item in plan.rows if item in plan.questions]
            json.dumps(forms.document_fields(form))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(sorted(EVERY_TYPE)))
def test_whatever_stands_in_a_definition_it_is_taken_or_refused(value: Any, key: str) -> None:
    for raw in (value, {**EVERY_TYPE, key: value}, {**EVERY_TYPE, "field": [{**EVERY_TYPE["field"][0], "id": value}]}):
        made = taken(lambda raw=raw: parse_definition(raw, SHARED), DefinitionInvalid)
        assert made is None or made.id


KNOWN = st.sampled_from(sorted(Settings.__dataclass_fields__))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.one_of(KNOWN, st.text(max_size=5)), st.one_of(JSON, st.just(10**400)), max_size=3))
def test_settings_are_taken_within_their_bounds_or_refused_by_name(values: dict[str, Any]) -> None:
    made = taken(lambda: kiosk_settings.parse(values), SettingsInvalid)
    if made is None:
        return
    for name, item in Settings.__dataclass_fields__.items():
        value, low, high = getattr(made, name), item.metadata["low"], item.metadata["high"]
        assert type(value) is type(item.default)
        assert low is None or value >= low
        assert high is None or value <= high
        assert not item.metadata["among"] or value in item.metadata["among"]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))))
def test_a_settings_file_of_any_bytes_is_read_or_refused(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kiosk.toml"
        file.write_bytes(raw)
        assert taken(lambda: kiosk_settings.load(file), SettingsInvalid) in {None, Settings()}
