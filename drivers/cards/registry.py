"""Which card is it? Every profile that the terminal knows, tried in turn by SELECT; one module for each profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from drivers.api import CardConnection
from drivers.cards.citizen import CitizenCard
from drivers.errors import CardProtocolError, UnknownCard

Probe = Callable[[CardConnection], CitizenCard]


def _citizen(connection: CardConnection) -> CitizenCard:
    card = CitizenCard(connection)
    card.select()
    return card


PROFILES: Final[tuple[tuple[str, Probe], ...]] = (("citizen", _citizen),)
"""Name and probe. A probe raises `CardProtocolError` with a status word where the card is none of its kind."""


def recognise(connection: CardConnection) -> CitizenCard:
    """Return the card on this connection, its application selected.

    Raises `UnknownCard` with the ATR where the card refuses every profile, and what `transmit` raises.
    """
    for _name, probe in PROFILES:
        try:
            return probe(connection)
        except CardProtocolError as error:
            if error.sw is None:
                raise
    raise UnknownCard(connection.atr)
