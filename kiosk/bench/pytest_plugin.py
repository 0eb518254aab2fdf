"""Fixtures for an operator's own tests: `terminal`, `citizen_card`, `printer`, `gateway`, `clock`, `network`.

Installed with the product, pytest finds it by itself. `--kiosk-stack sim` (the default) gives each test a terminal of
its own on a virtual clock; `real` gives all of them one bench of whole programs behind pcscd and a pty, made as new
before each test. `docs/example` is a whole example project.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    # Imported late: pytest loads this module in every test run on the machine, also in those without a terminal.
    from kiosk.bench.hands.bench import Bench, Json
    from kiosk.bench.hands.visit import Visitor


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--kiosk-stack`."""
    parser.getgroup("kiosk").addoption(
        "--kiosk-stack",
        choices=("sim", "real"),
        default="sim",
        help="sim: one process on a virtual clock; real: whole programs behind pcscd and a pty",
    )


class TerminalUnderTest:
    """The touchscreen, and the citizen in front of it. Refusals raise `kiosk.bench.ports.BenchError`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._visitor: Visitor | None = None

    @property
    def screen(self) -> str:
        """The name of the screen, as in `/api/state`."""
        return str(self._bench.state()["screen"])

    @property
    def state(self) -> Json:
        """The document of `/api/state`."""
        return self._bench.state()

    @property
    def words(self) -> str:
        """Every text on the screen, a line each."""
        return "\n".join(self._bench.words())

    @property
    def controls(self) -> list[str]:
        """The ids of what can be pressed now."""
        return [str(one["id"]) for one in self._bench.elements() if one["enabled"] and one["role"] != "text"]

    def press(self, *ids: str) -> None:
        """Press these, one after the other."""
        for one in ids:
            self._hand.press(one)

    def type(self, text: str) -> None:
        """Press the keys of the pad or keyboard on the screen."""
        self._bench.type_text(text)

    def wait_for(self, *screens: str) -> str:
        """Wait for one of these screens and return which."""
        return self._hand.wait_for(*screens)

    def sign_in(self, persona: str = "parent", pin: str | None = None) -> None:
        """From the attract screen to home, with the card of `persona`; `pin` where it is not the right one."""
        from kiosk.bench.hands.visit import Visitor

        self._visitor = Visitor(self._bench, persona)
        self._visitor.come_in("zh")
        self._visitor.insert_card()
        self._visitor.give_pin(pin)
        self._visitor.wait_for("home", "pin", "failure.pin-blocked")

    def open(self, event: str, service: str) -> None:
        """From home to the first page of the service's form."""
        self._hand.open_service(event, service)

    def fill_in(self) -> None:
        """Every page and question of the form: the first choice, and on."""
        self._hand.fill_in()

    def submit(self) -> None:
        """From the last look to saved."""
        self._hand.submit()

    @property
    def _hand(self) -> Visitor:
        from kiosk.bench.hands.visit import Visitor

        if self._visitor is None:
            self._visitor = Visitor(self._bench, "parent")
        return self._visitor


class CardUnderTest:
    """The card slot and the hand before it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def insert(self, card: str | Mapping[str, Any]) -> None:
        """Put in the card of a persona, or one made from a whole card document."""
        if isinstance(card, str):
            self._bench.insert(card)
        else:
            self._bench.insert_card(dict(card))

    def pull(self) -> None:
        """Pull the card out."""
        self._bench.remove_card()


class DeviceUnderTest:
    """A device that can break."""

    def __init__(self, bench: Bench, device: str) -> None:
        self._bench = bench
        self._device = device

    def breaks(self, fault: str, after: int | None = None) -> None:
        """`fault` as in `GET /api/faults`; of a printer, `after` so many printed lines."""
        self._bench.fault(self._device, fault, after)


class PrinterUnderTest(DeviceUnderTest):
    """The receipt printer."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, "printer")

    @property
    def receipts(self) -> list[Json]:
        """What was printed in this test, oldest first: `number`, `state`, `copy`, `text`."""
        return self._bench.receipts()


class GatewayUnderTest:
    """The city's gateway, as its operator sees it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._before = len(bench.entries())

    @property
    def documents(self) -> list[Json]:
        """What it took in during this test, oldest first, unsealed."""
        return [one["document"] for one in self._bench.entries()[self._before :]]

    def wait_for(self, count: int, kind: str = "application") -> list[Json]:
        """Wait until `count` documents of this kind are there, and return them."""
        return self._bench.until(
            f"{count} {kind} documents at the gateway",
            lambda: found if len(found := [one for one in self.documents if one["kind"] == kind]) == count else None,
        )


class ClockUnderTest:
    """Time, which passes when a test says so."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def advance(self, seconds: float) -> None:
        """Let time pass at once; timers that fall due fire."""
        self._bench.advance(seconds)


class NetworkUnderTest:
    """The cable between terminal and gateway."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def cut(self) -> None:
        """Pull it, and wait until the terminal has noticed."""
        self._turn(up=False)

    def join(self) -> None:
        """Put it back, and wait until the terminal has noticed."""
        self._turn(up=True)

    def _turn(self, *, up: bool) -> None:
        self._bench.network(up=up)
        self._bench.until(
            "the terminal to notice the network", lambda: self._bench.state()["gateway"]["reachable"] is up or None
        )


@pytest.fixture(scope="session")
def kiosk_real_bench(request: pytest.FixtureRequest) -> Generator[Bench | None]:
    """The whole programs behind pcscd and a pty, once for all tests; None on the virtual clock."""
    if request.config.getoption("--kiosk-stack") == "sim":
        yield None
        return
    from kiosk.bench.hands.client import BenchProcess

    process = BenchProcess(["--headless", "--stack", "real"])
    yield process.client
    process.end()


@pytest.fixture
def kiosk_bench(kiosk_real_bench: Bench | None, tmp_path: Path) -> Generator[Bench]:
    """The bench that the other fixtures share, as new."""
    if kiosk_real_bench is not None:
        kiosk_real_bench.reset()
        yield kiosk_real_bench
        return
    from kiosk.bench.virtual.bench import VirtualBench

    bench = VirtualBench(tmp_path / "terminal")
    yield bench
    bench.close()


@pytest.fixture
def terminal(kiosk_bench: Bench) -> TerminalUnderTest:
    """The touchscreen and the citizen in front of it."""
    return TerminalUnderTest(kiosk_bench)


@pytest.fixture
def citizen_card(kiosk_bench: Bench) -> CardUnderTest:
    """The card slot."""
    return CardUnderTest(kiosk_bench)


@pytest.fixture
def printer(kiosk_bench: Bench) -> PrinterUnderTest:
    """The receipt printer."""
    return PrinterUnderTest(kiosk_bench)


@pytest.fixture
def gateway(kiosk_bench: Bench) -> GatewayUnderTest:
    """What the city took in."""
    return GatewayUnderTest(kiosk_bench)


@pytest.fixture
def clock(kiosk_bench: Bench) -> ClockUnderTest:
    """Time."""
    return ClockUnderTest(kiosk_bench)


@pytest.fixture
def network(kiosk_bench: Bench) -> NetworkUnderTest:
    """The cable to the city."""
    return NetworkUnderTest(kiosk_bench)
