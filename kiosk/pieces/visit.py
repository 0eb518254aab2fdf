"""Values that a visit carries besides its form: Chinese that is being typed, and what one visit leaves to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from kiosk.frozen import frozen
from kiosk.pieces.strokes import Stroke

Pad = Literal["pinyin", "hand", "letters"]


@frozen
class Writing:
    """Pinyin or strokes that no candidate was chosen for yet. Its repr tells no letter, stroke or candidate."""

    pad: Literal["", "pinyin", "hand", "letters"] = ""
    """The pad that the citizen chose, or empty: the language's own."""
    letters: str = field(repr=False, default="")
    strokes: tuple[Stroke, ...] = field(repr=False, default=())
    """Of the character that is being written by hand."""
    candidates: tuple[str, ...] = field(repr=False, default=())
    first: int = 0
    """Which candidate stands first on the panel."""

    @property
    def begun(self) -> bool:
        """Whether something is spelt or written that stands for no characters yet."""
        return bool(self.letters or self.strokes)


@frozen
class Picking:
    """What is being picked from a long list, or of an address. Its repr tells no letter and no area."""

    level: Literal["", "district", "street", "community", "rest"] = ""
    """Of an address: what is asked now, at the `rest` in writing; empty: the question is no such address."""
    area: str = field(repr=False, default="")
    """The code of what was chosen so far; at the `rest`, empty: elsewhere, not in this city."""
    seeking: bool = False
    """Whether letters are typed to make the list shorter."""
    typed: str = field(repr=False, default="")
    """Those letters."""


@frozen
class Kept:
    """A form that was left half filled in by a time-out or a pulled card. Its repr tells only the service.

    Only what the citizen answered: nothing of the card but the digest of its id, nothing that the city holds.
    """

    card: bytes = field(repr=False)
    """SHA-256 of the card's id: the same card finds it again."""
    session: int
    """Whose: the number of the visit that was left."""
    service: str
    version: str
    answers: Mapping[str, str] = field(repr=False)
    disputed: frozenset[str] = frozenset()
    said: Mapping[str, Mapping[str, str]] = field(repr=False, default_factory=dict[str, "Mapping[str, str]"])


@frozen
class Search:
    """What is looked for among the services, and which page of what was found is on the screen."""

    typed: str = field(repr=False, default="")
    page: int = 0


@frozen
class Finding:
    """The list of agencies or of services that is on the screen."""

    agency: str = ""
    """Whose services; empty: those of the life event."""
    page: int = 0


@frozen
class Message:
    """The receipt as a text message or a letter instead of paper. Its repr does not tell to whom."""

    way: Literal["sms", "email"]
    to: str = field(repr=False, default="")
    """While it is `asked`, what has been typed so far."""
    stage: Literal["asked", "saving", "saved", "failed"] = "asked"
    """`saved`: durable on this terminal's disk. Whether it went out is the gateway's to know."""
    problem: str = ""
    """What is wrong with what was typed, as a code of `kiosk.services.forms.problem`."""
