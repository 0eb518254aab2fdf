"""A simulated card behind vpcd, the virtual reader of the vsmartcard project: the same twin on the real PC/SC stack.

vpcd listens on TCP; connecting inserts a card and closing removes it. Each message is a length of two bytes, big
endian, and a payload. A payload of one byte is control: 0 power off, 1 power on, 2 reset, 4 send the ATR; all else is
an APDU. vpcd binds every address of the machine, so it has no place on an appliance.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Final, Protocol

from drivers.errors import DriverError

POWER_OFF: Final = 0
POWER_ON: Final = 1
RESET: Final = 2
SEND_ATR: Final = 4

CONNECT_TRY_S: Final = 0.02
_HEADER: Final = struct.Struct(">H")


class VpcdUnreachable(DriverError):
    """No vpcd takes the card at this port."""

    code = "vpcd-unreachable"


class CardContacts(Protocol):
    """What a card in the virtual slot must do; `drivers.sim.cards.card.SimCard` does."""

    @property
    def atr(self) -> bytes: ...
    @property
    def answer_delay_s(self) -> float: ...
    def reset(self) -> None: ...
    def process(self, apdu: bytes) -> bytes | None: ...


class VpcdCard:
    """One card in one virtual slot, from the insertion (the constructor) to `remove`."""

    def __init__(self, card: CardContacts, port: int, deadline_s: float = 5.0) -> None:
        """Insert the card. Waits for a vpcd that is only starting. Raises `VpcdUnreachable`."""
        self._card = card
        self._removed = threading.Event()
        self._socket = _connect(port, deadline_s)
        self._thread = threading.Thread(target=self._serve, name=f"vpcd card {port}", daemon=True)
        self._thread.start()

    @property
    def inserted(self) -> bool:
        """False once the card was removed, or the other side went away."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the card is out of the slot, by whoever's hand. False: it is still in."""
        self._thread.join(timeout_s)
        return not self.inserted

    def remove(self) -> None:
        """Pull the card, also in the middle of an APDU. May be called twice."""
        self._removed.set()
        with contextlib.suppress(OSError):  # the other side may be gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._socket.close()
        self._card.reset()

    def _serve(self) -> None:
        try:
            while (message := self._receive()) is not None:
                answer = self._answer(message)
                if answer is not None:
                    self._socket.sendall(_HEADER.pack(len(answer)) + answer)
        except OSError:
            return  # pulled, or the daemon ended: the card is out of the slot either way

    def _answer(self, message: bytes) -> bytes | None:
        """Return what goes back: nothing for power and reset, and nothing from a mute card or a silent one."""
        if len(message) != 1:
            answer = self._card.process(message)
            if self._card.answer_delay_s > 0:
                self._removed.wait(self._card.answer_delay_s)
            return None if self._removed.is_set() else answer
        if message[0] == SEND_ATR:
            return self._card.atr or None
        if message[0] in (POWER_OFF, POWER_ON, RESET):
            self._card.reset()
        return None

    def _receive(self) -> bytes | None:
        head = self._receive_exactly(_HEADER.size)
        if head is None:
            return None
        return self._receive_exactly(_HEADER.unpack(head)[0])

    def _receive_exactly(self, count: int) -> bytes | None:
        received = b""
        while len(received) < count:
            # vpcd sends length and payload apart, with Nagle's algorithm on: without an immediate acknowledgement each
            # APDU costs 44 ms. The option wears off, so it is set before every read.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self._socket.recv(count - len(received))
            if not part:
                return None
            received += part
        return received


def wait_until_seen_empty(port: int, deadline_s: float) -> bool:
    """Wait until vpcd was asked whether a card is in, and found none. False: it was not within the deadline.

    A connection that says nothing is found by the next question, and closed: a card that does not answer is none.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=deadline_s) as nothing:
            nothing.shutdown(socket.SHUT_WR)
            while nothing.recv(_HEADER.size):
                continue  # what it asks before it sees that nobody will answer
    except ConnectionResetError:
        return True  # closed with our end of the stream unread
    except OSError:
        return False
    return True


def _connect(port: int, deadline_s: float) -> socket.socket:
    """Connect to a vpcd on this machine, trying again until the deadline."""
    pause = threading.Event()
    for _ in range(max(1, int(deadline_s / CONNECT_TRY_S))):
        try:
            link = socket.create_connection(("127.0.0.1", port), timeout=deadline_s)
        except OSError:
            pause.wait(CONNECT_TRY_S)
            continue
        link.settimeout(None)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link
    raise VpcdUnreachable(f"no virtual reader listens on port {port}")
