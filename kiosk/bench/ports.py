"""What the bench's HTTP interface needs of the world behind it: small protocols and plain values.

`kiosk.bench.world` fills them with the real parts; tests fill them with fakes. Nothing here holds holder data: a
`PersonaView` is a synthetic person, and what the terminal says of its session (`TerminalPort.public_state`) has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.pieces.strokes import Stroke


class BenchError(Exception):
    """A request that cannot be met. `code` is kebab-case, `status` an HTTP status, `next_step` what to do now."""

    def __init__(self, code: str, message: str, next_step: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.status = status


IDENTITY_PORT = "/dev/kiosk-identity"
"""What the settings of a terminal on a bench say; the twin's own line is given to the terminal directly."""
TECHNICIAN_PIN = "24681357"
"""Of every technician's card that the bench makes; nobody's outside it."""
DEFAULT_PIN = "123456"
"""Of a simulated card whose document names none, whatever its profile."""


def no_square() -> BenchError:
    """The refusal of `Screen.draw`."""
    next_step = "Choose 手写 (pad.hand) at a question that is answered in words."
    return BenchError("no-writing-square", "There is no writing square on the screen.", next_step, 409)


@dataclass(frozen=True)
class ElementView:
    """One control on the screen, in display pixels, origin top left. The text may name the holder: no repr."""

    id: str
    role: str
    text: str = field(repr=False)
    enabled: bool
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Frame:
    """What the citizen sees now. `version` changes when the picture does."""

    version: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class PersonaView:
    """One synthetic citizen of the tray."""

    id: str
    names: Mapping[str, str]
    """Masked, by language: `zh-Hans`, `en`."""
    note: Mapping[str, str]
    """A few words."""
    story: Mapping[str, str]
    """One or two sentences."""
    card: Mapping[str, object] = field(repr=False)
    """The card document of cli.md."""


@dataclass(frozen=True)
class ReceiptView:
    """One print job or one piece of paper. `n` counts from 1 since the start or the last reset."""

    n: int
    number: str
    """The receipt's own number, or empty where the printer got paper from nobody we know."""
    state: str
    """A `drivers.api.JobState`, as the terminal knows it; `sending` while the job runs."""
    reason: str
    copy: bool
    text: str = field(repr=False)
    """What can be read on the paper, one line a line; empty where no paper came out."""
    has_picture: bool


@dataclass(frozen=True)
class SupplyView:
    """The printer's roll, as it truly is, and the mouth of a kiosk printer."""

    left_mm: int
    full_mm: int
    mouth: str
    """`waiting`: a receipt hangs there; `empty`; or nothing for a printer without a mouth."""


@dataclass(frozen=True)
class FaultView:
    """One fault that is set now."""

    device: str
    fault: str
    after: int | None = None
    """The fault strikes after so many printed lines; None: at once."""


@dataclass(frozen=True)
class FaultOffer:
    """One fault that a device's twin can have. `counted`: it takes `after`."""

    device: str
    fault: str
    counted: bool = False


@dataclass(frozen=True)
class NetworkView:
    """The cable between terminal and gateway. `latency_ms` is one way; `loss` is 0 to 1."""

    up: bool
    latency_ms: int
    loss: float


class Screen(Protocol):
    """The touchscreen, as an eye and a finger meet it. All calls may come from any thread."""

    def size(self) -> tuple[int, int]: ...

    def elements(self) -> Sequence[ElementView]: ...

    def frame(self) -> Frame: ...

    def touch(self, x: float, y: float) -> None:
        """Press and let go at this place; returns when the touchscreen has dispatched both."""
        ...

    def type_text(self, text: str) -> None:
        """Press the keys of the pad on the screen for this text, one after the other.

        Raises `BenchError` (`no-such-key`) where the screen has no key for a character.
        """
        ...

    def draw(self, strokes: Sequence[Stroke]) -> None:
        """Write in the square on the screen, stroke by stroke; points in thousandths of the square.

        Raises `BenchError` (`no-writing-square`) where the screen has none.
        """
        ...

    def press_key(self, key: str) -> None:
        """Press and let go a key of the tactile keypad; returns when it was dispatched.

        Raises `BenchError` (`no-such-key`) where the keypad's map lacks it.
        """
        ...

    def drawn(self, timeout_s: float) -> bool:
        """Wait until the newest screen model is on the glass; False when the time is over."""
        ...


class TerminalPort(Protocol):
    """The terminal's runtime."""

    def public_state(self) -> Mapping[str, object]:
        """`screen`, `session`, `language`, `modes`, and what it knows of its `devices`, `outbox`, `gateway`."""
        ...

    def words(self) -> Sequence[str]:
        """Every text on the glass, in order. It may name the holder: for the tester alone."""
        ...

    def settle(self, timeout_s: float) -> bool:
        """Wait until every event that is in the inbox was handled; False when the time is over."""
        ...

    def end_session(self) -> None:
        """Forget the holder and go to the attract screen."""
        ...


class CardTray(Protocol):
    """The cards beside the reader."""

    def personas(self) -> Sequence[PersonaView]: ...

    def inserted(self) -> str | None:
        """The persona in the slot, `card` for a card of a document, or None."""
        ...

    def insert_persona(self, persona: str) -> None:
        """Raises `BenchError`: `no-such-persona`, `slot-full`, `reader-unplugged`."""
        ...

    def insert_document(self, document: Mapping[str, object]) -> None:
        """Raises `BenchError`: `card-document-invalid`, `slot-full`, `reader-unplugged`."""
        ...

    def remove(self) -> None:
        """Raises `BenchError` (`slot-empty`)."""
        ...

    def reset(self) -> None:
        """Pull what is in the slot; every persona's card is as new (tries left, PIN)."""
        ...


