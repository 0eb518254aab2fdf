"""The chip's side of PACE. See `drivers.cards.secure.pace`."""

from __future__ import annotations

import secrets

from drivers.cards.secure import ber, pace
from drivers.cards.secure.curve import Point
from drivers.cards.secure.messaging import Channel
from drivers.errors import CardProtocolError
from drivers.sim.cards.chips.chip import Answer, Command


class PaceChip:
    """One run of the protocol; `channel` is there once it is done."""

    def __init__(self, password: pace.Password, suite: pace.Suite) -> None:
        self._suite = suite
        self._curve = suite.curve
        self._password = password
        self._nonce = secrets.token_bytes(pace.NONCE_BYTES)
        self._generator: Point = None
        self._ours = self._theirs = b""
        self._secret = b""
        self.channel: Channel | None = None

    def answer(self, command: Command) -> Answer:
        """Take one step. Any step out of order, or that does not fit, ends in a status word."""
        try:
            asked = ber.parse(ber.only(command.data, 0x7C))
            return self._step(asked)
        except CardProtocolError:
            return b"", 0x6A80

    def _step(self, asked: dict[int, bytes]) -> Answer:
        points = self._curve
        if not asked:
            return _told(0x80, self._suite.hide(self._password, self._nonce))
        if 0x81 in asked:
            private = pace.private_key(points.n)
            self._generator = self._suite.mapped(self._nonce, points.times(private, points.decode(asked[0x81])))
            return _told(0x82, points.encode(points.times(private, points.g)))
        if 0x83 in asked and self._generator is not None:
            private, self._theirs = pace.private_key(points.n), asked[0x83]
            self._ours = points.encode(points.times(private, self._generator))
            self._secret = self._suite.secret(points.times(private, points.decode(self._theirs)))
            return _told(0x84, self._ours)
        if 0x85 in asked and self._ours:
            mac = self._suite.derive(self._secret, 2)
            if not secrets.compare_digest(asked[0x85], self._suite.token(mac, self._ours)):
                return b"", 0x6300
            self.channel = self._suite.channel(self._secret)
            return _told(0x86, self._suite.token(mac, self._theirs))
        return b"", 0x6985


def _told(tag: int, value: bytes) -> Answer:
    return ber.encode(0x7C, ber.encode(tag, value)), 0x9000
