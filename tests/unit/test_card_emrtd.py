"""Travel documents: the worked examples of ICAO Doc 9303, the twin, and bytes that no document would give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.api import Response
from drivers.cards import emrtd
from drivers.cards.emrtd import AccessKey, EmrtdCard, parse_zone
from drivers.cards.registry import Helps, identify, recognise
from drivers.cards.secure import ber, messaging
from drivers.errors import CardNeedsKey, CardProtocolError, UnknownCard
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.chips.emrtd import machine_readable_zone
from drivers.sim.cards.document import CardDocumentError
from tests.cards import MRZ_KEY, Contacts, emrtd_document

SEED = bytes.fromhex("239AB9CB282DAF66231DC5A4DF6BFBAE")
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def opened(sim: SimCard, key: str | None = MRZ_KEY) -> EmrtdCard:
    helps = Helps(key=None if key is None else AccessKey.parse(key))
    card = identify(Contacts(sim.process, sim.atr), helps)
    assert isinstance(card, EmrtdCard)
    return card


# ---- appendix D of part 11


def test_the_keys_of_the_worked_example() -> None:
    assert AccessKey("L898902C<", "690806", "940623").seed() == SEED
    assert messaging.derive(SEED, 1).hex().upper() == "AB94FDECF2674FDFB9B391F85D7F76F2"
    assert messaging.derive(SEED, 2).hex().upper() == "7962D9ECE03D1ACD4C76089DCE131543"


def test_the_authentication_of_the_worked_example() -> None:
    enc, mac = messaging.derive(SEED, 1), messaging.derive(SEED, 2)
    plain = bytes.fromhex("781723860C06C2264608F919887022120B795240CB7049B01C19B33E32804F0B")
    told = messaging.encrypt(enc, plain)
    assert told.hex().upper() == "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2"
    assert messaging.retail_mac(mac, told).hex().upper() == "5F1448EEA8AD90A7"


def test_the_secure_messaging_of_the_worked_example() -> None:
    channel = messaging.Channel(bytes.fromhex("0036D272F5C350ACAC50C3F572D23600"), bytes.fromhex("887022120C06C226"))
    select = channel.protect(bytes.fromhex("00A4020C02011E"))
    assert select.hex().upper() == "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800"
    assert channel.open_answer(Response(bytes.fromhex("990290008E08FA855A5D4C50A8ED"), 0x9000)).sw == 0x9000
    assert channel.protect(bytes.fromhex("00B0000004")).hex().upper() == "0CB000000D9701048E08ED6705417E96BA5500"
    answer = Response(bytes.fromhex("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED"), 0x9000)
    assert channel.open_answer(answer).data == bytes.fromhex("60145F01")


def test_the_zone_of_the_specimen() -> None:
    zone = parse_zone(TD3)
    assert (zone.document_number, zone.birth_date, zone.expires) == ("L898902C3", "740812", "120415")
    assert (zone.name, zone.sex, zone.optional) == ("ANNA MARIA ERIKSSON", "F", "ZE184226B")
    document = emrtd_document()
    document["card"]["expires"] = "2012-04-15"
    assert machine_readable_zone(document) == TD3


# ---- the twin


@pytest.mark.parametrize("form", ["TD1", "TD2", "TD3"])
@pytest.mark.parametrize("style", ["61xx", "direct"])
def test_a_document_opens_to_the_key_that_is_printed_on_it(form: str, style: str) -> None:
    document = emrtd_document(format=form, quirks={"response_style": style})
    if form == "TD2":
        document["holder"]["id_number"] = "ZE18422"
    card = opened(SimCard.from_document(document))
    holder, facts = card.read_holder(), card.read_facts()
    assert (holder.name, holder.sex, holder.birth_date) == ("ANNA MARIA ERIKSSON", "female", "1974-08-12")
    assert holder.id_number == document["holder"]["id_number"]
    assert (facts.profile, facts.card_number, facts.expires) == ("emrtd", "L898902C3", "2032-04-15")


def test_without_the_key_only_its_kind_is_known() -> None:
    card = opened(SimCard.from_document(emrtd_document()), None)
    assert card.read_facts().profile == "emrtd"
    assert card.read_facts().card_number == ""
    with pytest.raises(CardNeedsKey):
        card.read_holder()


def test_another_documents_key_opens_nothing() -> None:
    card = opened(SimCard.from_document(emrtd_document()), "L898902C4 740812 320415")
    with pytest.raises(CardProtocolError) as caught:
        card.read_holder()
    assert caught.value.sw == 0x6300


def test_nothing_is_read_outside_the_channel_and_a_changed_byte_ends_it() -> None:
    sim = SimCard.from_document(emrtd_document())
    select = bytes.fromhex("00A4040C07A0000002471001")
    assert sim.process(select) == b"\x90\x00"
    assert sim.process(bytes.fromhex("00B0000004")) == b"\x69\x82"
    count = 0

    def meddling(command: bytes) -> bytes | None:
        nonlocal count
        answer = sim.process(command)
        count += command[0] == 0x0C
        if count == 2 and answer and len(answer) > 10:
            answer = answer[:5] + bytes([answer[5] ^ 1]) + answer[6:]
        return answer

    helps = Helps(key=AccessKey.parse(MRZ_KEY))
    with pytest.raises(CardProtocolError, match="not this card's"):
        identify(Contacts(meddling, sim.atr), helps).read_holder()


def test_a_command_that_was_changed_on_its_way_ends_the_channel() -> None:
    sim = SimCard.from_document(emrtd_document(quirks={"response_style": "direct"}))

    def meddling(command: bytes) -> bytes | None:
        return sim.process(command[:-2] + bytes([command[-2] ^ 1]) + command[-1:] if command[0] == 0x0C else command)

    with pytest.raises(CardProtocolError):
        identify(Contacts(meddling, sim.atr), Helps(key=AccessKey.parse(MRZ_KEY))).read_holder()


def test_the_terminal_names_it_before_any_pin() -> None:
    sim = SimCard.from_document(emrtd_document())
    with pytest.raises(UnknownCard) as caught:
        recognise(Contacts(sim.process, sim.atr))
    assert caught.value.profile == "emrtd"


@pytest.mark.parametrize("text", [MRZ_KEY, MRZ_KEY.lower(), TD3[:44] + "\n" + TD3[44:]])
def test_the_key_as_it_may_be_written(text: str) -> None:
    key = AccessKey.parse(text)
    assert (key.document_number, key.birth_date) == ("L898902C3", "740812")
    assert "L898902C3" not in repr(key)


@pytest.mark.parametrize("text", ["", "L898902C3", "L898902C3 740812 3204xx", "a b c d", TD3[:44] + " " + "A" * 44])
def test_what_is_no_key_is_told_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"wanted|digits|zone") as caught:
        AccessKey.parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("born", "expires", "year"), [("740812", "320415", 1974), ("280101", "320415", 2028), ("300101", "320415", 1930)]
)
def test_the_century_that_the_zone_does_not_tell(born: str, expires: str, year: int) -> None:
    assert emrtd._birth(born, expires).startswith(str(year))


def test_a_name_that_does_not_fit_makes_no_card() -> None:
    document = emrtd_document(format="TD1")
    document["holder"]["given_names"] = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD"
    with pytest.raises(CardDocumentError, match="does not fit"):
        SimCard.from_document(document)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<é ", max_size=92))
def test_any_text_is_a_zone_or_a_card_error(text: str) -> None:
    try:
        parse_zone(text)
    except CardProtocolError:
        return


@given(st.integers(0, 87), st.sampled_from("0123456789ABCZ<"))
@settings(max_examples=300)
def test_a_zone_with_one_character_changed_never_crashes(place: int, character: str) -> None:
    text = TD3[:place] + character + TD3[place + 1 :]
    try:
        zone = parse_zone(text)
        emrtd._birth(zone.birth_date, zone.expires)
        emrtd._expiry(zone.expires)
    except CardProtocolError:
        return


@given(st.binary(max_size=300))
def test_data_objects_of_any_bytes_are_refused_or_whole(raw: bytes) -> None:
    try:
        found = list(ber.objects(raw))
    except CardProtocolError:
        return
    assert sum(len(value) for _, value in found) < max(1, len(raw))


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_answers_end_in_a_card_error(answers: list[bytes]) -> None:
    left = [answer + b"\x90\x00" for answer in answers]
    card = EmrtdCard(Contacts(lambda _command: left.pop(0) if left else None), AccessKey.parse(MRZ_KEY))
    with pytest.raises(CardProtocolError):
        card.read_holder()


@given(st.sampled_from([0x61, 0x5F1F, 0x7C, 0x87]), st.binary(max_size=700))
def test_a_data_object_is_read_as_it_was_written(tag: int, value: bytes) -> None:
    assert ber.only(ber.encode(tag, value), tag) == value
