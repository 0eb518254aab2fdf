"""The PIV card's twin: CHUID, certificate 9A, PIN, and signatures with P-256, P-384 or RSA. See `drivers.cards.piv`."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from drivers.cards import piv as profile
from drivers.cards.piv import CHAINED
from drivers.cards.secure import ber
from drivers.errors import CardProtocolError
from drivers.sim.cards.chips.chip import Answer, Command, PinCounter
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.schema import DATE, CardDocumentError, day, object_schema, profile_schema

PROFILE: Final = profile.PROFILE
FULL_TRIES: Final = 3
_MAX_CHAIN_BYTES: Final = 2048


def schema() -> dict[str, Any]:
    """Return the JSON Schema of this profile's documents."""
    return profile_schema(
        PROFILE,
        {
            "pin": {"type": "string", "pattern": "^[0-9]{6,8}$", "default": "123456"},
            "tries_left": {"type": "integer", "minimum": 0, "maximum": 15, "default": FULL_TRIES},
            "algorithm": {
                "enum": ["p256", "p384", "rsa2048", "rsa3072"],
                "default": "p256",
                "description": "What the card signs with. An RSA key is a new one for each card that is made.",
            },
            "signing": {
                **object_schema({"key": {"type": "string"}, "certificate": {"type": "string"}}, ["key", "certificate"]),
                "description": "PKCS 8 P-256 or P-384 key and X.509 certificate, both PEM: a card of another issuer, "
                "such as a technician's. Default: issued by the authority.",
            },
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
    classes = frozenset({0x00, CHAINED})
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
        self._signer: Signer | None = None
        signing: Mapping[str, str] | None = document.get("signing")
        if signing is not None or authority is not None:
            if signing is not None:
                self._signer, der = _brought(signing)
            else:
                assert authority is not None
                algorithm = document.get("algorithm", "p256")
                self._signer, der = _issued(algorithm, authority, holder["id_number"], holder["name"])
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
        self._chain = b""
        self._pin.reset()

    def answer(self, command: Command) -> Answer:
        """As `Chip.answer`."""
        if command.cla == CHAINED:
            self._chain += command.data
            return b"", 0x9000 if len(self._chain) <= _MAX_CHAIN_BYTES else 0x6A84
        given, self._chain = self._chain + command.data, b""
        if command.ins == 0xA4:
            return self._select(command)
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
            return self._sign(command.p1, command.p2, given)
        return b"", 0x6D00

    def _select(self, command: Command) -> Answer:
        if command.p1 != 0x04 or command.data not in (profile.FULL_AID, profile.AID, profile.SHORT_AID):
            return b"", 0x6A82
        self._selected = True
        return ber.encode(0x61, ber.encode(0x4F, profile.FULL_AID[5:])), 0x9000

    def _sign(self, algorithm: int, key: int, given: bytes) -> Answer:
        if self._signer is None or (algorithm, key) != (self._signer.algorithm, profile.KEY):
            return b"", 0x6A86
        if not self._pin.verified:
            return b"", 0x6982
        try:
            block = ber.parse(ber.only(given, 0x7C)).get(0x81, b"")
        except CardProtocolError:
            return b"", 0x6A80
        if len(block) != self._signer.input_bytes:
            return b"", 0x6A80
        return ber.encode(0x7C, ber.encode(0x82, self._signer.sign(block))), 0x9000


@dataclass(frozen=True)
class Signer:
    """Key 9A: its algorithm, how long its input is, and what it makes of it."""

    algorithm: int
    input_bytes: int
    sign: Callable[[bytes], bytes]


def _brought(signing: Mapping[str, str]) -> tuple[Signer, bytes]:
    """Return the document's own key and its certificate (DER). Raises `CardDocumentError`."""
    try:
        key = serialization.load_pem_private_key(signing["key"].encode(), None)
        certificate = x509.load_pem_x509_certificate(signing["certificate"].encode())
    except (ValueError, TypeError):
        raise CardDocumentError("signing", "key or certificate is no PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        raise CardDocumentError("signing", "must be a P-256 or P-384 key")
    return _on_curve(key), certificate.public_bytes(serialization.Encoding.DER)


def _on_curve(key: ec.EllipticCurvePrivateKey) -> Signer:
    large = isinstance(key.curve, ec.SECP384R1)
    hashed = hashes.SHA384() if large else hashes.SHA256()
    number = profile.P384 if large else profile.P256
    return Signer(number, hashed.digest_size, lambda block: key.sign(block, ec.ECDSA(Prehashed(hashed))))


def _issued(algorithm: str, authority: CardAuthority, id_number: str, name: str) -> tuple[Signer, bytes]:
    """Return a key and its certificate (DER)."""
    if algorithm.startswith("rsa"):
        bits = int(algorithm[3:])
        private = rsa.generate_private_key(65537, bits)
        numbers = private.private_numbers()
        modulus = numbers.public_numbers.n

        def raw(block: bytes) -> bytes:
            """RSA without padding, as the card does it: the terminal padded."""
            return pow(int.from_bytes(block, "big") % modulus, numbers.d, modulus).to_bytes(bits // 8, "big")

        return Signer(profile.RSA[bits], bits // 8, raw), authority.certify(private.public_key(), id_number, name)
    key, der = authority.issue(id_number, name, ec.SECP256R1() if algorithm == "p256" else ec.SECP384R1())
    return _on_curve(key), der
