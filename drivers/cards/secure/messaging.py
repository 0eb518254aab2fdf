"""Secure messaging with triple DES, and the keys of Basic Access Control (ICAO Doc 9303 part 11, sections 4.3 and 9.8).

Both ends are here: the terminal's for `drivers.cards.emrtd`, the chip's for its simulated twin. Both are held against
the worked example of the standard (appendix D).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from drivers.api import CardConnection, Response
from drivers.cards.apdu import case_of, send
from drivers.cards.secure import ber
from drivers.errors import CardProtocolError

BLOCK: Final = 8
SECURE: Final = 0x0C


def derive(seed: bytes, counter: int) -> bytes:
    """Return a two-key triple DES key: counter 1 encrypts, 2 authenticates. Parity as the standard wants it."""
    digest = hashlib.sha1(seed + counter.to_bytes(4, "big")).digest()[:16]  # noqa: S324 (the standard's own)
    return bytes((byte & 0xFE) | (byte >> 1).bit_count() % 2 ^ 1 for byte in digest)


def encrypt(key: bytes, data: bytes) -> bytes:
    """Triple DES, CBC, zero IV; whole blocks."""
    encryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(bytes(BLOCK))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt(key: bytes, data: bytes) -> bytes:
    """Triple DES, CBC, zero IV. Raises `CardProtocolError` where it is no whole number of blocks."""
    if not data or len(data) % BLOCK:
        raise CardProtocolError("an enciphered answer that is no whole number of blocks")
    decryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(bytes(BLOCK))).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO 9797-1 MAC algorithm 3 with padding method 2."""
    single = Cipher(TripleDES(key[:8] * 3), modes.CBC(bytes(BLOCK))).encryptor()
    chained = single.update(pad(data))[-BLOCK:]
    back = Cipher(TripleDES(key[8:] * 3), modes.ECB()).decryptor()  # noqa: S305 (the last step of the MAC)
    last = Cipher(TripleDES(key[:8] * 3), modes.ECB()).encryptor()  # noqa: S305
    return last.update(back.update(chained))


def pad(data: bytes, block: int = BLOCK) -> bytes:
    """ISO 9797-1 padding method 2."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes, block: int = BLOCK) -> bytes:
    """Take the padding off. Raises `CardProtocolError`."""
    bare = data.rstrip(b"\0")
    if not bare.endswith(b"\x80") or len(data) - len(bare) >= block:
        raise CardProtocolError("an enciphered answer without its padding")
    return bare[:-1]


class Channel:
    """One end of a secure channel, with triple DES. Both ends count the same way; any error ends the channel."""

    block = BLOCK

    def __init__(self, seed: bytes, ssc: bytes) -> None:
        self._enc, self._mac = derive(seed, 1), derive(seed, 2)
        self._ssc = int.from_bytes(ssc, "big")

    def _seal(self, data: bytes) -> bytes:
        """MAC over the counter, already stepped, and the data."""
        return retail_mac(self._mac, self._ssc.to_bytes(BLOCK, "big") + data)

    def _encrypt(self, data: bytes) -> bytes:
        return encrypt(self._enc, data)

    def _decrypt(self, data: bytes) -> bytes:
        return decrypt(self._enc, data)

    def _pad(self, data: bytes) -> bytes:
        return pad(data, self.block)

    def _step(self) -> None:
        self._ssc = (self._ssc + 1) % (1 << 64)

    # ---- the terminal's end

    def protect(self, apdu: bytes) -> bytes:
        """Return the protected form of a short command APDU."""
        case = case_of(apdu)
        head = bytes([apdu[0] | SECURE]) + apdu[1:4]
        data = apdu[5 : 5 + apdu[4]] if case >= 3 else b""
        self._step()
        body = ber.encode(0x87, b"\x01" + self._encrypt(self._pad(data))) if data else b""
        if case in (2, 4):
            body += ber.encode(0x97, apdu[-1:])
        body += ber.encode(0x8E, self._seal(self._pad(head) + body))
        return head + bytes([len(body)]) + body + b"\0"

    def open_answer(self, answer: Response) -> Response:
        """Return what a protected answer holds. Raises `CardProtocolError`: not protected, or not by this card."""
        self._step()
        if not answer.data:
            raise CardProtocolError("the card left the secure channel", answer.sw)
        parts = ber.parse(answer.data)
        mac, sw = parts.get(0x8E, b""), parts.get(0x99, b"")
        sealed = b"".join(ber.encode(tag, parts[tag]) for tag in (0x87, 0x99) if tag in parts)
        if not secrets.compare_digest(mac, self._seal(sealed)):
            raise CardProtocolError("an answer that is not this card's")
        if len(sw) != 2:
            raise CardProtocolError("an answer without its status word")
        return Response(self._opened(parts.get(0x87)), int.from_bytes(sw, "big"))

    # ---- the chip's end

    def open_command(self, apdu: bytes) -> bytes:
        """Return the command inside. Raises `CardProtocolError`."""
        self._step()
        parts = ber.parse(apdu[5 : 5 + apdu[4]])
        sealed = b"".join(ber.encode(tag, parts[tag]) for tag in (0x87, 0x97) if tag in parts)
        if not secrets.compare_digest(parts.get(0x8E, b""), self._seal(self._pad(apdu[:4]) + sealed)):
            raise CardProtocolError("a command that is not this terminal's")
        data = self._opened(parts.get(0x87))
        body = bytes([len(data)]) + data if data else b""
        return bytes([apdu[0] & ~SECURE]) + apdu[1:4] + body + parts.get(0x97, b"")

    def protect_answer(self, data: bytes, sw: int) -> bytes:
        """Return the protected form of an answer, without the outer status word."""
        self._step()
        body = ber.encode(0x87, b"\x01" + self._encrypt(self._pad(data))) if data else b""
        body += ber.encode(0x99, sw.to_bytes(2, "big"))
        return body + ber.encode(0x8E, self._seal(body))

    def _opened(self, enciphered: bytes | None) -> bytes:
        if enciphered is None:
            return b""
        if enciphered[:1] != b"\x01":
            raise CardProtocolError("an enciphered object of another kind")
        return unpad(self._decrypt(enciphered[1:]), self.block)


class SecureConnection:
    """A `CardConnection` whose every exchange goes through a channel."""

    def __init__(self, connection: CardConnection, channel: Channel) -> None:
        self._connection = connection
        self._channel = channel

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        """As `CardConnection.transmit`; 61xx of the outer answer is resolved here."""
        return self._channel.open_answer(send(self._connection, self._channel.protect(command), deadline_s))

    def close(self) -> None:
        """As `CardConnection.close`."""
        self._connection.close()
