"""The resident identity card module on its serial line (115200 8N1): find, select, read.

The module talks to the card by itself; a terminal sees text and photo only. The only importer of `serial` among the
readers. Public readers of the module ask it every 300 ms at the quickest.
"""

from __future__ import annotations

import termios
import time
from dataclasses import dataclass, field
from typing import Final

import serial

from drivers.api import CardFacts, Holder
from drivers.cards import resident_id
from drivers.errors import CardMute, CardProtocolError, CardRemoved, NoCard, ReaderGone
from drivers.readers import sdt_frame as sdt

BAUD: Final = 115200
REPLY_S: Final = 2.0


@dataclass(frozen=True)
class Reading:
    """One card, read. Its repr tells nothing of the holder."""

    facts: CardFacts
    holder: Holder
    photo: bytes = field(repr=False)
    """1,024 bytes in a format of the module's own; empty where the card gave none."""
    warnings: tuple[str, ...] = ()


class SdtModule:
    """One module. One thread owns it."""

    def __init__(self, port: str, *, reply_s: float = REPLY_S) -> None:
        """Open the line. Raises `ReaderGone`."""
        self._reply_s = reply_s
        self._buffer = bytearray()
        try:
            self._line = serial.Serial(port, BAUD, timeout=0.05, write_timeout=reply_s, exclusive=True)
        except (OSError, ValueError, termios.error) as error:
            raise ReaderGone("the serial line of the identity card module cannot be opened") from error

    def close(self) -> None:
        """Close the line. Never raises; may be called twice."""
        self._line.close()

    def status(self) -> bool:
        """Return whether the module says that it is well. Raises `ReaderGone`, `CardMute` (a silent module)."""
        return self._ask(sdt.STATUS).sw3 == sdt.OK

    def read(self) -> Reading:
        """Find, select and read the card in the field. One that was read is not found again until it left.

        Raises `NoCard`, `CardRemoved` (it left meanwhile), `CardMute` and `ReaderGone` of the module, and
        `CardProtocolError`: what came is no card's text.
        """
        if self._ask(sdt.FIND).sw3 != sdt.FOUND:
            raise NoCard("no card is in the field")
        if self._ask(sdt.SELECT).sw3 != sdt.OK:
            raise CardRemoved("the card left the field before it was selected")
        reply = self._ask(sdt.READ)
        if reply.sw3 == sdt.READ_FAILED:
            raise CardRemoved("the card left the field while it was read")
        if reply.sw3 != sdt.OK:
            raise CardProtocolError(f"the module does not read: {reply.sw3:02X}")
        try:
            text, photo = sdt.split_reading(reply.data)
        except sdt.BadFrame as error:
            raise CardProtocolError(f"the module's reading: {error}") from None
        warnings: list[str] = []
        facts, holder = resident_id.parse(text, warnings.append)
        return Reading(facts, holder, photo, tuple(warnings))

    def _ask(self, command: bytes) -> sdt.Reply:
        """One command; what was left in the line from before is dropped first."""
        try:
            self._line.reset_input_buffer()
            self._buffer.clear()
            self._line.write(sdt.frame(command))
            return self._reply()
        except sdt.BadFrame as error:
            raise CardProtocolError(f"the module's answer: {error}") from None
        except (OSError, serial.SerialException, termios.error) as error:
            raise ReaderGone("the identity card module's line is gone") from error

    def _reply(self) -> sdt.Reply:
        until = time.monotonic() + self._reply_s
        while time.monotonic() < until:
            self._buffer += self._line.read(max(1, self._line.in_waiting))
            if (body := sdt.take_body(self._buffer)) is not None:
                return sdt.parse_reply(body)
        raise CardMute("the identity card module does not answer")


class SdtReader:
    """A module that is opened for each look: a cable that was pulled and put back needs nobody."""

    def __init__(self, port: str) -> None:
        self._port = port

    def look(self) -> Reading | None:
        """Read the card that lies there; None: none does, or one that was read and has not left since.

        Raises as `SdtModule.read`, but for `NoCard`.
        """
        module = SdtModule(self._port)
        try:
            return module.read()
        except NoCard:
            return None
        finally:
            module.close()

    def well(self) -> bool:
        """Return whether the module says that it is well. Raises as `SdtModule.status`."""
        module = SdtModule(self._port)
        try:
            return module.status()
        finally:
            module.close()
