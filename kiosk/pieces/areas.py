"""The city's districts, streets and communities: what lies in what, and what an address begins with. Pure.

Codes are those of GB/T 2260 and GB/T 10114: six digits name a district, nine a street or a town, twelve a community
or a village. The data are `assets/city/divisions.json`.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, cast

from kiosk.frozen import frozen
from kiosk.words.languages import made, scripts

DIGITS = (6, 9, 12)
"""Of the codes of each level."""
PROVINCE = "广东省"


class AreasInvalid(Exception):
    """A table of areas that cannot be used: which row, and what is wrong with it."""

    code = "areas-invalid"


@frozen
class Area:
    """A district, a street or a community. `initials` are the first letters of its pinyin, without what kind it is."""

    code: str
    names: Mapping[str, str]
    initials: str
    seat: tuple[float, float] | None = None
    """Of a district, where its government sits: degrees east and north."""


@frozen
class _Table:
    city: str = ""
    by_code: Mapping[str, Area] = field(default_factory=dict[str, Area])
    within: Mapping[str, tuple[Area, ...]] = field(default_factory=dict[str, "tuple[Area, ...]"])


@frozen
class Areas:
    """All of them, read when the first address is picked: it takes 12 ms, which no start has to wait for.

    Everything but `bool` raises `AreasInvalid` where `source` gives a table that cannot be used.
    """

    source: Callable[[], str] | None = field(default=None, repr=False)
    """Gives the table as it is written; None: this terminal knows no areas, and an address is written."""

    def __bool__(self) -> bool:
        return self.source is not None

    @functools.cached_property
    def _table(self) -> _Table:
        return _Table() if self.source is None else _parsed(self.source())

    @property
    def city(self) -> str:
        """The city's name, in Chinese."""
        return self._table.city

    @property
    def by_code(self) -> Mapping[str, Area]:
        return self._table.by_code

    @property
    def within(self) -> Mapping[str, tuple[Area, ...]]:
        """Code to the areas that lie in it; the districts lie in the city, whose code here is empty."""
        return self._table.within

    def nearest(self, own: str) -> tuple[Area, ...]:
        """Return the districts, the own one first, the others by how far their seats are from its seat.

        In a straight line: it says which is near, not how long the way is. A district without a seat comes last;
        without an own one they stand in the order of their codes.
        """
        districts = self.within.get("", ())
        if own not in self.by_code:
            return districts
        here = self.by_code[own].seat
        return tuple(sorted(districts, key=lambda one: (one.code != own, _apart(here, one.seat))))

    def written(self, code: str) -> str:
        """Return how an address in this area begins, in Chinese: offices read it. Empty for no area."""
        names = [self.by_code[code[:digits]].names["zh-Hans"] for digits in DIGITS if len(code) >= digits]
        return self.city + "".join(names) if names else ""

    def read(self, text: str) -> tuple[str, str]:
        """Return the smallest area that an address in either script names from its beginning, and what is left of it.

        The code is empty where it names none of this city's.
        """
        found = (self._read(text.strip(), script) for script in scripts())
        return next((one for one in found if one[0]), ("", text))

    def _read(self, text: str, script: str) -> tuple[str, str]:
        left = text.removeprefix(made(PROVINCE, script)).removeprefix(made(self.city, script))
        code = ""
        for _ in DIGITS:
            every = {area.code: made(area.names["zh-Hans"], script) for area in self.within.get(code, ())}
            named = {inner: name for inner, name in every.items() if left.startswith(name)}
            if not named:
                break
            code = max(named, key=lambda inner: len(named[inner]))
            left = left.removeprefix(named[code])
        return code, left


def _parsed(text: str) -> _Table:
    try:
        table = cast("dict[str, Any]", json.loads(text))
        city = str(table["city"]["names"][0])
        seats = {str(code): (float(east), float(north)) for code, (east, north) in table.get("seats", {}).items()}
        rows = [_area(row, seats) for row in table["areas"]]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise AreasInvalid(f"{type(error).__name__}: a city, and rows of code, name, English, initials") from error
    by_code = {area.code: area for area in rows}
    within: dict[str, list[Area]] = {}
    for area in rows:
        outer = area.code[:-3] if len(area.code) > DIGITS[0] else ""
        if outer and outer not in by_code:
            raise AreasInvalid(f"{area.code}: there is no {outer} that it lies in")
        within.setdefault(outer, []).append(area)
    return _Table(city, by_code, {code: tuple(found) for code, found in within.items()})


def _apart(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float:
    """How far two places of one city are apart, in degrees north."""
    if one is None or other is None:
        return math.inf
    return math.hypot((one[0] - other[0]) * math.cos(math.radians(one[1])), one[1] - other[1])


def _area(row: list[str], seats: Mapping[str, tuple[float, float]]) -> Area:
    code, chinese, english, initials = row
    if len(code) not in DIGITS or not code.isdecimal() or not all((chinese, english, initials)):
        raise AreasInvalid(f"{code}: six, nine or twelve digits, and names, are wanted")
    return Area(code, {"zh-Hans": chinese, "en": english}, initials, seats.get(code))
