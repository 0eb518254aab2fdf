"""The same home screen for a browser and for QML: every box, line and word where our own layout has it.

Each of the three is a process of its own, without a display: ours through SDL's offscreen driver, Chromium headless in
kiosk mode, QML on Qt's offscreen platform with its software renderer. They open the same font files.
"""

from __future__ import annotations

import http.server
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple

from kiosk.ui.drawing import Box, Poly, Shape, Sheet
from kiosk.ui.theme import Rgb

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "build" / "fonts"
FACES = {False: FONTS / "NotoSansSC-Regular.otf", True: FONTS / "NotoSansSC-Bold.otf"}
QML_PYTHON = ROOT / "build" / "bench-tools" / "bin" / "python"
CHROMIUM = "/usr/bin/chromium"
PAINTED_S = 60
SETTLE_S = 2.0
OURS = """
import gc, sys
gc.disable()  # as kiosk.cli.run does first
from pathlib import Path
from kiosk.ui.app import TerminalApp
from kiosk.ui.gallery.beginning import home
from kiosk.ui.gallery.common import Scene
app = TerminalApp(send=print, headless=True, kivy_home=Path(sys.argv[1]))
app.bridge.show(home(Scene()))
app.open()
from kivy.base import EventLoop
from kivy.graphics.opengl import glFinish
EventLoop.idle()
glFinish()
print("painted", flush=True)
EventLoop.mainloop()
"""
QML_HOST = """
import sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickView
app = QGuiApplication(sys.argv)
view = QQuickView()
told = []
def swapped():
    if not told:
        told.append(1)
        print("painted", flush=True)
view.frameSwapped.connect(swapped)
view.setSource(QUrl.fromLocalFile(sys.argv[1]))
if view.errors():
    sys.exit(view.errors()[0].toString())
view.showFullScreen() if "--full" in sys.argv else view.show()
app.exec()
"""


class Cost(NamedTuple):
    """From `exec` to the first frame, and what the tree of processes then holds (proportional set size)."""

    paint_s: float
    memory_mb: float


# ------------------------------------------------------------------------------------------------------ the pages


def _css(colour: Rgb) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def web_page(sheet: Sheet, told: str) -> str:
    """The sheet as one drawing and one element for each line of words; it calls `told` after its first frame."""
    width, height = sheet.theme.size
    faces = "".join(
        f"@font-face{{font-family:k;font-weight:{700 if bold else 400};src:url('{path.as_uri()}')}}"
        for bold, path in FACES.items()
    )
    drawn = "".join(_svg(shape) for shape in sheet.shapes)
    paper = _css(sheet.theme.colour("paper"))
    lines = "".join(
        f'<span style="left:{run.x:.1f}px;top:{run.y:.1f}px;font:{700 if run.bold else 400} {run.size}px/'
        f'{run.height:.1f}px k;color:{_css(run.colour)}">{escape(run.text)}</span>'
        for run in sheet.runs
    )
    return (
        f"<!doctype html><meta charset=utf-8><style>{faces}body{{margin:0;background:{paper}}}"
        "span{position:absolute;white-space:pre}svg{position:absolute;left:0;top:0}</style>"
        f'<svg width="{width}" height="{height}">{drawn}</svg>{lines}'
        "<script>document.fonts.ready.then(()=>requestAnimationFrame(()=>requestAnimationFrame(()=>"
        f"fetch('{told}',{{mode:'no-cors'}}))))</script>"
    )


def _svg(shape: Shape) -> str:
    colour = _css(shape.colour)
    if isinstance(shape, Poly):
        return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)}" fill="{colour}"/>'
    inset = shape.stroke / 2
    turn = f"matrix({shape.cos:.4f} {shape.sin:.4f} {-shape.sin:.4f} {shape.cos:.4f} {shape.cx:.1f} {shape.cy:.1f})"
    paint = f'fill="none" stroke="{colour}" stroke-width="{shape.stroke:.1f}"' if shape.stroke else f'fill="{colour}"'
    wide, high = shape.half_width - inset, shape.half_height - inset
    return (
        f'<rect x="{-wide:.1f}" y="{-high:.1f}" width="{2 * wide:.1f}" height="{2 * high:.1f}" '
        f'rx="{max(0.0, shape.radius - inset):.1f}" transform="{turn}" {paint}/>'
    )


