"""`kiosk bench fleet`: many terminals, one gateway, and its bad day: outage, return, new catalogue, a revoked terminal.

After it, every entry that a terminal said was saved is at the gateway exactly once, or still in that terminal.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TypeVar

from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.adapters.gateway import OperatorView
from kiosk.bench.fleet.terminals import FleetTerminal, backlog, found_fleet, together
from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import Child, kiosk_command, run_to_end
from kiosk.bench.processes.gateway import CARD_AUTHORITY_FILE, READY_TIMEOUT_S, TOKEN_FILE
from offline_cache import enrolment as enrolments

_T = TypeVar("_T")


@dataclass
class Figures:
    """What the run measured. `backlog`: seconds since the start, and how many entries were pending then."""

    terminals: int
    visits: int = 0
    phases: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds of each phase."""
    backlog: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    highest_backlog: int = 0
    refreshed: int = 0
    refused: int = 0
    entries: int = 0
    kept: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def whole(self) -> bool:
        """True where nothing was lost, nothing doubled, and only the revoked terminal was refused."""
        return not self.lost and not self.doubled and self.refused == 1 and self.refreshed == self.terminals


def run_fleet(terminals: int, visits: int, say: Callable[[str], None]) -> Figures:
    """Run the day with `visits` visits a terminal in each of its three parts. Raises `BenchError`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-fleet.")))
        return _Day(terminals, visits, folder, stack, say).run()


class _Day:
    def __init__(self, count: int, visits: int, folder: Path, stack: ExitStack, say: Callable[[str], None]) -> None:
        self._figures = Figures(count)
        self._visits = visits
        self._folder = folder
        self._stack = stack
        self._say = say
        self._gateway = folder / "gateway"
        self._services = folder / "services"
        self._saved: list[str] = []
        self._began = time.monotonic()
        self._child: Child | None = None
        self._port = "0"

    def run(self) -> Figures:
        authority = CardAuthority.load_or_create(self._folder / "cards")
        with resources.as_file(resources.files("assets").joinpath("services")) as shipped:
            shutil.copytree(shipped, self._services)
        run_to_end(kiosk_command("gateway", "init", str(self._gateway)))
        trusted = self._gateway / CARD_AUTHORITY_FILE
        trusted.parent.mkdir(exist_ok=True, mode=0o700)
        trusted.write_bytes(authority.certificate_pem)
        url = self._start()
        self._stack.callback(self._stop)
        homes = self._folder / "terminals"
        homes.mkdir()
        fleet = self._timed(
            "joining", lambda: found_fleet(self._figures.terminals, homes, self._gateway, url, authority)
        )
        for one in fleet:
            self._stack.callback(one.close)
        self._note(fleet)
        self._timed("visits, network up", lambda: self._visit(fleet))
        self._sync(fleet, "sending")
        self._stop()
        self._timed("visits, gateway down", lambda: self._visit(fleet))
        silent = together(fleet[:3], FleetTerminal.sync)
        if not all(silent):
            raise BenchError(
                "gateway-still-there", "A terminal sent although the gateway was down.", "A fault of ours."
            )
        self._figures.highest_backlog = backlog(fleet)
        self._start()
        self._sync(fleet, "sending after the outage")
        self._new_catalogue(fleet)
        self._revoke(fleet)
        self._count(fleet)
        return self._figures

    # ------------------------------------------------------------------------------------------------ its parts

    def _visit(self, fleet: list[FleetTerminal]) -> None:
        for _ in range(self._visits):
            self._saved += [one.visit() for one in fleet]
            self._figures.visits += len(fleet)
            self._note(fleet)

    def _sync(self, fleet: list[FleetTerminal], name: str) -> None:
        def send() -> None:
            rest, problems = fleet, [""]
            for _ in range(3):  # who is told to come later comes again
                problems = together(rest, FleetTerminal.sync)
                rest = [one for one, problem in zip(rest, problems, strict=True) if problem]
                self._note(fleet)
                if not rest:
                    return
            raise BenchError("fleet-stuck", f"{len(rest)} terminals cannot send: {problems[0]}.", "See the gateway.")

        self._timed(name, send)

    def _new_catalogue(self, fleet: list[FleetTerminal]) -> None:
        """A service gets another name; every terminal must hold the new version after one look."""
        before = {one.name: one.catalogue_version() for one in fleet}
        file = self._services / "contact.toml"
        text = file.read_text("utf-8").replace('version = "', 'version = "9', 1)
        file.write_text(text, "utf-8")
        versions = self._timed("new catalogue", lambda: together(fleet, FleetTerminal.catalogue_version))
        newest = Counter(str(version) for version in versions).most_common(1)[0][0]
        self._figures.refreshed = sum(
            version == newest != before[one.name] for one, version in zip(fleet, versions, strict=True)
        )

    def _revoke(self, fleet: list[FleetTerminal]) -> None:
        """One terminal is revoked: it keeps what it holds; the others go on."""
        stolen = fleet[-1]
        run_to_end(kiosk_command("gateway", "revoke", "--dir", str(self._gateway), stolen.name))
        self._visit(fleet)
        problems = together(fleet, FleetTerminal.sync)
        self._figures.refused = sum(bool(problem) for problem in problems)
        self._figures.kept = stolen.pending()
        self._note(fleet)

    def _count(self, fleet: list[FleetTerminal]) -> None:
        """Hold what every terminal said was saved against what the gateway holds and what is still kept."""
        token = (self._gateway / TOKEN_FILE).read_text("ascii").strip()
        view = OperatorView(self._url, enrolments.load(fleet[0].folder).ca_file, token)
        held = Counter(
            str(document["number"])
            for one in view.entries()
            if isinstance(document := one["document"], dict) and document.get("kind") == "application"
        )
        self._figures.entries = sum(held.values())
        self._figures.doubled = sum(times - 1 for times in held.values())
        missing = [number for number in self._saved if number not in held]
        self._figures.lost = len(missing) - self._figures.kept

    # ------------------------------------------------------------------------------------------ gateway and time

    def _start(self) -> str:
        self._child = Child(
            "gateway",
            kiosk_command(
                "gateway", "serve", "--dir", str(self._gateway), "--port", self._port, "--services", str(self._services)
            ),
            output=self._gateway / "gateway.out",
            on_death=lambda name, code, last: print(f"{name} ended with {code}\n{last}", file=sys.stderr),
        )
        self._url = self._child.wait_for_line("ready ", READY_TIMEOUT_S)
        self._port = self._url.rpartition(":")[2]
        return self._url

    def _stop(self) -> None:
        if self._child is not None:
            self._child.end()

    def _note(self, fleet: list[FleetTerminal]) -> None:
        self._figures.backlog.append((time.monotonic() - self._began, backlog(fleet)))

    def _timed(self, name: str, work: Callable[[], _T]) -> _T:
        began = time.monotonic()
        done = work()
        self._figures.phases[name] = time.monotonic() - began
        self._say(f"{name}: {self._figures.phases[name]:.1f} s")
        return done
