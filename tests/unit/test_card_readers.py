"""Reader roles, and the recovery ladder: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cards.registry import historical_bytes
from drivers.readers.recovery import Ladder, Patience, Step
from drivers.readers.roles import Role, front, interface, matching, roles

NAMES = ("ACS ACR39U ICC Reader 00 00", "ACS ACR39U ICC Reader 01 00", "ACS ACR1252 Dual Reader PICC 02 00")


def test_the_technicians_slot_is_never_the_citizens() -> None:
    assert roles(NAMES, "", NAMES[0]) == {
        NAMES[0]: Role.TECHNICIAN,
        NAMES[1]: Role.CITIZEN,
        NAMES[2]: Role.SPARE,
    }
    assert roles(NAMES, NAMES[0], NAMES[0])[NAMES[0]] is Role.TECHNICIAN
    assert roles(NAMES[:1], "", "ACS ACR39U ICC Reader") == {NAMES[0]: Role.TECHNICIAN}
    assert roles(NAMES)[NAMES[0]] is Role.CITIZEN
    assert roles(()) == {}


def test_of_two_readers_alike_the_technicians_is_not_taken_when_the_citizens_is_unplugged() -> None:
    citizen, technician = "ACS ACR39U ICC Reader", NAMES[1]
    assert front(NAMES, citizen, technician) == NAMES[0]
    assert front(NAMES[1:], citizen, technician) is None
    assert front(NAMES[1:2], "", technician) is None
    assert front(NAMES[1:], "", technician) == NAMES[2]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("ACS ACR39U ICC Reader", NAMES[0]),
        (NAMES[1], NAMES[1]),
        ("ACS ACR39U", None),
        ("ACS ACR1252 Dual Reader PICC", NAMES[2]),
        ("", None),
    ],
)
def test_a_name_with_or_without_its_numbers(wanted: str, found: str | None) -> None:
    assert matching(NAMES, wanted) == found


def test_contact_and_field_are_told_apart() -> None:
    assert interface(NAMES[0]) == "contact"
    assert interface(NAMES[2]) == "contactless"
    assert interface("Nobody 00 00", bytes.fromhex("3B8980014A434F5033315632324A")) == "contactless"
    assert interface("Nobody 00 00", bytes.fromhex("3B6D000000814E43238697154401990001")) == "contact"


def test_the_rungs_come_in_their_order_and_ever_more_seldom() -> None:
    ladder = Ladder(Patience(child_s=5, service_s=20, longest_s=100))
    due = [(second, step) for second in range(400) if (step := ladder.silent(float(second))) is not None]
    assert due == [
        (5, Step.CHILD),
        (20, Step.SERVICE),
        (60, Step.SERVICE),
        (140, Step.SERVICE),
        (240, Step.SERVICE),
        (340, Step.SERVICE),
    ]
    assert ladder.out_of_order
    ladder.works()
    assert not ladder.out_of_order
    assert ladder.silent(1000.0) is None
    assert ladder.silent(1005.0) is Step.CHILD


def test_a_sign_of_life_takes_one_down_to_the_ground() -> None:
    ladder = Ladder(Patience(child_s=5, service_s=20))
    for second in range(100):
        assert ladder.silent(float(second)) is None
        if second % 4 == 3:
            ladder.works()


@pytest.mark.parametrize(
    ("atr", "historical"),
    [
        ("3B6D000000814E43238697154401990001", "00814E43238697154401990001"),
        ("3B8D0100814E43238697154401990001FA", "00814E43238697154401990001"),
        ("3B9813400AA503010101AD1311", "A503010101AD1311"),
        ("3B", ""),
        ("", ""),
    ],
)
def test_historical_bytes(atr: str, historical: str) -> None:
    assert historical_bytes(bytes.fromhex(atr)).hex().upper() == historical


@given(st.binary(max_size=40))
def test_historical_bytes_of_anything(atr: bytes) -> None:
    assert len(historical_bytes(atr)) <= 15