class IdentityTray(Protocol):
    """The identity cards beside their reader."""

    def there(self) -> str | None:
        """The persona whose identity card lies on the reader, or None."""
        ...

    def lay(self, persona: str) -> None:
        """Raises `BenchError` (`no-such-persona`)."""
        ...

    def take(self) -> None:
        """Take the card away, where one lies there."""
        ...


class Paper(Protocol):
    """What came out of the printer."""

    def receipts(self) -> Sequence[ReceiptView]: ...

    def picture(self, n: int) -> bytes:
        """The paper as PNG. Raises `BenchError` (`no-such-receipt`, `no-paper`)."""
        ...

    def supply(self) -> SupplyView: ...

    def model(self) -> str:
        """Which printer it is, as `drivers/printers/models.toml` calls it."""
        ...

    def take(self) -> bool:
        """Take the receipt out of the mouth of a kiosk printer; False where none waits there."""
        ...

    def reset(self) -> None:
        """Take the paper away and put in a full roll."""
        ...


class Network(Protocol):
    def view(self) -> NetworkView: ...

    def set(self, *, up: bool, latency_ms: int, loss: float) -> None: ...


class Phone(Protocol):
    """A telephone with the city's app, before the screen."""

    def do(self, what: str, persona: str, words: Sequence[str]) -> str:
        """Tap; returns what its page says. `words` stand on the terminal's screen.

        Raises `BenchError`: `no-such-tap`, `no-code`, `phone-idle`, `gateway-silent`.
        """
        ...


class Officials(Protocol):
    """Who acts at the gateway, past the cable: a technician with a telephone, and an office. Raise `BenchError`."""

    def technician(self, what: str, words: Sequence[str]) -> str:
        """As a `technician` step; `words` stand on the screen. Returns the digits of a `code`, or nothing."""
        ...

    def reject(self, reason: str) -> None:
        """Reject the last application that the gateway holds of this terminal."""
        ...


class GatewayView(Protocol):
    """The gateway as an operator sees it, past the cable."""

    def state(self) -> Mapping[str, object]:
        """`url`, `reachable` (for the terminal, through the cable as it is now)."""
        ...

    def entries(self) -> Sequence[Mapping[str, object]]:
        """Every accepted entry, unsealed. Raises `BenchError` (`gateway-silent`, `no-operator-token`)."""
        ...

    def messages(self) -> Sequence[Mapping[str, object]]:
        """What the gateway sent to citizens: `way`, `to`, `subject`, `body`, `at_ms`. Raises as `entries`."""
        ...

    def pass_days(self, days: int) -> bool:
        """Let days go by in the offices of the simulated city. False where the gateway is not the bench's own."""
        ...


class Faults(Protocol):
    def offers(self) -> Sequence[FaultOffer]: ...

    def active(self) -> Sequence[FaultView]: ...

    def set(self, device: str, fault: str, after: int | None) -> None:
        """Raises `BenchError` (`no-such-device`, `no-such-fault`)."""
        ...

    def clear(self, device: str | None, fault: str | None) -> None:
        """Make whole: everything, one device, or one fault of it. Raises as `set`."""
        ...


@dataclass(frozen=True)
class HeardView:
    """One thing that was spoken (`say`) or sounded (`sound`). The text may name the holder: no repr."""

    n: int
    kind: str
    text: str = field(repr=False)
    language: str
    volume: int
    pace: int


class Speech(Protocol):
    """What a listener heard."""

    def heard(self, after: int) -> Sequence[HeardView]: ...

    def wav(self, n: int) -> bytes:
        """The n-th thing as a WAV file. Raises `BenchError` (`no-such-speech`, `voice-missing`)."""
        ...

    def plug(self, *, there: bool) -> None:
        """Plug headphones into the terminal's socket, or pull them out."""
        ...

    def reset(self) -> None:
        """Nothing was heard, nothing is plugged in."""
        ...


class ClockHandle(Protocol):
    """The terminal's clock: real time plus what was advanced."""

    def advance(self, seconds: float) -> None: ...

    def offset_s(self) -> float: ...

    def now_iso(self) -> str:
        """Local time, ISO 8601 with seconds."""
        ...

    def reset(self) -> None: ...


@dataclass(frozen=True)
class LogLine:
    """One thing that happened. `facts` are codes and numbers, never holder data."""

    n: int
    at: str
    what: str
    facts: Mapping[str, object]


class EventLog(Protocol):
    def note(self, what: str, **facts: object) -> None: ...

    def after(self, n: int) -> Sequence[LogLine]: ...

    def clear(self) -> None: ...


@dataclass(frozen=True)
class BenchPorts:
    """Everything the HTTP interface talks to."""

    screen: Screen
    terminal: TerminalPort
    tray: CardTray
    own_tray: CardTray
    """The technicians' own slot."""
    identity: IdentityTray
    paper: Paper
    network: Network
    gateway: GatewayView
    faults: Faults
    clock: ClockHandle
    log: EventLog
    speech: Speech
    phone: Phone
    officials: Officials
