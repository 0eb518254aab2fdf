"""The parts of the cases put together, for the gateway that has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.gateway.authority import Authority, CardAuthorities
from provisioning.gateway.cases.clerk import CaseClerk
from provisioning.gateway.cases.engine import Engine
from provisioning.gateway.cases.plans import DECIDE, LOOK, Plans, load_plans
from provisioning.gateway.cases.record import CaseRecords
from provisioning.gateway.cases.simulated import Habits, SimulatedAgencies, work
from provisioning.gateway.cases.workdays import load_calendar
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.certificates.desk import CertificateDesk
from provisioning.gateway.storage.database import Database
from provisioning.gateway.store import Store

CALENDAR_FILE, PLANS_FILE = "calendar.toml", "cases.toml"


@dataclass(frozen=True)
class CaseOffice:
    """Everything that works on cases in one gateway."""

    engine: Engine
    records: CaseRecords
    clerk: CaseClerk
    plans: Plans
    database: Database
    certificates: CertificateDesk
    agencies: SimulatedAgencies | None
    """None: every agency is real."""

    def work(self) -> int:
        """Let the simulated agencies do what is due. Raises `StoreFailed`."""
        return 0 if self.agencies is None else work(self.engine, self.database, self.agencies)

    def pass_days(self, days: int) -> int:
        """Let days go by, one after the other, on the cases' clock; returns its time."""
        now_ms = 0
        for _ in range(days):
            now_ms = self.engine.turn(1)
            self.work()
        return now_ms


@dataclass(frozen=True)
class Parts:
    """What the office is made of."""

    database: Database
    store: Store
    authority: Authority
    cards: CardAuthorities
    catalogue: CatalogueSource
    now_ms: Callable[[], int]
    certificates: CertificateDesk
    held: Callable[[str, str], Mapping[str, object] | None]
    """What the city holds of an id number, by subject."""


def open_office(folder: Path, parts: Parts, habits: Habits | None) -> CaseOffice:
    """Put the parts together; `folder` is `assets/city`. `habits` None: no agency is simulated.

    Raises:
        CalendarInvalid, PlansInvalid: naming what cannot be used.
        OSError: a file is missing.
    """
    calendar = load_calendar((folder / CALENDAR_FILE).read_text("utf-8"))
    plans = load_plans((folder / PLANS_FILE).read_text("utf-8"))
    agencies = None
    if habits is not None:
        asks = {step.id: step.asks for plan in plans.named.values() for step in plan.steps}
        known = {LOOK: plans.asks, DECIDE: (), **asks, **habits.asks}
        agencies = SimulatedAgencies(
            Habits(habits.seed, habits.ask_percent, habits.refuse_percent, habits.real, known), calendar
        )
    engine = Engine(
        parts.database,
        parts.store,
        calendar,
        parts.now_ms,
        parts.certificates,
        agencies.due if agencies is not None else lambda _number, _step, _now_ms: 0,
    )
    clerk = CaseClerk(engine, plans, parts.catalogue, parts.authority, parts.cards, parts.certificates, parts.held)
    records = CaseRecords(parts.database, calendar, parts.certificates)
    return CaseOffice(engine, records, clerk, plans, parts.database, parts.certificates, agencies)
