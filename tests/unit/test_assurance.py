"""Which services the city's app is enough for: said in the definition, and refused where only the card can do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kiosk.cli.pages.service_schema import service_schema
from kiosk.services.definition import DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from tests.repository import ROOT
from tests.unit.visit_kit import shared_and_definitions, tomllib_copy

SHARED, DEFINITIONS = shared_and_definitions()
BY_ID = {str(raw["id"]): raw for raw in DEFINITIONS}


def parsed(raw: dict[str, Any]) -> str:
    return parse_catalogue("test", [raw], SHARED).services[str(raw["id"])].sign_in


def test_without_a_word_the_card_is_wanted_and_with_one_the_app_is_enough() -> None:
    assert parsed(BY_ID["household-proof"]) == "card"
    assert parsed(BY_ID["contact"]) == "app"
    assert parsed({**BY_ID["contact"], "sign_in": "card"}) == "card"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("marriage", "marriage.record is of class 3: it needs the card"),
        ("card", "the app cannot change a card's PIN"),
        ("info", 'nobody signs in to a service with card = "none"'),
    ],
)
def test_what_only_the_card_can_do_is_named(service: str, said: str) -> None:
    with pytest.raises(DefinitionInvalid, match=said) as caught:
        parsed({**tomllib_copy(BY_ID[service]), "sign_in": "app"})
    assert (caught.value.service, caught.value.field) == (service, "sign_in")


def test_a_word_that_nobody_knows_is_named_and_is_not_in_the_schema() -> None:
    raw = {**BY_ID["contact"], "sign_in": "face"}
    with pytest.raises(DefinitionInvalid, match=r"contact\.sign_in: 'face' is not one of card, app"):
        parsed(raw)
    schema = service_schema()
    assert schema["properties"]["sign_in"]["enum"] == ["card", "app"]
    plain = json.loads(json.dumps({**raw, "sign_in": "app"}, default=str))
    jsonschema.validate(plain, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**plain, "sign_in": "face"}, schema)


def test_what_the_catalogue_keeps_for_the_card_is_in_its_records() -> None:
    """`card_only` names keys; a key that no record has would keep nothing back."""
    kept = {name: raw["card_only"] for name, raw in SHARED["subjects"].items() if "card_only" in raw}  # type: ignore[operator,index]
    assert kept == {"case.case": ["certificate", "claim"]}
    source = Path(ROOT / "provisioning/gateway/cases/record.py").read_text("utf-8")
    source += Path(ROOT / "provisioning/gateway/certificates/desk.py").read_text("utf-8")
    assert all(f'"{key}":' in source for key in kept["case.case"])
