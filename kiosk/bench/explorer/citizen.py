"""A citizen drawn by lot: touches what she sees, pulls her card, waits too long, while cables and paper come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from kiosk.bench.hands.bench import Bench
from kiosk.bench.scenarios.format import Step
from kiosk.bench.virtual.city import personas

WAITS_S = (1, 12, 50, 125)
FAULTS = (
    ("printer", "paper-out"), ("printer", "cover-open"), ("printer", "mute"), ("printer", "cutter-jam"),
    ("printer", "power-cycle"), ("reader", "unplug"), ("reader", "held"),
)  # fmt: skip
PAPER_FAULTS = tuple(one for one in FAULTS if one[0] == "printer")
BY_CARD, ON_THE_PHONE = 0.65, 0.8
MENDED_SOON, TROUBLE_AT_THE_PAPER = 0.15, 0.3
FORWARD, TOUCH, CARD, TIME, DEVICE, NETWORK = "forward", "touch", "card", "time", "device", "network"
TAPS = {"scan": 30, "agree": 45, "approve": 40, "wrong": 4, "refuse": 3, "decline": 4, "leave": 2}
"""What a hand does with a telephone before a screen that waits for one."""
RESTLESS = {FORWARD: 50, TOUCH: 22, CARD: 8, TIME: 5, DEVICE: 9, NETWORK: 6}
PURPOSEFUL = {FORWARD: 93, TOUCH: 2, CARD: 0.4, TIME: 0.6, DEVICE: 2.5, NETWORK: 1.5}
PURPOSEFUL_OF_TEN = 6
STEPS = {True: (30, 70), False: (8, 45)}
"""How many steps a purposeful and a restless visit has."""


class RandomCitizen:
    """Draws the next step from what stands on the screen: the same `random`, the same steps."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.persona = ""
        self._broken = False
        self._up = True
        purposeful = random.randrange(10) < PURPOSEFUL_OF_TEN
        self._weights: Mapping[str, float] = PURPOSEFUL if purposeful else RESTLESS
        self.steps = random.randint(*STEPS[purposeful])

    def next(self, bench: Bench) -> list[Step]:
        """The next one or two steps."""
        state = bench.state()
        if state["screen"] == "app" and self._random.random() < ON_THE_PHONE:
            return self._phone()
        if state["screen"] == "identity" and self._random.random() < ON_THE_PHONE:
            return [Step("identity", self._random.choice(sorted(personas()))), Step("wait", 1)]
        if state["screen"] in {"card", "start"} and not self.persona and self._random.random() < BY_CARD:
            return self._card()
        if state["screen"] == "pin" and self.persona:
            return self._pin()
        if self._broken and self._random.random() < MENDED_SOON:
            return self._device()
        if state["screen"] in {"saved", "receipt"} and self._random.random() < TROUBLE_AT_THE_PAPER:
            return self._device(PAPER_FAULTS)
        kind = self._random.choices(list(self._weights), list(self._weights.values()))[0]
        controls = [one for one in bench.elements() if one["enabled"] and one["role"] != "text"]
        draw = {
            FORWARD: lambda: self._forward(controls),
            TOUCH: lambda: [Step("touch", str(self._random.choice(controls)["id"]))] if controls else [],
            CARD: self._card,
            TIME: lambda: [Step("wait", self._random.choice(WAITS_S))],
            DEVICE: self._device,
            NETWORK: self._network,
        }
        return draw[kind]()

    def _forward(self, controls: list[dict[str, object]]) -> list[Step]:
        choices = [one for one in controls if one["role"] == "choice"]
        primary = any(one["role"] == "primary" for one in controls)
        keys = [one for one in controls if one["role"] == "key"]
        if choices and (not primary or self._random.random() < 0.4):
            return [Step("touch", str(self._random.choice(choices)["id"]))]
        if primary:
            return [Step("touch", "primary")]
        return [Step("touch", str(self._random.choice(keys)["id"]))] if keys else []

    def _card(self) -> list[Step]:
        if self.persona:
            self.persona = ""
            return [Step("pull")]
        self.persona = self._random.choice(sorted(personas()))
        return [Step("insert", self.persona)]

    def _phone(self) -> list[Step]:
        """Somebody's telephone: a tap, and a little time for the terminal to see it."""
        what = self._random.choices(list(TAPS), list(TAPS.values()))[0]
        whose = {"do": what, "persona": self._random.choice(sorted(personas()))} if what == "scan" else {"do": what}
        return [Step("phone", whose), Step("wait", 1)]

    def _pin(self) -> list[Step]:
        if self._random.random() < 0.1:
            return self._card()
        right = self._random.random() < 0.85
        return [Step("pin", str(personas()[self.persona].card["pin"]) if right else "000000")]

    def _device(self, faults: Sequence[tuple[str, str]] = FAULTS) -> list[Step]:
        if self._broken:
            self._broken = False
            return [Step("mend", "all")]
        self._broken = True
        device, fault = self._random.choice(faults)
        after = {"after": self._random.randint(0, 30)} if device == "printer" and self._random.random() < 0.6 else {}
        return [Step("fault", {"device": device, "fault": fault, **after})]

    def _network(self) -> list[Step]:
        self._up = not self._up
        return [Step("network", {"up": self._up})]
