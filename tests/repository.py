"""The repository as data, for the tests that hold its habits: which files belong to it, parsed once."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("kiosk", "drivers", "offline_cache", "provisioning", "assets")
_MADE_HERE = {".git", ".venv", "build", "out", "state", "htmlcov", "__pycache__", ".hypothesis"}


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is committed or would be; without git, every file that is not made by a command."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return tuple(path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file())
    return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not _made_here(path))


def _made_here(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in _MADE_HERE or part.endswith(("_cache", ".egg-info")) for part in parts)


def name(path: Path) -> str:
    """Return the path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python file, tests too."""
    return tuple(path for path in files() if path.suffix == ".py")


def shipped() -> tuple[Path, ...]:
    """Return the Python files of the product."""
    return tuple(path for path in modules() if name(path).split("/")[0] in CODE)


@cache
def tree(path: Path) -> ast.Module:
    """Return the module's syntax tree."""
    return ast.parse(path.read_text("utf-8"), filename=name(path))


def imports(path: Path) -> set[str]:
    """Return the full names of all that a module imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def importers(package: str) -> set[str]:
    """Return the shipped files that import a package or anything in it."""
    return {
        name(path)
        for path in shipped()
        if any(found == package or found.startswith(package + ".") for found in imports(path))
    }
