"""What PC/SC's child process reports, as leaves of `CardError`: the one place where they are mapped."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.errors import (
    CardBusy,
    CardError,
    CardMute,
    CardProtocolError,
    CardRemoved,
    NoCard,
    ReaderGone,
)
from drivers.readers import wire
from drivers.readers.child_link import ChildExpiredError, ChildGoneError, ChildLink


def ask(link: ChildLink, kind: int, body: bytes, deadline_s: float) -> tuple[int, bytes]:
    """Send a request to the child. Raises `CardMute` (it took too long), `ReaderGone` (it is not there)."""
    try:
        return link.request(kind, body, deadline_s)
    except ChildExpiredError:
        raise CardMute(f"no answer within {deadline_s:g} s") from None
    except ChildGoneError as error:
        raise ReaderGone("the PC/SC child process ended") from error


def ask_many(link: ChildLink, commands: Sequence[bytes], deadline_s: float) -> list[tuple[int, bytes]]:
    """Send APDUs in a row to the child. Raises as `ask`."""
    try:
        return link.request_many(commands, deadline_s)
    except ChildExpiredError:
        raise CardMute(f"no answer within {deadline_s:g} s") from None
    except ChildGoneError as error:
        raise ReaderGone("the PC/SC child process ended") from error


def error_of(body: bytes) -> CardError:
    """Return the leaf for a FAILED reply."""
    try:
        failure, result, call = wire.unpack_failure(body)
    except wire.FrameError:
        return CardProtocolError("the PC/SC child process failed, and does not say how")
    what = f"{call} {result:08X}"
    match failure:
        case wire.READER_GONE:
            return ReaderGone(f"no reader, or no PC/SC service: {what}")
        case wire.NO_CARD:
            return NoCard(f"the slot is empty: {what}")
        case wire.REMOVED:
            return CardRemoved(f"the card was pulled: {what}")
        case wire.SILENT:
            return CardMute(f"the card does not answer the reset: {what}")
        case wire.BUSY:
            return CardBusy(f"another program holds the card: {what}")
        case wire.UNSURE:
            return CardProtocolError(f"the card gave no whole answer: {what}")
        case _:
            return CardProtocolError(f"PC/SC failed: {what}")
