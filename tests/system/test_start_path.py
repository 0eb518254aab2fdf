"""What stands before the first screen: what the service imports until then. Each of these was there once.

The service of `kiosk.service` is started on its real drivers, with nothing plugged in and no display, and asked at the
moment at which it tells systemd that its first screen stands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

START = """
import json, os, sys
import offline_cache.notify

def ready(self):
    kinds = [kind for module in list(sys.modules.values()) if getattr(module, "__name__", "").startswith("kiosk.")
             for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    slow = [f"{one.__module__}.{one.__qualname__}" for one in kinds
            if "__dataclass_params__" in vars(one) and one.__dataclass_params__.frozen and one.__dataclass_params__.eq]
    rules = len(sys.modules["kivy.lang.builder"].Builder.rules)
    print(json.dumps({"modules": sorted(sys.modules), "slow": slow, "rules": rules}), flush=True)
    os._exit(0)

offline_cache.notify.Notifier.ready = ready
from kiosk.cli.run import main
main()
"""
HEAVY = {
    "typer": "a command line is parsed by `kiosk run` alone",
    "PIL": "a receipt is drawn when it is printed",
    "qrcode": "see PIL",
    "escpos": "see PIL",
    "asyncio": "kivy's clock takes it in case an application runs under it",
    "http.client": "the gateway's and the A4 printer's threads import it",
    "requests": "the gateway's thread imports it",
    "pypinyin": "after the first screen",
    "opencc": "after the first screen",
    "smartcard": "only the reader's own process may",
    "kivy.graphics.cgl_backend.cgl_glew": "OpenGL comes through SDL",
    "kivy.core.audio": "with the first sound",
    "kivy.input.providers.hidinput": "fingers come through SDL",
    "kivy.uix.widget": "a screen has no widgets",
    "filetype": "kivy would look for the kind of its own pictures in their bytes",
    "kiosk.ui.gallery": "examples are for the gallery",
    "kiosk.bench": "the bench is no part of the service",
    "provisioning": "nor is the gateway",
}
"""What must not be imported before the first screen, and why it need not."""


pytestmark = [pytest.mark.system, pytest.mark.ui]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("start")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY", "KCFG", "COV_"))}
    environ |= {"KIOSK_STATE": str(folder / "state"), "PCSCLITE_CSOCK_NAME": str(folder / "no-pcscd")}
    environ |= {"TMPDIR": str(folder)}
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("name", HEAVY)
def test_the_first_screen_does_not_wait_for(started: dict[str, Any], name: str) -> None:
    loaded = [module for module in started["modules"] if module == name or module.startswith(f"{name}.")]
    assert loaded == [], HEAVY[name]


def test_the_terminals_values_are_made_by_frozen(started: dict[str, Any]) -> None:
    assert started["slow"] == [], "use kiosk.frozen: dataclass(frozen=True) takes five times as long to make a class"


def test_kivy_has_not_read_the_rules_of_its_widgets(started: dict[str, Any]) -> None:
    assert started["rules"] == 0  # there were sixty


def test_the_outbox_is_open_when_the_first_screen_stands(started: dict[str, Any]) -> None:
    assert {"kiosk.terminal", "offline_cache.outbox", "kivy.core.window"} <= set(started["modules"])
