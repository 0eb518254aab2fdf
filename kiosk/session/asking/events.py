"""What can happen while a citizen is asked something that needs an answer from elsewhere. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from drivers.api import CardFacts, Holder, JobState, PrintResult
from kiosk.events import Event
from kiosk.frozen import frozen
from kiosk.pieces.released import SubjectData
from kiosk.pieces.sign_in import SignIn
from kiosk.pieces.strokes import Stroke
from kiosk.pieces.visit import Pad


@frozen
class ChoicesFetched(Event):
    """The choices of one question came."""

    service: str
    question: str
    data: SubjectData = field(repr=False)


@frozen
class ChoicesFailed(Event):
    """They did not; `code` says why."""

    service: str
    question: str
    code: str


@frozen
class VerdictCame(Event):
    """What the office made of the entry `seq`: accepted with a result, or rejected for a reason."""

    seq: int
    accepted: bool
    reason: str = ""
    result: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])


@frozen
class CardLost(Event):
    """The card in the slot was reported lost."""

    insertion: int


@frozen
class GreetingCame(Event):
    """What the city tells the holder of the card that was in the slot: a row for each company, yes or no."""

    insertion: int
    subjects: tuple[SubjectData, ...] = field(repr=False)


@frozen
class AgenciesAsked(Event):
    """Find a service by the agency that it belongs to."""


@frozen
class AgencyChosen(Event):
    """Show this agency's services."""

    agency: str


@frozen
class AlertChosen(Event):
    """Do what home says is still to be done."""


@frozen
class NewPinJudged(Event):
    """The digits of this step keep the rules (`problem` empty), or break the one that is named."""

    problem: str


@frozen
class PinChanged(Event):
    """The card has taken the new PIN."""


@frozen
class ProofChosen(Event):
    """Whether there is a proof of what the citizen says instead."""

    proof: Literal["later", "none"]


@frozen
class CallBackAsked(Event):
    """ "Call me about it": beside a bad rating. Touched again, it is taken back."""


@frozen
class RetryChosen(Event):
    """Choose again after the office said no."""


@frozen
class SheetProgress(Event):
    """The A4 printer goes on, or waits for a hand (`blocked`)."""

    state: JobState


@frozen
class SheetFinished(Event):
    """What is known of a certificate that was sent to the A4 printer. It belongs to no session: it counts after it too.

    `visit` is the session that sent it, `number` the case.
    """

    visit: int
    number: str
    service: str
    result: PrintResult


@frozen
class PhoneAsked(Event):
    """Go on with this form on the telephone."""


@frozen
class HandedOver(Event):
    """The gateway keeps the form; the telephone opens it at `url`."""

    url: str = field(repr=False)


@frozen
class HandoverFailed(Event):
    """It does not; `code` says why. The form is still here."""

    code: str


@frozen
class SignInMade(Event):
    """The gateway gave a code to sign in with by telephone."""

    sign_in: SignIn


@frozen
class SignInFailed(Event):
    """It gave none, or does not take the form that was to be approved; `code` says why."""

    code: str


@frozen
class SignInSeen(Event):
    """How a sign-in stands, and what the citizen said of the form last put before them."""

    state: Literal["waiting", "opened", "approved", "refused", "expired", "ended"]
    holder: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """Once approved: `name`, `id_number`, `sex`, `birth_date`."""
    asked: Literal["", "waiting", "approved", "refused", "expired"] = ""
    approval: str = field(repr=False, default="")
    """The gateway's word that the form was approved."""


@frozen
class FormAsked(Event):
    """The form is before the citizen, on the telephone."""


@frozen
class SearchAsked(Event):
    """Look for a service by its letters."""


@frozen
class ContinueChosen(Event):
    """Go on with the form that was left half filled in."""


@frozen
class ListSearched(Event):
    """Look through a long list of choices by letters (`open`), or see it whole again."""

    open: bool


@frozen
class PadChosen(Event):
    """Write by pinyin, by hand, or letter by letter."""

    pad: Pad


@frozen
class CandidateChosen(Event):
    """Candidate `index` of these letters."""

    letters: str = field(repr=False)
    index: int


@frozen
class CharacterChosen(Event):
    """Candidate `index` of these strokes."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    index: int


@frozen
class CharactersFound(Event):
    """Which characters these strokes may be, the likeliest first, in the script of a language."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    candidates: tuple[str, ...] = field(repr=False)
    language: str = "zh-Hans"


@frozen
class CandidatesTurned(Event):
    """Show the candidates after those on the panel."""


@frozen
class CandidatesFound(Event):
    """What these letters may mean, the likeliest first, in the script of a language."""

    letters: str = field(repr=False)
    candidates: tuple[str, ...] = field(repr=False)
    language: str = "zh-Hans"


@frozen
class CandidateTaken(Event):
    """A candidate of these letters writes `text`, and leaves the letters `rest`."""

    letters: str = field(repr=False)
    text: str = field(repr=False)
    rest: str = field(repr=False)


@frozen
class IdentityRead(Event):
    """An identity card lay on its reader and was read."""

    facts: CardFacts
    holder: Holder = field(repr=False)


@frozen
class IdentityAbsent(Event):
    """No identity card was read; `code` says why, as a failure code. Empty: none lies there."""

    code: str = ""
