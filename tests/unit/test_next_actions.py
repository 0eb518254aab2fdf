"""A next action that names a command names one that exists: in doctor, failure codes, runbook, package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from kiosk.__main__ import app

TEXTS = (
    *sorted(Path("kiosk/doctor").glob("*.py")),
    *sorted(Path("kiosk/upkeep").glob("*.py")),
    *sorted(Path("provisioning/package/control").iterdir()),
    Path("assets/failure_codes.toml"),
    *sorted(Path("docs").glob("*.md")),
    Path("provisioning/gateway/problems.py"),
    Path("offline_cache/enrolment.py"),
    Path("README.md"),
)
_NAMED = re.compile(r"(?:Run: |run: |then: |once: |`|[|] |^|: )kiosk ((?:[a-z0-9][a-z0-9-]* ?)+)", re.M)


def commands() -> dict[tuple[str, ...], Any]:
    root = typer.main.get_command(app)
    found: dict[tuple[str, ...], Any] = {}

    def walk(command: Any, path: tuple[str, ...]) -> None:
        found[path] = command
        context = command.make_context("kiosk", [], resilient_parsing=True)
        if hasattr(command, "list_commands"):
            for name in command.list_commands(context):
                walk(command.get_command(context, name), (*path, name))

    walk(root, ())
    return found


KNOWN = commands()


def named(text: str) -> Iterator[tuple[str, ...]]:
    for match in _NAMED.finditer(text):
        yield tuple(match[1].split())


@pytest.mark.parametrize("file", TEXTS, ids=str)
def test_every_command_that_somebody_is_told_to_run_exists(file: Path) -> None:
    groups = {path for path, command in KNOWN.items() if hasattr(command, "list_commands")}
    wrong: list[str] = []
    for words in named(file.read_text("utf-8")):
        alone = (words[0],) not in groups or len(words) == 1
        if (words[:1] if alone else words[:2]) not in KNOWN:
            wrong.append(" ".join(words))
    assert wrong == []


@pytest.mark.parametrize(
    "file", [one for one in TEXTS if one.suffix in {".md", ".toml"} or "package" in str(one)], ids=str
)
def test_every_option_beside_a_command_is_one_of_its_own(file: Path) -> None:
    wrong: list[str] = []
    for match in re.finditer(r"kiosk ((?:[a-z][a-z-]+ )+)([^`|\n]*--[^`|\n]*)", file.read_text("utf-8")):
        words = tuple(match[1].split())
        path = max((words[:length] for length in range(len(words) + 1) if words[:length] in KNOWN), key=len)
        if not path:
            continue
        options = {name for one in KNOWN[path].params for name in one.opts} | {"--help"}
        said = set(re.findall(r"(?<=\s)--[a-z][a-z-]+", " " + match[2].split("#")[0].split("kiosk ")[0]))
        wrong += [f"{' '.join(path)}: {one}" for one in sorted(said - options)]
    assert wrong == []


def test_the_commands_are_really_found() -> None:
    assert {("doctor",), ("outbox", "export"), ("media", "write"), ("gateway", "enrol-stick")} <= KNOWN.keys()
    assert list(named("Run: kiosk outbox export --to X")) == [("outbox", "export")]
    assert list(named("`kiosk enrol`")) == [("enrol",)]
