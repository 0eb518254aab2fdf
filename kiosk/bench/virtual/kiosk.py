"""A terminal in one thread on a fake clock: real session, runtime, drivers and outbox; simulated devices and city.

Nothing sleeps: an hour passes as fast as the terminal has work in it. The scenarios, the explorer and the tests of
whole visits stand on this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from drivers.printers.a4.document import DocumentPrinter
from drivers.printers.models import model
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_condition import board_like
from drivers.sim.printer_link import SimReceiptPrinter
from kiosk.bench.adapters.identity import IdentityPad
from kiosk.bench.adapters.paper import RecordingPrinter
from kiosk.bench.hands.phone import digits_of, idle, url_of
from kiosk.bench.ports import IDENTITY_PORT, BenchError
from kiosk.bench.virtual.city import City, personas
from kiosk.bench.virtual.eye import controls_of, words_of
from kiosk.bench.virtual.staff import TERMINAL, VirtualStaff
from kiosk.clock import ManualClock
from kiosk.paper.receipts import Site
from kiosk.screen_model import Control, ScreenModel
from kiosk.session.handing import own_ticket
from kiosk.settings import Settings
from kiosk.speech.recording import RecordingEngine
from kiosk.terminal import Devices, OutboxStore, Terminal
from kiosk.workers.writing import Writers
from kiosk.writing.handwriting import Handwriting
from offline_cache import enrolment as enrolments
from offline_cache import state as outbox_state
from offline_cache.outbox import Quota
from offline_cache.wire.verdict import EntryVerdict, VerdictPage

MAX_FORM_SCREENS = 40
PLACE = {"zh-Hans": "榕树街便民服务中心", "en": "Rongshu Street Service Centre"}
"""Where a terminal stands that joined no gateway: its screens and papers look as those of one that did."""
TICK_S = 0.05
"""The shortest time that passes at once."""


class OutboxTime:
    """The same turned clock as the outbox reads it: rows carry the time that the screens show."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now_ms(self) -> int:
        return self._clock.wall_ms()

    def mono_ms(self) -> int:
        return round(self._clock.monotonic_s() * 1000)

    def boot_id(self) -> str:
        return "virtual"


class Store(OutboxStore):
    """The real outbox; `acked` is what the gateway's receipt covers, `breaks` makes the next write fail."""

    def __init__(self, state_dir: Path, clock: ManualClock, quota: Quota | None = None) -> None:
        """A folder that joined a gateway has its name from there; any other terminal is called `TERMINAL`."""
        joined = enrolments.load(state_dir).terminal if enrolments.is_enrolled(state_dir) else TERMINAL
        super().__init__(outbox_state.open_writer(state_dir, clock=OutboxTime(clock), quota=quota), joined)
        self.acked = 0
        self.breaks: Exception | None = None
        self.documents: list[Mapping[str, object]] = []
        self.recorded: list[tuple[int, Mapping[str, object]]] = []
        """What was recorded, with the number of its place, oldest first."""
        self.ack_at_once = True

    def record(self, document: Mapping[str, object]):
        if self.breaks is not None:
            raise self.breaks
        made = super().record(document)
        letter = document.get("ticket")
        ticket = {"ticket": own_ticket(letter, made.seq)} if isinstance(letter, str) else {}
        self.documents.append({"number": made.number, **document, **ticket})
        self.recorded.append((made.seq, self.documents[-1]))
        if self.ack_at_once:
            self.acked = made.seq
        return made

    def acked_seq(self) -> int:
        return self.acked

    def count(self) -> int:
        """How many rows the outbox itself has."""
        return self._outbox.last_seq()

    def pending(self) -> int:
        """How many rows no receipt of the gateway covers."""
        return self._outbox.status().pending

    def reject(self, reason: str, at_ms: int) -> None:
        """An office rejects the last entry, as the sync service would hear it. Raises `BenchError`."""
        if not self.acked:
            raise BenchError("nothing-sent", "No office has an entry of this terminal.", "Submit something first.", 409)
        document = dict(self.recorded)[self.acked]
        told = (str(document.get("number", "")), "rejected", reason, str(document.get("agency", "data")))
        epoch = self._outbox.meta().epoch

        def answer(after: int) -> VerdictPage:
            verdict = EntryVerdict(after + 1, epoch, self.acked, *told, at_ms)
            return VerdictPage(TERMINAL, after + 1, more=False, verdicts=(verdict,))

        self._outbox.take_verdicts("virtual", answer)

    @property
    def last_seq(self) -> int:
        """The place of the newest document, or 0."""
        return self.recorded[-1][0] if self.recorded else 0


