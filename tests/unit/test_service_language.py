"""What a definition may say beyond a plain field: usual choices, one's own only record, ages, bounds, who may apply."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

from kiosk.cli.pages.service_schema import service_schema
from kiosk.pieces.released import SubjectData
from kiosk.services import forms, parsing
from kiosk.services.definition import (
    AgeFilter,
    Choice,
    Condition,
    DefinitionInvalid,
    FieldDefinition,
    SubjectChoices,
)
from kiosk.services.definition import Test as FieldTest
from kiosk.services.forms import Form, Value
from kiosk.services.parsing import parse_definition
from kiosk.terminal import parse_content
from offline_cache.messages import json_object, verify1
from provisioning.gateway.catalogue import CatalogueInvalid, CatalogueSource
from tests.gateway_kit import ASSETS
from tests.unit.visit_kit import CATALOGUE, EVERY_TYPE, HOLDER, shared_and_definitions

SHARED, DEFINITIONS = shared_and_definitions()
WORDS = {"zh-Hans": "甲", "en": "A"}
ONE, TWO = Choice("1", {"zh-Hans": "一", "en": "One"}), Choice("2", {"zh-Hans": "二", "en": "Two"})
PLAIN = FieldDefinition("it", WORDS, "choice", WORDS, choices=(ONE, TWO))
AGES = AgeFilter("birth", 6, 7, "08-31")
OWN = SubjectChoices("pop.household", "members", "#", ("name",), {}, ages=AGES)
CHILD = replace(PLAIN, choices=(), subject_choices=OWN)


def form(item: FieldDefinition, today: str = "2026-05-18", **records: dict[str, Any] | None) -> Form:
    data = {
        key.replace("_", "."): SubjectData(key.replace("_", "."), "psb", "2026-05-01", records[key]) for key in records
    }
    return Form(replace(CATALOGUE.services["contact"], fields=(item,), who=Condition()), today, HOLDER, data)


def household(*births: object) -> dict[str, Any]:
    return {"members": [{"name": f"甲{number}", "birth": birth} for number, birth in enumerate(births)]}


def parsed(**changed: object) -> FieldDefinition:
    item = {"id": "it", "type": "choice", "label": WORDS, "choices": "yes-no", **changed}
    return parse_definition({**EVERY_TYPE, "field": [item]}, SHARED).field("it")


# ------------------------------------------------------------------------------------------- the usual choice


def test_the_usual_choice_is_filled_in_and_told_from_what_the_city_knows() -> None:
    item = replace(PLAIN, default="2", source="pop.person.it", edit="change")
    assert forms.prefilled(form(item), item) == Value("2", "usual")
    assert forms.plan(form(item)).rows == (item,)
    assert forms.document_fields(form(item)) == {"it": {"value": "2", "origin": "usual"}}
    known = forms.prefilled(form(item, pop_person={"it": "1"}), item)
    assert known is not None
    assert (known.text, known.origin) == ("1", "city")


def test_a_usual_choice_is_one_of_the_choices() -> None:
    assert parsed(default="yes").default == "yes"
    with pytest.raises(DefinitionInvalid, match=r"it: default 'maybe' is not one of the choices"):
        parsed(default="maybe")


# ----------------------------------------------------------------------------------------- one's own records


def test_the_only_child_of_the_age_is_filled_in_and_two_are_asked() -> None:
    one = form(CHILD, pop_household=household("1990-01-01", "2020-01-15"))
    assert forms.prefilled(one, CHILD) == Value("2", "city", "psb", "2026-05-01")
    assert forms.shown(one, CHILD, "en") == "甲1"
    two = form(CHILD, pop_household=household("2019-11-01", "2020-01-15"))
    assert forms.prefilled(two, CHILD) is None
    assert forms.plan(two).questions == (CHILD,)


@pytest.mark.parametrize(
    ("birth", "today", "offered"),
    [
        ("2020-08-31", "2026-05-18", True),  # six on the last day that counts
        ("2020-09-01", "2026-05-18", False),
        ("2020-09-01", "2026-09-01", True),  # the next school year
        ("2020-08-31", "2026-08-31", True),
        ("2018-08-31", "2026-05-18", False),  # eight
        ("", "2026-05-18", False),
        ("some day", "2026-05-18", False),
        (None, "2026-05-18", False),
    ],
)
def test_a_child_is_offered_by_its_age_on_the_next_day_that_counts(birth: object, today: str, offered: bool) -> None:
    assert bool(forms.options(form(CHILD, today, pop_household=household(birth)), CHILD)) is offered


def test_without_a_day_the_age_today_counts() -> None:
    item = replace(CHILD, subject_choices=replace(OWN, ages=replace(AGES, on="")))
    assert forms.options(form(item, "2026-05-18", pop_household=household("2020-05-18")), item)
    assert not forms.options(form(item, "2026-05-17", pop_household=household("2020-05-18")), item)


def test_an_age_is_written_with_a_key_bounds_and_a_day_of_every_year() -> None:
    choices: dict[str, Any] = {"subject": "pop.household", "list": "members", "value": "#", "label": ["name"]}
    ages: dict[str, Any] = {"key": "birth", "min": 6, "max": 7}
    for on in ("", "08-31"):
        made = parsed(choices={**choices, "ages": {**ages, "on": on}}).subject_choices
        assert made is not None
        assert made.ages == AgeFilter("birth", 6, 7, on)
    for on in ("02-29", "8-31", "13-01", 831, "08-31x"):
        with pytest.raises(DefinitionInvalid, match="MM-DD"):
            parsed(choices={**choices, "ages": {**ages, "on": on}})
    with pytest.raises(DefinitionInvalid, match="whole number"):
        parsed(choices={**choices, "ages": {"key": "birth", "min": 6}})


# ---------------------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("high", "record", "wanted"),
    [
        (None, {"available": "126.50"}, 126.5),
        (100.0, {"available": "126.50"}, 100.0),
        (200.0, {"available": 126}, 126.0),
        (200.0, {"available": "much"}, 200.0),
        (200.0, {}, 200.0),
        (200.0, None, 200.0),
    ],
)
def test_the_citizen_s_own_record_bounds_an_amount(
    high: float | None, record: dict[str, Any] | None, wanted: float
) -> None:
    item = replace(PLAIN, type="money", choices=(), high=high, max_from="pf.account.available")
    assert forms.bounded(form(item, pf_account=record), item).high == wanted
    assert forms.bounded(form(item), item).high == high


def test_a_bound_s_subject_is_asked_for() -> None:
    made = parsed(type="money", choices=None, max_from="pf.account.available")
    assert made.max_from == "pf.account.available"
    item = {"id": "it", "type": "money", "label": WORDS, "max_from": "pf.account.available"}
    assert parse_definition({**EVERY_TYPE, "field": [item]}, SHARED).subjects == ("pf.account",)


# --------------------------------------------------------------------------------------------- who may apply


def test_what_was_never_asked_for_keeps_nobody_out_and_what_the_city_does_not_hold_does() -> None:
    who = Condition(all=(FieldTest(subject="pf.account.balance", op="known", value=True),))
    for record, allowed in ((None, False), ({}, False), ({"balance": "1"}, True)):
        asked = form(PLAIN, pf_account=record)
        assert forms.eligible(replace(asked, definition=replace(asked.definition, who=who))) is allowed
    unasked = form(PLAIN)
    assert forms.eligible(replace(unasked, definition=replace(unasked.definition, who=who)))
    assert not forms.holds(who, unasked), "a field shown only when something is known stays hidden"


def test_whoever_has_something_to_choose_among_may_apply() -> None:
    who = Condition(all=(FieldTest(field="it", op="known", value=True),))
    for births, allowed in (((), False), (("2020-01-15",), True), (("2019-11-01", "2020-01-15"), True)):
        asked = form(CHILD, pop_household=household(*births))
        assert forms.eligible(replace(asked, definition=replace(asked.definition, who=who))) is allowed
    assert forms.eligible(replace(form(CHILD), definition=replace(form(CHILD).definition, who=who)))


# ---------------------------------------------------------------------------------------------- the schema


def test_every_shipped_definition_fits_the_published_schema_and_a_broken_one_does_not() -> None:
    check = Draft202012Validator(service_schema())
    Draft202012Validator.check_schema(service_schema())
    for definition in DEFINITIONS:
        plain = json.loads(json.dumps(definition, default=str))
        assert not list(check.iter_errors(plain)), definition["id"]
    plain = json.loads(json.dumps(DEFINITIONS[0], default=str))
    broken: tuple[dict[str, Any], ...] = (
        {"event": "christmas"},
        {"colour": "red"},
        {"offline": {"policy": "maybe"}},
        {"who": {"all": [{"subject": "pop.person.name"}]}},
        {"field": [{"id": "A", "type": "text", "label": WORDS}]},
    )
    for change in broken:
        assert list(check.iter_errors({**plain, **change})), change


def test_the_schema_knows_every_word_that_the_parser_reads() -> None:
    source = inspect.getsource(parsing)
    properties = service_schema()["$defs"]["field"]["properties"]
    read = set(
        re.findall(r'table(?:\.get\(|\[)"(\w+)"', source[source.index("def _field(") : source.index("def _default(")])
    )
    assert read | {"mask"} == set(properties)


def test_the_signed_catalogue_keeps_the_order_of_the_choices() -> None:
    key = Ed25519PrivateKey.generate()
    source = CatalogueSource(
        (ASSETS / "services", ASSETS / "city" / "catalogue.toml", ASSETS / "city" / "codes.toml"), key, lambda _: 1
    )
    content = json_object(verify1(source.current().signed, key.public_key()), 10_000_000)
    signed = parse_content(content)
    assert list(signed.services) == [str(item["id"]) for item in DEFINITIONS]
    for service in signed.services.values():
        assert service.fields == CATALOGUE.services[service.id].fields


def test_a_definition_with_a_value_that_no_terminal_could_read_is_refused(tmp_path: Path) -> None:
    for folder in ("services", "city"):
        for file in (ASSETS / folder).glob("c[ao][td]*.toml" if folder == "city" else "*.toml"):
            (tmp_path / f"{folder}-{file.name}").write_bytes(file.read_bytes())
    with (tmp_path / "services-contact.toml").open("a") as file:
        file.write("weight = nan\n")
    source = CatalogueSource((tmp_path,), Ed25519PrivateKey.generate(), lambda _: 1)
    with pytest.raises(CatalogueInvalid, match="JSON cannot carry"):
        source.current()
