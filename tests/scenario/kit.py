"""The virtual terminal of `kiosk/bench/virtual/`, and its city, as the tests use them."""

from __future__ import annotations

from dataclasses import replace

from kiosk.bench.virtual import kiosk as virtual
from kiosk.bench.virtual.city import City, OfficeDown, catalogue_subjects, personas
from kiosk.bench.virtual.eye import controls_of, words_of
from kiosk.bench.virtual.kiosk import Store

__all__ = ["PERSONAS", "SUBJECTS", "City", "Kiosk", "OfficeDown", "Store", "controls_of", "words_of"]

PERSONAS = personas()
SUBJECTS = catalogue_subjects()


class Kiosk(virtual.Kiosk):
    """The virtual terminal, with what tests alone want of it."""

    def stands_in(self, office: str, *matters: str, letter: str = "Y") -> Kiosk:
        """Say at which office the terminal stands, as its enrolment would."""
        runtime = self.terminal.runtime
        site = {"office": office, "matters": ",".join(matters), "letter": letter, "place.zh-Hans": "榕树街便民服务中心"}
        runtime.session = replace(runtime.session, world=replace(runtime.session.world, site=site))
        return self

    def to_saved(self, service: str = "household-proof", event: str = "moved") -> Kiosk:
        self.to_check(service, event).submit()
        return self.wait(1) if self.screen.name == "working" else self
