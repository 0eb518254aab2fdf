"""What holds of any citizen card in any reader: simulated, behind vpcd, or physical (`--reader NAME`).

Nothing here spends a PIN try, writes, or needs a hand. Run it with `pytest tests/contract/test_card_in_reader.py` and
the option.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from drivers.api import CardReader, SlotEvent, SlotState
from drivers.cards.apdu import send
from drivers.cards.citizen import AID
from drivers.cards.registry import recognise
from drivers.errors import CardBusy, CardNeedsHsm, CardRemoved
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.reader import SimReader
from tests.cards import sim_card

PATIENCE_S = 15.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        kinds = ["sim", pytest.param("vpcd", marks=pytest.mark.pcsc)]
        kinds += ["physical"] if metafunc.config.getoption("--reader", default=None) else []
        metafunc.parametrize("kind", kinds)


@pytest.fixture
def reader(kind: str, request: pytest.FixtureRequest) -> Iterator[CardReader]:
    if kind == "sim":
        simulated = SimReader("Slot")
        simulated.insert(sim_card())
        yield present(simulated)
        simulated.close()
    elif kind == "vpcd":
        with PrivatePcscd() as daemon:
            daemon.insert(sim_card())
            behind = PcscReader("Kiosk Citizen", daemon.socket_path)
            yield present(behind)
            behind.close()
    else:
        real = PcscReader(request.config.getoption("--reader"))
        yield present(real)
        real.close()


def present(reader: CardReader) -> CardReader:
    """Wait until the reader has reported its card."""
    seen = threading.Event()

    def on_change(event: SlotEvent) -> None:
        if event.state is SlotState.PRESENT:
            assert len(event.atr) >= 2
            seen.set()

    reader.start(on_change)
    assert seen.wait(PATIENCE_S), "put a citizen card into the reader"
    return reader


def test_the_same_card_says_the_same_twice(reader: CardReader) -> None:
    seen = []
    for _ in range(2):
        connection = reader.connect()
        card = recognise(connection)
        facts = card.read_facts()
        try:
            seen.append((facts, card.tries_left(), card.read_holder()))
        except CardNeedsHsm:
            seen.append((facts, card.tries_left(), None))
        card.same_card(facts.card_id)
        connection.close()
    assert seen[0] == seen[1]


def test_one_session_at_a_time(reader: CardReader) -> None:
    connection = reader.connect()
    with pytest.raises(CardBusy):
        reader.connect()
    connection.close()
    reader.connect().close()


def test_a_closed_connection_stays_closed(reader: CardReader) -> None:
    connection = reader.connect()
    connection.close()
    with pytest.raises(CardRemoved):
        connection.transmit(bytes.fromhex("00200000"))


def test_an_application_that_no_card_has_is_refused_and_the_card_goes_on(reader: CardReader) -> None:
    connection = reader.connect()
    assert send(connection, bytes.fromhex("00A4040008F0") + b"NOTHERE").sw != 0x9000
    assert send(connection, bytes.fromhex("00A404000F") + AID).sw == 0x9000
    connection.close()
