"""Places of the city: which are nearest, whether they are open, and the map that shows them. Pure.

A record is what `geo.office` holds (`assets/city/offices.toml`): x and y in metres east and north on the invented map.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any, cast

from kiosk.frozen import frozen
from kiosk.services.definition import Words

WALK_M_A_MIN = 75.0
"""A calm walk, some 4.5 km an hour."""
WALK_UP_TO_MIN = 25
NEAREST = 3
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@frozen
class Place:
    """One office as a page shows it; `metres` is how far it is from the terminal, along the streets."""

    id: str
    name: Words
    place: Words
    x: float
    y: float
    metres: float
    schedule: tuple[Mapping[str, object], ...]
    assured: str

    @property
    def minutes(self) -> int:
        """How long it takes on foot."""
        return max(1, math.ceil(self.metres / WALK_M_A_MIN))


@frozen
class Pin:
    """One numbered place on the map."""

    text: str
    x: float
    y: float
    selected: bool


@frozen
class TownMap:
    """The map as a piece of a screen: where one stands, and numbered places. It is a picture; buttons choose."""

    here: tuple[float, float]
    here_text: str
    north: str
    pins: tuple[Pin, ...]
    language: str


def own_place(record: Mapping[str, object], key: str, office: str) -> tuple[float, float]:
    """Return where the terminal stands: its office, or the middle of all of them."""
    rows = _rows(record, key)
    own = next((row for row in rows if row.get("id") == office), None)
    if own is not None:
        return float(own["x"]), float(own["y"])
    if not rows:
        return 0.0, 0.0
    return sum(float(row["x"]) for row in rows) / len(rows), sum(float(row["y"]) for row in rows) / len(rows)


def nearest(
    record: Mapping[str, object], key: str, here: tuple[float, float], count: int = NEAREST
) -> tuple[Place, ...]:
    """Return the nearest places, the nearest first. Streets run east and north: that is how far it is."""
    found = [_place(row, here) for row in _rows(record, key)]
    return tuple(sorted(found, key=lambda item: (item.metres, item.id))[:count])


def open_until(place: Place, local: str) -> str:
    """Return until when the place is open now, `17:30`; empty: it is closed now."""
    at = datetime.datetime.fromisoformat(local)
    day, time = _DAYS[at.weekday()], f"{at:%H:%M}"
    hours = (item for item in place.schedule if day in cast("list[str]", item["days"]))
    return next((str(item["closes"]) for item in hours if str(item["opens"]) <= time < str(item["closes"])), "")


def opens_next(place: Place, local: str) -> str:
    """Return when it opens next within a week, ISO 8601 to the minute; empty: not within a week."""
    at = datetime.datetime.fromisoformat(local)
    for ahead in range(8):
        day = at.date() + datetime.timedelta(days=ahead)
        name = _DAYS[day.weekday()]
        times = sorted(str(item["opens"]) for item in place.schedule if name in cast("list[str]", item["days"]))
        for opens in times:
            if ahead or opens > f"{at:%H:%M}":
                return f"{day.isoformat()}T{opens}"
    return ""


def hours(place: Place, language: str, days: Mapping[str, str]) -> tuple[str, ...]:
    """Return the week's hours in words, one line for each run of days; `days` names them in the language."""
    joint = "到" if language != "en" else " to "
    lines: dict[tuple[str, ...], list[str]] = {}
    for item in place.schedule:
        names = tuple(cast("list[str]", item["days"]))
        lines.setdefault(names, []).append(f"{str(item['opens']).removeprefix('0')}–{item['closes']}")
    return tuple(
        f"{days[names[0]]}{joint + days[names[-1]] if len(names) > 1 else ''} {', '.join(times)}"
        for names, times in lines.items()
    )


def _rows(record: Mapping[str, object], key: str) -> list[Mapping[str, Any]]:
    raw = record.get(key)
    rows = cast("list[object]", raw) if isinstance(raw, list) else []
    return [cast("Mapping[str, Any]", row) for row in rows if isinstance(row, Mapping) and {"id", "x", "y"} <= set(row)]


def _place(row: Mapping[str, Any], here: tuple[float, float]) -> Place:
    x, y = float(row["x"]), float(row["y"])
    return Place(
        id=str(row["id"]),
        name=cast("Words", row.get("name", {"zh-Hans": str(row["id"])})),
        place=cast("Words", row.get("place", {"zh-Hans": ""})),
        x=x,
        y=y,
        metres=abs(x - here[0]) + abs(y - here[1]),
        schedule=tuple(cast("list[Mapping[str, object]]", row.get("schedule", []))),
        assured=str(row.get("assured", "")),
    )
