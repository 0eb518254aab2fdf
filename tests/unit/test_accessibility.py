"""The page on accessibility promises only what a test holds; that the tests are there, `test_docs.py` asks."""

from __future__ import annotations

import re

from tests.repository import ROOT

PAGE = ROOT / "docs" / "accessibility.md"
NAMED = re.compile(r"`(test_\w+)`")
CLAUSES = {
    "5.1": "2.1 2.2 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13 3.14 3.15 3.16 4 5 6.1 6.2 7",
    "5": "2 3 4 5.1 5.2 6.1 6.2 7 8 9",
    "8": "1.2 1.3 2.1.1 2.1.2 2.2.1 2.2.2 3.5 3.6 4.1 4.2.1 4.2.2 4.3 5",
    "11.1": "1.1.2 2.1.2.1 2.1.2.2 2.2 2.3.2 2.4 2.5 3.1.2 3.2.2 3.3 3.4 3.5.2 4.1 4.2 4.3 4.4.2 4.5.2 4.10 4.11 4.12 "
    "4.13",
    "11.2": "1.1.2 1.2 1.4.2 2.1 2.2 3.1 4.3 4.4 4.6 4.7 5.1 5.2 5.3 5.4",
    "11.3": "1.1.2 2.1 2.2 3.1.2 3.2 3.3 3.4",
    "11": "4.1.1.2 4.1.2.2 4.1.3 5.1 6.1 6.2 7",
    "12": "1.1 1.2",
}
"""What EN 301 549 V3.2.1 asks of closed software and its hardware, without what stands together in one row."""


def rows(heading: str = "") -> list[list[str]]:
    """The cells of every row of the page, or of the part under one heading."""
    text = PAGE.read_text("utf-8")
    if heading:
        text = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_every_clause_has_somebody_who_holds_it_or_says_why_nobody_does() -> None:
    for row in rows():
        last = row[-1]
        assert NAMED.search(last) or re.search("cabinet|does not apply|not met|not shown|(held|shown) by", last), row
        if last.startswith("does not apply"):
            assert len(last) > len("does not apply: "), f"{row[0]}: the reason is missing"


def test_every_clause_for_closed_software_has_one_row() -> None:
    first = [cell for row in rows("EN 301 549 V3.2.1") for cell in row[0].split(", ")]
    wanted = [f"{chapter}.{clause}" for chapter, clauses in CLAUSES.items() for clause in clauses.split()]
    assert len(wanted) > 90
    assert [clause for clause in wanted if first.count(clause) != 1] == []


def test_what_a_row_calls_not_met_is_in_the_list_of_what_is_not_met() -> None:
    listed = PAGE.read_text("utf-8").split("\n## Not met\n")[1].split("\n## ")[0]
    missing = [row[0] for row in rows() if "not met" in row[-1] and row[0] not in listed]
    assert missing == []
