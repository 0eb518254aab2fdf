"""Cards that are no citizen card, put into the terminal: named before any PIN, and nothing of them read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.sim.cards.card import SimCard
from tests.cards import belgian_document, emrtd_document, piv_document
from tests.scenario.kit import Kiosk


@pytest.mark.parametrize("document", [belgian_document, piv_document, emrtd_document])
def test_another_kind_of_card_is_not_a_citizen_card(kiosk: Kiosk, document: Callable[[], dict[str, Any]]) -> None:
    card = SimCard.from_document(document())
    asked: list[int] = []
    answer = card.process

    def process(apdu: bytes) -> bytes | None:
        asked.append(apdu[1])
        return answer(apdu)

    card.process = process  # type: ignore[method-assign]
    kiosk.touch("language.zh", "start.card").put(card)
    assert kiosk.screen.name == "failure.card-unknown"
    assert "pin.1" not in kiosk.controls
    # A PIV card may be a technician's: its certificate, which anybody may read, says so.
    read = {0xCB} if document is piv_document else set[int]()
    assert set(asked) <= {0xA4, 0xC0} | read, "it was only asked what it is"
    kiosk.pull()
    assert kiosk.screen.name == "card"
    kiosk.insert()
    assert kiosk.screen.name == "pin"
