"""Routes of the messages: the page where a citizen types an e-mail's code, the outbox, 12345's calls."""

from __future__ import annotations

import dataclasses
from html import escape
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response

from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_object
from offline_cache.wire.encoding import Fields
from provisioning.gateway import contract
from provisioning.gateway.messages.contact import CODE_DIGITS, Proof
from provisioning.gateway.messages.desk import MessageDesk
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, body_of, check_operator, json_answer, number_of, work
from provisioning.gateway.web.mobile import page

_LINES = 500
_MAX_BYTES = 4096
_SAID = ("taken", "done", "unreached")


def add_message_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _email(app, gateway)
    _for_operators(app, gateway)


def _email(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/email", include_in_schema=False)
    async def ask(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return _answer(None, request.query_params.get("proof", ""))

    @app.post("/email", include_in_schema=False)
    async def prove(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        given = parse_qs((await body_of(request, _MAX_BYTES)).decode("utf-8", "replace"))
        proof, code = given.get("proof", [""])[0], given.get("code", [""])[0]
        now_ms = gateway.now_ms()
        found = await work(gateway, lambda: gateway.messages.contacts.prove(proof, code, now_ms))
        return _answer(found, proof)


_WORDS = {
    "proved": ("邮箱验证好了", "您选了用邮件通知的，消息会发到这里。", "Your e-mail is confirmed."),
    "wrong": ("验证码不对", "请再看一下邮件里的 6 位数字。", "Wrong code: look at the e-mail once more."),
    "over": ("这个验证码不能用了", "请到任意一台自助终端，在“回电和通知设置”里再留一次邮箱。",
             "This code cannot be used. Give the address again at a terminal."),
}  # fmt: skip


def _answer(found: Proof | None, proof: str) -> Response:
    parts = ["<div><h1>验证邮箱</h1><small>Confirm your e-mail</small></div>"]
    if found is not None:
        title, line, english = _WORDS[found.outcome]
        if found.outcome == "wrong":
            line += f"还可以试 {found.tries_left} 次。"
            english += f" Tries left: {found.tries_left}."
        kind = "answer" if found.outcome == "proved" else "answer no"
        parts = [f'<section class="{kind}"><h1>{title}</h1><p>{line}</p><small>{english}</small></section>']
    if found is None or found.outcome == "wrong":
        parts.append(
            f'<form method="post" action="/email"><input type="hidden" name="proof" value="{escape(proof[:64])}">'
            '<label for="code">邮件里的验证码 · The code of the e-mail</label>'
            f'<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="{CODE_DIGITS}" '
            f'pattern="[0-9]{{{CODE_DIGITS}}}" required><button class="b main">验证 Confirm</button></form>'
        )
    return page("验证邮箱", "".join(parts), "市民自助终端 · 消息 Messages")


def _for_operators(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/messages", **contract.MESSAGES)
    async def messages(request: Request, after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        position = number_of(after, "after")
        return json_answer(await work(gateway, lambda: _outbox(gateway.messages, position)))

    @app.get("/v1/calls", **contract.CALLS)
    async def calls(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        now_ms = gateway.now_ms()
        found = await work(gateway, lambda: gateway.messages.calls.waiting(now_ms, _LINES))
        return json_answer({"calls": [dataclasses.asdict(call) for call in found]})

    @app.post("/v1/calls/{call}", **contract.TELL_CALL)
    async def tell(request: Request, call: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        number, body, now_ms = number_of(call, "call"), await body_of(request, _MAX_BYTES), gateway.now_ms()
        try:
            word = Fields("call", json_object(body, _MAX_BYTES), frozenset(["said"])).text("said", 16)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        if word not in _SAID:
            raise Refused("malformed", f"said: one of {', '.join(_SAID)}")
        told = await work(gateway, lambda: gateway.messages.calls.tell(number, word, now_ms))
        if told is None:
            raise Refused("call-not-yours")
        return json_answer(dataclasses.asdict(told))


def _outbox(desk: MessageDesk, after: int) -> dict[str, object]:
    return {**dataclasses.asdict(desk.post.counts()), "messages": desk.post.outbox(after, _LINES)}
