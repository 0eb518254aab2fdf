"""The citizen profile against the simulated card, byte by byte, without reader or time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.api import CardConnection, CardFacts
from drivers.cards import citizen, tlv
from drivers.cards.citizen import CitizenCard
from drivers.cards.citizen_fields import id_check_digit
from drivers.cards.citizen_records import ReadMode
from drivers.cards.registry import recognise
from drivers.errors import (
    CardNeedsHsm,
    CardProtocolError,
    UnknownCard,
)
from drivers.sim.cards.card import SimCard
from tests.cards import ID_NUMBER, NAME, PIN, Contacts, sim_card


def opened(card: SimCard) -> CitizenCard:
    return recognise(Contacts(card.process))


def test_the_card_tells_of_itself_before_any_pin() -> None:
    facts = opened(sim_card()).read_facts()
    assert facts == CardFacts(
        "citizen", "2.00", "44019900D156000005A0B1C2D3E4F506", "X00000019", "2020-01-01", "2040-01-01"
    )
    assert "X00000019" not in repr(facts)
    assert "D156" not in repr(facts)


def test_the_holder_is_read_by_tag() -> None:
    card = opened(sim_card())
    holder = card.read_holder()
    assert (holder.name, holder.id_number, holder.sex) == (NAME, ID_NUMBER, "female")
    assert (holder.ethnic_group, holder.birth_date, holder.birthplace) == (11, "1990-01-01", "440199")
    assert card.warnings == ()
    assert NAME not in repr(holder)


@pytest.mark.parametrize("mode", ["tag-sfi", "tag", "number-sfi", "number"])
@pytest.mark.parametrize("version", ["1.00", "2.00"])
@pytest.mark.parametrize("wrong_le", ["6Cxx", "accept"])
@pytest.mark.parametrize("style", ["61xx", "direct"])
def test_whatever_way_of_read_record_the_card_knows(mode: str, version: str, wrong_le: str, style: str) -> None:
    quirks = {"read_record_modes": [mode], "wrong_le": wrong_le, "response_style": style}
    card = opened(sim_card(version=version, quirks=quirks))
    assert card.read_facts().version == version
    assert (card.read_holder().name, card.read_holder().sex) == (NAME, "female")
    assert card._records.mode is ReadMode[mode.upper().replace("-", "_")]


@pytest.mark.parametrize(("modes", "least"), [(["tag-sfi"], 15), (["tag"], 18)])
def test_a_visit_takes_the_fewest_apdus(modes: list[str], least: int) -> None:
    """SELECT, five records, the try counter, VERIFY, seven records.

    Without short identifiers each file is selected too, and one record is asked in vain to learn that.
    """
    contacts = Contacts(sim_card(quirks={"read_record_modes": modes}).process)
    card = recognise(contacts)
    card.read_facts()
    card.tries_left()
    card.verify_pin(PIN)
    card.read_holder()
    assert len(contacts.sent) == least


def test_the_mode_that_worked_is_not_searched_again() -> None:
    contacts = Contacts(sim_card(quirks={"read_record_modes": ["number"]}).process)
    card = recognise(contacts)
    card.read_facts()
    contacts.sent.clear()
    card.read_holder()
    reads = [sent for sent in contacts.sent if sent[1] == 0xB2]
    assert {sent[3] for sent in reads} == {0x04}
    assert len(reads) == 7


def test_a_card_that_takes_a_tag_for_a_record_number_is_seen_through() -> None:
    """It ignores the low bits of P2: by tag 01 it gives record 1, which happens to be tag 01."""
    card = sim_card(quirks={"read_record_modes": ["number", "number-sfi"], "wrong_le": "accept"})

    def deaf(command: bytes) -> bytes | None:
        if command[1] == 0xB2:
            command = command[:3] + bytes([command[3] & 0xF8 | 0x04]) + command[4:]
        return card.process(command)

    reader = recognise(Contacts(deaf))
    assert reader.read_facts().card_number == "X00000019"
    assert reader.read_holder().name == NAME


def test_a_card_that_selects_files_with_p1_02_only() -> None:
    card = sim_card(quirks={"read_record_modes": ["tag"]})

    def strict(command: bytes) -> bytes | None:
        return b"\x6a\x86" if command[1] == 0xA4 and command[2] == 0x00 else card.process(command)

    contacts = Contacts(strict)
    reader = recognise(contacts)
    assert reader.read_holder().name == NAME
    assert [sent[2] for sent in contacts.sent if sent[1] == 0xA4] == [0x04, 0x00, 0x02, 0x02]


def test_a_card_that_knows_no_file_at_all() -> None:
    """It has the application, but neither file: every way is tried, none works."""
    card = sim_card(quirks={"response_style": "direct"})
    contacts = Contacts(lambda command: card.process(command) if command[2] == 0x04 else b"\x6a\x82")
    with pytest.raises(CardProtocolError, match="file EF05: 6A82"):
        recognise(contacts).read_facts()


def test_a_card_whose_records_never_end() -> None:
    card = sim_card(quirks={"response_style": "direct"})

    def endless(command: bytes) -> bytes | None:
        if command[1] != 0xB2:
            return card.process(command)
        return b"\x99\x01\x00\x90\x00" if command[3] & 0x04 else b"\x6a\x86"

    contacts = Contacts(endless)
    with pytest.raises(CardProtocolError, match="file EF05: 6A83"):
        recognise(contacts).read_facts()
    assert len(contacts.sent) < 100


def test_a_card_that_refuses_a_wrong_length_with_6700() -> None:
    card = sim_card(version="1.00", quirks={"read_record_modes": ["number"], "omit_tags": ["05", "0A", "4E"]})

    def strict(command: bytes) -> bytes | None:
        answer = card.process(command)
        if answer and answer[0] == 0x6C:
            return card.process(command[:-1] + answer[1:2]) if command[-1] == 0 else b"\x67\x00"
        return answer

    reader = recognise(Contacts(strict))
    assert reader.read_facts().issued == ""
    assert reader.read_holder().sex == "unknown"


@pytest.mark.parametrize(
    ("tag", "field", "value"),
    [
        ("4E", "name", NAME),
        ("0A", "sex", "unknown"),
        ("0B", "ethnic_group", None),
        ("0C", "birthplace", None),
        ("0D", "birth_date", "1990-01-01"),
    ],
)
@pytest.mark.parametrize("mode", ["tag", "number"])
def test_a_card_without_an_optional_record(tag: str, field: str, value: object, mode: str) -> None:
    card = opened(sim_card(quirks={"omit_tags": [tag], "read_record_modes": [mode]}))
    assert getattr(card.read_holder(), field) == value


@pytest.mark.parametrize(("tag", "missing"), [("03", "version"), ("06", "date of expiry"), ("07", "card number")])
def test_a_card_without_a_record_that_it_must_have(tag: str, missing: str) -> None:
    with pytest.raises(CardProtocolError, match=f"no {missing}"):
        opened(sim_card(quirks={"omit_tags": [tag]})).read_facts()


@pytest.mark.parametrize("tag", ["01", "08"])
def test_a_card_without_its_first_record_is_refused(tag: str) -> None:
    with pytest.raises(CardProtocolError, match=r"6A8\d"):
        opened(sim_card(quirks={"omit_tags": [tag]})).read_holder()


@pytest.mark.parametrize("length", [1, 15, 16, 25])
def test_a_long_name_lies_in_two_records(length: int) -> None:
    assert opened(sim_card(holder={"name": "测" * length})).read_holder().name == "测" * length


def test_a_rare_character_across_the_border_of_the_two_records_is_whole() -> None:
    name = "测" * 14 + "𠮷" + "试"
    assert len(name[:14].encode("gb18030")) == 28
    assert opened(sim_card(holder={"name": name})).read_holder().name == name
    assert opened(sim_card(version="1.00", holder={"name": name})).read_holder().name == name


def changed(card: SimCard, tag: int, value: bytes) -> CitizenCard:
    """The card with one record's value replaced on the wire."""

    def process(command: bytes) -> bytes | None:
        answer = card.process(command)
        if command[1] == 0xB2 and answer and answer[0] == tag and len(answer) > 2:
            return tlv.encode(tag, value) + b"\x90\x00"
        return answer

    return recognise(Contacts(process))


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        (0x03, b"9.99", "version is unknown"),
        (0x03, b"2.0\xff", "not text"),
        (0x06, bytes.fromhex("20350230"), "no date"),
        (0x06, bytes.fromhex("203502AA"), "no date"),
        (0x06, bytes.fromhex("00000000"), "no date"),
        (0x06, bytes.fromhex("2035"), "2 bytes instead of 4"),
        (0x07, bytes(9), "not text"),
    ],
)
def test_facts_that_cannot_be_are_refused(tag: int, value: bytes, reason: str) -> None:
    with pytest.raises(CardProtocolError, match=reason):
        changed(sim_card(), tag, value).read_facts()


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        (0x08, b"44019919900101002A", "not 18 digits"),
        (0x08, b"440199199001010  \x00", "not 18 digits"),
        (0x08, "４４０１９９".encode("gb18030") + b"199001", "not text"),
        (0x09, b"\x81".ljust(30, b"\x00"), "not GBK"),
        (0x09, bytes(30), "not text"),
        (0x09, b"A\x07B".ljust(30, b"\x00"), "not text"),
        (0x0D, bytes.fromhex("19901301"), "no date"),
    ],
)
def test_a_holder_that_cannot_be_is_refused(tag: int, value: bytes, reason: str) -> None:
    with pytest.raises(CardProtocolError, match=reason) as caught:
        changed(sim_card(), tag, value).read_holder()
    assert NAME not in str(caught.value)
    assert "19900101" not in str(caught.value)


