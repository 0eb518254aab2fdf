"""The long runs: what `make nightly` ran last, from the report that pytest wrote (JUnit XML), as a part of the page.

A long test prints its own figures last; that line stands beside it here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from tests.bench.figures import KEPT

REPORT = KEPT / "nightly.xml"
LONG_S = 60.0
"""A test, with all its cases, that takes less than this is not named."""


def night(report: Path) -> str:
    """The section of the page; empty where there is no report. Raises `ParseError` where it is none.

    What was run again afterwards (`make nightly TESTS=…`, a file beside it) counts in place of what failed.
    """
    whole, later = _suite(report), _suite(report.with_stem(f"{report.stem}-again"))
    if whole is None:
        return ""
    cases = {_name(case): case for case in whole.iter("testcase")}
    day, minutes = whole.get("timestamp", "")[:10], float(whole.get("time", 0)) / 60
    told = [
        f"\n## The long runs\n\n`make nightly`, {day}: {len(cases):,} tests in {minutes:.0f} minutes, {_ended(cases)}. "
    ]
    if later is not None and later.get("timestamp", "") > whole.get("timestamp", ""):
        again = {_name(case): case for case in later.iter("testcase")}
        day = later.get("timestamp", "")[:10]
        told.append(f"Of these and later ones {len(again)} were run again, on {day}: {_ended(again)}. ")
        cases |= again
    groups = defaultdict[tuple[str, str], list[ElementTree.Element]](list)
    for place, name in cases:
        groups[place, re.sub(r"\[.*", "", name, flags=re.DOTALL)].append(cases[place, name])
    told.append(f"Named are those that took more than {LONG_S:.0f} seconds, their cases together.\n\n")
    told.append("| what | cases | minutes | figures |\n|---|---|---|---|\n")
    rows = sorted(((sum(map(_seconds, found)), key, found) for key, found in groups.items()), key=lambda row: -row[0])
    for seconds, (place, name), found in rows:
        if seconds < LONG_S:
            break
        file = re.sub(r"\.[A-Z]\w*$", "", place).replace(".", "/")
        what = f"{name.removeprefix('test_').replace('_', ' ')}<br>`{file}.py`"
        ended = {verdict for case in found if (verdict := _verdict(case))}
        said = "; ".join([*sorted(ended), *filter(None, map(_last_line, found))]).replace("|", "/")
        told.append(f"| {what} | {len(found)} | {seconds / 60:.1f} | {said} |\n")
    return "".join(told)


def _suite(report: Path) -> ElementTree.Element | None:
    return ElementTree.parse(report).getroot().find("testsuite") if report.exists() else None


def _name(case: ElementTree.Element) -> tuple[str, str]:
    return case.get("classname", ""), case.get("name", "?")


def _ended(cases: Mapping[tuple[str, str], ElementTree.Element]) -> str:
    verdicts = Counter(map(_verdict, cases.values()))
    return f"{verdicts['**failed**']} failed, {verdicts['**skipped**']} skipped"


def _seconds(case: ElementTree.Element) -> float:
    return float(case.get("time", 0))


def _verdict(case: ElementTree.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return f"**{'skipped' if kind == 'skipped' else 'failed'}**"
    return ""


def _last_line(case: ElementTree.Element) -> str:
    """What a test said last, where it said anything of its own."""
    lines = [line.strip() for out in case.iter("system-out") for line in (out.text or "").splitlines()]
    said = [line for line in lines if line and not line.startswith(("-", "INFO ", "WARNING "))]
    return said[-1] if said and len(said[-1]) < 200 else ""
