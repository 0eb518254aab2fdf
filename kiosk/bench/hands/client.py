"""A hand and an eye for scripts: the bench's HTTP interface as plain calls, and a bench as a process.

The demonstration and the system tests stand on this; nothing here knows the inside of the terminal.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import requests

from kiosk.bench.hands.bench import Json
from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import kiosk_command
from kiosk.pieces.strokes import Stroke

_T = TypeVar("_T")
REQUEST_TIMEOUT_S = 30.0
START_TIMEOUT_S = 90.0
POLL_S = 0.05
END_TIMEOUT_S = 30.0
READY = "ready "


class BenchClient:
    """One bench at `url`. Refusals raise `BenchError` with the code of the answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def _ask(self, method: str, path: str, body: object = None, **params: str) -> requests.Response:
        try:
            answer = self._session.request(method, self.url + path, json=body, params=params, timeout=REQUEST_TIMEOUT_S)
        except requests.RequestException as error:
            raise BenchError(
                "bench-silent", f"{method} {path}: {type(error).__name__}", "Look at the bench's stderr.", 503
            ) from error
        if answer.status_code >= 400:
            told = cast("Json", answer.json())
            raise BenchError(told["error"], f"{method} {path}: {told['message']}", told["next"], answer.status_code)
        return answer

    def state(self) -> Json:
        return self._ask("GET", "/api/state").json()

    def screen(self) -> bytes:
        return self._ask("GET", "/api/screen.png").content

    def elements(self) -> list[Json]:
        return self._ask("GET", "/api/elements").json()

    def element(self, element_id: str) -> Json | None:
        return next((element for element in self.elements() if element["id"] == element_id), None)

    def words(self) -> list[str]:
        return self._ask("GET", "/api/words").json()

    def press(self, element: Json) -> Json:
        return self.touch(element["x"] + element["width"] / 2, element["y"] + element["height"] / 2)

    def touch_id(self, element_id: str) -> Json:
        return self._ask("POST", "/api/touch", {"id": element_id}).json()

    def touch(self, x: float, y: float) -> Json:
        return self._ask("POST", "/api/touch", {"x": x, "y": y}).json()

    def type_text(self, text: str) -> Json:
        return self._ask("POST", "/api/type", {"text": text}).json()

    def draw(self, strokes: Sequence[Stroke]) -> Json:
        return self._ask("POST", "/api/draw", {"strokes": [list(map(list, one)) for one in strokes]}).json()

    def key(self, key: str) -> Json:
        return self._ask("POST", "/api/key", {"key": key}).json()

    def headphones(self, *, plugged: bool) -> Json:
        return self._ask("POST", "/api/headphones", {"plugged": plugged}).json()

    def speech(self) -> list[Json]:
        return self._ask("GET", "/api/speech").json()

    def personas(self) -> list[Json]:
        return self._ask("GET", "/api/personas").json()

    def insert(self, persona: str) -> Json:
        return self._ask("POST", "/api/card/insert", {"persona": persona}).json()

    def insert_card(self, document: Json) -> Json:
        return self._ask("POST", "/api/card/insert", {"card": document}).json()

    def remove_card(self) -> Json:
        return self._ask("POST", "/api/card/remove").json()

    def badge(self, *, there: bool) -> Json:
        return self._ask("POST", "/api/card/badge", {"there": there}).json()

    def identity(self, persona: str) -> Json:
        return self._ask("POST", "/api/card/identity", {"persona": persona or None}).json()

    def technician(self, what: str) -> Json:
        return self._ask("POST", "/api/technician", {"do": what}).json()

    def reject(self, reason: str) -> Json:
        return self._ask("POST", "/api/reject", {"reason": reason}).json()

    def phone(self, what: str, persona: str = "") -> Json:
        return self._ask("POST", "/api/phone", {"do": what, **({"persona": persona} if persona else {})}).json()

    def receipts(self) -> list[Json]:
        return self._ask("GET", "/api/receipts").json()

    def receipt_picture(self, n: int) -> bytes:
        return self._ask("GET", f"/api/receipts/{n}.png").content

    def take_receipt(self) -> Json:
        return self._ask("POST", "/api/receipts/take").json()

    def network(self, **change: object) -> Json:
        return self._ask("POST", "/api/network", change).json()

    def entries(self) -> list[Json]:
        return self._ask("GET", "/api/entries").json()

    def fault(self, device: str, fault: str, after: int | None = None) -> Json:
        body: Json = {"device": device, "fault": fault}
        return self._ask("POST", "/api/faults", body if after is None else {**body, "after": after}).json()

    def mend(self, **which: str) -> Json:
        return self._ask("DELETE", "/api/faults", **which).json()

    def faults(self) -> Json:
        return self._ask("GET", "/api/faults").json()

    def advance(self, seconds: float) -> Json:
        return self._ask("POST", "/api/clock", {"advance_s": seconds}).json()

    def log(self, after: int = 0) -> list[Json]:
        return self._ask("GET", "/api/log", after=str(after)).json()

    def reset(self) -> Json:
        return self._ask("POST", "/api/reset").json()

    def until(self, what: str, look: Callable[[], _T | None], deadline_s: float = 30.0) -> _T:
        """Ask again and again until `look` gives something. Raises `BenchError` (`not-in-time`) naming `what`."""
        ends = time.monotonic() + deadline_s
        pause = threading.Event()
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > ends:
                screen = self.state()["screen"]
                raise BenchError(
                    "not-in-time",
                    f"Waited {deadline_s:g} s for {what}; the screen is {screen}.",
                    "See the log (GET /api/log).",
                    504,
                )
            pause.wait(POLL_S)

    def until_screen(self, *names: str, deadline_s: float = 30.0) -> str:
        """Wait for one of these screens and return which."""

        def look() -> str | None:
            now = str(self.state()["screen"])
            return now if now in names else None

        return self.until("screen " + " or ".join(names), look, deadline_s)


class BenchProcess:
    """`kiosk bench` as a process, from start to SIGTERM."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        """Start and wait for the line `ready URL`. Raises `BenchError` (`bench-not-ready`)."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command line, no shell
            kiosk_command("bench", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
            start_new_session=True,
        )
        first: list[str] = []
        self.lines = first
        reader = threading.Thread(target=self._read, args=(first,), name="bench-stdout", daemon=True)
        self._said = threading.Event()
        reader.start()
        if not self._said.wait(START_TIMEOUT_S) or not first or not first[0].startswith(READY):
            self.end()
            raise BenchError("bench-not-ready", "kiosk bench did not say that it is ready.", "See its stderr.", 500)
        self.client = BenchClient(first[0].removeprefix(READY).strip())

    def _read(self, lines: list[str]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            lines.append(line)
            self._said.set()
        self._said.set()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and return its exit code. May be called twice. Raises `BenchError` (`bench-will-not-end`)."""
        if self._process.poll() is None:
            self._process.send_signal(sign)
        try:
            return self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise BenchError(
                "bench-will-not-end", f"It still ran {END_TIMEOUT_S:g} s after {sign.name}.", "It was killed.", 500
            ) from error
