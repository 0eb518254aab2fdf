"""Tells the gateway every minute how this terminal is, and takes its orders from the answer.

A heartbeat is measured when it is sent. One that does not arrive is not kept: the next one is newer and says more. So
days without a network leave nothing to send later; what must not be lost (entries) stands in the outbox, and what
counts up is sent as a total.
"""

from __future__ import annotations

import random as _random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from offline_cache import enrolment as enrolments
from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.enrolment import Enrolment
from offline_cache.errors import BadReply, BadSignature, CacheError, MalformedMessage
from offline_cache.fleet.orders import Hands, OrderBook, refused
from offline_cache.gateway import GatewayClient
from offline_cache.wire.fleet.heartbeat import (
    EVERY_S,
    MAX_ANSWER_BYTES,
    Heartbeat,
    Pulse,
    decode_pulse,
    encode_heartbeat,
)

PATH = "/v1/heartbeat"


@dataclass(frozen=True)
class Measured:
    """What was found just now."""

    gauges: Mapping[str, int]
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[str, ...] = ()


class Line(Protocol):
    """What is needed of `gateway.GatewayClient`."""

    def post_signed(self, path: str, payload: bytes, limit: int) -> bytes: ...
    def close(self) -> None: ...


class Heart:
    """One thread. `measure` looks at the machine; `hands` does what is ordered."""

    def __init__(
        self,
        state_dir: Path,
        measure: Callable[[], Measured],
        hands: Hands,
        *,
        clock: OutboxClock | None = None,
        random: Callable[[], float] = _random.random,
        connect: Callable[[Enrolment], Line] = GatewayClient,
        boot: str = "",
    ) -> None:
        self._state_dir = state_dir
        self._measure = measure
        self._hands = hands
        self._clock = clock or SystemClock()
        self._random = random
        self._connect = connect
        self._boot = boot or f"{int(random() * 2**32):08x}"
        self._every_s = float(EVERY_S)
        self._offset_ms: int | None = None
        self._refused = ""
        self._book: OrderBook | None = None
        self._line: tuple[bytes, Line] | None = None
        """The enrolment's certificate that the connection was made with, and the connection."""

    def wait_s(self) -> float:
        """Until the next one: the gateway's interval, between three quarters and five quarters of it."""
        return self._every_s * (0.75 + self._random() / 2)

    def run(self, stop: threading.Event) -> None:
        """Beat until `stop` is set; the first one within the first interval, so that a city does not start at once."""
        wait_s = self._every_s * self._random()
        while not stop.wait(wait_s):
            self.beat()
            wait_s = self.wait_s()
        self._hang_up()

    def beat(self) -> str | None:
        """One heartbeat; returns the code of what was in the way, or None. Never raises a `CacheError`."""
        try:
            enrolment = enrolments.load(self._state_dir)
            book = self._book = self._book or OrderBook(self._state_dir, self._hands)
            answers = book.answers()
            pulse = self._send(enrolment, answers)
            book.told(answers)
            return self._obey(book, pulse, enrolment)
        except CacheError as error:
            return error.code

    def _send(self, enrolment: Enrolment, answers: Mapping[str, str]) -> Pulse:
        found = self._measure()
        gauges = dict(found.gauges)
        if self._offset_ms is not None:
            gauges["clock_offset_ms"] = self._offset_ms
        faults = found.faults if not self._refused else (*found.faults, self._refused)
        sent_ms = self._clock.now_ms()
        beat = Heartbeat(enrolment.terminal, sent_ms, self._boot, gauges, found.facts, faults, answers)
        line = self._connected(enrolment)
        try:
            pulse = decode_pulse(line.post_signed(PATH, encode_heartbeat(beat), MAX_ANSWER_BYTES))
        except MalformedMessage as error:
            raise BadReply(f"the answer to the heartbeat cannot be used: {error}") from error
        if pulse.terminal != enrolment.terminal:
            raise BadReply("the answer to the heartbeat is for another terminal")
        self._offset_ms = (sent_ms + self._clock.now_ms()) // 2 - pulse.now_ms
        self._every_s = float(pulse.every_s)
        return pulse

    def _obey(self, book: OrderBook, pulse: Pulse, enrolment: Enrolment) -> str | None:
        self._refused = ""
        for signed in pulse.orders:
            try:
                book.take(signed, enrolment.terminal, enrolment.signing_key, pulse.now_ms)
            except (BadSignature, MalformedMessage) as error:
                self._refused = refused(error)  # told with the next heartbeat; the others are done all the same
        return self._refused or None

    def _connected(self, enrolment: Enrolment) -> Line:
        mark = (self._state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
        if self._line is None or self._line[0] != mark:
            self._hang_up()
            self._line = mark, self._connect(enrolment)
        return self._line[1]

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None
