"""The information catalogue for people: who holds what, how sensitive it is, who may ask, how often it was used.

`GET /catalogue?agency=psb&subject=pop.person&q=word&lang=en`: no script, nobody's data. `GET /catalogue.json` is the
export.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import cast
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from kiosk.services.definition import PURPOSES
from kiosk.words.city_time import city_moment
from provisioning.gateway.catalogue import SignedCatalogue
from provisioning.gateway.storage.database import Database
from provisioning.gateway.web.catalogue_words import EN, ZH, say
from provisioning.gateway.web.common import Gateway, json_answer, work

DAYS = 30
_DAY_MS = 86_400_000
_CLASSES = (1, 2, 3)
_SHARES = {"unconditional": "unconditional", "conditional": "conditional", "none": "none-shared"}


@dataclass(frozen=True)
class Wanted:
    """What the page is asked to show."""

    agency: str = ""
    subject: str = ""
    words: str = ""
    language: str = ZH

    def to(self, **changes: str) -> str:
        """The query of a link from here."""
        asked = {"agency": self.agency, "q": self.words, **changes}
        return urlencode({**({"lang": EN} if self.language == EN else {}), **asked})


@cache
def item_names() -> Mapping[str, Mapping[str, str]]:
    """What items are called (`assets/city/items.toml`)."""
    return tomllib.loads(resources.files("assets").joinpath("city", "items.toml").read_text("utf-8"))


def used(database: Database, now_ms: int) -> dict[str, list[int]]:
    """Subject -> how often it was released on each of the last thirty days, today last. Raises `StoreFailed`."""
    first = (now_ms // _DAY_MS - DAYS + 1) * _DAY_MS
    sql = """SELECT subject, (at_ms - ?) / 86400000, count(*) FROM access WHERE at_ms >= ? AND at_ms <= ?
        GROUP BY 1, 2"""
    with database.reading() as db:
        rows = db.rows(sql, first, first, now_ms)
    found: dict[str, list[int]] = {}
    for subject, day, times in rows:
        found.setdefault(subject, [0] * DAYS)[int(day)] = times
    return found


def add_catalogue_page(app: FastAPI, gateway: Gateway) -> None:
    """Add the page and its export to the gateway's application."""

    @app.get("/catalogue", include_in_schema=False)
    async def page(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        given = request.query_params
        language = EN if given.get("lang") == EN else ZH
        wanted = Wanted(given.get("agency", ""), given.get("subject", ""), given.get("q", "")[:60].strip(), language)
        now_ms = gateway.now_ms()

        def made() -> str:
            times = used(gateway.store.database, now_ms)
            return render(gateway.releaser.catalogue.current(), wanted, times, now_ms)

        return HTMLResponse(await work(gateway, made), headers={"Cache-Control": "no-store"})

    @app.get("/catalogue.json", include_in_schema=False)
    async def export() -> Response:  # pyright: ignore[reportUnusedFunction]
        current = await work(gateway, gateway.releaser.catalogue.current)
        return json_answer({"version": current.version, "subjects": current.subjects})


def render(catalogue: SignedCatalogue, wanted: Wanted, times: Mapping[str, Sequence[int]], now_ms: int) -> str:
    """The whole page as HTML. An agency or subject that is not there shows all, and the first."""
    subjects = catalogue.subjects
    agencies = catalogue.parsed.agencies
    owned = {name: [key for key, item in subjects.items() if item["agency"] == name] for name in agencies}
    shown = owned.get(wanted.agency) or list(subjects)
    if wanted.words:
        shown = [key for key in subjects if wanted.words.casefold() in _searched(key, catalogue)]
    chosen = wanted.subject if wanted.subject in subjects else (shown[0] if shown else "")
    lang = wanted.language
    title = agencies[wanted.agency][lang] if owned.get(wanted.agency) and not wanted.words else say("all", lang)
    middle = "".join(_line(key, subjects[key], wanted, sum(times.get(key, ())), chosen) for key in shown)
    other = ZH if lang == EN else EN
    bars = times.get(chosen, [0] * DAYS)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{say("title", lang)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><header><h1>{say('title', lang)}</h1>"
        f"<p>{say('line', lang, n=len(subjects))}</p>"
        f'<form><input type="hidden" name="lang" value="{lang}"><input name="q" aria-label="{say("look", lang)}" '
        f'placeholder="{say("find", lang)}" value="{escape(wanted.words)}"></form>'
        f'<a class="export" href="/catalogue.json">{say("export", lang)}</a>'
        f'<a class="export" lang="{other}" href="?{escape(wanted.to(subject=chosen, lang=other))}">'
        f"{say('other', lang)}</a>"
        f"</header><main><section><h2>{say('agencies', lang)}</h2>{_agencies(catalogue, owned, wanted)}"
        f"{_legend(subjects, lang)}</section><section><h2>{escape(title)}{say('comma', lang)}"
        f"{say('subjects', lang, n=len(shown))}<small>{say('lately', lang, n=DAYS)}</small></h2>"
        f"{middle or '<p>' + say('none', lang) + '</p>'}"
        f"<p class=foot>{say('unlisted', lang)}<br>{say('logged', lang)}</p></section>"
        f"<section id=subject>{_subject(chosen, catalogue, bars, now_ms, lang) if chosen else ''}</section>"
        "</main></body></html>"
    )


def _searched(key: str, catalogue: SignedCatalogue) -> str:
    item = catalogue.subjects[key]
    agency = catalogue.parsed.agencies[str(item["agency"])]
    names = [word for name in _items(item) for word in item_names().get(name, {}).values()]
    return " ".join([key, *_words(item, "name").values(), *agency.values(), *_items(item), *names]).casefold()


def _agencies(catalogue: SignedCatalogue, owned: Mapping[str, Sequence[str]], wanted: Wanted) -> str:
    rows = [("", say("all", wanted.language), len(catalogue.subjects))]
    names = catalogue.parsed.agencies
    rows += [(key, names[key][wanted.language], len(held)) for key, held in owned.items() if held]
    return "".join(
        f'<a class="agency{" on" if key == wanted.agency else ""}" href="?{escape(wanted.to(agency=key, q=""))}">'
        f"{escape(name)}<b>{count}</b></a>"
        for key, name, count in rows
    )


def _legend(subjects: Mapping[str, Mapping[str, object]], lang: str) -> str:
    classes = "".join(
        f'<p><i class="c{n}">{say(f"class-{n}", lang)}</i> {say(f"means-{n}", lang)}</p>' for n in _CLASSES
    )
    counted = {share: sum(item["share"] == share for item in subjects.values()) for share in _SHARES}
    shares = "".join(f"<p>{say(name, lang)} <b>{counted[key]}</b></p>" for key, name in _SHARES.items())
    return f"<h2>{say('sensitive', lang)}</h2>{classes}<h2>{say('shared', lang)}</h2>{shares}"


def _chips(item: Mapping[str, object], lang: str) -> str:
    kind = cast("int", item["class"])
    share = say(_SHARES[str(item["share"])], lang)
    return f'<i class="c{kind}">{say(f"class-{kind}", lang)}</i><i class="share">{share}</i>'


def _line(key: str, item: Mapping[str, object], wanted: Wanted, times: int, chosen: str) -> str:
    name = escape(_words(item, "name")[wanted.language])
    return (
        f'<a class="line{" on" if key == chosen else ""}" href="?{escape(wanted.to(subject=key))}#subject">'
        f"<span><b>{name}"
        f"</b><code>{escape(key)}</code></span>{_chips(item, wanted.language)}<b class=n>{times:,}</b></a>"
    )


def _subject(key: str, catalogue: SignedCatalogue, times: Sequence[int], now_ms: int, lang: str) -> str:
    item = catalogue.subjects[key]
    agency = catalogue.parsed.agencies[str(item["agency"])][lang]
    services = catalogue.parsed.services
    allowed = catalogue.purposes[key]
    names = [one.name[lang] for one in services.values() if "all" in allowed or one.id in allowed]
    names += [one[lang] for purpose, one in PURPOSES.items() if purpose in allowed]
    facts = (
        ("provider", f"{agency}{say('comma', lang)}{say(str(item.get('cycle', 'change')), lang)}"),
        ("key", say("no-key" if item["class"] == 1 else "by-id", lang)),
        ("condition", say(f"when-{item['share']}", lang)),
        ("law", say("decree", lang) if lang == ZH else f"{say('decree', lang)} · {say('decree', ZH)}"),
    )
    rows = "".join(f"<tr><th>{say(name, lang)}<td>{escape(value)}" for name, value in facts)
    items = "".join(
        f"<tr><td><b>{escape(item_names().get(name, {}).get(lang, name))}</b><td><code>{escape(name)}</code>"
        for name in _items(item)
    )
    purposes = "".join(f'<i class="share">{escape(name)}</i>' for name in sorted(names)) or say("no-service", lang)
    return (
        f"<h1>{escape(_words(item, 'name')[lang])}</h1><code>{escape(key)}</code>"
        f"<p class=chips>{_chips(item, lang)}</p>"
        f"<table class=facts>{rows}</table><h2>{say('items', lang, n=len(_items(item)))}</h2><table>{items}</table>"
        f"<h2>{say('services', lang)}</h2><p class=chips>{purposes}</p><h2>{say('by-day', lang, n=DAYS)}</h2>"
        f"{_bars(times, now_ms, lang)}"
    )


def _bars(times: Sequence[int], now_ms: int, lang: str) -> str:
    most = max(*times, 1)
    bars = "".join(
        f'<rect x="{place * 14}" y="{60 - 60 * count / most:.1f}" width="10" height="{60 * count / most:.1f}"/>'
        for place, count in enumerate(times)
    )
    first = city_moment(now_ms) - datetime.timedelta(days=DAYS - 1)
    last = city_moment(now_ms)
    return (
        f'<svg viewBox="0 0 {14 * DAYS} 62" role="img" aria-label="{sum(times)}">{bars}'
        f'<path d="M0 61H{14 * DAYS}"/></svg>'
        f"<p class=days>{_day(first, lang)}<span>{_day(last, lang)}</span></p>"
    )


def _day(moment: datetime.datetime, lang: str) -> str:
    return f"{moment:%-d %b}" if lang == EN else f"{moment.month}月{moment.day}日"


def _items(item: Mapping[str, object]) -> list[str]:
    return cast("list[str]", item["items"])


def _words(item: Mapping[str, object], key: str) -> dict[str, str]:
    return cast("dict[str, str]", item[key])


_STYLE = """
:root{--paper:#F6F3EB;--card:#FFF;--ink:#17212B;--ink2:#3C4651;--rule:#D6D1C4;--edge:#6B695F;--lip:#B9B4A5;
--city:#0B4A86;--tint:#E2ECF6;--sunk:#ECE7DB}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.45 "Noto Sans SC",
"Noto Sans CJK SC","PingFang SC",sans-serif}h1{font-size:26px;margin:0}h2{font-size:18px;margin:20px 0 10px}
h2:first-child{margin-top:0}h2 small{float:right;font-weight:400;font-size:15px;color:var(--ink2)}p{margin:6px 0}
header{display:flex;gap:16px;align-items:center;padding:12px 24px;border-bottom:1px solid var(--rule);flex-wrap:wrap}
header p{color:var(--ink2)}header form{margin-left:auto}
input{height:48px;border:2px solid var(--edge);border-radius:12px;
padding:0 16px;font:inherit;background:var(--card);width:320px;max-width:100%}
.export{height:48px;line-height:46px;
padding:0 16px;border:1px solid var(--edge);border-radius:12px;background:var(--card);
box-shadow:0 3px 0 var(--lip)}a{color:inherit;text-decoration:none}
main{display:grid;grid-template-columns:260px minmax(0,1fr) minmax(0,1fr);gap:16px;padding:16px 24px;align-items:start}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:16px}
.agency{display:flex;justify-content:space-between;padding:8px 14px;border:2px solid transparent;border-radius:12px}
.agency b{font-weight:400}.on{background:var(--tint)}.agency.on{border-color:var(--city);font-weight:700}
i{font-style:normal;font-size:15px;border-radius:8px;padding:2px 10px;border:1px solid transparent;white-space:nowrap;
margin-right:6px}.c1{border-color:var(--edge)}.c2{background:var(--tint);border-color:var(--edge)}
.c3{background:var(--ink);color:#FFF}.share{background:var(--sunk)}
.chips{display:flex;flex-wrap:wrap;gap:6px}.chips i{white-space:normal;margin:0}
.line{display:flex;gap:8px;align-items:center;padding:12px 8px;border-bottom:1px solid var(--rule)}
.line span{flex:1}code{display:block;font-size:15px;color:var(--ink2)}.n{min-width:72px;text-align:right}
.foot{color:var(--ink2)}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:7px 8px;font-weight:400;
vertical-align:top}td{border-top:1px solid var(--rule)}.facts td{border:0}.facts th{color:var(--ink2);width:96px}
svg{width:100%;fill:var(--city)}svg path{stroke:var(--edge)}.days{color:var(--ink2)}.days span{float:right}
@media(max-width:1000px){main{grid-template-columns:minmax(0,1fr);padding:12px}header{padding:12px}
header form{margin:0;width:100%}input{width:100%}.line{flex-wrap:wrap}.line span{flex:1 0 100%}.n{margin-left:auto}
code{overflow-wrap:anywhere}}
"""
