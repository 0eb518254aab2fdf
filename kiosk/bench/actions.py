"""What a tester's hand does to the bench, one thing at a time: act, let the terminal settle, let the screen draw.

A script that gets an answer may read the state at once: the event was handled, and the screen that follows is on the
glass. Work that a worker does meanwhile (reading a card, printing) goes on; scripts wait for the screen they expect.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from kiosk.bench.adapters.cards import TECHNICIAN
from kiosk.bench.ports import BenchError, BenchPorts, ElementView
from kiosk.bench.scenarios.format import Scenario, stroke_text
from kiosk.bench.scenarios.record import Recorder, takes_pin
from kiosk.pieces.strokes import Stroke
from kiosk.settings import Settings

SETTLE_TIMEOUT_S = 10.0
DAY_S = 86_400
CLOCK, BATTERY_DEAD = "clock", "battery-dead"


class BenchActions:
    """All that changes something. Calls from several threads take turns."""

    def __init__(self, ports: BenchPorts) -> None:
        self._ports = ports
        self._turn = threading.Lock()
        self.recorder = Recorder()

    def state(self) -> dict[str, object]:
        """The document of `GET /api/state`."""
        known = self._ports.terminal.public_state()
        width, height = self._ports.screen.size()
        devices = _mapping(known.get("devices"))
        supply = self._ports.paper.supply()
        roll = {"left_mm": supply.left_mm, "full_mm": supply.full_mm}
        return {
            "screen": known["screen"],
            "display": {"width": width, "height": height},
            "session": known["session"],
            "language": known["language"],
            "modes": known["modes"],
            "devices": {
                **devices,
                "printer": {**_mapping(devices.get("printer")), "roll": roll, "mouth": supply.mouth},
                "slot": {"card": self._ports.tray.inserted()},
                "own_slot": {"card": self._ports.own_tray.inserted()},
                "identity": {"card": self._ports.identity.there()},
                "network": asdict(self._ports.network.view()),
                "clock": {"now": self._ports.clock.now_iso(), "offset_s": self._ports.clock.offset_s()},
                "faults": [asdict(fault) for fault in self._ports.faults.active()],
            },
            "outbox": known["outbox"],
            "gateway": {**_mapping(known.get("gateway")), **self._ports.gateway.state()},
        }

    def touch_element(self, element_id: str) -> dict[str, object]:
        """Touch the middle of this control. Raises `BenchError`: `no-such-element`, `element-disabled`."""
        with self._act():
            self._settle()
            element = self._element(element_id)
            if not element.enabled:
                raise BenchError(
                    "element-disabled",
                    f"{element_id} is on the screen but cannot be pressed yet.",
                    "Answer what the screen asks first; GET /api/elements shows what is enabled.",
                    409,
                )
            self.recorder.touched(element.id, element.text, element.role)
            self._ports.screen.touch(element.x + element.width / 2, element.y + element.height / 2)
            self._ports.log.note("hand.touch", id=_nameable(element))
        return self.state()

    def touch_point(self, x: float, y: float) -> dict[str, object]:
        """Touch this place. Raises `BenchError` (`outside-display`)."""
        width, height = self._ports.screen.size()
        if not (0 <= x < width and 0 <= y < height):
            raise BenchError(
                "outside-display", f"The display is {width} by {height} pixels.", "Give a place on the display.", 422
            )
        with self._act():
            self._settle()
            met = [element for element in self._ports.screen.elements() if _covers(element, x, y)]
            if met and met[-1].role != "text" and met[-1].enabled:
                self.recorder.touched(met[-1].id, met[-1].text, met[-1].role)
            self._ports.screen.touch(x, y)
            self._ports.log.note("hand.touch", id=_nameable(met[-1]) if met else "")
        return self.state()

    def type_text(self, text: str) -> dict[str, object]:
        """Press the keys on the screen. The text itself is never noted."""
        with self._act():
            on_pin = self._takes_pin()
            self._ports.screen.type_text(text)
            self.recorder.typed(text, on_pin=on_pin)
            self._ports.log.note("hand.type", keys=len(text))
        return self.state()

    def draw(self, strokes: Sequence[Stroke]) -> dict[str, object]:
        """Write strokes in the square on the screen. What is written is never noted."""
        with self._act():
            self._settle()
            self._ports.screen.draw(strokes)
            self.recorder.did("draw", [stroke_text(one) for one in strokes])
            self._ports.log.note("hand.draw", strokes=len(strokes))
        return self.state()

    def press_key(self, key: str) -> dict[str, object]:
        """Press a key of the tactile keypad. A digit may belong to a PIN: it is not told."""
        with self._act():
            on_pin = self._takes_pin()
            self._ports.screen.press_key(key)
            self.recorder.pressed(key, on_pin=on_pin)
            self._ports.log.note("hand.key", key="digit" if key.isdigit() else key)
        return self.state()

    def plug_headphones(self, *, there: bool) -> dict[str, object]:
        """Plug headphones in, or pull them out; the terminal looks at its socket twice a second."""
        with self._act():
            self._ports.speech.plug(there=there)
            self.recorder.did("headphones", "in" if there else "out")
            self._ports.log.note("hand.headphones", there=there)
        return self.state()

    def insert_persona(self, persona: str) -> dict[str, object]:
        with self._act():
            self._ports.tray.insert_persona(persona)
            card = next((one.card for one in self._ports.tray.personas() if one.id == persona), {})
            self.recorder.inserted(persona, card)
            self._ports.log.note("hand.card-in", persona=persona)
        return self.state()

    def insert_document(self, document: Mapping[str, object]) -> dict[str, object]:
        with self._act():
            self._ports.tray.insert_document(document)
            self.recorder.inserted("", document)
            self._ports.log.note("hand.card-in", profile=str(document.get("profile", "")))
        return self.state()

    def remove_card(self) -> dict[str, object]:
        with self._act():
            self._ports.tray.remove()
            self.recorder.did("pull")
            self._ports.log.note("hand.card-out")
        return self.state()

    def badge(self, *, there: bool) -> dict[str, object]:
        """Put the technician's card into its own slot, or pull it out there."""
        with self._act():
            if there:
                self._ports.own_tray.insert_persona(TECHNICIAN)
            else:
                self._ports.own_tray.remove()
            self.recorder.did("badge", "in" if there else "out")
            self._ports.log.note("hand.badge", there=there)
        return self.state()

    def identity(self, persona: str) -> dict[str, object]:
        """Lay a persona's identity card on its own reader; empty: take away what lies there."""
        with self._act():
            if persona:
                self._ports.identity.lay(persona)
            else:
                self._ports.identity.take()
            self.recorder.did("identity", persona or "none")
            self._ports.log.note("hand.identity", persona=persona)
        return self.state()

    def phone(self, what: str, persona: str) -> dict[str, object]:
        """A tap on the citizen's own telephone; `page` is what it shows then."""
        with self._act():
            page = self._ports.phone.do(what, persona, self._ports.terminal.words())
            whose = {"persona": persona} if what == "scan" else {}
            self.recorder.did("phone", {"do": what, **whose} if whose else what)
            self._ports.log.note("hand.phone", tap=what, page=page)
        return {"page": page}

    def technician(self, what: str) -> dict[str, object]:
        """What a technician has the gateway do; `digits` are those of a one-time code, which the log does not name."""
        with self._act():
            digits = self._ports.officials.technician(what, self._ports.terminal.words())
            self.recorder.technician(what, digits)
            self._ports.log.note("hand.technician", does=what)
        return {"digits": digits}

    def reject(self, reason: str) -> dict[str, object]:
        """The office that has the last application rejects it."""
        with self._act():
            self._ports.officials.reject(reason)
            self.recorder.did("rejected", reason)
            self._ports.log.note("office.rejected", reason=reason)
        return self.state()

    def take_receipt(self) -> dict[str, object]:
        """Take the receipt out of the printer's mouth; `taken` is false where none waits."""
        with self._act():
            taken = self._ports.paper.take()
            if taken:
                self.recorder.did("take-receipt")
            self._ports.log.note("hand.paper", taken=taken)
        return {"taken": taken}

    def set_network(self, up: bool | None, latency_ms: int | None, loss: float | None) -> dict[str, object]:
        """What is None stays as it is."""
        with self._act():
            now = self._ports.network.view()
            self._ports.network.set(
                up=now.up if up is None else up,
                latency_ms=now.latency_ms if latency_ms is None else latency_ms,
                loss=now.loss if loss is None else loss,
            )
            after = asdict(self._ports.network.view())
            plain = not after["latency_ms"] and not after["loss"]
            self.recorder.did("network", ("up" if after["up"] else "down") if plain else dict(after))
            self._ports.log.note("cable", **after)
        return after

    def set_fault(self, device: str, fault: str, after: int | None) -> None:
        with self._act():
            self._ports.faults.set(device, fault, after)
            strikes = {} if after is None else {"after": after}
            self.recorder.did("fault", {"device": device, "fault": fault, **strikes})
            self._ports.log.note("fault.on", device=device, fault=fault)

    def clear_faults(self, device: str | None, fault: str | None) -> None:
        with self._act():
            self._ports.faults.clear(device, fault)
            self.recorder.did("mend", device or "all")
            self._ports.log.note("fault.off", device=device or "all", fault=fault or "all")

    def advance_clock(self, seconds: float) -> dict[str, object]:
        with self._act():
            self._ports.clock.advance(seconds)
            if days := int(seconds // DAY_S):
                self._ports.gateway.pass_days(days)
            self.recorder.did("wait", seconds)
            self._ports.log.note("clock", advance_s=seconds)
        return self.state()

    def set_battery(self, *, dead: bool) -> dict[str, object]:
        """The clock's battery dies, or is new: the fault `battery-dead` of the device `clock`."""
        if dead:
            self.set_fault(CLOCK, BATTERY_DEAD, None)
        else:
            self.clear_faults(CLOCK, BATTERY_DEAD)
        return self.state()

    def reset(self) -> dict[str, object]:
        """Start afresh. Outbox and gateway keep their entries: what was recorded is never deleted."""
        with self._act():
            self._ports.faults.clear(None, None)
            self._ports.network.set(up=True, latency_ms=0, loss=0.0)
            self._ports.clock.reset()
            self._ports.tray.reset()
            self._ports.own_tray.reset()
            self._ports.identity.take()
            self._ports.terminal.end_session()
            self._settle()
            self._ports.paper.reset()
            self._ports.speech.reset()
            self._ports.log.clear()
            self._ports.log.note("bench.reset")
            self.recorder.clear()
        return self.state()

    def recording(self, name: str) -> Scenario:
        """What was done since the start or the last reset."""
        width, height = self._ports.screen.size()
        model = self._ports.paper.model()
        return self.recorder.scenario(
            name, landscape=width > height, printer="" if model == Settings().printer_model else model
        )

    def check(self, scenario: Scenario) -> None:
        """Raises `BenchError` where this bench cannot play it: persona, fault, display or printer are not here."""
        known = {one.id for one in self._ports.tray.personas()}
        if scenario.persona not in known:
            raise BenchError(
                "no-such-persona", f"There is no {scenario.persona}.", f"Known: {', '.join(sorted(known))}.", 404
            )
        width, height = self._ports.screen.size()
        if scenario.landscape != (width > height):
            lies = "landscape" if scenario.landscape else "portrait"
            raise BenchError("other-display", f"It is for a {lies} display.", "Start the bench that way.", 409)
        there = self._ports.paper.model()
        if scenario.printer not in ("", there):
            raise BenchError(
                "other-printer", f"It is for the printer {scenario.printer}; this bench has {there}.",
                f'Start the bench with --config and printer_model = "{scenario.printer}".', 409,
            )  # fmt: skip
        if scenario.fresh:
            raise BenchError(
                "other-terminal", "It is for a terminal fresh from its package; this one has joined.",
                "Play it with: kiosk bench play FILE.", 409,
            )  # fmt: skip
        offers = {(one.device, one.fault) for one in self._ports.faults.offers()}
        for step in scenario.steps:
            if step.verb == "fault" and isinstance(step.argument, dict):
                device, fault = str(step.argument["device"]), str(step.argument["fault"])
                if (device, fault) not in offers:
                    raise BenchError(
                        "no-such-fault", f"Line {step.line}: no {fault} of the {device} here.",
                        "GET /api/faults lists what can break.", 404,
                    )  # fmt: skip

    @contextmanager
    def _act(self) -> Generator[None, None, None]:
        with self._turn:
            self.recorder.saw(str(self._ports.terminal.public_state()["screen"]), on_pin=self._takes_pin())
            yield
            self._settle()

    def _takes_pin(self) -> bool:
        return takes_pin(one.id for one in self._ports.screen.elements())

    def _settle(self) -> None:
        if not self._ports.terminal.settle(SETTLE_TIMEOUT_S) or not self._ports.screen.drawn(SETTLE_TIMEOUT_S):
            raise BenchError(
                "terminal-busy",
                f"The terminal did not come to rest within {SETTLE_TIMEOUT_S:.0f} s.",
                "Look at GET /api/log and at what the bench wrote on stderr; POST /api/reset may help.",
                503,
            )

    def _element(self, element_id: str) -> ElementView:
        there = self._ports.screen.elements()
        for element in there:
            if element.id == element_id:
                return element
        raise BenchError(
            "no-such-element",
            f"There is no {element_id} on the screen.",
            "On the screen now: " + (", ".join(sorted(element.id for element in there)) or "nothing") + ".",
            404,
        )


def _covers(element: ElementView, x: float, y: float) -> bool:
    return element.x <= x < element.x + element.width and element.y <= y < element.y + element.height


def _nameable(element: ElementView) -> str:
    """The id for the log. Which key was pressed is part of a PIN or of an answer, so it is not told."""
    return element.role if element.role == "key" else element.id


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}
