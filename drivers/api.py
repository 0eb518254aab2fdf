"""The seams between the terminal and its devices: protocols, values, events.

Everything here is a value or a Protocol. A device has one protocol; the real driver and its simulated twin in
`drivers.sim` both satisfy it and pass the same contract tests. Units are the last word of a name (`deadline_s`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Literal, Protocol

from kiosk.frozen import frozen

# --------------------------------------------------------------------------------------------------- cards


class SlotState(StrEnum):
    """What a reader says of its slot. These are status values, not errors."""

    READER_ABSENT = "reader-absent"
    """No such reader, or the PC/SC service is gone."""
    EMPTY = "empty"
    PRESENT = "present"
    """A card that answered the reset."""
    MUTE = "mute"
    """Something is in the slot that does not answer the reset, or answers it wrongly."""


@frozen
class SlotEvent:
    """One change of a slot. `insertion` grows by one each time a card is seen to arrive."""

    reader: str
    state: SlotState
    insertion: int
    atr: bytes = b""


@frozen
class Response:
    """An ISO 7816-4 response: data and status word. The data never enter a repr."""

    data: bytes = field(repr=False)
    sw: int

    def __repr__(self) -> str:
        return f"Response(<{len(self.data)} bytes>, {self.sw:04X})"


class CardConnection(Protocol):
    """An exclusive connection to the card that is in the slot now.

    Any error from `transmit` ends the connection for good: a caller never retries on it.
    """

    @property
    def atr(self) -> bytes: ...

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        """Send one APDU and return what the card said; 61xx and 6Cxx come back as they are.

        Raises `CardRemoved`, `CardMute` (deadline passed), `CardProtocolError`, `ReaderGone`.
        """
        ...

    def close(self) -> None:
        """Unpower the card and let go of it. Never raises; may be called twice."""
        ...


class CardReader(Protocol):
    """One reader slot."""

    @property
    def name(self) -> str: ...

    def start(self, on_change: Callable[[SlotEvent], None]) -> None:
        """Begin to report: the present state at once, then every change, from a thread of the reader's own."""
        ...

    def connect(self) -> CardConnection:
        """Open the card in the slot. Raises `NoCard`, `CardMute`, `CardBusy`, `ReaderGone`."""
        ...

    def close(self) -> None:
        """Stop reporting and free the reader. Never raises; may be called twice."""
        ...


@frozen
class Holder:
    """Who the card was issued to. Lives in memory only; its repr tells nothing."""

    name: str
    id_number: str
    sex: Literal["male", "female", "unknown"]
    ethnic_group: int | None
    """Code of GB/T 3304-1991 (1 is Han), or None where the card has none."""
    birth_date: str
    """ISO 8601."""
    birthplace: str | None
    """Six digits of GB/T 2260, or None."""
    address: str | None = None
    """In one line, where the card has it; the citizen card has none."""

    def __repr__(self) -> str:
        return "Holder(<private>)"


@frozen
class CardFacts:
    """What the card says of itself before any PIN. Its repr tells only profile, version and dates."""

    profile: str
    version: str
    card_id: str = field(repr=False)
    """32 hexadecimal digits."""
    card_number: str = field(repr=False)
    issued: str
    """ISO 8601, empty where the profile has none."""
    expires: str


# ------------------------------------------------------------------------------------------------- receipts


@frozen
class Title:
    """A line at double width and height, centred or at the left."""

    text: str
    centred: bool = True


@frozen
class Row:
    """Two cells, left and right aligned on one line, or on two lines where they do not fit."""

    left: str
    right: str
    bold: bool = False
    size: Literal[1, 2] = 1


@frozen
class Rule:
    """A line across the paper: `dashed` (one row of dashes) or `double`."""

    style: Literal["dashed", "double"] = "dashed"


