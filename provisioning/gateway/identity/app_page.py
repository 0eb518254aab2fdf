"""The stand-in for the city's app: `GET /app`, then `POST /app`. It asks what the app would ask, and shows the same.

A stand-in, because the app itself is not part of the kiosk: whoever opens the page says which synthetic citizen they
are. The seam is `SignInDesk.open(token, id_number, …)`: a real app's server proves who its citizen is, and calls that.
The code's token stands in the URL's fragment, which a browser never sends, as on the page of a form handed over.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from kiosk.services.definition import words
from kiosk.services.display import mask_name, masked
from provisioning.gateway.identity.sign_ins import Page
from provisioning.gateway.web.common import Gateway, body_of, json_answer, work
from provisioning.gateway.web.mobile import both, call, page, row

_MAX_BYTES = 8192
_HEADER = "市民 App（替身） City app (stand-in)"
_BEGIN = (
    "const t=location.hash.slice(1);document.getElementById('t').value=t;"
    "if(t){history.replaceState(null,'','/app')}else{document.getElementById('open').hidden=true;"
    "document.getElementById('none').hidden=false}"
)
_WAIT = (
    "const f=document.getElementById('again');setInterval(()=>fetch('/app/waits',{method:'POST',body:new "
    "URLSearchParams({k:f.k.value})}).then(a=>a.json()).then(a=>{if(a.state!=='signed-in')f.submit()})"
    ".catch(()=>0),2000)"
)


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("ascii")).digest()).decode("ascii") + "'"


_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src {_hash(_BEGIN)} {_hash(_WAIT)}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_STYLE = (
    "<style>label{font-weight:700;display:block}select{font:inherit;width:100%;height:56px;border:1px solid "
    "var(--edge);border-radius:12px;padding:0 12px;background:var(--card);color:var(--ink)}.code{font-size:40px;"
    "font-weight:700;letter-spacing:8px;text-align:center}.wrong{color:#8F1814;font-weight:700}input[name=code]{"
    "font-size:40px;height:72px;letter-spacing:12px}input[aria-invalid]{border:3px solid #8F1814}"
    "dl.tall div{display:block}dl.tall dt{width:auto}dd small{font-weight:400}form .b{margin-top:8px}</style>"
)
_ENDS: Mapping[str, tuple[str, str, str]] = {
    "refused": ("没有登录", "终端什么都没有拿到。要是有人叫您扫这个码，请打电话告诉我们。",
                "Not signed in. The terminal got nothing. If somebody told you to scan this code, call us."),
    "ended": ("已经退出", "这台终端再也查不到您的资料，也交不了任何东西。",
              "Signed out. The terminal can neither see your data nor hand anything in."),
    "expired": ("这个码过时了", "码只管 2 分钟。请在终端上再要一个码。",
                "This code has expired. Get a new one at the terminal."),
    "used": ("这个码用过了", "一个码只能扫一次。要是不是您扫的，请在终端上按退出，再打电话告诉我们。",
             "This code was scanned before. If it was not you, leave the terminal and call us."),
    "unknown": ("这个码打不开", "可能没有扫全。请在终端上再要一个码。",
                "This code does not open anything. Get a new one at the terminal."),
}  # fmt: skip


def add_app_page(app: FastAPI, gateway: Gateway) -> None:
    """Add the stand-in's pages to the gateway's application."""

    @app.get("/app", include_in_schema=False)
    async def begin() -> Response:  # pyright: ignore[reportUnusedFunction]
        return _page("登录", _begin(gateway))

    @app.post("/app", include_in_schema=False)
    async def tapped(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        given = await _given(request)
        return await work(gateway, lambda: _step(gateway, given))

    @app.post("/app/waits", include_in_schema=False)
    async def waits(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        given, now_ms = await _given(request), gateway.now_ms()
        seen = await work(gateway, lambda: gateway.sign_ins.see(given.get("k", ""), now_ms))
        return json_answer({"state": seen.state})


async def _given(request: Request) -> dict[str, str]:
    sent = parse_qs((await body_of(request, _MAX_BYTES)).decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in sent.items()}


def _step(gateway: Gateway, given: Mapping[str, str]) -> Response:
    """One tap on the telephone."""
    desk, now_ms, key, tapped = gateway.sign_ins, gateway.now_ms(), given.get("k", ""), given.get("do", "")
    if "t" in given:
        citizen = desk.citizens.get(given.get("who", ""))
        seen = Page("unknown") if citizen is None else desk.open(given["t"], citizen.id_number, now_ms)
    elif tapped in {"yes", "no"}:
        seen = desk.answer(key, given.get("code", "").strip(), yes=tapped == "yes", now_ms=now_ms)
    elif tapped in {"approve", "decline"}:
        seen = desk.decide(key, given.get("shown", ""), yes=tapped == "approve", now_ms=now_ms)
    elif tapped == "leave":
        seen = desk.leave(key)
    else:
        seen = desk.see(key, now_ms)
    gateway.log("gateway.sign-in", {"terminal": seen.terminal, "what": seen.state})
    mark = f'<i hidden data-state="{seen.state}"></i>'  # for scripts: the page's words may change
    return _page("登录", mark + _body(gateway, seen))


def _body(gateway: Gateway, seen: Page) -> str:
    if seen.state in {"asks", "wrong"}:
        return _asks(gateway, seen)
    if seen.state == "form":
        return _approve(seen)
    if seen.state in {"signed-in", "sent", "declined"}:
        return _signed_in(gateway, seen)
    title, text, english = _ENDS[seen.state]
    tone = "answer" if seen.state == "ended" else "answer no"
    return f'<section class="{tone}"><h1>{title}</h1><p>{text}</p><small>{english}</small></section>{call()}'


def _page(title: str, body: str) -> HTMLResponse:
    made = page(title, _STYLE + body, _HEADER)
    made.headers["Content-Security-Policy"] = _POLICY
    return made


def _begin(gateway: Gateway) -> str:
    title, text, english = _ENDS["unknown"]
    people = "".join(
        f'<option value="{escape(who)}">{escape(one.names["zh-Hans"])} {escape(one.note["zh-Hans"])} · '
        f"{escape(one.names['en'])}, {escape(one.note['en'])}</option>"
        for who, one in gateway.sign_ins.citizens.items()
    )
    return (
        '<section class="hint"><h1>这是替身</h1><p>真的市民 App 早就知道您是谁。这里请选一位虚构的市民。</p>'
        "<small>A stand-in for the city's app: choose an invented citizen.</small></section>"
        '<form id="open" method="post" action="/app"><input type="hidden" id="t" name="t">'
        f'<label for="who">我是 I am</label><select id="who" name="who">{people}</select>'
        '<button class="b main">继续 Next</button></form>'
        f'<section id="none" class="answer no" hidden><b>{title}</b><p>{text}</p><small>{english}</small></section>'
        f"<script>{_BEGIN}</script>{call()}"
    )


def _where(gateway: Gateway, terminal: str) -> str:
    """The terminal's place and name: who stands elsewhere sees it here."""
    place = gateway.sign_ins.place(terminal)
    chinese, english = place.get("zh-Hans", ""), place.get("en", "")
    return row("哪里", "Where", f"{escape(chinese)} {escape(english)}<br>{escape(terminal)}")


