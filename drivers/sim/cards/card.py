"""A simulated card: a stateful twin, made from a card document, that answers APDUs byte for byte.

`SimCard.process` is the card's contacts; who carries the bytes (`drivers.sim.cards.reader` in process, `…vpcd` behind
the real PC/SC stack) also carries the delay. The profile's own twin is a `Chip` (`drivers.sim.cards.chips`); this is
the plastic around it: how answers are brought out (61xx, 6Cxx), quirks, faults, counting. A PIN try counter survives
removal and power-down as on a real card; whether the PIN is verified does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from drivers.sim.cards.chips import belgian_eid, citizen, emrtd, piv, resident_id
from drivers.sim.cards.chips.chip import Chip, take_apart
from drivers.sim.cards.chips.citizen import DEFAULT_ATR, FULL_TRIES, CitizenChip
from drivers.sim.cards.document import (
    CardDocument,
    CardDocumentError,
    parse_card_document,
    profile_of,
    profile_schemas,
)
from drivers.sim.cards.faults import Fault, FaultPlayer, FaultScript, Step, Struck, truncated
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.schema import Quirks, checked, parse_quirks

__all__ = ["DEFAULT_ATR", "FULL_TRIES", "SimCard"]

Maker = Callable[[Mapping[str, Any], CardAuthority | None], Chip]
_MAKERS: dict[str, Maker] = {
    belgian_eid.PROFILE: lambda document, _authority: belgian_eid.BelgianChip(document),
    piv.PROFILE: piv.PivChip,
    emrtd.PROFILE: emrtd.EmrtdChip,
}


class SimCard:
    """One card. Thread-safe: one APDU at a time, as on a real card."""

    def __init__(
        self,
        document: CardDocument | None = None,
        authority: CardAuthority | None = None,
        *,
        chip: Chip | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        """Make a citizen card of its document, or a card around any chip.

        Raises `CardDocumentError` where the document's own key and certificate do not fit, `ValueError` without both.
        """
        if document is not None:
            chip, quirks = CitizenChip(document, authority), document.quirks
        if chip is None:
            raise ValueError("a card needs a document or a chip")
        self._chip = chip
        self._quirks = quirks or Quirks()
        self._faults = FaultPlayer(_script(self._quirks))
        self._apdus = 0
        self._extra_delay_s = 0.0
        self._muted = self._dead = False
        self._counted = threading.Condition()
        self.reset()

    @classmethod
    def from_document(cls, document: object, authority: CardAuthority | None = None) -> SimCard:
        """Make a card from JSON (parsed), whatever its profile. Raises `CardDocumentError`."""
        profile = profile_of(document)
        if profile == citizen.CitizenChip.profile:
            return cls(parse_card_document(document), authority)
        if profile == resident_id.PROFILE:
            raise CardDocumentError("profile", "this card is read by a module of its own, not through APDUs")
        known = checked_document(document, profile)
        return cls(chip=_MAKERS[profile](known, authority), quirks=parse_quirks(known.get("quirks", {})))

    def __repr__(self) -> str:
        return f"SimCard(<{self._chip.label}>)"

    @property
    def profile(self) -> str:
        """The name of its profile."""
        return self._chip.profile

    @property
    def atr(self) -> bytes:
        """The answer to reset; empty means that the card stays silent."""
        if self._dead:
            return b""
        return self._chip.atr if self._quirks.atr is None else self._quirks.atr

    @property
    def answer_delay_s(self) -> float:
        """How long the card thinks about this APDU. The one who carries the answer waits."""
        return self._quirks.answer_delay_s + self._extra_delay_s

    @property
    def apdus(self) -> int:
        """How many APDUs reached the card in its life."""
        return self._apdus

    @property
    def tries_left(self) -> int:
        return self._chip.tries_left

    @property
    def pin_verified(self) -> bool:
        return self._chip.pin_verified

    @property
    def struck(self) -> Sequence[Struck]:
        """The faults that happened so far, in order."""
        return tuple(self._faults.struck)

    def wait_for_apdus(self, count: int, deadline_s: float) -> bool:
        """Wait until so many APDUs reached the card in its life. False: they did not within the deadline."""
        with self._counted:
            return self._counted.wait_for(lambda: self._apdus >= count, deadline_s)

    def reset(self) -> None:
        """Power down, power up or reset: files, PIN state and the answer that was not fetched are gone."""
        self._chip.reset()
        self._pending = b""
        self._since_reset = 0
        self._muted = False

    def process(self, apdu: bytes) -> bytes | None:
        """Answer one APDU: data and status word; or None, for ever, from a mute card."""
        with self._counted:
            self._apdus += 1
            self._since_reset += 1
            self._counted.notify_all()
            step = self._faults.strikes(self._apdus)
            limit = self._quirks.mute_after_apdus
            if limit is not None and self._since_reset > limit:
                return None
            if not self._alive_after(step):
                return None
            if step is not None and step.fault is Fault.STATUS:
                return self._faults.spoil(step, b"")
            answer = self._answer(apdu)
            if step is not None:
                answer = self._faults.spoil(step, answer)
            return truncated(answer) if self._quirks.truncate_apdu == self._since_reset else answer

    def _alive_after(self, step: Step | None) -> bool:
        self._extra_delay_s = step.delay_s if step is not None and step.fault is Fault.DELAY else 0.0
        if step is not None:
            self._muted |= step.fault is Fault.MUTE
            self._dead |= step.fault is Fault.DIE
        return not (self._muted or self._dead)

    def _answer(self, apdu: bytes) -> bytes:
        command = take_apart(apdu)
        if len(apdu) >= 4 and apdu[0] not in self._chip.classes:
            return _sw(0x6E00)
        if command is None:
            return _sw(0x6700)
        if command.ins == 0xC0:
            return self._get_response(command.le)
        self._pending = b""
        data, sw = self._chip.answer(command)
        exact = command.ins in self._chip.exact
        return self._deliver(data, sw, command.le, had_data=bool(command.data), exact=exact)

    def _deliver(self, data: bytes, sw: int, le: int | None, *, had_data: bool, exact: bool) -> bytes:
        """Bring the data out as this card does: at once, by 61xx, or after 6Cxx."""
        if sw != 0x9000 or not data:
            return data + _sw(sw)
        if had_data:
            if self._quirks.response_style == "61xx":
                self._pending = data
                return _sw(0x6100 | min(len(data), 256) & 0xFF)
            if len(data) > 256:
                data, self._pending = data[:256], data[256:]
                return data + _sw(0x6100 | min(len(self._pending), 256) & 0xFF)
            return data + _sw(sw)
        if exact and le != len(data):
            if self._quirks.wrong_le == "6Cxx":
                return _sw(0x6C00 | len(data))
            data = data[: le or 256]
        return data + _sw(sw)

    def _get_response(self, le: int | None) -> bytes:
        if not self._pending:
            return _sw(0x6985)
        data = self._pending[: le or 256]
        self._pending = self._pending[len(data) :]
        return data + _sw(0x6100 | min(len(self._pending), 256) & 0xFF if self._pending else 0x9000)


def checked_document(document: object, profile: str) -> Mapping[str, Any]:
    """Hold a document against its profile's schema. Raises `CardDocumentError`."""
    return checked(document, profile_schemas()[profile])


def _script(quirks: Quirks) -> FaultScript:
    """The card's fault script, with the quirks that name one APDU in front."""
    named = {
        Fault.WRONG_LENGTH: quirks.wrong_length_apdu,
        Fault.GARBAGE: quirks.garbage_apdu,
        Fault.DIE: quirks.dies_at_apdu,
    }
    steps = tuple(Step(fault, apdu) for fault, apdu in named.items() if apdu is not None)
    return replace(quirks.script, steps=steps + quirks.script.steps)


def _sw(value: int) -> bytes:
    return value.to_bytes(2, "big")
