"""Chinese typed by pinyin: letters, candidates, a choice. The engine answers by events; nothing of it is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kiosk.events import KeysErased, KeyTyped
from kiosk.pieces.visit import Pad, Writing
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition
from kiosk.session.asking.events import CandidateChosen, CandidatesFound, CandidatesTurned, CandidateTaken, PadChosen
from kiosk.session.common import application_of
from kiosk.session.state import Effect, Session, Step

ON_PANEL = 8
"""Candidates that stand on the panel at a time (20)."""
MOST_LETTERS = 30
"""A longer word is typed in two; the same as the engine's own bound."""


@dataclass(frozen=True)
class FindCandidates(Effect):
    """Ask the engine what these letters may mean (`CandidatesFound`)."""

    letters: str = field(repr=False)


@dataclass(frozen=True)
class TakeCandidate(Effect):
    """Ask the engine what candidate `index` of these letters writes (`CandidateTaken`)."""

    letters: str = field(repr=False)
    index: int


def chinese(item: FieldDefinition) -> bool:
    """Whether a question may be answered in Chinese: any text that has no form of its own."""
    return item.type == "text" and not item.pattern


def pad(session: Session, item: FieldDefinition) -> Pad:
    """Return the pad for a question: the one that was chosen, else the one that the language asks for."""
    if not session.world.pinyin or not chinese(item):
        return "letters"
    return application_of(session).writing.pad or ("letters" if session.language == "en" else "pinyin")


def _with(session: Session, writing: Writing, *effects: Effect) -> Step:
    return replace(session, application=replace(application_of(session), writing=writing, problem="")), effects


def _composing(session: Session, letters: str) -> Step:
    writing = replace(application_of(session).writing, letters=letters, candidates=(), first=0)
    return _with(session, writing, *((FindCandidates(letters),) if letters else ()))


def key(session: Session, event: KeyTyped, item: FieldDefinition) -> Step | None:
    """A letter on the pinyin pad belongs to the word that is being spelt; None: it is written as it is."""
    letters = application_of(session).writing.letters
    if pad(session, item) != "pinyin" or not (len(event.key) == 1 and event.key.isascii() and event.key.isalpha()):
        return None
    return _composing(session, letters + event.key.lower()) if len(letters) < MOST_LETTERS else (session, ())


def erased(session: Session, event: KeysErased) -> Step | None:
    """Take back a letter that is being spelt, or all of them; None: there is none."""
    letters = application_of(session).writing.letters
    return _composing(session, "" if event.all else letters[:-1]) if letters else None


def found(session: Session, event: CandidatesFound) -> Step:
    """The candidates came; those of letters that have changed since do not count."""
    writing = application_of(session).writing
    if event.letters != writing.letters:
        return session, ()
    return _with(session, replace(writing, candidates=event.candidates, first=0))


def choose(session: Session, event: CandidateChosen) -> Step:
    """Write this candidate."""
    writing = application_of(session).writing
    if event.letters != writing.letters or not 0 <= event.index < len(writing.candidates):
        return session, ()
    return session, (TakeCandidate(event.letters, event.index),)


def taken(session: Session, event: CandidateTaken) -> Step:
    """The candidate's characters are written; letters that it left are asked for again."""
    application = application_of(session)
    if event.letters != application.writing.letters or not application.question:
        return session, ()
    item = application.service.field(application.question)
    typed = application.typed
    for character in event.text:
        typed = forms.typed(item, typed, character)
    return _composing(replace(session, application=replace(application, typed=typed)), event.rest)


def turn(session: Session, _event: CandidatesTurned) -> Step:
    """Show the next candidates; after the last ones the first again."""
    writing = application_of(session).writing
    following = writing.first + ON_PANEL
    return _with(session, replace(writing, first=following if following < len(writing.candidates) else 0))


def choose_pad(session: Session, event: PadChosen) -> Step:
    """Type in the other way; letters without a choice are dropped, what was written stays."""
    return _with(session, Writing(event.pad))
