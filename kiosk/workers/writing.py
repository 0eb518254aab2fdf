"""What turns letters and strokes into Chinese, as the runtime asks it: a few milliseconds each, nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.events import Event
from kiosk.frozen import frozen
from kiosk.pieces.visit import Pad
from kiosk.session.asking.events import CandidatesFound, CandidateTaken, CharactersFound
from kiosk.session.asking.writing import FindCandidates, FindCharacters, TakeCandidate
from kiosk.session.state import World
from kiosk.words import languages
from kiosk.writing import rime, zinnia
from kiosk.writing.handwriting import Handwriting, HandwritingMissing
from kiosk.writing.pinyin import Pinyin
from kiosk.writing.traditional import TraditionalHandwriting

Wanted = FindCandidates | TakeCandidate | FindCharacters


@frozen
class Writers:
    """The engines that this terminal has. A way whose engine is missing is not offered."""

    pinyin: Pinyin | None = None
    hand: Handwriting | None = None
    hant: Handwriting | None = None
    """What reads Traditional characters; None: a visit in them has to write Simplified ones, and is told so."""

    @property
    def pads(self) -> frozenset[Pad]:
        """The ways to write Chinese that there are."""
        ways: tuple[tuple[Pad, object], ...] = (("pinyin", self.pinyin), ("hand", self.hand))
        return frozenset(name for name, engine in ways if engine is not None)

    def known_to(self, world: World) -> World:
        """Return the world that knows of them."""
        return replace(world, pads=self.pads, hant=self.hant is not None)

    def answer(self, effect: Wanted, session: int) -> Event | None:
        """Return what the engine says, as an event of that session; None: it says nothing, or there is none."""
        hant = bool(languages.language(effect.language).convert)
        if isinstance(effect, FindCharacters):
            hand = self.hant or self.hand if hant else self.hand
            if hand is None:
                return None
            characters = hand.candidates(effect.strokes)
            return CharactersFound(effect.strokes, characters, effect.language, session_id=session)
        if self.pinyin is None:
            return None
        if isinstance(effect, FindCandidates):
            words = self.pinyin.candidates(effect.letters, hant=hant)
            return CandidatesFound(effect.letters, words, effect.language, session_id=session)
        taken = self.pinyin.take(effect.letters, effect.index, hant=hant)
        return None if taken is None else CandidateTaken(effect.letters, taken.text, taken.rest, session_id=session)


def open_writers(tell: Callable[[str], None]) -> Writers:
    """Return the engines that this machine has, opened once in a process; of one that is missing, tell why."""
    hand = zinnia.shared_or_tell(tell)
    return Writers(rime.shared_or_tell(tell), hand, None if hand is None else _hant_or_tell(hand, tell))


def _hant_or_tell(hand: Handwriting, tell: Callable[[str], None]) -> Handwriting | None:
    try:
        return TraditionalHandwriting(hand)
    except HandwritingMissing as error:
        tell(f"no handwriting in Traditional characters: {error} [{error.code}]")
        return None
