"""First paint of the attract screen against a bare Kivy window's, and what the touchscreen keeps in memory.

Both are processes of their own, in turn, from `exec` to the first frame on the glass, with their modules compiled as a
package brings them. The bare window is Kivy's own `App` with an empty widget, in our size and without a display, and
else as Kivy is. Then the time from a model to its frame, over a visit's screens.
Run: `python -m tests.bench.bench_first_paint`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Figures

ROUNDS = 7
RATIO_TARGET = 1.5
"""First paint over the bare window's."""
MEMORY_TARGET_MB = 200
"""Resident memory of a process that shows a visit's screens and nothing else."""
FRAME_TARGET_MS = 40
"""Median time from a model to its frame."""
ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "build" / "fonts"
BARE = """
import sys
from pathlib import Path
from kiosk.ui.glass.configure import configure
configure((1080, 1920), fullscreen=False, kivy_home=Path(sys.argv[1]), offscreen=True)
from kivy.app import App
from kivy.base import EventLoop
from kivy.graphics.opengl import glFinish
from kivy.uix.widget import Widget
class Bare(App):
    def build(self):
        return Widget()
    def on_start(self):
        EventLoop.idle()
        glFinish()
        self.stop()
Bare().run()
print("{}")
"""
ATTRACT = """
import gc, json, sys
gc.disable()  # as kiosk.cli.run does first
from pathlib import Path
from kiosk.ui.app import TerminalApp
from kiosk.ui.gallery.beginning import attract
from kiosk.ui.gallery.common import Scene
app = TerminalApp(send=print, headless=True, kivy_home=Path(sys.argv[1]))
app.bridge.show(attract(Scene()))
app.open()
from kivy.base import EventLoop
from kivy.graphics.opengl import glFinish
EventLoop.idle()
glFinish()
told = {"name": app.bridge.wait_drawn().name}
"""
VISIT = """
import time
from kiosk.ui.gallery.examples import model
names = ("11-start", "12-insert-card", "13-pin", "15-home", "18-consent", "19-form", "23-check", "24-working",
         "25-saved", "27-receipt", "29-rating", "30-take-card")
times = []
for turn in range(4):
    for name in names:
        shown = model(name)
        began = time.perf_counter()
        app.bridge.show(shown)
        app.bridge._draw(0)
        EventLoop.window.dispatch("on_draw")
        glFinish()
        times.append((time.perf_counter() - began) * 1000)
began = time.perf_counter()
app.bridge.screenshot()
told["screenshot"] = (time.perf_counter() - began) * 1000
told["times"] = times[len(names):]
told["rss_kb"] = int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])
"""
TELL = "print(json.dumps(told))\n"


def run(script: str, home: str) -> tuple[float, dict[str, Any]]:
    """Milliseconds of the whole process, and what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KIVY")}
    environment["PYTHONPATH"] = str(ROOT)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    file = Path(home) / "program.py"
    file.write_text(script, encoding="utf-8")
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(file), home, str(FONTS)], env=environment, capture_output=True, text=True, check=True
    )
    return (time.perf_counter() - began) * 1000, json.loads(done.stdout)


def main() -> int:
    bare: list[float] = []
    attract: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        run(BARE, home)
        run(ATTRACT + TELL, home)
        for _ in range(ROUNDS):
            bare.append(run(BARE, home)[0])
            attract.append(run(ATTRACT + TELL, home)[0])
        _, visit = run(ATTRACT + VISIT + TELL, home)
    ratios = [one / other for one, other in zip(attract, bare, strict=True)]
    plain, first = statistics.median(bare), statistics.median(attract)
    times, memory = visit["times"], visit["rss_kb"] / 1024
    told = Figures("first_paint", "First paint and memory", ("kivy",))
    told.add(
        Figure("attract screen / bare Kivy window", first / plain, most=RATIO_TARGET, runs=ROUNDS, low=min(ratios),
               high=max(ratios), detail=f"{first:.0f} ms, {plain:.0f} ms")
    )  # fmt: skip
    told.add(
        Figure("a screen of the visit, model to frame", statistics.median(times), "ms", most=FRAME_TARGET_MS,
               runs=len(times), low=min(times), high=max(times))
    )  # fmt: skip
    told.add(Figure("memory after the visit's screens", memory, "MB", most=MEMORY_TARGET_MB))
    told.add(Figure("a screenshot", visit["screenshot"], "ms"))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
