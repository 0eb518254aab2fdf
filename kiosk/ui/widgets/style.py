"""How roomy a body is laid out: type sizes and spacing. A body that does not fit is laid out again, closer.

The order of giving way: air first, then text one step down, never below what the mode promises (28, in large modes 35).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from kiosk.frozen import frozen
from kiosk.ui.theme import SMALLEST_TEXT_IN_MODES, Role, Theme, sizes_of


@frozen
class Air:
    """Distances and least heights in pixels, for one degree of closeness."""

    gap: int
    """Between two pieces."""
    after_title: int
    pad: int
    """Inside cards, above and below a row."""
    notice_pad: int
    row_with_detail: int
    row_plain: int
    row_radio: int
    row_quiet: int
    between_rows: int
    tile: int
    button: int
    heading_above: int
    heading_below: int
    result_mark: int
    least_gap: int
    """What a `Gap` takes at least."""


AIRS: Final = (
    Air(28, 32, 32, 32, 196, 160, 168, 112, 24, 256, 104, 42, 20, 176, 24),
    Air(24, 28, 28, 32, 160, 144, 160, 112, 24, 240, 104, 40, 18, 148, 24),
    Air(24, 24, 24, 30, 130, 126, 130, 104, 16, 208, 96, 28, 14, 132, 16),
    Air(16, 20, 16, 24, 118, 112, 118, 96, 14, 176, 88, 24, 10, 112, 8),
    Air(12, 12, 10, 14, 96, 88, 96, 88, 10, 128, 80, 12, 6, 88, 8),
    Air(8, 8, 5, 8, 80, 80, 80, 80, 8, 84, 80, 8, 4, 48, 8),
)
LOWERED_AIR: Final = replace(AIRS[-1], gap=4, after_title=4, pad=2, notice_pad=5, heading_above=4, least_gap=4)
"""The closest of all: the lowered screen has 560 pixels for what stands in 1,320."""


@frozen
class Style:
    """The theme at one degree of closeness and one set of type sizes."""

    theme: Theme
    level: int
    sizes: Mapping[str, int]
    foot: int = 0
    """Free pixels kept under the last piece; below 0 the body reaches down to the aids (no back, no primary)."""

    @property
    def air(self) -> Air:
        lowest = self.theme.posture == "reach" and self.level == len(AIRS) - 1
        return LOWERED_AIR if lowest else AIRS[self.level]

    @property
    def close(self) -> bool:
        """Headings step down by one role as well."""
        return self.level >= (4 if self.theme.text_scale == 1.0 else 2)

    def size(self, role: Role) -> int:
        """Type size in pixels."""
        return self.sizes[role]

    def heading_size(self, role: Role) -> int:
        """Type size of a question or a result, one role smaller when room is short."""
        lower: Mapping[Role, Role] = {"display": "title", "title": "label"}
        return self.sizes[lower.get(role, role) if self.close else role]


def _roles(scale: float, theme: Theme) -> dict[str, int]:
    return sizes_of(scale, theme.posture)


def ladder(theme: Theme) -> Iterator[Style]:
    """The styles to try, best first; the first whose body fits is taken."""
    last = len(AIRS) - 1
    scale = theme.text_scale
    foot = 24 if theme.posture == "portrait" else 0
    for level in range(last):
        if foot and level < 2:
            yield Style(theme, level, _roles(scale, theme), foot)
        yield Style(theme, level, _roles(scale, theme))
    if scale == 1.0:
        yield Style(theme, last, _roles(scale, theme))
        yield from _smallest(theme)
        return
    for smaller in (s for s in (1.6, 1.25) if s < scale):
        for level in (2, 3, 4, last):
            yield Style(theme, level, _roles(smaller, theme))
    bare = {role: max(SMALLEST_TEXT_IN_MODES, size) for role, size in _roles(1.0, theme).items()}
    for level in (3, 4, last):
        yield Style(theme, level, bare)
    if theme.posture == "reach":  # as it is laid out without larger text: smaller than that it never gets
        yield from (Style(theme, level, _roles(1.0, theme)) for level in (4, last))
        yield from _smallest(theme)
        return
    yield Style(theme, last, _one_down(bare, theme))


def _smallest(theme: Theme) -> Iterator[Style]:
    """The closest style one size down; in the lowered screen, which has half the room, two sizes down."""
    sizes = _one_down(_roles(1.0, theme), theme)
    yield Style(theme, len(AIRS) - 1, sizes)
    if theme.posture == "reach":
        yield Style(theme, len(AIRS) - 1, _one_down(sizes, theme))


def _one_down(sizes: Mapping[str, int], theme: Theme) -> dict[str, int]:
    """Every role in the size of the role below it: the last resort before words are reported as not fitting."""
    names = ("note", "body", "label", "title", "display")
    lower = ("note", "note", "body", "label", "title")
    return {name: max(theme.smallest, sizes[other]) for name, other in zip(names, lower, strict=True)}
