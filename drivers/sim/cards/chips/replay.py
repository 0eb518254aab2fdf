"""A recorded card as a simulated one: it answers what the real card answered, in the order in which it did.

Commands are compared as the trace keeps them, without their secrets. A command that was asked more than once gets its
answers in turn, and the last one from then on; one that was never asked is refused (6D00).
"""

from __future__ import annotations

import threading

from drivers.readers.trace import Trace, mask_command


class ReplayCard:
    """A card made of a trace: usable wherever a card's contacts are wanted."""

    answer_delay_s = 0.0

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._lock = threading.Lock()
        self._answers: dict[bytes, list[bytes]] = {}
        for one in trace.exchanges:
            self._answers.setdefault(one.command, []).append(one.data + one.sw.to_bytes(2, "big"))
        self.unknown = 0
        """How many commands came that the trace does not have."""
        self.reset()

    def __repr__(self) -> str:
        return f"ReplayCard(<{self._trace.profile}, {len(self._trace.exchanges)} exchanges>)"

    @property
    def atr(self) -> bytes:
        return self._trace.atr

    def reset(self) -> None:
        """Power down: it begins at its first answers again."""
        self._asked: dict[bytes, int] = {}

    def process(self, apdu: bytes) -> bytes | None:
        """Answer as the recorded card did."""
        with self._lock:
            key = mask_command(apdu)
            answers = self._answers.get(key)
            if answers is None:
                self.unknown += 1
                return b"\x6d\x00"
            place = self._asked.get(key, 0)
            self._asked[key] = place + 1
            return answers[min(place, len(answers) - 1)]
