"""What a check is, and how all of them run side by side. Names are stable: scripts and runbooks rely on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kiosk.doctor.site import Site

DEADLINE_S = 20.0
"""For all checks together: longer than any part that works takes to answer."""
_HANGS = "Look at what it asks (its cable, its service), then run: kiosk doctor"


class Outcome(StrEnum):
    """How a check went. `skip`: there is nothing here to look at, and that is in order."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True)
class Finding:
    """`cause` is what was seen, `next_action` the one thing to do now; both empty where all is well."""

    outcome: Outcome
    cause: str = ""
    next_action: str = ""


@dataclass(frozen=True)
class Check:
    """One check. `name` is lower-kebab and never changes."""

    name: str
    run: Callable[[Site], Finding]
    waits: bool = False
    """It waits for a device, a disk or a network: begun before those that only look, never behind them."""


@dataclass(frozen=True)
class Result:
    """A finding with its name and how long it took, milliseconds."""

    name: str
    outcome: Outcome
    cause: str
    next_action: str
    took_ms: int


def ok(cause: str = "") -> Finding:
    """All is well; `cause` may tell a figure."""
    return Finding(Outcome.OK, cause)


def warn(cause: str, next_action: str) -> Finding:
    """It works, and will not for long."""
    return Finding(Outcome.WARN, cause, next_action)


def fail(cause: str, next_action: str) -> Finding:
    """Citizens are not served, or data are at risk."""
    return Finding(Outcome.FAIL, cause, next_action)


def skip(cause: str, next_action: str = "") -> Finding:
    """Nothing to look at here; `next_action` tells where there is."""
    return Finding(Outcome.SKIP, cause, next_action)


def begun(checks: Sequence[Check]) -> list[Check]:
    """Return the checks in the order in which they begin: whoever waits goes first."""
    return sorted(checks, key=lambda one: not one.waits)


def run_checks(checks: Sequence[Check], site: Site, deadline_s: float = DEADLINE_S) -> list[Result]:
    """Run all at once; the results in the order of `checks`.

    A check that errs is a failed check, and so is one that has not ended after `deadline_s`: it is named, the others
    are told, and nobody waits for it (its thread dies with the program).
    """
    asked: dict[str, tuple[list[Result], threading.Event]] = {one.name: ([], threading.Event()) for one in checks}
    began = time.perf_counter()
    for check in begun(checks):
        threading.Thread(target=_run, args=(check, site, *asked[check.name]), name=check.name, daemon=True).start()
    results: list[Result] = []
    for check in checks:
        found, ended = asked[check.name]
        if ended.wait(max(0.0, deadline_s - (time.perf_counter() - began))):
            results.append(found[0])
        else:
            cause = f"it has not ended after {deadline_s:g} s"
            results.append(Result(check.name, Outcome.FAIL, cause, _HANGS, round(deadline_s * 1000)))
    return results


def _run(check: Check, site: Site, results: list[Result], ended: threading.Event) -> None:
    began = time.perf_counter()
    try:
        found = check.run(site)
    except Exception as error:  # noqa: BLE001 - a check that falls over must not hide the others
        found = fail(f"the check itself fell over: {type(error).__name__}", "Send a support bundle to the makers.")
    took_ms = round((time.perf_counter() - began) * 1000)
    results.append(Result(check.name, found.outcome, found.cause, found.next_action, took_ms))
    ended.set()
