"""The city's districts, streets and communities: what lies in what, and what an address begins with. Pure.

Codes are those of GB/T 2260 and GB/T 10114: six digits name a district, nine a street or a town, twelve a community
or a village. The data are `assets/city/divisions.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

DIGITS = (6, 9, 12)
"""Of the codes of each level."""
PROVINCE = "广东省"


class AreasInvalid(Exception):
    """A table of areas that cannot be used: which row, and what is wrong with it."""

    code = "areas-invalid"


@dataclass(frozen=True)
class Area:
    """A district, a street or a community. `initials` are the first letters of its pinyin, without what kind it is."""

    code: str
    names: Mapping[str, str]
    initials: str


@dataclass(frozen=True)
class Areas:
    """All of them; empty: this terminal knows none, and an address is written."""

    city: str = ""
    by_code: Mapping[str, Area] = field(repr=False, default_factory=dict[str, Area])
    within: Mapping[str, tuple[Area, ...]] = field(repr=False, default_factory=dict[str, "tuple[Area, ...]"])
    """Code to the areas that lie in it; the districts lie in the city, whose code here is empty."""

    def __bool__(self) -> bool:
        return bool(self.by_code)

    def written(self, code: str) -> str:
        """Return how an address in this area begins, in Chinese: offices read it. Empty for no area."""
        names = [self.by_code[code[:digits]].names["zh-Hans"] for digits in DIGITS if len(code) >= digits]
        return self.city + "".join(names) if names else ""

    def read(self, text: str) -> tuple[str, str]:
        """Return the smallest area that an address names from its beginning, and what is left of the address.

        The code is empty where it names none of this city's.
        """
        left = text.strip().removeprefix(PROVINCE).removeprefix(self.city)
        code = ""
        for _ in DIGITS:
            named = [area for area in self.within.get(code, ()) if left.startswith(area.names["zh-Hans"])]
            if not named:
                break
            longest = max(named, key=lambda area: len(area.names["zh-Hans"]))
            code, left = longest.code, left.removeprefix(longest.names["zh-Hans"])
        return (code, left) if code else ("", text)


def parse(text: str) -> Areas:
    """Return the areas of `assets/city/divisions.json`. Raises `AreasInvalid`."""
    try:
        table = cast("dict[str, Any]", json.loads(text))
        city = str(table["city"]["names"][0])
        rows = [_area(row) for row in table["areas"]]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise AreasInvalid(f"{type(error).__name__}: a city, and rows of code, name, English, initials") from error
    by_code = {area.code: area for area in rows}
    within: dict[str, list[Area]] = {}
    for area in rows:
        outer = area.code[:-3] if len(area.code) > DIGITS[0] else ""
        if outer and outer not in by_code:
            raise AreasInvalid(f"{area.code}: there is no {outer} that it lies in")
        within.setdefault(outer, []).append(area)
    return Areas(city, by_code, {code: tuple(found) for code, found in within.items()})


def _area(row: list[str]) -> Area:
    code, chinese, english, initials = row
    if len(code) not in DIGITS or not code.isdecimal() or not all((chinese, english, initials)):
        raise AreasInvalid(f"{code}: six, nine or twelve digits, and names, are wanted")
    return Area(code, {"zh-Hans": chinese, "en": english}, initials)
