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
from dataclasses import dataclass
from pathlib import Path

from drivers.printers.layout import PAPERS
from drivers.printers.raster import DEFAULT_FONT
from drivers.sim.printer_condition import CUTTER_BIT, ERROR_BITS, Condition
from drivers.sim.printer_interpreter import Action, Cut, Interpreter, Marker, Printed, QueuedQuery, StatusBack
from drivers.sim.printer_paper import DOTS_PER_MM, BlankStrip, SimReceipt, Strip, TextStrip

BUFFER_BYTES = 4096
ROLL_MM = 80_000.0
NEAR_END_MM = 4_000.0
KEPT_RECEIPTS = 200
_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_HEAD_TO_CUTTER_DOTS = 24

FAULTS = frozenset({
    "paper-out", "near-end", "cover-open", "cutter-jam", "head-hot", "unrecoverable", "power-off", "power-cycle",
    "mute", "no-markers", "slow", "noise", "unplugged",
})  # fmt: skip
_QUERY = re.compile(rb"\x10\x04[\x01-\x04]")


@dataclass(frozen=True)
class _Armed:
    name: str
    at_byte: int | None
    at_line: int | None
    seconds: float
    lines_per_s: float


class SimPrinter:
    """The printer. Thread-safe."""

    def __init__(
        self,
        *,
        width_mm: int = 80,
        clock: Callable[[], float] = time.monotonic,
        font: Path = DEFAULT_FONT,
        markers: bool = True,
        native_qr: bool = True,
        status_back: bool = True,
    ) -> None:
        """A printer with a full roll, switched on. `markers`, `native_qr` and `status_back` are what its board can."""
        self._paper = PAPERS[width_mm]
        self._clock = clock
        self._font = font
        self._knows_markers = markers
        self._knows_status_back = status_back
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)
        self._listeners: list[Callable[[], None]] = []
        self._interpreter = Interpreter(self._paper, font, native_qr=native_qr)
        self._buffer = bytearray()
        self._tail = b""
        self._replies = bytearray()
        self._receipts: deque[SimReceipt] = deque(maxlen=KEPT_RECEIPTS)
        self._strips: list[Strip] = [BlankStrip(_HEAD_TO_CUTTER_DOTS)]
        self._cuts = 0
        self._lost = False
        self._received = self._lines = 0
        self._armed: list[_Armed] = []
        self._active: dict[str, _Armed] = {}
        self._power_on_at: float | None = None
        self._next_line_at = 0.0
        self._status_back = False
        self._told = b""
        self._jammed_cut: int | None = None
        self._wants_more = False
        self.roll_remaining_mm = ROLL_MM

    @property
    def receipts(self) -> list[SimReceipt]:
        """The pieces of paper, oldest first; the last may still hang in the printer (`cut` is False)."""
        with self._lock:
            hanging = [self._piece(cut=False)] if self._has_print() else []
            return [*self._receipts, *hanging]

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
        with self._lock:
            return self._active.keys().isdisjoint({"power-off", "power-cycle"})

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
        seconds: float = 2.0,
        lines_per_s: float = 4.0,
    ) -> None:
        """Let something go wrong now, or after so many bytes or printed lines from now. See `FAULTS`.

        `seconds` is how long a power cycle takes, `lines_per_s` the pace of a slow printer. Raises `ValueError`.
        """
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; known are {', '.join(sorted(FAULTS))}")
        with self._lock:
            at_byte = None if after_bytes is None else self._received + after_bytes
            at_line = None if after_lines is None else self._lines + after_lines
            fault = _Armed(name, at_byte, at_line, seconds, lines_per_s)
            if at_byte is None and at_line is None:
                self._begin(fault)
            else:
                self._armed.append(fault)
            self._run()

    def clear_fault(self, name: str | None = None) -> None:
        """End one fault, or all; the ones that still wait are forgotten. The printer goes on with what it holds."""
        with self._lock:
            self._armed = [f for f in self._armed if name is not None and f.name != name]
            for fault in [f for f in self._active if name in (None, f)]:
                del self._active[fault]
                if fault in {"paper-out", "near-end"}:
                    self.roll_remaining_mm = ROLL_MM
            self._run()

    def load_roll(self, mm: float = ROLL_MM) -> None:
        """Put a roll of `mm` in; what the printer holds comes out."""
        with self._lock:
            self.roll_remaining_mm = mm
            for fault in ("paper-out", "near-end"):
                self._active.pop(fault, None)
            self._run()

    def open_cover(self) -> None:
        self.set_fault("cover-open")

    def close_cover(self) -> None:
        self.clear_fault("cover-open")

    def power_off(self) -> None:
        self.set_fault("power-off")

    def power_on(self) -> None:
        self.clear_fault("power-off")

    def unplug(self) -> None:
        self.set_fault("unplugged")

    def plug(self) -> None:
        self.clear_fault("unplugged")

    def reset(self) -> None:
        """A printer out of the box: no faults, a full roll, no paper in the tray."""
        with self._lock:
            self._power_cut()
            self._replies.clear()
            self._receipts.clear()
            self._strips = [BlankStrip(_HEAD_TO_CUTTER_DOTS)]
            self._cuts, self._lost = 0, False
            self.roll_remaining_mm = ROLL_MM
            self.clear_fault()

    def receive(self, data: bytes) -> int:
        """Take bytes off the wire and return how many: fewer than given while the buffer is full."""
        with self._lock:
            taken = 0
            while taken < len(data):
                if not self.plugged:
                    break
                room = self._room()
                stops = [f.at_byte - self._received for f in self._armed if f.at_byte is not None]
                piece = data[taken : taken + max(0, min([room, *stops], default=room))]
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
        return BUFFER_BYTES if self._wants_more else max(0, BUFFER_BYTES - len(self._buffer))

    def _accept(self, data: bytes) -> None:
        self._received += len(data)
        if not self.powered:
            self._lost = self._lost or bool(_QUERY.sub(b"", data))
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
            self._say(bytes([self._condition().real_time(self._tail[-1])]))
        elif self._tail[-3:] == b"\x10\x05\x02":
            self._jammed_cut = None
            self._forget()
        elif self._tail == _CLEAR:
            self._forget()
            self._say(b"\x37\x25\x00")

    def _forget(self) -> None:
        """Drop what was received and not printed; the paper that hangs out is no whole receipt any more."""
        self._lost = self._lost or self._has_print()
        self._buffer.clear()
        self._wants_more = False
        self._interpreter.reset()

    def _run(self) -> None:
        """Do all that can be done now, then tell whoever waits."""
        now = self._clock()
        if self._power_on_at is not None and now >= self._power_on_at:
            self._power_on_at = None
            self._active.pop("power-cycle", None)
        if self._jammed_cut is not None and "cutter-jam" not in self._active:
            feed, self._jammed_cut = self._jammed_cut, None
            self._cut(feed)
        self._wants_more = False
        while self._buffer and self._can_print() and self._in_pace(now):
            actions = self._interpreter.step(self._buffer)
            if actions is None:
                self._wants_more = True
                break
            for action in actions:
                self._do(action)
            if any(f.at_line is not None for f in self._armed):
                self._fire()
        self._fire()
        self._tell_changes()
        self.changed.notify_all()
        for listener in self._listeners:
            listener()

    def _in_pace(self, now: float) -> bool:
        return "slow" not in self._active or now >= self._next_line_at

    def _can_print(self) -> bool:
        return self.powered and not self._condition().offline

    def _do(self, action: Action) -> None:
        match action:
            case Printed(strip):
                self._print(strip)
            case Cut(feed):
                self._cut(feed)
            case Marker(marker) if self._knows_markers and "no-markers" not in self._active:
                self._say(b"\x37\x22" + marker + b"\x00")
            case QueuedQuery() if "no-markers" not in self._active:
                self._say(self._condition().queued())
            case StatusBack(enabled) if self._knows_status_back:
                self._status_back, self._told = enabled, b""
            case _:
                return

    def _print(self, strip: Strip) -> None:
        if self.roll_remaining_mm <= 0:  # the roll ended within one command
            self._lost = True
            return
        self._strips.append(strip)
        self.roll_remaining_mm -= strip.pitch / DOTS_PER_MM
        if isinstance(strip, TextStrip):
            self._lines += 1
        if "slow" in self._active:
            self._next_line_at = max(self._next_line_at, self._clock()) + 1 / self._active["slow"].lines_per_s

    def _cut(self, feed: int) -> None:
        if "cutter-jam" in self._active:
            self._jammed_cut = feed
            return
        self._print(BlankStrip(_HEAD_TO_CUTTER_DOTS + feed))
        if self._has_print():
            self._cuts += 1
            self._receipts.append(self._piece(cut=True))
        # What lies between head and cutter is the top of the next piece.
        self._strips = [BlankStrip(_HEAD_TO_CUTTER_DOTS)]
        self._lost = False

    def _has_print(self) -> bool:
        return any(not isinstance(s, BlankStrip) for s in self._strips)

    def _piece(self, *, cut: bool) -> SimReceipt:
        number = self._cuts if cut else self._cuts + 1
        return SimReceipt(number, tuple(self._strips), cut, cut and not self._lost, self._paper.dots, self._font)

    def _fire(self) -> None:
        for fault in list(self._armed):
            by_byte = fault.at_byte is not None and self._received >= fault.at_byte
            by_line = fault.at_line is not None and self._lines >= fault.at_line
            if by_byte or by_line:
                self._armed.remove(fault)
                self._begin(fault)

    def _begin(self, fault: _Armed) -> None:
        if fault.name == "paper-out":
            self.roll_remaining_mm = 0.0
        elif fault.name == "near-end":
            self.roll_remaining_mm = min(self.roll_remaining_mm, NEAR_END_MM)
        elif fault.name == "noise":
            self._say(b"\xff\x80\x10\x95\x5f")
            return
        elif fault.name in {"power-off", "power-cycle"}:
            self._power_cut()
            if fault.name == "power-cycle":
                self._power_on_at = self._clock() + fault.seconds
        self._active[fault.name] = fault

    def _power_cut(self) -> None:
        self._lost = self._lost or bool(self._buffer) or self._interpreter.has_half_line
        self._jammed_cut = None
        self._forget()
        self._tail = b""
        self._status_back = False

    def _say(self, data: bytes) -> None:
        if self.powered and self.plugged and "mute" not in self._active:
            self._replies += data

    def _condition(self) -> Condition:
        jam = CUTTER_BIT if self._jammed_cut is not None else 0
        errors = jam + sum(bit for name, bit in ERROR_BITS.items() if name in self._active)
        out, near = self.roll_remaining_mm <= 0, self.roll_remaining_mm <= NEAR_END_MM
        return Condition(out, near, "cover-open" in self._active, errors)

    def _tell_changes(self) -> None:
        """Automatic status back: four bytes whenever they differ from the last four."""
        now = self._condition().auto()
        if self._status_back and now != self._told:
            self._told = now
            self._say(now)