@pytest.mark.parametrize(
    ("tag", "value", "warning", "field", "seen"),
    [
        (0x08, (ID_NUMBER[:17] + ("1" if ID_NUMBER[17] != "1" else "2")).encode(), "id-check-digit", "sex", "female"),
        (0x0A, b"7", "sex-code", "sex", "unknown"),
        (0x0B, b"\x0b", "ethnic-group-code", "ethnic_group", None),
        (0x0C, b"\x44\x01\xfa", "birthplace-code", "birthplace", None),
        (0x0D, bytes.fromhex("19900102"), "birth-date-differs", "birth_date", "1990-01-02"),
    ],
)
def test_what_is_only_odd_warns_and_serves(tag: int, value: bytes, warning: str, field: str, seen: object) -> None:
    card = changed(sim_card(), tag, value)
    assert getattr(card.read_holder(), field) == seen
    card.read_holder()
    assert card.warnings == (warning,)


@pytest.mark.parametrize(
    ("tag", "value", "field", "seen"),
    [
        (0x0A, b"1", "sex", "male"),
        (0x0A, b"0", "sex", "unknown"),
        (0x0A, b"\xff", "sex", "unknown"),
        (0x0B, b"\x00", "ethnic_group", None),
        (0x0B, b"\xff", "ethnic_group", None),
        (0x0D, bytes(4), "birth_date", f"{ID_NUMBER[6:10]}-{ID_NUMBER[10:12]}-{ID_NUMBER[12:14]}"),
        (0x09, "测·试".encode("gbk").ljust(30, b"\xff"), "name", "测·试"),
        (0x09, "测　试".encode("gbk").ljust(30, b"\0"), "name", "测　试"),
        (0x0C, bytes(3), "birthplace", None),
        (0x08, b"44019919900101002x", "id_number", "44019919900101002X"),
    ],
)
def test_values_that_mean_nothing_or_are_written_otherwise(tag: int, value: bytes, field: str, seen: object) -> None:
    card = changed(sim_card(), tag, value)
    assert getattr(card.read_holder(), field) == seen
    assert not set(card.warnings) - {"id-check-digit", "birth-date-differs"}


