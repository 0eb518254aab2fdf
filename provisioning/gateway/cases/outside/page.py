"""The page where a citizen sees a case on a telephone: `GET /case?token=…` of the receipt's code, or `?number=…`.

The answer first: who has it, which day of how many, what is wanted. Nothing of a person is shown before a code that was
sent to the telephone or e-mail that the citizen left; it is sent only to whoever holds the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import cast
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response

from offline_cache.wire.receipt_token import MAX_TOKEN_CHARS
from provisioning.gateway.cases.outside.codes import DIGITS, CaseCodes, reach
from provisioning.gateway.cases.outside.words import Names, names_of
from provisioning.gateway.proofs.days import find_line
from provisioning.gateway.verify_page import verify
from provisioning.gateway.web.common import Gateway, body_of, work
from provisioning.gateway.web.mobile import both, call, page, row

MAX_NUMBER = 40
_MAX_BYTES = 8192
_HEADER = "市民自助终端 · 看办件 Your case"
Record = Mapping[str, object]


@dataclass(frozen=True)
class Asked:
    """What the page was opened with. `held`: the receipt itself, checked; not only a number that anybody can type."""

    number: str
    token: str
    held: bool


def add_case_page(app: FastAPI, gateway: Gateway) -> None:
    """Add the page to the gateway's application."""

    def codes() -> CaseCodes:
        return CaseCodes(gateway.cases.database, gateway.messages.post, gateway.authority.secret("case codes"))

    @app.get("/case", include_in_schema=False)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        given = {name: request.query_params.get(name, "") for name in ("token", "number")}
        return await work(gateway, lambda: _look(gateway, given, ""))

    @app.post("/case", include_in_schema=False)
    async def second(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        form = parse_qs((await body_of(request, _MAX_BYTES)).decode("utf-8", "replace"))
        given = {name: form.get(name, [""])[0] for name in ("token", "number", "code")}
        return await work(gateway, lambda: _second(gateway, codes(), given))


def _asked(gateway: Gateway, given: Mapping[str, str]) -> Asked:
    token = given.get("token", "")[: MAX_TOKEN_CHARS + 1]
    if token:
        found = verify(token, gateway.store)
        if found.outcome == "genuine" and found.token is not None:
            return Asked(found.token.number, token, held=True)
    return Asked(given.get("number", "").strip().upper()[:MAX_NUMBER], "", held=False)


def _look(gateway: Gateway, given: Mapping[str, str], said: str) -> Response:
    asked = _asked(gateway, given)
    if not asked.number:
        return page("看办件", _ask_number(wrong=bool(given.get("token"))), _HEADER)
    parsed = gateway.releaser.catalogue.current().parsed
    record = gateway.cases.records.one(asked.number, parsed, gateway.now_ms())
    if record is None:
        return page("看办件", _unknown(gateway, asked.number), _HEADER)
    names = names_of(parsed)
    form = _second_form(asked, said)
    return page("看办件", _case(record, names) + form + call(), _HEADER)


def _second(gateway: Gateway, codes: CaseCodes, given: Mapping[str, str]) -> Response:
    """Send a code to the citizen, or open the page with one."""
    asked, now_ms = _asked(gateway, given), gateway.now_ms()
    case = gateway.cases.records.file(asked.number) if asked.held else None
    if case is None:
        return _look(gateway, given, "")
    document = gateway.messages.application(case.terminal, case.epoch, case.seq)
    if not given["code"]:
        holder = _holder(document)
        person = gateway.authority.pseudonym(holder) if holder else b""
        contact = gateway.messages.contact(person, holder, now_ms) if holder else None
        way, to = reach(document or {}, contact)
        if not way:
            return _look(gateway, given, "none")
        language = str((document or {}).get("language", ""))
        return _look(gateway, given, "sent" if codes.send(case.number, way, to, language, now_ms) else "soon")
    if not codes.check(case.number, given["code"], now_ms):
        return _look(gateway, given, "wrong")
    parsed = gateway.releaser.catalogue.current().parsed
    record = gateway.cases.records.one(case.number, parsed, now_ms)
    assert record is not None
    names = names_of(parsed)
    return page("看办件", _case(record, names) + _private(record, document or {}, names) + call(), _HEADER)


def _holder(document: Record | None) -> str:
    held = (document or {}).get("holder")
    return str(cast("Record", held).get("id_number", "")) if isinstance(held, Mapping) else ""


# ------------------------------------------------------------------------------------------------------ the page


def _ask_number(*, wrong: bool) -> str:
    strange = both("这个码认不出来，请输入凭条上的编号。", "This code is not known: type the number on the receipt.")
    line = f"<p>{strange}</p>" if wrong else ""
    return (
        f'<div><h1>看办件</h1><small>Your case</small></div>{line}<form method="get" action="/case">'
        '<label for="number">凭条上的编号 · The number on the receipt</label><input id="number" name="number" '
        'autocomplete="off" '
        f'placeholder="T0001-000042" maxlength="{MAX_NUMBER}" required>'
        '<button class="b main">看进度 Look</button></form>'
    )


def _unknown(gateway: Gateway, number: str) -> str:
    arrived = find_line(gateway.store, case=number) is not None
    title = "已收到，部门还没有立件" if arrived else "还没有收到这个编号"
    line = "过一会儿再看。" if arrived else "终端没有网络时先记在本机，网络恢复后自动发出。请对一对编号。"
    english = "Received; not a case yet." if arrived else "Not received yet. Compare the number with the receipt."
    return (
        f'<section class="answer{"" if arrived else " no"}"><h1>{title}</h1><p>{escape(number)}</p><p>{line}</p>'
        f"<small>{english}</small></section>{_ask_number(wrong=False)}{call()}"
    )


def _case(record: Record, names: Names) -> str:
    """Who has it, which day, which steps: nothing of the citizen."""
    name = cast("Mapping[str, str]", record["name"]) if isinstance(record["name"], Mapping) else {}
    title, english = name.get("zh-Hans", str(record["service"])), name.get("en", "")
    notice = _notice(record, names)
    return (
        f"<div><h1>{escape(title)}</h1><small>{escape(english)}</small>"
        f"<p>编号 No. {escape(str(record['number']))}</p></div>"
        f"{_clock(record)}{notice if record['asks'] else ''}{_steps(record, names)}{'' if record['asks'] else notice}"
    )


_ENDED = {"done": "已办结 Done", "refused": "没有批准 Refused", "withdrawn": "已撤回 Withdrawn"}


def _clock(record: Record) -> str:
    used, promised = cast("int", record["days_used"]), cast("int", record["days_promised"])
    ended = _ENDED.get(str(record["state"]))
    what = (
        ended
        or f"最晚 by <b>{_day(str(record['promised']))}</b>{'（暂定 provisional）' if record['provisional'] else ''}"
    )
    share = min(100, round(100 * used / promised)) if promised else 100
    return (
        '<section style="background:var(--card);border:1px solid var(--rule);display:grid;gap:8px">'
        f'<div style="display:flex;justify-content:space-between"><span>{what}</span>'
        f"<span><b>{used}</b> / {promised} {both('个工作日', 'working days')}</span></div>"
        f'<div role="progressbar" aria-valuenow="{used}" aria-valuemax="{max(promised, used)}" '
        'style="height:12px;border-radius:6px;background:var(--rule)">'
        f'<div style="height:12px;border-radius:6px;background:var(--city);width:{share}%"></div></div></section>'
    )


_MARKS = {
    "done": '<circle cx="24" cy="24" r="22" fill="#08562F"/><path d="M14 25l7 7 13-15" fill="none" stroke="#FFF" '
    'stroke-width="5"/>',
    "current": '<circle cx="24" cy="24" r="20" fill="#FFF" stroke="#0B4A86" stroke-width="4"/>'
    '<path d="M24 4a20 20 0 0 0 0 40z" fill="#0B4A86"/>',
    "asked": '<path d="M24 5L45 43H3z" fill="#FFB81C" stroke="#17212B" stroke-width="3"/>',
    "todo": '<circle cx="24" cy="24" r="20" fill="none" stroke="#6B695F" stroke-width="4"/>',
}
_STATES = {"done": "办完 done", "current": "在办 now", "asked": "等您 yours", "todo": "还没到 later"}


def _steps(record: Record, names: Names) -> str:
    rows: list[str] = []
    for step in cast("list[Record]", record["steps"]):
        state = str(step["state"])
        when = _day(str(step["ended"])) if step["ended"] else _STATES[state]
        rows.append(
            f'<div data-state="{state}" style="align-items:center"><svg viewBox="0 0 48 48" width="36" height="36" '
            f'role="img" aria-label="{_STATES[state]}">{_MARKS[state]}</svg><span style="flex:1">'
            f"<b>{_named(names.step(str(step['id'])))}</b><small>{_named(names.agency(str(step['agency'])))}</small>"
            f"</span><small>{when}</small></div>"
        )
    return f'<dl class="steps">{"".join(rows)}</dl>'


def _notice(record: Record, names: Names) -> str:
    asks = [_named(names.paper(str(code))) for code in cast("list[object]", record["asks"])]
    if asks:
        return (
            f'<section class="answer no" style="text-align:left"><b>等您补材料 Wanted: {"、".join(asks)}</b>'
            "<p>到任意一台自助终端，插卡打开“我的办件”。</p>"
            "<small>Bring these to any terminal: My cases.</small></section>"
        )
    if record["state"] in _ENDED:
        return ""
    return (
        '<section class="hint"><b>现在不用您做什么</b><p>要补材料，会先发消息。</p>'
        "<small>Nothing to do now.</small></section>"
    )


_SAID = {
    "sent": "验证码发出去了，10 分钟内有效。 A code was sent.",
    "wrong": "验证码不对，或者过时了。 Wrong or old code.",
    "soon": "刚发过，请过 1 分钟再试。 Wait a minute.",
    "none": "您没有留手机或邮箱，请到终端插卡看。 No telephone or e-mail is known: use your card at a terminal.",
}


def _second_form(asked: Asked, said: str) -> str:
    """Ask for the second factor; without the receipt's own code there is none to ask for."""
    if not asked.held:
        return (
            '<section class="hint"><p>看本人的内容：扫凭条上的码，再输入发给您的验证码。</p>'
            "<small>To see what is yours, scan the code on the receipt and type the code that is sent to you."
            "</small></section>"
        )
    line = f'<p role="status">{_SAID[said]}</p>' if said else ""
    start = f'<form method="post" action="/case"><input type="hidden" name="token" value="{escape(asked.token)}">{line}'
    if said not in ("sent", "wrong"):
        return f'{start}<button class="b side">发验证码，看本人内容 Send a code</button></form>'
    return (
        f'{start}<label for="code">验证码 · Code</label><input id="code" name="code" inputmode="numeric" '
        f'autocomplete="one-time-code" pattern="[0-9]{{{DIGITS}}}" maxlength="{DIGITS}" required>'
        '<button class="b main">看本人内容 Open</button></form>'
    )


def _private(record: Record, document: Record, names: Names) -> str:
    """What only the citizen sees: the masked name, the papers, the result and the claim code."""
    holder = document.get("holder")
    name = str(cast("Record", holder).get("name", "")) if isinstance(holder, Mapping) else ""
    rows = [("姓名", "Name", escape(name[:1] + "*" * max(0, len(name) - 1)))]
    given = {"given": "已交 given", "asked": "等您交 wanted"}
    rows += [
        ("材料", "Paper", f"{_named(names.paper(str(paper['code'])))} · {given[str(paper['state'])]}")
        for paper in cast("list[Record]", record["papers"])
    ]
    if record["result"]:
        rows.append(("原因", "Reason", _named(names.reason(str(record["result"])))))
    if record["claim"]:
        rows.append(("取件码", "Claim code", escape(str(record["claim"]))))
    body = "".join(row(chinese, english, value) for chinese, english, value in rows)
    return f'<dl class="private">{body}</dl>'


def _named(names: Mapping[str, str]) -> str:
    """A name in both languages."""
    return " ".join(dict.fromkeys(escape(names[one]) for one in ("zh-Hans", "en") if names.get(one)))


def _day(iso: str) -> str:
    parts = iso[:10].split("-")
    return f"{int(parts[1])}月{int(parts[2])}日" if len(parts) == 3 else ""
