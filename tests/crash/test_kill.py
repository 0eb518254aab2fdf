"""SIGKILL at any instant, over the writer and the sync service, again and again on one disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system


def kill(folder: Path, times: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.crash.killing", str(folder), str(times), "11"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fifty_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    told = kill(tmp_path / "state", 50)
    assert told["kills"] == 50
    assert told["arrived"] >= told["confirmed"] > 25


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_thousand_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    told = kill(tmp_path / "state", 1000)
    assert told["arrived"] >= told["confirmed"] > 500
