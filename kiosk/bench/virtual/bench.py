"""The virtual terminal under the calls of the bench's HTTP client: scenarios do not know which of the two they meet.

There is no glass: a press sends what the control carries, pictures are drawn only where asked for. Time passes only
where a hand waits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar, cast, get_args

from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.adapters.cards import TECHNICIAN, Tray
from kiosk.bench.adapters.faults import DeviceFaults, SimReaderFaults
from kiosk.bench.adapters.paper import PaperTray
from kiosk.bench.hands.bench import Json
from kiosk.bench.hands.phone import known
from kiosk.bench.ports import BenchError, no_square
from kiosk.bench.processes.technicians import offered, serial
from kiosk.bench.virtual.city import personas
from kiosk.bench.virtual.eye import controls_of, words_of
from kiosk.bench.virtual.kiosk import Kiosk
from kiosk.bench.virtual.painter import Draw
from kiosk.events import HeadphonesChanged, KeyName, KeyPressed, KeyTyped
from kiosk.pieces.strokes import Stroke, stroke
from kiosk.screen_model import Beside, Control, DateField, Field, WritingPad
from kiosk.words.city_time import city_moment
from kiosk.writing.zinnia import shared_or_tell

_T = TypeVar("_T")
DAY_S = 86_400
PORTRAIT, LANDSCAPE = (1080, 1920), (1920, 1080)
LOOK_S = 0.5
"""How much virtual time passes between two looks of a hand that waits."""
MOVED_ON_S = 6.0
"""Longer than the terminal takes to notice that the cable was pulled or put back."""
END_S = 400.0
"""No visit that nobody touches lasts longer."""


class VirtualBench:
    """One virtual terminal in `state_dir`, which must be empty. The same seed gives the same visit."""

    def __init__(
        self,
        state_dir: Path,
        *,
        landscape: bool = False,
        seed: int = 1,
        printer_model: str = "generic-80",
        authority: CardAuthority | None = None,
        draw: Draw | None = None,
    ) -> None:
        """`draw` makes the pictures that `screen` gives; without it there are none."""
        hand = shared_or_tell(lambda line: print(line, file=sys.stderr))
        self.kiosk = Kiosk(
            state_dir, landscape=landscape, seed=seed, printer_model=printer_model, authority=authority, hand=hand
        )
        self._draw, self._size = draw, LANDSCAPE if landscape else PORTRAIT
        self._tray = Tray(self.kiosk.reader, tuple(personas().values()), self.kiosk.authority)
        self._badge = self.kiosk.staff.document()
        self._tray.drawer.technician = lambda: self._badge
        self._own_tray = Tray(self.kiosk.own_reader, (), self.kiosk.authority, self._tray.drawer)
        self._faults = DeviceFaults(SimReaderFaults(self.kiosk.reader), self.kiosk.paper)
        self._faults.add("identity", self.kiosk.identity)
        self._paper = PaperTray(self.kiosk.paper, self.kiosk.printer)

    # ------------------------------------------------------------------------------------------------ the eye

    def state(self) -> Json:
        known = self.kiosk.terminal.public_state()
        session = ("id", "state", "service", "question", "number", "acked", "failure", "print")
        return {
            "screen": self.kiosk.screen.name,
            "session": {key: known[key] for key in session},
            "language": known["language"],
            "modes": asdict(self.kiosk.screen.modes),
            "devices": {
                "reader": {"state": known["slot"]},
                "printer": {"state": known["printer"]},
                "slot": {"card": self._tray.inserted()},
                "own_slot": {"card": self._own_tray.inserted()},
                "identity": {"card": self.kiosk.identity.there()},
                "clock": {"now": self._now()},
                "faults": [asdict(fault) for fault in self._faults.active()],
            },
            "outbox": {"pending": max(0, self.kiosk.store.last_seq - self.kiosk.store.acked)},
            "gateway": {"reachable": known["network_up"], "terminal": known["terminal"]},
        }

    def screen(self) -> bytes:
        return b"" if self._draw is None else self._draw(self.kiosk.screen, self._size)

    def words(self) -> list[str]:
        return words_of(self.kiosk.screen)

    def elements(self) -> list[Json]:
        return [
            {"id": one.id, "role": one.role, "text": one.text, "enabled": one.enabled and one.event is not None}
            for one in controls_of(self.kiosk.screen)
        ]

    def log(self, after: int = 0) -> list[Json]:
        lines = self.kiosk.terminal.log.recent
        return [
            {"n": n, "what": str(line.get("event", "")), "facts": dict(line)}
            for n, line in enumerate(lines, 1)
            if n > after
        ]

    # ------------------------------------------------------------------------------------------------ the hand

    def press(self, element: Json) -> Json:
        self.kiosk.touch(str(element["id"]))
        return self.state()

    def type_text(self, text: str) -> Json:
        """Press the key of each character, or hand it to the active field. Raises `BenchError` (`no-such-key`)."""
        for character in text:
            key = self._key(character)
            if key is not None:
                self.kiosk.touch(key.id)
            elif any(isinstance(piece, Field | DateField | Beside) for piece in self.kiosk.screen.body):
                self.kiosk.terminal.send(KeyTyped(character, session_id=self.kiosk.screen.session_id))
                self.kiosk.pump()
            else:
                raise BenchError("no-such-key", "The screen has no such key.", "Look at its elements.", 409)
        return self.state()

    def draw(self, strokes: Sequence[Stroke]) -> Json:
        """Write in the square on the screen. Raises `BenchError` (`no-writing-square`)."""
        for points in strokes:
            pad = next((one for one in self.kiosk.screen.body if isinstance(one, WritingPad)), None)
            if pad is None:
                raise no_square()
            self.kiosk.terminal.send(replace(pad.event, points=stroke(points)))
            self.kiosk.pump()
        return self.state()

    def _key(self, character: str) -> Control | None:
        return next(
            (
                one
                for one in controls_of(self.kiosk.screen)
                if one.role == "key" and one.event is not None and one.text.casefold() == character.casefold()
            ),
            None,
        )

    def key(self, key: str) -> Json:
        """Press a key of the tactile keypad. Raises `BenchError` (`no-such-key`)."""
        if key not in get_args(KeyName):
            raise BenchError("no-such-key", f"No keypad key is called {key}.", f"Known: {get_args(KeyName)}.", 404)
        self.kiosk.terminal.send(KeyPressed(cast("KeyName", key), session_id=self.kiosk.screen.session_id))
        return self._moved()

    def headphones(self, *, plugged: bool) -> Json:
        """At once: on a fake clock nobody looks at the socket twice a second."""
        self.kiosk.terminal.send(HeadphonesChanged(plugged))
        return self._moved()

    def speech(self) -> list[Json]:
        return [asdict(one) for one in self.kiosk.listener.heard()]

    def take_receipt(self) -> Json:
        return {"taken": self._paper.take()}

    def personas(self) -> list[Json]:
        return [asdict(persona) for persona in self._tray.personas()]

    def insert(self, persona: str) -> Json:
        """Raises `BenchError` as `Tray.insert_persona`."""
        self._tray.insert_persona(persona)
        self.kiosk.city.persona = personas().get(persona)
        return self._moved()

    def insert_card(self, document: Json) -> Json:
        """Raises `BenchError` as `Tray.insert_document`."""
        self._tray.insert_document(document)
        holder = cast("Mapping[str, object]", document.get("holder", {}))
        self.kiosk.city.persona = next(
            (one for one in personas().values() if one.id_number == holder.get("id_number")), None
        )
        return self._moved()

    def remove_card(self) -> Json:
        self._tray.remove()
        return self._moved()

    def badge(self, *, there: bool) -> Json:
        """Raises `BenchError` as `Tray.insert_persona` and `Tray.remove`."""
        if there:
            self._own_tray.insert_persona(TECHNICIAN)
        else:
            self._own_tray.remove()
        return self._moved()

    def identity(self, persona: str) -> Json:
        """Raises `BenchError` as `IdentityPad.lay`."""
        if persona:
            self.kiosk.lay(persona)
        else:
            self.kiosk.identity.take()
        return self._moved()

    def technician(self, what: str) -> Json:
        """As `Bench.technician`. Raises `BenchError` (`no-code`) where no code is on the screen."""
        if what == "joins" or what.startswith("stick-"):
            raise BenchError(
                "needs-real-stack", "On the virtual clock every terminal has joined.", "Play it with --stack real.", 409
            )
        if what == "revoked":
            self.kiosk.staff.revoked.add(serial(self._badge))
            return {}
        return {"digits": self.kiosk.staff.digits(offered(words_of(self.kiosk.screen)))}

    def reject(self, reason: str) -> Json:
        """Raises `BenchError` (`nothing-sent`) where no office has an entry of this terminal."""
        self.kiosk.store.reject(reason, self.kiosk.clock.wall_ms())
        return self._moved()

    def phone(self, what: str, persona: str = "") -> Json:
        """Raises `BenchError` as the real one (`kiosk/bench/adapters/phone.py`)."""
        page = self.kiosk.phone(known(what), persona or "parent")
        self._moved()
        return {"page": page}

    def advance(self, seconds: float) -> Json:
        """Let time pass. More than a day is jumped over: the timers that fell due meanwhile fire once."""
        if seconds > DAY_S:
            self.kiosk.clock.advance(seconds - LOOK_S)
            seconds = LOOK_S
        self.kiosk.wait(seconds)
        return self.state()

    def until(self, what: str, look: Callable[[], _T | None], deadline_s: float = 30.0) -> _T:
        """As `BenchClient.until`, in virtual seconds."""
        waited = 0.0
        while True:
            found = look()
            if found:
                return found
            if waited >= deadline_s:
                raise BenchError(
                    "not-in-time",
                    f"Waited {deadline_s:g} s for {what}; the screen is {self.kiosk.screen.name}.",
                    "See the log below, or play it with --report FILE.",
                    504,
                )
            self.kiosk.wait(LOOK_S)
            waited += LOOK_S

    # ------------------------------------------------------------------------------------- cables and devices

    def receipts(self) -> list[Json]:
        return [asdict(receipt) for receipt in self._paper.receipts()]

    def receipt_picture(self, n: int) -> bytes:
        return self._paper.picture(n)

    def network(self, **change: object) -> Json:
        """`up` cuts and mends. Latency and loss have no meaning where nothing takes time; they are refused.

        Raises `BenchError` (`needs-real-stack`).
        """
        if change.get("latency_ms") or change.get("loss"):
            raise BenchError(
                "needs-real-stack", "A slow or lossy cable needs real time.", "Play it with --stack real.", 409
            )
        up = bool(change.get("up", True))
        self.kiosk.city.up = up
        self.kiosk.store.ack_at_once = up
        if up:
            self.kiosk.store.acked = self.kiosk.store.last_seq
        self.kiosk.wait(MOVED_ON_S)
        return {"up": up, "latency_ms": 0, "loss": 0.0}

    def entries(self) -> list[Json]:
        """What the gateway holds: every document up to the last one acknowledged."""
        return [
            {"terminal": "T0001", "seq": seq, "document": dict(document)}
            for seq, document in self.kiosk.store.recorded
            if seq <= self.kiosk.store.acked
        ]

    def fault(self, device: str, fault: str, after: int | None = None) -> Json:
        """Raises `BenchError` as `DeviceFaults.set`."""
        self._faults.set(device, fault, after)
        return self._moved()

    def mend(self, **which: str) -> Json:
        self._faults.clear(which.get("device"), which.get("fault"))
        return self._moved()

    def reset(self) -> Json:
        """Make all whole, take the card away, and leave the terminal alone until it is at the attract screen.

        Raises `BenchError` (`session-stuck`).
        """
        self.mend()
        self._tray.reset()
        self._own_tray.reset()
        self.kiosk.identity.take()
        self.network(up=True)
        waited = 0.0
        while self.kiosk.screen.name != "attract":
            if waited > END_S:
                raise BenchError(
                    "session-stuck", f"Still on {self.kiosk.screen.name}.", "This is a fault of ours.", 500
                )
            self.kiosk.wait(LOOK_S)
            waited += LOOK_S
        return self.state()

    def close(self) -> None:
        """End the terminal."""
        self.kiosk.close()

    def _moved(self) -> Json:
        self.kiosk.pump()
        return self.state()

    def _now(self) -> str:
        now = city_moment(self.kiosk.clock.wall_ms())
        return now.strftime("%Y-%m-%dT%H:%M:%S")
