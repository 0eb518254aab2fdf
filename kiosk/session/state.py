"""The session as a frozen value, and the effects that a step asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from drivers.api import CardFacts, Holder, JobState, PrinterStatus, PrintResult, SlotState
from kiosk.frozen import frozen
from kiosk.pieces.acting import Acting, Due
from kiosk.pieces.areas import Areas
from kiosk.pieces.released import SubjectData
from kiosk.pieces.sign_in import SignIn
from kiosk.pieces.states import State
from kiosk.pieces.visit import Finding, Kept, Message, Pad, Picking, Search, Writing
from kiosk.screen_model import Modes
from kiosk.services.definition import Catalogue, ServiceDefinition
from kiosk.session.asking.sheet_state import Sheet
from kiosk.settings import Settings

IDENTITY_CARD = "resident-id"
"""The profile of the identity card (`drivers.cards.resident_id`)."""


@frozen
class World:
    """What outlives a citizen's visit: devices, network, catalogue, settings."""

    settings: Settings = field(default_factory=Settings)
    catalogue: Catalogue | None = field(repr=False, default=None)
    newer: Catalogue | None = field(repr=False, default=None)
    """A catalogue that came during a visit: the next visit begins with it."""
    slot: SlotState = SlotState.READER_ABSENT
    insertion: int = 0
    printer: PrinterStatus | None = None
    paper_told: str = "ok"
    """What the fleet was last told of this terminal's paper."""
    roll_untouched: bool = False
    """Since then nobody can have put another roll in: the cover stayed closed, the printer answered."""
    network_up: bool = False
    store_trouble: str = ""
    """Why nothing new can be recorded, as a failure code: the outbox is full, or its disk refuses."""
    local: str = "2026-01-01T00:00"
    """ISO 8601 local time, minutes."""
    terminal: str = ""
    """The name the gateway gave, or empty before enrolment."""
    pads: frozenset[Pad] = frozenset()
    """The ways to write Chinese that this terminal has."""
    hant: bool = False
    """Whether its writing square reads Traditional characters too."""
    areas: Areas = field(repr=False, default_factory=Areas)
    """The districts, streets and communities of the city; empty: an address is written."""
    kept: Kept | None = None
    site: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where it stands, from the enrolment: `office`, `district`, `matters`, `letter`, `place.LANGUAGE`."""

    @property
    def can_print(self) -> bool:
        return self.printer is not None and self.printer.online

    @property
    def today(self) -> str:
        return self.local[:10]


@frozen
class Application:
    """The form in the citizen's hands. Its repr tells only the service."""

    service: ServiceDefinition = field(repr=False)
    subjects: Mapping[str, SubjectData] = field(repr=False, default_factory=dict[str, SubjectData])
    fetched: bool = False
    """True once the city's data came; False: only the card is known."""
    refused_consent: bool = False
    answers: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    acting: Acting = field(default_factory=Acting)
    disputed: frozenset[str] = frozenset()
    said: Mapping[str, Mapping[str, str]] = field(repr=False, default_factory=dict[str, "Mapping[str, str]"])
    """Of what is disputed: `said`, the value that the citizen gave instead, and `proof`, whether `later` or `none`."""
    page: int = 0
    """Which page of the filled-in rows, or of the check rows, is on the screen."""
    question: str = ""
    """The field that is being asked, or empty while the filled-in rows are shown."""
    typed: str = field(repr=False, default="")
    writing: Writing = field(default_factory=Writing)
    picking: Picking = field(default_factory=Picking)
    problem: str = ""
    """What is wrong with the answer just given, as a code of `kiosk.services.forms.problem`."""
    changing: Literal["", "rows", "check", "wrong", "proof"] = ""
    """Where the citizen asked to change the one field that is being asked now; or what is right instead, and whether
    there is a proof."""
    before: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """The answers before that change: going back leaves everything as it was."""
    page_before: int = 0
    online: bool = True
    """Whether there was a network when the form was opened: what it offers does not change in anybody's hands."""
    given: Mapping[str, Mapping[str, str]] = field(repr=False, default_factory=dict[str, "Mapping[str, str]"])
    """Field to the answers with which its choices were fetched."""
    paperless: bool = False
    """The citizen knows that nothing can be printed."""
    view: str = ""
    """The page of the definition that is on the screen, or that led to the form."""
    row: int = -1
    """Which row that page shows, counted from 0 in the subject's list; below 0: none."""
    trail: tuple[tuple[str, int], ...] = ()
    """The pages, with their rows, that were opened to get to this one."""
    preset: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """Fields of the form that a page before it has set."""


