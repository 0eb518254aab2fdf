"""One set of cases for every reader: the simulated one, and PC/SC over a private pcscd with a virtual slot.

The same simulated card is in both slots. What is asked here is what the terminal relies on.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from drivers.api import SlotState
from drivers.cards.apdu import send, send_each
from drivers.cards.piv import PivCard
from drivers.cards.registry import identify, recognise
from drivers.errors import (
    CardBusy,
    CardMute,
    CardProtocolError,
    CardRemoved,
    CardSwapped,
    NoCard,
    PinBlocked,
    PinRejected,
    ReaderGone,
    UnknownCard,
)
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from provisioning.gateway.proofs import card_key
from tests.cards import ID_NUMBER, NAME, PIN, card_document, other_document, piv_document, sim_card
from tests.contract.card_rig import PATIENCE_S, Rig, in_background, pcsc_rig, sim_rig

SHORT_S = 0.4
TRIES = bytes.fromhex("00200000")
SELECT = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")
READ_CARD_ID = bytes.fromhex("00B2012812")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=[pytest.param(sim_rig, id="sim"), pytest.param(pcsc_rig, id="pcsc", marks=pytest.mark.pcsc)])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with request.param() as made:
        yield made


def test_an_empty_slot_is_reported_at_once(rig: Rig) -> None:
    assert [(event.state, event.insertion) for event in rig.events] == [(SlotState.EMPTY, 0)]
    assert rig.events[0].reader == rig.reader.name == "Kiosk Citizen 00 00"
    with pytest.raises(NoCard):
        rig.reader.connect()


def test_a_card_comes_and_goes_and_comes_again(rig: Rig) -> None:
    card = sim_card()
    rig.hand.insert(card)
    assert rig.until(SlotState.PRESENT).atr == card.atr
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    rig.hand.insert(card)
    rig.until(SlotState.PRESENT)
    assert [event.insertion for event in rig.events] == [0, 1, 1, 2]


T1_ATR = "3B8D0100814E43238697154401990001FA"
T1_PIV_ATR = "3B810131B1"


@pytest.mark.parametrize(("atr", "algorithm"), [(None, "p256"), (T1_ATR, "sm2")], ids=["T=0", "T=1, SM2"])
def test_a_whole_visit_at_the_card(rig: Rig, authority: CardAuthority, atr: str | None, algorithm: str) -> None:
    connection = rig.inserted(sim_card(authority, algorithm=algorithm, quirks={"atr": atr}))
    card = recognise(connection)
    facts = card.read_facts()
    assert (facts.version, facts.card_number, card.tries_left()) == ("2.00", "X00000019", 3)
    card.verify_pin(PIN)
    holder = card.read_holder()
    assert (holder.name, holder.id_number) == (NAME, ID_NUMBER)
    certificate, signature = card.certificate(), card.sign(b"lookup")
    assert len(certificate) > 256
    assert card_key.signed(x509.load_der_x509_certificate(certificate), signature, b"lookup")
    card.same_card(facts.card_id)
    assert connection.atr == card.atr == rig.events[-1].atr
    connection.close()


@pytest.mark.parametrize("atr", [None, T1_PIV_ATR], ids=["its own ATR", "T=1"])
def test_a_chained_command_and_a_long_answer_come_through(rig: Rig, authority: CardAuthority, atr: str | None) -> None:
    """RSA on a PIV card: an input of 266 bytes goes in two commands, the signature comes in two answers."""
    card = identify(
        rig.inserted(SimCard.from_document(piv_document(algorithm="rsa2048", quirks={"atr": atr}), authority))
    )
    assert isinstance(card, PivCard)
    card.verify_pin("12345678")
    key, signature = x509.load_der_x509_certificate(card.certificate()).public_key(), card.sign(b"text")
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("style", ["61xx", "direct"])
@pytest.mark.parametrize("wrong_le", ["6Cxx", "accept"])
def test_every_way_to_answer_is_understood(rig: Rig, style: str, wrong_le: str) -> None:
    quirks = {"response_style": style, "wrong_le": wrong_le, "read_record_modes": ["number"]}
    card = recognise(rig.inserted(sim_card(quirks=quirks)))
    assert card.read_holder().name == NAME


def test_61xx_and_6cxx_come_through_as_they_are(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    select = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")
    first = connection.transmit(select)
    assert first.sw >> 8 == 0x61
    assert len(send(connection, select).data) == first.sw & 0xFF
    assert connection.transmit(bytes.fromhex("00B2012CFF")).sw == 0x6C12


def test_a_card_pulled_between_two_apdus(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    connection.transmit(TRIES)
    rig.hand.remove()
    for _ in range(2):
        with pytest.raises(CardRemoved):
            connection.transmit(TRIES)
    connection.close()
    rig.until(SlotState.EMPTY)


def test_a_card_pulled_in_the_middle_of_an_apdu(rig: Rig) -> None:
    card = sim_card(quirks={"answer_delay_ms": 600_000})
    connection = rig.inserted(card)
    outcome = in_background(lambda: connection.transmit(TRIES, PATIENCE_S))
    assert card.wait_for_apdus(1, PATIENCE_S)
    rig.hand.remove()
    with pytest.raises(CardRemoved):
        outcome()
    rig.until(SlotState.EMPTY)
    assert recognise(rig.inserted(sim_card())).read_holder().name == NAME


def test_a_mute_card_meets_the_deadline_and_the_next_card_is_served(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"mute_after_apdus": 1}))
    connection.transmit(TRIES)
    with pytest.raises(CardMute):
        connection.transmit(TRIES, SHORT_S)
    with pytest.raises(CardMute):
        connection.transmit(TRIES)
    connection.close()
    rig.hand.remove()
    rig.until(SlotState.EMPTY, insertion=1)
    assert recognise(rig.inserted(sim_card())).read_holder().name == NAME
    assert rig.events[-1].insertion == 2


def test_a_slow_card_within_the_deadline_is_waited_for(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"answer_delay_ms": 300}))
    assert connection.transmit(TRIES, PATIENCE_S).sw == 0x63C3


def test_a_card_that_answers_too_late_is_mute(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"answer_delay_ms": 600_000}))
    with pytest.raises(CardMute):
        connection.transmit(TRIES, SHORT_S)


def test_each_record_of_a_file_has_a_deadline_of_its_own(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"answer_delay_ms": 150, "response_style": "direct"}))
    assert connection.transmit(SELECT).sw == 0x9000
    answers = list(send_each(connection, [READ_CARD_ID] * 4, SHORT_S))
    assert [answer.sw for answer in answers] == [0x9000] * 4, "0.6 s together, 0.4 s for each"


def test_a_card_that_falls_silent_in_a_row_of_records(rig: Rig) -> None:
    card = sim_card(quirks={"mute_after_apdus": 3, "response_style": "direct"})
    connection = rig.inserted(card)
    assert connection.transmit(SELECT).sw == 0x9000
    with pytest.raises(CardMute):
        list(send_each(connection, [READ_CARD_ID] * 4, SHORT_S))
    assert card.apdus == 4
    connection.close()
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    assert recognise(rig.inserted(sim_card())).read_holder().name == NAME


def test_nothing_is_sent_after_the_first_record_that_is_not_there(rig: Rig) -> None:
    card = sim_card(quirks={"response_style": "direct"})
    connection = rig.inserted(card)
    assert connection.transmit(SELECT).sw == 0x9000
    missing = bytes.fromhex("00B2EE2812")
    answers = list(send_each(connection, [READ_CARD_ID, bytes.fromhex("00B20128FF"), missing, READ_CARD_ID]))
    assert [answer.sw for answer in answers] == [0x9000, 0x9000, 0x6A83]
    assert card.apdus == 5, "SELECT, a record, one with a wrong length twice, and one that is not there"
    assert connection.transmit(READ_CARD_ID).sw == 0x9000


@pytest.mark.parametrize("atr", ["00", "FFFF", "3F" + "00" * 39])
def test_a_card_that_answers_the_reset_wrongly(rig: Rig, atr: str) -> None:
    rig.hand.insert(sim_card(quirks={"atr": atr}))
    assert rig.until(SlotState.MUTE).atr == b""
    with pytest.raises(CardMute):
        rig.reader.connect()


def test_a_card_that_no_profile_knows(rig: Rig) -> None:
    class Stranger(SimCard):
        def process(self, apdu: bytes) -> bytes | None:
            return b"\x6a\x82" if super().process(apdu) else None

    stranger = Stranger.from_document(other_document(quirks={"atr": "3B021450"}))
    with pytest.raises(UnknownCard) as caught:
        recognise(rig.inserted(stranger))
    assert caught.value.atr == bytes.fromhex("3B021450")


def test_a_truncated_answer_is_refused(rig: Rig) -> None:
    card = recognise(rig.inserted(sim_card(quirks={"truncate_apdu": 3})))
    with pytest.raises(CardProtocolError):
        card.read_facts()


def test_an_answer_that_is_far_too_long_is_refused(rig: Rig) -> None:
    class Talker(SimCard):
        def process(self, apdu: bytes) -> bytes | None:
            answer = super().process(apdu)
            return answer if answer is None or apdu[1] != 0xB2 else answer[:2] + bytes(298) + answer[-2:]

    card = recognise(rig.inserted(Talker.from_document(card_document())))
    with pytest.raises(CardProtocolError):
        card.read_facts()


def test_a_session_that_was_forgotten_takes_nothing_from_the_next(rig: Rig) -> None:
    sim = sim_card()
    old = rig.inserted(sim)
    old.close()
    card = recognise(rig.reader.connect())
    card.verify_pin(PIN)
    del old
    gc.collect()
    assert sim.pin_verified, "whatever ends with the old session must not unpower the card under the new one"
    assert card.read_holder().name == NAME


def test_an_answer_of_one_byte_ends_the_connection(rig: Rig) -> None:
    connection = rig.inserted(sim_card(quirks={"truncate_apdu": 2}))
    assert connection.transmit(TRIES).sw == 0x63C3
    for _ in range(2):
        with pytest.raises(CardProtocolError):
            connection.transmit(TRIES)
    connection.close()
    assert rig.reader.connect().transmit(TRIES).sw == 0x63C3, "a new connection reaches the card again"


def test_a_wrong_pin_counts_down_over_pulls_until_the_card_is_blocked(rig: Rig) -> None:
    sim = sim_card(tries_left=3)
    for left in (2, 1):
        connection = rig.inserted(sim)
        with pytest.raises(PinRejected) as caught:
            recognise(connection).verify_pin("000000")
        assert caught.value.tries_left == left
        connection.close()
        rig.hand.remove()
        rig.until(SlotState.EMPTY)
    card = recognise(rig.inserted(sim))
    for digits in ("000000", PIN):
        with pytest.raises(PinBlocked):
            card.verify_pin(digits)
    assert card.tries_left() == 0


def test_the_next_session_starts_without_the_pin_of_the_last(rig: Rig) -> None:
    sim = sim_card()
    connection = rig.inserted(sim)
    recognise(connection).verify_pin(PIN)
    connection.close()
    assert rig.unpowered(sim), "closing unpowers"
    connection = rig.reader.connect()
    assert recognise(connection).tries_left() == 6
    recognise(connection).verify_pin(PIN)
    rig.hand.remove()
    rig.until(SlotState.EMPTY)
    assert rig.unpowered(sim)


def test_two_sessions_at_once_are_refused(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    with pytest.raises(CardBusy):
        rig.reader.connect()
    connection.close()
    connection.close()
    rig.reader.connect().close()


def test_a_card_exchanged_in_one_breath_is_never_taken_for_the_first(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    card = recognise(connection)
    card_id = card.read_facts().card_id
    rig.hand.remove()
    rig.hand.insert(SimCard.from_document(other_document()))
    for _ in range(3):
        with pytest.raises((CardSwapped, CardRemoved, CardProtocolError)):
            card.same_card(card_id)
    connection.close()
    rig.until(SlotState.PRESENT)
    assert recognise(rig.reader.connect()).read_facts().card_id == "FF" * 16


def test_the_reader_goes_away_and_comes_back(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    rig.hand.lose_reader()
    with pytest.raises(ReaderGone):
        connection.transmit(TRIES)
    rig.until(SlotState.READER_ABSENT)
    with pytest.raises(ReaderGone):
        rig.reader.connect()
    rig.hand.remove()
    rig.hand.return_reader()
    rig.until(SlotState.EMPTY)
    assert recognise(rig.inserted(sim_card())).read_holder().name == NAME
    assert rig.events[-1].insertion == 2


def test_the_reader_goes_away_in_the_middle_of_an_apdu(rig: Rig) -> None:
    card = sim_card(quirks={"answer_delay_ms": 600_000})
    connection = rig.inserted(card)
    outcome = in_background(lambda: connection.transmit(TRIES, PATIENCE_S))
    assert card.wait_for_apdus(1, PATIENCE_S)
    rig.hand.lose_reader()
    with pytest.raises(ReaderGone):
        outcome()


def test_a_closed_reader_ends_its_sessions_and_says_no_more(rig: Rig) -> None:
    connection = rig.inserted(sim_card())
    rig.reader.close()
    count = len(rig.events)
    with pytest.raises(ReaderGone):
        connection.transmit(TRIES)
    connection.close()
    rig.hand.remove()
    rig.reader.close()
    assert len(rig.events) == count


def test_a_reader_reports_to_one_listener(rig: Rig) -> None:
    with pytest.raises(RuntimeError, match="already"):
        rig.reader.start(lambda _event: None)


# ---- what only the simulated reader can show


def test_another_program_holds_the_card() -> None:
    with sim_rig() as rig:
        assert isinstance(rig.reader, SimReader)
        rig.hand.insert(sim_card())
        rig.reader.hold(held=True)
        with pytest.raises(CardBusy):
            rig.reader.connect()
        rig.reader.hold(held=False)
        rig.reader.connect().close()


def test_a_card_that_stayed_in_an_unplugged_reader_arrives_again() -> None:
    with sim_rig() as rig:
        rig.hand.insert(sim_card())
        for _ in range(2):
            rig.hand.lose_reader()
            rig.hand.return_reader()
            rig.hand.lose_reader()
        rig.hand.remove()
        rig.hand.return_reader()
        assert isinstance(rig.reader, SimReader)
        assert rig.reader.settle()
        assert [event.insertion for event in rig.events if event.state is SlotState.PRESENT] == [1, 2, 3]
        assert rig.events[-1].state is SlotState.EMPTY


def test_without_real_time_nothing_waits() -> None:
    reader = SimReader("fast", real_time=False)
    reader.insert(sim_card(quirks={"answer_delay_ms": 3_000}))
    connection = reader.connect()
    assert connection.transmit(TRIES, 60).sw == 0x63C3
    with pytest.raises(CardMute):
        connection.transmit(TRIES, 2)
    with pytest.raises(RuntimeError, match="in the slot"):
        reader.insert(sim_card())
    assert not reader.settle()
    reader.close()
