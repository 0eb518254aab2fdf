"""The demonstration: one visit through the touchscreen with the network up, one with the network cut.

It drives `kiosk bench` from outside, over HTTP, as a tester would, and holds what came of it against what must be
true. Everything it saves under the out folder comes from synthetic people.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from kiosk.bench.hands.client import BenchClient, BenchProcess, Json
from kiosk.bench.hands.visit import Visitor

PERSONA = "parent"
EVENT, SERVICE = "moved", "household-proof"
SLOW_LINE_MS = 400
"""One way, for the first visit: so that waiting for the agency can be seen."""
SCREENS = (
    "attract", "start", "card", "pin", "home", "services", "intro", "consent", "working", "form", "check", "saved",
    "receipt", "rating", "take-card",
)  # fmt: skip
NOT_SENT = "还没发出"
SENT_DEADLINE_S = 60.0


class ExpectationFailed(Exception):
    """Something of the demonstration was not as it must be; says what."""

    code = "expectation-failed"


class Demo:
    """One run. `say` is told each step in a line."""

    def __init__(self, client: BenchClient, out: Path, language: str, say: Callable[[str], None]) -> None:
        self._bench = client
        self._out = out
        self._language = language
        self._say = say
        self._shots = 0
        self._seen: set[str] = set()

    def run(self) -> None:
        """Raises `ExpectationFailed`, or `BenchError` where the bench refuses."""
        self._online_visit()
        self._offline_visit()

    # ------------------------------------------------------------------------------------------ the two visits

    def _online_visit(self) -> None:
        self._say("a visit with the network up")
        self._bench.network(up=True, latency_ms=SLOW_LINE_MS)
        self._until_reachable(True)
        visitor = Visitor(self._bench, PERSONA, on_screen=lambda name: self._shoot(name, of=name))
        self._walk(visitor, "")
        self._bench.network(latency_ms=0)
        missing = [name for name in SCREENS if name not in self._seen]
        self._expect(
            f"every screen of the visit has its picture (missing: {', '.join(missing) or 'none'})", not missing
        )
        self._expect("the session ended at the attract screen", visitor.seen[-1] == "attract")
        receipt = self._receipt(1, "receipt")
        self._expect("the paper does not say that it is not sent", NOT_SENT not in str(receipt["text"]))
        entry = self._entry_of(str(receipt["number"]))
        self._save("entry.json", json.dumps(entry, ensure_ascii=False, indent=2).encode())
        self._no_holder_data(visitor)

    def _offline_visit(self) -> None:
        self._say("a visit with the network cut")
        self._bench.network(up=False)
        self._until_reachable(False)
        visitor = Visitor(self._bench, PERSONA, on_screen=lambda name: self._shoot(f"offline-{name}", of=name))
        self._walk(visitor, "offline-")
        receipt = self._receipt(2, "receipt-offline")
        number = str(receipt["number"])
        self._expect(f"the paper says {NOT_SENT}", NOT_SENT in str(receipt["text"]))
        self._expect("the gateway does not have it yet", not self._held(number))
        self._expect("the outbox holds it", self._bench.state()["outbox"]["pending"] >= 1)
        self._say("the network is back")
        self._bench.network(up=True)
        entry = self._entry_of(number)
        self._save("entry-offline.json", json.dumps(entry, ensure_ascii=False, indent=2).encode())
        self._no_holder_data(visitor)

    def _walk(self, visitor: Visitor, prefix: str) -> None:
        visitor.come_in(self._language)
        visitor.insert_card()
        visitor.give_pin(before_ok=lambda: self._shoot(f"{prefix}pin-typed", of="pin"))
        visitor.wait_for("home")
        visitor.open_service(EVENT, SERVICE)
        pages: list[int] = []

        def page() -> None:
            pages.append(len(pages))
            if len(pages) > 1:
                self._shoot(f"{prefix}form-{len(pages)}", of="form")

        visitor.fill_in(page)
        visitor.submit()
        visitor.take_receipt()
        visitor.rate_and_leave()

    # ------------------------------------------------------------------------------------------ what must be true

    def _expect(self, what: str, truth: bool) -> None:
        if not truth:
            raise ExpectationFailed(what)
        self._say(f"  true: {what}")

    def _until_reachable(self, wanted: bool) -> None:
        """Wait until the terminal itself has noticed how the network is."""
        self._bench.until(
            "the terminal to notice the network",
            lambda: self._bench.state()["gateway"]["reachable"] is wanted,
            SENT_DEADLINE_S,
        )

    def _receipt(self, count: int, name: str) -> Json:
        """Check and save the newest paper, which is the `count`-th."""
        receipts = self._bench.receipts()
        self._expect(f"{count} receipt{'s' if count > 1 else ''} came out", len(receipts) == count)
        receipt = receipts[-1]
        self._expect(f"the printer said done (it said {receipt['state']})", receipt["state"] == "done")
        self._expect(
            "the paper bears the case number", bool(receipt["number"]) and receipt["number"] in receipt["text"]
        )
        self._save(f"{name}.txt", str(receipt["text"]).encode())
        self._save(f"{name}.png", self._bench.receipt_picture(int(receipt["n"])))
        return receipt

    def _held(self, number: str) -> list[Json]:
        return [
            entry
            for entry in self._bench.entries()
            if entry["document"].get("kind") == "application" and entry["document"].get("number") == number
        ]

    def _entry_of(self, number: str) -> Json:
        """Wait until the gateway has this application and the outbox is empty; it must be there once."""

        def arrived() -> list[Json] | None:
            held = self._held(number)
            return held if held and self._bench.state()["outbox"]["pending"] == 0 else None

        held = self._bench.until(f"application {number} at the gateway", arrived, SENT_DEADLINE_S)
        again = self._held(number)
        self._expect("the gateway holds this application exactly once", len(held) == len(again) == 1)
        return held[0]

    def _no_holder_data(self, visitor: Visitor) -> None:
        told = json.dumps([self._bench.state(), self._bench.log()], ensure_ascii=False)
        self._expect("state and log tell nothing of the holder", not any(word in told for word in visitor.private))

    # ------------------------------------------------------------------------------------------ what is left behind

    def _shoot(self, name: str, *, of: str) -> None:
        """Keep a picture of the screen `of`. One that has given way to the next meanwhile has its own picture."""
        picture = self._bench.screen()
        if self._bench.state()["screen"] != of:
            return
        self._shots += 1
        self._seen.add(of)
        file = f"{self._shots:02d}-{name}.png"
        self._save(file, picture)
        self._say(f"  {file}")

    def _save(self, name: str, content: bytes) -> None:
        (self._out / name).write_bytes(content)


def run_demo(
    out: Path, *, stack: str = "sim", landscape: bool = False, language: str = "zh", say: Callable[[str], None]
) -> None:
    """Start a bench, play both visits, end the bench. Raises `ExpectationFailed`, `BenchError`."""
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("[0-9][0-9]-*.png"), *out.glob("receipt*"), *out.glob("entry*.json")]:
        old.unlink()
    say(f"starting the bench (stack {stack})")
    bench = BenchProcess(["--headless", "--stack", stack, *(["--landscape"] if landscape else [])])
    try:
        Demo(bench.client, out, language, say).run()
    finally:
        code = bench.end()
    if code != 0:
        raise ExpectationFailed(f"the bench ends with exit code 0 (it was {code})")
    say(f"all of it is true; pictures, papers and entries are in {out}")
