"""What a tester does at the panel, written down as a scenario that plays it again.

Before each step the screen she saw is written as a check. PIN digits become `pin: right` or `pin: wrong`, typed keys
one `type`; a PIN itself is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kiosk.bench.scenarios.format import MAX_STEPS, Scenario, Step

PIN_KEY = "pin."
PIN_OK = "pin.ok"
VIRTUAL_DEVICES = ("reader", "printer", "identity")
PIN_CHANGES = ("pin.delete", "pin.clear", "pin.shuffle")


class Recorder:
    """Collects steps since the start or the last `clear`. Calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []
        self._seen = "attract"
        self._persona = ""
        self._right_pin: str | None = None
        self._pin = ""
        self._code = ""

    def clear(self) -> None:
        """Begin anew, at the attract screen."""
        with self._lock:
            self._steps = []
            self._seen, self._persona, self._right_pin, self._pin, self._code = "attract", "", None, "", ""

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

    def saw(self, screen: str) -> None:
        """The screen that stood there when the tester acted."""
        with self._lock:
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
                self._pin = ""
            elif element_id in PIN_CHANGES:
                self._pin = self._pin[:-1] if element_id == "pin.delete" else ""
            elif role == "key" and len(text) == 1:
                self._type(text)
            elif element_id == "primary" and self._steps[-1:] == [Step("type", self._code)]:
                self._steps[-1] = Step("technician", "code")  # other digits the next time
            else:
                self._steps.append(Step("touch", element_id))

    def typed(self, text: str, screen: str) -> None:
        """The tester had keys pressed. On the PIN screen they are digits of the PIN."""
        with self._lock:
            if screen == "pin":
                self._pin += text
            else:
                self._type(text)

    def inserted(self, persona: str, document: Mapping[str, Any]) -> None:
        """A card went in: a persona's, or (`persona` empty) one of the tester's own making."""
        with self._lock:
            self._right_pin = str(document.get("pin", ""))
            if persona and document and not self._persona:  # a technician is nobody's visit
                self._persona = persona
            self._steps.append(Step("insert", persona or dict(document)))

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
