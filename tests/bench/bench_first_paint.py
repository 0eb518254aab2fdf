"""First paint of the attract screen, against a bare Kivy window of the same size, and what the touchscreen keeps in memory.

Both are processes of their own, in turn, from `exec` to the first frame on the glass; the bare window shows one
rectangle. Then the time from a model to its frame, for screens as different as a visit has.
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

ROUNDS = 7
RATIO_TARGET = 1.5
"""First paint over the bare window's."""
MEMORY_TARGET_MB = 200
"""Resident memory of a process that shows a visit's screens and nothing else."""
FRAME_TARGET_MS = 40
"""Median time from a model to its frame."""
FONTS = Path("build/fonts")
BARE = """
import sys
from pathlib import Path
from kiosk.ui.configure import configure
configure((1080, 1920), fullscreen=False, kivy_home=Path(sys.argv[1]), offscreen=True)
from kivy.base import EventLoop, runTouchApp
EventLoop.ensure_window()
from kivy.graphics import Color, Rectangle
with EventLoop.window.canvas:
    Color(0.9, 0.9, 0.8, 1)
    Rectangle(size=(1080, 1920))
runTouchApp(embedded=True)
EventLoop.idle()
from kivy.graphics.opengl import glFinish
glFinish()
print("{}")
"""
ATTRACT = """
import json, sys, time
from pathlib import Path
from kiosk.ui.app import TerminalApp
from kiosk.ui.gallery.examples import model
app = TerminalApp(send=print, headless=True, fonts=Path(sys.argv[2]), kivy_home=Path(sys.argv[1]))
app.bridge.show(model("10-attract"))
app.open()
from kivy.base import EventLoop
EventLoop.idle()
from kivy.graphics.opengl import glFinish
glFinish()
print(json.dumps({"name": app.bridge.wait_drawn().name}), flush=True)
"""
VISIT = (
    ATTRACT.replace("print(json.dumps", "(lambda *a, **k: None)(json.dumps")
    + """
names = [name for name in ("11-start", "12-insert-card", "13-pin", "15-home", "18-consent", "19-form", "23-check",
                           "24-working", "25-saved", "27-receipt", "29-rating", "30-take-card")]
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
        EventLoop.window.dispatch("on_flip")
began = time.perf_counter()
png = app.bridge.screenshot()
shot = (time.perf_counter() - began) * 1000
status = Path("/proc/self/status").read_text()
print(json.dumps({"times": times[len(names):], "screenshot": shot, "rss_kb": int(status.split("VmRSS:")[1].split()[0])}))
"""
)


def run(script: str, home: str) -> tuple[float, dict[str, object]]:
    """Milliseconds of the whole process, and what it printed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KIVY")}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, home, str(FONTS)], env=environment, capture_output=True, text=True, check=True
    )
    return (time.perf_counter() - began) * 1000, json.loads(done.stdout)


def main() -> int:
    bare: list[float] = []
    attract: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        run(BARE, home), run(ATTRACT, home)
        for _ in range(ROUNDS):
            bare.append(run(BARE, home)[0])
            attract.append(run(ATTRACT, home)[0])
        _, visit = run(VISIT, home)
    ratio = statistics.median(attract) / statistics.median(bare)
    times = sorted(float(one) for one in visit["times"])  # type: ignore[union-attr]
    frame, memory = statistics.median(times), int(str(visit["rss_kb"])) / 1024
    print(
        f"first paint: bare window {statistics.median(bare):.0f} ms, attract screen {statistics.median(attract):.0f} ms,"
    )
    print(f"  ratio {ratio:.2f} (at most {RATIO_TARGET})")
    print(
        f"a screen of the visit: median {frame:.1f} ms, slowest {times[-1]:.1f} ms (median at most {FRAME_TARGET_MS})"
    )
    print(f"a screenshot: {float(str(visit['screenshot'])):.0f} ms")
    print(f"memory after the visit's screens: {memory:.0f} MB (at most {MEMORY_TARGET_MB})")
    return 0 if ratio <= RATIO_TARGET and memory <= MEMORY_TARGET_MB and frame <= FRAME_TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
