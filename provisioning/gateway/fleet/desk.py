"""The fleet of one gateway, put together: heartbeats in, orders out, alerts, roll-outs, figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from offline_cache.messages import sign1
from offline_cache.wire.fleet.heartbeat import EVERY_S, Pulse, encode_pulse
from provisioning.gateway.authority import Authority
from provisioning.gateway.catalogue import SignedCatalogue
from provisioning.gateway.city.published import Publisher, SignedDocument
from provisioning.gateway.fleet.alerts import Alerts, webhook
from provisioning.gateway.fleet.beats import Beats, read_heartbeat
from provisioning.gateway.fleet.judge import Judged, judge_all, sums
from provisioning.gateway.fleet.orders import Orders
from provisioning.gateway.fleet.readiness import Readiness
from provisioning.gateway.fleet.rollout import Rollouts
from provisioning.gateway.fleet.settings import FleetSettings
from provisioning.gateway.problems import Refused
from provisioning.gateway.releases.shelf import OnShelf
from provisioning.gateway.store import Store, Terminal


class FleetDesk:
    """Raises `StoreFailed`."""

    def __init__(self, store: Store, authority: Authority, settings: FleetSettings, now_ms: Callable[[], int]) -> None:
        self.store = store
        self.settings = settings
        self.now_ms = now_ms
        self.beats = Beats(store.database)
        self.orders = Orders(store.database, authority.signing_key)
        self.alerts = Alerts(store.database)
        self.readiness = Readiness(store.database)
        self.rollouts = Rollouts(store.database, settings.waves)
        self.send = webhook(settings)
        self._key = authority.signing_key

    def hear(self, body: bytes, terminal: Terminal) -> bytes:
        """Take a heartbeat in; the signed answer with what is ordered. Raises `Refused`."""
        beat, now_ms = read_heartbeat(body, terminal), self.now_ms()
        with self.store.database.transaction() as db:
            self.beats.keep(db, beat, now_ms)
            self.orders.answered(db, terminal.name, beat.done, now_ms)
            orders = self.orders.open_for(db, terminal.name, now_ms)
        return sign1(encode_pulse(Pulse(terminal.name, now_ms, EVERY_S, orders)), self._key)

    def fleet(self) -> list[Judged]:
        """All terminals that are not revoked, who must go first first."""
        return judge_all(self.store.terminals(), self.beats.newest(), self.now_ms())

    def one(self, name: str) -> Judged:
        """One terminal. Raises `Refused` `not-found`."""
        found = next((one for one in self.fleet() if one.terminal.name == name), None)
        if found is None:
            raise Refused("not-found", "there is no such terminal, or it was revoked")
        return found

    def catalogue(self, current: SignedCatalogue, terminal: str) -> SignedDocument:
        """The catalogue as this terminal gets it."""
        content = json.dumps({"etag": current.etag, "signed": current.signed.hex()}).encode()
        served = self.rollouts.serve("catalogue", current.version, content, terminal, self.now_ms())
        if served == content:
            return SignedDocument(current.etag, current.signed)
        held = cast("Mapping[str, str]", json.loads(served))
        return SignedDocument(held["etag"], bytes.fromhex(held["signed"]))

    def configuration(self, publisher: Publisher, terminal: str) -> SignedDocument:
        """The configuration as this terminal gets it. Raises `PublishedInvalid`."""
        version, content = publisher.configuration_source()
        served = self.rollouts.serve("configuration", str(version), content, terminal, self.now_ms())
        return publisher.configuration_from(served, terminal)

    def package(self, current: OnShelf, terminal: str) -> bytes:
        """The signed release that this terminal is to run; empty where there is none for it yet.

        The very first one goes in waves too: before it there was none, which is a version as good as any.
        """
        if not current.number:
            return b""
        now_ms = self.now_ms()
        if not self.rollouts.knows("package"):
            self.rollouts.serve("package", "0", b"", terminal, now_ms)
        return self.rollouts.serve("package", str(current.number), current.signed, terminal, now_ms)

    def work(self) -> int:
        """One look over the fleet: figures, alerts, waves. Returns how many alerts changed or were told."""
        fleet, now_ms = self.fleet(), self.now_ms()
        self.beats.sample(sums(fleet), now_ms)
        changed = self.alerts.notice(fleet, now_ms)
        self.rollouts.advance(fleet, self.alerts.since(), now_ms)
        if self.send is not None:
            changed += self.alerts.tell(fleet, self.send, now_ms)
        return changed
