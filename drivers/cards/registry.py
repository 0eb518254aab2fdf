"""Which card is it? Every profile that this terminal knows: one module each, and one line here.

A profile is recognised by its answer to reset where that tells, and proved by SELECT, which changes nothing on a card.
`recognise` is the terminal's: only a card that proves a citizen here passes, and any other is named before a PIN is
asked. `identify` is the technician's, and serves every profile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography import x509

from drivers.api import CardConnection, CardFacts, Holder
from drivers.cards.belgian_eid import PROFILE as BELGIAN_EID
from drivers.cards.belgian_eid import BelgianCard
from drivers.cards.citizen import PROFILE as CITIZEN
from drivers.cards.citizen import CitizenCard, MutualAuthentication
from drivers.cards.emrtd import PROFILE as EMRTD
from drivers.cards.emrtd import AccessKey, AccessNumber, EmrtdCard
from drivers.cards.piv import PROFILE as PIV
from drivers.cards.piv import PivCard
from drivers.errors import CardProtocolError, UnknownCard


class Card(Protocol):
    """What every profile can do. Every method raises leaves of `CardError`, and nothing else."""

    @property
    def profile(self) -> str: ...
    @property
    def atr(self) -> bytes: ...
    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the card without being wrong, as codes."""
        ...

    def select(self) -> None:
        """Select the application. Raises `CardProtocolError` with `sw` where the card has none."""
        ...

    def read_facts(self) -> CardFacts: ...
    def read_holder(self) -> Holder: ...


@dataclass(frozen=True)
class Helps:
    """What some cards need besides themselves."""

    authentication: MutualAuthentication | None = None
    """Version 3 citizen cards: the issuer's security module."""
    key: AccessKey | AccessNumber | None = None
    """Travel documents: what is printed on them."""
    country_authorities: tuple[x509.Certificate, ...] = ()
    """Travel documents: the issuers that are trusted. Without one their signature is not looked at."""


@dataclass(frozen=True)
class Profile:
    """One kind of card."""

    name: str
    make: Callable[[CardConnection, Helps], Card]
    atr: Callable[[bytes], bool]
    """Whether an answer to reset points at this profile. It is a hint: SELECT decides."""


def historical_bytes(atr: bytes) -> bytes:
    """Return the historical bytes of an ATR (ISO 7816-3), or nothing where it is none."""
    if len(atr) < 2:
        return b""
    at, present, count = 2, atr[1] >> 4, atr[1] & 0x0F
    while present:
        following = atr[at + present.bit_count() - 1 : at + present.bit_count()] if present & 0x8 else b""
        at += present.bit_count()
        present = following[0] >> 4 if following else 0
    return atr[at : at + count]


PROFILES: Final[tuple[Profile, ...]] = (
    Profile(
        CITIZEN,
        lambda connection, helps: CitizenCard(connection, helps.authentication),
        lambda atr: historical_bytes(atr)[:2] == b"\x00\x81",
    ),
    Profile(
        BELGIAN_EID,
        lambda connection, _helps: BelgianCard(connection),
        lambda atr: atr[:2] == b"\x3b\x98" and atr[5:11] == bytes.fromhex("A503010101AD"),
    ),
    Profile(PIV, lambda connection, _helps: PivCard(connection), lambda _atr: False),
    Profile(
        EMRTD,
        lambda connection, helps: EmrtdCard(connection, helps.key, helps.country_authorities),
        lambda atr: atr[:1] == b"\x3b" and atr[2:4] == b"\x80\x01",
    ),
)
"""In the order in which they are tried where the ATR does not tell."""


def identify(connection: CardConnection, helps: Helps | None = None) -> Card:
    """Return the card on this connection, its application selected.

    Raises `UnknownCard` with the ATR where the card refuses every profile, and what `transmit` raises.
    """
    for profile in sorted(PROFILES, key=lambda one: not one.atr(connection.atr)):
        card = profile.make(connection, helps or Helps())
        try:
            card.select()
        except CardProtocolError as error:
            if error.sw is None:
                raise
            continue
        return card
    raise UnknownCard(connection.atr)


def recognise(connection: CardConnection, authentication: MutualAuthentication | None = None) -> CitizenCard:
    """Return the citizen card on this connection, its application selected.

    Raises `UnknownCard` with the ATR where the card is none, with the name of its profile where that is known, and what
    `transmit` raises.
    """
    card = CitizenCard(connection, authentication)
    try:
        card.select()
    except CardProtocolError as error:
        if error.sw is None:
            raise
        found = identify(connection, Helps(authentication))
        if isinstance(found, CitizenCard):
            return found  # its first answer was spoilt, and the second is not
        raise UnknownCard(connection.atr, found.profile) from error
    return card
