"""What a test card goes through while a terminal is brought into service: read, opened, refused, opened again.

A citizen's card that was put in by mistake loses at most one try, and none where it has few left: the right PIN of the
test cards comes first, and nothing more is tried where it is not taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from drivers.api import CardReader
from drivers.cards.citizen import CitizenCard
from drivers.cards.registry import recognise
from drivers.errors import CardProtocolError, PinRejected
from kiosk.frozen import frozen

FEWEST_TRIES = 3
_NS_IN_MS = 1_000_000


class NotTestCard(Exception):
    """The PIN of the test cards was refused."""

    code = "not-test-card"

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"the test card's PIN was refused, {tries_left} tries left")
        self.tries_left = tries_left


class TooFewTries(Exception):
    """The card has too few tries left to try anything on it."""

    code = "card-too-few-tries"


class PinNotCounted(Exception):
    """A wrong PIN did not cost a try."""

    code = "pin-not-counted"


class SameReading(Exception):
    """The card still knows the PIN of before: the slot did not take its power away."""

    code = "same-card-cached"


@frozen
class Tried:
    """What the card showed. Nothing of its holder but how many data there are."""

    profile: str
    version: str
    fields: int
    tries: int
    """Left after the wrong PIN."""
    took_ms: int
    """From power to the card's own data."""


def try_card(reader: CardReader, pin: str, mono_ns: Callable[[], int]) -> Tried:
    """Read the card, open it with `pin`, have a wrong PIN refused and counted, and put its tries right again.

    Raises:
        NotTestCard, TooFewTries, PinNotCounted, CardError leaves.
    """
    began = mono_ns()
    connection = reader.connect()
    try:
        card = recognise(connection)
        facts = card.read_facts()
        took_ms = (mono_ns() - began) // _NS_IN_MS
        if card.tries_left() < FEWEST_TRIES:
            raise TooFewTries
        _open(card, pin)
        holder = card.read_holder()
    finally:
        connection.close()
    fields = sum(1 for item in dataclasses.fields(holder) if getattr(holder, item.name))
    return Tried(facts.profile, facts.version, fields, _refused_once(reader, pin), took_ms)


def _open(card: CitizenCard, pin: str) -> None:
    try:
        card.verify_pin(pin)
    except PinRejected as error:
        raise NotTestCard(error.tries_left) from None


def _refused_once(reader: CardReader, pin: str) -> int:
    """Present a wrong PIN, then the right one, which gives all tries back; returns what was left in between."""
    wrong = "".join(str((int(digit) + 1) % 10) for digit in pin)
    connection = reader.connect()
    try:
        card = recognise(connection)
        before = card.tries_left()
        try:
            card.verify_pin(wrong)
        except PinRejected as error:
            left = error.tries_left
        else:
            raise PinNotCounted("a wrong PIN was taken")
        _open(card, pin)
    finally:
        connection.close()
    if left != before - 1 or _tries(reader) != before:
        raise PinNotCounted("a wrong PIN was not counted, or not given back")
    return left


def _tries(reader: CardReader) -> int:
    connection = reader.connect()
    try:
        return recognise(connection).tries_left()
    finally:
        connection.close()


def read_again(reader: CardReader) -> None:
    """Read a card that was put in again, from nothing. Raises `SameReading`, `CardError` leaves."""
    connection = reader.connect()
    try:
        card = recognise(connection)
        card.read_facts()
        card.tries_left()
    except CardProtocolError as error:
        raise SameReading("the PIN of before still holds") from error
    finally:
        connection.close()
