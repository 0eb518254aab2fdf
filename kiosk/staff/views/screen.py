"""Which screen a part has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.failures import Failure
from kiosk.paper.receipts import Site
from kiosk.screen_model import ScreenModel
from kiosk.staff.closed import Closed
from kiosk.staff.entry import Entry
from kiosk.staff.maintenance import Maintenance
from kiosk.staff.part import Part, Staff
from kiosk.staff.setup.state import Setup
from kiosk.staff.views import closed, entry, maintenance
from kiosk.staff.views.frame import View
from kiosk.staff.views.setup import screen as commissioning
from kiosk.words.i18n import Say

VIEWS: Mapping[type[Part], Callable[[View], ScreenModel]] = {
    Entry: entry.screen,
    Maintenance: maintenance.screen,
    Closed: closed.screen,
    Setup: commissioning.screen,
}


def render(staff: Staff, say: Say, site: Site, failures: Mapping[str, Failure]) -> ScreenModel:
    """Return the screen of the part that is on."""
    return VIEWS[type(staff.part)](View(staff, say, site, failures))