@frozen
class Saved:
    """What is known of the entry once it is durable."""

    seq: int
    number: str
    service: str
    at_ms: int
    acked_at_ms: int | None = None
    epoch: str = ""
    verdicts_after: int = 0
    """The place in the line of verdicts behind which this entry's will stand."""
    answer: Literal["", "accepted", "rejected"] = ""
    """What the office made of it, where that is waited for; empty: not known yet."""
    result: Mapping[str, str] = field(repr=False, default_factory=dict[str, str])
    """What came of it: a ticket, a time."""
    ticket: str = ""
    """The ticket that this terminal gave out by itself."""
    refused: bool = False
    """The citizen did not agree to the look-ups: a counter sees the papers."""
    company: str = field(repr=False, default="")
    """The name of the company that it was handed in for; mostly empty."""

    @property
    def acked(self) -> bool:
        return self.acked_at_ms is not None


@frozen
class Session:
    """One citizen's visit, and the world around it. Holds no PIN, ever."""

    id: int = 0
    state: State = State.ATTRACT
    world: World = field(default_factory=World)
    language: str = "zh-Hans"
    modes: Modes = field(default_factory=Modes)
    facts: CardFacts | None = None
    card_insertion: int = 0
    holder: Holder | None = None
    tries_left: int | None = None
    pin_length: int = 0
    pin_rejected: bool = False
    shuffled: bool = False
    browsing: bool = False
    due: tuple[Due, ...] = ()
    """What the city said at the greeting is still to be done."""
    life_event: str = ""
    search: Search = field(default_factory=Search)
    finding: Finding = field(default_factory=Finding)
    wanted_service: str = ""
    """The service chosen before the card was in."""
    application: Application | None = None
    draft: Mapping[str, object] | None = field(repr=False, default=None)
    card_gone: bool = False
    """The card left while the entry was being saved."""
    saved: Saved | None = None
    waited_s: int = 0
    pin_step: Literal["", "old", "new", "again"] = ""
    """Which of the three PINs of a change is being typed."""
    pin_problem: str = ""
    """What is wrong with the new PIN, as a code of `kiosk.session.asking.new_pin`."""
    pin_changed: bool = False
    """The card has taken the new PIN."""
    own_letter: str = ""
    """The letter of the ticket that this terminal gives out by itself for the entry at hand; mostly empty."""
    last_address: str = field(repr=False, default="")
    """The address that was given last in this visit: the next question for one offers it."""
    found: bool = False
    """The card was reported lost, and its holder says that it was found: only that can be handed in."""
    refusal: str = ""
    """Why the office said no, as a code."""
    receipt_way: Literal["", "paper", "sms", "email", "both"] = ""
    message: Message | None = None
    print_state: JobState | None = None
    printed: PrintResult | None = None
    copies: int = 0
    """How many times a receipt of this entry was sent to the printer."""
    sheet: Sheet | None = None
    score: int = 0
    call_back: bool = False
    """Whether the citizen wants to be called about a bad rating."""
    failure: str = ""
    resume: State = State.ATTRACT
    """Where the visit goes on after a failure that can be left."""
    app: SignIn | None = None
    """A sign-in with the city's app: begun, or, with a holder, what this visit stands on."""
    phone_url: str = field(repr=False, default="")
    """Where a telephone goes on with the form; good for one opening."""
    phone_from: State = State.ATTRACT
    """The page of the form on which the telephone was asked for."""
    lying: bool = False
    """The visit is over, and its identity card still lies on the reader."""
    before_help: State = State.ATTRACT
    before_warning: State = State.ATTRACT
    left_s: int = 0
    """Countdown of the warning."""

    @property
    def by_app(self) -> bool:
        """Whether the holder signed in with the app: less sure than the card, so less is allowed."""
        return self.app is not None and self.holder is not None

    @property
    def by_identity(self) -> bool:
        """Whether an identity card said who it is: enough for what asks no more (`card = "identity"`)."""
        return self.facts is not None and self.facts.profile == IDENTITY_CARD

    @property
    def card_in(self) -> bool:
        return self.world.slot in {SlotState.PRESENT, SlotState.MUTE}


