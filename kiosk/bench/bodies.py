"""What the bench's HTTP interface takes and gives, as pydantic models. Unknown names are refused: a typing mistake
in a script must not pass as a wish that was met.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kiosk.bench.scenarios.format import MAX_BYTES
from kiosk.events import KeyName
from kiosk.pieces.strokes import MOST_STROKES, SIDE
from offline_cache.wire.verdict import CODE

MAX_TYPED = 200
MAX_POINTS = 400
"""Of one stroke, as it is drawn; the terminal keeps fewer."""
MAX_ADVANCE_S = 400 * 86_400
MAX_LATENCY_MS = 60_000


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TouchBody(_Request):
    """Either the id of an element, or a place in display pixels."""

    id: str | None = None
    x: float | None = None
    y: float | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TouchBody:
        by_place = self.x is not None and self.y is not None
        if (self.id is None) != by_place or (self.id is not None and (self.x is not None or self.y is not None)):
            raise ValueError("give either id, or x and y")
        return self


class TypeBody(_Request):
    text: Annotated[str, Field(max_length=MAX_TYPED)]


Place = Annotated[int, Field(ge=0, le=SIDE)]
"""Thousandths of the writing square, from its top left corner."""


class DrawBody(_Request):
    """Strokes in the order in which they are written; each a list of [x, y]."""

    strokes: Annotated[
        list[Annotated[list[tuple[Place, Place]], Field(min_length=1, max_length=MAX_POINTS)]],
        Field(min_length=1, max_length=MOST_STROKES),
    ]


class PhoneBody(_Request):
    """A tap on the citizen's telephone; `persona` says whose it is, for `scan`."""

    do: Literal["scan", "agree", "wrong", "refuse", "approve", "decline", "leave"]
    persona: str = "parent"


class PhoneAnswer(BaseModel):
    page: str
    """What the telephone shows now: `asks`, `signed-in`, `form`, `used` …"""


class KeyBody(_Request):
    """A key of the tactile keypad."""

    key: KeyName


class HeadphonesBody(_Request):
    """Whether headphones are in the terminal's socket."""

    plugged: bool


class CardBody(_Request):
    """Either a persona of `/api/personas`, or a whole card document."""

    persona: str | None = None
    card: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> CardBody:
        if (self.persona is None) == (self.card is None):
            raise ValueError("give either persona or card")
        return self


class BadgeBody(_Request):
    """Whether the technician's card is in the technicians' own slot."""

    there: bool


class TechnicianBody(_Request):
    """What a technician has the gateway do: give the one-time code for the screen, take a fresh terminal in (by the
    code, or by a stick that is plugged in, carried there and plugged in again), or take the technician's card away."""

    do: Literal["code", "joins", "stick-in", "stick-carried", "stick-out", "revoked"]


class TechnicianAnswer(BaseModel):
    digits: str
    """Of the one-time code; else empty."""


class RejectBody(_Request):
    """Why the office rejects the last application."""

    reason: Annotated[str, Field(pattern=f"^{CODE.pattern}$", max_length=64)]


class IdentityBody(_Request):
    """Whose identity card lies on its reader; null: nobody's."""

    persona: str | None


class FaultBody(_Request):
    """`after`: the fault of a printer strikes after so many more printed lines; left out, at once."""

    device: str
    fault: str
    after: Annotated[int, Field(ge=0)] | None = None


class ClockBody(_Request):
    """Either time that passes, or what becomes of the clock's battery."""

    advance_s: Annotated[float, Field(ge=0, le=MAX_ADVANCE_S)] | None = None
    battery: Literal["dead", "new"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ClockBody:
        if (self.advance_s is None) == (self.battery is None):
            raise ValueError("give either advance_s or battery")
        return self


class PlayBody(_Request):
    """A scenario, as `docs/testing.md` describes it."""

    scenario: Annotated[str, Field(max_length=MAX_BYTES)]


class NetworkBody(_Request):
    up: bool | None = None
    latency_ms: Annotated[int, Field(ge=0, le=MAX_LATENCY_MS)] | None = None
    loss: Annotated[float, Field(ge=0, le=1)] | None = None


class DisplayBody(BaseModel):
    width: int
    height: int


class StateBody(BaseModel):
    """What the terminal is doing, without holder data."""

    screen: str
    display: DisplayBody
    session: dict[str, Any]
    language: str
    modes: dict[str, Any]
    devices: dict[str, Any]
    outbox: dict[str, Any]
    gateway: dict[str, Any]


class ElementBody(BaseModel):
    id: str
    role: str
    text: str
    enabled: bool
    x: float
    y: float
    width: float
    height: float


class HeardBody(BaseModel):
    """One sentence or short sound. `n` counts from 1 since the start or the last reset."""

    n: int
    kind: str
    text: str
    language: str
    volume: int
    pace: int


class ReceiptBody(BaseModel):
    """`state` is what the terminal knows of the job; `picture` is null where no paper came out."""

    n: int
    number: str
    state: str
    reason: str
    copy_: Annotated[bool, Field(alias="copy")]
    text: str
    picture: str | None


class NetworkAnswer(BaseModel):
    up: bool
    latency_ms: int
    loss: float


class FaultAnswer(BaseModel):
    device: str
    fault: str
    after: int | None


class OfferAnswer(BaseModel):
    device: str
    fault: str
    counted: bool


class FaultsAnswer(BaseModel):
    faults: list[FaultAnswer]
    offers: list[OfferAnswer]


class MessageBody(BaseModel):
    """`way` is sms or email; `at_ms` milliseconds since 1970."""

    way: str
    to: str
    subject: str
    body: str
    at_ms: int


class TakenAnswer(BaseModel):
    taken: bool


class PlayedBody(BaseModel):
    """One step as it went; a PIN is not repeated in `step`."""

    step: str
    screen: str
    seconds: float


class OutcomeBody(BaseModel):
    """`failed` is empty where all was as it must be; else `line` is where it was not."""

    scenario: str
    passed: bool
    failed: str
    line: int
    seconds: float
    steps: list[PlayedBody]


class ErrorBody(BaseModel):
    error: str
    message: str
    next: str
