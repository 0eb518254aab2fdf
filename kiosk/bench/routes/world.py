"""The world around the terminal, over the bench's HTTP interface: gateway, network, faults, clock, log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Response

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import (
    ClockBody,
    FaultBody,
    FaultsAnswer,
    MessageBody,
    NetworkAnswer,
    NetworkBody,
    RejectBody,
    StateBody,
    TechnicianAnswer,
    TechnicianBody,
)
from kiosk.bench.ports import BenchPorts
from kiosk.bench.scenarios.format import write_scenario


def add_world(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    """What the gateway holds, what breaks, what time it is, and what happened."""
    _add_bad_days(app, actions, ports)

    @app.get("/api/entries")
    def entries() -> Sequence[Any]:
        """What the gateway holds, unsealed: `{"terminal", "epoch", "seq", "id", "document"}`."""
        return [dict(entry) for entry in ports.gateway.entries()]

    @app.get("/api/messages", response_model=list[MessageBody])
    def messages() -> Sequence[Any]:
        """Text messages and e-mails that the gateway sent: `{"way", "to", "subject", "body", "at_ms"}`."""
        return [dict(message) for message in ports.gateway.messages()]

    @app.post("/api/technician", response_model=TechnicianAnswer)
    def technician(body: TechnicianBody) -> dict[str, object]:
        """A technician at the gateway: the code for the screen, a fresh terminal that joins, a revoked card."""
        return actions.technician(body.do)

    @app.post("/api/reject", response_model=StateBody)
    def reject(body: RejectBody) -> dict[str, object]:
        """The office that has the last application rejects it; the terminal hears it at once, if the cable is whole."""
        return actions.reject(body.reason)

    @app.post("/api/network", response_model=NetworkAnswer)
    def network(body: NetworkBody) -> dict[str, object]:
        """Cut, slow or mend the cable between terminal and gateway. What is left out stays as it is."""
        return actions.set_network(body.up, body.latency_ms, body.loss)

    @app.post("/api/reset", response_model=StateBody)
    def reset() -> dict[str, object]:
        """Start afresh: card out and as new, faults gone, network up, paper taken away, clock right, attract screen.

        What the outbox and the gateway hold stays: entries are never deleted.
        """
        return actions.reset()

    @app.get("/api/recording", response_class=Response, responses={200: {"content": {"text/yaml": {}}}})
    def recording(name: str = "Recorded at the panel") -> Response:
        """What was done since the start or the last reset, as a scenario that `kiosk bench play` plays again."""
        return Response(write_scenario(actions.recording(name)), media_type="text/yaml; charset=utf-8")

    @app.get("/api/log")
    def log(after: int = 0) -> list[dict[str, object]]:
        """What happened since line `after`: codes and numbers, no holder data."""
        return [asdict(line) for line in ports.log.after(after)]


def _add_bad_days(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    def faults_now() -> dict[str, object]:
        return {
            "faults": [asdict(fault) for fault in ports.faults.active()],
            "offers": [asdict(offer) for offer in ports.faults.offers()],
        }

    @app.get("/api/faults", response_model=FaultsAnswer)
    def faults() -> dict[str, object]:
        """What is broken now, and what can be broken."""
        return faults_now()

    @app.post("/api/faults", response_model=FaultsAnswer)
    def set_fault(body: FaultBody) -> dict[str, object]:
        """Break a device."""
        actions.set_fault(body.device, body.fault, body.after)
        return faults_now()

    @app.delete("/api/faults", response_model=FaultsAnswer)
    def clear_faults(device: str | None = None, fault: str | None = None) -> dict[str, object]:
        """Make everything whole again, or only this device or this fault of it."""
        actions.clear_faults(device, fault)
        return faults_now()

    @app.post("/api/clock", response_model=StateBody)
    def clock(body: ClockBody) -> dict[str, object]:
        """Let time pass at once: timers that fall due fire. Or let the battery die: the wall clock falls to 2001."""
        if body.advance_s is not None:
            return actions.advance_clock(body.advance_s)
        return actions.set_battery(dead=body.battery == "dead")
