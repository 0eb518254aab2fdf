"""Service definitions: what is shipped is right, and what is wrong is named by service, field and reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.log import Log
from kiosk.services import definition as services
from kiosk.services.definition import DefinitionInvalid
from kiosk.services.parsing import parse_catalogue, parse_definition
from tests.unit.visit_kit import CATALOGUE, EVERY_TYPE, shared_and_definitions, tomllib_copy

SHARED, DEFINITIONS = shared_and_definitions()
RESIDENCE = next(item for item in DEFINITIONS if item["id"] == "residence")
Change = Callable[[dict[str, Any]], object]


def test_what_is_shipped_is_parsed_as_it_is_written() -> None:
    service = CATALOGUE.services["residence"]
    assert (service.event, service.agency, service.offline, service.fee) == ("moved", "psb", "accept", 0)
    assert service.promised == services.Limit(10, "wd")
    assert service.field("landlord").required is False
    assert service.field("since").not_after_today
    assert [item.value for item in service.field("dwell").choices] == ["rent", "own", "dormitory", "guest", "school"]


def test_every_law_of_what_is_shipped_has_a_title_in_every_language() -> None:
    laws = [law for service in CATALOGUE.services.values() for law in service.legal]
    assert len(laws) > 15
    assert all(set(law) == set(services.LANGUAGES) and law["en"].isascii() for law in laws)


def test_a_definition_signed_before_titles_were_translated_is_still_read() -> None:
    made = parse_definition({**EVERY_TYPE, "legal": [{"title": "某条例"}]}, SHARED)
    assert made.legal == ({"zh-Hans": "某条例"},)


def test_every_subject_is_asked_for_once_whatever_needs_it() -> None:
    assert CATALOGUE.services["residence"].subjects == (
        "lease.record", "property.title", "pop.person", "msg.contact", "resid.registration",
    )  # fmt: skip
    assert CATALOGUE.services["household-proof"].subjects == ("pop.household", "pop.person")
    bare = {**EVERY_TYPE, "who": {"any": [{"subject": "tax.deed.due", "known": True}]}}
    assert parse_definition(bare, SHARED).subjects == ("tax.deed",)


def test_what_a_definition_leaves_out_has_a_default() -> None:
    made = parse_definition({**EVERY_TYPE, "limits": {}, "field": []}, SHARED)
    assert (made.promised, made.minutes, made.print, made.fields, made.subjects) == (None, 2, ("receipt",), (), ())
    assert parse_definition({**EVERY_TYPE, "limits": {"statutory": {"n": 1, "unit": "d"}}}, SHARED).promised is None
    assert services.words({"zh-Hans": "甲"}, "en") == "甲"


def test_choices_may_be_part_of_a_list_of_the_service_s_own() -> None:
    own = {**SHARED, "codes": {**SHARED["codes"], "every-type.which": SHARED["codes"]["dwell"]}}
    item = {"id": "which", "type": "choice", "label": {"zh-Hans": "甲", "en": "A"}, "choices": ["own", "rent"]}
    made = parse_definition({**EVERY_TYPE, "field": [item]}, own)
    assert [choice.value for choice in made.field("which").choices] == ["own", "rent"]


WORDS = {"zh-Hans": "甲", "en": "A"}


def field(**changed: object) -> dict[str, object]:
    return {"id": "x", "type": "text", "label": WORDS, **changed}


def with_field(**changed: object) -> Change:
    return lambda raw: raw["field"].append(field(**changed))


def at(key: str, value: object) -> Change:
    return lambda raw: raw.update({key: value})


def when(test: object) -> Change:
    return with_field(shown_when={"all": [test]})


BY = {"subject": "pop.household", "list": "members", "value": "#", "label": ["name"]}

WRONG: dict[str, tuple[Change, str]] = {
    "id": (at("id", "Bad Id"), "id: up to 63"),
    "id with a long number": (at("id", "a1234567"), "id: up to 63"),
    "id no text": (at("id", 7), "id: up to 63"),
    "schema": (at("schema", 2), "residence.schema: 1 is"),
    "event": (at("event", "born"), "residence.event: 'born'"),
    "version": (at("version", 1), "residence.version: a text"),
    "agency": (at("agency", ""), "residence.agency: a text"),
    "unknown agency": (at("agency", "nasa"), "residence.agency: no agency"),
    "name": (at("name", {"zh-Hans": "甲"}), "residence.name: the words in en"),
    "help": (at("help", "words"), "residence.help: a table"),
    "offline": (at("offline", {"policy": []}), "residence.offline: policy"),
    "offline no table": (at("offline", "accept"), "residence.offline: a table"),
    "groups": (at("groups", ["nobody"]), "residence.groups: no field group"),
    "groups no texts": (at("groups", [[]]), "residence.groups: a list of texts"),
    "groups no list": (at("groups", "person"), "residence.groups: a list"),
    "legal": (at("legal", [{"article": "1"}]), "residence.legal: title"),
    "legal in one language": (at("legal", [{"title": {"zh-Hans": "甲"}}]), "residence.legal: the words in en"),
    "legal no words": (at("legal", [{"title": 7}]), "residence.legal: a table"),
    "limits": (at("limits", {"promised": {"n": 1, "unit": "y"}}), "residence.limits: unit"),
    "limits n": (at("limits", {"promised": {"n": True, "unit": "d"}}), "residence.limits: a whole number"),
    "minutes": (at("minutes", -1), "residence.minutes: a whole number"),
    "print": (at("print", [1]), "residence.print: a list of texts"),
    "who field": (at("who", {"all": [{"field": "nobody", "is": "x"}]}), "residence.who: no field 'nobody'"),
    "who age": (at("who", {"all": [{"min_age": "18"}]}), "residence.who: a whole number"),
    "evidence": (at("evidence", [{"id": "x", "subjects": []}]), "residence.x: evidence names"),
    "evidence id": (at("evidence", [{}]), "residence.id: a text"),
    "evidence subject": (
        at("evidence", [{"id": "x", "subjects": ["no.such"], "replaces": WORDS, "why": WORDS}]),
        "residence.evidence: no subject 'no.such'",
    ),
    "field": (at("field", ["text"]), "residence.field: a table"),
    "field id": (with_field(id="X"), "residence.field: 'X': an id"),
    "field id no text": (with_field(id=[]), "residence.field: .*an id"),
    "field twice": (with_field(id="since"), "residence.since: there are two"),
    "field type": (with_field(type=["text"]), "residence.x: type"),
    "edit": (with_field(edit=["change"]), "residence.x: edit"),
    "mask": (with_field(mask="secret"), "residence.x: mask"),
    "card": (with_field(card="pin"), "residence.x: card"),
    "from": (with_field(**{"from": "name"}), "residence.x: a subject's value"),
    "from no text": (with_field(**{"from": 7}), "residence.x: a subject's value"),
    "label": (with_field(label=None), "residence.x: a table"),
    "help of a field": (with_field(help={"zh-Hans": "甲", "en": ""}), "residence.x: the words in en"),
    "min": (with_field(min="1"), "residence.x: a number"),
    "max": (with_field(max=10**400), "residence.x: a number"),
    "max true": (with_field(max=True), "residence.x: a number"),
    "min nan": (with_field(min=float("nan")), "residence.x: a number"),
    "pattern": (with_field(pattern="["), "residence.x: pattern"),
    "pattern too large": (with_field(pattern="a{99999999999}"), "residence.x: pattern"),
    "pattern no text": (with_field(pattern=7), "residence.x: pattern"),
    "length": (with_field(max_length="long"), "residence.x: a whole number"),
    "choice": (with_field(type="choice"), "residence.x: a choice needs"),
    "no choices": (with_field(type="choice", choices=[]), "residence.x: no code list"),
    "code list": (with_field(type="choice", choices="nothing"), "residence.x: no code list"),
    "choices no list": (with_field(type="choice", choices=7), "residence.x: no code list"),
    "subject choices": (with_field(type="choice", choices={**BY, "list": ""}), "residence.x: choices.list"),
    "subject choices label": (with_field(type="choice", choices={**BY, "label": "name"}), "residence.x: a list"),
    "subject choices mask": (with_field(type="choice", choices={**BY, "mask": "half"}), "residence.x: mask"),
    "subject choices names": (with_field(type="choice", choices={**BY, "names": {"a": "b"}}), "residence.x: no code"),
    "subject of choices": (
        with_field(type="choice", choices={**BY, "subject": "no.such"}), "residence.evidence: no subject"
    ),
    "shown_when": (with_field(shown_when="always"), "residence.x: a table"),
    "shown_when later": (when({"field": "y", "is": "1"}), "residence.x: shown_when asks for 'y'"),
    "test": (when({"field": "since"}), "residence.x: a test names"),
    "test of two": (when({"field": "since", "subject": "a.b.c", "is": "1"}), "residence.x: a test names"),
    "is": (when({"field": "since", "is": 1}), "residence.x: is compares"),
    "known": (when({"field": "since", "known": "yes"}), "residence.x: known is"),
    "in": (when({"field": "since", "in": "ab"}), "residence.x: a list"),
    "field of a test": (when({"field": 1, "is": "a"}), "residence.field: a text"),
    "subject of a test": (when({"subject": "pop.person", "is": "a"}), "residence.x: a subject's value"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str) -> None:
    change, said = WRONG[what]
    raw = tomllib_copy(RESIDENCE)
    change(raw)
    with pytest.raises(DefinitionInvalid, match=said) as caught:
        parse_catalogue("test", [raw], SHARED)
    assert caught.value.reason


@pytest.mark.parametrize(
    ("table", "value", "said"),
    [
        ("agencies", "text", "catalogue.agencies: a table"),
        ("agencies", {"psb": WORDS, "x": {}}, "agencies.x: the words"),
        ("subjects", {"a.b": {"agency": "nasa", "name": WORDS}}, "subjects.a.b: no agency"),
        ("subjects", {"a.b": {"agency": "psb"}}, "subjects.a.b: a table"),
        ("groups", {"holder": "text", "phone": []}, "groups.holder: a list"),
        ("codes", {"dwell": {"rent": WORDS}, "yes-no": 1}, "no code list"),
        ("codes", {}, "no code list"),
    ],
)
def test_a_shared_table_that_is_wrong_is_named(table: str, value: object, said: str) -> None:
    with pytest.raises(DefinitionInvalid, match=said):
        parse_catalogue("test", [RESIDENCE], {**SHARED, table: value})  # pyright: ignore


def test_a_choice_that_its_list_does_not_know_is_named() -> None:
    own = {**SHARED, "codes": {**SHARED["codes"], "residence.x": {"a": WORDS}}}
    raw = tomllib_copy(RESIDENCE)
    with_field(type="choice", choices=["a", "b"])(raw)
    with pytest.raises(DefinitionInvalid, match=r"has no .b."):
        parse_catalogue("test", [raw], own)


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionInvalid, match=r"residence\.id: there are two"):
        parse_catalogue("test", [RESIDENCE, RESIDENCE], SHARED)


@pytest.mark.parametrize("raw", ["text", 7, None, []])
def test_what_is_no_table_is_no_definition(raw: Any) -> None:
    with pytest.raises(DefinitionInvalid, match="service: a table"):
        parse_catalogue("test", [raw], SHARED)


def test_whatever_id_a_definition_has_its_refusal_can_be_logged() -> None:
    log = Log(None, lambda: 0)
    for bad in ("Bad Id", "a" * 200, "440199199003070021", "a-1234567", "", None, 7):
        with pytest.raises(DefinitionInvalid) as caught:
            parse_definition({**RESIDENCE, "id": bad}, SHARED)
        log.write("catalogue.refused", {"service": caught.value.service})
    log.write("service.opened", {"service": parse_definition({**RESIDENCE, "id": "a" * 63}, SHARED).id})
