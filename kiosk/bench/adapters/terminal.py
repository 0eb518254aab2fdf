"""The terminal as the bench drives it: its runtime, its clock, its outbox, and the screen model it shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from drivers.api import SlotState
from kiosk.bench.ports import BenchError
from kiosk.bench.virtual.eye import words_of
from kiosk.clock import SystemClock, local_minute
from kiosk.events import ClockTicked
from kiosk.screen_model import ScreenModel
from kiosk.terminal import Terminal
from kiosk.words.city_time import city_moment
from offline_cache.errors import CacheError
from offline_cache.outbox import Outbox

RESET_TIMEOUT_S = 30.0
RESET_LOOK_S = 0.05
ATTRACT = "attract"
STEPPED_S = 1800.0
TICK_S = 0.05
"""The shortest time that is leapt over at once."""


class TerminalAdapter:
    """The `TerminalPort` over a started `Terminal`. `on_glass` gives the newest model once it is drawn.

    Screen, language and modes are those on the glass: who waits for a screen and then looks for its controls finds
    them.
    """

    def __init__(self, terminal: Terminal, on_glass: Callable[[], ScreenModel], outbox: Outbox) -> None:
        self._terminal = terminal
        self._on_glass = on_glass
        self._outbox = outbox

    def public_state(self) -> Mapping[str, object]:
        known = self._terminal.public_state()
        model = self._on_glass()
        session = ("id", "state", "service", "question", "number", "acked", "failure", "print")
        return {
            "screen": model.name,
            "session": {key: known[key] for key in session},
            "language": model.language,
            "modes": asdict(model.modes),
            "devices": {"reader": {"state": known["slot"]}, "printer": {"state": known["printer"]}},
            "outbox": self._figures(),
            "gateway": {"reachable": known["network_up"], "terminal": known["terminal"]},
        }

    def words(self) -> Sequence[str]:
        return words_of(self._on_glass())

    def settle(self, timeout_s: float) -> bool:
        return self._terminal.settle(timeout_s)

    def end_session(self) -> None:
        """Leave whatever screen there is, and wait for the attract screen and for the slot to be seen empty.

        Raises `BenchError` (`session-stuck`).
        """
        pause = threading.Event()
        ends = time.monotonic() + RESET_TIMEOUT_S
        while time.monotonic() < ends:
            self._terminal.end_session()
            self._terminal.settle(RESET_TIMEOUT_S)
            slot = self._terminal.public_state()["slot"]
            if self._on_glass().name == ATTRACT and slot not in (SlotState.PRESENT, SlotState.MUTE):
                return
            pause.wait(RESET_LOOK_S)
        raise BenchError("session-stuck", "The session does not end.", "GET /api/log; then restart the bench.", 503)

    def _figures(self) -> Mapping[str, object]:
        try:
            return asdict(self._outbox.status())
        except CacheError as error:
            raise BenchError("outbox-unreadable", str(error), "See STATE/outbox.db.", 503) from error


class MovableClock:
    """The `ClockHandle` over the terminal's own clock; the runtime learns the new time and fires due timers at once."""

    def __init__(self, clock: SystemClock, terminal: Terminal) -> None:
        self._clock = clock
        self._terminal = terminal

    def advance(self, seconds: float) -> None:
        """Up to half an hour passes from timer to timer, so that a countdown counts; longer is one leap."""
        left = seconds
        while 0 < left <= STEPPED_S:
            due = self._terminal.runtime.next_in_s()
            step = min(left, max(due if due is not None else left, TICK_S))
            self._clock.shift(step)
            self._terminal.runtime.wake()
            self._terminal.settle(RESET_TIMEOUT_S)
            left -= step
        if left > STEPPED_S:
            self._clock.shift(left)
        self._tell()

    def offset_s(self) -> float:
        return self._clock.shift_s

    @property
    def battery_dead(self) -> bool:
        return self._clock.battery_dead

    def now_iso(self) -> str:
        now = city_moment(self._clock.wall_ms())
        return now.strftime("%Y-%m-%dT%H:%M:%S")

    def reset(self) -> None:
        self._clock.unshift()
        self._clock.new_battery()
        self._tell()

    def set_battery(self, *, dead: bool) -> None:
        """A dead battery lets the wall clock fall to 2001; a new one puts it right. Timers do not mind."""
        (self._clock.lose_battery if dead else self._clock.new_battery)()
        self._tell()

    def _tell(self) -> None:
        self._terminal.send(ClockTicked(local_minute(self._clock.wall_ms())))
        self._terminal.runtime.wake()


BATTERY_DEAD = "battery-dead"


class ClockFaults:
    """The faults of the device `clock`, as `DeviceFaults.add` takes them."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock

    def offers(self) -> Sequence[str]:
        return (BATTERY_DEAD,)

    def active(self) -> Sequence[str]:
        return (BATTERY_DEAD,) if self._clock.battery_dead else ()

    def set(self, fault: str) -> None:
        del fault
        self._clock.set_battery(dead=True)

    def clear(self, fault: str) -> None:
        del fault
        self._clock.set_battery(dead=False)
