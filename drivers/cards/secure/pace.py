"""PACE, the newer way to open a travel document (ICAO Doc 9303 part 11, section 4.4), and its secure messaging.

One suite, the most common: `id-PACE-ECDH-GM-AES-CBC-CMAC-128` on P-256 (parameter 12) or brainpoolP256r1 (13), with the
machine readable zone as password. EF.CardAccess (`011C`) tells whether a chip offers it. Both ends are here, held
against the worked example of the standard (appendix G.1).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from drivers.api import CardConnection
from drivers.cards.apdu import command, exchange
from drivers.cards.secure import ber
from drivers.cards.secure.curve import BRAINPOOL, P256, Curve, Point, encode
from drivers.cards.secure.messaging import Channel
from drivers.errors import CardProtocolError

OID: Final = bytes.fromhex("04007F00070202040202")
CURVES: Final = {12: P256, 13: BRAINPOOL}
PASSWORD_ZONE: Final = 1
INS_GENERAL_AUTHENTICATE: Final = 0x86
CHAINED: Final = 0x10
BLOCK: Final = 16

_SET: Final = 0x31
_SEQUENCE: Final = 0x30


def derive(secret: bytes, counter: int) -> bytes:
    """Return an AES-128 key: counter 1 encrypts, 2 authenticates, 3 is the password's."""
    return hashlib.sha1(secret + counter.to_bytes(4, "big")).digest()[:16]  # noqa: S324 (the standard's own)


def offered(card_access: bytes) -> int | None:
    """Return the parameter number where EF.CardAccess offers the suite of this module. Raises `CardProtocolError`."""
    for tag, info in ber.objects(ber.only(card_access, _SET)):
        parts = list(ber.objects(info)) if tag == _SEQUENCE else []
        numbers = [int.from_bytes(value, "big") for kind, value in parts if kind == 0x02]
        if parts and parts[0] == (0x06, OID) and len(numbers) == 2 and numbers[1] in CURVES:
            return numbers[1]
    return None


def card_access(parameter: int) -> bytes:
    """Return the EF.CardAccess that offers the suite with this parameter."""
    info = ber.encode(0x06, OID) + ber.encode(0x02, b"\x02") + ber.encode(0x02, bytes([parameter]))
    return ber.encode(_SET, ber.encode(_SEQUENCE, info))


def nonce_cipher(password: bytes) -> Cipher[modes.CBC]:
    """Return the cipher of the nonce; `password` is SHA-1 of the zone's key."""
    return Cipher(algorithms.AES(derive(password, 3)), modes.CBC(bytes(BLOCK)))


def mapped(curve: Curve, nonce: bytes, shared: Point) -> Point:
    """Return the generator of this session: nonce times G, plus the shared point."""
    return curve.add(curve.times(int.from_bytes(nonce, "big"), curve.g), shared)


def token(mac_key: bytes, key: bytes) -> bytes:
    """Return the authentication token over the other side's key."""
    return _cmac(mac_key, ber.encode(0x7F49, ber.encode(0x06, OID) + ber.encode(0x86, key)))


def establish(
    connection: CardConnection, password: bytes, curve: Curve, draw: Callable[[int], int] | None = None
) -> AesChannel:
    """Do PACE from the terminal's side; `draw` gives a private key below its argument.

    Raises `CardProtocolError`: another document's key, or a chip that does not keep to the protocol.
    """
    private = draw or _private_key
    template = ber.encode(0x80, OID) + ber.encode(0x83, bytes([PASSWORD_ZONE]))
    exchange(connection, command(0x22, 0xC1, 0xA4, template))
    hidden = _step(connection, b"", 0x80)
    if len(hidden) != BLOCK:
        raise CardProtocolError("the document's nonce has another length")
    decryptor = nonce_cipher(password).decryptor()
    nonce = decryptor.update(hidden) + decryptor.finalize()
    mapping = private(curve.n)
    theirs = curve.decode(_step(connection, ber.encode(0x81, encode(curve.times(mapping, curve.g))), 0x82))
    generator = mapped(curve, nonce, curve.times(mapping, theirs))
    agreeing = private(curve.n)
    ours = encode(curve.times(agreeing, generator))
    answer = _step(connection, ber.encode(0x83, ours), 0x84)
    if answer == ours:
        raise CardProtocolError("the document sent the terminal's own key back")
    shared = encode(curve.times(agreeing, curve.decode(answer)))[1:33]
    enc, mac = derive(shared, 1), derive(shared, 2)
    proof = _step(connection, ber.encode(0x85, token(mac, answer)), 0x86, last=True)
    if not secrets.compare_digest(proof, token(mac, ours)):
        raise CardProtocolError("the document does not know its own key")
    return AesChannel(enc, mac)


def _private_key(order: int) -> int:
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
    """A secure channel with AES-128, as PACE sets it up: the counter begins at zero and is part of each IV."""

    block = BLOCK

    def __init__(self, enc: bytes, mac: bytes) -> None:
        self._enc, self._mac = enc, mac
        self._ssc = 0

    def _seal(self, data: bytes) -> bytes:
        return _cmac(self._mac, self._ssc.to_bytes(BLOCK, "big") + self._pad(data))

    def _cipher(self) -> Cipher[modes.CBC]:
        block = Cipher(algorithms.AES(self._enc), modes.ECB()).encryptor()  # noqa: S305 (the IV, one block)
        iv = block.update(self._ssc.to_bytes(BLOCK, "big")) + block.finalize()
        return Cipher(algorithms.AES(self._enc), modes.CBC(iv))

    def _encrypt(self, data: bytes) -> bytes:
        encryptor = self._cipher().encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def _decrypt(self, data: bytes) -> bytes:
        if not data or len(data) % BLOCK:
            raise CardProtocolError("an enciphered answer that is no whole number of blocks")
        decryptor = self._cipher().decryptor()
        return decryptor.update(data) + decryptor.finalize()