class Kiosk:
    """Hands, cables and offices around one terminal. Everything that happens, happens when it is called."""

    def __init__(  # noqa: PLR0913 - one keyword each, all of them for tests
        self,
        state_dir: Path,
        *,
        landscape: bool = False,
        printer: bool = True,
        identity: bool = True,
        seed: int = 1,
        printer_model: str = "generic-80",
        authority: CardAuthority | None = None,
        quota: Quota | None = None,
        a4_queue: str = "",
        a4: DocumentPrinter | None = None,
        hand: Handwriting | None = None,
    ) -> None:
        """`authority` issues the cards; None: one of its own, kept in `state_dir`. `quota` is the outbox's.

        `a4_queue` is where certificates are printed (an IPP printer, real or simulated); empty: there is none. `a4` is
        its driver where it has to wait for real; None: one on this clock. `hand` reads what is written by hand.
        """
        self.state_dir = state_dir
        self.clock = ManualClock()
        self.city = City()
        self.city.app.clock = self.clock.monotonic_s
        self.store = Store(state_dir, self.clock, quota)
        self.reader = SimReader("Kiosk Citizen", real_time=False)
        self.identity = IdentityPad(tuple(personas().values()))
        self.own_reader = SimReader("Kiosk Technician", real_time=False)
        chosen = model(printer_model)
        self.paper = SimPrinter(clock=self.clock.monotonic_s, width_mm=chosen.width_mm, board=board_like(chosen))
        self.screens: list[ScreenModel] = []
        self.sounds: list[str] = []
        self.listener = RecordingEngine()
        self.authority = authority or CardAuthority.load_or_create(state_dir / "cards")
        self.staff = VirtualStaff(state_dir, self.clock, self.authority, self.city, self.reader, self.store)
        size = (1920, 1080) if landscape else (1080, 1920)
        device = SimReceiptPrinter(self.paper, model=chosen, clock=self.clock.monotonic_s, advance=self.clock.advance)
        self.printer = RecordingPrinter(device, self.paper)
        self.terminal = Terminal(
            Settings(
                width=size[0],
                height=size[1],
                a4_queue=a4_queue,
                identity_reader_port=IDENTITY_PORT if identity else "",
            ),
            state_dir,
            Devices(
                self.reader,
                self.printer if printer else None,
                a4 or self._pages(a4_queue),
                self.own_reader,
                self.identity if identity else None,
            ),
            self.clock,
            self.screens.append,
            inline=True,
            gateway=self.city,
            store=self.store,
            random=Random(seed),  # noqa: S311 - seeded on purpose: a visit must replay
            play=self.sounds.append,
            engine=self.listener,
            writers=Writers(hand=hand),
            staff=self.staff.side(),
        )
        if not enrolments.is_enrolled(state_dir):
            self.terminal.runtime.settle_in(Site(PLACE, TERMINAL))
        self.terminal.start()
        self.pump()

    def _pages(self, queue: str) -> DocumentPrinter | None:
        clock = self.clock
        return DocumentPrinter(queue, clock=clock.monotonic_s, wait=clock.advance) if queue else None

    # ---- what is on the screen

    @property
    def screen(self) -> ScreenModel:
        return self.screens[-1]

    @property
    def controls(self) -> dict[str, Control]:
        return {control.id: control for control in controls_of(self.screen)}

    @property
    def words(self) -> str:
        return "\n".join(words_of(self.screen))

    # ---- hands

    def touch(self, *names: str) -> Kiosk:
        for name in names:
            seen = self.controls
            control = seen.get(name) or next((found for found in seen.values() if found.role == name), None)
            if control is None or control.event is None:
                raise BenchError(
                    "cannot-press",
                    f"{name} cannot be pressed on {self.screen.name}.",
                    f"On the screen: {', '.join(sorted(seen))}",
                    409,
                )
            self.terminal.send(control.event)
            self.pump()
        return self

    def insert(self, persona: str = "parent", **quirks: object) -> SimCard:
        self.city.persona = personas()[persona]
        document = {**personas()[persona].card, **({"quirks": quirks} if quirks else {})}
        card = SimCard(parse_card_document(document), self.authority)
        self.put(card)
        return card

    def lay(self, persona: str = "parent") -> Kiosk:
        """Lay a persona's identity card on its reader; the terminal has looked since."""
        self.city.persona = personas()[persona]
        self.identity.lay(persona)
        return self.wait(1)

    def put(self, card: SimCard) -> None:
        self.reader.insert(card)
        self.pump()

    def pull(self) -> Kiosk:
        self.reader.remove()
        self.pump()
        return self

    def pin(self, digits: str) -> Kiosk:
        return self.touch(*(f"pin.{digit}" for digit in digits), "pin.ok")

    def wait(self, seconds: float) -> Kiosk:
        """Let time pass, from timer to timer, as the runtime's own loop does."""
        while seconds > 0:
            due = self.terminal.runtime.next_in_s()
            step = min(seconds, max(due, TICK_S)) if due is not None else seconds
            self.clock.advance(step)
            seconds -= step
            self.pump()
        return self

    def cut(self) -> Kiosk:
        self.city.up = False
        self.store.ack_at_once = False
        return self.wait(6)

    # ---- ways

    def to_home(self, persona: str = "parent", language: str = "language.zh") -> Kiosk:
        self.touch(language, "start.card")
        self.insert(persona)
        return self.pin(str(personas()[persona].card["pin"]))

    def by_phone(self, persona: str = "parent") -> Kiosk:
        """Sign in with the city's app, from the attract screen to home."""
        self.touch("language.zh", "start.app")
        self.phone("scan", persona)
        self.phone("agree")
        return self.wait(2)

    def phone(self, what: str, persona: str = "parent") -> str:
        """Tap on the citizen's telephone; returns what its page says. Raises `BenchError`."""
        app, words = self.city.app, words_of(self.screen)
        if what == "scan":
            return app.scan(url_of(words), personas()[persona])
        if not app.phone:
            raise idle()
        taps: dict[str, Callable[[], str]] = {
            "agree": lambda: app.answer(digits_of(words), yes=True),
            "wrong": lambda: app.answer(digits_of(words, wrong=True), yes=True),
            "refuse": lambda: app.answer("", yes=False),
            "approve": lambda: app.decide(yes=True),
            "decline": lambda: app.decide(yes=False),
            "leave": app.leave,
        }
        return taps[what]()

    def to_intro(self, service: str = "household-proof", event: str = "moved") -> Kiosk:
        """From home to a service's own page, turning the pages of the list."""
        self.touch(f"event.{event}")
        while f"service.{service}" not in self.controls:
            self.touch("page.down")
        return self.touch(f"service.{service}")

    def agree(self) -> Kiosk:
        """From a service's own page through every page of the consent."""
        self.touch("primary")
        while self.screen.name == "consent":
            self.touch("primary")
        return self

    def through_form(self) -> Kiosk:
        """Take the first choice of every question and go on, until the check screen."""
        for _ in range(MAX_FORM_SCREENS):
            if self.screen.name != "form":
                return self
            choice = next((c for c in self.controls.values() if c.role == "choice"), None)
            if choice is not None:
                self.touch(choice.id)
            self.touch("primary")
        raise BenchError("form-without-end", "The form does not end.", "See its last screens.", 500)

    def to_check(self, service: str = "household-proof", event: str = "moved") -> Kiosk:
        return self.to_intro(service, event).touch("primary", "primary").through_form()

    def submit(self) -> Kiosk:
        while self.screen.name == "check":
            self.touch("primary")
        return self

    def close(self) -> None:
        self.terminal.stop()
        self.identity.close()

    def pump(self) -> None:
        for _ in range(3):
            self.reader.settle()
            self.own_reader.settle()
            self.terminal.runtime.pump()
