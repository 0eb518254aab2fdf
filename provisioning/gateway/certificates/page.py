"""`GET /c?t=TOKEN`: whoever holds a printed certificate compares it with what the gateway issued. Masked."""

from __future__ import annotations

from html import escape

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from provisioning.gateway.certificates.desk import Looked
from provisioning.gateway.certificates.token import MAX_CHARS
from provisioning.gateway.web.common import Gateway, work
from provisioning.gateway.web.mobile import page, row

_OUTCOMES = {
    "genuine": ("证明是真的", "This certificate is genuine. Compare it with the paper."),
    "unknown": ("这里没有这份证明", "No such certificate was issued: do not accept it."),
    "forged": ("这个码是假的，不要认", "This code is forged: do not accept it."),
    "unreadable": ("这不是证明的码", "This is not the code of a certificate."),
}


def add_certificate_page(app: FastAPI, gateway: Gateway) -> None:
    """Add the page to the gateway's application."""

    @app.get("/c", include_in_schema=False)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        text = request.query_params.get("t", "")[: MAX_CHARS + 1]
        return render(await work(gateway, lambda: gateway.cases.certificates.look(text)))


def render(found: Looked) -> HTMLResponse:
    """The whole page."""
    title, english = _OUTCOMES[found.outcome]
    kind = "answer" if found.outcome == "genuine" else "answer no"
    body = f'<section class="{kind}"><h1>{title}</h1><small>{english}</small></section>'
    if found.token is not None and found.outcome == "genuine":
        head = [("证明", "Certificate", found.title), ("谁开的", "Issued by", found.issuer)]
        head += [("日期", "Date", found.token.day), ("编号", "Number", found.token.number)]
        head.append(("核对码", "Check code", found.check_code))
        lines = "".join(row(chinese, english_, escape(value)) for chinese, english_, value in head)
        lines += "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in found.rows)
        body += (
            f"<dl>{lines}</dl><small>姓名和号码只露出一部分，请和纸上的对一对。 Names and numbers are shown in part: "
            "compare them with the paper.</small>"
        )
    return page(title, body, "市民自助终端 · 核对证明 Check a certificate")
