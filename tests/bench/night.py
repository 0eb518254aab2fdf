"""The long runs: what `make nightly` ran last, from the report that pytest wrote (JUnit XML), as a part of the page.

A long test prints its own figures last; that line stands beside it here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.bench.figures import KEPT

REPORT = KEPT / "nightly.xml"
LONG_S = 60.0
"""A test, with all its cases, that takes less than this is not named."""


def night(report: Path) -> str:
    """The section of the page; empty where there is no report. Raises `ParseError` where it is none."""
    if not report.exists():
        return ""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        return ""
    groups = defaultdict[tuple[str, str], list[ElementTree.Element]](list)
    for case in suite.iter("testcase"):
        name = re.sub(r"\[.*", "", case.get("name", "?"), flags=re.DOTALL)
        groups[case.get("classname", ""), name].append(case)
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    day, count, minutes = suite.get("timestamp", "")[:10], int(suite.get("tests", 0)), float(suite.get("time", 0)) / 60
    told = [
        f"\n## The long runs\n\n`make nightly`, {day}: {count:,} tests in {minutes:.0f} minutes, {failed} failed, ",
        f"{suite.get('skipped', 0)} skipped. Named are those that took more than {LONG_S:.0f} seconds, their cases ",
        "together.\n\n| what | cases | minutes | figures |\n|---|---|---|---|\n",
    ]
    rows = sorted(((sum(map(_seconds, cases)), key, cases) for key, cases in groups.items()), key=lambda row: -row[0])
    for seconds, (place, name), cases in rows:
        if seconds < LONG_S:
            break
        what = f"{name.removeprefix('test_').replace('_', ' ')}<br>`{place.replace('.', '/')}.py`"
        ended = {verdict for case in cases if (verdict := _verdict(case))}
        said = "; ".join([*sorted(ended), *filter(None, map(_last_line, cases))]).replace("|", "/")
        told.append(f"| {what} | {len(cases)} | {seconds / 60:.1f} | {said} |\n")
    return "".join(told)


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
    said = [line for line in lines if line and not line.startswith("-")]
    return said[-1] if said and len(said[-1]) < 200 else ""
