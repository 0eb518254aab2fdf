"""A mock of the issuer's security module, so that version 3 citizen cards can be read on a bench.

Keys are the bench's own and known to everybody: simulated cards have the same. An issuer with real cards puts its own
module behind the same route. A terminal sends what the card said; the module checks it and answers the card's
challenge (the meaning of the bytes: docs/cards.md). The same challenge of a card is answered once.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_object
from provisioning.gateway.problems import Refused

BENCH_MASTER_KEY: Final = bytes.fromhex("4B696F736B2062656E63682048534D21")
MAX_BYTES: Final = 1024
REMEMBERED: Final = 4096
_SIZES: Final = {"card_id": 16, "challenge": 16, "cryptogram": 8, "card_challenge": 16}
_MASK: Final = b"\xa5" * 16


class MockHsm:
    """One module with one master key. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: OrderedDict[bytes, None] = OrderedDict()

    def prove(self, body: bytes) -> dict[str, object]:
        """Check a card's cryptogram and answer its challenge. Raises `Refused` `malformed`, `card-refused`."""
        asked = _parse(body)
        key = _encrypt(BENCH_MASTER_KEY, asked["card_id"])
        expected = _encrypt(key, asked["challenge"])[: _SIZES["cryptogram"]]
        if not secrets.compare_digest(expected, asked["cryptogram"]):
            raise Refused("card-refused", "the card's cryptogram is not the one of this card")
        self._once(asked["card_id"] + asked["challenge"])
        masked = bytes(one ^ mask for one, mask in zip(asked["card_challenge"], _MASK, strict=True))
        return {"proof": _encrypt(key, masked).hex()}

    def _once(self, question: bytes) -> None:
        """Remember the newest questions; one that was asked before is a recording."""
        with self._lock:
            if question in self._answered:
                raise Refused("card-refused", "the card's challenge was used before")
            self._answered[question] = None
            while len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)


def _parse(body: bytes) -> dict[str, bytes]:
    try:
        found = json_object(body, MAX_BYTES)
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    if set(found) != set(_SIZES):
        raise Refused("malformed", f"wanted: {', '.join(_SIZES)}")
    values: dict[str, bytes] = {}
    for name, size in _SIZES.items():
        value = found[name]
        try:
            values[name] = bytes.fromhex(value) if isinstance(value, str) and len(value) == 2 * size else b""
        except ValueError:
            values[name] = b""
        if len(values[name]) != size:
            raise Refused("malformed", f"{name}: {2 * size} hexadecimal digits are wanted")
    return values


def _encrypt(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 (one block of a challenge)
    return encryptor.update(block) + encryptor.finalize()
