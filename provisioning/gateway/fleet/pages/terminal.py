"""One terminal: what is the matter, what it reported, how it went for two weeks, and what it may be ordered to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from fastapi.responses import HTMLResponse

from kiosk.words.city_time import city_moment
from offline_cache.wire.fleet.heartbeat import KINDS
from provisioning.gateway.fleet.judge import Judged
from provisioning.gateway.fleet.orders import OrderState
from provisioning.gateway.fleet.pages import plots
from provisioning.gateway.fleet.pages.fleet import place_of
from provisioning.gateway.fleet.pages.frame import LEVEL_MARKS, whole
from provisioning.gateway.fleet.pages.gauges import LABELS, label, shown
from provisioning.gateway.fleet.pages.words import ago, say
from provisioning.gateway.fleet.readiness import Ready

_COLUMN = '<div style="display:grid;gap:12px;align-content:start">'
_SPAN_MS = 14 * 86_400_000


def render(
    one: Judged,
    hours: Sequence[tuple[int, Mapping[str, int]]],
    orders: Sequence[OrderState],
    proof: str,
    lang: str,
    now_ms: int,
    ready: Ready | None = None,
) -> HTMLResponse:
    """The whole page."""
    name = one.terminal.name
    other = "zh" if lang == "en" else "en"
    heard = "—" if one.beat is None else ago(max(now_ms - one.beat.received_ms, 0) // 1000, lang)
    header = (
        f"<h1>{escape(name)} · {escape(place_of(one, lang))}</h1><p>{say('last', lang)} {heard}</p>"
        f'<span class="grow"></span><a class="b" href="?lang={other}">{say("other", lang)}</a>'
        f'<a class="b" href="/fleet?lang={lang}">{say("back", lang)}</a>'
    )
    causes = "".join(
        f"<p>{LEVEL_MARKS[item.level]} <b>{escape(item.en if lang == 'en' else item.zh)}</b> "
        f"<small>{item.code}</small></p>"
        for item in one.causes
    )
    fine = f"<p>{LEVEL_MARKS['ok']} {say('fine', lang)}</p>"
    told = [(key, shown(key, value, lang)) for key, value in _told(one)]
    told += one.beat.facts.items() if one.beat is not None else ()
    reported = "".join(
        f'<div><dt title="{escape(key)}">{escape(label(key, lang))}</dt><dd>{escape(value)}</dd></div>'
        for key, value in told
    )
    body = (
        f'<div class="two">{_COLUMN}<section class="causes"><h2>{say("causes", lang)}</h2>'
        f"{causes or fine}</section>{_orders(name, orders, proof, lang)}"
        f"{_plots(hours, lang, now_ms)}</div>"
        f"{_COLUMN}<section><h2>{say('gauges', lang)}</h2><dl>{reported}</dl>"
        f"</section>{_readiness(name, ready, lang)}</div></div>"
    )
    return whole(f"{name} · {say('title', lang)}", header, body, lang)


def _readiness(name: str, ready: Ready | None, lang: str) -> str:
    """What was proven when it was brought into service, and the signed original."""
    title = f"<h2>{say('readiness', lang)}</h2>"
    if ready is None:
        return f'<section>{title}<p class="dim">{say("readiness-none", lang)}</p></section>'
    false = "" if ready.genuine else f"<p>{LEVEL_MARKS['stop']} <b>{say('readiness-false', lang)}</b></p>"
    rows = "".join(
        f"<div><dt>{LEVEL_MARKS['ok' if mark == 'ok' else 'att']} {escape(row)}</dt>"
        f"<dd>{escape(', '.join(f'{key} {value}' for key, value in facts.items()))}</dd></div>"
        for row, mark, facts in ready.rows
    )
    count = sum("accepted" in facts for _, _, facts in ready.rows)
    made = say("readiness-made", lang, at=escape(str(ready.report["made_at"])), n=count)
    return (
        f'<section>{title}{false}<p class="dim">{made}</p><dl>{rows}</dl>'
        f'<p><a class="b" href="/fleet/{escape(name)}/readiness.json">{say("readiness-json", lang)}</a></p></section>'
    )


def _told(one: Judged) -> list[tuple[str, int]]:
    """Its gauges, in the order in which they are documented."""
    order = list(LABELS)
    found = one.beat.gauges.items() if one.beat is not None else ()
    return sorted(found, key=lambda item: order.index(item[0]) if item[0] in LABELS else len(order))


def _orders(name: str, orders: Sequence[OrderState], proof: str, lang: str) -> str:
    buttons = "".join(f'<button class="b" name="kind" value="{kind}">{say(kind, lang)}</button>' for kind in KINDS)
    rows = "".join(
        f"<tr><td>{escape(say(item.kind, lang))}</td><td>{_time(item.issued_ms)}</td>"
        f'<td class="next">{escape(item.outcome or say("waiting", lang))}</td></tr>'
        for item in orders
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    return (
        f'<section><h2>{say("orders", lang)}</h2><p class="dim">{say("orders-line", lang)}</p>'
        f'<form class="row" method="post" action="/fleet/{escape(name)}/orders?lang={lang}">'
        f'<input type="hidden" name="proof" value="{proof}">{buttons}</form>{table}</section>'
    )


def _plots(hours: Sequence[tuple[int, Mapping[str, int]]], lang: str, now_ms: int) -> str:
    found = ""
    for title, gauge, divisor in (("plot-pending", "outbox_pending", 1), ("roll", "roll_left_mm", 1000)):
        points = [
            ((at + _SPAN_MS - now_ms) / _SPAN_MS, gauges[gauge] // divisor)
            for at, gauges in hours
            if gauge in gauges and at + _SPAN_MS >= now_ms
        ]
        plot = (
            plots.area(points, [_time(now_ms - _SPAN_MS)[:5], say("today", lang)], say("most", lang), say(title, lang))
            if points
            else f'<p class="dim">{say("no-data", lang)}</p>'
        )
        found += f"<section><h2>{say(title, lang)}</h2>{plot}</section>"
    return found


def _time(at_ms: int) -> str:
    return city_moment(at_ms).strftime("%m-%d %H:%M")
