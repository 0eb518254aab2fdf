"""A technician's hands at the virtual terminal, and what the log and the phone say."""

from __future__ import annotations

import re

from drivers.sim.cards.card import SimCard
from kiosk.bench.virtual.staff import PIN
from kiosk.staff.entry import Entry
from tests.scenario.kit import Kiosk

Line = dict[str, object]


def come_in(kiosk: Kiosk, pin: str = PIN) -> SimCard:
    """Put a technician's card in and give its PIN."""
    card = kiosk.staff.card()
    kiosk.put(card)
    kiosk.pin(pin)
    return card


def did(kiosk: Kiosk, event: str = "staff.did") -> list[Line]:
    return [line for line in kiosk.terminal.log.recent if line["event"] == event]


def actions(kiosk: Kiosk) -> list[object]:
    return [line["action"] for line in did(kiosk)]


def code_on_phone(kiosk: Kiosk) -> str:
    """What the gateway shows for the QR code on the screen."""
    host = kiosk.terminal.runtime._staff
    assert host is not None
    assert host.staff is not None
    assert isinstance(host.staff.part, Entry)
    return kiosk.staff.digits(host.staff.part.qr)


def on_paper(kiosk: Kiosk) -> str:
    """The four digits of the test page that came out last."""
    return re.findall(r"(?m)^\D*(\d{4})\D*$", kiosk.paper.receipts[-1].text)[-1]


def type_code(kiosk: Kiosk, digits: str) -> Kiosk:
    return kiosk.touch(*(f"key.{digit}" for digit in digits), "primary")