def test_a_card_that_was_issued_on_no_day_is_as_good_as_any() -> None:
    assert changed(sim_card(), 0x05, bytes(4)).read_facts().issued == ""


def test_a_name_with_a_character_of_no_standard_is_served_with_a_warning() -> None:
    """GBK FE59 was a private character until GB 18030-2022; AAA1 is a city's own."""
    card = changed(sim_card(), 0x09, ("测".encode("gbk") + b"\xfe\x59\xaa\xa1").ljust(30, b"\0"))
    assert card.read_holder().name == "测\ue81e\ue000"
    assert card.warnings == ("name-private-character",)


def test_the_check_digit_is_the_standard_one() -> None:
    assert id_check_digit("11010519491231002") == "X"


def test_a_version_3_card_gives_its_facts_and_wants_a_security_module() -> None:
    card = opened(sim_card(version="3.00"))
    assert card.read_facts().version == "3.00"
    with pytest.raises(CardNeedsHsm) as caught:
        card.read_holder()
    assert caught.value.code == "card-needs-hsm"


def test_a_version_3_card_is_read_after_mutual_authentication() -> None:
    """The hook is called with the application selected; here it exchanges the card for an unlocked one."""
    locked, unlocked = sim_card(version="3.00"), sim_card()
    contacts = Contacts(locked.process)

    class Module:
        def unlock(self, connection: CardConnection, facts: CardFacts) -> None:
            assert (connection, facts.version) == (contacts, "3.00")
            unlocked.process(bytes.fromhex("00A404000F") + citizen.AID)
            contacts.process = unlocked.process

    assert CitizenCard(contacts, Module()).read_holder().name == NAME


def test_a_card_that_no_profile_knows(tmp_path: Path) -> None:
    with pytest.raises(UnknownCard) as caught:
        recognise(Contacts(lambda _command: b"\x6a\x82", atr=b"\x3b\x00"))
    assert caught.value.atr == b"\x3b\x00"


def test_a_card_that_breaks_while_it_is_recognised() -> None:
    with pytest.raises(CardProtocolError, match="no answer"):
        recognise(Contacts(lambda _command: None))


@pytest.mark.parametrize("truncated", range(1, 17))
@pytest.mark.parametrize("changes", [{}, {"quirks": {"response_style": "direct", "wrong_le": "accept"}}])
def test_a_truncated_answer_never_passes_for_content(truncated: int, changes: dict[str, Any]) -> None:
    quirks = {**changes.get("quirks", {}), "truncate_apdu": truncated}
    whole = opened(sim_card())
    facts, holder = whole.read_facts(), whole.read_holder()
    try:
        card = opened(sim_card(quirks=quirks))
        assert (card.read_facts(), card.read_holder()) == (facts, holder)
    except (CardProtocolError, UnknownCard):
        return
    asked_again = truncated == 1  # the SELECT, whose answer nobody uses
    assert asked_again or truncated >= 14, "the answer was cut, and nobody noticed"
