"""The fleet page: who must go first, one next action a row; where they are; how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse

from kiosk.words.city_time import city_moment
from provisioning.gateway.fleet.beats import Sample
from provisioning.gateway.fleet.judge import Judged
from provisioning.gateway.fleet.pages import plots
from provisioning.gateway.fleet.pages.city_map import District, city_map
from provisioning.gateway.fleet.pages.frame import LEVEL_MARKS, whole
from provisioning.gateway.fleet.pages.words import ago, say
from provisioning.gateway.fleet.rollout import Rollout

ROWS = 100
SHOWS = ("care", "all", "closed", "paper", "reader", "backlog", "certificate", "silent")
_DAY_MS = 86_400_000
_CAUSES: Mapping[str, tuple[str, ...]] = {
    "closed": ("out-of-service",),
    "paper": ("paper-low", "paper-out"),
    "reader": ("reader-fault", "reads-failing"),
    "certificate": ("certificate-ends", "certificate-ended"),
    "silent": ("silent", "never-heard"),
}
_NAMES = {"zh": "zh-Hans", "en": "en"}


@dataclass(frozen=True)
class Wanted:
    """What the page is asked to show."""

    lang: str = "zh"
    show: str = "care"
    district: str = ""
    words: str = ""
    page: int = 1

    def link(self, **changes: object) -> str:
        """The address of the page with something changed."""
        other = replace(self, **{"page": 1, **changes})
        query = {"lang": other.lang, "show": other.show, "district": other.district, "q": other.words}
        given = {name: value for name, value in query.items() if value}
        return f"/fleet?{urlencode(given | ({'page': other.page} if other.page > 1 else {}))}"


def wanted(query: Mapping[str, str]) -> Wanted:
    """From the address; what it does not know it passes over."""
    show, page = query.get("show", "care"), query.get("page", "1")
    return Wanted(
        "en" if query.get("lang") == "en" else "zh",
        show if show in SHOWS else "care",
        query.get("district", "")[:12],
        query.get("q", "").strip()[:60],
        int(page) if page.isascii() and page.isdigit() and len(page) < 5 and int(page) else 1,
    )


@dataclass(frozen=True)
class Facts:
    """What the page tells."""

    fleet: Sequence[Judged]
    samples: Sequence[Sample]
    rollouts: Sequence[Rollout]
    waves: Sequence[int]
    waiting_since: Mapping[str, int]
    district_of: Mapping[str, str]
    """Terminal -> its district's code."""
    districts: Mapping[str, Mapping[str, str]]
    """Code -> its name in each language."""
    now_ms: int


def chosen(facts: Facts, asked: Wanted) -> list[Judged]:
    """The terminals that are asked for, in their order."""
    words = asked.words.casefold()
    return [
        one
        for one in facts.fleet
        if _shown(one, asked.show)
        and (not asked.district or facts.district_of.get(one.terminal.name) == asked.district)
        and (not words or words in f"{one.terminal.name} {place_of(one, 'zh')} {place_of(one, 'en')}".casefold())
    ]


def _shown(one: Judged, show: str) -> bool:
    if show == "all":
        return True
    if show == "care":
        return one.level != "ok"
    if show == "backlog":
        return (one.gauge("outbox_pending") or 0) > 0
    return any(one.has(code) for code in _CAUSES[show])


def place_of(one: Judged, lang: str) -> str:
    """Where a terminal stands."""
    place = one.terminal.place
    return place.get(f"place.{_NAMES[lang]}", place.get("place.zh-Hans", ""))


