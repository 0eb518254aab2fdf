"""Everything that can happen to a session, as frozen values. Pure: no I/O, no clock.

Each event that belongs to one citizen's session carries `session_id`; the runtime drops those of an older session
before they reach `step` (a `PinAccepted` after a `CardRemoved` is physically normal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from drivers.api import CardFacts, Holder, JobState, PrinterStatus, PrintResult, SlotState
from kiosk.frozen import frozen
from kiosk.pieces.released import SubjectData
from kiosk.pieces.strokes import Stroke

if TYPE_CHECKING:
    from kiosk.services.definition import Catalogue


@frozen
class Event:
    """The root of all events. `session_id` 0 means that the event belongs to no session."""

    session_id: int = field(default=0, kw_only=True)


# ------------------------------------------------------------------------------------------------- touches


@frozen
class LanguageChosen(Event):
    language: str


@frozen
class StartChosen(Event):
    way: Literal["card", "app", "browse", "ticket", "call"]


@frozen
class PrimaryPressed(Event):
    """The one way forward."""


@frozen
class BackPressed(Event):
    """The quiet way out at the left."""


@frozen
class HomePressed(Event):
    pass


@frozen
class FinishPressed(Event):
    """End, take card."""


@frozen
class ModeToggled(Event):
    mode: Literal["large", "contrast", "reach", "speech", "curtain", "left", "calm"]


@frozen
class SpeechTuned(Event):
    """Louder, softer, faster or slower."""

    what: Literal["volume", "pace"]
    by: Literal[-1, 1]


@frozen
class ModesAsked(Event):
    """More ways to make the screen fit, from the first screen."""


KeyName = Literal[
    "up", "down", "left", "right", "ok", "back", "help", "repeat", "skip", "pause",
    "louder", "softer", "faster", "slower",
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
]  # fmt: skip
"""The keys of the tactile keypad. Digits are for keypads that have them."""


@frozen
class KeyPressed(Event):
    """A key of the tactile keypad. The runtime's guide turns it into what the control under the focus sends."""

    key: KeyName = field(repr=False)


@frozen
class HelpPressed(Event):
    pass


@frozen
class StillHere(Event):
    """The time-out warning was answered."""


@frozen
class PinKey(Event):
    """One digit for the PIN. The runtime keeps it; `step` only ever sees `PinLengthChanged`."""

    digit: str = field(repr=False)


@frozen
class PinErased(Event):
    """Delete one digit, or all."""

    all: bool = False


@frozen
class PinLengthChanged(Event):
    """How many digits are in the runtime's holder now."""

    length: int


@frozen
class KeysShuffled(Event):
    pass


@frozen
class LifeEventChosen(Event):
    life_event: str


@frozen
class ServiceChosen(Event):
    service: str


@frozen
class ConsentRefused(Event):
    pass


@frozen
class PageTurned(Event):
    delta: int


@frozen
class RowOpened(Event):
    """One row of a page was touched: its place in the subject's list, counted from 0."""

    row: int


@frozen
class ActionChosen(Event):
    """What to do with what the page shows: an action of the definition."""

    action: str


@frozen
class PagePrinted(Event):
    """Print this page."""


@frozen
class FieldDisputed(Event):
    """不对: what the city holds in this field is wrong. Pressed again, it is taken back."""

    field: str


@frozen
class ChangeAsked(Event):
    """改 on the check screen, or on a field that may be changed."""

    field: str


@frozen
class AnswerChosen(Event):
    """One choice of the question on the screen."""

    value: str = field(repr=False)


@frozen
class KeyTyped(Event):
    """One character on the pad of the question on the screen."""

    key: str = field(repr=False)


@frozen
class KeysErased(Event):
    all: bool = False


@frozen
class StrokeDrawn(Event):
    """A finger wrote one stroke in the writing square and was lifted. Points in thousandths of the square."""

    points: Stroke = field(repr=False, default=())


@frozen
class ReceiptChosen(Event):
    way: Literal["paper", "sms", "email", "both"]


@frozen
class PrintAgain(Event):
    """The printer is well again: print the receipt that did not come out, or not whole."""


@frozen
class PaperSeen(Event):
    """The citizen's answer to "did the receipt come out?"."""

    outcome: Literal["whole", "half", "nothing"]


@frozen
class RatingChosen(Event):
    score: int


# --------------------------------------------------------------------------------- devices and the outside


@frozen
class SlotChanged(Event):
    state: SlotState
    insertion: int


@frozen
class CardRecognised(Event):
    """The card was named and read as far as it can be before the PIN."""

    insertion: int
    facts: CardFacts
    tries_left: int | None
    expired: bool = False


@frozen
class Enrolled(Event):
    """The gateway gave this terminal its name, and said where it stands."""

    terminal: str
    site: Mapping[str, str] = field(default_factory=dict[str, str])


@frozen
class PinAccepted(Event):
    holder: Holder = field(repr=False)


@frozen
class PinRefused(Event):
    tries_left: int


@frozen
class CardFailed(Event):
    """Recognition, PIN, or signing failed: `code` is a failure code (`card-unknown`, `pin-blocked`, …)."""

    code: str
    insertion: int = 0
    """Of a recognition: which card it was about, so that a card put in since is not blamed. 0: the card at work."""


@frozen
class DataFetched(Event):
    subjects: tuple[SubjectData, ...] = field(repr=False)
    service: str
    """For which service they were asked: the citizen may have gone on to another one since."""


@frozen
class LookupFailed(Event):
    """No data came; `code` says why. The visit goes on with what the card knows, where the service allows."""

    code: str
    service: str


@frozen
class DocumentSigned(Event):
    """The card signed the application: ECDSA P-256 as r|s, and the card's certificate (DER)."""

    signature: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


@frozen
class EntrySaved(Event):
    """The entry is durable on this terminal's disk."""

    kind: Literal["application", "rating", "notice", "supply", "printed"]
    seq: int
    number: str
    at_ms: int
    epoch: str = ""
    verdicts_after: int = 0
    """The place in the line of verdicts behind which this entry's will stand."""


@frozen
class SaveFailed(Event):
    """Nothing was saved; `code` says why."""

    kind: Literal["application", "rating", "notice", "supply", "printed"]
    code: str


@frozen
class EntryAcked(Event):
    """The gateway's countersigned receipt covers every entry up to and including `seq`."""

    seq: int
    at_ms: int


@frozen
class PrintProgress(Event):
    state: JobState


@frozen
class PrintFinished(Event):
    result: PrintResult


@frozen
class TicketSeen(Event):
    """What became of the receipt in the printer's mouth. All but `waiting` end the watch over it."""

    where: Literal["waiting", "taken", "retracted", "jammed", "unknown"]


@frozen
class PrinterChanged(Event):
    status: PrinterStatus


@frozen
class HeadphonesChanged(Event):
    """Headphones were plugged in, or pulled out."""

    plugged: bool


@frozen
class StoreChanged(Event):
    """Whether new business can be recorded: empty, or the failure code of what is in the way."""

    trouble: str


@frozen
class NetworkChanged(Event):
    up: bool


@frozen
class ClockTicked(Event):
    """A new minute on the wall clock; `local` is ISO 8601 local time without seconds."""

    local: str


@frozen
class CatalogueChanged(Event):
    """The signed catalogue was read or refreshed."""

    catalogue: Catalogue = field(repr=False)


@frozen
class TimerFired(Event):
    timer: str
