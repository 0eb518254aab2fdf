"""The chip's side of PACE. See `drivers.cards.secure.pace`."""

from __future__ import annotations

import secrets

from drivers.cards.secure import ber, pace
from drivers.cards.secure.curve import Point, encode
from drivers.errors import CardProtocolError
from drivers.sim.cards.chips.chip import Answer, Command


class PaceChip:
    """One run of the protocol; `channel` is there once it is done."""

    def __init__(self, password: bytes, parameter: int) -> None:
        self._curve = pace.CURVES[parameter]
        self._password = password
        self._nonce = secrets.token_bytes(pace.BLOCK)
        self._generator: Point = None
        self._ours = self._theirs = b""
        self._keys = (b"", b"")
        self.channel: pace.AesChannel | None = None

    def answer(self, command: Command) -> Answer:
        """Take one step. Any step out of order, or that does not fit, ends in a status word."""
        try:
            asked = ber.parse(ber.only(command.data, 0x7C))
            return self._step(asked)
        except CardProtocolError:
            return b"", 0x6A80

    def _step(self, asked: dict[int, bytes]) -> Answer:
        if not asked:
            encryptor = pace.nonce_cipher(self._password).encryptor()
            return _told(0x80, encryptor.update(self._nonce) + encryptor.finalize())
        if 0x81 in asked:
            private = self._private()
            shared = self._curve.times(private, self._curve.decode(asked[0x81]))
            self._generator = pace.mapped(self._curve, self._nonce, shared)
            return _told(0x82, encode(self._curve.times(private, self._curve.g)))
        if 0x83 in asked and self._generator is not None:
            private, self._theirs = self._private(), asked[0x83]
            self._ours = encode(self._curve.times(private, self._generator))
            secret = encode(self._curve.times(private, self._curve.decode(self._theirs)))[1:33]
            self._keys = (pace.derive(secret, 1), pace.derive(secret, 2))
            return _told(0x84, self._ours)
        if 0x85 in asked and self._ours:
            if not secrets.compare_digest(asked[0x85], pace.token(self._keys[1], self._ours)):
                return b"", 0x6300
            self.channel = pace.AesChannel(*self._keys)
            return _told(0x86, pace.token(self._keys[1], self._theirs))
        return b"", 0x6985

    def _private(self) -> int:
        return 1 + secrets.randbelow(self._curve.n - 1)


def _told(tag: int, value: bytes) -> Answer:
    return ber.encode(0x7C, ber.encode(tag, value)), 0x9000
