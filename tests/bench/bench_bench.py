"""The tester's bench: how soon it is ready, what a virtual visit costs, how closely the panel's picture follows.

Peers, in the same run: a bare Kivy window plus a bare uvicorn application, each a process of its own; the
pure session's own `step` calls plus one durable commit of SQLite; two of the panel's own frames.
Run: `python -m tests.bench.bench_bench`.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kiosk import events as e
from kiosk import runtime
from kiosk.bench.explorer.explore import Explorer
from kiosk.bench.hands.client import BenchProcess
from kiosk.session.state import Session
from tests.bench.bench_first_paint import BARE, run
from tests.bench.figures import Figure, Figures
from tests.browser import open_browser
from tests.scenario.kit import Kiosk

ROUNDS = 3
READY_TARGET = 3.0
VISIT_TARGET = 10.0
VISITS_AIM = 20.0
VISIT_ROUNDS = 25
FRAMES_TARGET = 2.0
VISITS = 60
UVICORN = """
import asyncio, sys
import uvicorn
async def app(scope, receive, send):
    pass
server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
async def main():
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    server.should_exit = True
    await task
asyncio.run(main())
print("{}")
"""


def median(work: Callable[[], float]) -> float:
    return statistics.median(work() for _ in range(ROUNDS))


def bench_ready_s() -> float:
    began = time.perf_counter()
    process = BenchProcess(["--headless"])
    took = time.perf_counter() - began
    process.end()
    return took


def bare_window_s() -> float:
    with tempfile.TemporaryDirectory() as home:
        return run(BARE, home)[0] / 1000


def bare_uvicorn_s() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", UVICORN], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
    return time.perf_counter() - began


def visit(kiosk: Kiosk) -> None:
    """From touch to rating, and the card pulled."""
    kiosk.to_home().to_saved().touch("primary", "primary", "rating.5", "primary").pull()


def noted_steps(kiosk: Kiosk) -> list[tuple[Session, e.Event]]:
    """The `step` calls of one visit."""
    calls: list[tuple[Session, e.Event]] = []
    real = runtime.step

    def noted(session: Session, event: e.Event) -> object:
        calls.append((session, event))
        return real(session, event)

    runtime.step = noted  # type: ignore[assignment]
    visit(kiosk)
    runtime.step = real
    return calls


def visits(folder: Path) -> tuple[list[float], list[float], int]:
    """Seconds of whole visits and, in turns with them, of their own `step` calls and their two commits (application,
    rating) in plain SQLite, WAL, FULL; how many calls."""
    base = sqlite3.connect(folder / "plain.db", isolation_level=None)
    base.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry(seq INTEGER PRIMARY KEY, body)"
    )
    kiosk = Kiosk(folder / "kiosk")
    visit(kiosk)
    calls = noted_steps(kiosk)
    whole, pure = list[float](), list[float]()
    for _ in range(VISIT_ROUNDS):
        began = time.perf_counter()
        visit(kiosk)
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        for session, event in calls:
            runtime.step(session, event)
        for _ in range(2):
            base.execute("INSERT INTO entry(body) VALUES (?)", (b"x" * 1500,))
        pure.append(time.perf_counter() - began)
    kiosk.close()
    base.close()
    return whole, pure, len(calls)


PRESS = """
const [id, done] = arguments, picture = document.getElementById("picture");
let loaded = 0, answered = 0;
const told = () => { if (loaded && answered) done(Math.max(0, loaded - answered)); };
picture.addEventListener("load", () => { loaded = performance.now(); told(); }, { once: true });
fetch("/api/touch", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id }) })
  .then((answer) => answer.json()).then(() => { answered = performance.now(); told(); });
"""
"""Touch a control as a script does, not through the panel; answer how long after the touch's answer the new picture
stood in the page, in milliseconds."""
FRAMES = """
const at = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/api/screen.png"))
  .map((one) => one.startTime);
return at.slice(1).map((one, index) => one - at[index]);
"""


def picture_lag() -> tuple[float, float]:
    """Seconds from a touch's answer to the changed picture in Chromium; and between two of the panel's own frames."""
    process = BenchProcess(["--headless"])
    with tempfile.TemporaryDirectory() as profile:
        browser = open_browser(Path(profile))
        try:
            browser.set_script_timeout(20)
            browser.get(process.client.url)
            process.client.until(
                "the picture", lambda: browser.execute_script("return document.getElementById('picture').naturalWidth")
            )
            lags: list[float] = [
                browser.execute_async_script(PRESS, control) for _ in range(8) for control in ("language.zh", "back")
            ]
            frames: list[float] = browser.execute_script(FRAMES)
        finally:
            browser.quit()
            process.end()
    return statistics.median(lags) / 1000, statistics.median(frames) / 1000


def main() -> int:
    told = Figures("bench", "The tester's bench", ("uvicorn", "selenium"))
    ready, window, server = median(bench_ready_s), median(bare_window_s), median(bare_uvicorn_s)
    told.add(Figure("bench ready / (bare window + bare uvicorn)", ready / (window + server), most=READY_TARGET,
                    detail=f"{ready:.2f} s, {window:.2f} s + {server:.2f} s"))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        whole, pure, steps = visits(Path(folder))
    ratios = [one / other for one, other in zip(whole, pure, strict=True)]
    told.add(Figure("virtual visit / (its step calls + its commits)", statistics.median(ratios), most=VISIT_TARGET,
                    runs=VISIT_ROUNDS, low=min(ratios), high=max(ratios),
                    detail=f"{statistics.median(whole) * 1000:.1f} ms, {statistics.median(pure) * 1000:.2f} ms, "
                           f"{steps} steps"))  # fmt: skip
    began = time.process_time()
    with Explorer() as explorer:
        explorer.explore(1, VISITS)
    told.add(Figure("explorer's visits a second of one core", VISITS / (time.process_time() - began), "/s",
                    least=VISITS_AIM))  # fmt: skip
    lag, frame = picture_lag()
    told.add(Figure("panel's picture / its own frame", lag / frame, most=FRAMES_TARGET, runs=16,
                    detail=f"{lag * 1000:.0f} ms behind the touch, a frame every {frame * 1000:.0f} ms"))  # fmt: skip
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
