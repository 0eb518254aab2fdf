"""The touchscreen beside a browser and QML with the same home screen, and its own frames, idling and answers.

First paint and memory: three processes in turn, medians. Then in one window: the frames of a screen that slides (the
terminal itself changes screens at once), what an idle screen costs, how many frames a touch and a change of language
take until they are seen. All without a display, in software. Run: `python -m tests.bench.bench_ui [--every-screen]`.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.ui.glass.configure import configure
from tests.bench import ui_peers as peers
from tests.bench.figures import Figure, Figures

ROUNDS = 3
PAINT_CHROMIUM, PAINT_QML, MEMORY_CHROMIUM = 0.5, 1.3, 0.45
SLIDE_MS, SLIDE_SPREAD = 20.0, 2.0
IDLE_PERCENT, IDLE_S = 1.0, 4.0
TOUCH_FRAMES, LANGUAGE_FRAMES = 3, 5
WHY_LANGUAGE = "Every line of the other language is broken and drawn anew; the limit counts frames, which are cheap."
WHY_PAINT = (
    "A bare Kivy window alone takes 1.3 times the processor time of QML's whole screen: Python imports Kivy, and Mesa "
    "brings LLVM to draw in software; QML is one library that rasterises by itself."
)
SLIDE_FRAMES, TOUCHES, SWITCHES = 240, 200, 60
IDLE_SCREENS = ("10-attract", "11-start", "15-home", "19-form", "24-working", "31-timeout")
TOLD = Figures("ui", "The touchscreen beside a browser and QML")


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# ---------------------------------------------------------------------------------------------------- side by side


def side_by_side(sheet: Any) -> None:
    """First paint and memory of the three."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        ways: dict[str, Callable[[], peers.Cost | None]] = {
            "Kivy": lambda: peers.ours(folder),
            "Chromium": lambda: peers.chromium(folder, sheet),
            "QML": lambda: peers.qml(folder, sheet),
        }
        costs: dict[str, list[peers.Cost | None]] = {way: [] for way in ways}
        for _ in range(ROUNDS + 1):  # the first round only warms the disk
            for way, run in ways.items():
                costs[way].append(run())
    own = [one for one in costs["Kivy"][1:] if one is not None]
    for way, found in costs.items():
        theirs = [one for one in found[1:] if one is not None]
        if not theirs:
            missing = 0.0
            TOLD.add(Figure(f"runs of {way}", missing, "runs", least=1, why="It is not installed on this machine."))
            continue
        for what, seconds in (("first paint", True), ("memory", False)):
            values = [1000 * one.paint_s if seconds else one.memory_mb for one in theirs]
            TOLD.add(_spread(f"{way}: {what}", values, "ms" if seconds else "MB"))
        if way == "Kivy":
            continue
        ratios = [one.paint_s / other.paint_s for one, other in zip(own, theirs, strict=True)]
        most = PAINT_CHROMIUM if way == "Chromium" else PAINT_QML
        TOLD.add(_spread(f"first paint / {way}'s", ratios, "x", most, WHY_PAINT))
        ratios = [one.memory_mb / other.memory_mb for one, other in zip(own, theirs, strict=True)]
        TOLD.add(_spread(f"memory / {way}'s", ratios, "x", MEMORY_CHROMIUM if way == "Chromium" else None))


def _spread(what: str, values: list[float], unit: str, most: float | None = None, why: str = "") -> Figure:
    middle = statistics.median(values)
    return Figure(what, middle, unit, most=most, runs=len(values), low=min(values), high=max(values), why=why)


# ------------------------------------------------------------------------------------------------- in one window


class Glass:
    """A window without a display, and a frame on it."""

    def __init__(self) -> None:
        from kivy.base import EventLoop, runTouchApp
        from kivy.graphics.opengl import glFinish

        from kiosk.ui.bridge import Bridge
        from kiosk.ui.glass.loop import Loop
        from kiosk.ui.glass.view import View

        EventLoop.ensure_window()
        runTouchApp(embedded=True)
        self.loop, self.window, self._finish = EventLoop, EventLoop.window, glFinish
        self.sent: list[object] = []
        self.bridge = Bridge(self.sent.append)
        self.view = View(self.window, (1080, 1920), peers.FONTS, self.sent.append)
        self.bridge.attach(self.view)
        self.terminals_loop = Loop(self.window)

    def frame(self) -> float:
        """Draw one frame whole; its milliseconds."""
        began = time.perf_counter()
        self.window.dispatch("on_draw")
        self._finish()
        return 1000 * (time.perf_counter() - began)

    def show(self, model: Any) -> None:
        self.bridge.show(model)
        self.bridge._draw(0)

    def turn(self) -> float:
        """One turn of the main loop, its frame drawn whole; its milliseconds. Kivy's own pause is not counted."""
        from kivy.clock import Clock

        began = time.perf_counter()
        self.loop.dispatch_input()
        Clock.tick_draw()
        self.window.dispatch("on_draw")
        self._finish()
        return 1000 * (time.perf_counter() - began)

    def pixel(self, x: float, y: float) -> bytes:
        from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

        return bytes(glReadPixels(int(x), 1920 - 1 - int(y), 1, 1, GL_RGBA, GL_UNSIGNED_BYTE))


