"""What can happen while a citizen is asked something that needs an answer from elsewhere. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.events import Event, SubjectData


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
class NewPinJudged(Event):
    """The digits of this step keep the rules (`problem` empty), or break the one that is named."""

    problem: str


@dataclass(frozen=True)
class PinChanged(Event):
    """The card has taken the new PIN, and proved it."""


@dataclass(frozen=True)
class RetryChosen(Event):
    """Choose again after the office said no."""
