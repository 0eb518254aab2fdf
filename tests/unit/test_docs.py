"""What the documents name is there: tests by file and by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repository import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
NAMED = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for file, name in NAMED.findall(page.read_text("utf-8")):
        assert (ROOT / file).is_file(), f"{page.name} names {file}"
        if name:
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{page.name} names {file}::{name}"
