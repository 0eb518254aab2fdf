"""One citizen's visit through the touchscreen: a finger that only knows what is on the glass.

Every touch is a touch at a place, read from `/api/elements` just before, as a person looks before pressing. Used by
the demonstration and by the system tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kiosk.bench.hands.bench import Bench, Json
from kiosk.bench.ports import DEFAULT_PIN, BenchError

LANGUAGE_IDS = {"zh": "language.zh", "yue": "language.yue", "en": "language.en"}
SCREEN_DEADLINE_S = 40.0
MAX_FORM_SCREENS = 60


class Visitor:
    """A citizen with a card, at the bench of `client`. `on_screen(name)` is told of every screen she comes to."""

    def __init__(self, client: Bench, persona: str, *, on_screen: Callable[[str], None] | None = None) -> None:
        """Raises `BenchError` (`no-such-persona`)."""
        self._bench = client
        self._on_screen = on_screen
        known = {str(one["id"]): one for one in client.personas()}
        if persona not in known:
            raise BenchError("no-such-persona", f"There is no {persona}.", f"Known: {', '.join(known)}.", 404)
        self.persona = persona
        self.card: Json = known[persona]["card"]
        self.seen: list[str] = []
        """Every screen, in order, without repetition of the same one in a row."""

    @property
    def private(self) -> tuple[str, ...]:
        """What nobody but the citizen may read: name, id number, PIN-bearing words are not among the state."""
        holder = self.card["holder"]
        return str(holder["name"]), str(holder["id_number"])

    # ------------------------------------------------------------------------------------------ eye and finger

    def look(self) -> str:
        """Which screen is there now."""
        state = self._bench.state()
        self._keep_private(state)
        return self._note(str(state["screen"]))

    def press(self, element_id: str) -> str:
        """Find this control with the eye and put the finger on its middle; return the screen that follows."""
        element = _find(self._bench.elements(), element_id)
        if element is None or not element["enabled"]:
            raise BenchError(
                "cannot-press",
                f"{element_id} cannot be pressed on {self._bench.state()['screen']}.",
                "On the screen: " + ", ".join(str(one["id"]) for one in self._bench.elements() if one["enabled"]),
                409,
            )
        state = self._bench.press(element)
        self._keep_private(state)
        return self._note(str(state["screen"]))

    def wait_for(self, *names: str) -> str:
        """Wait for one of these screens. A failure screen that was not asked for ends the waiting at once."""

        def look() -> str | None:
            now = self.look()
            if now in names:
                return now
            if now.startswith("failure.") or now == "timeout":
                raise BenchError("wrong-screen", f"{now} instead of {' or '.join(names)}.", "See its screenshot.", 409)
            return None

        return self._bench.until("screen " + " or ".join(names), look, SCREEN_DEADLINE_S)

    def _note(self, name: str) -> str:
        if not self.seen or self.seen[-1] != name:
            self.seen.append(name)
            if self._on_screen is not None:
                self._on_screen(name)
        return name

    def _keep_private(self, state: Json) -> None:
        told = json.dumps(state, ensure_ascii=False)
        if any(word in told for word in self.private):
            raise BenchError("holder-data-told", "The bench's state tells holder data.", "This is a privacy bug.", 500)

    # ------------------------------------------------------------------------------------------ parts of the way

    def come_in(self, language: str = "zh") -> None:
        """From the attract screen to the one that asks for the card."""
        self.wait_for("attract")
        self.press(LANGUAGE_IDS[language])
        self.wait_for("start")
        self.press("start.card")
        self.wait_for("card")

    def insert_card(self) -> None:
        """Put the card in and wait for the PIN pad."""
        self._bench.insert(self.persona)
        self.wait_for("pin")

    def give_pin(self, pin: str | None = None, before_ok: Callable[[], None] | None = None) -> None:
        """Press the digits, then the one way forward. Does not wait for the card's answer."""
        for digit in pin if pin is not None else str(self.card.get("pin", DEFAULT_PIN)):
            self.press(f"pin.{digit}")
        if before_ok is not None:
            before_ok()
        self.press("pin.ok")

    def sign_in(self, language: str = "zh") -> None:
        """From the attract screen to home, hello by name."""
        self.come_in(language)
        self.insert_card()
        self.give_pin()
        self.wait_for("home")

    def phone_in(self, language: str = "zh") -> None:
        """From the attract screen to home without a card: scan, type the digits, agree."""
        self.wait_for("attract")
        self.press(LANGUAGE_IDS[language])
        self.wait_for("start")
        self.press("start.app")
        self.wait_for("app")
        self.tap("scan")
        self.tap("agree")
        self.wait_for("home")

    def tap(self, what: str, persona: str = "") -> str:
        """A tap on the telephone; one that answers a form waits until the form is there. Returns what it shows."""

        def tapped() -> str | None:
            page = str(self._bench.phone(what, persona or self.persona)["page"])
            return None if what in {"approve", "decline"} and page == "signed-in" else page

        return self._bench.until(f"the telephone to {what}", tapped, SCREEN_DEADLINE_S)

    def open_service(self, event: str, service: str) -> None:
        """From home to the first screen of the form."""
        self.press(f"event.{event}")
        self.wait_for("services")
        self.turn_to(f"service.{service}")
        self.press(f"service.{service}")
        self.wait_for("intro")
        self.press("primary")
        self.wait_for("consent")
        self.agree()
        self.through_pages()

    def turn_to(self, control: str) -> bool:
        """Turn the pages of a list until the control is there; whether it is."""
        while True:
            enabled = {str(one["id"]): bool(one["enabled"]) for one in self._bench.elements()}
            if control in enabled:
                return True
            if not enabled.get("page.down"):
                return False
            self.press("page.down")

    def agree(self) -> None:
        """To the citizen's consent; who stands for several companies takes the first before it."""
        elements = self._bench.elements()
        if _find(elements, "primary") is None:
            self.press(next(str(one["id"]) for one in elements if one["role"] == "choice"))
        self.press("primary")

    def through_pages(self) -> None:
        """Pages of what the city holds, to the form: the way on where there is one, else the first choice.

        Where nothing is asked, the last look follows at once.
        """
        for _ in range(MAX_FORM_SCREENS):
            if self.wait_for("form", "view", "check") != "view":
                return
            elements = self._bench.elements()
            forward = _find(elements, "primary")
            choice = next((one["id"] for one in elements if one["role"] == "choice" and one["enabled"]), "primary")
            self.press("primary" if forward and forward["enabled"] else choice)

    def fill_in(self, on_page: Callable[[], None] | None = None) -> None:
        """Every page and question of the form: the first choice, and on; a number is 1."""
        for _ in range(MAX_FORM_SCREENS):
            if self.wait_for("form", "check") != "form":  # between two pages it may look something up
                break
            if on_page is not None:
                on_page()
            self.step_form()
        self.wait_for("check")

    def step_form(self) -> str:
        """Answer the page or question on the screen as `fill_in` does, and go on; return the screen that follows."""
        self._answer()
        now = self.press("primary")
        # Choices that depend on the answer are fetched: the next question comes when they are there.
        return self.wait_for("form", "check", "places") if now == "looking" else now

    def _answer(self) -> None:
        """Answer where the screen asks, so that the one way forward opens."""
        elements = self._bench.elements()
        choices = [one for one in elements if one["role"] == "choice" and one["enabled"]]
        forward = _find(elements, "primary")
        if choices and not (forward and forward["enabled"]):
            self.press(str(choices[0]["id"]))
        elif not (forward and forward["enabled"]) and _find(elements, "key.1"):
            self.press("key.1")

    def send_in(self) -> str:
        """Look through the pages of the last look and press submit; return the screen that follows."""
        for _ in range(MAX_FORM_SCREENS):
            now = self.press("primary")
            if now != "check":
                return now
        raise BenchError("not-in-time", "The last look has no end.", "See its screenshot.", 504)

    def submit(self) -> None:
        """From the last look to saved; without a card, the form is approved on the telephone."""
        self.send_in()
        if self.wait_for("saved", "app") == "app":
            self.tap("approve")
            self.wait_for("saved")

    def take_receipt(self) -> None:
        """From saved to the rating: the receipt on paper."""
        self.press("primary")
        self.wait_for("receipt")
        self.press("receipt.paper")
        self.press("primary")
        self.wait_for("rating")

    def rate_and_leave(self) -> None:
        """Rate, take the card, and see the attract screen again."""
        self.press("rating.5")
        self.press("primary")
        if self.wait_for("take-card", "goodbye") == "goodbye":
            self.press("primary")
        else:
            self._bench.remove_card()
        self.wait_for("attract")


def _find(elements: list[dict[str, Any]], element_id: str) -> dict[str, Any] | None:
    return next((element for element in elements if element["id"] == element_id), None)
