"""The frame of the pages that citizens open on a telephone: one column, the city's colours, no script, nothing kept."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

_STYLE = """
:root{--paper:#F6F3EB;--card:#FFF;--ink:#17212B;--ink2:#3C4651;--rule:#D6D1C4;--edge:#6B695F;--lip:#B9B4A5;
--saved:#08562F;--yes:#E0F0E5;--no:#F7DEDC;--tint:#E2ECF6;--city:#0B4A86;--citylip:#062C52}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:18px/1.45 "Noto Sans SC",
"Noto Sans CJK SC","PingFang SC",sans-serif}main{max-width:480px;margin:auto;padding:16px;display:grid;gap:16px}
header{display:flex;gap:8px;align-items:center;font-weight:700}section{border-radius:12px;padding:16px 20px}
.answer{text-align:center;background:var(--yes)}.answer.no{background:var(--no)}.answer svg{width:72px;height:72px}
h1{font-size:28px;line-height:1.3;margin:8px 0 0}p{margin:0}small{font-size:16px;color:var(--ink2);display:block}
dl{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:0 20px}
dl div{display:flex;gap:16px;padding:10px 0;border-top:1px solid var(--rule)}dl div:first-child{border:0}
dt{width:104px;flex:none;color:var(--ink2)}dt small{line-height:1.3}dd{margin:0;font-weight:700;overflow-wrap:anywhere}
.hint{background:var(--tint)}form{display:grid;gap:8px}
input{font:28px monospace;letter-spacing:4px;width:100%;height:64px;border:1px solid var(--edge);border-radius:12px;
padding:10px;text-align:center}
textarea{font:16px monospace;width:100%;min-height:112px;border:1px solid var(--edge);border-radius:12px;padding:10px}
.b{height:56px;border:0;border-radius:12px;font-family:inherit;font-weight:700;font-size:18px;
line-height:56px;text-align:center;text-decoration:none;
width:100%}
.main{background:var(--city);color:#FFF;box-shadow:0 3px 0 var(--citylip)}
.side{background:var(--card);color:var(--ink);border:1px solid var(--edge);box-shadow:0 3px 0 var(--lip);
line-height:54px}
"""


HOTLINE = "12345"


def both(chinese: str, english: str) -> str:
    """Words for everybody: Chinese, and English smaller under it. Both are HTML already."""
    return f"{chinese}<small>{english}</small>"


def row(chinese: str, english: str, value: str) -> str:
    """One line of a list of facts, its label in both languages; `value` is HTML already."""
    return f"<div><dt>{both(chinese, english)}</dt><dd>{value}</dd></div>"


def call() -> str:
    """The way to a person."""
    return f'<a class="b side" href="tel:{HOTLINE}">打 {HOTLINE} Call us</a>'


def page(title: str, body: str, header: str) -> HTMLResponse:
    """A page; `body` is HTML, `title` and `header` are text. Not kept, not searched, tells nobody where it was."""
    html = (
        f'<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><header>{escape(header)}</header>{body}</main></body></html>"
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
