"""PACE: the worked example of ICAO Doc 9303 part 11, appendix G.1, and documents that open to nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.api import Response
from drivers.cards.emrtd import AccessKey, AccessNumber, parse_key
from drivers.cards.registry import Helps, identify
from drivers.cards.secure import ber, pace
from drivers.cards.secure.curve import BRAINPOOL256, Curve
from drivers.errors import CardError, CardNeedsKey, CardProtocolError
from drivers.sim.cards.card import SimCard
from tests.cards import MRZ_KEY, Contacts, emrtd_document, scripted

KEY = AccessKey("T22000129", "640812", "101031")
SUITE = pace.Suite(pace.CIPHERS["aes-128"], 13)
NONCE = bytes.fromhex("3F00C4D39D153F2B2A214A078D899B22")
HIDDEN = "95A3A016522EE98D01E76CB6B98B42C3"
MAPPING = 0x7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99
AGREEING = 0xA73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595
CHIP_MAPS = (
    "04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
    "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
)
CHIP_AGREES = (
    "049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
    "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094"
)
GENERATOR = (
    "048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
    "8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522"
)


def told(tag: int, value: str) -> str:
    return ber.encode(0x7C, ber.encode(tag, bytes.fromhex(value))).hex() + "9000"


def test_the_worked_example_whole() -> None:
    contacts = scripted(
        "9000", told(0x80, HIDDEN), told(0x82, CHIP_MAPS), told(0x84, CHIP_AGREES), told(0x86, "3ABB9674BCE93C08")
    )
    keys = iter((MAPPING, AGREEING))
    channel = pace.establish(contacts, KEY.password(), SUITE, lambda _order: next(keys))
    assert isinstance(channel, pace.AesChannel)
    assert channel._enc.hex().upper() == "F5F0E35C0D7161EE6724EE513A0D9A7F"
    assert channel._mac.hex().upper() == "FE251C7858B356B24514B3BD5F4297D1"
    sent = [command.hex().upper() for command in contacts.sent]
    assert sent[0] == "0022C1A40F800A04007F0007020204020283" + "0101"
    assert sent[1] == "10860000027C0000"
    assert "7ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E" in sent[2]
    assert "2DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C" in sent[3]
    assert sent[4] == "008600000C7C0A8508C2B0BD78D94BA86600"


def test_the_pieces_of_the_worked_example() -> None:
    assert KEY.password().secret.hex().upper() == "7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD"
    assert SUITE.derive(KEY.password().secret, 3).hex().upper() == "89DED1B26624EC1E634C1989302849DD"
    assert SUITE.reveal(KEY.password(), bytes.fromhex(HIDDEN)) == NONCE
    shared = BRAINPOOL256.times(MAPPING, BRAINPOOL256.decode(bytes.fromhex(CHIP_MAPS)))
    assert BRAINPOOL256.encode(SUITE.mapped(NONCE, shared)).hex().upper() == GENERATOR


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["6A80"], "refused"),
        (["9000", told(0x80, "00")], "another length"),
        (["9000", told(0x81, HIDDEN)], "did not come"),
        (["9000", told(0x80, HIDDEN), told(0x82, "04" + "11" * 64)], "no point"),
        (["9000", told(0x80, HIDDEN), told(0x82, CHIP_MAPS), told(0x84, "00")], "no point"),
        (
            ["9000", told(0x80, HIDDEN), told(0x82, CHIP_MAPS), told(0x84, CHIP_AGREES), told(0x86, "00" * 8)],
            "does not know its own key",
        ),
    ],
)
def test_a_chip_that_does_not_keep_to_it(answers: list[str], reason: str) -> None:
    keys = iter((MAPPING, AGREEING))
    with pytest.raises(CardProtocolError, match=reason):
        pace.establish(scripted(*answers), KEY.password(), SUITE, lambda _order: next(keys))


@pytest.mark.parametrize("access", ["pace", "pace-p256"])
@pytest.mark.parametrize("style", ["61xx", "direct"])
def test_a_document_that_opens_to_pace_only(access: str, style: str) -> None:
    sim = SimCard.from_document(emrtd_document(access=access, quirks={"response_style": style}))
    card = identify(Contacts(sim.process, sim.atr), Helps(key=AccessKey.parse(MRZ_KEY)))
    assert card.read_holder().name == "ANNA MARIA ERIKSSON"
    assert card.read_facts().card_number == "L898902C3"
    sim.reset()
    other = identify(Contacts(sim.process, sim.atr), Helps(key=AccessKey.parse("L898902C4 740812 320415")))
    with pytest.raises(CardProtocolError) as caught:
        other.read_holder()
    assert caught.value.sw == 0x6300


def read(document: dict[str, Any], key: str) -> str:
    sim = SimCard.from_document(document)
    return identify(Contacts(sim.process, sim.atr), Helps(key=parse_key(key))).read_holder().name


@pytest.mark.parametrize("cipher", pace.CIPHERS)
@pytest.mark.parametrize("curve", [12, 13])
def test_every_cipher_opens_a_document(cipher: str, curve: int) -> None:
    document = emrtd_document(access="pace", pace={"cipher": cipher, "parameters": [curve]})
    assert read(document, MRZ_KEY) == "ANNA MARIA ERIKSSON"


@pytest.mark.parametrize("curve", pace.CURVES)
def test_every_curve_opens_a_document(curve: int) -> None:
    assert read(emrtd_document(access="pace", pace={"parameters": [curve]}), MRZ_KEY) == "ANNA MARIA ERIKSSON"


@pytest.mark.parametrize("cipher", ["aes-128", "aes-256"])
def test_the_access_number_opens_a_document_and_a_wrong_one_does_not(cipher: str) -> None:
    document = emrtd_document(access="pace", pace={"cipher": cipher})
    document["card"]["access_number"] = "005006"
    assert read(document, "005006\n") == "ANNA MARIA ERIKSSON"
    with pytest.raises(CardProtocolError) as caught:
        read(document, "005007")
    assert caught.value.sw == 0x6300
    assert "005006" not in repr(AccessNumber("005006"))


def test_the_access_number_does_not_open_a_document_without_pace() -> None:
    with pytest.raises(CardNeedsKey, match="printed zone"):
        read(emrtd_document(), "123456")


def test_a_document_that_offers_many_curves_is_told_which() -> None:
    sim = SimCard.from_document(emrtd_document(access="pace", pace={"parameters": [15, 12, 13]}))
    contacts = Contacts(sim.process, sim.atr)
    assert identify(contacts, Helps(key=AccessKey.parse(MRZ_KEY))).read_holder().name == "ANNA MARIA ERIKSSON"
    told = next(command for command in contacts.sent if command[1] == 0x22)
    assert told.endswith(bytes.fromhex("84010F")), "the first that it offers: P-384"


@pytest.mark.parametrize("curve", pace.CURVES.values())
def test_points_of_every_curve(curve: Curve) -> None:
    assert curve.decode(curve.encode(curve.g)) == curve.g
    assert curve.times(curve.n, curve.g) is None
    assert curve.times(3, curve.g) == curve.add(curve.g, curve.add(curve.g, curve.g))
    assert curve.add(None, curve.g) == curve.g
    with pytest.raises(CardProtocolError):
        curve.encode(None)


def test_what_a_card_offers() -> None:
    suites = [pace.Suite(cipher, curve) for cipher in pace.CIPHERS.values() for curve in pace.CURVES]
    assert [pace.offered(pace.card_access(suite)) for suite in suites] == [[suite] for suite in suites]
    assert pace.offered(pace.card_access(*suites)) == suites
    # groups of prime order (0 to 2), a curve that nobody standardised, a cipher that is none, integrated mapping
    other = [pace.card_access(pace.Suite(2, number)) for number in (0, 2, 19)] + [pace.card_access(pace.Suite(5, 12))]
    other.append(pace.card_access(SUITE).replace(pace.GENERIC_MAPPING, bytes.fromhex("04007F000702020404")))
    assert [pace.offered(raw) for raw in other] == [[]] * len(other)
    assert pace.offered(bytes.fromhex("3100")) == []


@given(st.binary(max_size=80))
def test_any_card_access(raw: bytes) -> None:
    try:
        assert isinstance(pace.offered(raw), list)
    except CardProtocolError:
        return


@given(st.binary(max_size=120))
def test_any_answer_in_the_channel_is_refused(data: bytes) -> None:
    with pytest.raises(CardProtocolError):
        pace.AesChannel(bytes(16), bytes(16)).open_answer(Response(data, 0x9000))


@given(st.integers(1, 14), st.binary(max_size=90))
@settings(max_examples=60, deadline=None)
def test_one_wrong_answer_in_a_good_run_ends_in_a_card_error_or_the_right_holder(place: int, wrong: bytes) -> None:
    sim = SimCard.from_document(emrtd_document(access="pace", quirks={"response_style": "direct"}))
    count = 0

    def process(command: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return wrong if count == place else sim.process(command)

    seen: Any = None
    try:
        seen = identify(Contacts(process, sim.atr), Helps(key=AccessKey.parse(MRZ_KEY))).read_holder()
    except CardError:
        return
    assert seen.name == "ANNA MARIA ERIKSSON"


def test_the_zone_key_is_hashed_as_the_standard_says() -> None:
    text = "T22000129364081251010318"
    assert hashlib.sha1(text.encode()).digest() == KEY.password().secret
