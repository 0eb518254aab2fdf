"""What a tester does at the panel, written down as a scenario that plays it again.

Before each step the screen she saw is written as a check. PIN digits become `pin: right` or `pin: wrong`, typed keys
one `type`. Nobody's PIN itself is kept: keys of the tactile keypad, which would tell its digits, become `pin: right`,
and a card of her own making is kept without its PIN, so that it has the one that simulated cards have.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from kiosk.bench.ports import DEFAULT_PIN, TECHNICIAN_PIN
from kiosk.bench.scenarios.format import MAX_STEPS, Scenario, Step

PIN_KEY = "pin."
PIN_OK = "pin.ok"
VIRTUAL_DEVICES = ("reader", "printer", "identity")
PIN_CHANGES = ("pin.delete", "pin.clear", "pin.shuffle")


def takes_pin(controls: Iterable[str]) -> bool:
    """Whether a screen with these controls takes a PIN: the citizen's, a technician's, or a new one in a form."""
    return PIN_OK in controls


class Recorder:
    """Collects steps since the start or the last `clear`. Calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []
        self._seen = "attract"
        self._persona = ""
        self._right_pin: str | None = None
        self._pin = ""
        self._by_keypad = False
        self._code = ""

    def clear(self) -> None:
        """Begin anew, at the attract screen."""
        with self._lock:
            self._steps = []
            self._seen, self._persona, self._right_pin, self._pin, self._code = "attract", "", None, "", ""
            self._by_keypad = False

    def scenario(self, name: str, *, landscape: bool = False, printer: str = "") -> Scenario:
        """What was done so far. A day longer than a scenario may be is cut at its beginning.

        Where something was done that the virtual clock's bench has not, only the whole programs can play it.
        """
        with self._lock:
            steps = self._steps[-MAX_STEPS:] or [Step("see", "attract")]
            stack = "real" if any(map(_wants_programs, steps)) else ""
            persona = self._persona or "parent"
            return Scenario(
                name, "recorded.yaml", tuple(steps), persona=persona, landscape=landscape, printer=printer, stack=stack
            )

    def saw(self, screen: str, *, on_pin: bool = False) -> None:
        """The screen that stood there when the tester acted. `on_pin`: it takes a PIN."""
        with self._lock:
            if self._by_keypad and not on_pin:
                self._steps.append(Step("pin", "right"))
                self._by_keypad = False
            if screen != self._seen and not self._pin:
                self._steps.append(Step("see", screen))
            self._seen = screen

    def touched(self, element_id: str, text: str, role: str) -> None:
        """A finger met this control."""
        with self._lock:
            digit = element_id.removeprefix(PIN_KEY)
            if element_id.startswith(PIN_KEY) and digit.isdigit():
                self._pin += digit
            elif element_id == PIN_OK:
                self._steps.append(Step("pin", "right" if self._pin == self._right_pin else "wrong"))
                self._pin, self._by_keypad = "", False
            elif element_id in PIN_CHANGES:
                self._pin = self._pin[:-1] if element_id == "pin.delete" else ""
            elif role == "key" and len(text) == 1:
                self._type(text)
            elif element_id == "primary" and self._steps[-1:] == [Step("type", self._code)]:
                self._steps[-1] = Step("technician", "code")  # other digits the next time
            else:
                self._steps.append(Step("touch", element_id))

    def typed(self, text: str, *, on_pin: bool) -> None:
        """The tester had keys of the screen pressed. `on_pin`: they are digits of a PIN."""
        with self._lock:
            if on_pin:
                self._pin += text
            else:
                self._type(text)

    def pressed(self, key: str, *, on_pin: bool) -> None:
        """The tester pressed a key of the tactile keypad."""
        with self._lock:
            if on_pin:
                self._by_keypad = True
            else:
                self._steps.append(Step("key", key))

    def inserted(self, persona: str, document: Mapping[str, Any]) -> None:
        """A card went in: a persona's, a technician's (no document), or (`persona` empty) one of the tester's own."""
        with self._lock:
            self._right_pin = str(document.get("pin", DEFAULT_PIN)) if document else TECHNICIAN_PIN
            if persona and document and not self._persona:  # a technician is nobody's visit
                self._persona = persona
            kept = {name: value for name, value in document.items() if name != "pin"}
            self._steps.append(Step("insert", persona or kept))

    def technician(self, what: str, digits: str) -> None:
        """The gateway did something for a technician. The digits of a code are kept until they are typed."""
        with self._lock:
            if what == "code":
                self._code = digits
            else:
                self._steps.append(Step("technician", what))

    def did(self, verb: str, argument: Any = None) -> None:
        """Any other step, as the format has it."""
        with self._lock:
            if verb == "pull":
                self._pin, self._by_keypad = "", False
            self._steps.append(Step(verb, argument))

    def _type(self, text: str) -> None:
        last = self._steps[-1] if self._steps else None
        if last is not None and last.verb == "type":
            self._steps[-1] = Step("type", f"{last.argument}{text}")
        else:
            self._steps.append(Step("type", text))


def _wants_programs(step: Step) -> bool:
    argument = step.argument
    if step.verb == "fault" and isinstance(argument, dict):
        return argument.get("device") not in VIRTUAL_DEVICES
    return step.verb == "network" and isinstance(argument, dict)
