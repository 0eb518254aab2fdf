"""The resident identity card module's twin behind a pseudo terminal: frames in, frames out, a card in its field.

`place` and `take` are the hand's. Faults are set by name: `mute` (says nothing), `noise` (bytes before each frame),
`checksum` (a wrong one), `cut` (half a reading), `pulled` (the card leaves between select and read).
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

from drivers.cards.resident_id import PHOTO_BYTES
from drivers.readers import sdt_frame as sdt
from drivers.sim.cards.chips import resident_id
from drivers.sim.cards.document import profile_schemas
from drivers.sim.cards.schema import checked

FAULTS: Final = ("mute", "noise", "checksum", "cut", "pulled")
_STATUS: Final = b"\0\0"


class SimSdtModule:
    """One module on a pty; `port` is what a driver opens."""

    def __init__(self, *, fingerprints: bool = False) -> None:
        self._fingerprints = fingerprints
        self._lock = threading.Lock()
        self._text = b""
        self._selected = self._seen = False
        self._faults: set[str] = set()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._wake_out, self._wake_in = os.pipe()
        self._thread: threading.Thread | None = threading.Thread(target=self._serve, name="sdt module", daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The path to open."""
        return os.ttyname(self._slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def place(self, document: object) -> None:
        """Lay a card on the module. Raises `CardDocumentError`."""
        known: Mapping[str, Any] = checked(document, profile_schemas()[resident_id.PROFILE])
        text = resident_id.text_of(known)
        with self._lock:
            self._text, self._seen, self._selected = text, False, False

    def take(self) -> None:
        """Take the card away."""
        with self._lock:
            self._text, self._selected = b"", False

    def fault(self, name: str, *, on: bool = True) -> None:
        """Set or clear a fault. Raises `ValueError` for one that a module does not have."""
        if name not in FAULTS:
            raise ValueError(f"known faults: {', '.join(FAULTS)}")
        with self._lock:
            (self._faults.add if on else self._faults.discard)(name)

    def close(self) -> None:
        """End it; the port is gone. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        os.write(self._wake_in, b"!")
        thread.join()
        for end in (self._slave, self._master, self._wake_out, self._wake_in):
            os.close(end)

    def _serve(self) -> None:
        buffer = bytearray()
        while True:
            ready, _, _ = select.select([self._master, self._wake_out], [], [])
            if self._wake_out in ready:
                return
            buffer += os.read(self._master, 4096)
            with suppress(sdt.BadFrame):  # a real module says nothing to bytes that are no frame
                while (body := sdt.take_body(buffer)) is not None:
                    self._reply(body)

    def _reply(self, command: bytes) -> None:
        with self._lock:
            if "mute" in self._faults:
                return
            raw = sdt.frame(self._answer(command))
            if "checksum" in self._faults:
                raw = raw[:-1] + bytes([raw[-1] ^ 0x55])
            if "cut" in self._faults:
                raw = raw[: len(raw) // 2]
            if "noise" in self._faults:
                raw = b"\x00\xaa\xaa\x17" + raw
        os.write(self._master, raw)

    def _answer(self, command: bytes) -> bytes:
        there = bool(self._text)
        match command:
            case sdt.STATUS:
                return _STATUS + bytes([sdt.OK])
            case sdt.FIND:
                found = there and not self._seen
                return _STATUS + bytes([sdt.FOUND if found else sdt.NONE_FOUND])
            case sdt.SELECT:
                self._selected = there
                return _STATUS + bytes([sdt.OK if there else sdt.SELECT_FAILED])
            case sdt.READ:
                if not self._selected or "pulled" in self._faults:
                    return _STATUS + bytes([sdt.READ_FAILED])
                self._seen = True
                return _STATUS + bytes([sdt.OK]) + self._reading()
            case _:
                return _STATUS + bytes([0x21])

    def _reading(self) -> bytes:
        photo = bytes(range(256)) * (PHOTO_BYTES // 256)
        prints = bytes(512) if self._fingerprints else b""
        lengths = [len(self._text), len(photo)] + ([len(prints)] if self._fingerprints else [])
        return b"".join(length.to_bytes(2, "big") for length in lengths) + self._text + photo + prints