@frozen
class Para:
    """Text broken into lines by the rules of Chinese and English typesetting."""

    text: str
    bold: bool = False
    centred: bool = False
    indent: int = 0
    """Columns left free at the start of each line."""
    size: Literal[1, 2] = 1


@frozen
class BigNumber:
    """A ticket number, six times as large as text: capital letters, digits, `-`, at most eight of them."""

    text: str


@frozen
class ListBlock:
    """Items, each on lines of its own behind a mark."""

    items: tuple[str, ...]
    mark: str = "×"


@frozen
class Banner:
    """The one thing the paper says: `received` is a solid bar, `recorded` a double frame."""

    style: Literal["received", "recorded"]
    title: str
    lines: tuple[str, ...] = ()


@frozen
class QR:
    data: str


@frozen
class Barcode:
    data: str
    """Code 128 text."""


@frozen
class Feed:
    lines: int = 1


@frozen
class Cut:
    """The end of one piece of paper; what follows is the next piece. The end of a receipt is cut without it."""


Block = BigNumber | Cut | Title | Row | Rule | Para | ListBlock | Banner | QR | Barcode | Feed


@frozen
class Receipt:
    """What is to be printed, before any printer is thought of. The repr tells only the number."""

    number: str
    blocks: tuple[Block, ...] = field(repr=False)
    copy: bool = False
    width_mm: int = 80
    large: bool = False
    """Large print: every character at double size or more."""


class JobState(StrEnum):
    """Where a print job stands. Only `DONE` may be called printed."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PRINTED = "printed"
    DONE = "done"
    BLOCKED = "blocked"
    NOT_PRINTED = "not_printed"
    """Not one byte left the terminal: safe to try again."""
    PARTIAL = "partial"
    PRINTED_NOT_CUT = "printed_not_cut"
    UNKNOWN = "unknown"
    """Never printed again unasked."""


@frozen
class PrintResult:
    state: JobState
    reason: str
    """A failure code such as `paper-out`, or empty."""
    bytes_sent: int
    pieces: int = 1
    """Pieces of paper the receipt has."""
    pieces_done: int = 0
    """Pieces of which the printer said that they are printed and cut."""


Ticket = Literal["none", "waiting", "jammed"]
"""What a kiosk printer says of its mouth: empty, a ticket that nobody has taken, or a ticket that cannot move."""


RollLevel = Literal["ok", "near-end", "out", "unknown"]


@frozen
class PrinterStatus:
    """What the printer said of itself. `None` means that it did not say."""

    online: bool
    """True only if it answered and can take a job now."""
    answered: bool
    cover: Literal["closed", "open"] | None
    paper: Literal["ok", "near-end", "out"] | None
    error: str | None
    """`cutter`, `unrecoverable`, `head-hot`, `recoverable`, or None."""
    detail: Mapping[str, int] = field(default_factory=dict[str, int])
    """The raw status bytes by query number, for a technician."""
    ticket: Ticket | None = None
    """What is in the mouth of a kiosk printer; None where the printer cannot know."""
    roll: RollLevel = "unknown"
    """The estimate from what was printed, put right by the sensor."""
    roll_left_m: int | None = None
    """Whole metres of that estimate."""


class ReceiptPrinter(Protocol):
    """One receipt printer. One thread owns it."""

    @property
    def name(self) -> str: ...

    def status(self) -> PrinterStatus:
        """Ask the printer. A silent or unplugged printer is a status with `answered=False`, not an error."""
        ...

    def print_receipt(self, receipt: Receipt, on_state: Callable[[JobState], None] | None = None) -> PrintResult:
        """Print, and return what is known of the outcome. Never raises for anything a printer can do."""
        ...

    def ticket(self) -> Ticket | None:
        """What is in the mouth; None where the printer has none, cannot know, or is silent. Never raises."""
        ...

    def retract(self) -> bool:
        """Take a ticket back that nobody took; True if the mouth is empty now. Never raises."""
        ...

    def close(self) -> None: ...
