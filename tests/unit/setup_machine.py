"""The tasks of commissioning on one terminal: simulated devices, a state folder, a gateway over TLS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from drivers.api import JobState, PrintResult, Receipt
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from kiosk.bench.virtual.city import personas
from kiosk.speech.recording import RecordingEngine
from kiosk.speech.speaker import Engine
from kiosk.staff.part import TaskDone
from kiosk.staff.setup.state import Proof, accepted
from kiosk.upkeep.setup import probe
from kiosk.upkeep.setup.tasks import SetupMachine, SetupTasks
from kiosk.upkeep.stick import plugged
from offline_cache.joining.site import SiteData, checked
from tests.unit.test_joining import Phone, Site, _Now

PROOFS = (Proof("touch", facts={"n": "5", "px": "3"}), accepted("clock-offset", s="1.8"), Proof("outbox"))
BEGAN = "2027-05-18T10:02"


def no_unit(_command: Sequence[str]) -> tuple[int, str]:
    """A machine without kiosk-stick.service (systemctl(1), exit status): a stick is what is mounted already."""
    return 5, ""


class Strip:
    """A printer that keeps what it was given."""

    def __init__(self, state: JobState = JobState.DONE) -> None:
        self.state = state
        self.pages: list[Receipt] = []

    def print_for_staff(self, receipt: Receipt) -> PrintResult:
        self.pages.append(receipt)
        return PrintResult(self.state, "" if self.state is JobState.DONE else "paper-out", 0)


class Clock(_Now):
    def boot_id(self) -> str:
        return "boot"


class Bench:
    """The tasks of one terminal in `state`."""

    def __init__(self, state: Path, site: SiteData | None, *, clock: Clock, printer: Strip | None = None) -> None:
        self.state = state
        self.reader = SimReader("Kiosk Citizen", real_time=False)
        self.authority = CardAuthority.load_or_create(state / "cards")
        self.printer = printer or Strip()
        self.engine: Engine | None = RecordingEngine()
        self.joined: list[str] = []
        self.clock = clock
        self.site = site
        self.plug_in()

    def plug_in(self) -> None:
        """Start the program again: only the disk remembers."""
        machine = SetupMachine(
            self.state, lambda: self.site, self.reader, self.printer, self.engine, "123456", self.clock,
            lambda enrolment: self.joined.append(enrolment.terminal),
            stick=partial(plugged, (self.state / "media",), no_unit), prove_outbox=lambda _folder: probe.Kept(3, 21),
        )  # fmt: skip
        self.tasks = SetupTasks(machine).tasks()

    def run(self, name: str, **arguments: str) -> TaskDone:
        done = self.tasks[name](arguments)
        assert done.name == name
        return done

    def insert(self, **more: object) -> None:
        card = {**personas()["parent"].card, "pin": "123456", **more}
        self.reader.insert(SimCard(parse_card_document(card), self.authority))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.stop()


def data_of(site: Site, ca_hash: str = "") -> SiteData:
    return checked(site.url, ca_hash or site.kit.authority.ca_hash, "GZ-K2", "2027-00318")


@pytest.fixture
def bench(site: Site) -> Bench:
    return Bench(site.state, data_of(site), clock=Clock(site.kit.clock))


@pytest.fixture
def alone(tmp_path: Path) -> Bench:
    """A terminal that nobody told which gateway it belongs to."""
    state = tmp_path / "alone"
    state.mkdir(mode=0o700)
    return Bench(state, None, clock=Clock(Still()))  # pyright: ignore[reportArgumentType]


class Still:
    ms = 1_800_000_000_000


def bind(phone: Phone, address: str) -> int:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return phone.post("/enrol/bind", **asked, office="rongshu", label="3 号机", proof=phone.proof())[0]


def join(site: Site, bench: Bench) -> None:
    phone = Phone(site.kit)
    phone.log_in()
    assert bind(phone, bench.run("setup-join").facts["address"]) == 303
    assert bench.run("setup-join").facts["state"] == "joined"
