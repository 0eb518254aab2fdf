"""What turns letters and strokes into Chinese, as the runtime asks it: a few milliseconds each, nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.events import Event
from kiosk.pieces.visit import Pad
from kiosk.session.asking.events import CandidatesFound, CandidateTaken, CharactersFound
from kiosk.session.asking.writing import FindCandidates, FindCharacters, TakeCandidate
from kiosk.writing import rime, zinnia
from kiosk.writing.handwriting import Handwriting
from kiosk.writing.pinyin import Pinyin

Wanted = FindCandidates | TakeCandidate | FindCharacters


@dataclass(frozen=True)
class Writers:
    """The engines that this terminal has. A way whose engine is missing is not offered."""

    pinyin: Pinyin | None = None
    hand: Handwriting | None = None

    @property
    def pads(self) -> frozenset[Pad]:
        """The ways to write Chinese that there are."""
        ways: tuple[tuple[Pad, object], ...] = (("pinyin", self.pinyin), ("hand", self.hand))
        return frozenset(name for name, engine in ways if engine is not None)

    def answer(self, effect: Wanted, session: int) -> Event | None:
        """Return what the engine says, as an event of that session; None: it says nothing, or there is none."""
        if isinstance(effect, FindCharacters):
            if self.hand is None:
                return None
            return CharactersFound(effect.strokes, self.hand.candidates(effect.strokes), session_id=session)
        if self.pinyin is None:
            return None
        if isinstance(effect, FindCandidates):
            return CandidatesFound(effect.letters, self.pinyin.candidates(effect.letters), session_id=session)
        taken = self.pinyin.take(effect.letters, effect.index)
        return None if taken is None else CandidateTaken(effect.letters, taken.text, taken.rest, session_id=session)


def open_writers(tell: Callable[[str], None]) -> Writers:
    """Return the engines that this machine has, opened once in a process; of one that is missing, tell why."""
    return Writers(rime.shared_or_tell(tell), zinnia.shared_or_tell(tell))
