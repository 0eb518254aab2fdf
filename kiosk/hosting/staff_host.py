"""Staff mode beside the citizen's session: who gets which event, and when one gives way to the other.

While staff mode is on, the session stands at the attract screen. The world's events reach it as ever; touches, cards
and answers to staff do not. It can only be entered where no citizen is: from the attract screen.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.api import SlotState
from kiosk import events as e
from kiosk.frozen import replace
from kiosk.paper.receipts import Site
from kiosk.screen_model import ScreenModel
from kiosk.session import common, table
from kiosk.session.aside import world_changed
from kiosk.session.state import Effect, ForgetPin, RecogniseCard, ReleaseCard, Session, State, StopTimer
from kiosk.session.state import Step as SessionStep
from kiosk.staff import closed, entry
from kiosk.staff.events import NameHeld, OwnSlotChanged, TechnicianCardSeen
from kiosk.staff.part import Closure, Part, Staff, StaffEvent
from kiosk.staff.part import Step as StaffStep
from kiosk.staff.setup.state import Setup
from kiosk.staff.table import step
from kiosk.staff.views.screen import render
from kiosk.view_model.frame import Words

First = Callable[[Staff], StaffStep]
BOTH = frozenset({*table.WORLD, *table.LATE}) - {e.TimerFired, e.CardRecognised, e.CardFailed, e.PinLengthChanged}
"""What the session hears of too: the world, and late answers to itself."""


class StaffHost:
    """Holds staff mode while it is on. One thread: the loop's."""

    def __init__(self, words: Words, closure: Closure | None = None, first: First | None = None) -> None:
        """`closure`: the terminal begins out of service. `first`: how it begins instead (commissioning)."""
        self._words = words
        self._closure = closure
        self._first = first
        self._at_attract = 0
        self._behind = OwnSlotChanged(SlotState.READER_ABSENT, 0)
        self._waiting: TechnicianCardSeen | None = None
        """A technician's card in their own slot that waits until the citizen's visit is over."""
        self.staff: Staff | None = None

    def settle_in(self, site: Site) -> None:
        """The terminal has joined a gateway: its screens say where it stands."""
        self._words = replace(self._words, site=site)

    @property
    def active(self) -> bool:
        return self.staff is not None

    @property
    def closed(self) -> bool:
        """Whether the terminal is out of service for citizens."""
        return self._closure is not None

    @property
    def wants_pin(self) -> bool:
        """Whether a technician's PIN may be typed now."""
        return self.staff is not None and isinstance(self.staff.part, entry.Entry) and self.staff.part.wants_pin

    def open(self, session: Session) -> tuple[Effect, ...]:
        """The terminal starts: in commissioning, out of service, or in the citizens' hands."""
        if self._first is not None:
            begun = self._first(Staff(Part(), session.world, by="setup", closure=self._closure))
            return self._after(begun, session)[1]
        return () if self._closure is None else self._shut(session)

    def screen(self) -> ScreenModel:
        """Return the screen of staff mode; only while it is active."""
        assert self.staff is not None
        return render(self.staff, self._words.say(self.staff.language), self._words.site, self._words.failures)

    def drop(self, session: Session) -> None:
        """A fault of ours: leave staff mode at once, whatever it was at.

        What is closed stays closed, and what is not in service yet waits for a technician.
        """
        setup = self.staff.part if self.staff is not None else None
        if self.staff is not None and isinstance(setup, Setup):
            self.staff = replace(self.staff, part=replace(setup, paused=True))
            return
        self.staff = None
        if self._closure is not None:
            self._shut(session)

    def take(self, session: Session, event: e.Event) -> SessionStep | None:
        """Take an event, if it is staff's. None: the session goes on with it as ever."""
        if isinstance(event, OwnSlotChanged):
            self._behind = event
        if isinstance(event, TechnicianCardSeen) and event.own and not self._still_in(event):
            return session, ()
        if self.staff is None:
            if isinstance(event, StaffEvent):
                return self._knocked(session, event)
            if isinstance(event, e.SlotChanged):
                self._at_attract = event.insertion if session.state is State.ATTRACT else 0
            return None if self._waiting is None else self._after_visit(session, event)
        return self._inside(session, self.staff, event)

    def _still_in(self, seen: TechnicianCardSeen) -> bool:
        """Whether the card is in the technicians' slot now: whoever pulls it may be faster than the look at it."""
        return self._behind.state in {SlotState.PRESENT, SlotState.MUTE} and self._behind.insertion == seen.insertion

    # ------------------------------------------------------------------------------------------------ outside

    def _knocked(self, session: Session, event: StaffEvent) -> SessionStep:
        """Somebody asks to come in, or an answer came too late."""
        if isinstance(event, NameHeld) and session.state is State.ATTRACT:
            return self._enter(session, entry.by_code)
        if isinstance(event, TechnicianCardSeen) and event.own:
            if session.state is State.ATTRACT:
                return self._enter(session, lambda staff: entry.by_card(staff, event))
            self._waiting = event
            return session, ()
        if isinstance(event, TechnicianCardSeen):
            alone = session.state is State.READING and self._at_attract == event.insertion
            if alone:
                return self._enter(session, lambda staff: entry.by_card(staff, event))
            return table.step(session, e.CardFailed("card-unknown", event.insertion, session_id=session.id))
        if isinstance(event, OwnSlotChanged):
            self._waiting = None
        return session, ()

    def _after_visit(self, session: Session, event: e.Event) -> SessionStep:
        """A citizen is served and a technician waits: staff mode begins with the attract screen."""
        session, effects = table.step(session, event)
        seen = self._waiting
        if session.state is not State.ATTRACT or seen is None:
            return session, effects
        self._waiting = None
        session, entered = self._enter(session, lambda staff: entry.by_card(staff, seen))
        return session, (*effects, *entered)

    def _enter(self, session: Session, begin: Callable[[Staff], StaffStep]) -> SessionStep:
        """The session goes back to its attract screen, and staff mode begins."""
        session = common.fresh(session)
        staff = Staff(entry.Entry(), session.world, session.language, closure=self._closure)
        quiet = (StopTimer(common.IDLE), StopTimer(common.WAIT), StopTimer(common.SECOND), ForgetPin())
        session, effects = self._after(begin(staff), session)
        return session, (*quiet, *effects)

    # ------------------------------------------------------------------------------------------------- inside

    def _inside(self, session: Session, staff: Staff, event: e.Event) -> SessionStep:
        told: tuple[Effect, ...] = ()
        if isinstance(event, e.SlotChanged):
            session = world_changed(session, event)
        elif type(event) in BOTH:
            session, told = table.step(session, event)
        elif isinstance(event, e.TimerFired) and not event.timer.startswith("staff."):
            return table.step(session, event)
        if type(event) in BOTH and type(event) not in table.WORLD:
            return session, told
        staff = replace(staff, world=session.world)
        if isinstance(staff.part, closed.Closed):
            session, effects = self._while_closed(session, staff, event)
        else:
            session, effects = self._after(step(staff, event), session)
        return session, (*told, *effects)

    def _while_closed(self, session: Session, staff: Staff, event: e.Event) -> SessionStep:
        """Out of service: only a technician gets past the screen."""
        if isinstance(event, NameHeld):
            return self._after(entry.by_code(replace(staff, part=entry.Entry())), session)
        if isinstance(event, TechnicianCardSeen) and (event.own or event.insertion == session.world.insertion):
            return self._after(entry.by_card(replace(staff, part=entry.Entry()), event), session)
        session, effects = self._after(step(staff, event), session)
        if isinstance(event, e.SlotChanged) and event.state is SlotState.PRESENT:
            return session, (*effects, RecogniseCard(event.insertion))
        return session, effects

    def _after(self, made: StaffStep, session: Session) -> SessionStep:
        staff, effects = made
        if staff is not None:
            self.staff, self._closure = staff, staff.closure
            return session, effects
        if self._closure is not None:
            return session, (*effects, ForgetPin(), ReleaseCard(), *self._shut(session))
        self.staff = None
        session, ended = common.end(session)
        return session, (*effects, *ended)

    def _shut(self, session: Session) -> tuple[Effect, ...]:
        self.staff, effects = closed.shut(Staff(closed.Closed(), session.world, closure=self._closure))
        return effects
