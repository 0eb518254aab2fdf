"""An operator logs in to the gateway's pages with the operator's token, for a shift; forms carry a proof of it.

The cookie holds an expiry and a keyed hash, no token; it is the browser's alone (HttpOnly, Secure, SameSite=Lax: a
phone's camera opens the enrolment page from outside).
"""

from __future__ import annotations

import hashlib
import hmac
from html import escape
from urllib.parse import parse_qs

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, body_of
from provisioning.gateway.web.mobile import page

COOKIE = "kiosk_operator"
HOURS = 12
MAX_FORM_BYTES = 8 * 1024
_OUTSIDE = ("/fleet", "/enrol", "/technician")


def _mark(gateway: Gateway, text: str) -> str:
    # The token is part of the key: whoever changes it ends every session.
    key = gateway.authority.secret(
        f"operator pages {hashlib.sha256(gateway.authority.operator_token.encode()).hexdigest()}"
    )
    return hmac.digest(key, text.encode(), "sha256").hex()


def logged_in(gateway: Gateway, request: Request) -> str:
    """The proof for this session's forms, or nothing where nobody is logged in."""
    until, _, mark = request.cookies.get(COOKIE, "").partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 16) or int(until) <= gateway.now_ms():
        return ""
    if not hmac.compare_digest(mark.encode(), _mark(gateway, until).encode()):
        return ""
    return _mark(gateway, f"form {until}")


async def form_of(gateway: Gateway, request: Request) -> dict[str, str]:
    """The fields of a form of a session. Raises `Refused` `operator-required` without session or proof, `too-large`."""
    proof = logged_in(gateway, request)
    fields = await fields_of(request)
    if not proof or not hmac.compare_digest(fields.get("proof", "").encode(), proof.encode()):
        raise Refused("operator-required")
    return fields


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of any form; each once. Raises `Refused` `too-large`, `malformed`."""
    raw = await body_of(request, MAX_FORM_BYTES)
    try:
        parsed = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=40)
    except (UnicodeDecodeError, ValueError):
        raise Refused("malformed", "not a form") from None
    return {name: values[-1] for name, values in parsed.items()}


def ask(request: Request, *, wrong: bool = False, after: str = "") -> HTMLResponse:
    """The page that asks for the token, and leads back afterwards."""
    query = request.url.query
    after = after or f"{request.url.path}{'?' + query if query else ''}"
    words = (
        '<section class="answer no"><h1>口令不对</h1><p>从网关的 operator.token 里再抄一遍。</p>'
        "<small>Wrong token: copy it again from operator.token of the gateway.</small></section>"
        if wrong
        else ""
    )
    body = (
        f'{words}<section class="hint"><h1>请先登录网关</h1><p>用操作员口令，{HOURS} 小时内有效。</p>'
        f"<small>Log in with the operator's token; good for {HOURS} hours.</small></section>"
        '<form method="post" action="/fleet/login"><label for="token">操作员口令 Operator’s token</label>'
        '<input id="token" name="token" type="password" autocomplete="current-password" required autofocus '
        'style="letter-spacing:0;font-size:20px">'
        f'<input type="hidden" name="after" value="{escape(after)}"><button class="b main">登录 Log in</button></form>'
    )
    answer = page("登录 Log in", body, "市民自助终端 · 网关")
    answer.status_code = 401
    return answer


async def enter(gateway: Gateway, request: Request) -> Response:
    """Take the login form: a session and on to where they wanted, or the form again."""
    fields = await fields_of(request)
    after = fields.get("after", "/fleet")
    if not after.startswith(_OUTSIDE) or "\\" in after or "\n" in after or "\r" in after:
        after = "/fleet"
    if not hmac.compare_digest(fields.get("token", "").strip().encode(), gateway.authority.operator_token.encode()):
        gateway.log("gateway.refused", {"code": "operator-required", "status": 401})
        return ask(request, wrong=True, after=after)
    until = str(gateway.now_ms() + HOURS * 3_600_000)
    answer = RedirectResponse(after, 303, {"Cache-Control": "no-store"})
    secure = request.url.scheme == "https"
    cookie = f"{until}.{_mark(gateway, until)}"
    answer.set_cookie(COOKIE, cookie, HOURS * 3600, httponly=True, secure=secure, samesite="lax")
    return answer