def slide(glass: Glass, model: Any) -> float:
    """Move a screen in from the right, a little each frame; print and return the median frame."""
    glass.show(model)
    for _ in range(20):
        glass.frame()
    times: list[float] = []
    for number in range(SLIDE_FRAMES):
        glass.view._layer.place((1080.0 * (1 - number % 24 / 24), 0.0), 1.0)
        times.append(glass.frame())
    glass.view._layer.place((0.0, 0.0), 1.0)
    middle, worst = statistics.median(times), percentile(times, 0.99)
    most = max(SLIDE_MS, SLIDE_SPREAD * middle)
    TOLD.add(Figure("p99 frame of a slide", worst, "ms", most=most, runs=SLIDE_FRAMES, low=min(times), high=max(times),
                    detail=f"median {middle:.1f} ms; the terminal itself changes screens at once"))  # fmt: skip
    return middle


def touch(glass: Glass, models: list[Any]) -> None:
    """Turns of the loop from the finger's touch to the frame in which the button looks pressed."""
    frames: list[float] = []
    for number in range(TOUCHES):
        glass.show(models[number % len(models)])
        glass.turn()
        assert glass.view.sheet is not None
        usable = [one for one in glass.view.sheet.targets if one.control.enabled and one.control.event is not None]
        targets = [one for one in usable if one.control.role in {"primary", "back", "choice", "key"}]
        rect = targets[number % len(targets)].rect
        x, y = rect.x + rect.width / 2, rect.y + 3  # a pressed button sinks: its upper edge shows what lies behind
        before, count = glass.pixel(x, y), 0
        glass.window.dispatch("on_mouse_down", *glass.view.to_window(*rect.centre), "left", [])
        while glass.pixel(x, y) == before and count < 20:
            glass.turn()
            count += 1
        frames.append(count)
        glass.window.dispatch("on_mouse_up", 1.0, 1.0, "left", [])
        glass.turn()
    TOLD.add(Figure("touch to its visible answer, p99", percentile(frames, 0.99), "frames", most=TOUCH_FRAMES,
                    runs=TOUCHES, low=min(frames), high=max(frames)))  # fmt: skip


def language(glass: Glass, middle_ms: float) -> None:
    """From the choice of a language to the whole frame in it: the session's step, the view, the layout, the drawing."""
    from kiosk import events as e
    from kiosk.session.table import step
    from kiosk.ui.glass.loop import tidy
    from tests.unit.visit_kit import Visit, drawn

    session = Visit().to_form().session
    codes, times = ("en", "yue-Hant", "zh-Hans"), list[float]()
    for number in range(SWITCHES + len(codes)):
        began = time.perf_counter()
        session, _ = step(session, e.LanguageChosen(codes[number % len(codes)], session_id=session.id))
        glass.show(drawn(session))
        glass.frame()
        times.append(1000 * (time.perf_counter() - began))
        tidy()  # as the terminal's loop does before it sleeps
    worst = percentile(times[len(codes) :], 0.99)
    TOLD.add(Figure("a language to its screen, p99", worst / middle_ms, "frames", most=LANGUAGE_FRAMES, runs=SWITCHES,
                    detail=f"median {statistics.median(times):.1f} ms, a frame {middle_ms:.1f} ms",
                    why=WHY_LANGUAGE))  # fmt: skip


def _said(_dt: float) -> None:
    """Where the terminal tells systemd that it lives."""


def idle(glass: Glass, models: dict[str, Any]) -> None:
    """Share of one core that the window takes while nobody touches it: its own loop, and its word to systemd."""
    from kivy.clock import Clock

    from kiosk.ui.app import BEAT_S

    Clock.schedule_interval(_said, BEAT_S)
    for name, model in models.items():
        glass.show(model)
        end = time.perf_counter() + 0.5
        while time.perf_counter() < end:
            glass.terminals_loop.turn()
        began, cpu, turns = time.perf_counter(), time.process_time(), glass.terminals_loop.turns
        while time.perf_counter() < began + IDLE_S:
            glass.terminals_loop.turn()
        took = time.perf_counter() - began
        share, turns = 100 * (time.process_time() - cpu) / took, glass.terminals_loop.turns - turns
        TOLD.add(Figure(f"idle on {name}", share, "%", most=IDLE_PERCENT,
                        detail=f"of one core; {turns / took:.1f} turns of the loop a second"))  # fmt: skip


def main(argv: list[str]) -> int:
    """Measure everything; 1 where a number is missed."""
    with tempfile.TemporaryDirectory() as home:
        configure((1080, 1920), fullscreen=False, kivy_home=Path(home), offscreen=True)
        from kiosk.ui.gallery.examples import EXAMPLES, model

        glass = Glass()
        shown = model("15-home")
        glass.show(shown)
        gc.freeze()  # as the terminal does once its first screen stands
        assert glass.view.sheet is not None
        side_by_side(glass.view.sheet)
        middle = slide(glass, shown)
        touch(glass, [model("15-home"), model("13-pin"), model("17-intro")])
        language(glass, middle)
        names = EXAMPLES if "--every-screen" in argv else IDLE_SCREENS
        idle(glass, {name: model(name) for name in names})
    return TOLD.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
