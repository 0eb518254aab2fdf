"""What the documents name is there: tests by file and by name, files, pictures, pages, commands of `make`."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from kiosk.settings import Settings
from tests.repository import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), *ROOT.glob("*.md")])
TESTS = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")
FILES = re.compile(r"(?<![\w/-])((?:assets|kiosk|drivers|offline_cache|provisioning|tests)/[\w./-]*\w/?)(?![\w{*…])")
LINKS = re.compile(r"\]\((?!\w+:)([^)#]+)(?:#[\w-]*)?\)")
MAKES = re.compile(r"(?:^|`)make ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
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


def test_every_attack_has_a_test_that_shows_what_stops_it() -> None:
    lines = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and line.count(" | ") == 2 and "shown by" not in line]
    kept = [row for row in rows if not row.startswith("| what | where")]
    shown = [row for row in kept if NAMES.search(row.rsplit(" | ", 1)[1])]
    worth = lines[lines.index("## What is worth something") : lines.index("## Somebody at the glass")]
    assert [row for row in kept if row not in shown and row not in worth] == []
    assert len(shown) > 30
