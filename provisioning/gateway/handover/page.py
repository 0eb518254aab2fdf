"""The telephone's pages of a form that was begun at a terminal: `GET /phone`, then `POST /phone`.

The code's token stands in the URL's fragment, which a browser never sends: a line of script puts it into the form that
the citizen's own tap sends, so that neither a log nor the look-ahead of a messenger uses it up.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from kiosk.services import forms
from kiosk.services.definition import FieldDefinition, words
from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import Fields, json_object
from offline_cache.wire.handover import HANDOVERS, MAX_HANDOVER_BYTES, WITHDRAW
from provisioning.gateway import contract
from provisioning.gateway.handover.desk import Phone
from provisioning.gateway.handover.draft import asked_fields
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, body_of, json_answer, terminal_of, work
from provisioning.gateway.web.mobile import call, page

_MAX_BYTES = 32 * 1024
_HEADER = "市民自助终端 · 接着填 Your form"
_SCRIPT = (
    "const t=location.hash.slice(1);document.getElementById('t').value=t;"
    "if(t){history.replaceState(null,'','/phone')}else{document.getElementById('open').hidden=true;"
    "document.getElementById('none').hidden=false}"
)
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode("ascii")).digest()).decode("ascii")
_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_SCRIPT_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STYLE = (
    "<style>label{font-weight:700;display:block;margin-top:12px}select,input.f{font:inherit;letter-spacing:0;"
    "text-align:left;width:100%;height:56px;border:1px solid var(--edge);border-radius:12px;padding:0 12px;"
    "background:var(--card);color:var(--ink)}.wrong{color:#8F1814;font-weight:700}"
    "select[aria-invalid],input.f[aria-invalid]{border:3px solid #8F1814}form .b{margin-top:16px}"
    ".answer.no a{color:inherit;font-weight:700}</style>"
)
_INPUTS = {
    "number": 'type="text" inputmode="numeric"',
    "money": 'type="text" inputmode="decimal"',
    "phone": 'type="tel"',
    "email": 'type="email"',
    "date": 'type="date"',
    "month": 'type="month"',
}
_PROBLEMS = {
    "answer-missing": "请填上。 Please fill this in.",
    "answer-form": "写法不对，请看一看。 Not written as it should be.",
    "answer-number": "请只写数字。 Digits only, please.",
    "answer-low": "数太小了。 Too small.",
    "answer-high": "数太大了。 Too large.",
    "answer-date": "没有这一天。 No such day.",
    "answer-month": "没有这个月。 No such month.",
    "answer-future": "这一天还没有到。 This day has not come yet.",
}
_ENDS = {
    "used": ("这个码用过了", "一个码只能打开一次。要是不是您打开的，请打电话告诉我们；还没提交的，不算数。",
             "This code was used. If it was not you, call us. Get a new one at the terminal."),
    "expired": ("这个码过时了", "码只管 15 分钟。没有提交，填的已经删掉。请到终端插卡，再要一个码。",
                "This code has expired. Nothing was handed in. Get a new one at the terminal."),
    "unknown": ("这个码打不开", "可能收回了，或者没有扫全。请到终端插卡，再要一个码。",
                "This code does not open anything. Get a new one at the terminal."),
    "changed": ("这件事的表刚改过", "没有提交。请到终端插卡，重新开始。",
                "This service's form has just changed. Please begin again at the terminal."),
    "busy": ("正在提交", "请等半分钟，再按一次。不会提交两次。", "Being handed in. Wait half a minute and try again."),
}  # fmt: skip


def add_handover_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the terminal's messages and the telephone's page to the gateway's application."""
    _for_terminals(app, gateway)

    @app.get("/phone", include_in_schema=False)
    async def begin() -> Response:  # pyright: ignore[reportUnusedFunction]
        return _page("接着填", _begin())

    @app.post("/phone", include_in_schema=False)
    async def goes_on(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        sent = parse_qs((await body_of(request, _MAX_BYTES)).decode("utf-8", "replace"), keep_blank_values=True)
        given = {name: values[0] for name, values in sent.items()}
        return await work(gateway, lambda: _step(gateway, given))


def _for_terminals(app: FastAPI, gateway: Gateway) -> None:
    @app.post(HANDOVERS, **contract.HANDOVERS)
    async def take(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, MAX_HANDOVER_BYTES)
        now_ms = gateway.now_ms()
        answer = await work(gateway, lambda: gateway.handover.take(body, terminal, now_ms))
        gateway.log("gateway.handover", {"terminal": terminal.name, "what": "taken"})
        return json_answer(answer)

    @app.post(WITHDRAW, **contract.WITHDRAW)
    async def withdraw(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, _MAX_BYTES)
        try:
            token = Fields("withdrawal", json_object(body, _MAX_BYTES), frozenset(["token"])).text("token", 64)
        except MalformedMessage as error:
            raise Refused("malformed", str(error)) from None
        return json_answer({"withdrawn": await work(gateway, lambda: gateway.handover.withdraw(token, terminal))})


def _step(gateway: Gateway, given: dict[str, str]) -> Response:
    """One tap on the telephone."""
    desk, now_ms, key = gateway.handover, gateway.now_ms(), given.get("k", "")
    if "t" in given:
        phone = desk.open(given["t"], now_ms)
    elif given.get("do") == "submit":
        phone = desk.hand_in(key, now_ms)
        if phone.state == "done":
            gateway.wake()
    else:
        answers = {name[2:]: text for name, text in given.items() if name.startswith("a.")}
        phone = desk.answer(key, answers, now_ms)
    gateway.log("gateway.handover", {"terminal": "", "what": phone.state})
    if phone.state == "ready" and given.get("do") in {"next", "submit"}:
        return _page("最后看一遍", _check(phone))
    if phone.state in {"asking", "ready"}:
        return _page("接着填", _ask(phone, tried=given.get("do") in {"next", "submit"}))
    return _page("接着填", _done(phone) if phone.state == "done" else _end(phone))


def _page(title: str, body: str) -> HTMLResponse:
    made = page(title, _STYLE + body, _HEADER)
    made.headers["Content-Security-Policy"] = _POLICY
    return made


def _begin() -> str:
    title, text, english = _ENDS["unknown"]
    return (
        '<section class="hint"><h1>在手机上接着填</h1><p>终端上填了的都带过来了。按下面的按钮打开，只能打开一次。</p>'
        "<small>Go on with your form here. It opens once.</small></section>"
        '<form id="open" method="post" action="/phone"><input type="hidden" id="t" name="t">'
        '<button class="b main">打开我的表 Open</button></form>'
        f'<section id="none" class="answer no" hidden><b>{title}</b><p>{text}</p><small>{english}</small></section>'
        f"<script>{_SCRIPT}</script>{call()}"
    )


def _ask(phone: Phone, *, tried: bool) -> str:
    """Everything on one page: what is known, masked, then what is asked."""
    assert phone.form is not None
    assert phone.draft is not None
    form, language = phone.form, phone.draft.text("language")
    asked = asked_fields(form)
    wrong = [item.id for item in asked if _problem(phone, item, tried)]
    known = [item for item in forms.plan(form).rows if item not in asked and not item.quiet]
    fields = "".join(_field(form, item, language, _problem(phone, item, tried)) for item in asked)
    return (
        f"<div><h1>{escape(words(form.definition.name, language))}</h1><small>还没有提交。15 分钟内填完。 "
        f"Not handed in yet.</small></div>{_gaps(wrong)}{_rows(form, known, language)}"
        f'<form method="post" action="/phone"><input type="hidden" name="k" value="{escape(phone.key)}">{fields}'
        '<button class="b main" name="do" value="next">看一遍 Next</button></form>' + call()
    )


def _gaps(wrong: list[str]) -> str:
    """Whoever pressed the button at the foot of a long page sees at its head that something is missing, and where."""
    if not wrong:
        return ""
    return (
        f'<section class="answer no" role="alert"><b>还有 {len(wrong)} 处要填 Still missing: {len(wrong)}</b>'
        f'<p><a href="#a.{escape(wrong[0])}">去看第一处 Show me the first</a></p></section>'
    )


def _problem(phone: Phone, item: FieldDefinition, tried: bool) -> str:
    assert phone.form is not None
    if item.id in phone.problems:
        return phone.problems[item.id]
    return "answer-missing" if tried and item.required and forms.value_of(phone.form, item) is None else ""


def _field(form: forms.Form, item: FieldDefinition, language: str, problem: str) -> str:
    value = forms.value_of(form, item)
    text = "" if value is None else value.text
    name, label = f"a.{escape(item.id)}", escape(words(item.label, language))
    told = item.help["zh-Hans"] and item.type not in {"date", "month"}  # a telephone has its own way to choose a day
    help_ = f"<small>{escape(words(item.help, language))}</small>" if told else ""
    wrong = f'<p class="wrong" role="alert">{_PROBLEMS[problem]}</p>' if problem else ""
    marks = f'id="{name}" name="{name}"{" aria-invalid=true" if problem else ""}'
    if item.type in forms.CHOSEN:
        options = "".join(
            f'<option value="{escape(choice.value)}"{" selected" if choice.value == text else ""}'
            f"{' disabled' if choice.left == 0 else ''}>{escape(words(choice.names, language))}</option>"
            for choice in forms.options(form, item)
        )
        body = f'<select {marks}><option value="">请选择 Choose</option>{options}</select>'
    else:
        kind = _INPUTS.get(item.type, 'type="text"')
        shown = "" if value is not None and value.origin != "answer" and item.mask else escape(text)
        body = f'<input class="f" {kind} {marks} value="{shown}" maxlength="{item.max_length}" autocomplete="off">'
    return f'<label for="{name}">{label}</label>{help_}{wrong}{body}'


def _rows(form: forms.Form, items: list[FieldDefinition], language: str) -> str:
    shown = [(words(item.label, language), forms.shown(form, item, language)) for item in items]
    rows = "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in shown if b)
    return f"<dl>{rows}</dl>" if rows else ""


def _check(phone: Phone) -> str:
    assert phone.form is not None
    assert phone.draft is not None
    form, language = phone.form, phone.draft.text("language")
    plan = forms.plan(form)
    shown = {item.id for item in (*plan.rows, *plan.questions, *plan.preset)}
    items = [item for item in form.definition.fields if item.id in shown and not item.quiet]
    key = f'<input type="hidden" name="k" value="{escape(phone.key)}">'
    return (
        f"<div><h1>最后看一遍，再提交</h1><small>Look once more, then hand in. "
        f"{escape(words(form.definition.name, language))}</small></div>"
        f"{_rows(form, items, language)}"
        '<section class="hint"><b>按“提交”，就是说：以上都是真的</b><p>您的卡在终端上同意过从手机交。</p>'
        "<small>By handing in you say that all this is true. Your card agreed, at the terminal, to a form by phone."
        "</small></section>"
        f'<form method="post" action="/phone">{key}<button class="b main" name="do" value="submit">提交 '
        f'Hand in</button></form><form method="post" action="/phone">{key}'
        '<button class="b side" name="do" value="back">改一改 Change'
        "</button></form>"
    )


def _done(phone: Phone) -> str:
    number = escape(phone.number)
    return (
        f'<section class="answer"><h1>已收到</h1><p>编号 No. <b>{number}</b></p><p>请记下编号，或者截图。</p>'
        "<small>Received. Keep this number.</small></section>"
        f'<a class="b main" href="/case?number={number}">看进度 Progress</a>{call()}'
    )


def _end(phone: Phone) -> str:
    title, text, english = _ENDS[phone.state]
    again = ""
    if phone.state == "busy":
        again = (
            f'<form method="post" action="/phone"><input type="hidden" name="k" value="{escape(phone.key)}">'
            '<button class="b main" name="do" value="submit">再按一次 Again</button></form>'
        )
    return f'<section class="answer no"><h1>{title}</h1><p>{text}</p><small>{english}</small></section>{again}{call()}'
