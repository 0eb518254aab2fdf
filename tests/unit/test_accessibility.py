"""The page on accessibility promises only what a test holds."""

from __future__ import annotations

import re

from tests.repository import ROOT

PAGE = ROOT / "docs" / "accessibility.md"
NAMED = re.compile(r"`(test_\w+)`")


def defined() -> set[str]:
    return {
        found
        for path in (ROOT / "tests").rglob("test_*.py")
        for found in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }


def test_the_page_names_only_tests() -> None:
    named = set(NAMED.findall(PAGE.read_text("utf-8")))
    assert len(named) > 40
    assert named - defined() == set()


def test_every_clause_has_somebody_who_holds_it() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|") and "---" not in line]
    for row in rows:
        last = row.strip("| ").split("|")[-1]
        held = NAMED.search(last) or re.search("cabinet|nothing listens|held by", last)
        assert held, row
