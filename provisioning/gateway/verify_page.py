"""The page where anyone checks a receipt: `GET /verify?token=…`. The answer first; no name, no id number.

The token of the QR code (`offline_cache/wire/receipt_token.py`) is checked with the key of the terminal it names, then
the journal is asked whether the entry has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from kiosk.words.city_time import city_moment
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire.receipt_token import MAX_TOKEN_CHARS, ReceiptToken, claimed, verify_token
from provisioning.gateway.proofs.days import find_line
from provisioning.gateway.store import Store
from provisioning.gateway.web.common import Gateway, work
from provisioning.gateway.web.mobile import HOTLINE, call, page, row


@dataclass(frozen=True)
class Verified:
    """What can be said of a token. `genuine` means: a terminal of this gateway signed it, and it is unchanged."""

    outcome: Literal["genuine", "forged", "unknown-terminal", "unreadable", "nothing"]
    token: ReceiptToken | None = None
    arrived_ms: int | None = None
    """When the gateway received the entry, or None where it has not."""
    revoked: bool = False
    """The terminal was taken out of service since."""
    place: str = ""


def verify(text: str, store: Store) -> Verified:
    """Check the text of a QR code. Raises `StoreFailed`."""
    if not text:
        return Verified("nothing")
    try:
        token = claimed(text)
    except MalformedMessage:
        return Verified("unreadable")
    keys = store.keys_of(token.terminal)
    if not keys:
        return Verified("unknown-terminal", token)
    if not any(_signed(text, key) for key, _ in keys):
        return Verified("forged")
    line = find_line(store, case=token.number)
    places = {item.name: item.place.get("place.zh-Hans", "") for item in store.terminals()}
    return Verified(
        "genuine",
        token,
        arrived_ms=line.received_ms if line is not None else None,
        revoked=all(revoked for _, revoked in keys),
        place=places.get(token.terminal, ""),
    )


def _signed(text: str, key: bytes) -> bool:
    try:
        verify_token(text, key)
    except (BadSignature, MalformedMessage):
        return False
    return True


def add_verify_route(app: FastAPI, gateway: Gateway) -> None:
    """Add the page to the gateway's application."""

    @app.get("/verify", include_in_schema=False)
    async def verify_receipt(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        text = request.query_params.get("token", "")[: MAX_TOKEN_CHARS + 1]
        found = await work(gateway, lambda: verify(text, gateway.store))
        names = gateway.releaser.catalogue.current().parsed.services
        service = names.get(found.token.service) if found.token is not None else None
        name = f"{service.name['zh-Hans']} {service.name['en']}" if service is not None else ""
        return render(found, name, gateway.now_ms(), text)


_YES = (
    '<svg viewBox="0 0 48 48" role="img" aria-label="yes"><circle cx="24" cy="24" r="22" fill="#08562F"/>'
    '<path d="M14 25l7 7 13-15" fill="none" stroke="#FFF" stroke-width="5"/></svg>'
)
_NO = (
    '<svg viewBox="0 0 48 48" role="img" aria-label="no"><path d="M15 3h18l12 12v18L33 45H15L3 33V15z" fill="#8F1814"/>'
    '<path d="M16 16l16 16M32 16L16 32" stroke="#FFF" stroke-width="5"/></svg>'
)
_WORDS = {
    "genuine": ("这张凭条是真的", "This receipt is genuine"),
    "forged": ("这张凭条被改过，不要认", "This receipt was changed: do not accept it"),
    "unknown-terminal": ("没有这台终端，不要认", "No terminal of ours printed this: do not accept it"),
    "unreadable": ("这不是凭条上的码", "This is not the code of a receipt"),
    "nothing": ("核对凭条", "Check a receipt"),
}


def render(found: Verified, service: str, now_ms: int, text: str = "") -> HTMLResponse:
    """The whole page; `service` is the service's name in both languages, or empty where it is not known.

    `text`: the code as it was scanned, to go on with to the case.
    """
    title, english = _WORDS[found.outcome]
    parts = [_answer(found, title, english, now_ms)] if found.outcome != "nothing" else [f"<h1>{title}</h1>"]
    if found.outcome == "genuine" and found.token is not None:
        parts.append(_facts(found, found.token, service))
        if text:
            parts.append(f'<a class="b main" href="/case?token={quote(text, safe="")}">看办到哪一步 See the case</a>')
        parts.append(_HINT)
    parts.append(_FORM)
    return page(title, "".join(parts), "市民自助终端 · 核对凭条 Check a receipt")


_HINT = (
    '<section class="hint"><b>和手里的纸对一对</b><p>编号、时间、第几张，都要一样。不一样，就不要认这张纸，打 '
    f"{HOTLINE}。</p><small>Compare number, time and copy with the paper. If they differ, call {HOTLINE}.</small>"
    "</section><small>这里不显示姓名和证件号。No name and no ID number is shown here.</small>"
)
_FORM = (
    '<form method="get" action="/verify"><label for="token">扫码得到的字 · The text of the code</label>'
    '<textarea id="token" name="token" autocomplete="off" spellcheck="false" placeholder="KR1:…"></textarea>'
    '<button class="b main">核对 Check</button></form>' + call()
)


def _answer(found: Verified, title: str, english: str, now_ms: int) -> str:
    good = found.outcome == "genuine"
    return (
        f'<section class="answer{"" if good else " no"}">{_YES if good else _NO}<h1>{title}</h1>'
        f"<p>{_time(now_ms)} 在网关核对过</p><small>{english}. Checked at the gateway.</small></section>"
    )


def _facts(found: Verified, token: ReceiptToken, service: str) -> str:
    now = "终端记着，网关还没收到 Recorded at the terminal, not received yet"
    if found.arrived_ms is not None:
        now = f"网关已收到 Received {_time(found.arrived_ms)}"
    sheet = "正本 Original" if token.copy == 0 else f"补打第 {token.copy} 张，同样有效 Copy {token.copy}, as good"
    rows = [
        ("编号", "Number", token.number),
        ("办什么", "Service", service or token.service),
        ("在哪办", "Where", f"{found.place} {token.terminal}".strip()),
        ("几时", "When", _time(token.at_s * 1000)),
        ("现在", "Now", now),
        ("这一张", "This one", sheet),
    ]
    if found.revoked:
        rows.append(("注意", "Note", "这台终端已经停用 This terminal is out of use"))
    body = "".join(row(chinese, english, escape(value)) for chinese, english, value in rows)
    return f"<dl>{body}</dl>"


def _time(at_ms: int) -> str:
    moment = city_moment(at_ms)
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
