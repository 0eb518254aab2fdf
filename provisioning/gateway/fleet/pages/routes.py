"""The fleet's pages for operators: log in, look, order. No script; everything is a link or a form."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from offline_cache.messages import json_dumps, json_object
from provisioning.gateway.fleet.beats import KEEP_MS
from provisioning.gateway.fleet.pages import fleet, login, terminal
from provisioning.gateway.fleet.pages.places import Places
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, work

_NO_STORE = {"Cache-Control": "no-store"}


def add_fleet_pages(app: FastAPI, gateway: Gateway) -> None:
    """Add the pages to the gateway's application."""
    places = Places()
    _add_readiness(app, gateway)

    @app.post("/fleet/login", include_in_schema=False)
    async def enter(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await login.enter(gateway, request)

    @app.get("/fleet", include_in_schema=False)
    async def page(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        if not login.logged_in(gateway, request):
            return login.ask(request)
        asked = fleet.wanted(request.query_params)
        return await work(gateway, lambda: fleet.render(_facts(gateway, places), asked))

    @app.get("/fleet.csv", include_in_schema=False)
    async def export(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        if not login.logged_in(gateway, request):
            return login.ask(request, after="/fleet")
        asked = fleet.wanted(request.query_params)
        text = await work(gateway, lambda: fleet.csv_of(_facts(gateway, places), asked))
        headers = {**_NO_STORE, "Content-Disposition": 'attachment; filename="fleet.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    @app.get("/fleet/{name}", include_in_schema=False)
    async def one(request: Request, name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        proof = login.logged_in(gateway, request)
        if not proof:
            return login.ask(request)
        lang = "en" if request.query_params.get("lang") == "en" else "zh"

        def made() -> Response:
            now_ms = gateway.now_ms()
            hours = gateway.fleet.beats.hours(name, now_ms - KEEP_MS)
            orders = gateway.fleet.orders.of(name, now_ms)
            ready = gateway.fleet.readiness.of(name)
            return terminal.render(gateway.fleet.one(name), hours, orders, proof, lang, now_ms, ready)

        return await work(gateway, made)

    @app.post("/fleet/{name}/orders", include_in_schema=False)
    async def order(request: Request, name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        fields = await login.form_of(gateway, request)
        given = await work(gateway, lambda: gateway.fleet.orders.give(name, fields.get("kind", ""), gateway.now_ms()))
        gateway.log("gateway.order", {"terminal": given.terminal, "kind": given.kind})
        lang = "en" if request.query_params.get("lang") == "en" else "zh"
        return RedirectResponse(f"/fleet/{given.terminal}?lang={lang}", 303, _NO_STORE)


def _add_readiness(app: FastAPI, gateway: Gateway) -> None:
    """The signed original of a terminal's readiness report."""

    @app.get("/fleet/{name}/readiness.json", include_in_schema=False)
    async def readiness(request: Request, name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        if not login.logged_in(gateway, request):
            return login.ask(request)
        ready = await work(gateway, lambda: gateway.fleet.readiness.of(name))
        if ready is None:
            raise Refused("not-found", "this terminal has sent no readiness report")
        whole = {"report": dict(ready.report), "signature": ready.signature}
        return Response(json_dumps(whole), media_type="application/json", headers=_NO_STORE)


def _facts(gateway: Gateway, places: Places) -> fleet.Facts:
    desk, now_ms = gateway.fleet, gateway.now_ms()
    judged = desk.fleet()
    places.read(gateway.published.directory().etag, lambda: json_object(gateway.published.directory_content()))
    return fleet.Facts(
        judged,
        desk.beats.samples(now_ms - KEEP_MS),
        desk.rollouts.current(),
        desk.rollouts.waves.percent,
        desk.alerts.oldest(),
        {one.terminal.name: places.district(one.terminal.place) for one in judged},
        places.districts,
        now_ms,
    )
