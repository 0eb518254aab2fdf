"""The city's districts as a picture: not to scale, drawn by hand, each a link that filters the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_SHAPES: Mapping[str, tuple[str, tuple[int, int], tuple[int, int] | None]] = {
    "440117": ("203,7 318,18 339,87 265,132 225,120 193,106 185,49", (262, 68), None),
    "440114": ("65,63 182,49 191,106 165,132 78,133 47,94", (122, 86), None),
    "440111": ("80,135 165,134 193,109 223,122 213,197 172,206 138,202 107,198", (150, 158), None),
    "440112": ("226,122 265,134 300,240 236,240 216,198", (246, 192), None),
    "440118": ("339,88 389,133 383,230 303,240 267,134", (324, 158), None),
    "440103": ("105,199 137,203 127,267 99,240", (22, 204), (116, 230)),
    "440104": ("139,204 170,207 173,238 140,238", (22, 158), (152, 218)),
    "440106": ("172,207 213,199 232,240 175,240", (344, 266), (200, 222)),
    "440105": ("131,251 176,243 230,243 226,267 135,270", (22, 300), (164, 257)),
    "440113": ("121,271 226,269 250,272 240,310 195,326 140,315", (182, 288), None),
    "440115": ("210,331 245,311 283,311 312,376 243,379 214,358", (258, 340), None),
}
"""Code -> outline, where its name stands, and where a line from the name leads for those too small for it."""


MANY = 3
"""From so many on a district is drawn yellow."""


@dataclass(frozen=True)
class District:
    """What the map says of one district."""

    code: str
    name: str
    terminals: int
    must_go: int


def city_map(districts: Sequence[District], link: str, words: str) -> str:
    """The picture; `link` ends where the district's code goes, `words` describes it to who cannot see it."""
    known = [one for one in districts if one.code in _SHAPES]
    shapes = "".join(_shape(one, link) for one in known)
    names = "".join(_name(one) for one in known)
    river = (
        '<path d="M104 237L154 238 175 243H230L259 262 282 310M88 240L124 268" fill="none" stroke="#8FAFD0" '
        'stroke-width="6"/>'
    )
    return (
        f'<svg class="map" viewBox="0 0 440 384" role="img" aria-label="{escape(words)}">{shapes}{river}{names}</svg>'
    )


def _shape(one: District, link: str) -> str:
    kind = "warn" if one.must_go >= MANY else "calm"
    return (
        f'<a href="{escape(link + one.code)}" aria-label="{escape(one.name)}: {one.terminals}, {one.must_go}">'
        f'<polygon class="{kind}" points="{_SHAPES[one.code][0]}"/></a>'
    )


def _name(one: District) -> str:
    _, (x, y), lead = _SHAPES[one.code]
    anchor = "middle" if lead is None else "start" if x < 200 else "end"
    line = ""
    if lead is not None:
        from_x = x + 78 if x < 200 else x - 84
        to_x, to_y = lead
        line = f'<path d="M{from_x} {y - 4}L{to_x} {to_y}" stroke="#17212B"/><circle cx="{to_x}" cy="{to_y}" r="3"/>'
    warn = f'<text x="{x}" y="{y + 18}" text-anchor="{anchor}" class="go">▲ {one.must_go}</text>' if one.must_go else ""
    return (
        f'{line}<text x="{x}" y="{y}" text-anchor="{anchor}"><tspan font-weight="700">{escape(one.name)}</tspan> '
        f"{one.terminals}</text>{warn}"
    )
