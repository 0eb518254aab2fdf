"""What the documents name is there: tests by file and name, files, pictures, pages, commands of `make` and `kiosk`."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from kiosk.__main__ import app
from kiosk.settings import Settings
from tests.repository import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), *ROOT.glob("*.md")])
TESTS = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")
FILES = re.compile(r"(?<![\w/-])((?:assets|kiosk|drivers|offline_cache|provisioning|tests)/[\w./-]*\w/?)(?![\w{*…])")
LINKS = re.compile(r"\]\((?!\w+:)([^)#]+)(?:#[\w-]*)?\)")
ANCHORS = re.compile(r"\]\((?!\w+:)([^)#]*)#([\w-]+)\)")
MAKES = re.compile(r"(?:^|`)make ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`|^((?: {4}|\.?venv/bin/)?kiosk .+)$", re.MULTILINE)
COMMANDS = re.compile(r"(?<!systemctl )(?:^|[ /])kiosk ([a-z][\w-]*(?: [a-z][\w-]*)*)(.*)")
OPTIONS = re.compile(r"(?<!\w)--[a-z][a-z-]*")
ROUTES = re.compile(r"(?<![\w}])/(?:v1|api)/[\w/{}.-]*\w")
ROUTED = re.compile(r'@app\.\w+\(\s*f?"(/[^"]+)"')
NAMES = re.compile(r"`(test_\w+)`")
DEFINED = frozenset(
    found
    for path in (ROOT / "tests").rglob("*.py")
    for found in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
)
SETTINGS = frozenset(item.name for item in dataclasses.fields(Settings))
"""`test_card_pin` is one, and no test."""
MADE = frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for file, name in TESTS.findall(text):
        assert (ROOT / file).is_file(), f"{page.name} names {file}"
        if name:
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{page.name} names {file}::{name}"
    assert set(NAMES.findall(text)) - DEFINED - SETTINGS == set(), page.name
    for file in FILES.findall(text):
        assert (ROOT / file).exists() or list(ROOT.glob(f"{file}*")), f"{page.name} names {file}"
    for link in LINKS.findall(text):
        assert (page.parent / link).exists(), f"{page.name} leads to {link}"
    for words in MAKES.findall(text):
        first = words.split(maxsplit=1)[0]
        assert first in MADE or first == "lock", f"{page.name} says make {first}"


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them from its headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_link_to_a_section_leads_to_one(page: Path) -> None:
    for other, section in ANCHORS.findall(page.read_text("utf-8")):
        assert section in headings(page.parent / other if other else page), f"{page.name} leads to {other}#{section}"


@pytest.mark.parametrize(("page", "beside"), [("cards", "printing"), ("printing", "cards")])
def test_who_looks_for_a_device_finds_the_other_one_the_technician_s_page_and_the_tester_s(
    page: str, beside: str
) -> None:
    led = set(LINKS.findall((ROOT / "docs" / f"{page}.md").read_text("utf-8")))
    assert {f"{beside}.md", "technician.md", "testing.md", "reference/failure-codes.md"} <= led


def test_every_route_that_a_page_names_is_served() -> None:
    homes = [path for home in ("kiosk/bench", "provisioning/gateway") for path in (ROOT / home).rglob("*.py")]
    served = [route for path in homes for route in ROUTED.findall(path.read_text("utf-8"))]
    served += json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text("utf-8"))["paths"]
    patterns = [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", route)) for route in served]
    named = {(page.name, route) for page in PAGES for route in ROUTES.findall(page.read_text("utf-8"))}
    assert len(named) > 30
    assert [one for one in named if not any(pattern.fullmatch(one[1]) for pattern in patterns)] == []


def unknown_commands(text: str) -> Iterator[str]:
    """Yield what a page says of the `kiosk` command and the command does not know: words and options."""
    for span in (one or other for one, other in CODE.findall(text)):
        for words, rest in COMMANDS.findall(re.sub(r"systemctl .*", "", span)):
            command: Any = typer.main.get_command(app)
            for word in words.split():
                found = command.get_command(None, word) if hasattr(command, "get_command") else None
                if found is None and hasattr(command, "get_command"):
                    yield f"{span}: {word}"
                command = found or command
            known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)} | {"--help"}
            yield from (
                f"{span}: {name}" for name in OPTIONS.findall(re.split(r"\s#|[;|]", rest)[0]) if name not in known
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_names_only_commands_and_options_that_there_are(page: Path) -> None:
    assert list(unknown_commands(page.read_text("utf-8"))) == []


@pytest.mark.parametrize("text", ["`kiosk outbux status`", "    kiosk outbox staatus", "see `kiosk enrol --tokken T`"])
def test_a_command_or_an_option_that_there_is_not_is_found(text: str) -> None:
    assert list(unknown_commands(text))


def test_every_attack_has_a_test_that_shows_what_stops_it() -> None:
    lines = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and line.count(" | ") == 2 and "shown by" not in line]
    kept = [row for row in rows if not row.startswith("| what | where")]
    shown = [row for row in kept if NAMES.search(row.rsplit(" | ", 1)[1])]
    worth = lines[lines.index("## What is worth something") : lines.index("## Somebody at the glass")]
    assert [row for row in kept if row not in shown and row not in worth] == []
    assert len(shown) > 30
