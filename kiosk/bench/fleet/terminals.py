"""Many terminals in one process: each the real core (session, runtime, outbox, sync) without a screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import kiosk_command, run_to_end
from kiosk.bench.virtual.city import personas
from kiosk.bench.virtual.kiosk import Kiosk
from offline_cache import catalogue, service
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.errors import CacheError
from offline_cache.gateway import GatewayClient

MODEL = "fleet"
AT_ONCE = 8
"""How many terminals talk to the gateway at once: as many threads as this process can use."""
INVITE_TIMEOUT_S = 300.0
PERSONA = "parent"
ACK_WAIT_S = 20.0
"""Longer than the screen waits for the gateway's receipt."""
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class FleetTerminal:
    """One terminal of the fleet."""

    name: str
    folder: Path
    kiosk: Kiosk

    def visit(self) -> str:
        """A whole visit through the session, from the attract screen to the rating; the case number."""
        kiosk = self.kiosk
        kiosk.to_home(PERSONA).to_check().submit().wait(ACK_WAIT_S)
        number = kiosk.terminal.runtime.session.saved
        kiosk.touch("finish").pull()
        if number is None:
            raise BenchError("visit-failed", f"{self.name}: nothing was saved.", "See its log folder.", 500)
        return number.number

    def pending(self) -> int:
        """How many entries the gateway has not confirmed."""
        return self.kiosk.store.pending()

    def sync(self) -> str:
        """Send what is pending; the problem that stopped it, or nothing."""
        try:
            return service.drain(self.folder).problem or ""
        except CacheError as error:
            return error.code

    def catalogue_version(self) -> str:
        """Refresh the catalogue; the version that is held then, or nothing. Raises `CacheError` leaves."""
        joined = enrolments.load(self.folder)
        client = GatewayClient(joined)
        try:
            catalogue.refresh(self.folder, client, joined.signing_key)
        finally:
            client.close()
        held = catalogue.load(self.folder, joined.signing_key)
        return "" if held is None else held.etag

    def close(self) -> None:
        """End it."""
        self.kiosk.close()


def found_fleet(
    count: int, folder: Path, gateway_folder: Path, url: str, authority: CardAuthority
) -> list[FleetTerminal]:
    """Invite and enrol `count` terminals over HTTPS. Raises `BenchError`."""
    lines = run_to_end(
        kiosk_command("gateway", "invite", "--dir", str(gateway_folder), "--count", str(count), "--json"),
        timeout_s=INVITE_TIMEOUT_S,
    )
    invites = [json.loads(line) for line in lines.splitlines()]
    folders = [folder / f"{n:05d}" for n in range(count)]

    def enrol(place: tuple[Path, dict[str, str]]) -> None:
        state, invite = place
        state.mkdir(mode=0o700)
        GatewayClient.enrol(url, invite["token"], invite["ca_hash"], states.device(state).device, MODEL, state)
        states.adopt(state, enrolments.load(state))

    try:
        together(list(zip(folders, invites, strict=True)), enrol)
    except CacheError as error:
        raise BenchError(error.code, str(error), "See the gateway's log.", 500) from error
    return [_terminal(state, authority) for state in folders]


def together(items: Sequence[_T], work: Callable[[_T], _R]) -> list[_R]:
    """Do `work` for each, `AT_ONCE` at a time; the answers in order. Raises what the first failing one raised."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fleet") as pool:
        return list(pool.map(work, items))


def backlog(fleet: Iterable[FleetTerminal]) -> int:
    """How many entries are pending in all outboxes."""
    return sum(one.pending() for one in fleet)


def _terminal(folder: Path, authority: CardAuthority) -> FleetTerminal:
    kiosk = Kiosk(folder, authority=authority)
    kiosk.city.persona = personas()[PERSONA]
    kiosk.store.ack_at_once = False
    return FleetTerminal(enrolments.load(folder).terminal, folder, kiosk)
