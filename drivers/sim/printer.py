"""A receipt printer that exists only in memory: the same twin in process and behind a pty.

`SimPrinter` is the device (bytes in, replies out) and the handle of whoever stands beside it: paper is loaded, covers
opened, power cut, faults set, and what came out is read as text and picture. It keeps its state as a printer does: what
it received and has not printed comes out when the roll is changed, unless somebody cleared it.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable

from drivers.printers.paper.layout import PAPERS
from drivers.printers.paper.raster import DEFAULT_FONT
from drivers.sim.printer_condition import CUTTER_BIT, ERROR_BITS, Board, Condition
from drivers.sim.printer_faults import FAULTS, Fault, Faults, Hand, Moment
from drivers.sim.printer_interpreter import (
    Action,
    Cut,
    Interpreter,
    Marker,
    NameQuery,
    Present,
    Printed,
    QueuedQuery,
    StatusBack,
)
from drivers.sim.printer_paper import SimReceipt, Strip
from drivers.sim.printer_path import NEAR_END_MM, ROLL_MM, PaperPath
from drivers.sim.printer_presenter import Presenter

_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_QUERY = re.compile(rb"\x10\x04[\x01-\x04\x14]")


class SimPrinter(Hand):
    """The printer. Thread-safe."""

    def __init__(
        self,
        *,
        width_mm: int = 80,
        clock: Callable[[], float] = time.monotonic,
        board: Board | None = None,
    ) -> None:
        """A printer with a full roll, switched on and started up."""
        self._board = board or Board()
        self._clock = clock
        self._path = PaperPath(PAPERS[width_mm], DEFAULT_FONT)
        self.presenter = Presenter() if self._board.presenter else None
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)
        self._listeners: list[Callable[[], None]] = []
        self._interpreter = Interpreter(self._path.paper, DEFAULT_FONT, native_qr=self._board.native_qr)
        self._buffer = bytearray()
        self._todo: deque[Action] = deque()
        self._cut_unproved = False
        self._tail = b""
        self._replies = bytearray()
        self._received = 0
        self._faults = Faults()
        self._active = self._faults.active
        self._power_on_at: float | None = None
        self._next_line_at = 0.0
        self._status_back = False
        self._told = b""
        self._jammed_cut: int | None = None
        self._wants_more = False

    @property
    def roll_remaining_mm(self) -> float:
        with self._lock:
            return self._path.roll_mm

    @property
    def receipts(self) -> list[SimReceipt]:
        """The pieces of paper, oldest first; the last may still hang in the printer (`cut` is False)."""
        with self._lock:
            return self._path.pieces

    @property
    def unknown_commands(self) -> list[bytes]:
        with self._lock:
            return list(self._interpreter.unknown)

    @property
    def faults(self) -> list[str]:
        """The faults that are there now, without those that wait for their byte or line."""
        with self._lock:
            return sorted(self._active)

    @property
    def powered(self) -> bool:
        """Whether it has power and is done with starting up."""
        with self._lock:
            on = self._active.keys().isdisjoint({"power-off", "power-cycle"})
            return on and self._power_on_at is None

    @property
    def plugged(self) -> bool:
        with self._lock:
            return "unplugged" not in self._active

    def set_fault(
        self,
        name: str,
        *,
        after_bytes: int | None = None,
        after_lines: int | None = None,
        moment: Moment | None = None,
        seconds: float = 2.0,
        lines_per_s: float = 4.0,
    ) -> None:
        """Let something go wrong now, after so many bytes or printed lines from now, or at a moment. See `FAULTS`.

        `seconds` is how long a power cycle takes, `lines_per_s` the pace of a slow printer. Raises `ValueError`.
        """
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; known are {', '.join(sorted(FAULTS))}")
        with self._lock:
            at_byte = None if after_bytes is None else self._received + after_bytes
            at_line = None if after_lines is None else self._path.lines + after_lines
            fault = Fault(name, at_byte, at_line, moment, seconds, lines_per_s)
            if not self._faults.arm(fault):
                self._begin(fault)
            self._run()

    def clear_fault(self, name: str | None = None) -> None:
        """End one fault, or all; the ones that still wait are forgotten. The printer goes on with what it holds."""
        with self._lock:
            ended = self._faults.forget(name)
            if not {"paper-out", "near-end"}.isdisjoint(ended):
                self._path.roll_mm = ROLL_MM
            if not {"power-off", "power-cycle"}.isdisjoint(ended):
                self._power_on_at = self._clock() + self._board.boot_s
            self._run()

    def load_roll(self, mm: float = ROLL_MM) -> None:
        """Put a roll of `mm` in; what the printer holds comes out."""
        with self._lock:
            self._path.roll_mm = mm
            for fault in ("paper-out", "near-end"):
                self._active.pop(fault, None)
            self._run()

    def take_ticket(self) -> bool:
        """A hand takes the ticket out of the presenter; False if none waits there."""
        with self._lock:
            taken = self.presenter is not None and self.presenter.take() is not None
            self._run()
            return taken

    def reset(self) -> None:
        """A printer out of the box: no faults, a full roll, no paper in the tray."""
        with self._lock:
            self._power_cut()
            self._replies.clear()
            self._path = self._path.fresh()
            self._power_on_at = None
            if self.presenter is not None:
                self.presenter = Presenter()
            self.clear_fault()
            self._power_on_at = None

    def receive(self, data: bytes) -> int:
        """Take bytes off the wire and return how many: fewer than given while the buffer is full."""
        with self._lock:
            self._start_up(self._clock())
            taken = 0
            while taken < len(data):
                if not self.plugged:
                    break
                room = self._room()
                stop = self._faults.next_byte()
                piece = data[taken : taken + max(0, room if stop is None else min(room, stop - self._received))]
                self._accept(piece)
                taken += len(piece)
                self._run()
                if not piece and room <= 0:
                    break
            return taken

    def take_replies(self, limit: int = 4096) -> bytes:
        """What the printer has to say, at most `limit` bytes of it."""
        with self._lock:
            data = bytes(self._replies[:limit])
            del self._replies[:limit]
            return data

    @property
    def has_replies(self) -> bool:
        with self._lock:
            return bool(self._replies)

    @property
    def has_room(self) -> bool:
        with self._lock:
            return self._room() > 0

    def tick(self) -> None:
        """Let time pass: power comes back, a slow printer prints its next line."""
        with self._lock:
            self._run()

    def next_due_s(self) -> float | None:
        """Seconds until `tick` has something to do, or None if only a hand or a byte changes anything."""
        with self._lock:
            slow = self._buffer and "slow" in self._active and self._can_print()
            due = [t for t in (self._power_on_at, self._next_line_at if slow else None) if t is not None]
            return max(0.0, min(due) - self._clock()) if due else None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something may have changed; it must not block."""
        with self._lock:
            self._listeners.append(listener)

    def _room(self) -> int:
        """Bytes that can be taken; a picture larger than the buffer is printed as it comes, so it needs more."""
        size = self._board.buffer_bytes
        return size if self._wants_more else max(0, size - len(self._buffer))

    def _accept(self, data: bytes) -> None:
        self._received += len(data)
        if not self.powered:
            self._path.lost = self._path.lost or bool(_QUERY.sub(b"", data))
            return
        if b"\x10" not in self._tail + data:
            self._tail = (self._tail + data)[-len(_CLEAR) :]
            self._buffer += data
            return
        for i in range(len(data)):
            self._tail = (self._tail + data[i : i + 1])[-len(_CLEAR) :]
            self._buffer += data[i : i + 1]
            self._obey_at_once()

    def _obey_at_once(self) -> None:
        """Real-time commands are obeyed wherever they stand, also inside a picture."""
        if self._tail[-3:-1] == b"\x10\x04" and 1 <= self._tail[-1] <= 4:
            self._say(bytes([self._claimed().real_time(self._tail[-1])]))
        elif self._tail[-3:] == b"\x10\x04\x14" and self.presenter is not None:
            jammed = "presenter-jam" in self._active and "lying" not in self._active
            self._say(self.presenter.full_status(self._claimed(), jammed=jammed))
        elif self._tail[-3:] == b"\x10\x05\x02":
            self._jammed_cut = None
            self._forget()
        elif self._tail == _CLEAR:
            self._forget()
            self._say(b"\x37\x25\x00")

    def _forget(self) -> None:
        """Drop what was received and not printed; the paper that hangs out is no whole receipt any more."""
        self._path.lost = self._path.lost or self._path.has_print
        self._buffer.clear()
        self._todo.clear()
        self._cut_unproved = self._wants_more = False
        self._interpreter.reset()

    def _run(self) -> None:
        """Do all that can be done now, then tell whoever waits."""
        now = self._clock()
        self._start_up(now)
        if self._jammed_cut is not None and "cutter-jam" not in self._active:
            feed, self._jammed_cut = self._jammed_cut, None
            self._cut(feed)
        self._wants_more = False
        while (self._todo or self._buffer) and self._can_print() and self._in_pace(now):
            if self._todo:
                self._do(self._todo.popleft())
                self._fire()
                continue
            actions = self._interpreter.read(self._buffer)
            if actions is None:
                self._wants_more = True
                break
            self._todo += actions
        self._fire()
        self._tell_changes()
        self.changed.notify_all()
        for listener in self._listeners:
            listener()

    def _start_up(self, now: float) -> None:
        if self._power_on_at is not None and now >= self._power_on_at:
            self._power_on_at = None
            self._active.pop("power-cycle", None)
            if self._board.power_on_notice and self.powered:
                self._say(b"\x3b\x31\x00")

    def _in_pace(self, now: float) -> bool:
        return "slow" not in self._active or now >= self._next_line_at

    def _can_print(self) -> bool:
        return self.powered and not self._condition().offline

    def _do(self, action: Action) -> None:
        match action:
            case Printed(strip):
                self._print(strip)
            case Cut(feed):
                if not self._stopped_at("before-cut", action):
                    self._cut(feed)
            case NameQuery() if self._board.name:
                self._say(b"\x5f" + self._board.name.encode("ascii") + b"\x00")
            case Marker() | QueuedQuery():
                self._answer(action)
            case Present(steps) if self.presenter is not None and "presenter-jam" not in self._active:
                self.presenter.present() if steps else self.presenter.retract()
            case StatusBack(enabled) if self._board.status_back:
                self._status_back, self._told = enabled, b""
            case _:
                return

    def _answer(self, action: Marker | QueuedQuery) -> None:
        """Answer a question that came in its turn."""
        if self._cut_unproved and self._stopped_at("before-proof", action):
            return
        self._cut_unproved = False
        if "no-markers" in self._active:
            return
        if isinstance(action, QueuedQuery):
            self._say(self._claimed().queued())
        elif self._board.markers:
            self._say(b"\x37\x22" + action.marker + b"\x00")

    def _print(self, strip: Strip) -> None:
        self._path.print(strip)
        if "slow" in self._active:
            self._next_line_at = max(self._next_line_at, self._clock()) + 1 / self._active["slow"].lines_per_s

    def _cut(self, feed: int) -> None:
        if "cutter-jam" in self._active:
            self._jammed_cut = feed
            return
        piece = self._path.cut(feed)
        if piece is not None and self.presenter is not None:
            self.presenter.hold(piece.number)
        self._cut_unproved = True
        for fault in self._faults.take_at("after-cut"):
            self._begin(fault)

    def _fire(self) -> None:
        for fault in self._faults.take_due(self._received, self._path.lines):
            self._begin(fault)

    def _stopped_at(self, moment: Moment, action: Action) -> bool:
        """Begin what waited for this moment; if that stops the printer, the action is put back for later."""
        for fault in self._faults.take_at(moment):
            self._begin(fault)
        if self._can_print():
            return False
        if self.powered:
            self._todo.appendleft(action)
        return True

    def _begin(self, fault: Fault) -> None:
        if fault.name == "paper-out":
            self._path.roll_mm = 0.0
        elif fault.name == "near-end":
            self._path.roll_mm = min(self._path.roll_mm, NEAR_END_MM)
        elif fault.name == "noise":
            self._say(b"\xff\x80\x10\x95\x5f")
            return
        elif fault.name in {"power-off", "power-cycle"}:
            self._power_cut()
            if fault.name == "power-cycle":
                self._power_on_at = self._clock() + fault.seconds + self._board.boot_s
        self._active[fault.name] = fault

    def _power_cut(self) -> None:
        self._path.lost = self._path.lost or bool(self._buffer) or bool(self._todo) or self._interpreter.has_half_line
        self._jammed_cut = None
        self._forget()
        self._tail = b""
        self._status_back = False

    def _say(self, data: bytes) -> None:
        if self.powered and self.plugged and "mute" not in self._active:
            self._replies += data

    def _condition(self) -> Condition:
        jam = CUTTER_BIT if self._jammed_cut is not None else 0
        errors = jam + sum(ERROR_BITS.get(name, 0) for name in self._active)
        out, near = self._path.roll_mm <= 0, self._path.roll_mm <= NEAR_END_MM
        return Condition(out, near, "cover-open" in self._active, errors)

    def _claimed(self) -> Condition:
        """What it says of itself: a printer that lies is always well."""
        return Condition(False, False, False, 0) if "lying" in self._active else self._condition()

    def _tell_changes(self) -> None:
        """Automatic status back: four bytes whenever they differ from the last four."""
        now = self._claimed().auto()
        if self._status_back and now != self._told:
            self._told = now
            self._say(now)