def _asks(gateway: Gateway, seen: Page) -> str:
    who = seen.holder
    wrong = (
        f'<p class="wrong" role="alert">数字不对，还可以试 {seen.tries_left} 次。'
        "您面前的屏幕上要是没有这个码，请不要同意。"
        "<small>Not that number. If the screen before you does not show this code, do not agree.</small></p>"
    )
    invalid = ' aria-invalid="true"' if seen.state == "wrong" else ""
    return (
        "<div><h1>您要在这台终端上办事吗？</h1><small>Sign in at this terminal?</small></div>"
        f"<dl>{_where(gateway, seen.terminal)}"
        f"<div><dt>{both('它会知道', 'It learns')}</dt><dd>{escape(mask_name(who['name']))}<br>"
        f"{escape(masked('id', who['id_number']))}<br>"
        "性别，出生日期<small>your name, number, sex and date of birth</small></dd></div>"
        f"<div><dt>{both('能做什么', 'It may')}</dt><dd>查一般的资料 15 分钟；医保、房产、账户要插卡"
        "<small>look up your data for 15 minutes; health, property and accounts need your card</small></dd></div></dl>"
        f'<form method="post" action="/app"><input type="hidden" name="k" value="{escape(seen.key)}">'
        '<label for="code">屏幕上的 4 个数字 The 4 digits on its screen</label>'
        f'{wrong if seen.state == "wrong" else ""}<input id="code" name="code" inputmode="numeric" '
        f'pattern="[0-9]*" maxlength="4" autocomplete="off"{invalid}>'
        '<button class="b main" name="do" value="yes">同意登录 Sign in</button>'
        f'<button class="b side" name="do" value="no">不是我，拒绝 Refuse</button></form>{call()}'
    )


