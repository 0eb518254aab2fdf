"""What the long runs rely on: tests that share a machine, a browser or a bench stay with one worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GROUPED = """
import os, pytest
@pytest.mark.xdist_group("machine")
@pytest.mark.parametrize("number", range(8))
def test_one(number, pytestconfig):
    with (pytestconfig.rootpath / "workers").open("a") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


@pytest.mark.nightly
def test_a_group_stays_with_one_worker(tmp_path: Path) -> None:
    """pytest-xdist 3.8 with pytest 9.2 gives them to any, and says nothing."""
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "--rootdir", str(tmp_path), "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    workers = (tmp_path / "workers").read_text().split()
    assert len(workers) == 8
    assert len(set(workers)) == 1
