"""The page on accessibility promises only what a test holds; that the tests are there, `test_docs.py` asks."""

from __future__ import annotations

import re

from tests.repository import ROOT

PAGE = ROOT / "docs" / "accessibility.md"
NAMED = re.compile(r"`(test_\w+)`")


def test_every_clause_has_somebody_who_holds_it() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|") and "---" not in line]
    for row in rows:
        last = row.strip("| ").split("|")[-1]
        held = NAMED.search(last) or re.search("cabinet|nothing listens|held by", last)
        assert held, row
