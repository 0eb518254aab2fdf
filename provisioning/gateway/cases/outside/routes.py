"""Routes of the cases: what agencies read and say, the events of all cases, and the clock of a simulated city.

An agency sends its own token (`kiosk gateway agency`), good for its own desk only; the operator's is good for all.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from fastapi import FastAPI, Request, Response

from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_object
from offline_cache.wire.encoding import Fields
from offline_cache.wire.verdict import CODE
from provisioning.gateway import contract
from provisioning.gateway.authority import Authority
from provisioning.gateway.cases import files
from provisioning.gateway.cases.engine import CaseRefused, Move
from provisioning.gateway.cases.outside.readings import Readings
from provisioning.gateway.cases.workdays import city_time
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, body_of, check_operator, json_answer, number_of, work

MAX_MOVES_BYTES = 256 * 1024
MAX_MOVES = 200
MAX_STEPS = 100
MAX_EVENTS = 500
MAX_DAYS = 400
_OUTCOMES = ("done", "ask", "refuse")
_NAMES = frozenset(["number", "step", "outcome", "asks", "reason"])


def agency_token(authority: Authority, agency: str) -> str:
    """The token with which one agency speaks of its own steps."""
    digest = hmac.digest(authority.secret("agencies"), agency.encode("utf-8"), "sha256")
    return f"{agency}.{digest.hex()}"


def check_agency(gateway: Gateway, request: Request, agency: str) -> None:
    """Raises `Refused` `operator-required` without this agency's token or the operator's."""
    given = request.headers.get("authorization", "").encode("utf-8", "replace")
    own = f"Bearer {agency_token(gateway.authority, agency)}".encode()
    if not hmac.compare_digest(given, own):
        check_operator(gateway, request)


def add_case_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _agencies(app, gateway)
    _operators(app, gateway)


def _agencies(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/agencies/{agency}/steps", **contract.STEPS)
    async def steps(request: Request, agency: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_agency(gateway, request, agency)
        return json_answer({"steps": await work(gateway, lambda: _desk(gateway, agency))})

    @app.post("/v1/agencies/{agency}/steps", **contract.MOVE_STEPS)
    async def move(request: Request, agency: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_agency(gateway, request, agency)
        body = await body_of(request, MAX_MOVES_BYTES)
        moves = _moves(body, agency)
        answers = await work(gateway, lambda: [_move(gateway, one) for one in moves])
        gateway.log("gateway.steps", {"agency": agency, "moves": len(moves)})
        return json_answer({"moves": answers})

    @app.post("/v1/agencies/{agency}/claims", **contract.CLAIMS)
    async def collect(request: Request, agency: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_agency(gateway, request, agency)
        number, claim = _claim(await body_of(request, 4096))
        collected = await work(gateway, lambda: gateway.cases.engine.collect(number, claim))
        return json_answer({"collected": collected})


def _operators(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/cases/events", **contract.CASE_EVENTS)
    async def events(request: Request, after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        position = number_of(after, "after")
        found = await work(gateway, lambda: gateway.cases.records.events(position, MAX_EVENTS))
        return json_answer({"events": [asdict(event) for event in found]})

    @app.post("/v1/cases/days", **contract.CASE_DAYS)
    async def days(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        wanted = _days(await body_of(request, 1024))
        if gateway.cases.agencies is None:
            raise Refused("not-simulated")
        await work(gateway, gateway.town.intake.work)
        now_ms = await work(gateway, lambda: gateway.cases.pass_days(wanted))
        return json_answer({"now": city_time(now_ms)})


def _desk(gateway: Gateway, agency: str) -> list[dict[str, object]]:
    """What lies on an agency's desk: its current steps, oldest first, each with the application and the papers.

    That it was read stands in each citizen's access log before anything leaves. Raises `StoreFailed`.
    """
    found: list[dict[str, object]] = []
    read: list[files.CaseFile] = []
    with gateway.cases.database.reading() as db:
        held = [
            (files.file_of(db, number), step, files.papers_of(db, number))
            for number, step in files.steps_at(db, agency, MAX_STEPS)
        ]
    for case, step, papers in held:
        if case is None or case.state in files.ENDED:
            continue
        read.append(case)
        found.append(
            {
                "number": case.number,
                "service": case.service,
                "step": step.id,
                "days": step.days,
                "started": city_time(step.started_ms),
                "asked": step.asked,
                "papers": [{"code": one.code, "state": one.state} for one in papers if one.step == step.id],
                "document": gateway.messages.application(case.terminal, case.epoch, case.seq),
            }
        )
    Readings(gateway.cases.database).note(agency, read, gateway.now_ms())
    return found


def _moves(body: bytes, agency: str) -> list[Move]:
    try:
        fields = Fields("moves", json_object(body, MAX_MOVES_BYTES), frozenset(["moves"]))
        return [_one(item, agency) for item in fields.array("moves", 1, MAX_MOVES)]
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None


def _one(item: object, agency: str) -> Move:
    fields = Fields("move", item, _NAMES)
    held = cast("Mapping[str, object]", item)
    outcome = fields.text("outcome", 16)
    if outcome not in _OUTCOMES:
        fields.fail("outcome", f"is not one of {', '.join(_OUTCOMES)}")
    asks = tuple(str(code) for code in fields.array("asks", 0, 10))
    reason = fields.text("reason", 64) if held["reason"] != "" else ""
    if not all(CODE.fullmatch(code) for code in (*asks, *((reason,) if reason else ()))):
        fields.fail("asks", "or reason is not a code of small letters, digits and hyphens")
    if bool(asks) != (outcome == "ask") or bool(reason) != (outcome == "refuse"):
        fields.fail("outcome", "ask names papers, refuse a reason, done neither")
    number, step = fields.text("number", 64), fields.text("step", 64)
    return Move(number, step, agency, outcome, asks, reason)


def _move(gateway: Gateway, move: Move) -> dict[str, object]:
    """What became of one move: the case's state, or the code of why not. Other moves of the request stand."""
    try:
        state, problem = gateway.cases.engine.move(move), ""
    except CaseRefused as error:
        state, problem = "", error.code
    return {"number": move.number, "step": move.step, "state": state, "problem": problem}


def _claim(body: bytes) -> tuple[str, str]:
    try:
        fields = Fields("claim", json_object(body, 4096), frozenset(["number", "claim"]))
        return fields.text("number", 64), fields.text("claim", 16)
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None


def _days(body: bytes) -> int:
    try:
        return Fields("days", json_object(body, 1024), frozenset(["days"])).integer("days", 0, MAX_DAYS)
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
