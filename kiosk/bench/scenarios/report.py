"""What came of the scenarios, for machines (JUnit XML) and for people (one HTML page with its pictures in it)."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as ET

from kiosk.bench.scenarios.outcome import Outcome, Played

STYLE = """
body {
  font: 17px/1.5 system-ui, sans-serif; color: #1b2420; background: #f6f3eb;
  margin: 0 auto; max-width: 72rem; padding: 1rem
}
h1 {
  font-size: 1.6rem
}
h2 {
  font-size: 1.15rem; margin: 0
}
details {
  background: #fff; border-left: .4rem solid #1f6f4a; margin: .6rem 0; padding: .6rem 1rem
}
details.failed {
  border-color: #a3271f
}
summary {
  cursor: pointer; min-height: 2.75rem; display: flex; gap: 1rem; align-items: center
}
.why {
  color: #a3271f; font-weight: 600
}
.steps {
  display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none
}
.steps li {
  width: 12rem
}
.steps img {
  width: 100%; border: 1px solid #8a8f86
}
.steps p {
  margin: .2rem 0; overflow-wrap: anywhere
}
pre {
  font-size: .8rem; overflow: auto
}
.words {
  font-size: .8rem; max-height: 16rem; overflow: auto; border: 1px solid #8a8f86; padding: .3rem; background: #fff
}
"""


def write_junit(outcomes: Sequence[Outcome], file: Path) -> None:
    """Write one test suite in the JUnit XML that CI servers read."""
    failed = sum(not one.passed for one in outcomes)
    suite = ET.Element(
        "testsuite",
        name="scenarios",
        tests=str(len(outcomes)),
        failures=str(failed),
        time=f"{sum(one.seconds for one in outcomes):.3f}",
    )
    for one in outcomes:
        case = ET.SubElement(
            suite, "testcase", classname=one.scenario.file, name=one.scenario.name, time=f"{one.seconds:.3f}"
        )
        if not one.passed:
            place = f"{one.scenario.file}:{one.failed_line}"
            ET.SubElement(case, "failure", message=one.failed).text = f"{place}: {one.failed}"
    tree = ET.ElementTree(ET.Element("testsuites"))
    root = tree.getroot()
    assert root is not None
    root.append(suite)
    ET.indent(tree)
    tree.write(file, "utf-8", xml_declaration=True)


def write_page(outcomes: Sequence[Outcome], file: Path, *, seed: int) -> None:
    """Write the page: what failed stands first and open, each step with its screen."""
    passed = sum(one.passed for one in outcomes)
    ordered = sorted(outcomes, key=lambda one: one.passed)
    file.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Scenarios: {passed} of {len(outcomes)} passed</title><style>{STYLE}</style>"
        f"<h1>{passed} of {len(outcomes)} scenarios passed</h1>"
        f"<p>Seed {seed}. Version {metadata.version('citizen-kiosk')}.</p>"
        + "".join(_outcome(one) for one in ordered)
        + "</html>\n",
        "utf-8",
    )


def _outcome(one: Outcome) -> str:
    mark, state = ("passed", "") if one.passed else ("failed", " open")
    why = (
        ""
        if one.passed
        else f"<p class=why>{html.escape(one.scenario.file)}:{one.failed_line} {html.escape(one.failed)}</p>"
        f"<pre>{html.escape(chr(10).join(one.log))}</pre>"
    )
    steps = "".join(_step(step) for step in one.steps)
    return (
        f"<details class={mark}{state}><summary><h2>{html.escape(one.scenario.name)}</h2>"
        f"<span>{mark} · {one.stack} · {one.seconds:.1f} s</span></summary>{why}<ol class=steps>{steps}</ol></details>"
    )


def _step(played: Played) -> str:
    told = html.escape(played.step.told())
    if played.picture:
        data = base64.b64encode(played.picture).decode()
        shown = f"<img alt='{html.escape(played.screen)} screen' loading=lazy src='data:image/png;base64,{data}'>"
    else:
        shown = f"<div class=words>{'<br>'.join(html.escape(word) for word in played.words if word)}</div>"
    return f"<li><p><b>{told}</b></p><p>{html.escape(played.screen)}</p>{shown}</li>"
