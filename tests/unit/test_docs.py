"""What the documents name is there: tests by file and by name, files, pictures, pages, commands of `make`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repository import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), *ROOT.glob("*.md")])
TESTS = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")
FILES = re.compile(r"(?<![\w/-])((?:assets|kiosk|drivers|offline_cache|provisioning|tests)/[\w./-]*\w/?)(?![\w{*…])")
LINKS = re.compile(r"\]\((?!\w+:)([^)#]+)(?:#[\w-]*)?\)")
MAKES = re.compile(r"(?:^|`)make ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
MADE = frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for file, name in TESTS.findall(text):
        assert (ROOT / file).is_file(), f"{page.name} names {file}"
        if name:
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{page.name} names {file}::{name}"
    for file in FILES.findall(text):
        assert (ROOT / file).exists() or list(ROOT.glob(f"{file}*")), f"{page.name} names {file}"
    for link in LINKS.findall(text):
        assert (page.parent / link).exists(), f"{page.name} leads to {link}"
    for words in MAKES.findall(text):
        first = words.split(maxsplit=1)[0]
        assert first in MADE or first == "lock", f"{page.name} says make {first}"
