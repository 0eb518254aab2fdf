"""The PIV card's twin: CHUID, certificate 9A, PIN and P-256 signature. See `drivers.cards.piv`."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from drivers.cards import piv as profile
from drivers.cards.secure import ber
from drivers.errors import CardProtocolError
from drivers.sim.cards.chips.chip import Answer, Command, PinCounter
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.schema import DATE, day, object_schema, profile_schema

PROFILE: Final = profile.PROFILE
FULL_TRIES: Final = 3


def schema() -> dict[str, Any]:
    """Return the JSON Schema of this profile's documents."""
    return profile_schema(
        PROFILE,
        {
            "pin": {"type": "string", "pattern": "^[0-9]{6,8}$", "default": "123456"},
            "tries_left": {"type": "integer", "minimum": 0, "maximum": 15, "default": FULL_TRIES},
            "card": object_schema(
                {
                    "card_id": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$", "description": "The GUID."},
                    "expires": {**DATE, "default": "2030-01-01"},
                    "compressed": {"type": "boolean", "default": False, "description": "The certificate is gzipped."},
                }
            ),
            "holder": object_schema(
                {
                    "name": {"type": "string", "minLength": 1, "maxLength": 60},
                    "id_number": {"type": "string", "minLength": 1, "maxLength": 60},
                },
                required=["name", "id_number"],
            ),
        },
        ["holder"],
    )


class PivChip:
    """The chip of one PIV card."""

    profile = PROFILE
    label = PROFILE
    atr = bytes.fromhex("3BDB960080B1FE451F830031C164086840000F900001")[:-1] + b"\x9b"
    classes = frozenset({0x00})
    exact = frozenset[int]()

    def __init__(self, document: Mapping[str, Any], authority: CardAuthority | None) -> None:
        """Make it of a document that the schema has accepted; without an authority it has no certificate and no key."""
        holder: Mapping[str, Any] = document["holder"]
        card: Mapping[str, Any] = document.get("card", {})
        seed = hashlib.sha256(f"{PROFILE}|{holder['id_number']}|{holder['name']}".encode()).hexdigest()
        pin = document.get("pin", "123456").encode().ljust(8, b"\xff")
        self._pin = PinCounter(pin, document.get("tries_left", FULL_TRIES), FULL_TRIES)
        expires = day("card.expires", card.get("expires", "2030-01-01")).replace("-", "").encode()
        chuid = ber.encode(0x30, bytes(25)) + ber.encode(0x34, bytes.fromhex(card.get("card_id", seed[:32])))
        chuid += ber.encode(0x35, expires) + ber.encode(0x3E, b"") + ber.encode(0xFE, b"")
        self._objects = {profile.CHUID: ber.encode(0x53, chuid)}
        self._key: ec.EllipticCurvePrivateKey | None = None
        if authority is not None:
            self._key, der = authority.issue(holder["id_number"], holder["name"])
            packed = card.get("compressed", False)
            inside = ber.encode(0x70, gzip.compress(der) if packed else der)
            inside += ber.encode(0x71, b"\x01" if packed else b"\x00") + ber.encode(0xFE, b"")
            self._objects[profile.CERTIFICATE] = ber.encode(0x53, inside)
        self.reset()

    @property
    def tries_left(self) -> int:
        return self._pin.tries_left

    @property
    def pin_verified(self) -> bool:
        return self._pin.verified

    def reset(self) -> None:
        """As `Chip.reset`."""
        self._selected = False
        self._pin.reset()

    def answer(self, command: Command) -> Answer:
        """As `Chip.answer`."""
        if command.ins == 0xA4:
            known = command.p1 == 0x04 and command.data in (profile.FULL_AID, profile.AID, profile.SHORT_AID)
            if not known:
                return b"", 0x6A82
            self._selected = True
            return ber.encode(0x61, ber.encode(0x4F, profile.FULL_AID[5:])), 0x9000
        if not self._selected:
            return b"", 0x6985
        if command.ins == profile.INS_GET_DATA:
            found = self._objects.get(command.data[2:]) if command.data[:2] == b"\x5c\x03" else None
            return (found, 0x9000) if found else (b"", 0x6A82)
        if command.ins == 0x20:
            if (command.p1, command.p2) != (0, profile.PIN):
                return b"", 0x6A88
            return b"", self._pin.verify(command.data) if command.data else self._pin.query()
        if command.ins == profile.INS_GENERAL_AUTHENTICATE:
            return self._sign(command)
        return b"", 0x6D00

    def _sign(self, command: Command) -> Answer:
        if self._key is None or (command.p1, command.p2) != (profile.P256, profile.KEY):
            return b"", 0x6A86
        if not self._pin.verified:
            return b"", 0x6982
        try:
            digest = ber.parse(ber.only(command.data, 0x7C)).get(0x81, b"")
        except CardProtocolError:
            return b"", 0x6A80
        if len(digest) != 32:
            return b"", 0x6A80
        signature = self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return ber.encode(0x7C, ber.encode(0x82, signature)), 0x9000
