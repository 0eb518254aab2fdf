"""Command APDUs, their exchange, and the names of status words (ISO 7816-3 and 7816-4, short length only).

`exchange` is the one place where 61xx and 6Cxx are resolved: PC/SC passes both through. Lengths are checked strictly,
because a card that is pulled in mid-frame makes some readers hand over the truncated bytes as if they were an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from drivers.api import CardConnection, Response
from drivers.errors import CardProtocolError

SUCCESS: Final = 0x9000
DEADLINE_S: Final = 5.0
MAX_RESPONSE_ROUNDS: Final = 32
"""8 KiB, more than any file of these cards: a card that goes on is not answering, it is looping."""

INS_VERIFY: Final = 0x20
INS_MANAGE_SECURITY: Final = 0x22
INS_SECURITY_OPERATION: Final = 0x2A
INS_SELECT: Final = 0xA4
INS_READ_BINARY: Final = 0xB0
INS_READ_RECORD: Final = 0xB2
INS_GET_RESPONSE: Final = 0xC0

_NAMES: Final = {
    0x6281: "part of the data may be corrupted",
    0x6282: "end of file reached",
    0x6283: "selected file invalidated",
    0x6300: "verification failed",
    0x6400: "execution error",
    0x6581: "memory failure",
    0x6700: "wrong length",
    0x6881: "logical channel not supported",
    0x6882: "secure messaging not supported",
    0x6981: "wrong kind of file",
    0x6982: "security status not satisfied",
    0x6983: "PIN blocked",
    0x6984: "reference data invalidated",
    0x6985: "conditions of use not satisfied",
    0x6986: "no current file",
    0x6988: "secure messaging object wrong",
    0x6A80: "wrong data",
    0x6A81: "function not supported",
    0x6A82: "file not found",
    0x6A83: "record not found",
    0x6A84: "not enough memory",
    0x6A86: "wrong parameters",
    0x6A88: "reference data not found",
    0x6B00: "wrong parameters",
    0x6D00: "instruction not supported",
    0x6E00: "class not supported",
    0x6F00: "no diagnosis",
    0x9000: "success",
}


def sw_name(sw: int) -> str:
    """Name a status word: `6A82 file not found`."""
    if sw >> 8 == 0x61:
        return f"{sw:04X} more data"
    if sw >> 8 == 0x6C:
        return f"{sw:04X} wrong Le"
    if sw & 0xFFF0 == 0x63C0:
        return f"{sw:04X} tries left: {sw & 0x0F}"
    return f"{sw:04X} {_NAMES.get(sw, 'unnamed status word')}"


def command(ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int | None = None, *, cla: int = 0) -> bytes:
    """Build a short command APDU; `le` is a number of bytes, 256 being written as 00. Raises `ValueError`."""
    for name, value in (("CLA", cla), ("INS", ins), ("P1", p1), ("P2", p2)):
        if not 0 <= value <= 0xFF:
            raise ValueError(f"{name} does not fit in a byte")
    if len(data) > 255:
        raise ValueError("a short APDU carries at most 255 bytes")
    if le is not None and not 1 <= le <= 256:
        raise ValueError("Le is 1 to 256 bytes")
    body = bytes([len(data)]) + data if data else b""
    tail = b"" if le is None else bytes([le & 0xFF])
    return bytes([cla, ins, p1, p2]) + body + tail


def case_of(apdu: bytes) -> int:
    """Return the ISO case 1 to 4 of a short command APDU. Raises `ValueError` where it is none."""
    if len(apdu) == 4:
        return 1
    if len(apdu) == 5:
        return 2
    if len(apdu) > 5 and apdu[4] and len(apdu) - 5 in (apdu[4], apdu[4] + 1):
        return 3 if len(apdu) == 5 + apdu[4] else 4
    raise ValueError("not a short command APDU")


def with_le(apdu: bytes, le_byte: int) -> bytes:
    """Return the command with its Le byte replaced, or added where it had none."""
    return (apdu[:-1] if case_of(apdu) in (2, 4) else apdu) + bytes([le_byte])


Many = Callable[[Sequence[bytes], float], list[Response]]
"""`transmit_many(commands, deadline_s)`, which a connection may have, so that nobody waits between APDUs: it sends them
in a row and returns their answers, up to the first whose status word is not 9000; the rest is not sent. The deadline is
for each. Raises as `CardConnection.transmit`."""


def send_each(connection: CardConnection, apdus: Sequence[bytes], deadline_s: float = DEADLINE_S) -> Iterator[Response]:
    """Send commands in a row, each as `send` does, and yield their answers up to the first that is no success.

    No more and no other APDUs reach the card than by `send` one after the other. Raises as `send`.
    """
    many: Many | None = getattr(connection, "transmit_many", None)
    left = list(apdus)
    while left:
        answers = [connection.transmit(left[0], deadline_s)] if many is None else many(left, deadline_s)
        for answer in answers:
            whole = _collected(connection, _right_length(connection, left.pop(0), answer, deadline_s), deadline_s)
            yield whole
            if whole.sw != SUCCESS:
                return


def send(connection: CardConnection, apdu: bytes, deadline_s: float = DEADLINE_S) -> Response:
    """Send one command and return its whole answer: 61xx collected by GET RESPONSE, 6Cxx sent again once.

    Raises what `CardConnection.transmit` raises, and `CardProtocolError` where the card contradicts itself.
    """
    return _collected(connection, _transmit(connection, apdu, deadline_s), deadline_s, apdu[0] & 0x03)


def _collected(connection: CardConnection, answer: Response, deadline_s: float, cla: int = 0) -> Response:
    """Fetch what the card holds back with 61xx."""
    if answer.sw >> 8 != 0x61:
        return answer
    collected = bytearray(answer.data)
    for _ in range(MAX_RESPONSE_ROUNDS):
        asked = answer.sw & 0xFF
        answer = _transmit(connection, bytes([cla, INS_GET_RESPONSE, 0, 0, asked]), deadline_s)
        if answer.sw >> 8 not in (0x61, 0x90):
            raise CardProtocolError(f"GET RESPONSE failed: {sw_name(answer.sw)}", answer.sw)
        if asked and len(answer.data) != asked:
            raise CardProtocolError(f"GET RESPONSE gave {len(answer.data)} bytes instead of {asked}", answer.sw)
        if not answer.data:
            raise CardProtocolError("GET RESPONSE gave nothing", answer.sw)
        collected += answer.data
        if answer.sw >> 8 != 0x61:
            return Response(bytes(collected), answer.sw)
    raise CardProtocolError("the card never ends its answer")


def select(connection: CardConnection, apdu: bytes, deadline_s: float = DEADLINE_S) -> None:
    """Send a SELECT whose answer nobody needs: 61xx says that it worked, and what waits is left on the card.

    Raises as `exchange`.
    """
    answer = _transmit(connection, apdu, deadline_s)
    if answer.sw != SUCCESS and answer.sw >> 8 != 0x61:
        raise CardProtocolError(f"{apdu[:4].hex().upper()} refused: {sw_name(answer.sw)}", answer.sw)


def exchange(
    connection: CardConnection,
    apdu: bytes,
    deadline_s: float = DEADLINE_S,
    *,
    length: int | None = None,
    accept: Container[int] = (SUCCESS,),
) -> bytes:
    """Send one command and return its data. `length` is the exact number of bytes that must come back.

    Raises `CardProtocolError` (with `sw`) for any status word outside `accept` and for any other length.
    """
    answer = send(connection, apdu, deadline_s)
    if answer.sw not in accept:
        raise CardProtocolError(f"{apdu[:4].hex().upper()} refused: {sw_name(answer.sw)}", answer.sw)
    if length is not None and len(answer.data) != length:
        raise CardProtocolError(
            f"{apdu[:4].hex().upper()} gave {len(answer.data)} bytes instead of {length}", answer.sw
        )
    return answer.data


def _transmit(connection: CardConnection, apdu: bytes, deadline_s: float) -> Response:
    """One APDU; a first 6Cxx is answered by the same command with the Le that the card names."""
    return _right_length(connection, apdu, connection.transmit(apdu, deadline_s), deadline_s)


def _right_length(connection: CardConnection, apdu: bytes, answer: Response, deadline_s: float) -> Response:
    """Check the first answer to a command, and where it is 6Cxx ask once more."""
    if answer.sw >> 12 not in (0x6, 0x9):
        raise CardProtocolError(f"{answer.sw:04X} is no status word: the answer was cut short", answer.sw)
    if answer.sw >> 8 != 0x6C:
        return answer
    wanted = answer.sw & 0xFF
    answer = connection.transmit(with_le(apdu, wanted), deadline_s)
    if answer.sw >> 8 == 0x6C:
        raise CardProtocolError("the card refuses the length it asked for", answer.sw)
    if answer.sw == SUCCESS and wanted and len(answer.data) != wanted:
        raise CardProtocolError(f"the card gave {len(answer.data)} bytes instead of {wanted}", answer.sw)
    return answer


def describe(apdu: bytes) -> str:
    """Say what a command is without its secrets: data are shown for SELECT and MSE only, all else by length."""
    head = apdu[:4].hex().upper()
    if len(apdu) <= 5:
        return head + apdu[4:].hex().upper()
    if apdu[1] in (INS_SELECT, INS_MANAGE_SECURITY):
        return head + apdu[4:].hex().upper()
    if apdu[1] == INS_VERIFY:
        return f"{head} <PIN>"
    return f"{head} <{len(apdu) - 4} bytes>"
