"""A world of a few lines behind the bench's HTTP interface: three screens, two cards, one printer, one gateway.

It keeps state and can refuse, as the real one does; it is not a mock that agrees to everything.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image, ImageDraw

from kiosk.bench.adapters.speech import Listener
from kiosk.bench.ports import (
    BenchError,
    BenchPorts,
    ElementView,
    FaultOffer,
    FaultView,
    Frame,
    LogLine,
    NetworkView,
    PersonaView,
    ReceiptView,
    SupplyView,
    no_square,
)
from kiosk.pieces.strokes import Stroke

WIDTH, HEIGHT = 1080, 1920
SCREENS: dict[str, list[ElementView]] = {
    "form": [ElementView("square", "square", "用手指写", True, 60, 900, 512, 512)],
    "attract": [ElementView("language.zh", "choice", "中文", True, 60, 1200, 400, 144)],
    "app": [
        ElementView("qr", "text", "https://gateway.example/app#t", True, 315, 700, 450, 450),
        ElementView("back", "back", "返回", True, 60, 1600, 304, 144),
    ],
    "card": [ElementView("back", "back", "返回", True, 60, 1600, 304, 144)],
    "pin": [
        *[
            ElementView(f"pin.{n}", "key", str(n), True, 60 + 320 * (n % 3), 810 + 180 * (n // 3), 304, 172)
            for n in range(10)
        ],
        ElementView("pin.ok", "primary", "确定", False, 388, 1600, 632, 144),
        ElementView("finish", "finish", "结束取卡", True, 700, 96, 320, 96),
    ],
}


@dataclass
class FakeTerminal:
    """Also the screen: what a touch leads to is a table."""

    name: str = "attract"
    touches: list[tuple[float, float]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    settles: int = 0
    stuck: bool = False
    slot: FakeTray | None = None

    def public_state(self) -> Mapping[str, object]:
        return {
            "screen": self.name,
            "session": {"id": 1, "active": self.name != "attract"},
            "language": "zh-Hans",
            "modes": {"text_scale": 1.0, "contrast": "light", "reach": False},
            "devices": {"reader": {"state": "empty"}, "printer": {"online": True}},
            "outbox": {"pending": 1, "acked": 41, "oldest_age_s": 3, "epoch": "e", "head": "9c1f", "bytes": 4096},
            "gateway": {"reachable": True},
        }

    def words(self) -> Sequence[str]:
        return [element.text for element in SCREENS[self.name]]

    def settle(self, timeout_s: float) -> bool:
        self.settles += 1
        return not self.stuck

    def end_session(self) -> None:
        self.name = "attract"

    def size(self) -> tuple[int, int]:
        return WIDTH, HEIGHT

    def elements(self) -> Sequence[ElementView]:
        return SCREENS[self.name]

    def frame(self) -> Frame:
        image = Image.new("RGB", (WIDTH, HEIGHT), "#F6F3EB")
        pen = ImageDraw.Draw(image)
        for element in self.elements():
            pen.rectangle((element.x, element.y, element.x + element.width, element.y + element.height), "#0B4A85")
        out = io.BytesIO()
        image.save(out, "PNG")
        return Frame(f"{self.name}-{len(self.touches)}", out.getvalue())

    def touch(self, x: float, y: float) -> None:
        self.touches.append((x, y))
        for element in self.elements():
            inside = element.x <= x < element.x + element.width and element.y <= y < element.y + element.height
            if inside and element.enabled:
                self.name = {"language.zh": "card", "back": "attract", "finish": "attract"}.get(element.id, self.name)

    def press_key(self, key: str) -> None:
        if key == "skip":
            raise BenchError("no-such-key", "The keypad has no such key.", "See keypad_keys.", 409)
        self.keys.append(key)

    def type_text(self, text: str) -> None:
        if not text.isdigit() or self.name != "pin":
            raise BenchError("no-such-key", "There is no key for that.", "Type what the pad on the screen offers.", 409)
        self.typed.append(text)

    def draw(self, strokes: Sequence[Stroke]) -> None:
        if self.name != "form":
            raise no_square()
        self.strokes.extend(strokes)

    def drawn(self, timeout_s: float) -> bool:
        return True


@dataclass
class FakeTray:
    terminal: FakeTerminal
    there: str | None = None
    known: tuple[str, ...] = ()
    """Who has a card besides the personas."""

    def personas(self) -> Sequence[PersonaView]:
        def persona(key: str, zh: str, en: str, story_zh: str, story_en: str) -> PersonaView:
            document = {
                "profile": "citizen",
                "version": "2.00",
                "pin": "123456",
                "holder": {"name": zh, "id_number": "440199199003070013", "sex": "female", "birth_date": "1990-03-07"},
            }
            return PersonaView(
                key,
                {"zh-Hans": zh, "en": en},
                {"zh-Hans": story_zh, "en": story_en},
                {"zh-Hans": story_zh + "。", "en": story_en + "."},
                document,
            )

        return [
            persona("parent", "陈小娴", "Chen Xiaoxian", "孩子要上学", "Her child starts school"),
            persona("blocked", "王大明", "Wang Daming", "密码只剩 1 次", "One PIN try left"),
            persona("rare", "𠮷田文", "Ji Tianwen", "名字罕见字", "A rare character in the name"),
        ]

    def inserted(self) -> str | None:
        return self.there

    def _insert(self, what: str) -> None:
        if self.there is not None:
            raise BenchError("slot-full", "There is a card in the slot.", "Pull it first: POST /api/card/remove.", 409)
        self.there = what
        self.terminal.name = "pin"

    def insert_persona(self, persona: str) -> None:
        if persona not in {*self.known, *(known.id for known in self.personas())}:
            raise BenchError("no-such-persona", "Nobody has this id.", "GET /api/personas lists them.", 404)
        self._insert(persona)

    def insert_document(self, document: Mapping[str, object]) -> None:
        if "holder" not in document:
            raise BenchError("card-document-invalid", "holder: missing", "See docs/reference/card.schema.json.", 422)
        self._insert("card")

    def remove(self) -> None:
        if self.there is None:
            raise BenchError("slot-empty", "There is no card in the slot.", "Insert one first.", 409)
        self.there = None
        self.terminal.name = "attract"

    def reset(self) -> None:
        self.there = None


@dataclass
class FakePaper:
    papers: list[ReceiptView] = field(default_factory=list)
    in_mouth: bool = False
    name: str = "generic-80"

    def model(self) -> str:
        return self.name

    def receipts(self) -> Sequence[ReceiptView]:
        return tuple(self.papers)

    def picture(self, n: int) -> bytes:
        if not 1 <= n <= len(self.papers):
            raise BenchError("no-such-receipt", f"There is no receipt {n}.", "GET /api/receipts lists them.", 404)
        image = Image.new("L", (576, 300), 255)
        ImageDraw.Draw(image).text((40, 40), self.papers[n - 1].number, fill=0)
        out = io.BytesIO()
        image.save(out, "PNG")
        return out.getvalue()

    def supply(self) -> SupplyView:
        return SupplyView(52_000, 80_000, "waiting" if self.in_mouth else "empty")

    def take(self) -> bool:
        """The mouth holds a ticket as long as there is paper that nobody took."""
        waits, self.in_mouth = self.in_mouth, False
        return waits

    def reset(self) -> None:
        self.papers.clear()

    def put_out(self, number: str, text: str, state: str = "done") -> None:
        self.papers.append(ReceiptView(len(self.papers) + 1, number, state, "", False, text, has_picture=True))


@dataclass
class FakeNetwork:
    now: NetworkView = field(default_factory=lambda: NetworkView(up=True, latency_ms=0, loss=0.0))

    def view(self) -> NetworkView:
        return self.now

    def set(self, *, up: bool, latency_ms: int, loss: float) -> None:
        self.now = NetworkView(up, latency_ms, loss)


@dataclass
class FakeGateway:
    network: FakeNetwork
    held: list[dict[str, object]] = field(default_factory=list)
    silent: bool = False
    days: int = 0

    def state(self) -> Mapping[str, object]:
        return {"url": "https://127.0.0.1:1", "reachable": self.network.now.up}

    def entries(self) -> Sequence[Mapping[str, object]]:
        if self.silent:
            raise BenchError("gateway-silent", "The gateway does not answer.", "See the gateway's log.", 503)
        return self.held

    def messages(self) -> Sequence[Mapping[str, object]]:
        if self.silent:
            raise BenchError("gateway-silent", "The gateway does not answer.", "See the gateway's log.", 503)
        return [{"way": "sms", "to": "14000000021", "subject": "", "body": "办好了", "at_ms": 1}]

    def pass_days(self, days: int) -> bool:
        self.days += days
        return True


@dataclass
class FakeFaults:
    now: list[FaultView] = field(default_factory=list)

    def offers(self) -> Sequence[FaultOffer]:
        return [
            FaultOffer("reader", "unplug"),
            FaultOffer("printer", "paper-out"),
            FaultOffer("printer", "cover-open"),
            FaultOffer("printer", "mute", counted=True),
            FaultOffer("clock", "battery-dead"),
            FaultOffer("gateway", "down"),
        ]

    def active(self) -> Sequence[FaultView]:
        return tuple(self.now)

    def set(self, device: str, fault: str, after: int | None) -> None:
        if (device, fault) not in {(offer.device, offer.fault) for offer in self.offers()}:
            raise BenchError("no-such-fault", "Nothing breaks like that.", "GET /api/faults lists what can.", 404)
        self.now.append(FaultView(device, fault, after))

    def clear(self, device: str | None, fault: str | None) -> None:
        self.now = [one for one in self.now if not (device in {None, one.device} and fault in {None, one.fault})]


@dataclass
class FakeClock:
    ahead_s: float = 0.0

    def advance(self, seconds: float) -> None:
        self.ahead_s += seconds

    def offset_s(self) -> float:
        return self.ahead_s

    def now_iso(self) -> str:
        return "2027-05-18T10:29:04"

    def reset(self) -> None:
        self.ahead_s = 0.0


@dataclass
class FakeLog:
    lines: list[LogLine] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, **facts: object) -> None:
        with self.lock:
            self.lines.append(LogLine(len(self.lines) + 1, "10:29:04.000", what, facts))

    def after(self, n: int) -> Sequence[LogLine]:
        return [line for line in self.lines if line.n > n]

    def clear(self) -> None:
        self.lines = [replace(line, what="gone") for line in ()]


@dataclass
class FakePhone:
    """Shows what was tapped last."""

    tapped: list[tuple[str, str]] = field(default_factory=list)

    def do(self, what: str, persona: str, words: Sequence[str]) -> str:
        self.tapped.append((what, persona))
        return "asks" if what == "scan" else "signed-in"


@dataclass
class FakeOfficials:
    """Gives one code, and remembers what else was done."""

    did: list[str] = field(default_factory=list)

    def technician(self, what: str, words: Sequence[str]) -> str:
        self.did.append(what)
        return "12345678" if what == "code" else ""

    def reject(self, reason: str) -> None:
        self.did.append(reason)


@dataclass
class FakePad:
    """Takes the identity card of `parent`, and of nobody else."""

    card: str | None = None

    def there(self) -> str | None:
        return self.card

    def lay(self, persona: str) -> None:
        if persona != "parent":
            raise BenchError("no-such-persona", "There is no persona with this id.", "Known: parent.", 404)
        self.card = persona

    def take(self) -> None:
        self.card = None


@dataclass
class FakeWorld:
    terminal: FakeTerminal
    tray: FakeTray
    paper: FakePaper
    network: FakeNetwork
    gateway: FakeGateway
    faults: FakeFaults
    clock: FakeClock
    log: FakeLog
    listener: Listener = field(default_factory=Listener)
    phone: FakePhone = field(default_factory=FakePhone)
    officials: FakeOfficials = field(default_factory=FakeOfficials)
    pad: FakePad = field(default_factory=FakePad)
    own_tray: FakeTray = field(default_factory=lambda: FakeTray(FakeTerminal(), known=("technician",)))

    @classmethod
    def make(cls) -> FakeWorld:
        terminal, network = FakeTerminal(), FakeNetwork()
        gateway = FakeGateway(network)
        return cls(terminal, FakeTray(terminal), FakePaper(), network, gateway, FakeFaults(), FakeClock(), FakeLog())

    def ports(self) -> BenchPorts:
        return BenchPorts(
            screen=self.terminal,
            terminal=self.terminal,
            tray=self.tray,
            paper=self.paper,
            network=self.network,
            gateway=self.gateway,
            faults=self.faults,
            clock=self.clock,
            log=self.log,
            speech=self.listener,
            phone=self.phone,
            officials=self.officials,
            identity=self.pad,
            own_tray=self.own_tray,
        )
