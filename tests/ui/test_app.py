"""The application as the terminal runs it: its loop in one thread, everybody else in others, in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys, threading
from dataclasses import replace
from pathlib import Path
from kiosk.ui.app import TerminalApp
from kiosk.ui.gallery.examples import model

got = []
app = TerminalApp(send=got.append, headless=True, kivy_home=Path(sys.argv[1]))
told = {}

def visitor():
    bridge = app.bridge
    try:
        told["first"] = bridge.wait_drawn().name
        told["size"] = bridge.size
        told["png"] = bridge.screenshot()[:8].hex()
        bridge.touch_id("primary")
        bridge.show(model("13-pin"))
        told["second"] = bridge.wait_drawn(lambda shown: shown.name == "pin").name
        bridge.type_text("12")
        home = model("15-home")
        bridge.show(replace(home, body=home.body[1:]))
        bridge.wait_drawn(lambda shown: shown.name == "home")
        before = bridge.element("life.moved")["y"]
        bridge.wait_drawn(bridge.show(home))
        told["moved"] = bridge.element("life.moved")["y"] > before
        bridge.touch_id("life.moved")
        told["sent"] = [type(event).__name__ for event in got]
        told["version"] = bridge.version
        told["elements"] = len(bridge.elements())
        told["thread"] = threading.current_thread() is not threading.main_thread()
    finally:
        bridge.stop()

app.bridge.show(model("10-attract"))
thread = threading.Thread(target=visitor)
thread.start()
app.run()
thread.join()
print(json.dumps(told))
"""


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KIVY")}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_visitor_in_another_thread_sees_touches_and_types(tmp_path: Path) -> None:
    done = run(SCRIPT, str(tmp_path / "kivy"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {
        "first": "attract",
        "size": [1080, 1920],
        "png": b"\x89PNG\r\n\x1a\n".hex(),
        "second": "pin",
        "moved": True,
        "sent": ["PrimaryPressed", "PinKey", "PinKey", "LifeEventChosen"],
        "version": 4,
        "elements": told["elements"],
        "thread": True,
    }
    assert told["elements"] > 20
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("first", ["import kivy", "from kiosk.ui.glass.painter import Layer"])
def test_kivy_imported_too_early_is_refused(first: str, tmp_path: Path) -> None:
    script = f"{first}\nfrom kiosk.ui.app import TerminalApp\nTerminalApp(send=print, headless=True)"
    done = run(f"import os\nos.environ['KIVY_HOME'] = {str(tmp_path)!r}\nos.environ['KIVY_NO_ARGS'] = '1'\n{script}")
    assert done.returncode == 1
    assert "KivyAlreadyImportedError" in done.stderr


def test_importing_the_application_imports_no_kivy() -> None:
    done = run("import sys, kiosk.ui.app, kiosk.ui.screen, kiosk.ui.gallery.examples\nprint('kivy' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_the_gallery_draws_and_says_what_it_does_not_know(fonts: Path, tmp_path: Path) -> None:
    module = "import runpy, sys\nsys.argv[0] = 'gallery'\nrunpy.run_module('kiosk.ui.gallery', run_name='__main__')"
    done = run(module, "--out", str(tmp_path), "--fonts", str(fonts), "13-pin", "46-home-landscape")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["13-pin.png", "46-home-landscape.png"]
    assert run(module, "--out", str(tmp_path), "99-nothing").returncode == 1
