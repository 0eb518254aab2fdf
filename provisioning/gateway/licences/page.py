"""`GET /l?t=TOKEN`: whoever was shown a licence's code sees what was shared, what for, and until when. No more."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from kiosk.words.city_time import city_moment
from provisioning.gateway.licences.shares import Shared
from provisioning.gateway.licences.token import MAX_CHARS
from provisioning.gateway.web.common import Gateway, work
from provisioning.gateway.web.mobile import page, row

_OUTCOMES = {
    "good": ("证照是真的，现在有效", "This licence is genuine and valid now."),
    "expired": ("这个码过期了", "This code has expired: ask for a new one."),
    "stopped": ("本人已经收回这个码", "Its holder has stopped this code."),
    "forged": ("这个码是假的，不要认", "This code is forged: do not accept it."),
    "unreadable": ("这不是证照的码", "This is not the code of a licence."),
}
_TRUST = {"A": "A，部门签发 issued by an agency", "B": "B，部门核对过 checked by an agency"}


def add_licence_page(app: FastAPI, gateway: Gateway) -> None:
    """Add the page to the gateway's application."""

    @app.get("/l", include_in_schema=False)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        text, now_ms = request.query_params.get("t", "")[: MAX_CHARS + 1], gateway.now_ms()
        found = await work(gateway, lambda: gateway.licences.look(text, now_ms))
        parsed = gateway.releaser.catalogue.current()
        agencies = {name: f"{words['zh-Hans']} {words['en']}" for name, words in parsed.parsed.agencies.items()}
        return render(found, agencies, parsed.codes, now_ms)


def render(
    found: Shared, agencies: Mapping[str, str], codes: Mapping[str, Mapping[str, Mapping[str, str]]], now_ms: int
) -> HTMLResponse:
    """The whole page."""
    title, english = _OUTCOMES[found.outcome]
    kind = "answer" if found.outcome == "good" else "answer no"
    when = city_moment(now_ms)
    body = (
        f'<section class="{kind}"><h1>{title}</h1><p>{when:%Y-%m-%d %H:%M} 在网关核对过 checked</p>'
        f"<small>{english}</small></section>"
    )
    token = found.token
    if token is not None and found.outcome == "good":
        facts = found.facts
        until = city_moment(token.expires_s * 1000)
        rows = [
            ("证照", "Licence", _name(codes, "licence-type", facts.get("type", ""))),
            ("本人", "Holder", facts.get("holder", "")),
            ("谁发的", "Issued by", agencies.get(facts.get("agency", ""), "")),
            ("可信", "Trust", _TRUST.get(facts.get("trust", ""), "")),
            ("证照期限", "Valid", " – ".join(day for day in (facts.get("from", ""), facts.get("to", "")) if day)),
            ("只能用来", "Only for", _name(codes, "share-purpose", token.purpose)),
            ("看到几时", "Until", f"{until:%Y-%m-%d %H:%M}"),
            ("看过几次", "Seen", f"{found.views} 次 times"),
        ]
        lines = "".join(row(chinese, english_, escape(value)) for chinese, english_, value in rows if value)
        body += f"<dl>{lines}</dl><small>身份号码、证照编号不在这里。No ID number, no licence number.</small>"
    return page(title, body, "市民自助终端 · 出示的证照 A licence shown")


def _name(codes: Mapping[str, Mapping[str, Mapping[str, str]]], listed: str, code: str) -> str:
    named = codes.get(listed, {}).get(code, {})
    return " ".join(named[one] for one in ("zh-Hans", "en") if one in named) or code
