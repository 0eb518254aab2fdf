"""The review page: one section for each screen, its pictures side by side, each beside the look's picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from tests.review.look import NO_SCREEN
from tests.review.modes import LANGUAGES, MODES
from tests.review.painting import Painted

STYLE = """
:root { --wide: 240px; }
body { font: 16px/1.4 sans-serif; margin: 0; background: #dfe3e8; color: #17212b; }
header { position: sticky; top: 0; background: #fff; padding: 8px 16px; z-index: 1; border-bottom: 1px solid #6b695f; }
header fieldset { display: inline-block; border: 0; padding: 0 16px 0 0; margin: 0; }
header label { margin-right: 8px; white-space: nowrap; }
h1 { font-size: 18px; margin: 0 0 4px; }
section, aside { padding: 8px 16px; }
h2 { font-size: 16px; margin: 8px 0; }
.strip { display: flex; gap: 12px; overflow-x: auto; align-items: flex-start; }
figure { margin: 0; flex: none; width: var(--wide); }
figure.flat { width: calc(var(--wide) * 1.7778); }
figure img { width: 100%; display: block; border: 1px solid #6b695f; box-sizing: border-box; }
figure.look img { border: 3px solid #3232c8; }
figcaption { font-size: 13px; }
figcaption.bad { color: #8f1814; font-weight: bold; }
[hidden] { display: none !important; }
"""
SCRIPT = """
const on = kind => new Set([...document.querySelectorAll(`input[name=${kind}]:checked`)].map(one => one.value));
function sift() {
  const words = document.getElementById("words").value.toLowerCase();
  const languages = on("language"), modes = on("mode"), kinds = on("kind");
  const bad = document.getElementById("bad").checked;
  for (const section of document.querySelectorAll("section")) {
    let left = 0;
    for (const one of section.querySelectorAll("figure")) {
      const own = one.dataset;
      one.hidden = !(languages.has(own.language) && modes.has(own.mode)) || (bad && !own.bad);
      left += !one.hidden;
    }
    section.hidden = !left || !kinds.has(section.dataset.kind) || !section.dataset.name.includes(words);
  }
}
document.addEventListener("input", event => {
  if (event.target.id === "wide") document.documentElement.style.setProperty("--wide", event.target.value + "px");
  else sift();
});
sift();
"""
KINDS = {
    "visit": "as a visit shows it",
    "look": "with the look's own data",
    "staff": "for staff",
    "service": "every service",
}


def page(painted: Sequence[Painted], look: Mapping[str, str]) -> str:
    """The whole page. `look` is the number of a picture of the look -> its file beside the page; empty: only ours."""
    bad = sum(bool(one.problems) for one in painted)
    sections = "".join(
        _section(name, kind, list(group), look)
        for (kind, name), group in groupby(painted, lambda one: (one.cell.kind, one.cell.row))
    )
    kinds = {one.cell.kind for one in painted}
    filters = (
        _boxes("language", LANGUAGES),
        _boxes("mode", MODES),
        _boxes("kind", [kind for kind in KINDS if kind in kinds]),
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Screens</title>"
        f"<style>{STYLE}</style><header><h1>{len(painted)} screens, {bad} with something to mend</h1>"
        "<fieldset><label>Name <input id=words type=search></label>"
        "<label><input type=checkbox id=bad> only what is to be mended</label>"
        "<label>Width <input id=wide type=range min=120 max=540 value=240></label></fieldset>"
        f"{''.join(filters)}</header>{sections}{_no_screen(look)}<script>{SCRIPT}</script>"
    )


def _no_screen(look: Mapping[str, str]) -> str:
    """The pictures of the look that have no screen here, each with the reason."""
    lines = "".join(
        f'<li><a href="{look[number]}">{number}</a>: {escape(why)}</li>'
        for number, why in NO_SCREEN.items()
        if number in look
    )
    return f"<aside><h2>Pictures of the look without a screen here</h2><ul>{lines}</ul></aside>" if lines else ""


def _boxes(kind: str, values: Iterable[str]) -> str:
    def box(value: str) -> str:
        return f'<label><input type=checkbox name={kind} value="{value}" checked> {value}</label>'

    return f"<fieldset>{''.join(map(box, values))}</fieldset>"


def _section(name: str, kind: str, painted: list[Painted], look: Mapping[str, str]) -> str:
    figures = "".join(figure for one in painted for figure in _figures(one, look))
    return (
        f'<section data-kind={kind} data-name="{escape(name.lower())}"><h2>{escape(name)} · {KINDS[kind]}</h2>'
        f"<div class=strip>{figures}</div></section>"
    )


def _figures(one: Painted, look: Mapping[str, str]) -> Iterator[str]:
    cell = one.cell
    flat = " flat" if cell.size[0] > cell.size[1] else ""
    data = f'data-language={cell.language} data-mode="{cell.mode}" data-bad="{"1" if one.problems else ""}"'
    if cell.picture and cell.picture in look:
        yield (
            f'<figure class="look{flat}" {data}><a href="{look[cell.picture]}"><img loading=lazy '
            f'src="{look[cell.picture]}" alt=""></a><figcaption>the look, {cell.picture}</figcaption></figure>'
        )
    caption = f"{cell.language} · {cell.mode}"
    told = f"<figcaption class=bad>{escape('; '.join(one.problems))}</figcaption>" if one.problems else ""
    yield (
        f'<figure class="ours{flat}" {data}><a href="pictures/{one.file}"><img loading=lazy src="pictures/{one.file}" '
        f'alt="{escape(cell.row)}"></a><figcaption>{caption}</figcaption>{told}</figure>'
    )
