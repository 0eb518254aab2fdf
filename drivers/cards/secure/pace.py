"""PACE, the newer way to open a travel document (ICAO Doc 9303 part 11, section 4.4), and its secure messaging.

Every suite with generic mapping on an elliptic curve (`id-PACE-ECDH-GM`, with triple DES and with AES of 128, 192 and
256 bits) on every standardised curve (parameters 8 to 18: NIST and brainpool). The password is the machine readable
zone, or the access number (CAN) that is printed on the front. EF.CardAccess (`011C`) tells what a chip offers. Both
ends are here, held against the worked example of the standard (appendix G.1). Not here: integrated and chip
authentication mapping, groups of prime order, and curves that a chip writes out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from drivers.api import CardConnection
from drivers.cards.apdu import command, exchange
from drivers.cards.secure import ber, curve, messaging
from drivers.cards.secure.curve import Curve, Point
from drivers.cards.secure.messaging import Channel
from drivers.errors import CardProtocolError

GENERIC_MAPPING: Final = bytes.fromhex("04007F000702020402")
"""`id-PACE-ECDH-GM`; the cipher is one more byte."""
CURVES: Final = {
    8: curve.P192,
    9: curve.BRAINPOOL192,
    10: curve.P224,
    11: curve.BRAINPOOL224,
    12: curve.P256,
    13: curve.BRAINPOOL256,
    14: curve.BRAINPOOL320,
    15: curve.P384,
    16: curve.BRAINPOOL384,
    17: curve.BRAINPOOL512,
    18: curve.P521,
}
"""By the number of the standardised domain parameters (table 6)."""
CIPHERS: Final = {"3des": 1, "aes-128": 2, "aes-192": 3, "aes-256": 4}
INS_GENERAL_AUTHENTICATE: Final = 0x86
CHAINED: Final = 0x10
NONCE_BYTES: Final = 16

_SET: Final = 0x31
_SEQUENCE: Final = 0x30
_AES_BLOCK: Final = 16
_AES_KEY_BYTES: Final = {2: 16, 3: 24, 4: 32}


@dataclass(frozen=True)
class Password:
    """What opens the chip. Its repr tells only which kind it is."""

    reference: int
    """1: the machine readable zone; 2: the access number."""
    secret: bytes = field(repr=False)
    """SHA-1 of the zone's key, or the digits of the access number."""


@dataclass(frozen=True)
class Suite:
    """Cipher and curve of one run."""

    cipher: int
    """1: triple DES; 2, 3, 4: AES with 128, 192 and 256 bits."""
    parameter: int

    @property
    def oid(self) -> bytes:
        """The content of the protocol's object identifier."""
        return GENERIC_MAPPING + bytes([self.cipher])

    @property
    def curve(self) -> Curve:
        return CURVES[self.parameter]

    def derive(self, secret: bytes, counter: int) -> bytes:
        """Return a key: counter 1 encrypts, 2 authenticates, 3 is the password's."""
        if self.cipher == 1:
            return messaging.derive(secret, counter)
        size = _AES_KEY_BYTES[self.cipher]
        hashed = hashlib.sha1 if size == 16 else hashlib.sha256  # the standard's own
        return hashed(secret + counter.to_bytes(4, "big")).digest()[:size]

    def hide(self, password: Password, nonce: bytes) -> bytes:
        """Return the nonce as the chip sends it."""
        key = self.derive(password.secret, 3)
        if self.cipher == 1:
            return messaging.encrypt(key, nonce)
        encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_AES_BLOCK))).encryptor()
        return encryptor.update(nonce) + encryptor.finalize()

    def reveal(self, password: Password, hidden: bytes) -> bytes:
        """Return the nonce that `hide` was given. `hidden` is 16 bytes."""
        key = self.derive(password.secret, 3)
        if self.cipher == 1:
            return messaging.decrypt(key, hidden)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_AES_BLOCK))).decryptor()
        return decryptor.update(hidden) + decryptor.finalize()

    def mapped(self, nonce: bytes, shared: Point) -> Point:
        """Return the generator of this session: nonce times G, plus the shared point."""
        return self.curve.add(self.curve.times(int.from_bytes(nonce, "big"), self.curve.g), shared)

    def token(self, mac_key: bytes, key: bytes) -> bytes:
        """Return the authentication token over the other side's key."""
        told = ber.encode(0x7F49, ber.encode(0x06, self.oid) + ber.encode(0x86, key))
        return messaging.retail_mac(mac_key, told) if self.cipher == 1 else _cmac(mac_key, told)

    def channel(self, shared: bytes) -> Channel:
        """Return an end of the secure channel; `shared` is the x-coordinate that both sides came to."""
        if self.cipher == 1:
            return Channel(shared, bytes(messaging.BLOCK))
        return AesChannel(self.derive(shared, 1), self.derive(shared, 2))

    def secret(self, point: Point) -> bytes:
        """Return the x-coordinate of the point that both sides came to. Raises `CardProtocolError` for infinity."""
        return self.curve.encode(point)[1 : 1 + self.curve.size]


