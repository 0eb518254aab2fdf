"""Routes of the fleet: heartbeats for terminals; metrics, figures and orders for operators; pages for people."""

from __future__ import annotations

import dataclasses

from fastapi import FastAPI, Request, Response

from offline_cache.errors import MalformedMessage
from offline_cache.messages import CBOR_TYPE, json_object
from offline_cache.wire.encoding import Fields
from offline_cache.wire.fleet.heartbeat import MAX_HEARTBEAT_BYTES
from provisioning.gateway.fleet import contract
from provisioning.gateway.fleet.metrics import CONTENT_TYPE, exposition
from provisioning.gateway.fleet.pages.routes import add_fleet_pages
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import (
    Gateway,
    body_of,
    check_operator,
    fingerprint_of,
    json_answer,
    known_terminal,
    work,
)

_MAX_ORDER_BYTES = 1024


def add_fleet_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _for_terminals(app, gateway)
    _for_operators(app, gateway)
    add_fleet_pages(app, gateway)


def _for_terminals(app: FastAPI, gateway: Gateway) -> None:
    @app.post("/v1/heartbeat", **contract.HEARTBEAT)
    async def heartbeat(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fingerprint = fingerprint_of(request)
        body = await body_of(request, MAX_HEARTBEAT_BYTES + 256)

        def hear() -> bytes:
            return gateway.fleet.hear(body, known_terminal(gateway, fingerprint))

        return Response(await work(gateway, hear), media_type=CBOR_TYPE, headers={"Cache-Control": "no-store"})


def _for_operators(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/metrics", **contract.METRICS)
    async def metrics(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        text = await work(gateway, lambda: exposition(gateway.fleet.fleet(), gateway.now_ms()))
        return Response(text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    @app.get("/v1/fleet", **contract.FLEET)
    async def fleet(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        return json_answer(await work(gateway, lambda: _figures(gateway)))

    @app.get("/v1/fleet/{terminal}/orders", **contract.ORDERS)
    async def orders(request: Request, terminal: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        found = await work(gateway, lambda: gateway.fleet.orders.of(terminal, gateway.now_ms()))
        return json_answer({"orders": [dataclasses.asdict(one) for one in found]})

    @app.post("/v1/fleet/{terminal}/orders", **contract.GIVE_ORDER)
    async def give(request: Request, terminal: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        body = await body_of(request, _MAX_ORDER_BYTES)
        try:
            fields = Fields("order", json_object(body), frozenset(["kind", "minutes"]))
            kind, minutes = fields.text("kind", 32), fields.integer("minutes")
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        order = await work(gateway, lambda: gateway.fleet.orders.give(terminal, kind, gateway.now_ms(), minutes))
        gateway.log("gateway.order", {"terminal": order.terminal, "kind": order.kind})
        return json_answer(dataclasses.asdict(order))


def _figures(gateway: Gateway) -> dict[str, object]:
    percent = gateway.fleet.rollouts.waves.percent
    return {
        "now_ms": gateway.now_ms(),
        "terminals": [
            {
                "terminal": one.terminal.name,
                "level": one.level,
                "received_ms": None if one.beat is None else one.beat.received_ms,
                "gauges": {} if one.beat is None else dict(one.beat.gauges),
                "facts": {} if one.beat is None else dict(one.beat.facts),
                "causes": [
                    {"code": item.code, "level": item.level, "next": {"zh": item.zh, "en": item.en}}
                    for item in one.causes
                ],
            }
            for one in gateway.fleet.fleet()
        ],
        "rollouts": [
            {"what": one.what, "version": one.version, "state": one.state, "wave": one.wave, "why": one.why,
             "percent": percent[min(one.wave, len(percent) - 1)]}
            for one in gateway.fleet.rollouts.current()
        ],
    }  # fmt: skip
