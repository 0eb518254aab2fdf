"""Chinese by pinyin or by hand: letters or strokes, candidates, a choice. What reads them answers by events. Pure.

Nothing of it is kept: with the answer, the pad or the question go the letters, the strokes and the candidates.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from kiosk.events import KeysErased, KeyTyped, StrokeDrawn
from kiosk.frozen import frozen, replace
from kiosk.pieces.strokes import MOST_STROKES, Stroke
from kiosk.pieces.visit import Pad, Writing
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition
from kiosk.session.asking.events import (
    CandidateChosen,
    CandidatesFound,
    CandidatesTurned,
    CandidateTaken,
    CharacterChosen,
    CharactersFound,
    PadChosen,
)
from kiosk.session.common import application_of
from kiosk.session.state import Effect, Session, Step

ON_PANEL = 8
"""Candidates that stand on the panel at a time (20)."""
BESIDE_SQUARE = 7
"""And beside the writing square (61)."""
MOST_LETTERS = 30
"""A longer word is typed in two; the same as the engine's own bound."""


@frozen
class FindCandidates(Effect):
    """Ask the engine what these letters may mean (`CandidatesFound`), in the script of a language."""

    letters: str = field(repr=False)
    language: str = "zh-Hans"


@frozen
class TakeCandidate(Effect):
    """Ask the engine what candidate `index` of these letters writes (`CandidateTaken`)."""

    letters: str = field(repr=False)
    index: int
    language: str = "zh-Hans"
    """Whose candidates they were."""


@frozen
class FindCharacters(Effect):
    """Ask the recogniser which characters these strokes may be (`CharactersFound`), in the script of a language."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    language: str = "zh-Hans"


def chinese(item: FieldDefinition) -> bool:
    """Whether a question may be answered in Chinese: any text that has no form of its own."""
    return item.type in {"text", "place"} and not item.pattern


def pads(session: Session, item: FieldDefinition) -> tuple[Pad, ...]:
    """Return the pads for a question, in the order in which they are offered; letters are always there."""
    there = session.world.pads if chinese(item) else frozenset[Pad]()
    order: tuple[Pad, ...] = ("pinyin", "hand")
    return (*(one for one in order if one in there), "letters")


def pad(session: Session, item: FieldDefinition) -> Pad:
    """Return the pad for a question: chosen, or one that something is begun on; else what the language asks for."""
    there, writing = pads(session, item), application_of(session).writing
    begun: Literal["", "hand", "pinyin"] = "pinyin" if writing.letters else "hand" if writing.strokes else ""
    chosen = writing.pad or begun
    if chosen in there:
        return chosen
    return "letters" if session.language == "en" else there[0]


def _with(session: Session, writing: Writing, *effects: Effect) -> Step:
    return replace(session, application=replace(application_of(session), writing=writing, problem="")), effects


def _composing(session: Session, letters: str) -> Step:
    session, _ = _with(session, replace(application_of(session).writing, letters=letters, candidates=(), first=0))
    return session, again(session)


def _drawing(session: Session, strokes: tuple[Stroke, ...]) -> Step:
    session, _ = _with(session, replace(application_of(session).writing, strokes=strokes, candidates=(), first=0))
    return session, again(session)


def again(session: Session) -> tuple[Effect, ...]:
    """Ask for the candidates of what is spelt or written, where there are none yet."""
    writing = application_of(session).writing
    if writing.candidates or not writing.begun:
        return ()
    if writing.letters:
        return (FindCandidates(writing.letters, session.language),)
    return (FindCharacters(writing.strokes, session.language),)


def in_language(session: Session, language: str) -> Session:
    """Change the language, maybe in the middle of a word: what is spelt or written stays, its candidates go."""
    session = replace(session, language=language)
    if session.application is None or not session.application.writing.begun:
        return session
    writing = replace(session.application.writing, candidates=(), first=0)
    return replace(session, application=replace(session.application, writing=writing))


def _written(session: Session, text: str) -> Session:
    """Add characters to the answer, as far as the field takes them."""
    application = application_of(session)
    item = application.service.field(application.question)
    typed = application.typed
    for character in text:
        typed = forms.typed(item, typed, character)
    return replace(session, application=replace(application, typed=typed))


def key(session: Session, event: KeyTyped, item: FieldDefinition) -> Step | None:
    """A letter on the pinyin pad belongs to the word that is being spelt; None: it is written as it is."""
    letters = application_of(session).writing.letters
    if pad(session, item) != "pinyin" or not (len(event.key) == 1 and event.key.isascii() and event.key.isalpha()):
        return None
    return _composing(session, letters + event.key.lower()) if len(letters) < MOST_LETTERS else (session, ())


def erased(session: Session, event: KeysErased) -> Step | None:
    """Take back a letter that is being spelt or a stroke, or all of them; None: there is none."""
    writing = application_of(session).writing
    if writing.strokes:
        return _drawing(session, () if event.all else writing.strokes[:-1])
    return _composing(session, "" if event.all else writing.letters[:-1]) if writing.letters else None


def drawn(session: Session, event: StrokeDrawn) -> Step:
    """A stroke was written: it counts where the writing square is on the screen."""
    application = application_of(session)
    if not application.question or not event.points:
        return session, ()
    strokes = application.writing.strokes
    if pad(session, application.service.field(application.question)) != "hand" or len(strokes) >= MOST_STROKES:
        return session, ()
    return _drawing(session, (*strokes, event.points))


def found(session: Session, event: CandidatesFound | CharactersFound) -> Step:
    """The candidates came; those of letters, strokes or a language that have changed since do not count."""
    writing = application_of(session).writing
    spelt = isinstance(event, CandidatesFound)
    if (event.letters != writing.letters) if spelt else (event.strokes != writing.strokes):
        return session, ()
    if event.language != session.language:
        return session, ()
    return _with(session, replace(writing, candidates=event.candidates, first=0))


def choose(session: Session, event: CandidateChosen) -> Step:
    """Write this candidate."""
    writing = application_of(session).writing
    if event.letters != writing.letters or not 0 <= event.index < len(writing.candidates):
        return session, ()
    return session, (TakeCandidate(event.letters, event.index, session.language),)


def taken(session: Session, event: CandidateTaken) -> Step:
    """The candidate's characters are written; letters that it left are asked for again."""
    application = application_of(session)
    if event.letters != application.writing.letters or not application.question:
        return session, ()
    return _composing(_written(session, event.text), event.rest)


def choose_character(session: Session, event: CharacterChosen) -> Step:
    """The character is written, and the square is empty for the next."""
    writing = application_of(session).writing
    if event.strokes != writing.strokes or not 0 <= event.index < len(writing.candidates):
        return session, ()
    return _drawing(_written(session, writing.candidates[event.index]), ())


def turn(session: Session, _event: CandidatesTurned) -> Step:
    """Show the next candidates; after the last ones the first again."""
    writing = application_of(session).writing
    following = writing.first + (BESIDE_SQUARE if writing.strokes else ON_PANEL)
    return _with(session, replace(writing, first=following if following < len(writing.candidates) else 0))


def choose_pad(session: Session, event: PadChosen) -> Step:
    """Write in another way; letters and strokes without a choice are dropped, what was written stays."""
    return _with(session, Writing(event.pad))
