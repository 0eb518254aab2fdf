"""The pure modules: no I/O, no clock, no threads. Here is their one list; `main` holds their coverage.

`tests/unit/test_project.py` holds that these modules import nothing impure, and `make coverage` runs this file after
the tests: every line and every branch of a pure module is run by some test.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.repository import ROOT

PURE = (
    "kiosk/events.py",
    "kiosk/screen_model.py",
    "kiosk/pieces",
    "kiosk/session",
    "kiosk/staff",
    "kiosk/view_model",
    "kiosk/services",
    "kiosk/failures.py",
    "kiosk/speech/ear.py",
    "kiosk/speech/focus.py",
    "kiosk/speech/transcript.py",
    "offline_cache/policy.py",
    "drivers/cards/apdu.py",
    "drivers/cards/tlv.py",
    "drivers/printers/paper/layout.py",
    "drivers/printers/paper/linebreak.py",
)
"""A module, or a package of modules. A name without its `.py` file stands for either."""

IMPURE_IMPORTS = frozenset(
    {"kivy", "smartcard", "serial", "sqlite3", "sqlcipher3", "sqlite_utils", "requests", "threading", "time"}
    | {"asyncio", "multiprocessing", "os", "queue", "random", "secrets", "socket", "subprocess", "tempfile"}
)


def pure_files() -> list[Path]:
    """Return the files of all pure modules. Raises `FileNotFoundError` for a name that has none."""
    found: list[Path] = []
    for name in PURE:
        folder = ROOT / name
        files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
        found += [path for path in files if path.name != "__init__.py"]
    missing = [path for path in found if not path.is_file()]
    if missing:
        raise FileNotFoundError(", ".join(str(path.relative_to(ROOT)) for path in missing))
    return found


def main() -> int:
    """Report the coverage of the last test run; not 0 where a pure module is not covered whole."""
    files = [str(path.relative_to(ROOT)) for path in pure_files()]
    report = [sys.executable, "-m", "coverage", "report", "--show-missing", "--skip-covered"]
    return subprocess.run(
        [*report, f"--include={','.join(files)}", "--fail-under=100"], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
