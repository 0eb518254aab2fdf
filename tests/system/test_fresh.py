"""A stranger's first hour: the README's two commands on a Debian 12 that has nothing but git and make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]
ROOT = Path(__file__).resolve().parents[2]


def test_a_stranger_s_two_commands_work_on_a_machine_that_has_nothing() -> None:
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.skip("needs root and mmdebstrap, to make another Debian and to enter it")
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone: what is not committed and not new is not copied")
    done = subprocess.run(["bash", "provisioning/fresh.sh"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "fresh: make demo and make run work" in done.stdout
    shutil.rmtree(ROOT / "build/fresh")
