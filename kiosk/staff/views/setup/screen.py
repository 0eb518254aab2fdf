"""Which screen each step has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.screen_model import ScreenModel
from kiosk.staff.setup import clock, joining, look, network, paper, reader, report, touch
from kiosk.staff.setup.state import Loading, Stage
from kiosk.staff.views.frame import View
from kiosk.staff.views.setup import devices, ending, site
from kiosk.staff.views.setup.frame import setup

STAGES: Mapping[type[Stage], Callable[[View], ScreenModel]] = {
    Loading: ending.loading,
    touch.Touching: devices.touching,
    look.Looking: devices.looking,
    paper.Printing: devices.printing,
    reader.Reading: devices.reading,
    network.Wiring: site.wiring,
    clock.Timing: site.timing,
    joining.Enrolling: site.enrolling,
    report.Reporting: ending.reporting,
}


def screen(view: View) -> ScreenModel:
    """Return the screen of the present step, or of a pause."""
    part = setup(view)
    return ending.paused(view) if part.paused else STAGES[type(part.stage)](view)
