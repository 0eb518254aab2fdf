"""All checks of the doctor at once: none waits behind another."""

from __future__ import annotations

import threading
from pathlib import Path

from kiosk.doctor.check import Check, Finding, begun, ok, run_checks
from kiosk.doctor.site import Site
from kiosk.doctor.table import CHECKS
from kiosk.settings import Settings


def test_all_checks_run_side_by_side(tmp_path: Path) -> None:
    """Each waits for all the others: one after the other, none would ever end."""
    met = threading.Barrier(40)

    def waits(_: Site) -> Finding:
        met.wait(20)
        return ok()

    site = Site(tmp_path, Settings())
    results = run_checks([Check(f"check-{number}", waits) for number in range(40)], site)
    assert {str(one.outcome) for one in results} == {"ok"}


def test_what_waits_for_a_device_a_disk_or_a_gateway_begins_first() -> None:
    """Else the slowest check stands behind thirty threads that only look, and all take longer than it does."""
    names = [one.name for one in begun(CHECKS)]
    first = {
        "state-writable", "outbox-opens", "gateway-reachable", "gateway-latency", "reader-service", "printer-answers",
    }  # fmt: skip
    assert set(names[: len(first)]) == first
    assert sorted(names) == sorted(one.name for one in CHECKS)
