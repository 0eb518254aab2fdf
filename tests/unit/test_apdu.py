from __future__ import annotations

import pytest

from drivers.api import Response
from drivers.cards import apdu
from drivers.cards.apdu import MAX_RESPONSE_ROUNDS, case_of, command, exchange, send, sw_name
from drivers.errors import CardProtocolError
from tests.cards import scripted

READ = command(apdu.INS_READ_RECORD, 8, 0, le=20)


def test_commands_of_all_four_cases() -> None:
    assert command(0x20).hex() == "00200000"
    assert command(0xB2, 8, 0, le=20).hex() == "00b2080014"
    assert command(0xA4, 4, 0, b"\x01\x02").hex() == "00a40400020102"
    assert command(0x2A, 0x9E, 0x9A, b"\x05", 256).hex() == "002a9e9a010500"
    assert [
        case_of(bytes.fromhex(each)) for each in ("00200000", "00b2080014", "00a40400020102", "002a9e9a010500")
    ] == [
        1,
        2,
        3,
        4,
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"ins": 256}, "INS"),
        ({"ins": 0x20, "p1": -1}, "P1"),
        ({"ins": 0x20, "cla": 256}, "CLA"),
        ({"ins": 0x20, "data": bytes(256)}, "255"),
        ({"ins": 0x20, "le": 0}, "Le"),
        ({"ins": 0x20, "le": 257}, "Le"),
    ],
)
def test_a_command_that_does_not_fit_is_refused(arguments: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        command(**arguments)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("text", ["", "0020", "0020000000aa", "00a4040003aabb", "00a4040001aabbcc"])
def test_what_is_no_short_apdu_has_no_case(text: str) -> None:
    with pytest.raises(ValueError, match="not a short"):
        case_of(bytes.fromhex(text))


def test_a_card_that_says_61xx_is_asked_until_it_is_done() -> None:
    card = scripted("6103", "AABBCC6102", "DDEE9000")
    assert exchange(card, READ) == bytes.fromhex("AABBCCDDEE")
    assert [sent.hex() for sent in card.sent[1:]] == ["00c0000003", "00c0000002"]


def test_data_in_front_of_61xx_are_kept() -> None:
    assert send(scripted("AA6101", "BB9000"), READ) == Response(b"\xaa\xbb", 0x9000)


def test_61_00_asks_for_whatever_there_is() -> None:
    card = scripted("6100", "AABB9000")
    assert exchange(card, READ) == b"\xaa\xbb"
    assert card.sent[1].hex() == "00c0000000"


def test_a_card_that_says_6cxx_gets_its_own_length_once() -> None:
    card = scripted("6C02", "AABB9000")
    assert exchange(card, READ) == b"\xaa\xbb"
    assert card.sent[1].hex() == "00b2080002"


def test_a_command_without_le_gets_one_from_6cxx() -> None:
    card = scripted("6C01", "AA9000")
    exchange(card, command(0xA4, 4, 0, b"\x01"))
    assert card.sent[1].hex() == "00a40400010101"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (("6C02", "6C03"), "refuses the length"),
        (("6C03", "AABB9000"), "2 bytes instead of 3"),
        (("6103", "AABB9000"), "2 bytes instead of 3"),
        (("6100", "9000"), "nothing"),
        (("6103", "6A82"), "GET RESPONSE failed: 6A82"),
        (("1234",), "cut short"),
        (("6A83",), "6A83 record not found"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(answers: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CardProtocolError, match=reason):
        exchange(scripted(*answers), READ)


def test_a_card_that_never_ends_its_answer_is_given_up() -> None:
    card = scripted(*["610A"], *["00" * 10 + "610A"] * MAX_RESPONSE_ROUNDS)
    with pytest.raises(CardProtocolError, match="never ends"):
        send(card, READ)


def test_an_answer_of_another_length_is_refused() -> None:
    with pytest.raises(CardProtocolError, match="gave 1 bytes instead of 20") as caught:
        exchange(scripted("AA9000"), READ, length=20)
    assert caught.value.sw == 0x9000


def test_other_status_words_can_be_accepted() -> None:
    assert exchange(scripted("AA6282"), READ, accept=(0x9000, 0x6282)) == b"\xaa"


@pytest.mark.parametrize(
    ("sw", "name"),
    [
        (0x9000, "9000 success"),
        (0x6105, "6105 more data"),
        (0x6C10, "6C10 wrong Le"),
        (0x63C2, "63C2 tries left: 2"),
        (0x6A82, "6A82 file not found"),
        (0x6FFF, "6FFF unnamed status word"),
    ],
)
def test_status_words_have_names(sw: int, name: str) -> None:
    assert sw_name(sw) == name


def test_a_command_is_told_without_its_pin_and_its_data() -> None:
    commands = [
        command(apdu.INS_VERIFY, data=bytes.fromhex("246813")),
        command(apdu.INS_SELECT, 4, 0, b"\xaa"),
        command(apdu.INS_VERIFY),
        command(apdu.INS_SECURITY_OPERATION, 0x9E, 0x9A, bytes(32), 64),
        READ,
    ]
    told = ["00200000 <PIN>", "00A4040001AA", "00200000", "002A9E9A <34 bytes>", "00B2080014"]
    assert [apdu.describe(each) for each in commands] == told
