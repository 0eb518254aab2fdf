"""What card tests share: card documents of synthetic people, and a connection straight to a card's contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.api import Response
from drivers.cards.citizen_fields import id_check_digit
from drivers.errors import CardProtocolError
from drivers.sim.cards.card import DEFAULT_ATR, SimCard
from drivers.sim.cards.issuer import CardAuthority

ID_BODY = "44019919900101002"
ID_NUMBER = ID_BODY + id_check_digit(ID_BODY)
NAME = "𠮷野测试人"
PIN = "246813"


def card_document(**changes: Any) -> dict[str, Any]:
    """A whole document. `holder`, `card` and `quirks` are merged into it, all else replaces."""
    document: dict[str, Any] = {
        "profile": "citizen",
        "version": "2.00",
        "pin": PIN,
        "tries_left": 3,
        "card": {"card_id": "44019900D156000005A0B1C2D3E4F506", "card_number": "X00000019"},
        "holder": {
            "name": NAME,
            "id_number": ID_NUMBER,
            "sex": "female",
            "ethnic_group": 11,
            "birth_date": "1990-01-01",
            "birthplace": "440199",
        },
        "quirks": {},
    }
    for key, value in changes.items():
        document[key] = {**document[key], **value} if isinstance(document.get(key), dict) else value
    return document


def other_document(**changes: Any) -> dict[str, Any]:
    """Another person's card."""
    body = "44019919750615001"
    holder = {"name": "另一位", "id_number": body + id_check_digit(body), "birth_date": "1975-06-15"}
    return card_document(holder=holder, card={"card_id": "FF" * 16, "card_number": "Y00000027"}, **changes)


def sim_card(authority: CardAuthority | None = None, **changes: Any) -> SimCard:
    return SimCard.from_document(card_document(**changes), authority)


class Contacts:
    """A `CardConnection` without reader or time: each command goes to `process` and is kept in `sent`."""

    def __init__(self, process: Callable[[bytes], bytes | None], atr: bytes = DEFAULT_ATR) -> None:
        self.process = process
        self.atr = atr
        self.sent: list[bytes] = []

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        self.sent.append(command)
        raw = self.process(command)
        if raw is None or len(raw) < 2:
            raise CardProtocolError("no answer")
        return Response(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def close(self) -> None:
        pass


def scripted(*answers: str) -> Contacts:
    """A connection that gives these answers (hexadecimal) in turn; asking for more fails the test."""
    left = [bytes.fromhex(answer) for answer in answers]
    return Contacts(lambda _command: left.pop(0))


def belgian_document(**changes: Any) -> dict[str, Any]:
    """A Belgian eID of a synthetic person."""
    return {
        "profile": "belgian-eid",
        "card": {"card_id": "0011" * 8, "card_number": "000000000001"},
        "holder": {
            "surname": "Testé",
            "given_names": "Anna Maria",
            "id_number": "90010100111",
            "sex": "female",
            "birth_date": "1990-07-01",
        },
        "address": {"street": "Rue d'Essai 1", "zip": "1000", "municipality": "Bruxelles"},
        **changes,
    }


def piv_document(**changes: Any) -> dict[str, Any]:
    """A PIV card of a synthetic person."""
    return {
        "profile": "piv",
        "pin": "12345678",
        "card": {"card_id": "ABCD" * 8, "expires": "2031-02-03"},
        "holder": {"name": "TEST Person", "id_number": "T-0001"},
        **changes,
    }


def emrtd_document(**changes: Any) -> dict[str, Any]:
    """The specimen of ICAO Doc 9303."""
    return {
        "profile": "emrtd",
        "card": {"document_number": "L898902C3", "expires": "2032-04-15"},
        "holder": {
            "surname": "ERIKSSON",
            "given_names": "ANNA MARIA",
            "id_number": "ZE184226B",
            "sex": "female",
            "birth_date": "1974-08-12",
        },
        **changes,
    }


MRZ_KEY = "L898902C3 740812 320415"


def resident_document(**changes: Any) -> dict[str, Any]:
    """A resident identity card of a synthetic person."""
    return {
        "profile": "resident-id",
        "card": {"issuer": "试验市公安局", "expires": None},
        "holder": {"name": "测试人", "id_number": ID_NUMBER, "ethnic_group": 11, "address": "试验市试验路1号"},
        **changes,
    }
