"""The gateway's own page: what it holds, in Chinese and English. Counts and times only, no holder data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from kiosk.words.city_time import city_moment
from provisioning.gateway.store import TerminalSummary

_QUIET_MS = 10 * 60 * 1000
_RENEW_MS = 30 * 24 * 3600 * 1000

_STYLE = """
:root{--paper:#F6F3EB;--card:#FFF;--sunk:#EAE6DB;--ink:#17212B;--ink2:#3C4651;--rule:#D6D1C4;--edge:#6B695F;
--lip:#B9B4A5;--saved:#08562F;--att:#FFB81C;--stop:#8F1814;--kapok:#D8552F;--tint:#E2ECF6}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:18px/1.45 "Noto Sans SC","Noto Sans CJK SC","PingFang SC",sans-serif}
header{display:flex;gap:16px;align-items:center;padding:16px 24px;border-bottom:1px solid var(--rule);flex-wrap:wrap}
h1{font-size:28px;line-height:1.3;margin:0}h2{font-size:20px;margin:0 0 12px}header p{margin:0;color:var(--ink2)}
main{padding:24px;display:grid;gap:16px;max-width:1200px;margin:auto}.time{margin-left:auto}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:16px}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:16px 20px}
.number{font-size:40px;font-weight:700;line-height:1.3;margin:0}small{font-size:16px;color:var(--ink2);display:block}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:10px 12px 10px 0}
th{font-weight:400;font-size:16px;color:var(--ink2);border-bottom:1px solid var(--rule)}
td{border-bottom:1px solid var(--rule);vertical-align:top}tr:last-child td{border-bottom:0}
.n{text-align:right;padding-right:28px;font-variant-numeric:tabular-nums}svg{width:28px;height:28px;flex:none;vertical-align:middle}
code{font-size:16px;background:var(--sunk);border-radius:12px;padding:2px 10px}
.notice{border-left:12px solid var(--att)}
"""
FLOWER = (
    '<svg viewBox="0 0 48 48" aria-hidden="true" style="width:40px;height:40px"><g fill="#D8552F">'
    + "".join(
        f'<ellipse cx="24" cy="12" rx="8" ry="11" transform="rotate({angle} 24 24)"/>' for angle in range(0, 360, 72)
    )
    + '</g><circle cx="24" cy="24" r="6" fill="#FFD9A0"/></svg>'
)
MARKS = {
    "ok": '<svg viewBox="0 0 48 48" role="img" aria-label="ok"><circle cx="24" cy="24" r="21" fill="#08562F"/>'
    '<path d="M14 25l7 7 13-15" fill="none" stroke="#FFF" stroke-width="5"/></svg>',
    "attention": '<svg viewBox="0 0 48 48" role="img" aria-label="attention"><path d="M24 5L45 43H3z" fill="#FFB81C" '
    'stroke="#17212B" stroke-width="3"/><path d="M24 17v13M24 34v4" stroke="#17212B" stroke-width="4"/></svg>',
    "stopped": '<svg viewBox="0 0 48 48" role="img" aria-label="stopped"><path d="M15 3h18l12 12v18L33 45H15L3 33V15z" '
    'fill="#8F1814"/><path d="M16 16l16 16M32 16L16 32" stroke="#FFF" stroke-width="5"/></svg>',
}


@dataclass(frozen=True)
class PageFacts:
    """What the page tells."""

    terminals: Sequence[TerminalSummary]
    now_ms: int
    catalogue_version: str
    services: int
    subjects: int
    notices: Sequence[str] = ()
    """Things an operator must put right, plain English."""


def render(facts: PageFacts) -> str:
    """The whole page as HTML."""
    entries = sum(item.entries for item in facts.terminals)
    active = [item for item in facts.terminals if not item.revoked]
    seen = max((item.last_seen_ms for item in facts.terminals), default=None)
    cards = "".join(
        (
            _card("终端", "Terminals", f"{len(active):,}", "证书有效 · with a valid certificate"),
            _card("收到的件", "Entries", f"{entries:,}", "已存好，已回签 · stored and countersigned"),
            _card("最近一次", "Last seen", _ago(seen, facts.now_ms), _ago_en(seen, facts.now_ms)),
            _card(
                "服务", "Services", f"{facts.services}", f"目录 {facts.catalogue_version} · {facts.subjects} subjects"
            ),
        )
    )
    notices = "".join(
        f'<section class="notice">{MARKS["attention"]} {escape(text)}</section>' for text in facts.notices
    )
    return (
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>参考网关 Reference gateway</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><header>{FLOWER}<div><h1>参考网关 Reference gateway</h1>"
        "<p>这里只有数目，没有任何人的资料 · Counts only, nobody's data</p></div>"
        f'<p class="time">{_time(facts.now_ms)}</p></header><main>{notices}<div class="cards">{cards}</div>'
        f'<section class="wide"><h2>终端 Terminals</h2>{_table(facts)}</section></main></body></html>'
    )


def _card(chinese: str, english: str, number: str, line: str) -> str:
    return f'<section>{chinese} {english}<p class="number">{escape(number)}</p><small>{escape(line)}</small></section>'


def _table(facts: PageFacts) -> str:
    if not facts.terminals:
        return (
            "<p>还没有终端。先要一个登记码：<code>kiosk gateway invite --dir DIR</code></p>"
            "<p>No terminal yet. Make a token with the command above, then run <code>kiosk enrol</code> there.</p>"
        )
    heads = (
        "<th></th><th>终端<br>Terminal</th><th>在哪里<br>Place</th><th>型号<br>Model</th>"
        '<th class="n">收到的件<br>Entries</th><th class="n">库<br>Epochs</th><th>上次来<br>Last seen</th>'
        "<th>证书到期<br>Certificate ends</th>"
    )
    rows = "".join(_row(item, facts.now_ms) for item in facts.terminals)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(item: TerminalSummary, now_ms: int) -> str:
    mark = "ok"
    if item.revoked or item.certificate_ends_ms < now_ms:
        mark = "stopped"
    elif now_ms - item.last_seen_ms > _QUIET_MS or item.certificate_ends_ms - now_ms < _RENEW_MS:
        mark = "attention"
    place = item.place.get("place.zh-Hans", ""), item.place.get("place.en", "")
    ends = "已吊销 revoked" if item.revoked else _time(item.certificate_ends_ms)[:10]
    return (
        f"<tr><td>{MARKS[mark]}</td><td><b>{escape(item.name)}</b></td>"
        f"<td>{escape(place[0])}<small>{escape(place[1])}</small></td><td>{escape(item.model)}</td>"
        f'<td class="n">{item.entries:,}</td><td class="n">{item.epochs}</td>'
        f"<td>{_ago(item.last_seen_ms, now_ms)}<small>{_time(item.last_seen_ms)}</small></td><td>{ends}</td></tr>"
    )


def _time(at_ms: int) -> str:
    return city_moment(at_ms).strftime("%Y-%m-%d %H:%M:%S")


_UNITS = ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s"))


def _count(at_ms: int, now_ms: int) -> tuple[int, str, str]:
    seconds = max((now_ms - at_ms) // 1000, 0)
    size, chinese, english = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return seconds // size, chinese, english


def _ago(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None:
        return "—"
    count, unit, _ = _count(at_ms, now_ms)
    return f"{count} {unit}前"


def _ago_en(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None:
        return "还没有 · never yet"
    count, _, unit = _count(at_ms, now_ms)
    return f"任何一台 · any terminal, {count} {unit} ago"