def _approve(seen: Page) -> str:
    assert seen.form is not None
    form = seen.form
    rows = "".join(
        f"<div><dt>{escape(words(label, form.language))}</dt><dd>{escape(value)}</dd></div>"
        for label, value in form.rows
        if value
    )
    return (
        "<div><h1>要提交这张表吗？</h1><small>Hand this in?</small></div>"
        f'<p><b>{escape(words(form.name, form.language))}</b></p><dl class="tall">{rows}</dl>'
        f"<p>终端 {escape(seen.terminal)}，屏幕上的数字应当是"
        f"<small>Terminal {escape(seen.terminal)}; its screen must show</small></p>"
        f'<p class="code">{_pairs(seen.code)}</p>'
        '<section class="hint"><b>按“同意提交”，就是说：以上都是真的</b>'
        "<small>By handing in you say that all this is true.</small></section>"
        f'<form method="post" action="/app"><input type="hidden" name="k" value="{escape(seen.key)}">'
        f'<input type="hidden" name="shown" value="{form.digest.hex()}">'
        '<button class="b main" name="do" value="approve">同意提交 Hand in</button>'
        '<button class="b side" name="do" value="decline">先不交 Not now</button></form>' + call()
    )


def _signed_in(gateway: Gateway, seen: Page) -> str:
    said = {
        "sent": ("您同意了", "终端的屏幕上出了编号，才算交了。",
                 "Approved. It is handed in once the terminal shows a number."),
        "declined": ("没有提交", "表还在终端上，可以改。", "Not handed in. The form is still at the terminal."),
    }.get(seen.state, ("已登录", "请看终端的屏幕，在那里办事。提交的时候，这里会问您。",
                       "Signed in. Go on at the terminal; nothing is handed in without asking you here."))  # fmt: skip
    title, text, english = said
    key = f'<input type="hidden" name="k" value="{escape(seen.key)}">'
    return (
        f'<section class="answer{" no" if seen.state == "declined" else ""}"><h1>{title}</h1><p>{text}</p>'
        f"<small>{english}</small></section>"
        f"<dl>{_where(gateway, seen.terminal)}{row('数字', 'Digits', _pairs(seen.code))}</dl>"
        f'<form id="again" method="post" action="/app">{key}'
        '<button class="b side">有要我确认的吗？ Anything to approve?</button></form>'
        f'<form method="post" action="/app">{key}'
        '<button class="b side" name="do" value="leave">退出这台终端 Sign out</button></form>'
        f"<script>{_WAIT}</script>{call()}"
    )


def _pairs(code: str) -> str:
    """The digits as the terminal shows them."""
    return escape(f"{code[:2]} {code[2:]}")
