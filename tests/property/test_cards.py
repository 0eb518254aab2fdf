"""Whatever bytes come out of a card: values, or leaves of `CardError`, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import jsonschema
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.api import Response
from drivers.cards import tlv
from drivers.cards.apdu import case_of, command, send, with_le
from drivers.cards.citizen import CitizenCard
from drivers.cards.citizen_fields import id_check_digit
from drivers.cards.registry import recognise
from drivers.errors import (
    CardError,
    CardNeedsHsm,
    CardProtocolError,
    CardSwapped,
    PinBlocked,
    PinRejected,
    UnknownCard,
)
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError, card_schema, parse_card_document
from tests.cards import Contacts, card_document, sim_card

ANSWER = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda data, sw: data + sw.to_bytes(2, "big"),
        st.binary(max_size=64),
        st.sampled_from([0x9000, 0x6110, 0x6100, 0x6C12, 0x6C00, 0x63C2, 0x6983, 0x6A83, 0x6A82, 0x6982, 0x6282]),
    ),
    st.builds(
        lambda tag, value: tlv.encode(tag, value) + b"\x90\x00",
        st.sampled_from([1, 3, 5, 6, 7, 8, 9, 0x4E, 0x0A, 0x0B, 0x0C, 0x0D]),
        st.binary(max_size=40),
    ),
)
ACTIONS: tuple[Callable[[CitizenCard], object], ...] = (
    CitizenCard.read_facts,
    CitizenCard.read_holder,
    CitizenCard.tries_left,
    CitizenCard.certificate,
    lambda card: card.verify_pin("246813"),
    lambda card: card.sign(b"x"),
    lambda card: card.same_card("00" * 16),
)


@given(st.lists(ANSWER, min_size=1, max_size=60), st.sampled_from(ACTIONS))
@settings(max_examples=400, deadline=None)
def test_a_card_that_answers_garbage_ends_in_a_card_error(
    answers: list[bytes], action: Callable[[CitizenCard], object]
) -> None:
    left = list(answers)
    contacts = Contacts(lambda _command: left.pop(0) if left else None)
    try:
        action(recognise(contacts))
        action(CitizenCard(contacts))
    except (CardNeedsHsm, CardProtocolError, UnknownCard, CardSwapped, PinBlocked, PinRejected):
        return  # any other leaf would say something of the reader, which did nothing wrong


@given(st.integers(0, 30), st.binary(max_size=60), st.sampled_from(ACTIONS))
@settings(max_examples=300, deadline=None)
def test_one_wrong_answer_in_a_good_visit_ends_in_a_card_error(
    place: int, wrong: bytes, action: Callable[[CitizenCard], object]
) -> None:
    card = sim_card()
    count = 0

    def process(apdu: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return wrong if count == place else card.process(apdu)

    try:
        action(recognise(Contacts(process)))
    except CardError:
        return


@given(st.binary(max_size=300))
def test_a_record_is_refused_or_is_exactly_what_was_written(raw: bytes) -> None:
    try:
        record = tlv.parse_record(raw)
    except CardProtocolError:
        return
    assert tlv.encode(record.tag, record.value) == raw


@given(st.integers(1, 0xFE), st.binary(max_size=253), st.integers(1, 255))
def test_a_record_cut_anywhere_is_refused(tag: int, value: bytes, lost: int) -> None:
    raw = tlv.encode(tag, value)
    try:
        tlv.parse_record(raw[:-lost])
    except CardProtocolError:
        return
    raise AssertionError("a record without its end passed")


@given(
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=255),
    st.none() | st.integers(1, 256),
)
def test_every_command_has_the_case_it_was_built_for(ins: int, p1: int, p2: int, data: bytes, le: int | None) -> None:
    apdu = command(ins, p1, p2, data, le)
    assert case_of(apdu) == 1 + (le is not None) + 2 * bool(data)
    again = with_le(apdu, 7)
    assert (case_of(again), again[-1]) == (4 if data else 2, 7)


@given(st.binary(min_size=1, max_size=700), st.integers(1, 256))
def test_an_answer_in_parts_comes_whole(data: bytes, part: int) -> None:
    left = data

    def process(_command: bytes) -> bytes:
        nonlocal left
        now, left = left[:part], left[part:]
        return now + (bytes([0x61, min(len(left), part) & 0xFF]) if left else b"\x90\x00")

    if len(data) > part * 32:
        return
    assert send(Contacts(process), command(0xB2, le=1)).data == data


NAME_TEXT = st.text(
    st.sampled_from("测试张李欧阳𠮷㐂龘·ABCxyz") | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
    min_size=1,
    max_size=25,
).filter(lambda name: len(name.encode("gb18030")) <= 50)
BODY = st.builds(
    lambda day, serial: f"440199{day:%Y%m%d}{serial:03d}",
    st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)),
    st.integers(0, 999),
)


@given(
    NAME_TEXT,
    BODY,
    st.sampled_from(["1.00", "2.00"]),
    st.sampled_from(["tag", "tag-sfi", "number", "number-sfi"]),
    st.none() | st.integers(1, 99),
)
@example("测" * 14 + "𠮷" * 2, "44019919900101002", "1.00", "number", 10)
@settings(max_examples=200, deadline=None)
def test_whoever_is_written_on_a_card_is_read_from_it(
    name: str, body: str, version: str, mode: str, ethnic_group: int | None
) -> None:
    id_number = body + id_check_digit(body)
    holder: dict[str, Any] = {"name": name, "id_number": id_number, "ethnic_group": ethnic_group}
    document = {"profile": "citizen", "version": version, "holder": holder, "quirks": {"read_record_modes": [mode]}}
    card = recognise(Contacts(SimCard.from_document(document).process))
    seen = card.read_holder()
    assert (seen.name, seen.id_number, seen.ethnic_group) == (name, id_number, ethnic_group)
    assert seen.birth_date.replace("-", "") == body[6:14]
    assert card.warnings == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
VALIDATOR = jsonschema.Draft202012Validator(card_schema())
KEYS = st.sampled_from(["profile", "version", "pin", "tries_left", "card", "holder", "signing", "quirks", "x"])


@given(st.dictionaries(KEYS, JSON, max_size=4) | JSON)
@settings(deadline=None)
def test_any_json_is_a_card_or_a_clear_error(changes: Any) -> None:
    document = {**card_document(), **changes} if isinstance(changes, dict) else changes
    refused = refused_field(document)
    if refused is None:
        VALIDATOR.validate(document)
    else:
        assert refused


def refused_field(document: object) -> str | None:
    """The field for which the document is refused, or None where it makes a card."""
    try:
        SimCard.from_document(document)
    except CardDocumentError as error:
        return error.field
    return None


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_simulated_card_answers_anything_with_a_status_word(apdu: bytes) -> None:
    answer = sim_card().process(apdu)
    assert answer is not None
    assert len(answer) >= 2
    assert answer[-2] >> 4 in (6, 9)


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
def test_an_id_number_is_a_card_where_its_birthday_exists(id_number: str) -> None:
    document = {"profile": "citizen", "holder": {"name": "测试", "id_number": id_number}}
    if refused_field(document) is None:
        assert parse_card_document(document).holder.birth_date.replace("-", "") == id_number[6:14]
    else:
        assert refused_field(document) == "holder.id_number"


# ------------------------------------------------------------------------------------------------- in a row


class InARow(Contacts):
    """Contacts that take many APDUs at once, as the PC/SC child does: up to the first that is no success."""

    def transmit_many(self, commands: Sequence[bytes], deadline_s: float) -> list[Response]:
        answers: list[Response] = []
        for apdu in commands:
            answers.append(self.transmit(apdu, deadline_s))
            if answers[-1].sw != 0x9000:
                break
        return answers


@given(
    modes=st.sets(st.sampled_from(["tag-sfi", "tag", "number-sfi", "number"]), min_size=1),
    omitted=st.sets(st.sampled_from(["4E", "0A", "0B", "0C", "02", "04", "05"])),
    style=st.sampled_from(["61xx", "direct"]),
    wrong_le=st.sampled_from(["6Cxx", "accept"]),
    broken=st.none() | st.integers(1, 20),
)
@settings(max_examples=150, deadline=None)
def test_records_in_a_row_are_the_same_apdus_and_the_same_answers(
    modes: set[str], omitted: set[str], style: str, wrong_le: str, broken: int | None
) -> None:
    quirks = {"read_record_modes": sorted(modes), "omit_tags": sorted(omitted), "response_style": style}
    quirks |= {"wrong_le": wrong_le, "truncate_apdu": broken}
    seen: list[tuple[object, list[bytes]]] = []
    for kind in (Contacts, InARow):
        contacts = kind(sim_card(quirks=quirks).process)
        try:
            card = recognise(contacts)
            read: object = (card.read_facts(), card.read_holder(), card.warnings)
        except CardError as error:
            read = (type(error), str(error))
        seen.append((read, contacts.sent))
    one_by_one, in_a_row = seen
    assert one_by_one[0] == in_a_row[0]
    if broken is None:
        assert one_by_one[1] == in_a_row[1]
