"""The messages of a terminal about a sign-in with the city's app (`offline_cache/wire/sign_in.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import FastAPI, Request, Response

from offline_cache.errors import MalformedMessage
from offline_cache.wire import sign_in
from provisioning.gateway.identity import contract
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, body_of, json_answer, terminal_of, work

_T = TypeVar("_T")


def add_sign_in_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add them to the gateway's application."""
    _add_lookups(app, gateway)

    @app.post(sign_in.SIGN_INS, **contract.BEGIN)
    async def begin(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, sign_in.MAX_BYTES)
        _read(lambda: sign_in.decode_begin(body))
        now_ms = gateway.now_ms()
        answer = await work(gateway, lambda: gateway.sign_ins.begin(terminal, now_ms))
        gateway.log("gateway.sign-in", {"terminal": terminal.name, "what": "begun"})
        return json_answer(answer)

    @app.post(sign_in.LOOK, **contract.LOOK)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        key = await _key(request)
        now_ms = gateway.now_ms()
        return json_answer(await work(gateway, lambda: gateway.sign_ins.look(key, terminal, now_ms)))

    @app.post(sign_in.TAKE_BACK, **contract.TAKE_BACK)
    async def take_back(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        key = await _key(request)
        return json_answer({"taken": await work(gateway, lambda: gateway.sign_ins.take_back(key, terminal))})

    @app.post(sign_in.END, **contract.END)
    async def end(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        key = await _key(request)
        return json_answer({"ended": await work(gateway, lambda: gateway.sign_ins.end(key, terminal))})


def _add_lookups(app: FastAPI, gateway: Gateway) -> None:
    @app.post(sign_in.LOOKUPS, **contract.LOOKUPS)
    async def lookups(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, sign_in.MAX_LOOKUP_BYTES)
        now_ms = gateway.now_ms()
        asked, answer = await work(gateway, lambda: gateway.sign_ins.lookup(body, terminal, now_ms))
        facts = {"terminal": terminal.name, "service": asked.service, "subjects": len(asked.subjects)}
        gateway.log("gateway.lookup", facts)
        return json_answer(answer)

    @app.post(sign_in.ASK, **contract.ASK)
    async def ask(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, sign_in.MAX_ASK_BYTES)
        now_ms = gateway.now_ms()
        answer = await work(gateway, lambda: gateway.sign_ins.ask(body, terminal, now_ms))
        gateway.log("gateway.sign-in", {"terminal": terminal.name, "what": "form"})
        return json_answer(answer)


async def _key(request: Request) -> str:
    body = await body_of(request, sign_in.MAX_BYTES)
    return _read(lambda: sign_in.decode_key(body))


def _read(decode: Callable[[], _T]) -> _T:
    try:
        return decode()
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
