"""Play a scenario on a bench, whichever it is: do each step, hold each check, and say where it broke.

The player knows only what stands on the screen and what the bench tells; it waits for what it expects instead of
sleeping. After the last step every scenario must find its way back to the attract screen, with no holder left.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from kiosk.bench.hands.bench import Bench, Json
from kiosk.bench.hands.visit import Visitor
from kiosk.bench.ports import DEFAULT_PIN, TECHNICIAN_PIN, BenchError
from kiosk.bench.scenarios.format import Scenario, Step, strokes_of
from kiosk.bench.scenarios.outcome import Outcome, Played
from kiosk.bench.scenarios.record import takes_pin

WITHIN_S = 20.0
"""How long a check waits for what it expects, where it does not say."""
CODE_S = 5.0
"""So long a code that a telephone scans may take to come."""
WRONG_PIN = "000000"
MAX_FORM_TOUCHES = 80
UNTOLD = frozenset({"event", "time", "time_ms", "level"})
"""What a line of the log repeats, or what differs at every run."""


class NotSo(Exception):
    """A check that does not hold; says what was there instead."""

    code = "expectation-failed"


class Player:
    """Plays scenarios on `bench`. `pictures`: keep what the screen showed after each step."""

    def __init__(self, bench: Bench, stack: str, *, pictures: bool = False) -> None:
        self._bench = bench
        self._stack = stack
        self._pictures = pictures
        self._visitor: Visitor
        self._right: str | None = None
        """The PIN of the card that a step put in."""
        self._held_before = 0
        self._papers_before = 0
        self._log_before = 0
        self._code = ""
        """The one-time code that a technician was given last."""

    def play(self, scenario: Scenario) -> Outcome:
        """Play it to its end, or to the first step that fails. Never raises for what the scenario found."""
        began = time.monotonic()
        done: list[Played] = []
        step = scenario.steps[0]
        try:
            self._begin(scenario)
            for step in scenario.steps:
                at = time.monotonic()
                self._do(step)
                done.append(self._played(step, at))
            step = Step("the end", line=step.line)
            self._end()
        except (BenchError, NotSo) as error:
            done.append(self._played(step, began))
            next_step = f" {error.next_step}" if isinstance(error, BenchError) else ""
            reason = f"{step.told()}: {error}{next_step} [{error.code}]"
            took = time.monotonic() - began
            return Outcome(scenario, self._stack, tuple(done), took, reason, step.line, self._log())
        return Outcome(scenario, self._stack, tuple(done), time.monotonic() - began)

    # ----------------------------------------------------------------------------------------- begin and end

    def _begin(self, scenario: Scenario) -> None:
        self._visitor, self._right = Visitor(self._bench, scenario.persona), None
        if not scenario.fresh:
            self._bench.reset()
            self._until("the terminal to see its network", lambda: self._bench.state()["gateway"]["reachable"] is True)
        self._language = scenario.language
        self._held_before = len(self._bench.entries())
        self._papers_before = len(self._bench.receipts())
        lines = self._bench.log()
        self._log_before = int(lines[-1]["n"]) if lines else 0

    def _end(self) -> None:
        """Whatever was done: the way back is open, and nothing of the holder stays."""
        told = str([self._bench.state(), self._bench.log(self._log_before)])
        self._bench.reset()
        state = self._bench.state()
        if state["screen"] != "attract":
            raise NotSo(f"there is no way back to the attract screen from {state['screen']}")
        if any(word in told + str([state, self._bench.words()]) for word in self._visitor.private):
            raise NotSo("the terminal still knows, or has told, the holder's data")

    def _log(self) -> tuple[str, ...]:
        """The log since the scenario began, one line a line, without times."""
        lines = self._bench.log(self._log_before)
        told = [{"what": line["what"]} | {key: line["facts"][key] for key in line["facts"] if key not in UNTOLD}
                for line in lines]  # fmt: skip
        return tuple(" ".join(f"{key}={value}" for key, value in one.items()).removeprefix("what=") for one in told)

    def _played(self, step: Step, at: float) -> Played:
        screen = str(self._bench.state()["screen"])
        return Played(
            step,
            screen,
            time.monotonic() - at,
            tuple(self._bench.words()) if self._pictures else (),
            self._bench.screen() if self._pictures else b"",
        )

    # ---------------------------------------------------------------------------------------------- the hand

    def _do(self, step: Step) -> None:
        argument = cast("Any", step.argument)
        acts: dict[str, Callable[[], object]] = {
            "come-in": lambda: self._visitor.come_in(self._language),
            "sign-in": lambda: self._visitor.sign_in(self._language),
            "phone-in": lambda: self._visitor.phone_in(self._language),
            "phone": lambda: self._phone(argument if isinstance(argument, dict) else {"do": argument}),
            "fill-in": self._fill_in,
            "submit": self._visitor.submit,
            "leave": self._leave,
            "pull": self._bench.remove_card,
            "take-receipt": self._bench.take_receipt,
            "insert": lambda: self._insert(argument),
            "pin": lambda: self._give_pin(argument),
            "touch": lambda: [self._visitor.press(one) for one in _many(argument)],
            "type": lambda: self._bench.type_text(argument),
            "headphones": lambda: self._bench.headphones(plugged=argument == "in"),
            "identity": lambda: self._bench.identity("" if argument == "none" else argument),
            "badge": lambda: self._bench.badge(there=argument == "in"),
            "technician": lambda: self._technician(argument),
            "rejected": lambda: self._bench.reject(argument),
            "draw": lambda: self._bench.draw(strokes_of(argument)),
            "key": lambda: [self._bench.key(one) for one in _many(argument)],
            "open": lambda: self._open(argument),
            "answer": lambda: self._answer(argument),
            "receipt": lambda: self._receipt(argument),
            "rate": lambda: self._visitor.press(f"rating.{argument}"),
            "wait": lambda: self._bench.advance(float(argument)),
            "fault": lambda: self._bench.fault(argument["device"], argument["fault"], argument.get("after")),
            "mend": lambda: self._bench.mend(**({} if argument == "all" else {"device": argument})),
            "network": lambda: self._network(argument),
            "see": lambda: self._see(argument if isinstance(argument, dict) else {"screen": argument}),
            "printed": lambda: self._printed(argument),
            "entries": lambda: self._entries(argument),
            "pending": lambda: self._count("entries pending", argument, self._bench_pending),
            "logged": lambda: self._logged(argument),
            "spoken": lambda: self._spoken(argument),
        }
        acts[step.verb]()

    def _technician(self, what: str) -> None:
        """What the gateway does for a technician; a code is typed as phone or paper show it, wrong, or again."""
        if what in {"joins", "code", "wrong-code"}:
            with suppress(BenchError):  # a code is drawn a moment after its screen; without one the next call says so
                self._until("a code to scan", lambda: any(map(_address, self._bench.words())), CODE_S)
        if not what.endswith("code"):
            self._bench.technician(what)
            return
        if what == "paper-code":
            self._code = self._bench.until("a paper with four digits", self._paper_code, WITHIN_S)
        elif what != "same-code":
            self._code = str(self._bench.technician("code")["digits"])
        wrong = f"{(int(self._code) + 1) % 10 ** len(self._code):0{len(self._code)}d}"
        self._bench.type_text(wrong if what == "wrong-code" else self._code)
        self._visitor.press("primary")

    def _paper_code(self) -> str:
        """Four digits that stand alone on a line of the last paper, or nothing."""
        found = re.search(r"(?m)^\s*([0-9]{4})\s*$", "".join(str(one["text"]) for one in self._bench.receipts()[-1:]))
        return found[1] if found else ""

    def _phone(self, wanted: Mapping[str, str]) -> None:
        """A tap on the telephone, and what its page must say then."""
        page = self._visitor.tap(wanted["do"], wanted.get("persona", ""))
        _hold(wanted.get("sees", page) == page, f"the telephone shows {page}")

    def _insert(self, argument: str | Json | None) -> None:
        if isinstance(argument, dict):
            document = dict(argument)
            base = self._visitor.card if "profile" not in document else {}
            self._right = str((card := {**base, **document}).get("pin", DEFAULT_PIN))
            self._bench.insert_card(card)
        else:
            cards = {str(one["id"]): one["card"] for one in self._bench.personas()}
            name = argument or self._visitor.persona
            self._right = str(cards[name].get("pin", DEFAULT_PIN)) if name in cards else TECHNICIAN_PIN
            self._bench.insert(name)

    def _give_pin(self, argument: str | None) -> None:
        self._until("the PIN pad", lambda: takes_pin(str(one["id"]) for one in self._bench.elements()))
        self._visitor.give_pin({None: self._right, "right": self._right, "wrong": WRONG_PIN}.get(argument, argument))

    def _open(self, service: str) -> None:
        """From home to the service's own page."""
        offered = [str(one["id"]) for one in self._bench.elements() if one["enabled"]]
        for event in [one for one in offered if one.startswith("event.")]:
            self._visitor.press(event)
            self._visitor.wait_for("services")
            if self._visitor.turn_to(f"service.{service}"):
                self._visitor.press(f"service.{service}")
                self._visitor.wait_for("intro")
                return
            self._visitor.press("back")
            self._visitor.wait_for("home")
        raise BenchError("no-such-service", f"No life event offers {service}.", "See `kiosk services list`.", 404)

    def _answer(self, answers: Mapping[str, str]) -> None:
        """Go on through the form until each question was met, and answer it: a choice by its value, else typed."""
        wanted = dict(answers)
        for _ in range(MAX_FORM_TOUCHES):
            if not wanted:
                return
            question = str(self._bench.state()["session"]["question"] or "")
            if question in wanted:
                value = str(wanted.pop(question))
                choice = f"choice.{question}.{value}"
                if any(one["id"] == choice for one in self._bench.elements()):
                    self._visitor.press(choice)
                else:
                    self._bench.type_text(value)
                self._visitor.press("primary")
            else:
                self._visitor.step_form()
        raise BenchError("no-such-question", f"Never asked: {', '.join(wanted)}.", "See the form's fields.", 404)

    def _fill_in(self) -> None:
        """Through the pages of what the city holds, and every question, to the last look."""
        if self._screen() == "view":
            self._visitor.through_pages()
        self._visitor.fill_in()

    def _receipt(self, way: str) -> None:
        """From saved: choose how to get the receipt, and confirm."""
        if str(self._bench.state()["screen"]) == "saved":
            self._visitor.press("primary")
        self._visitor.wait_for("receipt")
        self._visitor.press(f"receipt.{way}")
        self._visitor.press("primary")

    def _leave(self) -> None:
        """End the visit by the quiet button, take the card or read the goodbye, and see the attract screen."""
        if str(self._bench.state()["screen"]) not in {"take-card", "goodbye", "attract"}:
            self._visitor.press("finish")
        if self._screen() == "goodbye":
            self._visitor.press("primary")
        if self._bench.state()["devices"]["slot"]["card"] is not None:
            self._until("the screen that asks to take the card", lambda: self._screen() in {"take-card", "attract"})
            self._bench.remove_card()
        self._until("the attract screen", lambda: self._screen() == "attract")

    def _network(self, argument: str | Json) -> None:
        if isinstance(argument, dict):
            self._bench.network(**argument)
            return
        self._bench.network(up=argument == "up")
        self._until(
            f"the terminal to notice the network {argument}",
            lambda: self._bench.state()["gateway"]["reachable"] is (argument == "up"),
        )

    # ---------------------------------------------------------------------------------------------- the checks

    def _screen(self) -> str:
        return str(self._bench.state()["screen"])

    def _until(self, what: str, true: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        self._bench.until(what, lambda: true() or None, within_s)

    def _count(self, what: str, wanted: int, now: Callable[[], int], within_s: float = WITHIN_S) -> None:
        """Wait until there are as many; else say how many there are."""
        try:
            self._until(what, lambda: now() == wanted, within_s)
        except BenchError as error:
            if error.code != "not-in-time":
                raise
            raise NotSo(f"after {within_s:g} s there are {now()} {what}, not {wanted}") from error

    def _bench_pending(self) -> int:
        return int(self._bench.state()["outbox"]["pending"])

    def _see(self, wanted: Mapping[str, Any]) -> None:
        within_s = float(wanted.get("within", WITHIN_S))
        if "screen" in wanted:
            names = _many(wanted["screen"])
            self._until(f"screen {' or '.join(names)}", lambda: self._screen() in names, within_s)
        for text in _many(wanted.get("says", [])):
            self._until(f"the words {text!r}", lambda text=text: self._says(text), within_s)
        try:
            self._until("what stands there", lambda: self._stands(wanted), within_s)
        except BenchError as error:
            if error.code != "not-in-time":
                raise
            self._standing(wanted)

    def _stands(self, wanted: Mapping[str, Any]) -> bool:
        try:
            self._standing(wanted)
        except NotSo:
            return False
        return True

    def _standing(self, wanted: Mapping[str, Any]) -> None:
        """Raise `NotSo` for the first thing that is not as wanted at this moment."""
        if "failure" in wanted:
            now = self._bench.state()["session"]["failure"]
            _hold(now == wanted["failure"], f"the failure is {now}, not {wanted['failure']}")
        if "language" in wanted:
            now = self._bench.state()["language"]
            _hold(now == wanted["language"], f"the language is {now}")
        for text in _many(wanted.get("says-not", [])):
            _hold(not self._says(text), f"the screen says {text!r}")
        there = {str(one["id"]): bool(one["enabled"]) for one in self._bench.elements() if one["role"] != "text"}
        shown = ", ".join(sorted(there))
        for one in _many(wanted.get("has", [])):
            _hold(one in there, f"there is no {one}; there is: {shown}")
        for one in _many(wanted.get("has-not", [])):
            _hold(one not in there, f"there is {one}")
        for one in _many(wanted.get("enabled", [])):
            _hold(there.get(one, False), f"{one} cannot be pressed; there is: {shown}")
        for one in _many(wanted.get("disabled", [])):
            _hold(not there.get(one, False), f"{one} can be pressed")

    def _says(self, text: str) -> bool:
        return any(text in words for words in self._bench.words())

    def _printed(self, wanted: Mapping[str, Any]) -> None:
        def papers() -> list[Json]:
            return self._bench.receipts()[self._papers_before :]

        if "count" in wanted:
            self._count("receipts", wanted["count"], lambda: len(papers()))
        found = papers()
        if not found:
            _hold(not set(wanted) - {"count"}, "nothing was printed")
            return
        last = found[-1]
        if "state" in wanted:
            state = wanted["state"]
            self._until(f"the printer's {state}", lambda: papers()[-1]["state"] == state)
        if "copy" in wanted:
            _hold(last["copy"] is wanted["copy"], f"copy is {last['copy']}")
        text = str(papers()[-1]["text"])
        for one in _many(wanted.get("says", [])):
            _hold(one in text, f"the paper does not say {one!r}")
        for one in _many(wanted.get("says-not", [])):
            _hold(one not in text, f"the paper says {one!r}")

    def _entries(self, wanted: Mapping[str, Any]) -> None:
        """What the gateway holds of this visit. `kind` counts only documents of that kind."""
        kind = str(wanted.get("kind", "application"))

        def held() -> list[Json]:
            documents = [cast("Json", one["document"]) for one in self._bench.entries()[self._held_before :]]
            return [one for one in documents if one.get("kind") == kind]

        count = int(wanted.get("count", 1))
        within_s = float(wanted.get("within", WITHIN_S))
        self._count(f"{kind} entries at the gateway", count, lambda: len(held()), within_s)
        numbers = [one.get("number") for one in held()]
        _hold(len(numbers) == len(set(numbers)), "an entry came twice")
        for key, value in cast("Mapping[str, object]", wanted.get("last", {})).items():
            now = held()[-1].get(key)
            _hold(now == value, f"{key} is {now!r}")

    def _logged(self, codes: str | list[str]) -> None:
        for code in _many(codes):
            self._until(
                f"{code} in the log",
                lambda code=code: any(
                    line["what"] == code or code in map(str, cast("Json", line["facts"]).values())
                    for line in self._bench.log(self._log_before)
                ),
            )

    def _spoken(self, texts: str | list[str]) -> None:
        for text in _many(texts):
            self._until(
                f"{text!r} spoken", lambda text=text: any(text in str(one["text"]) for one in self._bench.speech())
            )


def _many(value: object) -> list[str]:
    return [str(one) for one in cast("list[object]", value)] if isinstance(value, list) else [str(value)]


def _address(word: str) -> bool:
    return word.startswith("https://")


def _hold(true: bool, otherwise: str) -> None:
    if not true:
        raise NotSo(otherwise)
