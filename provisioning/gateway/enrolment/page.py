"""The technician's pages on a telephone: compare six characters, pick the site, see the terminal join. No script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from fastapi.responses import HTMLResponse

from offline_cache.wire.fleet.joining import Offer
from provisioning.gateway.enrolment.bindings import Bound
from provisioning.gateway.fleet.pages.places import OfficeSeen
from provisioning.gateway.page import MARKS
from provisioning.gateway.web.mobile import page

_HEADER = "市民自助终端 · 登记 Enrolment"
_STYLE = """<style>.bar{display:grid;grid-template-columns:repeat(4,1fr);gap:8px}
.bar i{height:8px;border-radius:4px;background:var(--rule)}.bar .d{background:var(--city)}
.bar .h{background:linear-gradient(90deg,var(--city) 50%,var(--rule) 50%)}
.code{display:flex;gap:16px;align-items:center;background:var(--yes);border-left:12px solid var(--saved)}
.code svg{width:40px;height:40px}.code b{font-size:28px;letter-spacing:3px;display:block}
label.o{display:flex;gap:14px;align-items:center;background:var(--card);border:1px solid var(--edge);
border-radius:12px;padding:10px 16px;min-height:72px;box-shadow:0 3px 0 var(--lip)}
label.o input{width:28px;height:28px;flex:none;accent-color:var(--city)}
label.o:has(:checked){background:var(--tint);border:3px solid var(--city);box-shadow:none}label.o b{display:block}
input[name=label]{font:18px inherit;letter-spacing:0;height:56px}.mono{font-family:monospace}</style>"""
_PROBLEMS: Mapping[str, tuple[str, str, str]] = {
    "token-used": (
        "这个码用过了", "终端已经登记好。要换地方，先解绑，再扫屏幕上的新码。",
        "This code was used: the terminal has joined. To move it, unbind it and scan its new code."),
    "token-expired": (
        "这个码过期了", "什么都没有登记。终端屏幕上会出新码，再扫一次。",
        "This code has expired; nothing was enrolled. Scan the new code on the terminal's screen."),
    "token-cancelled": (
        "这个码已经解绑", "终端屏幕上会出新码，再扫一次。",
        "This code was taken back. Scan the new code on the screen."),
    "no-office": ("还没有选网点", "回上一页，选一个网点。", "No site was picked: go back and pick one."),
}  # fmt: skip


def begin() -> HTMLResponse:
    """Somebody comes without a code."""
    body = (
        '<section class="hint"><h1>登记一台新终端</h1><p>在终端上走到“登记”这一步，'
        "用这部手机的相机扫屏幕上的码。</p>"
        "<small>Go to the step “enrol” on the terminal; scan the code on its screen with this phone’s camera."
        "</small>"
        '</section><a class="b side" href="/fleet">看全部终端 All terminals</a>'
    )
    return page("登记一台新终端", body, _HEADER)


def unreadable() -> HTMLResponse:
    """The address is none that a terminal shows."""
    body = (
        '<section class="answer no"><h1>认不出这个码</h1><p>把手机放正，对着终端屏幕再扫一次。</p>'
        "<small>Not the code of a terminal: scan the one on its screen again.</small></section>"
    )
    answer = page("认不出这个码", body, _HEADER)
    answer.status_code = 400
    return answer


def problem(found: Offer, code: str) -> HTMLResponse:
    """What was asked cannot be done; says why and the next step."""
    title, chinese, english = _PROBLEMS[code]
    body = (
        f'<section class="answer no"><h1>{title}</h1><p>{chinese}</p><small>{english}</small></section>'
        f'<a class="b side" href="{escape(found.address(""))}">返回 Back</a>'
    )
    answer = page(title, body, _HEADER)
    answer.status_code = 409
    return answer


def site_of(office: OfficeSeen, label: str) -> dict[str, str]:
    """What the terminal will know of where it stands."""
    return {
        "name.zh-Hans": "广州市民自助终端",
        "name.en": "Guangzhou self-service terminal",
        "place.zh-Hans": f"{office.name.get('zh-Hans', office.id)} {label}".strip(),
        "place.en": f"{office.name.get('en', office.id)} {label}".strip(),
        "office": office.id,
        "district": office.district,
        "matters": ",".join(office.matters),
    }


def offered(
    found: Offer,
    bound: Bound,
    offices: Sequence[OfficeSeen],
    counts: Mapping[str, int],
    proof: str,
    now_ms: int,
) -> HTMLResponse:
    """The page of one code, by how it stands."""
    if bound.state in {"expired", "cancelled"}:
        return problem(found, f"token-{bound.state}")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("m", found.model), ("s", found.serial), ("f", found.fingerprint), ("n", found.nonce),
                            ("proof", proof))
    )  # fmt: skip
    unbind = (
        f'<form method="post" action="/enrol/unbind">{hidden}<button class="b side">绑错了，解绑 Unbind</button></form>'
    )
    if bound.state == "joined":
        body = (
            f'{_bar(4)}<section class="answer">{MARKS["ok"]}<h1>{escape(bound.terminal)} 登记好了</h1>'
            f"<p>{escape(bound.site.get('place.zh-Hans', ''))}</p><small>Enrolled. The terminal goes on by itself."
            f'</small></section><a class="b main" href="/fleet/{escape(bound.terminal)}">看这台终端 See it</a>{unbind}'
        )
        return page("登记好了", _STYLE + body, _HEADER)
    mark = " ".join(found.fingerprint[at : at + 4] for at in range(0, 12, 4))
    facts = f'<p class="mono">{escape(found.model)} · 序号 {escape(found.serial)}<br>指纹 {mark}'
    code = (
        f'<section class="code">{MARKS["ok"]}<div><b>{found.code}</b>和终端屏幕上的一样吗？'
        "<small>The same as on the terminal’s screen? If not, stop here.</small></div></section>"
    )
    if bound.state == "bound":
        left = max(bound.expires_ms - now_ms, 0) // 1000
        body = (
            f"{_bar(3.5)}<p>第 4 步，共 4 步：等终端来取 Waiting for the terminal</p>"
            f"{code}{facts}，还剩 {left // 60}:{left % 60:02d}"
            f'</p><section class="hint"><b>{escape(bound.site.get("place.zh-Hans", ""))}</b>'
            f"<small>{escape(bound.site.get('place.en', ''))}</small></section>"
            f'<meta http-equiv="refresh" content="3">{unbind}'
        )
        return page("等终端来取", _STYLE + body, _HEADER)
    choices = "".join(_choice(office, counts.get(office.id, 0)) for office in offices)
    body = (
        f"{_bar(2.5)}<p>第 3 步，共 4 步：装在哪里 Step 3 of 4: where it stands</p>{code}{facts}，一次有效</p>"
        f'<form method="post" action="/enrol/bind">{hidden}<h1>装在哪个网点？</h1><small>Which site?</small>{choices}'
        '<label for="label">这里叫它 What it is called there</label><input id="label" name="label" maxlength="20" '
        'value="1 号机"><button class="b main">就装在这里，绑定 Bind</button></form>'
        "<small>绑错了可以解绑，会重新要一个码。Bound wrongly, it can be unbound; it then shows a new code.</small>"
    )
    return page("登记一台新终端", _STYLE + body, _HEADER)


def _choice(office: OfficeSeen, count: int) -> str:
    return (
        f'<label class="o"><input type="radio" name="office" value="{escape(office.id)}" required><span>'
        f"<b>{escape(office.name.get('zh-Hans', office.id))}</b><small>{escape(office.name.get('en', ''))} · "
        f"已有 {count} 台"
        "</small></span></label>"
    )


def _bar(done: float) -> str:
    kinds = ["d" if at + 1 <= done else "h" if at < done else "" for at in range(4)]
    marks = "".join(f"<i class={kind}></i>" if kind else "<i></i>" for kind in kinds)
    return f'<div class="bar" aria-hidden="true">{marks}</div>'
