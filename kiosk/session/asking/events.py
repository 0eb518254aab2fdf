"""What can happen while a citizen is asked something that needs an answer from elsewhere. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from drivers.api import JobState, PrintResult
from kiosk.events import Event, SubjectData
from kiosk.pieces.sign_in import SignIn
from kiosk.pieces.strokes import Stroke
from kiosk.pieces.visit import Pad


@dataclass(frozen=True)
class ChoicesFetched(Event):
    """The choices of one question came."""

    service: str
    question: str
    data: SubjectData = field(repr=False)


@dataclass(frozen=True)
class ChoicesFailed(Event):
    """They did not; `code` says why."""

    service: str
    question: str
    code: str


@dataclass(frozen=True)
class VerdictCame(Event):
    """What the office made of the entry `seq`: accepted with a result, or rejected for a reason."""

    seq: int
    accepted: bool
    reason: str = ""
    result: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])


@dataclass(frozen=True)
class CardLost(Event):
    """The card in the slot was reported lost."""

    insertion: int


@dataclass(frozen=True)
class GreetingCame(Event):
    """What the city tells the holder of the card that was in the slot: a row for each company, yes or no."""

    insertion: int
    subjects: tuple[SubjectData, ...] = field(repr=False)


@dataclass(frozen=True)
class AlertChosen(Event):
    """Do what home says is still to be done."""


@dataclass(frozen=True)
class NewPinJudged(Event):
    """The digits of this step keep the rules (`problem` empty), or break the one that is named."""

    problem: str


@dataclass(frozen=True)
class PinChanged(Event):
    """The card has taken the new PIN, and proved it."""


@dataclass(frozen=True)
class ProofChosen(Event):
    """Whether there is a proof of what the citizen says instead."""

    proof: Literal["later", "none"]


@dataclass(frozen=True)
class CallBackAsked(Event):
    """ "Call me about it": beside a bad rating. Touched again, it is taken back."""


@dataclass(frozen=True)
class RetryChosen(Event):
    """Choose again after the office said no."""


@dataclass(frozen=True)
class SheetProgress(Event):
    """The A4 printer goes on, or waits for a hand (`blocked`)."""

    state: JobState


@dataclass(frozen=True)
class SheetFinished(Event):
    """What is known of a certificate that was sent to the A4 printer. It belongs to no session: it counts after it too.

    `visit` is the session that sent it, `number` the case.
    """

    visit: int
    number: str
    service: str
    result: PrintResult


@dataclass(frozen=True)
class PhoneAsked(Event):
    """Go on with this form on the telephone."""


@dataclass(frozen=True)
class HandedOver(Event):
    """The gateway keeps the form; the telephone opens it at `url`."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class HandoverFailed(Event):
    """It does not; `code` says why. The form is still here."""

    code: str


@dataclass(frozen=True)
class SignInMade(Event):
    """The gateway gave a code to sign in with by telephone."""

    sign_in: SignIn


@dataclass(frozen=True)
class SignInFailed(Event):
    """It gave none, or does not take the form that was to be approved; `code` says why."""

    code: str


@dataclass(frozen=True)
class SignInSeen(Event):
    """How a sign-in stands, and what the citizen said of the form last put before them."""

    state: Literal["waiting", "opened", "approved", "refused", "expired", "ended"]
    holder: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """Once approved: `name`, `id_number`, `sex`, `birth_date`."""
    asked: Literal["", "waiting", "approved", "refused", "expired"] = ""
    approval: str = field(repr=False, default="")
    """The gateway's word that the form was approved."""


@dataclass(frozen=True)
class FormAsked(Event):
    """The form is before the citizen, on the telephone."""


@dataclass(frozen=True)
class SearchAsked(Event):
    """Look for a service by its letters."""


@dataclass(frozen=True)
class ContinueChosen(Event):
    """Go on with the form that was left half filled in."""


@dataclass(frozen=True)
class ListSearched(Event):
    """Look through a long list of choices by letters (`open`), or see it whole again."""

    open: bool


@dataclass(frozen=True)
class PadChosen(Event):
    """Write by pinyin, by hand, or letter by letter."""

    pad: Pad


@dataclass(frozen=True)
class CandidateChosen(Event):
    """Candidate `index` of these letters."""

    letters: str = field(repr=False)
    index: int


@dataclass(frozen=True)
class CharacterChosen(Event):
    """Candidate `index` of these strokes."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    index: int


@dataclass(frozen=True)
class CharactersFound(Event):
    """Which characters these strokes may be, the likeliest first."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    candidates: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class CandidatesTurned(Event):
    """Show the candidates after those on the panel."""


@dataclass(frozen=True)
class CandidatesFound(Event):
    """What these letters may mean, the likeliest first."""

    letters: str = field(repr=False)
    candidates: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class CandidateTaken(Event):
    """A candidate of these letters writes `text`, and leaves the letters `rest`."""

    letters: str = field(repr=False)
    text: str = field(repr=False)
    rest: str = field(repr=False)
