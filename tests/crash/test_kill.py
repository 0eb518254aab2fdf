"""SIGKILL at any instant, over the writer, the sync service and the gateway, again and again on one disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres_kit import shared

pytestmark = pytest.mark.system


def kill(folder: Path, times: int, seed: int, database: str = "") -> int:
    """Returns how many entries the writer was told of; all of them were found in the gateway, once and in order."""
    command = [sys.executable, "-m", "tests.crash.killing", str(folder), str(times), str(seed), database]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert sum(told["kills"].values()) == times
    assert min(told["kills"].values()) >= times // 4
    assert told["arrived"] >= told["confirmed"]
    print(f"{times:,} kills, {told['confirmed']:,} entries confirmed: none lost, none doubled")
    return int(told["confirmed"])


def test_fifty_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    assert kill(tmp_path, 50, 11) > 50


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_thousand_deaths_lose_and_double_nothing(tmp_path: Path, database: str) -> None:
    assert kill(tmp_path, 1000, 12, shared().database() if database == "postgresql" else "") > 1000
