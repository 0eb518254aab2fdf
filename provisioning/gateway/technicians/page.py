"""The technician's page for a one-time code: which terminal it is, who asks, and eight digits. No script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from offline_cache.errors import MalformedMessage
from offline_cache.wire.fleet.technician import LIFE_S, PATH, CodeOffer, code_offer, digits_by_gateway
from provisioning.gateway.fleet.pages import login
from provisioning.gateway.web.common import Gateway, work
from provisioning.gateway.web.mobile import page

_HEADER = "市民自助终端 · 维护 Maintenance"
_WHO = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{1,19}")
_DIGITS = '<p style="font:700 44px monospace;letter-spacing:6px;margin:12px 0">{}</p>'
NO_CODE = (
    "认不出这个码",
    "在终端首页按住“广州市民自助终端”五秒，再扫屏幕上的码。",
    "Not the code of a terminal: hold its name on the first screen for five seconds and scan the code.",
)
NO_TERMINAL = (
    "网关不认识这台终端",
    "它没有登记，或者已经注销。不要继续，问运维。",
    "This gateway does not know that terminal, or it was revoked. Do not go on; ask the operator.",
)
NO_WHO = (
    "工号写得不对",
    "两到二十个字母、数字、点或短横。回上一页再写。",
    "A staff number has 2 to 20 letters, digits, dots or dashes. Go back and write it again.",
)


def add_technician_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the pages to the gateway's application."""
    pages = _Pages(gateway)

    @app.get(PATH, include_in_schema=False)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        proof = login.logged_in(gateway, request)
        if not proof:
            return login.ask(request)
        return await work(gateway, lambda: pages.look(request.query_params, proof))

    @app.post(PATH, include_in_schema=False)
    async def give(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fields = await login.form_of(gateway, request)
        return await work(gateway, lambda: pages.give(fields))


class _Pages:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def look(self, given: Mapping[str, str], proof: str) -> Response:
        """Name the terminal and ask who wants to open it."""
        offer = _offer(given)
        place = None if offer is None else self._place(offer.terminal)
        if offer is None or place is None:
            return _no(NO_CODE if offer is None else NO_TERMINAL)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(given[name])}">' for name in ("t", "k", "n")
        )
        body = (
            f'<section class="hint"><h1>{escape(offer.terminal)}</h1><p>{escape(place)}</p>'
            f"<small>请核对：您就站在这台终端前面。Are you standing before this terminal?</small></section>"
            f'<form method="post" action="{PATH}">{hidden}<input type="hidden" name="proof" value="{proof}">'
            '<label for="who">您的工号 Your staff number</label>'
            '<input id="who" name="who" required autofocus maxlength="20" autocomplete="username">'
            '<button class="b main">给我维护码 Give me the code</button></form>'
        )
        return page("维护码", body, _HEADER)

    def give(self, fields: Mapping[str, str]) -> Response:
        """Write down who asked, then show the digits: never the other way round."""
        offer, who = _offer(fields), fields.get("who", "").strip()
        if offer is None:
            return _no(NO_CODE)
        if not _WHO.fullmatch(who):
            return _no(NO_WHO)
        if self._place(offer.terminal) is None:
            return _no(NO_TERMINAL)
        try:
            digits = digits_by_gateway(self._gateway.authority.sealing_key, offer)
        except MalformedMessage:
            return _no(NO_CODE)
        self._write_down(offer, who)
        body = (
            f'<section class="answer"><h1>{escape(offer.terminal)} 的维护码</h1>'
            f"{_DIGITS.format(f'{digits[:4]} {digits[4:]}')}<p>在终端上输入这八位数字。</p>"
            f"<small>Type these eight digits at the terminal. 从出码起 {LIFE_S // 60} 分钟内有效，只能用一次；"
            f"已记下：{escape(who)}。</small></section>"
        )
        return page("维护码", body, _HEADER)

    def _place(self, terminal: str) -> str | None:
        """Where a terminal stands that is known and not revoked; None for any other."""
        found = next((one for one in self._gateway.store.terminals() if one.name == terminal and not one.revoked), None)
        return None if found is None else found.place.get("place.zh-Hans", "")

    def _write_down(self, offer: CodeOffer, who: str) -> None:
        sql = "INSERT INTO technician_code VALUES (?, ?, ?, ?) ON CONFLICT (reference, who) DO NOTHING"
        with self._gateway.store.database.transaction() as db:
            db.run(sql, offer.reference, offer.terminal, who, self._gateway.now_ms())
        self._gateway.log("gateway.technician-code", {"terminal": offer.terminal, "reference": offer.reference})


def _offer(given: Mapping[str, str]) -> CodeOffer | None:
    try:
        return code_offer(*(given.get(name, "") for name in ("t", "k", "n")))
    except MalformedMessage:
        return None


def _no(words: tuple[str, str, str]) -> HTMLResponse:
    title, chinese, english = words
    body = (
        f'<section class="answer no"><h1>{title}</h1><p>{chinese}</p><small>{english}</small></section>'
        '<a class="b side" href="/fleet">看全部终端 All terminals</a>'
    )
    answer = page(title, body, _HEADER)
    answer.status_code = 400
    return answer