# ---------------------------------------------------------------------------------------------- effects


@frozen
class Effect:
    """The root of all effects."""


@frozen
class StartTimer(Effect):
    """Fire `TimerFired(name)` once after `after_s`; an older timer of this name is forgotten."""

    name: str
    after_s: float


@frozen
class StopTimer(Effect):
    name: str


@frozen
class RecogniseCard(Effect):
    insertion: int


@frozen
class VerifyPin(Effect):
    """With the digits in the runtime's holder, which are wiped by it."""


@frozen
class ForgetPin(Effect):
    """Wipe the digits."""


@frozen
class ReleaseCard(Effect):
    """Unpower the card: its PIN state must not survive the session."""


@frozen
class FetchData(Effect):
    service: str
    subjects: tuple[str, ...]
    timeout_s: float


@frozen
class SignDocument(Effect):
    """Have the card sign the draft; the same card must still be in the slot (`card_id`)."""

    draft: Mapping[str, object] = field(repr=False)
    card_id: str = field(repr=False)


@frozen
class SaveEntry(Effect):
    kind: Literal["application", "rating", "notice", "supply", "printed"]
    document: Mapping[str, object] = field(repr=False)


@frozen
class WatchEntry(Effect):
    """Send `EntryAcked` once the gateway's receipt covers the entry that was saved."""


@frozen
class FetchChoices(Effect):
    """Ask a public subject for what can be chosen, with the answers it depends on."""

    service: str
    question: str
    subject: str
    given: Mapping[str, str] = field(repr=False)


@frozen
class WatchVerdict(Effect):
    """Send `VerdictCame` once the office has said what it made of the entry, for as long as somebody waits for it."""


@frozen
class CheckCard(Effect):
    """Ask the gateway whether the card in the slot was reported lost (`CardLost`)."""

    insertion: int


@frozen
class JudgeNewPin(Effect):
    """Test the digits of this step against the rules, and send `NewPinJudged`."""

    step: Literal["new", "again"]
    birth_date: str = field(repr=False)


@frozen
class ChangePin(Effect):
    """Have the card take the new PIN; the digits in the runtime's holders are wiped by it."""

    card_id: str = field(repr=False)


@frozen
class PrintReceipt(Effect):
    """Print the receipt of the saved entry; what stands on it is made by `kiosk.paper.receipts`."""

    copy: bool
    kept: Saved | None = None
    """The entry, where it is another than this visit's: a case of the citizen's, from any terminal."""


@frozen
class PrintSheet(Effect):
    """Print a certificate on the A4 printer (`SheetFinished`); `document` is its JSON as the gateway gave it."""

    number: str
    service: str
    document: str = field(repr=False)
    copy: bool


@frozen
class PrintPage(Effect):
    """Print what the page on the screen shows, every row of it; made by `kiosk.paper.pages`."""


@frozen
class WatchTicket(Effect):
    """Look at the printer's mouth until the ticket is gone (`TicketSeen`); one that nobody takes is drawn in.

    It goes on when the visit ends: what one citizen leaves must not lie there for the next.
    """


@frozen
class AskStore(Effect):
    """Look whether a new entry would find room (`StoreChanged`)."""


@frozen
class AskPrinter(Effect):
    """Have the printer say how it is (`PrinterChanged`)."""


@frozen
class Sound(Effect):
    name: Literal["key", "saved", "held", "attention", "reminder"]


@frozen
class Note(Effect):
    """Write a log event; fields hold plain words and numbers only."""

    event: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


Step = tuple[Session, tuple[Effect, ...]]
