"""The PC/SC child process: the only code that calls `smartcard.scard`. Run by `drivers.readers.pcsc`, not by people.

A mute card blocks SCardTransmit for ever, so it is called in a process that can be killed. Two threads, each with a
context of its own: one obeys requests, one watches the slot. (libpcsclite locks a context for the whole of a blocked
SCardGetStatusChange. With one context for both, each APDU would first have to cancel the wait, through a connection of
its own to the daemon.) A third thread ends the process when the parent is gone.

Arguments: descriptor for slot reports (or -1), socket of pcscd (or empty), name of the reader (or empty: the first),
and name of a reader that has another role and is never taken (or empty).
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time

from smartcard import scard  # pyright: ignore[reportMissingTypeStubs]

from drivers.readers import wire
from drivers.readers.roles import front

PNP = "\\\\?PnP?\\Notification"
WAIT_MS = 1000
AGAIN_MS = 300
LAST_MOMENT_S = 1.0

_NO_SERVICE = {0x8010001D, 0x8010001E, 0x80100013, 0x80100003, 0x80100017, 0x80100009, 0x8010002E}
"""No service, service stopped, connection broken, dead handle, reader unavailable, reader unknown, none at all."""
_FAILURES = {
    0x8010000C: wire.NO_CARD,
    0x80100069: wire.REMOVED,
    0x80100066: wire.SILENT,
    0x80100067: wire.SILENT,
    0x8010000F: wire.SILENT,
    0x8010000B: wire.BUSY,
    0x80100016: wire.UNSURE,
    0x8010002F: wire.UNSURE,
    0x80100068: wire.UNSURE,
    **dict.fromkeys(_NO_SERVICE, wire.READER_GONE),
}
_TIMEOUT = 0x8010000A
_NO_READERS = 0x8010002E
_UNKNOWN_READER = 0x80100009


class CallFailed(Exception):
    """A PC/SC call did not succeed."""

    def __init__(self, result: int, call: str, failure: int | None = None) -> None:
        super().__init__(f"{call}: {result & 0xFFFFFFFF:08X}")
        self.result = result & 0xFFFFFFFF
        self.call = call
        self.failure = _FAILURES.get(self.result, wire.OTHER) if failure is None else failure


def check(result: int, call: str) -> None:
    """Raise `CallFailed` unless the call succeeded."""
    if result & 0xFFFFFFFF:
        raise CallFailed(result, call)


def establish() -> int:
    """Return a new context. Raises `CallFailed`."""
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    check(result, "SCardEstablishContext")
    return context


def readers(context: int) -> list[str]:
    """Return the names of all readers; none is an empty list. Raises `CallFailed`."""
    result, names = scard.SCardListReaders(context, [])
    if result & 0xFFFFFFFF == _NO_READERS:
        return []
    check(result, "SCardListReaders")
    return list(names)


def find(context: int, wanted: str, other: str = "") -> str | None:
    """Return the reader with this name, or the first; never `other`. See `drivers.readers.roles.front`."""
    return front(readers(context), wanted, other)


def slot_report(name: str, event: int, atr: list[int]) -> bytes:
    """Return the body of a SLOT frame for what SCardGetStatusChange said of a reader."""
    if event & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE):
        state = wire.ABSENT
    elif not event & scard.SCARD_STATE_PRESENT:
        state = wire.EMPTY
    elif event & scard.SCARD_STATE_MUTE or len(atr) < 2 or atr[0] not in (0x3B, 0x3F):
        state = wire.MUTE
    else:
        state = wire.PRESENT
    return wire.pack_slot(state, event >> 16, name, bytes(atr) if state == wire.PRESENT else b"")


class Suspicion:
    """Tells a slot that pcscd calls empty although it has not looked since a card was in it.

    An UNPOWER that fails, as it does on a card that left in the middle of a command, makes pcscd 1.9.9 call the slot
    empty at once. Its thread that looks at the slot (every 0.4 s) does not know: where the card is back by then, as
    with contacts that bounce, the slot stays empty for PC/SC until the card is pulled again. What gives it away is the
    event counter, which only that thread moves.
    """

    def __init__(self) -> None:
        self._in_slot_at = -1
        self.raised = False
        """Whether the slot may hold a card that PC/SC does not see. Within 0.4 s it may also be empty in truth."""
        self.tried = False
        """Whether pcscd has looked anew since, and the card did not answer."""

    def take(self, event: int) -> None:
        """Take in what SCardGetStatusChange said of the slot."""
        counter, within = event >> 16, bool(event & scard.SCARD_STATE_PRESENT)
        self.raised = not within and counter == self._in_slot_at
        self.tried = self.tried and self.raised
        self._in_slot_at = counter if within else self._in_slot_at


def look_anew(context: int, name: str) -> None:
    """Have pcscd power the card that it does not see; where there is none, the slot stays empty.

    A connection to the reader alone may end in a reset, and what comes of it is the state of the slot. Who holds the
    reader meanwhile (a sharing violation) has found the card.
    """
    result, reader, _protocol = scard.SCardConnect(context, name, scard.SCARD_SHARE_DIRECT, 0)
    if not result & 0xFFFFFFFF:
        scard.SCardDisconnect(reader, scard.SCARD_RESET_CARD)


class Watch:
    """Watches one slot for ever, and reports each change. Comes back by itself when the daemon does."""

    def __init__(self, descriptor: int, wanted: str, other: str) -> None:
        self._descriptor = descriptor
        self._wanted = wanted
        self._other = other
        self._last = b""
        self._never = threading.Event()

    def run(self) -> None:
        while True:
            try:
                context = establish()
            except CallFailed:
                self._absent(wire.NO_SERVICE)
                continue
            try:
                self._watch(context)
            except CallFailed:
                self._absent(wire.NO_SERVICE)
            finally:
                scard.SCardReleaseContext(context)

    def _watch(self, context: int) -> None:
        """Watch until a call fails. Raises `CallFailed`."""
        known, pnp = 0, 0
        name, suspicion = None, Suspicion()
        while True:
            if name is None:
                name, known, suspicion = find(context, self._wanted, self._other), 0, Suspicion()
                if name is None:
                    self._report(wire.pack_slot(wire.ABSENT, 0, self._wanted, b""))
            asked = [(PNP, pnp)] if name is None else [(name, known), (PNP, pnp)]
            result, states = scard.SCardGetStatusChange(context, WAIT_MS, asked)
            if result & 0xFFFFFFFF == _TIMEOUT:
                os.write(self._descriptor, wire.frame(wire.ALIVE))
                if name is not None and suspicion.raised:  # for longer than pcscd takes to look
                    if suspicion.tried:
                        self._report(wire.pack_slot(wire.MUTE, known >> 16, name, b""))
                    look_anew(context, name)
                    suspicion.tried = True
                continue
            if result & 0xFFFFFFFF == _UNKNOWN_READER:
                name = None
                self._absent()
                continue
            check(result, "SCardGetStatusChange")
            pnp = states[-1][1] & ~scard.SCARD_STATE_CHANGED
            if name is None:
                continue
            known = states[0][1] & ~scard.SCARD_STATE_CHANGED
            suspicion.take(known)
            self._report(slot_report(name, states[0][1], states[0][2]))
            if known & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE):
                name = None
                self._never.wait(AGAIN_MS / 1000)

    def _absent(self, counter: int = 0) -> None:
        self._report(wire.pack_slot(wire.ABSENT, counter, self._wanted, b""))
        self._never.wait(AGAIN_MS / 1000)

    def _report(self, body: bytes) -> None:
        if body != self._last:
            self._last = body
            os.write(self._descriptor, wire.frame(wire.SLOT, body))


class Server:
    """Obeys the parent's requests, one at a time."""

    def __init__(self, wanted: str, other: str) -> None:
        self._wanted = wanted
        self._other = other
        self._name = ""
        self._context: int | None = None
        self._card: int | None = None
        self._protocol = scard.SCARD_PCI_T1

    def run(self) -> None:
        """Serve until the parent closes its end."""
        buffer = bytearray()
        while data := os.read(0, 65536):
            buffer += data
            while (request := wire.take_frame(buffer)) is not None:
                if request[0] == wire.MANY:
                    self._many(request[1])
                else:
                    os.write(1, wire.frame(*self._replied(*request)))
        self._disconnect()

    def _replied(self, kind: int, body: bytes) -> tuple[int, bytes]:
        try:
            return wire.DONE, self._obey(kind, body)
        except CallFailed as error:
            return wire.FAILED, wire.pack_failure(error.failure, error.result, error.call)

    def _many(self, body: bytes) -> None:
        """Send APDUs in a row. Quick answers travel together, held back for `wire.HELD_S` at most."""
        held, since = b"", time.monotonic()
        for apdu in wire.unpack_many(body):
            reply = self._replied(wire.TRANSMIT, apdu)
            held += wire.frame(*reply)
            if not wire.goes_on(*reply):
                break
            if time.monotonic() - since > wire.HELD_S:
                os.write(1, held)
                held, since = b"", time.monotonic()
        if held:
            os.write(1, held)

    def _obey(self, kind: int, body: bytes) -> bytes:
        match kind:
            case wire.TRANSMIT:
                return self._transmit(body)
            case wire.CONNECT:
                return self._connect()
            case wire.DISCONNECT:
                self._disconnect()
                return b""
            case wire.ATR:
                return self._atr()
            case wire.LIST:
                return self._list()
            case _:
                raise CallFailed(0, f"request {kind}", wire.OTHER)

    def _transmit(self, apdu: bytes) -> bytes:
        if self._card is None:
            raise CallFailed(0, "SCardTransmit", wire.REMOVED)
        result, answer = scard.SCardTransmit(self._card, self._protocol, list(self._as_sent(apdu)))
        if result & 0xFFFFFFFF:
            self._disconnect()
            raise CallFailed(result, "SCardTransmit")
        if len(answer) < 2:
            # A card that is pulled in mid-APDU looks like success without an answer.
            self._disconnect()
            raise CallFailed(result, "SCardTransmit", wire.UNSURE)
        return bytes(answer)

    def _as_sent(self, apdu: bytes) -> bytes:
        """Map a short APDU to a T=0 command where that is the protocol (ISO 7816-3, 12.2): always P3, never Le last."""
        if self._protocol != scard.SCARD_PCI_T0:
            return apdu
        if len(apdu) == 4:
            return apdu + b"\x00"
        return apdu[:-1] if len(apdu) > 5 and len(apdu) == 6 + apdu[4] else apdu

    def _connect(self) -> bytes:
        if self._card is not None:
            raise CallFailed(0, "SCardConnect", wire.BUSY)
        try:
            card, protocol = self._open()
        except CallFailed as error:
            if error.failure != wire.READER_GONE or self._context is None:
                raise
            # The daemon may have been restarted since: one more try on a new context.
            scard.SCardReleaseContext(self._context)
            self._context = None
            card, protocol = self._open()
        self._card = card
        self._protocol = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        return b""

    def _atr(self) -> bytes:
        if self._card is None:
            raise CallFailed(0, "SCardStatus", wire.REMOVED)
        result, _name, _state, _protocol, atr = scard.SCardStatus(self._card)
        check(result, "SCardStatus")
        return bytes(atr)

    def _open(self) -> tuple[int, int]:
        if self._context is None:
            self._context = establish()
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = _UNKNOWN_READER, 0, 0
        if self._name:
            result, card, protocol = scard.SCardConnect(
                self._context, self._name, scard.SCARD_SHARE_EXCLUSIVE, protocols
            )
        if result & 0xFFFFFFFF == _UNKNOWN_READER:
            # Never opened yet, or the numbers behind its name have changed: look it up.
            self._name = find(self._context, self._wanted, self._other) or ""
            if not self._name:
                raise CallFailed(_UNKNOWN_READER, "SCardListReaders")
            result, card, protocol = scard.SCardConnect(
                self._context, self._name, scard.SCARD_SHARE_EXCLUSIVE, protocols
            )
        if result & 0xFFFFFFFF == 0x80100069:
            raise CallFailed(result, "SCardConnect", wire.NO_CARD)
        check(result, "SCardConnect")
        return card, protocol

    def _disconnect(self) -> None:
        """Unpower: with SCARD_LEAVE_CARD the verified PIN would live on into the next holder's session."""
        card, self._card = self._card, None
        if card is not None:
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)

    def _list(self) -> bytes:
        context = establish()
        try:
            names = readers(context)
            result, states = scard.SCardGetStatusChange(context, 0, [(name, 0) for name in names])
            if names:
                check(result, "SCardGetStatusChange")
        finally:
            scard.SCardReleaseContext(context)
        reports = [slot_report(name, event, atr) for name, event, atr in states] if names else []
        return wire.pack_many(reports)


def end_with_parent() -> None:
    """Wait until the parent closed its end; a moment later end the process, whatever the other threads hang in."""
    lifeline = select.poll()
    lifeline.register(0, 0)
    lifeline.poll()
    threading.Event().wait(LAST_MOMENT_S)
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Be the child process."""
    descriptor, (socket_path, wanted, other) = int(arguments[0]), arguments[1:4]
    if socket_path:
        os.environ["PCSCLITE_CSOCK_NAME"] = socket_path
    threading.Thread(target=end_with_parent, daemon=True).start()
    if descriptor >= 0:
        threading.Thread(target=Watch(descriptor, wanted, other).run, daemon=True).start()
    Server(wanted, other).run()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