def offered(card_access: bytes) -> list[Suite]:
    """Return the suites of this module that EF.CardAccess offers, in its order. Raises `CardProtocolError`."""
    found: list[Suite] = []
    for tag, info in ber.objects(ber.only(card_access, _SET)):
        parts = list(ber.objects(info)) if tag == _SEQUENCE else []
        if not parts or parts[0][0] != 0x06 or parts[0][1][:-1] != GENERIC_MAPPING:
            continue
        numbers = [int.from_bytes(value, "big") for kind, value in parts if kind == 0x02]
        suite = Suite(parts[0][1][-1], numbers[1] if len(numbers) == 2 else -1)
        if suite.cipher in CIPHERS.values() and suite.parameter in CURVES:
            found.append(suite)
    return found


def card_access(*suites: Suite) -> bytes:
    """Return the EF.CardAccess that offers these suites."""
    infos = b""
    for suite in suites:
        parts = ber.encode(0x06, suite.oid) + ber.encode(0x02, b"\x02") + ber.encode(0x02, bytes([suite.parameter]))
        infos += ber.encode(_SEQUENCE, parts)
    return ber.encode(_SET, infos)


def establish(
    connection: CardConnection,
    password: Password,
    suite: Suite,
    draw: Callable[[int], int] | None = None,
    *,
    name_curve: bool = False,
) -> Channel:
    """Do PACE from the terminal's side; `draw` gives a private key below its argument.

    `name_curve`: the chip offers more than one, so it is told which. Raises `CardProtocolError`: another document's
    key, or a chip that does not keep to the protocol.
    """
    private, points = draw or private_key, suite.curve
    template = ber.encode(0x80, suite.oid) + ber.encode(0x83, bytes([password.reference]))
    template += ber.encode(0x84, bytes([suite.parameter])) if name_curve else b""
    exchange(connection, command(0x22, 0xC1, 0xA4, template))
    hidden = _step(connection, b"", 0x80)
    if len(hidden) != NONCE_BYTES:
        raise CardProtocolError("the document's nonce has another length")
    nonce = suite.reveal(password, hidden)
    mapping = private(points.n)
    told = ber.encode(0x81, points.encode(points.times(mapping, points.g)))
    theirs = points.decode(_step(connection, told, 0x82))
    generator = suite.mapped(nonce, points.times(mapping, theirs))
    agreeing = private(points.n)
    ours = points.encode(points.times(agreeing, generator))
    answer = _step(connection, ber.encode(0x83, ours), 0x84)
    if answer == ours:
        raise CardProtocolError("the document sent the terminal's own key back")
    shared = suite.secret(points.times(agreeing, points.decode(answer)))
    mac = suite.derive(shared, 2)
    proof = _step(connection, ber.encode(0x85, suite.token(mac, answer)), 0x86, last=True)
    if not secrets.compare_digest(proof, suite.token(mac, ours)):
        raise CardProtocolError("the document does not know its own key")
    return suite.channel(shared)


def private_key(order: int) -> int:
    """Draw a private key below this order."""
    return 1 + secrets.randbelow(order - 1)


def _step(connection: CardConnection, data: bytes, tag: int, *, last: bool = False) -> bytes:
    cla = 0x00 if last else CHAINED
    asked = command(INS_GENERAL_AUTHENTICATE, 0, 0, ber.encode(0x7C, data), le=256, cla=cla)
    found = ber.parse(ber.only(exchange(connection, asked), 0x7C))
    if tag not in found:
        raise CardProtocolError(f"PACE: object {tag:02X} did not come")
    return found[tag]


def _cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()[:8]


class AesChannel(Channel):
    """A secure channel with AES, as PACE sets it up: the counter begins at zero and is part of each IV."""

    block = _AES_BLOCK

    def __init__(self, enc: bytes, mac: bytes) -> None:
        self._enc, self._mac = enc, mac
        self._ssc = 0

    def _seal(self, data: bytes) -> bytes:
        return _cmac(self._mac, self._ssc.to_bytes(_AES_BLOCK, "big") + self._pad(data))

    def _cipher(self) -> Cipher[modes.CBC]:
        block = Cipher(algorithms.AES(self._enc), modes.ECB()).encryptor()  # noqa: S305 (the IV, one block)
        iv = block.update(self._ssc.to_bytes(_AES_BLOCK, "big")) + block.finalize()
        return Cipher(algorithms.AES(self._enc), modes.CBC(iv))

    def _encrypt(self, data: bytes) -> bytes:
        encryptor = self._cipher().encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def _decrypt(self, data: bytes) -> bytes:
        if not data or len(data) % _AES_BLOCK:
            raise CardProtocolError("an enciphered answer that is no whole number of blocks")
        decryptor = self._cipher().decryptor()
        return decryptor.update(data) + decryptor.finalize()
