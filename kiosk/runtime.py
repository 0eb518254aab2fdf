"""The inbox loop: events in, `step`, effects out, one screen. The only place that knows session and workers.

Threads cross here: any thread may `post`; the loop hands jobs to workers; `show` gets each new `ScreenModel`.
The PIN lives in `PinHolder` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import partial
from random import Random, SystemRandom

from kiosk import events as e
from kiosk.clock import Clock, local_minute
from kiosk.frozen import frozen, replace
from kiosk.hosting.pins import STAFF, Pins
from kiosk.hosting.staff_host import StaffHost
from kiosk.inbox import DIGITS, Inbox, Timers
from kiosk.log import Log
from kiosk.paper.pages import build_page
from kiosk.paper.receipts import Site, build
from kiosk.screen_model import ScreenModel
from kiosk.session import state as s
from kiosk.session.arrival.effects import AppEffect, LookForIdentity
from kiosk.session.arrival.greeting import AskGreeting
from kiosk.session.asking.events import NewPinJudged
from kiosk.session.asking.phone import HandOver, TakeBack
from kiosk.session.asking.verdict import LOOK_S, look_again_s
from kiosk.session.asking.writing import FindCandidates, FindCharacters, TakeCandidate
from kiosk.session.common import end
from kiosk.session.paper import TICKET_TIMER
from kiosk.session.table import UnlistedEvent, step
from kiosk.speech.guide import Guide
from kiosk.staff.entry import VerifyTechnician
from kiosk.staff.part import RunTask
from kiosk.staff.views.frame import with_way_in
from kiosk.view_model.frame import Scene, Words
from kiosk.view_model.screen import render
from kiosk.workers.desks import CardDesk, PrintDesk, StoreDesk
from kiosk.workers.gateway_desk import GatewayDesk
from kiosk.workers.identity import IdentityDesk
from kiosk.workers.sheets import SheetDesk
from kiosk.workers.staff_tools import StaffDesk
from kiosk.workers.technicians import OwnSlotDesk
from kiosk.workers.writing import Writers

ACK_LOOK_S = 0.2
PRINTER_ASK_S = 10.0
MOUTH_LOOK_S = 0.5


@frozen
class Desks:
    """The workers' ends that effects are handed to."""

    card: CardDesk
    printer: PrintDesk
    sheets: SheetDesk
    gateway: GatewayDesk
    store: StoreDesk
    writers: Writers = field(default_factory=Writers)
    """What turns letters and strokes into Chinese; without any, only letters can be typed."""
    staff: StaffDesk | None = None
    """What staff mode asks of the machine; None: there is no staff mode."""
    own_slot: OwnSlotDesk | None = None
    identity: IdentityDesk | None = None


@frozen
class _Mark(e.Event):
    """A place in the inbox."""

    call: Callable[[], None]


@frozen
class Chore:
    """Something short that is looked at again and again; what it finds is an event, or None."""

    every_s: float
    look: Callable[[], e.Event | None]


