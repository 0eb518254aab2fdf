"""What the screen shows, as a value. The touchscreen only draws it and sends back the events it carries.

A `ScreenModel` is made by `kiosk.view_model` from the session; it holds finished words in the citizen's language and
no Kivy. Every control carries the event that a touch on it sends. The grammar (where the pieces lie) belongs to the
theme: see `kiosk/ui/theme.py`.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from kiosk.events import Event, StrokeDrawn
from kiosk.frozen import frozen
from kiosk.pieces.drawn import CaseNumber, Legend, Picture, Ring, Where
from kiosk.pieces.fields import Beside, DateField, Field
from kiosk.pieces.modes import Modes
from kiosk.pieces.proving import Proving
from kiosk.pieces.strokes import Stroke
from kiosk.pieces.timeline import Path, Timeline
from kiosk.services.places import TownMap

Role = Literal["primary", "secondary", "back", "finish", "choice", "field", "key", "aid", "text"]
Meaning = Literal["saved", "held", "att", "stop", "info"]


@frozen
class Control:
    """Something that can be pressed. `id` is stable across languages and releases."""

    id: str
    role: Role
    text: str
    event: Event | None = field(repr=False, default=None)
    icon: str = ""
    """A name of `assets/icons.json`, or empty."""
    detail: str = ""
    """A second, smaller line."""
    enabled: bool = True
    selected: bool = False
    meaning: Meaning | None = None
    """Draws the mark and tint of that meaning (home's one alert)."""
    onward: bool = False
    """An arrow: pressing leads to the next step."""
    hold_s: float = 0.0
    """So long a finger has to stay before letting go counts, seconds."""


@frozen
class Heading:
    """A line between groups, label size, bold."""

    text: str


@frozen
class Words:
    """Plain text. `small` is note size in ink2."""

    text: str
    small: bool = False
    icon: str = ""
    centred: bool = False
    end: str = ""
    """A second text at the right end of the same line (33)."""


@frozen
class Notice:
    """Mark 64, a bold line, one plain line, a 12 wide bar at the left."""

    meaning: Meaning
    title: str
    text: str = ""


@frozen
class Result:
    """Centred: mark 176, one display line, when. Saved, recorded, card removed, card swapped."""

    meaning: Meaning
    title: str
    text: str = ""


@frozen
class Trouble:
    """A band with mark 128 at the left, what happened, and one or two lines."""

    meaning: Meaning
    title: str
    text: str = ""


@frozen
class Fact:
    """One row of a card of facts: icon, small label, bold value, a plain line."""

    value: str
    label: str = ""
    icon: str = ""
    detail: str = ""
    chip: str = ""
    """A grey chip at the right end: what is so right now (33, 54)."""


@frozen
class Facts:
    """A card of rows divided by rules (intro 17, next steps 25, where to go 54).

    Values are label size; in `compact` cards body size, with details in note size (25).
    """

    rows: tuple[Fact, ...]
    compact: bool = False


@frozen
class Tick:
    """A row with a mark: `done` tick in a circle, `current` half disc, `todo` ring, `have` bare tick, `no` cross."""

    mark: Literal["done", "current", "todo", "have", "no"]
    text: str
    detail: str = ""
    """Shown at the right for `have` (17), below otherwise (32)."""


@frozen
class Ticks:
    rows: tuple[Tick, ...]


@frozen
class Ask:
    """One data source of the consent screen (18): agency, what, why."""

    agency: str
    what: str
    why: str


@frozen
class Asks:
    rows: tuple[Ask, ...]


@frozen
class Prefilled:
    """One row of picture 19: label, value, source mark, and a way to say that it is wrong."""

    label: str
    value: str
    source: str
    source_icon: str = "agency"
    wrong: Control | None = None
    disputed: bool = False


@frozen
class PrefilledRows:
    rows: tuple[Prefilled, ...]


@frozen
class CheckRow:
    """One row of picture 23: label, value, and either 改 or where it came from."""

    label: str
    value: str
    source: str = ""
    change: Control | None = None
    source_icon: str = "agency"


@frozen
class CheckRows:
    rows: tuple[CheckRow, ...]


@frozen
class Choices:
    """Rows of choices under each other. `radio` rows have a circle that becomes a tick; others a chevron.

    An item of role "secondary" is a quiet row: body size, not bold, lower (12, 18). Radio items with an icon show the
    tick at the right end instead of the circle (29).
    """

    items: tuple[Control, ...]
    radio: bool = False
    big_first: bool = False
    """The first row is a little taller (11)."""


@frozen
class Tiles:
    """Three columns, icon over label (15). Items of role "secondary" have a quiet label and are lower (33)."""

    items: tuple[Control, ...]


@frozen
class ButtonRow:
    """Buttons side by side, equal widths (languages 11, shuffle 14, quick answers 21)."""

    items: tuple[Control, ...]
    label: str = ""
    """A small line above."""


@frozen
class PinEntry:
    """Dots, never digits; `note` and a button beside it stand under the dots (13)."""

    length: int
    filled: int
    note: str = ""
    button: Control | None = None


@frozen
class Keypad:
    """Twelve keys in the keypad zone, row by row. Always at the same place."""

    keys: tuple[Control, ...]


@frozen
class Keyboard:
    """Letter keys in rows, in the keypad zone (20)."""

    rows: tuple[tuple[Control, ...], ...]
    candidates: tuple[Control, ...] = ()
    low: bool = False
    """Only as high as its keys: what was found stands above it (16)."""


@frozen
class WritingPad:
    """A square to write one character in, and beside it what that may be, in the keypad zone (61)."""

    label: str
    strokes: tuple[Stroke, ...] = field(repr=False)
    event: StrokeDrawn
    """What a stroke sends, but for its points."""
    undo: Control
    clear: Control
    candidates: tuple[Control, ...] = ()
    """The first stands largest."""
    more: Control | None = None


@frozen
class Pager:
    """Page n of m with two buttons (22)."""

    text: str
    up: Control
    down: Control


@frozen
class ReceiptChoice:
    """The receipt as it will be printed and ways to get it (27). A line `-` is a rule, an empty one the QR's place."""

    lines: tuple[str, ...]
    qr: str
    items: tuple[Control, ...]


@frozen
class Gap:
    """Free space that grows: what follows lies at the bottom of the body."""


Piece = (
    Heading
    | Words
    | Notice
    | Result
    | Trouble
    | Facts
    | Ticks
    | Asks
    | PrefilledRows
    | CheckRows
    | Choices
    | Tiles
    | ButtonRow
    | PinEntry
    | Field
    | DateField
    | Beside
    | Keypad
    | Keyboard
    | WritingPad
    | Pager
    | Picture
    | Where
    | Ring
    | CaseNumber
    | ReceiptChoice
    | Proving
    | Timeline
    | Path
    | TownMap
    | Gap
)


@frozen
class Chip:
    """A grey chip in the status line: what is missing, then what still works."""

    icon: str
    text: str


@frozen
class Curtain:
    """A black screen with what is going on and how the picture comes back (74). `open` is the whole screen."""

    open: Control
    title: str
    text: str
    hint: str


@frozen
class ScreenModel:
    """One whole screen."""

    name: str
    """As in `/api/state`: `attract`, `pin`, `failure.card-expired` …"""
    session_id: int
    language: str
    """`zh-Hans`, `yue-Hant`, `en`."""
    modes: Modes
    terminal: str
    """The terminal's name in the status line."""
    place: str
    clock: str
    date: str
    chips: tuple[Chip, ...] = ()
    where: str = ""
    where_detail: str = ""
    steps: tuple[int, int] | None = None
    """(current step counted from 1, number of steps), or None where there is no step bar."""
    home: Control | None = None
    finish: Control | None = None
    greeting: str = ""
    """The small line above the question (15)."""
    title: str = ""
    title_display: bool = False
    """Display size instead of title size (15)."""
    title_meaning: Meaning | None = None
    """The mark of that meaning before the question (28, 71)."""
    subtitle: str = ""
    body: tuple[Piece, ...] = ()
    back: Control | None = None
    primary: Control | None = None
    primary_detail: str = ""
    aids: tuple[Control, ...] = ()
    lowered_note: str = ""
    """In reach mode, the small line under the terminal's name: the buttons are in the lower half (44)."""
    focus: str = ""
    """Id of the control that the tactile keypad stands on (75), or empty while the keypad is not used."""
    legend: Legend | None = None
    """What its keys do, while it is used; drawn where the screen has room for it."""
    curtain: Curtain | None = None
    """The screen is off while it is spoken: only this is drawn."""
    way_in: Control | None = field(repr=False, default=None)
    """Over the terminal's name, unmarked: who holds it is staff."""
    second_name: str = ""
    """On the attract screen, the small line under the terminal's name, in the other script (10)."""