def render(facts: Facts, asked: Wanted) -> HTMLResponse:
    """The whole page."""
    lang = asked.lang
    time = city_moment(facts.now_ms)
    other = "zh" if lang == "en" else "en"
    header = (
        f'<h1>{say("title", lang)}</h1><p>{len(facts.fleet):,} {say("pace", lang)}</p><span class="grow"></span>'
        f'<p>{time:%H:%M:%S} {say("updated", lang)}</p><a class="b" href="{escape(asked.link(lang=other))}">'
        f'{say("other", lang)}</a><form action="/fleet" method="get"><input type="hidden" name="lang" value="{lang}">'
        f'<input type="hidden" name="show" value="all"><input type="search" name="q" value="{escape(asked.words)}" '
        f'aria-label="{say("find", lang)}" placeholder="{say("find", lang)}"></form>'
        f'<a class="b main" href="/enrol">＋ {say("enrol", lang)}</a>'
    )
    body = (
        f'<div class="cards">{_cards(facts, lang)}</div>'
        f'<div class="two">{_list(facts, asked)}{_map(facts, asked)}</div>'
        f'<div class="three">{_plots(facts, lang)}</div>'
    )
    return whole(say("title", lang), header, body, lang)


# --- cards ----------------------------------------------------------------------------------------------------------


def _cards(facts: Facts, lang: str) -> str:
    fleet, now = facts.fleet, facts.now_ms
    serving = sum(one.level in {"ok", "held"} for one in fleet)
    dark = sum(_shown(one, "silent") for one in fleet)
    go = [one for one in fleet if one.level in {"stop", "att"} and not _shown(one, "silent")]
    pending = sum(one.gauge("outbox_pending") or 0 for one in fleet)
    oldest = max((one.gauge("outbox_oldest_age_s") or 0 for one in fleet if one.gauge("outbox_pending")), default=0)
    waits = [now - facts.waiting_since[one.terminal.name] for one in go if one.terminal.name in facts.waiting_since]
    share = f"{serving / len(fleet):.1%}" if fleet else "—"
    longest = f"{say('waited', lang)} {ago(max(waits) // 1000, lang)}" if waits else say("nobody-waits", lang)
    age = f"{say('oldest', lang)} {ago(oldest, lang)}" if pending else say("none-unsent", lang)
    return (
        _card("", say("in-service", lang), f"{serving:,}", share)
        + _card("go", f"{LEVEL_MARKS['att']} {say('must-go', lang)}", f"{len(go):,}", longest)
        + _card("no", f"{LEVEL_MARKS['stop']} {say('no-word', lang)}", f"{dark:,}", say("silent-line", lang))
        + _card("held", f"{LEVEL_MARKS['held']} {say('unsent', lang)}", f"{pending:,}", age)
        + _rollout_card(facts, lang)
    )


def _card(kind: str, title: str, number: str, line: str) -> str:
    return f'<section class="{kind}">{title}<b>{number}</b><small>{escape(line)}</small></section>'


def _rollout_card(facts: Facts, lang: str) -> str:
    moving = [one for one in facts.rollouts if one.state in {"rolling", "halted"}]
    latest = max(moving or facts.rollouts, key=lambda one: one.began_ms, default=None)
    if latest is None:
        versions = {one.beat.facts.get("version", "") for one in facts.fleet if one.beat is not None} - {""}
        return _card("", say("version", lang), escape("、".join(sorted(versions)[:2])) or "—", "")
    has = sum(one.beat is not None and one.beat.facts.get(latest.what) == latest.version for one in facts.fleet)
    state = say(latest.state if latest.state in {"rolling", "halted"} else "done", lang)
    percent = facts.waves[min(latest.wave, len(facts.waves) - 1)]
    line = state if latest.state == "done" else f"{say('wave', lang, n=latest.wave + 1)} {percent} %, {state}"
    title = f"{say(f'rollout-{latest.what}', lang)} {escape(latest.version)}"
    kind = "no" if latest.state == "halted" else ""
    return _card(kind, title, f"{has:,} / {len(facts.fleet):,}", f"{line} {latest.why}".strip())


# --- list -----------------------------------------------------------------------------------------------------------


