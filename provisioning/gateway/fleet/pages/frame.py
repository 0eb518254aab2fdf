"""The frame of the fleet's pages: the city's colours, one header, no script."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from provisioning.gateway.page import FLOWER, MARKS

HELD = (
    '<svg viewBox="0 0 48 48" role="img" aria-label="held"><rect x="4" y="4" width="40" height="40" rx="6" '
    'fill="#4A3C94"/><path d="M24 12v16M17 22l7 7 7-7M12 28v8h24v-8" fill="none" stroke="#FFF" stroke-width="4"/></svg>'
)
LEVEL_MARKS = {"stop": MARKS["stopped"], "att": MARKS["attention"], "held": HELD, "ok": MARKS["ok"]}
_STYLE = """
:root{--paper:#F6F3EB;--card:#FFF;--sunk:#EAE6DB;--ink:#17212B;--ink2:#3C4651;--rule:#D6D1C4;--edge:#6B695F;
--lip:#B9B4A5;--city:#0B4A85;--citylip:#062D54;--tint:#E2ECF6;--held:#4A3C94;--att:#FFB81C;--stop:#8F1814}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.4 "Noto Sans SC","Noto Sans CJK SC","PingFang SC",sans-serif}a{color:inherit}p{margin:0}
header{display:flex;gap:12px;align-items:center;padding:10px 24px;border-bottom:1px solid var(--rule);flex-wrap:wrap}
h1{font-size:20px;margin:0}h2{font-size:20px;margin:0;font-weight:700}header p,small,.dim{color:var(--ink2)}
.grow{flex:1}.b{display:inline-flex;align-items:center;gap:6px;height:40px;padding:0 10px;border-radius:12px;
border:1px solid var(--edge);background:var(--card);box-shadow:0 3px 0 var(--lip);text-decoration:none;font:inherit;
font-weight:700;cursor:pointer;white-space:nowrap}.b.main{background:var(--city);color:#FFF;border-color:var(--city);
box-shadow:0 3px 0 var(--citylip)}.b.on{border:3px solid var(--city);background:var(--tint);box-shadow:none}
input[type=search]{height:40px;border:1px solid var(--edge);border-radius:12px;padding:0 12px;font:inherit;width:150px}
main{padding:14px 24px;display:grid;gap:12px;max-width:1500px;margin:auto}
svg{width:24px;height:24px;vertical-align:middle}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:12px 16px;min-width:0}
.cards{display:grid;gap:12px;grid-template-columns:repeat(5,1fr)}.cards b{display:block;font-size:40px;line-height:1.15}
.cards section{border-left-width:6px}.cards .go{border-left-color:var(--att)}.cards .no{border-left-color:var(--stop)}
.cards .held{border-left-color:var(--held)}.two{display:grid;gap:12px;grid-template-columns:minmax(0,1fr) 480px}
.three{display:grid;gap:12px;grid-template-columns:repeat(3,1fr)}
.row{display:flex;gap:8px;align-items:center;flex-wrap:wrap}
.wide{overflow-x:auto}.list{max-height:440px;overflow:auto}.list th{position:sticky;top:0;background:var(--card)}
table{border-collapse:collapse;width:100%}td,th{padding:8px 8px 8px 0;text-align:left;
border-top:1px solid var(--rule);font-weight:400}th{color:var(--ink2);border:0}td.t,td.next{font-weight:700}
.t{font-family:monospace;font-size:17px}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody tr:hover{background:var(--tint)}.map,.plot{width:100%;height:auto;font-size:15px}
.plot{font-size:14px;max-width:520px}
polygon.calm{fill:#E2ECF6;stroke:#FFF;stroke-width:3}polygon.warn{fill:#FFF1CF;stroke:#FFF;stroke-width:3}
.map .go{font-weight:700}.map a:focus polygon,.map a:hover polygon{stroke:var(--ink)}
dl{margin:0}dl div{display:flex;gap:12px;border-top:1px solid var(--rule);padding:6px 0}
dt{flex:1;color:var(--ink2)}dd{margin:0;font-weight:700}
.causes p{padding:8px 0;border-top:1px solid var(--rule)}
@media(max-width:1100px){.two,.three{grid-template-columns:1fr}.cards{grid-template-columns:repeat(2,1fr)}}
.filters{margin:10px 0}.plot text{paint-order:stroke;stroke:#FFF;stroke-width:4px;stroke-linejoin:round}
@media(max-width:600px){header,main{padding:10px 12px}header p{display:none}.cards{gap:8px}.cards b{font-size:28px}
.cards section{padding:8px 10px}.two,.three{gap:8px}.list{max-height:none}.list thead{display:none}
.list tr{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:center;padding:10px 0;border-top:1px solid var(--rule)}
.list td{border:0;padding:0}.list .w{flex:1;text-align:right}.list .next{flex:0 0 100%}.list .n{font-size:15px}
.list .n::before{content:attr(data-l) " ";color:var(--ink2)}.b{height:44px}}
"""


def whole(title: str, header: str, body: str, lang: str) -> HTMLResponse:
    """A page; `header` and `body` are HTML."""
    code = "en" if lang == "en" else "zh-Hans"
    html = (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><header>{FLOWER}{header}</header><main>{body}</main></body></html>"
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})
