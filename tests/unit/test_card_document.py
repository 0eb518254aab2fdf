from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from drivers.sim.cards.document import CardDocumentError, card_schema, parse_card_document
from tests.cards import ID_NUMBER, NAME, PIN, card_document


def test_the_published_schema_is_the_one_in_the_code() -> None:
    path = Path(__file__).parents[2] / "docs/reference/card.schema.json"
    assert json.loads(path.read_text("utf-8")) == card_schema()
    jsonschema.Draft202012Validator.check_schema(card_schema())


def test_profile_and_holder_are_enough() -> None:
    card = parse_card_document({"profile": "citizen", "holder": {"name": NAME, "id_number": ID_NUMBER}})
    assert (card.version, card.pin, card.tries_left) == ("2.00", "123456", 6)
    assert (card.holder.sex, card.holder.birth_date) == ("female", "1990-01-01")
    assert (card.holder.ethnic_group, card.holder.birthplace) == (None, None)
    assert (len(card.card_id), len(card.card_number)) == (32, 9)
    assert card.issued < card.expires


def test_what_is_missing_is_always_filled_in_alike() -> None:
    short = {"profile": "citizen", "holder": {"name": NAME, "id_number": ID_NUMBER}}
    other = {"profile": "citizen", "holder": {"name": "另一位", "id_number": ID_NUMBER}}
    assert parse_card_document(short).card_id == parse_card_document(short).card_id
    assert parse_card_document(short).card_id != parse_card_document(other).card_id


def test_the_document_of_the_reference_is_taken_whole() -> None:
    quirks = {
        "response_style": "61xx",
        "wrong_le": "6Cxx",
        "omit_tags": ["4E"],
        "answer_delay_ms": 250,
        "mute_after_apdus": None,
        "truncate_apdu": None,
        "atr": "3B00",
    }
    card = parse_card_document(card_document(quirks=quirks))
    assert card.quirks.omit_tags == {0x4E}
    assert (card.quirks.answer_delay_s, card.quirks.atr) == (0.25, b"\x3b\x00")


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [
        (None, "document", "must be object"),
        ({}, "document", "lacks profile, holder"),
        ({**card_document(), "colour": "red"}, "document", "has a field that a card does not have"),
        (card_document(profile="belgian"), "profile", "must be one of citizen, belgian-eid"),
        (card_document(version="4.00"), "version", "must be one of 1.00, 2.00, 3.00"),
        (card_document(pin="12345"), "pin", "must match"),
        (card_document(tries_left=16), "tries_left", "maximum: 15"),
        (card_document(tries_left="3"), "tries_left", "must be integer"),
        (card_document(holder={"id_number": "123"}), "holder.id_number", "must match"),
        (card_document(holder={"sex": "f"}), "holder.sex", "must be one of"),
        (card_document(holder={"birth_date": "1990-02-30"}), "holder.birth_date", "does not exist"),
        (card_document(holder={"name": "测" * 26}), "holder.name", "52 bytes"),
        (card_document(holder={"name": " 测"}), "holder.name", "printable"),
        (card_document(holder={"name": "测\x07"}), "holder.name", "printable"),
        (card_document(holder={"name": ""}), "holder.name", "minLength: 1"),
        (card_document(card={"expires": "2035-13-01"}), "card.expires", "does not exist"),
        (card_document(card={"card_id": "zz"}), "card.card_id", "must match"),
        (card_document(quirks={"atr": "3B0"}), "quirks.atr", "must match"),
        (card_document(quirks={"omit_tags": ["4E", "xx"]}), "quirks.omit_tags.1", "must match"),
        (card_document(quirks={"atr": 5}), "quirks.atr", "must be string or null"),
        (card_document(signing={"key": "x"}), "signing", "lacks certificate"),
    ],
)
def test_a_document_that_no_card_can_be_made_of(document: Any, field: str, reason: str) -> None:
    with pytest.raises(CardDocumentError, match=reason) as caught:
        parse_card_document(document)
    assert caught.value.field == field
    assert caught.value.code == "card-document-invalid"


def test_a_birth_date_that_only_the_id_number_has_must_exist() -> None:
    with pytest.raises(CardDocumentError, match="does not exist"):
        parse_card_document(
            {"profile": "citizen", "holder": {"name": NAME, "id_number": ID_NUMBER[:10] + "1301" + ID_NUMBER[14:]}}
        )


def test_errors_and_reprs_hold_no_value_of_the_document() -> None:
    secret = {"name": NAME, "id_number": ID_NUMBER, "birth_date": ID_NUMBER}
    with pytest.raises(CardDocumentError) as caught:
        parse_card_document({"profile": "citizen", "holder": secret, "pin": PIN})
    with pytest.raises(CardDocumentError) as unknown:
        parse_card_document(card_document(**{NAME: 1}))
    for text in (str(caught.value), str(unknown.value), repr(parse_card_document(card_document()))):
        for word in (NAME, ID_NUMBER, PIN, "X00000019"):
            assert word not in text