def _list(facts: Facts, asked: Wanted) -> str:
    lang, found = asked.lang, chosen(facts, asked)
    pages = max(1, -(-len(found) // ROWS))
    at = min(asked.page, pages)
    shown = found[(at - 1) * ROWS : at * ROWS]
    buttons = "".join(
        f'<a class="b{" on" if asked.show == show else ""}" href="{escape(asked.link(show=show))}">{say(show, lang)} '
        f"{sum(_shown(one, show) for one in facts.fleet):,}</a>"
        for show in SHOWS
    )
    heads = "".join(
        f"<th{' class=n' if key in {'pending', 'roll', 'certificate-days', 'last'} else ''}>{say(key, lang)}</th>"
        for key in ("terminal", "where", "next", "pending", "roll", "certificate-days", "last")
    )
    rows = "".join(_row(facts, one, lang) for one in shown)
    table = (
        f'<div class="wide list" tabindex="0"><table><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        if shown
        else f"<p>{say('nothing', lang)}</p>"
    )
    pager = ""
    if pages > 1:
        before = f'<a class="b" href="{escape(asked.link(page=at - 1))}">{say("before", lang)}</a>' if at > 1 else ""
        after = f'<a class="b" href="{escape(asked.link(page=at + 1))}">{say("after", lang)}</a>' if at < pages else ""
        pager = f'<p class="row">{before}<span>{say("page", lang, n=at, m=pages)}</span>{after}</p>'
    export = asked.link().replace("/fleet?", "/fleet.csv?", 1)
    return (
        f'<section><div class="row"><h2>{say("first", lang)}</h2><span class="grow"></span>'
        f'<a class="b" href="{escape(export)}">{say("export", lang)}</a></div>'
        f'<div class="row filters">{buttons}</div>{table}{pager}</section>'
    )


def _row(facts: Facts, one: Judged, lang: str) -> str:
    name = one.terminal.name
    district = facts.districts.get(facts.district_of.get(name, ""), {}).get(_NAMES[lang], "")
    place = place_of(one, lang)
    where = f"{_short(district)} · {place}" if district and not place.startswith(_short(district)) else place
    silent = one.has("silent") or one.beat is None
    roll, pending, days = (
        None if silent else one.gauge(item) for item in ("roll_left_mm", "outbox_pending", "certificate_days")
    )
    if not silent and one.has("paper-out"):
        roll = 0
    action = (one.causes[0].en if lang == "en" else one.causes[0].zh) if one.causes else say("fine", lang)
    last = "—" if one.beat is None else ago(max(facts.now_ms - one.beat.received_ms, 0) // 1000, lang)
    meters = "—" if roll is None else f"{roll // 1000} {'m' if lang == 'en' else '米'}"
    left = "—" if days is None else f"{days} {say('days', lang)}"
    return (
        f'<tr id="{escape(name)}"><td class="m">{LEVEL_MARKS[one.level]}</td>'
        f'<td class="t"><a href="/fleet/{escape(name)}?lang={lang}">{escape(name)}</a></td>'
        f'<td class="w">{escape(where)}</td><td class="next">{escape(action)}</td>'
        + _number("pending", "—" if pending is None else f"{pending:,}", lang)
        + _number("roll", meters, lang)
        + _number("certificate-days", left, lang)
        + _number("last", last, lang)
        + "</tr>"
    )


def _number(key: str, shown: str, lang: str) -> str:
    """A cell at the right; on a telephone, where the head of the table is away, its name stands before it."""
    return f'<td class="n" data-l="{say(key, lang)}">{shown}</td>'


def _short(district: str) -> str:
    return district.removesuffix("区").removesuffix(" District")


def csv_of(facts: Facts, asked: Wanted) -> str:
    """The list as a table for a spreadsheet; a cell never begins like a formula."""
    lines = ["terminal,level,cause,next,place,pending,roll_mm,certificate_days,last_heard"]
    for one in chosen(facts, asked):
        cause = one.causes[0] if one.causes else None
        heard = "" if one.beat is None else city_moment(one.beat.received_ms).isoformat()
        cells: list[object] = [
            one.terminal.name, one.level, cause.code if cause else "", (cause.en if asked.lang == "en" else cause.zh)
            if cause else "", place_of(one, asked.lang), one.gauge("outbox_pending"), one.gauge("roll_left_mm"),
            one.gauge("certificate_days"), heard,
        ]  # fmt: skip
        lines.append(",".join(_cell(cell) for cell in cells))
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = "" if value is None else str(value)
    safe = f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
    return '"' + safe.replace('"', '""') + '"'


# --- map and plots --------------------------------------------------------------------------------------------------


def _map(facts: Facts, asked: Wanted) -> str:
    lang = asked.lang
    must = [one.terminal.name for one in facts.fleet if one.level in {"stop", "att"}]
    counts = [
        District(
            code,
            _short(names.get(_NAMES[lang], code)),
            sum(facts.district_of.get(one.terminal.name) == code for one in facts.fleet),
            sum(facts.district_of.get(name) == code for name in must),
        )
        for code, names in facts.districts.items()
    ]
    lost = sum(facts.district_of.get(one.terminal.name, "") not in facts.districts for one in facts.fleet)
    rest = f'<p class="dim">{say("elsewhere", lang)}: {lost:,}</p>' if lost else ""
    clear = ""
    if asked.district:
        name = _short(facts.districts.get(asked.district, {}).get(_NAMES[lang], asked.district))
        clear = f'<a class="b on" href="{escape(asked.link(district=""))}">{escape(name)} ✕</a>'
    link = f"{asked.link(district='', show=asked.show)}&district="
    return (
        f'<section><div class="row"><h2>{say("map", lang)}</h2><span class="grow"></span>{clear}'
        f'<span class="dim">{say("map-line", lang)}</span></div>'
        f"{city_map(counts, link, say('map', lang))}{rest}</section>"
    )


def _plots(facts: Facts, lang: str) -> str:
    now = facts.now_ms
    none = f'<p class="dim">{say("no-data", lang)}</p>'
    day = [one for one in facts.samples if one.at_ms > now - _DAY_MS]
    points = [((one.at_ms - now + _DAY_MS) / _DAY_MS, one.sums.get("pending", 0)) for one in day]
    hours = [f"{city_moment(now - back):%H:%M}"
             for back in range(_DAY_MS, -1, -_DAY_MS // 4)]  # fmt: skip
    title = say("plot-pending", lang)
    first = plots.area(points, hours, say("most", lang), title) if points else none
    days = _by_day(facts.samples)
    labels = [days[0][0], days[-1][0]] if days else []
    second = third = none
    if days:
        papers = [(_most(got, "paper_low"), _most(got, "paper_out")) for _, got in days]
        second = plots.bars(papers, labels, (say("low", lang), say("out", lang)), say("plot-paper", lang))
        third = plots.line([_failed(got) for _, got in days], labels, 10, say("plot-reader", lang))
    return "".join(
        f'<section><div class="row"><h2>{say(name, lang)}</h2><span class="grow"></span>'
        f'<span class="dim">{say(span, lang)}</span></div>{plot}</section>'
        for name, span, plot in (
            ("plot-pending", "24h", first),
            ("plot-paper", "14d-terminals", second),
            ("plot-reader", "14d-reads", third),
        )
    )


def _by_day(samples: Sequence[Sample]) -> list[tuple[str, list[Sample]]]:
    found: dict[str, list[Sample]] = {}
    for one in samples:
        at = city_moment(one.at_ms)
        found.setdefault(f"{at.month}-{at.day:02d}", []).append(one)
    return list(found.items())[-14:]


def _most(samples: Sequence[Sample], name: str) -> int:
    return max(one.sums.get(name, 0) for one in samples)


def _failed(samples: Sequence[Sample]) -> float:
    """Failures of ten thousand reads on a day. Totals begin anew when a terminal restarts: falls are left out."""
    grown = {"reads": 0, "read_failures": 0}
    for name in grown:
        values = [one.sums.get(name, 0) for one in samples]
        grown[name] = sum(max(after - before, 0) for before, after in pairwise(values))
    tried = grown["reads"] + grown["read_failures"]
    return round(grown["read_failures"] * 10_000 / tried, 1) if tried else 0.0
