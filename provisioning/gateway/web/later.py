"""Routes for what comes after an entry was stored: verdicts, alarms, the days' roots, and proofs."""

from __future__ import annotations

import dataclasses

from fastapi import FastAPI, Request, Response

from offline_cache.messages import CBOR_TYPE
from provisioning.gateway import contract
from provisioning.gateway.offices.verdicts import MAX_JUDGE_BYTES, judge, page
from provisioning.gateway.problems import Refused
from provisioning.gateway.proofs.days import NotClosed, close_days, day_document, find_line, prove
from provisioning.gateway.web.common import (
    Gateway,
    body_of,
    check_operator,
    json_answer,
    number_of,
    terminal_of,
    work,
)

_DAYS = 400
"""Days in one answer."""


def add_later_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _verdicts(app, gateway)
    _alarms(app, gateway)
    _days(app, gateway)


def _verdicts(app: FastAPI, gateway: Gateway) -> None:
    @app.post("/v1/verdicts", **contract.JUDGE)
    async def say(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        body = await body_of(request, MAX_JUDGE_BYTES)
        now_ms = gateway.now_ms()
        answer = await work(gateway, lambda: judge(body, gateway.store, now_ms, gateway.cases.engine.judged))
        gateway.log("gateway.verdicts", answer)
        return json_answer(answer)

    @app.get("/v1/verdicts", **contract.VERDICTS)
    async def hear(request: Request, after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        position = number_of(after, "after")
        signed = await work(gateway, lambda: page(terminal, position, gateway.store, gateway.authority))
        return Response(signed, media_type=CBOR_TYPE, headers={"Cache-Control": "no-store"})


def _alarms(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/alarms", **contract.ALARMS)
    async def alarms(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        found = await work(gateway, gateway.store.alarms)
        return json_answer({"alarms": [dataclasses.asdict(item) for item in found]})


def _days(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/days", **contract.DAYS)
    async def days(after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        number, now_ms = number_of(after, "after"), gateway.now_ms()

        def read() -> list[dict[str, object]]:
            close_days(gateway.store, gateway.authority.signing_key, now_ms)
            return [day_document(day) for day in gateway.store.days(number, _DAYS)]

        return json_answer({"days": await work(gateway, read)})

    @app.get("/v1/proofs/{case}", **contract.PROOF)
    async def proof(case: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        now_ms = gateway.now_ms()

        def read() -> dict[str, object]:
            line = find_line(gateway.store, case=case)
            if line is None:
                raise Refused("entry-unknown")
            close_days(gateway.store, gateway.authority.signing_key, now_ms)
            try:
                return prove(gateway.store, line)
            except NotClosed:
                raise Refused("day-open") from None

        return json_answer(await work(gateway, read))