def qml_page(sheet: Sheet) -> str:
    """The sheet as rectangles and texts."""
    width, height = sheet.theme.size
    shapes = "".join(_rectangle(shape) if isinstance(shape, Box) else _polygon(shape) for shape in sheet.shapes)
    texts = "".join(
        f"Text{{x:{run.x:.1f};y:{run.y:.1f};height:{run.height:.1f};verticalAlignment:Text.AlignVCenter;"
        f"text:{json.dumps(run.text)};color:'{_css(run.colour)}';font.family:{'bold' if run.bold else 'plain'}.name;"
        f"font.pixelSize:{run.size};font.bold:{str(run.bold).lower()}}}\n"
        for run in sheet.runs
    )
    return (
        "import QtQuick\nimport QtQuick.Shapes\n"
        f"Rectangle{{width:{width};height:{height};color:'{_css(sheet.theme.colour('paper'))}'\n"
        f"FontLoader{{id:plain;source:'{FACES[False].as_uri()}'}}\nFontLoader{{id:bold;source:'{FACES[True].as_uri()}'}}\n"
        f"{shapes}{texts}}}\n"
    )


def _rectangle(box: Box) -> str:
    import math

    paint = f"color:'transparent';border.width:{box.stroke:.1f};border.color:" if box.stroke else "color:"
    turn = f"rotation:{math.degrees(math.atan2(box.sin, box.cos)):.2f};" if box.sin else ""
    return (
        f"Rectangle{{x:{box.cx - box.half_width:.1f};y:{box.cy - box.half_height:.1f};width:{2 * box.half_width:.1f};"
        f"height:{2 * box.half_height:.1f};radius:{box.radius:.1f};{turn}{paint}'{_css(box.colour)}'}}\n"
    )


def _polygon(poly: Poly) -> str:
    path = " ".join(f"{'L' if i else 'M'} {x:.1f} {y:.1f}" for i, (x, y) in enumerate(poly.points))
    return f"Shape{{ShapePath{{fillColor:'{_css(poly.colour)}';strokeWidth:-1;PathSvg{{path:'{path} Z'}}}}}}\n"


# -------------------------------------------------------------------------------------------------- the processes


def memory_mb(root: int) -> float:
    """Proportional set size of a process and everything that it started."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    kb, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue  # gone meanwhile, or another user's
        kb += int(rollup.split("\nPss:")[1].split()[0])
    return kb / 1024


def _cost(command: list[str], environment: dict[str, str]) -> Cost:
    """Of a process that prints `painted`."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            painted = time.perf_counter() - began
            if said.strip() != b"painted":
                process.kill()
                raise RuntimeError(process.communicate()[1].decode("utf-8", "replace")[-400:])
            time.sleep(SETTLE_S)
            return Cost(painted, memory_mb(process.pid))
        finally:
            process.kill()


def _environment(**more: str) -> dict[str, str]:
    """Both Python peers run their modules compiled, as a package brings them."""
    left_out = ("KIVY", "KCFG", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def ours(folder: Path) -> Cost:
    """The terminal's own window."""
    program = folder / "ours.py"
    program.write_text(OURS, "utf-8")
    return _cost([sys.executable, str(program), str(folder), str(FONTS)], _environment())


def qml(folder: Path, sheet: Sheet) -> Cost | None:
    """PySide6's QQuickView; None where it is not installed (`make bench` installs it)."""
    if not QML_PYTHON.exists():
        return None
    (folder / "home.qml").write_text(qml_page(sheet), "utf-8")
    (folder / "host.py").write_text(QML_HOST, "utf-8")
    return _cost(
        [str(QML_PYTHON), str(folder / "host.py"), str(folder / "home.qml")],
        _environment(QT_QPA_PLATFORM="offscreen", QT_QUICK_BACKEND="software"),
    )


@contextmanager
def _listening() -> Iterator[tuple[str, queue.Queue[float]]]:
    """A loopback address, and the moments at which it was called."""
    calls: queue.Queue[float] = queue.Queue()

    class Told(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.put(time.perf_counter())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing: the bench prints its own lines."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/painted", calls
    finally:
        server.shutdown()
        server.server_close()


def chromium(folder: Path, sheet: Sheet) -> Cost | None:
    """Chromium in kiosk mode with the page from disk; None where it is not installed."""
    if not Path(CHROMIUM).exists():
        return None
    width, height = sheet.theme.size
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile, _listening() as (url, calls):
        (folder / "home.html").write_text(web_page(sheet, url), "utf-8")
        command = [CHROMIUM, "--headless=new", "--kiosk", "--no-sandbox", "--no-first-run", "--disable-extensions",
                   f"--user-data-dir={profile}", f"--window-size={width},{height}",
                   (folder / "home.html").as_uri()]  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            painted = calls.get(timeout=PAINTED_S) - began
            time.sleep(SETTLE_S)
            return Cost(painted, memory_mb(process.pid))
        finally:
            process.terminate()
            process.wait(20)