class Runtime:
    """Runs the session. `handle` and `pump` belong to one thread: the loop's, or a test's."""

    def __init__(  # noqa: PLR0913 - the loop's whole surroundings
        self,
        world: s.World,
        words: Words,
        clock: Clock,
        log: Log,
        show: Callable[[ScreenModel], None],
        random: Random | None = None,
        guide: Guide | None = None,
        chores: tuple[Chore, ...] = (),
        *,
        staff: StaffHost | None = None,
    ) -> None:
        self.session = s.Session(world=world)
        self._words = words
        self._clock = clock
        self._log = log
        self._show = show
        self._guide = guide or Guide()
        self._inbox = Inbox()
        self._timers = Timers(clock)
        self._pins = Pins(random or SystemRandom())
        self._staff = staff
        self._desks: Desks | None = None
        self._house: dict[str, Callable[[], None]] = {"house.minute": self._minute, "house.probe": self._probe,
                                                      "house.printer": self._printer}  # fmt: skip
        for number, chore in enumerate(chores):
            name = f"house.chore.{number}"
            self._house[name] = partial(self._chore, name, chore)
        self._at_once = tuple(self._house)
        self._house |= {"house.ack": self._ack, "house.verdict": self._verdict, TICKET_TIMER: self._mouth}
        self._mouth_until_s = 0.0

    # ---------------------------------------------------------------------------------------- the outside

    def open(self, desks: Desks) -> None:
        """Take the workers' ends and show the first screen."""
        self._desks = desks
        self.session = replace(self.session, world=desks.writers.known_to(self.session.world))
        self._log.write("terminal.started", {"terminal": self.session.world.terminal})
        for name in self._at_once:
            self._keep_house(name)
        desks.card.start()
        for effect in self._staff.open(self.session) if self._staff is not None else ():
            self._perform(effect)
        self._draw()

    def settle_in(self, site: Site) -> None:
        """The terminal has joined a gateway: its screens and papers say where it stands. The loop's thread."""
        self._words = replace(self._words, site=site)
        if self._staff is not None:
            self._staff.settle_in(site)

    def post(self, event: e.Event) -> None:
        """Send an event, from any thread."""
        self._inbox.put(event)

    def wake(self) -> None:
        """The clock was moved: look at the timers."""
        self._inbox.wake()

    def run(self) -> None:
        """Work until `close`, in the thread that calls."""
        while not self._inbox.closed:
            event = self._inbox.get(self._timers.next_in_s())
            self._fire()
            if event is not None:
                self.handle(event)

    def pump(self) -> None:
        """Handle everything that is here now, timers that are due included: for tests on a fake clock."""
        while True:
            self._fire()
            event = self._inbox.get(0) if len(self._inbox) else None
            if event is None:
                return
            self.handle(event)

    def next_in_s(self) -> float | None:
        """Seconds until the next timer is due, 0 where one is; None: there is none. From any thread."""
        return self._timers.peek_in_s()

    def after_all(self, call: Callable[[], None]) -> None:
        """Call back, in the loop's thread, once every event posted so far was handled."""
        self._inbox.put(_Mark(call))

    def close(self) -> None:
        """End `run`."""
        self._inbox.close()

    # ------------------------------------------------------------------------------------------- the loop

    def _fire(self) -> None:
        for name in self._timers.fired():
            if name.startswith("house."):
                self._keep_house(name)
            else:
                self.handle(e.TimerFired(name, session_id=self.session.id))

    def _keep_house(self, name: str) -> None:
        """Run one of the terminal's own looks around. None of them may end the loop."""
        try:
            self._house[name]()
        except Exception as error:  # noqa: BLE001 - reported; the timer was started again before the look
            self._log.write("worker.failed", {"worker": name, "error": type(error).__name__})

    def handle(self, event: e.Event) -> None:
        """Take one event through `step`, its effects, and the screen."""
        if isinstance(event, _Mark):
            event.call()
            return
        if event.session_id not in (0, self.session.id):
            return
        before, focus = self.session, self._guide.focused
        if isinstance(event, e.KeyPressed):
            event = self._guide.key(event.key) or event
        translated = self._without_pin(event)
        if translated is None:
            return
        staff = self._staff.staff if self._staff is not None else None
        try:
            taken = self._staff.take(before, translated) if self._staff is not None else None
            self.session, effects = taken or step(before, translated)
            for effect in effects:
                self._perform(effect)
            changed = self._staff is not None and self._staff.staff != staff
            if self.session != before or changed or self._guide.focused != focus:
                self._draw()
            self._guide.settle()
        except Exception as error:  # noqa: BLE001 - any fault of ours ends this visit, not the terminal
            self._recover(translated, error)

    def _without_pin(self, event: e.Event) -> e.Event | None:
        """Keep PIN digits here; the session learns only how many there are."""
        if not isinstance(event, e.PinKey | e.PinErased):
            return event
        step_ = STAFF if self._staff is not None and self._staff.wants_pin else self.session.pin_step
        if self.session.state is not s.State.PIN and not step_:
            return None
        return e.PinLengthChanged(self._pins.typed(event, step_), session_id=self.session.id)

    def _recover(self, event: e.Event, error: Exception) -> None:
        """A fault of the program: forget the holder, say so in the log, go back to the attract screen."""
        on, state = type(event).__name__, str(self.session.state)
        self._log.write("internal", {"state": state, "on": on, "error": type(error).__name__})
        self._pins.wipe()
        if self._staff is not None:
            self._staff.drop(self.session)
        if isinstance(error, UnlistedEvent):
            self.session = replace(self.session, failure="internal")
        session, effects = end(self.session)
        self.session = session
        for effect in effects:
            self._perform(effect)
        self._draw()

    def _draw(self) -> None:
        if self._staff is not None and self._staff.active:
            self._show(self._guide.show(self._staff.screen()))
            return
        keys, said = self._pins.keys if self.session.shuffled else DIGITS, self._words
        model = render(Scene(self.session, said.say(self.session.language), said.failures, said.site, keys))
        self._show(self._guide.show(model if self._staff is None else with_way_in(model)))

    # -------------------------------------------------------------------------------------------- effects

    def _perform(self, effect: s.Effect) -> None:
        desks, session = self._desks, self.session
        assert desks is not None
        match effect:
            case s.StartTimer(name=name, after_s=after_s):
                self._timers.start(name, after_s)
            case s.StopTimer(name=name):
                self._timers.stop(name)
            case s.Note(event=event, fields=fields):
                self._log.write(event, fields)
            case s.ForgetPin():
                self._pins.wipe()
                self._pins.shuffle()
            case s.Sound(name=name):
                self._guide.sound(name)
            case s.WatchEntry():
                self._timers.start("house.ack", ACK_LOOK_S)
            case s.SaveEntry(kind=kind, document=document):
                desks.store.record(session.id, kind, document)
            case s.AskStore():
                desks.store.ask()
            case FindCandidates() | TakeCandidate() | FindCharacters():
                self._post_found(desks.writers.answer(effect, session.id))
            case s.AskPrinter() | s.WatchTicket() | s.PrintReceipt() | s.PrintPage():
                self._perform_on_paper(effect, desks.printer)
            case s.PrintSheet():
                desks.sheets.print(session.id, effect, session.world.terminal)
            case _:
                self._perform_on_card(effect, desks)

    def _perform_on_paper(
        self, effect: s.AskPrinter | s.WatchTicket | s.PrintReceipt | s.PrintPage, printer: PrintDesk
    ) -> None:
        session = self.session
        match effect:
            case s.AskPrinter():
                printer.ask()
            case s.WatchTicket():
                self._mouth_until_s = self._clock.monotonic_s() + session.world.settings.ticket_wait_s
                self._timers.start(TICKET_TIMER, MOUTH_LOOK_S)
            case s.PrintReceipt(copy=copy, kept=kept):
                printer.print(session.id, build(session, self._words.site, copy=copy, kept=kept))
            case s.PrintPage():
                printer.print(session.id, build_page(session, self._words.site))

    def _perform_on_card(self, effect: s.Effect, desks: Desks) -> None:
        session = self.session
        match effect:
            case s.RecogniseCard(insertion=insertion):
                desks.card.recognise(session.id, insertion)
            case s.VerifyPin():
                desks.card.verify(session.id, self._pins.take(""))
            case s.ReleaseCard():
                desks.card.release()
                desks.sheets.give_up()
            case s.SignDocument(draft=draft, card_id=card_id):
                desks.card.sign_document(session.id, draft, card_id)
            case s.ChangePin(card_id=card_id):
                old, new = self._pins.take("old"), self._pins.take("new")
                self._pins.wipe()
                desks.card.change_pin(session.id, old, new, card_id)
            case s.JudgeNewPin(step=step, birth_date=birth_date):
                self.post(NewPinJudged(self._pins.judge(step, birth_date), session_id=session.id))
            case s.CheckCard(insertion=insertion):
                desks.gateway.check_card(session.id, insertion)
            case s.WatchVerdict():
                self._timers.start("house.verdict", LOOK_S)
            case s.FetchData(service=service, subjects=subjects, timeout_s=timeout_s):
                desks.gateway.fetch(session.id, service, subjects, timeout_s)
            case _:
                self._perform_elsewhere(effect, desks)

    def _perform_elsewhere(self, effect: s.Effect, desks: Desks) -> None:
        match effect:
            case s.FetchChoices() | HandOver() | TakeBack() | AskGreeting():
                desks.gateway.ask(self.session.id, effect)
            case AppEffect():
                desks.gateway.app.perform(self.session.id, effect)
            case LookForIdentity() if desks.identity is not None:
                desks.identity.look(self.session.id)
            case RunTask(name=name, arguments=arguments) if desks.staff is not None:
                desks.staff.run(name, arguments)
            case VerifyTechnician(own=own):
                desk = desks.own_slot if own and desks.own_slot is not None else desks.card
                desk.verify_technician(self.session.id, self._pins.take(STAFF))
            case _:
                raise TypeError(f"nobody performs {type(effect).__name__}")

    # -------------------------------------------------------------------------------------- house timers

    def _minute(self) -> None:
        now = self._clock.wall_ms()
        self._timers.start("house.minute", 60 - (now // 1000) % 60)
        local = local_minute(now)
        if local != self.session.world.local:
            self.post(e.ClockTicked(local))

    def _probe(self) -> None:
        assert self._desks is not None
        self._timers.start("house.probe", self.session.world.settings.network_probe_s)
        self._desks.gateway.probe()

    def _printer(self) -> None:
        assert self._desks is not None
        self._timers.start("house.printer", PRINTER_ASK_S)
        self._desks.printer.ask()

    def _mouth(self) -> None:
        """Look what became of the ticket; after its time it is drawn in. Ended by the session (`StopTimer`)."""
        assert self._desks is not None
        self._timers.start(TICKET_TIMER, MOUTH_LOOK_S)
        self._desks.printer.look_at_mouth(take_back=self._clock.monotonic_s() >= self._mouth_until_s)

    def _chore(self, name: str, chore: Chore) -> None:
        self._timers.start(name, chore.every_s)
        self._post_found(chore.look())

    def _post_found(self, event: e.Event | None) -> None:
        if event is not None:
            self.post(event)

    def _verdict(self) -> None:
        """Look for the office's answer, as long as a citizen waits for it."""
        saved = self.session.saved
        again_s = look_again_s(self.session)
        if self._desks is None or saved is None or not again_s:
            return
        self._timers.start("house.verdict", again_s)
        self._desks.gateway.verdict(self.session.id, saved.epoch, saved.seq, saved.verdicts_after)

    def _ack(self) -> None:
        """Look for the receipt of the entry that a screen still talks about."""
        saved = self.session.saved
        if self._desks is None or saved is None or saved.acked:
            return
        self._timers.start("house.ack", ACK_LOOK_S)
        self._desks.store.look(self.session.id, saved.seq)
